//! Why a value is what it is: each figure with its formula, rate and article, in Chinese.

use base::Date;
use rustc_hash::FxHashSet;

use crate::check::{Body, SourceBody};
use crate::eval::{Assessment, Rate, Seen, SeenWhat};
use crate::program::{Expression, Program};
use crate::syntax::Kind;
use crate::template::{Piece, fill, template};
use crate::types::Type;
use crate::value::{Outcome, RowRef, Value};

/// One line of an explanation and what it rests on. A part that was explained before stands without its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The full line, for example `补差 = 舍入(保障线 1500.00 − 家庭月收入 1075.00) = 425.00（社会救助法 第十八条）`.
    pub line: String,
    pub kind: Explained,
    pub parts: Vec<Explanation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    Formula,
    Table,
    Rate,
    Fact,
    /// A value that was given and shadows a formula.
    Given,
}

impl Explanation {
    /// The lines from the top downwards, each with its depth.
    pub fn lines(&self) -> Vec<(usize, &str)> {
        let mut lines = vec![(0, &*self.line)];
        for part in &self.parts {
            lines.extend(part.lines().into_iter().map(|(depth, line)| (depth + 1, line)));
        }
        lines
    }
}

impl Assessment<'_> {
    /// Explains a formula by its name, down to facts and rates; `None` if there is no such formula.
    pub fn explain(&self, name: &str) -> Option<Explanation> {
        self.explain_each([name]).pop()
    }

    /// Explains formulas one after another; what was explained under one stands without its parts under the next.
    pub fn explain_each<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<Explanation> {
        self.trace();
        let mut explainer = Explainer { assessment: self, told: FxHashSet::default() };
        let known = names.into_iter().filter_map(|name| self.program.find(name));
        let indices: Vec<usize> = known.map(|definition| definition.index).collect();
        indices.into_iter().map(|index| explainer.definition(index, None)).collect()
    }

    /// Explains an expression that stands elsewhere.
    pub fn explain_expression(&self, label: &str, expression: &Expression) -> Explanation {
        self.trace();
        let mut seen = Some(Vec::new());
        let outcome = self.run(&expression.node, expression.slots, None, &mut seen);
        let seen = seen.unwrap_or_default();
        let mut explainer = Explainer { assessment: self, told: FxHashSet::default() };
        let written = explainer.written(&template(&expression.expr), &seen);
        let line = format!("{label} = {written} = {}", shown(&outcome, Some(&expression.ty)));
        Explanation { line, kind: Explained::Formula, parts: explainer.parts(&seen) }
    }
}

struct Explainer<'e, 'a> {
    assessment: &'e Assessment<'a>,
    /// What has been explained: identity is the place, not the text, so that equal-looking lines all stand.
    told: FxHashSet<Told>,
}

#[derive(PartialEq, Eq, Hash)]
enum Told {
    Definition(usize, Option<RowRef>),
    Value(usize),
    Column(usize, RowRef),
    /// A parameter with its key and the day from which its value holds, if it has one.
    Rate(usize, Vec<String>, Option<Date>),
}

/// Single values that an explanation writes out of one value.
const MOST_SHOWN: usize = 10_000;

const TOO_LONG: &str = "（太长，不写出）";

fn shown(outcome: &Outcome, ty: Option<&Type>) -> String {
    match (outcome, ty) {
        (Ok(value), _) if value.is_longer_than(MOST_SHOWN) => TOO_LONG.to_owned(),
        (Ok(value), Some(ty)) => value.show(ty),
        (Ok(value), None) => value.to_string(),
        (Err(unknown), _) => format!("未知（{unknown}）"),
    }
}

impl Explainer<'_, '_> {
    fn program(&self) -> &Program {
        self.assessment.program
    }

    fn name(&self, index: usize, row: Option<RowRef>) -> String {
        let name = &self.program().inner.sources[index].name.text;
        match row {
            Some(row) => [&self.assessment.row_label(row), "的", &**name].concat(),
            None => name.to_string(),
        }
    }

    fn definition(&mut self, index: usize, row: Option<RowRef>) -> Explanation {
        let assessment = self.assessment;
        let inner = &assessment.program.inner;
        let name = self.name(index, row);
        let ty = inner.typed[index].ty.as_ref();
        let first = self.told.insert(Told::Definition(index, row));
        if let Some(value) = assessment.given(index, row) {
            let line = format!("{name} = {}（给定）", shown(&Ok(value), ty));
            return Explanation { line, kind: Explained::Given, parts: Vec::new() };
        }
        let (outcome, seen) = assessment.traced(index, row);
        let value = shown(&outcome, ty);
        let source = &inner.sources[index];
        let basis = if source.basis.is_empty() { String::new() } else { ["（", &source.basis, "）"].concat() };
        let parts = if first { self.parts(&seen) } else { Vec::new() };
        match (&source.body, &inner.typed[index].body) {
            (SourceBody::Output(..), Body::Output(table, output)) => {
                let chosen = assessment.choose(*table, row, &mut None);
                let plan = inner.plans[*table].as_ref();
                let by = match (chosen, plan) {
                    (Ok(chosen), Some(_)) if chosen.is_empty() => format!("表中没有一行符合：{value}"),
                    (Ok(chosen), Some(plan)) => {
                        let written = |row: &usize| inner.tables[*table].output(*row, *output);
                        let results: Vec<String> = chosen
                            .iter()
                            .filter_map(written)
                            .map(|expr| self.written(&template(expr), &seen))
                            .collect();
                        let result = results.join("、");
                        let plain = result == value || result == format!("\"{value}\"");
                        let result = if plain { String::new() } else { format!("{result} = ") };
                        let labels: Vec<&str> = chosen.iter().map(|row| &*plan.rows[*row].label).collect();
                        format!("按表第 {} 行：{result}{value}", labels.join("、"))
                    }
                    _ => value,
                };
                Explanation { line: [&*name, " = ", &by, &basis].concat(), kind: Explained::Table, parts }
            }
            (SourceBody::Formula(expr), _) => {
                let constant = matches!(expr.kind, Kind::Number(..) | Kind::Text(_) | Kind::Bool(_) | Kind::Date(_));
                let written = if constant {
                    String::new()
                } else {
                    let pieces = inner.templates[index].get_or_init(|| template(expr));
                    self.written(pieces, &seen) + " = "
                };
                let line = [&*name, " = ", &written, &value, &basis].concat();
                Explanation { line, kind: Explained::Formula, parts }
            }
            _ => Explanation { line: [name, value].join(" = "), kind: Explained::Formula, parts },
        }
    }

    /// The formula as written, with the value behind each name that was looked up outside a list's rows.
    fn written(&self, pieces: &[Piece], seen: &[Seen]) -> String {
        let mut text = String::with_capacity(64);
        fill(pieces, &mut text, &|span| {
            let seen = seen.iter().rfind(|seen| !seen.inner && seen.span == *span)?;
            self.seen_value(seen)
        });
        text
    }

    fn seen_value(&self, seen: &Seen) -> Option<String> {
        let inner = &self.program().inner;
        let ty = match &seen.what {
            SeenWhat::Rows => return None,
            SeenWhat::Value(index) => Some(&inner.env.values[*index].ty),
            SeenWhat::Column(list, column, _) => Some(&inner.env.lists[*list].columns[*column].ty),
            SeenWhat::Definition(index, _) => inner.typed[*index].ty.as_ref(),
            SeenWhat::Rate(index, ..) => Some(&inner.env.parameters[*index].ty),
            SeenWhat::Projection => {
                let Ok(Value::List(items)) = &seen.outcome else { return None };
                if seen.outcome.as_ref().is_ok_and(|value| value.is_longer_than(MOST_SHOWN)) {
                    return Some(TOO_LONG.to_owned());
                }
                let money = |value: &Value| value.number().map_or_else(|| value.to_string(), crate::number::shown_yuan);
                return Some(format!("[{}]", items.iter().map(money).collect::<Vec<_>>().join("、")));
            }
        };
        match &seen.outcome {
            Ok(_) => Some(shown(&seen.outcome, Some(ty?))),
            Err(_) => Some("未知".to_owned()),
        }
    }

    fn parts(&mut self, seen: &[Seen]) -> Vec<Explanation> {
        let mut parts = Vec::new();
        for seen in seen {
            let inner = &self.assessment.program.inner;
            match &seen.what {
                SeenWhat::Rows | SeenWhat::Projection => {}
                SeenWhat::Definition(index, row) => {
                    if !self.told.contains(&Told::Definition(*index, *row)) {
                        parts.push(self.definition(*index, *row));
                    }
                }
                SeenWhat::Value(index) => {
                    let value = &inner.env.values[*index];
                    if self.told.insert(Told::Value(*index)) {
                        parts.push(fact(&value.name, &seen.outcome, &value.ty));
                    }
                }
                SeenWhat::Column(list, column, row) => {
                    let column_name = &inner.env.lists[*list].columns[*column];
                    if self.told.insert(Told::Column(*column, *row)) && shows(&column_name.ty) {
                        let name = [&self.assessment.row_label(*row), "的", &*column_name.name].concat();
                        parts.push(fact(&name, &seen.outcome, &column_name.ty));
                    }
                }
                SeenWhat::Rate(index, rate, key) => {
                    let parameter = &inner.env.parameters[*index];
                    if self.told.insert(Told::Rate(*index, key.clone(), rate.as_ref().map(|rate| rate.from))) {
                        let line = match rate {
                            Some(rate) => rate_line(&parameter.name, &parameter.ty, rate, key),
                            None => format!("{}：{}", parameter.name, shown(&seen.outcome, None)),
                        };
                        parts.push(Explanation { line, kind: Explained::Rate, parts: Vec::new() });
                    }
                }
            }
        }
        parts
    }
}

/// Whole rows of registers are not shown: their columns are, where a formula reads them.
fn shows(ty: &Type) -> bool {
    !matches!(ty, Type::Record(_) | Type::Fields(_) | Type::Row(_) | Type::List(_))
}

fn fact(name: &str, outcome: &Outcome, ty: &Type) -> Explanation {
    let value = match outcome {
        Ok(value) => value.show_with_unit(ty),
        Err(unknown) => format!("未知（{unknown}）"),
    };
    Explanation { line: [name, "：", &value].concat(), kind: Explained::Fact, parts: Vec::new() }
}

/// `最小面积 30 平方米，嵩县，沙土，自 2020-01-01（示例）`.
fn rate_line(name: &str, ty: &Type, rate: &Rate, key: &[String]) -> String {
    let key: String = key.iter().map(|word| format!("，{word}")).collect();
    format!("{name} {}，{}{key}，自 {}（{}）", rate.value.show_with_unit(ty), rate.region, rate.from, rate.document)
}
