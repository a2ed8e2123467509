//! The reference evaluator: walks the typed form of one expression over one set of inputs.
//!
//! It never panics. What cannot be computed becomes `Missing` with its reason, and so does what would take too long.

use std::borrow::Cow;
use std::sync::Arc;

use base::Decimal;

use crate::ast::Comparison;
use crate::builtins;
use crate::cover::ordered;
use crate::typed::{Arithmetic, Body, DomainNode, IterationNode, Node, TestNode};
use crate::types::Type;
use crate::value::{Missing, Record, Value};

/// Items, calls and characters that one definition may handle.
const FUEL: u32 = 1_000_000;

/// The inputs, by slot.
#[derive(Clone, Copy)]
pub(crate) struct Data<'a> {
    pub facts: &'a [Value],
    pub rates: &'a [Value],
    pub definitions: &'a [Value],
}

/// What an evaluation works with; kept from one definition to the next to spare allocations.
#[derive(Default)]
pub(crate) struct Memory {
    stack: Vec<Value>,
    /// For each rate whether it has been read.
    pub rates_read: Vec<bool>,
}

impl Memory {
    /// Memory that notes which of so many rates are read.
    pub fn for_rates(count: usize) -> Self {
        Self { stack: Vec::new(), rates_read: vec![false; count] }
    }
}

pub(crate) struct Machine<'a> {
    data: Data<'a>,
    memory: &'a mut Memory,
    /// Where the frame at hand begins on the stack.
    base: usize,
    fuel: u32,
}

/// Evaluates a body without parameters.
pub(crate) fn evaluate(body: &Body, data: Data, memory: &mut Memory) -> Value {
    Machine::new(data, memory, body.slots).eval(&body.node)
}

pub(crate) fn out_of_range() -> Value {
    Value::missing("超出可计算范围（28 位有效数字）")
}

/// The answer where the checker has excluded every other case.
pub(crate) fn unfit() -> Value {
    Value::missing("值的类型与声明不符")
}

impl<'a> Machine<'a> {
    /// A machine with an empty frame of so many slots.
    pub fn new(data: Data<'a>, memory: &'a mut Memory, slots: usize) -> Self {
        memory.stack.clear();
        memory.stack.resize(slots, Value::Bool(false));
        Self { data, memory, base: 0, fuel: FUEL }
    }

    pub fn eval(&mut self, node: &Node) -> Value {
        match node {
            Node::Const(_) | Node::Fact(_) | Node::Definition(_) | Node::Local(_) => {
                self.read(node).cloned().unwrap_or_else(unfit)
            }
            Node::Rate(i) => self.rate(*i),
            Node::Negate(inner) => match self.eval(inner) {
                Value::Number(n) => Value::Number(-n),
                other => missing_or_unfit(other),
            },
            Node::Arithmetic(operator, left, right) => {
                let (left, right) = (self.eval(left), self.eval(right));
                calculate(*operator, left, right)
            }
            Node::Compare(comparison, left, right) => self.comparison(*comparison, left, right),
            Node::And(left, right) => self.junction(left, right, false),
            Node::Or(left, right) => self.junction(left, right, true),
            Node::Between(value, low, high) => {
                let (value, low, high) = (self.eval(value), self.eval(low), self.eval(high));
                let low = compare(Comparison::GreaterEqual, &value, &low);
                both(low, compare(Comparison::LessEqual, &value, &high))
            }
            Node::In(value, tests) => {
                let value = self.eval(value);
                self.any_test(&value, tests)
            }
            Node::If(condition, yes, no) => match self.eval(condition) {
                Value::Bool(true) => self.eval(yes),
                Value::Bool(false) => self.eval(no),
                other => missing_or_unfit(other),
            },
            Node::For(iterations, body) => self.iterate(iterations, body),
            Node::Quantified { every, iterations, condition } => self.quantified(*every, iterations, condition),
            Node::Filter { list, slot, condition } => self.filter(list, *slot, condition),
            Node::Index(list, index) => self.index(list, index),
            Node::Field(..) => self.field(node),
            Node::Project(list, field) => self.project(list, *field),
            Node::List(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.eval(item)).collect();
                Value::List(items.into())
            }
            Node::Record(names, values) => {
                let fields = names.iter().cloned().zip(values.iter().map(|value| self.eval(value))).collect();
                Value::Record(Arc::new(Record { fields }))
            }
            Node::Builtin(builtin, arguments) => builtins::call(self, *builtin, arguments),
            Node::Call(body, arguments) => self.call(body, arguments),
            Node::Table(table) => self.table(table),
        }
    }

    /// A value that exists already and need not be copied to be looked at.
    fn read<'s>(&'s self, node: &'s Node) -> Option<&'s Value> {
        match node {
            Node::Const(value) => Some(value),
            Node::Fact(i) => self.data.facts.get(*i),
            Node::Definition(i) => self.data.definitions.get(*i),
            Node::Local(slot) => self.memory.stack.get(self.base + slot),
            Node::Field(inner, field) => match self.read(inner)? {
                Value::Record(record) => record.fields.get(*field).map(|(_, value)| value),
                missing @ Value::Missing(_) => Some(missing),
                _ => None,
            },
            _ => None,
        }
    }

    fn look<'s>(&'s mut self, node: &'s Node) -> Cow<'s, Value> {
        if self.read(node).is_some() {
            return self.read(node).map_or_else(|| Cow::Owned(unfit()), Cow::Borrowed);
        }
        Cow::Owned(self.eval(node))
    }

    fn rate(&mut self, index: usize) -> Value {
        if let Some(read) = self.memory.rates_read.get_mut(index) {
            *read = true;
        }
        self.data.rates.get(index).cloned().unwrap_or_else(unfit)
    }

    fn set(&mut self, slot: usize, value: Value) {
        let at = self.base + slot;
        if let Some(place) = self.memory.stack.get_mut(at) {
            *place = value;
        }
    }

    /// Pays for work that grows with the data. `Err` when the definition has used up what it may.
    pub fn spend(&mut self, amount: usize) -> Result<(), Value> {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        self.fuel = self.fuel.saturating_sub(amount);
        if self.fuel == 0 { Err(Value::missing("计算量过大（一个公式超过一百万步）")) } else { Ok(()) }
    }

    /// The items of a list, or the missing value that stands in its place.
    pub fn items(&mut self, node: &Node) -> Result<Arc<[Value]>, Value> {
        match self.eval(node) {
            Value::List(items) => {
                self.spend(1 + items.len())?;
                Ok(items)
            }
            other => Err(missing_or_unfit(other)),
        }
    }

    fn comparison(&mut self, comparison: Comparison, left: &Node, right: &Node) -> Value {
        if let (Some(left), Some(right)) = (self.read(left), self.read(right)) {
            return compare(comparison, left, right);
        }
        let left = self.eval(left);
        compare(comparison, &left, &self.look(right))
    }

    /// `and` and `or`: one side can settle the matter even when the other is unknown.
    fn junction(&mut self, left: &Node, right: &Node, settles: bool) -> Value {
        let left = self.eval(left);
        if left == Value::Bool(settles) {
            return left;
        }
        match (left, self.eval(right)) {
            (_, Value::Bool(b)) if b == settles => Value::Bool(settles),
            (left @ Value::Missing(_), _) => left,
            (_, right @ (Value::Missing(_) | Value::Bool(_))) => right,
            _ => unfit(),
        }
    }

    /// Runs `step` for every combination of items until it returns a value.
    fn each(
        &mut self,
        iterations: &[IterationNode],
        step: &mut dyn FnMut(&mut Self) -> Option<Value>,
    ) -> Option<Value> {
        let Some((first, rest)) = iterations.split_first() else {
            return match self.spend(1) {
                Ok(()) => step(self),
                Err(missing) => Some(missing),
            };
        };
        match &first.domain {
            DomainNode::List(list) => {
                let items = match self.items(list) {
                    Ok(items) => items,
                    Err(missing) => return Some(missing),
                };
                for item in items.iter() {
                    self.set(first.slot, item.clone());
                    if let Some(end) = self.each(rest, step) {
                        return Some(end);
                    }
                }
            }
            DomainNode::Range(low, high) => {
                let (mut at, end) = match (self.eval(low), self.eval(high)) {
                    (Value::Number(low), Value::Number(high)) if low.is_integer() && high.is_integer() => (low, high),
                    (Value::Number(_), Value::Number(_)) => return Some(Value::missing("区间的两端应当是整数")),
                    (Value::Number(_), other) | (other, _) => return Some(missing_or_unfit(other)),
                };
                // FEEL counts down when the range is written backwards.
                let step_by = if at <= end { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
                loop {
                    self.set(first.slot, Value::Number(at));
                    if let Some(done) = self.each(rest, step) {
                        return Some(done);
                    }
                    if at == end {
                        break;
                    }
                    at += step_by;
                }
            }
        }
        None
    }

    fn iterate(&mut self, iterations: &[IterationNode], body: &Node) -> Value {
        let mut results = Vec::new();
        let end = self.each(iterations, &mut |machine| {
            let value = machine.eval(body);
            results.push(value);
            None
        });
        end.unwrap_or_else(|| Value::List(results.into()))
    }

    fn quantified(&mut self, every: bool, iterations: &[IterationNode], condition: &Node) -> Value {
        let mut unknown = None;
        let end = self.each(iterations, &mut |machine| match machine.eval(condition) {
            Value::Bool(b) if b != every => Some(Value::Bool(b)),
            Value::Bool(_) => None,
            other => {
                unknown.get_or_insert(missing_or_unfit(other));
                None
            }
        });
        end.or(unknown).unwrap_or(Value::Bool(every))
    }

    fn filter(&mut self, list: &Node, slot: usize, condition: &Node) -> Value {
        let items = match self.items(list) {
            Ok(items) => items,
            Err(missing) => return missing,
        };
        let mut kept = Vec::new();
        for item in items.iter() {
            self.set(slot, item.clone());
            match self.eval(condition) {
                Value::Bool(true) => kept.push(item.clone()),
                Value::Bool(false) => {}
                other => return missing_or_unfit(other),
            }
        }
        Value::List(kept.into())
    }

    fn index(&mut self, list: &Node, index: &Node) -> Value {
        let (items, index) = match (self.eval(list), self.eval(index)) {
            (Value::List(items), Value::Number(index)) => (items, index),
            (missing @ Value::Missing(_), _) | (_, missing @ Value::Missing(_)) => return missing,
            _ => return unfit(),
        };
        let length = Decimal::from(items.len());
        let position = if index.is_sign_negative() { length + index } else { index - Decimal::ONE };
        let found =
            if position.is_integer() { usize::try_from(position).ok().and_then(|i| items.get(i)) } else { None };
        found
            .cloned()
            .unwrap_or_else(|| Value::missing(format!("列表有 {} 项，没有第 {} 项", items.len(), index.normalize())))
    }

    fn field(&mut self, node: &Node) -> Value {
        if let Some(value) = self.read(node) {
            return value.clone();
        }
        let Node::Field(inner, field) = node else { return unfit() };
        match self.eval(inner) {
            Value::Record(record) => record.fields.get(*field).map_or_else(unfit, |(_, value)| value.clone()),
            other => missing_or_unfit(other),
        }
    }

    fn project(&mut self, list: &Node, field: usize) -> Value {
        let items = match self.items(list) {
            Ok(items) => items,
            Err(missing) => return missing,
        };
        let part = |item: &Value| match item {
            Value::Record(record) => record.fields.get(field).map_or_else(unfit, |(_, value)| value.clone()),
            other => missing_or_unfit(other.clone()),
        };
        Value::List(items.iter().map(part).collect())
    }

    /// A call gets a frame of its own; its first slots are the parameters.
    fn call(&mut self, body: &Body, arguments: &[Node]) -> Value {
        if let Err(missing) = self.spend(1) {
            return missing;
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.eval(argument)).collect();
        let outer = self.base;
        let top = self.memory.stack.len();
        let size = body.slots.max(values.len());
        self.memory.stack.extend(values);
        self.memory.stack.resize(top + size, Value::Bool(false));
        self.base = top;
        let result = self.eval(&body.node);
        self.memory.stack.truncate(top);
        self.base = outer;
        result
    }

    /// Whether one of the tests holds.
    pub fn any_test(&mut self, value: &Value, tests: &[TestNode]) -> Value {
        let mut unknown = None;
        for test in tests {
            match self.test(value, test) {
                Value::Bool(true) => return Value::Bool(true),
                Value::Bool(false) => {}
                other => {
                    unknown.get_or_insert(other);
                }
            }
        }
        unknown.unwrap_or(Value::Bool(false))
    }

    fn test(&mut self, value: &Value, test: &TestNode) -> Value {
        match test {
            TestNode::Any => Value::Bool(true),
            TestNode::Equal(node) => compare(Comparison::Equal, value, &self.look(node)),
            TestNode::Compare(comparison, node) => compare(*comparison, value, &self.look(node)),
            TestNode::Member(node) => match self.items(node) {
                Ok(items) => contains(&items, value),
                Err(missing) => missing,
            },
            TestNode::Interval { low, low_closed, high, high_closed } => {
                let least = if *low_closed { Comparison::GreaterEqual } else { Comparison::Greater };
                let most = if *high_closed { Comparison::LessEqual } else { Comparison::Less };
                let low = compare(least, value, &self.look(low));
                both(low, compare(most, value, &self.look(high)))
            }
            TestNode::Not(tests) => negated(self.any_test(value, tests)),
        }
    }
}

/// Keeps the reason of a missing value.
pub(crate) fn missing_or_unfit(value: Value) -> Value {
    if value.is_missing() { value } else { unfit() }
}

fn calculate(operator: Arithmetic, left: Value, right: Value) -> Value {
    let (a, b) = match (left, right) {
        (Value::Number(a), Value::Number(b)) => (a, b),
        (missing @ Value::Missing(_), _) | (_, missing @ Value::Missing(_)) => return missing,
        _ => return unfit(),
    };
    let result = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide if b.is_zero() => return Value::missing("除数为零"),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Power => return power(a, b),
    };
    result.map_or_else(out_of_range, Value::Number)
}

/// A whole power by repeated squaring.
fn power(base: Decimal, exponent: Decimal) -> Value {
    let Some(mut left) = exponent.is_integer().then(|| u32::try_from(exponent.abs()).ok()).flatten() else {
        return Value::missing("乘方的指数应当是不太大的整数");
    };
    if base.is_zero() && exponent.is_sign_negative() {
        return Value::missing("除数为零");
    }
    let (mut result, mut square) = (Some(Decimal::ONE), Some(base));
    while left > 0 {
        if left % 2 == 1 {
            result = result.zip(square).and_then(|(r, s)| r.checked_mul(s));
        }
        left /= 2;
        if left > 0 {
            square = square.and_then(|s| s.checked_mul(s));
        }
    }
    let result = if exponent.is_sign_negative() { result.and_then(|r| Decimal::ONE.checked_div(r)) } else { result };
    result.map_or_else(out_of_range, Value::Number)
}

/// A comparison; unknown when a side is.
pub(crate) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::Bool(ordered(comparison, a.cmp(b))),
        (Value::Date(a), Value::Date(b)) => Value::Bool(ordered(comparison, a.cmp(b))),
        _ => match comparison {
            Comparison::Equal => equal(left, right),
            Comparison::NotEqual => negated(equal(left, right)),
            _ => first_missing(left, right),
        },
    }
}

fn first_missing(left: &Value, right: &Value) -> Value {
    [left, right].into_iter().find(|value| value.is_missing()).cloned().unwrap_or_else(unfit)
}

/// Sameness, also of lists and records: one known difference settles it, otherwise a missing part makes it unknown.
pub(crate) fn equal(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Missing(_), _) | (_, Value::Missing(_)) => first_missing(left, right),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Value::Bool(false);
            }
            all_equal(a.iter().zip(b.iter()))
        }
        (Value::Record(a), Value::Record(b)) => {
            let names = |record: &Record| record.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            if names(a) != names(b) {
                return Value::Bool(false);
            }
            all_equal(a.fields.iter().map(|(_, v)| v).zip(b.fields.iter().map(|(_, v)| v)))
        }
        (a, b) => Value::Bool(a == b),
    }
}

fn all_equal<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Value {
    let mut result = Value::Bool(true);
    for (a, b) in pairs {
        result = both(result, equal(a, b));
        if result == Value::Bool(false) {
            break;
        }
    }
    result
}

/// Whether a list has an item; unknown when only an unknown item could be it.
pub(crate) fn contains(items: &[Value], value: &Value) -> Value {
    let mut unknown = None;
    for item in items {
        match equal(item, value) {
            Value::Bool(true) => return Value::Bool(true),
            Value::Bool(false) => {}
            missing => {
                unknown.get_or_insert(missing);
            }
        }
    }
    unknown.unwrap_or(Value::Bool(false))
}

/// `and` of two values that are already known.
pub(crate) fn both(left: Value, right: Value) -> Value {
    match (&left, &right) {
        (Value::Bool(false), _) | (_, Value::Bool(false)) => Value::Bool(false),
        (Value::Bool(true), _) => right,
        _ => left,
    }
}

pub(crate) fn negated(value: Value) -> Value {
    match value {
        Value::Bool(b) => Value::Bool(!b),
        other => missing_or_unfit(other),
    }
}

/// A fact as its declared type has it: fields in the declared order, absent fields missing, unfit values missing with the reason.
pub(crate) fn conform(value: &Value, ty: &Type, name: &str) -> Value {
    match (value, ty) {
        _ if fits(value, ty) => value.clone(),
        (Value::List(items), Type::List(item)) => {
            let row = |(i, value): (usize, &Value)| conform(value, item, &format!("{name}第{}行", i + 1));
            Value::List(items.iter().enumerate().map(row).collect())
        }
        (Value::Record(record), Type::Record(declared)) => {
            let fields = declared.fields.iter().map(|(field, ty)| {
                let label = format!("{name}的{field}");
                let value = match record.get(field) {
                    Some(value) => conform(value, ty, &label),
                    None => Missing::fact(&label).into(),
                };
                (field.clone(), value)
            });
            Value::Record(Arc::new(Record { fields: fields.collect() }))
        }
        _ => Value::missing(format!("“{name}”应当是{ty}")),
    }
}

/// Whether a fact needs no change to stand for its declared type.
fn fits(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Missing(_), _)
        | (Value::Number(_), Type::Number)
        | (Value::Text(_), Type::Text)
        | (Value::Bool(_), Type::Bool)
        | (Value::Date(_), Type::Date) => true,
        (Value::List(items), Type::List(item)) => items.iter().all(|value| fits(value, item)),
        (Value::Record(record), Type::Record(declared)) => {
            record.fields.len() == declared.fields.len()
                && record.fields.iter().zip(&declared.fields).all(|((n, value), (m, ty))| n == m && fits(value, ty))
        }
        _ => false,
    }
}
