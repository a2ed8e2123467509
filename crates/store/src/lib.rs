//! The only SQL: the journal, what is derived from it, and the few working tables beside it.
//!
//! Read in this order: [`execute`] (one order, one transaction), [`journal`] (what is kept), [`project`] (what is derived),
//! [`lists`] (what pages ask), [`verify`](mod@verify) and [`rebuild`] (the proofs).
//!
//! Architecture invariants:
//! - the journal is append-only, chained with SM3 over ciphertext, and the only truth;
//! - projections are a function of the journal: a rebuild gives the same bytes;
//! - events, names and numbers are sealed under keys that live apart (`keys.db`, `master.key`); what stands in the clear
//!   is who-less: receipt number, service, region, step, times, kinds of events, and blind tokens.
//!
//! What the clear part gives away to a thief of `minzheng.db` without its keys: how many cases where, in which step and when;
//! which cases share a person; and, from the tokens of single characters and pairs of characters of names,
//! how often each unknown character occurs, which can be matched against the known frequency of surnames.
//! The whole applicant shares one key for now; keys for each member of a household come with the trust issue.

mod crypto;
mod execute;
mod fault;
mod files;
mod journal;
mod keys;
mod lists;
mod office;
mod project;
mod rebuild;
mod schema;
mod scope;
mod sessions;
mod sql;
mod sqlite;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use casework::{CaseId, Entry, State};

pub use crypto::{CryptoProvider, Digest, Key, Software, hex};
pub use execute::{Batch, Order, Outgoing, Receipt, Target};
pub use fault::{Fault, Stop};
pub use files::MAX_BYTES;
pub use lists::{Count, Page, Posted, WorkFilter};
pub use rebuild::{Difference, RebuildReport};
pub use scope::Scope;
pub use sessions::KeptEdition;
pub use verify::{FilesReport, Problem, VerifyReport};

use keys::Keyring;
use office::Office;
use sql::{Backend, Sql};

/// A bureau's data. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    dir: PathBuf,
    crypto: Arc<dyn CryptoProvider>,
    keys: Keyring,
    backend: Box<dyn Backend>,
    writer: Mutex<Box<dyn Sql>>,
    /// Idle connections for reading.
    readers: Mutex<Vec<Box<dyn Sql>>>,
    /// The staff as the journal had them at a sequence number.
    office: RwLock<(u64, Arc<Office>)>,
    /// Numbers the drafts of attachments.
    drafts: AtomicU64,
}

/// A case with everything that happened to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFile {
    pub state: State,
    pub entries: Vec<Entry>,
}

/// Connections for reading kept open while idle.
const IDLE_READERS: usize = 8;

impl Store {
    /// Opens the data directory, making it on first use.
    /// A directory written by a newer program, or whose master key is missing or another's, is a fault.
    pub fn open(dir: &Path) -> Result<Store, Fault> {
        Store::open_with(dir, Arc::new(Software::new()))
    }

    /// The same with another provider of cryptography and randomness.
    pub fn open_with(dir: &Path, crypto: Arc<dyn CryptoProvider>) -> Result<Store, Fault> {
        files::create_private_folder(dir)?;
        let keys = Keyring::open(dir, crypto.clone())?;
        let backend: Box<dyn Backend> = Box::new(sqlite::Sqlite::at(&dir.join("minzheng.db"))?);
        let mut writer = backend.connect()?;
        schema::migrate(&mut *writer)?;
        let inner = Inner {
            dir: dir.to_owned(),
            crypto,
            keys,
            backend,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            office: RwLock::new((0, Arc::new(Office::default()))),
            drafts: AtomicU64::new(0),
        };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// A case with its entries; None when there is no such case or its key was destroyed.
    pub fn case(&self, case: &CaseId) -> Result<Option<CaseFile>, Fault> {
        let inner = &self.inner;
        let opened = inner.read(|sql| journal::read(sql, &*inner.crypto, &inner.keys, &case_stream(case)))?;
        let Some(opened) = opened else { return Ok(None) };
        let entries: Vec<Entry> = opened.entries;
        let state = State::fold(&entries).ok_or_else(|| Fault::damaged(format!("{case}不以申请开始")))?;
        Ok(Some(CaseFile { state, entries }))
    }
}

impl Inner {
    /// Reads with a connection of its own; never waits for a writer.
    fn read<T>(&self, work: impl FnOnce(&mut dyn Sql) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = lock(&self.readers).pop();
        let mut sql = match idle {
            Some(sql) => sql,
            None => self.backend.connect()?,
        };
        let found = work(&mut *sql);
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(sql);
        }
        found
    }

    /// One writing transaction outside the journal: sessions, editions, rebuilt projections.
    fn write<T>(&self, work: impl FnOnce(&mut dyn Sql) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut sql = lock(&self.writer);
        sql.begin()?;
        let done = work(&mut **sql).and_then(|done| sql.commit().map(|()| done));
        if done.is_err() {
            sql.rollback();
        }
        done
    }
}

/// A thread that panicked inside left nothing half done: its transaction is rolled back by the next one to begin.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn case_stream(case: &CaseId) -> String {
    format!("case:{case}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use casework::{By, StaffEvent};

    /// A full disk, played by a limit on the pages of the file.
    #[test]
    fn a_full_disk_keeps_nothing_and_later_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let limit = |pages: u32| {
            let text = format!("PRAGMA max_page_count = {pages}");
            lock(&store.inner.writer).query(&text, &[], &mut |_| Ok(())).unwrap();
        };
        let engage = |id: u32| {
            let by = By { id: "admin".into(), name: "管理员".into(), role: "监事".into() };
            let event = StaffEvent::Engaged {
                name: "李四".into(),
                role: "社区干事".into(),
                region: base::RegionCode::NATION,
                number: None,
                password: "x".repeat(2_000),
            };
            store.engage(&format!("s{id}"), &[event], &by, base::DateTime::constant(2026, 3, 2, 9, 0, 0, 0))
        };
        limit(60);
        let full = (0..100).find_map(|id| engage(id).err().map(|fault| (id, fault)));
        let Some((kept, fault)) = full else { panic!("the disk never filled") };
        assert!(matches!(fault, Fault::Full), "{fault}");
        assert_eq!(store.staff().unwrap().len(), kept as usize);
        limit(10_000);
        engage(kept).unwrap();
        let report = store.verify().unwrap();
        assert_eq!((report.events, report.problems), (u64::from(kept) + 1, vec![]));
    }
}
