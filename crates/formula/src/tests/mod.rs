//! A small county in which formulas are tried: members with income, two rates.

mod columns;
mod diagnostics;
mod needs;
mod properties;
mod tables;
mod values;

use std::sync::Arc;

use base::{Calendar, Date, RegionCode};

use crate::environment::{Environment, ListName, ParameterName, RegisterName, ValueName};
use crate::eval::{Assessment, Rate, RateRequest, Rates};
use crate::number::parse_decimal;
use crate::program::{Block, Content, Program, compile};
use crate::types::Type;
use crate::unit::Unit;
use crate::value::{Facts, Outcome, Value};

pub fn unit(name: &str) -> Type {
    Type::Number(Unit::parse(name).unwrap())
}

pub fn n(text: &str) -> Value {
    Value::Number(parse_decimal(text).unwrap())
}

pub fn environment() -> Environment {
    let value = |name: &str, ty: Type| ValueName::new(name, ty);
    let persons =
        vec![("姓名".into(), Type::Text), ("出生日期".into(), Type::Date), ("性别".into(), Type::choice(["男", "女"]))];
    Environment {
        values: vec![
            value("计算日", Type::Date),
            value("属地", Type::Region),
            value("城乡", Type::choice(["城市", "农村"])),
            value("存款", unit("元")),
            value("年金", unit("元/年")),
            value("月金", unit("元/月")),
            value("有车", Type::Bool),
            value("票数", unit("票")),
            value("公示.异议数", unit("件")),
            value("公示.已有", Type::Bool),
            ValueName { live: true, ..value("今日", Type::Date) },
            ValueName { computed: true, ..value("家庭收入", unit("元/月")) },
        ],
        lists: vec![
            ListName {
                name: "成员".into(),
                parent: None,
                columns: vec![value("人员", Type::Record(0)), value("残疾", Type::choice(["无", "一级", "二级"]))],
                register: Some(0),
            },
            ListName {
                name: "收入".into(),
                parent: Some(0),
                columns: vec![value("金额", unit("元")), value("月数", unit("个月"))],
                register: None,
            },
        ],
        registers: vec![RegisterName { name: "人员".into(), columns: persons }],
        parameters: vec![
            ParameterName {
                name: "标准".into(),
                ty: unit("元/月"),
                dimensions: vec![("城乡".into(), Type::choice(["城市", "农村"]))],
            },
            ParameterName { name: "倍数".into(), ty: Type::Number(Unit::NONE), dimensions: vec![] },
        ],
        steps: vec!["公示".into()],
    }
}

pub struct County;

impl Rates for County {
    fn rate(&self, request: &RateRequest) -> Result<Rate, String> {
        let value = match (request.parameter, request.key.first().map(String::as_str)) {
            ("标准", Some("农村")) => n("500"),
            ("标准", Some("城市")) if request.date >= Date::constant(2026, 1, 1) => n("680"),
            ("倍数", None) => n("1.5"),
            _ => return Err(format!("{}没有“{}”", request.region, request.parameter)),
        };
        let from = Date::constant(2025, 7, 1);
        Ok(Rate { value, region: "嵩县".into(), from, document: "示例".into() })
    }
}

pub fn person(name: &str, birth: &str) -> Value {
    let columns = [("姓名", Value::text(name)), ("出生日期", Value::Date(birth.parse().unwrap()))];
    Value::Record(Arc::new(columns.map(|(k, v)| (k.into(), v)).into()))
}

/// Two members; the first has two incomes, the second one whose months are unknown.
pub fn facts() -> Facts {
    let row = |pairs: &[(&str, Value)]| {
        let mut facts = Facts::default();
        pairs.iter().for_each(|(name, value)| facts.set(*name, value.clone()));
        facts
    };
    let mut facts = row(&[
        ("计算日", Value::Date(Date::constant(2026, 3, 1))),
        ("属地", Value::Region(RegionCode::parse("410325").unwrap())),
        ("城乡", Value::text("农村")),
        ("存款", n("36000")),
        ("年金", n("1200")),
        ("月金", n("75")),
    ]);
    let mut first = row(&[("人员", person("甲", "1960-05-01")), ("残疾", Value::text("二级"))]);
    first.lists.insert(
        "收入".into(),
        vec![row(&[("金额", n("1000")), ("月数", n("3"))]), row(&[("金额", n("600")), ("月数", n("6"))])],
    );
    let mut second = row(&[("人员", person("乙", "2015-05-01"))]);
    second.lists.insert("收入".into(), vec![row(&[("金额", n("50"))])]);
    facts.lists.insert("成员".into(), vec![first, second]);
    facts
}

pub fn block(text: &str) -> Block {
    Block { file: "law/甲法.md".into(), basis: "甲法 第一条".into(), content: Content::Formulas(text.into(), 0) }
}

/// A program without findings.
pub fn program(text: &str) -> Program {
    let (program, found) = compile(&[block(text)], environment());
    assert!(found.is_empty(), "{}", found.iter().map(|d| d.render(text)).collect::<String>());
    program
}

pub fn calendar() -> Calendar {
    Calendar::parse(include_str!("../../../../reference/calendar/holidays-2004-2026.csv")).unwrap()
}

/// The value of `x` in a program.
pub fn value(text: &str) -> Outcome {
    let (program, calendar) = (program(text), calendar());
    Assessment::new(&program, &facts(), &County, &calendar).value("x").unwrap()
}
