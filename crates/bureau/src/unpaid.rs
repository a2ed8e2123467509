//! What banks did not pay: rows for what came back and for what nobody has answered in time, so that somebody looks; and
//! what could not be paid in time is left to a later batch.

use base::{Date, DateTime, RegionCode};
use casework::State;
use casework::event::{Datum, Event, PersonRef, RegisterRow};
use casework::payment::{Batch, Line, UNPAID};
use guide::model::{Job, Register, StepKind};
use store::{Run, Sent, Silent, Standing};

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

    /// Writes a row for every payment that came back, and one for every bank that has not answered after a batch's day: it
    /// is one question, however many payments it is about. Gives how many.
    pub(crate) fn tell_unpaid(&self, now: DateTime) -> Result<usize, Failure> {
        let Some(register) = self.register(UNPAID) else { return Ok(0) };
        let mut told = self.tell_back(register, now)?;
        for run in self.store.runs()? {
            let Some(state) = self.store.state(&run.case)?.filter(|state| state.closed.is_none()) else { continue };
            if self.due(&state)?.is_none_or(|due| now.date() <= due) {
                continue;
            }
            told += self.tell_silent(register, &run, state.region, now)?;
        }
        Ok(told)
    }

    fn tell_back(&self, register: &Register, now: DateTime) -> Result<usize, Failure> {
        let (mut told, mut after) = (0, String::new());
        loop {
            let sent = self.store.look(|read| read.came_back(UNPAID, &after, TOGETHER))?;
            let Some(last) = sent.last() else { return Ok(told) };
            after.clone_from(&last.instruction.id);
            told += sent.len();
            let mut rows = Vec::new();
            for sent in &sent {
                let first = sent.instruction.lines.first().copied().unwrap_or_default();
                let line = self.store.line(&sent.run, first)?;
                rows.extend(line.map(|(line, _)| Event::Registered(row(register, sent, &line, now.date()))));
            }
            let ids: Vec<&str> = sent.iter().map(|sent| &*sent.instruction.id).collect();
            self.write_events(&format!("UNPAID-{}", &hash(&[BACK, &ids.join(" ")])[..24]), rows, now)?;
        }
    }

    fn tell_silent(
        &self,
        register: &Register,
        run: &Run,
        region: Option<RegionCode>,
        now: DateTime,
    ) -> Result<usize, Failure> {
        let silent = self.store.look(|read| read.silent(&run.case, UNPAID))?;
        let row = |of: &Silent| Event::Registered(silent_row(register, run, of, region, now.date()));
        for of in &silent {
            let stream = format!("UNPAID-{}", &hash(&[SILENT, &run.case, &of.bank])[..24]);
            self.write_events(&stream, vec![row(of)], now)?;
        }
        Ok(silent.len())
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
        let lines = self.store.look(|read| read.lines_at(run, Standing::Payable))?;
        let lines: Vec<u32> = lines.into_iter().map(|(seq, _)| seq).collect();
        for slice in lines.chunks(TOGETHER) {
            let batch = Batch::Released { run: run.to_owned(), lines: slice.to_vec() };
            self.write_slice(&format!("{run}.left-{}", slice[0]), batch, now)?;
        }
        Ok(())
    }
}

/// The row of a payment that came back.
fn row(register: &Register, sent: &Sent, line: &Line, day: Date) -> RegisterRow {
    let (text, of) = (|text: &str| Datum::Text(text.to_owned()), &sent.instruction);
    let payee = PersonRef { name: line.payee.clone(), number: Some(line.payee_number.clone()) };
    let columns = [
        ("instruction", text(&of.id)),
        ("kind", text(BACK)),
        ("run", text(&sent.run)),
        ("name", text(&line.payee)),
        ("payee", Datum::Person(payee)),
        ("what", text(&line.programme)),
        ("count", text("1")),
        ("month", text(&String::from(line.month))),
        ("amount", text(&of.amount.plain())),
        ("bank", text(&of.bank)),
        ("account", Datum::Text(last_digits(&of.account))),
        ("cause", text(reason(&sent.code))),
        ("of_account", Datum::Bool(is_of_account(&sent.code))),
        ("on", text(sent.at.get(..10).unwrap_or(&sent.at))),
    ];
    derived_row(register, day, line.region, columns)
}

/// The row of a bank that has not answered.
fn silent_row(register: &Register, run: &Run, of: &Silent, region: Option<RegionCode>, day: Date) -> RegisterRow {
    let text = |text: &str| Datum::Text(text.to_owned());
    let columns = [
        ("instruction", text(&format!("{} {}", run.case, of.bank))),
        ("kind", text(SILENT)),
        ("run", text(&run.case)),
        ("name", text(&of.bank)),
        ("count", text(&of.count.to_string())),
        ("month", text(&String::from(run.month))),
        ("amount", text(&of.sum.plain())),
        ("bank", text(&of.bank)),
        ("of_account", Datum::Bool(false)),
        ("on", text(of.since.get(..10).unwrap_or(&of.since))),
    ];
    derived_row(register, day, region.unwrap_or(RegionCode::NATION), columns)
}
