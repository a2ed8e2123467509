//! A case as its events make it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, DateTime, Due, RegionCode};
use formula::Value;
use guide::Edition;

use crate::event::{By, CaseId, Channel, Entry, Event, Facts, File, Notice, RateUsed};

/// The state of one case after `revision` events.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub case: CaseId,
    pub service: Arc<str>,
    pub edition: Edition,
    pub region: RegionCode,
    pub channel: Channel,
    pub former: Option<CaseId>,
    pub revision: u32,
    pub applied_at: DateTime,
    /// Both time axes: every value that a fact has had, oldest first.
    pub facts: BTreeMap<Arc<str>, Vec<FactVersion>>,
    /// The step that is waiting, if the case is open.
    pub open: Option<OpenStep>,
    /// Steps done, in order.
    pub done: Vec<DoneStep>,
    /// 1 from the application; a new round begins when a waiting step ends.
    pub round: u32,
    pub filed: Vec<FiledKin>,
    pub notices: Vec<Notice>,
    pub objections: Vec<Objection>,
    pub decisions: Vec<Decision>,
    pub letters: Vec<LetterIssued>,
    pub files: Vec<Attached>,
    pub extensions: BTreeMap<Arc<str>, (String, Due)>,
    /// Set when the case has ended: the outcome that ended it.
    pub closed: Option<(DateTime, Arc<str>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FactVersion {
    pub value: Value,
    /// When it became true.
    pub valid_from: Date,
    /// When we knew.
    pub recorded_at: DateTime,
    /// The step that stated it, or 更正.
    pub source: Arc<str>,
    pub by: Arc<str>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpenStep {
    pub step: Arc<str>,
    pub since: DateTime,
    pub due: Option<Due>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DoneStep {
    pub step: Arc<str>,
    pub outcome: Arc<str>,
    pub at: DateTime,
    pub by: By,
    pub with: Vec<By>,
    pub reason: String,
    pub round: u32,
    pub facts: Facts,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FiledKin {
    pub staff: Arc<str>,
    pub staff_name: Arc<str>,
    pub relation: Arc<str>,
    pub person: Arc<str>,
    pub declared: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Objection {
    pub number: u32,
    pub at: DateTime,
    pub round: u32,
    pub name: Option<String>,
    pub contact: String,
    pub text: String,
    pub answer: Option<(DateTime, String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub at: DateTime,
    pub step: Arc<str>,
    pub outcome: Arc<str>,
    pub as_of: Date,
    pub results: Facts,
    pub rates: Vec<RateUsed>,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LetterIssued {
    pub at: DateTime,
    pub letter: Arc<str>,
    pub number: String,
    pub to: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    pub at: DateTime,
    pub step: Arc<str>,
    pub material: Arc<str>,
    pub file: File,
}

impl State {
    /// Folds a case from its entries. None when there are none; the first must be `Applied`.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Option<State> {
        let mut entries = entries.into_iter();
        let mut state = State::begin(entries.next()?)?;
        for entry in entries {
            state.apply(entry);
        }
        Some(state)
    }

    /// The state after the first entry of a case.
    pub fn begin(entry: &Entry) -> Option<State> {
        let Event::Applied { case, service, edition, region, channel, facts, former } = &entry.event else {
            return None;
        };
        let mut state = State {
            case: case.clone(),
            service: service.clone(),
            edition: edition.clone(),
            region: *region,
            channel: *channel,
            former: former.clone(),
            revision: 1,
            applied_at: entry.at,
            facts: BTreeMap::new(),
            open: None,
            done: Vec::new(),
            round: 1,
            filed: Vec::new(),
            notices: Vec::new(),
            objections: Vec::new(),
            decisions: Vec::new(),
            letters: Vec::new(),
            files: Vec::new(),
            extensions: BTreeMap::new(),
            closed: None,
        };
        state.record(facts, entry, entry.at.date(), "申请");
        Some(state)
    }

    /// Applies one entry. Total: whatever is in the journal folds.
    pub fn apply(&mut self, entry: &Entry) {
        self.revision += 1;
        let at = entry.at;
        match &entry.event {
            Event::Opened { step, due } => {
                self.open = Some(OpenStep { step: step.clone(), since: at, due: due.clone() });
            }
            Event::Completed { facts, step, .. } => {
                self.open = None;
                self.record(facts, entry, at.date(), step);
                self.done.extend(self.done_step(entry));
            }
            Event::Attached { step, material, file } => {
                self.files.push(Attached { at, step: step.clone(), material: material.clone(), file: file.clone() })
            }
            Event::Corrected { facts, valid_from, source, .. } => {
                self.record(facts, entry, *valid_from, source);
            }
            Event::Filed { staff, staff_name, relation, person, declared } => self.filed.push(FiledKin {
                staff: staff.clone(),
                staff_name: staff_name.clone(),
                relation: relation.clone(),
                person: person.clone(),
                declared: *declared,
            }),
            Event::Posted { notice } => self.posted(notice),
            Event::Objected { number, name, contact, text } => self.objections.push(Objection {
                number: *number,
                at,
                round: self.round,
                name: name.clone(),
                contact: contact.clone(),
                text: text.clone(),
                answer: None,
            }),
            Event::Answered { number, finding, text } => {
                if let Some(objection) = self.objections.iter_mut().find(|o| o.number == *number) {
                    objection.answer = Some((at, finding.clone(), text.clone()));
                }
            }
            Event::Decided { step, outcome, as_of, results, rates } => self.decisions.push(Decision {
                at,
                step: step.clone(),
                outcome: outcome.clone(),
                as_of: *as_of,
                results: results.clone(),
                rates: rates.clone(),
                by: entry.by.clone(),
            }),
            Event::Lettered { letter, number, to, text } => self.letters.push(LetterIssued {
                at,
                letter: letter.clone(),
                number: number.clone(),
                to: to.clone(),
                text: text.clone(),
            }),
            Event::Extended { limit, reason, due } => {
                self.extensions.insert(limit.clone(), (reason.clone(), due.clone()));
            }
            Event::Applied { .. } | Event::Skipped { .. } | Event::Withdrawn { .. } => {}
            Event::Closed { outcome } => {
                self.open = None;
                self.closed = Some((at, outcome.clone()));
            }
            Event::RoundBegan => self.round += 1,
        }
    }

    fn done_step(&self, entry: &Entry) -> Option<DoneStep> {
        let Event::Completed { step, outcome, facts, reason, with } = &entry.event else { return None };
        Some(DoneStep {
            step: step.clone(),
            outcome: outcome.clone(),
            at: entry.at,
            by: entry.by.clone(),
            with: with.clone(),
            reason: reason.clone(),
            round: self.round,
            facts: facts.clone(),
        })
    }

    /// The step with the notice is due when the notice has run its time.
    fn posted(&mut self, notice: &Notice) {
        if let (Some(open), Some(last)) = (&mut self.open, notice.last_day) {
            let explained = format!("公示至{}届满", base::format_date(last));
            open.due = Some(Due { at: crate::end_of_day(last), provisional: false, shifted: false, explained });
        }
        self.notices.push(notice.clone());
    }

    fn record(&mut self, facts: &Facts, entry: &Entry, valid_from: Date, source: &str) {
        for (name, value) in facts {
            self.facts.entry(name.clone()).or_default().push(FactVersion {
                value: value.clone(),
                valid_from,
                recorded_at: entry.at,
                source: source.into(),
                by: entry.by.name.clone(),
            });
        }
    }

    /// What is known now about a fact that is true on `day`: the last recorded of those already valid.
    pub fn fact_on(&self, name: &str, day: Date) -> Option<&FactVersion> {
        self.fact_as_known(name, day, DateTime::MAX)
    }

    /// The same as known at an earlier moment.
    /// Between versions valid on the day, the one with the later validity wins, then the one recorded later.
    pub fn fact_as_known(&self, name: &str, day: Date, known: DateTime) -> Option<&FactVersion> {
        let versions = self.facts.get(name)?.iter();
        versions.filter(|v| v.valid_from <= day && v.recorded_at <= known).max_by_key(|v| (v.valid_from, v.recorded_at))
    }

    /// The notice of a step that is on the board now, if it was posted since the step opened.
    pub fn running_notice(&self, step: &str) -> Option<&Notice> {
        let open = self.open.as_ref().filter(|o| &*o.step == step)?;
        self.notices.iter().rev().find(|n| &*n.step == step && n.posted_at >= open.since)
    }

    /// Everybody who took part in the present round, with the step.
    pub fn handlers(&self) -> impl Iterator<Item = (&Arc<str>, &By)> {
        let round = self.round;
        self.done
            .iter()
            .filter(move |d| d.round == round)
            .flat_map(|d| std::iter::once(&d.by).chain(&d.with).map(move |by| (&d.step, by)))
    }

    pub fn unanswered(&self) -> impl Iterator<Item = &Objection> {
        self.objections.iter().filter(|o| o.answer.is_none())
    }

    pub fn last_decision(&self) -> Option<&Decision> {
        self.decisions.last()
    }

    /// The value of a result in the last decision.
    pub fn decided(&self, name: &str) -> Option<&Value> {
        self.last_decision()?.results.iter().find(|(n, _)| &**n == name).map(|(_, v)| v)
    }
}
