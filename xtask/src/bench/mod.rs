//! `cargo xtask bench NAME`: the real release binary on a demo county, measured from outside.
//!
//! Every figure goes to `target/bench/NAME.json` with the machine it was measured on, beside the target that the design sets.

mod client;
mod journal;
mod pages;
mod server;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use crate::machine;
use crate::shell::{self, cargo};

/// One figure: what it is, its value and unit, and the target if the design sets one.
pub struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
}

#[derive(Clone, Copy)]
pub enum Target {
    Below(f64),
    AtLeast(f64),
}

impl Figure {
    pub fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, target: None }
    }

    pub fn below(self, most: f64) -> Self {
        Self { target: Some(Target::Below(most)), ..self }
    }

    pub fn at_least(self, least: f64) -> Self {
        Self { target: Some(Target::AtLeast(least)), ..self }
    }

    fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::Below(most) => self.value < most,
            Target::AtLeast(least) => self.value >= least,
        })
    }

    fn row(&self) -> String {
        let target = match self.target {
            None => String::new(),
            Some(Target::Below(most)) => format!("< {most}"),
            Some(Target::AtLeast(least)) => format!("≥ {least}"),
        };
        let verdict = match self.met() {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        format!("{:<58}{:>14.2} {:<12}{target:>12}  {verdict}", self.what, self.value, self.unit)
    }

    fn json(&self) -> Value {
        let (target, ratio) = match self.target {
            None => (Value::Null, Value::Null),
            Some(Target::Below(t) | Target::AtLeast(t)) => (json!(t), json!(self.value / t)),
        };
        json!({ "what": self.what, "value": self.value, "unit": self.unit, "target": target, "ratio": ratio, "met": self.met() })
    }
}

pub fn run(name: &str, options: &[&str]) -> Result<(), String> {
    let households = match options {
        [] => 12_000,
        ["--households", n] => n.parse().map_err(|_| format!("{n} is not a number of households"))?,
        _ => return Err("cargo xtask bench NAME [--households N]".into()),
    };
    let names: &[&str] = match name {
        "all" => &["start", "http", "store", "verify", "build"],
        "start" | "http" | "store" | "verify" | "build" => &[name],
        _ => return Err(format!("no bench is called {name}: start, http, store, verify, build, all")),
    };
    for name in names {
        let figures = match *name {
            "build" => build()?,
            _ => {
                shell::run(cargo().args(["build", "--release", "--package", "minzheng", "--quiet"]))?;
                match *name {
                    "start" => pages::start()?,
                    "http" => pages::http(households)?,
                    "store" => journal::store()?,
                    _ => journal::verify()?,
                }
            }
        };
        show(name, &figures)?;
    }
    Ok(())
}

fn show(name: &str, figures: &[Figure]) -> Result<(), String> {
    println!("\n{name}");
    for figure in figures {
        println!("{}", figure.row());
    }
    let all: Vec<Value> = figures.iter().map(Figure::json).collect();
    let record = json!({ "bench": name, "machine": machine::describe(), "figures": all });
    let path = folder().join(format!("{name}.json"));
    let text = format!("{record:#}\n");
    std::fs::create_dir_all(folder())
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|e| format!("{}: {e}", path.display()))
}

fn folder() -> PathBuf {
    shell::target().join("bench")
}

fn binary() -> PathBuf {
    shell::target().join("release/minzheng")
}

/// A clean release build in a folder of its own, and the size of what it makes.
fn build() -> Result<Vec<Figure>, String> {
    let target = folder().join("clean-build");
    let said = |error: std::io::Error| format!("{}: {error}", target.display());
    if target.exists() {
        std::fs::remove_dir_all(&target).map_err(said)?;
    }
    let begun = Instant::now();
    let mut cargo = cargo();
    cargo.env("CARGO_TARGET_DIR", &target);
    shell::run(cargo.args(["build", "--release", "--package", "minzheng", "--quiet"]))?;
    let seconds = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(target.join("release/minzheng")).map_err(said)?.len();
    std::fs::remove_dir_all(&target).map_err(said)?;
    Ok(vec![
        Figure::new("clean release build", seconds, "s").below(480.0),
        Figure::new("binary", bytes as f64 / 1e6, "MB").below(60.0),
    ])
}

/// The value below which a share of the samples lies; the samples need not be sorted.
fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((share * last as f64).round() as usize).copied().unwrap_or(f64::NAN)
}
