//! `## 步骤`, `## 时限`, `## 公示`, `## 校验`: the procedure.

use formula::{Cell, Expression, Program, Type, Unit, half_width, nearest};

use super::tables::{self, Row, clauses, cut, names, split};
use super::{Reader, StepName};
use crate::document::Section;
use crate::model::{
    ActorKind, Arrow, Check, CheckSeverity, Clock, ClockFrom, Counted, Entitlement, Field, FieldType, LEVELS, Length,
    Performer, Publicity, Register, Start, Step, StepKind, Target, When,
};

/// What the tables of the procedure are read against.
pub(crate) struct Known<'k> {
    pub program: &'k Program,
    pub steps: &'k [StepName],
    pub fields: &'k [Field],
    /// `简称 第十八条` of every article.
    pub articles: &'k [String],
}

impl Reader {
    fn rows(&mut self, sections: &[&Section], heading: &str) -> Vec<Row> {
        let mut findings = Vec::new();
        let columns = tables::columns(heading).unwrap_or_default();
        let level_two = sections.iter().filter(|section| section.level == 2);
        let found =
            level_two.flat_map(|s| &s.tables).flat_map(|t| tables::rows(t, columns, heading, &mut findings).rows);
        let found: Vec<Row> = found.collect();
        // Names and headers were checked when the names were collected.
        if !["步骤", "启动"].contains(&heading) {
            self.all(findings);
        }
        found
    }

    fn condition(&mut self, known: &Known, cell: &Cell) -> Option<Expression> {
        self.expression(known.program, cell, true, Some(&Type::Bool))
    }

    /// 依据: the article must stand in `law/`.
    fn basis(&mut self, known: &Known, row: &Row) -> String {
        let cell = row.get("依据");
        if !cell.text.is_empty() && !known.articles.contains(&cell.text) {
            let near = nearest(&cell.text, known.articles.iter().map(String::as_str));
            let help =
                near.map_or_else(|| "写成“简称 第几条”，条文要在 law/ 里".to_owned(), |n| format!("最接近的是“{n}”"));
            self.error("G201", &cell.span, format!("没有条文“{}”", cell.text), help);
        }
        cell.text
    }

    pub(crate) fn starts(
        &mut self,
        known: &Known,
        sections: &[&Section],
        entitlements: &[Entitlement],
        registers: &[Register],
    ) -> Vec<Start> {
        let mut found = Vec::new();
        for row in self.rows(sections, "启动") {
            let each = row.get("对每个");
            let over = entitlements.iter().position(|entitlement| *entitlement.name == *each.text);
            let rows = registers.iter().position(|register| *register.name == *each.text);
            if over.is_none() && rows.is_none() && !each.text.is_empty() {
                let names = entitlements.iter().map(|entitlement| &entitlement.name);
                let names = names.chain(registers.iter().map(|register| &register.name));
                let near = nearest(&each.text, names.map(|name| &**name));
                let help = near.map_or("写一项待遇或一个台账的名称，或 —".to_owned(), |n| {
                    format!("最接近的是“{n}”")
                });
                self.error("G201", &each.span, format!("没有待遇或台账“{}”", each.text), help);
            }
            let when = self.when(known, &row.get("何时"), &each.text);
            if over.is_some() && matches!(when, When::Registered) {
                let message = format!("“{}”不能对每个“{}”", row.text("何时"), each.text);
                let help = "对待遇写：提交、由 效果、每月 1日、日期 后 12个月";
                self.error("G107", &row.get("何时").span, message, help);
            }
            let filter = row.get("若");
            if rows.is_none() && over.is_none() && !filter.text.is_empty() {
                self.error("G107", &filter.span, "启动的“若”只用于对每个台账或者待遇", "写 —");
            }
            let filter = if filter.text.is_empty() { None } else { self.condition(known, &filter) };
            let first = names(&row.get("先办")).iter().filter_map(|step| self.step(known.steps, step)).collect();
            let (name, key) = (row.text("启动").as_str().into(), row.text("标识").as_str().into());
            found.push(Start { name, key, when, over, rows, filter, first });
        }
        found
    }

    /// 何时 of a start over what `each` names.
    fn when(&mut self, known: &Known, cell: &Cell, each: &str) -> When {
        if cell.text == "提交" {
            return When::Submit;
        }
        if cell.text == "由 效果" {
            return When::ByEffect;
        }
        if let Some(recurrence) = base::Recurrence::parse(&cell.text) {
            return When::Calendar(recurrence);
        }
        if let Some(register) = cell.text.strip_prefix("登记 ") {
            if register.trim() != each {
                let message = format!("登记的是“{}”，对每个的却是“{each}”", register.trim());
                self.error("G303", &cell.span, message, "两处写同一个台账");
            }
            return When::Registered;
        }
        let word = [" 后 ", " 前 "].into_iter().find(|word| !each.is_empty() && cell.text.contains(word));
        if let Some((word, at)) = word.and_then(|word| Some((word, cell.text.find(word)?))) {
            return self.counted(known, cell, each, (at, word)).map_or(When::ByEffect, When::Counted);
        }
        let help = "可写：提交；由 效果；每年 03-31、每季 末月10日、每月 1日、每日 08:00；登记 台账；日期 后 长度、日期 前 长度";
        self.error("G106", &cell.span, format!("启动“{}”不认识", cell.text), help);
        When::ByEffect
    }

    /// `待遇.上次复核日 后 12个月`, `评估日期 后 评估间隔`, `届满日 前 6个月`.
    fn counted(&mut self, known: &Known, cell: &Cell, each: &str, mark: (usize, &str)) -> Option<Counted> {
        let (from, length) = cut(cell, mark.0, mark.1.len());
        let last = from.text == format!("{each}.上次复核日");
        let from = if last {
            None
        } else {
            Some(Box::new(self.expression(known.program, &from, false, Some(&Type::Date))?))
        };
        let far = self.expression(known.program, &length, false, None)?;
        if ![Type::Number(Unit::MONTHS), Type::Number(Unit::DAYS)].iter().any(|unit| far.ty.fits(unit)) {
            let message = format!("这里要个月或日，却是{}", far.ty);
            self.error("G311", &length.span, message, "写成 12个月、30日，或这样单位的参数");
            return None;
        }
        Some(Counted { from, length: Box::new(far), back: mark.1 == " 前 " })
    }

    pub(crate) fn steps(&mut self, known: &Known, sections: &[&Section]) -> Vec<Step> {
        let mut found: Vec<Step> = known.steps.iter().cloned().map(StepName::plain).collect();
        for row in self.rows(sections, "步骤") {
            let Some(index) = known.steps.iter().position(|step| *step.name == *row.text("步骤")) else { continue };
            let kind = known.steps[index].kind;
            let mut step = found[index].clone();
            step.who = self.who(known, &row.get("承办"));
            for clause in clauses(&row.get("前提")) {
                self.premise(known, &clause, &mut step);
            }
            step.arrows =
                clauses(&row.get("然后")).iter().filter_map(|clause| self.arrow(known, clause, kind)).collect();
            // A side step may end where it stands; the main line goes on without it.
            if step.arrows.is_empty() && step.side.is_some() {
                let (conclusion, condition, span) = (None, None, row.span.clone());
                step.arrows.push(Arrow { conclusion, condition, otherwise: false, target: Target::End, span });
            }
            step.basis = self.basis(known, &row);
            found[index] = step;
        }
        found
    }

    /// 承办: a performer, or `若 条件 → 甲；否则 → 乙`.
    fn who(&mut self, known: &Known, cell: &Cell) -> Vec<(Option<Expression>, Performer)> {
        let mut found = Vec::new();
        for clause in clauses(cell) {
            let Some(at) = clause.text.find('→') else {
                found.push((None, self.performer(known, &clause)));
                continue;
            };
            let (left, right) = cut(&clause, at, '→'.len_utf8());
            let condition = left.text.starts_with("若 ").then(|| cut(&left, 0, "若".len()).1);
            if condition.is_none() && left.text != "否则" {
                self.error("G106", &left.span, format!("承办的“{}”不认识", left.text), "写“若 条件 → 甲；否则 → 乙”");
            }
            let condition = condition.and_then(|condition| self.condition(known, &condition));
            found.push((condition, self.performer(known, &right)));
        }
        if found.last().is_some_and(|(condition, _)| condition.is_some()) {
            self.error("G602", &cell.span, "承办的最后一项没有“否则”".to_owned(), "末项写“否则 → …”");
        }
        found
    }

    /// `乡 调查员，2人，不同于 受理，非近亲属`.
    fn performer(&mut self, known: &Known, cell: &Cell) -> Performer {
        let mut performer = Performer { head_count: 1, ..Performer::default() };
        for (index, part) in split(cell, |c| half_width(c) == ',').iter().enumerate() {
            let text = &*part.text;
            if index == 0 {
                performer.actor = self.actor(known, part);
            } else if let Some(count) = text.strip_suffix('人').and_then(|n| n.parse().ok()) {
                performer.head_count = count;
            } else if text == "非近亲属" {
                performer.no_relative = true;
            } else if let Some(people) = text.strip_suffix("本人到场") {
                let people = Cell { text: people.trim().to_owned(), span: part.span.clone() };
                performer.in_person = names(&people).iter().map(|person| self.person(known, person)).collect();
            } else if text.starts_with("不同于") {
                let (_, rest) = cut(part, 0, "不同于".len());
                performer.other_than = names(&rest).iter().filter_map(|step| self.step(known.steps, step)).collect();
            } else {
                let help = "可写：2人、不同于 步骤、非近亲属、甲、乙 本人到场";
                self.error("G107", &part.span, format!("承办的“{text}”不认识或还没有实现"), help);
            }
        }
        performer
    }

    fn actor(&mut self, known: &Known, cell: &Cell) -> ActorKind {
        if cell.text == "系统" {
            return ActorKind::System;
        }
        if let Some((level, post)) = post(&cell.text) {
            return ActorKind::Staff(level, post);
        }
        for part in cell.text.split(" 或 ") {
            self.person(known, &Cell { text: part.trim().to_owned(), span: cell.span.clone() });
        }
        ActorKind::Person(cell.text.clone())
    }

    /// The name of a field that holds a person.
    fn person(&mut self, known: &Known, cell: &Cell) -> String {
        let person = known.fields.iter().any(|f| *f.name == *cell.text && matches!(f.ty, FieldType::Register(_)));
        if !person {
            let help = "写 级别 岗位（例如 乡 受理员）、一个人员项目的名称、甲 或 乙，或 系统";
            self.error("G201", &cell.span, format!("承办“{}”不认识", cell.text), help);
        }
        cell.text.clone()
    }

    fn premise(&mut self, known: &Known, clause: &Cell, step: &mut Step) {
        if clause.text == "汇合" {
            step.join = true;
        } else if clause.text.starts_with("若 ") {
            if step.kind == StepKind::Decide {
                let message = format!("步骤“{}”是决定，不能跳过；前提里不能写“若”", step.name);
                self.error("G508", &clause.span, message, "去掉条件，或改用别的方式");
            }
            let (_, rest) = cut(clause, 0, "若".len());
            step.condition = self.condition(known, &rest);
        } else if let Some(inside) = clause.text.strip_prefix("在 ").and_then(|rest| rest.strip_suffix("期间")) {
            let span = |part: &str| {
                let at = clause.span.start + clause.text.find(part).unwrap_or(0);
                Cell { text: part.to_owned(), span: at..at + part.len() }
            };
            let (from, to) = inside.trim().split_once(" 至 ").unwrap_or((inside.trim(), inside.trim()));
            let ends = (self.step(known.steps, &span(from.trim())), self.step(known.steps, &span(to.trim())));
            step.side = ends.0.zip(ends.1);
        } else {
            self.error(
                "G106",
                &clause.span,
                format!("前提“{}”不认识", clause.text),
                "可写：汇合、若 条件、在 甲 至 乙 期间",
            );
        }
    }

    /// `[结论] [若 条件] → 目标`, or a bare target.
    fn arrow(&mut self, known: &Known, clause: &Cell, kind: StepKind) -> Option<Arrow> {
        let mark = clause.text.find('→').map(|at| (at, '→'.len_utf8())).or(clause.text.find("->").map(|at| (at, 2)));
        let (left, target) = match mark {
            Some((at, length)) => cut(clause, at, length),
            None => (Cell { text: String::new(), span: clause.span.start..clause.span.start }, clause.clone()),
        };
        let (word, condition) = match left.text.find("若 ") {
            Some(at) => {
                let (word, rest) = cut(&left, at, "若".len());
                (word, Some(rest))
            }
            None => (left.clone(), None),
        };
        let otherwise = word.text == "否则";
        let conclusion = (!word.text.is_empty() && !otherwise).then(|| word.text.as_str().into());
        let allowed = match kind {
            StepKind::Decide => conclusion.is_some(),
            StepKind::Publicity => matches!(&*word.text, "异议" | "期满"),
            StepKind::Wait => word.text == "期满",
            _ => conclusion.is_none(),
        };
        if !allowed {
            let help = match kind {
                StepKind::Decide => "决定写“结论 → 目标”",
                StepKind::Publicity => "公示写“异议 → 目标；期满 → 目标”",
                StepKind::Wait => "等待写“期满 → 目标”",
                _ => "这种步骤写“目标”，或“若 条件 → 目标；否则 → 目标”",
            };
            self.error("G503", &clause.span, format!("“{}”写在这里不合", clause.text), help);
        }
        let condition = match condition {
            Some(condition) => Some(self.condition(known, &condition)?),
            None => None,
        };
        let target = self.target(known, &target)?;
        Some(Arrow { conclusion, condition, otherwise, target, span: clause.span.clone() })
    }

    fn target(&mut self, known: &Known, cell: &Cell) -> Option<Target> {
        if matches!(&*cell.text, "—" | "－" | "–") {
            return Some(Target::End);
        }
        if cell.text.starts_with("办结") {
            let (_, result) = cut(cell, 0, "办结".len());
            let result = result.text.trim_start_matches(['：', ':']).trim();
            if result.is_empty() {
                self.error("G503", &cell.span, "办结没有写结果", "写成“办结：准予”");
            }
            return Some(Target::Close(result.into()));
        }
        if cell.text.starts_with("回 ") {
            let (_, step) = cut(cell, 0, "回".len());
            return self.step(known.steps, &step).map(Target::Back);
        }
        let steps: Option<Vec<usize>> = names(cell).iter().map(|step| self.step(known.steps, step)).collect();
        let steps = steps?;
        if steps.is_empty() {
            self.error("G503", &cell.span, "“→”后面没有去处", "写步骤的名称、办结：结果，或 —");
            return None;
        }
        Some(Target::Steps(steps))
    }

    pub(crate) fn clocks(&mut self, known: &Known, sections: &[&Section]) -> Vec<Clock> {
        let mut found: Vec<Clock> = Vec::new();
        for row in self.rows(sections, "时限") {
            let (until, until_start) = match row.get("止") {
                cell if cell.text.ends_with(" 开始") => {
                    let (step, _) = cut(&cell, cell.text.len() - " 开始".len(), " 开始".len());
                    (self.step(known.steps, &step), true)
                }
                cell => (self.step(known.steps, &cell), false),
            };
            let from = self.clock_from(known, &row.get("起"));
            let length = self.length(known, &row.get("长度"));
            let condition = row.get("若");
            let conditional = !condition.text.is_empty() && condition.text != "否则";
            let condition = if conditional { self.condition(known, &condition) } else { None };
            let mut pauses = Vec::new();
            for pause in names(&row.get("不计")) {
                let (step, condition) = match pause.text.find(" 若 ") {
                    Some(at) => {
                        let (step, condition) = cut(&pause, at, " 若 ".len());
                        (step, self.condition(known, &condition))
                    }
                    None => (pause, None),
                };
                pauses.extend(self.step(known.steps, &step).map(|step| (step, condition)));
            }
            use base::Clock::{Days, EarlyDays, FixedDays, WorkingDays};
            let countable =
                matches!(length, Some(Length::Fixed(Days(_) | FixedDays(_) | EarlyDays(_) | WorkingDays(_))));
            if !pauses.is_empty() && !countable {
                let message = format!("长度“{}”不能有“不计”", row.text("长度"));
                self.error("G603", &row.get("不计").span, message, "“不计”只用于 日、工作日");
            }
            let expiry = row.get("期满");
            let on_expiry = if expiry.text.is_empty() { None } else { self.target(known, &expiry) };
            let basis = self.basis(known, &row);
            let (Some(until), Some(from), Some(length)) = (until, from, length) else { continue };
            let (name, span) = (row.text("时限").as_str().into(), row.span.clone());
            found.push(Clock { name, from, until, until_start, length, condition, pauses, on_expiry, basis, span });
        }
        for clock in &found {
            let last = found.iter().rfind(|other| other.name == clock.name);
            if last.is_some_and(|last| last.condition.is_some() && last.span == clock.span) {
                self.error(
                    "G602",
                    &clock.span,
                    format!("时限“{}”的最后一行没有“否则”", clock.name),
                    "末行的“若”写 否则",
                );
            }
        }
        let timed = |index: usize| found.iter().any(|clock| clock.until == index && !clock.until_start);
        let kinds = [StepKind::Publicity, StepKind::Wait];
        for (_, step) in known.steps.iter().enumerate().filter(|(i, s)| kinds.contains(&s.kind) && !timed(*i)) {
            let message = format!("{}步骤“{}”没有时限", step.kind.word(), step.name);
            self.error("G601", &step.span, message, format!("请加一行：起“{0} 开始”，止“{0}”", step.name));
        }
        found
    }

    fn clock_from(&mut self, known: &Known, cell: &Cell) -> Option<ClockFrom> {
        if cell.text == "启动" {
            return Some(ClockFrom::Start);
        }
        if let Some(step) = cell.text.strip_suffix(" 开始") {
            let (cell, _) = cut(cell, step.len(), " 开始".len());
            return self.step(known.steps, &cell).map(ClockFrom::Opened);
        }
        let at = known.program.expression(&cell.text, cell.span.start, false, None).ok();
        if let Some(at) = at.filter(|at| matches!(at.ty, Type::Date | Type::Moment)) {
            return Some(ClockFrom::At(Box::new(at)));
        }
        if let Some(step) = known.steps.iter().position(|step| *step.name == *cell.text) {
            return Some(ClockFrom::Done(step));
        }
        let help = "写 启动、一个步骤、“步骤 开始”，或者一个日期";
        self.error("G506", &cell.span, format!("时限从“{}”起算不了", cell.text), help);
        None
    }

    fn length(&mut self, known: &Known, cell: &Cell) -> Option<Length> {
        if let Some(clock) = base::Clock::parse(&cell.text) {
            return Some(Length::Fixed(clock));
        }
        if cell.text.starts_with(|c: char| c.is_ascii_digit()) || cell.text.starts_with('前') {
            let help = "写成 2小时、30日、30日不顺延、15日前移、10个工作日、3个月、1年、当日、前 20日";
            self.error("G603", &cell.span, format!("长度“{}”不认识", cell.text), help);
            return None;
        }
        let expression = self.expression(known.program, cell, false, None)?;
        if ![Unit::DAYS, Unit::HOURS].iter().any(|unit| expression.ty.fits(&Type::Number(*unit))) {
            let message = format!("长度要日或小时，却是{}", expression.ty);
            self.error("G311", &cell.span, message, "写一个这样单位的参数或公式");
            return None;
        }
        Some(Length::Formula(Box::new(expression)))
    }

    pub(crate) fn publicities(&mut self, known: &Known, sections: &[&Section]) -> Vec<Publicity> {
        let mut found = Vec::new();
        for row in self.rows(sections, "公示") {
            let Some(step) = self.step(known.steps, &row.get("公示")) else { continue };
            let mut shown = Vec::new();
            for cell in names(&row.get("内容")) {
                if let Some(word) = never_shown().find(|word| cell.text.contains(word)) {
                    let message = format!("公示内容“{}”涉及{word}，不得公示", cell.text);
                    self.error("G803", &cell.span, message, "去掉这一项");
                }
                let expression = self.expression(known.program, &cell, false, None);
                shown.extend(expression.map(|expression| (cell.text.clone(), expression)));
            }
            let texts = |column: &str| names(&row.get(column)).into_iter().map(|cell| cell.text).collect();
            found.push(Publicity { step, places: texts("地点"), shown, objectors: texts("异议人") });
        }
        for (index, step) in known.steps.iter().enumerate().filter(|(_, step)| step.kind == StepKind::Publicity) {
            if !found.iter().any(|publicity: &Publicity| publicity.step == index) {
                self.error(
                    "G601",
                    &step.span,
                    format!("公示步骤“{}”没有“## 公示”的一行", step.name),
                    "写上地点、内容、异议人",
                );
            }
        }
        found
    }

    pub(crate) fn checks(&mut self, known: &Known, sections: &[&Section]) -> Vec<Check> {
        let mut found = Vec::new();
        for row in self.rows(sections, "校验") {
            let steps = names(&row.get("步骤")).iter().filter_map(|cell| self.conclusion_of(known, cell)).collect();
            let otherwise = row.get("否则");
            let severity = match &*otherwise.text {
                "阻止" => CheckSeverity::Block,
                "说明" => CheckSeverity::Explain,
                "提醒" => CheckSeverity::Remind,
                other => {
                    self.error("G303", &otherwise.span, format!("否则没有“{other}”"), "应写 阻止、说明、提醒");
                    CheckSeverity::Block
                }
            };
            let basis = self.basis(known, &row);
            let Some(condition) = self.condition(known, &row.get("应当")) else { continue };
            let (name, message) = (row.text("校验").as_str().into(), row.text("提示"));
            found.push(Check { name, steps, condition, severity, message, basis });
        }
        found
    }

    /// `步骤` or `步骤(结论)`.
    pub(crate) fn conclusion_of(&mut self, known: &Known, cell: &Cell) -> Option<(usize, Option<std::sync::Arc<str>>)> {
        let text: String = cell.text.chars().map(half_width).collect();
        let Some((name, conclusion)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
            return self.step(known.steps, cell).map(|step| (step, None));
        };
        let at = Cell { text: name.to_owned(), span: cell.span.start..cell.span.start + name.len() };
        let step = self.step(known.steps, &at)?;
        let conclusions = &known.steps[step].conclusions;
        if !conclusions.iter().any(|word| **word == *conclusion) {
            let words: Vec<&str> = conclusions.iter().map(|word| &**word).collect();
            let message = format!("步骤“{name}”没有结论“{conclusion}”");
            self.error("G201", &cell.span, message, format!("结论有：{}", words.join("、")));
            return None;
        }
        Some((step, Some(conclusion.into())))
    }
}

/// What no notice may show, by words in the name of a field.
fn never_shown() -> impl Iterator<Item = &'static str> {
    include_str!("../../../../reference/never-shown.txt").lines()
}

/// A level and a post, as `乡 调查员` says them.
pub(super) fn post(text: &str) -> Option<(base::Level, String)> {
    let (level, post) = text.split_once([' ', '　'])?;
    let (_, level) = LEVELS.iter().find(|(word, _)| *word == level)?;
    Some((*level, post.trim().to_owned()))
}
