//! Cases: what may be done, by whom, when, and what follows.
//!
//! Read in this order: [`command`] (what somebody wants), [`event`] (what happened), [`state`] (the fold),
//! [`access`] (the gate), [`decide`](mod@decide) (the heart), [`refusal`] (the answers that are not yes).
//!
//! Architecture invariant: this crate knows no HTTP, no SQL and no clock, and no word of any particular service.
//! `decide` is pure: the same guide, state, command and circumstances give the same events.

pub mod access;
pub mod assess;
pub mod bureau;
pub mod command;
pub mod decide;
pub mod event;
pub mod explain;
pub mod intake;
pub mod letter;
pub mod limits;
pub mod meeting;
pub mod office;
pub mod options;
pub mod refusal;
pub mod scenario;
pub mod state;
pub mod summary;

pub use bureau::Bureau;
pub use command::{Actor, Command};
pub use decide::{Circumstances, answer, decide};
pub use event::{By, CaseId, Channel, Entry, Event, Facts, File, Notice};
pub use office::{Kin, Staff, StaffEvent};
pub use refusal::{Code, FieldError, Refusal};
pub use state::State;

/// The role of whoever applies; every bureau's `roles.md` has it.
pub const APPLICANT: &str = "申请人";

pub(crate) fn end_of_day(date: base::Date) -> base::DateTime {
    date.at(23, 59, 59, 0)
}
