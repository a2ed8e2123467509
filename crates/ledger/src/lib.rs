//! Double-entry accounts in money (分) and in goods (declared units).
//!
//! An amount moves by a flow, from one account to another; nothing else changes a balance, so the balances of a unit
//! always add up to zero.
//! A posting is one or more flows that happen together: a payment that four sources share is one posting of four flows.
//! It is posted at once, or pending first and then confirmed or voided; what was posted is never changed, only corrected
//! by another posting that names it.
//!
//! Architecture invariant: pure; knows no case, no store and no word of any service.

mod account;
mod book;
mod share;

pub use account::{Account, Heading, Limit, Period, Source, Unit};
pub use book::{Act, Balance, Book, Flow, Refused, Standing, Transfer};
pub use share::share;
