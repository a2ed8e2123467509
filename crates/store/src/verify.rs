//! Proofs: that no entry of the journal was changed, removed, reordered or cut off, and that the lists follow from it.

use std::collections::{BTreeMap, HashMap};

use casework::State;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::Store;
use crate::fault::Fault;
use crate::head::Head;
use crate::journal::{GENESIS, digest, hex, read_parts, sm3};
use crate::schema::derived;
use crate::{head, journal, payments, rows};

/// What `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    /// Each a Chinese sentence with the number of the entry; empty if all is well.
    pub problems: Vec<String>,
}

/// What `rebuild` found: how many cases, and the lists that did not come out the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    pub cases: u64,
    pub differing: Vec<String>,
}

/// What the check of a stretch of the journal found.
#[derive(Default)]
struct Stretch {
    problems: Vec<String>,
    /// For each case its first entry in the stretch with its revision, and its last revision.
    cases: HashMap<String, (u64, u64, u64)>,
    /// Whether the entry where the head was kept has the chain value that was kept; `None` if it is not in the stretch.
    at_head: Option<bool>,
}

impl Store {
    /// Checks every entry and the head that is kept apart. Each link is checked against the one stored before it, so
    /// that stretches of the journal are checked at the same time.
    pub fn verify(&self) -> Result<Verified, Fault> {
        let kept = head::kept(&self.folder)?;
        let entries = journal::head(&self.read())?.seq;
        let stretches = u64::try_from(self.readers.len()).unwrap_or(1);
        let bounds: Vec<u64> = (0..=stretches).map(|i| entries * i / stretches).collect();
        let checked: Vec<Stretch> = std::thread::scope(|scope| {
            let check = |bound: &[u64]| {
                let (after, until, kept) = (bound[0], bound[1], kept.as_ref());
                scope.spawn(move || stretch(&self.read(), after, until, kept))
            };
            let running: Vec<_> = bounds.windows(2).map(check).collect();
            let broken = || Fault::damaged("核对中断了");
            running.into_iter().map(|thread| thread.join().map_err(|_| broken())?).collect::<Result<_, Fault>>()
        })?;
        let at_head = checked.iter().find_map(|stretch| stretch.at_head);
        let mut problems = Vec::new();
        let mut revisions: HashMap<String, u64> = HashMap::new();
        for stretch in checked {
            problems.extend(stretch.problems);
            for (case, (number, first, last)) in stretch.cases {
                if revisions.insert(case, last).unwrap_or(0) + 1 != first {
                    problems.push(out_of_order(number));
                }
            }
        }
        if let Some(kept) = kept.as_ref().filter(|kept| kept.seq > entries) {
            problems.push(format!("日志的尾部被截断：应有 {} 条，只有 {entries} 条", kept.seq));
        } else if at_head.is_none() && kept.is_some_and(|kept| kept.seq > 0) && problems.is_empty() {
            problems.push("日志与另存的末端不符".to_owned());
        }
        problems.extend(self.verify_files(&self.read())?);
        Ok(Verified { entries, problems })
    }

    /// Writes every list anew from the journal, after a version of the program has changed the lists.
    pub(crate) fn renew(&self) -> Result<(), Fault> {
        self.transact(|write| {
            let states = replay(&self.read(), write.sql)?;
            states.iter().try_for_each(|(stream, state)| write.relist(stream, state))
        })
    }

    /// Makes every list anew from the journal and compares it with what is there, byte by byte. Changes nothing.
    pub fn rebuild(&self) -> Result<Rebuilt, Fault> {
        let connection = self.read();
        let fresh = Connection::open_in_memory()?;
        for table in derived() {
            let sql: String =
                connection.query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [table], |row| row.get(0))?;
            fresh.execute_batch(&sql)?;
        }
        let states = replay(&connection, &fresh)?;
        for (stream, state) in &states {
            rows::write(&fresh, stream, &State::default(), state)?;
        }
        let mut differing = Vec::new();
        for table in derived() {
            if dump(&connection, table)? != dump(&fresh, table)? {
                differing.push(table.to_owned());
            }
        }
        Ok(Rebuilt { cases: states.len() as u64, differing })
    }
}

fn out_of_order(number: u64) -> String {
    format!("第 {number} 条在它的办件里次序不对")
}

/// Checks the entries after one number until another.
fn stretch(connection: &Connection, after: u64, until: u64, kept: Option<&Head>) -> Result<Stretch, Fault> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let before = "SELECT seq, chain FROM journal WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1";
    let before = connection.query_row(before, [signed(after)], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
    let (last, mut chain): (i64, Vec<u8>) = before.optional()?.unwrap_or((0, GENESIS.to_vec()));
    let mut last = u64::try_from(last).unwrap_or(0);
    let mut statement = connection.prepare(
        "SELECT seq, case_id, revision, at, version, parts, digest, chain FROM journal
         WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    )?;
    let mut rows = statement.query([signed(after), signed(until)])?;
    let mut found = Stretch::default();
    while let Some(row) = rows.next()? {
        let (number, revision) = (row.get::<_, i64>(0)?, row.get::<_, i64>(2)?);
        let (number, revision) = (u64::try_from(number).unwrap_or(0), u64::try_from(revision).unwrap_or(0));
        let (case, at) = (text(row, 1)?, text(row, 3)?);
        let (parts, stored, link) = (blob(row, 5)?, blob(row, 6)?, blob(row, 7)?);
        last += 1;
        if number != last {
            found.problems.push(format!("第 {last} 条不见了（下一条是第 {number} 条）"));
            last = number;
        }
        match found.cases.get_mut(case) {
            Some((_, _, known)) => {
                if *known + 1 != revision {
                    found.problems.push(out_of_order(number));
                }
                *known = revision;
            }
            None => {
                found.cases.insert(case.to_owned(), (number, revision, revision));
            }
        }
        if digest(number, case, revision, at, row.get(4)?, parts)[..] != *stored {
            found.problems.push(format!("第 {number} 条的内容被改过"));
        }
        if sm3(&[&chain, stored])[..] != *link {
            found.problems.push(format!("第 {number} 条没有接在前一条后面"));
        }
        chain.clear();
        chain.extend_from_slice(link);
        if let Some(kept) = kept.filter(|kept| kept.seq == number) {
            let is_same = kept.chain == hex(&chain);
            found.at_head = Some(is_same);
            if !is_same {
                found.problems.push(format!("第 {number} 条与另存的末端不符：整段日志被换过"));
            }
        }
    }
    Ok(found)
}

fn text<'r>(row: &'r Row, column: usize) -> Result<&'r str, Fault> {
    row.get_ref(column)?.as_str().map_err(|_| Fault::damaged("日志的一条不能读"))
}

fn blob<'r>(row: &'r Row, column: usize) -> Result<&'r [u8], Fault> {
    row.get_ref(column)?.as_blob().map_err(|_| Fault::damaged("日志的一条不能读"))
}

/// Folds every case, and makes ledger and payments anew in the order of the journal.
fn replay(connection: &Connection, fresh: &Connection) -> Result<BTreeMap<String, State>, Fault> {
    let mut statement = connection.prepare("SELECT case_id, version, parts FROM journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (case, parts): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
        let record = read_parts(row.get(1)?, &parts)?;
        payments::apply(fresh, &case, &record)?;
        states.entry(case).or_default().apply(&record);
    }
    Ok(states)
}

/// All rows of a table as text, sorted.
fn dump(connection: &Connection, table: &str) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|i| row.get_ref(i).map(|cell| format!("{cell:?}")));
        Ok(cells.collect::<Result<Vec<_>, _>>()?.join("|"))
    })?;
    let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
    rows.sort();
    Ok(rows)
}
