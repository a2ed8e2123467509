//! What happens without a person: what falls due by time, and the steps of the system.

use base::DateTime;
use guide::model::{ActorKind, StepKind};

use crate::decide::{Draft, Refused};
use crate::event::Event;
use crate::people::Actor;
use crate::state::{Instance, Status};

/// Steps that the system does in a row; more would be a circle.
const MOST_BY_SYSTEM: usize = 50;

impl Draft<'_> {
    /// Whether the system does a step, at once and without a person.
    pub(crate) fn is_systems(&self, index: usize, thread: u32) -> bool {
        self.performer(index, thread).is_ok_and(|performer| performer.actor == ActorKind::System)
    }

    /// What the system does at once: steps of its own, in a decision with the one conclusion that is open.
    pub(crate) fn let_system_act(&mut self) -> Result<(), Refused> {
        for _ in 0..MOST_BY_SYSTEM {
            let own = self.state.steps.iter().filter(|i| i.status == Status::Open).find_map(|instance| {
                let index = self.rules.guide.step_by_key(&instance.step)?;
                let timed = matches!(self.rules.guide.steps[index].kind, StepKind::Publicity | StepKind::Wait);
                (!timed && self.is_systems(index, instance.thread)).then(|| (index, instance.clone()))
            });
            let Some((index, instance)) = own else { break };
            let arrows = self.rules.guide.steps[index].arrows.iter().enumerate();
            let open = arrows.filter(|(place, _)| self.is_conclusion_open(index, *place, instance.thread).is_none());
            let open: Vec<_> = open.filter_map(|(_, arrow)| arrow.conclusion.clone()).collect();
            let conclusion = open.first().filter(|_| open.len() == 1).map(|word| &**word);
            let by = std::mem::replace(&mut self.by, Actor::system().reference());
            let done = self.complete(index, &instance, conclusion, Default::default(), vec![self.by.clone()]);
            self.by = by;
            done?;
        }
        Ok(())
    }

    /// Time passes: notices end, and what officials have declared is filed.
    pub(crate) fn tick(&mut self) -> Result<(), Refused> {
        if self.state.closed.is_some() {
            return Ok(());
        }
        self.file_kin();
        let now = self.now;
        while let Some((instance, at)) = self.fallen_due(now) {
            let Ok(index) = self.step_index(&instance.step) else { break };
            self.now = at;
            let people = instance.people.clone();
            let done = Event::StepDone {
                instance: instance.id,
                done_at: at,
                people,
                conclusion: Some("期满".into()),
                outputs: Default::default(),
            };
            self.emit(done);
            let arrows = &self.rules.guide.steps[index].arrows;
            if let Some(arrow) = arrows.iter().find(|arrow| arrow.conclusion.as_deref() == Some("期满")) {
                self.follow(&arrow.target.clone(), instance.thread);
            }
            self.set_clocks();
        }
        self.now = now;
        Ok(())
    }

    /// A notice whose days are over and none of whose objections is open, with the moment at which that came true.
    /// `INVARIANT (publicity): a notice ends only here, never before its posted end.`
    fn fallen_due(&self, now: DateTime) -> Option<(Instance, DateTime)> {
        self.state.steps.iter().filter(|i| i.status == Status::Posted).find_map(|instance| {
            let notice = self.state.notices.iter().rfind(|n| n.instance == instance.id)?;
            let threads: Vec<u32> =
                self.state.objections.iter().filter(|o| o.instance == instance.id).map(|o| o.thread).collect();
            let of_threads = || self.state.steps.iter().filter(|i| threads.contains(&i.thread));
            if notice.until.at >= now || of_threads().any(|i| i.status.is_live()) {
                return None;
            }
            let answered = of_threads().filter_map(|i| i.done_at).max();
            Some((instance.clone(), answered.map_or(notice.until.at, |answered| answered.max(notice.until.at))))
        })
    }
}
