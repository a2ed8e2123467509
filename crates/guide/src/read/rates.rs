//! `rates.md`: dated parameters by region.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::typed::tidy;
use base::{Date, Decimal, RegionCode, Regions, parse_date};

use crate::code::Code;
use crate::document::{Cell, Document};
use crate::findings::Findings;
use crate::model::{RateRow, RateTable};
use crate::read::overview::one_of;
use crate::read::table::{Columns, Row, rows, section};

const RATES: Columns = Columns {
    needed: &["参数", "地区", "值", "单位", "起始日期", "性质", "依据"],
    optional: &["说明"],
};
const STANDING: [(&str, bool); 2] = [("正式", false), ("示例", true)];

pub(super) fn rates(document: &Document, regions: Option<&Regions>, log: &mut Findings) -> RateTable {
    let Some(section) = section(document, "参数", log) else { return RateTable::default() };
    let rows = rows(section, &RATES, log);
    let table = RateTable { rows: rows.iter().filter_map(|row| rate(row, regions, log)).collect() };
    let mut units: BTreeMap<&Arc<str>, &str> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in &table.rows {
        let unit = *units.entry(&row.name).or_insert(&row.unit);
        if unit != row.unit {
            let message = format!("“{}”的单位前面写“{unit}”，这里写“{}”", row.name, row.unit);
            log.error(Code::RateUnits, &row.location, message, format!("“{unit}”，并换算这一行的值"));
        }
        if !seen.insert((&row.name, row.region, row.from)) {
            let message = format!("“{}”在同一地区、同一起始日期有两个值", row.name);
            log.error(Code::RateRepeated, &row.location, message, "只留一行，或改起始日期");
        }
    }
    table
}

fn rate(row: &Row, regions: Option<&Regions>, log: &mut Findings) -> Option<RateRow> {
    let name = row.need("参数", log)?;
    let place = row.get("地区");
    let region = if place.text == "全国" { Some(None) } else { region(place, regions, log).map(Some) };
    let value = number(row.get("值"), log);
    let from = date(row.get("起始日期"), log);
    let example = one_of(row.get("性质"), &STANDING, log);
    let reference = row.need("依据", log)?;
    Some(RateRow {
        name: name.name(),
        region: region?,
        value: value?,
        unit: row.get("单位").text.clone(),
        from: from?,
        reference: reference.text.clone(),
        example: example?,
        location: name.location.clone(),
    })
}

/// A region code, with or without the name behind it: `410325000000 嵩县`.
pub(super) fn region(cell: &Cell, regions: Option<&Regions>, log: &mut Findings) -> Option<RegionCode> {
    let digits = cell.text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let name = cell.text[digits.len()..].trim().trim_matches(['（', '）', '(', ')']).trim();
    let help = "“全国”或 12 位区划代码，例如“410325000000 嵩县”";
    let code = if digits.len() == 12 { RegionCode::parse(digits).ok() } else { None };
    let Some(code) = code else {
        log.error(Code::UnknownRegion, &cell.location, format!("“{}”不是地区", cell.text), help);
        return None;
    };
    let Some(known) = regions else { return Some(code) };
    match known.get(code) {
        None => {
            let message = format!("区划表里没有{code}");
            log.error(Code::UnknownRegion, &cell.location, message, help);
        }
        Some(region) if !name.is_empty() && name != region.name && name != region.place() => {
            let message = format!("{code}是“{}”，不是“{name}”", region.name);
            log.error(Code::UnknownRegion, &cell.location, message, format!("“{code} {}”", region.name));
        }
        Some(_) => {}
    }
    Some(code)
}

/// A decimal number or a percentage.
pub(super) fn number(cell: &Cell, log: &mut Findings) -> Option<Decimal> {
    let text = tidy(&cell.text);
    let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '%'));
    let found = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<Decimal>().ok().and_then(|n| n.checked_div(Decimal::ONE_HUNDRED)),
        None => text.parse().ok(),
    };
    let found = found.filter(|_| plain).map(|n| n.normalize());
    if found.is_none() {
        let code = if cell.is_empty() { Code::Empty } else { Code::BadValue };
        log.error(
            code,
            &cell.location,
            format!("“{}”不是数", cell.text),
            "一个数或百分数，例如 560 或 30%；单位写在“单位”列",
        );
    }
    found
}

pub(super) fn date(cell: &Cell, log: &mut Findings) -> Option<Date> {
    let found = parse_date(&cell.text);
    if found.is_none() {
        let code = if cell.is_empty() { Code::Empty } else { Code::BadValue };
        log.error(code, &cell.location, format!("“{}”不是日期", cell.text), "日期，例如 2026-07-01");
    }
    found
}
