//! Tests of the language as its users meet it: text in, value or message out.

mod errors;
mod explaining;
mod programs;
mod properties;
mod tables;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, Decimal};

use crate::*;

/// The facts and rates of every test: a household of three with two incomes.
pub fn environment() -> Environment {
    let record = |fields: &[(&str, Type)]| {
        Type::Record(Arc::new(RecordType { fields: fields.iter().map(|(n, t)| ((*n).into(), t.clone())).collect() }))
    };
    let member = record(&[("姓名", Type::Text), ("年龄", Type::Number), ("类别", Type::list(Type::Text))]);
    let income = record(&[("类别", Type::Text), ("金额", Type::Number), ("月数", Type::Number)]);
    let facts = [
        ("家庭成员", Type::list(member)),
        ("收入", Type::list(income)),
        ("城乡类别", Type::Text),
        ("申请日期", Type::Date),
        ("有异议", Type::Bool),
        ("存款", Type::Number),
        ("上年度收入", Type::Number),
        ("备注", Type::Text),
        ("住房", record(&[("面积", Type::Number), ("自有", Type::Bool)])),
    ];
    let choices = [
        ("城乡类别", vec!["城市", "农村"]),
        ("家庭成员.类别", vec!["重残", "重病", "高龄"]),
        ("收入.类别", vec!["工资性", "转移性"]),
    ];
    Environment {
        facts: facts.into_iter().map(|(name, ty)| (name.into(), ty)).collect(),
        rates: vec!["低保标准".into(), "存款上限".into()],
        choices: choices
            .into_iter()
            .map(|(path, texts)| (path.into(), texts.into_iter().map(Arc::from).collect()))
            .collect(),
    }
}

/// 上年度收入 is missing, and so is the age of the third member.
pub fn facts() -> BTreeMap<Arc<str>, Value> {
    let n = |n: i64| Value::Number(n.into());
    let texts = |texts: &[&str]| Value::list(texts.iter().map(|t| Value::from(*t)));
    let member = |name: &str, age: Value, kinds: &[&str]| {
        Value::record([("姓名", name.into()), ("年龄", age), ("类别", texts(kinds))])
    };
    let income = |kind: &str, amount: i64, months: i64| {
        Value::record([("类别", kind.into()), ("金额", n(amount)), ("月数", n(months))])
    };
    let unknown: Value = Missing::fact("年龄").into();
    [
        (
            "家庭成员",
            Value::list([member("甲", n(71), &["高龄", "重病"]), member("乙", n(8), &[]), member("丙", unknown, &[])]),
        ),
        ("收入", Value::list([income("工资性", 1200, 1), income("转移性", 3600, 12)])),
        ("城乡类别", "农村".into()),
        ("申请日期", Date::constant(2026, 7, 15).into()),
        ("有异议", false.into()),
        ("存款", n(5000)),
        ("备注", "无".into()),
        ("住房", Value::record([("自有", true.into()), ("面积", n(60))])),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect()
}

/// 低保标准 is 500; 存款上限 has no value in force.
pub struct Table;

impl Rates for Table {
    fn rate(&self, name: &str) -> Result<RateUse, Missing> {
        match name {
            "低保标准" => Ok(RateUse {
                value: Decimal::new(50000, 2),
                unit: "元/人月".into(),
                from: Date::constant(2026, 7, 1),
                reference: "某号文".into(),
                example: true,
            }),
            _ => Err(Missing::new(format!("没有有效的参数“{name}”"))),
        }
    }
}

pub fn formulas(text: &str) -> Block {
    Block {
        file: "law.md".into(),
        offset: 0,
        text: text.into(),
        basis: Some("第十三条".into()),
        source: BlockSource::Formula,
    }
}

pub fn run(blocks: &[Block]) -> Evaluation {
    let program = compile(blocks, &environment()).unwrap_or_else(|errors| {
        let text = &blocks[0].text;
        panic!("{}", errors.iter().map(|error| error.render(text)).collect::<String>())
    });
    program.evaluate(&Inputs { facts: &facts(), rates: &Table })
}

/// The value of one expression, as it is shown.
#[track_caller]
pub fn check(expression: &str, expected: &str) {
    let evaluation = run(&[formulas(&format!("结果 = {expression}"))]);
    assert_eq!(evaluation.value("结果").unwrap().to_string(), expected, "{expression}");
}

/// All messages about a fence, one a line: number, marked text, message, help.
pub fn messages(blocks: &[Block]) -> String {
    let errors = compile(blocks, &environment()).err().unwrap_or_default();
    let line = |error: &base::Diagnostic| {
        let marked = blocks[0].text.get(error.location.span.clone()).unwrap_or("");
        format!("{} [{marked}] {}；应写：{}\n", error.code, error.message, error.help)
    };
    errors.iter().map(line).collect()
}

#[track_caller]
pub fn check_errors(text: &str, expected: &str) {
    let found = messages(&[formulas(text)]);
    let tidy = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(tidy(&found), tidy(expected), "\n{text}\n");
}
