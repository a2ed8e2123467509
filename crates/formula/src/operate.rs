//! Operations, comparisons and unary tests: which types and units go together, and what they yield.

use std::ops::Range;

use crate::check::{Checker, Part};
use crate::number::Rational;
use crate::plan::{Node, TestNode};
use crate::syntax::{Expr, Kind, Operator, Test};
use crate::types::Type;
use crate::unit::Unit;
use crate::value::Value;
use crate::words::Builtin;

/// A text, or a word that stands for itself: ordered by its characters. Options have no order.
fn is_word(ty: &Type) -> bool {
    match ty {
        Type::Text => true,
        Type::Choice(words) => words.len() == 1,
        _ => false,
    }
}

impl Checker<'_> {
    pub(crate) fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, span: &Range<usize>) -> Part {
        if matches!(operator, Operator::And | Operator::Or) {
            let (a, b) = (self.bool(left), self.bool(right));
            return Some((Node::Junction(operator == Operator::Or, Box::new(a?), Box::new(b?)), Type::Bool));
        }
        let (a, b) = (self.expr(left), self.expr(right));
        let (mut a, mut b) = (a?, b?);
        // A length of time may stand first.
        if operator == Operator::Add
            && matches!(b.1, Type::Date | Type::Time | Type::Moment)
            && matches!(a.1, Type::Number(unit) if unit == Unit::DAYS || unit == Unit::MONTHS)
        {
            std::mem::swap(&mut a, &mut b);
        }
        let ((left_node, a), (right_node, b)) = (a, b);
        if let (Operator::Add | Operator::Subtract, Type::Date | Type::Moment, Type::Number(Unit::MONTHS)) =
            (operator, &a, &b)
        {
            let months = if operator == Operator::Add { right_node } else { Node::Negate(Box::new(right_node)) };
            return Some((Node::Call(Builtin::MonthsAfter, vec![left_node, months]), a));
        }
        let ty = if operator.is_comparison() {
            self.comparable(operator, &a, &b, left, right, span)?;
            Type::Bool
        } else {
            self.arithmetic(operator, &a, &b, (left, right), (&left_node, &right_node), span)?
        };
        Some((Node::Binary(operator, Box::new(left_node), Box::new(right_node)), ty))
    }

    /// Whether two values may be compared; reports if not.
    fn comparable(
        &mut self,
        operator: Operator,
        a: &Type,
        b: &Type,
        left: &Expr,
        right: &Expr,
        span: &Range<usize>,
    ) -> Option<()> {
        if let (Some(x), Some(y)) = (a.unit(), b.unit()) {
            if *a == Type::Zero || *b == Type::Zero || x.compares(y) {
                return Some(());
            }
            self.units_differ(x, y, left, right, span, "比较");
            return None;
        }
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        match (a, b) {
            (Type::Choice(x), Type::Choice(y)) if equality && x.len() == 1 && y.len() == 1 => return Some(()),
            (Type::Choice(x), Type::Choice(y)) if equality && !x.iter().any(|word| y.contains(word)) => {
                let (literal, options) = if y.len() == 1 { (&y[0], x) } else { (&x[0], y) };
                let shown = format!("“{left} {} {right}”", operator.text());
                let message = format!("{shown}：选项里没有“{literal}”");
                self.error("G303", span, message, format!("选项只有 {}", options.join("、")));
                return None;
            }
            (Type::Null, _) | (_, Type::Null) if equality => return Some(()),
            _ => {}
        }
        let ordered = matches!(a, Type::Date | Type::Month | Type::Time | Type::Moment) || is_word(a) && is_word(b);
        if a.join(b).is_some() && (equality || ordered) {
            return Some(());
        }
        self.error("G311", span, format!("{a}与{b}不能用“{}”比较", operator.text()), "两边写成同一类型");
        None
    }

    fn units_differ(&mut self, x: Unit, y: Unit, left: &Expr, right: &Expr, span: &Range<usize>, what: &str) {
        let literal = |expr: &Expr| matches!(expr.kind, Kind::Number(_, None));
        if literal(right) || literal(left) {
            let (unit, number) = if literal(right) { (x, right) } else { (y, left) };
            let message = format!("“{number}”缺单位");
            self.error("G310", span, message, format!("请写“{number}{unit}”"));
            return;
        }
        let year = Unit::YUAN.over(Unit::YEARS);
        let yearly = |expr: &Expr| match &expr.kind {
            Kind::Binary(Operator::Divide, inner, by) if matches!(&by.kind, Kind::Number(n, None) if *n == Rational::from(12)) => {
                Some(inner.to_string())
            }
            _ => None,
        };
        let quotient = if x == year {
            yearly(left)
        } else if y == year {
            yearly(right)
        } else {
            None
        };
        if let Some(inner) = quotient {
            let message = format!("“{inner} / 12”仍是 元/年");
            self.error("G307", span, message, format!("请写“按月({inner})”"));
            return;
        }
        let help = if x == year {
            format!("请写“按月({left})”")
        } else if y == year {
            format!("请写“按月({right})”")
        } else {
            "把两边换成同一单位".to_owned()
        };
        self.error("G301", span, format!("{x} 与 {y} 不能{what}"), help);
    }

    fn arithmetic(
        &mut self,
        operator: Operator,
        a: &Type,
        b: &Type,
        (left, right): (&Expr, &Expr),
        (left_node, right_node): (&Node, &Node),
        span: &Range<usize>,
    ) -> Option<Type> {
        match (operator, a, b) {
            (Operator::Add, a, b) if a.is_text() && b.is_text() => return Some(Type::Text),
            (Operator::Subtract, Type::Date | Type::Time | Type::Moment, _) if a == b => {
                return Some(Type::Number(Unit::DAYS));
            }
            (Operator::Add | Operator::Subtract, Type::Date | Type::Time | Type::Moment, Type::Number(unit))
                if *unit == Unit::DAYS =>
            {
                return Some(a.clone());
            }
            _ => {}
        }
        let (Some(x), Some(y)) = (a.unit(), b.unit()) else {
            let what = match operator {
                Operator::Add => "相加",
                Operator::Subtract => "相减",
                Operator::Multiply => "相乘",
                Operator::Divide => "相除",
                _ => "乘方",
            };
            self.error("G311", span, format!("{a}与{b}不能{what}"), "只有数能计算；日期可以加减“日”");
            return None;
        };
        let whole = |node: &Node, ty: &Type| match (node, ty) {
            (Node::Const(Value::Number(n)), Type::Number(unit)) => n.is_integer() && *unit == Unit::NONE,
            (_, Type::Number(unit)) => unit.is_counted(),
            _ => false,
        };
        Some(match (operator, a, b) {
            (Operator::Add | Operator::Subtract, Type::Zero, other)
            | (Operator::Add | Operator::Subtract, other, Type::Zero) => other.clone(),
            (Operator::Add | Operator::Subtract, Type::Fen(x), Type::Fen(y)) if x == y => Type::Fen(*x),
            (Operator::Add | Operator::Subtract, ..) => match x.sum(y) {
                Some(unit) => Type::Number(unit),
                None => {
                    self.units_differ(x, y, left, right, span, if operator == Operator::Add { "相加" } else { "相减" });
                    return None;
                }
            },
            (Operator::Multiply, Type::Fen(unit), other) if whole(right_node, other) => Type::Fen(*unit),
            (Operator::Multiply, other, Type::Fen(unit)) if whole(left_node, other) => Type::Fen(*unit),
            (Operator::Multiply, Type::Zero, _) | (Operator::Multiply | Operator::Divide, _, Type::Zero) => {
                Type::Number(x)
            }
            (Operator::Multiply, ..) => Type::Number(x.times(y)),
            (Operator::Divide, Type::Zero, _) => Type::Zero,
            (Operator::Divide, ..) => Type::Number(x.over(y)),
            _ if x == Unit::NONE && y == Unit::NONE => Type::Number(Unit::NONE),
            _ => {
                self.error("G311", span, format!("{x} 不能乘方"), "乘方只用于没有单位的数");
                return None;
            }
        })
    }

    /// Types unary tests against the type of what they test. In cells a bare word of the choice is that word,
    /// and a bare number has the unit of its column.
    pub fn tests(&mut self, tests: &[Test], ty: &Type) -> Option<Vec<TestNode>> {
        tests.iter().map(|test| self.test(test, ty)).collect()
    }

    fn test(&mut self, test: &Test, ty: &Type) -> Option<TestNode> {
        Some(match test {
            Test::Any => TestNode::Any,
            Test::Unknown => TestNode::Unknown,
            Test::Not(tests) => TestNode::Not(self.tests(tests, ty)?),
            // A list is equal to a list, not to its items.
            Test::Compare(operator @ (Operator::Equal | Operator::NotEqual), value) if matches!(ty, Type::List(_)) => {
                let (node, own) = self.expr(value)?;
                self.comparable(*operator, ty, &own, value, value, &value.span)?;
                TestNode::Compare(*operator, node)
            }
            Test::Compare(operator, value) => TestNode::Compare(*operator, self.against(*operator, value, ty)?.0),
            Test::Interval { low, low_closed, high, high_closed } => TestNode::Interval {
                low: self.against(Operator::LessEqual, low, ty)?.0,
                low_closed: *low_closed,
                high: self.against(Operator::LessEqual, high, ty)?.0,
                high_closed: *high_closed,
            },
            Test::Equal(value) => match self.against(Operator::Equal, value, ty)? {
                (node, Type::List(_)) => TestNode::Member(node),
                (node, _) => TestNode::Equal(node),
            },
        })
    }

    fn against(&mut self, operator: Operator, value: &Expr, ty: &Type) -> Option<(Node, Type)> {
        if let (Kind::Name(word), Type::Choice(words)) = (&value.kind, ty)
            && words.contains(word)
        {
            return Some((Node::Const(Value::Text(word.clone())), Type::choice([word.clone()])));
        }
        if let (Kind::Number(n, None), Type::Number(_) | Type::Fen(_)) = (&value.kind, ty) {
            return Some((Node::Const(Value::Number(*n)), ty.clone()));
        }
        let (node, own) = self.expr(value)?;
        let compared = if let Type::List(item) = &own { (**item).clone() } else { own.clone() };
        self.comparable(operator, ty, &compared, value, value, &value.span)?;
        Some((node, own))
    }
}
