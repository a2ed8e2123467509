//! The proof of the journal: linear, on all cores, without any key.
//!
//! Each entry must have the digest of what it holds, and its chain value must follow from the one stored before it.
//! Both look at two neighbouring rows only, so ranges are checked side by side; that the ranges join up to `head` proves the whole.

use rayon::prelude::*;

use crate::crypto::{Digest, hex};
use crate::fault::Fault;
use crate::journal::{self, GENESIS, Header};
use crate::sql::{Cell, all, first};
use crate::{Inner, Store};

/// Entries that one thread checks at a time.
const RANGE: u64 = 20_000;

/// What `verify` found. Sound when `problems` is empty.
///
/// Whoever rewrites the whole database can also rewrite the chain; that shows only against a `head` noted elsewhere
/// (printed, sent to the county, kept by the auditor).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    pub events: u64,
    /// Chain value of the last entry, hexadecimal.
    pub head: String,
    /// In order of the entries.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Number of the entry in the journal.
    pub seq: u64,
    pub what: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesReport {
    pub files: u64,
    /// Digest of the attachment and what is wrong with it.
    pub problems: Vec<(String, String)>,
}

impl Store {
    /// Checks every entry of the journal: none changed, missing, added or moved, and the tail complete.
    pub fn verify(&self) -> Result<VerifyReport, Fault> {
        let inner = &*self.inner;
        // One statement, so that entries added meanwhile are not mistaken for surplus.
        let text = "SELECT seq, chain, (SELECT max(seq) FROM journal) FROM head";
        let found = inner.read(|sql| {
            first(sql, text, &[], |row| {
                let last = if row[2] == Cell::Null { 0 } else { row[2].count()? };
                Ok((row[0].count::<u64>()?, journal::digest(row[1])?, last))
            })
        })?;
        let Some((events, chain, last)) = found else { return inner.verify_without_head() };
        let ranges: Vec<u64> = (0..events).step_by(RANGE as usize).collect();
        let found: Result<Vec<Vec<Problem>>, Fault> = ranges
            .into_par_iter()
            .map(|before| inner.read(|sql| check_range(inner, sql, before, (before + RANGE).min(events))))
            .collect();
        let mut problems: Vec<Problem> = found?.into_iter().flatten().collect();
        let tail = inner.read(|sql| {
            first(sql, "SELECT chain FROM journal WHERE seq = ?1", &[Cell::Int(events as i64)], |row| {
                journal::digest(row[0])
            })
        })?;
        if tail.is_some_and(|tail| tail != chain) {
            problems.push(problem(events, "链尾与另行保存的链首值不符"));
        }
        if last > events {
            problems.push(problem(events + 1, format!("第{}条至第{last}条不是经程序追加的", events + 1)));
        }
        Ok(VerifyReport { events, head: hex(&chain), problems })
    }

    /// Opens every attachment that a case names and checks it against its digest.
    pub fn verify_files(&self) -> Result<FilesReport, Fault> {
        let inner = &*self.inner;
        let text = "SELECT DISTINCT digest FROM file_use ORDER BY digest";
        let files = inner.read(|sql| all(sql, text, &[], |row| Ok(row[0].text()?.to_owned())))?;
        let problems = files.par_iter().filter_map(|digest| {
            let what = if !inner.file_path(digest).exists() {
                "附件文件缺失".to_owned()
            } else {
                inner.read_file(digest).err()?.to_string()
            };
            Some((digest.clone(), what))
        });
        Ok(FilesReport { files: files.len() as u64, problems: problems.collect() })
    }
}

impl Inner {
    /// A journal that never had an entry, or whose head was taken away.
    fn verify_without_head(&self) -> Result<VerifyReport, Fault> {
        let events =
            self.read(|sql| first(sql, "SELECT count(*) FROM journal", &[], |row| row[0].count()))?.unwrap_or(0);
        let problems = if events == 0 { Vec::new() } else { vec![problem(events, "另行保存的链首值缺失")] };
        Ok(VerifyReport { events, head: hex(&GENESIS), problems })
    }
}

/// Checks the entries behind `before` up to `last`.
fn check_range(inner: &Inner, sql: &mut dyn crate::sql::Sql, before: u64, last: u64) -> Result<Vec<Problem>, Fault> {
    let text = "SELECT chain FROM journal WHERE seq = ?1";
    // None after a missing entry: its chain value is unknown, and its absence has been reported.
    let mut chain: Option<Digest> = match before {
        0 => Some(GENESIS),
        _ => first(sql, text, &[Cell::Int(before as i64)], |row| journal::digest(row[0]))?,
    };
    let mut expected = before + 1;
    let mut problems = Vec::new();
    let text = "SELECT seq, stream, revision, at, version, key_id, kind, body, digest, chain
                FROM journal WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
    sql.query(text, &[Cell::Int(before as i64), Cell::Int(last as i64)], &mut |row| {
        let seq: u64 = row[0].count()?;
        if seq > expected {
            problems.push(missing(expected, seq - 1));
            chain = None;
        }
        expected = seq + 1;
        let stored = check_entry(inner, seq, row, chain, &mut problems);
        chain = stored;
        Ok(())
    })?;
    if expected <= last {
        problems.push(missing(expected, last));
    }
    Ok(problems)
}

/// Checks one entry against itself and the chain value before it; returns its own stored chain value.
fn check_entry(
    inner: &Inner,
    seq: u64,
    row: &[Cell<'_>],
    before: Option<Digest>,
    problems: &mut Vec<Problem>,
) -> Option<Digest> {
    let Ok((header, body, digest, chain)) = columns(seq, row) else {
        problems.push(problem(seq, "内容被改动，已不成日志的样子"));
        return None;
    };
    if inner.crypto.sm3(&[&header.bytes(), body]) != digest {
        problems.push(problem(seq, "内容被改动"));
    }
    if before.is_some_and(|before| inner.crypto.sm3(&[&before, &digest]) != chain) {
        problems.push(problem(seq, "与前一条不衔接：次序被调换、前一条被替换或链值被改动"));
    }
    Some(chain)
}

fn columns<'r>(seq: u64, row: &'r [Cell<'r>]) -> Result<(Header<'r>, &'r [u8], Digest, Digest), Fault> {
    let header = Header {
        seq,
        stream: row[1].text()?,
        revision: row[2].count()?,
        at: row[3].text()?,
        version: row[4].count()?,
        key_id: row[5].text()?,
        kind: row[6].text()?,
    };
    Ok((header, row[7].blob()?, journal::digest(row[8])?, journal::digest(row[9])?))
}

fn missing(from: u64, to: u64) -> Problem {
    problem(from, if from == to { "缺失".to_owned() } else { format!("第{from}条至第{to}条缺失") })
}

fn problem(seq: u64, what: impl Into<String>) -> Problem {
    Problem { seq, what: what.into() }
}
