//! Cases that nobody asks for: what the calendar, a day that comes near, or a new row of a register begins.

use std::sync::Arc;

use base::{Date, DateTime, Recurrence};
use casework::event::{Over, RegisterRow, Subject, is_open_after};
use casework::registers::read_columns;
use casework::{Actor, Code, Command, Event, Input, Record, Refusal, State};
use formula::Value;
use guide::Guide;
use guide::model::{Counted, Start, When};
use store::{Remembered, Spelt, Write};

use crate::looks::{Looks, Place};
use crate::{Bureau, Failure, Fault, Ground, Order, hash, next_in, open_in};

/// The setting that says until when the calendar has been followed.
pub const FOLLOWED: &str = "starts followed until";

/// Cases begun in one transaction; more would keep others waiting.
pub(crate) const TOGETHER: usize = 100;

/// A start of a service with the moment at which it is due.
struct Due<'d> {
    guide: &'d Arc<Guide>,
    start: &'d Start,
    at: DateTime,
}

/// What a case is begun for.
#[derive(Clone, Copy)]
enum Of<'o> {
    Nothing,
    Row(&'o RegisterRow),
    Chain(&'o Spelt),
}

impl Bureau {
    /// Begins what the calendar has brought since it was followed last. Gives how many cases were begun.
    pub(crate) fn follow_calendar(&self, now: DateTime) -> Result<usize, Failure> {
        let known = self.store.setting(FOLLOWED)?.and_then(|text| text.parse::<DateTime>().ok());
        // A bureau that opens follows the calendar from the beginning of that day.
        let after = known.unwrap_or(now.date().yesterday().unwrap_or(now.date()).at(23, 59, 59, 0));
        let mut due: Vec<Due> = Vec::new();
        for guide in self.library.guides.iter().filter(|guide| self.is_in_force(guide)) {
            for start in &guide.starts {
                let moments = match &start.when {
                    When::Calendar(recurrence) => recurrence.between(after, now),
                    // A day is looked at when it begins.
                    When::Counted(_) if start.rows.is_some() => {
                        Recurrence::Daily { hour: 0, minute: 0 }.between(after, now).pop().into_iter().collect()
                    }
                    _ => continue,
                };
                due.extend(moments.into_iter().map(|at| Due { guide, start, at }));
            }
        }
        due.sort_by_key(|due| due.at);
        let mut begun = 0;
        for due in &due {
            begun += self.begin_each(due)?;
        }
        if !due.is_empty() || known.is_none_or(|known| known.date() < now.date()) {
            self.store.keep_setting(FOLLOWED, &now.to_string())?;
        }
        Ok(begun)
    }

    fn is_in_force(&self, guide: &Guide) -> bool {
        self.library.areas.iter().any(|area| area.folder == guide.folder && area.status != "停用")
    }

    /// A case for each row that is in the register at that moment, for each chain of cases that holds the entitlement, or
    /// a single one where the start names neither.
    fn begin_each(&self, due: &Due) -> Result<usize, Failure> {
        if let Some(over) = due.start.over {
            return self.begin_over(due, &due.guide.entitlements[over].key);
        }
        let Some(register) = due.start.rows.map(|rows| &due.guide.writable[rows]) else {
            return self.store.transact(|write| self.begin_for(write, due, Of::Nothing, due.at.date()));
        };
        let rows = self.store.register_at(&register.key, due.at)?;
        let mut wanted: Vec<(RegisterRow, Date)> = Vec::new();
        for version in rows {
            let day = match &due.start.when {
                When::Counted(counted) => match self.counted_day(due.guide, register, counted, &version.row, due.at) {
                    Some((from, day)) if day <= due.at.date() => from,
                    _ => continue,
                },
                _ => due.at.date(),
            };
            wanted.push((version.row, day));
        }
        let mut begun = 0;
        for rows in wanted.chunks(TOGETHER) {
            begun += self.store.transact(|write| {
                let mut begun = 0;
                for (row, day) in rows {
                    begun += self.begin_for(write, due, Of::Row(row), *day)?;
                }
                Ok::<_, Failure>(begun)
            })?;
        }
        Ok(begun)
    }

    fn begin_over(&self, due: &Due, entitlement: &str) -> Result<usize, Failure> {
        let (mut begun, mut after) = (0, String::new());
        loop {
            let spelt = self.store.look(|read| read.spelt(&after, due.at, TOGETHER))?;
            let Some(last) = spelt.last() else { return Ok(begun) };
            after.clone_from(&last.root);
            let own =
                |spelt: &&Spelt| *spelt.service == *due.guide.key && is_open_after(&spelt.grants, entitlement, due.at);
            begun += self.store.transact(|write| {
                let each = |spelt| self.begin_for(write, due, Of::Chain(spelt), due.at.date());
                spelt.iter().filter(own).map(each).sum::<Result<usize, Failure>>()
            })?;
        }
    }

    /// From which day of a row is counted, and the day that follows from it.
    fn counted_day(
        &self,
        guide: &Guide,
        register: &guide::model::Register,
        counted: &Counted,
        row: &RegisterRow,
        now: DateTime,
    ) -> Option<(Date, Date)> {
        let facts = read_columns(register, row, now);
        let assessment = formula::Assessment::new(&guide.program, &facts, &self.rates, &self.calendar);
        let Ok(Value::Date(from)) = assessment.expression(counted.from.as_deref()?) else { return None };
        let Ok(Value::Number(far)) = assessment.expression(&counted.length) else { return None };
        Some((from, counted.reach(from, far)?))
    }

    /// Begins a case unless it was begun before; where the row is not among those that are meant, nothing is to be done.
    fn begin_for(&self, write: &mut Write, due: &Due, of: Of, day: Date) -> Result<usize, Failure> {
        let (service, start) = (due.guide.key.to_string(), due.start.key.to_string());
        let about = match of {
            Of::Nothing => String::new(),
            Of::Row(row) => format!("{}:{}", row.register, row.key),
            Of::Chain(spelt) => spelt.root.clone(),
        };
        let key = format!("start:{service}:{start}:{about}:{day}");
        if write.remembered(&key)?.is_some() {
            return Ok(0);
        }
        let (mut case, mut over, mut subject, mut open) = (number(&key), None, None, None);
        match of {
            Of::Nothing => {}
            Of::Row(row) => subject = Some(Subject { register: row.register.clone(), key: row.key.clone() }),
            Of::Chain(spelt) => {
                let chain = write.chain(&spelt.root)?;
                case = next_in(&spelt.root, &chain);
                over = Some(Box::new(Over::of(&spelt.case)));
                open = open_in(&chain).map(str::to_owned);
            }
        }
        let (input, people) = (Input::default(), vec![Actor::system()]);
        // From the end of the journal: nobody can work it out before, and anybody can check it after.
        let draw = u32::from_str_radix(&hash(&["draw", &key, &write.journal_end()?])[..8], 16).ok();
        let command = Command::Submit { case, service, start, input, draw, over, subject };
        let order = Order { key, people, case: None, command, secret: None, now: due.at };
        let decided = match &open {
            None => self.decide_within(write, &order),
            Some(open) => self.decide_beside(write, &order, open),
        };
        let (before, records) = match decided {
            // What the guide does not mean is no mistake; anything else is one, and must not keep the others from beginning.
            Err(Failure::Refused(refused)) => {
                let others = refused.iter().filter(|refusal| refusal.code != Code::R104);
                others.for_each(|refusal| eprintln!("not begun: {} {} {}", due.guide.key, due.start.key, refusal.code));
                return Ok(0);
            }
            decided => decided?,
        };
        if records.is_empty() {
            return Ok(0);
        }
        self.append(write, &before, records, due.at)?;
        let used = Remembered { actor: order.actor(), content: order.content(), case: order.case_id() };
        write.remember(&order.key, &used)?;
        Ok(1)
    }

    /// What the calendar decides by itself over an entitlement of which another case is open is written into that case:
    /// it knows only what was granted before it was begun, and its own decision counts from a later month.
    fn decide_beside(&self, write: &Write, order: &Order, open: &str) -> Result<(Arc<State>, Vec<Record>), Failure> {
        let Command::Submit { over: Some(over), .. } = &order.command else { return Ok(Default::default()) };
        let ground = Ground { state: Arc::default(), before: Some(write.state(&over.case)?), relatives: Vec::new() };
        let records = self.decide_on(&ground, order, &Looks::new(self, Place::Within(write)))?;
        // What somebody has to do waits until the other case is closed.
        let is_done = records.iter().any(|record| matches!(record.event, Event::Closed { .. }));
        let counts = |record: &Record| matches!(record.event, Event::Granted { .. } | Event::LetterIssued { .. });
        let counting = records.into_iter().filter(|record| is_done && counts(record)).collect();
        Ok((write.state(open)?, counting))
    }

    /// Writes what happened, and begins what rows that come into a register bring about.
    pub(crate) fn write_down(
        &self,
        write: &mut Write,
        case: &str,
        before: &State,
        records: &[Record],
    ) -> Result<(), Failure> {
        let no_rate = |why| crate::refused(Refusal::new(Code::R108, format!("参数值不对：{why}"), "改正后再办"));
        self.sets_rates(records).map_err(no_rate)?;
        let mut new = Vec::new();
        for record in records {
            if let Event::Registered(row) = &record.event
                && !write.is_registered(row)?
            {
                new.push((row, record.at));
            }
        }
        write.append(case, before, records).map_err(|fault| match fault {
            Fault::Ledger(refused) => crate::refused(Refusal::new(Code::R114, refused.to_string(), WAY_OUT)),
            fault => Failure::Fault(fault),
        })?;
        for (row, at) in new {
            self.follow_row(write, row, at)?;
        }
        Ok(())
    }

    /// Begins what a row that has just come into a register brings about.
    fn follow_row(&self, write: &mut Write, row: &RegisterRow, now: DateTime) -> Result<usize, Failure> {
        let mut begun = 0;
        for guide in self.library.guides.iter().filter(|guide| self.is_in_force(guide)) {
            let own = |start: &&Start| {
                let register = start.rows.map(|rows| &guide.writable[rows]);
                matches!(start.when, When::Registered)
                    && register.is_some_and(|register| *register.key == *row.register)
            };
            for start in guide.starts.iter().filter(own) {
                begun += self.begin_for(write, &Due { guide, start, at: now }, Of::Row(row), Date::ZERO)?;
            }
        }
        Ok(begun)
    }
}

/// What to do where the ledger refuses.
const WAY_OUT: &str = "请先核对拨款和已经记过的账，再办这一步";

/// The number of a case that nobody submitted: it follows from what it is for, so that it is begun once.
fn number(key: &str) -> String {
    let digits = hash(&["number", key])[..12].to_uppercase();
    format!("{}-{}-{}", &digits[..4], &digits[4..8], &digits[8..])
}
