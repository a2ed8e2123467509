//! What the functions of the language compute.

use std::sync::Arc;

use base::{CitizenNumber, Date, Decimal};
use rust_decimal::RoundingStrategy;

use crate::ast::Comparison;
use crate::evaluate::{Machine, compare, contains, missing_or_unfit, negated, out_of_range};
use crate::typed::Node;
use crate::value::Value;
use crate::words::Builtin;

/// Calls a function. All but two look at their arguments only when every one is known.
pub(crate) fn call(machine: &mut Machine, builtin: Builtin, arguments: &[Node]) -> Value {
    match builtin {
        Builtin::FirstKnown => {
            let mut missing = None;
            for argument in arguments {
                match machine.eval(argument) {
                    value @ Value::Missing(_) => {
                        missing.get_or_insert(value);
                    }
                    known => return known,
                }
            }
            missing.unwrap_or_else(|| Value::missing("没有可取的值"))
        }
        Builtin::IsMissing => Value::Bool(machine.eval(&arguments[0]).is_missing()),
        Builtin::Append => append(machine, arguments),
        _ => {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                match machine.eval(argument) {
                    missing @ Value::Missing(_) => return missing,
                    value => values.push(value),
                }
            }
            over_values(machine, builtin, &values).unwrap_or_else(|missing| missing)
        }
    }
}

/// An appended item may be missing without making the list unknown.
fn append(machine: &mut Machine, arguments: &[Node]) -> Value {
    let list = match machine.items(&arguments[0]) {
        Ok(list) => list,
        Err(missing) => return missing,
    };
    let added: Vec<Value> = arguments[1..].iter().map(|argument| machine.eval(argument)).collect();
    Value::List(list.iter().cloned().chain(added).collect())
}

fn over_values(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Result<Value, Value> {
    use Builtin::*;
    for value in values {
        machine.spend(size(value))?;
    }
    Ok(match (builtin, values) {
        (Sum, [Value::List(items)]) => sum(items),
        (Mean, [Value::List(items)]) => mean(items),
        (Min, [Value::List(items)]) => extreme(items, Comparison::Less),
        (Max, [Value::List(items)]) => extreme(items, Comparison::Greater),
        (Count, [Value::List(items)]) => Value::Number(items.len().into()),
        (ListContains, [Value::List(items), item]) => contains(items, item),
        (Concatenate, lists) => concatenate(lists),
        (Distinct, [Value::List(items)]) => return distinct(machine, items),
        (Flatten, [Value::List(items)]) => {
            let mut flat = Vec::new();
            flatten(machine, items, &mut flat)?;
            Value::List(flat.into())
        }
        (Sort, [Value::List(items)]) => sort(items),
        (RoundHalfUp, [Value::Number(n), Value::Number(places)]) => {
            round(*n, *places, RoundingStrategy::MidpointAwayFromZero)
        }
        (RoundUp, [Value::Number(n), Value::Number(places)]) => round(*n, *places, RoundingStrategy::AwayFromZero),
        (RoundDown, [Value::Number(n), Value::Number(places)]) => round(*n, *places, RoundingStrategy::ToZero),
        (Floor, [Value::Number(n)]) => Value::Number(n.floor()),
        (Floor, [Value::Number(n), Value::Number(places)]) => round(*n, *places, RoundingStrategy::ToNegativeInfinity),
        (Ceiling, [Value::Number(n)]) => Value::Number(n.ceil()),
        (Ceiling, [Value::Number(n), Value::Number(places)]) => {
            round(*n, *places, RoundingStrategy::ToPositiveInfinity)
        }
        (Abs, [Value::Number(n)]) => Value::Number(n.abs()),
        (Modulo, [Value::Number(n), Value::Number(divisor)]) => modulo(*n, *divisor),
        (StringLength, [Value::Text(text)]) => Value::Number(text.chars().count().into()),
        (Contains, [Value::Text(text), Value::Text(part)]) => Value::Bool(text.contains(&**part)),
        (StartsWith, [Value::Text(text), Value::Text(part)]) => Value::Bool(text.starts_with(&**part)),
        (EndsWith, [Value::Text(text), Value::Text(part)]) => Value::Bool(text.ends_with(&**part)),
        (StringJoin, [Value::List(items)]) => return join(machine, items, ""),
        (StringJoin, [Value::List(items), Value::Text(between)]) => return join(machine, items, between),
        (String, [value]) => string(value),
        (Shown, [value]) => Value::Text(value.to_string().into()),
        (Not, [value]) => negated(value.clone()),
        _ => dates(builtin, values),
    })
}

/// Functions on dates and identity numbers.
fn dates(builtin: Builtin, values: &[Value]) -> Value {
    use Builtin::*;
    match (builtin, values) {
        (Date, [Value::Text(text)]) => match text.parse() {
            Ok(date) => Value::Date(date),
            Err(_) => Value::missing(format!("“{text}”不是日期")),
        },
        (Date, [Value::Number(year), Value::Number(month), Value::Number(day)]) => date(*year, *month, *day),
        (Year, [Value::Date(d)]) => Value::Number(d.year().into()),
        (Month, [Value::Date(d)]) => Value::Number(d.month().into()),
        (Day, [Value::Date(d)]) => Value::Number(d.day().into()),
        (AddMonths, [Value::Date(d), Value::Number(n)]) => add_months(*d, *n),
        (AddDays, [Value::Date(d), Value::Number(n)]) => add_days(*d, *n),
        (MonthsBetween, [Value::Date(from), Value::Date(to)]) => Value::Number(months_between(*from, *to).into()),
        (DaysBetween, [Value::Date(from), Value::Date(to)]) => match from.until(*to) {
            Ok(span) => Value::Number(span.get_days().into()),
            Err(_) => out_of_range(),
        },
        (Age, [Value::Date(birth), Value::Date(on)]) => match base::age(*birth, *on) {
            Some(years) => Value::Number(years.into()),
            None => Value::missing("日期早于出生日期，没有周岁"),
        },
        (MonthStart, [Value::Date(d)]) => Value::Date(d.first_of_month()),
        (MonthEnd, [Value::Date(d)]) => Value::Date(d.last_of_month()),
        (BirthDate, [Value::Text(number)]) => match CitizenNumber::parse(number) {
            Ok(number) => Value::Date(number.birth()),
            Err(error) => Value::missing(error.to_string()),
        },
        (Sex, [Value::Text(number)]) => match CitizenNumber::parse(number) {
            Ok(number) => Value::from(if number.sex() == base::Sex::Male { "男" } else { "女" }),
            Err(error) => Value::missing(error.to_string()),
        },
        _ => missing_or_unfit(Value::Bool(false)),
    }
}

/// What a value costs to be worked on.
fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.len(),
        Value::Text(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

fn first_missing(items: &[Value]) -> Option<Value> {
    items.iter().find(|item| item.is_missing()).cloned()
}

pub(crate) fn sum(items: &[Value]) -> Value {
    let mut total = Decimal::ZERO;
    for item in items {
        match item {
            Value::Number(n) => match total.checked_add(*n) {
                Some(more) => total = more,
                None => return first_missing(items).unwrap_or_else(out_of_range),
            },
            other => return missing_or_unfit(other.clone()),
        }
    }
    Value::Number(total)
}

fn mean(items: &[Value]) -> Value {
    match sum(items) {
        Value::Number(_) if items.is_empty() => Value::missing("空列表没有平均数"),
        Value::Number(total) => total.checked_div(items.len().into()).map_or_else(out_of_range, Value::Number),
        missing => missing,
    }
}

/// The smallest item for `Less`, the largest for `Greater`.
pub(crate) fn extreme(items: &[Value], direction: Comparison) -> Value {
    if let Some(missing) = first_missing(items) {
        return missing;
    }
    let better = |a: Value, b: &Value| if compare(direction, b, &a) == Value::Bool(true) { b.clone() } else { a };
    match items.split_first() {
        Some((first, rest)) => rest.iter().fold(first.clone(), better),
        None => Value::missing("空列表没有最大和最小"),
    }
}

fn concatenate(lists: &[Value]) -> Value {
    Value::List(lists.iter().filter_map(Value::items).flatten().cloned().collect())
}

fn distinct(machine: &mut Machine, items: &[Value]) -> Result<Value, Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        machine.spend(1 + kept.len())?;
        match contains(&kept, item) {
            Value::Bool(false) => kept.push(item.clone()),
            Value::Bool(true) => {}
            missing => return Err(missing),
        }
    }
    Ok(Value::List(kept.into()))
}

fn flatten(machine: &mut Machine, items: &[Value], flat: &mut Vec<Value>) -> Result<(), Value> {
    machine.spend(1 + items.len())?;
    for item in items {
        match item {
            Value::List(inner) => flatten(machine, inner, flat)?,
            missing @ Value::Missing(_) => return Err(missing.clone()),
            other => flat.push(other.clone()),
        }
    }
    Ok(())
}

fn sort(items: &[Value]) -> Value {
    if let Some(missing) = first_missing(items) {
        return missing;
    }
    let mut sorted = items.to_vec();
    sorted.sort_by(|a, b| match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    Value::List(sorted.into())
}

/// Rounds to a number of decimal places; a negative number of places rounds to tens, hundreds, …
fn round(n: Decimal, places: Decimal, strategy: RoundingStrategy) -> Value {
    let Some(places) = places.is_integer().then(|| i32::try_from(places).ok()).flatten() else {
        return Value::missing("舍入的位数应当是整数");
    };
    match u32::try_from(places) {
        Ok(places) => Value::Number(n.round_dp_with_strategy(places.min(Decimal::MAX_SCALE), strategy)),
        Err(_) => {
            let unit = 10_i128
                .checked_pow(places.unsigned_abs())
                .and_then(|unit| Decimal::try_from_i128_with_scale(unit, 0).ok());
            let Some(unit) = unit else { return out_of_range() };
            let scaled = n.checked_div(unit).map(|scaled| scaled.round_dp_with_strategy(0, strategy));
            scaled.and_then(|scaled| scaled.checked_mul(unit)).map_or_else(out_of_range, Value::Number)
        }
    }
}

/// The remainder with the sign of the divisor, as FEEL has it.
fn modulo(n: Decimal, divisor: Decimal) -> Value {
    if divisor.is_zero() {
        return Value::missing("除数为零");
    }
    let Some(rest) = n.checked_rem(divisor) else { return out_of_range() };
    if rest.is_zero() || rest.is_sign_negative() == divisor.is_sign_negative() {
        return Value::Number(rest);
    }
    rest.checked_add(divisor).map_or_else(out_of_range, Value::Number)
}

fn join(machine: &mut Machine, items: &[Value], between: &str) -> Result<Value, Value> {
    let mut texts: Vec<Arc<str>> = Vec::with_capacity(items.len());
    for item in items {
        machine.spend(size(item) + between.len() / 16)?;
        match item {
            Value::Text(text) => texts.push(text.clone()),
            other => return Err(missing_or_unfit(other.clone())),
        }
    }
    Ok(Value::Text(texts.join(between).into()))
}

/// FEEL's form of a value as text.
fn string(value: &Value) -> Value {
    match value {
        Value::Text(_) => value.clone(),
        Value::Number(n) => Value::Text(n.normalize().to_string().into()),
        Value::Bool(truth) => Value::from(if *truth { "true" } else { "false" }),
        Value::Date(date) => Value::Text(date.to_string().into()),
        other => missing_or_unfit(other.clone()),
    }
}

fn date(year: Decimal, month: Decimal, day: Decimal) -> Value {
    let whole = |n: Decimal| n.is_integer().then(|| i16::try_from(n).ok()).flatten();
    let small = |n: Decimal| whole(n).and_then(|n| i8::try_from(n).ok());
    let date = match (whole(year), small(month), small(day)) {
        (Some(year), Some(month), Some(day)) => Date::new(year, month, day).ok(),
        _ => None,
    };
    let unknown =
        || Value::missing(format!("没有{}年{}月{}日这一天", year.normalize(), month.normalize(), day.normalize()));
    date.map_or_else(unknown, Value::Date)
}

/// The same day some months later or earlier; the last day of the month where there is no such day.
fn add_months(from: Date, months: Decimal) -> Value {
    let Some(months) = months.is_integer().then(|| i32::try_from(months).ok()).flatten() else {
        return Value::missing("月数应当是整数");
    };
    let Some(index) = (i32::from(from.year()) * 12 + i32::from(from.month()) - 1).checked_add(months) else {
        return out_of_range();
    };
    let first = i16::try_from(index.div_euclid(12))
        .ok()
        .zip(i8::try_from(index.rem_euclid(12) + 1).ok())
        .and_then(|(year, month)| Date::new(year, month, 1).ok());
    match first.and_then(|first| Date::new(first.year(), first.month(), from.day().min(first.days_in_month())).ok()) {
        Some(date) => Value::Date(date),
        None => Value::missing("日期超出公历可表示的范围"),
    }
}

fn add_days(from: Date, days: Decimal) -> Value {
    let Some(days) = days.is_integer().then(|| i32::try_from(days).ok()).flatten() else {
        return Value::missing("天数应当是整数");
    };
    let length = std::time::Duration::from_secs(u64::from(days.unsigned_abs()) * 86_400);
    let date = if days < 0 { from.checked_sub(length) } else { from.checked_add(length) };
    date.map_or_else(|_| Value::missing("日期超出公历可表示的范围"), Value::Date)
}

/// Full months from one date to another, negative when the second is earlier.
fn months_between(from: Date, to: Date) -> i32 {
    if to < from {
        return -months_between(to, from);
    }
    let months = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month()) - i32::from(from.month());
    months - i32::from(to.day() < from.day())
}
