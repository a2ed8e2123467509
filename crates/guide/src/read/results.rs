//! `## 待遇`, `## 效果`, `## 文书`: what a decision brings about.

use std::sync::Arc;

use formula::{Cell, Expression, Type, half_width, nearest};

use super::Reader;
use super::flow::Known;
use super::tables::{self, Row};
use crate::document::Section;
use crate::model::{Action, Component, Effect, Entitlement, Fill, Letter, LetterPart, Register, StepKind, row_list};

/// The closed list of actions.
const ACTIONS: [&str; 8] = ["给予", "停止", "暂停", "恢复", "发文", "登记", "启动", "记账"];

impl Reader {
    pub(super) fn result_rows(&mut self, sections: &[&Section], heading: &str) -> Vec<Row> {
        let mut findings = Vec::new();
        let columns = tables::columns(heading).unwrap_or_default();
        let tables = sections.iter().filter(|section| section.level == 2).flat_map(|section| &section.tables);
        let found = tables.flat_map(|table| tables::rows(table, columns, heading, &mut findings).rows).collect();
        self.all(findings);
        found
    }

    pub(crate) fn entitlements(&mut self, known: &Known, sections: &[&Section]) -> Vec<Entitlement> {
        let mut found: Vec<Entitlement> = Vec::new();
        for row in self.result_rows(sections, "待遇") {
            let amount = row.get("金额");
            let ty = known.program.find(&amount.text).map(|definition| definition.ty.cloned());
            match ty {
                None => {
                    let known: Vec<String> = known.program.definitions().map(|d| d.name.to_owned()).collect();
                    let near = nearest(&amount.text, known.iter().map(String::as_str)).unwrap_or("");
                    let message = format!("金额“{}”不是公式的名称", amount.text);
                    self.error("G201", &amount.span, message, format!("最接近的是“{near}”"));
                }
                Some(Some(Type::Fen(_)) | None) => {}
                Some(Some(ty)) => {
                    let message = format!("待遇“{}”的金额是 {ty}，不是分额", row.text("待遇"));
                    self.error("G302", &amount.span, message, format!("请写“舍入({}, 规则)”", amount.text));
                }
            }
            let (period, [by_age, by_month]) = self.period(&row.get("周期"));
            let component = Component {
                name: row.text("成分").as_str().into(),
                amount: amount.text.as_str().into(),
                by_age,
                by_month,
            };
            match found.iter_mut().find(|entitlement| *entitlement.name == *row.text("待遇")) {
                Some(entitlement) => entitlement.components.push(component),
                None => {
                    self.name(&row.get("待遇"), &row.get("标识"));
                    found.push(Entitlement {
                        name: row.text("待遇").as_str().into(),
                        key: row.text("标识").as_str().into(),
                        of_person: row.text("享受人") == "人员",
                        rows: self.holders(known, &row.get("享受人")),
                        period,
                        programme: Some(row.text("科目")).filter(|text| !text.is_empty()).map(|text| text.into()),
                        payee: row.text("账户"),
                        components: vec![component],
                        exclusive_with: tables::names(&row.get("互斥")),
                    });
                }
            }
        }
        found
    }

    /// 享受人: 人员, 家庭, or rows of a roster.
    fn holders(&mut self, known: &Known, cell: &Cell) -> Option<Expression> {
        if ["人员", "家庭"].contains(&&*cell.text) {
            return None;
        }
        let rows = self.expression(known.program, cell, false, None)?;
        if !matches!(&rows.ty, Type::List(item) if matches!(**item, Type::Row(_))) {
            let help = "写 人员、家庭，或名册的行，例如 成员[计入]";
            self.error("G311", &cell.span, format!("享受人“{}”不认识", cell.text), help);
            return None;
        }
        Some(rows)
    }

    /// `月` `季` `年` `一次`, and whether the amount goes with the age or the month: `月，随年龄`, `月，随月份`.
    fn period(&mut self, cell: &Cell) -> (String, [bool; 2]) {
        let (period, rest) = cell.text.split_once(['，', ',']).unwrap_or((&cell.text, ""));
        if !["月", "季", "年", "一次"].contains(&period) || !["", "随年龄", "随月份"].contains(&rest.trim())
        {
            self.error(
                "G303",
                &cell.span,
                format!("周期没有“{}”", cell.text),
                "应写 月、季、年、一次；会变的写 月，随年龄 或 月，随月份",
            );
        }
        (period.to_owned(), ["随年龄", "随月份"].map(|word| rest.trim() == word))
    }

    /// An action of the closed list, with its object.
    fn action(
        &mut self,
        row: &Row,
        (entitlements, letters, registers): (&[Entitlement], &[Letter], &[Register]),
    ) -> Option<Action> {
        let (action, object) = (row.get("动作"), row.get("对象"));
        if !ACTIONS.contains(&&*action.text) {
            let help = format!("可用：{}", ACTIONS.join("、"));
            self.error("G801", &action.span, format!("动作“{}”不认识", action.text), help);
            return None;
        }
        if action.text == "启动" {
            let (service, start) = object.text.split_once('/').unwrap_or((&object.text, ""));
            if !tables::is_key(service) || !tables::is_key(start) {
                let help = "写成 服务的标识/启动的标识，例如 grant/apply";
                self.error("G106", &object.span, format!("启动“{}”不认识", object.text), help);
            }
            let (service, start) = (service.to_owned(), start.to_owned());
            return Some(Action::Begin { service, start, span: object.span.clone() });
        }
        if action.text == "记账" {
            return self.booking(&object);
        }
        let names: Vec<&Arc<str>> = match &*action.text {
            "发文" => letters.iter().map(|letter| &letter.name).collect(),
            "登记" => registers.iter().map(|register| &register.name).collect(),
            _ => entitlements.iter().map(|entitlement| &entitlement.name).collect(),
        };
        let Some(target) = names.iter().position(|name| ***name == *object.text) else {
            let near = nearest(&object.text, names.iter().map(|name| &***name)).map(str::to_owned);
            let help = near
                .map_or_else(|| "先在“## 待遇”“## 文书”或“## 台账”下声明".to_owned(), |n| format!("最接近的是“{n}”"));
            self.error("G201", &object.span, format!("没有“{}”", object.text), help);
            return None;
        };
        Some(match &*action.text {
            "给予" => Action::Grant(target),
            "停止" => Action::Stop(target),
            "暂停" => Action::Pause(target),
            "恢复" => Action::Resume(target),
            "登记" => Action::Register(target),
            _ => Action::Letter(target),
        })
    }

    /// 内容: `列 = 式；列 = 编号(文书)`.
    fn content(&mut self, known: &Known, cell: &Cell, letters: &[Letter], list: Option<usize>) -> Vec<(String, Fill)> {
        let mut found = Vec::new();
        for clause in tables::clauses(cell) {
            let Some(at) = clause.text.find('=') else {
                self.error("G106", &clause.span, format!("内容“{}”不认识", clause.text), "写成 列 = 式；列 = 式");
                continue;
            };
            let (name, value) = tables::cut(&clause, at, 1);
            let plain: String = value.text.chars().map(half_width).collect();
            let number = plain.strip_prefix("编号(").and_then(|rest| rest.strip_suffix(')'));
            if let Some(letter) = number {
                match letters.iter().find(|known| *known.name == *letter.trim()) {
                    Some(known) => found.push((name.text, Fill::Number(known.key.clone()))),
                    None => {
                        let message = format!("没有文书“{letter}”");
                        self.error("G201", &value.span, message, "写“## 文书”下的一个名称");
                    }
                }
                continue;
            }
            let value = self.expression_in(known.program, &value, list);
            found.extend(value.map(|value| (name.text, Fill::Value(Box::new(value)))));
        }
        found
    }

    pub(crate) fn effects(
        &mut self,
        known: &Known,
        sections: &[&Section],
        targets: (&[Entitlement], &[Letter], &[Register]),
    ) -> Vec<Effect> {
        let mut found = Vec::new();
        for row in self.result_rows(sections, "效果") {
            let Some((step, conclusion)) = self.conclusion_of(known, &row.get("步骤")) else { continue };
            let Some(action) = self.action(&row, targets) else { continue };
            if action.entitlement().is_some() && known.steps[step].kind != StepKind::Decide {
                let word = row.get("动作");
                let message = format!("“{}”只能在决定之后", word.text);
                self.error("G801", &word.span, message, "把它写在一个决定的步骤上");
            }
            let mut optional = |column: &str, ty: &Type| {
                let cell = row.get(column);
                if cell.text.is_empty() { None } else { self.expression(known.program, &cell, true, Some(ty)) }
            };
            let each = row.get("若");
            let each = each.text.starts_with("每个 ").then(|| tables::cut(&each, 0, "每个".len()).1);
            let condition = if each.is_some() { None } else { optional("若", &Type::Bool) };
            let (from, until) = (optional("自", &Type::Month), optional("至", &Type::Month));
            let each = each.and_then(|each| self.each(known, &each));
            let list = each.as_ref().and_then(|each| row_list(&each.ty));
            let mut set = self.content(known, &row.get("内容"), targets.1, list);
            match action {
                Action::Register(index) => self.columns_filled(known, (&targets.2[index], list), &row, &mut set),
                Action::Letter(index) if targets.1[index].list != list => {
                    let message = format!("文书“{}”是给“{}”的", targets.1[index].name, targets.1[index].to);
                    self.error(
                        "G801",
                        &row.get("若").span,
                        message,
                        "“若”写 每个 列表[条件]，与文书的“送达”是同一个列表",
                    );
                }
                Action::Book(..) => self.booked(&row, &set),
                Action::Begin { .. } | Action::Letter(_) => {}
                _ if each.is_some() => {
                    let help = "每个 只用于 发文、登记、启动";
                    self.error("G801", &row.get("若").span, "待遇不能每行给予", help);
                }
                _ => {}
            }
            found.push(Effect { step, conclusion, condition, each, action, from, until, set });
        }
        found
    }

    /// `每个 列表[条件]`: rows of a list.
    fn each(&mut self, known: &Known, cell: &Cell) -> Option<Expression> {
        let rows = self.expression(known.program, cell, true, None)?;
        if row_list(&rows.ty).is_none() {
            let help = "写列表的行，例如 每个 候选人[当选]";
            self.error("G311", &cell.span, format!("“每个 {}”不是列表的行", cell.text), help);
            return None;
        }
        Some(rows)
    }

    pub(crate) fn letters(&mut self, known: &Known, sections: &[&Section]) -> Vec<Letter> {
        let mut found = Vec::new();
        for row in self.result_rows(sections, "文书") {
            self.name(&row.get("文书"), &row.get("标识"));
            let name = row.text("文书");
            let fence = sections
                .iter()
                .filter(|section| section.level == 3 && section.title == name)
                .flat_map(|s| &s.fences)
                .next();
            let Some(fence) = fence else {
                self.error("G102", &row.span, format!("文书“{name}”没有正文"), format!("写“### {name}”和“文书”围栏"));
                continue;
            };
            let (key, numbering, to) = (row.text("标识").as_str().into(), row.text("编号"), row.text("送达"));
            let lists = &known.program.environment().lists;
            let list = lists.iter().position(|list| *list.name == *to && list.parent.is_none());
            let text = self.letter_text(known, &fence.text, fence.offset, list);
            found.push(Letter { name: name.as_str().into(), key, numbering, to, list, text });
        }
        found
    }

    /// Text with holes `{名}` or `{式}`; money in a letter is 分额.
    fn letter_text(&mut self, known: &Known, text: &str, offset: usize, list: Option<usize>) -> Vec<LetterPart> {
        let mut parts = Vec::new();
        let (mut rest, mut at) = (text, offset);
        while let Some(open) = rest.find('{') {
            parts.push(LetterPart::Text(rest[..open].to_owned()));
            let Some(close) = rest[open..].find('}').map(|close| open + close) else { break };
            let inside = &rest[open + 1..close];
            let start = at + open + 1;
            let cell = Cell { text: inside.to_owned(), span: start..start + inside.len() };
            if let Some(expression) = self.expression_in(known.program, &cell, list) {
                if matches!(&expression.ty, Type::Number(unit) if unit.is_money()) {
                    let message = format!("文书里的“{inside}”是 {}，不是分额", expression.ty);
                    self.error("G302", &cell.span, message, "文书里的钱先舍入");
                }
                parts.push(LetterPart::Hole(Box::new(expression)));
            }
            at += close + 1;
            rest = &rest[close + 1..];
        }
        parts.push(LetterPart::Text(rest.to_owned()));
        parts
    }
}
