//! `areas.md`, `roles.md` and the section 概要: which services there are, who works here, whom a case is about.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::code::Code;
use crate::document::{Cell, Document};
use crate::findings::{Findings, instead};
use crate::model::{Field, FieldKind, Form, KinRoster, Level, PeopleRoster, Role, Status, Subject};
use crate::read::table::{Columns, rows, section};

/// One line of the list of services.
pub(super) struct Area {
    pub title: Cell,
    pub folder: Cell,
    pub prefix: String,
    pub owner: String,
    pub status: Status,
}

const AREAS: Columns = Columns { needed: &["服务", "目录", "编号", "主管单位", "状态"], optional: &[] };
const ROLES: Columns = Columns { needed: &["角色", "标识", "层级"], optional: &["职责"] };
const STATUS: [(&str, Status); 3] = [("试行", Status::Draft), ("施行", Status::InForce), ("停用", Status::Retired)];
const LEVELS: [(&str, Level); 4] =
    [("个人", Level::Person), ("村", Level::Village), ("乡镇", Level::Township), ("县", Level::County)];

pub(super) fn areas(document: &Document, log: &mut Findings) -> Vec<Area> {
    let Some(section) = section(document, "服务", log) else { return Vec::new() };
    let mut names = Unique::default();
    let mut areas = Vec::new();
    for row in rows(section, &AREAS, log) {
        let cells = ["服务", "目录", "编号", "主管单位"].map(|c| row.need(c, log).cloned());
        let status = one_of(row.get("状态"), &STATUS, log);
        let [Some(title), Some(folder), Some(prefix), Some(owner)] = cells else { continue };
        if prefix.text.len() != 2 || !prefix.text.bytes().all(|b| b.is_ascii_uppercase()) {
            let message = format!("编号“{}”不是两个大写字母", prefix.text);
            log.error(Code::BadValue, &prefix.location, message, "两个大写字母，例如 AB");
        }
        if folder.text.contains(['/', '.', '\\']) {
            let message = format!("“{}”不是目录名", folder.text);
            log.error(Code::BadValue, &folder.location, message, "只写目录名，不带斜线和点");
        }
        let new = [&title, &folder, &prefix].map(|cell| names.add(cell, log));
        if new == [true; 3] {
            let status = status.unwrap_or(Status::Draft);
            areas.push(Area { title, folder, prefix: prefix.text, owner: owner.text, status });
        }
    }
    areas
}

pub(super) fn roles(document: &Document, log: &mut Findings) -> Vec<Role> {
    let Some(section) = section(document, "角色", log) else { return Vec::new() };
    let mut names = Unique::default();
    let mut roles = Vec::new();
    for row in rows(section, &ROLES, log) {
        let (Some(name), Some(id)) = (row.need("角色", log), row.need("标识", log)) else { continue };
        let level = one_of(row.get("层级"), &LEVELS, log);
        if !id.text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            let message = format!("标识“{}”不是小写字母", id.text);
            log.error(Code::BadValue, &id.location, message, "小写字母和下划线，例如 town_clerk");
        }
        let new = [names.add(name, log), names.add(id, log)];
        if let (Some(level), [true, true]) = (level, new) {
            roles.push(Role { name: name.name(), id: id.name(), level, duty: row.get("职责").text.clone() });
        }
    }
    roles
}

/// Names that may stand once each.
#[derive(Default)]
pub(super) struct Unique(BTreeSet<String>);

impl Unique {
    pub fn add(&mut self, cell: &Cell, log: &mut Findings) -> bool {
        let new = self.0.insert(cell.text.clone());
        if !new {
            let message = format!("“{}”已经用过", cell.text);
            log.error(Code::Repeated, &cell.location, message, "另一个名称，或删去重复的一处");
        }
        new
    }
}

/// A word of a fixed list with its meaning.
pub(super) fn one_of<T: Copy>(cell: &Cell, words: &[(&str, T)], log: &mut Findings) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == cell.text).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let code = if cell.is_empty() { Code::Empty } else { Code::BadValue };
        let message = if cell.is_empty() {
            "这一格空着".to_owned()
        } else {
            format!("“{}”不在规定的写法之内", cell.text)
        };
        log.error(code, &cell.location, message, instead(&cell.text, &known));
    }
    found
}

const SUBJECT: Columns = Columns { needed: &["项目", "内容"], optional: &["说明"] };
const SUBJECT_ROWS: [&str; 6] = ["申请人", "身份号码", "联系电话", "所属地区", "人员名册", "近亲属申报"];

/// The table of 概要 against the application form.
pub(super) fn subject(document: &Document, form: &Form, log: &mut Findings) -> Option<Subject> {
    let section = section(document, "概要", log)?;
    let rows = rows(section, &SUBJECT, log);
    let mut found = Found { form, log, fields: [None, None, None, None], people: Vec::new(), kin: None };
    for row in &rows {
        let name = row.get("项目");
        let value = row.get("内容");
        match SUBJECT_ROWS.iter().position(|r| *r == name.text) {
            Some(place @ 0..4) => found.field(place, name, value),
            Some(4) => found.people(value),
            Some(_) => found.kin(value),
            None => {
                let message = format!("“概要”里没有“{}”这一行", name.text);
                found.log.error(Code::BadValue, &name.location, message, instead(&name.text, &SUBJECT_ROWS));
            }
        }
    }
    let Found { fields: [name, number, phone, region], people, kin, log, .. } = found;
    for (field, word) in [(&name, "申请人"), (&region, "所属地区")] {
        if field.is_none() && !rows.iter().any(|r| r.get("项目").text == word) {
            let message = format!("“概要”缺少“{word}”一行");
            log.error(Code::Empty, &section.title.location, message, format!("| {word} | 申请表里的项目名 |"));
        }
    }
    Some(Subject { name: name?, number, phone, region: region?, people, kin })
}

struct Found<'a> {
    form: &'a Form,
    log: &'a mut Findings,
    fields: [Option<Arc<str>>; 4],
    people: Vec<PeopleRoster>,
    kin: Option<KinRoster>,
}

impl Found<'_> {
    fn field(&mut self, place: usize, row: &Cell, value: &Cell) {
        let Some(field) = named_field(self.form, value, self.log) else { return };
        let fits = match place {
            0 => matches!(field.kind, FieldKind::Text),
            1 => matches!(field.kind, FieldKind::CitizenNumber),
            2 => matches!(field.kind, FieldKind::Phone),
            _ => matches!(field.kind, FieldKind::Region),
        };
        if !fits {
            let wanted = ["文本", "身份证号", "电话", "地区"][place];
            let message = format!("“{}”要用类型为“{wanted}”的项目，“{}”不是", row.text, value.text);
            self.log.error(Code::WrongKind, &value.location, message, format!("一个类型为“{wanted}”的项目"));
        }
        if self.fields[place].replace(field.name.clone()).is_some() {
            self.log.error(Code::Repeated, &row.location, format!("“{}”写了两行", row.text), "只留一行");
        }
    }

    fn people(&mut self, value: &Cell) {
        if let Some((roster, [name, number])) = self.roster(value, "家庭成员（姓名、身份证号）") {
            self.people.push(PeopleRoster { roster, name, number });
        }
    }

    fn kin(&mut self, value: &Cell) {
        if let Some((roster, [staff_name, relation])) = self.roster(value, "近亲属申报（工作人员姓名、关系）")
        {
            self.kin = Some(KinRoster { roster, staff_name, relation });
        }
    }

    /// A roster with two of its columns: `家庭成员（姓名、身份证号）`.
    fn roster(&mut self, value: &Cell, example: &str) -> Option<(Arc<str>, [Arc<str>; 2])> {
        let open = value.text.find(['（', '(']).filter(|_| value.text.ends_with(['）', ')']));
        let split = open.map(|i| (value.part(0..i), value.part(i..value.text.len()).inside_brackets().entries()));
        let Some((roster, columns)) = split.filter(|(_, columns)| columns.len() == 2) else {
            let message = format!("“{}”不是名册和它的两列", value.text);
            self.log.error(Code::BadValue, &value.location, message, format!("例如“{example}”"));
            return None;
        };
        let field = named_field(self.form, &roster, self.log)?;
        let FieldKind::Roster(rows) = &field.kind else {
            let message = format!("“{}”不是名册", roster.text);
            self.log.error(Code::WrongKind, &roster.location, message, "一个类型为“名册”的项目");
            return None;
        };
        let first = named_field(rows, &columns[0], self.log);
        let second = named_field(rows, &columns[1], self.log);
        Some((field.name.clone(), [first?.name.clone(), second?.name.clone()]))
    }
}

/// A field of a form by the name in a cell. Without any field, the form itself is what is wrong.
pub(super) fn named_field<'f>(form: &'f Form, cell: &Cell, log: &mut Findings) -> Option<&'f Field> {
    let found = form.field(&cell.text);
    if found.is_none() && !form.fields.is_empty() {
        let known: Vec<&Arc<str>> = form.fields.iter().map(|f| &f.name).collect();
        let message = format!("没有项目“{}”", cell.text);
        log.error(Code::UnknownField, &cell.location, message, instead(&cell.text, &known));
    }
    found
}
