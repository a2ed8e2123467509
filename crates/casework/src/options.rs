//! What can be done with a case now, by whom, and for the rest the reason why not: the page cannot disagree with `decide`.

use base::DateTime;
use formula::Expression;
use guide::Guide;
use guide::model::{FieldType, StepKind, When};

use crate::decide::{Draft, Rules};
use crate::intake::fields_of;
use crate::people::{Actor, admit};
use crate::refusal::Refusal;
use crate::state::{State, Status};

/// A step that could be acted on.
#[derive(Clone, Debug)]
pub struct StepOption {
    /// Number of the step in the guide.
    pub step: usize,
    /// The second of two is to sign.
    pub sign: bool,
    /// Why this person may not; empty if they may.
    pub refusals: Vec<Refusal>,
    /// In 决定: each conclusion, and why it is not open, as far as that does not rest on what the form still asks for.
    pub conclusions: Vec<(String, Option<Refusal>)>,
}

/// The open steps and side steps of a case, as they stand for somebody.
pub fn options(rules: Rules, state: &State, actor: &Actor, now: DateTime) -> Vec<StepOption> {
    if state.closed.is_some() {
        return Vec::new();
    }
    let draft = Draft::new(rules, state, actor.reference(), now);
    let mut found = Vec::new();
    for (index, step) in rules.guide.steps.iter().enumerate() {
        let live = state.live().find(|i| i.step == *step.key && matches!(i.status, Status::Open | Status::Awaiting));
        if live.is_none() && !draft.side_is_open(index) {
            continue;
        }
        let thread = live.map_or(0, |instance| instance.thread);
        let sign = live.is_some_and(|instance| instance.status == Status::Awaiting);
        let mut refusals = match draft.performer(index, thread) {
            Ok(performer) => admit(rules.guide, &performer, &[actor.doing(rules.guide, step)], step, state),
            Err(refusals) => refusals,
        };
        let signed = live.filter(|i| sign && i.people.iter().any(|person| person.id == actor.id));
        refusals.extend(signed.map(|_| Refusal::new(crate::Code::R102, "您已经签过，等另一个人签", "请由另一个人签")));
        let conclusions = if step.kind == StepKind::Decide {
            let words = step.arrows.iter().enumerate();
            words
                .filter_map(|(i, arrow)| {
                    let word = arrow.conclusion.as_deref()?.to_owned();
                    let asked =
                        arrow.condition.as_ref().is_some_and(|condition| asks_for(rules.guide, index, condition));
                    let refusal = if asked { None } else { draft.is_conclusion_open(index, i, thread) };
                    Some((word, refusal))
                })
                .collect()
        } else {
            Vec::new()
        };
        found.push(StepOption { step: index, sign, refusals, conclusions });
    }
    found
}

/// Whether a condition rests on what the form of the step itself asks for: then it cannot be told before that is filled in.
fn asks_for(guide: &Guide, step: usize, condition: &Expression) -> bool {
    let uses = guide.program.all_uses(&condition.uses);
    let env = guide.program.environment();
    fields_of(guide, step).any(|field| {
        let is_used = |value: &usize| env.values[*value].name == field.name;
        let is_list = |(list, _): &(usize, Option<usize>)| field.ty == FieldType::List(*list);
        uses.values.iter().any(is_used) || uses.columns.iter().any(is_list)
    })
}

/// Starts over an entitlement that somebody may submit on this case, by their number: the case is closed, something is
/// paid, and the first step is theirs.
pub fn starts(rules: Rules, state: &State, actor: &Actor, now: DateTime) -> Vec<usize> {
    let guide = rules.guide;
    let draft = Draft::new(rules, state, actor.reference(), now);
    let mut found = Vec::new();
    for (index, start) in guide.starts.iter().enumerate() {
        let (Some(over), When::Submit, Some(first)) = (start.over, &start.when, start.first.first()) else { continue };
        if state.closed.is_none() || !state.is_paid(&guide.entitlements[over].key, now) {
            continue;
        }
        let step = &guide.steps[*first];
        let who = std::slice::from_ref(actor);
        if draft.performer(*first, 0).is_ok_and(|performer| admit(guide, &performer, who, step, state).is_empty()) {
            found.push(index);
        }
    }
    found
}
