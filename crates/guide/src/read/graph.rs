//! Whether the steps make a course: everything can be reached, everything can end, nothing turns in a circle.

use crate::code::Code;
use crate::findings::Findings;
use crate::model::{Step, StepClock, StepKind, Target};

/// Checks the steps as a whole. They have been read without error, so every target exists.
pub(super) fn check(steps: &[Step], log: &mut Findings) {
    let Some(first) = steps.first() else { return };
    if first.kind != StepKind::Form {
        let message = format!("第一步“{}”不是填报", first.name);
        log.error(Code::FirstStep, &first.location, message, "第一行写申请人填报的步骤");
    }
    let reached = reach(steps, 0, |_| true);
    // A step without outcomes cuts off all that should follow; then only it is reported.
    let whole = steps.iter().all(|s| !s.outcomes.is_empty());
    for (place, step) in steps.iter().enumerate() {
        if whole && !reached[place] {
            let message = format!("没有任何步骤走到“{}”", step.name);
            log.error(Code::Unreachable, &step.location, message, "在“步骤结果”里让某个结果转到这一步，或删去这一步");
        }
        if step.outcomes.is_empty() {
            let message = format!("步骤“{}”没有结果", step.name);
            log.error(Code::NoOutcome, &step.location, message, "在“步骤结果”里给它加一行");
        } else if whole && !ends(steps, place) {
            let message = format!("从“{}”出发到不了结束", step.name);
            log.error(Code::NoEnd, &step.location, message, "让它或后面的步骤有一个转到“结束”的结果");
        }
        if step.condition.is_some() && skips_in_a_circle(steps, place) {
            let message = format!("“{}”和后面的步骤条件都不成立时会绕圈", step.name);
            log.error(Code::SkipLoop, &step.location, message, "把第一个结果改为转到前面没有的步骤");
        }
        outcome_names(step, log);
    }
    // Who waits or fills a form does not handle; a notice is posted, a letter served, by whoever is told to;
    // and a step with a condition may be passed over.
    let unhandled = reach(steps, 0, |step| {
        let handles = matches!(step.kind, StepKind::Decide | StepKind::Match | StepKind::Visit | StepKind::Meeting);
        !handles || step.condition.is_some()
    });
    for (step, _) in steps.iter().zip(unhandled).filter(|(step, open)| *open && step.kind == StepKind::Approve) {
        let message = format!("“{}”之前可能没有任何人经办", step.name);
        log.error(Code::NobodyHandled, &step.location, message, "在申请和审批之间安排办理、核对、入户或评议");
    }
}

/// Whether one step can follow another, however late.
pub(super) fn reaches(steps: &[Step], from: usize, to: usize) -> bool {
    from == to || reach(steps, from, |_| true)[to]
}

/// The steps that can follow `from`, and itself; steps that do not `pass` are reached but not left.
fn reach(steps: &[Step], from: usize, pass: impl Fn(&Step) -> bool) -> Vec<bool> {
    let mut reached = vec![false; steps.len()];
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        if !std::mem::replace(&mut reached[place], true) && pass(&steps[place]) {
            open.extend(steps[place].outcomes.iter().filter_map(|o| place_of(steps, &o.target)));
        }
    }
    reached
}

fn place_of(steps: &[Step], target: &Target) -> Option<usize> {
    let Target::Step(name) = target else { return None };
    steps.iter().position(|s| s.name == *name)
}

fn ends(steps: &[Step], from: usize) -> bool {
    let reached = reach(steps, from, |_| true);
    let mut outcomes = steps.iter().zip(&reached).filter(|(_, r)| **r).flat_map(|(s, _)| &s.outcomes);
    outcomes.any(|o| o.target == Target::End)
}

/// A step whose condition does not hold is passed over to the target of its first outcome.
fn skips_in_a_circle(steps: &[Step], from: usize) -> bool {
    let mut place = from;
    for _ in steps {
        let next = steps[place].outcomes.first().and_then(|o| place_of(steps, &o.target));
        match next.filter(|next| steps[*next].condition.is_some()) {
            Some(next) if next == from => return true,
            Some(next) => place = next,
            None => return false,
        }
    }
    false
}

/// The engine itself ends notices, meetings and waits, so it must find its outcomes.
fn outcome_names(step: &Step, log: &mut Findings) {
    let wanted: &[&str] = match (step.kind, &step.notice) {
        (StepKind::Notice, Some(rule)) if rule.days.is_none() => &["已公布"],
        (StepKind::Notice, Some(_)) => &["无异议", "有异议"],
        (StepKind::Meeting, _) => &["通过", "未通过"],
        (StepKind::Wait, _) if !matches!(step.clock, StepClock::None) => &["到期"],
        _ => return,
    };
    let open = step.kind == StepKind::Wait;
    let absent = wanted.iter().any(|name| step.outcome(name).is_none());
    let surplus = step.outcomes.iter().any(|o| !wanted.contains(&&*o.name));
    if !step.outcomes.is_empty() && (absent || (surplus && !open)) {
        let found: Vec<&str> = step.outcomes.iter().map(|o| &*o.name).collect();
        let message = format!("“{}”的结果是“{}”", step.name, found.join("、"));
        let help = if open {
            "有时限的等待必须有结果“到期”".to_owned()
        } else {
            format!("结果只能是“{}”", wanted.join("、"))
        };
        log.error(Code::OutcomeNames, &step.location, message, help);
    }
}
