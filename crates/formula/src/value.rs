//! Values, facts, and the reason why a value is unknown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base::{Date, DateTime, Month, RegionCode, Time};

use crate::number::{Rational, shown, shown_yuan};
use crate::types::Type;

/// What a formula yields when it is decidable.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Money is in 元, also where the type is 分额.
    Number(Rational),
    Text(Arc<str>),
    Bool(bool),
    Date(Date),
    Month(Month),
    Time(Time),
    Moment(DateTime),
    Region(RegionCode),
    List(Arc<[Value]>),
    Row(RowRef),
    /// A row of a register, or a record that a formula writes: its columns. A column that is absent is unknown.
    Record(Arc<BTreeMap<Arc<str>, Value>>),
    Null,
}

/// Which row: the list's number in the environment and the places from the outermost list inwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowRef {
    pub list: usize,
    pub at: [usize; 2],
}

/// Why a value cannot be told: what is missing or went wrong, most important first.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    pub reasons: Vec<Reason>,
}

/// One cause of an undecidable result.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// A Chinese sentence without personal data: `没有“成员第 2 行”的“残疾等级”`.
    pub text: String,
    /// The name of the missing field, if that is the cause.
    pub field: Option<Arc<str>>,
}

/// A value, or why there is none.
pub type Outcome = Result<Value, Arc<Unknown>>;

/// What is known: values by name, and lists of rows. What is absent is unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// How a row is called where it may be shown, for example `成员第 2 行`.
    pub label: Option<Arc<str>>,
    pub values: BTreeMap<Arc<str>, Value>,
    pub lists: BTreeMap<Arc<str>, Vec<Facts>>,
    /// What is known where nothing else is said here: shared by all that lie over it.
    pub under: Option<Arc<Facts>>,
}

impl Facts {
    /// Facts that say nothing yet over others.
    pub fn over(under: Arc<Self>) -> Self {
        Self { under: Some(under), ..Self::default() }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).or_else(|| self.under.as_ref()?.get(name))
    }

    pub fn list(&self, name: &str) -> Option<&Vec<Self>> {
        self.lists.get(name).or_else(|| self.under.as_ref()?.list(name))
    }

    pub fn set(&mut self, name: impl Into<Arc<str>>, value: Value) {
        self.values.insert(name.into(), value);
    }
}

impl Unknown {
    pub(crate) fn because(text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { reasons: vec![Reason { text: text.into(), field: None }] })
    }

    pub(crate) fn missing(field: &str, row: Option<&str>) -> Arc<Self> {
        let text = match row {
            Some(row) => format!("没有“{row}”的“{field}”"),
            None => format!("没有“{field}”"),
        };
        Arc::new(Self { reasons: vec![Reason { text, field: Some(field.into()) }] })
    }

    /// Both causes; a cause that both name stands once.
    pub(crate) fn and(self: Arc<Self>, other: &Self) -> Arc<Self> {
        if other.reasons.iter().all(|reason| self.reasons.contains(reason)) {
            return self;
        }
        let mut reasons = self.reasons.clone();
        reasons.extend(other.reasons.iter().filter(|reason| !self.reasons.contains(reason)).take(8).cloned());
        Arc::new(Self { reasons })
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.reasons.iter().map(|reason| &*reason.text).collect();
        f.write_str(&texts.join("；"))
    }
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub fn number(&self) -> Option<Rational> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(t) = self { Some(t) } else { None }
    }

    /// Whether more than so many single values would be shown of it.
    pub(crate) fn is_longer_than(&self, most: usize) -> bool {
        fn left(value: &Value, most: usize) -> Option<usize> {
            match value {
                Value::List(items) => items.iter().try_fold(most.checked_sub(1)?, |most, item| left(item, most)),
                Value::Record(fields) => {
                    fields.values().try_fold(most.checked_sub(1)?, |most, field| left(field, most))
                }
                _ => most.checked_sub(1),
            }
        }
        left(self, most).is_none()
    }

    /// The value as a page or letter shows it; the type says what a number measures.
    pub fn show(&self, ty: &Type) -> String {
        match (self, ty) {
            (Self::Number(n), Type::Number(unit) | Type::Fen(unit)) if unit.is_money() => shown_yuan(*n),
            (Self::Number(n), _) => shown(*n),
            (Self::List(items), Type::List(item)) if items.is_empty() || matches!(**item, Type::Row(_)) => {
                if items.is_empty() { "无".to_owned() } else { format!("{} 行", items.len()) }
            }
            (Self::List(items), Type::List(item)) => {
                items.iter().map(|value| value.show(item)).collect::<Vec<_>>().join("、")
            }
            (Self::Record(values), Type::Fields(fields)) => {
                let shown = |(name, ty): (&Arc<str>, &Type)| {
                    format!("{name}：{}", values.get(name).map_or_else(String::new, |value| value.show(ty)))
                };
                fields.iter().map(shown).collect::<Vec<_>>().join("，")
            }
            (value, _) => value.to_string(),
        }
    }

    /// The value as a page or letter shows it with its unit: `500.00 元/月`, `3 人`.
    pub fn show_with_unit(&self, ty: &Type) -> String {
        let shown = self.show(ty);
        match ty {
            Type::Number(unit) | Type::Fen(unit) if *unit != crate::Unit::NONE => format!("{shown} {unit}"),
            _ => shown,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => f.write_str(&shown(*n)),
            Self::Text(text) => f.write_str(text),
            Self::Bool(b) => f.write_str(if *b { "是" } else { "否" }),
            Self::Date(date) => write!(f, "{date}"),
            Self::Month(month) => f.write_str(&String::from(*month)),
            Self::Time(time) => f.write_str(&clock(*time)),
            Self::Moment(at) => write!(f, "{} {}", at.date(), clock(at.time())),
            Self::Region(code) => write!(f, "{code}"),
            Self::List(items) => {
                let shown: Vec<String> = items.iter().map(Self::to_string).collect();
                f.write_str(&shown.join("、"))
            }
            Self::Row(row) => write!(f, "第 {} 行", row.at[0] + 1),
            Self::Record(_) => f.write_str("（登记）"),
            Self::Null => f.write_str("空"),
        }
    }
}

/// `09:30`, and the seconds where there are any.
pub(crate) fn clock(time: Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}
