//! `cargo xtask test`: everything that must hold, in the order in which it is cheapest to learn that it does not.

use std::path::PathBuf;

use crate::machine;
use crate::shell::{self, Outcome, cargo, check, command, counted};

const ACCEPTANCE: &str = "../shared/acceptance";

pub fn run(options: &[&str]) -> Result<(), String> {
    if let Some(unknown) = options.iter().find(|o| !["--long", "--pictures"].contains(*o)) {
        return Err(format!("unknown option {unknown}; cargo xtask test [--long] [--pictures]"));
    }
    let long = options.contains(&"--long");
    let mut parts: Vec<(&str, Outcome)> = vec![
        ("format", check(cargo().args(["fmt", "--all", "--check"]))),
        ("lints", check(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))),
    ];
    let mut tests = cargo();
    if long {
        tests.env("PROPTEST_CASES", "20000");
    }
    parts.push(("tests", counted(tests.args(["test", "--workspace", "--no-fail-fast"]))));
    parts.push(("build", check(cargo().args(["build", "--workspace", "--quiet"]))));
    let binary = shell::target().join("debug/minzheng");
    parts.push(("guides", check(command(&binary).arg("check"))));
    parts.push(("scenarios", counted(command(&binary).arg("scenarios"))));
    parts.push(("toy scenarios", counted(command(&binary).args(["scenarios", "--guides", "tests/toy"]))));
    if shell::root().join(ACCEPTANCE).is_dir() {
        parts.push(("acceptance", counted(command(&binary).args(["accept", ACCEPTANCE]))));
    } else {
        println!("acceptance: {ACCEPTANCE} is not there, so its fixtures were not run");
    }
    parts.push(("browser", browser(options.contains(&"--pictures"))));
    report(&parts, long)
}

/// The acceptance fixtures of a folder, with the same program that the tests use.
pub fn accept(folder: Option<&str>) -> Result<(), String> {
    let folder = std::env::current_dir().unwrap_or_default().join(folder.unwrap_or(ACCEPTANCE));
    shell::run(cargo().args(["run", "--quiet", "--package", "minzheng", "--", "accept"]).arg(folder))
}

/// The walks of a real Chromium; one test at a time, since they share the two cores with the browser.
fn browser(pictures: bool) -> Outcome {
    if let Err(message) = machine::prepare_browser() {
        eprintln!("{message}");
        return Outcome { failed: 1, ..Outcome::default() };
    }
    let mut tests = cargo();
    tests.args(["test", "--package", "bureau-tests", "--test", "browser", "--", "--test-threads=2"]);
    if pictures {
        tests.env("MINZHENG_PICTURES", "1");
    }
    counted(&mut tests)
}

fn report(parts: &[(&str, Outcome)], long: bool) -> Result<(), String> {
    let mut lines = vec![format!("{:<16}{:>8}{:>8}{:>10}", "part", "passed", "failed", "seconds")];
    for (name, part) in parts {
        lines.push(format!("{name:<16}{:>8}{:>8}{:>10.1}", part.passed, part.failed, part.took.as_secs_f64()));
    }
    let passed: u64 = parts.iter().map(|(_, part)| part.passed).sum();
    let failed: u64 = parts.iter().map(|(_, part)| part.failed).sum();
    let total = format!("{passed} passed, {failed} failed");
    println!("\n{}\n\n{total}", lines.join("\n"));
    if long {
        write_report(&lines, &total)?;
    }
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}

fn write_report(lines: &[String], total: &str) -> Result<(), String> {
    let path: PathBuf = shell::root().join("docs/reports/long-test.md");
    let table = lines.join("\n");
    let text = format!("# Long test run\n\n```text\n{table}\n```\n\n{total}\n\nMachine: {}\n", machine::describe());
    let folder = path.parent().map(std::fs::create_dir_all);
    folder.unwrap_or(Ok(())).and_then(|()| std::fs::write(&path, text)).map_err(|e| format!("{}: {e}", path.display()))
}
