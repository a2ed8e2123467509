//! A person over all services: what they are in which case, what they hold, where they stand in registers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{Fen, Month, PersonNumber, Sex};
use bureau::{CaseRow, handle};
use casework::event::{RegisterRow, granted};
use casework::{Datum, Registers, Spell, State as Case};
use guide::model::{FieldType, Register, RegisterColumn};
use maud::{Markup, html};

use super::Page;
use super::registers::{listed, row_address, row_within, rows_about, shown};
use crate::layout::{day, page, standing};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Cases of one person.
const MOST_CASES: u32 = 200;

/// What a life is told by.
const MOST_MOMENTS: usize = 300;

/// Columns of a row that are told in a life.
const MOST_COLUMNS: usize = 6;

/// The people whom a case names with a number, in a fixed order: name and number.
fn people(state: &Case) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let named = state.facts.iter().flat_map(|fact| fact.value.people());
    let numbered = named.filter_map(|person| Some((person.name.clone(), person.number.clone()?)));
    numbered.filter(|(_, number)| seen.insert(number.clone())).collect()
}

/// Links to the people of a case. Their numbers stay out of addresses, which browsers remember.
pub fn links(state: &Case) -> Markup {
    let people = people(state);
    html! {
        @if !people.is_empty() {
            h2 { "人" }
            ul.begins { @for (place, (name, _)) in people.iter().enumerate() {
                li { a href=(format!("/case/{}/person/{place}", state.case)) { (name) } }
            } }
        }
    }
}

/// Somebody whom a case names.
pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, place)): Path<(String, usize)>,
) -> Page {
    visit.staff()?;
    let (state, ..) = visit.case(&site, &case)?;
    let (name, number) = people(&state).into_iter().nth(place).ok_or(Fault::NotFound)?;
    let crumbs = html! { a href=(format!("/case/{case}")) { (case) } };
    person_page(&site, &visit, crumbs, (&name, &number))
}

/// Somebody whom a column of a register's row names.
pub async fn of_row(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let get = |name: &str| query.get(name).map_or("", String::as_str);
    let (register, row) = row_within(&site, &visit, &key, get("row"))?;
    let Some(Datum::Person(person)) = row.columns.get(get("column")) else { return Err(Fault::NotFound) };
    let crumbs = html! { a href=(row_address(&key, &row.key)) { (register.name) } };
    person_page(&site, &visit, crumbs, (&person.name, person.number.as_deref().ok_or(Fault::NotFound)?))
}

/// Where the page of somebody is found, by any number: by a case or a row that names them, if the visitor may see one.
pub fn address(site: &Site, visit: &Visit, number: &str) -> Result<Option<String>, Fault> {
    for number in site.bureau.numbers(number) {
        if let Some(address) = address_by(site, visit, &number)? {
            return Ok(Some(address));
        }
    }
    Ok(None)
}

fn address_by(site: &Site, visit: &Visit, number: &str) -> Result<Option<String>, Fault> {
    let scope = site.bureau.scope(visit.staff()?);
    for row in site.bureau.store.find(&scope, number, MOST_CASES)? {
        let Some((state, _)) = site.bureau.case(&row.case, &scope)? else { continue };
        if let Some(place) = people(&state).iter().position(|(_, known)| known == number) {
            return Ok(Some(format!("/case/{}/person/{place}", row.case)));
        }
    }
    for (register, row) in rows_about(site, visit, number, |ty| matches!(ty, FieldType::Register(_)))? {
        let says = |datum: &Datum| matches!(datum, Datum::Person(person) if person.number.as_deref() == Some(number));
        if let Some((column, _)) = row.columns.iter().find(|(_, datum)| says(datum)) {
            return Ok(Some(address_in_row(&register.key, &row.key, column)));
        }
    }
    Ok(None)
}

/// Where the page of somebody is found whom a column of a row names.
pub fn address_in_row(register: &str, key: &str, column: &str) -> String {
    format!("/registers/{register}/person?row={}&column={column}", handle(register, key))
}

/// What is known of somebody by all their numbers.
struct Known<'s> {
    numbers: Vec<PersonNumber>,
    cases: Vec<CaseRow>,
    spells: Vec<Spell>,
    rows: Vec<(&'s Register, RegisterRow)>,
}

fn known<'s>(site: &'s Site, visit: &Visit, number: &str) -> Result<Known<'s>, Fault> {
    let scope = site.bureau.scope(visit.staff()?);
    let tells = |ty: &FieldType| matches!(ty, FieldType::Register(_) | FieldType::PersonNumber);
    let numbers = site.bureau.numbers(number);
    let (mut cases, mut rows) = (Vec::<CaseRow>::new(), Vec::<(&Register, RegisterRow)>::new());
    for number in &numbers {
        let found = site.bureau.store.find(&scope, number, MOST_CASES)?;
        cases.extend(
            found.into_iter().filter(|row| !cases.iter().any(|known| known.case == row.case)).collect::<Vec<_>>(),
        );
        let found = rows_about(site, visit, number, tells)?;
        let is_known = |row: &RegisterRow| rows.iter().any(|(_, r)| r.register == row.register && r.key == row.key);
        rows.extend(found.into_iter().filter(|(_, row)| !is_known(row)).collect::<Vec<_>>());
    }
    let spells = site.bureau.store.look(|read| read.spells(numbers.iter().map(String::as_str)))?;
    let spells = spells.into_iter().filter(|spell| !scope.hidden().contains(&spell.service)).collect();
    let numbers = numbers.iter().filter_map(|number| PersonNumber::parse(number).ok()).collect();
    Ok(Known { numbers, cases, spells, rows })
}

fn person_page(site: &Site, visit: &Visit, crumbs: Markup, (name, number): (&str, &str)) -> Page {
    let known = known(site, visit, number)?;
    let Some(first) = known.numbers.first() else { return Err(Fault::NotFound) };
    let today = site.now().date();
    let month = Month::of(today);
    let died = known.rows.iter().find_map(|(_, row)| row.columns.get("died_on")?.text().map(str::to_owned));
    let moments = moments(site, &known)?;
    let body = html! {
        p.crumbs { (crumbs) " › " (name) }
        h1 { (name) @if died.is_some() { " " span.mark.done { "已去世" } } }
        p { (first.kind().name()) " " span.mono { (first.masked()) }
            @if let Some(citizen) = first.citizen() {
                "　" @if citizen.sex() == Sex::Male { "男" } @else { "女" }
                "，" (citizen.birth()) " 生"
                @if died.is_none() { "，" (base::age(citizen.birth(), today).unwrap_or(0)) " 岁" }
            }
        }
        @if known.numbers.len() > 1 { p.soft { "也用过："
            @for other in &known.numbers[1..] { (other.kind().name()) " " span.mono { (other.masked()) } "　" }
        } }
        h2 { "享受的待遇" }
        @if known.spells.is_empty() { p.empty { "没有。" } }
        @else { div.scroll { table.work {
            thead { tr { th { "服务" } th { "待遇" } th.num { "本月（元）" } th.num { "下月（元）" } th { "受理号" } } }
            tbody { @for spell in &known.spells {
                @let (service, entitlement) = named(site, spell);
                @let sum = |month| granted(&spell.grants, &spell.entitlement, month).map_or(Fen(0), |grant| grant.total());
                tr {
                    td { (service) }
                    td data-label="待遇" { (entitlement) }
                    td.num data-label="本月（元）" { (sum(month).to_string()) }
                    td.num data-label="下月（元）" { (sum(month.next()).to_string()) }
                    td.mono data-label="受理号" { a href=(format!("/case/{}", spell.case)) { (spell.case) } }
                }
            } }
        } } }
        h2 { "办过的件" }
        @if known.cases.is_empty() { p.empty { "没有。" } } @else { (cases(site, &known.cases)) }
        (listed(site, &known.rows))
        h2 { "经过" }
        ol.line { @for (on, what) in moments { li.past { b { (on) } " " (what) } } }
    };
    Ok(page(site, visit, name, body).into_response())
}

fn named<'s>(site: &'s Site, spell: &Spell) -> (&'s str, &'s str) {
    let guide = site.guide(&spell.service);
    let entitlement = guide.and_then(|guide| guide.entitlement(&spell.entitlement));
    (guide.map_or("", |guide| &guide.title), entitlement.map_or("", |entitlement| &entitlement.name))
}

/// A life as the bureau knows it, the last first: births, cases, what was granted from when, what registers were told.
fn moments(site: &Site, known: &Known) -> Result<Vec<(String, Markup)>, Fault> {
    let mut moments: Vec<(String, Markup)> = Vec::new();
    let born = known.numbers.iter().find_map(|number| Some(number.citizen()?.birth()));
    moments.extend(born.map(|on| (on.to_string(), html! { "出生" })));
    for case in &known.cases {
        let title = site.guide(&case.service).map_or("", |guide| &guide.title);
        let link = html! { a href=(format!("/case/{}", case.case)) { (title) } };
        moments.push((date(&case.opened_at), html! { "提交 " (link) }));
        if !case.result.is_empty() {
            moments.push((date(&case.changed_at), html! { (link) " 办结：" (standing(&case.result)) }));
        }
    }
    for spell in &known.spells {
        let (_, entitlement) = named(site, spell);
        let mut before = None;
        for grant in &spell.grants {
            let says = match grant.total() {
                _ if grant.suspended => "暂停发放".to_owned(),
                Fen(0) => "停止".to_owned(),
                total => format!("每月 {total} 元"),
            };
            if before.as_ref() != Some(&says) {
                moments.push((grant.from.first_day().to_string(), html! { (entitlement) " " b { (says) } }));
            }
            before = Some(says);
        }
    }
    for (register, row) in &known.rows {
        for version in site.bureau.store.versions(&register.key, &row.key)? {
            let says = |column: &&RegisterColumn| !column.is_key && !matches!(column.ty, FieldType::Attachment);
            let columns = register.columns.iter().filter(says);
            let said: Vec<(&str, String)> = columns
                .map(|column| (&*column.name, shown(site, column, &version.row)))
                .filter(|(_, text)| !text.is_empty())
                .take(MOST_COLUMNS)
                .collect();
            let what = html! {
                a href=(row_address(&register.key, &row.key)) { (register.name) }
                @for (name, text) in said { "　" span.soft { (name) } " " (text) }
            };
            moments.push((version.row.from.to_string(), what));
        }
    }
    moments.sort_by(|(a, _), (b, _)| b.cmp(a));
    moments.truncate(MOST_MOMENTS);
    Ok(moments)
}

fn date(at: &str) -> String {
    at.get(..10).unwrap_or(at).to_owned()
}

/// Cases as a table.
pub fn cases(site: &Site, cases: &[CaseRow]) -> Markup {
    html! {
        div.scroll { table.work {
            thead { tr { th { "服务" } th { "申请人" } th { "现在" } th { "提交" } th { "受理号" } } }
            tbody { @for row in cases { tr {
                td { (site.guide(&row.service).map_or("", |guide| &guide.title)) }
                td data-label="申请人" { (row.applicant) }
                td data-label="现在" { (standing(&row.result)) }
                td data-label="提交" { (day(&row.opened_at)) }
                td.mono data-label="受理号" { a href=(format!("/case/{}", row.case)) { (row.case) } }
            } } }
        } }
    }
}
