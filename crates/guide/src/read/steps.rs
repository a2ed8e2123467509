//! 办理步骤, 步骤结果 and 材料: the course of a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Clock, Location};

use crate::code::Code;
use crate::document::{Cell, Document};
use crate::findings::{Findings, instead};
use crate::model::{Field, FieldKind, Letter, Material, Outcome, Privacy, Role, Step, StepClock, StepKind, Target};
use crate::read::form::Forms;
use crate::read::formulas::Compiled;
use crate::read::overview::{Unique, one_of};
use crate::read::table::{Columns, Row, rows, section};
use crate::read::words::MEETING_FIELDS;

const STEPS: Columns = Columns {
    needed: &["步骤", "方式", "承办"],
    optional: &["人数", "时限", "条件", "不得同人", "说明"],
};
const OUTCOMES: Columns = Columns {
    needed: &["步骤", "结果", "转到"],
    optional: &["条件", "文书", "限次", "要求", "依据", "说明"],
};
const MATERIALS: Columns =
    Columns { needed: &["材料", "步骤", "必交", "来源"], optional: &["条件", "说明"] };

const KINDS: [(&str, StepKind); 9] = [
    ("填报", StepKind::Form),
    ("办理", StepKind::Decide),
    ("核对", StepKind::Match),
    ("入户", StepKind::Visit),
    ("评议", StepKind::Meeting),
    ("公示", StepKind::Notice),
    ("审批", StepKind::Approve),
    ("送达", StepKind::Certify),
    ("等待", StepKind::Wait),
];

/// What the tables of steps are read against.
pub(super) struct Around<'a> {
    pub roles: &'a [Role],
    pub letters: &'a [Letter],
    pub forms: &'a mut Forms,
    pub compiled: &'a mut Compiled,
    pub log: &'a mut Findings,
}

/// The steps without the rules of notices and meetings, which stand in their own sections.
pub(super) fn steps(document: &Document, around: &mut Around) -> Vec<Step> {
    let Some(section) = section(document, "办理步骤", around.log) else { return Vec::new() };
    let rows = rows(section, &STEPS, around.log);
    let mut names = Unique::default();
    let mut steps = Vec::new();
    for row in &rows {
        let Some(name) = row.need("步骤", around.log) else { continue };
        let new = names.add(name, around.log);
        let step = step(row, name, around);
        steps.extend(new.then_some(step));
    }
    for row in &rows {
        for other in row.get("不得同人").entries() {
            known_step(&steps, &other, around.log);
        }
    }
    for (name, _) in std::mem::take(&mut around.forms.steps) {
        known_step(&steps, &name, around.log);
    }
    outcomes(document, &mut steps, around);
    steps
}

fn step(row: &Row, name: &Cell, around: &mut Around) -> Step {
    let kind = one_of(row.get("方式"), &KINDS, around.log);
    let role = row.need("承办", around.log).and_then(|cell| known_role(around.roles, cell, around.log));
    let clock = clock(row.get("时限"), around);
    let condition = around.compiled.condition(row.get("条件"), around.log);
    let people = count(row.get("人数"), around.log);
    // A guide with an error is refused; until then the step stands, so that nothing else misses it.
    let kind = kind.unwrap_or(StepKind::Decide);
    let people = people.unwrap_or(if kind == StepKind::Visit { 2 } else { 1 });
    if kind == StepKind::Visit && people < 2 {
        around.log.error(
            Code::TooFewPeople,
            &row.get("人数").location,
            format!("“{}”只要{people}人", name.text),
            "2 或以上",
        );
    }
    let form = around.forms.steps.iter().position(|(step, _)| step.text == name.text);
    let mut form = form.map(|place| around.forms.steps.remove(place).1).unwrap_or_default();
    if kind == StepKind::Meeting {
        form.fields.splice(0..0, meeting_fields(&name.location));
    }
    Step {
        name: name.name(),
        kind,
        role: role.unwrap_or_else(|| row.get("承办").name()),
        people,
        clock,
        condition,
        not_with: row.get("不得同人").entries().iter().map(Cell::name).collect(),
        help: row.get("说明").text.clone(),
        form,
        outcomes: Vec::new(),
        notice: None,
        meeting: None,
        location: name.location.clone(),
    }
}

/// Attendance, votes and minutes: asked at every meeting, counted by the engine, kept with the step.
fn meeting_fields(location: &Location) -> Vec<Field> {
    let field = |(name, number): (&str, bool)| Field {
        name: name.into(),
        kind: if number { FieldKind::Integer } else { FieldKind::LongText },
        required: true,
        privacy: Privacy::Internal,
        group: None,
        help: String::new(),
        default: None,
        location: location.clone(),
    };
    MEETING_FIELDS.into_iter().map(field).collect()
}

fn clock(cell: &Cell, around: &mut Around) -> StepClock {
    if cell.is_empty() {
        return StepClock::None;
    }
    let formula = cell.text.strip_prefix('按').and_then(|t| t.strip_suffix("个月"));
    if let Some(formula) = formula {
        let start = '按'.len_utf8();
        let formula = cell.part(start..start + formula.len());
        return around.compiled.number(&formula, around.log).map_or(StepClock::None, StepClock::Months);
    }
    fixed_clock(cell, around.log).map_or(StepClock::None, StepClock::Fixed)
}

pub(super) fn fixed_clock(cell: &Cell, log: &mut Findings) -> Option<Clock> {
    let found = Clock::parse(&cell.text);
    if found.is_none() {
        let message = format!("“{}”不是时限", cell.text);
        let help = "“3个工作日”“7天”“2小时”“6个月”“即时”之一，步骤还可写“按 公式 个月”";
        log.error(Code::Clock, &cell.location, message, help);
    }
    found
}

/// A whole number of at least 1; empty is none.
fn count(cell: &Cell, log: &mut Findings) -> Option<u32> {
    if cell.is_empty() {
        return None;
    }
    let found = cell.text.parse().ok().filter(|n| *n > 0);
    if found.is_none() {
        log.error(Code::BadValue, &cell.location, format!("“{}”不是正整数", cell.text), "1、2 这样的整数");
    }
    found
}

pub(super) fn known_role(roles: &[Role], cell: &Cell, log: &mut Findings) -> Option<Arc<str>> {
    let found = roles.iter().find(|r| *r.name == cell.text).map(|r| r.name.clone());
    // Without any role, the list itself is what is wrong.
    if found.is_none() && !roles.is_empty() {
        let known: Vec<&Arc<str>> = roles.iter().map(|r| &r.name).collect();
        let message = format!("没有人担任角色“{}”", cell.text);
        log.error(Code::UnknownRole, &cell.location, message, instead(&cell.text, &known));
    }
    found
}

/// The place of a step in the table by the name in a cell. Without any step, the table itself is what is wrong.
pub(super) fn known_step(steps: &[Step], cell: &Cell, log: &mut Findings) -> Option<usize> {
    let found = steps.iter().position(|s| *s.name == cell.text);
    if found.is_none() && !steps.is_empty() {
        let known: Vec<&Arc<str>> = steps.iter().map(|s| &s.name).collect();
        let message = format!("没有步骤“{}”", cell.text);
        log.error(Code::UnknownStep, &cell.location, message, instead(&cell.text, &known));
    }
    found
}

fn outcomes(document: &Document, steps: &mut [Step], around: &mut Around) {
    let Some(section) = section(document, "步骤结果", around.log) else { return };
    let mut seen: BTreeMap<usize, Unique> = BTreeMap::new();
    for row in rows(section, &OUTCOMES, around.log) {
        let (Some(step), Some(name)) = (row.need("步骤", around.log), row.need("结果", around.log)) else {
            continue;
        };
        let Some(place) = known_step(steps, step, around.log) else { continue };
        let new = seen.entry(place).or_default().add(name, around.log);
        let outcome = outcome(&row, name, steps, around);
        steps[place].outcomes.extend(new.then_some(outcome));
    }
}

fn outcome(row: &Row, name: &Cell, steps: &[Step], around: &mut Around) -> Outcome {
    const DEMANDS: [&str; 2] = ["作出决定", "说明理由"];
    let target = row.need("转到", around.log).filter(|cell| cell.text != "结束");
    let target = target.and_then(|cell| known_step(steps, cell, around.log));
    let letter = Some(row.get("文书")).filter(|cell| !cell.is_empty());
    if let Some(cell) = letter.filter(|cell| !around.letters.iter().any(|l| *l.name == cell.text)) {
        let known: Vec<&Arc<str>> = around.letters.iter().map(|l| &l.name).collect();
        let message = format!("没有文书“{}”", cell.text);
        around.log.error(Code::UnknownLetter, &cell.location, message, instead(&cell.text, &known));
    }
    let demands = row.get("要求").entries();
    for wrong in demands.iter().filter(|d| !DEMANDS.contains(&d.text.as_str())) {
        let message = format!("要求“{}”不认识", wrong.text);
        around.log.error(Code::BadValue, &wrong.location, message, instead(&wrong.text, &DEMANDS));
    }
    Outcome {
        name: name.name(),
        condition: around.compiled.condition(row.get("条件"), around.log),
        target: target.map_or(Target::End, |place| Target::Step(steps[place].name.clone())),
        letter: letter.map(Cell::name),
        at_most: count(row.get("限次"), around.log),
        decides: demands.iter().any(|d| d.text == "作出决定"),
        needs_reason: demands.iter().any(|d| d.text == "说明理由"),
        help: row.get("说明").text.clone(),
        basis: row.get("依据").text.clone(),
    }
}

/// The papers of the section 材料.
pub(super) fn materials(document: &Document, steps: &[Step], around: &mut Around) -> Vec<Material> {
    const SOURCES: [(&str, bool); 2] = [("本人提交", false), ("可核验", true)];
    let Some(section) = document.root.walk().into_iter().find(|s| s.level == 2 && s.title.text == "材料") else {
        return Vec::new();
    };
    let mut names: BTreeMap<usize, Unique> = BTreeMap::new();
    let mut materials = Vec::new();
    for row in rows(section, &MATERIALS, around.log) {
        let (Some(name), Some(step)) = (row.need("材料", around.log), row.need("步骤", around.log)) else {
            continue;
        };
        let place = known_step(steps, step, around.log);
        let obtainable = one_of(row.get("来源"), &SOURCES, around.log);
        let required = row.flag("必交", around.log);
        let condition = around.compiled.condition(row.get("条件"), around.log);
        let (Some(place), Some(obtainable)) = (place, obtainable) else { continue };
        if !names.entry(place).or_default().add(name, around.log) {
            continue;
        }
        if obtainable && required {
            let message = format!("“{}”可以核验，不能要求本人必交", name.text);
            around.log.error(Code::BadValue, &row.get("必交").location, message, "“否”");
        }
        let help = row.get("说明").text.clone();
        let step = steps[place].name.clone();
        materials.push(Material { name: name.name(), step, required, condition, obtainable, help });
    }
    materials
}
