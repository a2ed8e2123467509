//! `## 测算`.

use std::sync::Arc;

use formula::{Cell, Type, Unit, nearest};

use super::flow::Known;
use super::{Reader, tables};
use crate::document::Section;
use crate::model::Entitlement;
use crate::what_if::{Measure, Yardstick};

impl Reader {
    pub(super) fn yardsticks(
        &mut self,
        known: &Known,
        sections: &[&Section],
        entitlements: &[Entitlement],
    ) -> Vec<Yardstick> {
        let (mut findings, mut found) = (Vec::new(), Vec::<Yardstick>::new());
        let columns = tables::columns("测算").unwrap_or_default();
        let own = sections.iter().flat_map(|section| &section.tables);
        let rows: Vec<_> = own.flat_map(|table| tables::rows(table, columns, "测算", &mut findings).rows).collect();
        self.all(findings);
        for row in rows {
            let entitlement = row.get("待遇");
            let monthly = entitlements.iter().find(|e| *e.name == *entitlement.text && e.period == "月");
            if monthly.is_none() {
                let names = entitlements.iter().filter(|e| e.period == "月").map(|e| &*e.name);
                let help = nearest(&entitlement.text, names)
                    .map_or("这份指南没有按月的待遇".into(), |near| format!("最接近的是“{near}”"));
                self.error("G201", &entitlement.span, format!("没有按月的待遇“{}”", entitlement.text), help);
            }
            let own = [("收入", "元/月"), ("人口", "数"), ("线", "元/月")];
            let given = own.iter().filter(|(column, _)| !row.text(column).is_empty()).count();
            let mut measured = own
                .iter()
                .filter(|_| given > 0)
                .map(|(column, unit)| self.measured(known, &row.get(column), Some(unit)));
            let names = (measured.next().flatten(), measured.next().flatten(), measured.next().flatten());
            let measure = match names {
                (Some(income), Some(people), Some(line)) => Some(Measure { income, people, line }),
                _ => None,
            };
            let names = tables::names(&row.get("分组"));
            let groups: Vec<_> = names.iter().filter_map(|name| self.measured(known, name, None)).collect();
            if let Some(entitlement) = monthly {
                found.push(Yardstick { entitlement: entitlement.key.clone(), measure, groups });
            }
        }
        found
    }

    /// A value or formula of the whole case, of a unit where one is asked for.
    fn measured(&mut self, known: &Known, cell: &Cell, unit: Option<&str>) -> Option<Arc<str>> {
        let values = &known.program.environment().values;
        let formula = known.program.find(&cell.text).and_then(|found| found.ty.cloned());
        let ty = formula.or_else(|| Some(values.iter().find(|value| *value.name == *cell.text)?.ty.clone()));
        let Some(ty) = ty else {
            let names = known.program.definitions().filter(|d| d.row_of.is_none()).map(|d| d.name.to_owned());
            let names: Vec<String> = names.chain(values.iter().map(|value| value.name.to_string())).collect();
            let near = nearest(&cell.text, names.iter().map(String::as_str)).unwrap_or("家庭人口");
            self.error("G201", &cell.span, format!("没有项目或公式“{}”", cell.text), format!("最接近的是“{near}”"));
            return None;
        };
        let wanted = unit.map(|unit| Unit::parse(unit).unwrap_or(Unit::NONE));
        let fits = match (&ty, wanted) {
            (Type::Number(unit), Some(Unit::NONE)) => *unit == Unit::NONE || Unit::parse("人") == Some(*unit),
            (Type::Number(unit) | Type::Fen(unit), Some(wanted)) => *unit == wanted,
            (_, wanted) => wanted.is_none(),
        };
        if !fits {
            let wanted = unit.unwrap_or_default();
            self.error("G302", &cell.span, format!("“{}”是{ty}，这里要{wanted}", cell.text), "写一个这样的公式或项目");
            return None;
        }
        Some(cell.text.as_str().into())
    }
}
