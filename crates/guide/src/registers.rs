//! What a guide says of registers, as values.

use std::ops::Range;
use std::sync::Arc;

use base::Date;
use formula::Expression;

use crate::model::FieldType;

/// `### 台账名`: a register that a guide, or registers.md, owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub columns: Vec<RegisterColumn>,
    pub retention: Option<Retention>,
    pub span: Range<usize>,
}

/// How long a row is kept, and on what basis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Without years it is kept for ever (永久).
    pub years: Option<i16>,
    /// 标识 of the column whose date begins the years; a row without that date is still in use.
    pub since: Arc<str>,
    pub basis: String,
}

impl Retention {
    /// The last day on which a row must be kept, whose years began on a day; `None` where it is kept for ever.
    pub fn until(&self, since: Date) -> Option<Date> {
        since.checked_add(jiff::Span::new().years(self.years?)).ok()
    }
}

/// A column of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterColumn {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub ty: FieldType,
    /// 是, or 键: part of what tells one row from another.
    pub required: bool,
    pub is_key: bool,
    /// 唯一: no two rows that are in force say the same.
    pub unique: bool,
    pub note: String,
}

/// A row of `## 台账`: what formulas read of a register.
#[derive(Clone, Debug)]
pub struct Relation {
    pub name: Arc<str>,
    /// 标识 of the register.
    pub register: Arc<str>,
    /// The columns that are asked for, by 标识, each with the value or values that it must have.
    pub join: Vec<(Arc<str>, Expression)>,
    pub as_of: AsOf,
    /// 多行: the number of the list that formulas see; otherwise one row.
    pub list: Option<usize>,
    /// 每个 列表: a row for each of that list's, also where the register has none; then its columns are unknown, so that
    /// a sum is undecidable and never short.
    pub each: Option<Arc<str>>,
    pub columns: Vec<RegisterColumn>,
}

/// 时点: which version of a row is read.
#[derive(Clone, Debug)]
pub enum AsOf {
    Now,
    On(Box<Expression>),
}
