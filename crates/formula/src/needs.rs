//! What would have to be different for a condition to hold: the fewest things, each with how far it is.
//!
//! Shape: from the condition downwards through what decides it (junctions, formulas, rows of tables) to comparisons and
//! facts; where there are several ways, the one with the fewest things. What is unknown is no way.

use crate::calculate::compare_known;
use crate::check::{Body, SourceBody};
use crate::eval::{Assessment, Machine};
use crate::number::{self, Rational};
use crate::plan::{Named, Node, TestNode};
use crate::program::Expression;
use crate::syntax::{Expr, Kind, Operator, Test};
use crate::types::Type;
use crate::value::Value;

/// One thing that would have to be different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// `收入低于标准（社会救助法 第十八条）`; empty where it stands in the condition itself.
    pub of: String,
    /// `家庭月收入 现在是 1600.00 元/月，要低于 保障线 1500.00 元/月，还差 100.00 元/月`.
    pub text: String,
}

/// How deep ways are followed; guides lie far below.
const MOST_DEPTH: usize = 40;

/// The most things that are worth telling.
const MOST_NEEDS: usize = 6;

impl Assessment<'_> {
    /// What would have to be different for a condition to hold. Empty where it holds; `None` where it cannot be told.
    pub fn needs(&self, condition: &Expression) -> Option<Vec<Need>> {
        let ways = Ways { assessment: self };
        let at = At { slots: condition.slots, of: "", whole: None, depth: 0 };
        let found = ways.truth(&condition.expr, &condition.node, true, &at)?;
        let mut needs: Vec<Need> = Vec::new();
        found.into_iter().for_each(|need| {
            if !needs.contains(&need) {
                needs.push(need)
            }
        });
        (needs.len() <= MOST_NEEDS).then_some(needs)
    }
}

struct Ways<'w, 'a> {
    assessment: &'w Assessment<'a>,
}

/// Where one stands: in which formula, how deep.
#[derive(Clone, Copy)]
struct At<'t> {
    slots: usize,
    of: &'t str,
    /// The name of that formula and all that it says.
    whole: Option<(&'t str, &'t Expr)>,
    depth: usize,
}

type Way = Option<Vec<Need>>;

/// The shorter of two ways.
fn shorter(a: Way, b: Way) -> Way {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.len() < a.len() { b } else { a }),
        (a, b) => a.or(b),
    }
}

fn both(a: Way, b: Way) -> Way {
    let mut needs = a?;
    needs.extend(b?);
    Some(needs)
}

impl Ways<'_, '_> {
    fn value(&self, node: &Node, at: &At) -> Option<Value> {
        self.assessment.run(node, at.slots, None, &mut None).ok()
    }

    /// What it takes for a condition to be so.
    fn truth(&self, expr: &Expr, node: &Node, wanted: bool, at: &At) -> Way {
        let at = &At { depth: at.depth + 1, ..*at };
        match self.value(node, at)? {
            Value::Bool(holds) if holds == wanted => return Some(Vec::new()),
            Value::Bool(_) if at.depth <= MOST_DEPTH => {}
            _ => return None,
        }
        match (&expr.kind, node) {
            (Kind::Not(inner), Node::Not(node)) => self.truth(inner, node, !wanted, at),
            (Kind::Binary(_, left, right), Node::Junction(settles, a, b)) => {
                let (a, b) = (self.truth(left, a, wanted, at), self.truth(right, b, wanted, at));
                if *settles == wanted { shorter(a, b) } else { both(a, b) }
            }
            (Kind::Binary(Operator::Equal, left, _), Node::Binary(Operator::Equal, a, b)) if wanted => {
                let right = self.value(b, at)?;
                self.reach(left, a, &|value| *value == right, at).or_else(|| self.fact(expr, node, wanted, at))
            }
            (Kind::Binary(_, left, right), Node::Binary(operator, a, b)) => self
                .compared((left, a), if wanted { *operator } else { negated(*operator)? }, (right, b), at)
                .or_else(|| self.fact(expr, node, wanted, at)),
            (Kind::In(value, tests), Node::In(inner, plan)) => {
                let accept = |value: &Value| self.passes(value, plan, at) == Some(wanted);
                let one = match (&tests[..], &plan[..]) {
                    ([test], [plan]) if wanted => self.tested((value, inner), test, plan, at),
                    _ => None,
                };
                one.or_else(|| self.reach(value, inner, &accept, at)).or_else(|| self.fact(expr, node, wanted, at))
            }
            (_, Node::Named(..)) => self
                .reach(expr, node, &|value| *value == Value::Bool(wanted), at)
                .or_else(|| self.fact(expr, node, wanted, at)),
            _ => self.fact(expr, node, wanted, at),
        }
    }

    fn passes(&self, value: &Value, tests: &[TestNode], at: &At) -> Option<bool> {
        Machine::new(self.assessment, at.slots).any_test(&Ok(value.clone()), tests).ok()
    }

    /// What it takes for a formula to come to something that will do.
    fn reach(&self, expr: &Expr, node: &Node, accept: &dyn Fn(&Value) -> bool, at: &At) -> Way {
        let at = &At { depth: at.depth + 1, ..*at };
        if at.depth > MOST_DEPTH {
            return None;
        }
        if accept(&self.value(node, at)?) {
            return Some(Vec::new());
        }
        match (&expr.kind, node) {
            (Kind::If(condition, yes, no), Node::If(test, a, b)) => shorter(
                both(self.truth(condition, test, true, at), self.reach(yes, a, accept, at)),
                both(self.truth(condition, test, false, at), self.reach(no, b, accept, at)),
            ),
            (_, Node::Named(Named::Definition(index, None), _)) => self.defined(*index, accept, at),
            _ => None,
        }
    }

    /// A formula by what it is made of; one that is given is a fact.
    fn defined(&self, index: usize, accept: &dyn Fn(&Value) -> bool, at: &At) -> Way {
        if self.assessment.given(index, None).is_some() {
            return None;
        }
        let inner = &self.assessment.program.inner;
        let (source, typed) = (&inner.sources[index], &inner.typed[index]);
        let basis = if source.basis.is_empty() { String::new() } else { format!("（{}）", source.basis) };
        let of = format!("{}{basis}", source.name.text);
        match (&source.body, &typed.body) {
            (SourceBody::Formula(expr), Body::Formula { node, slots }) => {
                let at = At { slots: *slots, of: &of, whole: Some((&source.name.text, expr)), depth: at.depth };
                match self.value(node, &at)? {
                    Value::Bool(holds) => self.truth(expr, node, !holds, &at),
                    _ => self.reach(expr, node, accept, &at),
                }
            }
            (SourceBody::Output(..), Body::Output(table, output)) => self.tabled((*table, *output), accept, &of, at),
            _ => None,
        }
    }

    /// The row of a table that will do and lacks the fewest things.
    fn tabled(&self, (table, output): (usize, usize), accept: &dyn Fn(&Value) -> bool, of: &str, at: &At) -> Way {
        let inner = &self.assessment.program.inner;
        let (text, plan) = (&inner.tables[table], inner.plans[table].as_ref()?);
        let at = &At { slots: plan.slots, of, whole: None, depth: at.depth };
        let mut best: Way = None;
        for (row, told) in plan.rows.iter().zip(text.tests()) {
            let value = row.outputs.get(output).and_then(|node| self.value(node, at));
            if !value.is_some_and(|value| accept(&value)) {
                continue;
            }
            let mut way: Way = Some(Vec::new());
            for (((expr, node), tests), told) in text.inputs().iter().zip(&plan.inputs).zip(&row.tests).zip(told) {
                way = both(way, self.cell((expr, node), tests, told, at));
            }
            best = shorter(best, way);
        }
        best
    }

    /// What it takes for a cell of a row to match.
    fn cell(&self, input: (&Expr, &Node), tests: &[TestNode], told: &[Test], at: &At) -> Way {
        if tests.iter().any(|test| matches!(test, TestNode::Any)) {
            return Some(Vec::new());
        }
        let value = self.value(input.1, at)?;
        if self.passes(&value, tests, at)? {
            return Some(Vec::new());
        }
        if let ([TestNode::Equal(Node::Const(Value::Bool(wanted)))], Value::Bool(_)) = (tests, &value) {
            return self.truth(input.0, input.1, *wanted, at);
        }
        let mut best = self.reach(input.0, input.1, &|value| self.passes(value, tests, at) == Some(true), at);
        for (test, told) in tests.iter().zip(told) {
            best = shorter(best, self.tested(input, told, test, at));
        }
        best
    }

    /// What it takes for a number or a day to pass a test.
    fn tested(&self, input: (&Expr, &Node), told: &Test, test: &TestNode, at: &At) -> Way {
        match (told, test) {
            (Test::Compare(_, expr), TestNode::Compare(operator, node)) => {
                self.compared(input, *operator, (expr, node), at)
            }
            (Test::Interval { low, high, .. }, TestNode::Interval { low: from, low_closed, high: to, high_closed }) => {
                let (below, above) = (self.value(from, at)?, self.value(to, at)?);
                let value = self.value(input.1, at)?;
                let over = if *low_closed { Operator::GreaterEqual } else { Operator::Greater };
                let under = if *high_closed { Operator::LessEqual } else { Operator::Less };
                if !compare_known(over, &value, &below)? {
                    return self.compared(input, over, (low, from), at);
                }
                if !compare_known(under, &value, &above)? {
                    return self.compared(input, under, (high, to), at);
                }
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// A comparison of numbers or days that does not hold: both sides, and how far they are apart.
    fn compared(&self, left: (&Expr, &Node), operator: Operator, right: (&Expr, &Node), at: &At) -> Way {
        let (a, b) = (self.value(left.1, at)?, self.value(right.1, at)?);
        let ty = self.type_of(left.1).or_else(|| self.type_of(right.1));
        let apart = match (&a, &b) {
            (Value::Number(a), Value::Number(b)) => {
                let apart = if a > b { number::subtract(*a, *b) } else { number::subtract(*b, *a) }?;
                shown(&Value::Number(apart), ty.as_ref())
            }
            (Value::Date(a), Value::Date(b)) => {
                let days = if a > b { b.until(*a) } else { a.until(*b) }.ok()?.get_days();
                shown(&Value::Number(Rational::from(i128::from(days))), Some(&Type::Number(crate::Unit::DAYS)))
            }
            _ => return None,
        };
        let wanted = match operator {
            Operator::Less => "要低于",
            Operator::LessEqual => "不能超过",
            Operator::Greater => "要超过",
            Operator::GreaterEqual => "不能少于",
            Operator::Equal => "要等于",
            _ => return None,
        };
        // Where both are the same and one has to be beyond the other, any difference will do.
        let apart = if a == b { "正好等于还不算".to_owned() } else { format!("差 {apart}") };
        let named = |expr: &Expr, value: &Value| match &expr.kind {
            Kind::Number(..) | Kind::Date(_) => shown(value, ty.as_ref()),
            _ => format!("{expr} {}", shown(value, ty.as_ref())),
        };
        let text = format!("{} 现在是 {}，{wanted} {}，{apart}", left.0, shown(&a, ty.as_ref()), named(right.0, &b));
        Some(vec![Need { of: at.of.to_owned(), text }])
    }

    /// Something that is so or not and is told as it is written.
    fn fact(&self, expr: &Expr, node: &Node, wanted: bool, at: &At) -> Way {
        let word = |holds: bool| if holds { "是" } else { "否" };
        let now = self.value(node, at)?.as_bool()?;
        // A formula that says one thing is better known by its name.
        let whole = at.whole.filter(|(_, whole)| std::ptr::eq(*whole, expr));
        let told = whole.map_or_else(|| expr.to_string(), |(name, _)| name.to_owned());
        Some(vec![Need {
            of: at.of.to_owned(), text: format!("{told} 现在是 {}，要是 {}", word(now), word(wanted))
        }])
    }

    fn type_of(&self, node: &Node) -> Option<Type> {
        let inner = &self.assessment.program.inner;
        match node {
            Node::Named(Named::Value(index), _) => Some(inner.env.values[*index].ty.clone()),
            Node::Named(Named::Definition(index, _), _) => inner.typed[*index].ty.clone(),
            Node::Named(Named::Parameter(index, ..), _) => Some(inner.env.parameters[*index].ty.clone()),
            Node::Binary(Operator::Add | Operator::Subtract, a, b) => self.type_of(a).or_else(|| self.type_of(b)),
            _ => None,
        }
    }
}

/// Money to the 分, which is as near as anybody comes.
fn shown(value: &Value, ty: Option<&Type>) -> String {
    if let (Value::Number(yuan), Some(Type::Number(unit) | Type::Fen(unit))) = (value, ty)
        && unit.is_money()
    {
        let fen = (*yuan * Rational::from(100)).round();
        let about = if fen == *yuan * Rational::from(100) { "" } else { "约 " };
        let exact = number::shown_yuan(fen / Rational::from(100));
        return format!("{about}{exact} {unit}");
    }
    ty.map_or_else(|| value.to_string(), |ty| value.show_with_unit(ty))
}

fn negated(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Less => Operator::GreaterEqual,
        Operator::LessEqual => Operator::Greater,
        Operator::Greater => Operator::LessEqual,
        Operator::GreaterEqual => Operator::Less,
        Operator::NotEqual => Operator::Equal,
        _ => return None,
    })
}
