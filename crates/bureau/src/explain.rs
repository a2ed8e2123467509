//! A decision explained: the chain in Chinese from each result down to facts, formulas, rates and articles.

use std::sync::Arc;

use casework::State;
use casework::state::Assessed;
use formula::{Facts, Need};
use guide::Guide;

use crate::{Bureau, Failure, Fault};

impl Bureau {
    /// The lines of a case's last decision, as it was explained when it was made, without citizen numbers.
    /// Recomputed from the facts known then, the results must be the same; a difference is told as the last line.
    pub fn explain(&self, case: &str) -> Result<Option<Vec<String>>, Failure> {
        let Some(state) = self.store.state(case)? else { return Ok(None) };
        let mut lines = vec![format!("{} {}", state.case, heading(&state))];
        let Some(assessed) = &state.assessed else {
            lines.push("还没有作出决定".into());
            return Ok(Some(lines));
        };
        lines.push(format!(
            "计算日 {}，作出于 {}，所知到第 {} 条",
            assessed.calc_date,
            assessed.at.date(),
            assessed.known_at
        ));
        lines.extend(assessed.results.iter().map(|(name, value)| format!("{name}：{value}")));
        lines.extend(assessed.explanation.iter().map(|(depth, line)| format!("{}{line}", "  ".repeat(*depth))));
        lines.push(self.recomputed(&state)?);
        let needs = self.would_need(&state)?;
        if !needs.is_empty() {
            lines.push("要给予，还差在：".into());
            lines.extend(needs.iter().map(|need| format!("  {}：{}", need.of, need.text)));
        }
        Ok(Some(lines))
    }

    /// What would have had to be different when a case was decided for a benefit to be granted; empty where one was.
    pub fn would_need(&self, state: &State) -> Result<Vec<Need>, Fault> {
        let Some(assessed) = &state.assessed else { return Ok(Vec::new()) };
        if !state.grants.is_empty() {
            return Ok(Vec::new());
        }
        let (guide, facts) = self.known_then(state, assessed)?;
        let rates = self.rates.known_at(assessed.at);
        let assessment = formula::Assessment::new(&guide.program, &facts, &rates, &self.calendar);
        Ok(casework::nearest(self.rules(&guide), state, &assessment))
    }

    /// The facts that a decision stood on.
    fn known_then(&self, state: &State, assessed: &Assessed) -> Result<(Arc<Guide>, Facts), Fault> {
        let guide = self.guide(&state.edition)?;
        let records = self.store.records(&state.case)?;
        let until = usize::try_from(assessed.known_at).unwrap_or(usize::MAX).saturating_sub(1).min(records.len());
        let then = State::fold(&records[..until]);
        let mut facts = casework::facts::facts(&guide, &then, 0, assessed.at);
        facts.set("计算日", formula::Value::Date(assessed.calc_date));
        Ok((guide, facts))
    }

    /// Whether the decision comes out the same when it is computed again from what was known then.
    fn recomputed(&self, state: &State) -> Result<String, Failure> {
        let damaged = || Fault::Damaged("决定没有它的步骤".into());
        let assessed = state.assessed.as_ref().ok_or_else(damaged)?;
        let (guide, facts) = self.known_then(state, assessed)?;
        let rates = self.rates.known_at(assessed.at);
        let assessment = formula::Assessment::new(&guide.program, &facts, &rates, &self.calendar);
        let differs = assessed.results.iter().find(|(name, value)| {
            let ty = guide.program.find(name).and_then(|definition| definition.ty.cloned());
            let now = assessment.value(name).and_then(Result::ok).zip(ty).map(|(value, ty)| value.show(&ty));
            now.as_ref() != Some(value)
        });
        Ok(match differs {
            None => "按当时所知的事实和参数重算，结果相同".into(),
            Some((name, _)) => format!("按当时所知的事实重算，“{name}”不同：请核对参数是否被改过"),
        })
    }
}

fn heading(state: &State) -> String {
    match &state.closed {
        Some((result, at)) => format!("办结：{result}（{}）", at.date()),
        None => "办理中".into(),
    }
}
