//! The one writing connection, and how orders share a commit.
//!
//! What a commit costs is the wait for the disk. Whoever has written and sees others waiting leaves the transaction open
//! and hands the connection on; the last of them commits for all, and nobody hears of success before that.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Params};

use crate::checkpoint::Checkpointer;
use crate::fault::Fault;
use crate::head::Head;
use crate::{Read, Store, Write, head, journal};

/// Orders after which the log is copied into the database.
const BETWEEN_CHECKPOINTS: usize = 100;

/// The most orders that share a commit.
const MOST_SHARED: usize = 64;

pub(crate) struct Writer {
    line: Mutex<Line>,
    /// How many wait for the connection.
    waiting: AtomicUsize,
    settled: Condvar,
    checkpointer: Checkpointer,
    /// The number of the last entry that is committed.
    committed: AtomicU64,
    /// An empty database is being filled: nothing waits for the disk.
    relaxed: AtomicBool,
}

struct Line {
    connection: Connection,
    /// The commit that is being gathered, counted from one, and how many orders are in it; none is open at zero.
    gathering: u64,
    shared: usize,
    /// Orders since the log was last copied.
    logged: usize,
    /// The last commit that is over, and those of it and before that failed, with what broke.
    over: u64,
    failed: Vec<(u64, String)>,
    /// The head as it was kept last.
    kept: Option<Head>,
}

impl Writer {
    pub(crate) fn new(connection: Connection, checkpointer: Checkpointer) -> Self {
        let line = Line { connection, gathering: 1, shared: 0, logged: 0, over: 0, failed: Vec::new(), kept: None };
        Self {
            line: Mutex::new(line),
            waiting: AtomicUsize::new(0),
            settled: Condvar::new(),
            checkpointer,
            committed: AtomicU64::new(0),
            relaxed: AtomicBool::new(false),
        }
    }

    /// A poisoned lock is taken all the same: what panicked was rolled back.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        line
    }

    pub(crate) fn relax(&self, relaxed: bool) -> Result<(), Fault> {
        // Not counted as waiting: it commits for nobody.
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        while line.shared > 0 {
            line = self.settled.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        let sql = if relaxed {
            "PRAGMA synchronous = OFF"
        } else {
            "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)"
        };
        line.connection.execute_batch(sql)?;
        self.relaxed.store(relaxed, Ordering::SeqCst);
        Ok(())
    }
}

impl Store {
    /// One transaction: all that `act` wrote, or nothing; when this returns, it is on the disk.
    /// The head is kept apart after the commit, so that it never runs ahead of the journal.
    pub fn transact<T, E: From<Fault>>(&self, act: impl FnOnce(&mut Write) -> Result<T, E>) -> Result<T, E> {
        let mut line = self.writer.lock();
        if line.shared == 0 {
            line.connection.execute_batch("BEGIN IMMEDIATE").map_err(Fault::from)?;
        }
        let own = line.gathering;
        line.shared += 1;
        let acted = catch_unwind(AssertUnwindSafe(|| {
            line.connection.execute_batch("SAVEPOINT own").map_err(Fault::from)?;
            act(&mut Write(Read { sql: &line.connection, states: &self.states }))
        }));
        let undo = if matches!(acted, Ok(Ok(_))) { "RELEASE own" } else { "ROLLBACK TO own; RELEASE own" };
        // An order whose savepoint cannot be closed takes the whole commit with it.
        let closed = line.connection.execute_batch(undo).map_err(Fault::from);
        let is_last = self.writer.waiting.load(Ordering::SeqCst) == 0 || line.shared >= MOST_SHARED;
        if closed.is_err() || is_last {
            self.settle(&mut line, closed.is_ok());
        }
        while line.over < own {
            line = self.writer.settled.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        let failed = line.failed.iter().find(|(commit, _)| *commit == own).map(|(_, why)| why.clone());
        drop(line);
        match (acted, failed) {
            (Err(panic), _) => resume_unwind(panic),
            (Ok(Err(error)), _) => Err(error),
            (Ok(Ok(_)), Some(why)) => Err(Fault::Damaged(format!("没有写到磁盘上：{why}")).into()),
            (Ok(Ok(done)), None) => Ok(done),
        }
    }

    /// Commits what was gathered and tells all who wait for it.
    fn settle(&self, line: &mut Line, sound: bool) {
        let commit = || {
            if !sound {
                return Err(Fault::damaged("一笔没有撤干净"));
            }
            let end = journal::head(&line.connection)?;
            line.connection.execute_batch("COMMIT")?;
            self.writer.committed.store(end.seq, Ordering::SeqCst);
            if self.writer.relaxed.load(Ordering::SeqCst) || line.kept.as_ref() == Some(&end) {
                return Ok(end);
            }
            head::keep(&self.folder, &end).map(|()| end)
        };
        let committed = commit();
        line.kept = committed.as_ref().ok().cloned();
        if let Err(fault) = committed {
            // Where the commit itself went through and only the head could not be kept, there is nothing to take back.
            let _ = line.connection.execute_batch("ROLLBACK");
            let done = line.gathering;
            line.failed.push((done, fault.to_string()));
            let kept = line.failed.len().saturating_sub(100);
            line.failed.drain(..kept);
        }
        line.logged += line.shared;
        if line.logged >= BETWEEN_CHECKPOINTS {
            line.logged = 0;
            self.writer.checkpointer.wake();
        }
        line.over = line.gathering;
        line.gathering += 1;
        line.shared = 0;
        self.writer.settled.notify_all();
    }

    /// The number of the last entry that this store has committed since it was opened.
    pub fn committed(&self) -> u64 {
        self.writer.committed.load(Ordering::SeqCst)
    }

    /// A single statement as a transaction.
    pub(crate) fn change(&self, sql: &str, values: impl Params) -> Result<(), Fault> {
        self.transact(|write| {
            write.sql.execute(sql, values)?;
            Ok(())
        })
    }
}
