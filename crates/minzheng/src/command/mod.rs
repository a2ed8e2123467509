//! The commands, one file each.

pub mod check;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod rebuild;
pub mod scenarios;
pub mod serve;
pub mod staff;
pub mod verify;
