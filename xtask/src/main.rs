//! The project's own commands: `cargo xtask test`, `accept`, `bench`, `new-service`.
//!
//! This is a tool around the program, so it may read the clock, the environment and files.
#![allow(clippy::disallowed_methods, reason = "a tool around the program, not part of its core")]

mod bench;
mod machine;
mod new_service;
mod shell;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--long] [--pictures]   every test: format, lints, unit and whole-system tests, guides, acceptance, real browser
cargo xtask accept [DIR]                 acceptance fixtures (default ../shared/acceptance)
cargo xtask bench NAME [--households N]  start, store, http, verify, build or all; figures go to target/bench/NAME.json
cargo xtask new-service NAME             a guide folder in the fixed shape, and its line in guides/areas.md";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test", options @ ..] => test::run(options),
        ["accept", folder @ ..] if folder.len() < 2 => test::accept(folder.first().copied()),
        ["bench", name, options @ ..] => bench::run(name, options),
        ["new-service", name] => new_service::run(name),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
