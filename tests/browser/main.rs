//! The whole bureau in a real Chromium, from application to the decision letter and everything that can come after.
//!
//! `cargo xtask test` starts it: it needs Chromium, chromedriver, axe-core and the built program.
#![allow(clippy::disallowed_methods, reason = "tests stand outside the pure core")]

mod chromium;
mod server;
mod tour;
mod walks;
