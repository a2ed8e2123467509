//! The functions of the language.

use std::sync::Arc;

use base::{Date, Month, Time, age};
use jiff::Span;
use num_traits::Signed;

use crate::calculate::too_large;
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
    let mut values: Vec<Value> = arguments.iter().map(|node| machine.argument(node)).collect::<Result<_, _>>()?;
    if OF_A_DAY.contains(&builtin) {
        for value in &mut values {
            if let Value::Moment(at) = value {
                *value = Value::Date(at.date());
            }
        }
    }
    values.iter().try_for_each(|value| machine.assessment.weigh(value))?;
    apply(machine, builtin, &values)
}

/// Items that are compared as fast as one step is done.
const COMPARED_A_STEP: usize = 64;

/// Calls about a day; a moment stands for its day.
const OF_A_DAY: [Builtin; 7] = [
    Builtin::Year,
    Builtin::MonthNumber,
    Builtin::Day,
    Builtin::Weekday,
    Builtin::DayOfYear,
    Builtin::WeekOfYear,
    Builtin::MonthsBetween,
];

fn count(list: &Value) -> Outcome {
    if let Value::List(items) = list { Ok(whole(items.len() as i128)) } else { Err(unfit()) }
}

fn whole(n: i128) -> Value {
    Value::Number(Rational::from(n))
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
            (Some(Value::Time(a)), Value::Time(b)) => (b > a) == greatest && a != b,
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
                machine.assessment.spend(kept.len() / COMPARED_A_STEP)?;
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
        _ => more(machine, builtin, values),
    }
}

/// Calls about digits, places in lists, and texts.
fn more(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Outcome {
    if let Some(found) = digits(builtin, values) {
        return found;
    }
    match (builtin, values) {
        (Builtin::UpperCase, [Value::Text(text)]) => Ok(Value::Text(text.to_uppercase().into())),
        (Builtin::LowerCase, [Value::Text(text)]) => Ok(Value::Text(text.to_lowercase().into())),
        (Builtin::HasText, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.contains(&**part))),
        (Builtin::StartsWith, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        (Builtin::EndsWith, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        (Builtin::SubstringBefore, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::text(text.split_once(&**part).map_or("", |(before, _)| before)))
        }
        (Builtin::SubstringAfter, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::text(text.split_once(&**part).map_or("", |(_, after)| after)))
        }
        (Builtin::Substring, [Value::Text(text), places @ ..]) => {
            let letters: Vec<char> = text.chars().collect();
            let part = part(letters.len(), places).ok_or_else(no_place)?;
            Ok(Value::Text(letters[part].iter().collect::<String>().into()))
        }
        (Builtin::StringJoin, [Value::List(items), rest @ ..]) => {
            let between = if let [Value::Text(between)] = rest { &**between } else { "" };
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.as_text()).collect();
            texts.map(|texts| Value::Text(texts.join(between).into())).ok_or_else(unfit)
        }
        (Builtin::ToNumber, [Value::Text(text)]) => {
            let (sign, digits) = text.strip_prefix('-').map_or((1, &**text), |digits| (-1, digits));
            let number = number::parse_decimal(digits).ok_or_else(|| Unknown::because("这段文字不是数"))?;
            Ok(Value::Number(number * Rational::from(sign)))
        }
        (Builtin::ToNumber, [Value::Text(text), Value::Text(between), Value::Text(point)]) => {
            if !matches!(&**point, "." | ",") || !matches!(&**between, "" | " " | "." | ",") || between == point {
                return Err(Unknown::because("分组号写空格、逗号或点，小数点写点或逗号，两样不能相同"));
            }
            let plain = if between.is_empty() { text.to_string() } else { text.replace(&**between, "") };
            more(machine, builtin, &[Value::Text(plain.replace(&**point, ".").into())])
        }
        (Builtin::DayOfYear, [Value::Date(date)]) => Ok(whole(i128::from(date.day_of_year()))),
        (Builtin::WeekOfYear, [Value::Date(date)]) => Ok(whole(i128::from(date.iso_week_date().week()))),
        _ => lists(machine, builtin, values),
    }
}

fn no_place() -> Arc<Unknown> {
    Unknown::because("没有这一项")
}

/// The place that a number counted from 1, or from behind, names.
fn place(length: usize, value: &Value) -> Option<usize> {
    let n = small(value)?;
    let place = if n > 0 { n - 1 } else { i32::try_from(length).ok()?.checked_add(n)? };
    usize::try_from(place).ok().filter(|place| n != 0 && *place < length)
}

/// From a place on, so many or to the end.
fn part(length: usize, places: &[Value]) -> Option<std::ops::Range<usize>> {
    let start = place(length, places.first()?)?;
    let end = match places.get(1) {
        None => length,
        Some(many) => start.checked_add(usize::try_from(small(many)?).ok()?)?.min(length),
    };
    Some(start..end)
}

/// Numbers by their digits and their remainders.
fn digits(builtin: Builtin, values: &[Value]) -> Option<Outcome> {
    let (Value::Number(n), rest) = values.split_first().map(|(first, rest)| (first.clone(), rest))? else {
        return None;
    };
    let even = |n: Rational| n.is_integer() && n.to_integer() % 2 == 0;
    let round = |n: Rational| {
        let (down, half) = (n.abs().trunc(), Rational::new(1, 2));
        let rest = n.abs() - down;
        let up = match builtin {
            Builtin::RoundUp => rest > Rational::from(0),
            Builtin::RoundDown => false,
            Builtin::RoundHalfUp => rest >= half,
            Builtin::RoundHalfDown => rest > half,
            Builtin::Floor => rest > Rational::from(0) && n < Rational::from(0),
            Builtin::Ceiling => rest > Rational::from(0) && n > Rational::from(0),
            _ => rest > half || rest == half && !even(down),
        };
        let whole = if up { down + Rational::from(1) } else { down };
        if n < Rational::from(0) { -whole } else { whole }
    };
    match (builtin, rest) {
        (Builtin::Odd, []) => Some(Ok(Value::Bool(n.is_integer() && !even(n)))),
        (Builtin::Even, []) => Some(Ok(Value::Bool(even(n)))),
        (Builtin::Modulo | Builtin::Remainder, [Value::Number(by)]) => Some(match number::divide(n, *by) {
            None => Err(Unknown::because("除数为零")),
            Some(quotient) => {
                number::multiply(if builtin == Builtin::Modulo { quotient.floor() } else { quotient.trunc() }, *by)
                    .and_then(|whole| number::subtract(n, whole))
                    .map(Value::Number)
                    .ok_or_else(too_large)
            }
        }),
        (
            Builtin::RoundUp
            | Builtin::RoundDown
            | Builtin::RoundHalfUp
            | Builtin::RoundHalfDown
            | Builtin::Decimal
            | Builtin::Floor
            | Builtin::Ceiling,
            [places],
        ) => {
            let factor = small(places).and_then(|places| {
                let power = Rational::from(10_i128.checked_pow(places.unsigned_abs())?);
                Some(if places < 0 { power.recip() } else { power })
            });
            let scaled = factor.and_then(|factor| Some((number::multiply(n, factor)?, factor)));
            let rounded = scaled.and_then(|(scaled, factor)| number::divide(round(scaled), factor));
            Some(rounded.map(Value::Number).ok_or_else(too_large))
        }
        _ => None,
    }
}

/// Calls about lists.
fn lists(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Outcome {
    let of = |items: Vec<Value>| Ok(Value::List(items.into()));
    match (builtin, values) {
        (Builtin::All, [Value::List(items)]) => Ok(Value::Bool(items.iter().all(|item| *item == Value::Bool(true)))),
        (Builtin::Any, [Value::List(items)]) => Ok(Value::Bool(items.contains(&Value::Bool(true)))),
        (Builtin::Product, [Value::List(items)]) if !items.is_empty() => {
            let product = items.iter().try_fold(Rational::from(1), |product, item| {
                number::multiply(product, item.number().ok_or_else(unfit)?).ok_or_else(too_large)
            });
            product.map(Value::Number)
        }
        (Builtin::Median, [Value::List(items)]) if !items.is_empty() => {
            let sorted = sorted(items)?;
            let half = sorted.len() / 2;
            let middle = if sorted.len() % 2 == 1 { [sorted[half]; 2] } else { [sorted[half - 1], sorted[half]] };
            let sum = number::add(middle[0], middle[1]).ok_or_else(too_large)?;
            number::divide(sum, Rational::from(2)).map(Value::Number).ok_or_else(too_large)
        }
        (Builtin::Mode, [Value::List(items)]) => {
            let mut counts: Vec<(Rational, usize)> = Vec::new();
            for number in sorted(items)? {
                match counts.last_mut() {
                    Some((last, many)) if *last == number => *many += 1,
                    _ => counts.push((number, 1)),
                }
            }
            let most = counts.iter().map(|(_, many)| *many).max().unwrap_or(0);
            of(counts.into_iter().filter(|(_, many)| *many == most).map(|(number, _)| Value::Number(number)).collect())
        }
        (Builtin::Product | Builtin::Median, [Value::List(_)]) => Err(empty()),
        (Builtin::Append, [Value::List(items), more @ ..]) => of([&items[..], more].concat()),
        (Builtin::InsertBefore, [Value::List(items), at, value]) => {
            let at = place(items.len(), at).ok_or_else(no_place)?;
            of([&items[..at], std::slice::from_ref(value), &items[at..]].concat())
        }
        (Builtin::ListReplace, [Value::List(items), at, value]) => {
            let at = place(items.len(), at).ok_or_else(no_place)?;
            of([&items[..at], std::slice::from_ref(value), &items[at + 1..]].concat())
        }
        (Builtin::Remove, [Value::List(items), at]) => {
            let at = place(items.len(), at).ok_or_else(no_place)?;
            of([&items[..at], &items[at + 1..]].concat())
        }
        (Builtin::Reverse, [Value::List(items)]) => of(items.iter().rev().cloned().collect()),
        (Builtin::IndexOf, [Value::List(items), value]) => {
            let places = (1..).zip(items.iter()).filter(|(_, item)| *item == value);
            of(places.map(|(place, _)| whole(place)).collect())
        }
        (Builtin::Union, lists) => {
            let all = apply(machine, Builtin::Concatenate, lists)?;
            apply(machine, Builtin::Distinct, &[all])
        }
        (Builtin::Flatten, [Value::List(items)]) => {
            let mut flat = Vec::new();
            flatten(items, &mut flat);
            of(flat)
        }
        (Builtin::Join, [Value::List(items)]) => apply(machine, Builtin::Concatenate, items),
        (Builtin::Sublist, [Value::List(items), places @ ..]) => {
            let part = part(items.len(), places).ok_or_else(no_place)?;
            of(items[part].to_vec())
        }
        (Builtin::Range, [low, high]) => range(low, high),
        _ => dates(machine, builtin, values),
    }
}

/// The most steps of a range, so that evaluation stays small.
const MOST_STEPS: u32 = 10_000;

/// Whole numbers or days from one to another, upwards or downwards.
fn range(low: &Value, high: &Value) -> Outcome {
    if let (Value::Date(low), Value::Date(high)) = (low, high) {
        let days = low.until(*high).map_or(i32::MAX, |span| span.get_days());
        if days.unsigned_abs() > MOST_STEPS {
            return Err(too_large());
        }
        let day = |n: i32| low.checked_add(Span::new().days(n * days.signum())).map(Value::Date);
        let days: Vec<Value> = (0..=days.abs()).map(day).collect::<Result<_, _>>().map_err(|_| too_large())?;
        return Ok(Value::List(days.into()));
    }
    let (low, high) = small(low).zip(small(high)).ok_or_else(too_large)?;
    if low.abs_diff(high) > MOST_STEPS {
        return Err(too_large());
    }
    let numbers = |n: i32| whole(i128::from(n));
    Ok(Value::List(if low <= high {
        (low..=high).map(numbers).collect()
    } else {
        (high..=low).rev().map(numbers).collect()
    }))
}

fn flatten(items: &[Value], flat: &mut Vec<Value>) {
    for item in items {
        if let Value::List(inner) = item { flatten(inner, flat) } else { flat.push(item.clone()) }
    }
}

fn sorted(items: &[Value]) -> Result<Vec<Rational>, Arc<Unknown>> {
    let mut numbers = items.iter().map(|item| item.number().ok_or_else(unfit)).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    Ok(numbers)
}

fn dates(machine: &mut Machine, builtin: Builtin, values: &[Value]) -> Outcome {
    if let Some(found) = clock(builtin, values) {
        return found;
    }
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
        (Builtin::MonthsAfter, [Value::Moment(at), n]) => {
            let moved = small(n).and_then(|n| at.checked_add(Span::new().try_months(n).ok()?).ok());
            moved.map(Value::Moment).ok_or_else(too_large)
        }
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

/// Calls about times of day and moments; those about a day take the day of a moment.
fn clock(builtin: Builtin, values: &[Value]) -> Option<Outcome> {
    let time = match values {
        [Value::Time(time)] => Some(*time),
        [Value::Moment(at)] => Some(at.time()),
        _ => None,
    };
    let number = |n: i8| Ok(whole(i128::from(n)));
    Some(match (builtin, values, time) {
        (Builtin::Hour, _, Some(time)) => number(time.hour()),
        (Builtin::Minute, _, Some(time)) => number(time.minute()),
        (Builtin::Second, _, Some(time)) => number(time.second()),
        (Builtin::Time, _, Some(time)) => Ok(Value::Time(time)),
        (Builtin::Time, [hour, minute, second], _) => {
            let part = |value| small(value).and_then(|n| i8::try_from(n).ok());
            let parts = || Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok();
            parts().map(Value::Time).ok_or_else(|| Unknown::because("没有这个时间"))
        }
        (Builtin::Moment, [Value::Date(date), Value::Time(time)], _) => Ok(Value::Moment(date.to_datetime(*time))),
        (Builtin::Moment, [Value::Moment(at), Value::Time(time)], _) => Ok(Value::Moment(at.date().to_datetime(*time))),
        (Builtin::Weekday, [Value::Date(date)], _) => number(date.weekday().to_monday_one_offset()),
        (Builtin::Date, [Value::Date(date)], _) => Ok(Value::Date(*date)),
        (Builtin::Date, [Value::Moment(at)], _) => Ok(Value::Date(at.date())),
        _ => return None,
    })
}
