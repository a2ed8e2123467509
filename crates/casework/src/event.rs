//! What happened: the only thing that is ever stored about a case.
//!
//! INVARIANT (frozen records): a variant or field that has been released is never changed or removed; new ones are added with a default.
//! `tests/corpus` keeps old records and replays them.

use std::sync::Arc;

use base::{Date, DateTime, Decimal, Due, RegionCode};
use formula::Value;
use guide::Edition;
use serde::{Deserialize, Serialize};

/// Receipt number, for example `DB202600012`: prefix of the service, year, running number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(pub Arc<str>);

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who did it, as known at the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// Chinese role name.
    pub role: Arc<str>,
}

/// An event of a case with its envelope's particulars: when it was recorded and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: DateTime,
    pub by: By,
    pub event: Event,
}

/// A named fact as stated at one time. Absent facts are not listed; they are missing, never zero.
pub type Facts = Vec<(Arc<str>, Value)>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The case begins.
    Applied {
        case: CaseId,
        service: Arc<str>,
        edition: Edition,
        region: RegionCode,
        channel: Channel,
        facts: Facts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        former: Option<CaseId>,
    },
    /// A step is waiting to be done.
    Opened {
        step: Arc<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Due>,
    },
    /// A step's condition did not hold.
    Skipped {
        step: Arc<str>,
    },
    Completed {
        step: Arc<str>,
        outcome: Arc<str>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        facts: Facts,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// Others who took part (second visitor, members of the meeting who hold an account).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Vec<By>,
    },
    Attached {
        step: Arc<str>,
        material: Arc<str>,
        file: File,
    },
    /// Facts were put right or changed; `valid_from` is when they became true, the entry's time is when we knew.
    Corrected {
        facts: Facts,
        valid_from: Date,
        reason: String,
        source: String,
    },
    /// A relative among the staff: the case is filed apart and the staff member is recused.
    Filed {
        staff: Arc<str>,
        staff_name: Arc<str>,
        relation: Arc<str>,
        person: Arc<str>,
        declared: bool,
    },
    /// A notice is on the board; its content is frozen here.
    Posted {
        notice: Notice,
    },
    Objected {
        number: u32,
        name: Option<String>,
        contact: String,
        text: String,
    },
    Answered {
        number: u32,
        finding: String,
        text: String,
    },
    /// The figures stand from now on, with what they were computed from.
    Decided {
        step: Arc<str>,
        outcome: Arc<str>,
        as_of: Date,
        results: Facts,
        rates: Vec<RateUsed>,
    },
    Lettered {
        letter: Arc<str>,
        number: String,
        to: String,
        text: String,
    },
    Extended {
        limit: Arc<str>,
        reason: String,
        due: Due,
    },
    Withdrawn {
        reason: String,
    },
    Closed {
        outcome: Arc<str>,
    },
    /// A waiting step ended and what follows is a new round: handlers, objections and counts start afresh.
    RoundBegan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 网上
    Online,
    /// 窗口
    Window,
    /// 代办（村级协理员）
    Village,
}

impl Channel {
    pub fn label(self) -> &'static str {
        match self {
            Channel::Online => "网上申请",
            Channel::Window => "窗口申请",
            Channel::Village => "村（社区）代办",
        }
    }
}

/// An attachment by the digest of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// SM3, hex.
    pub digest: Arc<str>,
    pub name: String,
    pub media: String,
    pub bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub step: Arc<str>,
    pub place: String,
    pub posted_at: DateTime,
    /// Last full day; None while the case lives (长期).
    pub last_day: Option<Date>,
    pub title: String,
    /// Label and text as posted; masked already.
    pub rows: Vec<(String, String)>,
}

/// A parameter as it stood when the decision was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateUsed {
    pub name: Arc<str>,
    pub value: Decimal,
    pub unit: String,
    pub from: Date,
    pub reference: String,
    pub example: bool,
}
