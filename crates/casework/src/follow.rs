//! From one step to the next: arrows, 汇合, skipped steps, new rounds, the end.

use std::collections::BTreeSet;

use formula::Value;
use guide::model::{StepKind, Target, When};

use crate::decide::Draft;
use crate::event::Event;
use crate::facts::reviewed;
use crate::state::Status;

impl Draft<'_> {
    /// Opens a step and gives the number of its instance.
    pub(crate) fn open(&mut self, step: usize, thread: u32, waiting: bool) -> u32 {
        let key = self.rules.guide.steps[step].key.to_string();
        let instance = self.state.steps.iter().map(|i| i.id).max().unwrap_or(0) + 1;
        let round = self.state.steps.iter().filter(|i| i.step == key).count() as u32 + 1;
        self.emit(Event::StepOpened { instance, step: key, round, thread, waiting });
        if !waiting && self.rules.guide.steps[step].kind == StepKind::Wait {
            self.begin_wait(step, instance);
        }
        instance
    }

    pub(crate) fn follow(&mut self, target: &Target, thread: u32) {
        match target {
            Target::Steps(steps) => steps.iter().for_each(|step| self.arrive(*step, thread)),
            Target::Back(step) => self.back(*step),
            Target::Close(result) => return self.close(result),
            Target::End => {}
        }
        self.settle();
    }

    fn arrive(&mut self, step: usize, thread: u32) {
        let guide = self.rules.guide;
        let key = &guide.steps[step].key;
        let there = self.state.live().any(|i| i.step == **key && i.thread == thread);
        if there {
            return;
        }
        self.enter(step, thread);
    }

    /// Opens a step, unless it waits at a 汇合 or its condition does not hold.
    fn enter(&mut self, step: usize, thread: u32) {
        let join = self.rules.guide.steps[step].join;
        let id = self.open(step, thread, join);
        if !join {
            self.skip_or_open(step, id, thread);
        }
    }

    /// An undecidable condition opens the step; one that does not hold skips it.
    fn skip_or_open(&mut self, step: usize, id: u32, thread: u32) {
        let guide = self.rules.guide;
        let Some(condition) = &guide.steps[step].condition else { return };
        if self.evaluate(condition, thread) != Ok(Value::Bool(false)) {
            return;
        }
        self.emit(Event::StepSkipped { instance: id });
        if let Some(target) = guide.steps[step].after_skip() {
            self.follow(target, thread);
        }
    }

    /// Opens what waits at a 汇合 as soon as no other open step can still lead there by plain arrows.
    fn settle(&mut self) {
        loop {
            let guide = self.rules.guide;
            let place = |key: &str| guide.step_by_key(key);
            let ready = self.state.steps.iter().filter(|i| i.status == Status::Waiting).find_map(|waiting| {
                let step = place(&waiting.step)?;
                let others = self.state.live().filter(|other| other.id != waiting.id && other.thread == waiting.thread);
                let awaited = others.filter_map(|o| place(&o.step)).any(|other| guide.reach(other).contains(&step));
                (!awaited).then(|| (waiting.clone(), step))
            });
            let Some((waiting, step)) = ready else { return };
            let (round, thread) = (waiting.round, waiting.thread);
            self.emit(Event::StepOpened { instance: waiting.id, step: waiting.step, round, thread, waiting: false });
            self.skip_or_open(step, waiting.id, thread);
        }
    }

    /// 回: a new round. What plain arrows lead to from there is closed, its notices void, and the step opens again.
    fn back(&mut self, step: usize) {
        let guide = self.rules.guide;
        let mut closed: BTreeSet<usize> = guide.reach(step);
        closed.insert(step);
        let keys: Vec<&str> = closed.iter().map(|step| &*guide.steps[*step].key).collect();
        let open: Vec<u32> = self.state.live().filter(|i| keys.contains(&&*i.step)).map(|i| i.id).collect();
        for instance in open {
            self.emit(Event::StepClosed { instance });
        }
        self.enter(step, 0);
    }

    /// While an entitlement is paid, its next re-check is due after the length that the start names.
    fn schedule(&mut self) {
        let guide = self.rules.guide;
        let reviewed = reviewed(guide, &self.state).unwrap_or(self.now.date());
        for start in &guide.starts {
            let (Some(over), When::Counted(counted)) = (start.over, &start.when) else { continue };
            if !self.state.is_paid(&guide.entitlements[over].key, self.now) {
                continue;
            }
            let from = match counted.from.as_ref().map(|from| self.evaluate(from, 0)) {
                None => reviewed,
                Some(Ok(Value::Date(day))) => day,
                Some(_) => continue,
            };
            let Ok(Value::Number(far)) = self.evaluate(&counted.length, 0) else { continue };
            let Some(day) = counted.reach(from, far) else { continue };
            self.emit(Event::Scheduled { start: start.key.to_string(), at: day.at(0, 0, 0, 0) });
        }
    }

    fn close(&mut self, result: &str) {
        let open: Vec<u32> = self.state.live().map(|i| i.id).collect();
        for instance in open {
            self.emit(Event::StepClosed { instance });
        }
        let running: Vec<String> =
            self.state.clocks.iter().filter(|(_, c)| c.stopped_at.is_none()).map(|(name, _)| name.clone()).collect();
        for clock in running {
            self.emit(Event::ClockStopped { clock });
        }
        self.emit(Event::Closed { result: result.to_owned() });
        self.schedule();
    }
}
