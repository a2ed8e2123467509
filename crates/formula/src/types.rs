//! Types of values, and which of them go together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::unit::Unit;

/// What a formula yields. Every formula has one type, known before anything runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Text,
    Bool,
    Number(Unit),
    /// The literal 0, which fits every unit.
    Zero,
    /// 分额: whole 分, made only by 舍入; 元 or 元/月.
    Fen(Unit),
    Date,
    Month,
    /// A time of day.
    Time,
    Moment,
    /// One of a closed list of words; a text literal is a choice of one.
    Choice(Arc<[Arc<str>]>),
    /// 地区.
    Region,
    /// A row of a list, by the list's number in the environment.
    Row(usize),
    /// A row of a register, by the register's number in the environment.
    Record(usize),
    /// A record that a formula writes: its fields by name.
    Fields(Arc<BTreeMap<Arc<str>, Type>>),
    List(Box<Type>),
    Null,
    /// The item of an empty list; goes with everything.
    Never,
}

impl Type {
    pub fn list(item: Type) -> Self {
        Self::List(Box::new(item))
    }

    pub fn choice(words: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self::Choice(words.into_iter().map(Into::into).collect())
    }

    /// The unit of anything that can be calculated with.
    pub fn unit(&self) -> Option<Unit> {
        match self {
            Self::Number(unit) | Self::Fen(unit) => Some(*unit),
            Self::Zero => Some(Unit::NONE),
            _ => None,
        }
    }

    /// How many fields a record has, with those of records in it.
    pub(crate) fn fields(&self) -> usize {
        match self {
            Self::Fields(fields) => fields.values().map(|ty| 1 + ty.fields()).sum(),
            Self::List(item) => item.fields(),
            _ => 0,
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_))
    }

    /// The type that holds the values of both, if there is one.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            _ if self == other => Some(self.clone()),
            (Self::Never, x) | (x, Self::Never) => Some(x.clone()),
            (Self::Zero, x) | (x, Self::Zero) if x.unit().is_some() => Some(x.clone()),
            (Self::Choice(a), Self::Choice(b)) => {
                let more = b.iter().filter(|word| !a.contains(word));
                Some(Self::Choice(a.iter().chain(more).cloned().collect()))
            }
            (a, b) if a.is_text() && b.is_text() => Some(Self::Text),
            (Self::List(a), Self::List(b)) => Some(Self::list(a.join(b)?)),
            (Self::Fields(a), Self::Fields(b)) if a.len() == b.len() => {
                let joined = a.iter().map(|(name, ty)| Some((name.clone(), ty.join(b.get(name)?)?)));
                Some(Self::Fields(Arc::new(joined.collect::<Option<_>>()?)))
            }
            (a, b) => Some(Self::Number(a.unit()?.sum(b.unit()?)?)),
        }
    }

    /// Whether a value of this type may stand where `wanted` is asked for.
    pub fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Choice(a), Self::Choice(b)) => a.iter().all(|word| b.contains(word)),
            (Self::Choice(_), Self::Text) => true,
            (Self::Zero, wanted) => wanted.unit().is_some(),
            (Self::Fen(a), Self::Number(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a.sum(*b).is_some(),
            (Self::List(a), Self::List(b)) => a.fits(b),
            (Self::Never, _) => true,
            (a, b) => a == b,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("文字"),
            Self::Bool => f.write_str("是否"),
            Self::Number(unit) => unit.fmt(f),
            Self::Zero => f.write_str("数"),
            Self::Fen(unit) if *unit == Unit::YUAN => f.write_str("分额"),
            Self::Fen(unit) => write!(f, "分额（{unit}）"),
            Self::Date => f.write_str("日期"),
            Self::Month => f.write_str("月份"),
            Self::Time => f.write_str("时间"),
            Self::Moment => f.write_str("时刻"),
            Self::Choice(words) => write!(f, "选项({})", words.join("、")),
            Self::Region => f.write_str("地区"),
            Self::Row(_) => f.write_str("名单的一行"),
            Self::Record(_) => f.write_str("台账的一行"),
            Self::Fields(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
                write!(f, "记录<{}>", fields.join(", "))
            }
            Self::List(item) => write!(f, "一列{item}"),
            Self::Null => f.write_str("空"),
            Self::Never => f.write_str("空列的项"),
        }
    }
}
