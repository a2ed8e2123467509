//! Any service played from its guide: whoever may do an open step does it with what the script says.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{DateTime, RegionCode, Sex};
use bureau::{Bureau, Failure, Order};
use casework::event::{Over, PersonRef, Subject};
use casework::people::may_perform;
use casework::{Actor, Capacity, Command, Form, Input, State, Status, Typed, intake};
use guide::Guide;
use guide::model::{ActorKind, StepKind};

use crate::dice::Dice;
use crate::household::Maker;
use crate::life::{days_before, receipt, working_hour};
use crate::{STAFF, names, registries, staff};

/// Stands in a script for the day on which the step is done.
pub const TODAY: &str = "今日";

/// Where people are made and what happens to them is played, up to a moment; a service at a time.
pub struct Stage<'s> {
    pub bureau: &'s Bureau,
    pub maker: &'s mut Maker,
    pub villages: &'s [RegionCode],
    pub seed: u64,
    pub present: DateTime,
    /// Chance of the service that is being played.
    pub dice: Dice,
}

impl<'s> Stage<'s> {
    /// Begins a case.
    pub fn begin(
        &self,
        start: (&str, &str),
        (key, village): (&str, RegionCode),
        spoken: (&str, BTreeMap<String, Typed>),
        begun: DateTime,
    ) -> Result<Option<Play<'s>>, Failure> {
        Play::begin(self.bureau, start, (&format!("{}-{key}", self.seed), village), spoken, begun)
    }

    /// Begins a case some days ago, and plays it until it ends or the present has come.
    pub fn play(
        &mut self,
        start: (&str, &str),
        about: (&str, RegionCode),
        spoken: (&str, BTreeMap<String, Typed>),
        begun: DateTime,
    ) -> Result<Option<Play<'s>>, Failure> {
        let mut played = self.begin(start, about, spoken, begun)?;
        if let Some(play) = &mut played {
            play.until(self.present, &mut self.dice)?;
        }
        Ok(played)
    }

    /// So many days before the present.
    pub fn days_ago(&self, days: u32) -> DateTime {
        days_before(self.present, days)
    }

    /// Somebody who lives in one of the villages.
    pub fn person(&mut self, sex: Sex, (youngest, oldest): (u32, u32), village: RegionCode) -> PersonRef {
        let surname = names::surname(&mut self.dice);
        let years = self.dice.between(youngest, oldest);
        self.maker.person(surname, sex, years, village)
    }
}

/// Stands before a step's 标识 in a script: with which conclusion it is done.
pub const CONCLUSION: &str = "conclusion:";

/// A case that is being played.
pub struct Play<'p> {
    bureau: &'p Bureau,
    guide: Arc<Guide>,
    pub case: String,
    pub now: DateTime,
    village: RegionCode,
    citizen: Actor,
    /// What is stated, by 标识 of the field or the Chinese name of an output.
    pub script: BTreeMap<String, Typed>,
    turn: u32,
    /// What the next start is over.
    over: Option<Over>,
    /// The row that the next start is for.
    subject: Option<Subject>,
}

/// Text of a script.
pub fn say(text: impl Into<String>) -> Typed {
    Typed::Text(text.into())
}

/// A person of a script, by name and citizen number.
pub fn person_named(person: &PersonRef) -> Typed {
    say(format!("{} {}", person.name, person.number.as_deref().unwrap_or_default()))
}

/// A row of a script.
pub fn row<const N: usize>(columns: [(&str, &str); N]) -> BTreeMap<String, Typed> {
    columns.map(|(key, value)| (key.to_owned(), say(value))).into()
}

impl<'p> Play<'p> {
    /// Submits a start of a service; the script says what the first step states.
    pub fn begin(
        bureau: &'p Bureau,
        (service, start): (&str, &str),
        (seed, village): (&str, RegionCode),
        (name, script): (&str, BTreeMap<String, Typed>),
        now: DateTime,
    ) -> Result<Option<Self>, Failure> {
        let Some(guide) = bureau.library.find(service).cloned() else { return Ok(None) };
        let case = receipt(seed);
        let citizen = Actor::citizen(&format!("demo:{case}"), name);
        let mut play = Self { bureau, guide, case, now, village, citizen, script, turn: 0, over: None, subject: None };
        play.submit(start)?;
        Ok(Some(play))
    }

    /// Takes up a case that the calendar has begun, from a moment on.
    pub fn take_up(
        bureau: &'p Bureau,
        state: &State,
        village: RegionCode,
        script: BTreeMap<String, Typed>,
        now: DateTime,
    ) -> Option<Self> {
        let guide = bureau.library.find(&state.service)?.clone();
        let citizen = Actor::citizen(&format!("demo:{}", state.case), &state.applicant);
        Some(Self {
            bureau,
            guide,
            case: state.case.clone(),
            now,
            village,
            citizen,
            script,
            turn: 0,
            over: None,
            subject: None,
        })
    }

    /// Whether the case has ended.
    pub fn is_closed(&self) -> Result<bool, Failure> {
        Ok(self.bureau.store.state(&self.case)?.is_some_and(|state| state.closed.is_some()))
    }

    /// Starts another case over what this one granted, where something is still paid.
    pub fn again(&mut self, start: &str) -> Result<(), Failure> {
        let Some(state) = self.bureau.store.state(&self.case)? else { return Ok(()) };
        if self.guide.entitlements.iter().all(|entitlement| !state.is_paid(&entitlement.key, self.now)) {
            return Ok(());
        }
        self.over = Some(Over::of(&self.case));
        self.case = self.bureau.next_in_chain(&state.root)?;
        self.submit(start)
    }

    /// Begins another case, for a row of a register.
    pub fn begin_for(&mut self, start: &str, seed: &str, subject: Subject, now: DateTime) -> Result<(), Failure> {
        (self.case, self.now, self.subject) = (receipt(seed), now, Some(subject));
        self.submit(start)
    }

    fn submit(&mut self, start: &str) -> Result<(), Failure> {
        let first = self.guide.starts.iter().find(|known| *known.key == *start).and_then(|start| start.first.first());
        let Some(first) = first.copied() else { return Ok(()) };
        let people = self.people(first, &State::default());
        let (case, service, start) = (self.case.clone(), self.guide.key.to_string(), start.to_owned());
        // Drawn from the receipt number, so that the county is the same again.
        let draw = u32::from_str_radix(&bureau::hash(&["demo draw", &self.case])[..8], 16).ok();
        let command = Command::Submit {
            case,
            service,
            start,
            input: self.input(first)?,
            draw,
            over: self.over.take().map(Box::new),
            subject: self.subject.take(),
        };
        self.order(people, command)
    }

    /// Does all that can be done at a moment.
    pub fn act_at(&mut self, now: DateTime) -> Result<(), Failure> {
        self.act_up_to(now, 10)
    }

    /// Does so many steps at a moment, as far as they are open.
    pub fn act_up_to(&mut self, now: DateTime, most: i64) -> Result<(), Failure> {
        for minute in 0..most {
            self.now = now.saturating_add(jiff::SignedDuration::from_mins(minute));
            let Some(state) = self.bureau.store.state(&self.case)?.filter(|state| state.closed.is_none()) else {
                return Ok(());
            };
            if !self.act(&state)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Goes on until the case ends, nobody can do anything, or a moment has come.
    pub fn until(&mut self, present: DateTime, dice: &mut Dice) -> Result<(), Failure> {
        for _ in 0..60 {
            let next = working_hour(self.now, dice);
            if next >= present {
                return Ok(());
            }
            self.now = next;
            let Some(state) = self.bureau.store.state(&self.case)?.filter(|state| state.closed.is_none()) else {
                return Ok(());
            };
            let fell_due = state.falls_due().is_some_and(|at| at < self.now);
            if fell_due || !self.act(&state)? {
                self.bureau.pass_time(self.now)?;
            }
        }
        Ok(())
    }

    /// Does the first open step. Gives whether there was one.
    fn act(&mut self, state: &State) -> Result<bool, Failure> {
        let open = state.live().find(|i| matches!(i.status, Status::Open | Status::Awaiting));
        let Some(index) = open.and_then(|open| self.guide.step_by_key(&open.step)) else { return Ok(false) };
        let people = self.people(index, state);
        let Some(first) = people.first() else { return Ok(false) };
        let step = &self.guide.steps[index];
        let rules = self.bureau.rules(&self.guide);
        let options = casework::options(rules, state, first, self.now);
        let option = options.into_iter().find(|option| option.step == index);
        let conclusion =
            option.into_iter().flat_map(|option| option.conclusions).find(|(_, refusal)| refusal.is_none());
        let conclusion = match self.script.get(&format!("{CONCLUSION}{}", step.key)) {
            Some(Typed::Text(word)) => Some(word.clone()),
            _ => conclusion.map(|(word, _)| word),
        };
        if step.kind == StepKind::Match {
            registries::answer(self.bureau, &state.case, self.now, DateTime::MAX)?;
        }
        let command = Command::Do { step: step.key.to_string(), conclusion, input: self.input(index)? };
        self.order(people, command)?;
        Ok(true)
    }

    /// As many as the step takes, of those who may do it.
    fn people(&self, step: usize, state: &State) -> Vec<Actor> {
        let own = &self.guide.steps[step];
        let count = own.who.iter().map(|(_, performer)| performer.head_count).max().unwrap_or(1).max(1);
        let citizen = own.who.iter().any(|(_, performer)| matches!(performer.actor, ActorKind::Person(_)));
        if citizen {
            return vec![self.citizen.clone()];
        }
        let rules = self.bureau.rules(&self.guide);
        let may = |actor: &Actor| {
            let options = casework::options(rules, state, actor, self.now);
            let holds = match &actor.capacity {
                Capacity::Staff { level, posts, .. } => may_perform(own, *level, posts),
                _ => false,
            };
            (state.opened_at.is_none() && holds)
                || options.iter().any(|option| option.step == step && option.refusals.is_empty())
        };
        let all = (0..STAFF.len()).map(|index| staff(index, self.village));
        all.filter(may).take(count).collect()
    }

    /// What the script says for a step, read as a form is.
    fn input(&self, index: usize) -> Result<Input, Failure> {
        let step = &self.guide.steps[index];
        let mut form = Form::default();
        let today = self.now.date().to_string();
        for field in intake::fields_of(&self.guide, index) {
            let said = self.script.get(&*field.key).cloned();
            let said = said.map(|said| if said == say(TODAY) { say(&*today) } else { said });
            form.fields.extend(said.map(|said| (field.key.to_string(), said)));
        }
        let hour_ago = self.now.saturating_sub(jiff::SignedDuration::from_hours(1));
        let visited = format!("{} {:02}:{:02}", hour_ago.date(), hour_ago.hour(), hour_ago.minute());
        let outputs: Vec<(&str, &str)> = match step.kind {
            StepKind::Visit => vec![("在场人", &*self.citizen.name), ("地点", "家中"), ("时间", &*visited)],
            StepKind::Match => vec![("结果", "相符")],
            StepKind::Meeting => {
                vec![("应到", "9"), ("实到", "7"), ("赞成", "7"), ("反对", "0"), ("弃权", "0")]
            }
            StepKind::Decide => vec![("理由", "按调查核实的结果办理")],
            _ => Vec::new(),
        };
        form.outputs = outputs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let there = step.who.iter().flat_map(|(_, performer)| performer.in_person.iter().map(String::as_str));
        form.outputs.insert(intake::PRESENT.to_owned(), there.collect::<Vec<_>>().join("、"));
        for (name, value) in &mut form.outputs {
            if let Some(Typed::Text(said)) = self.script.get(name) {
                value.clone_from(said);
            }
        }
        intake::read(&self.guide, index, &form).map_err(Failure::Refused)
    }

    fn order(&mut self, people: Vec<Actor>, command: Command) -> Result<(), Failure> {
        self.turn += 1;
        let key = format!("demo:{}:{}:{}", self.case, self.now, self.turn);
        let case = (!matches!(command, Command::Submit { .. })).then(|| self.case.clone());
        let secret = Some(bureau::hash(&["demo", &self.case])[..32].to_uppercase());
        self.bureau.execute(&Order { key, people, case, command, secret, now: self.now })?;
        Ok(())
    }
}
