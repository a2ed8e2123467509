//! The commands of the binary, one file each.

pub mod accept;
pub mod backup;
pub mod check;
pub mod eval;
pub mod fmt;
pub mod import;
pub mod init;
pub mod pay;
pub mod prove;
pub mod registries;
pub mod scenarios;
pub mod serve;
pub mod what_if;
