//! The state of a case: events folded, without guide, calendar or formula.

use std::collections::BTreeMap;

use base::{Date, DateTime, Fen, Month, RegionCode};
use serde::{Deserialize, Serialize};

use crate::checking::Request;
use crate::doubts::Verdict;
use crate::received::Origin;

use crate::event::{
    ActorRef, Datum, DueAt, Event, Granted, Over, Record, RegisterRow, Subject, granted, is_open_after,
};

/// A case as it stands. An empty one has not been opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub case: String,
    pub service: String,
    pub edition: String,
    pub start: String,
    pub region: Option<RegionCode>,
    pub applicant: String,
    pub draw: Option<u32>,
    /// The row of a register that it is about.
    pub subject: Option<Subject>,
    /// The first case of the chain of an entitlement; the case itself where it began one.
    pub root: String,
    /// The case before it in that chain.
    pub before: Option<String>,
    pub opened_at: Option<DateTime>,
    /// How many events it has.
    pub revision: u64,
    pub steps: Vec<Instance>,
    pub facts: Vec<Fact>,
    pub objections: Vec<Objection>,
    pub clocks: BTreeMap<String, ClockState>,
    pub assessed: Option<Assessed>,
    /// All decisions on entitlements of the chain in their order; the later one counts from its month on.
    pub grants: Vec<Granted>,
    /// How many of them were decided in the cases before.
    pub taken_over: usize,
    /// The day on which the last case of the chain was closed that the calendar did not begin.
    pub reviewed: Option<Date>,
    /// Where it came from, if it was received and not decided here.
    pub origin: Option<Origin>,
    pub scheduled: Vec<(String, DateTime)>,
    /// Rows of registers, each with when it was written.
    pub registered: Vec<(DateTime, RegisterRow)>,
    /// Service and start of the cases that it caused.
    pub begun: Vec<(String, String)>,
    /// Officials who are declared relatives of the household.
    pub kin: Vec<Kin>,
    /// What registries were asked and have answered.
    pub requests: Vec<Request>,
    /// What was doubtful, by the step that looked at it.
    pub verdicts: Vec<(u32, Verdict)>,
    pub letters: Vec<LetterState>,
    pub notices: Vec<Notice>,
    pub closed: Option<(String, DateTime)>,
}

/// One time that a step stands open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: u32,
    pub step: String,
    pub round: u32,
    /// 0 is the main line; every objection has a thread of its own.
    pub thread: u32,
    pub status: Status,
    pub opened_at: DateTime,
    pub done_at: Option<DateTime>,
    pub people: Vec<ActorRef>,
    pub conclusion: Option<String>,
    pub outputs: BTreeMap<String, Datum>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// At a 汇合: something can still arrive.
    Waiting,
    Open,
    /// The second of two is to sign.
    Awaiting,
    /// A notice that hangs.
    Posted,
    Done,
    Skipped,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub field: String,
    pub step: String,
    pub instance: u32,
    pub thread: u32,
    pub value: Datum,
    pub valid_from: Date,
    pub recorded_at: DateTime,
    /// The number of its event in the case.
    pub sequence: u64,
    pub by: ActorRef,
    /// Taken over from the case before.
    pub inherited: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kin {
    pub official: String,
    pub relation: String,
    pub declared_at: DateTime,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objection {
    pub instance: u32,
    pub thread: u32,
    /// `None` is anonymous: a clue.
    pub by: Option<String>,
    pub contact: Option<String>,
    pub text: String,
    pub at: DateTime,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockState {
    pub instance: Option<u32>,
    pub until: String,
    pub due: DueAt,
    pub basis: String,
    /// Something happens by itself when it is over.
    pub expires: bool,
    pub stopped_at: Option<DateTime>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    pub instance: u32,
    pub at: DateTime,
    /// The sequence up to which facts were known.
    pub known_at: u64,
    pub calc_date: Date,
    pub results: Vec<(String, String)>,
    pub explanation: Vec<(usize, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterState {
    pub letter: String,
    pub title: String,
    pub number: Option<String>,
    pub to: String,
    pub text: String,
    pub at: DateTime,
}

/// What was posted, as it was posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub instance: u32,
    pub posted_at: DateTime,
    pub until: DueAt,
    pub places: Vec<String>,
    pub shown: Vec<(String, String)>,
    /// A new round made it void.
    pub void: bool,
}

impl State {
    pub fn fold<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut state = Self::default();
        for record in records {
            state.apply(record);
        }
        state
    }

    pub fn instance(&self, id: u32) -> Option<&Instance> {
        self.steps.iter().find(|instance| instance.id == id)
    }

    fn change(&mut self, id: u32, change: impl FnOnce(&mut Instance)) {
        if let Some(instance) = self.steps.iter_mut().find(|instance| instance.id == id) {
            change(instance);
        }
    }

    /// Instances of a step that can still be worked on or still hang.
    pub fn live(&self) -> impl Iterator<Item = &Instance> {
        self.steps.iter().filter(|instance| instance.status.is_live())
    }

    pub fn apply(&mut self, record: &Record) {
        self.revision += 1;
        let at = record.at;
        match &record.event {
            Event::Opened { case, service, edition, start, draw, region, applicant, over, subject } => {
                (self.draw, self.subject) = (*draw, subject.clone());
                self.root.clone_from(case);
                over.iter().for_each(|over| self.take_over(over));
                (self.case, self.service, self.edition) = (case.clone(), service.clone(), edition.clone());
                (self.start, self.region, self.applicant) = (start.clone(), Some(*region), applicant.clone());
                self.opened_at = Some(at);
            }
            Event::FactsRecorded { instance, step, thread, valid_from, values } => {
                let sequence = self.revision;
                self.facts.extend(values.iter().map(|(field, value)| Fact {
                    field: field.clone(),
                    step: step.clone(),
                    instance: *instance,
                    thread: *thread,
                    value: value.clone(),
                    valid_from: *valid_from,
                    recorded_at: at,
                    sequence,
                    by: record.by.clone(),
                    inherited: false,
                }));
            }
            Event::Assessed { instance, calc_date, results, explanation } => {
                self.assessed = Some(Assessed {
                    instance: *instance,
                    at,
                    known_at: self.revision,
                    calc_date: *calc_date,
                    results: results.clone(),
                    explanation: explanation.clone(),
                });
            }
            Event::Posted { instance, people, places, shown, until } => {
                self.change(*instance, |known| (known.status, known.people) = (Status::Posted, people.clone()));
                let (places, shown, until) = (places.clone(), shown.clone(), until.clone());
                self.notices.push(Notice { instance: *instance, posted_at: at, until, places, shown, void: false });
            }
            Event::Objected { instance, thread, by, contact, text } => self.objections.push(Objection {
                instance: *instance,
                thread: *thread,
                by: by.clone(),
                contact: contact.clone(),
                text: text.clone(),
                at,
            }),
            Event::ClockSet { clock, instance, until, due, basis, expires } => {
                let (instance, expires, stopped_at) = (*instance, *expires, None);
                let (until, due, basis) = (until.clone(), due.clone(), basis.clone());
                self.clocks.insert(clock.clone(), ClockState { instance, until, due, basis, expires, stopped_at });
            }
            Event::ClockStopped { clock } => {
                self.clocks.entry(clock.clone()).and_modify(|known| known.stopped_at = Some(at));
            }
            Event::Granted { entitlement, components, from, suspended, holders } => {
                self.grants.push(Granted {
                    entitlement: entitlement.clone(),
                    components: components.clone(),
                    from: *from,
                    decided_at: at,
                    suspended: *suspended,
                    holders: holders.clone(),
                });
            }
            Event::LetterIssued { letter, title, number, to, text } => self.letters.push(LetterState {
                letter: letter.clone(),
                title: title.clone(),
                number: number.clone(),
                to: to.clone(),
                text: text.clone(),
                at,
            }),
            Event::Closed { result } => self.closed = Some((result.clone(), at)),
            _ => self.apply_to_step(record),
        }
    }

    /// Facts and grants of the case before it.
    pub(crate) fn take_over(&mut self, over: &Over) {
        (self.root, self.before) = (over.root.clone(), Some(over.case.clone()));
        self.grants.clone_from(&over.grants);
        self.taken_over = over.grants.len();
        self.reviewed = over.reviewed;
        self.facts.extend(over.facts.iter().map(|stated| Fact {
            field: stated.field.clone(),
            step: stated.step.clone(),
            instance: 0,
            thread: 0,
            value: stated.value.clone(),
            valid_from: stated.valid_from,
            recorded_at: stated.recorded_at,
            sequence: 0,
            by: stated.by.clone(),
            inherited: true,
        }));
    }

    /// 在册接收: facts and grants that another system knew.
    fn receive(&mut self, record: &Record) {
        let Event::Received { case, service, edition, region, applicant, origin, reviewed, facts } = &record.event
        else {
            return;
        };
        (self.root, self.case) = (case.clone(), case.clone());
        (self.service, self.edition) = (service.clone(), edition.clone());
        (self.region, self.applicant) = (Some(*region), applicant.clone());
        (self.opened_at, self.reviewed, self.origin) = (Some(record.at), *reviewed, Some(origin.clone()));
        self.facts.extend(facts.iter().map(|(field, value)| Fact {
            field: field.clone(),
            step: String::new(),
            instance: 0,
            thread: 0,
            value: value.clone(),
            valid_from: origin.decided_on,
            recorded_at: record.at,
            sequence: 0,
            by: record.by.clone(),
            inherited: true,
        }));
    }

    /// What is paid for a month as it is decided now.
    pub fn granted(&self, entitlement: &str, month: Month) -> Option<&Granted> {
        granted(&self.grants, entitlement, month)
    }

    /// What this case changes in months that have begun: what is due now less what was due before it, where that differs.
    pub fn corrections(&self, entitlement: &str, now: DateTime) -> Vec<(Month, Fen)> {
        let own = |grant: &&Granted| grant.entitlement == *entitlement;
        let (before, decided) = self.grants.split_at(self.taken_over.min(self.grants.len()));
        let before: Vec<Granted> = before.iter().filter(own).cloned().collect();
        let decided: Vec<&Granted> = decided.iter().filter(own).collect();
        let Some(first) = decided.iter().map(|grant| grant.from).min().filter(|_| !before.is_empty()) else {
            return Vec::new();
        };
        let total = |grants: &[Granted], month| granted(grants, entitlement, month).map_or(0, |grant| grant.total().0);
        let months = std::iter::successors(Some(first), |month| Some(month.next()));
        let months = months.take_while(|month| *month <= Month::of(now.date()));
        let changed = months.map(|month| (month, Fen(total(&self.grants, month) - total(&before, month))));
        changed.filter(|(_, fen)| *fen != Fen(0)).collect()
    }

    /// When the next thing happens by itself: a notice or a wait ends, or a limit with a consequence is over.
    pub fn falls_due(&self) -> Option<DateTime> {
        let posted = self
            .notices
            .iter()
            .filter(|notice| self.instance(notice.instance).is_some_and(|instance| instance.status == Status::Posted));
        let clocks = self.clocks.values().filter(|clock| clock.expires && clock.stopped_at.is_none());
        let moments = posted.map(|notice| notice.until.at).chain(clocks.map(|clock| clock.due.at));
        moments.min().filter(|_| self.closed.is_none())
    }

    /// Whether an entitlement goes on after a moment.
    pub fn is_paid(&self, entitlement: &str, now: DateTime) -> bool {
        is_open_after(&self.grants, entitlement, now)
    }

    /// Events of the life of a step, and what is filed with a case or scheduled for it.
    fn apply_to_step(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::Received { .. } => self.receive(record),
            Event::Doubted { instance, verdicts } => {
                self.verdicts.extend(verdicts.iter().map(|verdict| (*instance, verdict.clone())));
            }
            Event::Asked { .. } | Event::Sent { .. } | Event::Answered { .. } => {
                self.apply_to_request(&record.event, at);
            }
            Event::KinDeclared { official, relation } => {
                self.kin.push(Kin { official: official.clone(), relation: relation.clone(), declared_at: at })
            }
            Event::Imported { import, .. } => self.case.clone_from(import),
            Event::Registered(row) => self.registered.push((at, row.clone())),
            Event::Begun { service, start, .. } => self.begun.push((service.clone(), start.clone())),
            Event::Scheduled { start, at } => self.scheduled.push((start.clone(), *at)),
            Event::StepOpened { instance, step, round, thread, waiting } => {
                let status = if *waiting { Status::Waiting } else { Status::Open };
                if self.instance(*instance).is_some() {
                    self.change(*instance, |known| (known.status, known.opened_at) = (status, at));
                    return;
                }
                self.steps.push(Instance {
                    id: *instance,
                    step: step.clone(),
                    round: *round,
                    thread: *thread,
                    status,
                    opened_at: at,
                    done_at: None,
                    people: Vec::new(),
                    conclusion: None,
                    outputs: BTreeMap::new(),
                });
            }
            Event::StepAwaited { instance, people, conclusion, outputs } => self.change(*instance, |known| {
                known.status = Status::Awaiting;
                (known.people, known.conclusion, known.outputs) = (people.clone(), conclusion.clone(), outputs.clone());
            }),
            Event::StepSkipped { instance } => self.change(*instance, |known| known.status = Status::Skipped),
            Event::StepDone { instance, done_at: done, people, conclusion, outputs } => {
                self.change(*instance, |known| {
                    (known.status, known.done_at) = (Status::Done, Some(*done));
                    (known.people, known.conclusion) = (people.clone(), conclusion.clone());
                    known.outputs.extend(outputs.clone());
                })
            }
            Event::StepClosed { instance } => {
                self.change(*instance, |known| known.status = Status::Closed);
                self.notices.iter_mut().filter(|n| n.instance == *instance).for_each(|notice| notice.void = true);
            }
            _ => {}
        }
    }
}

impl Status {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Waiting | Self::Open | Self::Awaiting | Self::Posted)
    }
}
