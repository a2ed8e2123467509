//! What a guide says of registers, as values.

use std::ops::Range;
use std::sync::Arc;

use formula::Expression;

use crate::model::FieldType;

/// `### 台账名`: a register that a guide, or registers.md, owns.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub columns: Vec<RegisterColumn>,
    pub span: Range<usize>,
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
