//! Limits over several steps: when they began, when they end, whether they were extended.

use std::sync::Arc;

use base::{Calendar, DateTime, Due};
use guide::{Guide, Limit};

use crate::state::State;

/// How a limit stands for a case in its present round.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub name: Arc<str>,
    pub began: DateTime,
    pub due: Due,
    /// When the limit's last step was done; in time if not after `due.at`.
    pub met: Option<DateTime>,
    pub extended: Option<String>,
    pub basis: String,
}

/// All limits that have begun in the present round.
pub fn standings(guide: &Guide, state: &State, calendar: &Calendar) -> Vec<Standing> {
    guide.limits.iter().filter_map(|limit| standing(guide, limit, state, calendar)).collect()
}

/// One limit, if it has begun in the present round.
pub fn standing(guide: &Guide, limit: &Limit, state: &State, calendar: &Calendar) -> Option<Standing> {
    // The first outcome of the step is the one that lets the case go on; asking for papers starts nothing (SA-12).
    let first = guide.step(&limit.from)?.outcomes.first()?;
    let round = || state.done.iter().filter(|d| d.round == state.round);
    let began = round().rfind(|d| d.step == limit.from && d.outcome == first.name)?.at;
    let met = round().find(|d| d.step == limit.to && d.at >= began).map(|d| d.at);
    let extension = state.extensions.get(&limit.name);
    Some(Standing {
        name: limit.name.clone(),
        began,
        due: extension.map_or_else(|| limit.clock.due(began, calendar), |(_, due)| due.clone()),
        met,
        extended: extension.map(|(reason, _)| reason.clone()),
        basis: limit.basis.clone(),
    })
}
