//! What registries have been asked and have not answered usefully.

use std::collections::HashMap;

use base::DateTime;
use casework::people::Scope;
use rusqlite::params;

use crate::Store;
use crate::fault::Fault;
use crate::lists::{bounds, list};

/// How the questions to one registry stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// 标识 of the registry.
    pub registry: String,
    /// Not sent yet; sent and awaited; of those the ones whose answer is overdue.
    pub unsent: u32,
    pub awaited: u32,
    pub overdue: u32,
    /// Answered in a way that nothing can be taken from.
    pub failed: u32,
    pub stale: u32,
    /// Not asked, because nobody has agreed.
    pub not_permitted: u32,
}

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    pub number: String,
    pub case: String,
}

impl Store {
    /// By case on the roll the numbers of whoever it names.
    pub fn people_on_roll(&self) -> Result<HashMap<String, Vec<String>>, Fault> {
        let query = "SELECT r.case_id, p.number FROM roll_row r JOIN person_row p ON p.case_id = r.case_id";
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        let rows: Vec<(String, String)> = list(&self.read(), query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.into_iter().for_each(|(case, number)| found.entry(case).or_default().push(number));
        Ok(found)
    }

    /// The questions of open cases that a scope sees, by registry.
    pub fn outstanding(&self, scope: &Scope, now: DateTime) -> Result<Vec<Outstanding>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT registry, sum(standing = '待复' AND batch = ''), sum(standing = '待复' AND batch <> ''),
                            sum(standing = '待复' AND due < ?4), sum(standing = '失败'), sum(standing = '过期'),
                            sum(standing = '无权')
                     FROM request_row
                     WHERE region BETWEEN ?1 AND ?2 AND service NOT IN (SELECT value FROM json_each(?3))
                     GROUP BY registry";
        list(&self.read(), query, params![low, high, hidden, now.to_string()], |row| {
            Ok(Outstanding {
                registry: row.get(0)?,
                unsent: row.get(1)?,
                awaited: row.get(2)?,
                overdue: row.get(3)?,
                failed: row.get(4)?,
                stale: row.get(5)?,
                not_permitted: row.get(6)?,
            })
        })
    }

    /// The batches of a registry in which something waits for its answer, the oldest first.
    pub fn batches(&self, registry: &str, scope: &Scope) -> Result<Vec<(String, u32)>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT batch, count(*) FROM request_row
                     WHERE registry = ?4 AND standing = '待复' AND batch <> '' AND region BETWEEN ?1 AND ?2
                     AND service NOT IN (SELECT value FROM json_each(?3)) GROUP BY batch ORDER BY batch";
        list(&self.read(), query, params![low, high, hidden, registry], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Questions to a registry that have not gone out, those of one case together; or those that went out with a batch.
    pub fn awaited(&self, registry: &str, batch: &str, scope: &Scope, most: u32) -> Result<Vec<Awaited>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT number, case_id FROM request_row
                     WHERE registry = ?4 AND standing = '待复' AND batch = ?5 AND region BETWEEN ?1 AND ?2
                     AND service NOT IN (SELECT value FROM json_each(?3))
                     ORDER BY number LIMIT ?6";
        list(&self.read(), query, params![low, high, hidden, registry, batch, most], |row| {
            Ok(Awaited { number: row.get(0)?, case: row.get(1)? })
        })
    }
}
