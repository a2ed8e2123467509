//! Proofs: that no entry of the journal was changed, removed, reordered or cut off, and that the lists follow from it.

use std::collections::BTreeMap;

use casework::State;
use rusqlite::Connection;

use crate::Store;
use crate::fault::Fault;
use crate::journal::{GENESIS, digest, hex, read_parts, sm3};
use crate::schema::LISTS;
use crate::{head, lists};

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

impl Store {
    /// Checks every entry in one pass, and the head that is kept apart.
    pub fn verify(&self) -> Result<Verified, Fault> {
        let connection = self.read();
        let kept = head::kept(&self.folder)?;
        let mut statement = connection
            .prepare("SELECT seq, case_id, revision, at, version, parts, digest, chain FROM journal ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let (mut entries, mut chain) = (0_u64, GENESIS.to_vec());
        let mut problems = Vec::new();
        let mut at_head = kept.as_ref().is_none_or(|kept| kept.seq == 0);
        let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (seq, case): (i64, String) = (row.get(0)?, row.get(1)?);
            let (revision, at, version): (i64, String, u32) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let (parts, stored, link): (Vec<u8>, Vec<u8>, Vec<u8>) = (row.get(5)?, row.get(6)?, row.get(7)?);
            entries += 1;
            let (number, revision) = (u64::try_from(seq).unwrap_or(0), u64::try_from(revision).unwrap_or(0));
            if number != entries {
                problems.push(format!("第 {entries} 条不见了（下一条是第 {number} 条）"));
                entries = number;
            }
            let expected = revisions.entry(case.clone()).or_default();
            *expected += 1;
            if *expected != revision {
                problems.push(format!("第 {number} 条在它的办件里次序不对"));
                *expected = revision;
            }
            let own = digest(number, &case, revision, &at, version, &parts);
            if own[..] != stored[..] {
                problems.push(format!("第 {number} 条的内容被改过"));
            }
            let next = sm3(&[&chain, &stored]);
            if next[..] != link[..] {
                problems.push(format!("第 {number} 条没有接在前一条后面"));
            }
            chain = link;
            if let Some(kept) = kept.as_ref().filter(|kept| kept.seq == number) {
                at_head = kept.chain == hex(&chain);
                if !at_head {
                    problems.push(format!("第 {number} 条与另存的末端不符：整段日志被换过"));
                }
            }
        }
        if let Some(kept) = kept.filter(|kept| kept.seq > entries) {
            problems.push(format!("日志的尾部被截断：应有 {} 条，只有 {entries} 条", kept.seq));
        } else if !at_head && problems.is_empty() {
            problems.push("日志与另存的末端不符".to_owned());
        }
        problems.extend(self.verify_files(&connection)?);
        Ok(Verified { entries, problems })
    }

    /// Writes every list anew from the journal, after a version of the program has changed the lists.
    pub(crate) fn renew(&self) -> Result<(), Fault> {
        let states = states(&self.read())?;
        self.transact(|write| states.values().try_for_each(|state| write.relist(state)))
    }

    /// Makes every list anew from the journal and compares it with what is there, byte by byte. Changes nothing.
    pub fn rebuild(&self) -> Result<Rebuilt, Fault> {
        let connection = self.read();
        let states = states(&connection)?;
        let fresh = Connection::open_in_memory()?;
        for table in LISTS {
            let sql: String =
                connection.query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [table], |row| row.get(0))?;
            fresh.execute_batch(&sql)?;
        }
        for state in states.values() {
            lists::write(&fresh, state)?;
        }
        let mut differing = Vec::new();
        for table in LISTS {
            if dump(&connection, table)? != dump(&fresh, table)? {
                differing.push(table.to_owned());
            }
        }
        Ok(Rebuilt { cases: states.len() as u64, differing })
    }
}

fn states(connection: &Connection) -> Result<BTreeMap<String, State>, Fault> {
    let mut statement = connection.prepare("SELECT case_id, parts FROM journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (case, parts): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        states.entry(case).or_default().apply(&read_parts(&parts)?);
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
