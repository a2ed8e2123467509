//! Registers: what formulas read of them, and what a step writes.

use std::collections::BTreeMap;

use base::{CreditCode, Date, DateTime, PersonNumber, RegionCode, name_and_number};
use formula::{Assessment, Facts, Type, Value};
use guide::model::{AsOf, Effect, FieldType, Fill, Register, RegisterColumn, Relation};
use guide::plain_value;

use crate::decide::{Draft, Spell};
use crate::event::{Datum, Event, PersonRef, RegisterRow};
use crate::facts::field_value;
use crate::refusal::Refusal;
use crate::results::{At, read_in, unknown};
use crate::state::State;

/// Where rows of registers are found. What was found once may be asked for again and be different then.
pub trait Registers {
    /// The versions in force on a day of the rows of which a column has one of the values.
    fn find(&self, query: &Query) -> Vec<RegisterRow>;

    /// What somebody, by the citizen number, holds by any case.
    fn spells(&self, holder: &str) -> Vec<Spell>;
}

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
const BETWEEN: &str = " · ";

/// The row with its key and what it is found by.
pub fn row(register: &Register, from: Date, region: RegionCode, columns: BTreeMap<String, Datum>) -> RegisterRow {
    let text = |column: &RegisterColumn| columns.get(&*column.key).and_then(found_by);
    let key: Vec<String> = register.columns.iter().filter(|column| column.is_key).filter_map(text).collect();
    let tells = |column: &&RegisterColumn| {
        let own = matches!(column.ty, FieldType::Plain(Type::Text | Type::Choice(_)));
        column.is_key || own || !matches!(column.ty, FieldType::Plain(_) | FieldType::Attachment)
    };
    let told = register.columns.iter().filter(tells);
    let found_by = told.filter_map(|column| Some((column.key.to_string(), text(column)?))).collect();
    RegisterRow { register: register.key.to_string(), key: key.join(BETWEEN), from, region, columns, found_by }
}

/// The columns of a row by their names, with what people call it.
pub fn row_facts(columns: &[RegisterColumn], row: &RegisterRow) -> Facts {
    let mut facts = Facts { label: Some(row.title().into()), ..Facts::default() };
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
            let wanted = found_by(&datum(value, item)?);
            let row = rows.iter().find(|row| row.columns.get(&**column).and_then(found_by) == wanted);
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
