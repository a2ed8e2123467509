//! What can be changed for a study: rates, formulas, and by what the answer is told apart.

use bureau::levers::{Board, Lever};
use maud::{Markup, html};

use crate::sent::Sent;

/// The rates of a board with room for new values.
pub(super) fn rates(board: &Board, typed: &Sent, open: bool) -> Markup {
    let changed = board.rates.iter().any(|lever| !typed.get(&format!("r.{}", lever.name)).is_empty());
    let unit = |lever: &Lever| if lever.unit.is_empty() { String::new() } else { format!(" {}", lever.unit) };
    html! {
        details.levers open[open || changed] {
            summary { (board.title) span.soft.small { "　" (board.rates.len()) " 个数" } }
            div.scroll { table.work {
                thead { tr { th { "参数" } th.num { "现行" } th { "改为" } th { "从" } th { "依据" } } }
                tbody { @for lever in &board.rates { tr {
                    th scope="row" { (lever.name) }
                    td.num data-label="现行" { (lever.value) span.soft { (unit(lever)) } }
                    td { (input(lever, typed)) }
                    td data-label="从" { (lever.from) }
                    td.soft data-label="依据" { (lever.document) }
                } } }
            } }
        }
    }
}

fn input(lever: &Lever, typed: &Sent) -> Markup {
    let name = format!("r.{}", lever.name);
    let (value, label) = (typed.get(&name), format!("{}改为", lever.name));
    html! {
        @if lever.words.is_empty() {
            input.short type="text" name=(name) value=(value) aria-label=(label) autocomplete="off";
        } @else {
            select name=(name) aria-label=(label) {
                option value="" { "不变" }
                @for word in &lever.words { option value=(word) selected[word == value] { (word) } }
            }
        }
    }
}

pub(super) fn formulas(board: &Board, typed: &Sent) -> Markup {
    let sent = |name: &str| typed.get(&format!("f.{name}"));
    let changed = board.formulas.iter().any(|(name, _)| !sent(name).is_empty());
    html! {
        details.levers open[changed] {
            summary { (board.title) "的公式" span.soft.small { "　" (board.formulas.len()) " 个" } }
            div.scroll { table.work {
                thead { tr { th { "公式" } th { "现行" } th { "改为" } } }
                tbody { @for (name, text) in &board.formulas { tr {
                    th scope="row" { (name) }
                    td data-label="现行" { code.formula { (text) } }
                    td {
                        textarea name=(format!("f.{name}")) rows="2" aria-label=(format!("{name}改为")) { (sent(name)) }
                    }
                } } }
            } }
        }
    }
}

pub(super) fn groups(boards: &[Board], typed: &Sent) -> Markup {
    let mut names: Vec<&String> = Vec::new();
    for name in boards.iter().flat_map(|board| &board.groups) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let chosen = |name: &str| typed.pairs().any(|(field, value)| field == "g" && value == name);
    html! {
        details.levers open[names.iter().any(|name| chosen(name))] {
            summary { "再按别的分组" span.soft.small { "　城乡、地区、人口等已经分好" } }
            div.choices { @for name in names {
                label.choice { input type="checkbox" name="g" value=(name) checked[chosen(name)]; (name) }
            } }
        }
    }
}
