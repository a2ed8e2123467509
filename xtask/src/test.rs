//! `cargo xtask test`: everything that must hold, in the order in which it is cheapest to learn that it does not.

use crate::machine;
use crate::shell::{self, Outcome, cargo, check, counted};

/// The project's copy of the acceptance fixtures.
const ACCEPTANCE: &str = "crates/minzheng/tests/acceptance";

/// Runs every part and reports how long each took; `quick` leaves out what needs a browser or minutes.
pub fn run(quick: bool) -> Result<(), String> {
    let mut parts: Vec<(&str, Outcome)> = vec![
        ("format", check(cargo().args(["fmt", "--all", "--check"]))),
        ("lints", check(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))),
        ("tests", counted(cargo().args(["test", "--workspace", "--no-fail-fast"]))),
        ("guides", check(minzheng().arg("check"))),
        ("guides' format", check(minzheng().args(["fmt", "--check"]))),
        ("scenarios", counted(minzheng().arg("scenarios"))),
        ("acceptance", counted(minzheng().args(["accept", ACCEPTANCE]))),
    ];
    if !quick {
        parts.push(("browser", browser(&[])));
    }
    report(&parts)
}

/// The acceptance fixtures of a folder, with the same program that the tests use.
pub fn accept(folder: Option<&str>) -> Result<(), String> {
    let folder = match folder {
        Some(folder) => std::env::current_dir().unwrap_or_default().join(folder),
        None => shell::root().join(ACCEPTANCE),
    };
    shell::run(cargo().args(["build", "--workspace", "--quiet"]))?;
    shell::run(minzheng().arg("accept").arg(folder))
}

/// The compatibility kit of DMN: what passes, what is outside the profile; fails on a wrong answer.
pub fn conformance(folder: Option<&str>) -> Result<(), String> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", "formula", "--test", "conformance", "--", "--nocapture"]);
    if let Some(folder) = folder {
        command.env("DMN_TCK", std::env::current_dir().unwrap_or_default().join(folder));
    }
    shell::run(&mut command)
}

/// Random formulas here and by another implementation, which stands apart since it brings some two hundred crates.
pub fn differential(words: &[&str]) -> Result<(), String> {
    let manifest = shell::root().join("xtask/differential/Cargo.toml");
    let mut command = cargo();
    command.args(["run", "--quiet", "--manifest-path"]).arg(manifest);
    command.env("CARGO_TARGET_DIR", shell::target().join("differential"));
    shell::run(command.arg("--").args(words))
}

/// Measures; prints and judges nothing.
pub fn bench(what: &str, words: &[&str]) -> Result<(), String> {
    shell::run(cargo().args(["bench", "--package", "minzheng", "--bench", what, "--"]).args(words))
}

/// Histories of payments, more of them than the tests go through; fails where one pays twice, loses or cannot explain.
pub fn simulate(words: &[&str]) -> Result<(), String> {
    let (mut seeds, mut from) = ("2000", "1");
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
        match *word {
            "--seeds" => seeds = value,
            "--from" => from = value,
            other => return Err(format!("simulate bank knows --seeds and --from, not {other}")),
        }
    }
    let mut command = cargo();
    command.args([
        "test",
        "--release",
        "--quiet",
        "--package",
        "bureau",
        "--test",
        "simulate_bank",
        "--",
        "--nocapture",
    ]);
    shell::run(command.env("SIMULATE_SEEDS", seeds).env("SIMULATE_FROM", from))
}

/// Changes the rules of `casework` one by one with cargo-mutants: a change that no test notices is a rule that no test holds.
pub fn mutants() -> Result<(), String> {
    let files = ["decide", "follow", "people", "clocks"].map(|file| format!("crates/casework/src/{file}.rs"));
    let mut command = cargo();
    command.args(["mutants", "--package", "casework"]);
    for file in &files {
        command.args(["--file", file]);
    }
    command.args(["--test-workspace", "true", "--baseline", "skip", "--timeout", "90", "--output", "target/mutants"]);
    let tests = ["proof", "histories", "clocks", "refusals", "chains", "scenarios"];
    command.arg("--").args(tests.iter().flat_map(|test| ["--test", test]));
    shell::run(&mut command)
}

/// The walks of a real Chromium, or those whose names contain a word.
pub fn walks(names: &[&str]) -> Result<(), String> {
    report(&[("browser", browser(names))])
}

fn browser(names: &[&str]) -> Outcome {
    if let Err(message) = machine::prepare_browser() {
        eprintln!("{message}");
        return Outcome { failed: 1, ..Outcome::default() };
    }
    // With the whole workspace, so that libraries are built with the same features as for the other tests, and once.
    let walks = ["test", "--workspace", "--test", "browser", "--", "--test-threads=2"];
    counted(cargo().args(walks).args(names))
}

/// The program as the tests have built it.
fn minzheng() -> std::process::Command {
    shell::command(shell::target().join("debug/minzheng"))
}

fn report(parts: &[(&str, Outcome)]) -> Result<(), String> {
    println!("\n{:<16}{:>8}{:>8}{:>10}", "part", "passed", "failed", "seconds");
    for (name, part) in parts {
        println!("{name:<16}{:>8}{:>8}{:>10.1}", part.passed, part.failed, part.took.as_secs_f64());
    }
    let passed: u64 = parts.iter().map(|(_, part)| part.passed).sum();
    let failed: u64 = parts.iter().map(|(_, part)| part.failed).sum();
    println!("\n{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}
