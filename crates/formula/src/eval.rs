//! The reference evaluator: walks plans over facts; yields a value or the reason why there is none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use base::{Calendar, Date, RegionCode};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::builtins;
use crate::calculate::{calculate, compare_known};
use crate::check::Body;
use crate::number::{self, Rational};
use crate::plan::{Named, Node, TestNode};
use crate::program::{Expression, Program};
use crate::syntax::Operator;
use crate::table;
use crate::value::{Facts, Outcome, RowRef, Unknown, Value};

/// Where rates come from: a table by region and date, possibly with an overlay.
pub trait Rates {
    /// The value in force, or the reason why there is none, naming parameter, key, region and date.
    fn rate(&self, request: &RateRequest) -> Result<Rate, String>;
}

/// Which value of which parameter is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct RateRequest<'a> {
    pub parameter: &'a str,
    pub key: &'a [String],
    pub region: RegionCode,
    pub date: Date,
}

/// A rate with what a reader needs to check it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    pub value: Value,
    /// Who set it.
    pub region: String,
    /// The first day on which it holds.
    pub from: Date,
    /// Document and number, or 示例.
    pub document: String,
}

/// Formula work that one assessment may do before it is called undecidable.
const MOST_STEPS: u32 = 2_000_000;

/// Bytes of text that are read or copied as fast as one step is done.
const LETTERS_A_STEP: usize = 64;

/// Nested definitions that one assessment follows.
const MOST_DEPTH: u32 = 200;

type Traces = FxHashMap<(usize, Option<RowRef>), Vec<Seen>>;

/// The rows of a table that decide, or why they cannot be told.
pub(crate) type Chosen = Result<Arc<[usize]>, Arc<Unknown>>;

/// A program over the facts of one case. Evaluates on demand and remembers; never panics.
///
/// The facts give `计算日` (for rates) and `属地` (the region whose rates hold) like any other value.
pub struct Assessment<'a> {
    pub(crate) program: &'a Program,
    pub(crate) facts: &'a Facts,
    pub(crate) rates: &'a dyn Rates,
    pub(crate) calendar: &'a Calendar,
    memo: RefCell<FxHashMap<(usize, Option<RowRef>), Outcome>>,
    chosen: RefCell<FxHashMap<(usize, Option<RowRef>), Chosen>>,
    /// What each definition looked up, while explanations are made.
    traces: RefCell<Option<Traces>>,
    steps: Cell<u32>,
    depth: Cell<u32>,
}

/// What was looked up while a plan ran, with its place in the text; `inner` inside a list's rows.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub span: Range<usize>,
    pub what: SeenWhat,
    pub outcome: Outcome,
    pub inner: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum SeenWhat {
    Value(usize),
    Column(usize, usize, RowRef),
    Rows,
    Definition(usize, Option<RowRef>),
    Rate(usize, Option<Rate>, Vec<String>),
    /// A column of all rows: the values of `成员.月收入`.
    Projection,
}

impl<'a> Assessment<'a> {
    pub fn new(program: &'a Program, facts: &'a Facts, rates: &'a dyn Rates, calendar: &'a Calendar) -> Self {
        Self {
            program,
            facts,
            rates,
            calendar,
            memo: RefCell::new(FxHashMap::with_capacity_and_hasher(program.inner.sources.len(), FxBuildHasher)),
            chosen: RefCell::default(),
            traces: RefCell::default(),
            steps: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    /// The value of a formula or value of the whole guide by its name; `None` if there is no such name.
    pub fn value(&self, name: &str) -> Option<Outcome> {
        if let Some(definition) = self.program.find(name) {
            return Some(self.definition(definition.index, None));
        }
        let values = &self.program.inner.env.values;
        values.iter().position(|value| &*value.name == name).map(|index| self.fact(index))
    }

    /// The value of a row formula or column: `list` is a number of the environment, `at` the places of the row.
    pub fn row_value(&self, list: usize, at: [usize; 2], name: &str) -> Option<Outcome> {
        let row = RowRef { list, at };
        let definitions = &mut self.program.definitions();
        if let Some(definition) = definitions.find(|d| d.row_of == Some(list) && d.name == name) {
            return Some(self.definition(definition.index, Some(row)));
        }
        let columns = &self.program.inner.env.lists[list].columns;
        columns.iter().position(|column| &*column.name == name).map(|column| self.column(row, list, column))
    }

    /// The value of an expression of the same program.
    pub fn expression(&self, expression: &Expression) -> Outcome {
        self.run(&expression.node, expression.slots, None, &mut None)
    }

    /// The value of an expression that was compiled for the rows of a list.
    pub fn expression_of_row(&self, expression: &Expression, list: usize, at: [usize; 2]) -> Outcome {
        self.run(&expression.node, expression.slots, Some(RowRef { list, at }), &mut None)
    }

    pub(crate) fn run(&self, node: &Node, slots: usize, row: Option<RowRef>, seen: &mut Option<Vec<Seen>>) -> Outcome {
        let mut machine =
            Machine { assessment: self, slots: vec![Value::Null; slots.max(1)], seen: seen.take(), inner: 0 };
        if let Some(row) = row {
            machine.slots[0] = Value::Row(row);
        }
        let outcome = machine.eval(node);
        *seen = machine.seen;
        outcome
    }

    /// The facts of a row.
    pub(crate) fn row(&self, row: RowRef) -> Option<&'a Facts> {
        let list = &self.program.inner.env.lists[row.list];
        match list.parent {
            None => self.facts.list(&list.name)?.get(row.at[0]),
            Some(parent) => {
                let outer = self.row(RowRef { list: parent, at: [row.at[0], 0] })?;
                outer.list(&list.name)?.get(row.at[1])
            }
        }
    }

    /// How a row is called: its label, else `成员第 2 行`.
    pub(crate) fn row_label(&self, row: RowRef) -> String {
        let list = &self.program.inner.env.lists[row.list];
        let own = self.row(row).and_then(|facts| facts.label.as_deref());
        let index = if list.parent.is_some() { row.at[1] } else { row.at[0] };
        let own = own.map_or_else(|| format!("{}第 {} 行", list.name, index + 1), str::to_owned);
        match list.parent {
            Some(parent) => format!("{}的{own}", self.row_label(RowRef { list: parent, at: [row.at[0], 0] })),
            None => own,
        }
    }

    pub(crate) fn fact(&self, index: usize) -> Outcome {
        let name = &self.program.inner.env.values[index].name;
        self.facts.get(name).cloned().ok_or_else(|| Unknown::missing(name, None))
    }

    pub(crate) fn column(&self, row: RowRef, list: usize, column: usize) -> Outcome {
        let name = &self.program.inner.env.lists[list].columns[column].name;
        let found = self.row(row).and_then(|facts| facts.get(name)).cloned();
        found.ok_or_else(|| Unknown::missing(name, Some(&self.row_label(row))))
    }

    /// A value given for a definition shadows its formula.
    pub(crate) fn given(&self, index: usize, row: Option<RowRef>) -> Option<Value> {
        let name = &self.program.inner.sources[index].name.text;
        let facts = match row {
            Some(row) => self.row(row)?,
            None => self.facts,
        };
        facts.get(name).cloned()
    }

    pub(crate) fn definition(&self, index: usize, row: Option<RowRef>) -> Outcome {
        if let Some(outcome) = self.memo.borrow().get(&(index, row)) {
            return outcome.clone();
        }
        if let Some(value) = self.given(index, row) {
            self.memo.borrow_mut().insert((index, row), Ok(value.clone()));
            return Ok(value);
        }
        if self.depth.get() >= MOST_DEPTH {
            return Err(Unknown::because("公式套得太深"));
        }
        self.depth.set(self.depth.get() + 1);
        let mut seen = self.traces.borrow().is_some().then(Vec::new);
        let outcome = self.body(index, row, &mut seen);
        if let (Some(traces), Some(seen)) = (&mut *self.traces.borrow_mut(), seen) {
            traces.insert((index, row), seen);
        }
        self.depth.set(self.depth.get() - 1);
        self.memo.borrow_mut().insert((index, row), outcome.clone());
        outcome
    }

    /// From now on it is kept what each definition looks up.
    pub(crate) fn trace(&self) {
        let room = self.program.inner.sources.len();
        self.traces.borrow_mut().get_or_insert_with(|| Traces::with_capacity_and_hasher(room, FxBuildHasher));
    }

    /// The value of a definition that is not given, and what it looked up.
    pub(crate) fn traced(&self, index: usize, row: Option<RowRef>) -> (Outcome, Vec<Seen>) {
        let outcome = self.definition(index, row);
        if let Some(seen) = self.traces.borrow_mut().as_mut().and_then(|traces| traces.remove(&(index, row))) {
            return (outcome, seen);
        }
        // It was computed before anybody asked why, or is told a second time.
        let mut seen = Some(Vec::new());
        let outcome = self.body(index, row, &mut seen);
        (outcome, seen.unwrap_or_default())
    }

    /// Runs a definition's body without its memory, telling what it looked up.
    pub(crate) fn body(&self, index: usize, row: Option<RowRef>, seen: &mut Option<Vec<Seen>>) -> Outcome {
        match &self.program.inner.typed[index].body {
            Body::Broken => {
                let name = &self.program.inner.sources[index].name.text;
                Err(Unknown::because(format!("公式“{name}”有错，不能计算")))
            }
            Body::Formula { node, slots } => self.run(node, *slots, row, seen),
            Body::Output(table, output) => {
                let chosen = self.choose(*table, row, seen)?;
                let Some(plan) = &self.program.inner.plans[*table] else {
                    return Err(Unknown::because("决策表有错，不能计算"));
                };
                let mut values = Vec::with_capacity(chosen.len());
                for chosen in &*chosen {
                    match plan.rows[*chosen].outputs.get(*output) {
                        Some(node) => values.push(self.run(node, plan.slots, row, seen)?),
                        None => return Err(Unknown::because("决策表有错，不能计算")),
                    }
                }
                table::combine(plan.policy, values)
            }
        }
    }

    /// The rows of a table that decide.
    pub(crate) fn choose(&self, table: usize, row: Option<RowRef>, seen: &mut Option<Vec<Seen>>) -> Chosen {
        if seen.is_none()
            && let Some(chosen) = self.chosen.borrow().get(&(table, row))
        {
            return chosen.clone();
        }
        let Some(plan) = &self.program.inner.plans[table] else {
            return Err(Unknown::because("决策表有错，不能计算"));
        };
        let slots = vec![Value::Null; plan.slots.max(1)];
        let mut machine = Machine { assessment: self, slots, seen: seen.take(), inner: 0 };
        if let Some(row) = row {
            machine.slots[0] = Value::Row(row);
        }
        let chosen = machine.choose(plan);
        *seen = machine.seen;
        self.chosen.borrow_mut().insert((table, row), chosen.clone());
        chosen
    }

    /// Pays for looking at all of a value: what is shared a thousand times is looked at a thousand times.
    pub(crate) fn weigh(&self, value: &Value) -> Result<(), Arc<Unknown>> {
        match value {
            Value::List(items) => {
                self.spend(items.len())?;
                items.iter().try_for_each(|item| self.weigh(item))
            }
            Value::Record(fields) => {
                self.spend(fields.len())?;
                fields.values().try_for_each(|field| self.weigh(field))
            }
            Value::Text(text) => self.spend(text.len() / LETTERS_A_STEP),
            _ => Ok(()),
        }
    }

    pub(crate) fn spend(&self, steps: usize) -> Result<(), Arc<Unknown>> {
        self.steps.set(self.steps.get().saturating_add(u32::try_from(steps).unwrap_or(u32::MAX)));
        if self.steps.get() > MOST_STEPS { Err(Unknown::because("计算量太大")) } else { Ok(()) }
    }
}

pub(crate) struct Machine<'m, 'a> {
    pub assessment: &'m Assessment<'a>,
    slots: Vec<Value>,
    seen: Option<Vec<Seen>>,
    inner: u32,
}

/// Never happens for plans that the checker made; kept as an outcome so that nothing can panic.
pub(crate) fn unfit() -> Arc<Unknown> {
    Unknown::because("值与类型不符")
}

impl<'m, 'a> Machine<'m, 'a> {
    pub fn new(assessment: &'m Assessment<'a>, slots: usize) -> Self {
        Self { assessment, slots: vec![Value::Null; slots.max(1)], seen: None, inner: 0 }
    }
}

impl Machine<'_, '_> {
    pub fn eval(&mut self, node: &Node) -> Outcome {
        self.assessment.spend(1)?;
        match node {
            Node::Const(value) => Ok(value.clone()),
            Node::Slot(slot) => Ok(self.slots[*slot].clone()),
            Node::Parent(row) => {
                let row = self.row(row)?;
                let parent = self.assessment.program.inner.env.lists[row.list].parent.ok_or_else(unfit)?;
                Ok(Value::Row(RowRef { list: parent, at: [row.at[0], 0] }))
            }
            Node::Named(named, span) => self.named(named, span),
            Node::Field(record, column) => match self.eval(record)? {
                Value::Record(columns) => columns.get(column).cloned().ok_or_else(|| Unknown::missing(column, None)),
                _ => Err(unfit()),
            },
            Node::For(list, slot, body) => {
                let items = self.items(list)?;
                let mut found = Vec::with_capacity(items.len());
                for item in items.iter() {
                    // An unknown item is no obstacle to counting; whoever needs it asks.
                    found.push(self.inside(*slot, item, body)?);
                }
                let value = Value::List(found.into());
                if let (Node::Named(_, span), Some(seen)) = (&**body, &mut self.seen) {
                    let (what, outcome) = (SeenWhat::Projection, Ok(value.clone()));
                    seen.push(Seen { span: span.clone(), what, outcome, inner: self.inner > 0 });
                }
                Ok(value)
            }
            Node::Filter(list, slot, condition) => {
                let mut kept = Vec::new();
                for item in self.items(list)?.iter() {
                    if self.inside(*slot, item, condition)?.as_bool().ok_or_else(unfit)? {
                        kept.push(item.clone());
                    }
                }
                Ok(Value::List(kept.into()))
            }
            Node::Quantified(every, list, slot, condition) => self.quantified(*every, list, *slot, condition),
            Node::Index(list, index) => self.index(list, index),
            Node::If(condition, yes, no) => {
                if self.truth(condition)? {
                    self.eval(yes)
                } else {
                    self.eval(no)
                }
            }
            Node::Junction(settles, left, right) => self.junction(*settles, left, right),
            Node::Not(inner) => Ok(Value::Bool(!self.truth(inner)?)),
            Node::Negate(inner) => Ok(Value::Number(-self.number(inner)?)),
            Node::Binary(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.assessment.weigh(&left)?;
                self.assessment.weigh(&right)?;
                if operator.is_comparison() {
                    return compare_known(*operator, &left, &right).map(Value::Bool).ok_or_else(unfit);
                }
                calculate(*operator, &left, &right)
            }
            Node::In(value, tests) => {
                let value = self.eval(value);
                self.any_test(&value, tests).map(Value::Bool)
            }
            Node::Record(fields) => {
                let mut record = BTreeMap::new();
                for (name, value) in fields {
                    record.insert(name.clone(), self.eval(value)?);
                }
                Ok(Value::Record(Arc::new(record)))
            }
            Node::List(items) => Ok(Value::List(items.iter().map(|i| self.eval(i)).collect::<Result<_, _>>()?)),
            Node::Call(builtin, arguments) => builtins::call(self, *builtin, arguments),
        }
    }

    /// FEEL counts from 1, and from the end with a minus.
    fn index(&mut self, list: &Node, index: &Node) -> Outcome {
        let (items, index) = (self.items(list)?, self.number(index)?);
        let length = Rational::from(items.len() as i128);
        let place = if index < Rational::from(0) { index + length } else { index - Rational::from(1) };
        let place = if place.is_integer() { usize::try_from(place.to_integer()).ok() } else { None };
        let missing = || Unknown::because(format!("一列有 {} 项，没有第 {} 项", items.len(), number::shown(index)));
        place.and_then(|place| items.get(place)).cloned().ok_or_else(missing)
    }

    /// Evaluates an argument of a function.
    pub fn argument(&mut self, node: &Node) -> Outcome {
        self.eval(node)
    }

    fn inside(&mut self, slot: usize, item: &Value, body: &Node) -> Outcome {
        self.slots[slot] = item.clone();
        self.inner += 1;
        let outcome = self.eval(body);
        self.inner -= 1;
        outcome
    }

    fn items(&mut self, node: &Node) -> Result<Arc<[Value]>, Arc<Unknown>> {
        if let Value::List(items) = self.eval(node)? { Ok(items) } else { Err(unfit()) }
    }

    fn number(&mut self, node: &Node) -> Result<Rational, Arc<Unknown>> {
        self.eval(node)?.number().ok_or_else(unfit)
    }

    fn truth(&mut self, node: &Node) -> Result<bool, Arc<Unknown>> {
        self.eval(node)?.as_bool().ok_or_else(unfit)
    }

    fn row(&mut self, node: &Node) -> Result<RowRef, Arc<Unknown>> {
        if let Value::Row(row) = self.eval(node)? { Ok(row) } else { Err(unfit()) }
    }

    fn named(&mut self, named: &Named, span: &Range<usize>) -> Outcome {
        let (what, outcome) = match named {
            Named::Value(index) => (SeenWhat::Value(*index), self.assessment.fact(*index)),
            Named::Column(list, column, row) => {
                let row = self.row(row)?;
                (SeenWhat::Column(*list, *column, row), self.assessment.column(row, *list, *column))
            }
            Named::Definition(index, row) => {
                let row = row.as_ref().map(|row| self.row(row)).transpose()?;
                (SeenWhat::Definition(*index, row), self.assessment.definition(*index, row))
            }
            Named::Rows(list, row) => {
                let row = row.as_ref().map(|row| self.row(row)).transpose()?;
                (SeenWhat::Rows, self.rows(*list, row))
            }
            Named::Parameter(index, key, region, date) => {
                let found = self.parameter(*index, key, region.as_deref(), date.as_deref());
                let (rate, key) =
                    found.as_ref().map_or((None, Vec::new()), |(rate, key)| (Some(rate.clone()), key.clone()));
                (SeenWhat::Rate(*index, rate, key), found.map(|(rate, _)| rate.value))
            }
        };
        if let Some(seen) = &mut self.seen {
            seen.push(Seen { span: span.clone(), what, outcome: outcome.clone(), inner: self.inner > 0 });
        }
        outcome
    }

    fn rows(&mut self, list: usize, outer: Option<RowRef>) -> Outcome {
        let assessment = self.assessment;
        let name = &assessment.program.inner.env.lists[list].name;
        let facts = match outer {
            Some(outer) => assessment.row(outer).ok_or_else(unfit)?,
            None => assessment.facts,
        };
        let Some(rows) = facts.list(name) else {
            let label = outer.map(|outer| assessment.row_label(outer));
            return Err(Unknown::missing(name, label.as_deref()));
        };
        let at = |i: usize| outer.map_or([i, 0], |outer| [outer.at[0], i]);
        Ok(Value::List((0..rows.len()).map(|i| Value::Row(RowRef { list, at: at(i) })).collect()))
    }

    fn parameter(
        &mut self,
        index: usize,
        key: &[Node],
        region: Option<&Node>,
        date: Option<&Node>,
    ) -> Result<(Rate, Vec<String>), Arc<Unknown>> {
        let assessment = self.assessment;
        let mut words = Vec::new();
        for node in key {
            words.push(self.eval(node)?.to_string());
        }
        let given = |name: &str| assessment.facts.get(name).cloned().ok_or_else(|| Unknown::missing(name, None));
        let region = region.map_or_else(|| given("属地"), |node| self.eval(node))?;
        let date = date.map_or_else(|| given("计算日"), |node| self.eval(node))?;
        let (Value::Region(region), Value::Date(date)) = (region, date) else { return Err(unfit()) };
        let parameter = &assessment.program.inner.env.parameters[index].name;
        let request = RateRequest { parameter, key: &words, region, date };
        assessment.rates.rate(&request).map(|rate| (rate, words.clone())).map_err(Unknown::because)
    }

    /// 且 and 或: one side can settle the matter even when the other is unknown.
    fn junction(&mut self, settles: bool, left: &Node, right: &Node) -> Outcome {
        let left = self.truth(left);
        if left == Ok(settles) {
            return Ok(Value::Bool(settles));
        }
        match (left, self.truth(right)) {
            (_, Ok(b)) if b == settles => Ok(Value::Bool(settles)),
            (Err(a), Err(b)) => Err(a.and(&b)),
            (Err(unknown), _) | (_, Err(unknown)) => Err(unknown),
            (Ok(_), Ok(b)) => Ok(Value::Bool(b)),
        }
    }

    fn quantified(&mut self, every: bool, list: &Node, slot: usize, condition: &Node) -> Outcome {
        let mut unknown: Option<Arc<Unknown>> = None;
        for item in self.items(list)?.iter() {
            match self.inside(slot, item, condition).map(|value| value.as_bool()) {
                Ok(Some(b)) if b != every => return Ok(Value::Bool(b)),
                Ok(Some(_)) => {}
                Ok(None) => return Err(unfit()),
                Err(reason) => unknown = Some(unknown.map_or(reason.clone(), |before| before.and(&reason))),
            }
        }
        unknown.map_or(Ok(Value::Bool(every)), Err)
    }

    pub fn any_test(&mut self, value: &Outcome, tests: &[TestNode]) -> Result<bool, Arc<Unknown>> {
        let mut unknown = None;
        for test in tests {
            match self.test(value, test) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(reason) => _ = unknown.get_or_insert(reason),
            }
        }
        unknown.map_or(Ok(false), Err)
    }

    fn test(&mut self, value: &Outcome, test: &TestNode) -> Result<bool, Arc<Unknown>> {
        match test {
            TestNode::Any => return Ok(true),
            TestNode::Unknown => return Ok(value.is_err()),
            _ => {}
        }
        let value = value.as_ref().map_err(Arc::clone)?;
        let mut holds =
            |operator: Operator, node: &Node| compare_known(operator, value, &self.eval(node)?).ok_or_else(unfit);
        match test {
            TestNode::Any | TestNode::Unknown => Ok(true),
            TestNode::Equal(node) => holds(Operator::Equal, node),
            TestNode::Compare(operator, node) => holds(*operator, node),
            TestNode::Interval { low, low_closed, high, high_closed } => {
                let low = holds(if *low_closed { Operator::GreaterEqual } else { Operator::Greater }, low);
                let high = holds(if *high_closed { Operator::LessEqual } else { Operator::Less }, high);
                match (low, high) {
                    (Ok(false), _) | (_, Ok(false)) => Ok(false),
                    (low, high) => Ok(low? && high?),
                }
            }
            TestNode::Member(node) => Ok(self.items(node)?.contains(value)),
            TestNode::Not(tests) => Ok(!self.any_test(&Ok(value.clone()), tests)?),
        }
    }
}
