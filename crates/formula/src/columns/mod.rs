//! The second evaluator: a program over the columns of many cases at once, with the same meaning bit for bit.
//!
//! Shape: facts as columns (`population`) → a graph of operations with proven ranges (`compile`, `graph`) → chunks on
//! all cores (`run`, `kernels`). What does not fit is left to the reference evaluator, case by case.

mod almanac;
mod compile;
mod graph;
mod kernels;
mod lists;
mod number;
mod operate;
mod population;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Calendar;

use compile::{Compiled, Compiler, Form, Scalar};
use graph::{Arg, Id, Level, NO, YES};
pub use population::{Column, Data, Population, Rows, Words, month_at, month_index, packed, unpacked};
use run::{Out, Schedule};

use crate::eval::{Assessment, Rates};
use crate::number::Rational;
use crate::program::Program;
use crate::value::{Outcome, Unknown, Value};

/// The values of formulas for every case of a population.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// In the order in which they were asked for.
    pub columns: Vec<Outcomes>,
    /// Cases that the reference evaluator did, with their values in the same order.
    pub aside: BTreeMap<usize, Vec<Option<Value>>>,
    /// Why cases were left to the reference evaluator: what columns cannot do, without those of mere size.
    pub reasons: Vec<String>,
    /// Operations on each chunk.
    pub operations: usize,
}

/// A column of outcomes; where `known` is 0 there is none.
#[derive(Clone, Debug)]
pub struct Outcomes {
    pub data: OutcomeData,
    pub known: Option<Arc<Vec<u8>>>,
}

#[derive(Clone, Debug)]
pub enum OutcomeData {
    /// `values / (scale × below)`.
    Numbers {
        values: Arc<Vec<i64>>,
        scale: i64,
        below: Option<Arc<Vec<i64>>>,
    },
    Flags(Arc<Vec<u8>>),
    Words {
        codes: Arc<Vec<u8>>,
        words: Arc<Words>,
    },
    Dates(Arc<Vec<i64>>),
    Months(Arc<Vec<i64>>),
    Same(Value),
    Nothing,
}

/// Computes formulas of the whole guide for every case. An error names a formula that does not exist or is no
/// single value, or what is wrong with the population.
pub fn assess(
    program: &Program,
    names: &[&str],
    population: &Population,
    rates: &dyn Rates,
    calendar: &Calendar,
    threads: usize,
) -> Result<Assessed, String> {
    population.check(program.environment())?;
    let mut compiler = Compiler::new(program, population, rates, calendar);
    let mut scalars = Vec::new();
    for name in names {
        let values = &program.environment().values;
        let compiled = match (program.find(name), values.iter().any(|value| &*value.name == *name)) {
            (Some(definition), _) => compiler.definition(definition.index),
            (None, true) => compiler.column(None, name).map(Compiled::Scalar),
            (None, false) => return Err(format!("没有公式或项目“{name}”")),
        };
        scalars.push(match compiled {
            Ok(Compiled::Scalar(scalar)) if !matches!(scalar.form, Form::Row(_)) => scalar,
            Err(reason) => {
                compiler.leave(None, &reason);
                Scalar::nothing()
            }
            Ok(_) => {
                compiler.leave(None, &graph::Unfit(format!("“{name}”是一列")));
                Scalar::nothing()
            }
        });
    }
    let Compiler { graph, left, .. } = compiler;
    let mut wanted: Vec<Id> = Vec::new();
    let mut want = |arg: Arg| {
        if let Arg::Node(id) = arg
            && !wanted.contains(&id)
        {
            wanted.push(id);
        }
    };
    for scalar in &scalars {
        want(scalar.known);
        parts(&scalar.form).into_iter().for_each(&mut want);
    }
    let schedule = Schedule::new(&graph, population, &wanted);
    let cases = population.cases;
    let mut numbers: BTreeMap<Id, Vec<i64>> = BTreeMap::new();
    let mut smalls: BTreeMap<Id, Vec<u8>> = BTreeMap::new();
    for id in &wanted {
        match graph.nodes[*id].small {
            true => _ = smalls.insert(*id, vec![0; cases]),
            false => _ = numbers.insert(*id, vec![0; cases]),
        }
    }
    let mut outs: BTreeMap<Id, Out> = BTreeMap::new();
    outs.extend(numbers.iter_mut().map(|(id, values)| (*id, Out::Numbers(values))));
    outs.extend(smalls.iter_mut().map(|(id, values)| (*id, Out::Smalls(values))));
    let columns = wanted.iter().filter_map(|id| outs.remove(id)).collect();
    let mut aside = schedule.run(&wanted, run::chunks(cases, columns), threads.max(1));
    let levels: BTreeMap<Level, String> = left;
    aside.extend(run::with_rows(&graph, population, &levels));
    aside.sort_unstable();
    aside.dedup();
    let operations = schedule.operations();
    let found = Found {
        numbers: numbers.into_iter().map(|(id, values)| (id, Arc::new(values))).collect(),
        smalls: smalls.into_iter().map(|(id, values)| (id, Arc::new(values))).collect(),
    };
    let columns = scalars.iter().map(|scalar| found.outcomes(scalar)).collect();
    let mut done = BTreeMap::new();
    for case in aside {
        let facts = population.facts(program.environment(), case);
        let assessment = Assessment::new(program, &facts, rates, calendar);
        let values = names.iter().map(|name| assessment.value(name).and_then(Result::ok)).collect();
        done.insert(case, values);
    }
    Ok(Assessed { columns, aside: done, reasons: levels.into_values().collect(), operations })
}

/// What stands in the rows of a form, beside whether it is known.
fn parts(form: &Form) -> Vec<Arg> {
    match form {
        Form::Number(number) => vec![number.arg, number.below],
        Form::Bool(arg) | Form::Word(arg, _) | Form::Date(arg) | Form::Month(arg) => vec![*arg],
        Form::Row(_) | Form::Nothing => Vec::new(),
    }
}

struct Found {
    numbers: BTreeMap<Id, Arc<Vec<i64>>>,
    smalls: BTreeMap<Id, Arc<Vec<u8>>>,
}

impl Found {
    fn numbers(&self, arg: Arg) -> Arc<Vec<i64>> {
        if let Arg::Node(id) = arg { self.numbers.get(&id).cloned().unwrap_or_default() } else { Arc::default() }
    }

    fn smalls(&self, arg: Arg) -> Arc<Vec<u8>> {
        if let Arg::Node(id) = arg { self.smalls.get(&id).cloned().unwrap_or_default() } else { Arc::default() }
    }

    fn outcomes(&self, scalar: &Scalar) -> Outcomes {
        let known = match scalar.known {
            YES => None,
            NO => return Outcomes { data: OutcomeData::Nothing, known: None },
            known => Some(self.smalls(known)),
        };
        if let Some(value) = operate::told(&Scalar::sure(scalar.form.clone())) {
            return Outcomes { data: OutcomeData::Same(value), known };
        }
        let data = match &scalar.form {
            Form::Number(number) => {
                let below = if number.below == YES { None } else { Some(self.numbers(number.below)) };
                match number.arg {
                    Arg::Node(_) => {
                        OutcomeData::Numbers { values: self.numbers(number.arg), scale: number.scale, below }
                    }
                    Arg::Const(n) => {
                        let values = vec![n; below.as_ref().map_or(0, |below| below.len())];
                        OutcomeData::Numbers { values: Arc::new(values), scale: number.scale, below }
                    }
                }
            }
            Form::Bool(arg) => OutcomeData::Flags(self.smalls(*arg)),
            Form::Word(arg, words) => OutcomeData::Words { codes: self.smalls(*arg), words: words.clone() },
            Form::Date(arg) => OutcomeData::Dates(self.numbers(*arg)),
            Form::Month(arg) => OutcomeData::Months(self.numbers(*arg)),
            Form::Row(_) | Form::Nothing => OutcomeData::Nothing,
        };
        Outcomes { data, known }
    }
}

impl Outcomes {
    fn value(&self, case: usize) -> Option<Value> {
        if self.known.as_ref().is_some_and(|known| known[case] == 0) {
            return None;
        }
        Some(match &self.data {
            OutcomeData::Numbers { values, scale, below } => {
                let below = i128::from(*scale) * below.as_ref().map_or(1, |below| i128::from(below[case]));
                Value::Number(Rational::new(i128::from(values[case]), below))
            }
            OutcomeData::Flags(flags) => Value::Bool(flags[case] != 0),
            OutcomeData::Words { codes, words } => words.value(codes[case]),
            OutcomeData::Dates(dates) => Value::Date(population::unpacked(dates[case])?),
            OutcomeData::Months(months) => Value::Month(population::month_at(months[case])?),
            OutcomeData::Same(value) => value.clone(),
            OutcomeData::Nothing => return None,
        })
    }
}

/// The place that `Assessed::code` gives to what is not known.
pub const UNKNOWN: usize = 256;

impl Assessed {
    /// Which of few values a formula has in a case, told by a number below 256, or `UNKNOWN`; the same number is the same
    /// value. `None` where values are many, or the case was left to the reference evaluator.
    pub fn code(&self, formula: usize, case: usize) -> Option<usize> {
        if !self.aside.is_empty() && self.aside.contains_key(&case) {
            return None;
        }
        let column = &self.columns[formula];
        if column.known.as_ref().is_some_and(|known| known[case] == 0) {
            return Some(UNKNOWN);
        }
        match &column.data {
            OutcomeData::Words { codes, .. } => Some(usize::from(codes[case])),
            OutcomeData::Flags(flags) => Some(usize::from(flags[case])),
            OutcomeData::Same(_) => Some(0),
            OutcomeData::Nothing => Some(UNKNOWN),
            _ => None,
        }
    }

    /// A number times something whole, rounded up; `None` where there is none or it does not fit.
    pub fn times(&self, formula: usize, case: usize, by: i64) -> Option<i64> {
        if (self.aside.is_empty() || !self.aside.contains_key(&case))
            && let Outcomes { data: OutcomeData::Numbers { values, scale, below }, known } = &self.columns[formula]
        {
            if known.as_ref().is_some_and(|known| known[case] == 0) {
                return None;
            }
            let below = i128::from(*scale) * below.as_ref().map_or(1, |below| i128::from(below[case]));
            let above = i128::from(values[case]) * i128::from(by);
            return i64::try_from(num_integer::Integer::div_ceil(&above, &below)).ok();
        }
        let number = self.value(formula, case)?.number()?;
        let scaled = crate::number::multiply(number, Rational::from(i128::from(by)))?;
        i64::try_from(scaled.ceil().to_integer()).ok()
    }

    /// The value of a formula (by its place among those asked for) in a case, if it is known.
    pub fn value(&self, formula: usize, case: usize) -> Option<Value> {
        match self.aside.get(&case) {
            Some(values) => values[formula].clone(),
            None => self.columns[formula].value(case),
        }
    }
}

/// The outcome of one case with its reasons, by the reference evaluator.
pub fn outcome_of(
    program: &Program,
    name: &str,
    population: &Population,
    case: usize,
    rates: &dyn Rates,
    calendar: &Calendar,
) -> Outcome {
    let facts = population.facts(program.environment(), case);
    let assessment = Assessment::new(program, &facts, rates, calendar);
    assessment.value(name).unwrap_or_else(|| Err(Unknown::because(format!("没有公式“{name}”"))))
}
