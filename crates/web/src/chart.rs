//! Charts as SVG that need no script and print as they look. Each says in words what it shows; the figures stand in a
//! table beside it.

use maud::{Markup, html};

/// A column of a histogram: its label on the axis, how many there are, and how many of them are marked.
pub struct Bin {
    pub label: String,
    pub all: u64,
    pub marked: u64,
    /// What is said of it where somebody points at it.
    pub told: String,
}

/// Width and height of the drawing, and the room for the axis below and at the left.
const WIDE: u64 = 720;
const HIGH: u64 = 220;
const BELOW: u64 = 24;
const LEFT: u64 = 44;

/// Columns side by side, the marked part of each in ink; `line` is a place on the axis, in bins from the left.
pub fn histogram(bins: &[Bin], says: &str, line: Option<(f64, &str)>) -> Markup {
    let most = bins.iter().map(|bin| bin.all).max().unwrap_or(0).max(1);
    let many = bins.len().max(1) as u64;
    let step = (WIDE - LEFT) / many;
    let tall = |n: u64| n * (HIGH - BELOW - 16) / most;
    let base = HIGH - BELOW;
    // As many labels as find room.
    let every = (many * 52).div_ceil(WIDE - LEFT).max(1);
    html! {
        svg.chart viewBox=(format!("0 0 {WIDE} {HIGH}")) role="img" aria-label=(says) {
            @for part in [0, most.div_ceil(2), most] {
                @let y = base - tall(part);
                line.rule x1=(LEFT) x2=(WIDE) y1=(y) y2=(y) {}
                text.axis x=(LEFT - 6) y=(y + 4) text-anchor="end" { (part) }
            }
            @for (place, bin) in (0_u64..).zip(bins) {
                @let x = LEFT + place * step;
                g {
                    title { (bin.told) }
                    rect.all x=(x + 1) y=(base - tall(bin.all)) width=(step.saturating_sub(2).max(1)) height=(tall(bin.all)) {}
                    rect.marked x=(x + 1) y=(base - tall(bin.marked)) width=(step.saturating_sub(2).max(1)) height=(tall(bin.marked)) {}
                }
                @if place % every == 0 { text.axis x=(x) y=(HIGH - 6) { (bin.label) } }
            }
            @if let Some((at, name)) = line {
                @let x = LEFT + (at * step as f64).round() as u64;
                line.mark x1=(x) x2=(x) y1="4" y2=(base) {}
                text.axis x=(x + 4) y="12" { (name) }
            }
        }
    }
}

/// Two bars one below the other, for before and after, as parts of the most that there is.
pub fn pair(before: i64, after: i64, most: i64, says: &str) -> Markup {
    let wide = |n: i64| n.max(0) * 160 / most.max(1);
    html! {
        svg.pair viewBox="0 0 160 18" role="img" aria-label=(says) {
            title { (says) }
            rect.all x="0" y="1" width=(wide(before)) height="7" {}
            rect.marked x="0" y="10" width=(wide(after)) height="7" {}
        }
    }
}
