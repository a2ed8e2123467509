//! What formulas see of a case while it is being changed, gathered anew only as far as it has changed.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use base::DateTime;
use formula::{Assessment, Expression, Facts, Outcome, Value};

use crate::decide::Draft;
use crate::event::Event;
use crate::facts::{facts_over, stated};

/// Facts, and the revision, thread and moment that they are of.
type Seen = ((u64, u32, DateTime), Rc<Facts>);

/// What was stated, and how many statements there were, for which thread.
type Stated = ((usize, u32), Arc<Facts>);

/// What was seen last.
#[derive(Clone, Default)]
pub(crate) struct Sight {
    all: RefCell<Option<Seen>>,
    stated: RefCell<Option<Stated>>,
}

impl Draft<'_> {
    /// A clock or a letter changes next to nothing that formulas see, so the facts seen last are carried on.
    pub(crate) fn keep_facts(&mut self, event: &Event) {
        let before = self.state.revision - 1;
        let Some(((revision, _, _), facts)) = self.sight.all.get_mut().as_mut().filter(|((r, _, _), _)| *r == before)
        else {
            return;
        };
        match event {
            Event::ClockSet { clock, due, .. } => {
                Rc::make_mut(facts).set(format!("{clock}.到期日"), Value::Date(due.at.date()));
            }
            Event::LetterIssued { .. } | Event::ClockStopped { .. } => {}
            _ => return,
        }
        *revision += 1;
    }

    pub fn assess<'f>(&'f self, facts: &'f Facts) -> Assessment<'f> {
        Assessment::new(&self.rules.guide.program, facts, self.rules.rates, self.rules.calendar)
    }

    /// The facts of a thread, with 计算日: the service's formula, or the day of the command until that can be told.
    pub fn facts(&self, thread: u32) -> Rc<Facts> {
        let place = (self.state.revision, thread, self.now);
        if let Some((seen, facts)) = &*self.sight.all.borrow()
            && *seen == place
        {
            return facts.clone();
        }
        let guide = self.rules.guide;
        let mut facts = facts_over(self.stated(thread), guide, &self.state, self.now);
        let day = guide.service.calc_date.as_ref().map(|expression| self.assess(&facts).expression(expression));
        let day = if let Some(Ok(Value::Date(day))) = day { day } else { self.now.date() };
        facts.set("计算日", Value::Date(day));
        self.relate(&mut facts);
        let facts = Rc::new(facts);
        *self.sight.all.borrow_mut() = Some((place, facts.clone()));
        facts
    }

    /// Steps that are opened and done leave what was stated as it is.
    fn stated(&self, thread: u32) -> Arc<Facts> {
        let place = (self.state.facts.len(), thread);
        let mut kept = self.sight.stated.borrow_mut();
        match &*kept {
            Some((seen, stated)) if *seen == place => stated.clone(),
            _ => {
                let stated = Arc::new(stated(self.rules.guide, &self.state, thread));
                *kept = Some((place, stated.clone()));
                stated
            }
        }
    }

    pub fn evaluate(&self, expression: &Expression, thread: u32) -> Outcome {
        self.assess(&self.facts(thread)).expression(expression)
    }
}
