//! Registers: dated rows that cases and imports have written.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, DateTime, RegionCode};
use casework::Query;
use casework::event::RegisterRow;
use casework::payment::RECEIVABLE;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::journal::sm3;
use crate::lists::list;
use crate::{Read, Store};

/// Stands for a column in what a row is found by: its handle.
pub(crate) const HANDLE: &str = "#";

/// What addresses name a row by: its key may hold the number of a citizen, which no address may show.
pub fn handle(register: &str, key: &str) -> String {
    let digest = sm3(&[register.as_bytes(), b"\0", key.as_bytes()]);
    digest[..10].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A version of a row, with the case or import that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterVersion {
    pub row: RegisterRow,
    pub at: String,
    pub case: String,
}

/// The version that is in force on a day: the one from the latest day, of these the one written last.
const IN_FORCE: &str = "r.from_day <= ?2 AND NOT EXISTS (SELECT 1 FROM register_row n WHERE n.register = r.register
     AND n.key = r.key AND n.from_day <= ?2
     AND (n.from_day, n.at, n.case_id, n.place) > (r.from_day, r.at, r.case_id, r.place))";

fn version(row: &rusqlite::Row) -> rusqlite::Result<(String, String, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn read(rows: Vec<(String, String, String)>) -> Result<Vec<RegisterVersion>, Fault> {
    let version = |(content, at, case): (String, String, String)| {
        let row = serde_json::from_str(&content).map_err(|error| Fault::damaged(error.to_string()))?;
        Ok(RegisterVersion { row, at, case })
    };
    rows.into_iter().map(version).collect()
}

fn in_force(sql: &Connection, register: &str, on: Date, more: &str) -> Result<Vec<RegisterVersion>, Fault> {
    let query = format!(
        "SELECT r.content, r.at, r.case_id FROM register_row r WHERE r.register = ?1 AND {IN_FORCE} {more} ORDER BY r.key"
    );
    read(list(sql, &query, [register, &on.to_string()], version)?)
}

impl Read<'_> {
    /// The versions in force of the rows of which a column has one of the values.
    pub fn registered(&self, query: &Query) -> Result<Vec<RegisterRow>, Fault> {
        if query.register == RECEIVABLE {
            return self.debt_rows(query);
        }
        let sql = format!(
            "SELECT r.content, r.at, r.case_id FROM register_row r WHERE r.register = ?1 AND {IN_FORCE} AND r.key IN
             (SELECT key FROM register_find WHERE register = ?1 AND column_key = ?3
              AND value IN (SELECT value FROM json_each(?4))) ORDER BY r.key"
        );
        let values = serde_json::to_string(&query.values).map_err(|error| Fault::damaged(error.to_string()))?;
        let rows = list(self.sql, &sql, [&*query.register, &query.on.to_string(), &query.column, &values], version)?;
        let wanted: BTreeSet<&String> = query.values.iter().collect();
        let says = |row: &RegisterRow| {
            row.found_by.iter().any(|(column, own)| *column == query.column && wanted.contains(own))
        };
        Ok(read(rows)?.into_iter().map(|version| version.row).filter(says).collect())
    }
}

impl Read<'_> {
    /// All versions of all rows of a register, in the order in which they were written.
    pub fn all_versions(&self, register: &str) -> Result<Vec<RegisterVersion>, Fault> {
        let query = "SELECT content, at, case_id FROM register_row WHERE register = ?1 ORDER BY at, case_id, place";
        read(list(self.sql, query, [register], version)?)
    }

    /// Whether a register has any row.
    pub fn has_rows(&self, register: &str) -> Result<bool, Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM register_row WHERE register = ?1)";
        Ok(self.sql.prepare_cached(sql)?.query_row([register], |row| row.get(0))?)
    }

    /// Whether a register knows the key of a row.
    pub fn is_registered(&self, row: &RegisterRow) -> Result<bool, Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM register_row WHERE register = ?1 AND key = ?2)";
        Ok(self.sql.prepare_cached(sql)?.query_row([&row.register, &row.key], |row| row.get(0))?)
    }
}

impl Store {
    /// The rows of a register that held at a moment: what holds from that very day on counts once it was written.
    pub fn register_at(&self, register: &str, at: DateTime) -> Result<Vec<RegisterVersion>, Fault> {
        let held = |v: &str| format!("({v}.from_day < ?2 OR {v}.from_day = ?2 AND {v}.at <= ?3)");
        let query = format!(
            "SELECT r.content, r.at, r.case_id FROM register_row r WHERE r.register = ?1 AND {} AND NOT EXISTS
             (SELECT 1 FROM register_row n WHERE n.register = r.register AND n.key = r.key AND {}
             AND (n.from_day, n.at, n.case_id, n.place) > (r.from_day, r.at, r.case_id, r.place)) ORDER BY r.key",
            held("r"),
            held("n"),
        );
        read(list(&self.read(), &query, [register, &at.date().to_string(), &at.to_string()], version)?)
    }

    /// The rows of a register that are in force on a day within a region, by their keys.
    pub fn register(&self, register: &str, on: Date, within: RegionCode) -> Result<Vec<RegisterVersion>, Fault> {
        let rows = in_force(&self.read(), register, on, "")?;
        Ok(rows.into_iter().filter(|version| within.contains(version.row.region)).collect())
    }

    /// The keys of all rows of a register that are in force on a day.
    pub fn register_keys(&self, register: &str, on: Date) -> Result<BTreeSet<String>, Fault> {
        let query = format!("SELECT r.key FROM register_row r WHERE r.register = ?1 AND {IN_FORCE}");
        Ok(list(&self.read(), &query, [register, &on.to_string()], |row| row.get(0))?.into_iter().collect())
    }

    /// How many rows of a register are in force on a day in each part of a region, by the part's code.
    pub fn register_parts(
        &self,
        register: &str,
        on: Date,
        within: RegionCode,
    ) -> Result<Vec<(RegionCode, u64)>, Fault> {
        let (low, high) = within.bounds();
        let query = format!(
            "SELECT r.region, count(*) FROM register_row r WHERE r.register = ?1 AND {IN_FORCE}
             AND r.region BETWEEN ?3 AND ?4 GROUP BY r.region"
        );
        let rows: Vec<(String, u32)> =
            list(&self.read(), &query, [register, &on.to_string(), &low, &high], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut parts: BTreeMap<RegionCode, u64> = BTreeMap::new();
        for (region, count) in rows {
            let region = RegionCode::parse(&region).map_err(|error| Fault::damaged(error.to_string()))?;
            *parts.entry(within.part(region)).or_default() += u64::from(count);
        }
        Ok(parts.into_iter().collect())
    }

    /// Some rows of a register that are in force on a day within a region, in the order of their keys.
    pub fn register_page(
        &self,
        register: &str,
        (on, within): (Date, RegionCode),
        (skip, most): (usize, usize),
    ) -> Result<Vec<RegisterVersion>, Fault> {
        let (low, high) = within.bounds();
        let query = format!(
            "SELECT r.content, r.at, r.case_id FROM register_row r WHERE r.register = ?1 AND {IN_FORCE}
             AND r.region BETWEEN ?3 AND ?4 ORDER BY r.key LIMIT {most} OFFSET {skip}"
        );
        read(list(&self.read(), &query, [register, &on.to_string(), &low, &high], version)?)
    }

    /// The key of the row that a handle names.
    pub fn row_key(&self, register: &str, handle: &str) -> Result<Option<String>, Fault> {
        let query = "SELECT key FROM register_find WHERE register = ?1 AND column_key = ?2 AND value = ?3 LIMIT 1";
        Ok(list(&self.read(), query, [register, HANDLE, handle], |row| row.get(0))?.pop())
    }

    /// All versions of a row, the earliest first.
    pub fn versions(&self, register: &str, key: &str) -> Result<Vec<RegisterVersion>, Fault> {
        let query = "SELECT content, at, case_id FROM register_row WHERE register = ?1 AND key = ?2
                     ORDER BY from_day, at, case_id, place";
        read(list(&self.read(), query, [register, key], version)?)
    }
}
