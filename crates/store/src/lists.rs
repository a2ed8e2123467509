//! What pages ask: work lists, counts, search, the notice board, and what the clock has to wake.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{CitizenNumber, Date, DateTime, RegionCode};
use casework::summary::{Standing, Summary};
use casework::{CaseId, Notice};

use crate::fault::Fault;
use crate::project::{self, NAME, NUMBER, SUMMARY, standing_number, summary};
use crate::scope::Scope;
use crate::sql::{Cell, Sql, all, first};
use crate::{Inner, Store};

/// Rows on a page.
const PAGE: i64 = 50;
/// Rows that a search shows; more means the question was too wide.
const FOUND: u32 = 50;

/// Rows of one page, and how many there are in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: u32,
    /// From 1.
    pub page: u32,
    /// At least 1.
    pub pages: u32,
}

/// Narrows a work list; what is None does not narrow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkFilter {
    pub role: Option<Arc<str>>,
    pub service: Option<Arc<str>>,
    pub step: Option<Arc<str>>,
    /// None: open and waiting cases. Closed cases are listed by the day they closed, the latest first.
    pub standing: Option<Standing>,
    /// Only what was due before this moment.
    pub due_before: Option<DateTime>,
}

/// How many cases are in a step, for the head of a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub service: Arc<str>,
    /// Empty for closed cases.
    pub step: Arc<str>,
    pub role: Arc<str>,
    pub standing: Standing,
    pub cases: u32,
    /// Of these, due before the moment asked for.
    pub overdue: u32,
}

/// A notice on the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    pub case: CaseId,
    /// From 1, in the order of `State::notices`.
    pub number: u32,
    pub service: Arc<str>,
    pub region: RegionCode,
    pub notice: Notice,
}

impl Store {
    /// Cases to work on, by time left: the longest overdue first, those without a deadline last. `page` counts from 1.
    pub fn work(&self, scope: &Scope, filter: &WorkFilter, page: u32) -> Result<Page<Summary>, Fault> {
        let closed = filter.standing == Some(Standing::Closed);
        let due = filter.due_before.map(|at| at.to_string());
        // Whether a case is closed stands in the text, because the indexes hold one kind each.
        let mut conditions = format!("region BETWEEN ?1 AND ?2 AND standing {}", if closed { "= 2" } else { "< 2" });
        let mut cells = scope.cells().to_vec();
        let narrowing = [
            ("role =", filter.role.as_deref().map(Cell::Text)),
            ("service =", filter.service.as_deref().map(Cell::Text)),
            ("step =", filter.step.as_deref().map(Cell::Text)),
            ("standing =", filter.standing.map(|s| Cell::Int(standing_number(s)))),
            ("due <", due.as_deref().map(Cell::Text)),
        ];
        for (column, cell) in narrowing {
            if let Some(cell) = cell {
                cells.push(cell);
                conditions += &format!(" AND {column} ?{}", cells.len());
            }
        }
        let order = if closed { "since DESC, case_id" } else { "due, case_id" };
        let list = List { columns: SUMMARY, table: "case_row", conditions: &conditions, order };
        self.inner.read(|sql| list.page(sql, cells, page, |row| summary(&self.inner, row)))
    }

    /// Open and waiting cases by service and step; `now` decides what is overdue.
    pub fn counts(&self, scope: &Scope, now: DateTime) -> Result<Vec<Count>, Fault> {
        let text = "SELECT service, step, role, standing, count(*), sum(CASE WHEN due < ?3 THEN 1 ELSE 0 END)
                    FROM case_row WHERE region BETWEEN ?1 AND ?2 AND standing < 2
                    GROUP BY service, step, role, standing ORDER BY service, step, role, standing";
        let [first, last] = scope.cells();
        let now = now.to_string();
        self.inner.read(|sql| {
            all(sql, text, &[first, last, Cell::Text(&now)], |row| {
                Ok(Count {
                    service: row[0].text()?.into(),
                    step: row[1].text()?.into(),
                    role: row[2].text()?.into(),
                    standing: if row[3].int()? == 0 { Standing::Open } else { Standing::Waiting },
                    cases: row[4].count()?,
                    overdue: row[5].count()?,
                })
            })
        })
    }

    /// Cases by receipt number, by the exact citizen number of anybody in them, or by a name or part of one.
    /// At most 50, the latest applications first.
    pub fn search(&self, scope: &Scope, text: &str) -> Result<Vec<Summary>, Fault> {
        let text = text.trim();
        if let Ok(number) = CitizenNumber::parse(text) {
            return self.cases_of(scope, &number);
        }
        if text.len() >= 6 && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let receipt = text.to_ascii_uppercase();
            return self.inner.read(|sql| find(sql, &self.inner, scope, "case_id = ?3", &[Cell::Text(&receipt)]));
        }
        self.named(scope, text)
    }

    /// Every case in which a person appears, as applicant or otherwise; at most 50, the latest first.
    pub fn cases_of(&self, scope: &Scope, number: &CitizenNumber) -> Result<Vec<Summary>, Fault> {
        let token = self.inner.keys.token(NUMBER, number.as_str());
        let condition = "case_id IN (SELECT case_id FROM person_index WHERE token = ?3)";
        self.inner.read(|sql| find(sql, &self.inner, scope, condition, &[Cell::Blob(&token)]))
    }

    /// Pairs of characters find candidates; whether the name really holds the text is seen when it is opened.
    fn named(&self, scope: &Scope, text: &str) -> Result<Vec<Summary>, Fault> {
        let letters = project::letters(text);
        let wanted: String = letters.iter().collect();
        let mut grams: BTreeSet<String> = project::grams(text);
        if letters.len() > 1 {
            grams.retain(|gram| gram.chars().nth(1).is_some());
        }
        let tokens: Vec<_> = grams.iter().take(8).map(|gram| self.inner.keys.token(NAME, gram)).collect();
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let one = |place| format!("case_id IN (SELECT case_id FROM person_index WHERE token = ?{place})");
        let condition = (3..tokens.len() + 3).map(one).collect::<Vec<_>>().join(" AND ");
        let cells: Vec<Cell<'_>> = tokens.iter().map(|token| Cell::Blob(token)).collect();
        let mut found = self.inner.read(|sql| find(sql, &self.inner, scope, &condition, &cells))?;
        let bears = |name: &str| project::letters(name).iter().collect::<String>().contains(&wanted);
        found.retain(|summary| summary.people.iter().any(|person| bears(&person.name)));
        Ok(found)
    }

    /// Notices that run on `today` and those that stay while their case lives, the newest first. `page` counts from 1.
    pub fn board(&self, region: Option<RegionCode>, today: Date, page: u32) -> Result<Page<Posted>, Fault> {
        let [first, last] = Scope::within(region.unwrap_or(RegionCode::NATION)).cells();
        let today = today.to_string();
        let list = List {
            columns: "case_id, number, service, region, key_id, sealed",
            table: "notice_board",
            conditions: "region BETWEEN ?1 AND ?2 AND last_day >= ?3",
            order: "posted_at DESC, case_id DESC, number DESC",
        };
        let cells = vec![first, last, Cell::Text(&today)];
        self.inner.read(|sql| list.page(sql, cells, page, |row| posted(&self.inner, row)))
    }

    /// Waiting cases that have fallen due: the clock moves them on with `Command::Wake`.
    pub fn to_wake(&self, now: DateTime) -> Result<Vec<CaseId>, Fault> {
        let text = "SELECT case_id FROM case_row WHERE due < ?1 AND standing = 1 ORDER BY due, case_id";
        let now = now.to_string();
        self.inner.read(|sql| all(sql, text, &[Cell::Text(&now)], |row| Ok(CaseId(row[0].text()?.into()))))
    }
}

/// A question that is answered page by page.
struct List<'a> {
    columns: &'a str,
    table: &'a str,
    conditions: &'a str,
    order: &'a str,
}

impl List<'_> {
    fn page<T>(
        &self,
        sql: &mut dyn Sql,
        mut cells: Vec<Cell<'_>>,
        page: u32,
        read: impl FnMut(&[Cell<'_>]) -> Result<T, Fault>,
    ) -> Result<Page<T>, Fault> {
        let List { columns, table, conditions, order } = self;
        let count = format!("SELECT count(*) FROM {table} WHERE {conditions}");
        let total: u32 = first(sql, &count, &cells, |row| row[0].count())?.unwrap_or(0);
        let page = page.max(1);
        cells.extend([Cell::Int(PAGE), Cell::Int(PAGE * i64::from(page - 1))]);
        let (limit, offset) = (cells.len() - 1, cells.len());
        let text = format!(
            "SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT ?{limit} OFFSET ?{offset}"
        );
        let rows = all(sql, &text, &cells, read)?;
        Ok(Page { rows, total, page, pages: total.div_ceil(PAGE as u32).max(1) })
    }
}

/// Summaries in scope on a condition whose own parameters begin at `?3`.
fn find(
    sql: &mut dyn Sql,
    inner: &Inner,
    scope: &Scope,
    condition: &str,
    parameters: &[Cell<'_>],
) -> Result<Vec<Summary>, Fault> {
    let text = format!(
        "SELECT {SUMMARY} FROM case_row WHERE {condition} AND region BETWEEN ?1 AND ?2
         ORDER BY applied_at DESC, case_id DESC LIMIT {FOUND}"
    );
    let cells: Vec<Cell<'_>> = scope.cells().iter().chain(parameters).copied().collect();
    all(sql, &text, &cells, |row| summary(inner, row))
}

fn posted(inner: &Inner, row: &[Cell<'_>]) -> Result<Posted, Fault> {
    let case = row[0].text()?;
    let unreadable = || Fault::damaged(format!("{case}的公示无法打开"));
    let key = inner.keys.key(row[4].text()?)?.ok_or_else(unreadable)?;
    let bound = project::notice_row(case, row[1].int()?);
    let plain = inner.crypto.open(&key, bound.as_bytes(), row[5].blob()?).ok_or_else(unreadable)?;
    Ok(Posted {
        case: CaseId(case.into()),
        number: row[1].count()?,
        service: row[2].text()?.into(),
        region: project::region(row[3])?,
        notice: serde_json::from_slice(&plain).map_err(|_| unreadable())?,
    })
}
