//! The surface syntax of a formula, as written but for blanks, brackets and the choice among synonyms.

use std::ops::Range;
use std::sync::Arc;

use base::Decimal;

use crate::words::Symbol;

/// No expression is nested deeper than this, so that no later walk over it can exhaust the stack.
pub(crate) const MAX_HEIGHT: u16 = 100;

/// An expression with its place in the file. Equality looks at the meaning only, not at the place.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    pub span: Range<usize>,
    /// One more than the highest part.
    pub height: u16,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExprKind {
    Number(Decimal),
    Text(Arc<str>),
    Bool(bool),
    /// `本项` inside a filter.
    Item,
    Name(Arc<str>),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Test>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    For(Vec<Iteration>, Box<Expr>),
    Quantified(Quantifier, Vec<Iteration>, Box<Expr>),
    /// `列表[条件]` or `列表[序号]`; which of the two, the type of the bracket decides.
    Filter(Box<Expr>, Box<Expr>),
    Path(Box<Expr>, Ident),
    List(Vec<Expr>),
    Record(Vec<(Ident, Expr)>),
    Call(Ident, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Compare(Comparison),
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Some,
    Every,
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

/// `x 在 列表` or `i 在 1..n`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Iteration {
    pub name: Ident,
    pub domain: Domain,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Domain {
    List(Expr),
    Range(Expr, Expr),
}

/// A unary test: what stands after `在` and in an input cell of a decision table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// `-` in a cell: any value, even a missing one.
    Any,
    /// Equal to the value, or in it when it is a list.
    Equal(Expr),
    Compare(Comparison, Expr),
    Interval {
        low: Expr,
        low_closed: bool,
        high: Expr,
        high_closed: bool,
    },
    /// `非(…)` in a cell: none of them.
    Not(Vec<Test>),
}

/// A line `名称 = 式子` or `名称(参数) = 式子`.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub name: Ident,
    /// `None` for a plain definition.
    pub parameters: Option<Vec<Ident>>,
    /// `None` when the right side has an error that has been reported; the name exists all the same.
    pub body: Option<Expr>,
    /// Bytes of the right side in the file.
    pub body_span: Range<usize>,
    pub note: Option<String>,
}

impl Comparison {
    pub fn of(symbol: Symbol) -> Option<Comparison> {
        Some(match symbol {
            Symbol::Equal => Comparison::Equal,
            Symbol::NotEqual => Comparison::NotEqual,
            Symbol::Less => Comparison::Less,
            Symbol::LessEqual => Comparison::LessEqual,
            Symbol::Greater => Comparison::Greater,
            Symbol::GreaterEqual => Comparison::GreaterEqual,
            _ => return None,
        })
    }

    pub fn text(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterEqual => ">=",
        }
    }

    /// Whether it asks only for sameness, which every type has, and not for an order.
    pub fn is_equality(self) -> bool {
        matches!(self, Comparison::Equal | Comparison::NotEqual)
    }
}

impl Operator {
    /// How tightly the operator binds; comparisons and powers do not chain.
    pub fn precedence(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Compare(_) => COMPARISON,
            Operator::Add | Operator::Subtract => SUM,
            Operator::Multiply | Operator::Divide => 5,
            Operator::Power => 6,
        }
    }

    pub fn of(symbol: Symbol) -> Option<Operator> {
        Some(match symbol {
            Symbol::Plus => Operator::Add,
            Symbol::Minus => Operator::Subtract,
            Symbol::Times => Operator::Multiply,
            Symbol::Divide => Operator::Divide,
            Symbol::Power => Operator::Power,
            other => Operator::Compare(Comparison::of(other)?),
        })
    }
}

pub(crate) const COMPARISON: u8 = 3;
pub(crate) const SUM: u8 = 4;
pub(crate) const NEGATION: u8 = 7;
pub(crate) const PRIMARY: u8 = 8;

impl ExprKind {
    /// The parts that are expressions, in the order of the text.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Item | ExprKind::Name(_) => {
                Vec::new()
            }
            ExprKind::Negate(a) | ExprKind::Path(a, _) => vec![a],
            ExprKind::Binary(_, a, b) | ExprKind::Filter(a, b) => vec![a, b],
            ExprKind::Between(a, b, c) | ExprKind::If(a, b, c) => vec![a, b, c],
            ExprKind::In(a, tests) => std::iter::once(&**a).chain(tests.iter().flat_map(Test::parts)).collect(),
            ExprKind::For(iterations, body) | ExprKind::Quantified(_, iterations, body) => {
                iterations.iter().flat_map(|i| i.domain.parts()).chain([&**body]).collect()
            }
            ExprKind::List(items) | ExprKind::Call(_, items) => items.iter().collect(),
            ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}

impl Domain {
    fn parts(&self) -> Vec<&Expr> {
        match self {
            Domain::List(list) => vec![list],
            Domain::Range(low, high) => vec![low, high],
        }
    }
}

impl Test {
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Test::Any => Vec::new(),
            Test::Equal(e) | Test::Compare(_, e) => vec![e],
            Test::Interval { low, high, .. } => vec![low, high],
            Test::Not(tests) => tests.iter().flat_map(Test::parts).collect(),
        }
    }
}

impl Expr {
    /// Builds an expression over its parts.
    pub fn new(kind: ExprKind, span: Range<usize>) -> Expr {
        let height = 1 + kind.parts().iter().map(|part| part.height).max().unwrap_or(0);
        Expr { kind, span, height }
    }
}
