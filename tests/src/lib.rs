//! Whole-system tests: the router in process with a real store and a clock that stands still until it is moved,
//! and the walks that both this and a real browser take.
//!
//! Read [`office`] (a bureau for tests), [`browser`] (what a visitor can do with a page), [`plain`] (a browser without scripts,
//! in process) and [`player`] (plays the courses of worked examples through the pages).
#![allow(clippy::disallowed_methods, reason = "tests stand outside the pure core")]

pub mod browser;
pub mod office;
pub mod page;
pub mod plain;
pub mod player;
pub mod sources;
