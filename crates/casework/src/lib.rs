//! Cases: what may happen, what happened, and what follows from it.
//!
//! `decide` turns a command into events or refusals; `State::fold` turns events into a case.
//! Invariant: knows no HTTP, SQL or clock, and no word of any service.

mod answered;
mod booking;
pub mod checking;
mod clocks;
mod datum;
pub mod decide;
mod demands;
pub mod doubts;
mod due;
pub mod event;
pub mod facts;
mod follow;
pub mod given;
mod grants;
pub mod intake;
mod options;
mod outlook;
pub mod payment;
pub mod people;
pub mod received;
pub mod refusal;
pub mod registers;
mod results;
pub mod roster;
pub mod scenario;
mod sight;
pub mod state;
mod walk;

pub use decide::{Command, Relative, Rules, Spell, decide};
pub use event::{ActorRef, Datum, Event, Record};
pub use intake::{Form, Input, Typed};
pub use options::{StepOption, options, starts};
pub use outlook::{Answer, nearest, needs, outlook, reminders, result};
pub use people::{Actor, Capacity};
pub use refusal::{Code, Refusal};
pub use registers::{Query, Registers};
pub use state::{State, Status};
