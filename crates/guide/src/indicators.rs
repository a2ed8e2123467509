//! `## 指标` as values: figures that are counted over rows of a register, or over cases.

use std::sync::Arc;

use base::Level;
use formula::{Expression, Program, Type, Unit, ValueName};

/// A figure by region and period. It has names of its own: the rows and their columns.
#[derive(Clone, Debug)]
pub struct Indicator {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub over: Over,
    pub program: Program,
    /// Which rows count.
    pub filter: Option<Expression>,
    /// What is reckoned over them.
    pub value: Expression,
    pub level: Level,
    pub period: Period,
}

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Cases of the service: one is of the period in which it was closed.
    Cases,
    /// 发放: what batches pay for the service, or for a service of batches all that they pay; of the month that is paid.
    Payments,
    /// A register, by its place among those that the guide may write: a row is of the period from which it holds.
    Register(usize),
}

/// Over which time a figure goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Year,
    Quarter,
    Month,
}

impl Period {
    pub const WORDS: [(&'static str, Self); 3] = [("年", Self::Year), ("季", Self::Quarter), ("月", Self::Month)];

    pub fn months(self) -> i32 {
        match self {
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
        }
    }
}

/// What is known of payments that stand alike: `发放.列`; the figure of each is how many they are.
pub fn payment_columns() -> Vec<ValueName> {
    let counted = |unit: &str| Type::Number(Unit::parse(unit).unwrap_or(Unit::NONE));
    vec![
        ValueName::new("项目", Type::Text),
        ValueName::new("待遇", Type::Text),
        ValueName::new("到账", Type::Bool),
        ValueName::new("按时", Type::Bool),
        ValueName::new("入账户", Type::Bool),
        ValueName::new("笔数", counted("笔")),
        ValueName::new("人数", counted("人")),
        ValueName::new("金额", Type::Fen(Unit::YUAN)),
    ]
}

/// What is known of a case: `办件.列`.
pub fn case_columns(starts: impl Iterator<Item = Arc<str>>) -> Vec<ValueName> {
    vec![
        ValueName::new("缘由", Type::choice(starts)),
        ValueName::new("结果", Type::Text),
        ValueName::new("办结", Type::Bool),
        ValueName::new("开始日期", Type::Date),
        ValueName::new("办结日期", Type::Date),
        ValueName::new("用时", Type::Number(Unit::HOURS)),
    ]
}
