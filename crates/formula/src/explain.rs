//! Why a value is what it is: built on demand, by evaluating the parts of a formula again.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind};
use crate::check::{Checker, Global, SourceBody};
use crate::evaluate::Memory;
use crate::print::{print, print_cell, print_value, print_with};
use crate::program::{Evaluation, RateUse};
use crate::table::TableLine;
use crate::tabulate::table_rows;
use crate::typed::Node;
use crate::value::Value;

/// Texts longer than this and lists with more items are not put in place of names.
const SHORT_TEXT: usize = 20;
const SHORT_LIST: usize = 6;

/// Names that depend on each other further than this are not opened.
const MAX_DEPTH: usize = 60;

/// How a value came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub name: Arc<str>,
    pub value: Value,
    /// The formula as printed; empty for facts and rates.
    pub formula: String,
    /// The formula with values in place of names where they are short, e.g. `1500 - 1075`;
    /// for a decision table its inputs and the rows that answered.
    pub substituted: String,
    pub basis: Option<String>,
    pub note: Option<String>,
    pub kind: Kind,
    /// For a decision table the rows that answered, from 1.
    pub rows: Vec<usize>,
    /// What the formula uses. A definition that was opened before, further up or to the left, is not opened again.
    pub inputs: Vec<Explanation>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Defined,
    Fact,
    Rate(RateUse),
    /// A rate without a value in force; the explanation's value says why.
    RateMissing,
}

pub(crate) fn explain(evaluation: &Evaluation, name: &str) -> Option<Explanation> {
    Explainer { evaluation, opened: BTreeSet::new() }.explain(name, 0)
}

struct Explainer<'a> {
    evaluation: &'a Evaluation,
    opened: BTreeSet<usize>,
}

impl Explainer<'_> {
    fn explain(&mut self, name: &str, depth: usize) -> Option<Explanation> {
        let inner = self.evaluation.program.inner.clone();
        let (name, global) = inner.globals.names.get_key_value(name)?;
        let kind = match global {
            Global::Definition(index) => return Some(self.definition(*index, depth)),
            Global::Fact(_) => Kind::Fact,
            Global::Rate(index) => match &self.evaluation.rates[*index] {
                Ok(rate) => Kind::Rate(rate.clone()),
                Err(_) => Kind::RateMissing,
            },
            Global::Function(_) => return None,
        };
        let value = self.evaluation.value(name)?.clone();
        Some(Explanation {
            name: name.clone(),
            value,
            formula: String::new(),
            substituted: String::new(),
            basis: None,
            note: None,
            kind,
            rows: Vec::new(),
            inputs: Vec::new(),
        })
    }

    fn definition(&mut self, index: usize, depth: usize) -> Explanation {
        let inner = self.evaluation.program.inner.clone();
        let definition = &inner.definitions[index];
        let (formula, substituted, rows) = match &inner.globals.definitions[index].body {
            SourceBody::Formula(expr) => (print(expr), self.substituted(expr), Vec::new()),
            SourceBody::Table(table) => {
                let rows = self.rows(index);
                (table.summary(), self.table(table, &rows), rows.iter().map(|row| row + 1).collect())
            }
            SourceBody::Broken => (String::new(), String::new(), Vec::new()),
        };
        let open = depth < MAX_DEPTH && self.opened.insert(index);
        let inputs = if open {
            definition.uses.iter().filter_map(|name| self.explain(name, depth + 1)).collect()
        } else {
            Vec::new()
        };
        Explanation {
            name: definition.name.clone(),
            value: self.evaluation.values[index].clone(),
            formula,
            substituted,
            basis: definition.basis.clone(),
            note: definition.note.clone(),
            kind: Kind::Defined,
            rows,
            inputs,
        }
    }

    /// The value of a part of a formula that stands outside every filter and iteration.
    fn value(&self, expr: &Expr) -> Option<Value> {
        let inner = &self.evaluation.program.inner;
        let mut checker = Checker::new(&inner.globals, &inner.checked);
        let checked = checker.check_expr(expr);
        checker.diagnostics.is_empty().then(|| self.evaluation.run(&checked.body))
    }

    /// Puts values in place of names, paths, filters and iterations. It never looks inside a filter or an iteration,
    /// where a name may mean a field of the item.
    fn substituted(&self, expr: &Expr) -> String {
        print_with(expr, &mut |part| {
            let scoped = matches!(part.kind, ExprKind::Filter(..) | ExprKind::For(..) | ExprKind::Quantified(..));
            if !scoped && !matches!(part.kind, ExprKind::Name(_) | ExprKind::Path(..)) {
                return None;
            }
            let short = self.value(part).filter(is_short).and_then(|value| print_value(&value));
            match part.kind {
                ExprKind::Filter(..) => short.or_else(|| Some(print(part))),
                ExprKind::For(..) | ExprKind::Quantified(..) => short.or_else(|| Some(format!("({})", print(part)))),
                _ => short,
            }
        })
    }

    fn rows(&self, index: usize) -> Vec<usize> {
        let body = &self.evaluation.program.inner.checked[index].body;
        let Node::Table(table) = &body.node else { return Vec::new() };
        table_rows(table, self.evaluation.data(), &mut Memory::default(), body.slots).unwrap_or_default()
    }

    /// `家庭类别 = "A"，月收入 = 300；第 2 行：“A”、< 500`.
    fn table(&self, table: &TableLine, rows: &[usize]) -> String {
        let input = |expr: &Expr| {
            let value = self.value(expr)?;
            let shown = print_value(&value).filter(|_| is_short(&value)).unwrap_or_else(|| value.to_string());
            Some(format!("{} = {shown}", print(expr)))
        };
        let inputs: Vec<String> = table.inputs.iter().filter_map(|heading| input(&heading.expr)).collect();
        let row = |row: &usize| {
            let cells: Vec<String> = table.rows[*row].tests.iter().map(|tests| print_cell(tests)).collect();
            format!("第 {} 行：{}", row + 1, cells.join("；"))
        };
        let rows: Vec<String> = rows.iter().map(row).collect();
        let rows = if rows.is_empty() { "没有适用的行".to_string() } else { rows.join("，") };
        format!("{}；{rows}", inputs.join("，"))
    }
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Bool(_) | Value::Date(_) => true,
        Value::Text(text) => text.chars().count() <= SHORT_TEXT,
        Value::List(items) => {
            items.len() <= SHORT_LIST && items.iter().all(|item| !matches!(item, Value::List(_)) && is_short(item))
        }
        Value::Missing(_) | Value::Record(_) => false,
    }
}
