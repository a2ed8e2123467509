//! Facts of many cases as columns: one array per value, and per list one array per column with the places where
//! each case's rows begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, Month, RegionCode};
use num_integer::lcm;

use crate::environment::Environment;
use crate::number::Rational;
use crate::program::Program;
use crate::types::Type;
use crate::value::{Facts, Value};

/// The facts of many cases. Names are those of the environment; a column of a register's row stands under
/// `人员.出生日期`, and the name alone says whether there is such a row.
#[derive(Clone, Debug, Default)]
pub struct Population {
    pub cases: usize,
    pub values: BTreeMap<Arc<str>, Column>,
    /// By the number of the list in the environment. A list that is absent is unknown in every case.
    pub lists: BTreeMap<usize, Rows>,
}

/// The rows of a list, in the order of the cases (for a nested list: of the outer rows).
#[derive(Clone, Debug)]
pub struct Rows {
    pub(super) starts: Vec<u32>,
    pub(super) known: Option<Vec<u8>>,
    pub(super) columns: BTreeMap<Arc<str>, Column>,
    /// The most rows that one owner has; `None` where the starts are out of order.
    pub(super) longest: Option<usize>,
}

/// One value for each case or row.
#[derive(Clone, Debug)]
pub struct Column {
    pub(super) data: Data,
    pub(super) known: Option<Vec<u8>>,
    /// The least and the greatest of what stands in it, which the planner of operations asks for.
    pub(super) range: (i64, i64),
}

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Data {
    /// Numbers times the scale: money in 分 has the scale 100.
    Numbers { values: Vec<i64>, scale: i64 },
    /// 1 is 是.
    Flags(Vec<u8>),
    /// Texts, choices and regions by their place in a list of at most 256.
    Words { codes: Vec<u8>, words: Arc<Words> },
    /// Dates as `yyyymmdd`.
    Dates(Vec<i32>),
    /// Months since the year 0.
    Months(Vec<i32>),
    /// Every case has the same.
    Same(Value),
    /// Only whether there is a value matters, or it is of a kind that columns do not hold.
    Opaque(Vec<Value>),
}

/// The texts that a column has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    pub words: Vec<Arc<str>>,
    /// Whether they are codes of regions.
    pub regions: bool,
}

/// `yyyymmdd`, in which dates keep their order.
pub fn packed(date: Date) -> i32 {
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
}

/// The date that `yyyymmdd` says, if there is one.
pub fn unpacked(packed: i64) -> Option<Date> {
    let part = |n: i64| i8::try_from(n).ok();
    Date::new(i16::try_from(packed.div_euclid(10_000)).ok()?, part(packed / 100 % 100)?, part(packed % 100)?).ok()
}

/// Months since the year 0.
pub fn month_index(month: Month) -> i32 {
    i32::from(month.year()) * 12 + i32::from(month.month()) - 1
}

pub fn month_at(index: i64) -> Option<Month> {
    Month::new(i16::try_from(index.div_euclid(12)).ok()?, (index.rem_euclid(12) + 1) as i8)
}

impl Column {
    pub fn new(data: Data) -> Self {
        let range = match &data {
            Data::Numbers { values, .. } => range(values.iter().copied()),
            Data::Flags(values) | Data::Words { codes: values, .. } => range(values.iter().map(|n| i64::from(*n))),
            Data::Dates(values) | Data::Months(values) => range(values.iter().map(|n| i64::from(*n))),
            Data::Same(_) | Data::Opaque(_) => (0, 0),
        };
        Self { data, known: None, range }
    }

    /// 1 where the value is known. What stands at an unknown place means nothing.
    pub fn known_where(self, known: Vec<u8>) -> Self {
        let known = if known.contains(&0) { Some(known) } else { None };
        Self { known, ..self }
    }

    /// The value of a row, if it is known.
    pub fn value(&self, row: usize) -> Option<Value> {
        if self.known.as_ref().is_some_and(|known| known[row] == 0) {
            return None;
        }
        Some(match &self.data {
            Data::Numbers { values, scale } => {
                Value::Number(Rational::new(i128::from(values[row]), i128::from(*scale)))
            }
            Data::Flags(flags) => Value::Bool(flags[row] != 0),
            Data::Words { codes, words } => words.value(codes[row]),
            Data::Dates(dates) => Value::Date(unpacked(i64::from(dates[row]))?),
            Data::Months(months) => Value::Month(month_at(i64::from(months[row]))?),
            Data::Same(value) => value.clone(),
            Data::Opaque(values) => values[row].clone(),
        })
    }

    /// How many rows it has; a value that all have fits any number.
    pub(super) fn length(&self) -> Option<usize> {
        Some(match &self.data {
            Data::Numbers { values, .. } => values.len(),
            Data::Flags(values) => values.len(),
            Data::Words { codes, .. } => codes.len(),
            Data::Dates(values) | Data::Months(values) => values.len(),
            Data::Same(_) => return None,
            Data::Opaque(values) => values.len(),
        })
    }
}

impl Rows {
    /// `starts` tells where each outer row's rows begin, and at the end how many there are.
    pub fn new(starts: Vec<u32>, columns: BTreeMap<Arc<str>, Column>) -> Self {
        let step = |pair: &[u32]| pair[1].checked_sub(pair[0]).map(|many| many as usize);
        let longest = starts.windows(2).try_fold(0, |most: usize, pair| Some(most.max(step(pair)?)));
        let longest = longest.filter(|_| starts.first() == Some(&0));
        Self { starts, known: None, columns, longest }
    }

    /// 1 for the outer rows of which it is known which rows they have.
    pub fn known_where(self, known: Vec<u8>) -> Self {
        let known = if known.contains(&0) { Some(known) } else { None };
        Self { known, ..self }
    }

    /// How many rows there are.
    pub fn length(&self) -> usize {
        self.starts.last().map_or(0, |last| *last as usize)
    }
}

impl Words {
    pub fn new(words: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Arc<Self> {
        Arc::new(Self { words: words.into_iter().map(Into::into).collect(), regions: false })
    }

    pub(super) fn value(&self, code: u8) -> Value {
        let word = self.words.get(usize::from(code)).cloned().unwrap_or_else(|| "".into());
        match RegionCode::parse(&word) {
            Ok(region) if self.regions => Value::Region(region),
            _ => Value::Text(word),
        }
    }

    /// The place of a word.
    pub(super) fn place(&self, word: &str) -> Option<u8> {
        self.words.iter().position(|known| &**known == word).and_then(|place| u8::try_from(place).ok())
    }
}

impl Population {
    /// The same cases with a value given in place of what it was or of its formula.
    #[must_use]
    pub fn with(&self, name: &str, column: Column) -> Self {
        let mut changed = self.clone();
        changed.values.insert(name.into(), column);
        changed
    }

    /// Cases into columns, as the environment declares their names, with what is given in place of formulas.
    pub fn of(program: &Program, cases: &[Facts]) -> Self {
        let env = program.environment();
        let formulas = |list: Option<usize>| {
            let own = program.definitions().filter(move |definition| definition.row_of == list);
            own.filter_map(|definition| Some((Arc::<str>::from(definition.name), definition.ty?.clone())))
        };
        let mut population = Self { cases: cases.len(), ..Self::default() };
        let all: Vec<Option<&Facts>> = cases.iter().map(Some).collect();
        for (name, ty) in env.values.iter().map(|value| (&value.name, &value.ty)) {
            gather(env, &mut population.values, name, ty, &all);
        }
        for (name, ty) in formulas(None) {
            gather(env, &mut population.values, &name, &ty, &all);
        }
        let mut outer: BTreeMap<usize, Vec<&Facts>> = BTreeMap::new();
        for (index, list) in env.lists.iter().enumerate() {
            let owners = match list.parent {
                Some(parent) => outer.get(&parent).cloned().unwrap_or_default(),
                None => cases.iter().collect(),
            };
            let (mut starts, mut own, mut known) = (vec![0], Vec::new(), Vec::new());
            for owner in owners {
                let found = owner.list(&list.name);
                known.push(u8::from(found.is_some()));
                own.extend(found.into_iter().flatten());
                starts.push(own.len() as u32);
            }
            let mut columns = BTreeMap::new();
            let all: Vec<Option<&Facts>> = own.iter().map(|facts| Some(*facts)).collect();
            for column in &list.columns {
                gather(env, &mut columns, &column.name, &column.ty, &all);
            }
            for (name, ty) in formulas(Some(index)) {
                gather(env, &mut columns, &name, &ty, &all);
            }
            population.lists.insert(index, Rows::new(starts, columns).known_where(known));
            outer.insert(index, own);
        }
        population
    }

    /// The facts of one case, as the reference evaluator reads them.
    pub fn facts(&self, env: &Environment, case: usize) -> Facts {
        let mut facts = row(&self.values, case);
        self.fill(env, &mut facts, None, case);
        facts
    }

    fn fill(&self, env: &Environment, facts: &mut Facts, parent: Option<usize>, owner: usize) {
        for (index, list) in env.lists.iter().enumerate().filter(|(_, list)| list.parent == parent) {
            let Some(rows) = self.lists.get(&index) else { continue };
            if rows.known.as_ref().is_some_and(|known| known[owner] == 0) {
                continue;
            }
            let places = rows.starts[owner] as usize..rows.starts[owner + 1] as usize;
            let read = places.map(|place| {
                let mut facts = row(&rows.columns, place);
                self.fill(env, &mut facts, Some(index), place);
                facts
            });
            facts.lists.insert(list.name.clone(), read.collect());
        }
    }

    /// What is wrong with the shape, told by list and column: columns of unequal length, places out of order.
    pub fn check(&self, env: &Environment) -> Result<(), String> {
        let mut lengths: BTreeMap<Option<usize>, usize> = BTreeMap::from([(None, self.cases)]);
        check_columns("", &self.values, self.cases)?;
        for (index, list) in env.lists.iter().enumerate() {
            let Some(rows) = self.lists.get(&index) else { continue };
            let owners = *lengths.get(&list.parent).ok_or_else(|| format!("“{}”的外层名单没有给出", list.name))?;
            if rows.starts.len() != owners + 1 || rows.longest.is_none() {
                return Err(format!("名单“{}”的起点应有 {} 个，从 0 起不减", list.name, owners + 1));
            }
            if rows.known.as_ref().is_some_and(|known| known.len() != owners) {
                return Err(format!("名单“{}”的已知标记应有 {owners} 个", list.name));
            }
            let length = rows.starts[owners] as usize;
            check_columns(&list.name, &rows.columns, length)?;
            lengths.insert(Some(index), length);
        }
        Ok(())
    }
}

fn check_columns(list: &str, columns: &BTreeMap<Arc<str>, Column>, length: usize) -> Result<(), String> {
    for (name, column) in columns {
        let data = column.length().unwrap_or(length);
        let known = column.known.as_ref().map_or(length, Vec::len);
        let place = if list.is_empty() { name.to_string() } else { format!("{list}.{name}") };
        if data != length || known != length {
            return Err(format!("“{place}”应有 {length} 行，却有 {} 行", if data == length { known } else { data }));
        }
        match &column.data {
            Data::Numbers { scale, .. } if *scale <= 0 => return Err(format!("“{place}”的比例应大于零")),
            Data::Flags(_) if column.range.1 > 1 => return Err(format!("“{place}”有不是 0 或 1 的值")),
            Data::Words { words, .. } if column.range.1 >= words.words.len().max(1) as i64 => {
                return Err(format!("“{place}”有没有词的代码 {}", column.range.1));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The columns of one row as facts.
fn row(columns: &BTreeMap<Arc<str>, Column>, place: usize) -> Facts {
    let mut facts = Facts::default();
    let mut records: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Value>> = BTreeMap::new();
    for (name, column) in columns {
        let Some(value) = column.value(place) else { continue };
        match name.split_once('.') {
            // `公示.异议数` is a name of its own; only a register's row that is there has columns.
            Some((record, part)) if columns.contains_key(record) => {
                records.entry(record.into()).or_default().insert(part.into(), value);
            }
            _ => facts.set(name.clone(), value),
        }
    }
    for (name, parts) in records {
        if let Some(Value::Record(_)) = facts.values.get(&name) {
            facts.set(name, Value::Record(Arc::new(parts)));
        }
    }
    facts
}

/// Adds the column of a name, and for a register's row a column for each of its parts.
fn gather(
    env: &Environment,
    columns: &mut BTreeMap<Arc<str>, Column>,
    name: &Arc<str>,
    ty: &Type,
    rows: &[Option<&Facts>],
) {
    let values: Vec<Option<Value>> = rows.iter().map(|facts| facts.and_then(|f| f.get(name)).cloned()).collect();
    if values.iter().all(Option::is_none) {
        return;
    }
    if let Type::Record(register) = ty {
        for (part, ty) in &env.registers[*register].columns {
            let part_of = |value: &Option<Value>| match value {
                Some(Value::Record(columns)) => columns.get(part).cloned(),
                _ => None,
            };
            let parts: Vec<Option<Value>> = values.iter().map(part_of).collect();
            if parts.iter().any(Option::is_some) {
                columns.insert(format!("{name}.{part}").into(), column(ty, parts));
            }
        }
        let emptied = values.into_iter().map(|value| value.map(|_| Value::Record(Arc::default()))).collect();
        columns.insert(name.clone(), column(ty, emptied));
        return;
    }
    columns.insert(name.clone(), column(ty, values));
}

fn column(ty: &Type, values: Vec<Option<Value>>) -> Column {
    let known: Vec<u8> = values.iter().map(|value| u8::from(value.is_some())).collect();
    let data = narrow(ty, &values).unwrap_or_else(|| {
        let default = values.iter().flatten().next().cloned().unwrap_or(Value::Null);
        Data::Opaque(values.into_iter().map(|value| value.unwrap_or_else(|| default.clone())).collect())
    });
    Column::new(data).known_where(known)
}

fn range(values: impl Iterator<Item = i64>) -> (i64, i64) {
    let (low, high) = values.fold((i64::MAX, i64::MIN), |(low, high), n| (low.min(n), high.max(n)));
    if low > high { (0, 0) } else { (low, high) }
}

/// The values in the form of their type; `None` where one does not fit it.
/// Where a value is unknown the first known one stands, so that ranges stay narrow.
fn narrow(ty: &Type, values: &[Option<Value>]) -> Option<Data> {
    let default = values.iter().flatten().next()?;
    let all = || values.iter().map(|value| value.as_ref().unwrap_or(default));
    match ty {
        Type::Number(_) | Type::Fen(_) | Type::Zero => {
            let mut scale: i64 = 1;
            for value in all() {
                let below = i64::try_from(*value.number()?.denom()).ok()?;
                scale = lcm(i128::from(scale), i128::from(below)).try_into().ok().filter(|s| *s <= 1_000_000_000)?;
            }
            let scaled = |value: &Value| {
                let number = value.number()?;
                i64::try_from(number.numer().checked_mul(i128::from(scale) / number.denom())?).ok()
            };
            Some(Data::Numbers { values: all().map(scaled).collect::<Option<_>>()?, scale })
        }
        Type::Bool => Some(Data::Flags(all().map(|v| v.as_bool().map(u8::from)).collect::<Option<_>>()?)),
        Type::Text | Type::Choice(_) | Type::Region => {
            let mut words: Vec<Arc<str>> = Vec::new();
            let mut places: BTreeMap<Arc<str>, u8> = BTreeMap::new();
            let mut codes = Vec::with_capacity(values.len());
            for value in all() {
                let word: Arc<str> = match value {
                    Value::Text(word) => word.clone(),
                    Value::Region(code) => code.to_string().into(),
                    _ => return None,
                };
                let code = match places.get(&word) {
                    Some(code) => *code,
                    None => {
                        let next = u8::try_from(words.len()).ok()?;
                        places.insert(word.clone(), next);
                        words.push(word);
                        next
                    }
                };
                codes.push(code);
            }
            Some(Data::Words { codes, words: Arc::new(Words { words, regions: *ty == Type::Region }) })
        }
        Type::Date => {
            let date = |value: &Value| match value {
                // Packing keeps the order of dates only from the year 1 on.
                Value::Date(date) => (date.year() >= 1).then(|| packed(*date)),
                _ => None,
            };
            Some(Data::Dates(all().map(date).collect::<Option<_>>()?))
        }
        Type::Month => {
            let month = |value: &Value| if let Value::Month(month) = value { Some(month_index(*month)) } else { None };
            Some(Data::Months(all().map(month).collect::<Option<_>>()?))
        }
        _ => None,
    }
}
