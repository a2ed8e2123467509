//! Registers: what formulas read of them, and what a step writes.

use std::collections::{BTreeMap, BTreeSet};

use base::{CreditCode, Date, DateTime, PersonNumber, RegionCode, name_and_number};
use formula::{Assessment, Facts, Type, Value};
use guide::model::{AsOf, Effect, FieldType, Fill, Register, RegisterColumn, Relation};
use guide::plain_value;

use crate::decide::{Draft, Spell};
use crate::event::{Datum, Event, PersonRef, RegisterRow};
use crate::facts::field_value;
use crate::refusal::{Code, Refusal};
use crate::results::{At, read_in, unknown};
use crate::state::State;

/// Where rows of registers are found. What was found once may be asked for again and be different then.
pub trait Registers {
    /// The versions in force on a day of the rows of which a column has one of the values.
    fn find(&self, query: &Query) -> Vec<RegisterRow>;

    /// What somebody, by any of their numbers, holds by any case.
    fn spells(&self, holder: &str) -> Vec<Spell>;

    /// Whether anybody at all has more than one number: else nobody is asked for others.
    fn has_other_numbers(&self) -> bool;

    /// All numbers of whoever has a number, that number first.
    fn numbers(&self, number: &str) -> Vec<String> {
        if !self.has_other_numbers() {
            return vec![number.to_owned()];
        }
        let (register, number_column, person_column) = IDENTIFIER;
        let ask = |column: &str, value: &str| {
            let (register, column) = (register.to_owned(), column.to_owned());
            self.find(&Query { register, column, values: vec![value.to_owned()], on: Date::MAX })
        };
        let says = |row: &RegisterRow, column: &str| row.columns.get(column).and_then(found_by);
        let main = ask(number_column, number).first().and_then(|row| says(row, person_column));
        let main = main.unwrap_or_else(|| number.to_owned());
        let mut numbers = vec![number.to_owned()];
        let others = ask(person_column, &main).iter().filter_map(|row| says(row, number_column)).collect::<Vec<_>>();
        for other in std::iter::once(main).chain(others) {
            if !numbers.contains(&other) {
                numbers.push(other);
            }
        }
        numbers
    }
}

/// The register of what is known of each person (人员), by the number.
pub const PERSON: &str = "person";

/// The register of further numbers that a person has (证件): 标识 of the register, of the number and of whose it is.
pub const IDENTIFIER: (&str, &str, &str) = ("identifier", "number", "person");

/// Rows and spells that are given, as scenarios give them.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub rows: Vec<RegisterRow>,
    pub spells: Vec<Spell>,
}

/// What is asked of a register: by 标识 of register and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub register: String,
    pub column: String,
    pub values: Vec<String>,
    pub on: Date,
}

impl Registers for Given {
    fn has_other_numbers(&self) -> bool {
        self.rows.iter().any(|row| row.register == IDENTIFIER.0)
    }

    fn spells(&self, holder: &str) -> Vec<Spell> {
        self.spells.iter().filter(|spell| spell.holder == holder).cloned().collect()
    }

    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        let mut newest: BTreeMap<&str, &RegisterRow> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.register == query.register && row.from <= query.on) {
            let known = newest.entry(&row.key).or_insert(row);
            if known.from <= row.from {
                *known = row;
            }
        }
        let has = |row: &&RegisterRow| row.found_by.iter().any(|(c, v)| *c == query.column && query.values.contains(v));
        newest.into_values().filter(has).cloned().collect()
    }
}

/// What a value is found by: a person by the citizen number, anything else by its text.
pub fn found_by(datum: &Datum) -> Option<String> {
    match datum {
        Datum::Person(PersonRef { name, number }) => Some(number.clone().unwrap_or_else(|| name.clone())),
        Datum::Text(text) => Some(text.clone()),
        Datum::Bool(_) | Datum::Rows(_) | Datum::Files(_) => None,
    }
}

/// A cell of a table as a value of a column: a person is written by name and citizen number.
pub fn read_cell(ty: &FieldType, text: &str) -> Result<Datum, String> {
    match ty {
        FieldType::Register(_) => {
            let (name, number) = name_and_number(text);
            let number = match number {
                "" => None,
                number => Some(PersonNumber::parse(number).map_err(|error| error.to_string())?.as_str().to_owned()),
            };
            Ok(Datum::Person(PersonRef { name: name.to_owned(), number }))
        }
        FieldType::PersonNumber => {
            let number = PersonNumber::parse(text).map_err(|error| error.to_string())?;
            Ok(Datum::Text(number.as_str().to_owned()))
        }
        FieldType::CreditCode => {
            let code = CreditCode::parse(text).map_err(|error| error.to_string())?;
            Ok(Datum::Text(code.as_str().to_owned()))
        }
        FieldType::Plain(ty) => match plain_value(text, ty) {
            Ok(Value::Bool(holds)) => Ok(Datum::Bool(holds)),
            Ok(value) => Ok(datum(&value, ty).unwrap_or_else(|| Datum::Text(text.to_owned()))),
            Err(help) => Err(format!("“{text}”不是{ty}：{help}")),
        },
        _ => Ok(Datum::Text(text.to_owned())),
    }
}

/// Asks for the row of a key: by its first key column, which is what the key begins with.
pub fn by_key(register: &Register, key: &str, on: Date) -> Query {
    let column = register.columns.iter().find(|column| column.is_key).map(|column| column.key.to_string());
    let first = key.split(BETWEEN).next().unwrap_or(key).to_owned();
    Query { register: register.key.to_string(), column: column.unwrap_or_default(), values: vec![first], on }
}

/// Stands between the parts of a key.
pub const BETWEEN: &str = " · ";

/// A key as it may be shown: the numbers of people in it are masked.
pub fn masked_key(key: &str) -> String {
    let part = |part: &str| PersonNumber::parse(part).map_or_else(|_| part.to_owned(), |number| number.masked());
    key.split(BETWEEN).map(part).collect::<Vec<_>>().join(BETWEEN)
}

/// The row with its key and what it is found by.
pub fn row(register: &Register, from: Date, region: RegionCode, columns: BTreeMap<String, Datum>) -> RegisterRow {
    let text = |column: &RegisterColumn| columns.get(&*column.key).and_then(found_by);
    let key: Vec<String> = register.columns.iter().filter(|column| column.is_key).filter_map(text).collect();
    let tells = |column: &&RegisterColumn| {
        let own = matches!(column.ty, FieldType::Plain(Type::Text | Type::Choice(_)));
        column.is_key || column.unique || own || !matches!(column.ty, FieldType::Plain(_) | FieldType::Attachment)
    };
    let told = register.columns.iter().filter(tells);
    let found_by = told.filter_map(|column| Some((column.key.to_string(), text(column)?))).collect();
    RegisterRow { register: register.key.to_string(), key: key.join(BETWEEN), from, region, columns, found_by }
}

/// The columns of a row by their names, with what people call it.
pub fn row_facts(columns: &[RegisterColumn], row: &RegisterRow) -> Facts {
    let mut facts = Facts { label: Some(row.title().as_str().into()), ..Facts::default() };
    for column in columns {
        let value = row.columns.get(&*column.key).and_then(|datum| field_value(&column.ty, datum));
        value.into_iter().for_each(|value| facts.set(column.name.clone(), value));
    }
    facts
}

/// The columns of a row as `名.列`.
fn tell(name: &str, columns: &[RegisterColumn], row: &RegisterRow, facts: &mut Facts) {
    let values = row_facts(columns, row).values;
    values.into_iter().for_each(|(column, value)| facts.set(format!("{name}.{column}"), value));
}

/// What is known of a row before any case is about it.
pub fn read_columns(register: &Register, row: &RegisterRow, now: DateTime) -> Facts {
    let mut facts = Facts::default();
    facts.set("今日", Value::Date(now.date()));
    facts.set("属地", Value::Region(row.region));
    facts.set("计算日", Value::Date(now.date()));
    tell(&register.name, &register.columns, row, &mut facts);
    facts
}

impl Draft<'_> {
    /// Adds what the guide reads of registers. What is joined by something unknown is unknown.
    pub(crate) fn relate(&self, facts: &mut Facts) {
        if let Some(row) = self.subject(&self.state) {
            let register = self.rules.guide.writable.iter().find(|register| *register.key == *row.register);
            register.into_iter().for_each(|register| tell(&register.name, &register.columns, &row, facts));
        }
        self.know_people(facts);
        for relation in &self.rules.guide.relations {
            let Some(rows) = self.related(relation, facts) else { continue };
            if relation.list.is_some() {
                let own = |row: &RegisterRow| row_facts(&relation.columns, row);
                let rows: Vec<Facts> = match &relation.each {
                    None => rows.iter().map(own).collect(),
                    Some(each) => self.each_of(relation, each, facts, &rows, own),
                };
                facts.lists.insert(relation.name.clone(), rows);
            } else if let [row] = rows.as_slice() {
                tell(&relation.name, &relation.columns, row, facts);
            }
        }
    }

    /// Adds what the register of people says of whoever is named, where nothing else has said it: birth and sex of
    /// those whose number does not tell them, 户籍地, 居住地, 死亡日期.
    fn know_people(&self, facts: &mut Facts) {
        let Some(register) = self.rules.guide.writable.iter().find(|register| *register.key == *PERSON) else { return };
        let number = |value: &Value| match value {
            Value::Record(columns) => match columns.get("身份号码") {
                Some(Value::Text(number)) => Some(number.to_string()),
                _ => None,
            },
            _ => None,
        };
        let levels = || std::iter::successors(Some(&*facts), |facts| facts.under.as_deref());
        let alone = levels().flat_map(|facts| facts.values.values());
        let rows = levels().flat_map(|facts| facts.lists.values().flatten().flat_map(|row| row.values.values()));
        let values: BTreeSet<String> = alone.chain(rows).filter_map(number).collect();
        if values.is_empty() {
            return;
        }
        let (values, on) = (values.into_iter().collect(), self.now.date());
        let query = Query { register: PERSON.to_owned(), column: PERSON.to_owned(), values, on };
        let known = self.rules.registers.find(&query);
        let readable = self.rules.guide.program.environment().registers.iter().find(|r| *r.name == *register.name);
        let (Some(readable), false) = (readable, known.is_empty()) else { return };
        let complete = |value: &Value| {
            let row = known.iter().find(|row| number(value).as_deref() == Some(&*row.key))?;
            let Value::Record(columns) = value else { return None };
            let mut columns = (**columns).clone();
            let own = row_facts(&register.columns, row).values.into_iter();
            for (name, own) in own.filter(|(name, _)| readable.columns.iter().any(|(known, _)| known == name)) {
                columns.entry(name).or_insert(own);
            }
            Some(Value::Record(columns.into()))
        };
        let row = |row: &Facts| {
            let fresh = row.values.iter().map(|(name, value)| (name.clone(), complete(value).unwrap_or(value.clone())));
            Facts { values: fresh.collect(), ..row.clone() }
        };
        let mut fresh = Facts::default();
        for level in levels() {
            for (name, value) in level.values.iter().filter_map(|(name, value)| Some((name, complete(value)?))) {
                fresh.values.entry(name.clone()).or_insert(value);
            }
            for (name, rows) in &level.lists {
                if rows.iter().any(|row| row.values.values().any(|value| complete(value).is_some())) {
                    fresh.lists.entry(name.clone()).or_insert_with(|| rows.iter().map(row).collect());
                }
            }
        }
        facts.values.append(&mut fresh.values);
        facts.lists.append(&mut fresh.lists);
    }

    /// A row for each row of another list; where the register has none, only what it was asked by is known.
    fn each_of(
        &self,
        relation: &Relation,
        each: &str,
        facts: &Facts,
        rows: &[RegisterRow],
        own: impl Fn(&RegisterRow) -> Facts,
    ) -> Vec<Facts> {
        let asked = relation.join.iter().find(|(_, value)| matches!(value.ty, Type::List(_)));
        let Some((column, expression)) = asked else { return Vec::new() };
        let Ok(Value::List(values)) = self.assess(facts).expression(expression) else { return Vec::new() };
        let item = if let Type::List(item) = &expression.ty { item } else { &expression.ty };
        let name = relation.columns.iter().find(|known| known.key == *column).map(|known| known.name.clone());
        let outer = facts.list(each);
        let label = |place: usize| outer.and_then(|rows| rows.get(place)).and_then(|row| row.label.clone());
        let one = |(place, value): (usize, &Value)| {
            let wanted = self.also_known_as(relation, column, vec![found_by(&datum(value, item)?)?]);
            let says = |row: &&RegisterRow| row.columns.get(&**column).and_then(found_by);
            let row = rows.iter().find(|row| says(row).is_some_and(|own| wanted.contains(&own)));
            let mut facts = row.map(&own).unwrap_or_default();
            name.iter().for_each(|name| facts.set(name.clone(), value.clone()));
            facts.label = label(place).or(facts.label);
            Some(facts)
        };
        values.iter().enumerate().filter_map(one).collect()
    }

    /// The row of a register that a case is about, as it stands today.
    pub(crate) fn subject(&self, state: &State) -> Option<RegisterRow> {
        let subject = state.subject.as_ref()?;
        let register = self.rules.guide.writable.iter().find(|register| *register.key == *subject.register)?;
        let query = by_key(register, &subject.key, self.now.date());
        self.rules.registers.find(&query).into_iter().find(|row| row.key == subject.key)
    }

    /// Where a column tells somebody, all numbers of whoever is asked for.
    fn also_known_as(&self, relation: &Relation, column: &str, values: Vec<String>) -> Vec<String> {
        let column = relation.columns.iter().find(|known| *known.key == *column);
        let tells = column.is_some_and(|c| matches!(c.ty, FieldType::Register(_) | FieldType::PersonNumber));
        if !tells || !self.rules.registers.has_other_numbers() {
            return values;
        }
        values.iter().flat_map(|value| self.rules.registers.numbers(value)).collect()
    }

    fn related(&self, relation: &Relation, facts: &Facts) -> Option<Vec<RegisterRow>> {
        let assessment = self.assess(facts);
        let on = match &relation.as_of {
            AsOf::Now => self.now.date(),
            AsOf::On(day) => match assessment.expression(day) {
                Ok(Value::Date(day)) => day,
                _ => return None,
            },
        };
        let mut rows: Option<Vec<RegisterRow>> = None;
        for (column, expression) in &relation.join {
            let value = assessment.expression(expression).ok()?;
            let one = |value: &Value| found_by(&datum(value, &expression.ty)?);
            let values: Vec<String> = match &value {
                Value::List(items) => items.iter().filter_map(one).collect(),
                value => vec![one(value)?],
            };
            let values = self.also_known_as(relation, column, values);
            let says = |row: &RegisterRow| row.columns.get(&**column).and_then(found_by);
            rows = Some(match rows {
                None => {
                    let (register, column) = (relation.register.to_string(), column.to_string());
                    self.rules.registers.find(&Query { register, column, values, on })
                }
                Some(rows) => rows.into_iter().filter(|row| says(row).is_some_and(|v| values.contains(&v))).collect(),
            });
        }
        rows
    }

    /// Whether rows that a step writes agree with the registers and with each other: what is 唯一 stands in one row
    /// alone, and a row that is named is there.
    pub(crate) fn agree(&self, fresh: &[Event]) -> Result<(), Refusal> {
        let rows: Vec<&RegisterRow> = fresh
            .iter()
            .filter_map(|event| if let Event::Registered(row) = event { Some(row) } else { None })
            .collect();
        let known = |key: &str| self.rules.guide.writable.iter().find(|register| *register.key == *key);
        let on = self.now.date();
        for row in &rows {
            let Some(register) = known(&row.register) else { continue };
            for own in &register.columns {
                let Some(value) = row.columns.get(&*own.key).and_then(found_by) else { continue };
                if own.unique {
                    let says = |other: &RegisterRow| {
                        other.register == row.register
                            && other.key != row.key
                            && other.columns.get(&*own.key).and_then(found_by).as_ref() == Some(&value)
                    };
                    let (register, column) = (register.key.to_string(), own.key.to_string());
                    let stored =
                        self.rules.registers.find(&Query { register, column, values: vec![value.clone()], on });
                    if stored.iter().chain(rows.iter().copied()).any(says) {
                        let (name, title) = (known(&row.register).map_or("", |known| &known.name), row.title());
                        let text = format!("“{title}”的“{own}”在台账“{name}”里已经有另外一行", own = own.name);
                        return Err(Refusal::new(Code::R109, text, "核对所填的；要换的，先把原来的一行改掉"));
                    }
                }
                if let FieldType::Row(named) = &own.ty {
                    let Some(target) = known(named) else { continue };
                    let is_there = |other: &RegisterRow| other.register == **named && other.key == value;
                    let stored = self.rules.registers.find(&by_key(target, &value, on));
                    if !stored.iter().chain(rows.iter().copied()).any(is_there) {
                        let text = format!("台账“{}”没有“{}”的“{value}”", target.name, own.name);
                        return Err(Refusal::new(Code::R109, text, "先把它登记在台账里，或者改正所填的"));
                    }
                }
            }
        }
        Ok(())
    }

    /// 登记: a row, with the numbers of letters still to be filled in.
    pub(crate) fn register(
        &self,
        effect: &Effect,
        register: usize,
        seen: (&Assessment, Option<At>),
    ) -> Result<Event, Refusal> {
        let register = &self.rules.guide.writable[register];
        let mut columns = BTreeMap::new();
        for (key, fill) in &effect.set {
            let column = register.columns.iter().find(|column| *column.key == **key);
            let expression = match fill {
                Fill::Number(letter) => {
                    columns.insert(key.clone(), Datum::Text(number_of(letter)));
                    continue;
                }
                Fill::Value(expression) => expression,
            };
            match read_in(seen, expression) {
                Ok(value) => columns.extend(datum(&value, &expression.ty).map(|datum| (key.clone(), datum))),
                Err(why) if column.is_some_and(|column| column.required) => {
                    return Err(unknown(&format!("{}.{}", register.name, key), &why.to_string()));
                }
                Err(_) => {}
            }
        }
        let region = columns.values().zip(columns.keys()).find_map(|(datum, key)| {
            let column = register.columns.iter().find(|column| *column.key == **key)?;
            let is_region = matches!(column.ty, FieldType::Plain(Type::Region));
            is_region.then(|| RegionCode::parse(datum.text()?).ok()).flatten()
        });
        let region = region.or(self.state.region).unwrap_or(RegionCode::NATION);
        Ok(Event::Registered(row(register, self.now.date(), region, columns)))
    }
}

/// Stands for the number that a letter of the same decision gets, until the bureau has given it.
pub fn number_of(letter: &str) -> String {
    format!("{{{letter}}}")
}

/// A value as somebody would have stated it; lists are not handed on.
pub(crate) fn datum(value: &Value, ty: &Type) -> Option<Datum> {
    match value {
        Value::Bool(holds) => Some(Datum::Bool(*holds)),
        Value::Record(columns) => {
            let text = |name: &str| match columns.get(name) {
                Some(Value::Text(text)) => Some(text.to_string()),
                _ => None,
            };
            Some(Datum::Person(PersonRef { name: text("姓名")?, number: text("身份号码") }))
        }
        Value::Region(region) => Some(Datum::Text(region.to_string())),
        Value::List(_) | Value::Row(_) | Value::Null => None,
        value => Some(Datum::Text(value.show(ty))),
    }
}
