//! Comparing and calculating with two known values.

use std::sync::Arc;

use base::{Date, DateTime};
use jiff::{SignedDuration, Span};

use crate::eval::unfit;
use crate::number::{self, Rational};
use crate::syntax::Operator;
use crate::value::{Outcome, Unknown, Value};

const SECONDS_A_DAY: i128 = 86_400;

/// Compares two known values; `None` where their types do not go together.
pub(crate) fn compare_known(operator: Operator, left: &Value, right: &Value) -> Option<bool> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Month(a), Value::Month(b)) => Some(a.cmp(b)),
        (Value::Moment(a), Value::Moment(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match operator {
        Operator::Equal => Some(left == right),
        Operator::NotEqual => Some(left != right),
        Operator::Less => order.map(Ordering::is_lt),
        Operator::LessEqual => order.map(Ordering::is_le),
        Operator::Greater => order.map(Ordering::is_gt),
        Operator::GreaterEqual => order.map(Ordering::is_ge),
        _ => None,
    }
}

pub(crate) fn too_large() -> Arc<Unknown> {
    Unknown::because("结果太大，不能精确表示")
}

/// A value with a number, a day or a moment added or taken away, multiplied, and so on.
pub(crate) fn calculate(operator: Operator, left: &Value, right: &Value) -> Outcome {
    let signed = |n: &Rational| if operator == Operator::Add { *n } else { -*n };
    match (operator, left, right) {
        (Operator::Add, Value::Text(a), Value::Text(b)) => Ok(Value::Text(format!("{a}{b}").into())),
        (Operator::Subtract, Value::Moment(a), Value::Moment(b)) => Ok(days(b.duration_until(*a))),
        (Operator::Subtract, Value::Time(a), Value::Time(b)) => Ok(days(b.duration_until(*a))),
        (Operator::Add | Operator::Subtract, Value::Moment(at), Value::Number(n)) => {
            moved(*at, signed(n)).map(Value::Moment)
        }
        // The clock goes round.
        (Operator::Add | Operator::Subtract, Value::Time(at), Value::Number(n)) => {
            let part = signed(n) - signed(n).floor();
            Ok(Value::Time(moved(Date::constant(2000, 1, 1).to_datetime(*at), part)?.time()))
        }
        (Operator::Subtract, Value::Date(a), Value::Date(b)) => {
            let between = b.until(*a).map_err(|_| too_large())?;
            Ok(Value::Number(Rational::from(i128::from(between.get_days()))))
        }
        // Part of a day leads from midnight into a day.
        (Operator::Add | Operator::Subtract, Value::Date(date), Value::Number(n)) => {
            let n = i32::try_from(signed(n).floor().to_integer()).map_err(|_| too_large())?;
            let moved = Span::new().try_days(n).and_then(|span| date.checked_add(span));
            moved.map(Value::Date).map_err(|_| too_large())
        }
        (_, Value::Number(a), Value::Number(b)) => {
            let result = match operator {
                Operator::Add => number::add(*a, *b),
                Operator::Subtract => number::subtract(*a, *b),
                Operator::Multiply => number::multiply(*a, *b),
                Operator::Divide if *b == Rational::from(0) => return Err(Unknown::because("除数为零")),
                Operator::Divide => number::divide(*a, *b),
                _ => number::power(*a, *b),
            };
            result.map(Value::Number).ok_or_else(too_large)
        }
        _ => Err(unfit()),
    }
}

/// A length of time as a number of 日.
fn days(duration: SignedDuration) -> Value {
    Value::Number(Rational::new(i128::from(duration.as_secs()), SECONDS_A_DAY))
}

/// A moment so many 日 later; parts of a second cannot be told.
fn moved(at: DateTime, days: Rational) -> Result<DateTime, Arc<Unknown>> {
    let seconds = number::multiply(days, Rational::from(SECONDS_A_DAY)).filter(Rational::is_integer);
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds.to_integer()).ok()).ok_or_else(too_large)?;
    at.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| too_large())
}
