//! Why a figure is what it is: value, formula, numbers, parameter with date and source, legal basis, down to the facts.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::format_date;
use casework::assess::display;
use formula::{Evaluation, Explanation, Kind, Value};
use guide::Guide;
use maud::{Markup, html};

use crate::sight::Sight;
use crate::site::Site;

/// The figures of an evaluation, each with its explanation folded behind it.
pub fn figures<'a>(
    web: &Site,
    guide: &Guide,
    evaluation: &Evaluation,
    names: impl Iterator<Item = &'a str>,
    sight: Sight,
) -> Markup {
    let explained: Vec<Explanation> = names.filter_map(|name| evaluation.explain(name)).collect();
    let mut seen: BTreeSet<Arc<str>> = explained.iter().map(|e| e.name.clone()).collect();
    html! {
        ul.why-tree.figures { @for figure in &explained { (node(web, guide, sight, figure, true, &mut seen)) } }
    }
}

/// Each formula is opened once: a figure of the list at its own place, others where they are first needed.
fn node(
    web: &Site,
    guide: &Guide,
    sight: Sight,
    node: &Explanation,
    listed: bool,
    seen: &mut BTreeSet<Arc<str>>,
) -> Markup {
    let first = seen.insert(node.name.clone()) || listed;
    let head = html! { (node.name) "：" b { (value(web, guide, sight, node)) } };
    html! {
        li {
            @match &node.kind {
                Kind::Fact => span { (head) " " span.soft.small { "申报或查明的事实" } },
                Kind::Rate(rate) => span {
                    (head) (rate.unit) " "
                    span.soft.small { "自" (format_date(rate.from)) "起，" (rate.reference) }
                    @if rate.example { " " span.mark.example { "示例" } }
                },
                Kind::RateMissing => span { (head) },
                Kind::Defined if !first => span { (head) " " span.soft.small { "算法见本表另处" } },
                Kind::Defined => details {
                    summary { (head) }
                    p { span.formula { (node.name) " = " (node.formula) } }
                    @if sight.full && !node.substituted.is_empty() && node.substituted != node.formula {
                        p { span.soft { "代入：" } span.formula { (node.substituted) } }
                    }
                    @if !node.rows.is_empty() {
                        p.soft { "判定表第" (node.rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")) "行" }
                    }
                    @if let Some(note) = &node.note { p.soft { (note) } }
                    @if let Some(basis) = &node.basis { p.basis { "依据：" (basis) } }
                    @if !node.inputs.is_empty() {
                        ul.why-tree { @for input in &node.inputs { (self::node(web, guide, sight, input, false, seen)) } }
                    }
                },
            }
        }
    }
}

/// Rows of people are counted, not listed: they stand among the facts, where masking is by field.
fn value(web: &Site, guide: &Guide, sight: Sight, node: &Explanation) -> String {
    match (&node.value, guide.field(&node.name)) {
        (value, Some(field)) => sight.fact(web, guide, field, value),
        (Value::List(items), None) if items.iter().any(|i| i.as_record().is_some()) => format!("{}项", items.len()),
        (Value::Record(_), None) => "（记录）".to_owned(),
        (Value::List(items), None) if items.is_empty() => "——".to_owned(),
        (value, None) => display(guide, &node.name, value),
    }
}
