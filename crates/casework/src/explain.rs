//! Explanations as text: every figure with its formula, its numbers, its parameters and its legal basis.

use std::collections::BTreeSet;
use std::fmt::Write;

use formula::{Evaluation, Explanation, Kind, Value};
use guide::Guide;

use crate::assess::display;

/// The explanation of the decision's figures, in the order of the guide, each figure explained once.
pub fn text(guide: &Guide, evaluation: &Evaluation) -> String {
    let mut out = String::new();
    let mut seen = BTreeSet::new();
    for result in guide.results.iter().filter(|r| r.decision) {
        if let Some(node) = evaluation.explain(&result.name) {
            write_node(&mut out, guide, &node, 0, &mut seen);
        }
    }
    out
}

fn write_node(out: &mut String, guide: &Guide, node: &Explanation, depth: usize, seen: &mut BTreeSet<String>) {
    let indent = "  ".repeat(depth);
    let shown = shorten(guide, &node.name, &node.value);
    let first = seen.insert(node.name.to_string());
    // Writing to a String cannot fail.
    let _ = match &node.kind {
        Kind::RateMissing => writeln!(out, "{indent}{}：{shown}", node.name),
        Kind::Fact => writeln!(out, "{indent}{} 是 {shown}（申报或查明）", node.name),
        Kind::Rate(rate) => {
            let mark = if rate.example { "，示例" } else { "" };
            let from = base::format_date(rate.from);
            writeln!(out, "{indent}{} 是 {shown}{}（自{from}起，{}{mark}）", node.name, rate.unit, rate.reference)
        }
        Kind::Defined if !first => writeln!(out, "{indent}{} 是 {shown}（说明见上）", node.name),
        Kind::Defined => {
            let basis = node.basis.as_deref().map(|b| format!("（{b}）")).unwrap_or_default();
            writeln!(out, "{indent}{} 是 {shown}：{}{basis}", node.name, node.formula)
        }
    };
    if matches!(node.kind, Kind::Defined) && first {
        if node.substituted != node.formula && !node.substituted.is_empty() {
            let _ = writeln!(out, "{indent}  即 {}", node.substituted);
        }
        for input in &node.inputs {
            write_node(out, guide, input, depth + 1, seen);
        }
    }
}

/// Rosters stand on the form; an explanation says only how many rows they have.
fn shorten(guide: &Guide, name: &str, value: &Value) -> String {
    match value {
        Value::List(rows) if rows.iter().any(|row| matches!(row, Value::Record(_))) => format!("{}行", rows.len()),
        _ => display(guide, name, value),
    }
}
