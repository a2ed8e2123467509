//! What-if studies that somebody kept: not of the journal, since they change nothing.

use casework::people::Scope;
use rusqlite::{OptionalExtension, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::lists::list;

/// A study without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyRow {
    pub id: String,
    /// Who made it, and when.
    pub account: String,
    pub at: String,
    pub region: String,
    pub name: String,
}

fn study(row: &Row) -> rusqlite::Result<StudyRow> {
    Ok(StudyRow { id: row.get(0)?, account: row.get(1)?, at: row.get(2)?, region: row.get(3)?, name: row.get(4)? })
}

impl Store {
    pub fn keep_study(&self, row: &StudyRow, content: &str) -> Result<(), Fault> {
        let sql = "INSERT INTO study (id, account, at, region, name, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.change(sql, params![row.id, row.account, row.at, row.region, row.name, content])
    }

    /// The studies of the regions of a scope, the last first.
    pub fn studies(&self, scope: &Scope, most: u32) -> Result<Vec<StudyRow>, Fault> {
        let (low, high) = scope.bounds();
        let query = "SELECT id, account, at, region, name FROM study WHERE region BETWEEN ?1 AND ?2
                     ORDER BY at DESC, id LIMIT ?3";
        list(&self.read(), query, params![low, high, most], study)
    }

    /// A study with its content, where it is of a region of the scope.
    pub fn study(&self, scope: &Scope, id: &str) -> Result<Option<(StudyRow, String)>, Fault> {
        let (low, high) = scope.bounds();
        let query = "SELECT id, account, at, region, name, content FROM study
                     WHERE id = ?1 AND region BETWEEN ?2 AND ?3";
        let connection = self.read();
        let found = connection.query_row(query, [id, &low, &high], |row| Ok((study(row)?, row.get(5)?)));
        Ok(found.optional()?)
    }
}
