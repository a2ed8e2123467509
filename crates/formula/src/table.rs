//! Decision tables: cells into tests and outputs, with their types.

use std::ops::Range;
use std::sync::Arc;

use crate::ast::{Expr, ExprKind, Ident, Test};
use crate::check::{Checker, Typed};
use crate::cover::{self, Axis, literal};
use crate::fault::{Code, Fault};
use crate::parse::{parse_cell, parse_expression, parse_heading};
use crate::source::{Cell, HitPolicy, TableSource};
use crate::typed::{Node, Row, Table};
use crate::types::{RecordType, Type};

/// A decision table as read, before any type is known.
#[derive(Debug)]
pub(crate) struct TableLine {
    pub hit: HitPolicy,
    pub inputs: Vec<Heading>,
    pub outputs: Vec<Output>,
    pub rows: Vec<RowLine>,
}

#[derive(Debug)]
pub(crate) struct Heading {
    pub expr: Expr,
    /// The values that the heading declares as possible.
    pub values: Vec<Expr>,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub name: Ident,
    /// The values that the heading lists, the most preferred first.
    pub values: Vec<Expr>,
}

#[derive(Debug)]
pub(crate) struct RowLine {
    pub span: Range<usize>,
    pub tests: Vec<Vec<Test>>,
    pub outputs: Vec<Expr>,
}

impl TableLine {
    /// All expressions of the table.
    pub fn parts(&self) -> impl Iterator<Item = &Expr> {
        let headings = self.inputs.iter().flat_map(|heading| std::iter::once(&heading.expr).chain(&heading.values));
        let outputs = self.outputs.iter().flat_map(|output| &output.values);
        let tests = self.rows.iter().flat_map(|row| row.tests.iter().flatten().flat_map(Test::parts));
        headings.chain(outputs).chain(tests).chain(self.rows.iter().flat_map(|row| &row.outputs))
    }

    /// One line that stands for the table where a formula is shown.
    pub fn summary(&self) -> String {
        let inputs: Vec<String> = self.inputs.iter().map(|heading| crate::print::print(&heading.expr)).collect();
        let outputs: Vec<&str> = self.outputs.iter().map(|output| &*output.name.text).collect();
        format!("判定表（命中 {}）：{} → {}", self.hit.letter(), inputs.join("、"), outputs.join("、"))
    }
}

/// Reads the cells of a table. All errors of all cells are returned.
pub(crate) fn read(source: &TableSource, place: usize) -> Result<TableLine, Vec<Fault>> {
    let mut faults = Vec::new();
    let whole = place..place;
    if source.inputs.is_empty() || source.outputs.is_empty() || source.rows.is_empty() {
        let message = format!("判定表“{}”至少要有一个输入列、一个输出列和一行", source.name);
        faults.push(*Fault::new(Code::TableShape, whole, message, "输入列在前；输出列的表头以 → 开头"));
        return Err(faults);
    }
    let mut inputs = Vec::new();
    for column in &source.inputs {
        let heading = parse_heading(&column.text, column.offset).map(|(expr, values)| Heading { expr, values });
        keep(heading, &mut inputs, &mut faults);
    }
    let mut outputs = Vec::new();
    for column in &source.outputs {
        keep(read_output(&column.text, column.offset), &mut outputs, &mut faults);
    }
    let mut rows = Vec::new();
    for (number, row) in source.rows.iter().enumerate() {
        keep(read_row(row, number + 1, source, place), &mut rows, &mut faults);
    }
    if faults.is_empty() { Ok(TableLine { hit: source.hit, inputs, outputs, rows }) } else { Err(faults) }
}

fn keep<T>(result: Result<T, Vec<Fault>>, kept: &mut Vec<T>, faults: &mut Vec<Fault>) {
    match result {
        Ok(value) => kept.push(value),
        Err(found) => faults.extend(found),
    }
}

fn read_output(text: &str, offset: usize) -> Result<Output, Vec<Fault>> {
    let trimmed = text.trim_start();
    let bare = trimmed.strip_prefix('→').unwrap_or(trimmed);
    let offset = offset + text.len() - bare.len();
    let (expr, values) = parse_heading(bare, offset)?;
    match expr.kind {
        ExprKind::Name(text) => Ok(Output { name: Ident { text, span: expr.span }, values }),
        _ => Err(vec![*Fault::new(Code::TableShape, expr.span, "输出列的表头应当是一个名称", "例如 → 复核间隔")]),
    }
}

fn read_row(row: &[Cell], number: usize, source: &TableSource, place: usize) -> Result<RowLine, Vec<Fault>> {
    let width = source.inputs.len() + source.outputs.len();
    let start = row.first().map_or(place, |cell| cell.offset);
    let end = row.last().map_or(place, |cell| cell.offset + cell.text.len());
    let span = start..end.max(start);
    if row.len() != width {
        let message = format!("第 {number} 行有 {} 格，表头有 {width} 列", row.len());
        return Err(vec![*Fault::new(Code::TableShape, span, message, "每一行的格数要与表头相同")]);
    }
    let mut faults = Vec::new();
    let (mut tests, mut outputs) = (Vec::new(), Vec::new());
    for (column, cell) in row.iter().enumerate() {
        let is_input = column < source.inputs.len();
        if cell.text.trim().is_empty() {
            let help = if is_input { "不论什么值都适用的格写 -" } else { "写出结果" };
            let at = cell.offset..cell.offset + cell.text.len();
            faults.push(*Fault::new(Code::TableCell, at, format!("第 {number} 行有空格子"), help));
        } else if is_input {
            keep(parse_cell(&cell.text, cell.offset), &mut tests, &mut faults);
        } else {
            keep(parse_expression(&cell.text, cell.offset), &mut outputs, &mut faults);
        }
    }
    if faults.is_empty() { Ok(RowLine { span, tests, outputs }) } else { Err(faults) }
}

impl Checker<'_> {
    /// Types a table and proves that it is complete and free of contradiction, as far as its cells allow.
    pub fn table(&mut self, line: &TableLine, name: &Ident) -> Typed {
        let faults = self.diagnostics.len();
        let inputs: Vec<Typed> = line.inputs.iter().map(|heading| self.infer(&heading.expr)).collect();
        for (typed, heading) in inputs.iter().zip(&line.inputs) {
            self.heading_values(typed, &heading.values);
        }
        let mut types = vec![Type::Any; line.outputs.len()];
        let mut rows = Vec::new();
        for row in &line.rows {
            let tests = inputs
                .iter()
                .zip(&row.tests)
                .map(|(input, tests)| tests.iter().map(|test| self.test(input, test)).collect())
                .collect();
            let outputs = row.outputs.iter().zip(&line.outputs).zip(&mut types);
            let outputs = outputs.map(|((cell, output), ty)| self.output(cell, output, ty)).collect();
            rows.push(Row { tests, outputs });
        }
        let Some(ty) = self.table_type(line, &types, name) else { return Typed::broken() };
        if self.diagnostics.len() == faults {
            self.prove(line, &inputs, name);
        }
        let fields = (line.outputs.len() > 1)
            .then(|| line.outputs.iter().map(|output| output.name.text.clone()).collect::<Arc<[_]>>());
        let ranking = line.outputs.iter().map(|output| output.values.iter().filter_map(literal).collect()).collect();
        let inputs = inputs.into_iter().map(|input| input.node).collect();
        let table = Table { name: name.text.clone(), hit: line.hit, inputs, rows, fields, ranking };
        Typed::new(Node::Table(Arc::new(table)), ty)
    }

    fn heading_values(&mut self, input: &Typed, values: &[Expr]) {
        for value in values {
            let typed = self.infer(value);
            if literal(value).is_none() || input.ty.join(&typed.ty).is_none() {
                let message = format!("表头冒号后面应当逐个写出{}的值", input.ty);
                self.fault(Code::TableShape, value.span.clone(), message, "例如 家庭类别: \"A\", \"B\", \"C\"");
            }
            self.check_choice(&input.origin, value);
        }
    }

    /// Types an output cell and checks it against the values that the heading lists.
    fn output(&mut self, cell: &Expr, output: &Output, ty: &mut Type) -> Node {
        let typed = self.infer(cell);
        match ty.join(&typed.ty) {
            Some(joined) => *ty = joined,
            None => {
                let message = format!("输出列“{}”上面是{ty}，这一格是{}", output.name.text, typed.ty);
                self.fault(Code::DifferentTypes, cell.span.clone(), message, "一个输出列的类型要相同；文字加引号");
            }
        }
        let listed = |value| output.values.iter().filter_map(literal).any(|listed| listed == value);
        if !output.values.is_empty() && !literal(cell).is_some_and(listed) {
            let values: Vec<String> = output.values.iter().map(crate::print::print).collect();
            let message = format!("“{}”不在输出列“{}”列出的值里", crate::print::print(cell), output.name.text);
            self.fault(Code::TableCell, cell.span.clone(), message, values.join("、"));
        }
        typed.node
    }

    /// The type of the whole table, or nothing when its policy does not suit its outputs.
    fn table_type(&mut self, line: &TableLine, types: &[Type], name: &Ident) -> Option<Type> {
        let fields = line.outputs.iter().map(|output| output.name.text.clone()).zip(types.iter().cloned());
        let item = match types {
            [single] => single.clone(),
            _ => Type::Record(Arc::new(RecordType { fields: fields.collect() })),
        };
        let letter = line.hit.letter();
        let problem = match line.hit {
            HitPolicy::Unique | HitPolicy::Any | HitPolicy::First => return Some(item),
            HitPolicy::RuleOrder | HitPolicy::Collect => return Some(Type::list(item)),
            HitPolicy::Count => return Some(Type::Number),
            HitPolicy::Sum | HitPolicy::Smallest | HitPolicy::Largest => {
                let date = item == Type::Date && line.hit != HitPolicy::Sum;
                if date || matches!(item, Type::Number | Type::Any) {
                    return Some(item);
                }
                ("的输出要是一列数", "改为 C，或只留一个数的输出列")
            }
            HitPolicy::Priority | HitPolicy::OutputOrder => {
                if line.outputs.iter().all(|output| !output.values.is_empty()) {
                    return Some(if line.hit == HitPolicy::Priority { item } else { Type::list(item) });
                }
                ("要在输出列的表头列出各个值，优先的在前", "例如 → 档次: \"高\", \"中\", \"低\"")
            }
        };
        self.fault(Code::TablePolicy, name.span.clone(), format!("命中方式 {letter} {}", problem.0), problem.1);
        None
    }

    /// Reports overlaps, gaps and rows without use.
    fn prove(&mut self, line: &TableLine, inputs: &[Typed], name: &Ident) {
        let columns: Vec<Axis> = (0..inputs.len())
            .map(|i| {
                let tests: Vec<&[Test]> = line.rows.iter().map(|row| row.tests[i].as_slice()).collect();
                let declared: Vec<_> = line.inputs[i].values.iter().filter_map(literal).collect();
                let choices = crate::check::choices(self.globals, &inputs[i].origin).unwrap_or_default();
                Axis::new(&line.inputs[i].expr, &inputs[i].ty, &tests, declared, choices)
            })
            .collect();
        for finding in cover::examine(&columns, line) {
            let span = finding.row.map_or(name.span.clone(), |row| line.rows[row].span.clone());
            self.fault(finding.code, span, finding.message, finding.help);
        }
    }
}
