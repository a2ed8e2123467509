//! Payments as they are kept: lines of rosters, instructions to banks, entries of statements.
//!
//! Like the ledger they follow from the journal in its order: `apply` is the only way in.

use std::collections::BTreeMap;

use base::{Fen, Month};
use casework::event::{Event, Record};
use casework::payment::{Batch, Debt, Instruction, Line};
use ledger::{Account, Act, Flow, Heading, Period, Source, Unit};
use rusqlite::{Connection, params};

use crate::answers;
use crate::books::{self, Books, Entry};
use crate::debts;
use crate::fault::Fault;
use crate::lists::list;

pub(crate) const SCHEMA: &str = "
CREATE TABLE pay_run (run TEXT PRIMARY KEY, month TEXT NOT NULL, frozen TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pay_line (
    run TEXT NOT NULL, seq INTEGER NOT NULL, root TEXT NOT NULL, entitlement TEXT NOT NULL, month TEXT NOT NULL,
    number TEXT NOT NULL, payee TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, total INTEGER NOT NULL,
    before INTEGER, decisions INTEGER NOT NULL, people INTEGER NOT NULL, marked INTEGER NOT NULL,
    programme TEXT NOT NULL, shares BLOB NOT NULL, reserve INTEGER, status TEXT NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE pay_detail (
    run TEXT NOT NULL, seq INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX line_once ON pay_line (root, entitlement, month, run);
CREATE INDEX line_by_number ON pay_line (number);
CREATE TABLE pay_instruction (
    id TEXT PRIMARY KEY, run TEXT NOT NULL, amount INTEGER NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL,
    at TEXT NOT NULL, explained INTEGER NOT NULL, posting INTEGER NOT NULL, content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX instruction_by_run ON pay_instruction (run, status);
CREATE INDEX instruction_back ON pay_instruction (id) WHERE status IN ('failed', 'returned');
CREATE TABLE pay_statement (
    reference TEXT PRIMARY KEY, at TEXT NOT NULL, amount INTEGER NOT NULL, instructions TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Where a line or an instruction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// On the roster.
    Listed,
    /// On the roster, and not to be paid by this batch.
    Held,
    /// Approved: owed, and not with the bank.
    Payable,
    /// With the bank, which has not answered.
    Sent,
    Paid,
    /// The bank did not take it, or sent it back: an instruction; its lines are payable again.
    Failed,
    Returned,
    /// A line that came back, could not be paid, and is left to a later batch.
    Released,
}

/// Each by its key and as people read it.
const STANDINGS: [(Standing, &str, &str); 8] = [
    (Standing::Listed, "listed", "在册"),
    (Standing::Held, "held", "暂缓"),
    (Standing::Payable, "payable", "待付"),
    (Standing::Sent, "sent", "在途"),
    (Standing::Paid, "paid", "已付"),
    (Standing::Failed, "failed", "未成功"),
    (Standing::Returned, "returned", "退回"),
    (Standing::Released, "released", "转下批"),
];

impl Standing {
    pub fn key(self) -> &'static str {
        STANDINGS.iter().find(|(known, ..)| *known == self).map_or("", |(_, key, _)| key)
    }

    /// As people read it.
    pub fn name(self) -> &'static str {
        STANDINGS.iter().find(|(known, ..)| *known == self).map_or("", |(.., name)| name)
    }

    pub(crate) fn of(key: &str) -> Result<Self, Fault> {
        let known = STANDINGS.iter().find(|(_, known, _)| *known == key);
        known.map(|(standing, ..)| *standing).ok_or_else(|| Fault::damaged("发放的一行不认识"))
    }
}

/// An instruction with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub run: String,
    pub instruction: Instruction,
    pub standing: Standing,
    /// The bank's reason, by its 标识.
    pub code: String,
    pub at: String,
    /// How often a statement has shown it: once for what left, once more for what came back.
    pub explained: i64,
}

/// What an entry of the journal does to ledger and payments.
pub(crate) fn apply(sql: &Connection, case: &str, record: &Record) -> Result<(), Fault> {
    match &record.event {
        Event::Booked { party, about, transfers } => {
            books::book(sql, record.at, case, party, transfers)?;
            debts::claimed(sql, case, about.as_ref(), transfers)
        }
        Event::Batch(batch) => apply_batch(sql, batch, &record.at.to_string()),
        _ => Ok(()),
    }
}

fn apply_batch(sql: &Connection, batch: &Batch, at: &str) -> Result<(), Fault> {
    match batch {
        Batch::Rostered { run, month, frozen, lines, overpaid } => {
            let insert_run = "INSERT INTO pay_run VALUES (?1, ?2, ?3) ON CONFLICT (run) DO UPDATE SET frozen = ?3";
            sql.prepare_cached(insert_run)?.execute(params![run, String::from(*month), frozen.to_string()])?;
            debts::found(sql, run, overpaid)?;
            lines.iter().try_for_each(|line| insert(sql, run, line, at))
        }
        Batch::Committed { run, first, last } => commit(sql, run, (*first, *last), at),
        Batch::Instructed { run, instructions } => instruct(sql, run, instructions, at),
        Batch::Answered { answers } => answers::answer(sql, answers, at),
        Batch::Explained { entries } => answers::explain(sql, entries, at),
        Batch::Released { run, lines } => answers::release(sql, run, lines, at),
        // What was drawn stands in the register, row by row.
        Batch::Drawn { .. } => Ok(()),
        Batch::Discarded { run } => {
            let query = "SELECT reserve FROM pay_line WHERE run = ?1 AND status = 'listed' AND reserve IS NOT NULL";
            debts::settle(sql, &list(sql, query, [run], |row| row.get(0))?, Act::Void, at, run)?;
            let detail = "DELETE FROM pay_detail WHERE run = ?1 AND seq IN
                          (SELECT seq FROM pay_line WHERE run = ?1 AND status IN ('listed', 'held'))";
            sql.prepare_cached(detail)?.execute([run])?;
            let delete = "DELETE FROM pay_line WHERE run = ?1 AND status IN ('listed', 'held')";
            sql.prepare_cached(delete)?.execute([run])?;
            Ok(())
        }
    }
}

fn insert(sql: &Connection, run: &str, line: &Line, at: &str) -> Result<(), Fault> {
    if line.sum() != line.total || line.shares.iter().map(|(_, amount)| amount).sum::<i64>() != line.total.0 {
        return Err(Fault::damaged(format!("{run} 的第 {} 行合计不对", line.seq)));
    }
    let query = "INSERT INTO pay_line VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                 ?17, ?18, ?19)";
    let standing = if line.held.is_empty() { Standing::Listed } else { Standing::Held };
    let entitlement = format!("{}/{}", line.service, line.entitlement);
    if beside(sql, run, &line.root, &entitlement, line.month)? != line.beside {
        return Err(Fault::damaged(format!("{run} 的第 {} 行没有算进同月别的批次", line.seq)));
    }
    let month = String::from(line.month);
    let (region, status) = (line.region.to_string(), standing.key());
    let kept: Vec<(&Debt, Fen)> =
        line.parts.iter().filter_map(|part| Some((part.debt.as_ref()?, Fen(-part.fen.0)))).collect();
    let reserve = debts::reserve(sql, &kept, at, &format!("{run}/{}", line.seq))?;
    sql.prepare_cached(query)?.execute(params![
        run,
        line.seq,
        line.root,
        entitlement,
        month,
        line.number,
        line.payee_number,
        line.account,
        region,
        line.total.0,
        line.before.map(|fen| fen.0),
        line.decisions,
        line.people,
        !line.marks.is_empty(),
        line.programme,
        postcard::to_allocvec(&line.shares).map_err(|error| Fault::damaged(error.to_string()))?,
        reserve,
        status,
        day(at),
    ])?;
    let detail = "INSERT INTO pay_detail VALUES (?1, ?2, ?3)";
    sql.prepare_cached(detail)?.execute(params![run, line.seq, json(line)?])?;
    Ok(())
}

/// How many lines of other batches a spell has for a month that are paid or are to be.
///
/// `INVARIANT (never twice): a line is written only if it was reckoned with every such line.`
pub(crate) fn beside(sql: &Connection, run: &str, root: &str, entitlement: &str, month: Month) -> Result<u32, Fault> {
    let query = "SELECT COUNT(*) FROM pay_line WHERE root = ?1 AND entitlement = ?2 AND month = ?3 AND run <> ?4
                 AND status NOT IN ('held', 'released')";
    Ok(sql.prepare_cached(query)?.query_row([root, entitlement, &String::from(month), run], |row| row.get(0))?)
}

/// The day of a moment as the journal writes it.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

/// Lines of a batch now stand somewhere.
pub(crate) fn stand(sql: &Connection, run: &str, lines: &[u32], standing: Standing, at: &str) -> Result<(), Fault> {
    let update = "UPDATE pay_line SET status = ?3, since = ?4
                  WHERE run = ?1 AND seq IN (SELECT value FROM json_each(?2))";
    sql.prepare_cached(update)?.execute(params![run, json(&lines)?, standing.key(), day(at)])?;
    Ok(())
}

/// What a line moves.
pub(crate) struct Moved {
    pub month: Month,
    pub programme: String,
    pub total: i64,
    /// What each source bears, in 分.
    pub shares: Vec<(Source, i64)>,
}

/// Lines of a batch, by their numbers or all, that stand where they should.
pub(crate) fn moved(
    sql: &Connection,
    run: &str,
    lines: &[u32],
    standing: Option<Standing>,
) -> Result<BTreeMap<u32, Moved>, Fault> {
    let query = "SELECT seq, month, programme, total, shares FROM pay_line
                 WHERE run = ?1 AND seq IN (SELECT value FROM json_each(?2)) AND (?3 = '' OR status = ?3)";
    let row = |row: &rusqlite::Row| {
        let month: String = row.get(1)?;
        Ok((row.get(0)?, month, row.get(2)?, row.get(3)?, row.get::<_, Vec<u8>>(4)?))
    };
    let rows = list(sql, query, params![run, json(&lines)?, standing.map_or("", Standing::key)], row)?;
    let moved = |(seq, month, programme, total, shares): (u32, String, String, i64, Vec<u8>)| {
        let month = month.parse().map_err(|_| Fault::damaged("月份不能读"))?;
        let shares = postcard::from_bytes(&shares).map_err(|error| Fault::damaged(error.to_string()))?;
        Ok((seq, Moved { month, programme, total, shares }))
    };
    rows.into_iter().map(moved).collect()
}

/// The account through which the money of a source for a line goes.
fn account(heading: Heading, source: Source, line: &Moved) -> Account {
    let period =
        if heading == Heading::Appropriation { Period::Year(line.month.year()) } else { Period::Month(line.month) };
    let (programme, owner, unit) = (line.programme.clone(), String::new(), Unit::Fen);
    Account { heading, source: Some(source), programme, period, owner, unit }
}

/// One flow for each source that bears something.
pub(crate) fn flows(books: &mut Books, line: &Moved, from: Heading, to: Heading) -> Result<Vec<Flow>, Fault> {
    let borne = line.shares.iter().filter(|(_, amount)| *amount > 0);
    let flow = |(source, amount): &(Source, i64)| {
        let (from, to) = (account(from, *source, line), account(to, *source, line));
        Ok(Flow { from: books.number(&from)?, to: books.number(&to)?, amount: *amount })
    };
    borne.map(flow).collect()
}

fn commit(sql: &Connection, run: &str, (first, last): (u32, u32), at: &str) -> Result<(), Fault> {
    let kept = "SELECT reserve FROM pay_line
                WHERE run = ?1 AND seq BETWEEN ?2 AND ?3 AND status = 'listed' AND reserve IS NOT NULL";
    debts::settle(sql, &list(sql, kept, params![run, first, last], |row| row.get(0))?, Act::Confirm, at, run)?;
    let mut books = Books::open(sql)?;
    let lines = moved(sql, run, &(first..=last).collect::<Vec<_>>(), Some(Standing::Listed))?;
    for (seq, line) in &lines {
        let flows = flows(&mut books, line, Heading::Appropriation, Heading::Payable)?;
        let document = format!("{run}/{seq}");
        books.post(&Entry { at, act: Act::Post, about: None, party: "", document: &document, flows: &flows })?;
    }
    stand(sql, run, &lines.into_keys().collect::<Vec<_>>(), Standing::Payable, at)?;
    books.close()
}

/// `INVARIANT (never twice): an instruction takes lines that are payable, and leaves none of them so.`
fn instruct(sql: &Connection, run: &str, instructions: &[Instruction], at: &str) -> Result<(), Fault> {
    let mut books = Books::open(sql)?;
    let insert = "INSERT INTO pay_instruction VALUES (?1, ?2, ?3, ?4, '', ?5, 0, ?6, ?7)";
    let mut insert = sql.prepare_cached(insert)?;
    let wanted: Vec<u32> = instructions.iter().flat_map(|instruction| instruction.lines.iter().copied()).collect();
    let mut payable = moved(sql, run, &wanted, Some(Standing::Payable))?;
    for instruction in instructions {
        let (mut all, mut sum) = (Vec::new(), 0);
        for seq in &instruction.lines {
            let Some(line) = payable.remove(seq) else {
                return Err(Fault::damaged(format!("{run} 的第 {seq} 行不在待付中")));
            };
            all.extend(flows(&mut books, &line, Heading::Payable, Heading::Paid)?);
            sum += line.total;
        }
        if sum != instruction.amount.0 {
            return Err(Fault::damaged(format!("指令 {} 的金额不等于各行之和", instruction.id)));
        }
        let entry = Entry { at, act: Act::Pend, about: None, party: "", document: &instruction.id, flows: &all };
        let posting = books.post(&entry)?;
        let (status, content) = (Standing::Sent.key(), json(instruction)?);
        insert.execute(params![instruction.id, run, instruction.amount.0, status, at, posting, content])?;
    }
    stand(sql, run, &wanted, Standing::Sent, at)?;
    books.close()
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::damaged(error.to_string()))
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(content: &str) -> Result<T, Fault> {
    serde_json::from_str(content).map_err(|error| Fault::damaged(error.to_string()))
}

type RawSent = (String, String, String, String, i64, String);

pub(crate) fn sent(row: &rusqlite::Row) -> rusqlite::Result<RawSent> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

pub(crate) fn read_sent((run, status, code, at, explained, content): RawSent) -> Result<Sent, Fault> {
    Ok(Sent { run, instruction: read(&content)?, standing: Standing::of(&status)?, code, at, explained })
}

#[cfg(test)]
mod tests {
    use base::{DateTime, Month, RegionCode};
    use casework::State;
    use casework::event::ActorRef;
    use casework::payment::{Answer, Explained, Outcome, Part};
    use ledger::Transfer;

    use super::*;
    use crate::Store;

    const SHARES: [(Source, i64); 2] = [(Source::Central, 60_000), (Source::County, 5_000)];

    fn month() -> Month {
        Month::new(2026, 10).unwrap()
    }

    fn some_line(seq: u32) -> Line {
        let total = Fen(65_000);
        let text = |text: &str| text.to_owned();
        Line {
            seq,
            root: format!("R-{seq}"),
            case: format!("R-{seq}"),
            service: text("grant"),
            entitlement: text("monthly"),
            programme: text("grant"),
            region: RegionCode::parse("410325001001").unwrap(),
            holder: text("示例人"),
            number: format!("N-{seq}"),
            payee: text("示例人"),
            payee_number: format!("N-{seq}"),
            reason: String::new(),
            bank: text("示例银行"),
            account: format!("62000000{seq}"),
            month: month(),
            parts: vec![Part { name: text("基本"), month: month(), fen: total, debt: None }],
            total,
            shares: SHARES.to_vec(),
            decisions: 1,
            beside: 0,
            people: 1,
            before: None,
            marks: Vec::new(),
            held: String::new(),
        }
    }

    /// A store in which a hundred households' worth of each source was appropriated.
    struct Bank {
        _folder: tempfile::TempDir,
        store: Store,
        at: DateTime,
        streams: std::cell::Cell<u32>,
    }

    impl Bank {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let at = "2026-10-05T09:00:00".parse().unwrap();
            let bank = Self { _folder: folder, store, at, streams: std::cell::Cell::new(0) };
            let transfers = SHARES.map(|(source, amount)| {
                let of = |heading| Account {
                    heading,
                    source: Some(source),
                    programme: "grant".into(),
                    period: Period::Year(2026),
                    owner: String::new(),
                    unit: Unit::Fen,
                };
                Transfer { from: of(Heading::Treasury), to: of(Heading::Appropriation), amount: amount * 100 }
            });
            bank.does(Event::Booked { party: "财政局".into(), about: None, transfers: transfers.to_vec() }).unwrap();
            bank
        }

        fn does(&self, event: Event) -> Result<(), Fault> {
            self.streams.set(self.streams.get() + 1);
            let by = ActorRef { id: "system".into(), name: "系统".into(), for_applicant: false };
            let record = Record { at: self.at, by, event };
            let stream = format!("S-{}", self.streams.get());
            self.store.transact(|write| write.append(&stream, &State::default(), &[record]))
        }

        fn batch(&self, batch: Batch) -> Result<(), Fault> {
            self.does(Event::Batch(batch))
        }

        fn rosters(&self, run: &str, lines: Vec<Line>) -> Result<(), Fault> {
            let (run, month, frozen, overpaid) = (run.to_owned(), month(), self.at, Vec::new());
            self.batch(Batch::Rostered { run, month, frozen, lines, overpaid })
        }

        fn instruct(&self, id: &str, lines: &[u32]) -> Result<(), Fault> {
            let amount = Fen(65_000 * lines.len() as i64);
            let (payee, bank, account) = ("示例人".to_owned(), "示例银行".to_owned(), "62".to_owned());
            let lines = lines.to_vec();
            let instruction = Instruction { id: id.into(), lines, payee, bank, account, amount, again: String::new() };
            self.batch(Batch::Instructed { run: "RUN".into(), instructions: vec![instruction] })
        }

        fn answers(&self, id: &str, outcome: Outcome) -> Result<(), Fault> {
            self.batch(Batch::Answered { answers: vec![Answer { id: id.into(), outcome, code: String::new() }] })
        }

        fn explains(&self, reference: &str, fen: i64, ids: &[&str]) -> Result<(), Fault> {
            let instructions = ids.iter().map(|id| (*id).to_owned()).collect();
            let entry = Explained { reference: reference.into(), amount: Fen(fen), instructions };
            self.batch(Batch::Explained { entries: vec![entry] })
        }

        fn standing(&self, source: Source) -> ledger::Standing {
            self.store.book().unwrap().standing(source, "grant", 2026)
        }
    }

    #[test]
    fn a_payment_goes_its_way_once_and_the_ledger_follows_it() {
        let bank = Bank::new();
        let lines = (1..=3).map(some_line).collect();
        bank.rosters("RUN", lines).unwrap();
        assert!(bank.instruct("I-1", &[1]).is_err(), "nobody has approved it");
        bank.batch(Batch::Committed { run: "RUN".into(), first: 1, last: 3 }).unwrap();
        bank.instruct("I-1", &[1, 2]).unwrap();
        bank.instruct("I-2", &[3]).unwrap();
        assert!(bank.instruct("I-3", &[3]).is_err(), "it is with the bank");
        let central = bank.standing(Source::Central);
        assert_eq!((central.committed, central.in_flight, central.paid), (180_000, 180_000, 0));
        bank.answers("I-1", Outcome::Paid).unwrap();
        assert!(bank.answers("I-1", Outcome::Paid).is_err(), "the same answer again");
        assert!(bank.answers("I-1", Outcome::Failed).is_err(), "another answer after that");
        bank.answers("I-2", Outcome::Failed).unwrap();
        bank.instruct("I-4", &[3]).unwrap();
        bank.answers("I-4", Outcome::Paid).unwrap();
        assert!(bank.explains("S1", 195_001, &["I-1", "I-4"]).is_err(), "one fen more than what it stands for");
        assert!(bank.explains("S1", 260_000, &["I-1", "I-1"]).is_err(), "the same instruction twice");
        bank.explains("S1", 195_000, &["I-1", "I-4"]).unwrap();
        assert!(bank.explains("S1", 195_000, &["I-1", "I-4"]).is_err(), "the same entry again");
        assert!(bank.explains("S2", 130_000, &["I-1"]).is_err(), "what was explained before");
        bank.answers("I-4", Outcome::Returned).unwrap();
        let county = bank.standing(Source::County);
        assert_eq!((county.committed, county.paid, county.reconciled), (15_000, 10_000, 10_000));
        bank.explains("S3", -65_000, &["I-4"]).unwrap();
        bank.instruct("I-5", &[3]).unwrap();
        let both =
            [Outcome::Paid, Outcome::Returned].map(|outcome| Answer { id: "I-5".into(), outcome, code: String::new() });
        bank.batch(Batch::Answered { answers: both.to_vec() }).unwrap();
        assert_eq!(bank.store.tally("RUN").unwrap()[1], (Standing::Payable, 1, 65_000), "paid and back in one message");
        bank.instruct("I-6", &[3]).unwrap();
        bank.answers("I-6", Outcome::Paid).unwrap();
        let tally = bank.store.tally("RUN").unwrap();
        assert_eq!(tally, [(Standing::Paid, 3, 195_000)]);
        assert_eq!(bank.store.look(|read| read.postings_by("I-4")).unwrap().len(), 3);
        let by = |document: &str| bank.store.look(|read| read.postings_by(document)).unwrap().len();
        assert_eq!(["RUN/3", "I-2", "I-4", "I-5", "I-6"].map(by), [1, 2, 3, 3, 2], "all that is of a line");
        assert!(bank.store.book().unwrap().trial_balance().values().all(|sum| *sum == 0));
        assert_eq!(bank.store.rebuild().unwrap().differing, Vec::<String>::new());
        assert_eq!(bank.store.verify().unwrap().problems, Vec::<String>::new());
    }

    #[test]
    fn nobody_is_paid_twice_for_a_month_and_nothing_beyond_what_was_appropriated() {
        let bank = Bank::new();
        let rostered = |run: &str, lines: Vec<Line>| bank.rosters(run, lines);
        rostered("RUN", vec![some_line(1)]).unwrap();
        assert!(rostered("AGAIN", vec![some_line(1)]).is_err(), "it was not reckoned with the line of another batch");
        assert!(rostered("RUN", vec![some_line(1)]).is_err(), "the same household, entitlement and month");
        rostered("AGAIN", vec![Line { beside: 1, ..some_line(1) }]).unwrap();
        let late = Line { beside: 1, ..some_line(1) };
        assert!(rostered("THIRD", vec![late]).is_err(), "it was reckoned with one of two");
        bank.batch(Batch::Discarded { run: "AGAIN".into() }).unwrap();
        let wrong = Line { total: Fen(65_001), ..some_line(2) };
        assert!(rostered("RUN", vec![wrong]).is_err(), "parts that do not add up");
        let many = (2..=101).map(some_line).collect();
        rostered("RUN", many).unwrap();
        let before = bank.store.book().unwrap().accounts().map(|(_, _, balance)| balance).collect::<Vec<_>>();
        let refused = bank.batch(Batch::Committed { run: "RUN".into(), first: 1, last: 101 });
        assert!(matches!(refused, Err(Fault::Ledger(ledger::Refused::Short { short: 60_000, .. }))), "{refused:?}");
        let after = bank.store.book().unwrap().accounts().map(|(_, _, balance)| balance).collect::<Vec<_>>();
        assert_eq!(before, after, "none of it was committed");
        assert_eq!(bank.store.tally("RUN").unwrap(), [(Standing::Listed, 101, 6_565_000)]);
    }
}
