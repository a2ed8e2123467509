//! Decision tables: cells into tests and expressions, then into a plan.

use std::ops::Range;
use std::sync::Arc;

use crate::check::{Checker, Part};
use crate::cover;
use crate::finding::{Finding, nearest};
use crate::parse;
use crate::plan::{TablePlan, TableRow};
use crate::program::Uses;
use crate::syntax::{Expr, Ident, Test};
use crate::token::{half_width, is_name};
use crate::types::Type;
use crate::words::POLICIES;

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
        let policy = header.first().is_some_and(|cell| POLICIES.iter().any(|(word, ..)| *word == cell.text));
        policy && header.iter().any(|cell| output_name(&cell.text).is_some())
    }
}

fn output_name(header: &str) -> Option<&str> {
    header.strip_prefix('→').or_else(|| header.strip_prefix("->")).map(str::trim)
}

/// A table whose cells have been read.
#[derive(Debug)]
pub(crate) struct Table {
    first: bool,
    span: Range<usize>,
    inputs: Vec<Expr>,
    rows: Vec<Row>,
    /// Names of the outputs; those of a row table have the list before them.
    pub outputs: Vec<Vec<Ident>>,
}

#[derive(Debug)]
struct Row {
    label: Arc<str>,
    span: Range<usize>,
    tests: Vec<Vec<Test>>,
    outputs: Vec<Expr>,
}

impl Table {
    /// The output cell of a row, as written.
    pub fn output(&self, row: usize, output: usize) -> Option<&Expr> {
        self.rows.get(row)?.outputs.get(output)
    }

    /// Reads the cells. Where something is wrong, the names of the outputs are still known.
    pub fn read(text: &TableText) -> (Vec<Vec<Ident>>, Result<Self, Vec<Finding>>) {
        let mut findings = Vec::new();
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let mut columns = Vec::new();
        for cell in text.header.iter().skip(1) {
            match output_name(&cell.text) {
                Some(name) => {
                    columns.push(true);
                    outputs.push(output_path(name, cell, &mut findings));
                }
                None => {
                    columns.push(false);
                    inputs.extend(keep(parse::expression(&cell.text, cell.span.start), &mut findings));
                }
            }
        }
        let names = outputs.iter().filter(|path: &&Vec<Ident>| !path.is_empty()).cloned().collect();
        let policy = &text.header[0];
        let built = POLICIES.iter().find(|(word, ..)| *word == policy.text).is_some_and(|(_, _, built)| *built);
        if !built {
            let ready: Vec<&str> = POLICIES.iter().filter(|p| p.2).map(|p| p.0).collect();
            let message = format!("“{}”这种决策表还没有实现", policy.text);
            findings.push(Finding::error("G107", policy.span.clone(), message, format!("可用：{}", ready.join("、"))));
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
        let table = Self { first: policy.text == "首条", span: policy.span.clone(), inputs, rows, outputs };
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
        let (inputs, input_types): (Vec<_>, Vec<_>) = inputs.into_iter().flatten().unzip();
        let plan = TablePlan { first: self.first, slots: checker.slots, inputs, rows };
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
        if let Some((rows, witness)) = found.overlap.filter(|_| !self.first) {
            let labels: Vec<String> = rows.iter().map(label).collect();
            let message = format!("决策表“{name}”第 {} 行重叠：{}", labels.join("、"), at(&witness));
            let span = self.rows[rows[1]].span.clone();
            checker.report(Finding::error("G402", span, message, "改窄其中一行，或改用“首条”"));
        }
        for i in &found.unreached {
            let message = format!("决策表“{name}”第 {} 行永远用不到：被前面的行遮住", label(i));
            checker.report(Finding::error("G403", self.rows[*i].span.clone(), message, "删去这一行，或移到前面"));
        }
    }
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
