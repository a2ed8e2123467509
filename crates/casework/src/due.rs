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
        let is_batch = matches!(self.rules.guide.steps[index].kind, StepKind::Batch(_));
        !is_batch && self.performer(index, thread).is_ok_and(|performer| performer.actor == ActorKind::System)
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

    /// Time passes: notices and waits end, limits are over, and what officials have declared is filed.
    pub(crate) fn tick(&mut self) -> Result<(), Refused> {
        if self.state.closed.is_some() {
            return Ok(());
        }
        self.file_kin();
        let now = self.now;
        while let Some((what, at)) = self.fallen_due(now) {
            self.now = at;
            match what {
                Fallen::Over(instance) => self.end(&instance, at),
                Fallen::Expired(clock) => self.expire(&clock),
            }
            // What the system does next happened in that moment, not when it was noticed.
            self.let_system_act()?;
            if self.state.closed.is_some() {
                break;
            }
            self.set_clocks();
        }
        self.now = now;
        Ok(())
    }

    /// A notice or a wait is over.
    fn end(&mut self, instance: &Instance, at: DateTime) {
        let Some(index) = self.rules.guide.step_by_key(&instance.step) else { return };
        let done = Event::StepDone {
            instance: instance.id,
            done_at: at,
            people: instance.people.clone(),
            conclusion: Some("期满".into()),
            outputs: Default::default(),
        };
        self.emit(done);
        let arrows = &self.rules.guide.steps[index].arrows;
        if let Some(arrow) = arrows.iter().find(|arrow| arrow.conclusion.as_deref() == Some("期满")) {
            self.follow(&arrow.target.clone(), instance.thread);
        }
    }

    /// A limit is over: the step that was due and the open steps that lead to it are closed, and its 期满 follows.
    fn expire(&mut self, name: &str) {
        let guide = self.rules.guide;
        let until = self.state.clocks.get(name).and_then(|clock| guide.step_by_key(&clock.until));
        self.emit(Event::ClockStopped { clock: name.to_owned() });
        let own = guide.clocks.iter().find(|clock| &*clock.name == name && Some(clock.until) == until);
        let Some((until, target)) = until.zip(own.and_then(|clock| clock.on_expiry.clone())) else { return };
        let leads = |step: usize| step == until || guide.reach(step).contains(&until);
        let open = self.state.live().filter(|i| i.thread == 0 && guide.step_by_key(&i.step).is_some_and(leads));
        for instance in open.map(|i| i.id).collect::<Vec<_>>() {
            self.emit(Event::StepClosed { instance });
        }
        self.follow(&target, 0);
    }

    /// What has fallen due first: a notice whose days are over and none of whose objections is open, a wait, or a limit
    /// with a consequence; with the moment at which that came true.
    /// `INVARIANT (publicity): a notice ends only here, never before its posted end.`
    fn fallen_due(&self, now: DateTime) -> Option<(Fallen, DateTime)> {
        let notices = self.state.steps.iter().filter(|i| i.status == Status::Posted).filter_map(|instance| {
            let notice = self.state.notices.iter().rfind(|n| n.instance == instance.id)?;
            let threads: Vec<u32> =
                self.state.objections.iter().filter(|o| o.instance == instance.id).map(|o| o.thread).collect();
            let of_threads = || self.state.steps.iter().filter(|i| threads.contains(&i.thread));
            if of_threads().any(|i| i.status.is_live()) {
                return None;
            }
            let answered = of_threads().filter_map(|i| i.done_at).max();
            let over = answered.map_or(notice.until.at, |answered| answered.max(notice.until.at));
            Some((Fallen::Over(instance.clone()), notice.until.at, over))
        });
        let clocks = self.state.clocks.iter().filter(|(_, clock)| clock.expires && clock.stopped_at.is_none());
        let clocks = clocks.filter_map(|(name, clock)| match clock.instance {
            Some(id) => {
                let waits = self.state.instance(id).filter(|instance| instance.status == Status::Open)?;
                Some((Fallen::Over(waits.clone()), clock.due.at, clock.due.at))
            }
            None => Some((Fallen::Expired(name.clone()), clock.due.at, clock.due.at)),
        });
        let due = notices.chain(clocks).filter(|(_, until, _)| *until < now).min_by_key(|(_, _, over)| *over);
        due.map(|(what, _, over)| (what, over))
    }
}

/// What has fallen due.
enum Fallen {
    /// A notice or a wait is over.
    Over(Instance),
    /// A limit, by its name.
    Expired(String),
}
