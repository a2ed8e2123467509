//! The heart: what follows from a command. Pure; everything it depends on is an argument.
//!
//! `decide` looks at the command, `Course` writes down what follows, folding every event into its own copy of the state,
//! so that each condition is asked of the case as it stands at that point.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use base::{DateTime, Decimal, RegionCode, format_date};
use formula::{Condition, Evaluation, Value};
use guide::{Guide, Outcome, Overlay, Step, StepClock, StepKind, Target};

use crate::assess::evaluate_case;
use crate::bureau::Bureau;
use crate::command::{Actor, Command};
use crate::event::{CaseId, Entry, Event, Facts, File, RateUsed};
use crate::letter::Occasion;
use crate::office::Kin;
use crate::refusal::{Code, Refusal};
use crate::state::{OpenStep, State};
use crate::{access, letter, limits, meeting};

/// What is true around the case at the moment of the command; gathered by the store.
pub struct Circumstances<'a> {
    pub bureau: &'a Bureau,
    pub now: DateTime,
    /// Receipt number for a new case.
    pub case: CaseId,
    /// Relatives among the staff of all people of the case and of the command.
    pub kin: &'a [Kin],
    /// Other cases of the applicant in this service that are not closed.
    pub others: &'a [CaseId],
    /// Parameters laid over the guide's; empty except in scenarios and what-if.
    pub overlay: &'a Overlay,
    /// The next running number of a letter series in a year.
    pub letter_number: &'a dyn Fn(&str, i16) -> u32,
}

mod kin;
mod publicity;

type Materials = [(Arc<str>, File)];

/// Gate and decision in one: the only entrance for commands.
pub fn answer(
    guide: &Guide,
    state: Option<&State>,
    actor: &Actor,
    command: &Command,
    around: &Circumstances,
) -> Result<Vec<Event>, Refusal> {
    let region = match (state, command) {
        (Some(state), _) => state.region,
        (None, Command::Apply { facts, .. }) => region_of(guide, facts)?,
        (None, _) => around.bureau.region,
    };
    access::authorise(guide, state, actor, command, region)?;
    decide(guide, state, actor, command, around)
}

/// The events that follow from a command, or why it may not be.
pub fn decide(
    guide: &Guide,
    state: Option<&State>,
    actor: &Actor,
    command: &Command,
    around: &Circumstances,
) -> Result<Vec<Event>, Refusal> {
    let Some(state) = state else {
        let Command::Apply { .. } = command else { return Err(not_here("还没有这个件")) };
        return apply(guide, actor, command, around);
    };
    if let Some((at, outcome)) = &state.closed {
        let reason = format!("该件已于{}办结（{outcome}）", format_date(at.date()));
        return Err(Refusal::new(Code::CaseClosed, reason, "", "情况有变化的，可以重新申请。"));
    }
    let mut course = Course::new(guide, state.clone(), actor, around);
    match command {
        Command::Apply { .. } => return Err(not_here("该件已经受理号登记，不能再次申请")),
        Command::Complete { step, outcome, facts, reason, with, materials } => {
            let step = course.open_step(step)?;
            course.attach(&step.name, materials);
            course.complete(step, outcome.as_deref(), facts, reason, with)?;
        }
        Command::Post { materials } => course.post(materials)?,
        Command::Object { name, contact, text } => course.object(name.as_deref(), contact, text)?,
        Command::Answer { number, finding, text } => course.answer(*number, finding, text)?,
        Command::Correct { facts, valid_from, reason, source } => {
            needs_reason(reason, "更正")?;
            let (facts, source) = (facts.clone(), source.clone());
            course.push(Event::Corrected { facts, valid_from: *valid_from, reason: reason.clone(), source });
            course.file_kin();
        }
        Command::Extend { limit, reason } => course.extend(limit, reason)?,
        Command::Withdraw { reason } => course.withdraw(reason)?,
        Command::Wake => course.wake()?,
    }
    Ok(course.events)
}

fn apply(guide: &Guide, actor: &Actor, command: &Command, around: &Circumstances) -> Result<Vec<Event>, Refusal> {
    let Command::Apply { channel, facts, materials, former } = command else { return Err(not_here("不是申请")) };
    if guide.status != guide::Status::InForce {
        let reason = format!("“{}”现在不受理新的申请", guide.title);
        return Err(Refusal::new(Code::ServiceNotInForce, reason, "", "请咨询主管单位。"));
    }
    if let Some(other) = around.others.first() {
        let reason = format!("申请人的件{other}还没有办结");
        let remedy = "请在原件上办理（补正、报告变化或撤回），办结后可以重新申请。";
        return Err(Refusal::new(Code::AlreadyOpen, reason, "", remedy));
    }
    let Some(first) = guide.steps.first() else { return Err(not_here("指南没有步骤")) };
    let applied = Event::Applied {
        case: around.case.clone(),
        service: guide.service.clone(),
        edition: guide.edition.clone(),
        region: region_of(guide, facts)?,
        channel: *channel,
        facts: facts.clone(),
        former: former.clone(),
    };
    let entry = Entry { at: around.now, by: actor.by(), event: applied.clone() };
    let Some(state) = State::begin(&entry) else { return Err(not_here("申请无法登记")) };
    let mut course = Course::new(guide, state, actor, around);
    course.events.push(applied);
    course.attach(&first.name, materials);
    course.push(Event::Opened { step: first.name.clone(), due: None });
    course.complete(first, None, &Facts::new(), "", &[])?;
    Ok(course.events)
}

/// Where an application belongs: the field that the guide names.
pub fn region_of(guide: &Guide, facts: &Facts) -> Result<RegionCode, Refusal> {
    let field = &guide.subject.region;
    let found = facts.iter().find(|(name, _)| name == field).map(|(_, value)| value);
    let code = if let Some(Value::Text(code)) = found { RegionCode::parse(code).ok() } else { None };
    code.ok_or_else(|| {
        let message = format!("请填写“{field}”");
        Refusal::form(vec![crate::FieldError { path: field.to_string(), message }])
    })
}

fn not_here(reason: &str) -> Refusal {
    Refusal::new(Code::NotPossibleHere, reason, "", "请刷新页面，按页面列出的办法办理。")
}

fn needs_reason(reason: &str, what: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        let text = format!("“{what}”须写明理由");
        return Err(Refusal::new(Code::ReasonNeeded, text, "", "请写明理由后再提交。"));
    }
    Ok(())
}

/// Whether an outcome may be chosen now, given what has been stated.
pub fn outcome_open(evaluation: &Evaluation, step: &Step, outcome: &Outcome) -> Result<(), Refusal> {
    let Some(condition) = &outcome.condition else { return Ok(()) };
    match evaluation.condition(condition) {
        Value::Bool(true) => Ok(()),
        Value::Missing(missing) => {
            let reason = format!("“{}：{}”所依据的事实不全：{}", step.name, outcome.name, missing.what);
            Err(Refusal::new(Code::CannotDecide, reason, &outcome.basis, "请先补充或核实缺少的事实。"))
        }
        _ => {
            let why = if outcome.help.is_empty() { "所依据的条件不成立" } else { &outcome.help };
            let reason = format!("不能选择“{}：{}”：{why}", step.name, outcome.name);
            Err(Refusal::new(Code::OutcomeNotOpen, reason, &outcome.basis, "请核对事实和计算说明，或选择其他结果。"))
        }
    }
}

/// A command under way: the state as it becomes, and the events so far.
struct Course<'a> {
    guide: &'a Guide,
    state: State,
    actor: &'a Actor,
    around: &'a Circumstances<'a>,
    events: Vec<Event>,
    /// The figures at a revision, so that several conditions asked of one state cost one evaluation.
    figures: RefCell<Option<(u32, Rc<Evaluation>)>>,
}

impl<'a> Course<'a> {
    fn new(guide: &'a Guide, state: State, actor: &'a Actor, around: &'a Circumstances<'a>) -> Self {
        Self { guide, state, actor, around, events: Vec::new(), figures: RefCell::new(None) }
    }

    fn push(&mut self, event: Event) {
        let entry = Entry { at: self.around.now, by: self.actor.by(), event };
        self.state.apply(&entry);
        self.events.push(entry.event);
    }

    fn evaluation(&self) -> Rc<Evaluation> {
        let revision = self.state.revision;
        if let Some((at, figures)) = &*self.figures.borrow()
            && *at == revision
        {
            return figures.clone();
        }
        let chain = self.around.bureau.chain(self.state.region);
        let now = self.around.now;
        let figures = evaluate_case(self.guide, &self.state, now.date(), now, &chain, self.around.overlay);
        let figures = Rc::new(figures);
        *self.figures.borrow_mut() = Some((revision, figures.clone()));
        figures
    }

    fn holds(&self, condition: &Condition) -> Value {
        self.evaluation().condition(condition)
    }

    /// The step named by the command, which must be the one that is open.
    fn open_step(&self, name: &str) -> Result<&'a Step, Refusal> {
        let open = self.state.open.as_ref().map(|o| &*o.step);
        match self.guide.step(name) {
            Some(step) if open == Some(name) => Ok(step),
            _ => {
                let now = open.unwrap_or("（已办结）");
                let reason = format!("“{name}”不在办理中，当前步骤是“{now}”");
                Err(Refusal::new(Code::NotCurrentStep, reason, "", "请刷新页面后按当前步骤办理。"))
            }
        }
    }

    fn attach(&mut self, step: &Arc<str>, materials: &Materials) {
        for (material, file) in materials {
            self.push(Event::Attached { step: step.clone(), material: material.clone(), file: file.clone() });
        }
    }

    fn complete(
        &mut self,
        step: &'a Step,
        outcome: Option<&str>,
        facts: &Facts,
        reason: &str,
        with: &[Actor],
    ) -> Result<(), Refusal> {
        self.enough_people(step, with)?;
        self.materials_there(step)?;
        let outcome = self.choose(step, outcome, facts)?;
        if outcome.needs_reason {
            needs_reason(reason, &outcome.name)?;
        }
        self.within_count(step, outcome)?;
        if outcome.decides {
            self.nothing_pending()?;
        }
        self.push(Event::Completed {
            step: step.name.clone(),
            outcome: outcome.name.clone(),
            facts: facts.clone(),
            reason: reason.trim().to_owned(),
            with: with.iter().map(Actor::by).collect(),
        });
        self.file_kin();
        let evaluation = self.evaluation();
        outcome_open(&evaluation, step, outcome)?;
        if outcome.decides {
            self.record_decision(step, outcome, &evaluation);
        }
        self.go_on(step, outcome, reason, &evaluation);
        Ok(())
    }

    /// Ends a step without anybody's choice: a clock, a posted notice, an objection.
    fn end(&mut self, step: &Step, outcome: &Outcome) {
        self.push(Event::Completed {
            step: step.name.clone(),
            outcome: outcome.name.clone(),
            facts: Facts::new(),
            reason: String::new(),
            with: Vec::new(),
        });
        let evaluation = self.evaluation();
        self.go_on(step, outcome, "", &evaluation);
    }

    /// What every end of a step brings: a new round after a wait, the next step, the letter.
    /// `evaluation` is from before the decision, so that a letter can name the former figures beside the new ones.
    fn go_on(&mut self, step: &Step, outcome: &Outcome, reason: &str, evaluation: &Evaluation) {
        if step.kind == StepKind::Wait {
            self.push(Event::RoundBegan);
        }
        self.enter(&outcome.target, &outcome.name);
        if let Some(name) = &outcome.letter {
            self.issue(name, &outcome.name, reason, evaluation);
        }
    }

    /// The outcome that the law gives (votes, objections, forms) or the one that was chosen.
    fn choose(&self, step: &'a Step, chosen: Option<&str>, facts: &Facts) -> Result<&'a Outcome, Refusal> {
        let named =
            |name: &str| step.outcome(name).ok_or_else(|| not_here(&format!("“{}”没有结果“{name}”", step.name)));
        match step.kind {
            StepKind::Meeting => {
                let carried = meeting::result(step, facts)?;
                if chosen.is_some_and(|c| c != carried) {
                    let reason = format!("按票数，评议结果是“{carried}”");
                    return Err(Refusal::new(Code::VoteDecides, reason, "", "请核对票数；结果不能另行选择。"));
                }
                named(carried)
            }
            StepKind::Notice => {
                self.notice_over(step)?;
                named("无异议")
            }
            StepKind::Wait if chosen == Some("到期") => Err(self.not_due("到期由系统时钟办理")),
            _ => match (chosen, step.outcomes.as_slice()) {
                (Some(name), _) => named(name),
                (None, [first, ..]) if step.kind == StepKind::Form || step.outcomes.len() == 1 => Ok(first),
                (None, _) => Err(not_here("请选择办理结果")),
            },
        }
    }

    fn enough_people(&self, step: &Step, with: &[Actor]) -> Result<(), Refusal> {
        let mut ids: Vec<&str> = with.iter().map(|a| &*a.id).chain([&*self.actor.id]).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < step.people as usize {
            let reason = format!("“{}”须有{}人以上参加，现在只有{}人", step.name, step.people, ids.len());
            return Err(Refusal::new(Code::TooFewPeople, reason, "", "请选择一同参加的人员。"));
        }
        Ok(())
    }

    /// Papers of officers' steps must be there; what the applicant lacks is the clerk's to ask for, once.
    fn materials_there(&self, step: &Step) -> Result<(), Refusal> {
        if step.kind == StepKind::Form {
            return Ok(());
        }
        let since = self.state.open.as_ref().map_or(self.state.applied_at, |o| o.since);
        for material in self.guide.materials.iter().filter(|m| m.step == step.name && m.required && !m.obtainable) {
            if let Some(condition) = &material.condition
                && self.holds(condition) != Value::Bool(true)
            {
                continue;
            }
            let there =
                |f: &crate::state::Attached| f.material == material.name && f.step == step.name && f.at >= since;
            if !self.state.files.iter().any(there) {
                let reason = format!("“{}”须附“{}”", step.name, material.name);
                return Err(Refusal::new(Code::MaterialMissing, reason, "", "请上传后再提交。"));
            }
        }
        Ok(())
    }

    fn within_count(&self, step: &Step, outcome: &Outcome) -> Result<(), Refusal> {
        let Some(most) = outcome.at_most else { return Ok(()) };
        let before = self.state.done.iter().filter(|d| d.step == step.name && d.outcome == outcome.name).count();
        if before >= most as usize {
            let reason = format!("“{}”只能有{most}次，已经用过", outcome.name);
            return Err(Refusal::new(Code::TooOften, reason, &outcome.basis, "请选择其他结果。"));
        }
        Ok(())
    }

    /// A decision waits for every objection and for every notice of this round.
    fn nothing_pending(&self) -> Result<(), Refusal> {
        if let Some(objection) = self.state.unanswered().next() {
            let reason = format!("第{}号异议还没有答复", objection.number);
            return Err(Refusal::new(Code::ObjectionOpen, reason, "", "请先调查并答复异议。"));
        }
        Ok(())
    }

    fn record_decision(&mut self, step: &Step, outcome: &Outcome, evaluation: &Evaluation) {
        let kept = self.guide.results.iter().filter(|r| r.decision);
        let results = kept.filter_map(|r| Some((r.name.clone(), evaluation.value(&r.name)?.clone()))).collect();
        let rates = evaluation.rates_used().iter().map(|(name, rate)| RateUsed {
            name: Arc::from(&**name),
            value: rate.value,
            unit: rate.unit.clone(),
            from: rate.from,
            reference: rate.reference.clone(),
            example: rate.example,
        });
        let rates = rates.collect();
        let (step, outcome) = (step.name.clone(), outcome.name.clone());
        self.push(Event::Decided { step, outcome, as_of: self.around.now.date(), results, rates });
    }

    fn issue(&mut self, name: &Arc<str>, outcome: &str, reason: &str, evaluation: &Evaluation) {
        let Some(template) = self.guide.letter(name) else { return };
        let now = self.around.now;
        let day = now.date();
        let state = &self.state;
        let value = |name: &str| {
            let fact = || state.fact_on(name, day).map(|v| v.value.clone());
            evaluation.value(name).cloned().or_else(fact)
        };
        let occasion = Occasion {
            now,
            number: (self.around.letter_number)(&template.series, now.year()),
            organ: &self.around.bureau.name,
            outcome,
            reason: reason.trim(),
            value: &value,
        };
        let number = letter::number(template, &occasion);
        let (to, text) = letter::fill(self.guide, state, template, &occasion);
        self.push(Event::Lettered { letter: name.clone(), number, to, text });
    }

    /// Goes on to a step, passing over those whose condition does not hold.
    fn enter(&mut self, target: &Target, outcome: &Arc<str>) {
        let mut target = target.clone();
        // A guide is finite and each pass skips one step; the bound only keeps a faulty guide from hanging.
        for _ in 0..=self.guide.steps.len() {
            let Target::Step(name) = &target else {
                self.push(Event::Closed { outcome: outcome.clone() });
                return;
            };
            let Some(step) = self.guide.step(name) else { return };
            let skipped = step.condition.as_ref().is_some_and(|c| self.holds(c) == Value::Bool(false));
            match step.outcomes.first() {
                Some(first) if skipped => {
                    self.push(Event::Skipped { step: step.name.clone() });
                    target = first.target.clone();
                }
                _ => {
                    let due = self.due(step);
                    self.push(Event::Opened { step: step.name.clone(), due });
                    return;
                }
            }
        }
    }

    fn due(&self, step: &Step) -> Option<base::Due> {
        let calendar = &self.around.bureau.calendar;
        match &step.clock {
            StepClock::None => None,
            StepClock::Fixed(clock) => Some(clock.due(self.around.now, calendar)),
            StepClock::Months(expression) => match self.evaluation().expression(expression) {
                Value::Number(n) => {
                    let months = n.trunc().try_into().ok().filter(|m| *m > 0)?;
                    Some(base::Clock::Months(months).due(self.around.now, calendar))
                }
                _ => None,
            },
        }
    }

    fn extend(&mut self, name: &Arc<str>, reason: &str) -> Result<(), Refusal> {
        let limit = self.guide.limits.iter().find(|l| l.name == *name);
        let Some((limit, (clock, reasons))) = limit.and_then(|l| Some((l, l.extension.as_ref()?))) else {
            return Err(not_here(&format!("“{name}”不能延长")));
        };
        let calendar = &self.around.bureau.calendar;
        let Some(standing) = limits::standing(self.guide, limit, &self.state, calendar).filter(|s| s.met.is_none())
        else {
            return Err(not_here(&format!("“{name}”还没有起算，或者已经办完")));
        };
        if standing.extended.is_some() {
            return Err(Refusal::new(Code::ExtendedAlready, "期限已经延长过一次", &limit.basis, "不能再次延长。"));
        }
        if !reasons.iter().any(|r| **r == *reason.trim()) {
            let list = reasons.join("、");
            let text = format!("“{}”不是规定的延长理由", reason.trim());
            let remedy = format!("可以延长的理由只有：{list}。");
            return Err(Refusal::new(Code::ExtensionReason, text, &limit.basis, remedy));
        }
        if self.around.now > standing.due.at {
            let text = format!("期限已于{}届满", format_date(standing.due.at.date()));
            return Err(Refusal::new(Code::ExtensionTooLate, text, &limit.basis, "延长须在期限届满前决定。"));
        }
        let due = clock.due(standing.began, calendar);
        self.push(Event::Extended { limit: name.clone(), reason: reason.trim().to_owned(), due });
        Ok(())
    }

    fn withdraw(&mut self, reason: &str) -> Result<(), Refusal> {
        if !self.state.decisions.is_empty() {
            return Err(not_here("已经作出决定，不能撤回申请"));
        }
        self.push(Event::Withdrawn { reason: reason.trim().to_owned() });
        self.push(Event::Closed { outcome: "撤回".into() });
        Ok(())
    }

    fn wake(&mut self) -> Result<(), Refusal> {
        let open: Option<OpenStep> = self.state.open.clone();
        let step = open.as_ref().and_then(|o| self.guide.step(&o.step)).filter(|s| s.kind == StepKind::Wait);
        let due = open.as_ref().and_then(|o| o.due.as_ref());
        match (step, due, step.and_then(|s| s.outcome("到期"))) {
            (Some(step), Some(due), Some(outcome)) if self.around.now > due.at => {
                self.end(step, outcome);
                Ok(())
            }
            _ => Err(self.not_due("没有到期的等待")),
        }
    }

    fn not_due(&self, reason: &str) -> Refusal {
        Refusal::new(Code::NotDue, reason, "", "到期后系统会自动转入下一步；情况有变化的，请选择“变化”。")
    }
}

/// A count of people as a number, for forms and votes.
pub(crate) fn count_of(value: Option<&Value>) -> Option<u32> {
    let Some(Value::Number(n)) = value else { return None };
    if *n < Decimal::ZERO || !n.is_integer() { None } else { (*n).try_into().ok() }
}
