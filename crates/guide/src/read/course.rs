//! The course of a service: every situation that a case can come into, and what each formula can know there.
//!
//! A situation is which steps are open, which were done and which were skipped; all ways out of it are tried.
//! So a value that nobody can have stated yet is found when the guide is checked and not at somebody's desk.

use std::cell::RefCell;

use formula::{Expression, Lack, Place, Uses, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::lacks::{Use, What, uses};
use super::step_outputs;
use crate::model::{ClockFrom, FieldType, Guide, StepKind, Target};

/// Situations that a service may have; the six services on which the format was tried have 2 to 1,000.
pub(crate) const MOST_SITUATIONS: usize = 60_000;

/// A set of steps.
type Steps = u128;

pub(crate) fn bit(step: usize) -> Steps {
    1 << step
}

fn steps_of(mut steps: Steps) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let step = (steps != 0).then(|| steps.trailing_zeros() as usize)?;
        steps &= steps - 1;
        Some(step)
    })
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Situation {
    /// Steps that are open: on the main line, and in the round of an objection.
    open: [Steps; 2],
    /// Steps at a 汇合 at which something can still arrive.
    waiting: [Steps; 2],
    pub known: Known,
    pub closed: bool,
}

impl Situation {
    fn live(self) -> Steps {
        self.open[0] | self.open[1] | self.waiting[0] | self.waiting[1]
    }
}

/// What has happened: what formulas can build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Known {
    pub done: Steps,
    /// Opened; a notice is opened by being posted.
    pub opened: Steps,
    pub skipped: Steps,
}

impl Known {
    /// As far as some steps go. What was skipped tells no formula anything.
    pub fn of(self, steps: Steps) -> Self {
        self.only(Self { done: steps, opened: steps, skipped: 0 })
    }

    fn only(self, wanted: Self) -> Self {
        Self {
            done: self.done & wanted.done,
            opened: self.opened & wanted.opened,
            skipped: self.skipped & wanted.skipped,
        }
    }

    fn and(self, other: Self) -> Self {
        Self { done: self.done | other.done, opened: self.opened | other.opened, skipped: self.skipped | other.skipped }
    }
}

/// Where a value of the environment comes from.
enum Origin {
    Always,
    /// 缘由.
    Start,
    /// 已有 and 已开.
    WasDone(usize),
    WasOpened(usize),
    /// One of these steps says it when it is done.
    Said(Steps),
    /// A field that one of these steps states; a case over an entitlement has inherited it.
    Stated(Steps),
    /// The step has it as soon as it is open.
    Opening(usize),
}

pub(crate) struct Course<'g> {
    pub guide: &'g Guide,
    origins: Vec<Origin>,
    columns: Vec<Vec<Steps>>,
    start: usize,
    known: FxHashMap<Situation, usize>,
    /// Each situation with the one before it and the step that led here.
    pub list: Vec<(Situation, Option<(usize, usize)>)>,
    /// What was known when a step was done (with the conclusion) or opened, and a situation in which it was.
    pub moments: FxHashMap<(usize, Option<usize>, bool, Known), usize>,
    pub ways: Vec<(usize, usize)>,
    /// Steps of the cases that come before one over an entitlement: what they state is inherited.
    inherited: Steps,
    /// What plain arrows lead to from each step.
    reach: Vec<Steps>,
    /// During which open steps each side step may be begun.
    sides: Vec<Steps>,
    /// What a formula at a step, or at any step that can still come after it, asks of what has happened.
    wanted: Vec<Known>,
    /// What conditions, by where they stand, are with what is known.
    kept: RefCell<FxHashMap<(usize, Known), Option<bool>>>,
    /// The steps on which each condition depends, by where it stands.
    steps: RefCell<FxHashMap<usize, Steps>>,
    /// The situation whose ways out are being tried.
    here: usize,
}

/// Arrow, before, what is known, the situation.
pub(crate) type Moment = (Option<usize>, bool, Known, usize);

pub(crate) struct At<'c> {
    pub course: &'c Course<'c>,
    pub known: Known,
}

impl Place for At<'_> {
    fn value(&self, value: usize) -> Option<Value> {
        match &self.course.origins[value] {
            Origin::Start => Some(Value::text(&self.course.guide.starts[self.course.start].name)),
            Origin::WasDone(step) => Some(Value::Bool(self.known.done & bit(*step) != 0)),
            Origin::WasOpened(step) => Some(Value::Bool(self.known.opened & bit(*step) != 0)),
            _ => None,
        }
    }

    fn has_value(&self, value: usize) -> bool {
        match &self.course.origins[value] {
            Origin::Always | Origin::Start | Origin::WasDone(_) | Origin::WasOpened(_) => true,
            Origin::Said(steps) => self.known.done & steps != 0,
            Origin::Stated(steps) => self.course.is_known(self.known, *steps),
            Origin::Opening(step) => (self.known.opened | self.known.done) & bit(*step) != 0,
        }
    }

    fn has_column(&self, list: usize, column: usize) -> bool {
        self.course
            .columns
            .get(list)
            .and_then(|columns| columns.get(column))
            .is_none_or(|steps| self.course.is_known(self.known, *steps))
    }

    fn has_rows(&self, list: usize) -> bool {
        self.course
            .columns
            .get(list)
            .and_then(|columns| columns.last())
            .is_none_or(|steps| self.course.is_known(self.known, *steps))
    }
}

impl<'g> Course<'g> {
    pub fn new(guide: &'g Guide, start: usize) -> Self {
        let origins = guide.program.environment().values.iter().map(|value| origin(guide, &value.name)).collect();
        let columns = (0..guide.lists.len()).map(|list| list_sources(guide, list)).collect();
        let (known, list, moments, ways) = Default::default();
        let begins = guide.starts.iter().filter(|other| other.over.is_none() && guide.starts[start].over.is_some());
        let first = begins.flat_map(|begin| &begin.first);
        let inherited =
            first.flat_map(|step| guide.reach(*step).into_iter().chain([*step])).fold(0, |all, step| all | bit(step));
        let reach = (0..guide.steps.len()).map(|step| guide.reach(step).into_iter().map(bit).sum()).collect();
        let sides = (0..guide.steps.len()).map(|step| guide.side_steps(step).into_iter().map(bit).sum()).collect();
        let (wanted, kept, steps) = Default::default();
        let mut course = Self {
            guide,
            origins,
            columns,
            start,
            known,
            list,
            moments,
            ways,
            inherited,
            reach,
            sides,
            wanted,
            kept,
            steps,
            here: 0,
        };
        course.wanted = course.wanted();
        course
    }

    /// What has happened makes a difference only while something that asks for it can still come.
    fn wanted(&self) -> Vec<Known> {
        let guide = self.guide;
        let mut wanted = vec![Known::default(); guide.steps.len()];
        let mut ask = |step: usize, asked: Steps, skipped: Steps| {
            wanted[step] = wanted[step].and(Known { done: asked, opened: asked, skipped });
        };
        for used in uses(guide) {
            ask(used.step, self.asked_by(&used.what), 0);
        }
        for (step, own) in guide.steps.iter().enumerate() {
            for arrow in &own.arrows {
                if let Target::Back(to) = arrow.target {
                    ask(step, bit(to), bit(to));
                }
            }
        }
        for clock in &guide.clocks {
            if let ClockFrom::Done(from) | ClockFrom::Opened(from) = clock.from {
                ask(clock.until, bit(from), 0);
            }
        }
        let sides = |at: usize| (0..guide.steps.len()).filter(move |step| self.sides[*step] & bit(at) != 0);
        let after = |at: usize| guide.next(at, true).into_iter().chain(sides(at)).collect();
        let after: Vec<Vec<usize>> = (0..guide.steps.len()).map(after).collect();
        loop {
            let before = wanted.clone();
            for step in (0..after.len()).rev() {
                wanted[step] = after[step].iter().fold(wanted[step], |all, next| all.and(wanted[*next]));
            }
            if wanted == before {
                return wanted;
            }
        }
    }

    #[cfg(test)]
    pub fn forget_nothing(&mut self) {
        self.wanted.fill(Known { done: Steps::MAX, opened: Steps::MAX, skipped: Steps::MAX });
    }

    /// The steps on which it depends whether a formula can be reckoned.
    pub fn asked_by(&self, what: &What) -> Steps {
        match what {
            What::Expression(expression) => self.asked(&expression.uses),
            What::Definition(name) => {
                let mut uses = Uses::default();
                uses.definitions.extend(self.guide.program.find(name).map(|definition| definition.index));
                self.asked(&uses)
            }
        }
    }

    /// The steps on which it depends whether what is used, directly or through formulas, can be known.
    fn asked(&self, uses: &Uses) -> Steps {
        let uses = self.guide.program.all_uses(uses);
        let of_values = uses.values.iter().map(|value| match &self.origins[*value] {
            Origin::Said(steps) | Origin::Stated(steps) => *steps,
            Origin::WasDone(step) | Origin::WasOpened(step) | Origin::Opening(step) => bit(*step),
            Origin::Always | Origin::Start => 0,
        });
        let of_columns = uses.columns.iter().map(|(list, column)| {
            let steps = self.columns.get(*list);
            steps.and_then(|steps| column.map_or(steps.last(), |column| steps.get(column))).copied().unwrap_or(0)
        });
        of_values.chain(of_columns).fold(0, |all, steps| all | steps)
    }

    /// Whether a field that these steps state is there: stated in this case, or inherited by a start over an entitlement.
    fn is_known(&self, known: Known, steps: Steps) -> bool {
        (known.done | self.inherited) & steps != 0
    }

    /// Tries all ways from the start. `false` when there are too many.
    pub fn explore(&mut self) -> bool {
        let mut begun = vec![Situation::default()];
        for step in &self.guide.starts[self.start].first {
            begun = begun.into_iter().flat_map(|situation| self.arrive(situation, *step, 0)).collect();
        }
        for situation in begun {
            self.found(situation, None);
        }
        let mut next = 0;
        while next < self.list.len() {
            if self.list.len() > MOST_SITUATIONS {
                return false;
            }
            let situation = self.list[next].0;
            if !situation.closed {
                self.here = next;
                self.leave(situation);
            }
            next += 1;
        }
        true
    }

    fn found(&mut self, mut situation: Situation, from: Option<(usize, usize)>) {
        let live = steps_of(situation.live());
        situation.known = situation.known.only(live.fold(Known::default(), |all, step| all.and(self.wanted[step])));
        let index = *self.known.entry(situation).or_insert_with(|| {
            self.list.push((situation, from));
            self.list.len() - 1
        });
        if let Some((before, _)) = from {
            self.ways.push((before, index));
        }
    }

    fn leave(&mut self, situation: Situation) {
        self.expire(situation);
        let live = situation.live();
        for step in 0..self.guide.steps.len() {
            for thread in 0..2 {
                if situation.open[thread] & bit(step) != 0 {
                    self.act(situation, step, thread);
                }
            }
            let side = live & self.sides[step] != 0;
            // Whether a side step was done once or twice makes no difference to what is known.
            if side && situation.known.done & bit(step) == 0 {
                let mut opened = situation;
                opened.known.opened |= bit(step);
                opened.open[0] |= bit(step);
                self.act(opened, step, 0);
            }
        }
    }

    /// A limit passes: the step that was due and what leads to it are closed, and its 期满 follows.
    fn expire(&mut self, situation: Situation) {
        let guide = self.guide;
        for clock in &guide.clocks {
            let Some(target) = &clock.on_expiry else { continue };
            let leads = |step: &usize| *step == clock.until || self.reach[*step] & bit(clock.until) != 0;
            let due = (0..guide.steps.len()).filter(leads).fold(0, |all, step| all | bit(step));
            let open = situation.open[0] | situation.waiting[0];
            let began = match &clock.from {
                ClockFrom::Done(step) => situation.known.done & bit(*step) != 0,
                ClockFrom::Opened(step) => (situation.known.opened | situation.known.done) & bit(*step) != 0,
                ClockFrom::Start | ClockFrom::At(_) => true,
            };
            if open & due == 0 || !began {
                continue;
            }
            let mut passed = situation;
            passed.open[0] &= !due;
            passed.waiting[0] &= !due;
            self.go(passed, clock.until, target, 0);
        }
    }

    fn act(&mut self, mut situation: Situation, step: usize, thread: usize) {
        let own = &self.guide.steps[step];
        if own.kind == StepKind::Publicity {
            situation.known.opened |= bit(step);
            self.moments.entry((step, None, true, situation.known)).or_insert(self.here);
            for arrow in own.arrows.iter().filter(|arrow| arrow.conclusion.as_deref() == Some("异议")) {
                self.go(situation, step, &arrow.target, 1);
            }
            // The notice ends when no round of an objection is open any more.
            if situation.open[1] | situation.waiting[1] != 0 {
                return;
            }
        }
        situation.open[thread] &= !bit(step);
        situation.known.done |= bit(step);
        for (place, arrow) in own.arrows.iter().enumerate() {
            let timed = matches!(own.kind, StepKind::Publicity | StepKind::Wait);
            if timed && arrow.conclusion.as_deref() != Some("期满") {
                continue;
            }
            let settled = match &arrow.condition {
                Some(condition) => self.settled(condition, situation.known),
                None => Some(true),
            };
            if settled == Some(false) {
                self.moments.entry((step, None, false, situation.known)).or_insert(self.here);
                continue;
            }
            self.moments.entry((step, Some(place), false, situation.known)).or_insert(self.here);
            self.go(situation, step, &arrow.target, thread);
            // Outside decisions the first arrow whose condition holds is followed.
            if own.kind != StepKind::Decide && settled == Some(true) {
                break;
            }
        }
    }

    fn go(&mut self, situation: Situation, step: usize, target: &Target, thread: usize) {
        for next in self.follow(situation, target, thread) {
            self.found(next, Some((self.here, step)));
        }
    }

    fn follow(&mut self, mut situation: Situation, target: &Target, thread: usize) -> Vec<Situation> {
        let reached = match target {
            Target::Steps(steps) => {
                let mut found = vec![situation];
                for step in steps {
                    found = found.into_iter().flat_map(|situation| self.arrive(situation, *step, thread)).collect();
                }
                found
            }
            Target::Back(step) => {
                let ahead = bit(*step) | self.reach[*step];
                for line in 0..2 {
                    situation.open[line] &= !ahead;
                    situation.waiting[line] &= !ahead;
                }
                self.arrive(situation, *step, 0)
            }
            Target::Close(_) => {
                (situation.open, situation.waiting, situation.closed) = ([0; 2], [0; 2], true);
                vec![situation]
            }
            Target::End => vec![situation],
        };
        reached.into_iter().flat_map(|situation| self.settle(situation)).collect()
    }

    fn arrive(&mut self, mut situation: Situation, step: usize, thread: usize) -> Vec<Situation> {
        if (situation.open[thread] | situation.waiting[thread]) & bit(step) != 0 {
            return vec![situation];
        }
        if self.guide.steps[step].join {
            situation.waiting[thread] |= bit(step);
            return vec![situation];
        }
        self.open(situation, step, thread)
    }

    /// Whether a condition is settled by what is known; asked again and again with the same, so it is kept.
    fn settled(&self, condition: &Expression, known: Known) -> Option<bool> {
        let place = condition.span().start;
        let steps = *self.steps.borrow_mut().entry(place).or_insert_with(|| self.asked(&condition.uses));
        let asked = (place, known.of(steps));
        if let Some(settled) = self.kept.borrow().get(&asked) {
            return *settled;
        }
        let settled = self.guide.program.settled(condition, &At { course: self, known });
        self.kept.borrow_mut().insert(asked, settled);
        settled
    }

    /// Opens a step, or skips it, or both where that cannot be told.
    fn open(&mut self, situation: Situation, step: usize, thread: usize) -> Vec<Situation> {
        let own = &self.guide.steps[step];
        let settled = own.condition.as_ref().map_or(Some(true), |condition| self.settled(condition, situation.known));
        if own.condition.is_some() {
            self.moments.entry((step, None, true, situation.known)).or_insert(self.here);
        }
        let mut found = Vec::new();
        if settled != Some(false) {
            let mut opened = situation;
            opened.open[thread] |= bit(step);
            if own.kind != StepKind::Publicity {
                opened.known.opened |= bit(step);
            }
            found.push(opened);
        }
        if settled != Some(true) {
            let mut skipped = situation;
            skipped.known.skipped |= bit(step);
            match own.after_skip() {
                Some(target) => found.extend(self.follow(skipped, target, thread)),
                None => found.push(skipped),
            }
        }
        found
    }

    /// Opens what waits and is awaited no longer.
    fn settle(&mut self, mut situation: Situation) -> Vec<Situation> {
        for thread in 0..2 {
            for step in steps_of(situation.waiting[thread]) {
                let others = (situation.open[thread] | situation.waiting[thread]) & !bit(step);
                if steps_of(others).all(|other| self.reach[other] & bit(step) == 0) {
                    situation.waiting[thread] &= !bit(step);
                    let opened = self.open(situation, step, thread);
                    return opened.into_iter().flat_map(|situation| self.settle(situation)).collect();
                }
            }
        }
        vec![situation]
    }

    /// The moments at which each step is done or opened, in the order in which they were found: arrow, before, what was
    /// known, the situation.
    pub fn by_step(&self) -> Vec<Vec<Moment>> {
        let mut found: Vec<Vec<Moment>> = vec![Vec::new(); self.guide.steps.len()];
        for ((step, arrow, before, known), situation) in &self.moments {
            found[*step].push((*arrow, *before, *known, *situation));
        }
        found.iter_mut().for_each(|moments| moments.sort_by_key(|(.., situation)| *situation));
        found
    }

    /// What can be known where a formula runs, each once with the first situation in which it is so.
    pub fn known_at<'a>(
        &'a self,
        moments: &'a [Vec<Moment>],
        used: &'a Use,
    ) -> impl Iterator<Item = (Known, usize)> + 'a {
        let arrows = &self.guide.steps[used.step].arrows;
        let word = |arrow: &Option<usize>| arrow.and_then(|arrow| arrows[arrow].conclusion.as_deref());
        let steps = self.asked_by(&used.what);
        let mut seen = FxHashSet::default();
        let own = moments[used.step].iter().filter(move |(arrow, before, ..)| {
            *before == used.before && (used.conclusion.is_none() || used.conclusion == word(arrow))
        });
        own.map(|(.., known, situation)| (*known, *situation)).filter(move |(known, _)| seen.insert(known.of(steps)))
    }

    /// The last two steps that led to a situation.
    pub fn path(&self, mut situation: usize) -> String {
        let mut names = Vec::new();
        while let Some((before, step)) = self.list[situation].1.filter(|_| names.len() < 3) {
            names.push(&*self.guide.steps[step].name);
            situation = before;
        }
        names.reverse();
        if names.is_empty() { self.guide.starts[self.start].name.to_string() } else { names.join(" → ") }
    }

    pub fn name(&self, lack: &Lack) -> String {
        let env = self.guide.program.environment();
        match lack {
            Lack::Value(value) => env.values[*value].name.to_string(),
            Lack::Column(list, column) => {
                format!("{}.{}", env.list_path(*list), env.lists[*list].columns[*column].name)
            }
            Lack::Rows(list) => env.list_path(*list),
        }
    }

    /// The steps that could say what is lacking.
    pub fn sources(&self, lack: &Lack) -> impl Iterator<Item = usize> {
        let steps = match lack {
            Lack::Value(value) => match &self.origins[*value] {
                Origin::Said(steps) | Origin::Stated(steps) => *steps,
                Origin::Opening(step) => bit(*step),
                _ => 0,
            },
            Lack::Column(list, column) => {
                self.columns.get(*list).and_then(|columns| columns.get(*column)).copied().unwrap_or(0)
            }
            Lack::Rows(list) => self.columns.get(*list).and_then(|columns| columns.last()).copied().unwrap_or(0),
        };
        steps_of(steps)
    }
}

fn origin(guide: &Guide, name: &str) -> Origin {
    if name == "缘由" {
        return Origin::Start;
    }
    let sources = |sources: &[Vec<usize>]| sources.iter().flatten().fold(0, |all, step| all | bit(*step));
    if let Some(field) = guide.field(name) {
        return Origin::Stated(sources(&field.sources));
    }
    let Some((step, own)) = name.split_once('.').and_then(|(step, own)| Some((guide.step(step)?, own))) else {
        return Origin::Always;
    };
    let kind = guide.steps[step].kind;
    match own {
        "已有" => Origin::WasDone(step),
        "已开" => Origin::WasOpened(step),
        "次数" => Origin::Always,
        "开始日期" => Origin::Opening(step),
        own if kind == StepKind::Publicity && step_outputs(kind, &[]).iter().any(|(name, _)| *name == own) => {
            Origin::Opening(step)
        }
        _ => Origin::Said(bit(step)),
    }
}

/// The steps that say each column of a list, in the order of the environment; last the list itself.
fn list_sources(guide: &Guide, list: usize) -> Vec<Steps> {
    let all = |sources: &[Vec<usize>]| sources.iter().flatten().fold(0, |all, step| all | bit(*step));
    let holder = |of: usize, fields: &[crate::model::Field]| {
        fields.iter().find(|field| field.ty == FieldType::List(of)).map_or(0, |field| all(&field.sources))
    };
    // Empty 来源 is inherited outward.
    let mut whole = holder(list, &guide.fields);
    let mut outer = guide.lists[list].parent;
    let mut inner = list;
    while let Some(parent) = outer.filter(|_| whole == 0) {
        whole = holder(inner, &guide.lists[parent].columns);
        if whole == 0 {
            whole = holder(parent, &guide.fields);
        }
        (inner, outer) = (parent, guide.lists[parent].parent);
    }
    let own = &guide.lists[list];
    let columns = own.columns.iter().filter(|column| !matches!(column.ty, FieldType::List(_)));
    let said = columns.map(|column| if column.sources.is_empty() { whole } else { all(&column.sources) });
    own.register.map(|_| whole).into_iter().chain(said).chain([whole]).collect()
}
