//! Lists that people work from, derived from the state of a case alone.

use std::collections::HashMap;

use base::{DateTime, RegionCode};
use casework::event::Granted;
use casework::people::Scope;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::Store;
use crate::fault::Fault;
use crate::rows::NEVER;

/// A case in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    pub case: String,
    pub service: String,
    pub region: String,
    pub applicant: String,
    pub opened_at: String,
    pub changed_at: String,
    /// Empty while the case is open.
    pub result: String,
}

/// A step that waits to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkRow {
    pub case: String,
    pub instance: u32,
    pub service: String,
    pub applicant: String,
    pub step: String,
    pub region: String,
    /// Empty where no clock runs to it.
    pub due: String,
    pub since: String,
    /// Whether the second of two is to sign, and who was the first.
    pub awaiting: bool,
    pub first_actor: String,
}

/// A notice that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    pub case: String,
    pub service: String,
    pub step: String,
    pub region: String,
    pub posted_at: String,
    pub until: String,
    /// What it shows: name and value.
    pub shown: Vec<(String, String)>,
    pub open: bool,
}

/// A case of a household that is related to an official.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KinRow {
    pub case: String,
    pub region: String,
    pub official: String,
    pub relation: String,
    pub service: String,
    pub applicant: String,
    pub declared_at: String,
    /// Empty while the case is open.
    pub result: String,
    /// Steps that the official did before the relation was known, by 标识.
    pub acted: Vec<String>,
}

/// A household or person with grants: as the last closed case of the chain left them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollRow {
    pub root: String,
    pub case: String,
    pub service: String,
    pub region: String,
    pub applicant: String,
    pub closed_at: String,
    pub grants: Vec<Granted>,
}

/// Whether a step waits for somebody: neither a notice that hangs nor what they have signed already.
const WAITS: &str = "w.region BETWEEN ?1 AND ?2 AND w.status <> 'Posted' AND w.first_actor <> ?3";

fn work(row: &Row) -> rusqlite::Result<WorkRow> {
    let due: String = row.get(1)?;
    Ok(WorkRow {
        region: row.get(0)?,
        due: if due == NEVER { String::new() } else { due },
        case: row.get(2)?,
        instance: row.get(3)?,
        service: row.get(4)?,
        step: row.get(5)?,
        awaiting: row.get::<_, String>(6)? == "Awaiting",
        since: row.get(7)?,
        first_actor: row.get(8)?,
        applicant: row.get(9)?,
    })
}

fn case(row: &Row) -> rusqlite::Result<CaseRow> {
    Ok(CaseRow {
        case: row.get(0)?,
        service: row.get(1)?,
        region: row.get(2)?,
        applicant: row.get(3)?,
        opened_at: row.get(4)?,
        changed_at: row.get(5)?,
        result: row.get(6)?,
    })
}

fn roll(row: &Row) -> rusqlite::Result<RollRow> {
    let grants: String = row.get(6)?;
    Ok(RollRow {
        region: row.get(0)?,
        root: row.get(1)?,
        case: row.get(2)?,
        service: row.get(3)?,
        applicant: row.get(4)?,
        closed_at: row.get(5)?,
        grants: serde_json::from_str(&grants).unwrap_or_default(),
    })
}

fn kin(row: &Row) -> rusqlite::Result<KinRow> {
    Ok(KinRow {
        case: row.get(0)?,
        region: row.get(1)?,
        official: row.get(2)?,
        relation: row.get(3)?,
        service: row.get(4)?,
        applicant: row.get(5)?,
        declared_at: row.get(6)?,
        result: row.get(7)?,
        acted: row.get::<_, String>(8)?.split_whitespace().map(str::to_owned).collect(),
    })
}

fn notice(row: &Row) -> rusqlite::Result<NoticeRow> {
    let shown: String = row.get(6)?;
    Ok(NoticeRow {
        until: row.get(0)?,
        case: row.get(1)?,
        service: row.get(2)?,
        step: row.get(3)?,
        region: row.get(4)?,
        posted_at: row.get(5)?,
        shown: serde_json::from_str(&shown).unwrap_or_default(),
        open: row.get(7)?,
    })
}

fn pair(row: &Row) -> rusqlite::Result<(String, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// The rows of a query.
pub(crate) fn list<T>(
    sql: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl Fn(&Row) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Fault> {
    Ok(sql.prepare_cached(query)?.query_map(parameters, read)?.collect::<Result<_, _>>()?)
}

/// The tasks whose services may be seen.
fn seen<'t>(scope: &'t Scope, tasks: &'t [String]) -> impl Iterator<Item = &'t String> {
    tasks.iter().filter(|task| scope.hidden().iter().all(|hidden| task.split(' ').next() != Some(hidden)))
}

/// What a scope lets through: from region, to region, and as JSON the services that it does not.
pub(crate) fn bounds(scope: &Scope) -> [String; 3] {
    let (low, high) = scope.bounds();
    [low, high, hidden(scope)]
}

pub(crate) fn hidden(scope: &Scope) -> String {
    serde_json::to_string(scope.hidden()).unwrap_or_default()
}

pub(crate) fn chain(sql: &Connection, root: &str) -> Result<Vec<(String, String)>, Fault> {
    list(
        sql,
        "SELECT case_id, result FROM case_row WHERE case_id = ?1 OR (root = ?1 AND before_case <> '') ORDER BY opened_at, case_id",
        [root],
        pair,
    )
}

impl Store {
    /// What waits for somebody in the regions of a scope, the nearest due first: of some tasks, `服务 步骤` by 标识.
    pub fn work(&self, scope: &Scope, tasks: &[String], own: &str, most: u32) -> Result<Vec<WorkRow>, Fault> {
        let (low, high) = scope.bounds();
        let query = format!(
            "SELECT w.due, w.case_id, w.instance, w.region FROM work_row w INDEXED BY work_by_task
             WHERE w.task = ?4 AND {WAITS} ORDER BY w.due, w.case_id, w.instance LIMIT ?5"
        );
        let connection = self.read();
        let mut keys: Vec<(String, String, u32, String)> = Vec::new();
        for task in seen(scope, tasks) {
            keys.extend(list(&connection, &query, params![low, high, own, task, most], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?);
        }
        keys.sort();
        keys.truncate(most as usize);
        let mut one = connection.prepare_cached(
            "SELECT w.region, w.due, w.case_id, w.instance, w.service, w.step, w.status, w.since, w.first_actor, c.applicant
             FROM work_row w JOIN case_row c ON c.case_id = w.case_id
             WHERE w.region = ?1 AND w.due = ?2 AND w.case_id = ?3 AND w.instance = ?4",
        )?;
        // What was done in between is gone.
        let mut rows = Vec::with_capacity(keys.len());
        for (due, case, instance, region) in keys {
            rows.extend(one.query_row(params![region, due, case, instance], work).optional()?);
        }
        Ok(rows)
    }

    /// How many of those there are, and how many of them are overdue at a moment.
    pub fn work_count(&self, scope: &Scope, tasks: &[String], own: &str, now: DateTime) -> Result<(u32, u32), Fault> {
        let (low, high) = scope.bounds();
        let query = format!(
            "SELECT count(*), count(CASE WHEN w.due < ?5 THEN 1 END) FROM work_row w INDEXED BY work_by_task
             WHERE w.task = ?4 AND {WAITS}"
        );
        let (mut all, mut late) = (0, 0);
        for task in seen(scope, tasks) {
            let counts: Vec<(u32, u32)> =
                list(&self.read(), &query, params![low, high, own, task, now.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            counts.into_iter().for_each(|(count, overdue)| (all, late) = (all + count, late + overdue));
        }
        Ok((all, late))
    }

    /// Cases in the regions of a scope, the last changed first.
    pub fn cases(&self, scope: &Scope, most: u32) -> Result<Vec<CaseRow>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT case_id, service, region, applicant, opened_at, changed_at, result
                     FROM case_row INDEXED BY case_by_changed
                     WHERE region BETWEEN ?1 AND ?2 AND service NOT IN (SELECT value FROM json_each(?3))
                     ORDER BY changed_at DESC, case_id DESC LIMIT ?4";
        list(&self.read(), query, params![low, high, hidden, most], case)
    }

    /// Those whose applicant's name or receipt number begins with some words, or in which the words are somebody's
    /// citizen number or the key of the row that they are about.
    pub fn find(&self, scope: &Scope, words: &str, most: u32) -> Result<Vec<CaseRow>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "WITH found (case_id) AS (
                         SELECT case_id FROM case_row WHERE applicant >= ?3 AND applicant < ?3 || char(1114111)
                         UNION SELECT case_id FROM case_row WHERE case_id >= ?3 AND case_id < ?3 || char(1114111)
                         UNION SELECT case_id FROM person_row WHERE number = ?3)
                     SELECT case_id, service, region, applicant, opened_at, changed_at, result
                     FROM found JOIN case_row USING (case_id)
                     WHERE region BETWEEN ?1 AND ?2 AND service NOT IN (SELECT value FROM json_each(?4))
                     ORDER BY changed_at DESC, case_id DESC LIMIT ?5";
        list(&self.read(), query, params![low, high, words, hidden, most], case)
    }

    /// Cases in which something has happened by itself by a moment, and which wait for time to pass.
    pub fn fallen_due(&self, now: DateTime) -> Result<Vec<String>, Fault> {
        let query = "SELECT case_id FROM due_row WHERE at < ?1 ORDER BY case_id";
        list(&self.read(), query, [now.to_string()], |row| row.get(0))
    }

    /// Starts over entitlements that have fallen due: the case before, and the start. A case that another has followed
    /// is left alone.
    pub fn starts_due(&self, now: DateTime) -> Result<Vec<(String, String)>, Fault> {
        let query = "SELECT s.case_id, s.start FROM schedule_row s WHERE s.at <= ?1
                     AND NOT EXISTS (SELECT 1 FROM case_row c WHERE c.before_case = s.case_id AND c.before_case <> '')
                     ORDER BY s.at, s.case_id";
        list(&self.read(), query, [now.to_string()], pair)
    }

    /// The roll of the regions of a scope: for each chain of cases what the last closed one left.
    pub fn roll(&self, scope: &Scope) -> Result<Vec<RollRow>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT region, root, case_id, service, applicant, closed_at, grants FROM roll_row r
                     WHERE region BETWEEN ?1 AND ?2 AND service NOT IN (SELECT value FROM json_each(?3))
                     AND NOT EXISTS
                     (SELECT 1 FROM case_row c JOIN roll_row n ON n.case_id = c.case_id WHERE c.before_case = r.case_id AND c.before_case <> '')
                     ORDER BY region, applicant, case_id";
        list(&self.read(), query, [low, high, hidden], roll)
    }

    /// How many entries each case has.
    pub fn revisions(&self) -> Result<HashMap<String, u64>, Fault> {
        let rows: Vec<(String, i64)> =
            list(&self.read(), "SELECT case_id, revision FROM case_row", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.into_iter().map(|(case, revision)| (case, u64::try_from(revision).unwrap_or(0))).collect())
    }

    /// Cases filed for a declared relative in the regions of a scope, the last declared first.
    pub fn kin(&self, scope: &Scope) -> Result<Vec<KinRow>, Fault> {
        let [low, high, hidden] = bounds(scope);
        let query = "SELECT case_id, region, official, relation, service, applicant, declared_at, result, acted
                     FROM kin_row
                     WHERE region BETWEEN ?1 AND ?2 AND service NOT IN (SELECT value FROM json_each(?3))
                     ORDER BY declared_at DESC, case_id, official";
        list(&self.read(), query, [low, high, hidden], kin)
    }

    /// Cases of a chain in their order: the case and its result, which is empty while it is open.
    pub fn chain(&self, root: &str) -> Result<Vec<(String, String)>, Fault> {
        chain(&self.read(), root)
    }

    /// How many public notices hang in each township, by its code.
    pub fn notices_by_township(&self) -> Result<Vec<(RegionCode, u32)>, Fault> {
        let query =
            "SELECT substr(region, 1, 9) || '000', count(*) FROM notice_row WHERE open = 1 GROUP BY 1 ORDER BY 1";
        let rows: Vec<(String, u32)> = list(&self.read(), query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.into_iter().filter_map(|(code, count)| Some((RegionCode::parse(&code).ok()?, count))).collect())
    }

    /// Public notices that hang within a region, the last to end first.
    pub fn notices(&self, within: RegionCode, most: u32) -> Result<Vec<NoticeRow>, Fault> {
        let query = "SELECT until, case_id, service, step, region, posted_at, shown, open FROM notice_row
                     WHERE open = 1 AND region BETWEEN ?1 AND ?2 ORDER BY until DESC, case_id LIMIT ?3";
        let (low, high) = within.bounds();
        list(&self.read(), query, params![low, high, most], notice)
    }
}
