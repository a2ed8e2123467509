//! Batches of payments (发放批次): the steps of a batch that the bureau does by itself, slice by slice.
//!
//! A slice is written in a transaction of its own, in a stream whose name says which slice it is; whoever comes again
//! after a crash goes on behind the last one. What is frozen does not move while the slices are made: each sees
//! decisions as they were known when the step was opened.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use base::{DateTime, Fen, Month};
use casework::event::Datum;
use casework::payment::{Batch, Instruction};
use casework::state::Instance;
use casework::{Actor, Command, Event, Input, Record, State, Status};
use guide::Guide;
use guide::model::{Job, StepKind};
use ledger::{Account, Heading, Period, Unit};
use serde::Deserialize;
use store::{Run, Standing};

use crate::roster::{Made, Maker};
use crate::{Bureau, Failure, Fault, Order};

/// Lines, or instructions, that one transaction writes.
pub(crate) const SLICE: usize = 5_000;

/// How far a batch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub case: String,
    /// 编制 记账 付款 抽查 导入.
    pub job: &'static str,
    pub done: usize,
}

/// What keeps a batch from going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Chinese sentences: which appropriations are not enough.
    Funds(Vec<String>),
    /// So many payments that are not settled, so many that are not explained.
    Bank { unsettled: i64, unexplained: i64 },
}

/// A batch at a step that the bureau does.
pub(crate) struct At<'a> {
    pub state: &'a State,
    pub guide: &'a Arc<Guide>,
    pub instance: &'a Instance,
    pub now: DateTime,
}

impl Bureau {
    /// Does what batches wait for, the earliest first, as far as it can be done. Gives how many steps were completed.
    pub fn work(&self, now: DateTime, tell: &mut dyn FnMut(Progress)) -> Result<usize, Failure> {
        let mut done = 0;
        for case in self.batches(now)? {
            done += self.work_on(&case, now, tell)?;
        }
        self.tell_unpaid(now)?;
        Ok(done)
    }

    /// Does what one batch waits for, step by step, until it waits for somebody else.
    pub fn work_on(&self, case: &str, now: DateTime, tell: &mut dyn FnMut(Progress)) -> Result<usize, Failure> {
        let mut done = 0;
        while let Some(state) = self.store.state(case)? {
            let guide = self.guide(&state.edition)?;
            let Some((instance, job)) = batch_step(&state, &guide) else { break };
            let at = At { state: &state, guide: &guide, instance: &instance, now };
            if self.job(&at, job, tell)?.is_some() {
                break;
            }
            done += 1;
        }
        Ok(done)
    }

    /// The batches that are at a step of the bureau's own, in the order in which they were begun; a clock that was set back
    /// leaves those alone that have not begun by it.
    fn batches(&self, now: DateTime) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for guide in &self.library.guides {
            for step in guide.steps.iter().filter(|step| matches!(step.kind, StepKind::Batch(_))) {
                for case in self.store.at_task(&format!("{} {}", guide.key, step.key))? {
                    let opened = self.store.state(&case)?.and_then(|state| state.opened_at);
                    found.extend(opened.filter(|opened| *opened <= now).map(|opened| (opened, case)));
                }
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, case)| case).collect())
    }

    /// What a batch waits for at its step, if it is at one that the bureau does.
    pub fn waits(&self, case: &str, now: DateTime) -> Result<Option<Waits>, Failure> {
        let Some(state) = self.store.state(case)? else { return Ok(None) };
        let guide = self.guide(&state.edition)?;
        let Some((instance, job)) = batch_step(&state, &guide) else { return Ok(None) };
        let at = At { state: &state, guide: &guide, instance: &instance, now };
        match job {
            Job::Roster | Job::Sample | Job::Import => Ok(None),
            Job::Pay => Ok(self.short_of(&at)?),
            Job::Collect | Job::Reconcile => self.unsettled(&at, job),
        }
    }

    fn job(&self, at: &At, job: Job, tell: &mut dyn FnMut(Progress)) -> Result<Option<Waits>, Failure> {
        let outputs = match job {
            Job::Roster => self.make_roster(at, tell)?,
            Job::Pay => {
                if let Some(waits) = self.short_of(at)? {
                    return Ok(Some(waits));
                }
                self.commit(at, tell)?;
                let made = self.instruct(at, tell)?;
                let total: i64 = self.store.tally(&at.state.case)?.iter().map(|(_, _, sum)| sum).sum();
                vec![("指令数", made.to_string()), ("金额", Fen(total).plain())]
            }
            Job::Collect | Job::Reconcile => {
                self.carry_over(at)?;
                if let Some(waits) = self.unsettled(at, job)? {
                    return Ok(Some(waits));
                }
                self.settled(at, job)?
            }
            Job::Sample => self.sample(at, tell)?,
            Job::Import => self.bring_in(at, tell)?,
        };
        self.complete(at, outputs)?;
        Ok(None)
    }

    /// The step is done, by the system.
    fn complete(&self, at: &At, outputs: Vec<(&str, String)>) -> Result<(), Failure> {
        let outputs = outputs.into_iter().map(|(name, text)| (name.to_owned(), Datum::Text(text))).collect();
        let input = Input { outputs, ..Input::default() };
        let step = at.instance.step.clone();
        self.execute(&Order {
            key: format!("batch:{}:{}", at.state.case, at.instance.id),
            people: vec![Actor::system()],
            case: Some(at.state.case.clone()),
            command: Command::Do { step, conclusion: None, input },
            secret: None,
            now: at.now,
        })?;
        Ok(())
    }

    /// Writes a slice, in a stream of its own.
    pub(crate) fn write_slice(&self, stream: &str, batch: Batch, now: DateTime) -> Result<(), Failure> {
        self.write_events(stream, vec![Event::Batch(batch)], now)
    }

    /// Writes slices one after the other, each while the next one is made. Whoever makes them hands them over, and stops
    /// when one is not taken: then another one could not be written.
    fn write_behind(
        &self,
        now: DateTime,
        make: impl FnOnce(&dyn Fn(String, Vec<Event>) -> bool) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (slices, made) = sync_channel::<(String, Vec<Event>)>(0);
        thread::scope(|scope| {
            let write =
                move || made.into_iter().try_for_each(|(stream, events)| self.write_events(&stream, events, now));
            let writer = scope.spawn(write);
            let made = make(&|stream, events| slices.send((stream, events)).is_ok());
            drop(slices);
            match writer.join() {
                Ok(written) => made.and(written),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    pub(crate) fn write_events(&self, stream: &str, events: Vec<Event>, now: DateTime) -> Result<(), Failure> {
        let record = |event: Event| Record { at: now, by: Actor::system().reference(), event };
        let records: Vec<Record> = events.into_iter().map(record).collect();
        self.store.transact(|write| {
            if write.state(stream)?.revision > 0 {
                return Ok(());
            }
            self.write_down(write, stream, &State::default(), &records)
        })
    }

    /// 编制: a line for everybody who is owed something by decisions as they were known when the step was opened.
    fn make_roster(&self, at: &At, tell: &mut dyn FnMut(Progress)) -> Result<Vec<(&'static str, String)>, Failure> {
        let (run, frozen) = (&at.state.case, at.instance.opened_at);
        let month = Month::of(at.state.opened_at.unwrap_or(frozen).date());
        let runs = self.store.runs()?;
        let others: Vec<&Run> = runs.iter().filter(|known| known.case != *run && known.month <= month).collect();
        let before = self.run_before(run)?;
        let shared = others.last().is_some_and(|last| last.month == month);
        let since = others.first().map_or(month, |first| first.month);
        let stream = |slice: &str| format!("{run}.{}.{slice}", at.instance.id);
        let anew = at.state.steps.iter().filter(|known| known.step == at.instance.step).count() > 1;
        if anew {
            self.write_slice(&stream("void"), Batch::Discarded { run: run.clone() }, at.now)?;
        }
        let (mut last, mut after) = self.store.look(|read| read.last_line(run))?.unwrap_or_default();
        self.take_over(at.now)?;
        let maker =
            Maker { bureau: self, at, month, since, before: before.as_ref(), shared, anew, known: Default::default() };
        self.write_behind(at.now, |write| {
            loop {
                let spelt = self.store.look(|read| read.spelt(&after, frozen, SLICE))?;
                let is_last = spelt.len() < SLICE;
                after = spelt.last().map_or_else(|| after.clone(), |last| last.root.clone());
                let slice = stream(&format!("{last}-{after}"));
                let Made { lines, overpaid, rows } = maker.lines(&spelt, last)?;
                last += u32::try_from(lines.len()).unwrap_or(0);
                let batch = Batch::Rostered { run: run.clone(), month, frozen, lines, overpaid };
                let rows = rows.into_iter().map(Event::Registered);
                let written = write(slice, std::iter::once(Event::Batch(batch)).chain(rows).collect());
                tell(Progress { case: run.clone(), job: "编制", done: last as usize });
                if is_last || !written {
                    return Ok(());
                }
            }
        })?;
        let counts = self.store.counts(run, before.as_ref().map_or("", |before| &before.case))?;
        Ok(vec![
            ("笔数", counts.lines.to_string()),
            ("金额", Fen(counts.total).plain()),
            ("暂缓笔数", counts.held.to_string()),
            ("提示笔数", counts.marked.to_string()),
            ("新增", counts.entered.to_string()),
            ("退出", counts.left.to_string()),
            ("变动", counts.changed.to_string()),
        ])
    }

    /// The batch with which another one is compared: the last one before it that was begun in the same way. A supplement is
    /// not compared with a whole month.
    pub fn run_before(&self, run: &str) -> Result<Option<Run>, Failure> {
        let Some(own) = self.store.state(run)? else { return Ok(None) };
        let earlier = |state: &State| {
            state.case != run
                && state.opened_at <= own.opened_at
                && (&state.service, &state.start) == (&own.service, &own.start)
        };
        for known in self.store.runs()?.into_iter().rev() {
            if self.store.state(&known.case)?.as_ref().is_some_and(earlier) {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Which appropriations the listed lines would overdraw.
    fn short_of(&self, at: &At) -> Result<Option<Waits>, Failure> {
        let wanted = self.store.look(|read| read.borne(&at.state.case, Standing::Listed))?;
        let book = self.store.book()?;
        let mut short = Vec::new();
        for ((source, programme, year), wanted) in wanted {
            let (heading, period, owner, unit) = (Heading::Appropriation, Period::Year(year), String::new(), Unit::Fen);
            let name = programme.clone();
            let account = Account { heading, source: Some(source), programme, period, owner, unit };
            let there = book.number(&account).and_then(|number| book.account(number)).map_or(0, |(_, b)| b.posted);
            if there < wanted {
                let (source, wanted, missing) = (source.name(), Fen(wanted), Fen(wanted - there));
                short.push(format!("{year}年{name}的{source}资金要付 {wanted} 元，可用指标还差 {missing} 元"));
            }
        }
        Ok(Some(short).filter(|short| !short.is_empty()).map(Waits::Funds))
    }

    fn commit(&self, at: &At, tell: &mut dyn FnMut(Progress)) -> Result<(), Failure> {
        let run = &at.state.case;
        let (last, _) = self.store.look(|read| read.last_line(run))?.unwrap_or_default();
        for first in (1..=last).step_by(SLICE) {
            let stream = format!("{run}.{}.{first}", at.instance.id);
            let last = (first + SLICE as u32 - 1).min(last);
            self.write_slice(&stream, Batch::Committed { run: run.clone(), first, last }, at.now)?;
            tell(Progress { case: run.clone(), job: "记账", done: last as usize });
        }
        Ok(())
    }

    /// Makes instructions for what is payable: all that one person gets into one account is one of them.
    fn instruct(&self, at: &At, tell: &mut dyn FnMut(Progress)) -> Result<usize, Failure> {
        let run = &at.state.case;
        // What came back is for `reissue`, which links the new instruction to the old one.
        let groups = self.store.look(|read| read.to_instruct(run))?;
        let (made, plain) = (self.store.instructed(run)?, plain_id(run));
        self.write_behind(at.now, |write| {
            for (place, groups) in groups.chunks(SLICE).enumerate() {
                let first = made + place * SLICE + 1;
                let instructions =
                    self.instructions_for(run, groups, |place| format!("{plain}-{:07}-1", first + place))?;
                let stream = format!("{run}.{}.send-{}", at.instance.id, instructions[0].id);
                let done = place * SLICE + groups.len();
                if !write(stream, vec![Event::Batch(Batch::Instructed { run: run.clone(), instructions })]) {
                    break;
                }
                tell(Progress { case: run.clone(), job: "付款", done });
            }
            Ok(())
        })?;
        Ok(made + groups.len())
    }

    /// An instruction for each group of lines, with an id by its place.
    fn instructions_for(
        &self,
        run: &str,
        groups: &[Vec<u32>],
        id: impl Fn(usize) -> String,
    ) -> Result<Vec<Instruction>, Failure> {
        let seqs = groups.concat();
        let mut lines = self.store.look(|read| read.lines_as::<Owed>(run, &seqs))?.into_iter();
        let instruction = |(place, group): (usize, &Vec<u32>)| {
            let first = lines.next()?;
            let rest: i64 = lines.by_ref().take(group.len() - 1).map(|line| line.total.0).sum();
            let (id, lines, amount) = (id(place), group.clone(), Fen(first.total.0 + rest));
            let Owed { payee, bank, account, .. } = first;
            Some(Instruction { id, lines, payee, bank, account, amount, again: String::new() })
        };
        let made: Vec<Instruction> = groups.iter().enumerate().map_while(instruction).collect();
        if made.len() < groups.len() {
            return Err(Fault::Damaged(format!("{run} 的明细不全")).into());
        }
        Ok(made)
    }

    /// What a bank has still to say: nothing is given up, and nothing goes on without it.
    fn unsettled(&self, at: &At, job: Job) -> Result<Option<Waits>, Failure> {
        let tally = self.store.tally(&at.state.case)?;
        let open = tally.iter().filter(|(standing, ..)| matches!(standing, Standing::Payable | Standing::Sent));
        let unsettled = open.map(|(_, count, _)| count).sum();
        let unexplained = if job == Job::Reconcile { self.store.unexplained(&at.state.case)? } else { 0 };
        let waits = Waits::Bank { unsettled, unexplained };
        Ok(Some(waits).filter(|_| unsettled + unexplained > 0))
    }

    fn settled(&self, at: &At, job: Job) -> Result<Vec<(&'static str, String)>, Failure> {
        if job == Job::Reconcile {
            return Ok(vec![("差额", "0".to_owned())]);
        }
        let tally = self.store.tally(&at.state.case)?;
        let of = |wanted: Standing| tally.iter().find(|(standing, ..)| *standing == wanted).copied();
        let paid = of(Standing::Paid).unwrap_or((Standing::Paid, 0, 0));
        let others: i64 = tally.iter().filter(|(standing, ..)| *standing != Standing::Paid).map(|(_, n, _)| n).sum();
        Ok(vec![("成功", paid.1.to_string()), ("未成功", others.to_string()), ("金额", Fen(paid.2).plain())])
    }
}

/// What an instruction has of a line.
#[derive(Deserialize)]
struct Owed {
    payee: String,
    bank: String,
    account: String,
    total: Fen,
}

/// The number of a batch as banks take it: letters and digits.
pub(crate) fn plain_id(run: &str) -> String {
    run.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The step at which a batch stands, as people call it; empty when it is closed.
pub fn stage<'g>(state: &State, guide: &'g Guide) -> &'g str {
    let live = state.live().find_map(|instance| guide.steps.iter().find(|step| *step.key == *instance.step));
    live.map_or("", |step| &step.name)
}

/// The step at which a batch stands, if the bureau does it.
fn batch_step(state: &State, guide: &Guide) -> Option<(Instance, Job)> {
    let job = |instance: &Instance| match guide.steps.iter().find(|step| *step.key == instance.step)?.kind {
        StepKind::Batch(job) if instance.status == Status::Open => Some(job),
        _ => None,
    };
    state.live().find_map(|instance| Some((instance.clone(), job(instance)?)))
}
