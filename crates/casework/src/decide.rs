//! What may happen: a command against a case becomes events, or refusals. Pure: no I/O, no clock, no chance.

use base::{Calendar, DateTime, Month, RegionCode};
use formula::{Expression, Value};
use guide::model::{Performer, Start, StepKind};
use guide::{Guide, RateBook};

use crate::checking;
use crate::event::{ActorRef, Event, Granted, Over, Record, RegisterRow, Subject, is_open_after};
use crate::facts::facts;
use crate::intake::Input;
use crate::people::{Actor, Capacity, admit, declared_kin};
use crate::refusal::{Code, Refusal};
use crate::registers::Registers;
use crate::sight::Sight;
use crate::state::{Instance, State, Status};

/// What a decision is made by: the guide of the case's edition, the rates, the official calendar.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    pub guide: &'r Guide,
    pub rates: &'r RateBook,
    pub calendar: &'r Calendar,
    /// What officials have declared of the people whom the case and the command name.
    pub relatives: &'r [Relative],
    pub registers: &'r dyn Registers,
    /// Where cases belong whose guide says no 属地: the bureau's own region.
    pub home: RegionCode,
}

/// An entitlement that somebody holds by another case.
#[derive(Clone, Debug, PartialEq)]
pub struct Spell {
    /// Citizen number.
    pub holder: String,
    /// The first case of its chain.
    pub root: String,
    /// The last one, which says what is paid.
    pub case: String,
    /// 标识 of the service and of the entitlement, and its name as guides write it.
    pub service: String,
    pub entitlement: String,
    pub name: String,
    pub grants: Vec<Granted>,
}

/// An official and somebody whom they have declared as a relative: what they are to that person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    pub official: String,
    pub relation: String,
    /// Citizen number of the relative.
    pub number: String,
}

impl Spell {
    /// Whether it still goes on after a moment: next month, or by the last decision in a later one.
    pub fn is_open_after(&self, now: DateTime) -> bool {
        is_open_after(&self.grants, &self.entitlement, now)
    }
}

/// What somebody wants to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens a case by a start and does its first step. The receipt number is not derivable from anything;
    /// `draw` is the number by which samples are drawn, chance of the system and nobody's choice; `over` is what a
    /// start over an entitlement takes over, `subject` the row for which a start over a register opens the case. Where
    /// the system submits, the first step is only opened.
    Submit {
        case: String,
        service: String,
        start: String,
        input: Input,
        draw: Option<u32>,
        over: Option<Box<Over>>,
        subject: Option<Subject>,
    },
    /// Does an open step, starts a side step, or posts a notice. In 决定 with a conclusion.
    Do { step: String, conclusion: Option<String>, input: Input },
    /// The second of two signs.
    Sign { step: String },
    /// An objection to a notice; without a name it is a clue.
    Object { step: String, by: Option<String>, contact: Option<String>, text: String },
    /// Asks registries again about whom no usable answer has come.
    Ask { step: String },
    /// Questions of the case have gone out with a batch.
    Send { requests: Vec<String>, batch: String },
    /// Answers to questions of the case, by their numbers.
    Answer { answers: Vec<(String, checking::Answer)> },
    /// Time passes: what has fallen due happens.
    Tick,
}

/// Decides a command. Events come in the order in which they happened; all that refuse are told.
pub fn decide(
    rules: Rules,
    state: &State,
    command: &Command,
    people: &[Actor],
    now: DateTime,
) -> Result<Vec<Record>, Vec<Refusal>> {
    let by = people.first().map_or_else(|| Actor::system().reference(), Actor::reference);
    let mut draft = Draft::new(rules, state, by, now);
    match command {
        Command::Submit { case, service: _, start, input, draw, over, subject } => {
            draft.submit((case, start, *draw), (over.as_deref(), subject.as_ref()), input, people)?
        }
        Command::Do { step, conclusion, input } => draft.act(step, conclusion.as_deref(), input, people)?,
        Command::Sign { step } => draft.sign(step, people)?,
        Command::Object { step, by, contact, text } => draft.object(step, by, contact, text, people)?,
        Command::Ask { step } => draft.ask_again(step, people)?,
        Command::Send { requests, batch } => draft.send(requests, batch, people)?,
        Command::Answer { answers } => draft.take_answers(answers, people)?,
        Command::Tick => draft.tick()?,
    }
    draft.let_system_act()?;
    draft.ask();
    draft.set_clocks();
    Ok(draft.records)
}

/// A case while it is being changed.
#[derive(Clone)]
pub(crate) struct Draft<'r> {
    pub rules: Rules<'r>,
    pub state: State,
    pub records: Vec<Record>,
    pub by: ActorRef,
    /// The moment of the command, or that at which something fell due.
    pub now: DateTime,
    /// What formulas saw last.
    pub sight: Sight,
}

pub(crate) type Refused = Vec<Refusal>;

impl<'r> Draft<'r> {
    pub fn new(rules: Rules<'r>, state: &State, by: ActorRef, now: DateTime) -> Self {
        Self { rules, state: state.clone(), records: Vec::new(), by, now, sight: Sight::default() }
    }

    pub fn emit(&mut self, event: Event) {
        let record = Record { at: self.now, by: self.by.clone(), event };
        self.state.apply(&record);
        self.keep_facts(&record.event);
        self.records.push(record);
    }

    pub(crate) fn step_index(&self, key: &str) -> Result<usize, Refused> {
        let found = self.rules.guide.steps.iter().position(|step| *step.key == *key || *step.name == *key);
        found.ok_or_else(|| vec![Refusal::new(Code::R104, format!("没有步骤“{key}”"), "请刷新页面再办")])
    }

    fn submit(
        &mut self,
        (case, start, draw): (&str, &str, Option<u32>),
        (over, subject): (Option<&Over>, Option<&Subject>),
        input: &Input,
        people: &[Actor],
    ) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let start = guide.starts.iter().find(|known| *known.key == *start);
        let Some((start, first)) = start.and_then(|start| Some((start, *start.first.first()?))) else {
            return Err(vec![Refusal::new(Code::R104, "没有这种申请", "请从服务页面重新开始")]);
        };
        if self.state.opened_at.is_some() {
            return Err(vec![Refusal::new(Code::R113, "这件已经提交过了", "请凭受理号查看进度")]);
        }
        // The region follows from what is stated, so the statement is looked at before the case exists.
        let mut trial = self.state.clone();
        over.into_iter().for_each(|over| trial.take_over(over));
        trial.subject = subject.cloned();
        let row = self.may_start(start, &trial)?;
        trial.apply(&self.record(Event::FactsRecorded {
            instance: 1,
            step: guide.steps[first].key.to_string(),
            thread: 0,
            valid_from: input.valid_from.unwrap_or(self.now.date()),
            values: input.values.clone(),
        }));
        let Some(region) = row.as_ref().map(|row| row.region).or_else(|| self.region_of(&trial)) else {
            return Err(vec![Refusal::new(Code::R107, "看不出由哪里受理", "请填写所在的村或社区")]);
        };
        // Whoever is stated now: after a death another member takes the applicant's place.
        let stated = input.person(guide).or_else(|| input.title()).map(str::to_owned);
        let applicant = stated.or(over.map(|over| over.applicant.clone()));
        let applicant = applicant.or(row.as_ref().map(|row| row.title()));
        // What the calendar brings and nobody asks for is called by its month and what it is about.
        let by_calendar = || format!("{}{}", Month::of(self.now.date()), guide.service.object);
        let asked = people.iter().find(|actor| actor.capacity != Capacity::System).map(|actor| actor.name.clone());
        let applicant = applicant.or(asked).unwrap_or_else(by_calendar);
        self.emit(Event::Opened {
            case: case.to_owned(),
            service: guide.key.to_string(),
            edition: guide.edition.to_string(),
            start: start.key.to_string(),
            draw,
            region,
            applicant,
            over: over.cloned(),
            subject: subject.cloned(),
        });
        self.file_kin();
        for step in &start.first.clone() {
            self.open(*step, 0, false);
        }
        let by_system = people.iter().all(|actor| actor.capacity == Capacity::System);
        if by_system && !self.is_systems(first, 0) {
            return Ok(());
        }
        self.act(&guide.steps[first].key.clone(), None, input, people)
    }

    /// Relatives among the officials are filed as soon as either side has declared them, also those declared in the
    /// case before.
    pub(crate) fn file_kin(&mut self) {
        let named = |number: &str| {
            let people = self.state.facts.iter().flat_map(|fact| fact.value.people());
            people.into_iter().any(|person| person.number.as_deref() == Some(number))
        };
        let own = self.rules.relatives.iter().filter(|relative| named(&relative.number));
        let own: Vec<_> = own.map(|relative| (relative.official.clone(), relative.relation.clone())).collect();
        for (official, relation) in declared_kin(self.rules.guide, &self.state).into_iter().chain(own) {
            if self.state.kin.iter().all(|kin| kin.official != official) {
                self.emit(Event::KinDeclared { official, relation });
            }
        }
    }

    /// A start over an entitlement needs one that is paid, one over a register the row that it is for, which it gives;
    /// any other begins anew.
    fn may_start(&self, start: &Start, trial: &State) -> Result<Option<RegisterRow>, Refused> {
        let refuse = |text: String, way_out: &str| Err(vec![Refusal::new(Code::R104, text, way_out)]);
        if let Some(register) = start.rows.map(|rows| &self.rules.guide.writable[rows]) {
            let row = self.subject(trial);
            let Some(row) = row.filter(|row| row.register == *register.key) else {
                return refuse(
                    format!("台账“{}”没有要办“{}”的这一行", register.name, start.name),
                    "先把它登记在台账里",
                );
            };
            if !self.is_meant(start, &State { region: Some(row.region), ..trial.clone() }) {
                return refuse(format!("“{}”不在“{}”的范围里", row.title(), start.name), "不需要办");
            }
            return Ok(Some(row));
        }
        match start.over.map(|index| &self.rules.guide.entitlements[index]) {
            None if trial.before.is_none() => Ok(None),
            None => refuse(format!("“{}”不在原来的件上办", start.name), "请从服务页面开始"),
            Some(entitlement) if trial.is_paid(&entitlement.key, self.now) => match self.is_meant(start, trial) {
                true => Ok(None),
                false => refuse(format!("这一户的{}不在“{}”的范围里", entitlement.name, start.name), "不需要办"),
            },
            Some(entitlement) => {
                refuse(format!("这一户没有在发的{}，不能办“{}”", entitlement.name, start.name), "请改为重新申请")
            }
        }
    }

    /// Where a case belongs by what is stated, or at home where the guide does not say.
    fn region_of(&self, trial: &State) -> Option<RegionCode> {
        let Some(expression) = &self.rules.guide.service.region else { return Some(self.rules.home) };
        let facts = facts(self.rules.guide, trial, 0, self.now);
        match self.assess(&facts).expression(expression) {
            Ok(Value::Region(region)) => Some(region),
            _ => None,
        }
    }

    /// Whether 若 of a start lets a case begin; what cannot be decided is begun, so that no duty is lost.
    fn is_meant(&self, start: &Start, trial: &State) -> bool {
        let Some(filter) = &start.filter else { return true };
        let region = trial.region.or_else(|| self.region_of(trial));
        let state = State { start: start.key.to_string(), region, ..trial.clone() };
        let begun = Draft { state, sight: Sight::default(), records: Vec::new(), by: self.by.clone(), ..*self };
        begun.evaluate(filter, 0) != Ok(Value::Bool(false))
    }

    fn record(&self, event: Event) -> Record {
        Record { at: self.now, by: self.by.clone(), event }
    }

    /// The instance on which a step can be acted, in its thread.
    fn open_instance(&self, step: usize, statuses: &[Status]) -> Option<Instance> {
        let key = &self.rules.guide.steps[step].key;
        self.state.steps.iter().find(|i| i.step == **key && statuses.contains(&i.status)).cloned()
    }

    fn act(&mut self, key: &str, conclusion: Option<&str>, input: &Input, people: &[Actor]) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let index = self.step_index(key)?;
        let step = &guide.steps[index];
        if let Some(refusal) = self.is_closed() {
            return Err(vec![refusal]);
        }
        let mut instance = self.open_instance(index, &[Status::Open]);
        if instance.is_none() && self.side_is_open(index) {
            let id = self.open(index, 0, false);
            instance = self.state.instance(id).cloned();
        }
        let Some(instance) = instance else {
            return Err(vec![self.not_open(index)]);
        };
        let performer = self.performer(index, instance.thread)?;
        let mut refusals = admit(guide, &performer, people, step, &self.state);
        refusals.extend(self.missing(index, input));
        refusals.extend(self.too_early(input));
        refusals.extend(self.not_there(&performer, input));
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let doubts = if step.kind == StepKind::Match { self.doubts() } else { Vec::new() };
        if !input.values.is_empty() {
            self.emit(Event::FactsRecorded {
                instance: instance.id,
                step: step.key.to_string(),
                thread: instance.thread,
                valid_from: input.valid_from.unwrap_or(self.now.date()),
                values: input.values.clone(),
            });
            self.file_kin();
        }
        let missing = self.missing_if(index, input, instance.thread);
        if !missing.is_empty() {
            return Err(missing);
        }
        if step.kind == StepKind::Publicity {
            return self.post(index, &instance, people);
        }
        self.settle_doubts((index, &instance), doubts, input)?;
        let mut outputs = input.outputs.clone();
        if let Some(refusal) = self.conclude_check((index, &instance), &mut outputs) {
            return Err(vec![refusal]);
        }
        let references: Vec<ActorRef> = people.iter().map(Actor::reference).collect();
        if people.len() < performer.head_count {
            let people = references;
            // Who signs later cannot change the form: what would be refused then is refused now.
            self.clone().complete(index, &instance, conclusion, outputs.clone(), people.clone())?;
            let conclusion = conclusion.map(str::to_owned);
            self.emit(Event::StepAwaited { instance: instance.id, people, conclusion, outputs });
            return Ok(());
        }
        self.complete(index, &instance, conclusion, outputs, references)
    }

    fn sign(&mut self, key: &str, people: &[Actor]) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let index = self.step_index(key)?;
        let step = &guide.steps[index];
        if let Some(refusal) = self.is_closed() {
            return Err(vec![refusal]);
        }
        let Some(instance) = self.open_instance(index, &[Status::Awaiting]) else {
            return Err(vec![self.not_open(index)]);
        };
        let performer = self.performer(index, instance.thread)?;
        let mut refusals = admit(guide, &performer, people, step, &self.state);
        let signed = people.iter().any(|actor| instance.people.iter().any(|first| first.id == actor.id));
        if signed {
            refusals.push(Refusal::new(Code::R102, "同一个人不能签两次", "请由另一个人签").basis(&step.basis));
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let mut all = instance.people.clone();
        all.extend(people.iter().map(Actor::reference));
        let (conclusion, outputs) = (instance.conclusion.clone(), instance.outputs.clone());
        if all.len() < performer.head_count {
            self.emit(Event::StepAwaited { instance: instance.id, people: all, conclusion, outputs });
            return Ok(());
        }
        self.complete(index, &instance, conclusion.as_deref(), outputs, all)
    }

    /// Who does a step: the first whose condition holds. While one cannot be told, nobody does.
    pub(crate) fn performer(&self, index: usize, thread: u32) -> Result<Performer, Refused> {
        let step = &self.rules.guide.steps[index];
        for (condition, performer) in &step.who {
            let holds = condition.as_ref().map_or(Ok(Value::Bool(true)), |c| self.evaluate(c, thread));
            match holds {
                Ok(Value::Bool(true)) => return Ok(performer.clone()),
                Ok(_) => {}
                Err(unknown) => {
                    let text = format!("还不能判断“{}”由谁办：{unknown}", step.name);
                    return Err(vec![Refusal::new(Code::R111, text, "请补上缺的事实").basis(&step.basis)]);
                }
            }
        }
        let text = format!("“{}”没有人能办", step.name);
        Err(vec![Refusal::new(Code::R101, text, "请联系管理员检查指南").basis(&step.basis)])
    }

    pub(crate) fn is_closed(&self) -> Option<Refusal> {
        let (result, at) = self.state.closed.as_ref()?;
        let text = format!("这件已于 {} 办结：{result}", at.date());
        Some(Refusal::new(Code::R113, text, "情况有变化的，请重新申请"))
    }

    /// What is awaited, and until when.
    fn not_open(&self, index: usize) -> Refusal {
        let guide = self.rules.guide;
        let step = &guide.steps[index];
        let name = |key: &str| {
            guide.steps.iter().find(|step| *step.key == *key).map_or(key.to_owned(), |s| s.name.to_string())
        };
        let live: Vec<String> = self.state.live().map(|i| name(&i.step)).collect();
        let done = self.state.steps.iter().any(|i| i.step == *step.key && i.status == Status::Done);
        let reach = guide.reach(index);
        let later = self.state.live().all(|i| guide.step_by_key(&i.step).is_some_and(|at| reach.contains(&at)));
        if done && later {
            return Refusal::new(Code::R113, format!("“{}”已经办过了", step.name), "请刷新页面看现在该办什么");
        }
        let hanging = self.state.live().find(|i| i.status == Status::Posted);
        let notice = hanging.and_then(|i| self.state.notices.iter().rfind(|n| n.instance == i.id));
        let until = notice.map_or_else(String::new, |n| format!("，公示到 {} 结束", n.until.at.date()));
        let text = format!("“{}”现在不能办；正在等：{}{until}", step.name, live.join("、"));
        Refusal::new(Code::R104, text, "请等前面的步骤办完").basis(&step.basis)
    }

    /// Whether the main line is in the 期间 of a side step.
    pub(crate) fn side_is_open(&self, index: usize) -> bool {
        let during = self.rules.guide.side_steps(index);
        self.state.live().filter_map(|i| self.rules.guide.step_by_key(&i.step)).any(|step| during.contains(&step))
    }

    /// Ends a step with its conclusion, causes its effects, and follows its arrow.
    pub(crate) fn complete(
        &mut self,
        index: usize,
        instance: &Instance,
        conclusion: Option<&str>,
        outputs: std::collections::BTreeMap<String, crate::event::Datum>,
        people: Vec<ActorRef>,
    ) -> Result<(), Refused> {
        let conclusion = conclusion.map(str::to_owned);
        let done_at = self.now;
        self.emit(Event::StepDone { instance: instance.id, done_at, people, conclusion: conclusion.clone(), outputs });
        self.hold_checks(index, conclusion.as_deref(), instance.thread)?;
        let arrow = self.arrow(index, conclusion.as_deref(), instance.thread)?;
        self.cause(index, conclusion.as_deref(), instance)?;
        let target = self.rules.guide.steps[index].arrows[arrow].target.clone();
        self.follow(&target, instance.thread);
        Ok(())
    }

    /// The arrow to follow: by the conclusion where the step decides, otherwise the first whose condition holds.
    fn arrow(&self, index: usize, conclusion: Option<&str>, thread: u32) -> Result<usize, Refused> {
        let step = &self.rules.guide.steps[index];
        if step.kind == StepKind::Decide {
            let found = step.arrows.iter().position(|arrow| arrow.conclusion.as_deref() == conclusion);
            let Some(found) = found else {
                let words: Vec<&str> = step.arrows.iter().filter_map(|arrow| arrow.conclusion.as_deref()).collect();
                let text = format!("“{}”没有结论“{}”", step.name, conclusion.unwrap_or("（没有选）"));
                return Err(vec![
                    Refusal::new(Code::R110, text, format!("可选：{}", words.join("、"))).at("conclusion"),
                ]);
            };
            return match self.is_conclusion_open(index, found, thread) {
                None => Ok(found),
                Some(refusal) => Err(vec![refusal]),
            };
        }
        for (place, arrow) in step.arrows.iter().enumerate() {
            let Some(condition) = &arrow.condition else { return Ok(place) };
            match self.evaluate(condition, thread) {
                Ok(Value::Bool(true)) => return Ok(place),
                Ok(_) => {}
                Err(unknown) => {
                    let text = format!("不能判断“{}”：{unknown}", condition.text());
                    return Err(vec![Refusal::new(Code::R111, text, "请补上缺的事实").basis(&step.basis)]);
                }
            }
        }
        Err(vec![Refusal::new(Code::R110, format!("“{}”没有可走的去处", step.name), "请联系管理员检查指南")])
    }

    /// A conclusion is open only while its condition is decidable and true.
    /// `INVARIANT (no discretion): the computed result decides which conclusions can be chosen.`
    pub(crate) fn is_conclusion_open(&self, index: usize, arrow: usize, thread: u32) -> Option<Refusal> {
        let step = &self.rules.guide.steps[index];
        let arrow = &step.arrows[arrow];
        let condition = arrow.condition.as_ref()?;
        let word = arrow.conclusion.as_deref().unwrap_or_default();
        match self.evaluate(condition, thread) {
            Ok(Value::Bool(true)) => None,
            Ok(_) => {
                let text = format!("不能选“{word}”：{}", self.as_it_stands(condition, thread));
                Some(Refusal::new(Code::R110, text, "结论由计算结果决定；事实有误的，退回更正").basis(&step.basis))
            }
            Err(unknown) => {
                let text = format!("不能选“{word}”：还不能计算，{unknown}");
                Some(Refusal::new(Code::R111, text, "请补上缺的事实").basis(&step.basis))
            }
        }
    }

    /// Why a condition does not hold: the results that it asks for as they are, or its own words where it asks for none.
    fn as_it_stands(&self, condition: &Expression, thread: u32) -> String {
        let facts = self.facts(thread);
        let assessment = self.assess(&facts);
        let asked = condition.uses.definitions.iter().map(|index| self.rules.guide.program.at(*index));
        let told = asked.filter_map(|definition| {
            let value = assessment.value(definition.name)?.ok()?;
            Some(format!("{}是“{}”", definition.name, value.show(definition.ty?)))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { format!("条件“{}”不成立", condition.text()) } else { told.join("，") }
    }

    fn object(
        &mut self,
        key: &str,
        by: &Option<String>,
        contact: &Option<String>,
        text: &str,
        people: &[Actor],
    ) -> Result<(), Refused> {
        let guide = self.rules.guide;
        let index = self.step_index(key)?;
        let refuse = |text: &str, way_out: &str| Err(vec![Refusal::new(Code::R112, text, way_out)]);
        let Some(instance) = self.open_instance(index, &[Status::Posted]) else {
            return refuse("这件现在没有公示，或者公示已经结束", "有新情况的，请向乡镇或县民政部门反映");
        };
        let until = self.state.notices.iter().rfind(|n| n.instance == instance.id).map(|n| n.until.at);
        if until.is_some_and(|until| self.now > until) {
            return refuse("公示期已过", "有新情况的，请向乡镇或县民政部门反映");
        }
        let objectors =
            guide.publicities.iter().find(|p| p.step == index).map(|p| p.objectors.clone()).unwrap_or_default();
        let citizen = people.iter().all(|actor| actor.capacity != Capacity::System);
        if !citizen || !objectors.iter().any(|who| who == "任何人") {
            return refuse("您不能对这件提出异议", "请向乡镇或县民政部门反映");
        }
        if text.trim().is_empty() || text.chars().count() > 5000 {
            return Err(vec![
                Refusal::new(Code::R107, "没有写异议的内容，或写得太长", "请写明事实，最多 5,000 个字").at("text"),
            ]);
        }
        let thread = self.state.steps.iter().map(|i| i.thread).max().unwrap_or(0) + 1;
        let (by, contact, text) = (by.clone(), contact.clone(), text.trim().to_owned());
        self.emit(Event::Objected { instance: instance.id, thread, by, contact, text });
        let arrows = &guide.steps[index].arrows;
        if let Some(arrow) = arrows.iter().find(|arrow| arrow.conclusion.as_deref() == Some("异议")) {
            self.follow(&arrow.target.clone(), thread);
        }
        Ok(())
    }
}
