//! The journal: numbered, chained entries of events.
//!
//! An entry is an envelope with a version and parts of (key id, bytes); today one part in the clear, deflated where that
//! makes it shorter.
//! digest = SM3(header ‖ digests of the parts as stored), chain = SM3(chain of the entry before ‖ digest):
//! both run over what is stored, so that parts can later be sealed and their keys destroyed without breaking the chain.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use casework::{Record, Spell, State};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};

use crate::fault::Fault;
use crate::head::Head;
use crate::{Read, Store, Write};

/// Version of the envelope. The first one was JSON within JSON.
const VERSION: u32 = 2;

/// The key ids of a part that is not sealed: as it is, and deflated.
const CLEAR: &str = "clear";
const DEFLATED: &str = "deflated";

/// Bytes from which on it is worth trying to make a part shorter.
const LONG: usize = 1000;

/// What the first entry is chained to.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

#[derive(Serialize, Deserialize)]
struct Part<'p> {
    #[serde(borrow)]
    key: Cow<'p, str>,
    #[serde(borrow)]
    bytes: Cow<'p, [u8]>,
}

/// A part of an envelope of the first version.
#[derive(Deserialize)]
struct FirstPart {
    key: String,
    bytes: String,
}

/// An entry with its place in the whole journal.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: u64,
    pub case: String,
    pub record: Record,
}

pub(crate) fn sm3(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of an entry as it is stored.
pub(crate) fn digest(seq: u64, case: &str, revision: u64, at: &str, version: u32, parts: &[u8]) -> [u8; 32] {
    let numbers = format!("{seq}/{revision}/{version}");
    sm3(&[numbers.as_bytes(), case.as_bytes(), at.as_bytes(), &sm3(&[parts])])
}

pub(crate) fn head(sql: &Connection) -> Result<Head, Fault> {
    let (seq, chain) = chain_at_end(sql)?;
    Ok(Head { seq: u64::try_from(seq).unwrap_or(0), chain: hex(&chain) })
}

fn chain_at_end(sql: &Connection) -> Result<(i64, Vec<u8>), Fault> {
    let mut last = sql.prepare_cached("SELECT seq, chain FROM journal ORDER BY seq DESC LIMIT 1")?;
    let last = last.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or((0, GENESIS.to_vec())))
}

pub(crate) fn read_parts(version: u32, parts: &[u8]) -> Result<Record, Fault> {
    let unreadable = || Fault::damaged("日志的一条不能读");
    let missing = || Fault::damaged("日志的一条没有内容");
    let unknown = |error| Fault::damaged(format!("日志的一条不认识：{error}"));
    if version == 1 {
        let parts: Vec<FirstPart> = serde_json::from_slice(parts).map_err(|_| unreadable())?;
        let clear = parts.iter().find(|part| part.key == CLEAR).ok_or_else(missing)?;
        return serde_json::from_str(&clear.bytes).map_err(unknown);
    }
    let parts: Vec<Part> = postcard::from_bytes(parts).map_err(|_| unreadable())?;
    if let Some(clear) = parts.iter().find(|part| part.key == CLEAR) {
        return serde_json::from_slice(&clear.bytes).map_err(unknown);
    }
    let deflated = parts.iter().find(|part| part.key == DEFLATED).ok_or_else(missing)?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(&*deflated.bytes).read_to_end(&mut bytes).map_err(|_| unreadable())?;
    serde_json::from_slice(&bytes).map_err(unknown)
}

/// A record as it is stored.
fn write_parts(record: &Record) -> Result<Vec<u8>, Fault> {
    let mut bytes = serde_json::to_vec(record).map_err(|error| Fault::damaged(error.to_string()))?;
    let mut key = CLEAR;
    if bytes.len() >= LONG {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let deflated = encoder.write_all(&bytes).and_then(|()| encoder.finish());
        let deflated = deflated.map_err(|error| Fault::damaged(error.to_string()))?;
        if deflated.len() < bytes.len() {
            (key, bytes) = (DEFLATED, deflated);
        }
    }
    let parts = [Part { key: key.into(), bytes: bytes.into() }];
    postcard::to_allocvec(&parts[..]).map_err(|error| Fault::damaged(error.to_string()))
}

fn records(sql: &Connection, case: &str) -> Result<Vec<Record>, Fault> {
    let mut statement =
        sql.prepare_cached("SELECT version, parts FROM journal WHERE case_id = ?1 ORDER BY revision")?;
    let mut rows = statement.query([case])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(read_parts(row.get(0)?, &row.get::<_, Vec<u8>>(1)?)?);
    }
    Ok(records)
}

/// Cases as they stood last, each with the end of the chain that its last entry made: what is read again and again is
/// folded once. An entry that another chain end follows is never believed.
pub(crate) type States = Mutex<LruCache<String, (Vec<u8>, Arc<State>)>>;

/// The most cases that are kept folded.
const MOST_FOLDED: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

pub(crate) fn states() -> States {
    Mutex::new(LruCache::new(MOST_FOLDED))
}

fn keep(states: &States, case: &str, chain: Vec<u8>, state: Arc<State>) {
    states.lock().unwrap_or_else(PoisonError::into_inner).put(case.to_owned(), (chain, state));
}

/// A case as it stands.
fn state(sql: &Connection, states: &States, case: &str) -> Result<Option<Arc<State>>, Fault> {
    let mut last = sql.prepare_cached("SELECT chain FROM journal WHERE case_id = ?1 ORDER BY revision DESC LIMIT 1")?;
    let Some(chain) = last.query_row([case], |row| row.get::<_, Vec<u8>>(0)).optional()? else { return Ok(None) };
    let kept = states.lock().unwrap_or_else(PoisonError::into_inner).get(case).cloned();
    if let Some((end, state)) = kept
        && end == chain
    {
        return Ok(Some(state));
    }
    let state = Arc::new(State::fold(&records(sql, case)?));
    keep(states, case, chain, state.clone());
    Ok(Some(state))
}

impl Read<'_> {
    /// Cases of a chain in their order.
    pub fn chain(&self, root: &str) -> Result<Vec<(String, String)>, Fault> {
        crate::lists::chain(self.sql, root)
    }

    /// What people hold: for each chain of cases what its last case leaves. The names of entitlements are for the bureau.
    pub fn spells<'n>(&self, numbers: impl IntoIterator<Item = &'n str>) -> Result<Vec<Spell>, Fault> {
        let mut found = Vec::new();
        for number in numbers {
            let query = "SELECT DISTINCT root, service, entitlement FROM holder_row WHERE number = ?1 ORDER BY 1, 2, 3";
            let rows: Vec<(String, String, String)> =
                crate::lists::list(self.sql, query, [number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            for (root, service, entitlement) in rows {
                let Some((case, _)) = self.chain(&root)?.pop() else { continue };
                let state = self.state(&case)?;
                // Who held it before and no longer does is left out.
                let mut named = state.grants.iter().filter(|g| g.entitlement == entitlement && !g.holders.is_empty());
                if !named.next_back().is_some_and(|grant| grant.holders.iter().any(|holder| holder == number)) {
                    continue;
                }
                let grants = state.grants.iter().filter(|grant| grant.entitlement == entitlement).cloned().collect();
                let (holder, name) = (number.to_owned(), String::new());
                found.push(Spell { holder, root, case, service, entitlement, name, grants });
            }
        }
        Ok(found)
    }

    /// A case as it stands; empty if there is none.
    pub fn state(&self, case: &str) -> Result<Arc<State>, Fault> {
        Ok(state(self.sql, self.states, case)?.unwrap_or_default())
    }
}

impl Write<'_> {
    /// Writes the rows of a stream that has none.
    pub(crate) fn relist(&mut self, stream: &str, state: &State) -> Result<(), Fault> {
        crate::rows::write(self.sql, stream, &State::default(), state)
    }

    /// Appends events to a case as it stands, and writes its rows of the lists from its new state.
    /// Somebody else's change in between is a `Conflict`.
    pub fn append(&mut self, case: &str, before: &State, fresh: &[Record]) -> Result<(), Fault> {
        let revision = before.revision;
        let found: u64 = self
            .sql
            .prepare_cached("SELECT COALESCE(MAX(revision), 0) FROM journal WHERE case_id = ?1")?
            .query_row([case], |row| row.get::<_, i64>(0))?
            .try_into()
            .unwrap_or(u64::MAX);
        if found != revision {
            return Err(Fault::Conflict { expected: revision, found });
        }
        let (mut seq, mut chain) = chain_at_end(self.sql)?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO journal (seq, case_id, revision, at, version, parts, digest, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for (offset, record) in fresh.iter().enumerate() {
            seq += 1;
            let number = revision + offset as u64 + 1;
            let parts = write_parts(record)?;
            let at = record.at.to_string();
            let digest = digest(u64::try_from(seq).unwrap_or(0), case, number, &at, VERSION, &parts);
            chain = sm3(&[&chain, &digest]).to_vec();
            insert.execute(params![
                seq,
                case,
                i64::try_from(number).unwrap_or(i64::MAX),
                at,
                VERSION,
                parts,
                digest.to_vec(),
                chain
            ])?;
        }
        let mut state = before.clone();
        for record in fresh {
            crate::payments::apply(self.sql, case, record)?;
            state.apply(record);
        }
        crate::rows::write(self.sql, case, before, &state)?;
        keep(self.states, case, chain, Arc::new(state));
        Ok(())
    }
}

impl Store {
    /// The events of a case in their order.
    pub fn records(&self, case: &str) -> Result<Vec<Record>, Fault> {
        records(&self.read(), case)
    }

    /// A case as it stands, or `None` if there is none.
    pub fn state(&self, case: &str) -> Result<Option<State>, Fault> {
        Ok(state(&self.read(), &self.states, case)?.map(|state| State::clone(&state)))
    }
}

#[cfg(test)]
mod tests {
    use casework::Event;
    use casework::event::ActorRef;

    use super::*;

    fn record(text: &str) -> Record {
        let by = ActorRef { id: "a".into(), name: "张三".into(), for_applicant: false };
        Record { at: "2026-03-02T09:00:00".parse().unwrap(), by, event: Event::Closed { result: text.to_owned() } }
    }

    #[test]
    fn parts_are_read_as_they_were_written_also_those_of_the_first_version() {
        for text in ["准予", &"长".repeat(5000)] {
            let record = record(text);
            let parts = write_parts(&record).unwrap();
            assert_eq!(read_parts(VERSION, &parts).unwrap(), record);
            assert_eq!(parts.len() < text.len(), text.len() > 5000, "long ones are shorter");
            let whole = serde_json::to_string(&record).unwrap();
            let first = serde_json::json!([{ "key": "clear", "bytes": whole }]).to_string();
            assert_eq!(read_parts(1, first.as_bytes()).unwrap(), record);
            for cut in 0..parts.len() {
                assert!(read_parts(VERSION, &parts[..cut]).is_err(), "{cut} bytes of {}", parts.len());
            }
        }
    }
}
