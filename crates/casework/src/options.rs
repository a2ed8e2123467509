//! What an actor may do with a case now: pages show these and nothing else.

use std::sync::Arc;

use base::DateTime;
use guide::{Guide, Step, StepKind};

use crate::access;
use crate::assess::assess;
use crate::bureau::Bureau;
use crate::command::{Actor, Command};
use crate::decide::outcome_open;
use crate::event::Facts;
use crate::limits;
use crate::refusal::Refusal;
use crate::state::State;

/// Something that can be done, with the refusal that an attempt would meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub action: Action,
    pub allowed: Result<(), Refusal>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Do the open step.
    Step(Arc<str>),
    /// Put the notice of the open step on the board.
    Post(Arc<str>),
    /// Answer an objection.
    Answer(u32),
    Correct,
    Extend(Arc<str>),
    Withdraw,
}

/// Everything that makes sense for the case as it stands; the gate has been asked for each.
pub fn choices(bureau: &Bureau, guide: &Guide, state: &State, actor: &Actor, now: DateTime) -> Vec<Choice> {
    let Some(open) = state.open.as_ref().and_then(|o| guide.step(&o.step)) else { return Vec::new() };
    let mut actions = Vec::new();
    if open.kind == StepKind::Notice && state.running_notice(&open.name).is_none() {
        actions.push(Action::Post(open.name.clone()));
    } else if open.kind != StepKind::Wait || open.outcomes.iter().any(|o| &*o.name != "到期") {
        actions.push(Action::Step(open.name.clone()));
    }
    actions.extend(state.unanswered().map(|o| Action::Answer(o.number)));
    actions.push(Action::Correct);
    let extensible = guide.limits.iter().filter(|l| l.extension.is_some()).filter(|l| {
        let standing = limits::standing(guide, l, state, &bureau.calendar);
        standing.is_some_and(|s| s.met.is_none() && s.extended.is_none() && now <= s.due.at)
    });
    actions.extend(extensible.map(|l| Action::Extend(l.name.clone())));
    if state.decisions.is_empty() {
        actions.push(Action::Withdraw);
    }
    let choice = |action: Action| {
        let allowed = access::authorise(guide, Some(state), actor, &probe(&action), state.region);
        Choice { action, allowed }
    };
    actions.into_iter().map(choice).collect()
}

/// A command of the action's kind, to ask the gate with.
fn probe(action: &Action) -> Command {
    match action {
        Action::Step(step) => Command::Complete {
            step: step.clone(),
            outcome: None,
            facts: Facts::new(),
            reason: String::new(),
            with: Vec::new(),
            materials: Vec::new(),
        },
        Action::Post(_) => Command::Post { materials: Vec::new() },
        Action::Answer(number) => Command::Answer { number: *number, finding: String::new(), text: String::new() },
        Action::Correct => Command::Correct {
            facts: Facts::new(),
            valid_from: base::Date::ZERO,
            reason: String::new(),
            source: String::new(),
        },
        Action::Extend(limit) => Command::Extend { limit: limit.clone(), reason: String::new() },
        Action::Withdraw => Command::Withdraw { reason: String::new() },
    }
}

/// The outcomes of a step that somebody chooses, and whether each is open if nothing more were stated.
/// An outcome that hangs on facts of the step's own form may open once these are filled in.
pub fn outcomes<'g>(
    bureau: &Bureau,
    guide: &'g Guide,
    state: &State,
    step: &'g Step,
    now: DateTime,
) -> Vec<(&'g guide::Outcome, Result<(), Refusal>)> {
    if matches!(step.kind, StepKind::Meeting | StepKind::Notice) {
        return Vec::new();
    }
    let evaluation = assess(guide, state, now.date(), now, &bureau.chain(state.region));
    let chosen = step.outcomes.iter().filter(|o| !(step.kind == StepKind::Wait && &*o.name == "到期"));
    chosen.map(|o| (o, outcome_open(&evaluation, step, o))).collect()
}
