//! `registries.md`, `## 核对` and `## 疑点`: whom a bureau asks, about whom, and what is doubtful then.

use std::sync::Arc;

use formula::{Cell, Environment, ListName, Type, ValueName, nearest};

use super::flow::Known;
use super::tables::{self, Row};
use super::{Reader, StepName, registers};
use crate::document::{Document, Section};
use crate::model::{Doubt, FieldType, Inquiry, OfWhom, Registry, Severity};

const SOURCES: [&str; 5] = ["数据源", "标识", "答复时限", "有效期", "[说明]"];
const COLUMNS: [&str; 5] = ["项目", "标识", "类型", "必填", "[说明]"];

/// A row of `## 核对` before formulas are compiled.
pub(super) struct InquiryRow {
    name: Cell,
    registry: Registry,
    steps: Cell,
    of: Cell,
    rows: Cell,
}

/// The columns that every answer has besides those of its registry.
const OWN: [&str; 2] = ["人员", "答复"];

/// The lists that formulas see, each with how far its answers have come.
pub(super) fn names(asked: &[InquiryRow], env: &mut Environment) {
    let Some(person) = env.registers.iter().position(|register| &*register.name == OWN[0]) else { return };
    for row in asked {
        let name: Arc<str> = row.name.text.as_str().into();
        let own = ValueName::new(OWN[0], Type::Record(person));
        let said = row.registry.columns.iter();
        let said = said.map(|column| ValueName::new(column.name.clone(), registers::column_type(column)));
        let columns = std::iter::once(own).chain(said).collect();
        env.lists.push(ListName { name: name.clone(), parent: None, register: None, columns });
        env.values.push(ValueName::new(format!("{name}.{}", OWN[1]), Type::choice(Inquiry::ANSWERS)));
    }
}

impl Reader {
    pub(super) fn registries(&mut self, document: &Document) -> Vec<Registry> {
        self.file = document.file.clone();
        let mut found: Vec<Registry> = Vec::new();
        let section = document.sections.iter().find(|section| section.title == SOURCES[0]);
        for row in section.map(|section| self.read(section, &SOURCES)).unwrap_or_default() {
            let (name, key, due, fresh) = (row.get("数据源"), row.get("标识"), row.get("答复时限"), row.get("有效期"));
            self.name(&name, &key);
            if found.iter().any(|known| *known.name == *name.text || *known.key == *key.text) {
                self.error("G202", &name.span, format!("数据源“{}”有两行", name.text), "请删去一行或改名");
                continue;
            }
            let clock = due.text.parse::<base::Clock>();
            let days = fresh.text.strip_suffix('日').and_then(|days| days.trim().parse::<i64>().ok());
            let (Ok(clock), Some(fresh_days)) = (clock, days) else {
                let help = "答复时限写成 5个工作日，有效期写成 30日";
                self.error("G303", &due.span, format!("“{}”的时限不认识", name.text), help);
                continue;
            };
            let section = document.sections.iter().find(|s| s.level == 3 && s.title == name.text);
            let Some(section) = section else {
                let help = format!("写上“### {}”和它的列", name.text);
                self.error("G102", &name.span, format!("没有写“{}”能答什么", name.text), help);
                continue;
            };
            let rows = self.read(section, &COLUMNS);
            let columns: Vec<_> = rows.iter().filter_map(|row| self.register_column(row, &[])).collect();
            for column in columns.iter().filter(|column| OWN.contains(&&*column.name)) {
                let help = "换一个名称；人员和答复是每一个数据源都有的";
                self.error("G205", &section.span, format!("列“{}”不能这样叫", column.name), help);
            }
            found.push(Registry {
                name: name.text.as_str().into(),
                key: key.text.as_str().into(),
                due: clock,
                fresh_days,
                note: row.text("说明"),
                columns,
            });
        }
        found
    }

    fn read(&mut self, section: &Section, columns: &[&str]) -> Vec<Row> {
        let mut findings = Vec::new();
        let rows = section.tables.iter().flat_map(|table| tables::rows(table, columns, SOURCES[0], &mut findings).rows);
        let rows = rows.collect();
        self.all(findings);
        rows
    }

    /// The rows of `## 核对` with the registries that they ask.
    pub(super) fn inquiry_rows(&mut self, sections: &[&Section], registries: &[Registry]) -> Vec<InquiryRow> {
        let mut found: Vec<InquiryRow> = Vec::new();
        for row in self.result_rows(sections, "核对") {
            let (name, source) = (row.get("核对"), row.get("数据源"));
            let Some(registry) = registries.iter().find(|registry| *registry.name == *source.text) else {
                let near = nearest(&source.text, registries.iter().map(|registry| &*registry.name));
                let help = near.map_or("先写在 registries.md 里".to_owned(), |near| format!("最接近的是“{near}”"));
                self.error("G201", &source.span, format!("没有数据源“{}”", source.text), help);
                continue;
            };
            if !formula::is_name(&name.text) || found.iter().any(|known| known.name.text == name.text) {
                let help = "名称由汉字、字母、数字和 _ 组成，一个名称一行";
                self.error("G106", &name.span, format!("“{}”不能作名称", name.text), help);
                continue;
            }
            let (steps, of, rows) = (row.get("步骤"), row.get("对每个"), row.get("若"));
            found.push(InquiryRow { name, registry: registry.clone(), steps, of, rows });
        }
        found
    }

    pub(super) fn inquiries(&mut self, known: &Known, asked: Vec<InquiryRow>) -> Vec<Inquiry> {
        let mut found = Vec::new();
        for InquiryRow { name, registry, steps, of, rows } in asked {
            let Some(of) = self.of_whom(known, &of) else { continue };
            let steps = tables::names(&steps).iter().filter_map(|step| self.asking_step(known.steps, step)).collect();
            let rows = (!rows.text.is_empty()).then(|| self.condition_in(known, &rows, &of)).flatten();
            found.push(Inquiry { name: name.text.as_str().into(), registry, steps, of, rows });
        }
        found
    }

    fn asking_step(&mut self, steps: &[StepName], cell: &Cell) -> Option<usize> {
        let found = steps.iter().position(|step| *step.name == *cell.text);
        let kind = found.map(|step| steps[step].kind);
        if kind != Some(crate::model::StepKind::Match) {
            let message = format!("“{}”不是核对的步骤", cell.text);
            self.error("G201", &cell.span, message, "写方式是“核对”的步骤");
            return None;
        }
        found
    }

    /// 对每个: a 名册 of people, or a field that is a person.
    fn of_whom(&mut self, known: &Known, cell: &Cell) -> Option<OfWhom> {
        let field = known.fields.iter().find(|field| *field.name == *cell.text);
        let env = known.program.environment();
        match field.map(|field| (&field.key, &field.ty)) {
            Some((key, FieldType::Register(register))) if &*env.registers[*register].name == OWN[0] => {
                Some(OfWhom::Field(key.clone()))
            }
            Some((_, FieldType::List(list))) if env.lists[*list].register.is_some() => Some(OfWhom::List(*list)),
            _ => {
                let help = "写一个 名册(人员)，或者一个类型是 人员 的项目";
                self.error("G201", &cell.span, format!("对每个“{}”看不出是谁", cell.text), help);
                None
            }
        }
    }

    fn condition_in(&mut self, known: &Known, cell: &Cell, of: &OfWhom) -> Option<formula::Expression> {
        let list = if let OfWhom::List(list) = of { Some(*list) } else { None };
        let condition = self.expression_in(known.program, cell, list)?;
        if !condition.ty.fits(&Type::Bool) {
            self.error("G311", &cell.span, format!("这里要是否，却是{}", condition.ty), "写一个条件");
            return None;
        }
        Some(condition)
    }

    pub(super) fn doubts(&mut self, known: &Known, sections: &[&Section]) -> Vec<Doubt> {
        let mut found: Vec<Doubt> = Vec::new();
        for row in self.result_rows(sections, "疑点") {
            let (name, key, severity) = (row.get("疑点"), row.get("标识"), row.get("等级"));
            if !tables::is_key(&key.text) || found.iter().any(|known| *known.key == *key.text) {
                let help = "标识由小写字母、数字和 _ 组成，每行一个";
                self.error("G205", &key.span, format!("疑点的标识“{}”不行", key.text), help);
            }
            let word = Severity::WORDS.iter().find(|(word, _)| *word == severity.text);
            if word.is_none() {
                let words: Vec<&str> = Severity::WORDS.iter().map(|(word, _)| *word).collect();
                let help = format!("应写 {}", words.join("、"));
                self.error("G303", &severity.span, format!("没有等级“{}”", severity.text), help);
            }
            let Some(of) = self.of_whom(known, &row.get("对每个")) else { continue };
            let Some(condition) = self.condition_in(known, &row.get("若"), &of) else { continue };
            let list = if let OfWhom::List(list) = of { Some(list) } else { None };
            let mut told = |column: &str| {
                let cell = row.get(column);
                if cell.text.is_empty() { None } else { self.expression_in(known.program, &cell, list) }
            };
            let (declared, found_out) = (told("申报"), told("查得"));
            let cleared = row.get("排除");
            let cleared_for = base::Clock::parse(&cleared.text);
            if cleared_for.is_none() && !cleared.text.is_empty() {
                self.error("G303", &cleared.span, format!("排除“{}”不认识", cleared.text), "写成 12个月、90日");
            }
            found.push(Doubt {
                name: name.text.as_str().into(),
                key: key.text.as_str().into(),
                of,
                condition,
                declared,
                found: found_out,
                severity: word.map_or(Severity::Notice, |(_, severity)| *severity),
                cleared_for,
                note: row.text("说明"),
            });
        }
        found
    }
}
