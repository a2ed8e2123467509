//! Figures of the journal: how fast it is written, verified and replayed, and whether that grows no faster than its length.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::server::demo;
use super::{Figure, binary};

const SIZES: [u32; 3] = [2_000, 8_000, 32_000];

/// Seconds to make the demo county through `store.batch`, and to rebuild every projection.
pub fn store() -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    let mut per_event = Vec::new();
    for households in SIZES {
        let (data, made) = demo(households)?;
        if let Some(seconds) = made {
            figures.push(Figure::new(format!("demo of {households} households"), seconds, "s"));
        }
        let (events, seconds) = timed("rebuild", &data)?;
        per_event.push(seconds / events);
        figures.push(Figure::new(format!("rebuild, {events} events"), events / seconds, "events/s"));
    }
    figures.push(linearity("rebuild", &per_event));
    Ok(figures)
}

/// Events per second of `minzheng verify`, starting of the process included.
pub fn verify() -> Result<Vec<Figure>, String> {
    let mut figures = Vec::new();
    let mut per_event = Vec::new();
    for households in SIZES {
        let (data, _) = demo(households)?;
        let (events, seconds) = timed("verify", &data)?;
        per_event.push(seconds / events);
        let rate = Figure::new(format!("verify, {events} events"), events / seconds, "events/s");
        // A short journal is mostly the start of the process; the target is for long ones.
        figures.push(if households == SIZES[2] { rate.at_least(500_000.0) } else { rate });
    }
    figures.push(linearity("verify", &per_event));
    Ok(figures)
}

/// Time per event in the longest journal against the middle one: 1 is linear.
fn linearity(what: &str, per_event: &[f64]) -> Figure {
    let ratio = match per_event {
        [_, middle, long] => long / middle,
        _ => f64::NAN,
    };
    Figure::new(format!("{what}: time per event, long journal against a quarter of it"), ratio, "×").below(1.3)
}

/// The best of three runs, with the number of events that the command says it went over.
fn timed(command: &str, data: &Path) -> Result<(f64, f64), String> {
    let mut best = f64::INFINITY;
    let mut events = 0.0;
    for _ in 0..3 {
        let begun = Instant::now();
        let output = Command::new(binary()).arg(command).arg("--data").arg(data).output().map_err(|e| e.to_string())?;
        best = best.min(begun.elapsed().as_secs_f64());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return Err(format!("minzheng {command}: {text}{}", String::from_utf8_lossy(&output.stderr)));
        }
        events = first_number(&text).ok_or_else(|| format!("minzheng {command} names no number of events: {text}"))?;
    }
    Ok((events, best))
}

fn first_number(text: &str) -> Option<f64> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit()).collect();
    digits.parse().ok()
}
