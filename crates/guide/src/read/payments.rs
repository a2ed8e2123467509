//! `## 异常`, the steps of a batch and 记账: what payments need of a guide.

use formula::{Cell, Environment, Type, Unit};
use ledger::Heading;

use super::flow::Known;
use super::tables::Row;
use super::{Reader, registers};
use crate::document::Section;
use crate::model::{Action, Fill, Job, Mark, Register};

/// The register whose rows are the lines of a roster: each batch fills its columns.
pub const LINES: &str = "pay_line";

/// What 内容 of 记账 says.
const BOOKED: [&str; 8] = ["来源", "项目", "年度", "月份", "户主", "金额", "物资", "单位"];

/// What a batch tells when a job is done, for the steps after it.
pub(super) fn outputs(job: Job) -> Vec<(&'static str, Type)> {
    let count = || Type::Number(Unit::parse("笔").unwrap_or_default());
    let rows = || Type::Number(Unit::NONE);
    let money = || Type::Number(Unit::parse("元").unwrap_or_default());
    match job {
        Job::Roster => vec![
            ("笔数", count()),
            ("金额", money()),
            ("暂缓笔数", count()),
            ("提示笔数", count()),
            ("新增", count()),
            ("退出", count()),
            ("变动", count()),
        ],
        Job::Pay => vec![("指令数", count()), ("金额", money())],
        Job::Collect => vec![("成功", count()), ("未成功", count()), ("金额", money())],
        Job::Reconcile => vec![("差额", money())],
        Job::Import => vec![("新增", rows()), ("变更", rows()), ("相同", rows()), ("有错", rows())],
        Job::Sample => vec![("总体", count()), ("抽中", count()), ("种子", Type::Text)],
    }
}

/// What conditions of 异常 see of a line.
pub(super) fn names(sections: &[&Section], registers: &[Register], env: &mut Environment) {
    let lines = registers.iter().find(|register| &*register.key == LINES);
    lines.filter(|_| !sections.is_empty()).into_iter().for_each(|lines| registers::names_of_row(lines, env));
}

impl Reader {
    pub(super) fn marks(&mut self, known: &Known, sections: &[&Section]) -> Vec<Mark> {
        let mut found: Vec<Mark> = Vec::new();
        for row in self.result_rows(sections, "异常") {
            let (name, treated) = (row.get("异常"), row.get("处理"));
            if !["暂缓", "提示"].contains(&&*treated.text) {
                self.error("G303", &treated.span, format!("处理没有“{}”", treated.text), "应写 暂缓、提示");
            }
            if found.iter().any(|mark| *mark.name == *name.text) {
                self.error("G202", &name.span, format!("异常“{}”有两行", name.text), "请删去一行或改名");
            }
            let condition = self.expression(known.program, &row.get("若"), true, Some(&Type::Bool));
            let (name, holds) = (name.text.as_str().into(), treated.text == "暂缓");
            found.extend(condition.map(|condition| Mark { name, condition, holds }));
        }
        found
    }

    /// `科目 → 科目`.
    pub(super) fn booking(&mut self, object: &Cell) -> Option<Action> {
        let (from, to) = object.text.split_once('→').unwrap_or((&object.text, ""));
        let headings = Heading::of_name(from.trim()).zip(Heading::of_name(to.trim()));
        let Some((from, to)) = headings.filter(|(from, to)| from.flows_to(*to)) else {
            let ways = Heading::ALL.iter().flat_map(|from| Heading::ALL.iter().map(move |to| (*from, *to)));
            let ways = ways.filter(|(from, to)| from.flows_to(*to));
            let ways: Vec<String> = ways.map(|(from, to)| format!("{} → {}", from.name(), to.name())).collect();
            let message = format!("不能从“{}”记到“{}”", from.trim(), to.trim());
            self.error("G801", &object.span, message, format!("可以写：{}", ways.join("；")));
            return None;
        };
        Some(Action::Book(from, to))
    }

    /// What is booked must be told completely, and of the right types.
    pub(super) fn booked(&mut self, row: &Row, set: &[(String, Fill)]) {
        let content = row.get("内容");
        let strange = set.iter().find(|(name, _)| !BOOKED.contains(&&**name));
        if let Some((name, _)) = strange {
            let help = format!("可以写：{}", BOOKED.join("、"));
            self.error("G201", &content.span, format!("记账的内容没有“{name}”"), help);
        }
        let has = |name: &str| set.iter().any(|(known, _)| known == name);
        for name in ["项目", "金额"].iter().filter(|name| !has(name)) {
            self.error("G102", &content.span, format!("记账没有写“{name}”"), format!("在内容里写 {name} = 式"));
        }
        if !has("年度") && !has("月份") {
            self.error("G102", &content.span, "记账没有写“年度”或“月份”", "在内容里写 年度 = 式");
        }
        for (name, fill) in set {
            let Fill::Value(value) = fill else { continue };
            let fits = match &**name {
                "金额" => matches!(value.ty, Type::Fen(_)) || value.ty.fits(&Type::Number(Unit::YUAN)),
                "月份" => value.ty.fits(&Type::Month),
                "年度" => matches!(value.ty, Type::Number(_)),
                _ => matches!(value.ty, Type::Text | Type::Choice(_) | Type::Record(_)),
            };
            if !fits {
                let message = format!("记账的“{name}”不能是{}", value.ty);
                self.error("G311", &content.span, message, "改写成对的类型");
            }
        }
    }
}
