//! Gaps, overlaps and rows never reached of a decision table, by trying one value of every kind.
//!
//! Each column's values fall into finitely many classes: the words of a choice, 是 and 否, and for numbers and dates
//! every bound that a cell names and the stretches between. A table is walked column by column with the rows that are
//! still possible, so that columns which no longer matter are not multiplied out.

use std::collections::{BTreeSet, HashSet};

use base::Date;

use crate::calculate::compare_known;
use crate::number::{Rational, shown};
use crate::plan::{Node, TablePlan, TestNode};
use crate::syntax::Operator;
use crate::types::Type;
use crate::value::Value;
use crate::words::Policy;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Coverage {
    /// One value of each column that no row takes.
    pub gap: Option<Vec<String>>,
    /// Rows that take the same values, and those values.
    pub overlap: Option<(Vec<usize>, Vec<String>)>,
    /// Rows that an earlier row always precedes.
    pub unreached: Vec<usize>,
}

/// Classes that are tried before giving up.
const MOST: usize = 200_000;

/// Examines a table. A column with a cell that is no constant is not judged and counts as one class.
pub(crate) fn look(plan: &TablePlan, types: &[Type]) -> Coverage {
    let columns: Vec<Vec<Class>> = types.iter().enumerate().map(|(i, ty)| classes(plan, i, ty)).collect();
    let judged = columns.iter().all(|classes| !classes.is_empty());
    if !judged || columns.is_empty() {
        return Coverage::default();
    }
    let mut walk =
        Walk { plan, columns: &columns, found: Coverage::default(), reached: BTreeSet::new(), seen: HashSet::new() };
    walk.step(&mut Vec::new(), (0..plan.rows.len()).collect());
    let Walk { mut found, reached, seen, .. } = walk;
    if matches!(plan.policy, Policy::First | Policy::Priority) && seen.len() < MOST {
        // A row for unknown values is reached by none of the classes.
        let for_unknown = |row: &usize| plan.rows[*row].tests.iter().flatten().any(|t| matches!(t, TestNode::Unknown));
        let unreached = (0..plan.rows.len()).filter(|row| !reached.contains(row) && !for_unknown(row));
        found.unreached = unreached.collect();
    }
    found
}

/// Values that no cell of a column tells apart: one of them, and how the class is shown.
#[derive(Clone, Debug)]
struct Class {
    value: Value,
    shown: String,
}

struct Walk<'a> {
    plan: &'a TablePlan,
    columns: &'a [Vec<Class>],
    found: Coverage,
    reached: BTreeSet<usize>,
    /// Columns done with the rows left: nothing new below.
    seen: HashSet<(usize, Vec<usize>)>,
}

impl Walk<'_> {
    fn step(&mut self, chosen: &mut Vec<String>, rows: Vec<usize>) {
        let column = chosen.len();
        if self.seen.len() >= MOST || !self.seen.insert((column, rows.clone())) {
            return;
        }
        if rows.is_empty() || column == self.columns.len() {
            self.end(chosen, &rows);
            return;
        }
        for class in &self.columns[column] {
            let takes = |row: &usize| cell_takes(&self.plan.rows[*row].tests[column], &class.value);
            let left = rows.iter().copied().filter(takes).collect();
            chosen.push(class.shown.clone());
            self.step(chosen, left);
            chosen.pop();
        }
    }

    fn end(&mut self, chosen: &[String], rows: &[usize]) {
        match self.plan.policy {
            Policy::Priority => self.reached.extend(self.most_important(rows)),
            _ => self.reached.extend(rows.first()),
        }
        let mut witness = chosen.to_vec();
        // Columns that were not needed to find it may have any value.
        witness.extend(self.columns[chosen.len()..].iter().map(|classes| classes[0].shown.clone()));
        if rows.is_empty() {
            if self.plan.policy.is_single() {
                self.found.gap.get_or_insert(witness);
            }
        } else if let Some(clash) = self.clash(rows) {
            self.found.overlap.get_or_insert((clash, witness));
        }
    }

    /// Rows of those that match together which may not: any two under 唯一, two with different results under 任一.
    fn clash(&self, rows: &[usize]) -> Option<Vec<usize>> {
        let outputs = |row: &usize| self.plan.rows[*row].outputs.iter();
        let differ = |a: &usize, b: &usize| {
            let constants = outputs(a).zip(outputs(b));
            constants.into_iter().any(|pair| matches!(pair, (Node::Const(a), Node::Const(b)) if a != b))
        };
        match self.plan.policy {
            Policy::Unique => (rows.len() > 1).then(|| rows.to_vec()),
            Policy::Any => rows[1..].iter().find(|row| differ(&rows[0], row)).map(|row| vec![rows[0], *row]),
            _ => None,
        }
    }

    /// The rows that decide under 优先: all of them where a result is not constant.
    fn most_important(&self, rows: &[usize]) -> Vec<usize> {
        let rank = |row: &usize| {
            let ranked =
                self.plan.rows[*row].outputs.iter().zip(&self.plan.ranks).filter(|(_, order)| !order.is_empty());
            let place = |(node, order): (&Node, &Vec<Value>)| match node {
                Node::Const(value) => order.iter().position(|known| known == value),
                _ => None,
            };
            ranked.map(place).collect::<Option<Vec<usize>>>()
        };
        let ranks: Option<Vec<Vec<usize>>> = rows.iter().map(rank).collect();
        let Some(ranks) = ranks else { return rows.to_vec() };
        let best = rows.iter().zip(&ranks).min_by_key(|(row, rank)| ((*rank).clone(), **row));
        best.map(|(row, _)| *row).into_iter().collect()
    }
}

/// The classes of a column, or none where a cell is not constant.
fn classes(plan: &TablePlan, column: usize, ty: &Type) -> Vec<Class> {
    let class = |value: Value, shown: String| Class { value, shown };
    let bounds: Option<Vec<Value>> = plan
        .rows
        .iter()
        .flat_map(|row| &row.tests[column])
        .map(constants)
        .collect::<Option<Vec<_>>>()
        .map(|b| b.concat());
    let Some(bounds) = bounds else { return Vec::new() };
    match ty {
        Type::Bool => [true, false].map(|b| class(Value::Bool(b), Value::Bool(b).to_string())).to_vec(),
        Type::Choice(words) => words.iter().map(|word| class(Value::Text(word.clone()), word.to_string())).collect(),
        Type::Number(unit) => {
            let whole = unit.is_counted();
            let numbers = bounds.iter().filter_map(Value::number).collect();
            let stretches = stretches(numbers, if whole { Some(Rational::from(0)) } else { None }, whole);
            stretches.into_iter().map(|n| class(Value::Number(n), shown(n))).collect()
        }
        Type::Date => {
            let dates: BTreeSet<Date> =
                bounds.iter().filter_map(|v| if let Value::Date(d) = v { Some(*d) } else { None }).collect();
            let mut all: BTreeSet<Date> = dates.clone();
            for date in dates {
                all.extend([date.yesterday(), date.tomorrow()].into_iter().flatten());
            }
            if all.is_empty() {
                all.insert(Date::constant(2026, 1, 1));
            }
            all.into_iter().map(|d| class(Value::Date(d), d.to_string())).collect()
        }
        Type::Text => {
            let words: BTreeSet<String> = bounds.iter().filter_map(Value::as_text).map(str::to_owned).collect();
            let other = class(Value::text("\u{0}"), "别的文字".into());
            words.iter().map(|word| class(Value::text(word), word.clone())).chain([other]).collect()
        }
        _ => Vec::new(),
    }
}

/// Every bound, and one number in each stretch between, below and above them.
fn stretches(mut bounds: Vec<Rational>, least: Option<Rational>, whole: bool) -> Vec<Rational> {
    bounds.extend(least);
    bounds.sort();
    bounds.dedup();
    bounds.retain(|b| least.is_none_or(|least| *b >= least));
    let (Some(first), Some(last)) = (bounds.first().copied(), bounds.last().copied()) else {
        return vec![Rational::from(0)];
    };
    let one = Rational::from(1);
    let mut found = Vec::new();
    if least.is_none() {
        found.push(first - one);
    }
    for pair in bounds.windows(2) {
        let middle = if whole { pair[0].floor() + one } else { (pair[0] + pair[1]) / Rational::from(2) };
        found.push(pair[0]);
        if middle < pair[1] {
            found.push(middle);
        }
    }
    found.extend([last, last.floor() + one]);
    if whole {
        found.retain(Rational::is_integer);
    }
    found
}

/// The values that a test names, or `None` if one is not constant.
fn constants(test: &TestNode) -> Option<Vec<Value>> {
    let value = |node: &Node| if let Node::Const(value) = node { Some(value.clone()) } else { None };
    Some(match test {
        TestNode::Any | TestNode::Unknown => Vec::new(),
        TestNode::Equal(node) | TestNode::Compare(_, node) => vec![value(node)?],
        TestNode::Member(_) => return None,
        TestNode::Interval { low, high, .. } => vec![value(low)?, value(high)?],
        TestNode::Not(tests) => tests.iter().map(constants).collect::<Option<Vec<_>>>()?.concat(),
    })
}

fn cell_takes(tests: &[TestNode], value: &Value) -> bool {
    tests.iter().any(|test| takes(test, value))
}

fn takes(test: &TestNode, value: &Value) -> bool {
    let holds = |operator: Operator, node: &Node| match node {
        Node::Const(bound) => compare_known(operator, value, bound).unwrap_or(false),
        _ => false,
    };
    match test {
        TestNode::Any => true,
        TestNode::Unknown | TestNode::Member(_) => false,
        TestNode::Equal(node) => holds(Operator::Equal, node),
        TestNode::Compare(operator, node) => holds(*operator, node),
        TestNode::Interval { low, low_closed, high, high_closed } => {
            holds(if *low_closed { Operator::GreaterEqual } else { Operator::Greater }, low)
                && holds(if *high_closed { Operator::LessEqual } else { Operator::Less }, high)
        }
        TestNode::Not(tests) => !cell_takes(tests, value),
    }
}
