//! Facts from text: what scenarios, fixtures and the command line give.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{PersonNumber, Sex, name_and_number};
use formula::{Facts, Type, Value};
use guide::Guide;

/// Why a given value does not read: what it is and what to write.
pub type Trouble = String;

/// The columns of 人员 that follow from a number: those of other documents tell neither sex nor birth.
pub fn person_from_number(number: &PersonNumber) -> BTreeMap<Arc<str>, Value> {
    let mut columns = BTreeMap::from([("身份号码".into(), Value::text(number.as_str()))]);
    if let Some(citizen) = number.citizen() {
        columns.insert("性别".into(), Value::text(if citizen.sex() == Sex::Male { "男" } else { "女" }));
        columns.insert("出生日期".into(), Value::Date(citizen.birth()));
    }
    columns
}

/// A row of 人员 by name and, if known, number.
pub fn person(name: &str, number: Option<&PersonNumber>) -> Value {
    let mut columns: BTreeMap<Arc<str>, Value> = BTreeMap::from([("姓名".into(), Value::text(name))]);
    columns.extend(number.into_iter().flat_map(person_from_number));
    Value::Record(Arc::new(columns))
}

/// The type of a name of the whole guide: a field, a formula, a built-in name.
pub fn type_of(guide: &Guide, name: &str) -> Option<Type> {
    let program = &guide.program;
    let definition = program.find(name).and_then(|d| d.ty.cloned());
    let values = &program.environment().values;
    definition.or_else(|| values.iter().find(|value| &*value.name == name).map(|value| value.ty.clone()))
}

/// The type of a column or row formula of a list.
pub fn column_type(guide: &Guide, list: usize, name: &str) -> Option<Type> {
    let program = &guide.program;
    let mut definitions = program.definitions();
    let definition = definitions.find(|d| d.row_of == Some(list) && d.name == name).and_then(|d| d.ty.cloned());
    let columns = &program.environment().lists[list].columns;
    definition.or_else(|| columns.iter().find(|column| &*column.name == name).map(|column| column.ty.clone()))
}

/// The number of a list by its path, `成员` or `成员.收入`.
pub fn list_of(guide: &Guide, path: &str) -> Option<usize> {
    let env = guide.program.environment();
    (0..env.lists.len()).find(|list| env.list_path(*list) == path)
}

/// Sets a value of the whole guide; an empty text leaves it unknown.
pub fn set(guide: &Guide, facts: &mut Facts, name: &str, text: &str) -> Result<(), Trouble> {
    if text.is_empty() {
        return Ok(());
    }
    let ty = type_of(guide, name).ok_or_else(|| format!("没有项目或公式“{name}”"))?;
    facts.set(name, read(text, &ty)?);
    Ok(())
}

/// Sets a column of a row: of the list itself, or of the register whose rows it has.
pub fn set_column(guide: &Guide, list: usize, row: &mut Facts, name: &str, text: &str) -> Result<(), Trouble> {
    if text.is_empty() {
        return Ok(());
    }
    let env = guide.program.environment();
    if let Some(ty) = column_type(guide, list, name) {
        row.set(name, read(text, &ty)?);
        return Ok(());
    }
    let register = env.lists[list].register.map(|register| &env.registers[register]);
    let column =
        register.and_then(|r| r.columns.iter().find(|(column, _)| &**column == name).map(|(_, ty)| (&r.name, ty)));
    let Some((register, ty)) = column else {
        return Err(format!("列表“{}”没有列“{name}”", env.list_path(list)));
    };
    let mut columns = match row.values.get(register) {
        Some(Value::Record(columns)) => (**columns).clone(),
        _ => BTreeMap::new(),
    };
    if name == "身份号码" {
        let number = PersonNumber::parse(text).map_err(|error| error.to_string())?;
        columns.extend(person_from_number(&number));
    } else {
        columns.insert(name.into(), read(text, ty)?);
    }
    row.set(register.clone(), Value::Record(Arc::new(columns)));
    Ok(())
}

/// A value of a type as people write it; a person is written by the name, perhaps with the citizen number behind it.
pub fn read(text: &str, ty: &Type) -> Result<Value, Trouble> {
    match ty {
        Type::Record(_) => {
            let (name, number) = name_and_number(text);
            Ok(person(name, PersonNumber::parse(number).ok().as_ref()))
        }
        ty => guide::plain_value(text, ty).map_err(|help| format!("“{text}”不是{ty}：{help}")),
    }
}
