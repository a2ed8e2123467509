//! What is read of payments.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{Date, DateTime, Fen, Month, RegionCode};
use casework::event::{Granted, PersonRef};
use casework::payment::Line;
use ledger::Source;
use rusqlite::params;
use serde::de::DeserializeOwned;

use crate::debts::Over;
use crate::fault::Fault;
use crate::lists::list;
use crate::payments::{self, Sent, Standing, json, read, read_sent, sent};
use crate::{Read, Store};

/// A batch: its case, the month that it pays, and the moment as of which its roster was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub case: String,
    pub month: Month,
    pub frozen: DateTime,
}

/// What a chain of cases leaves to be paid, as its last closed case has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelt {
    pub root: String,
    pub case: String,
    pub service: String,
    pub region: String,
    pub applicant: String,
    pub grants: Vec<Granted>,
    /// By 标识 of the field the person whom it names.
    pub people: BTreeMap<String, PersonRef>,
}

/// What a bank has not answered of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    pub bank: String,
    pub count: i64,
    pub sum: Fen,
    /// The moment from which on it has been with the bank.
    pub since: String,
}

/// The lines of a batch counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: i64,
    pub total: i64,
    pub held: i64,
    pub marked: i64,
    /// In this batch and not in the one before, the other way round, and in both with another amount.
    pub entered: i64,
    pub left: i64,
    pub changed: i64,
}

/// The component under which a line gives back what was claimed and is found to have been due after all.
const CLAIMED: &str = "追缴更正";

/// Lines of a batch that stand alike, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    pub region: RegionCode,
    /// Service and entitlement by 标识.
    pub entitlement: String,
    pub standing: Standing,
    /// The day since which they stand there.
    pub since: Date,
    /// Whether they go to an account of the payee.
    pub to_account: bool,
    pub payments: i64,
    pub people: i64,
    pub fen: Fen,
}

/// Which lines of a batch are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notable {
    /// Something stands out in them, or they are held.
    Marked,
    Entered,
    Changed,
    All,
}

fn whole(rows: Vec<(String, String)>) -> Result<Vec<(Line, Standing)>, Fault> {
    rows.into_iter().map(|(content, status)| Ok((read(&content)?, Standing::of(&status)?))).collect()
}

fn spelt(row: &rusqlite::Row) -> rusqlite::Result<(Spelt, String, String)> {
    let spelt = Spelt {
        root: row.get(0)?,
        case: row.get(1)?,
        service: row.get(2)?,
        region: row.get(3)?,
        applicant: row.get(4)?,
        grants: Vec::new(),
        people: BTreeMap::new(),
    };
    Ok((spelt, row.get(5)?, row.get(6)?))
}

type RawStood = (String, String, String, String, bool, i64, i64, i64);

fn raw_stood(row: &rusqlite::Row) -> rusqlite::Result<RawStood> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
}

fn read_stood(
    (region, entitlement, status, since, to_account, payments, people, fen): RawStood,
) -> Result<Stood, Fault> {
    let unreadable = || Fault::damaged("发放的一行不能读");
    let region = RegionCode::parse(&region).map_err(|_| unreadable())?;
    let (standing, since) = (Standing::of(&status)?, since.parse().map_err(|_| unreadable())?);
    Ok(Stood { region, entitlement, standing, since, to_account, payments, people, fen: Fen(fen) })
}

fn spelt_where(which: &str) -> String {
    format!(
        "SELECT root, case_id, service, region, applicant, grants, people FROM roll_row r
         WHERE {which} AND closed_at <= ?2 AND NOT EXISTS (SELECT 1 FROM roll_row n
         WHERE n.root = r.root AND n.closed_at <= ?2
         AND (n.closed_at, length(n.case_id), n.case_id) > (r.closed_at, length(r.case_id), r.case_id))
         ORDER BY root LIMIT ?3"
    )
}

fn whole_spelt((row, grants, people): (Spelt, String, String)) -> Result<Spelt, Fault> {
    Ok(Spelt { grants: read(&grants)?, people: read(&people)?, ..row })
}

impl Read<'_> {
    /// Chains in the order of their first cases, after one of them: of each the last case that was closed by a moment.
    pub fn spelt(&self, after: &str, by: DateTime, most: usize) -> Result<Vec<Spelt>, Fault> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = list(self.sql, &spelt_where("root > ?1"), params![after, by.to_string(), most], spelt)?;
        rows.into_iter().map(whole_spelt).collect()
    }

    /// The same of one chain.
    pub fn chain_spelt(&self, root: &str, by: DateTime) -> Result<Option<Spelt>, Fault> {
        let rows = list(self.sql, &spelt_where("root = ?1"), params![root, by.to_string(), 1], spelt)?;
        rows.into_iter().map(whole_spelt).next().transpose()
    }

    /// What the lines of a spell paid or are to pay, by month and component. What was kept back for a debt was paid, also
    /// by a line that came back; what was claimed back by a decision was not.
    pub fn paid_before(
        &self,
        root: &str,
        entitlement: &str,
        over: &Over,
    ) -> Result<BTreeMap<(Month, String), Fen>, Fault> {
        let query = "SELECT content, status = 'released' FROM pay_line JOIN pay_detail USING (run, seq)
                     WHERE root = ?1 AND entitlement = ?2 AND status <> 'held'";
        let rows: Vec<(String, bool)> =
            list(self.sql, query, [root, entitlement], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut paid: BTreeMap<(Month, String), Fen> = BTreeMap::new();
        for (content, is_released) in rows {
            for part in read::<Line>(&content)?.parts.into_iter().filter(|part| part.debt.is_some() == is_released) {
                let fen = if is_released { -part.fen.0 } else { part.fen.0 };
                paid.entry((part.month, part.name)).or_default().0 += fen;
            }
        }
        for (month, fen) in &over.claimed {
            paid.entry((*month, CLAIMED.to_owned())).or_default().0 -= fen.0;
        }
        Ok(paid)
    }

    /// How many lines of other batches a spell has for a month that are paid or are to be.
    pub fn beside(&self, run: &str, root: &str, entitlement: &str, month: Month) -> Result<u32, Fault> {
        payments::beside(self.sql, run, root, entitlement, month)
    }

    /// The line that a batch has for a spell: what it came to, how many decisions it followed from, and whether it, or an
    /// earlier line since the batch was frozen, was left to a later batch. A spell has few lines, a batch very many: they
    /// are found by the spell.
    pub fn line_of(&self, run: &Run, root: &str, entitlement: &str) -> Result<Option<(Fen, u32, bool)>, Fault> {
        let query = "SELECT total, decisions, status = 'held' OR EXISTS (SELECT 1 FROM pay_line r
                     WHERE r.root = ?1 AND r.entitlement = ?2 AND r.status = 'released' AND r.since >= ?4)
                     FROM pay_line WHERE root = ?1 AND entitlement = ?2 AND +run = ?3";
        let line = |row: &rusqlite::Row| Ok((Fen(row.get(0)?), row.get(1)?, row.get(2)?));
        let frozen = run.frozen.date().to_string();
        Ok(list(self.sql, query, [root, entitlement, &run.case, &frozen], line)?.pop())
    }

    /// Instructions of a batch that came back and whose lines are payable: none was made anew for them.
    pub fn to_mend(&self, run: &str) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction i
                     WHERE run = ?1 AND status IN ('failed', 'returned') AND EXISTS
                     (SELECT 1 FROM pay_line l WHERE l.run = ?1 AND l.status = 'payable'
                      AND l.seq = json_extract(i.content, '$.lines[0]')) ORDER BY length(id), id";
        let mut found: BTreeMap<u32, Sent> = BTreeMap::new();
        // Of the instructions for one line the last is the one to follow.
        for row in list(self.sql, query, [run], sent)? {
            let sent = read_sent(row)?;
            found.insert(sent.instruction.lines.first().copied().unwrap_or_default(), sent);
        }
        Ok(found.into_values().collect())
    }

    /// Instructions that came back, for which nothing was paid since, and of which a register has no row yet: the first
    /// ones after an id.
    pub fn came_back(&self, register: &str, after: &str, most: usize) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction i
                     WHERE status IN ('failed', 'returned') AND NOT EXISTS
                     (SELECT 1 FROM register_row r WHERE r.register = ?1 AND r.key = i.id || ' · 退回')
                     AND EXISTS (SELECT 1 FROM pay_line l WHERE l.run = i.run AND l.status IN ('payable', 'released')
                     AND l.seq = json_extract(i.content, '$.lines[0]'))
                     AND id > ?2 ORDER BY id LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        list(self.sql, query, params![register, after, most], sent)?.into_iter().map(read_sent).collect()
    }

    /// The banks that have not answered all of a batch, by name; none once a register has a row about one of them.
    pub fn silent(&self, run: &str, register: &str) -> Result<Vec<Silent>, Fault> {
        let query = "SELECT json_extract(content, '$.bank'), count(*), sum(amount), min(at) FROM pay_instruction
                     WHERE run = ?1 AND status = 'sent' AND NOT EXISTS
                     (SELECT 1 FROM register_row WHERE register = ?2 AND key BETWEEN ?1 || ' ' AND ?1 || '!')
                     GROUP BY 1 ORDER BY 1";
        let row = |row: &rusqlite::Row| {
            Ok(Silent { bank: row.get(0)?, count: row.get(1)?, sum: Fen(row.get(2)?), since: row.get(3)? })
        };
        list(self.sql, query, [run, register], row)
    }

    /// The batches of which something is payable.
    pub fn payable(&self) -> Result<Vec<String>, Fault> {
        let query = "SELECT run FROM pay_run r WHERE EXISTS
                     (SELECT 1 FROM pay_line l WHERE l.run = r.run AND l.status = 'payable') ORDER BY month";
        list(self.sql, query, [], |row| row.get(0))
    }

    /// The last line of a batch, by its number and the first case of its chain.
    pub fn last_line(&self, run: &str) -> Result<Option<(u32, String)>, Fault> {
        let query = "SELECT seq, root FROM pay_line WHERE run = ?1 ORDER BY seq DESC LIMIT 1";
        Ok(list(self.sql, query, [run], |row| Ok((row.get(0)?, row.get(1)?)))?.pop())
    }

    /// The last id of instructions that begins with something.
    pub fn last_instruction(&self, begin: &str) -> Result<Option<String>, Fault> {
        let query = "SELECT id FROM pay_instruction WHERE id BETWEEN ?1 AND ?1 || '~' ORDER BY id DESC LIMIT 1";
        Ok(list(self.sql, query, [begin], |row| row.get(0))?.pop())
    }

    /// The instructions from one id to another.
    pub fn instructions_between(&self, first: &str, last: &str) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction
                     WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
        list(self.sql, query, [first, last], sent)?.into_iter().map(read_sent).collect()
    }

    /// What the lines of a batch that stand somewhere want of each source, by programme and year.
    pub fn borne(&self, run: &str, standing: Standing) -> Result<BTreeMap<(Source, String, i16), i64>, Fault> {
        let query = "SELECT programme, month, shares FROM pay_line WHERE run = ?1 AND status = ?2";
        let unreadable = || Fault::damaged("发放的一行不能读");
        let mut statement = self.sql.prepare_cached(query)?;
        let mut rows = statement.query(params![run, standing.key()])?;
        let mut borne: BTreeMap<(Source, String, i16), i64> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (programme, month, shares): (String, String, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let year = month.get(..4).and_then(|year| year.parse().ok()).ok_or_else(unreadable)?;
            let shares: Vec<(Source, i64)> = postcard::from_bytes(&shares).map_err(|_| unreadable())?;
            for (source, amount) in shares {
                *borne.entry((source, programme.clone(), year)).or_default() += amount;
            }
        }
        Ok(borne)
    }

    /// The lines of a batch from one number to another that stand somewhere.
    pub fn lines(&self, run: &str, between: (u32, u32), standing: Standing) -> Result<Vec<Line>, Fault> {
        let query = "SELECT content FROM pay_line JOIN pay_detail USING (run, seq)
                     WHERE run = ?1 AND seq BETWEEN ?2 AND ?3 AND status = ?4 ORDER BY seq";
        let values = params![run, between.0, between.1, standing.key()];
        let rows: Vec<String> = list(self.sql, query, values, |row| row.get(0))?;
        rows.iter().map(|content| read(content)).collect()
    }

    /// Lines of a batch by their numbers and in their order, of which only so much is read as a type has of `Line`.
    pub fn lines_as<T: DeserializeOwned>(&self, run: &str, lines: &[u32]) -> Result<Vec<T>, Fault> {
        let query = "SELECT content FROM json_each(?2) CROSS JOIN pay_detail ON run = ?1 AND seq = value";
        let rows: Vec<String> = list(self.sql, query, params![run, json(&lines)?], |row| row.get(0))?;
        rows.iter().map(|content| read(content)).collect()
    }

    /// The numbers of the lines of a batch that stand somewhere, with their regions.
    pub fn lines_at(&self, run: &str, standing: Standing) -> Result<Vec<(u32, RegionCode)>, Fault> {
        let query = "SELECT seq, region FROM pay_line WHERE run = ?1 AND status = ?2 ORDER BY seq";
        let rows: Vec<(u32, String)> =
            list(self.sql, query, [run, standing.key()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let line = |(seq, region): (u32, String)| Some((seq, RegionCode::parse(&region).ok()?));
        rows.into_iter().map(|row| line(row).ok_or_else(|| Fault::damaged("地区不能读"))).collect()
    }

    /// The payable lines of a batch for which no instruction was made yet, by who gets them into which account.
    pub fn to_instruct(&self, run: &str) -> Result<Vec<Vec<u32>>, Fault> {
        let instructed = "SELECT value FROM pay_instruction, json_each(content, '$.lines') WHERE run = ?1";
        let instructed: HashSet<u32> = list(self.sql, instructed, [run], |row| row.get(0))?.into_iter().collect();
        let query = "SELECT seq, payee, account FROM pay_line WHERE run = ?1 AND status = 'payable'
                     ORDER BY payee, account, seq";
        let mut query = self.sql.prepare_cached(query)?;
        let (mut rows, mut last) = (query.query([run])?, None);
        let mut groups: Vec<Vec<u32>> = Vec::new();
        while let Some(row) = rows.next()? {
            let (seq, who): (u32, (String, String)) = (row.get(0)?, (row.get(1)?, row.get(2)?));
            if instructed.contains(&seq) {
                continue;
            }
            match groups.last_mut().filter(|_| last.as_ref() == Some(&who)) {
                Some(group) => group.push(seq),
                None => groups.push(vec![seq]),
            }
            last = Some(who);
        }
        Ok(groups)
    }

    /// Instructions by their ids, each with what has become of it; ids that nobody has sent are left out.
    pub fn sent<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Result<HashMap<String, Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction
                     WHERE id IN (SELECT value FROM json_each(?1))";
        let ids = json(&ids.into_iter().collect::<Vec<_>>())?;
        let sent = list(self.sql, query, [ids], sent)?.into_iter().map(read_sent);
        sent.map(|sent| sent.map(|sent| (sent.instruction.id.clone(), sent))).collect()
    }
}

impl Store {
    /// All batches, the earliest first.
    pub fn runs(&self) -> Result<Vec<Run>, Fault> {
        let query = "SELECT run, month, frozen FROM pay_run ORDER BY month, frozen";
        let rows: Vec<(String, String, String)> =
            list(&self.read(), query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let unreadable = || Fault::damaged("发放批次不能读");
        let run = |(case, month, frozen): (String, String, String)| {
            let (month, frozen) = (month.parse().map_err(|_| unreadable())?, frozen.parse().map_err(|_| unreadable())?);
            Ok(Run { case, month, frozen })
        };
        rows.into_iter().map(run).collect()
    }

    /// The instructions that were made for a line, in the order of their ids.
    pub fn instructions_of(&self, run: &str, line: u32) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction WHERE run = ?1
                     AND EXISTS (SELECT 1 FROM json_each(content, '$.lines') WHERE value = ?2) ORDER BY length(id), id";
        list(&self.read(), query, params![run, line], sent)?.into_iter().map(read_sent).collect()
    }

    /// How many instructions were made for a batch.
    pub fn instructed(&self, run: &str) -> Result<usize, Fault> {
        let query = "SELECT COUNT(*) FROM pay_instruction WHERE run = ?1";
        let count: i64 = self.read().prepare_cached(query)?.query_row([run], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// How many lines of a batch stand where, and their sum in 分.
    pub fn tally(&self, run: &str) -> Result<Vec<(Standing, i64, i64)>, Fault> {
        let query = "SELECT status, COUNT(*), SUM(total) FROM pay_line WHERE run = ?1 GROUP BY status ORDER BY status";
        let rows: Vec<(String, i64, i64)> =
            list(&self.read(), query, [run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.into_iter().map(|(status, count, sum)| Ok((Standing::of(&status)?, count, sum))).collect()
    }

    /// The lines of a batch within a region, counted by where they stand.
    pub fn stood(&self, run: &str, within: RegionCode) -> Result<Vec<Stood>, Fault> {
        let query = "SELECT region, entitlement, status, since, account <> '', COUNT(*), SUM(people), SUM(total)
                     FROM pay_line WHERE run = ?1 AND region BETWEEN ?2 AND ?3 GROUP BY 1, 2, 3, 4, 5";
        let (low, high) = within.bounds();
        list(&self.read(), query, [run, &low, &high], raw_stood)?.into_iter().map(read_stood).collect()
    }

    /// Shows each line of a batch within a region: region, entitlement, and the chain of cases that it follows from.
    pub fn each_line(
        &self,
        run: &str,
        within: RegionCode,
        mut show: impl FnMut(&str, &str, &str),
    ) -> Result<(), Fault> {
        let query = "SELECT region, entitlement, root FROM pay_line WHERE run = ?1 AND region BETWEEN ?2 AND ?3";
        let ((low, high), sql) = (within.bounds(), self.read());
        let mut query = sql.prepare_cached(query)?;
        let mut rows = query.query([run, &low, &high])?;
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
            show(text(0)?, text(1)?, text(2)?);
        }
        Ok(())
    }

    /// The lines of a batch counted, compared with the batch before.
    pub fn counts(&self, run: &str, before: &str) -> Result<Counts, Fault> {
        let own =
            "SELECT COUNT(*), COALESCE(SUM(total), 0), COALESCE(SUM(status = 'held'), 0), COALESCE(SUM(marked), 0),
                   COALESCE(SUM(before IS NULL), 0), COALESCE(SUM(before <> total), 0) FROM pay_line WHERE run = ?1";
        let left = "SELECT COUNT(*) FROM pay_line p WHERE run = ?2 AND NOT EXISTS (SELECT 1 FROM pay_line n
                    WHERE n.root = p.root AND n.entitlement = p.entitlement AND n.run = ?1)";
        let sql = self.read();
        let mut counts = sql.prepare_cached(own)?.query_row([run], |row| {
            Ok(Counts {
                lines: row.get(0)?,
                total: row.get(1)?,
                held: row.get(2)?,
                marked: row.get(3)?,
                entered: row.get(4)?,
                changed: row.get(5)?,
                left: 0,
            })
        })?;
        counts.left = sql.prepare_cached(left)?.query_row([run, before], |row| row.get(0))?;
        Ok(counts)
    }

    /// How many instructions of a batch a statement has still to explain: what left, and what came back.
    pub fn unexplained(&self, run: &str) -> Result<i64, Fault> {
        let query = "SELECT COUNT(*) FROM pay_instruction WHERE run = ?1
                     AND (status = 'paid' AND explained < 1 OR status = 'returned' AND explained < 2)";
        Ok(self.read().prepare_cached(query)?.query_row([run], |row| row.get(0))?)
    }

    /// What a batch paid, and what statements have shown of it: what left, and what came back.
    pub fn reconciled(&self, run: &str) -> Result<[Fen; 3], Fault> {
        let query = "SELECT COALESCE(SUM(CASE status WHEN 'paid' THEN amount END), 0),
                     COALESCE(SUM(CASE WHEN explained >= 1 THEN amount END), 0),
                     COALESCE(SUM(CASE WHEN explained >= 2 THEN amount END), 0) FROM pay_instruction WHERE run = ?1";
        let sums = |row: &rusqlite::Row| Ok([row.get(0)?, row.get(1)?, row.get(2)?].map(Fen));
        Ok(self.read().prepare_cached(query)?.query_row([run], sums)?)
    }

    /// Whether an entry of a statement was taken before.
    pub fn is_explained(&self, reference: &str) -> Result<bool, Fault> {
        let query = "SELECT EXISTS (SELECT 1 FROM pay_statement WHERE reference = ?1)";
        Ok(self.read().prepare_cached(query)?.query_row([reference], |row| row.get(0))?)
    }

    /// The cases at a task: service and step by 标识.
    pub fn at_task(&self, task: &str) -> Result<Vec<String>, Fault> {
        let query = "SELECT case_id FROM work_row WHERE task = ?1 AND status = 'Open' ORDER BY case_id";
        list(&self.read(), query, [task], |row| row.get(0))
    }

    /// Lines of a batch that somebody has to look at, the first ones, with where they stand.
    pub fn notable(&self, run: &str, what: Notable, most: u32) -> Result<Vec<(Line, Standing)>, Fault> {
        let wanted = match what {
            Notable::Marked => "(marked OR status IN ('held', 'released'))",
            Notable::Entered => "before IS NULL",
            Notable::Changed => "before <> total",
            Notable::All => "1",
        };
        let query = format!(
            "SELECT content, status FROM pay_line JOIN pay_detail USING (run, seq)
             WHERE run = ?1 AND {wanted} ORDER BY seq LIMIT ?2"
        );
        whole(list(&self.read(), &query, params![run, most], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Lines of the batch before whose spells this batch does not pay.
    pub fn left(&self, run: &str, before: &str, most: u32) -> Result<Vec<(Line, Standing)>, Fault> {
        let query = "SELECT content, status FROM pay_line p JOIN pay_detail USING (run, seq)
                     WHERE run = ?2 AND NOT EXISTS (SELECT 1 FROM pay_line n
                     WHERE n.root = p.root AND n.entitlement = p.entitlement AND n.run = ?1) ORDER BY seq LIMIT ?3";
        whole(list(&self.read(), query, params![run, before, most], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// A line of a batch, with where it stands.
    pub fn line(&self, run: &str, seq: u32) -> Result<Option<(Line, Standing)>, Fault> {
        let query = "SELECT content, status FROM pay_line JOIN pay_detail USING (run, seq) WHERE run = ?1 AND seq = ?2";
        Ok(whole(list(&self.read(), query, params![run, seq], |row| Ok((row.get(0)?, row.get(1)?)))?)?.pop())
    }

    /// All lines of a chain of cases, the latest month first.
    pub fn lines_of_chain(&self, root: &str) -> Result<Vec<(Line, Standing)>, Fault> {
        let query = "SELECT content, status FROM pay_line JOIN pay_detail USING (run, seq)
                     WHERE root = ?1 ORDER BY month DESC, entitlement";
        whole(list(&self.read(), query, [root], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Instructions of a batch that came back or wait for an answer, the first ones.
    pub fn unsettled(&self, run: &str, most: u32) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction
                     WHERE run = ?1 AND status IN ('sent', 'failed', 'returned') ORDER BY status, id LIMIT ?2";
        list(&self.read(), query, params![run, most], sent)?.into_iter().map(read_sent).collect()
    }

    /// The instructions of a batch.
    pub fn instructions(&self, run: &str) -> Result<Vec<Sent>, Fault> {
        let query = "SELECT run, status, code, at, explained, content FROM pay_instruction WHERE run = ?1 ORDER BY id";
        list(&self.read(), query, [run], sent)?.into_iter().map(read_sent).collect()
    }
}
