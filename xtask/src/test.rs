//! `cargo xtask test`: everything that must hold, in the order in which it is cheapest to learn that it does not.

use crate::shell::{Outcome, cargo, check, counted};

/// Runs every part and reports how long each took; `quick` leaves out what needs a browser or minutes.
pub fn run(_quick: bool) -> Result<(), String> {
    let parts: Vec<(&str, Outcome)> = vec![
        ("format", check(cargo().args(["fmt", "--all", "--check"]))),
        ("lints", check(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))),
        ("tests", counted(cargo().args(["test", "--workspace", "--no-fail-fast"]))),
    ];
    report(&parts)
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
