//! The functions of the language.

use std::sync::Arc;

use base::{Date, Month, age};
use jiff::Span;

use crate::eval::{Machine, unfit};
use crate::number::{self, Rational, round_to_fen};
use crate::plan::Node;
use crate::value::{Outcome, Unknown, Value};
use crate::words::Builtin;

pub(crate) fn call(machine: &mut Machine, builtin: Builtin, arguments: &[Node]) -> Outcome {
    if builtin == Builtin::Known {
        return match arguments {
            [value] => Ok(Value::Bool(machine.argument(value).is_ok())),
            _ => Err(unfit()),
        };
    }
    // A count needs the list, not its items: rows whose columns are unknown still count.
    let countable =
        if let (Builtin::Count, [Node::For(list, ..)]) = (builtin, arguments) { Some(&**list) } else { None };
    if let Some(list) = countable {
        return count(&machine.argument(list)?);
    }
    let values: Vec<Value> = arguments.iter().map(|node| machine.argument(node)).collect::<Result<_, _>>()?;
    apply(machine, builtin, &values)
}

fn count(list: &Value) -> Outcome {
    if let Value::List(items) = list { Ok(whole(items.len() as i128)) } else { Err(unfit()) }
}

fn whole(n: i128) -> Value {
    Value::Number(Rational::from(n))
}

fn too_large() -> Arc<Unknown> {
    Unknown::because("结果太大，不能精确表示")
}

fn empty() -> Arc<Unknown> {
    Unknown::because("列是空的，没有可取的项")
}

pub(crate) fn sum(items: &[Value]) -> Result<Rational, Arc<Unknown>> {
    items.iter().try_fold(Rational::from(0), |sum, item| {
        number::add(sum, item.number().ok_or_else(unfit)?).ok_or_else(too_large)
    })
}

pub(crate) fn extreme(items: &[Value], greatest: bool) -> Outcome {
    let mut best: Option<&Value> = None;
    for item in items {
        let better = match (best, item) {
            (None, _) => true,
            (Some(Value::Number(a)), Value::Number(b)) => (b > a) == greatest && a != b,
            (Some(Value::Date(a)), Value::Date(b)) => (b > a) == greatest && a != b,
            (Some(Value::Month(a)), Value::Month(b)) => (b > a) == greatest && a != b,
            (Some(Value::Moment(a)), Value::Moment(b)) => (b > a) == greatest && a != b,
            _ => return Err(unfit()),
        };
        if better {
            best = Some(item);
        }
    }
    best.cloned().ok_or_else(empty)
}

fn small(value: &Value) -> Option<i32> {
    let n = value.number()?;
    if n.is_integer() { i32::try_from(n.to_integer()).ok() } else { None }
}

fn apply(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Outcome {
    match (builtin, values) {
        (Builtin::Sum, [Value::List(items)]) => sum(items).map(Value::Number),
        (Builtin::Count, [list]) => count(list),
        (Builtin::Max | Builtin::Min, [Value::List(items)]) => extreme(items, builtin == Builtin::Max),
        (Builtin::Max | Builtin::Min, items) => extreme(items, builtin == Builtin::Max),
        (Builtin::Mean, [Value::List(items)]) => {
            if items.is_empty() {
                return Err(empty());
            }
            let mean = number::divide(sum(items)?, Rational::from(items.len() as i128));
            mean.map(Value::Number).ok_or_else(too_large)
        }
        (Builtin::Abs, [Value::Number(n)]) => Ok(Value::Number(if *n < Rational::from(0) { -*n } else { *n })),
        (Builtin::Floor, [Value::Number(n)]) => Ok(Value::Number(n.floor())),
        (Builtin::Ceiling, [Value::Number(n)]) => Ok(Value::Number(n.ceil())),
        (Builtin::Contains, [Value::List(items), value]) => Ok(Value::Bool(items.contains(value))),
        (Builtin::Distinct, [Value::List(items)]) => {
            let mut kept: Vec<Value> = Vec::new();
            for item in items.iter() {
                if !kept.contains(item) {
                    kept.push(item.clone());
                }
            }
            Ok(Value::List(kept.into()))
        }
        (Builtin::Concatenate, lists) => {
            let mut all = Vec::new();
            for list in lists {
                let Value::List(items) = list else { return Err(unfit()) };
                all.extend(items.iter().cloned());
            }
            Ok(Value::List(all.into()))
        }
        (Builtin::First, [Value::List(items)]) => items.first().cloned().ok_or_else(empty),
        (Builtin::Last, [Value::List(items)]) => items.last().cloned().ok_or_else(empty),
        (Builtin::Text, [value]) => Ok(Value::Text(value.to_string().into())),
        (Builtin::Length, [Value::Text(text)]) => Ok(whole(text.chars().count() as i128)),
        (Builtin::Round, [Value::Number(n), Value::Text(rule)]) => {
            let fen = round_to_fen(*n, rule).ok_or_else(too_large)?;
            Ok(Value::Number(Rational::new(i128::from(fen), 100)))
        }
        (Builtin::PerMonth, [Value::Number(n)]) => {
            number::divide(*n, Rational::from(12)).map(Value::Number).ok_or_else(too_large)
        }
        (Builtin::PerYear, [Value::Number(n)]) => {
            number::multiply(*n, Rational::from(12)).map(Value::Number).ok_or_else(too_large)
        }
        _ => dates(machine, builtin, values),
    }
}

fn dates(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Outcome {
    match (builtin, values) {
        (Builtin::Year, [Value::Date(date)]) => Ok(whole(i128::from(date.year()))),
        (Builtin::Year, [Value::Month(month)]) => Ok(whole(i128::from(month.year()))),
        (Builtin::MonthNumber, [Value::Date(date)]) => Ok(whole(i128::from(date.month()))),
        (Builtin::MonthNumber, [Value::Month(month)]) => Ok(whole(i128::from(month.month()))),
        (Builtin::Day, [Value::Date(date)]) => Ok(whole(i128::from(date.day()))),
        (Builtin::Date, [year, month, day]) => {
            let parts = || {
                let (year, month, day) = (small(year)?, small(month)?, small(day)?);
                Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
            };
            parts().map(Value::Date).ok_or_else(|| Unknown::because("没有这一天"))
        }
        (Builtin::Age, [born, Value::Date(on)]) => {
            let born = match born {
                Value::Date(date) => *date,
                Value::Record(columns) => match columns.get("出生日期") {
                    Some(Value::Date(date)) => *date,
                    _ => return Err(Unknown::missing("出生日期", None)),
                },
                _ => return Err(unfit()),
            };
            let years = age(born, *on).ok_or_else(|| Unknown::because("日期早于出生"))?;
            Ok(whole(i128::from(years)))
        }
        (Builtin::MonthsBetween, [Value::Date(from), Value::Date(to)]) => {
            let months = Month::of(*from).until(Month::of(*to));
            // A month is full on the same day, or on the last day of a shorter month.
            let full = to.day() >= from.day() || (to.day() == to.days_in_month());
            let months = if months > 0 && !full { months - 1 } else { months };
            let months = if months < 0 && to.day() > from.day() { months + 1 } else { months };
            Ok(whole(i128::from(months)))
        }
        (Builtin::NextMonth, [Value::Date(date)]) => Ok(Value::Month(Month::of(*date).next())),
        (Builtin::NextMonth, [Value::Month(month)]) => Ok(Value::Month(month.next())),
        (Builtin::MonthOf, [Value::Date(date)]) => Ok(Value::Month(Month::of(*date))),
        (Builtin::MonthOf, [Value::Month(month)]) => Ok(Value::Month(*month)),
        (Builtin::EndOfLastMonth, [Value::Date(date)]) => Ok(Value::Date(Month::of(*date).plus(-1).last_day())),
        (Builtin::MonthsAfter, [Value::Date(date), n]) => {
            let moved = small(n).and_then(|n| date.checked_add(Span::new().try_months(n).ok()?).ok());
            moved.map(Value::Date).ok_or_else(too_large)
        }
        (Builtin::WorkingDaysAfter, [Value::Date(date), n]) => {
            let n = small(n).and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= 5000).ok_or_else(too_large)?;
            Ok(Value::Date(machine.assessment.calendar.working_days_after(*date, n).at))
        }
        _ => Err(unfit()),
    }
}
