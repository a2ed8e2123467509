//! The only SQL: the journal with its chain, the lists that are derived from it, keys, editions, numbers.
//!
//! Invariant: the journal is append-only; every list can be rebuilt from it to the same bytes.
//! One writer, a reader for each processor; a transaction of the writer begins IMMEDIATE, so that nothing has to be
//! upgraded.

mod accounts;
mod answers;
mod backup;
mod books;
mod checkpoint;
mod debts;
mod fault;
mod files;
mod head;
mod journal;
mod lists;
mod payments;
mod payrolls;
mod registers;
mod relatives;
mod requests;
mod rows;
mod schema;
mod studies;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use rusqlite::{Connection, OptionalExtension, params};

use checkpoint::Checkpointer;
use writer::Writer;

pub use accounts::{Account, Appointment};
pub use backup::Copied;
pub use books::Posting;
pub use debts::{Over, Owed};
pub use fault::Fault;
pub use files::{FileUse, file_digest};
pub use journal::Entry;
pub use lists::{CaseRow, KinRow, NoticeRow, RollRow, WorkRow};
pub use payments::{Sent, Standing};
pub use payrolls::{Counts, Notable, Run, Silent, Spelt, Stood};
pub use registers::{RegisterVersion, handle};
pub use relatives::Declared;
pub use requests::{Awaited, Outstanding};
pub use studies::StudyRow;
pub use verify::{Rebuilt, Verified};

/// The most connections that read.
const MOST_READERS: usize = 8;

/// A bureau's database in its folder.
pub struct Store {
    folder: PathBuf,
    writer: Writer,
    readers: Vec<Mutex<Connection>>,
    states: journal::States,
}

/// What an idempotency key was used for before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub actor: String,
    /// Digest of the command's content.
    pub content: String,
    pub case: String,
}

impl Store {
    /// Opens or creates the database of a folder. A database of a newer version of the program is refused.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, &error))?;
        let path = folder.join("minzheng.db");
        let (writer, old) = schema::open(&path)?;
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_READERS));
        let readers = (0..processors).map(|_| Ok(Mutex::new(schema::open(&path)?.0))).collect::<Result<_, Fault>>()?;
        let store = Self {
            folder: folder.to_owned(),
            writer: Writer::new(writer, Checkpointer::start(&path)?),
            readers,
            states: journal::states(),
        };
        if old {
            store.renew()?;
        }
        Ok(store)
    }

    /// Carries out what fills an empty database, without waiting for the disk at every step: a machine that stops in
    /// between leaves a database that has to be made anew. Afterwards everything is on the disk.
    pub fn in_bulk<T, E: From<Fault>>(&self, fill: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.writer.relax(true)?;
        let filled = fill();
        self.writer.relax(false)?;
        let file = std::fs::File::open(self.folder.join("minzheng.db"));
        file.and_then(|file| file.sync_all()).map_err(|error| Fault::file(&self.folder, &error))?;
        head::keep(&self.folder, &journal::head(&self.read())?)?;
        filled
    }

    /// A reader that is free; where none is, the first when it becomes so.
    pub(crate) fn read(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| lock(&self.readers[0]))
    }

    /// Reads what an order stands on, as it is committed now.
    pub fn look<T>(&self, look: impl FnOnce(&Read) -> T) -> T {
        look(&Read { sql: &self.read(), states: &self.states })
    }

    /// Guide files of an edition, as they were when it was first loaded.
    pub fn edition(&self, digest: &str) -> Result<Option<String>, Fault> {
        let connection = self.read();
        let found = connection.query_row("SELECT files FROM edition WHERE digest = ?1", [digest], |row| row.get(0));
        Ok(found.optional()?)
    }

    /// Keeps the files of an edition unless they are there.
    pub fn keep_edition(&self, digest: &str, service: &str, files: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO edition (digest, service, files) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.change(sql, params![digest, service, files])
    }
}

/// A poisoned lock is taken all the same: a transaction that panicked was rolled back.
fn lock(mutex: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What an order reads, within its transaction or before it.
pub struct Read<'t> {
    sql: &'t Connection,
    states: &'t journal::States,
}

/// The writing side of a transaction, which reads what it has written.
pub struct Write<'t>(Read<'t>);

impl<'t> std::ops::Deref for Write<'t> {
    type Target = Read<'t>;

    fn deref(&self) -> &Read<'t> {
        &self.0
    }
}

impl Read<'_> {
    /// What a key was used for, if it was.
    pub fn remembered(&self, key: &str) -> Result<Option<Remembered>, Fault> {
        let mut statement = self.sql.prepare_cached("SELECT actor, content, case_id FROM used_key WHERE key = ?1")?;
        let found = statement
            .query_row([key], |row| Ok(Remembered { actor: row.get(0)?, content: row.get(1)?, case: row.get(2)? }));
        Ok(found.optional()?)
    }
}

impl Write<'_> {
    /// The chain value of the last entry: nobody knows it before that entry is written, and it can be looked up after.
    pub fn journal_end(&self) -> Result<String, Fault> {
        Ok(journal::head(self.sql)?.chain)
    }

    pub fn remember(&mut self, key: &str, used: &Remembered) -> Result<(), Fault> {
        let sql = "INSERT INTO used_key (key, actor, content, case_id) VALUES (?1, ?2, ?3, ?4)";
        self.sql.prepare_cached(sql)?.execute(params![key, used.actor, used.content, used.case])?;
        Ok(())
    }

    /// The next number of a series, gap-free: it is taken only if the transaction commits.
    pub fn next_number(&mut self, series: &str) -> Result<u64, Fault> {
        let sql = "INSERT INTO number_series (series, last) VALUES (?1, 1)
                   ON CONFLICT (series) DO UPDATE SET last = last + 1 RETURNING last";
        let last: i64 = self.sql.prepare_cached(sql)?.query_row([series], |row| row.get(0))?;
        Ok(u64::try_from(last).unwrap_or(0))
    }

    /// The secret of a receipt, hashed: whoever has it may act for the applicant.
    pub fn keep_secret(&mut self, case: &str, hash: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO receipt (case_id, secret_hash) VALUES (?1, ?2)";
        self.sql.prepare_cached(sql)?.execute(params![case, hash])?;
        Ok(())
    }
}

impl Store {
    /// The hash of a receipt's secret.
    pub fn secret_hash(&self, case: &str) -> Result<Option<String>, Fault> {
        let connection = self.read();
        let found =
            connection.query_row("SELECT secret_hash FROM receipt WHERE case_id = ?1", [case], |row| row.get(0));
        Ok(found.optional()?)
    }
}
