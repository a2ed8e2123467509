//! What lists show of a case: one row, computed from the state alone, so that a rebuild gives the same bytes.

use std::sync::Arc;

use base::{DateTime, RegionCode};
use guide::{Guide, StepKind};
use serde::{Deserialize, Serialize};

use crate::event::CaseId;
use crate::state::State;

/// One row of a work list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub case: CaseId,
    pub service: Arc<str>,
    pub region: RegionCode,
    pub revision: u32,
    /// The open step and who does it; empty when closed.
    pub step: Arc<str>,
    pub role: Arc<str>,
    pub since: DateTime,
    pub due: Option<DateTime>,
    pub standing: Standing,
    /// Filed apart because of a relative among the staff.
    pub filed: bool,
    pub applied_at: DateTime,
    /// Outcome that closed the case, or of the last decision.
    pub outcome: Arc<str>,
    /// Personal: sealed by the store.
    pub applicant: String,
    pub people: Vec<Person>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Somebody has to do something.
    Open,
    /// 等待: nothing to do until it falls due.
    Waiting,
    Closed,
}

/// A person of a case, for search and for finding the person's other cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// Normalised citizen number, if known and valid.
    pub number: Option<String>,
    pub applicant: bool,
}

impl Summary {
    pub fn of(state: &State, guide: &Guide) -> Summary {
        let open = state.open.as_ref();
        let step = open.and_then(|o| guide.step(&o.step));
        let standing = match (open, step) {
            (None, _) => Standing::Closed,
            (Some(_), Some(step)) if step.kind == StepKind::Wait => Standing::Waiting,
            _ => Standing::Open,
        };
        let outcome = match (&state.closed, state.last_decision()) {
            (Some((_, outcome)), _) => outcome.clone(),
            (None, Some(decision)) => decision.outcome.clone(),
            (None, None) => "".into(),
        };
        Summary {
            case: state.case.clone(),
            service: state.service.clone(),
            region: state.region,
            revision: state.revision,
            step: open.map(|o| o.step.clone()).unwrap_or_else(|| "".into()),
            role: step.map(|s| s.role.clone()).unwrap_or_else(|| "".into()),
            since: open.map_or(state.closed.as_ref().map_or(state.applied_at, |c| c.0), |o| o.since),
            due: open.and_then(|o| o.due.as_ref()).map(|d| d.at),
            standing,
            filed: !state.filed.is_empty(),
            applied_at: state.applied_at,
            outcome,
            applicant: crate::assess::applicant_name(guide, state),
            people: crate::assess::people(guide, state),
        }
    }
}
