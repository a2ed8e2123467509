//! What banks did not pay: rows for what came back and for what nobody has answered in time, so that somebody looks; and
//! what could not be paid in time is left to a later batch.

use base::{Date, DateTime};
use casework::State;
use casework::event::{Datum, Event, PersonRef, RegisterRow};
use casework::payment::{Batch, Line, UNPAID};
use guide::model::{Job, Register, StepKind};
use store::{Read, Sent, Standing};

use crate::bank::{is_of_account, reason};
use crate::payees::{derived_row, last_digits};
use crate::payroll::At;
use crate::starts::TOGETHER;
use crate::{Bureau, Failure, Fault, hash};

/// The two values of 情形.
const BACK: &str = "退回";
const SILENT: &str = "没有答复";

impl Bureau {
    /// The last day on which the money of a batch is in time: the end of the clock that its bank's answers stop.
    pub fn due(&self, state: &State) -> Result<Option<Date>, Fault> {
        let guide = self.guide(&state.edition)?;
        let collects = |until: &str| {
            guide.step_by_key(until).is_some_and(|step| guide.steps[step].kind == StepKind::Batch(Job::Collect))
        };
        let clock = state.clocks.values().find(|clock| collects(&clock.until));
        Ok(clock.map(|clock| clock.due.at.date()))
    }

    /// Writes a row for every payment that came back, and for every one that is with a bank after its day. Gives how many.
    pub(crate) fn tell_unpaid(&self, now: DateTime) -> Result<usize, Failure> {
        let Some(register) = self.register(UNPAID) else { return Ok(0) };
        let mut told = self.tell_each(register, BACK, now, |read, after| read.came_back(UNPAID, after, TOGETHER))?;
        for run in self.store.runs()? {
            let Some(state) = self.store.state(&run.case)?.filter(|state| state.closed.is_none()) else { continue };
            if self.due(&state)?.is_none_or(|due| now.date() <= due) {
                continue;
            }
            told += self
                .tell_each(register, SILENT, now, |read, after| read.unanswered(&run.case, UNPAID, after, TOGETHER))?;
        }
        Ok(told)
    }

    /// Writes rows for instructions, of which some more are found after an id, until there are none.
    fn tell_each(
        &self,
        register: &Register,
        kind: &str,
        now: DateTime,
        find: impl Fn(&Read, &str) -> Result<Vec<Sent>, Fault>,
    ) -> Result<usize, Failure> {
        let (mut told, mut after) = (0, String::new());
        loop {
            let sent = self.store.look(|read| find(read, &after))?;
            let Some(last) = sent.last() else { return Ok(told) };
            after.clone_from(&last.instruction.id);
            told += sent.len();
            self.tell(register, kind, &sent, now)?;
        }
    }

    fn tell(&self, register: &Register, kind: &str, sent: &[Sent], now: DateTime) -> Result<(), Failure> {
        let mut rows = Vec::new();
        for sent in sent {
            let first = sent.instruction.lines.first().copied().unwrap_or_default();
            let line = self.store.line(&sent.run, first)?;
            rows.extend(line.map(|(line, _)| Event::Registered(row(register, kind, sent, &line, now.date()))));
        }
        let ids: Vec<&str> = sent.iter().map(|sent| &*sent.instruction.id).collect();
        self.write_events(&format!("UNPAID-{}", &hash(&[kind, &ids.join(" ")])[..24]), rows, now)
    }

    /// After the last day on which a batch's money is in time, what came back is sent into accounts that have been put
    /// right, and what has none is left to a later batch.
    pub(crate) fn carry_over(&self, at: &At) -> Result<(), Failure> {
        if self.due(at.state)?.is_none_or(|due| at.now.date() <= due) {
            return Ok(());
        }
        let is_payable = self.store.tally(&at.state.case)?.iter().any(|(standing, ..)| *standing == Standing::Payable);
        if is_payable {
            self.reissue(&at.state.case, at.now)?;
            self.release(&at.state.case, at.now)?;
        }
        Ok(())
    }

    /// What came back after its batch was closed is left to the batch that is made now.
    pub(crate) fn take_over(&self, now: DateTime) -> Result<(), Failure> {
        for run in self.store.look(|read| read.payable())? {
            if self.store.state(&run)?.is_some_and(|state| state.closed.is_some()) {
                self.release(&run, now)?;
            }
        }
        Ok(())
    }

    fn release(&self, run: &str, now: DateTime) -> Result<(), Failure> {
        let mut lines = Vec::new();
        self.each_line(run, Standing::Payable, |line| lines.push(line.seq))?;
        for slice in lines.chunks(TOGETHER) {
            let batch = Batch::Released { run: run.to_owned(), lines: slice.to_vec() };
            self.write_slice(&format!("{run}.left-{}", slice[0]), batch, now)?;
        }
        Ok(())
    }
}

/// The row of a payment that a bank did not make.
fn row(register: &Register, kind: &str, sent: &Sent, line: &Line, day: Date) -> RegisterRow {
    let (text, of) = (|text: &str| Datum::Text(text.to_owned()), &sent.instruction);
    let payee = PersonRef { name: line.payee.clone(), number: Some(line.payee_number.clone()) };
    let of_account = kind == BACK && is_of_account(&sent.code);
    let columns = [
        ("instruction", text(&of.id)),
        ("kind", text(kind)),
        ("run", text(&sent.run)),
        ("name", text(&line.payee)),
        ("payee", Datum::Person(payee)),
        ("what", text(&line.programme)),
        ("month", text(&String::from(line.month))),
        ("amount", text(&of.amount.plain())),
        ("bank", text(&of.bank)),
        ("account", Datum::Text(last_digits(&of.account))),
        ("cause", text(if kind == BACK { reason(&sent.code) } else { "" })),
        ("of_account", Datum::Bool(of_account)),
        ("on", text(sent.at.get(..10).unwrap_or(&sent.at))),
    ];
    derived_row(register, day, line.region, columns)
}
