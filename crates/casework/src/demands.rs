//! What is demanded of a form before its step counts: required fields, presence, moments, 校验.

use formula::{Type, Value};
use guide::model::{CheckSeverity, Performer, Required};
use guide::plain_value;

use crate::decide::{Draft, Refused};
use crate::event::Datum;
use crate::intake::{Input, PRESENT, VALID_FROM};
use crate::refusal::{Code, Refusal};

impl Draft<'_> {
    /// R106 for those who must be there in person and are not.
    pub(crate) fn not_there(&self, performer: &Performer, input: &Input) -> Option<Refusal> {
        let there = input.outputs.get(PRESENT).and_then(Datum::text).unwrap_or_default();
        let there: Vec<&str> = there.split('、').map(str::trim).collect();
        let away: Vec<&str> = performer.in_person.iter().map(String::as_str).filter(|p| !there.contains(p)).collect();
        let text = format!("{}没有本人到场，或者没有核验证件", away.join("、"));
        (!away.is_empty()).then(|| Refusal::new(Code::R106, text, "请本人带证件到场，不能代办").at(PRESENT))
    }

    /// What is said to hold or to have happened only after this moment.
    pub(crate) fn too_early(&self, input: &Input) -> Vec<Refusal> {
        let mut found = Vec::new();
        if input.valid_from.is_some_and(|day| day > self.now.date()) {
            let way_out = "写情况已经发生的那一天，还没有发生的到时再报";
            found.push(Refusal::new(Code::R108, "“生效日”在今天以后", way_out).at(VALID_FROM));
        }
        let visited = input.outputs.get("时间").and_then(Datum::text);
        let visited = visited.and_then(|text| plain_value(text, &Type::Moment).ok());
        if visited.is_some_and(|at| matches!(at, Value::Moment(at) if at > self.now)) {
            found.push(Refusal::new(Code::R108, "“时间”在现在以后", "写走访的那一刻，走访以后再登记").at("时间"));
        }
        found
    }

    /// R107 for required fields that neither this input nor the reading of the form caught.
    pub(crate) fn missing(&self, index: usize, input: &Input) -> Vec<Refusal> {
        let guide = self.rules.guide;
        let needed = crate::intake::fields_of(guide, index).filter(|field| crate::intake::is_required(field, index));
        let missing = needed.filter(|field| !input.values.contains_key(&*field.key));
        missing.map(|f| Refusal::new(Code::R107, format!("没有填“{}”", f.name), "请填写").at(&f.key)).collect()
    }

    /// R107 for fields that are required where a condition holds, now that the rest of the form is known.
    pub(crate) fn missing_if(&self, index: usize, input: &Input, thread: u32) -> Vec<Refusal> {
        let holds = |field: &guide::model::Field| match &field.required {
            Required::If(condition) => self.evaluate(condition, thread) == Ok(Value::Bool(true)),
            _ => false,
        };
        let left_out = crate::intake::fields_of(self.rules.guide, index);
        let left_out = left_out.filter(|field| !input.values.contains_key(&*field.key)).filter(|field| holds(field));
        left_out.map(|f| Refusal::new(Code::R107, format!("没有填“{}”", f.name), "请填写").at(&f.key)).collect()
    }

    /// 校验: what must hold once the step's statement counts.
    pub(crate) fn hold_checks(&self, index: usize, conclusion: Option<&str>, thread: u32) -> Result<(), Refused> {
        let mut refusals = Vec::new();
        let mut reason_needed = Vec::new();
        for check in &self.rules.guide.checks {
            let applies = |(step, wanted): &(usize, Option<std::sync::Arc<str>>)| {
                *step == index && wanted.as_ref().is_none_or(|wanted| Some(&**wanted) == conclusion)
            };
            if !check.steps.iter().any(applies) {
                continue;
            }
            let holds = self.evaluate(&check.condition, thread);
            if holds == Ok(Value::Bool(true)) {
                continue;
            }
            match check.severity {
                CheckSeverity::Block => {
                    let why = holds.err().map_or_else(String::new, |unknown| format!("（{unknown}）"));
                    let text = format!("{}：{}{why}", check.name, check.message);
                    refusals.push(Refusal::new(Code::R109, text, "请改正后再提交").basis(&check.basis));
                }
                CheckSeverity::Explain => reason_needed.push(check),
                CheckSeverity::Remind => {}
            }
        }
        let explained = self.state.steps.iter().rfind(|i| i.step == *self.rules.guide.steps[index].key);
        if explained.is_none_or(|instance| !instance.outputs.contains_key("理由")) {
            refusals.extend(reason_needed.iter().map(|check| {
                let text = format!("{}：{}", check.name, check.message);
                Refusal::new(Code::R109, text, "仍要提交的，请写明理由").basis(&check.basis)
            }));
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }
}
