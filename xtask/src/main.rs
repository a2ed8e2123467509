//! The project's own commands: `cargo xtask test`, `cargo xtask accept`.
#![allow(clippy::disallowed_methods, reason = "a tool around the program, not part of its core")]

mod machine;
mod new_service;
mod peers;
mod shell;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--quick]   every test: format, lints, unit and whole-system tests, guides, acceptance
cargo xtask walks [NAME]     the walks of a real Chromium alone, or those whose name contains NAME
cargo xtask bench web [N] [PART ...]  measures a county of N households (default 2000): proof, pages, mixed, writers
cargo xtask bench ledger [N]        measures N payments of four sources each (default 1,000,000)
cargo xtask bench formula [N]       the 低保 rule over N households (default 2,000,000), by hand and by peers (Python 3)
cargo xtask conformance [DIR]          the DMN compatibility kit, or any folder of its layout; fails on a wrong answer
cargo xtask differential [N]           N random formulas (default 20,000) here and by the crates of dsntk
cargo xtask simulate bank --seeds N [--from SEED]  histories of a bank and a bureau in which everything goes wrong
cargo xtask peers            a month through PyPI's mock-bank, and its files against published schemas (needs Python 3)
cargo xtask mutants          changes the rules of casework one by one; each change must fail a test (needs cargo-mutants)
cargo xtask new-service NAME  a folder in guides/ with the smallest guide that runs, and its line in areas.md
cargo xtask accept [DIR]     acceptance fixtures (default: the copy in crates/minzheng/tests/acceptance)";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => test::run(false),
        ["test", "--quick"] => test::run(true),
        ["walks", names @ ..] => test::walks(names),
        ["simulate", "bank", words @ ..] => test::simulate(words),
        ["bench", what @ ("web" | "ledger"), words @ ..] => test::bench(what, words),
        ["bench", "formula", words @ ..] => peers::race(words),
        ["new-service", name] => new_service::make(&shell::root().join("guides"), name),
        ["conformance", folder @ ..] if folder.len() < 2 => test::conformance(folder.first().copied()),
        ["differential", words @ ..] if words.len() < 2 => test::differential(words),
        ["peers"] => peers::run(),
        ["mutants"] => test::mutants(),
        ["accept", folder @ ..] if folder.len() < 2 => test::accept(folder.first().copied()),
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
