//! Limits and lengths: when they began, when they end, and how that was computed.
//!
//! All clocks are computed anew after each command; an event tells only what changed.

use base::{DateTime, Due};
use formula::{Type, Unit, Value};
use guide::model::{Clock, ClockFrom, Length, StepKind};

use crate::decide::Draft;
use crate::event::{DueAt, Event};
use crate::state::{Instance, Status};

impl Draft<'_> {
    pub(crate) fn set_clocks(&mut self) {
        if self.state.closed.is_some() {
            return;
        }
        let guide = self.rules.guide;
        // A length ends with its notice, however that ends.
        let over = |id: &u32| self.state.instance(*id).is_some_and(|instance| !instance.status.is_live());
        let lengths =
            self.state.clocks.iter().filter(|(_, c)| c.stopped_at.is_none() && c.instance.is_some_and(|id| over(&id)));
        for clock in lengths.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.emit(Event::ClockStopped { clock });
        }
        let mut names: Vec<&str> = Vec::new();
        for clock in &guide.clocks {
            if names.contains(&&*clock.name) || self.is_length(clock) || !self.comes_to(clock.until) {
                continue;
            }
            names.push(&clock.name);
            self.set_clock(&clock.name);
        }
    }

    /// For 公示 and 等待 a clock is a length, set when the notice is posted or the step opens.
    fn is_length(&self, clock: &Clock) -> bool {
        let kind = self.rules.guide.steps[clock.until].kind;
        matches!(kind, StepKind::Publicity | StepKind::Wait) && !clock.until_start
    }

    fn set_clock(&mut self, name: &str) {
        let guide = self.rules.guide;
        let known = self.state.clocks.get(name).cloned();
        let rows: Vec<&Clock> = guide.clocks.iter().filter(|clock| &*clock.name == name).collect();
        let Some(clock) = rows.iter().find(|clock| self.applies(clock)) else { return };
        let Some(from) = self.began(&clock.from) else { return };
        let ended = self.ended(clock, from);
        if ended {
            if known.is_some_and(|known| known.stopped_at.is_none()) {
                self.emit(Event::ClockStopped { clock: name.to_owned() });
            }
            return;
        }
        let Some(due) = self.due(clock, from) else { return };
        let unchanged = known.is_some_and(|known| known.due == due && known.stopped_at.is_none());
        if !unchanged {
            let until = guide.steps[clock.until].key.to_string();
            self.emit(Event::ClockSet {
                clock: name.to_owned(),
                instance: None,
                until,
                due,
                basis: clock.basis.clone(),
                expires: clock.on_expiry.is_some(),
            });
        }
    }

    /// Whether a step is among those that the start of the case leads to, or may be begun beside them.
    fn comes_to(&self, step: usize) -> bool {
        let guide = self.rules.guide;
        let start = guide.starts.iter().find(|start| *start.key == *self.state.start);
        let first = start.map_or(&[][..], |start| &start.first);
        guide.steps[step].side.is_some() || first.iter().any(|from| *from == step || guide.reach(*from).contains(&step))
    }

    /// An undecidable row is passed over.
    fn applies(&self, clock: &Clock) -> bool {
        clock.condition.as_ref().is_none_or(|condition| self.evaluate(condition, 0) == Ok(Value::Bool(true)))
    }

    fn instances(&self, step: usize) -> impl Iterator<Item = &Instance> {
        let key = self.rules.guide.steps[step].key.clone();
        self.state.steps.iter().filter(move |i| i.step == *key)
    }

    /// The first time that the beginning happened: a way back never lengthens a statutory limit.
    fn began(&self, from: &ClockFrom) -> Option<DateTime> {
        match from {
            ClockFrom::Start => self.state.opened_at,
            ClockFrom::Done(step) => self.instances(*step).filter_map(|i| i.done_at).next(),
            ClockFrom::Opened(step) => {
                let mut opened =
                    self.instances(*step).filter(|i| !matches!(i.status, Status::Waiting | Status::Skipped));
                opened.next().map(|i| i.opened_at)
            }
            ClockFrom::At(at) => match self.evaluate(at, 0) {
                Ok(Value::Date(date)) => Some(date.at(0, 0, 0, 0)),
                Ok(Value::Moment(at)) => Some(at),
                _ => None,
            },
        }
    }

    /// Whether the step that is due has been done after the clock began, and nothing that is open leads to it again.
    fn ended(&self, clock: &Clock, from: DateTime) -> bool {
        if clock.until_start {
            return self.instances(clock.until).any(|i| !matches!(i.status, Status::Waiting | Status::Skipped));
        }
        let guide = self.rules.guide;
        let leads = |step: usize| step == clock.until || guide.reach(step).contains(&clock.until);
        let ahead = self.state.live().filter_map(|i| guide.step_by_key(&i.step)).any(leads);
        let done = self.instances(clock.until).any(|i| i.done_at.is_some_and(|at| at >= from));
        // A limit that was over has had its consequence: its step is not waited for any more.
        (done || clock.on_expiry.is_some()) && !ahead
    }

    fn due(&self, clock: &Clock, from: DateTime) -> Option<DueAt> {
        let mut length = match &clock.length {
            Length::Fixed(length) => *length,
            Length::Formula(formula) => match self.evaluate(formula, 0) {
                Ok(value) => whole(&value, &formula.ty)?,
                Err(_) => return None,
            },
        };
        let mut paused = String::new();
        for (step, condition) in &clock.pauses {
            let counts = condition.as_ref().is_none_or(|c| self.evaluate(c, 0) == Ok(Value::Bool(true)));
            for instance in self.instances(*step).filter(|_| counts) {
                let Some(began) = self.began_to_pause(instance) else { continue };
                let (began, end) = (began.date(), instance.done_at.unwrap_or(self.now).date());
                let days = match length {
                    base::Clock::WorkingDays(_) => self.rules.calendar.working_days_between(began, end),
                    _ => began.until(end).map_or(0, |span| i64::from(span.get_days())),
                };
                let days = u32::try_from(days).unwrap_or(0);
                match &mut length {
                    base::Clock::WorkingDays(n)
                    | base::Clock::Days(n)
                    | base::Clock::FixedDays(n)
                    | base::Clock::EarlyDays(n) => *n += days,
                    _ => continue,
                }
                if days > 0 {
                    paused += &format!("，其中“{}”的{days}天不计", self.rules.guide.steps[*step].name);
                }
            }
        }
        let due = due_at(length.due(from, self.rules.calendar));
        Some(DueAt { explained: due.explained + &paused, ..due })
    }

    /// From when a step's time does not count: a notice counts from its posting, not while it waits to be posted.
    fn began_to_pause(&self, instance: &Instance) -> Option<DateTime> {
        let publicity =
            self.rules.guide.steps.iter().any(|s| *s.key == *instance.step && s.kind == StepKind::Publicity);
        if !publicity {
            return Some(instance.opened_at);
        }
        self.state.notices.iter().rfind(|notice| notice.instance == instance.id).map(|notice| notice.posted_at)
    }

    /// A wait begins: its end is set.
    pub(crate) fn begin_wait(&mut self, step: usize, instance: u32) {
        let length = self.length_of(step).map(|(due, clock)| (due, clock.name.to_string(), clock.basis.clone()));
        let Some((due, clock, basis)) = length else { return };
        let until = self.rules.guide.steps[step].key.to_string();
        self.emit(Event::ClockSet { clock, instance: Some(instance), until, due, basis, expires: true });
    }

    /// The length of a notice posted, or of a wait begun, now.
    pub(crate) fn length_of(&self, step: usize) -> Option<(DueAt, &Clock)> {
        let rows = self.rules.guide.clocks.iter().filter(|clock| clock.until == step && !clock.until_start);
        let clock = rows.into_iter().find(|clock| self.applies(clock))?;
        let length = match &clock.length {
            Length::Fixed(length) => *length,
            Length::Formula(formula) => whole(&self.evaluate(formula, 0).ok()?, &formula.ty)?,
        };
        Some((due_at(length.due(self.now, self.rules.calendar)), clock))
    }
}

/// A length that was computed, in whole days or hours.
fn whole(value: &Value, ty: &Type) -> Option<base::Clock> {
    let number = value.number().filter(|number| number.is_integer())?;
    let number = u32::try_from(number.to_integer()).ok()?;
    Some(if ty.fits(&Type::Number(Unit::HOURS)) { base::Clock::Hours(number) } else { base::Clock::Days(number) })
}

pub(crate) fn due_at(due: Due) -> DueAt {
    DueAt { at: due.at, provisional: due.provisional, explained: due.explained }
}
