//! What happened. Events carry results, so that the state folds without guide, calendar or formula.
//!
//! Records of a journal: once released, a variant keeps its meaning; new fields have defaults.

use std::collections::BTreeMap;

use base::{Date, DateTime, Fen, Month, RegionCode};
use serde::{Deserialize, Serialize};

use crate::received::Origin;

/// A value as it was stated, in canonical text; a guide's schema says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Datum {
    Bool(bool),
    /// Text, choices, numbers (`12.50`), dates, regions.
    Text(String),
    Person(PersonRef),
    Rows(Vec<Row>),
    /// Never empty: an empty list is one without rows.
    Files(Vec<FileRef>),
}

impl Datum {
    /// The photos and scans in it, those in rows among them.
    pub fn files(&self) -> Vec<&FileRef> {
        match self {
            Self::Files(files) => files.iter().collect(),
            Self::Rows(rows) => rows.iter().flat_map(|row| row.columns.values()).flat_map(Self::files).collect(),
            _ => Vec::new(),
        }
    }

    /// The people in it, those in rows among them.
    pub fn people(&self) -> Vec<&PersonRef> {
        match self {
            Self::Person(person) => vec![person],
            Self::Rows(rows) => rows.iter().flat_map(|row| row.columns.values()).flat_map(Self::people).collect(),
            _ => Vec::new(),
        }
    }
}

/// A photo or scan, kept by what it contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// SM3 of the bytes, in hexadecimal.
    pub digest: String,
    /// `jpeg`, `png` or `pdf`: found by content, not by name.
    pub kind: String,
    pub size: u64,
    /// As whoever sent it called it.
    pub name: String,
    /// For a picture with enough in it: how it looks, 256 bits in hexadecimal; nearly the same for the same picture saved again.
    #[serde(default)]
    pub look: Option<String>,
}

/// A person by name and, where known, citizen number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    pub name: String,
    pub number: Option<String>,
}

/// A row of a list: its columns by 标识. The id stays the same while the row does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: u32,
    pub columns: BTreeMap<String, Datum>,
}

/// Who acted: the identity of the account and the name that stands on papers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ActorRef {
    pub id: String,
    pub name: String,
    /// A member of staff who entered what the applicant had signed on paper.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_applicant: bool,
}

/// A due moment and how it was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueAt {
    pub at: DateTime,
    /// The calendar of a year that it reaches is not published.
    pub provisional: bool,
    /// One Chinese sentence.
    pub explained: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    Opened {
        case: String,
        service: String,
        edition: String,
        start: String,
        /// Drawn for the case when it was submitted, in parts of 2^32: what 抽中 compares with a share.
        #[serde(default)]
        draw: Option<u32>,
        region: RegionCode,
        applicant: String,
        /// What a case over an entitlement takes over from the case before it.
        #[serde(default)]
        over: Option<Over>,
        /// The row of a register for which the case was opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<Subject>,
    },
    /// 在册接收: what somebody held before this program knew of it. It is no decision of this bureau (SA-07).
    Received {
        case: String,
        service: String,
        edition: String,
        region: RegionCode,
        applicant: String,
        origin: Origin,
        /// When it was looked at last, where it came from.
        reviewed: Option<Date>,
        facts: BTreeMap<String, Datum>,
    },
    /// A step opens, or with `waiting` waits at a 汇合 for what can still arrive.
    StepOpened {
        instance: u32,
        step: String,
        round: u32,
        thread: u32,
        waiting: bool,
    },
    /// The first of two has submitted; the second is to sign.
    StepAwaited {
        instance: u32,
        people: Vec<ActorRef>,
        conclusion: Option<String>,
        outputs: BTreeMap<String, Datum>,
    },
    StepSkipped {
        instance: u32,
    },
    /// What a step stated, valid from a day.
    FactsRecorded {
        instance: u32,
        step: String,
        thread: u32,
        valid_from: Date,
        values: BTreeMap<String, Datum>,
    },
    /// What the formulas yielded when a decision was made, and why.
    Assessed {
        instance: u32,
        calc_date: Date,
        results: Vec<(String, String)>,
        explanation: Vec<(usize, String)>,
    },
    StepDone {
        instance: u32,
        done_at: DateTime,
        people: Vec<ActorRef>,
        conclusion: Option<String>,
        outputs: BTreeMap<String, Datum>,
    },
    /// Closed without having been done: a new round began, or the case ended.
    StepClosed {
        instance: u32,
    },
    /// A notice was posted: what it shows is frozen.
    Posted {
        instance: u32,
        people: Vec<ActorRef>,
        places: Vec<String>,
        shown: Vec<(String, String)>,
        until: DueAt,
    },
    Objected {
        instance: u32,
        thread: u32,
        by: Option<String>,
        contact: Option<String>,
        text: String,
    },
    ClockSet {
        clock: String,
        instance: Option<u32>,
        until: String,
        due: DueAt,
        basis: String,
        /// Something happens by itself when it is over.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        expires: bool,
    },
    ClockStopped {
        clock: String,
    },
    Granted {
        entitlement: String,
        components: Vec<(String, Fen)>,
        from: Month,
        /// 暂停: nothing is paid, and the entitlement goes on all the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        suspended: bool,
        /// Citizen numbers of those who hold it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        holders: Vec<String>,
    },
    /// Rows of a register that came in a file, in a stream of their own.
    Imported {
        import: String,
        register: String,
        /// SM3 of what was imported.
        digest: String,
    },
    /// A row of a register, or a new version of it.
    Registered(RegisterRow),
    /// A case of a service is to begin, for somebody who holds an entitlement where its start is over one.
    Begun {
        service: String,
        start: String,
        /// Citizen number.
        holder: Option<String>,
        values: BTreeMap<String, Datum>,
    },
    /// 记账: amounts that a step moves in the ledger, together or not at all.
    Booked {
        /// Whom it concerns: the household or organisation as the case calls it.
        party: String,
        /// The row of a register that the case is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Subject>,
        transfers: Vec<ledger::Transfer>,
    },
    /// What happens to many payments at once, in a stream of its own.
    Batch(crate::payment::Batch),
    /// The number is filled in by the bureau, gap-free.
    LetterIssued {
        letter: String,
        title: String,
        number: Option<String>,
        to: String,
        text: String,
    },
    Closed {
        result: String,
    },
    /// The household declared that a member of staff or of a village committee is its relative: filed apart, and that
    /// person does nothing in the case.
    KinDeclared {
        official: String,
        relation: String,
    },
    /// A step of 核对 asks registries about people.
    Asked {
        instance: u32,
        questions: Vec<crate::checking::Question>,
    },
    /// Questions have gone out together.
    Sent {
        requests: Vec<String>,
        batch: String,
    },
    /// A registry has answered a question, or has failed to.
    Answered {
        request: String,
        answer: crate::checking::Answer,
    },
    /// What was doubtful when a step of 核对 was done, and what was made of it.
    Doubted {
        instance: u32,
        verdicts: Vec<crate::doubts::Verdict>,
    },
    /// A start over an entitlement is due at a moment, unless another case comes before.
    Scheduled {
        start: String,
        at: DateTime,
    },
}

/// A row of a register as it stands from a day on; the same key again is a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// 标识 of the register.
    pub register: String,
    /// The key columns, ` · ` between them.
    pub key: String,
    pub from: Date,
    pub region: RegionCode,
    pub columns: BTreeMap<String, Datum>,
    /// What rows are found by: columns that tell somebody or something, each with what it says.
    pub found_by: Vec<(String, String)>,
}

/// A row of a register, by the register's 标识 and the row's key: what a case is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub register: String,
    pub key: String,
}

/// What a case over an entitlement takes over: the facts that the case before adopted, and all that was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// The case before.
    pub case: String,
    /// The first case of the chain: that of the application.
    pub root: String,
    pub applicant: String,
    pub facts: Vec<Stated>,
    pub grants: Vec<Granted>,
    /// The day on which the last case was closed that the calendar did not begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Date>,
}

/// An inherited fact with who stated it and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub field: String,
    pub step: String,
    pub value: Datum,
    pub valid_from: Date,
    pub recorded_at: DateTime,
    pub by: ActorRef,
}

/// What is paid from a month on, by component; nothing is paid where all are zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    pub entitlement: String,
    pub components: Vec<(String, Fen)>,
    pub from: Month,
    /// When that was decided.
    pub decided_at: DateTime,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<String>,
}

/// An event with its moment and its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub at: DateTime,
    pub by: ActorRef,
    pub event: Event,
}

impl Datum {
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// What is paid for a month as decisions in their order have it: the last one that reaches the month counts.
pub fn granted<'g>(grants: &'g [Granted], entitlement: &str, month: Month) -> Option<&'g Granted> {
    grants.iter().rfind(|grant| grant.entitlement == entitlement && grant.from <= month)
}

/// Whether something is paid, or is only suspended, in a month or in a later one.
pub(crate) fn is_open_from(grants: &[Granted], entitlement: &str, from: Month) -> bool {
    let later = grants.iter().map(|grant| grant.from).filter(|month| *month > from);
    let mut months = std::iter::once(from).chain(later);
    months.any(|month| granted(grants, entitlement, month).is_some_and(Granted::is_open))
}

/// Whether something will be paid, or is only suspended, after a moment: next month, or by the last decision in a later one.
pub fn is_open_after(grants: &[Granted], entitlement: &str, now: DateTime) -> bool {
    let last = grants.iter().rfind(|grant| grant.entitlement == entitlement);
    let next = granted(grants, entitlement, Month::of(now.date()).next());
    [next, last].into_iter().flatten().any(Granted::is_open)
}

impl RegisterRow {
    /// What people call it: its 名称, or its key, in which a person is named and the number is not shown.
    pub fn title(&self) -> String {
        if let Some(name) = self.columns.get("name").and_then(Datum::text) {
            return name.to_owned();
        }
        let people =
            || self.columns.values().filter_map(|datum| if let Datum::Person(p) = datum { Some(p) } else { None });
        let part = |part: &str| match people().find(|person| person.number.as_deref() == Some(part)) {
            Some(person) => person.name.clone(),
            None => crate::registers::masked_key(part),
        };
        self.key.split(crate::registers::BETWEEN).map(part).collect::<Vec<_>>().join(crate::registers::BETWEEN)
    }

    /// Puts the number that a letter got where it was left open.
    pub fn fill_in(&mut self, letter: &str, number: &str) {
        let open = crate::registers::number_of(letter);
        let fill = |text: &mut String| *text = text.replace(&open, number);
        fill(&mut self.key);
        self.found_by.iter_mut().for_each(|(_, value)| fill(value));
        for datum in self.columns.values_mut() {
            if let Datum::Text(text) = datum {
                fill(text);
            }
        }
    }
}

impl Over {
    /// The case before by its number; the bureau fills in what is taken over.
    pub fn of(case: &str) -> Self {
        Self { case: case.to_owned(), ..Self::default() }
    }
}

impl Granted {
    /// Whether it goes on from here: something is paid, or it is only suspended.
    pub fn is_open(&self) -> bool {
        self.suspended || self.total() != Fen(0)
    }

    /// The sum of the components.
    pub fn total(&self) -> Fen {
        Fen(self.components.iter().map(|(_, fen)| fen.0).sum())
    }
}
