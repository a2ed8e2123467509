//! The fixed, generic tables. A guide never causes DDL.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::fault::Fault;
use crate::{books, debts, payments};

/// Version of the tables; a database of a newer one is refused.
const VERSION: i64 = 23;

/// Tables that nothing can bring back.
const TABLES: &str = "
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, case_id TEXT NOT NULL, revision INTEGER NOT NULL, at TEXT NOT NULL,
    version INTEGER NOT NULL, parts BLOB NOT NULL, digest BLOB NOT NULL, chain BLOB NOT NULL,
    UNIQUE (case_id, revision)
) STRICT;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER journal_loses_nothing BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TABLE used_key (
    key TEXT PRIMARY KEY, actor TEXT NOT NULL, content TEXT NOT NULL, case_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE edition (digest TEXT PRIMARY KEY, service TEXT NOT NULL, files TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE number_series (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE account (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, password_hash TEXT NOT NULL, level TEXT NOT NULL, post TEXT NOT NULL,
    region TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session (token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, until TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE receipt (case_id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// What was added to those tables since, each with the version that brought it.
const UPGRADES: [(i64, &str); 4] = [
    (
        5,
        "
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE appointment (
    account TEXT NOT NULL, post TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,
    PRIMARY KEY (account, post, since)
) STRICT, WITHOUT ROWID;
INSERT INTO appointment SELECT id, post, '2000-01-01', '' FROM account;
ALTER TABLE account DROP COLUMN post;
ALTER TABLE account ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;
",
    ),
    (
        6,
        "
CREATE TABLE relative (
    account TEXT NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL, relation TEXT NOT NULL, declared_at TEXT NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX relative_by_number ON relative (number);
",
    ),
    (
        7,
        "
ALTER TABLE relative ADD COLUMN withdrawn_at TEXT NOT NULL DEFAULT '';
ALTER TABLE relative ADD COLUMN withdrawn_why TEXT NOT NULL DEFAULT '';
",
    ),
    (
        22,
        "
CREATE TABLE study (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX study_by_region ON study (region, at);
",
    ),
];

/// A table that is derived from the journal.
pub(crate) struct List {
    pub name: &'static str,
    /// Its columns in their order, but for those that SQLite computes.
    pub columns: &'static [&'static str],
    /// The columns of its primary key.
    pub key: &'static [&'static str],
}

/// Tables that are derived from the journal, in the order in which they are compared.
pub(crate) const LISTS: [List; 14] = [
    List {
        name: "case_row",
        columns: &[
            "case_id",
            "service",
            "edition",
            "region",
            "applicant",
            "opened_at",
            "changed_at",
            "result",
            "revision",
            "root",
            "before_case",
        ],
        key: &["case_id"],
    },
    List {
        name: "work_row",
        columns: &["region", "due", "case_id", "instance", "service", "step", "status", "since", "first_actor"],
        key: &["region", "due", "case_id", "instance"],
    },
    List {
        name: "notice_row",
        columns: &["until", "case_id", "instance", "service", "step", "region", "posted_at", "shown", "open"],
        key: &["until", "case_id", "instance"],
    },
    List {
        name: "roll_row",
        columns: &["region", "root", "case_id", "service", "applicant", "closed_at", "grants", "people"],
        key: &["case_id"],
    },
    List { name: "schedule_row", columns: &["at", "case_id", "start"], key: &["at", "case_id", "start"] },
    List {
        name: "kin_row",
        columns: &[
            "region",
            "case_id",
            "official",
            "relation",
            "service",
            "applicant",
            "declared_at",
            "result",
            "acted",
        ],
        key: &["region", "case_id", "official"],
    },
    List { name: "person_row", columns: &["number", "case_id"], key: &["number", "case_id"] },
    List {
        name: "holder_row",
        columns: &["number", "case_id", "entitlement", "service", "root"],
        key: &["number", "case_id", "entitlement"],
    },
    List {
        name: "register_row",
        columns: &["register", "key", "from_day", "at", "case_id", "place", "region", "content"],
        key: &["register", "key", "from_day", "at", "case_id", "place"],
    },
    List {
        name: "register_find",
        columns: &["register", "column_key", "value", "key", "case_id"],
        key: &["register", "column_key", "value", "key", "case_id"],
    },
    List { name: "due_row", columns: &["at", "case_id"], key: &["at", "case_id"] },
    List {
        name: "file_row",
        columns: &["digest", "case_id", "field", "at", "look"],
        key: &["digest", "case_id", "field"],
    },
    List { name: "look_row", columns: &["band", "digest", "case_id"], key: &["band", "digest", "case_id"] },
    List {
        name: "request_row",
        columns: &["registry", "number", "case_id", "region", "service", "standing", "due", "batch"],
        key: &["registry", "number"],
    },
];

const LIST_TABLES: &str = "
CREATE TABLE case_row (
    case_id TEXT PRIMARY KEY, service TEXT NOT NULL, edition TEXT NOT NULL, region TEXT NOT NULL, applicant TEXT NOT NULL,
    opened_at TEXT NOT NULL, changed_at TEXT NOT NULL, result TEXT NOT NULL, revision INTEGER NOT NULL,
    root TEXT NOT NULL, before_case TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_by_changed ON case_row (changed_at, case_id, region, service);
CREATE INDEX case_by_applicant ON case_row (applicant);
CREATE INDEX case_by_root ON case_row (root, opened_at) WHERE before_case <> '';
CREATE INDEX case_by_before ON case_row (before_case) WHERE before_case <> '';
CREATE TABLE work_row (
    region TEXT NOT NULL, due TEXT NOT NULL, case_id TEXT NOT NULL, instance INTEGER NOT NULL, service TEXT NOT NULL,
    step TEXT NOT NULL, status TEXT NOT NULL, since TEXT NOT NULL, first_actor TEXT NOT NULL,
    task TEXT GENERATED ALWAYS AS (service || ' ' || step) STORED,
    PRIMARY KEY (region, due, case_id, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_by_task ON work_row (task, due, case_id, instance, region, status, first_actor);
CREATE TABLE notice_row (
    until TEXT NOT NULL, case_id TEXT NOT NULL, instance INTEGER NOT NULL, service TEXT NOT NULL, step TEXT NOT NULL,
    region TEXT NOT NULL, posted_at TEXT NOT NULL, shown TEXT NOT NULL, open INTEGER NOT NULL,
    PRIMARY KEY (until, case_id, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_that_hangs ON notice_row (until, case_id) WHERE open = 1;
CREATE TABLE roll_row (
    region TEXT NOT NULL, root TEXT NOT NULL, case_id TEXT PRIMARY KEY, service TEXT NOT NULL, applicant TEXT NOT NULL,
    closed_at TEXT NOT NULL, grants TEXT NOT NULL, people TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX roll_by_region ON roll_row (region, root);
CREATE INDEX roll_by_root ON roll_row (root, closed_at);
CREATE TABLE schedule_row (
    at TEXT NOT NULL, case_id TEXT NOT NULL, start TEXT NOT NULL, PRIMARY KEY (at, case_id, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE kin_row (
    region TEXT NOT NULL, case_id TEXT NOT NULL, official TEXT NOT NULL, relation TEXT NOT NULL, service TEXT NOT NULL,
    applicant TEXT NOT NULL, declared_at TEXT NOT NULL, result TEXT NOT NULL, acted TEXT NOT NULL,
    PRIMARY KEY (region, case_id, official)
) STRICT, WITHOUT ROWID;
CREATE TABLE person_row (
    number TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (number, case_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE holder_row (
    number TEXT NOT NULL, case_id TEXT NOT NULL, entitlement TEXT NOT NULL, service TEXT NOT NULL, root TEXT NOT NULL,
    PRIMARY KEY (number, case_id, entitlement)
) STRICT, WITHOUT ROWID;
CREATE TABLE register_row (
    register TEXT NOT NULL, key TEXT NOT NULL, from_day TEXT NOT NULL, at TEXT NOT NULL, case_id TEXT NOT NULL,
    place INTEGER NOT NULL, region TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (register, key, from_day, at, case_id, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE register_find (
    register TEXT NOT NULL, column_key TEXT NOT NULL, value TEXT NOT NULL, key TEXT NOT NULL, case_id TEXT NOT NULL,
    PRIMARY KEY (register, column_key, value, key, case_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE due_row (at TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (at, case_id)) STRICT, WITHOUT ROWID;
CREATE TABLE file_row (
    digest TEXT NOT NULL, case_id TEXT NOT NULL, field TEXT NOT NULL, at TEXT NOT NULL, look TEXT NOT NULL,
    PRIMARY KEY (digest, case_id, field)
) STRICT, WITHOUT ROWID;
CREATE TABLE look_row (
    band TEXT NOT NULL, digest TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (band, digest, case_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE request_row (
    registry TEXT NOT NULL, number TEXT NOT NULL, case_id TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL,
    standing TEXT NOT NULL, due TEXT NOT NULL, batch TEXT NOT NULL, PRIMARY KEY (registry, number)
) STRICT, WITHOUT ROWID;
";

/// The names of all tables that are derived from the journal.
pub(crate) fn derived() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|list| list.name).chain(books::TABLES)
}

/// The connection, and whether the lists have to be written anew because they were those of an older version.
pub(crate) fn open(path: &Path) -> Result<(Connection, bool), Fault> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
    )?;
    // The checkpointer copies the log. What savepoints may have to take back, and 64 MiB of pages, stay in memory; half a
    // gibibyte is read where the system keeps it anyway.
    connection.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;
                        PRAGMA cache_size = -65536; PRAGMA mmap_size = 536870912",
    )?;
    connection.set_prepared_statement_cache_capacity(128);
    // Otherwise statements are prepared anew whenever other values are bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let create = |tables: &str, drop: &str| {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {drop} {tables} {LIST_TABLES} {} {} {} PRAGMA user_version = {VERSION}; COMMIT;",
            books::SCHEMA,
            payments::SCHEMA,
            debts::SCHEMA,
        ))
    };
    let upgrades: String = UPGRADES.iter().filter(|(version, _)| *version > found).map(|(_, sql)| *sql).collect();
    match found {
        0 => create(&format!("{TABLES}{upgrades}"), "")?,
        VERSION => {}
        1..VERSION => {
            create(&upgrades, &derived().map(|name| format!("DROP TABLE IF EXISTS {name};")).collect::<String>())?
        }
        found => return Err(Fault::Newer { found, known: VERSION }),
    }
    Ok((connection, (1..VERSION).contains(&found)))
}
