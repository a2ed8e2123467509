//! 科学测算: what a change of rates does to everybody, household by household, added up. Nothing is written.

use std::collections::BTreeMap;

use base::{Calendar, Level};
use formula::{Assessed, Population, Rational, Value, assess, outcome_of};

use crate::model::{Entitlement, Guide};
use crate::rates::RateBook;

/// What is asked.
pub struct Question<'q> {
    pub guide: &'q Guide,
    pub entitlement: &'q Entitlement,
    pub before: &'q RateBook,
    pub after: &'q RateBook,
    pub calendar: &'q Calendar,
    /// Names of the guide by whose values the households are told apart: 选项, 是否, 地区 (by township), whole numbers.
    pub groups: &'q [String],
    pub threads: usize,
}

/// Households that get something, and what it is a period, in 分.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub recipients: u64,
    pub fen: i64,
}

/// What the change comes to. Households that cannot be told on both sides are counted and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    pub cases: u64,
    pub undecided: u64,
    pub before: Side,
    pub after: Side,
    /// Households that begin to get something, and that get nothing any more.
    pub begun: u64,
    pub ended: u64,
    /// Households that get more, those that begin with them, and how much more together.
    pub more: Side,
    /// Households that get less, those that end with them, and how much less together.
    pub less: Side,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub all: Effect,
    /// By name and value.
    pub groups: BTreeMap<String, BTreeMap<String, Effect>>,
    /// Households that were reckoned one by one, and why.
    pub aside: u64,
    pub reasons: Vec<String>,
    /// What households that cannot be told lack first, of those that were looked into.
    pub lacking: BTreeMap<String, u64>,
}

/// Households that cannot be told and are looked into: enough to see what a file lacks.
const LOOKED_INTO: u64 = 200;

impl Effect {
    fn count(&mut self, amounts: Option<(i64, i64)>) {
        self.cases += 1;
        let Some((before, after)) = amounts else {
            self.undecided += 1;
            return;
        };
        self.before.add(before);
        self.after.add(after);
        self.begun += u64::from(before == 0 && after > 0);
        self.ended += u64::from(before > 0 && after == 0);
        self.more.add((after - before).max(0));
        self.less.add((before - after).max(0));
    }
}

impl Side {
    fn add(&mut self, fen: i64) {
        self.recipients += u64::from(fen > 0);
        self.fen = self.fen.saturating_add(fen);
    }
}

impl Answer {
    /// Takes in households; how many there are altogether does not matter.
    ///
    /// # Errors
    /// A name that the guide does not have, or a population that is not in order.
    pub fn take(&mut self, question: &Question, population: &Population) -> Result<(), String> {
        let amounts: Vec<&str> = question.entitlement.components.iter().map(|component| &*component.amount).collect();
        let mut names = amounts.clone();
        names.extend(question.groups.iter().map(String::as_str));
        let run = |names: &[&str], rates: &RateBook| {
            assess(&question.guide.program, names, population, rates, question.calendar, question.threads)
        };
        let before = run(&names, question.before)?;
        let after = run(&amounts, question.after)?;
        for case in 0..population.cases {
            let both = total(&before, amounts.len(), case).zip(total(&after, amounts.len(), case));
            self.all.count(both);
            if both.is_none() && self.all.undecided <= LOOKED_INTO {
                let rates =
                    if total(&before, amounts.len(), case).is_none() { question.before } else { question.after };
                let reason = lack(question, rates, population, case);
                *self.lacking.entry(reason).or_default() += 1;
            }
            for (place, name) in question.groups.iter().enumerate() {
                let value = before.value(amounts.len() + place, case);
                let value = value.map_or_else(|| "不知道".to_owned(), |value| group(&value));
                let groups = self.groups.entry(name.clone()).or_default();
                match groups.get_mut(&value) {
                    Some(effect) => effect.count(both),
                    None => groups.entry(value).or_default().count(both),
                }
            }
        }
        self.aside += before.aside.len().max(after.aside.len()) as u64;
        let reasons = before.reasons.into_iter().chain(after.reasons);
        reasons.for_each(|reason| {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        });
        Ok(())
    }
}

/// The first thing that a household lacks.
fn lack(question: &Question, rates: &RateBook, population: &Population, case: usize) -> String {
    let program = &question.guide.program;
    for component in &question.entitlement.components {
        let outcome = outcome_of(program, &component.amount, population, case, rates, question.calendar);
        if let Err(unknown) = outcome
            && let Some(reason) = unknown.reasons.first()
        {
            return reason.field.as_ref().map_or_else(|| reason.text.clone(), |field| format!("没有“{field}”"));
        }
    }
    "金额太大".to_owned()
}

/// All components of a household together, in 分; none where one of them is not known.
fn total(assessed: &Assessed, components: usize, case: usize) -> Option<i64> {
    let mut total = 0_i64;
    for component in 0..components {
        let fen = assessed.value(component, case)?.number()? * Rational::from(100);
        total = total.checked_add(i64::try_from(fen.to_integer()).ok()?)?;
    }
    Some(total)
}

/// What a value is called among its group: places by township, numbers as they are.
fn group(value: &Value) -> String {
    match value {
        Value::Region(code) => code.at(Level::Township).to_string(),
        other => other.to_string(),
    }
}
