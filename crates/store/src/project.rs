//! What is derived from the journal so that pages need not fold: work list, person index, notice board, counters.
//!
//! INVARIANT (byte-equal rebuild): every row is a function of the case's entries and its guide alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{DateTime, RegionCode};
use casework::summary::{Person, Standing, Summary};
use casework::{Bureau, CaseId, Entry, Event, Notice, State};
use guide::Guide;

use crate::Inner;
use crate::crypto::Key;
use crate::fault::Fault;
use crate::keys::Token;
use crate::scope::number;
use crate::sql::{Cell, Sql};

/// Sorts behind every real moment, so that cases without a deadline come last.
pub(crate) const NEVER: &str = "9999-12-31T23:59:59";
/// The last day of a notice that stays while the case lives.
const NO_LAST_DAY: &str = "9999-12-31";

/// Purposes of tokens.
pub(crate) const NUMBER: &str = "number";
pub(crate) const NAME: &str = "name";

/// The columns that make a [`Summary`], in the order in which [`summary`] reads them.
pub(crate) const SUMMARY: &str = "case_id, service, region, revision, step, role, since, due, standing, filed, \
                                  applied_at, outcome, key_id, sealed";

/// Under which key a case's rows are sealed.
pub(crate) struct SealedBy<'a> {
    pub inner: &'a Inner,
    pub key_id: &'a str,
    pub key: &'a Key,
}

impl SealedBy<'_> {
    fn seal(&self, row: &str, content: &impl serde::Serialize) -> Result<Vec<u8>, Fault> {
        let plain = serde_json::to_vec(content).map_err(|e| Fault::Database(Box::new(e)))?;
        Ok(self.inner.crypto.seal(self.key, row.as_bytes(), &plain))
    }
}

/// The guide of a case in the edition that it pins.
pub(crate) fn guide_of<'b>(bureau: &'b Bureau, state: &State) -> Result<&'b Arc<Guide>, Fault> {
    bureau
        .guide(&state.service, &state.edition)
        .ok_or_else(|| Fault::EditionLost { service: state.service.to_string(), edition: state.edition.0.to_string() })
}

/// Brings the projections up to `state`, which `entries` led to; returns the people of the case as indexed now.
/// From no people and all entries of a case it makes the same rows as from each command in turn.
pub(crate) fn keep(
    sql: &mut dyn Sql,
    by: &SealedBy<'_>,
    guide: &Guide,
    state: &State,
    entries: &[Entry],
    indexed: &[Person],
) -> Result<Vec<Person>, Fault> {
    let summary = Summary::of(state, guide);
    keep_row(sql, by, &summary)?;
    if summary.people != indexed {
        keep_people(sql, by.inner, &summary.case, indexed, &summary.people)?;
    }
    if entries.iter().any(|e| matches!(e.event, Event::Posted { .. } | Event::Closed { .. })) {
        keep_notices(sql, by, state)?;
    }
    for entry in entries {
        count(sql, guide, state, entry)?;
    }
    Ok(summary.people)
}

fn keep_row(sql: &mut dyn Sql, by: &SealedBy<'_>, row: &Summary) -> Result<(), Fault> {
    let sealed = by.seal(&row.case.0, &(&row.applicant, &row.people))?;
    let (since, applied) = (row.since.to_string(), row.applied_at.to_string());
    let due = row.due.map_or_else(|| NEVER.to_owned(), |due| due.to_string());
    sql.execute(
        "INSERT INTO case_row (case_id, service, region, revision, step, role, since, due, standing, filed,
                               applied_at, outcome, key_id, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (case_id) DO UPDATE SET revision = ?4, step = ?5, role = ?6, since = ?7, due = ?8,
                               standing = ?9, filed = ?10, outcome = ?12, sealed = ?14",
        &[
            Cell::Text(&row.case.0),
            Cell::Text(&row.service),
            Cell::Int(number(row.region)),
            Cell::Int(row.revision.into()),
            Cell::Text(&row.step),
            Cell::Text(&row.role),
            Cell::Text(&since),
            Cell::Text(&due),
            Cell::Int(standing_number(row.standing)),
            Cell::Int(row.filed.into()),
            Cell::Text(&applied),
            Cell::Text(&row.outcome),
            Cell::Text(by.key_id),
            Cell::Blob(&sealed),
        ],
    )?;
    Ok(())
}

pub(crate) fn standing_number(standing: Standing) -> i64 {
    match standing {
        Standing::Open => 0,
        Standing::Waiting => 1,
        Standing::Closed => 2,
    }
}

/// Reads the columns of [`SUMMARY`] and opens the names.
pub(crate) fn summary(inner: &Inner, row: &[Cell<'_>]) -> Result<Summary, Fault> {
    let case = row[0].text()?;
    let due = row[7].text()?;
    let (applicant, people) = match inner.keys.key(row[12].text()?)? {
        None => ("（已依法删除）".to_owned(), Vec::new()),
        Some(key) => {
            let plain = inner.crypto.open(&key, case.as_bytes(), row[13].blob()?);
            let plain = plain.ok_or_else(|| Fault::damaged(format!("{case}的姓名无法打开")))?;
            serde_json::from_slice(&plain).map_err(|_| Fault::damaged(format!("{case}的姓名无法读懂")))?
        }
    };
    Ok(Summary {
        case: CaseId(case.into()),
        service: row[1].text()?.into(),
        region: region(row[2])?,
        revision: row[3].count()?,
        step: row[4].text()?.into(),
        role: row[5].text()?.into(),
        since: moment(row[6])?,
        due: if due == NEVER { None } else { Some(moment(row[7])?) },
        standing: match row[8].int()? {
            0 => Standing::Open,
            1 => Standing::Waiting,
            _ => Standing::Closed,
        },
        filed: row[9].int()? != 0,
        applied_at: moment(row[10])?,
        outcome: row[11].text()?.into(),
        applicant,
        people,
    })
}

pub(crate) fn moment(cell: Cell<'_>) -> Result<DateTime, Fault> {
    cell.text()?.parse().map_err(|_| Fault::damaged("有一个时间无法读懂"))
}

pub(crate) fn region(cell: Cell<'_>) -> Result<RegionCode, Fault> {
    RegionCode::parse(&format!("{:012}", cell.int()?)).map_err(|_| Fault::damaged("有一个区划代码无法读懂"))
}

/// Exchanges the tokens of the people indexed before for those of the people now.
fn keep_people(sql: &mut dyn Sql, inner: &Inner, case: &CaseId, old: &[Person], new: &[Person]) -> Result<(), Fault> {
    let (old, new) = (tokens(inner, old), tokens(inner, new));
    for (token, applicant) in &old {
        if new.get(token) != Some(applicant) {
            let row = [Cell::Blob(token), Cell::Text(&case.0)];
            sql.execute("DELETE FROM person_index WHERE token = ?1 AND case_id = ?2", &row)?;
        }
    }
    for (token, applicant) in &new {
        if old.get(token) != Some(applicant) {
            let row = [Cell::Blob(token), Cell::Text(&case.0), Cell::Int((*applicant).into())];
            sql.execute("INSERT INTO person_index (token, case_id, applicant) VALUES (?1, ?2, ?3)", &row)?;
        }
    }
    Ok(())
}

/// Tokens by which people are found, each with whether it is the applicant's number.
fn tokens(inner: &Inner, people: &[Person]) -> BTreeMap<Token, bool> {
    let mut tokens = BTreeMap::new();
    for person in people {
        for gram in grams(&person.name) {
            tokens.entry(inner.keys.token(NAME, &gram)).or_insert(false);
        }
        let number = person.number.as_deref().and_then(|n| base::CitizenNumber::parse(n).ok());
        if let Some(number) = number {
            *tokens.entry(inner.keys.token(NUMBER, number.as_str())).or_insert(false) |= person.applicant;
        }
    }
    tokens
}

/// Single characters and neighbouring pairs of a name, blanks and middle dots left out.
pub(crate) fn grams(name: &str) -> BTreeSet<String> {
    let letters = letters(name);
    let pairs = letters.windows(2).map(|pair| pair.iter().collect());
    letters.iter().map(|letter| letter.to_string()).chain(pairs).collect()
}

/// A name as search compares it.
pub(crate) fn letters(name: &str) -> Vec<char> {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '·' | '•' | '.')).collect()
}

/// The notices of a case that belong on the board: the last of each step while the case is open.
fn keep_notices(sql: &mut dyn Sql, by: &SealedBy<'_>, state: &State) -> Result<(), Fault> {
    sql.execute("DELETE FROM notice_board WHERE case_id = ?1", &[Cell::Text(&state.case.0)])?;
    if state.closed.is_some() {
        return Ok(());
    }
    let mut last: BTreeMap<&str, (usize, &Notice)> = BTreeMap::new();
    for (index, notice) in state.notices.iter().enumerate() {
        last.insert(&notice.step, (index + 1, notice));
    }
    for (number_in_case, notice) in last.into_values() {
        let sealed = by.seal(&notice_row(&state.case.0, number_in_case as i64), notice)?;
        let last_day = notice.last_day.map_or_else(|| NO_LAST_DAY.to_owned(), |day| day.to_string());
        sql.execute(
            "INSERT INTO notice_board (case_id, number, service, region, posted_at, last_day, key_id, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &[
                Cell::Text(&state.case.0),
                Cell::Int(number_in_case as i64),
                Cell::Text(&state.service),
                Cell::Int(number(state.region)),
                Cell::Text(&notice.posted_at.to_string()),
                Cell::Text(&last_day),
                Cell::Text(by.key_id),
                Cell::Blob(&sealed),
            ],
        )?;
    }
    Ok(())
}

/// What a notice's sealed text is bound to.
pub(crate) fn notice_row(case: &str, number: i64) -> String {
    format!("{case}/{number}")
}

/// Running numbers of receipts and letters, and which files are in use.
fn count(sql: &mut dyn Sql, guide: &Guide, state: &State, entry: &Entry) -> Result<(), Fault> {
    match &entry.event {
        Event::Applied { case, .. } => {
            let Some((series, number)) = receipt_number(guide, case) else { return Ok(()) };
            let text = "INSERT INTO counter (name, value) VALUES (?1, ?2)
                        ON CONFLICT (name) DO UPDATE SET value = ?2 WHERE counter.value < ?2";
            sql.execute(text, &[Cell::Text(series), Cell::Int(number)])?;
        }
        Event::Lettered { letter, .. } => {
            let Some(letter) = guide.letter(letter) else { return Ok(()) };
            let name = letter_counter(&letter.series, entry.at.year());
            let text = "INSERT INTO counter (name, value) VALUES (?1, 1)
                        ON CONFLICT (name) DO UPDATE SET value = counter.value + 1";
            sql.execute(text, &[Cell::Text(&name)])?;
        }
        Event::Attached { file, .. } => {
            let row = [Cell::Text(&file.digest), Cell::Text(&state.case.0)];
            sql.execute("INSERT INTO file_use (digest, case_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING", &row)?;
        }
        _ => {}
    }
    Ok(())
}

/// `DB202600012` as its series `DB2026` and its number 12.
fn receipt_number<'c>(guide: &Guide, case: &'c CaseId) -> Option<(&'c str, i64)> {
    let (series, number) = case.0.split_at_checked(guide.prefix.len() + 4)?;
    Some((series, number.parse().ok()?))
}

pub(crate) fn letter_counter(series: &str, year: i16) -> String {
    format!("{series}〔{year}〕")
}
