//! Cases: what may happen, what happened, and what follows from it.
//!
//! Invariant: knows no HTTP, SQL or clock, and no word of any service.

pub mod given;
pub mod scenario;
