//! What a decision table answers.

use std::sync::Arc;

use crate::ast::Comparison;
use crate::builtins;
use crate::evaluate::{Data, Machine, Memory, both, equal, missing_or_unfit, unfit};
use crate::source::HitPolicy;
use crate::typed::{Row, Table};
use crate::value::{Record, Value};

/// The rows of a table that fit, or why that is unknown.
pub(crate) fn table_rows(table: &Table, data: Data, memory: &mut Memory, slots: usize) -> Result<Vec<usize>, Value> {
    let mut machine = Machine::new(data, memory, slots);
    let rows = machine.matching(table)?;
    if table.hit == HitPolicy::Priority { machine.ranked(table, rows).map(|rows| rows[..1].to_vec()) } else { Ok(rows) }
}

impl Machine<'_> {
    pub fn table(&mut self, table: &Table) -> Value {
        let rows = match self.matching(table) {
            Ok(rows) => rows,
            Err(missing) => return missing,
        };
        let outcome = match table.hit {
            HitPolicy::Unique if rows.len() > 1 => {
                let numbers: Vec<String> = rows.iter().map(|row| (row + 1).to_string()).collect();
                Err(Value::missing(format!("判定表“{}”有几行同时适用：第 {} 行", table.name, numbers.join("、"))))
            }
            HitPolicy::Unique | HitPolicy::First => Ok(self.row(table, rows.first().copied())),
            HitPolicy::Any => self.agreed(table, &rows),
            HitPolicy::Priority => self.ranked(table, rows).map(|rows| self.row(table, rows.first().copied())),
            HitPolicy::OutputOrder => self.ranked(table, rows).map(|rows| self.all_rows(table, &rows)),
            HitPolicy::RuleOrder | HitPolicy::Collect => Ok(self.all_rows(table, &rows)),
            HitPolicy::Count => Ok(Value::Number(rows.len().into())),
            HitPolicy::Sum => Ok(builtins::sum(&self.outputs(table, &rows))),
            HitPolicy::Smallest => Ok(builtins::extreme(&self.outputs(table, &rows), Comparison::Less)),
            HitPolicy::Largest => Ok(builtins::extreme(&self.outputs(table, &rows), Comparison::Greater)),
        };
        outcome.unwrap_or_else(|missing| missing)
    }

    /// The rows that fit; for F only the first. A row of which it is unknown whether it fits makes the answer unknown.
    fn matching(&mut self, table: &Table) -> Result<Vec<usize>, Value> {
        self.spend(1 + table.rows.len())?;
        let inputs: Vec<Value> = table.inputs.iter().map(|input| self.eval(input)).collect();
        let mut rows = Vec::new();
        for (number, row) in table.rows.iter().enumerate() {
            match self.fits(&inputs, row) {
                Value::Bool(false) => {}
                Value::Bool(true) => {
                    rows.push(number);
                    if table.hit == HitPolicy::First {
                        break;
                    }
                }
                other => return Err(missing_or_unfit(other)),
            }
        }
        if rows.is_empty() && table.hit.is_single() {
            return Err(Value::missing(format!("判定表“{}”没有适用的行", table.name)));
        }
        Ok(rows)
    }

    fn fits(&mut self, inputs: &[Value], row: &Row) -> Value {
        let mut result = Value::Bool(true);
        for (value, tests) in inputs.iter().zip(&row.tests) {
            result = both(result, self.any_test(value, tests));
            if result == Value::Bool(false) {
                break;
            }
        }
        result
    }

    fn row(&mut self, table: &Table, row: Option<usize>) -> Value {
        let Some(row) = row.and_then(|row| table.rows.get(row)) else { return unfit() };
        let mut outputs: Vec<Value> = row.outputs.iter().map(|output| self.eval(output)).collect();
        match &table.fields {
            Some(names) => Value::Record(Arc::new(Record { fields: names.iter().cloned().zip(outputs).collect() })),
            None => outputs.pop().unwrap_or_else(unfit),
        }
    }

    fn outputs(&mut self, table: &Table, rows: &[usize]) -> Vec<Value> {
        rows.iter().map(|row| self.row(table, Some(*row))).collect()
    }

    fn all_rows(&mut self, table: &Table, rows: &[usize]) -> Value {
        Value::List(self.outputs(table, rows).into())
    }

    fn agreed(&mut self, table: &Table, rows: &[usize]) -> Result<Value, Value> {
        let outputs = self.outputs(table, rows);
        let Some((first, rest)) = outputs.split_first() else { return Err(unfit()) };
        for other in rest {
            match equal(first, other) {
                Value::Bool(true) => {}
                Value::Bool(false) => {
                    return Err(Value::missing(format!("判定表“{}”适用的几行结果不同", table.name)));
                }
                missing => return Err(missing),
            }
        }
        Ok(first.clone())
    }

    /// Rows by the rank of their outputs in the heading's lists, the first output first; equal ranks keep their order.
    fn ranked(&mut self, table: &Table, rows: Vec<usize>) -> Result<Vec<usize>, Value> {
        let mut keyed = Vec::with_capacity(rows.len());
        for row in rows {
            let mut key = Vec::new();
            for (output, values) in table.rows[row].outputs.iter().zip(&table.ranking) {
                let value = self.eval(output);
                let rank = values.iter().position(|listed| *listed == value);
                key.push(rank.ok_or_else(|| missing_or_unfit(value))?);
            }
            keyed.push((key, row));
        }
        keyed.sort();
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }
}
