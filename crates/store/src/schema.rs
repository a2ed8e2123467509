//! Tables and how they came about. Migrations run forward only; a released one is never changed.

use crate::fault::Fault;
use crate::sql::{Cell, Sql, first};

/// Statements of each version, the first of them version 1.
const MIGRATIONS: &[&[&str]] = &[&[
    // The journal: the only truth. Rows are added, never changed.
    "CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, at TEXT NOT NULL,
        version INTEGER NOT NULL, key_id TEXT NOT NULL, kind TEXT NOT NULL,
        body BLOB NOT NULL, digest BLOB NOT NULL, chain BLOB NOT NULL,
        UNIQUE (stream, revision))",
    // Apart from the rows, so that a cut tail shows.
    "CREATE TABLE head (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, chain BLOB NOT NULL)",
    // Projections: derived from the journal, rebuilt at will. Names and numbers stand in them sealed or as tokens only.
    "CREATE TABLE case_row (
        case_id TEXT PRIMARY KEY, service TEXT NOT NULL, region INTEGER NOT NULL, revision INTEGER NOT NULL,
        step TEXT NOT NULL, role TEXT NOT NULL, since TEXT NOT NULL, due TEXT NOT NULL,
        standing INTEGER NOT NULL, filed INTEGER NOT NULL, applied_at TEXT NOT NULL, outcome TEXT NOT NULL,
        key_id TEXT NOT NULL, sealed BLOB NOT NULL)",
    // Holds every column that a work list filters by, so that only the rows shown are fetched.
    "CREATE INDEX case_work ON case_row (due, case_id, standing, role, region, service, step) WHERE standing < 2",
    "CREATE INDEX case_wake ON case_row (due, case_id) WHERE standing = 1",
    "CREATE INDEX case_done ON case_row (since, case_id, region) WHERE standing = 2",
    "CREATE TABLE person_index (
        token BLOB NOT NULL, case_id TEXT NOT NULL, applicant INTEGER NOT NULL, PRIMARY KEY (token, case_id))",
    "CREATE TABLE notice_board (
        case_id TEXT NOT NULL, number INTEGER NOT NULL, service TEXT NOT NULL, region INTEGER NOT NULL,
        posted_at TEXT NOT NULL, last_day TEXT NOT NULL, key_id TEXT NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (case_id, number))",
    "CREATE INDEX notice_newest ON notice_board (posted_at, case_id, number, last_day, region)",
    "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    "CREATE TABLE file_use (digest TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (digest, case_id))",
    // Working tables: their loss loses no record of the bureau.
    "CREATE TABLE command_key (
        key TEXT PRIMARY KEY, digest BLOB NOT NULL, case_id TEXT NOT NULL, revision INTEGER NOT NULL)",
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, kind TEXT NOT NULL)",
    "CREATE TABLE session (
        digest BLOB PRIMARY KEY, staff TEXT NOT NULL, created_at TEXT NOT NULL, seen_at TEXT NOT NULL)",
    "CREATE TABLE edition (
        service TEXT NOT NULL, edition TEXT NOT NULL, files TEXT NOT NULL, PRIMARY KEY (service, edition))",
]];

/// The tables that the journal alone determines.
pub(crate) const PROJECTIONS: &[&str] = &["case_row", "person_index", "notice_board", "counter", "file_use"];

/// Brings the tables to this program's version, or refuses those of a newer program.
pub(crate) fn migrate(sql: &mut dyn Sql) -> Result<(), Fault> {
    sql.begin()?;
    let done = forward(sql);
    match done {
        Ok(()) => sql.commit(),
        Err(fault) => {
            sql.rollback();
            Err(fault)
        }
    }
}

fn forward(sql: &mut dyn Sql) -> Result<(), Fault> {
    sql.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", &[])?;
    let found = first(sql, "SELECT max(version) FROM schema_version", &[], |row| {
        if row[0] == Cell::Null { Ok(0) } else { row[0].int() }
    })?
    .unwrap_or(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Fault::Newer { found, known });
    }
    for (version, statements) in (1_i64..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        for statement in *statements {
            sql.execute(statement, &[])?;
        }
        sql.execute("INSERT INTO schema_version (version) VALUES (?1)", &[Cell::Int(version)])?;
    }
    Ok(())
}
