//! The commands of the binary, one file each.

pub mod accept;
pub mod check;
pub mod eval;
pub mod prove;
pub mod scenarios;
pub mod serve;
