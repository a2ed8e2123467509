//! `scenarios/`: worked examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::typed::tidy;
use base::{Date, DateTime, Decimal, Regions, parse_date};

use crate::code::Code;
use crate::document::{Cell, Document, Section, Table};
use crate::findings::{Findings, instead};
use crate::model::{CourseRow, Expected, FieldKind, Form, Scenario, Step};
use crate::read::formulas::Compiled;
use crate::read::overview::named_field;
use crate::read::rates::{date, number, region};
use crate::read::steps::known_step;
use crate::read::table::{Columns, Row, rows, surplus};

const HEADINGS: [&str; 6] = ["日期", "地区", "参数", "申请表", "结果", "经过"];
const RATES: Columns = Columns { needed: &["参数", "值"], optional: &[] };
const ENTRIES: Columns = Columns { needed: &["项目", "值"], optional: &[] };
const RESULTS: Columns = Columns { needed: &["名称", "值"], optional: &[] };
const COURSE: Columns = Columns { needed: &["时间", "谁", "做什么", "应当"], optional: &["内容"] };

/// What can be done besides ending a step, and the words that may stand in 内容 for it.
/// Names of fields are allowed with 更正, which may put anything right.
const DEEDS: [(&str, &[&str]); 8] = [
    ("申请", &["材料"]),
    ("张贴", &["材料"]),
    ("提出异议", &["姓名", "联系方式", "内容"]),
    ("答复异议", &["序号", "结论", "答复"]),
    ("更正", &["生效", "来源", "理由"]),
    ("延长", &["期限", "理由"]),
    ("撤回", &["理由"]),
    ("到期", &[]),
];

/// What scenarios are read against.
pub(super) struct Known<'a> {
    pub regions: Option<&'a Regions>,
    pub form: &'a Form,
    pub steps: &'a [Step],
    pub roles: &'a [Arc<str>],
    pub rates: &'a [Arc<str>],
    pub compiled: &'a mut Compiled,
    pub log: &'a mut Findings,
}

pub(super) fn scenario(document: &Document, bad: bool, known: &mut Known) -> Option<Scenario> {
    let title = document.title()?;
    let mut found: BTreeMap<&str, &Section> = BTreeMap::new();
    for section in &title.children {
        let name = section.title.text.as_str();
        if !HEADINGS.contains(&name) {
            known.log.error(
                Code::UnknownHeading,
                &section.title.location,
                format!("算例里没有标题“{name}”"),
                instead(name, &HEADINGS),
            );
        } else if found.insert(name, section).is_some() {
            known.log.error(
                Code::RepeatedHeading,
                &section.title.location,
                format!("标题“{name}”重复"),
                "合并到前一处",
            );
        }
    }
    let day = match found.get("日期") {
        Some(section) => line(section, known.log).and_then(|cell| date(&cell, known.log)),
        None => {
            known.log.error(Code::MissingHeading, &title.title.location, "算例没有日期", "“## 日期”和一行日期");
            None
        }
    };
    let place = found.get("地区").and_then(|s| line(s, known.log)).and_then(|c| region(&c, known.regions, known.log));
    let rates = found.get("参数").map(|s| overlay(s, known)).unwrap_or_default();
    let entries = found.get("申请表").map(|s| entries(s, known)).unwrap_or_default();
    let expects = found.get("结果").map(|s| expects(s, known)).unwrap_or_default();
    let course = found.get("经过").map(|s| course(s, known)).unwrap_or_default();
    if bad && !course.iter().any(|row| row.expect.starts_with("拒绝")) {
        let message = "反例里没有一行被拒绝";
        known.log.error(
            Code::BadScenario,
            &title.title.location,
            message,
            "在“经过”的“应当”列写“拒绝 R…”，或移到 scenarios/good",
        );
    }
    Some(Scenario {
        title: title.title.text.clone(),
        file: document.file.to_string(),
        bad,
        date: day?,
        region: place,
        rates,
        entries,
        expects,
        course,
    })
}

/// The one line under a heading.
fn line(section: &Section, log: &mut Findings) -> Option<Cell> {
    let found = section.paragraphs().next().cloned();
    if found.is_none() {
        let message = format!("“{}”下没有内容", section.title.text);
        log.error(Code::Empty, &section.title.location, message, "标题下写一行");
    }
    found
}

fn overlay(section: &Section, known: &mut Known) -> Vec<(Arc<str>, Decimal)> {
    let mut rates = Vec::new();
    for row in rows(section, &RATES, known.log) {
        let Some(name) = row.need("参数", known.log) else { continue };
        if !known.rates.iter().any(|r| **r == *name.text) {
            let message = format!("rates.md 里没有参数“{}”", name.text);
            known.log.error(Code::UnknownName, &name.location, message, instead(&name.text, known.rates));
        }
        rates.extend(number(row.get("值"), known.log).map(|value| (name.name(), value)));
    }
    rates
}

/// Entries as typed; the rows of a roster stand in a table of their own, whose columns are those of the roster.
fn entries(section: &Section, known: &mut Known) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let single = !section.blocks.is_empty() || section.children.is_empty();
    let rows = if single { rows(section, &ENTRIES, known.log) } else { Vec::new() };
    for row in rows {
        let Some(name) = row.need("项目", known.log) else { continue };
        let Some(field) = named_field(known.form, name, known.log) else { continue };
        if let FieldKind::Roster(_) = field.kind {
            let message = format!("名册“{}”不能写在这张表里", name.text);
            known.log.error(Code::Roster, &name.location, message, format!("“### {}”和一张自己的表", name.text));
        }
        insert(&mut entries, name.text.clone(), row.get("值"), known.log);
    }
    for roster in &section.children {
        let Some(field) = named_field(known.form, &roster.title, known.log) else { continue };
        match (&field.kind, roster.tables().next()) {
            (FieldKind::Roster(columns), Some(table)) => {
                roster_rows(&field.name, columns, table, &mut entries, known.log)
            }
            (FieldKind::Roster(_), None) => {
                let message = format!("名册“{}”下没有表格", field.name);
                known.log.error(Code::MissingTable, &roster.title.location, message, "一张表，列是名册的项目");
            }
            _ => {
                let message = format!("“{}”不是名册", field.name);
                known.log.error(Code::WrongKind, &roster.title.location, message, "写在“## 申请表”的表里");
            }
        }
    }
    entries
}

fn roster_rows(roster: &str, form: &Form, table: &Table, entries: &mut BTreeMap<String, String>, log: &mut Findings) {
    let columns: Vec<_> = table.header.iter().map(|cell| named_field(form, cell, log)).collect();
    for (number, row) in (1..).zip(&table.rows) {
        surplus(row, table.header.len(), log);
        for (column, cell) in columns.iter().zip(&row.cells) {
            if let Some(column) = column {
                insert(entries, format!("{roster}.{number}.{}", column.name), cell, log);
            }
        }
    }
}

fn insert(entries: &mut BTreeMap<String, String>, path: String, value: &Cell, log: &mut Findings) {
    if value.is_empty() {
        return;
    }
    if entries.contains_key(&path) {
        log.error(Code::Repeated, &value.location, format!("“{path}”写了两次"), "只留一处");
    }
    entries.insert(path, value.text.clone());
}

fn expects(section: &Section, known: &mut Known) -> Vec<Expected> {
    let mut expects = Vec::new();
    for row in rows(section, &RESULTS, known.log) {
        let Some(name) = row.need("名称", known.log) else { continue };
        let Some(program) = &known.compiled.program else { continue };
        if !known.compiled.defines(&name.text) {
            let names: Vec<&Arc<str>> = program.definitions().iter().map(|d| &d.name).collect();
            let message = format!("没有结果或公式“{}”", name.text);
            known.log.error(Code::UnknownName, &name.location, message, instead(&name.text, &names));
            continue;
        }
        known.compiled.used.insert(name.name());
        let value = row.get("值");
        expects.push(Expected { name: name.name(), value: value.text.clone(), cell: value.location.clone() });
    }
    expects
}

fn course(section: &Section, known: &mut Known) -> Vec<CourseRow> {
    let mut course: Vec<CourseRow> = Vec::new();
    for row in rows(section, &COURSE, known.log) {
        let Some(read) = course_row(&row, known) else { continue };
        if course.last().is_some_and(|last| last.at > read.at) {
            let message = "这一行的时间早于上一行";
            known.log.error(Code::Course, &row.get("时间").location, message, "按时间先后排列");
        }
        course.push(read);
    }
    course
}

fn course_row(row: &Row, known: &mut Known) -> Option<CourseRow> {
    let at = moment(row.need("时间", known.log)?, known.log);
    let who = row.need("谁", known.log)?;
    for person in who.entries() {
        known_who(&person, known.roles, known.log);
    }
    let what = row.need("做什么", known.log)?;
    let entries = deed(what, row.get("内容"), known);
    let expect = row.get("应当");
    expectation(expect, known);
    Some(CourseRow {
        at: at?,
        who: who.text.clone(),
        what: what.text.clone(),
        entries: entries?,
        expect: expect.text.clone(),
        cell: expect.location.clone(),
        location: row.line.location.clone(),
    })
}

/// A role, with a letter that tells people of the same role apart (乡镇经办甲), or the clock of the bureau.
fn known_who(cell: &Cell, roles: &[Arc<str>], log: &mut Findings) {
    let name = cell.text.trim_end_matches(['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸']);
    let found = roles.iter().any(|r| **r == *name || **r == *cell.text);
    if !found && !roles.is_empty() && cell.text != "系统时钟" {
        let message = format!("没有角色“{}”", cell.text);
        log.error(Code::UnknownRole, &cell.location, message, instead(name, roles));
    }
}

/// A date with an optional time of day; without one it is nine o'clock.
fn moment(cell: &Cell, log: &mut Findings) -> Option<DateTime> {
    let text = tidy(&cell.text);
    let (day, time) = text.rsplit_once(char::is_whitespace).unwrap_or((&text, "09:00"));
    let time = time.split_once(':').and_then(|(h, m)| Some((h.parse::<i8>().ok()?, m.parse::<i8>().ok()?)));
    let found = parse_date(day).zip(time).and_then(|(day, (hour, minute))| at(day, hour, minute));
    if found.is_none() {
        let message = format!("“{}”不是时间", cell.text);
        log.error(Code::Course, &cell.location, message, "“2026-09-01”或“2026-09-01 14:30”");
    }
    found
}

fn at(day: Date, hour: i8, minute: i8) -> Option<DateTime> {
    let within = (0..24).contains(&hour) && (0..60).contains(&minute);
    within.then(|| day.at(hour, minute, 0, 0))
}

/// Checks 做什么 with 内容 and returns the entries.
fn deed(what: &Cell, content: &Cell, known: &mut Known) -> Option<BTreeMap<String, String>> {
    let pairs = pairs(content, known.log);
    if let Some((step, outcome)) = what.text.split_once('：') {
        let start = step.len() + '：'.len_utf8();
        let (step, outcome) = (what.part(0..step.len()), what.part(start..start + outcome.len()));
        let place = known_step(known.steps, &step, known.log)?;
        let step = &known.steps[place];
        if !outcome.is_empty() && step.outcome(&outcome.text).is_none() {
            let outcomes: Vec<&Arc<str>> = step.outcomes.iter().map(|o| &o.name).collect();
            let message = format!("步骤“{}”没有结果“{}”", step.name, outcome.text);
            known.log.error(Code::UnknownOutcome, &outcome.location, message, instead(&outcome.text, &outcomes));
        }
        for (name, _) in &pairs {
            known_entry(name, &[&step.form], &["理由", "材料"], known.log);
        }
    } else if let Some((_, words)) = DEEDS.iter().find(|(deed, _)| *deed == what.text) {
        let every = std::iter::once(known.form).chain(known.steps.iter().map(|s| &s.form));
        let forms: Vec<&Form> = if what.text == "更正" { every.collect() } else { Vec::new() };
        for (name, _) in &pairs {
            known_entry(name, &forms, words, known.log);
        }
    } else {
        let deeds = DEEDS.map(|(deed, _)| deed);
        let message = format!("“做什么”不能写“{}”", what.text);
        known.log.error(
            Code::Course,
            &what.location,
            message,
            format!("“步骤：结果”，或{}", instead(&what.text, &deeds)),
        );
        return None;
    }
    Some(pairs.into_iter().map(|(name, value)| (name.text, value)).collect())
}

/// `项目=值；项目=值`
fn pairs(content: &Cell, log: &mut Findings) -> Vec<(Cell, String)> {
    let mut pairs: Vec<(Cell, String)> = Vec::new();
    let mut start = 0;
    for piece in content.text.split_inclusive(['；', ';']) {
        let entry = piece.trim_end_matches(['；', ';']);
        let cell = content.part(start..start + entry.len());
        start += piece.len();
        match cell.text.split_once(['=', '＝']) {
            _ if cell.is_empty() => {}
            Some((name, value)) => {
                let name = cell.part(0..name.len());
                if pairs.iter().any(|(other, _)| other.text == name.text) {
                    log.error(Code::Repeated, &name.location, format!("“{}”写了两次", name.text), "只留一处");
                }
                pairs.push((name, value.trim().to_owned()));
            }
            None => {
                let message = format!("“{}”不是“项目=值”", cell.text);
                log.error(Code::Course, &cell.location, message, "“项目=值”，几项之间用“；”分开");
            }
        }
    }
    pairs
}

/// The name of a field, of a column of a roster (`核对结果.1.来源`), or one of the words.
fn known_entry(name: &Cell, forms: &[&Form], words: &[&str], log: &mut Findings) {
    if words.contains(&name.text.as_str()) {
        return;
    }
    let mut path = name.text.split('.');
    let field = path.next().and_then(|first| forms.iter().find_map(|form| form.field(first)));
    let good = match (field.map(|f| &f.kind), path.next(), path.next(), path.next()) {
        (Some(FieldKind::Roster(columns)), Some(number), Some(column), None) => {
            number.parse::<u32>().is_ok_and(|n| n > 0) && columns.field(column).is_some()
        }
        (Some(FieldKind::Roster(_)), ..) | (None, ..) => false,
        (Some(_), None, ..) => true,
        _ => false,
    };
    if !good {
        let fields = forms.iter().flat_map(|form| &form.fields).map(|f| match &f.kind {
            FieldKind::Roster(columns) => {
                format!("{}.1.{}", f.name, columns.fields.first().map_or("…", |column| &column.name))
            }
            _ => f.name.to_string(),
        });
        let known: Vec<String> = words.iter().map(|w| (*w).to_owned()).chain(fields).collect();
        let message = format!("这里不能填“{}”", name.text);
        log.error(Code::UnknownField, &name.location, message, instead(&name.text, &known));
    }
}

/// `步骤`, `步骤，2026-10-10前`, `拒绝 R103` or `结束`.
fn expectation(cell: &Cell, known: &mut Known) {
    let help = "接下来的步骤（可带“，2026-10-10前”）、“拒绝 R103”或“结束”";
    if let Some(code) = cell.text.strip_prefix("拒绝") {
        let digits = code.trim().strip_prefix('R').unwrap_or_default();
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            known.log.error(Code::Course, &cell.location, format!("“{}”没有拒绝编号", cell.text), help);
        }
        return;
    }
    let (step, day) = cell.text.split_once('，').unwrap_or((&cell.text, ""));
    let day_good = day.is_empty() || day.strip_suffix('前').is_some_and(|d| parse_date(d).is_some());
    if cell.is_empty() || !day_good {
        known.log.error(Code::Course, &cell.location, format!("“应当”读不懂：“{}”", cell.text), help);
    } else if step != "结束" {
        known_step(known.steps, &cell.part(0..step.len()), known.log);
    }
}
