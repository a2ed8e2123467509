//! The typed form of formulas: every name resolved, every operation of a known type.

use std::ops::Range;
use std::sync::Arc;

use crate::syntax::Operator;
use crate::value::Value;
use crate::words::{Builtin, Policy};

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Const(Value),
    /// A bound variable or the row at hand.
    Slot(usize),
    /// The row that encloses a row.
    Parent(Box<Node>),
    /// Something that explanations show, with its place in the text.
    Named(Named, Range<usize>),
    /// A column of a row of a register.
    Field(Box<Node>, Arc<str>),
    For(Box<Node>, usize, Box<Node>),
    Filter(Box<Node>, usize, Box<Node>),
    /// 任一 (`false`) or 全部 (`true`).
    Quantified(bool, Box<Node>, usize, Box<Node>),
    Index(Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    /// 且 is settled by false, 或 by true.
    Junction(bool, Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<TestNode>),
    List(Vec<Node>),
    /// A record that a formula writes: its fields.
    Record(Vec<(Arc<str>, Node)>),
    Call(Builtin, Vec<Node>),
}

#[derive(Clone, Debug)]
pub(crate) enum Named {
    /// A value of the environment.
    Value(usize),
    /// The rows of a list, for a nested list those under a row.
    Rows(usize, Option<Box<Node>>),
    /// A column of a row: list, column, row.
    Column(usize, usize, Box<Node>),
    /// A definition, with its row if it has one value per row.
    Definition(usize, Option<Box<Node>>),
    Parameter(usize, Vec<Node>, Option<Box<Node>>, Option<Box<Node>>),
}

#[derive(Clone, Debug)]
pub(crate) enum TestNode {
    Any,
    Unknown,
    Equal(Node),
    /// In a list of values.
    Member(Node),
    Compare(Operator, Node),
    Interval {
        low: Node,
        low_closed: bool,
        high: Node,
        high_closed: bool,
    },
    Not(Vec<TestNode>),
}

#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    pub policy: Policy,
    /// For each output its values, the most important first; empty where the policy asks for none.
    pub ranks: Vec<Vec<Value>>,
    pub slots: usize,
    pub inputs: Vec<Node>,
    pub rows: Vec<TableRow>,
}

#[derive(Clone, Debug)]
pub(crate) struct TableRow {
    pub label: Arc<str>,
    pub tests: Vec<Vec<TestNode>>,
    pub outputs: Vec<Node>,
}
