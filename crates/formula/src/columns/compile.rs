//! Typed plans into a graph of column operations. What columns cannot do is left to the reference evaluator,
//! for those cases that have rows on which it stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base::Calendar;

use super::graph::{Arg, Arith, Fit, Graph, Level, NO, Op, Relation, Unfit, YES, unfit};
use super::number::Number;
use super::population::{Column, Data, Population, Words, month_index, packed};
use crate::check::Body;
use crate::eval::{RateRequest, Rates};
use crate::plan::{Named, Node};
use crate::program::Program;
use crate::value::Value;

/// A value on each row of some level.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Number(Number),
    Bool(Arg),
    Word(Arg, Arc<Words>),
    Date(Arg),
    Month(Arg),
    Row(Level),
    /// Never known, so of any type.
    Nothing,
}

/// A value with whether it is known.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub form: Form,
    pub known: Arg,
}

/// Rows of a list, those that count, and for each owner whether it is known which.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub list: usize,
    pub counts: Arg,
    pub known: Arg,
}

#[derive(Clone, Debug)]
pub(super) enum Compiled {
    Scalar(Scalar),
    /// A list of as many values everywhere.
    Items(Vec<Scalar>),
    Rows(Chosen),
    /// A value of each row.
    Each(Chosen, Box<Scalar>),
}

/// Fewer than what the reference evaluator does for one case, so that no value is told that it would not tell.
const MOST_VISITS: u32 = 200_000;

pub(super) struct Compiler<'a> {
    pub program: &'a Program,
    pub population: &'a Population,
    pub rates: &'a dyn Rates,
    pub calendar: &'a Calendar,
    pub graph: Graph,
    memo: HashMap<usize, Compiled>,
    /// How many parts have been looked at: a body under a list of literals once for each.
    visits: u32,
    pub slots: Vec<Scalar>,
    /// Levels whose cases are left to the reference evaluator, each with what columns do not do.
    pub left: BTreeMap<Level, String>,
}

impl Scalar {
    pub fn sure(form: Form) -> Self {
        Self { form, known: YES }
    }

    pub fn nothing() -> Self {
        Self { form: Form::Nothing, known: NO }
    }

    pub fn flag(arg: Arg, known: Arg) -> Self {
        if known == NO { Self::nothing() } else { Self { form: Form::Bool(arg), known } }
    }

    fn number(number: Number, known: Arg) -> Self {
        if known == NO { Self::nothing() } else { Self { form: Form::Number(number), known } }
    }
}

impl Compiled {
    pub fn flag(arg: Arg, known: Arg) -> Self {
        Self::Scalar(Scalar::flag(arg, known))
    }

    pub fn number(number: Number, known: Arg) -> Self {
        Self::Scalar(Scalar::number(number, known))
    }

    pub fn nothing() -> Self {
        Self::Scalar(Scalar::nothing())
    }
}

impl<'a> Compiler<'a> {
    pub fn new(program: &'a Program, population: &'a Population, rates: &'a dyn Rates, calendar: &'a Calendar) -> Self {
        let lists = &program.inner.env.lists;
        let longest = |list: usize| population.lists.get(&list).and_then(|rows| rows.longest).unwrap_or(0);
        let parents = lists.iter().map(|list| list.parent).collect();
        let graph = Graph::new(parents, (0..lists.len()).map(longest).collect());
        let (memo, left) = (HashMap::new(), BTreeMap::new());
        Self { program, population, rates, calendar, graph, memo, visits: 0, slots: Vec::new(), left }
    }

    fn columns(&self, level: Level) -> Option<&'a BTreeMap<Arc<str>, Column>> {
        match level {
            None => Some(&self.population.values),
            Some(list) => self.population.lists.get(&list).map(|rows| &rows.columns),
        }
    }

    fn has_rows(&self, level: Level) -> bool {
        level.is_none_or(|list| self.graph.longest[list] > 0)
    }

    /// Leaves the cases that have rows of a level to the reference evaluator.
    pub fn leave(&mut self, level: Level, reason: &Unfit) -> Compiled {
        if self.has_rows(level) {
            self.left.entry(level).or_insert_with(|| reason.0.clone());
        }
        Compiled::nothing()
    }

    /// A column of the population, if it has it.
    pub fn column(&mut self, level: Level, name: &str) -> Fit<Scalar> {
        let Some((name, column)) = self.columns(level).and_then(|columns| columns.get_key_value(name)) else {
            return Ok(Scalar::nothing());
        };
        let known = match &column.known {
            None => YES,
            Some(_) => self.graph.node(Op::Known(name.clone()), level, true, (0, 1)),
        };
        let small = match &column.data {
            Data::Same(Value::Record(_)) => return Ok(Scalar { form: Form::Nothing, known }),
            Data::Same(value) => return Ok(Scalar { known, ..constant(value)? }),
            Data::Opaque(values) if matches!(values.first(), Some(Value::Record(_))) => {
                return Ok(Scalar { form: Form::Nothing, known });
            }
            Data::Opaque(_) => return unfit(format!("“{name}”有列里放不下的值")),
            Data::Flags(_) | Data::Words { .. } => true,
            Data::Numbers { .. } | Data::Dates(_) | Data::Months(_) => false,
        };
        let arg = match column.range {
            (low, high) if low == high => Arg::Const(low),
            range => self.graph.node(Op::Column(name.clone()), level, small, range),
        };
        let form = match &column.data {
            Data::Numbers { scale, .. } => Form::Number(Number { arg, scale: *scale, below: YES }),
            Data::Flags(_) => Form::Bool(arg),
            Data::Words { words, .. } => Form::Word(arg, words.clone()),
            Data::Dates(_) => Form::Date(arg),
            _ => Form::Month(arg),
        };
        Ok(Scalar { form, known })
    }

    /// A definition at the rows that have it. One that columns cannot do leaves its cases to the reference.
    pub fn definition(&mut self, index: usize) -> Fit<Compiled> {
        if let Some(compiled) = self.memo.get(&index) {
            return Ok(compiled.clone());
        }
        let level = self.program.inner.sources[index].row_of;
        let slots = std::mem::take(&mut self.slots);
        let found = self.given_or_body(index, level);
        self.slots = slots;
        let compiled = found.unwrap_or_else(|reason| self.leave(level, &reason));
        self.memo.insert(index, compiled.clone());
        Ok(compiled)
    }

    fn given_or_body(&mut self, index: usize, level: Level) -> Fit<Compiled> {
        let name = self.program.inner.sources[index].name.text.clone();
        let given = match self.columns(level).is_some_and(|columns| columns.contains_key(&*name)) {
            true => Some(self.column(level, &name)?),
            false => None,
        };
        if let Some(given) = &given
            && given.known == YES
        {
            return Ok(Compiled::Scalar(given.clone()));
        }
        let body = self.body(index, level)?;
        match (given, body) {
            (None, body) => Ok(body),
            (Some(given), Compiled::Scalar(body)) => {
                let known = Scalar::sure(Form::Bool(given.known));
                let value = Scalar { known: YES, ..given };
                Ok(Compiled::Scalar(self.choice(&known, &value, &body)?))
            }
            (Some(_), _) => unfit("给定的一列值"),
        }
    }

    fn body(&mut self, index: usize, level: Level) -> Fit<Compiled> {
        self.slots = vec![Scalar::sure(Form::Row(level))];
        match &self.program.inner.typed[index].body {
            Body::Broken => Ok(Compiled::nothing()),
            Body::Formula { node, .. } => self.node(node),
            Body::Output(table, output) => match &self.program.inner.plans[*table] {
                Some(plan) => self.table(plan, *output),
                None => Ok(Compiled::nothing()),
            },
        }
    }

    pub fn node(&mut self, node: &Node) -> Fit<Compiled> {
        self.visits += 1;
        if self.visits > MOST_VISITS {
            return unfit("展开以后太长的式子");
        }
        let scalar = match node {
            Node::Const(value) => constant(value)?,
            Node::Slot(slot) => match self.slots.get(*slot) {
                Some(scalar) => scalar.clone(),
                None => return unfit("变量"),
            },
            Node::Parent(row) => {
                let Form::Row(Some(list)) = self.scalar(row)?.form else { return unfit("外层的行") };
                Scalar::sure(Form::Row(self.graph.parents[list]))
            }
            Node::Named(named, _) => return self.named(named),
            Node::Field(record, part) => {
                let (level, path) = self.path(record)?;
                self.column(level, &format!("{path}.{part}"))?
            }
            Node::For(list, slot, body) => return self.each(list, *slot, body),
            Node::Filter(list, slot, condition) => return self.filter(list, *slot, condition),
            Node::Quantified(every, list, slot, body) => return self.quantified(*every, list, *slot, body),
            Node::Index(list, index) => return self.index(list, index),
            Node::If(condition, yes, no) => return self.conditional(condition, yes, no),
            Node::Junction(settles, a, b) => {
                let (a, b) = (self.truth(a)?, self.truth(b)?);
                let (arg, known) = self.junction(*settles, a, b)?;
                Scalar::flag(arg, known)
            }
            Node::Not(inner) => {
                let (arg, known) = self.truth(inner)?;
                Scalar::flag(self.graph.not(arg), known)
            }
            Node::Negate(inner) => match self.scalar(inner)? {
                Scalar { form: Form::Number(number), known } => {
                    let zero = Number::whole(Arg::Const(0));
                    Scalar::number(self.graph.combine(Arith::Subtract, zero, number)?, known)
                }
                other if matches!(other.form, Form::Nothing) => other,
                _ => return unfit("负号"),
            },
            Node::Binary(operator, a, b) => {
                let (a, b) = (self.scalar(a)?, self.scalar(b)?);
                self.binary(*operator, &a, &b)?
            }
            Node::In(value, tests) => {
                let value = self.scalar(value)?;
                let (arg, known) = self.any_test(&value, tests)?;
                Scalar::flag(arg, known)
            }
            Node::Record(_) => return unfit("记录"),
            Node::List(items) => {
                let items = items.iter().map(|item| self.scalar(item)).collect::<Fit<_>>()?;
                return Ok(Compiled::Items(items));
            }
            Node::Call(builtin, arguments) => return self.call(*builtin, arguments),
        };
        Ok(Compiled::Scalar(scalar))
    }

    pub fn scalar(&mut self, node: &Node) -> Fit<Scalar> {
        match self.node(node)? {
            Compiled::Scalar(scalar) => Ok(scalar),
            _ => unfit("一列值当作一个值"),
        }
    }

    /// A condition: what it says where it is known, and where that is.
    pub fn truth(&mut self, node: &Node) -> Fit<(Arg, Arg)> {
        match self.scalar(node)? {
            Scalar { form: Form::Bool(arg), known } => Ok((arg, known)),
            Scalar { form: Form::Nothing, known } => Ok((NO, known)),
            _ => unfit("条件"),
        }
    }

    /// The column of a register's row: where it stands and what it is called.
    fn path(&mut self, node: &Node) -> Fit<(Level, String)> {
        match node {
            Node::Named(Named::Value(index), _) => Ok((None, self.program.inner.env.values[*index].name.to_string())),
            Node::Named(Named::Column(list, column, row), _) => {
                self.row(row, *list)?;
                Ok((Some(*list), self.program.inner.env.lists[*list].columns[*column].name.to_string()))
            }
            Node::Field(record, part) => {
                let (level, path) = self.path(record)?;
                Ok((level, format!("{path}.{part}")))
            }
            _ => unfit("台账的行"),
        }
    }

    fn row(&mut self, node: &Node, list: usize) -> Fit<()> {
        match self.scalar(node)?.form {
            Form::Row(level) if level == Some(list) => Ok(()),
            _ => unfit("一行"),
        }
    }

    fn named(&mut self, named: &Named) -> Fit<Compiled> {
        match named {
            Named::Value(index) => {
                let name = self.program.inner.env.values[*index].name.clone();
                self.column(None, &name).map(Compiled::Scalar)
            }
            Named::Column(list, column, row) => {
                self.row(row, *list)?;
                let name = self.program.inner.env.lists[*list].columns[*column].name.clone();
                self.column(Some(*list), &name).map(Compiled::Scalar)
            }
            Named::Definition(index, row) => {
                let level = self.program.inner.sources[*index].row_of;
                match (row, level) {
                    (Some(row), Some(list)) => self.row(row, list)?,
                    (None, None) => {}
                    _ => return unfit("按行的公式"),
                }
                self.definition(*index)
            }
            Named::Rows(list, row) => {
                let parent = self.graph.parents[*list];
                match (row, parent) {
                    (Some(row), Some(parent)) => self.row(row, parent)?,
                    (None, None) => {}
                    _ => return unfit("名单"),
                }
                let known = match self.population.lists.get(list).map(|rows| rows.known.is_some()) {
                    None => NO,
                    Some(false) => YES,
                    Some(true) => self.graph.node(Op::RowsKnown(*list), parent, true, (0, 1)),
                };
                Ok(Compiled::Rows(Chosen { list: *list, counts: YES, known }))
            }
            Named::Parameter(index, key, region, date) => {
                self.parameter(*index, key, region.as_deref(), date.as_deref()).map(Compiled::Scalar)
            }
        }
    }

    /// A rate by region and key: one value for all, or a table by the words that differ.
    fn parameter(&mut self, index: usize, key: &[Node], region: Option<&Node>, date: Option<&Node>) -> Fit<Scalar> {
        let at = |compiler: &mut Self, node: Option<&Node>, name: &str| match node {
            Some(node) => compiler.scalar(node),
            None => compiler.column(None, name),
        };
        let region = at(self, region, "属地")?;
        let date = at(self, date, "计算日")?;
        let mut keys = key.iter().map(|node| self.scalar(node)).collect::<Fit<Vec<_>>>()?;
        keys.push(region);
        if keys.iter().chain([&date]).any(|key| key.known == NO) {
            return Ok(Scalar::nothing());
        }
        let Form::Date(Arg::Const(day)) = date.form else { return unfit("按行不同的日期查参数") };
        let Some(day) = super::population::unpacked(day) else { return unfit("日期") };
        let mut known = date.known;
        // The tables of all keys are laid out as one, the last key running fastest.
        let mut varying: Vec<(Arg, usize)> = Vec::new();
        let mut choices: Vec<(Arc<Words>, Vec<u8>)> = Vec::new();
        for key in keys {
            let Form::Word(code, words) = key.form else { return unfit("查参数的词") };
            known = self.graph.and(known, key.known)?;
            let all = match code {
                Arg::Const(code) => vec![code as u8],
                Arg::Node(_) => (0..words.words.len()).map(|code| code as u8).collect(),
            };
            if let Arg::Node(_) = code {
                varying.push((code, all.len()));
            }
            choices.push((words, all));
        }
        let total: usize = choices.iter().map(|(_, all)| all.len()).product();
        if total > 1 << 16 {
            return unfit("参数的表太大");
        }
        let parameter = self.program.inner.env.parameters[index].name.clone();
        let mut found: Vec<Option<Value>> = Vec::with_capacity(total);
        for place in 0..total {
            let mut left = place;
            let mut words: Vec<Value> = Vec::new();
            for (list, all) in choices.iter().rev() {
                words.push(list.value(all[left % all.len()]));
                left /= all.len();
            }
            let Some(Value::Region(region)) = words.first().cloned() else { return unfit("地区") };
            let key: Vec<String> = words[1..].iter().rev().map(Value::to_string).collect();
            let request = RateRequest { parameter: &parameter, key: &key, region, date: day };
            found.push(self.rates.rate(&request).ok().map(|rate| rate.value));
        }
        let rate = self.rate_table(&varying, &found)?;
        let known = self.graph.and(known, rate.known)?;
        Ok(if known == NO { Scalar::nothing() } else { Scalar { known, ..rate } })
    }

    fn rate_table(&mut self, varying: &[(Arg, usize)], found: &[Option<Value>]) -> Fit<Scalar> {
        let Some(first) = found.iter().flatten().next().cloned() else { return Ok(Scalar::nothing()) };
        let all_known = found.iter().all(Option::is_some);
        let values: Vec<Value> = found.iter().map(|value| value.clone().unwrap_or_else(|| first.clone())).collect();
        let place = Place { varying, graph: &mut self.graph };
        let known_table: Vec<u8> = found.iter().map(|value| u8::from(value.is_some())).collect();
        place.pick(&known_table, &values, all_known)
    }

    fn conditional(&mut self, condition: &Node, yes: &Node, no: &Node) -> Fit<Compiled> {
        let (arg, known) = self.truth(condition)?;
        if known == NO {
            return Ok(Compiled::nothing());
        }
        if let (Arg::Const(told), YES) = (arg, known) {
            return self.node(if told == 0 { no } else { yes });
        }
        let (yes, no) = match (self.node(yes)?, self.node(no)?) {
            (Compiled::Scalar(yes), Compiled::Scalar(no)) => (yes, no),
            _ => return unfit("两列之中选一列"),
        };
        Ok(Compiled::Scalar(self.choice(&Scalar::flag(arg, known), &yes, &no)?))
    }

    /// One of two values by a condition.
    pub fn choice(&mut self, condition: &Scalar, yes: &Scalar, no: &Scalar) -> Fit<Scalar> {
        let Form::Bool(arg) = condition.form else { return Ok(Scalar::nothing()) };
        let chosen = self.graph.select(arg, yes.known, no.known, true)?;
        let known = self.graph.and(condition.known, chosen)?;
        let form = match (&yes.form, &no.form) {
            (Form::Nothing, form) | (form, Form::Nothing) => form.clone(),
            (Form::Number(a), Form::Number(b)) => Form::Number(self.graph.choice(arg, *a, *b)?),
            (Form::Bool(a), Form::Bool(b)) => Form::Bool(self.graph.select(arg, *a, *b, true)?),
            (Form::Date(a), Form::Date(b)) => Form::Date(self.graph.select(arg, *a, *b, false)?),
            (Form::Month(a), Form::Month(b)) => Form::Month(self.graph.select(arg, *a, *b, false)?),
            (Form::Word(a, x), Form::Word(b, y)) => {
                let (a, b, words) = self.unify((*a, x), (*b, y))?;
                Form::Word(self.graph.select(arg, a, b, true)?, words)
            }
            _ => return unfit("两种类型之中选一个"),
        };
        Ok(if known == NO { Scalar::nothing() } else { Scalar { form, known } })
    }

    /// Both in one list of words.
    pub fn unify(&mut self, a: (Arg, &Arc<Words>), b: (Arg, &Arc<Words>)) -> Fit<(Arg, Arg, Arc<Words>)> {
        if a.1 == b.1 {
            return Ok((a.0, b.0, a.1.clone()));
        }
        if a.1.regions != b.1.regions {
            return unfit("地区与文字");
        }
        let mut words = a.1.words.clone();
        words.extend(b.1.words.iter().filter(|word| !a.1.words.contains(word)).cloned());
        if words.len() > 256 {
            return unfit("太多不同的词");
        }
        let words = Arc::new(Words { words, regions: a.1.regions });
        let table: Vec<u8> = b.1.words.iter().map(|word| words.place(word).unwrap_or(0)).collect();
        Ok((a.0, self.graph.recode(b.0, &table), words))
    }

    /// 且 is settled by 否, 或 by 是, also where the other side is unknown.
    pub fn junction(&mut self, settles: bool, a: (Arg, Arg), b: (Arg, Arg)) -> Fit<(Arg, Arg)> {
        let graph = &mut self.graph;
        let value = if settles { graph.or(a.0, b.0)? } else { graph.and(a.0, b.0)? };
        let mut settled = |(value, known): (Arg, Arg)| {
            let decisive = if settles { value } else { graph.not(value) };
            graph.and(known, decisive)
        };
        let (by_a, by_b) = (settled(a)?, settled(b)?);
        let both = graph.and(a.1, b.1)?;
        let either = graph.or(by_a, by_b)?;
        let known = graph.or(both, either)?;
        Ok((value, known))
    }

    /// Whether two values are equal, of any type.
    pub fn equal(&mut self, a: &Scalar, b: &Scalar) -> Fit<(Arg, Arg)> {
        let known = self.graph.and(a.known, b.known)?;
        let told = match (&a.form, &b.form) {
            _ if known == NO => NO,
            (Form::Nothing, _) | (_, Form::Nothing) => return unfit("比较台账的行"),
            (Form::Number(a), Form::Number(b)) => self.graph.relate(Relation::Equal, *a, *b)?,
            (Form::Bool(a), Form::Bool(b)) => self.graph.same(*a, *b)?,
            (Form::Date(a), Form::Date(b)) | (Form::Month(a), Form::Month(b)) => {
                self.graph.compare(Relation::Equal, *a, *b)?
            }
            (Form::Word(a, x), Form::Word(b, y)) => {
                let (a, b, _) = self.unify((*a, x), (*b, y))?;
                self.graph.same(a, b)?
            }
            _ => return unfit("比较两种类型"),
        };
        Ok((told, known))
    }
}

pub(super) fn constant(value: &Value) -> Fit<Scalar> {
    Ok(Scalar::sure(match value {
        Value::Number(number) => Form::Number(Number::constant(*number)?),
        Value::Bool(flag) => Form::Bool(Arg::Const(i64::from(*flag))),
        Value::Text(text) => Form::Word(Arg::Const(0), Words::new([text.clone()])),
        Value::Region(code) => {
            let words = vec![code.to_string().into()];
            Form::Word(Arg::Const(0), Arc::new(Words { words, regions: true }))
        }
        Value::Date(date) if date.year() >= 1 => Form::Date(Arg::Const(i64::from(packed(*date)))),
        Value::Month(month) => Form::Month(Arg::Const(i64::from(month_index(*month)))),
        _ => return unfit("常数"),
    }))
}

/// A table of rates by the words that differ from row to row.
struct Place<'g, 'v> {
    varying: &'v [(Arg, usize)],
    graph: &'g mut Graph,
}

impl Place<'_, '_> {
    fn pick(mut self, known: &[u8], values: &[Value], all_known: bool) -> Fit<Scalar> {
        let known = match all_known {
            true => YES,
            false => {
                let known: Vec<i64> = known.iter().map(|flag| i64::from(*flag)).collect();
                let flag = self.numbers(&known)?;
                self.graph.compare(Relation::Equal, flag, Arg::Const(1))?
            }
        };
        let form = match &values[0] {
            value if values.iter().all(|other| other == value) => constant(value)?.form,
            Value::Number(_) => {
                let mut scale = 1_i128;
                for number in values.iter().filter_map(Value::number) {
                    scale = num_integer::lcm(scale, *number.denom());
                }
                let scaled = |value: &Value| {
                    let number = value.number()?;
                    i64::try_from(number.numer().checked_mul(scale / number.denom())?).ok()
                };
                let table: Option<Vec<i64>> = values.iter().map(scaled).collect();
                let (Some(table), Ok(scale)) = (table, i64::try_from(scale)) else { return unfit("太大的参数") };
                Form::Number(Number { arg: self.numbers(&table)?, scale, below: YES })
            }
            Value::Bool(_) => {
                let table: Vec<i64> = values.iter().map(|v| i64::from(v.as_bool() == Some(true))).collect();
                let flag = self.numbers(&table)?;
                Form::Bool(self.graph.compare(Relation::Equal, flag, Arg::Const(1))?)
            }
            Value::Text(_) => return self.words(values, known),
            _ => return unfit("参数的类型"),
        };
        Ok(Scalar { form, known })
    }

    /// Words by one word that differs.
    fn words(self, values: &[Value], known: Arg) -> Fit<Scalar> {
        let [(code, _)] = self.varying else { return unfit("按几个词选文字") };
        let mut words: Vec<Arc<str>> = Vec::new();
        let mut table = Vec::new();
        for value in values {
            let word: Arc<str> = value.as_text().unwrap_or("").into();
            let place = words.iter().position(|known| *known == word).unwrap_or(words.len());
            if place == words.len() {
                words.push(word);
            }
            table.push(place as u8);
        }
        Ok(Scalar { form: Form::Word(self.graph.recode(*code, &table), Words::new(words)), known })
    }

    fn numbers(&mut self, table: &[i64]) -> Fit<Arg> {
        match self.varying {
            [] => Ok(Arg::Const(table[0])),
            [(code, _)] => Ok(self.graph.table(*code, table)),
            // The keys were counted with the last one fastest.
            several => {
                let mut place = Arg::Const(0);
                for (code, many) in several {
                    let steps: Vec<i64> = (0..*many as i64).collect();
                    let step = self.graph.table(*code, &steps);
                    let shifted = self.graph.times(place, *many as i64)?;
                    place = self.graph.arith(Arith::Add, shifted, step)?;
                }
                Ok(self.graph.lookup(place, table.into()))
            }
        }
    }
}
