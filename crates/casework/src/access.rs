//! The gate before `decide`: who may give which command for which case.
//!
//! Four rules and nothing else: the role of the step, the region tree, recusal of relatives, and two different people where the law wants two.
//! Entitlement is never decided here.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::RegionCode;
use guide::{Guide, Level, Step, StepKind};

use crate::assess::{numbers, people};
use crate::command::{Actor, Command};
use crate::refusal::{Code, Refusal};
use crate::state::State;

/// Checks an actor and everybody who takes part. `region` is where the case lies (for a new one: where it will lie).
pub fn authorise(
    guide: &Guide,
    state: Option<&State>,
    actor: &Actor,
    command: &Command,
    region: RegionCode,
) -> Result<(), Refusal> {
    if actor.is_clock() {
        return if *command == Command::Wake { Ok(()) } else { Err(wrong_role(actor, "系统时钟以外的岗位")) };
    }
    if let (Command::Object { .. }, _) = (command, state) {
        // Anybody may object to a notice, also without a name.
        return Ok(());
    }
    if !actor.is_applicant() && !actor.region.contains(region) {
        return Err(Refusal::new(
            Code::WrongRegion,
            "该件所在地不在您的辖区内",
            "",
            "请转给当地的承办人员；如辖区划分有误，请联系管理员。",
        ));
    }
    let Some(state) = state else { return may_apply(guide, actor) };
    may_command(guide, state, actor, command)?;
    let with: &[Actor] = if let Command::Complete { with, .. } = command { with } else { &[] };
    for person in std::iter::once(actor).chain(with) {
        not_a_relative(guide, state, person)?;
        not_own_case(guide, state, person)?;
    }
    if let Command::Complete { step, .. } = command
        && let Some(step) = guide.step(step)
    {
        for person in std::iter::once(actor).chain(with) {
            different_person(state, step, person)?;
        }
        for person in with {
            may_take_part(guide, step, actor, person, region)?;
        }
    }
    Ok(())
}

fn level(guide: &Guide, role: &str) -> Option<Level> {
    guide.role(role).map(|r| r.level)
}

/// The applicant, or an officer of the village or township on their behalf.
fn may_apply(guide: &Guide, actor: &Actor) -> Result<(), Refusal> {
    match level(guide, &actor.role) {
        Some(Level::Person | Level::Village | Level::Township) => Ok(()),
        _ => Err(wrong_role(actor, "申请人，或村（社区）、乡镇的工作人员代办")),
    }
}

fn may_command(guide: &Guide, state: &State, actor: &Actor, command: &Command) -> Result<(), Refusal> {
    let open = state.open.as_ref().and_then(|o| guide.step(&o.step));
    // A role that holds no step reads and does nothing else (the auditor).
    let takes_part = guide.steps.iter().any(|s| s.role == actor.role);
    let works_at = |levels: &[Level]| takes_part && level(guide, &actor.role).is_some_and(|l| levels.contains(&l));
    match command {
        Command::Apply { .. } => may_apply(guide, actor),
        Command::Complete { step, .. } => match guide.step(step) {
            Some(step) => holds_role(guide, step, actor),
            None => Ok(()),
        },
        Command::Post { .. } => open.map_or(Ok(()), |step| holds_role(guide, step, actor)),
        Command::Correct { .. } => match open {
            Some(step) if step.role == actor.role && !actor.is_applicant() => Ok(()),
            Some(step) if step.kind == StepKind::Wait && works_at(&[Level::Township, Level::County]) => Ok(()),
            Some(step) => Err(wrong_role(actor, &step.role)),
            None => Ok(()),
        },
        Command::Answer { .. } | Command::Extend { .. } if works_at(&[Level::Township, Level::County]) => Ok(()),
        Command::Withdraw { .. } if works_at(&[Level::Person, Level::Village, Level::Township]) => Ok(()),
        Command::Object { .. } => Ok(()),
        Command::Answer { .. } | Command::Extend { .. } => Err(wrong_role(actor, "乡镇或县级工作人员")),
        Command::Withdraw { .. } => Err(wrong_role(actor, "申请人，或村（社区）、乡镇的工作人员代办")),
        Command::Wake => Err(wrong_role(actor, "系统时钟")),
    }
}

/// The step's own role; for the applicant's steps also an officer of the village or township on their behalf.
fn holds_role(guide: &Guide, step: &Step, actor: &Actor) -> Result<(), Refusal> {
    let stands_in =
        &*step.role == crate::APPLICANT && matches!(level(guide, &actor.role), Some(Level::Village | Level::Township));
    if step.role == actor.role || stands_in { Ok(()) } else { Err(wrong_role(actor, &step.role)) }
}

fn wrong_role(actor: &Actor, wanted: &str) -> Refusal {
    let reason = format!("这一步由“{wanted}”承办，您的岗位是“{}”", actor.role);
    Refusal::new(Code::WrongRole, reason, "", "请由承办岗位办理；需要代理时，由负责人按规定指定。")
}

fn not_a_relative(guide: &Guide, state: &State, person: &Actor) -> Result<(), Refusal> {
    let Some(kin) = state.filed.iter().find(|f| f.staff == person.id) else { return Ok(()) };
    let basis = guide.recusal.as_ref().map(|r| r.basis.clone()).unwrap_or_default();
    let reason =
        format!("{}与本件当事人有近亲属关系（{}），已登记备案，不得办理、评议或审批", person.name, kin.relation);
    Err(Refusal::new(Code::Relative, reason, basis, "请由同岗位的其他人员办理。"))
}

fn not_own_case(guide: &Guide, state: &State, person: &Actor) -> Result<(), Refusal> {
    let Some(number) = &person.number else { return Ok(()) };
    if person.is_applicant() || !numbers(&people(guide, state)).iter().any(|(n, _)| n == number) {
        return Ok(());
    }
    Err(Refusal::new(Code::OwnCase, format!("{}是本件的当事人", person.name), "", "请由同岗位的其他人员办理。"))
}

/// INVARIANT (two people): the one who handles is not the one who approves, and a guide may ask it of other steps.
fn different_person(state: &State, step: &Step, person: &Actor) -> Result<(), Refusal> {
    let handled: BTreeSet<&Arc<str>> =
        state.handlers().filter(|(_, by)| by.id == person.id).map(|(step, _)| step).collect();
    if step.kind == StepKind::Approve
        && let Some(earlier) = handled.first()
    {
        let reason = format!("{}在本轮办理过“{earlier}”，不能再审批", person.name);
        return Err(Refusal::new(Code::HandlerApproves, reason, "", "请由没有经办过本件的负责人审批。"));
    }
    match step.not_with.iter().find(|s| handled.contains(s)) {
        None => Ok(()),
        Some(earlier) => {
            let reason = format!("{}办理过“{earlier}”，“{}”须由另一人办理", person.name, step.name);
            Err(Refusal::new(Code::SamePerson, reason, "", "请由同岗位的其他人员办理。"))
        }
    }
}

/// Whoever takes part beside the actor works in the same jurisdiction, at the same level or below.
fn may_take_part(guide: &Guide, step: &Step, actor: &Actor, person: &Actor, region: RegionCode) -> Result<(), Refusal> {
    if person.id == actor.id {
        let reason = format!("“{}”的参加人不能是经办人自己", step.name);
        return Err(Refusal::new(Code::TooFewPeople, reason, "", "请选择另一名参加人。"));
    }
    let official = level(guide, &person.role).is_some_and(|l| l != Level::Person);
    if official && person.region.contains(region) {
        return Ok(());
    }
    let reason = format!("{}不是本辖区的工作人员，不能作为参加人", person.name);
    Err(Refusal::new(Code::WrongRegion, reason, "", "请选择本辖区的工作人员。"))
}
