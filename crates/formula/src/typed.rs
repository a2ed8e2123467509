//! The typed form of a formula: every name is a slot, every operation is known to fit its operands.
//! The evaluator walks it; a columnar evaluator would compile it further.

use std::sync::Arc;

use crate::ast::Comparison;
use crate::source::HitPolicy;
use crate::value::Value;
use crate::words::Builtin;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Const(Value),
    Fact(usize),
    Rate(usize),
    Definition(usize),
    /// A slot of the frame: a parameter, the item of a filter, the variable of an iteration.
    Local(usize),
    Negate(Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Between(Box<Node>, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<TestNode>),
    If(Box<Node>, Box<Node>, Box<Node>),
    For(Vec<IterationNode>, Box<Node>),
    Quantified {
        every: bool,
        iterations: Vec<IterationNode>,
        condition: Box<Node>,
    },
    /// Items of a list for which the condition holds; `slot` holds the item.
    Filter {
        list: Box<Node>,
        slot: usize,
        condition: Box<Node>,
    },
    /// An item by its number from 1, or from the end when negative.
    Index(Box<Node>, Box<Node>),
    Field(Box<Node>, usize),
    /// The field of every record of a list.
    Project(Box<Node>, usize),
    List(Vec<Node>),
    Record(Arc<[Arc<str>]>, Vec<Node>),
    Builtin(Builtin, Vec<Node>),
    Call(Arc<Body>, Vec<Node>),
    Table(Arc<Table>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// An expression with the size of the frame that it needs; the parameters of a function are its first slots.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub node: Node,
    pub slots: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct IterationNode {
    pub slot: usize,
    pub domain: DomainNode,
}

#[derive(Clone, Debug)]
pub(crate) enum DomainNode {
    List(Node),
    Range(Node, Node),
}

#[derive(Clone, Debug)]
pub(crate) enum TestNode {
    Any,
    Equal(Node),
    /// The value is an item of the list.
    Member(Node),
    Compare(Comparison, Node),
    Interval {
        low: Node,
        low_closed: bool,
        high: Node,
        high_closed: bool,
    },
    Not(Vec<TestNode>),
}

/// A compiled decision table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub name: Arc<str>,
    pub hit: HitPolicy,
    pub inputs: Vec<Node>,
    pub rows: Vec<Row>,
    /// The names of the outputs when there are several; the result is then a record.
    pub fields: Option<Arc<[Arc<str>]>>,
    /// For P and O: the values of each output, the most preferred first.
    pub ranking: Vec<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// For each input its tests, one of which must hold.
    pub tests: Vec<Vec<TestNode>>,
    pub outputs: Vec<Node>,
}
