//! 申请表 and 步骤表单: what is asked, of which type, how private.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::typed::tidy;
use base::{Decimal, parse_date};
use formula::Value;

use crate::code::Code;
use crate::document::{Cell, Document, Section};
use crate::findings::{Findings, instead};
use crate::model::{Field, FieldKind, Form, Privacy};
use crate::read::overview::{Unique, one_of};
use crate::read::table::{Columns, Row, rows, runs, section};
use crate::read::words::{ENGINE_FACTS, HEADINGS, LETTER_WORDS, MEETING_FIELDS};

/// All forms of a guide.
pub(super) struct Forms {
    pub application: Form,
    /// Step names as the headings give them.
    pub steps: Vec<(Cell, Form)>,
}

impl Forms {
    /// All fields of all forms; their names are unique.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.application.fields.iter().chain(self.steps.iter().flat_map(|(_, form)| &form.fields))
    }
}

const FIELDS: Columns =
    Columns { needed: &["项目", "类型"], optional: &["分组", "必填", "隐私", "默认", "说明"] };
const PRIVACY: [(&str, Privacy); 4] =
    [("公开", Privacy::Public), ("内部", Privacy::Internal), ("敏感", Privacy::Sensitive), ("", Privacy::Internal)];
const KINDS: [&str; 13] = [
    "文本",
    "长文",
    "数量(单位)",
    "整数",
    "金额",
    "日期",
    "是否",
    "选项(甲、乙)",
    "多选(甲、乙)",
    "身份证号",
    "电话",
    "地区",
    "名册",
];

pub(super) fn forms(document: &Document, log: &mut Findings) -> Forms {
    let application = section(document, "申请表", log);
    let steps = document.root.walk().into_iter().find(|s| s.level == 2 && s.title.text == "步骤表单");
    let mut reader = Reader { rosters: BTreeMap::new(), names: Unique::default(), log };
    let children = |section: Option<&'_ Section>| section.map(|s| s.children.clone()).unwrap_or_default();
    let all: Vec<Section> = children(application).into_iter().chain(children(steps)).collect();
    reader.rosters(&all);

    let form = application.map(|s| reader.form(s)).unwrap_or_default();
    if let Some(section) = steps {
        runs(section, &[], reader.log);
        for table in section.tables() {
            let message = "这张表不属于任何步骤";
            reader.log.error(Code::SurplusTable, &table.location, message, "在表前加三级标题“### 表单：步骤名”");
        }
    }
    let titled = all.iter().filter_map(|s| Some((s.titled("表单")?, s)));
    let steps = titled.map(|(name, section)| (name, reader.form(section))).collect();
    reader.unused_rosters();
    Forms { application: form, steps }
}

struct Reader<'a> {
    /// Rosters by name, with the place of the heading and whether a field uses it.
    rosters: BTreeMap<String, (Cell, Form, bool)>,
    names: Unique,
    log: &'a mut Findings,
}

impl Reader<'_> {
    fn rosters(&mut self, sections: &[Section]) {
        for section in sections {
            if let Some(name) = section.titled("名册") {
                let mut columns = Unique::default();
                let fields = rows(section, &FIELDS, self.log);
                let fields = fields.iter().filter_map(|row| self.field(row, true, &mut columns)).collect();
                if self.rosters.contains_key(&name.text) {
                    let message = format!("名册“{}”写了两次", name.text);
                    self.log.error(Code::Repeated, &name.location, message, "另一个名称，或合并");
                }
                self.rosters.insert(name.text.clone(), (name, Form { fields }, false));
            } else if section.titled("表单").is_none() && !HEADINGS.contains(&section.title.text.as_str()) {
                let message = format!("不认识的标题“{}”", section.title.text);
                let help = "“### 名册：名称”，或“步骤表单”下的“### 表单：步骤名”";
                self.log.error(Code::UnknownHeading, &section.title.location, message, help);
            }
        }
    }

    fn form(&mut self, section: &Section) -> Form {
        let mut names = std::mem::take(&mut self.names);
        let rows = rows(section, &FIELDS, self.log);
        let fields = rows.iter().filter_map(|row| self.field(row, false, &mut names)).collect();
        self.names = names;
        Form { fields }
    }

    fn field(&mut self, row: &Row, in_roster: bool, names: &mut Unique) -> Option<Field> {
        let name = row.need("项目", self.log)?;
        let new = names.add(name, self.log);
        self.usable(name, in_roster);
        let written = row.need("类型", self.log)?;
        let kind = self.kind(written, name, in_roster);
        let privacy = one_of(row.get("隐私"), &PRIVACY, self.log);
        let required = row.flag("必填", self.log);
        // A guide with an error is refused; until then the field stands, so that nothing else misses it.
        let kind = kind.unwrap_or(FieldKind::Text);
        let default = self.default(row.get("默认"), &kind);
        let group = Some(row.get("分组").text.clone()).filter(|g| !g.is_empty());
        new.then_some(Field {
            name: name.name(),
            kind,
            required,
            privacy: privacy.unwrap_or(Privacy::Internal),
            group,
            help: row.get("说明").text.clone(),
            default,
            location: name.location.clone(),
        })
    }

    /// A field's name is an identifier of the formulas and must not hide a name of the engine.
    fn usable(&mut self, name: &Cell, in_roster: bool) {
        let plain = name.text.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !plain || name.text.starts_with(|c: char| c.is_numeric()) {
            let message = format!("“{}”不能作公式里的名字", name.text);
            self.log.error(Code::BadName, &name.location, message, "只用汉字、字母、数字和下划线，不以数字开头");
        }
        let reserved = ENGINE_FACTS.iter().map(|(n, _)| *n).chain(MEETING_FIELDS.map(|(n, _)| n)).chain(LETTER_WORDS);
        if !in_roster && reserved.into_iter().any(|word| word == name.text) {
            let message = format!("“{}”是程序自己给出的名字", name.text);
            self.log.error(Code::BadName, &name.location, message, format!("另一个名字，例如“填报的{}”", name.text));
        }
    }

    fn kind(&mut self, cell: &Cell, name: &Cell, in_roster: bool) -> Option<FieldKind> {
        let open = cell.text.find(['(', '（']).filter(|_| cell.text.ends_with([')', '）']));
        let word = open.map_or(cell.text.as_str(), |i| cell.text[..i].trim());
        let inside = open.map(|i| cell.part(i..cell.text.len()).inside_brackets());
        let options = |log: &mut Findings| {
            let mut unique = Unique::default();
            let entries = inside.as_ref().map(Cell::entries).unwrap_or_default();
            entries.into_iter().filter(|entry| unique.add(entry, log)).map(|entry| entry.name()).collect::<Vec<_>>()
        };
        let found = match (word, &inside) {
            ("文本", None) => FieldKind::Text,
            ("长文", None) => FieldKind::LongText,
            ("数量", Some(unit)) if !unit.is_empty() => FieldKind::Number { unit: unit.text.clone() },
            ("整数", None) => FieldKind::Integer,
            ("金额", None) => FieldKind::Money,
            ("日期", None) => FieldKind::Date,
            ("是否", None) => FieldKind::Bool,
            ("选项", Some(list)) if !list.entries().is_empty() => FieldKind::Choice(options(self.log)),
            ("多选", Some(list)) if !list.entries().is_empty() => FieldKind::Choices(options(self.log)),
            ("身份证号", None) => FieldKind::CitizenNumber,
            ("电话", None) => FieldKind::Phone,
            ("地区", None) => FieldKind::Region,
            ("名册", None) => return self.roster(cell, name, in_roster),
            _ => {
                let message = format!("不认识的类型“{}”", cell.text);
                self.log.error(Code::UnknownType, &cell.location, message, instead(&cell.text, &KINDS));
                return None;
            }
        };
        Some(found)
    }

    fn roster(&mut self, cell: &Cell, name: &Cell, in_roster: bool) -> Option<FieldKind> {
        if in_roster {
            self.log.error(Code::Roster, &cell.location, "名册里不能再有名册", "拆成两个名册，用同一项目对应");
            return None;
        }
        let Some((_, form, used)) = self.rosters.get_mut(&name.text) else {
            let message = format!("名册“{}”没有列出它的项目", name.text);
            let help = format!("加一节“### 名册：{}”和它的表", name.text);
            self.log.error(Code::Roster, &name.location, message, help);
            return Some(FieldKind::Roster(Form::default()));
        };
        *used = true;
        Some(FieldKind::Roster(form.clone()))
    }

    fn unused_rosters(&mut self) {
        for (name, _, used) in self.rosters.values() {
            if !used {
                let message = format!("没有类型为名册的项目“{}”", name.text);
                self.log.error(
                    Code::Roster,
                    &name.location,
                    message,
                    format!("在表里加一行“{}”，类型“名册”", name.text),
                );
            }
        }
    }

    fn default(&mut self, cell: &Cell, kind: &FieldKind) -> Option<Value> {
        if cell.is_empty() {
            return None;
        }
        let found = default_value(&cell.text, kind);
        if found.is_none() {
            let message = format!("默认值“{}”与类型不符", cell.text);
            let help = match kind {
                FieldKind::Choice(options) | FieldKind::Choices(options) => instead(&cell.text, options),
                FieldKind::Bool => "“是”或“否”".to_owned(),
                FieldKind::Date => "日期，例如 2026-01-01".to_owned(),
                FieldKind::Money | FieldKind::Integer | FieldKind::Number { .. } => "一个数，例如 0".to_owned(),
                _ => "空着：这种类型没有默认值".to_owned(),
            };
            self.log.error(Code::BadValue, &cell.location, message, help);
        }
        found
    }
}

/// The value that a default stands for; identity numbers, telephones, places and rosters have none.
fn default_value(text: &str, kind: &FieldKind) -> Option<Value> {
    let number = || tidy(text).parse::<Decimal>().ok();
    let option = |text: &str, options: &[Arc<str>]| options.iter().find(|o| &***o == text).cloned().map(Value::Text);
    match kind {
        FieldKind::Text | FieldKind::LongText => Some(Value::from(text)),
        FieldKind::Number { .. } => number().map(Value::Number),
        FieldKind::Integer => number().filter(|n| n.is_integer() && !n.is_sign_negative()).map(Value::Number),
        FieldKind::Money => number().filter(|n| n.normalize().scale() <= 2 && !n.is_sign_negative()).map(Value::Number),
        FieldKind::Date => parse_date(text).map(Value::Date),
        FieldKind::Bool => [("是", true), ("否", false)].iter().find(|(w, _)| *w == text).map(|(_, b)| Value::Bool(*b)),
        FieldKind::Choice(options) => option(text, options),
        FieldKind::Choices(options) => {
            let none = text == "无" && option(text, options).is_none();
            let chosen = text.split('、').map(|t| option(t.trim(), options));
            if none { Some(Value::list([])) } else { chosen.collect::<Option<Vec<_>>>().map(Value::list) }
        }
        FieldKind::CitizenNumber | FieldKind::Phone | FieldKind::Region | FieldKind::Roster(_) => None,
    }
}
