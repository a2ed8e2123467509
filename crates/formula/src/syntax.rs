//! The surface syntax of a formula, as written but for blanks, brackets and the choice among synonyms.

use std::ops::Range;
use std::sync::Arc;

use base::{Date, DateTime, Month, Time};

use crate::kinds::Wanted;
use crate::number::Rational;

/// No expression is nested deeper than this, so that no later walk over it can exhaust the stack.
pub(crate) const MAX_HEIGHT: u16 = 80;

/// An expression with its place in the file. Equality looks at the meaning only.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    pub(crate) height: u16,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(Rational, Option<&'static str>),
    Text(Arc<str>),
    Date(Date),
    Month(Month),
    Time(Time),
    Moment(DateTime),
    Bool(bool),
    Null,
    Name(Arc<str>),
    /// `本行`: the row outside a filter.
    This,
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// 任一, 全部, 对每个: variable, list, body.
    Each(Each, Ident, Box<Expr>, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Test>),
    /// `甲 类型是 数`.
    IsA(Box<Expr>, Wanted),
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Path(Box<Expr>, Ident),
    /// `列表[条件]` or `列表[序号]`; which of the two, the type of the bracket decides.
    Filter(Box<Expr>, Box<Expr>),
    Call(Ident, Vec<Argument>),
    List(Vec<Expr>),
    Record(Vec<(Ident, Expr)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Each {
    Some,
    Every,
    For,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// A name where it is written. Equality looks at the text only.
#[derive(Clone, Debug)]
pub(crate) struct Ident {
    pub text: Arc<str>,
    pub span: Range<usize>,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Argument {
    pub name: Option<Ident>,
    pub value: Expr,
}

/// A unary test: what stands behind `在` and in an input cell of a decision table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// `-`: any value, even an unknown one.
    Any,
    /// `未知`: only an unknown value.
    Unknown,
    /// Equal to the value, or in it when it is a list.
    Equal(Expr),
    Compare(Operator, Expr),
    Interval {
        low: Expr,
        low_closed: bool,
        high: Expr,
        high_closed: bool,
    },
    Not(Vec<Test>),
}

/// A line `名 = 式`; a name with a list before it has one value per row of that list.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub path: Vec<Ident>,
    /// `None` when the right side has an error that has been reported; the name exists all the same.
    pub body: Option<Expr>,
}

impl Operator {
    pub fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "**" => Self::Power,
            _ => return None,
        })
    }

    pub fn text(self) -> &'static str {
        match self {
            Self::Or => "或",
            Self::And => "且",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "**",
        }
    }

    /// How tightly it binds.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Add | Self::Subtract => SUM,
            Self::Multiply | Self::Divide => 5,
            Self::Power => POWER,
            _ => COMPARISON,
        }
    }

    pub fn is_comparison(self) -> bool {
        self.precedence() == COMPARISON
    }
}

pub(crate) const COMPARISON: u8 = 3;
pub(crate) const SUM: u8 = 4;
pub(crate) const POWER: u8 = 6;
pub(crate) const NEGATION: u8 = 7;
pub(crate) const PRIMARY: u8 = 8;

impl Expr {
    /// Builds an expression over its parts.
    pub(crate) fn new(kind: Kind, span: Range<usize>) -> Self {
        let height = 1 + parts(&kind).iter().map(|part| part.height).max().unwrap_or(0);
        Self { kind, span, height }
    }
}

/// The parts that are expressions, in the order of the text.
fn parts(kind: &Kind) -> Vec<&Expr> {
    match kind {
        Kind::Negate(a) | Kind::Not(a) | Kind::Path(a, _) | Kind::IsA(a, _) => vec![a],
        Kind::Binary(_, a, b) | Kind::Filter(a, b) | Kind::Each(_, _, a, b) => vec![a, b],
        Kind::If(a, b, c) => vec![a, b, c],
        Kind::In(a, tests) => std::iter::once(&**a).chain(tests.iter().flat_map(Test::parts)).collect(),
        Kind::List(items) => items.iter().collect(),
        Kind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        Kind::Call(_, arguments) => arguments.iter().map(|a| &a.value).collect(),
        _ => Vec::new(),
    }
}

impl Test {
    fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Any | Self::Unknown => Vec::new(),
            Self::Equal(e) | Self::Compare(_, e) => vec![e],
            Self::Interval { low, high, .. } => vec![low, high],
            Self::Not(tests) => tests.iter().flat_map(Self::parts).collect(),
        }
    }
}
