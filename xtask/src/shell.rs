//! Runs other programs, shows what they print, and counts what they say passed and failed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one part of the tests came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub passed: u64,
    pub failed: u64,
    pub took: Duration,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command that runs at the root of the workspace.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command to its end; an error names the command.
pub fn run(command: &mut Command) -> Result<(), String> {
    let said = || format!("{command:?}").replace('"', "");
    let said = said();
    println!("$ {said}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{said}: {status}")),
        Err(error) => Err(format!("{said}: {error}")),
    }
}

/// Runs a command that counts nothing: it passes or it fails.
pub fn check(command: &mut Command) -> Outcome {
    let begun = Instant::now();
    let passed = u64::from(run(command).map_err(|e| eprintln!("{e}")).is_ok());
    Outcome { passed, failed: 1 - passed, took: begun.elapsed() }
}

/// Runs a command that counts, showing its lines as they come and adding up every `N passed, N failed`.
/// A command that fails without saying so, or passes without having tested anything, counts as one failure.
pub fn counted(command: &mut Command) -> Outcome {
    let begun = Instant::now();
    println!("$ {}", format!("{command:?}").replace('"', ""));
    let (mut passed, mut failed) = (0, 0);
    let mut succeeded = false;
    match command.stdout(Stdio::piped()).spawn() {
        Ok(mut child) => {
            for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).split(b'\n')) {
                let line = String::from_utf8_lossy(&line.unwrap_or_default()).into_owned();
                println!("{line}");
                if let Some((p, f)) = tally(&line) {
                    passed += p;
                    failed += f;
                }
            }
            succeeded = child.wait().is_ok_and(|status| status.success());
        }
        Err(error) => eprintln!("{error}"),
    }
    if failed == 0 && (!succeeded || passed == 0) {
        failed = 1;
    }
    let _ = std::io::stdout().flush();
    Outcome { passed, failed, took: begun.elapsed() }
}

/// Reads `… 12 passed; 1 failed …` (cargo) and `12 passed, 1 failed` (minzheng).
fn tally(line: &str) -> Option<(u64, u64)> {
    let before = |word: &str| {
        let text = line.split(word).next().filter(|text| text.len() < line.len())?;
        text.rsplit(' ').next()?.parse().ok()
    };
    Some((before(" passed")?, before(" failed")?))
}

#[cfg(test)]
mod tests {
    use super::tally;

    #[test]
    fn reads_both_ways_of_counting() {
        assert_eq!(tally("test result: FAILED. 12 passed; 1 failed; 0 ignored; 0 measured"), Some((12, 1)));
        assert_eq!(tally("205 passed, 0 failed"), Some((205, 0)));
        assert_eq!(tally("nothing passed"), None);
        assert_eq!(tally("一切正常"), None);
    }
}
