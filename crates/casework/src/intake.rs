//! Reads what people type into typed facts, by the form that the guide declares.
//!
//! An entry is addressed by `项目`, or `名册.序号.项目` with rows from 1; several choices are joined by `、`.
//! Everything wrong is reported at once, each beside its entry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::typed::tidy;
use base::{CitizenNumber, Date, Decimal, RegionCode, Regions, format_date, parse_date};
use formula::{Record, Value};
use guide::{Field, FieldKind, Form};

use crate::assess::missing;
use crate::event::Facts;
use crate::refusal::FieldError;

/// What was typed: path → text.
pub type Entries = BTreeMap<String, String>;

const TEXT_MAX: usize = 200;
const LONG_TEXT_MAX: usize = 5_000;
const ROWS_MAX: usize = 200;
/// 1000 亿: larger sums are typing errors.
const MONEY_MAX: i64 = 100_000_000_000;

/// What reading depends on besides the form.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub regions: &'a Regions,
    /// Places outside the bureau's region are refused.
    pub region: RegionCode,
    pub today: Date,
}

impl Reader<'_> {
    /// All facts, or every error. Facts that were left empty and have no default are absent.
    pub fn read(&self, form: &Form, entries: &Entries) -> Result<Facts, Vec<FieldError>> {
        self.collect(form, entries, true)
    }

    /// Reads some fields only: for corrections, required fields may be absent.
    pub fn read_some(&self, form: &Form, entries: &Entries) -> Result<Facts, Vec<FieldError>> {
        self.collect(form, entries, false)
    }

    fn collect(&self, form: &Form, entries: &Entries, complete: bool) -> Result<Facts, Vec<FieldError>> {
        let mut errors = unknown_paths(form, entries);
        let mut facts = Facts::new();
        for field in &form.fields {
            let present = entries.keys().any(|k| k == &*field.name || in_roster(k, &field.name));
            if !complete && !present {
                continue;
            }
            let value = match &field.kind {
                FieldKind::Roster(rows) => self.roster(field, rows, entries, &mut errors),
                _ => self.entry(field, &field.name, entries.get(&*field.name), complete, &mut errors),
            };
            if let Some(value) = value {
                facts.push((field.name.clone(), value));
            }
        }
        if errors.is_empty() { Ok(facts) } else { Err(errors) }
    }

    fn roster(&self, field: &Field, form: &Form, entries: &Entries, errors: &mut Vec<FieldError>) -> Option<Value> {
        let numbers = row_numbers(&field.name, entries);
        if numbers.len() > ROWS_MAX {
            errors.push(error(&field.name, format!("最多{ROWS_MAX}行")));
            return None;
        }
        let mut rows = Vec::new();
        for number in numbers {
            let mut fields = Vec::new();
            for column in &form.fields {
                let path = format!("{}.{number}.{}", field.name, column.name);
                let value = self.entry(column, &path, entries.get(&path), true, errors);
                let missing = || missing(format!("缺少“{}第{}行的{}”", field.name, rows.len() + 1, column.name));
                fields.push((column.name.clone(), value.unwrap_or_else(missing)));
            }
            rows.push(Value::Record(Arc::new(Record { fields })));
        }
        if rows.is_empty() && field.required {
            errors.push(error(&field.name, format!("“{}”至少填写一行", field.name)));
        }
        Some(Value::List(rows.into()))
    }

    fn entry(
        &self,
        field: &Field,
        path: &str,
        typed: Option<&String>,
        complete: bool,
        errors: &mut Vec<FieldError>,
    ) -> Option<Value> {
        let text = typed.map(|t| t.trim()).unwrap_or_default();
        if text.is_empty() {
            if field.default.is_none() && field.required && complete {
                errors.push(error(path, format!("请填写“{}”", field.name)));
            }
            return field.default.clone();
        }
        match self.value(&field.kind, text) {
            Ok(value) => Some(value),
            Err(message) => {
                errors.push(error(path, message));
                None
            }
        }
    }

    fn value(&self, kind: &FieldKind, text: &str) -> Result<Value, String> {
        let typed = |text: &str| Value::Text(text.into());
        match kind {
            FieldKind::Text => limited(text, TEXT_MAX).map(typed),
            FieldKind::LongText => limited(text, LONG_TEXT_MAX).map(typed),
            FieldKind::Number { .. } => number(text).map(Value::Number),
            FieldKind::Integer => whole(text).map(Value::Number),
            FieldKind::Money => money(text).map(Value::Number),
            FieldKind::Date => self.date(text).map(Value::Date),
            FieldKind::Bool => truth(text).map(Value::Bool),
            FieldKind::Choice(options) => one_of(text, options).map(Value::Text),
            FieldKind::Choices(options) => {
                let chosen = text.split(['、', ',', '，']).map(str::trim).filter(|t| !t.is_empty());
                let values: Result<Vec<_>, _> = chosen.map(|t| one_of(t, options).map(Value::Text)).collect();
                Ok(Value::List(values?.into()))
            }
            FieldKind::CitizenNumber => self.citizen(text),
            FieldKind::Phone => phone(text).map(|t| typed(&t)),
            FieldKind::Region => self.place(text),
            FieldKind::Roster(_) => Err("这里不能再有名册".to_owned()),
        }
    }

    fn date(&self, text: &str) -> Result<Date, String> {
        let date = parse_date(text).ok_or_else(|| format!("“{}”不是日期，请写成2026-03-01这样", clip(text)))?;
        if date.year() < 1890 || date.year() > self.today.year() + 50 {
            return Err(format!("{}不在合理范围内，请核对年份", format_date(date)));
        }
        Ok(date)
    }

    fn citizen(&self, text: &str) -> Result<Value, String> {
        let number = CitizenNumber::parse(text).map_err(|e| e.to_string())?;
        if number.birth() > self.today {
            return Err("身份证号中的出生日期晚于今天，请核对".to_owned());
        }
        Ok(Value::Text(number.as_str().into()))
    }

    fn place(&self, text: &str) -> Result<Value, String> {
        let found = RegionCode::parse(text).ok().and_then(|code| self.regions.get(code));
        match found {
            Some(region) if region.level == base::Level::Village && self.region.contains(region.code) => {
                Ok(Value::Text(region.code.to_string().into()))
            }
            _ => Err("请选择本地区的村（社区）".to_owned()),
        }
    }
}

/// Facts as entries again, to fill a form with what is known.
pub fn entries_of(form: &Form, facts: &Facts) -> Entries {
    let mut entries = Entries::new();
    for field in &form.fields {
        let Some((_, value)) = facts.iter().find(|(name, _)| *name == field.name) else { continue };
        let Value::List(list) = value else {
            put(&mut entries, field.name.to_string(), value);
            continue;
        };
        if !matches!(field.kind, FieldKind::Roster(_)) {
            put(&mut entries, field.name.to_string(), value);
            continue;
        }
        for (index, row) in list.iter().enumerate() {
            let Value::Record(record) = row else { continue };
            for (column, value) in &record.fields {
                put(&mut entries, format!("{}.{}.{column}", field.name, index + 1), value);
            }
        }
    }
    entries
}

fn put(entries: &mut Entries, path: String, value: &Value) {
    let text = match value {
        Value::Missing(_) | Value::Record(_) => return,
        Value::Number(n) => n.normalize().to_string(),
        Value::Text(text) => text.to_string(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Date(date) => date.to_string(),
        Value::List(list) => {
            let texts = list.iter().filter_map(|v| if let Value::Text(t) = v { Some(&**t) } else { None });
            texts.collect::<Vec<_>>().join("、")
        }
    };
    entries.insert(path, text);
}

fn error(path: &str, message: impl Into<String>) -> FieldError {
    FieldError { path: path.to_owned(), message: message.into() }
}

fn in_roster(path: &str, roster: &str) -> bool {
    path.strip_prefix(roster).is_some_and(|rest| rest.starts_with('.'))
}

/// Numbers of the rows in which something was typed, in order; rows left blank do not count.
fn row_numbers(roster: &str, entries: &Entries) -> BTreeSet<u32> {
    let filled = entries.iter().filter(|(_, text)| !text.trim().is_empty());
    let number = |path: &str| path.strip_prefix(roster)?.strip_prefix('.')?.split('.').next()?.parse().ok();
    filled.filter_map(|(path, _)| number(path)).collect()
}

fn unknown_paths(form: &Form, entries: &Entries) -> Vec<FieldError> {
    let known = |path: &str| match path.split_once('.') {
        None => form.fields.iter().any(|f| &*f.name == path && !matches!(f.kind, FieldKind::Roster(_))),
        Some((roster, rest)) => {
            let column = rest.split_once('.').and_then(|(row, column)| row.parse::<u32>().ok().map(|_| column));
            let rows = form.fields.iter().find(|f| &*f.name == roster).map(|f| &f.kind);
            matches!((rows, column), (Some(FieldKind::Roster(form)), Some(c)) if form.field(c).is_some())
        }
    };
    let strangers = entries.keys().filter(|path| !known(path));
    strangers.map(|path| error(path, "表单里没有这个项目")).collect()
}

fn clip(text: &str) -> String {
    let short: String = text.chars().take(20).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn limited(text: &str, max: usize) -> Result<&str, String> {
    let count = text.chars().count();
    if count > max {
        return Err(format!("最多{max}个字，现在有{count}个"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("含有无法显示的字符，请重新输入".to_owned());
    }
    Ok(text)
}

fn number(text: &str) -> Result<Decimal, String> {
    let plain: String = tidy(text).chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
    let plain = plain.strip_suffix('元').unwrap_or(&plain);
    if plain.len() > 20 || !plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-')) {
        return Err(format!("“{}”不是数", clip(text)));
    }
    plain.parse().map_err(|_| format!("“{}”不是数", clip(text)))
}

fn whole(text: &str) -> Result<Decimal, String> {
    let n = number(text)?;
    if !n.is_integer() || n < Decimal::ZERO || n > Decimal::from(1_000_000) {
        return Err("请填写0或正整数".to_owned());
    }
    Ok(n)
}

fn money(text: &str) -> Result<Decimal, String> {
    let n = number(text)?;
    if n < Decimal::ZERO {
        return Err("金额不能是负数".to_owned());
    }
    if n.normalize().scale() > 2 {
        return Err("金额最多写到分（两位小数）".to_owned());
    }
    if n > Decimal::from(MONEY_MAX) {
        return Err("金额过大，请核对单位是否为元".to_owned());
    }
    Ok(n)
}

fn truth(text: &str) -> Result<bool, String> {
    match text {
        "是" | "true" | "on" => Ok(true),
        "否" | "false" => Ok(false),
        _ => Err("请选择“是”或“否”".to_owned()),
    }
}

fn one_of(text: &str, options: &[Arc<str>]) -> Result<Arc<str>, String> {
    let found = options.iter().find(|o| &***o == text).cloned();
    found.ok_or_else(|| format!("请从“{}”中选择", options.join("、")))
}

fn phone(text: &str) -> Result<String, String> {
    let digits: String = tidy(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = digits.strip_prefix("+86").unwrap_or(&digits);
    if (7..=12).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit()) {
        Ok(plain.to_owned())
    } else {
        Err("电话应为7至12位数字".to_owned())
    }
}
