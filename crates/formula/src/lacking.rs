//! What an expression would lack where only some values can be there: for the check of a guide's course.
//!
//! An abstract evaluation. Branches that the known values exclude are not followed, so that
//! `已有(异议核查) 且 异议成立` lacks nothing where 异议核查 was not done.

use std::collections::BTreeMap;

use crate::check::Body;
use crate::plan::{Named, Node, TablePlan, TestNode};
use crate::program::{Expression, Program};
use crate::syntax::Operator;
use crate::value::Value;
use crate::words::{Builtin, Policy};

/// What is certain at a place of a procedure, by numbers of the environment.
pub trait Place {
    /// A value that is settled there: whether a step was done, by which start the case came.
    fn value(&self, value: usize) -> Option<Value>;
    /// Whether somebody who may say a value has spoken.
    fn has_value(&self, value: usize) -> bool;
    fn has_column(&self, list: usize, column: usize) -> bool;
    fn has_rows(&self, list: usize) -> bool;
}

/// The name of what an expression lacks.
#[derive(Clone, Debug, PartialEq)]
pub enum Lack {
    Value(usize),
    Column(usize, usize),
    Rows(usize),
}

impl Program {
    /// The first thing that an expression needs and cannot have at a place.
    pub fn lacking(&self, expression: &Expression, place: &dyn Place) -> Option<Lack> {
        Looker { program: self, place, memo: BTreeMap::new() }.node(&expression.node)
    }

    /// The same of a definition by its name.
    pub fn definition_lacking(&self, name: &str, place: &dyn Place) -> Option<Lack> {
        let index = self.find(name)?.index;
        Looker { program: self, place, memo: BTreeMap::new() }.definition(index)
    }

    /// Whether a condition is settled by what is certain at a place.
    pub fn settled(&self, expression: &Expression, place: &dyn Place) -> Option<bool> {
        Looker { program: self, place, memo: BTreeMap::new() }.truth(&expression.node)
    }
}

struct Looker<'a> {
    program: &'a Program,
    place: &'a dyn Place,
    memo: BTreeMap<usize, Option<Lack>>,
}

impl Looker<'_> {
    fn node(&mut self, node: &Node) -> Option<Lack> {
        match node {
            Node::Const(_) | Node::Slot(_) => None,
            Node::Named(named, _) => self.named(named),
            Node::Parent(inner) | Node::Field(inner, _) | Node::Not(inner) | Node::Negate(inner) => self.node(inner),
            Node::For(a, _, b)
            | Node::Filter(a, _, b)
            | Node::Quantified(_, a, _, b)
            | Node::Index(a, b)
            | Node::Binary(_, a, b) => self.node(a).or_else(|| self.node(b)),
            Node::If(condition, yes, no) => match self.truth(condition) {
                Some(true) => self.node(yes),
                Some(false) => self.node(no),
                None => self.node(condition).or_else(|| self.node(yes)).or_else(|| self.node(no)),
            },
            Node::Junction(settling, a, b) => {
                if [self.truth(a), self.truth(b)].contains(&Some(*settling)) {
                    return None;
                }
                self.node(a).or_else(|| self.node(b))
            }
            Node::In(value, tests) => self.node(value).or_else(|| self.tests(tests)),
            Node::Record(fields) => fields.iter().find_map(|(_, value)| self.node(value)),
            Node::List(items) => items.iter().find_map(|item| self.node(item)),
            Node::Call(Builtin::Known, _) => None,
            Node::Call(_, arguments) => arguments.iter().find_map(|argument| self.node(argument)),
        }
    }

    fn named(&mut self, named: &Named) -> Option<Lack> {
        match named {
            Named::Value(index) => (!self.place.has_value(*index)).then_some(Lack::Value(*index)),
            Named::Rows(list, row) => {
                let own = (!self.place.has_rows(*list)).then_some(Lack::Rows(*list));
                own.or_else(|| row.as_ref().and_then(|row| self.node(row)))
            }
            Named::Column(list, column, row) => {
                let own = !self.place.has_column(*list, *column);
                own.then_some(Lack::Column(*list, *column)).or_else(|| self.node(row))
            }
            Named::Definition(index, row) => {
                self.definition(*index).or_else(|| row.as_ref().and_then(|row| self.node(row)))
            }
            Named::Parameter(_, key, region, date) => {
                let parts = key.iter().chain(region.as_deref()).chain(date.as_deref());
                parts.into_iter().find_map(|part| self.node(part))
            }
        }
    }

    fn definition(&mut self, index: usize) -> Option<Lack> {
        if let Some(known) = self.memo.get(&index) {
            return known.clone();
        }
        let inner = self.program.inner.clone();
        let found = match &inner.typed[index].body {
            Body::Formula { node, .. } => self.node(node),
            Body::Output(table, output) => inner.plans[*table].as_ref().and_then(|plan| self.table(plan, *output)),
            Body::Broken => None,
        };
        self.memo.insert(index, found.clone());
        found
    }

    /// Only rows that can still hit count, and of those only what they look at.
    fn table(&mut self, plan: &TablePlan, output: usize) -> Option<Lack> {
        for row in &plan.rows {
            let settled: Vec<Option<bool>> =
                plan.inputs.iter().zip(&row.tests).map(|(input, tests)| self.matches(input, tests)).collect();
            if settled.contains(&Some(false)) {
                continue;
            }
            let asked =
                plan.inputs.iter().zip(&row.tests).filter(|(_, tests)| !matches!(tests.as_slice(), [TestNode::Any]));
            for (input, tests) in asked {
                let found = self.node(input).or_else(|| self.tests(tests));
                if found.is_some() {
                    return found;
                }
            }
            if let Some(found) = row.outputs.get(output).and_then(|node| self.node(node)) {
                return Some(found);
            }
            if plan.policy == Policy::First && settled.iter().all(|test| *test == Some(true)) {
                break;
            }
        }
        None
    }

    fn tests(&mut self, tests: &[TestNode]) -> Option<Lack> {
        tests.iter().find_map(|test| match test {
            TestNode::Any | TestNode::Unknown => None,
            TestNode::Equal(node) | TestNode::Member(node) | TestNode::Compare(_, node) => self.node(node),
            TestNode::Interval { low, high, .. } => self.node(low).or_else(|| self.node(high)),
            TestNode::Not(tests) => self.tests(tests),
        })
    }

    /// A value that is settled whatever will be said.
    fn value(&self, node: &Node) -> Option<Value> {
        match node {
            Node::Const(value) => Some(value.clone()),
            Node::Named(Named::Value(index), _) => self.place.value(*index),
            _ => self.truth(node).map(Value::Bool),
        }
    }

    fn truth(&self, node: &Node) -> Option<bool> {
        match node {
            Node::Const(Value::Bool(b)) => Some(*b),
            Node::Named(Named::Value(index), _) => match self.place.value(*index)? {
                Value::Bool(b) => Some(b),
                _ => None,
            },
            Node::Named(Named::Definition(index, None), _) => match &self.program.inner.typed[*index].body {
                Body::Formula { node, .. } => self.truth(node),
                _ => None,
            },
            Node::Not(inner) => self.truth(inner).map(|b| !b),
            Node::Junction(settling, a, b) => match (self.truth(a), self.truth(b)) {
                (Some(a), _) if a == *settling => Some(a),
                (_, Some(b)) if b == *settling => Some(b),
                (Some(_), Some(_)) => Some(!*settling),
                _ => None,
            },
            Node::Binary(Operator::Equal, a, b) => Some(self.value(a)? == self.value(b)?),
            Node::Binary(Operator::NotEqual, a, b) => Some(self.value(a)? != self.value(b)?),
            Node::In(value, tests) => self.matches(value, tests),
            Node::Call(Builtin::Known, arguments) => match arguments.as_slice() {
                [Node::Named(Named::Value(index), _)] if !self.place.has_value(*index) => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether one of the tests holds of a value.
    fn matches(&self, input: &Node, tests: &[TestNode]) -> Option<bool> {
        if tests.iter().any(|test| matches!(test, TestNode::Any)) {
            return Some(true);
        }
        let value = self.value(input)?;
        let mut hit = Some(false);
        for test in tests {
            let one = match test {
                TestNode::Equal(node) => self.value(node).map(|other| other == value),
                TestNode::Not(tests) => self.matches(input, tests).map(|b| !b),
                _ => None,
            };
            match one {
                Some(true) => return Some(true),
                Some(false) => {}
                None => hit = None,
            }
        }
        hit
    }
}
