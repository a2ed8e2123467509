//! Parameters and the values that seed them.

use std::sync::Arc;

use base::{CodeList, RegionCode};
use formula::{Cell, Finding, Type, half_width, nearest, parse_decimal};

use super::Reader;
use super::fields::plain_type;
use super::tables::{self, Row};
use crate::document::{Document, Table};
use crate::model::{FieldType, LEVELS, Parameter, RateRow};

impl Reader {
    /// A table `参数`; a dimension is a 选项 of the guide or lists its words itself.
    pub(crate) fn parameters(&mut self, table: &Table, basis: &str, known: &[(Arc<str>, Type)]) -> Vec<Parameter> {
        let mut findings = Vec::new();
        let rows = tables::rows(table, tables::columns("参数").unwrap_or_default(), "参数", &mut findings);
        self.all(findings);
        rows.rows.iter().filter_map(|row| self.parameter(row, basis, known)).collect()
    }

    fn parameter(&mut self, row: &Row, basis: &str, known: &[(Arc<str>, Type)]) -> Option<Parameter> {
        let (name, key, ty, level) = (row.get("参数"), row.get("标识"), row.get("类型"), row.get("层级"));
        self.name(&name, &key);
        let text: String = ty.text.chars().map(half_width).collect();
        let (word, inside) = match text.split_once('(') {
            Some((word, rest)) => (word, rest.strip_suffix(')')),
            None => (&*text, None),
        };
        let plain = match plain_type(word, inside) {
            Ok(FieldType::Plain(ty)) => ty,
            Ok(_) => {
                self.error(
                    "G306",
                    &ty.span,
                    format!("参数不能是“{}”", ty.text),
                    "用单位、数、选项(…)、舍入规则、是否、日期",
                );
                return None;
            }
            Err(help) => {
                self.error("G306", &ty.span, format!("类型“{}”不认识", ty.text), help);
                return None;
            }
        };
        let mut dimensions = Vec::new();
        for cell in tables::names(&row.get("维度")) {
            let text: String = cell.text.chars().map(half_width).collect();
            let dimension = match text.split_once('(') {
                Some((name, words)) => {
                    let words = words.strip_suffix(')').unwrap_or(words).split(['、', ',']).map(str::trim);
                    Some((name.into(), Type::choice(words)))
                }
                None => known.iter().find(|(name, _)| **name == *text).cloned(),
            };
            match dimension {
                Some(dimension) => dimensions.push(dimension),
                None => {
                    let near = nearest(&text, known.iter().map(|(name, _)| &**name)).map(str::to_owned);
                    let help =
                        near.map_or_else(|| format!("写“{text}(甲、乙)”列出它的词"), |n| format!("最接近的是“{n}”"));
                    self.error("G201", &cell.span, format!("没有选项“{text}”可作维度"), help);
                }
            }
        }
        let found = LEVELS.iter().find(|(word, _)| *word == level.text).map(|(_, level)| *level);
        if found.is_none() && level.text != "全国" {
            self.error("G303", &level.span, format!("没有层级“{}”", level.text), "应写 全国、省、市、县、乡 之一");
        }
        let adjusted = row.get("调整");
        let adjusted_by = adjusted.text.split_once('/').map(|(service, start)| (service.to_owned(), start.to_owned()));
        if adjusted_by.is_none() && !adjusted.text.is_empty() {
            let help = "写 服务的标识/启动的标识";
            self.error("G303", &adjusted.span, format!("调整“{}”不认识", adjusted.text), help);
        }
        Some(Parameter {
            name: name.text.as_str().into(),
            key: key.text.as_str().into(),
            ty: plain,
            dimensions,
            level: found,
            inherit: row.text("沿用") == "沿用上级",
            note: row.text("说明"),
            basis: basis.to_owned(),
            adjusted_by,
        })
    }

    /// `rates.md`: under `## 参数名` the rows by region, key and date.
    pub(crate) fn rates(&mut self, document: &Document, parameters: &[&Parameter]) -> Vec<RateRow> {
        self.file = document.file.clone();
        let mut found: Vec<RateRow> = Vec::new();
        for section in document.sections.iter().filter(|section| !section.tables.is_empty()) {
            let Some(parameter) = parameters.iter().find(|parameter| *parameter.name == *section.title) else {
                let near = nearest(&section.title, parameters.iter().map(|p| &*p.name)).map(str::to_owned);
                let help =
                    near.map_or_else(|| "先在“## 参数”下声明它".to_owned(), |near| format!("最接近的是“{near}”"));
                self.error("G201", &section.span, format!("没有参数“{}”", section.title), help);
                continue;
            };
            let names: Vec<String> = parameter.dimensions.iter().map(|(name, _)| name.to_string()).collect();
            let columns: Vec<&str> = ["地区"]
                .into_iter()
                .chain(names.iter().map(String::as_str))
                .chain(["起", "值", "文号", "[知悉]"])
                .collect();
            let mut findings = Vec::new();
            for table in &section.tables {
                for row in tables::rows(table, &columns, &section.title, &mut findings).rows {
                    let Some(rate) = self.rate(parameter, &row) else { continue };
                    let same = |other: &RateRow| {
                        other.parameter == rate.parameter
                            && other.region == rate.region
                            && other.key == rate.key
                            && other.from == rate.from
                    };
                    if found.iter().any(same) {
                        let key = rate.key.join("、");
                        let key = if key.is_empty() { key } else { format!("({key})") };
                        let message = format!("“{}{key}”{} 在 {} 有两行", parameter.name, row.text("地区"), rate.from);
                        self.error("G702", &row.span, message, "删去一行，或改日期");
                    }
                    found.push(rate);
                }
            }
            self.all(findings);
        }
        found
    }

    fn rate(&mut self, parameter: &Parameter, row: &Row) -> Option<RateRow> {
        let (region, from, value) = (row.get("地区"), row.get("起"), row.get("值"));
        let code =
            if region.text == "全国" { Some(RegionCode::NATION) } else { RegionCode::parse(&region.text).ok() };
        let level = code.and_then(RegionCode::level);
        let above = parameter.inherit && level.is_none_or(|level| parameter.level.is_some_and(|own| level < own));
        if code.is_none() || (level != parameter.level && !above) {
            let setter = parameter.level.map_or("全国".to_owned(), |level| level.to_string());
            let is = level.map_or("全国".to_owned(), |level| level.to_string());
            let message = match code {
                Some(_) => format!("参数“{}”由{setter}设定，{} 是{is}", parameter.name, region.text),
                None => format!("“{}”不是区划代码", region.text),
            };
            self.error("G701", &region.span, message, "请改代码，或在“沿用”写“沿用上级”");
            return None;
        }
        let Some(day) = base::parse_date(&from.text) else {
            self.error("G106", &from.span, format!("“{}”不是日期", from.text), "写成 2026-07-01");
            return None;
        };
        let mut key = Vec::new();
        for (name, ty) in &parameter.dimensions {
            let cell = row.get(name);
            if let Type::Choice(words) = ty
                && !words.iter().any(|word| **word == *cell.text)
            {
                let words: Vec<&str> = words.iter().map(|word| &**word).collect();
                self.error(
                    "G303",
                    &cell.span,
                    format!("“{name}”没有“{}”", cell.text),
                    format!("选项只有 {}", words.join("、")),
                );
                return None;
            }
            key.push(cell.text);
        }
        let value = if value.text == "停止" { None } else { Some(self.value(&value, &parameter.ty)?) };
        let document = row.text("文号");
        if document.is_empty() {
            self.error("G102", &row.span, "没有写文号", "写文件的名称和号；没有依据的写 示例");
        }
        Some(RateRow { parameter: parameter.name.clone(), region: code?, key, from: day, value, document })
    }

    /// A value of a plain type as a cell writes it.
    pub(crate) fn value(&mut self, cell: &Cell, ty: &Type) -> Option<formula::Value> {
        match plain_value(&cell.text, ty) {
            Ok(value) => Some(value),
            Err(help) => {
                self.report(Finding::error("G303", cell.span.clone(), format!("“{}”不是{ty}", cell.text), help));
                None
            }
        }
    }
}

/// Reads a value as cells and forms write it: digits with or without their unit, 是, 否, words of a choice, dates.
/// The error says what to write.
pub fn plain_value(text: &str, ty: &Type) -> Result<formula::Value, String> {
    use formula::Value;
    let (written, text) = (text, base::tidy(text));
    let text = text.trim_matches('"');
    match ty {
        Type::Text => Ok(Value::text(base::tidy_prose(written).trim_matches('"'))),
        Type::Bool => match text {
            "是" => Ok(Value::Bool(true)),
            "否" => Ok(Value::Bool(false)),
            _ => Err("应写 是 或 否".into()),
        },
        Type::Number(unit) | Type::Fen(unit) => {
            let digits: String = text.chars().filter(|c| !matches!(c, ',' | '，')).collect();
            let bare = digits.trim_end_matches(|c: char| !c.is_ascii_digit());
            let written = &digits[bare.len()..];
            let number = parse_decimal(bare).ok_or("应写数，例如 1200 或 0.5")?;
            let known = written.is_empty() || formula::Unit::parse(written).is_some_and(|u| u == *unit);
            if !known {
                return Err(format!("单位应是 {unit}"));
            }
            let number = if written == "%" { number / formula::Rational::from(100) } else { number };
            if unit.is_counted() && (!number.is_integer() || number < formula::Rational::from(0)) {
                return Err(format!("{unit}数应是不小于 0 的整数"));
            }
            Ok(Value::Number(number))
        }
        Type::Date => base::parse_date(text).map(Value::Date).ok_or_else(|| "应写日期，例如 2026-07-01".into()),
        Type::Month => text.parse().map(Value::Month).map_err(|_| "应写月份，例如 2026-07".into()),
        Type::Moment => {
            let moment = text.replacen(' ', "T", 1) + ":00";
            moment.parse().map(Value::Moment).map_err(|_| "应写时刻，例如 2026-07-01 09:00".into())
        }
        Type::Choice(words) => match words.iter().find(|word| &***word == text) {
            Some(word) => Ok(Value::Text(word.clone())),
            // A word of a code list may be written by its code, or short.
            None => match CodeList::of_names(words) {
                Some(list) => match list.find(text) {
                    Some(code) => Ok(Value::Text(code.name.clone())),
                    None => Err(format!("代码表“{}”没有它", list.name)),
                },
                None => Err(format!("选项只有 {}", words.join("、"))),
            },
        },
        Type::Region => RegionCode::parse(text).map(Value::Region).map_err(|error| error.to_string()),
        _ => Err("这种值不能写在这里".into()),
    }
}
