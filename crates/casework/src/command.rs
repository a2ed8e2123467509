//! What somebody wants to do. Commands are typed already: forms have been read by [`crate::intake`].

use std::sync::Arc;

use base::{CitizenNumber, Date, RegionCode};

use crate::event::{By, CaseId, Channel, Facts, File};

/// Somebody who acts: a member of staff, the applicant, or the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// Chinese role name of `roles.md`.
    pub role: Arc<str>,
    /// Everything at or below it is the actor's jurisdiction.
    pub region: RegionCode,
    /// The actor's own citizen number, so that nobody handles their own case.
    pub number: Option<CitizenNumber>,
}

impl Actor {
    /// The clock of the bureau, which wakes waiting steps and ends notices.
    pub fn clock(region: RegionCode) -> Self {
        Self { id: "clock".into(), name: "系统时钟".into(), role: "系统".into(), region, number: None }
    }

    /// A citizen who proved to be the applicant (receipt number and number of the identity card).
    pub fn applicant(name: impl Into<Arc<str>>, region: RegionCode) -> Self {
        Self { id: "applicant".into(), name: name.into(), role: crate::APPLICANT.into(), region, number: None }
    }

    pub fn by(&self) -> By {
        By { id: self.id.clone(), name: self.name.clone(), role: self.role.clone() }
    }

    pub fn is_clock(&self) -> bool {
        &*self.id == "clock"
    }

    pub fn is_applicant(&self) -> bool {
        &*self.role == crate::APPLICANT
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens a case. The receipt number is chosen by the store.
    Apply {
        channel: Channel,
        facts: Facts,
        materials: Vec<(Arc<str>, File)>,
        former: Option<CaseId>,
    },
    /// Does a step and ends it with an outcome.
    /// For 评议 and 公示 the outcome follows from votes and objections and may be left empty.
    Complete {
        step: Arc<str>,
        outcome: Option<Arc<str>>,
        facts: Facts,
        reason: String,
        with: Vec<Actor>,
        materials: Vec<(Arc<str>, File)>,
    },
    /// Puts the notice of the open step on the board.
    Post {
        materials: Vec<(Arc<str>, File)>,
    },
    Object {
        name: Option<String>,
        contact: String,
        text: String,
    },
    Answer {
        number: u32,
        finding: String,
        text: String,
    },
    Correct {
        facts: Facts,
        valid_from: Date,
        reason: String,
        source: String,
    },
    Extend {
        limit: Arc<str>,
        reason: String,
    },
    Withdraw {
        reason: String,
    },
    /// The clock ran out: ends a waiting step or a notice that has run its time.
    Wake,
}
