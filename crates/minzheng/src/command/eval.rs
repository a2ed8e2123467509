//! `minzheng eval`: one expression, over facts from a file.

use std::path::Path;
use std::sync::Arc;

use base::{Date, RegionCode};
use formula::{
    Assessment, Block, Content as Text, Environment, Facts, ListName, Rate, RateRequest, Rates, Type, Unit, Value,
    ValueName, compile,
};
use serde_json::Value as Json;

use crate::content::{COUNTY, Content};

struct None_;

impl Rates for None_ {
    fn rate(&self, request: &RateRequest) -> Result<Rate, String> {
        Err(format!("这里没有参数“{}”", request.parameter))
    }
}

/// Prints the value with its explanation, or why there is none.
pub fn run(expression: &str, facts: Option<&Path>) -> Result<(), String> {
    let content = Content::load(None)?;
    let json = match facts {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}：{error}", path.display()))?;
            serde_json::from_str(&text).map_err(|error| format!("{}：{error}", path.display()))?
        }
        None => Json::Object(serde_json::Map::default()),
    };
    let mut env = Environment::default();
    let mut facts = read(&json, &mut env, None)?;
    for (name, value, ty) in [
        ("计算日", Value::Date(Date::constant(2026, 7, 1)), Type::Date),
        ("属地", Value::Region(RegionCode::parse(COUNTY).map_err(|e| e.to_string())?), Type::Region),
    ] {
        if !facts.values.contains_key(name) {
            facts.set(name, value);
            env.values.push(ValueName::new(name, ty));
        }
    }
    let text = format!("结果 = {expression}");
    let block = Block { file: "式子".into(), basis: "".into(), content: Text::Formulas(text.clone(), 0) };
    let (program, findings) = compile(&[block], env);
    for finding in &findings {
        println!("{}", finding.render(&text));
    }
    if !findings.is_empty() {
        return Err(String::new());
    }
    let assessment = Assessment::new(&program, &facts, &None_, &content.calendar);
    for (depth, line) in assessment.explain("结果").iter().flat_map(|explained| explained.lines()) {
        println!("{}{line}", "  ".repeat(depth));
    }
    match assessment.value("结果") {
        Some(Ok(_)) => Ok(()),
        _ => Err(String::new()),
    }
}

/// Facts from JSON: numbers, texts (dates where they look so), truths, and lists of objects as rows.
fn read(json: &Json, env: &mut Environment, list: Option<usize>) -> Result<Facts, String> {
    let Json::Object(members) = json else { return Err("事实应是一个对象：{\"名称\": 值}".into()) };
    let mut facts = Facts::default();
    for (name, json) in members {
        let (value, ty) = match json {
            Json::Null => continue,
            Json::Bool(b) => (Value::Bool(*b), Type::Bool),
            Json::Number(n) => {
                let number =
                    formula::parse_decimal(&n.to_string()).ok_or_else(|| format!("“{name}”的数太大或不是十进制"))?;
                (Value::Number(number), Type::Number(Unit::NONE))
            }
            Json::String(text) => match base::parse_date(text) {
                Some(date) => (Value::Date(date), Type::Date),
                None => (Value::text(text), Type::Text),
            },
            Json::Array(rows) => {
                facts.lists.insert(name.as_str().into(), rows_of(rows, name, env, list)?);
                continue;
            }
            Json::Object(_) => return Err(format!("“{name}”是对象；一行的名单写成 [{{…}}]")),
        };
        declare(env, list, name, ty)?;
        facts.set(name.as_str(), value);
    }
    Ok(facts)
}

fn rows_of(rows: &[Json], name: &str, env: &mut Environment, parent: Option<usize>) -> Result<Vec<Facts>, String> {
    let known = env.lists.iter().position(|list| list.parent == parent && &*list.name == name);
    let list = known.unwrap_or(env.lists.len());
    if known.is_none() {
        env.lists.push(ListName { name: name.into(), parent, columns: Vec::new(), register: None });
    }
    rows.iter().map(|row| read(row, env, Some(list))).collect()
}

fn declare(env: &mut Environment, list: Option<usize>, name: &str, ty: Type) -> Result<(), String> {
    let names = match list {
        Some(list) => &mut env.lists[list].columns,
        None => &mut env.values,
    };
    match names.iter().find(|known| &*known.name == name) {
        Some(known) if known.ty != ty => Err(format!("“{name}”有的行是{}，有的行是{ty}", known.ty)),
        Some(_) => Ok(()),
        None => {
            let name: Arc<str> = name.into();
            names.push(ValueName::new(name, ty));
            Ok(())
        }
    }
}
