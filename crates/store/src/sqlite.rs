//! SQLite: one file, write-ahead log, every commit on the disk before it counts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};

use crate::fault::Fault;
use crate::files::create_private;
use crate::sql::{Backend, Cell, Each, MAX_COLUMNS, Sql};

/// Waiting for another process longer than this is a fault; within one process writers queue in memory.
const BUSY: Duration = Duration::from_secs(10);
/// Every statement text of this crate fits, so that each is compiled once per connection.
const STATEMENTS: usize = 128;
const MAPPED_BYTES: i64 = 1 << 30;

pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// The file need not exist; it is created readable by its owner only.
    pub fn at(path: &Path) -> Result<Self, Fault> {
        create_private(path)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Backend for Sqlite {
    fn connect(&self) -> Result<Box<dyn Sql>, Fault> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
        // Otherwise statements near a partial index are compiled anew whenever a parameter changes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Box::new(Open { connection }))
    }
}

struct Open {
    connection: Connection,
}

impl Sql for Open {
    fn execute(&mut self, sql: &str, parameters: &[Cell<'_>]) -> Result<u64, Fault> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(parameters))?;
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &str, parameters: &[Cell<'_>], each: Each<'_>) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns = statement.column_count().min(MAX_COLUMNS);
        let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            let mut cells = [Cell::Null; MAX_COLUMNS];
            for (index, cell) in cells[..columns].iter_mut().enumerate() {
                *cell = read(row.get_ref(index)?);
            }
            each(&cells[..columns])?;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), Fault> {
        // A deferred transaction that turns into a writer can fail at once with "busy"; this one waits in the queue.
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit() {
            // A rollback that fails leaves the transaction to be rolled back when the file is opened next.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

/// What the tables never hold (broken texts, floating point) becomes a type that no reader of the column accepts.
fn read(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null | ValueRef::Real(_) => Cell::Null,
        ValueRef::Integer(n) => Cell::Int(n),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Cell::Blob(bytes), Cell::Text),
        ValueRef::Blob(bytes) => Cell::Blob(bytes),
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Cell::Null => ValueRef::Null,
            Cell::Int(n) => ValueRef::Integer(n),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Fault::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::damaged("数据库文件损坏"),
            _ => Fault::Database(Box::new(error)),
        }
    }
}
