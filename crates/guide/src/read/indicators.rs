//! `## 指标`.

use formula::{Cell, Environment, ListName, Program, Type, ValueName, nearest};

use super::Reader;
use super::fields::registers;
use super::registers::column_type;
use super::tables;
use crate::document::Section;
use crate::indicators::{Indicator, Over, Period, case_columns, payment_columns};
use crate::model::{LEVELS, Register, Start};

/// What cases are called in a formula.
const CASES: &str = "办件";

/// What payments are called in a formula.
const PAYMENTS: &str = "发放";

impl Reader {
    pub(super) fn indicators(
        &mut self,
        sections: &[&Section],
        starts: &[Start],
        writable: &[Register],
    ) -> Vec<Indicator> {
        let (mut findings, mut found) = (Vec::new(), Vec::new());
        let columns = tables::columns("指标").unwrap_or_default();
        let own = sections.iter().filter(|section| section.level == 2).flat_map(|section| &section.tables);
        let rows: Vec<_> = own.flat_map(|table| tables::rows(table, columns, "指标", &mut findings).rows).collect();
        self.all(findings);
        for row in rows {
            self.name(&row.get("指标"), &row.get("标识"));
            let from = row.get("取自");
            let register = writable.iter().position(|register| *register.name == *from.text);
            let (over, columns) = match register {
                Some(place) => (Over::Register(place), register_columns(&writable[place])),
                None if from.text == CASES => {
                    (Over::Cases, case_columns(starts.iter().map(|start| start.name.clone())))
                }
                None if from.text == PAYMENTS => (Over::Payments, payment_columns()),
                None => {
                    let names = writable.iter().map(|register| &*register.name).chain([CASES, PAYMENTS]);
                    let near = nearest(&from.text, names).unwrap_or(CASES);
                    let message = format!("没有台账“{}”", from.text);
                    self.error("G201", &from.span, message, format!("写一个台账、办件或 发放；最接近的是“{near}”"));
                    continue;
                }
            };
            let list = ListName { name: from.text.as_str().into(), parent: None, register: None, columns };
            let env = Environment { lists: vec![list], registers: registers(), ..Environment::default() };
            let (program, _) = formula::compile(&[], env);
            let filter = self.filter(&program, &row.get("若"));
            let value = self.expression(&program, &row.get("算"), false, None);
            let Some((level, period)) = self.by(&row.get("按")) else { continue };
            let Some(value) = value else { continue };
            let (name, key) = (row.text("指标").as_str().into(), row.text("标识").as_str().into());
            found.push(Indicator { name, key, over, program, filter, value, level, period });
        }
        found
    }

    fn filter(&mut self, program: &Program, cell: &Cell) -> Option<formula::Expression> {
        if cell.text.is_empty() {
            return None;
        }
        let filter = self.expression_in(program, cell, Some(0))?;
        if !filter.ty.fits(&Type::Bool) {
            self.error("G311", &cell.span, format!("“若”要一个条件，却是{}", filter.ty), "写成 列 = \"…\"");
        }
        Some(filter)
    }

    /// `乡、月`.
    fn by(&mut self, cell: &Cell) -> Option<(base::Level, Period)> {
        let words = tables::names(cell);
        let level = words.iter().find_map(|word| LEVELS.iter().find(|(known, _)| *known == word.text));
        let period = words.iter().find_map(|word| Period::WORDS.iter().find(|(known, _)| *known == word.text));
        if level.is_none() || period.is_none() || words.len() != 2 {
            self.error("G303", &cell.span, format!("按“{}”不认识", cell.text), "写一级地区和一种期间，例如 乡、月");
        }
        Some((level?.1, period?.1))
    }
}

fn register_columns(register: &Register) -> Vec<ValueName> {
    register.columns.iter().map(|column| ValueName::new(column.name.clone(), column_type(column))).collect()
}
