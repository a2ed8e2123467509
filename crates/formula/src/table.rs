//! Decision tables: cells into tests and expressions, then into a plan.

use std::ops::Range;
use std::sync::Arc;

use crate::builtins;
use crate::check::{Checker, Part};
use crate::cover;
use crate::eval::unfit;
use crate::finding::{Finding, nearest};
use crate::number::Rational;
use crate::parse;
use crate::plan::{Node, TablePlan, TableRow};
use crate::program::Uses;
use crate::syntax::{Expr, Ident, Kind, Test};
use crate::token::{half_width, is_name};
use crate::types::Type;
use crate::value::{Outcome, Unknown, Value};
use crate::words::Policy;

/// A cell of a Markdown table with its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub text: String,
    pub span: Range<usize>,
}

/// A decision table as it stands in Markdown: its header and its rows.
#[derive(Clone, Debug)]
pub struct TableText {
    pub header: Vec<Cell>,
    pub rows: Vec<Vec<Cell>>,
}

impl TableText {
    /// Whether a table is a decision table: a hit policy first, and at least one column `→ 名`.
    pub fn is_decision(header: &[Cell]) -> bool {
        let policy = header.first().is_some_and(|cell| Policy::of(&cell.text).is_some());
        policy && header.iter().any(|cell| output_name(&cell.text).is_some())
    }
}

fn output_name(header: &str) -> Option<&str> {
    header.strip_prefix('→').or_else(|| header.strip_prefix("->")).map(str::trim)
}

/// A table whose cells have been read.
#[derive(Debug)]
pub(crate) struct Table {
    policy: Policy,
    span: Range<usize>,
    inputs: Vec<Expr>,
    rows: Vec<Row>,
    /// Names of the outputs; those of a row table have the list before them.
    pub outputs: Vec<Vec<Ident>>,
    /// For each output its values in order of importance, as the header lists them.
    ranks: Vec<Vec<Expr>>,
}

#[derive(Debug)]
struct Row {
    label: Arc<str>,
    span: Range<usize>,
    tests: Vec<Vec<Test>>,
    outputs: Vec<Expr>,
}

impl Table {
    /// The inputs, as written.
    pub fn inputs(&self) -> &[Expr] {
        &self.inputs
    }

    /// The tests of each row, as written.
    pub fn tests(&self) -> impl Iterator<Item = &[Vec<Test>]> {
        self.rows.iter().map(|row| &*row.tests)
    }

    /// The output cell of a row, as written.
    pub fn output(&self, row: usize, output: usize) -> Option<&Expr> {
        self.rows.get(row)?.outputs.get(output)
    }

    /// Reads the cells. Where something is wrong, the names of the outputs are still known.
    pub fn read(text: &TableText) -> (Vec<Vec<Ident>>, Result<Self, Vec<Finding>>) {
        let mut findings = Vec::new();
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let mut ranks = Vec::new();
        let policy_cell = &text.header[0];
        let policy = Policy::of(&policy_cell.text).unwrap_or(Policy::Unique);
        let mut columns = Vec::new();
        for cell in text.header.iter().skip(1) {
            match output_name(&cell.text) {
                Some(name) => {
                    columns.push(true);
                    let (name, order) = if policy.is_ranked() { ranking(name) } else { (name, "") };
                    outputs.push(output_path(name, cell, &mut findings));
                    let words = order.split('、').map(str::trim).filter(|word| !word.is_empty());
                    let word = |word: &str| order_word(word, cell);
                    ranks.push(words.filter_map(|text| keep(word(text), &mut findings)).collect::<Vec<Expr>>());
                }
                None => {
                    columns.push(false);
                    inputs.extend(keep(parse::expression(&cell.text, cell.span.start), &mut findings));
                }
            }
        }
        let names = outputs.iter().filter(|path: &&Vec<Ident>| !path.is_empty()).cloned().collect();
        if policy.is_ranked() && ranks.iter().all(Vec::is_empty) {
            let message = format!("“{}”的决策表没有写结果的优先次序", policy_cell.text);
            let help = "在表头写出，最优先的在前，例如“→ 结论(不合格、基本合格、合格)”";
            findings.push(Finding::error("G404", policy_cell.span.clone(), message, help));
        }
        let mut rows = Vec::new();
        for row in &text.rows {
            let span = row.first().map_or(0, |c| c.span.start)..row.last().map_or(0, |c| c.span.end);
            let mut read =
                Row { label: row.first().map_or("", |c| &c.text).into(), span, tests: vec![], outputs: vec![] };
            for (cell, output) in row.iter().skip(1).zip(&columns) {
                if *output {
                    read.outputs.extend(keep(parse::expression(&cell.text, cell.span.start), &mut findings));
                } else {
                    read.tests.extend(keep(parse::cell(&cell.text, cell.span.start), &mut findings));
                }
            }
            rows.push(read);
        }
        if !findings.is_empty() {
            return (names, Err(findings));
        }
        let table = Self { policy, span: policy_cell.span.clone(), inputs, rows, outputs, ranks };
        (names, Ok(table))
    }

    /// Types inputs, tests and outputs, and looks for gaps and overlaps.
    pub fn check(&self, checker: &mut Checker) -> (TablePlan, Vec<Option<Type>>, Uses) {
        let inputs: Vec<Part> = self.inputs.iter().map(|input| checker.expr(input)).collect();
        let mut types: Vec<Option<Type>> = vec![Some(Type::Never); self.outputs.len()];
        let mut rows = Vec::new();
        let mut sound = inputs.iter().all(Option::is_some);
        for row in &self.rows {
            let mut tests = Vec::new();
            for (cell, input) in row.tests.iter().zip(&inputs) {
                let Some((_, ty)) = input else { continue };
                match checker.tests(cell, ty) {
                    Some(nodes) => tests.push(nodes),
                    None => sound = false,
                }
            }
            let mut outputs = Vec::new();
            for (expr, ty) in row.outputs.iter().zip(&mut types) {
                let Some((node, own)) = checker.expr(expr) else {
                    *ty = None;
                    continue;
                };
                let joined = ty.as_ref().and_then(|ty| ty.join(&own));
                if let (Some(before), None) = (&*ty, &joined) {
                    let message = format!("这一格是{own}，上面的格是{before}");
                    checker.error("G311", &expr.span, message, "同一列写同一类型、同一单位的值");
                }
                *ty = joined;
                outputs.push(node);
            }
            rows.push(TableRow { label: row.label.clone(), tests, outputs });
        }
        for ty in types.iter_mut().filter(|ty| **ty == Some(Type::Zero)) {
            *ty = Some(Type::Number(crate::Unit::NONE));
        }
        let ranks: Vec<Vec<Value>> =
            self.ranks.iter().zip(&types).map(|(order, ty)| ranked(checker, order, ty)).collect();
        for (i, ty) in types.iter_mut().enumerate() {
            *ty = ty.take().and_then(|ty| self.result(checker, i, ty));
        }
        let (inputs, input_types): (Vec<_>, Vec<_>) = inputs.into_iter().flatten().unzip();
        let plan = TablePlan { policy: self.policy, ranks, slots: checker.slots, inputs, rows };
        if sound {
            self.cover(checker, &plan, &input_types);
        }
        (plan, types, std::mem::take(&mut checker.uses))
    }

    fn cover(&self, checker: &mut Checker, plan: &TablePlan, types: &[Type]) {
        let name = self.outputs.first().and_then(|path| path.last()).map_or("", |ident| &ident.text).to_owned();
        let at = |witness: &[String]| {
            let pairs = self.inputs.iter().zip(witness).map(|(input, value)| format!("{input}={value}"));
            pairs.collect::<Vec<_>>().join("，")
        };
        let label = |i: &usize| self.rows[*i].label.to_string();
        let found = cover::look(plan, types);
        if let Some(witness) = found.gap {
            let message = format!("决策表“{name}”缺一种情形：{}", at(&witness));
            checker.report(Finding::error("G401", self.span.clone(), message, "请加一行"));
        }
        if let Some((rows, witness)) = found.overlap {
            let labels: Vec<String> = rows.iter().map(label).collect();
            let (how, help) = match self.policy {
                Policy::Any => ("重叠而结果不同", "写成同一结果，或改窄其中一行"),
                _ => ("重叠", "改窄其中一行，或改用“首条”"),
            };
            let message = format!("决策表“{name}”第 {} 行{how}：{}", labels.join("、"), at(&witness));
            let span = self.rows[rows[1]].span.clone();
            checker.report(Finding::error("G402", span, message, help));
        }
        for i in &found.unreached {
            let by = if self.policy == Policy::Priority { "更优先" } else { "前面" };
            let message = format!("决策表“{name}”第 {} 行永远用不到：被{by}的行遮住", label(i));
            checker.report(Finding::error("G403", self.rows[*i].span.clone(), message, "删去这一行，或移到前面"));
        }
    }

    /// The type of an output under the table's policy; reports where its cells cannot be collected so.
    fn result(&self, checker: &mut Checker, output: usize, ty: Type) -> Option<Type> {
        let fits = match self.policy {
            Policy::Sum => ty.unit().is_some(),
            Policy::Min | Policy::Max => {
                ty.unit().is_some() || matches!(ty, Type::Date | Type::Month | Type::Time | Type::Moment)
            }
            _ => true,
        };
        if !fits {
            let name = self.outputs.get(output).and_then(|path| path.last()).map_or("", |ident| &ident.text);
            let message = format!("“{name}”是{ty}，不能这样收集");
            checker.report(Finding::error(
                "G311",
                self.span.clone(),
                message,
                "收集合计要数，收集最小、最大要数或日期",
            ));
            return None;
        }
        Some(match self.policy {
            Policy::RuleOrder | Policy::OutputOrder | Policy::Collect => Type::list(ty),
            Policy::Count => Type::Number(crate::Unit::NONE),
            _ => ty,
        })
    }
}

/// The values of the rows that decide as one.
pub(crate) fn combine(policy: Policy, values: Vec<Value>) -> Outcome {
    match policy {
        Policy::Unique | Policy::First | Policy::Priority => values.into_iter().next().ok_or_else(unfit),
        Policy::Any if values.windows(2).any(|pair| pair[0] != pair[1]) => {
            Err(Unknown::because("决策表里几行都符合，结果却不同"))
        }
        Policy::Any => values.into_iter().next().ok_or_else(unfit),
        Policy::RuleOrder | Policy::OutputOrder | Policy::Collect => Ok(Value::List(values.into())),
        Policy::Sum => builtins::sum(&values).map(Value::Number),
        Policy::Min | Policy::Max => builtins::extreme(&values, policy == Policy::Max),
        Policy::Count => Ok(Value::Number(Rational::from(values.len() as i128))),
    }
}

/// `结论(不合格、合格)` into the name and the list.
fn ranking(name: &str) -> (&str, &str) {
    let open = name.find(['(', '（']);
    let list = |open: usize| name[open..].trim_start_matches(['(', '（']).trim_end_matches([')', '）']);
    open.map_or((name, ""), |open| (name[..open].trim(), list(open)))
}

/// A value of the order: a bare word is a text.
fn order_word(word: &str, cell: &Cell) -> Result<Expr, Vec<Finding>> {
    let start = cell.span.start + cell.text.find(word).unwrap_or(0);
    if is_name(word) {
        return Ok(Expr::new(Kind::Text(word.into()), start..start + word.len()));
    }
    parse::expression(word, start)
}

/// The order of an output's values; reports a value that the output cannot have or that is no constant.
fn ranked(checker: &mut Checker, order: &[Expr], ty: &Option<Type>) -> Vec<Value> {
    let mut values = Vec::new();
    for expr in order {
        match (checker.expr(expr), ty) {
            (Some((Node::Const(value), own)), Some(ty)) if ty.join(&own).is_some() => values.push(value),
            (Some(_), Some(ty)) => {
                let message = format!("优先次序里的“{expr}”不是{ty}的常数");
                checker.report(Finding::error("G311", expr.span.clone(), message, "写这一列会出现的值"));
            }
            _ => {}
        }
    }
    values
}

fn keep<T>(result: Result<T, Vec<Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    result.map_err(|mut found| findings.append(&mut found)).ok()
}

/// `本年结论` or `发现情形.等次`.
fn output_path(name: &str, cell: &Cell, findings: &mut Vec<Finding>) -> Vec<Ident> {
    let start = cell.span.start + cell.text.find(name).unwrap_or(0);
    let name: String = name.chars().map(half_width).collect();
    let parts: Vec<&str> = name.split('.').collect();
    if parts.iter().all(|part| is_name(part)) {
        return parts.iter().map(|part| Ident { text: (*part).into(), span: start..cell.span.end }).collect();
    }
    let near = nearest(&name, ["结论"]).unwrap_or("结论");
    let message = format!("“{name}”不能作名称");
    findings.push(Finding::error("G106", cell.span.clone(), message, format!("写成“→ {near}”的样子")));
    Vec::new()
}
