//! What a case would come to on what is known now: for the self-check and for whoever is about to decide.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::DateTime;
use formula::{Assessment, Need, Value};
use guide::model::{Action, Check, CheckSeverity, Effect, StepKind};

use crate::decide::{Draft, Rules};
use crate::people::Actor;
use crate::state::{State, Status};

/// A result with its explanation.
#[derive(Clone, Debug)]
pub struct Answer {
    pub name: String,
    /// The value with its unit, or why it cannot be told yet.
    pub value: String,
    pub known: bool,
    /// Lines of the explanation with their depth, where it was asked for; what an answer before it explained stands
    /// without its parts.
    pub lines: Vec<(usize, String)>,
}

/// The formulas that conclusions and amounts rest on, in the order of the guide. Most of the time that it takes goes into
/// their explanation.
pub fn outlook(rules: Rules, state: &State, now: DateTime, explained: bool) -> Vec<Answer> {
    let guide = rules.guide;
    let by = Actor::system().reference();
    let facts = Draft::new(rules, state, by, now).facts(0);
    let assessment = Assessment::new(&guide.program, &facts, rules.rates, rules.calendar);
    // Only what the steps of this start come to: a re-check's results mean nothing in an application.
    let first = guide.starts.iter().find(|start| *start.key == *state.start).map_or(&[][..], |start| &start.first);
    let course: BTreeSet<usize> = first.iter().flat_map(|step| guide.reach(*step).into_iter().chain([*step])).collect();
    let steps = course.iter().map(|step| &guide.steps[*step]);
    let decisions = steps.filter(|step| step.kind == StepKind::Decide);
    let conditions = decisions.flat_map(|step| &step.arrows).filter_map(|arrow| arrow.condition.as_ref());
    let mut roots: BTreeSet<usize> =
        conditions.flat_map(|condition| condition.uses.definitions.iter().copied()).collect();
    roots.extend(course.iter().flat_map(|step| guide.figures(*step)));
    // An amount that differs from month to month (期次) has no one value.
    let granted = guide.effects.iter().filter(|effect| effect.until.is_none() && course.contains(&effect.step));
    let granted = granted.filter_map(|effect| match effect.action {
        Action::Grant(index) => Some(index),
        _ => None,
    });
    let granted: BTreeSet<usize> = granted.collect();
    let amounts = granted.iter().flat_map(|target| &guide.entitlements[*target].components);
    roots.extend(
        amounts.filter_map(|component| guide.program.find(&component.amount)).map(|definition| definition.index),
    );
    let names: Vec<&str> = roots.into_iter().map(|index| guide.program.at(index).name).collect();
    let explanations = if explained { assessment.explain_each(names.iter().copied()) } else { Vec::new() };
    let answer = |(place, name): (usize, &&str)| {
        let ty = guide.program.find(name)?.ty?;
        let outcome = assessment.value(name)?;
        let known = outcome.is_ok();
        let value = outcome.map_or_else(|unknown| format!("还不能判断：{unknown}"), |value| value.show_with_unit(ty));
        let lines = explanations.get(place).map(formula::Explanation::lines).unwrap_or_default();
        let lines = lines.into_iter().map(|(depth, line)| (depth, line.to_owned())).collect();
        Some(Answer { name: (*name).to_owned(), value, known, lines })
    };
    names.iter().enumerate().filter_map(answer).collect()
}

/// What would have to be different for a benefit to be granted, by the conclusion that comes nearest to it. Empty where
/// one is open, where the case grants nothing, and where what is known does not tell.
pub fn needs(rules: Rules, state: &State, now: DateTime) -> Vec<Need> {
    let facts = Draft::new(rules, state, Actor::system().reference(), now).facts(0);
    nearest(rules, state, &Assessment::new(&rules.guide.program, &facts, rules.rates, rules.calendar))
}

/// The same over facts that are given: those of a decision, as they were known then.
pub fn nearest(rules: Rules, state: &State, assessment: &Assessment) -> Vec<Need> {
    let guide = rules.guide;
    let first = guide.starts.iter().find(|start| *start.key == *state.start).map_or(&[][..], |start| &start.first);
    let course: BTreeSet<usize> = first.iter().flat_map(|step| guide.reach(*step).into_iter().chain([*step])).collect();
    let grants = |step: usize, conclusion: &Arc<str>| {
        let own = |effect: &&Effect| effect.step == step && effect.conclusion.as_ref() == Some(conclusion);
        guide.effects.iter().filter(own).any(|effect| matches!(effect.action, Action::Grant(_)))
    };
    let mut best: Option<Vec<Need>> = None;
    for step in course {
        for arrow in &guide.steps[step].arrows {
            let (Some(conclusion), Some(condition)) = (&arrow.conclusion, &arrow.condition) else { continue };
            if !grants(step, conclusion) {
                continue;
            }
            if let Some(needs) = assessment.needs(condition)
                && best.as_ref().is_none_or(|best| needs.len() < best.len())
            {
                best = Some(needs);
            }
        }
    }
    best.unwrap_or_default()
}

/// What a checker is to look at: 提醒 of steps that are open or done, where what is known tells that they do not hold.
pub fn reminders<'r>(rules: Rules<'r>, state: &State, now: DateTime) -> Vec<&'r Check> {
    let guide = rules.guide;
    let came = |step: usize| {
        let of = state.steps.iter().filter(|instance| *instance.step == *guide.steps[step].key);
        of.into_iter().any(|instance| instance.status == Status::Done || instance.status.is_live())
    };
    let reminds = guide.checks.iter().filter(|check| check.severity == CheckSeverity::Remind);
    let due: Vec<&Check> = reminds.filter(|check| check.steps.iter().any(|(step, _)| came(*step))).collect();
    if due.is_empty() || state.closed.is_some() {
        return Vec::new();
    }
    let draft = Draft::new(rules, state, Actor::system().reference(), now);
    due.into_iter().filter(|check| draft.evaluate(&check.condition, 0) == Ok(Value::Bool(false))).collect()
}

/// One result as the formulas have it now, without its explanation; empty where it cannot be told.
pub fn result(rules: Rules, state: &State, now: DateTime, name: &str) -> String {
    let facts = Draft::new(rules, state, Actor::system().reference(), now).facts(0);
    let value = Assessment::new(&rules.guide.program, &facts, rules.rates, rules.calendar).value(name);
    value.and_then(Result::ok).map_or_else(String::new, |value| value.to_string())
}
