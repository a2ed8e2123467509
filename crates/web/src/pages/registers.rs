//! 台账: every register as a list that is searched, filtered, sorted and grouped, and each row with its versions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{RegionCode, mask_number};
use bureau::{RegisterVersion, handle};
use casework::event::{RegisterRow, Subject};
use casework::payment::{CLAIM, OVERPAID, RECEIVABLE};
use casework::{Datum, Query as Asking};
use formula::Type;
use guide::model::{FieldType, Register, RegisterColumn};
use maud::{Markup, html};

use super::Page;
use super::apply::starts_for;
use super::facts::{figure, measured};
use super::lists::{Cell, Listing};
use crate::layout::{day, downloads, page};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Rows of one page.
const ROWS: usize = 100;

/// Beyond this many columns a row's words stand in more columns.
const FEW: usize = 4;

/// Cases about one row.
const MOST_CASES: u32 = 200;

/// The registers that somebody may see: those of services whose cases they see, and those that no service owns.
pub fn visible<'s>(site: &'s Site, visit: &Visit) -> Result<Vec<&'s Register>, Fault> {
    let scope = site.bureau.scope(visit.staff()?);
    if visit.administers() {
        return Err(Fault::Forbidden);
    }
    let guides = site.bureau.library.guides.iter().filter(|guide| !scope.hidden().contains(&guide.key.to_string()));
    let registers = site.bureau.library.registers.iter().chain(guides.flat_map(|guide| &guide.registers));
    // Debts are the ledger's, and have a page of their own.
    Ok(registers.filter(|register| *register.key != *RECEIVABLE).collect())
}

fn register<'s>(site: &'s Site, visit: &Visit, key: &str) -> Result<&'s Register, Fault> {
    visible(site, visit)?.into_iter().find(|register| *register.key == *key).ok_or(Fault::NotFound)
}

/// The region that the visitor's rows are of.
pub fn within(visit: &Visit, site: &Site) -> Result<RegionCode, Fault> {
    let (low, _) = site.bureau.scope(visit.staff()?).bounds();
    RegionCode::parse(&low).map_err(|_| Fault::Forbidden)
}

/// What an address asks for.
#[derive(Clone)]
struct Asked {
    words: String,
    sort: String,
    back: bool,
    group: String,
    /// Choices by 标识 of the column.
    chosen: BTreeMap<String, String>,
    page: usize,
}

impl Asked {
    fn of(register: &Register, query: &HashMap<String, String>) -> Self {
        let get = |name: &str| query.get(name).cloned().unwrap_or_default();
        let choices = register.columns.iter().filter(|column| choices(column).is_some());
        let chosen = choices.filter_map(|column| Some((column.key.to_string(), query.get(&*column.key)?.clone())));
        Self {
            words: base::tidy(&get("q")),
            sort: get("sort"),
            back: get("back") == "1",
            group: get("group"),
            chosen: chosen.filter(|(_, value)| !value.is_empty()).collect(),
            page: get("page").parse().unwrap_or(0),
        }
    }

    /// The same question with one part changed.
    fn with(&self, name: &str, value: &str) -> String {
        let mut parts: BTreeMap<&str, String> = BTreeMap::new();
        parts.insert("q", self.words.clone());
        parts.insert("sort", self.sort.clone());
        parts.insert("back", if self.back { "1".into() } else { String::new() });
        parts.insert("group", self.group.clone());
        self.chosen.iter().for_each(|(key, value)| _ = parts.insert(key, value.clone()));
        parts.insert(name, value.to_owned());
        let mut query = form_urlencoded::Serializer::new(String::new());
        parts.iter().filter(|(_, value)| !value.is_empty()).for_each(|(key, value)| _ = query.append_pair(key, value));
        query.finish()
    }
}

fn choices(column: &RegisterColumn) -> Option<Vec<&str>> {
    match &column.ty {
        FieldType::Plain(Type::Choice(words)) => Some(words.iter().map(|word| &**word).collect()),
        FieldType::Plain(Type::Bool) => Some(vec!["是", "否"]),
        _ => None,
    }
}

/// A cell as people read it; numbers of people are masked.
pub fn shown(site: &Site, column: &RegisterColumn, row: &RegisterRow) -> String {
    match (row.columns.get(&*column.key), &column.ty) {
        (Some(Datum::Bool(holds)), _) => if *holds { "是" } else { "否" }.to_owned(),
        (Some(Datum::Person(person)), _) => person.name.clone(),
        (Some(Datum::Text(text)), FieldType::Plain(Type::Region)) => site.place_of(text),
        (Some(Datum::Text(text)), FieldType::PersonNumber) => mask_number(text),
        (Some(Datum::Text(text)), FieldType::Plain(Type::Number(unit) | Type::Fen(unit))) => figure(text, *unit),
        (Some(Datum::Text(text)), _) if column.name.contains("电话") => base::mask_phone(text),
        (Some(Datum::Text(text)), _) => text.clone(),
        _ => String::new(),
    }
}

/// Numbers sort by size, everything else by its text.
fn rank(column: &RegisterColumn, row: &RegisterRow) -> (Option<formula::Rational>, String) {
    let text = row.columns.get(&*column.key).and_then(casework::registers::found_by).unwrap_or_default();
    let number = matches!(column.ty, FieldType::Plain(Type::Number(_) | Type::Fen(_)));
    (number.then(|| formula::parse_decimal(&text)).flatten(), text)
}

/// The rows that are asked for, in the order that is asked for.
fn rows(site: &Site, visit: &Visit, register: &Register, asked: &Asked) -> Result<Vec<RegisterVersion>, Fault> {
    let all = site.bureau.store.register(&register.key, site.now().date(), within(visit, site)?)?;
    let is_chosen = |row: &RegisterRow| {
        let says = |key: &str| register.columns.iter().find(|c| *c.key == *key).map(|column| shown(site, column, row));
        asked.chosen.iter().all(|(key, value)| says(key).as_deref() == Some(value))
    };
    let found = |row: &RegisterRow| {
        asked.words.is_empty()
            || register.columns.iter().any(|column| shown(site, column, row).contains(&asked.words))
            || row.found_by.iter().any(|(_, value)| *value == asked.words)
    };
    let mut rows: Vec<_> = all.into_iter().filter(|v| is_chosen(&v.row) && found(&v.row)).collect();
    if let Some(column) = register.columns.iter().find(|column| *column.key == *asked.sort) {
        rows.sort_by_cached_key(|version| rank(column, &version.row));
    }
    if asked.back {
        rows.reverse();
    }
    Ok(rows)
}

pub async fn list(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    let registers = visible(&site, &visit)?;
    let within = within(&visit, &site)?;
    let mut counted = Vec::new();
    for register in registers {
        counted.push((register, site.bureau.store.register(&register.key, site.now().date(), within)?.len()));
    }
    let body = html! {
        h1 { "台账" }
        @if counted.is_empty() { p.empty { "没有您能看的台账。" } }
        ul.cards { @for (register, count) in counted { li.card {
            h2 { a href=(format!("/registers/{}", register.key)) { (register.name) } }
            p { (count) " 行" }
        } } }
    };
    Ok(page(&site, &visit, "台账", body).into_response())
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let register = register(&site, &visit, &key)?;
    let asked = Asked::of(register, &query);
    let rows = rows(&site, &visit, register, &asked)?;
    // The last part of the key tells the row from its neighbours.
    let tells = register.columns.iter().rposition(|column| column.is_key).unwrap_or(0);
    let pages = rows.len().div_ceil(ROWS).max(1);
    let here = asked.page.min(pages - 1);
    let body = html! {
        p.crumbs { a href="/registers" { "台账" } " › " (register.name) }
        h1 { (register.name) }
        (searching(register, &asked))
        @if let Some(column) = register.columns.iter().find(|column| *column.key == *asked.group) {
            (grouped(&site, column, &rows))
        }
        p { "共 " b { (rows.len()) } " 行　" (downloads(&format!("register-{key}"), &asked.with("page", ""))) }
        @if rows.is_empty() { p.empty { "没有这样的行。" } }
        @else { div.scroll { table.work {
            thead { tr { @for column in &register.columns { th {
                @let back = *asked.sort == *column.key && !asked.back;
                @let sorted = Asked { sort: column.key.to_string(), back, ..asked.clone() };
                a href=(format!("?{}", sorted.with("page", ""))) { (column.name) }
                @if *asked.sort == *column.key { span.soft { @if asked.back { " ↓" } @else { " ↑" } } }
            } } } }
            tbody { @for version in rows.iter().skip(here * ROWS).take(ROWS) { tr {
                @for (place, column) in register.columns.iter().enumerate() {
                    td.num[matches!(column.ty, FieldType::Plain(Type::Number(_)))] data-label=(column.name) {
                        @if place == tells {
                            a href=(row_address(&key, &version.row.key)) { (shown(&site, column, &version.row)) }
                        }
                        @else { (shown(&site, column, &version.row)) }
                    }
                }
            } } }
        } } }
        @if pages > 1 { nav.pages aria-label="分页" {
            @if here > 0 { a href=(format!("?{}", asked.with("page", &(here - 1).to_string()))) { "上一页" } }
            span { "第 " (here + 1) " 页，共 " (pages) " 页" }
            @if here + 1 < pages { a href=(format!("?{}", asked.with("page", &(here + 1).to_string()))) { "下一页" } }
        } }
    };
    Ok(page(&site, &visit, &register.name, body).into_response())
}

fn searching(register: &Register, asked: &Asked) -> Markup {
    html! {
        form.inline method="get" {
            label for="f-q" { "找" }
            input.short type="search" id="f-q" name="q" value=(asked.words) autocomplete="off";
            @for column in &register.columns { @if let Some(words) = choices(column) {
                label for=(format!("f-{}", column.key)) { (column.name) }
                select id=(format!("f-{}", column.key)) name=(column.key) {
                    option value="" { "全部" }
                    @let own = asked.chosen.get(&*column.key);
                    @for word in words { option value=(word) selected[own.is_some_and(|own| own == word)] { (word) } }
                }
            } }
            label for="f-group" { "按什么数" }
            select id="f-group" name="group" {
                option value="" { "不数" }
                @for column in &register.columns {
                    option value=(column.key) selected[*asked.group == *column.key] { (column.name) }
                }
            }
            button type="submit" { "看" }
        }
    }
}

/// How many rows say what, as bars.
fn grouped(site: &Site, column: &RegisterColumn, rows: &[RegisterVersion]) -> Markup {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    rows.iter().for_each(|version| *counts.entry(shown(site, column, &version.row)).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    html! {
        div.scroll.counts { table.bars {
            caption { "按" (column.name) }
            @for (word, count) in counts.iter().take(30) { tr {
                th scope="row" { @if word.is_empty() { "（空）" } @else { (word) } }
                td.num { (count) }
                td { meter min="0" max=(most) value=(count) { (count) } }
            } }
        } }
        @if counts.len() > 30 { p.soft.small { "只列出最多的三十种，一共 " (counts.len()) " 种。" } }
    }
}

/// The address of a row: by its handle, for the key may hold the number of a citizen.
pub fn row_address(register: &str, key: &str) -> String {
    format!("/registers/{register}/row?row={}", handle(register, key))
}

/// Where a case for a row is begun.
fn begin_address(service: &str, start: &str, register: &str, key: &str) -> String {
    format!("/services/{service}/apply/{start}?register={register}&row={}", handle(register, key))
}

/// Rows of all registers in which a column of some types has a value.
pub fn rows_about<'s>(
    site: &'s Site,
    visit: &Visit,
    value: &str,
    tells: impl Fn(&FieldType) -> bool,
) -> Result<Vec<(&'s Register, RegisterRow)>, Fault> {
    let (on, mut rows) = (site.now().date(), Vec::<(&Register, RegisterRow)>::new());
    for register in visible(site, visit)? {
        for column in register.columns.iter().filter(|column| tells(&column.ty)) {
            let (register_key, column) = (register.key.to_string(), column.key.to_string());
            let query = Asking { register: register_key, column, values: vec![value.to_owned()], on };
            let found = site.bureau.store.look(|read| read.registered(&query))?;
            let known = |row: &RegisterRow| rows.iter().any(|(r, known)| r.key == register.key && known.key == row.key);
            let new: Vec<_> = found.into_iter().filter(|row| !known(row)).collect();
            rows.extend(new.into_iter().map(|row| (register, row)));
        }
    }
    Ok(rows)
}

/// Rows of registers as a list, each with what it says.
pub fn listed(site: &Site, rows: &[(&Register, RegisterRow)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            h2 { "台账" }
            ul { @for (register, row) in rows { li {
                (register.name) "：" a href=(row_address(&register.key, &row.key)) { (row.title()) }
                @for column in register.columns.iter().filter(|column| !column.is_key) {
                    @let text = shown(site, column, row);
                    @if !text.is_empty() && !matches!(row.columns.get(&*column.key), Some(Datum::Files(_))) {
                        "　" span.soft { (column.name) } " " (text)
                    }
                }
            } } }
        }
    }
}

/// What a row says, column by column; the empty ones are left out.
fn says(site: &Site, register: &Register, row: &RegisterRow) -> Markup {
    html! {
        dl.pairs.many[register.columns.len() > FEW] { @for column in &register.columns {
            @let text = shown(site, column, row);
            @if !text.is_empty() { dt { (column.name) } dd { b { @match &column.ty {
                FieldType::Plain(Type::Number(unit) | Type::Fen(unit)) => (measured(&text, *unit)),
                _ => (text),
            } } } }
        } }
    }
}

/// The row that a case is about, as it stands today, where the case is worked on.
pub fn subject(site: &Site, subject: &Subject) -> Result<Markup, Fault> {
    let Some(register) = site.bureau.register(&subject.register) else { return Ok(html! {}) };
    let versions = site.bureau.store.versions(&subject.register, &subject.key)?;
    Ok(html! {
        @if let Some(version) = versions.last() { div.card id="row" {
            h2 { a href=(row_address(&subject.register, &subject.key)) { (register.name) } }
            (says(site, register, &version.row))
            @if *subject.register == *CLAIM { (super::debts::stands(site, &version.row)?) }
            @if *subject.register == *OVERPAID {
                p { a href=(super::debts::statement_address(&subject.key)) { "逐月对账" } }
            }
        } }
    })
}

/// The same where somebody begins a case about a row of the own region.
pub fn subject_within(site: &Site, visit: &Visit, about: &Subject) -> Result<Markup, Fault> {
    let (versions, within) = (site.bureau.store.versions(&about.register, &about.key)?, within(visit, site)?);
    let is_own = versions.last().is_some_and(|version| within.contains(version.row.region));
    if is_own { subject(site, about) } else { Err(Fault::NotFound) }
}

pub async fn row(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let register = register(&site, &visit, &key)?;
    let within = within(&visit, &site)?;
    let named = site.bureau.store.row_key(&register.key, query.get("row").map_or("", String::as_str))?;
    let versions = site.bureau.store.versions(&register.key, &named.ok_or(Fault::NotFound)?)?;
    let versions: Vec<_> = versions.into_iter().filter(|version| within.contains(version.row.region)).collect();
    let Some(last) = versions.last() else { return Err(Fault::NotFound) };
    let scope = site.bureau.scope(visit.staff()?);
    let title = last.row.title();
    let cases = site.bureau.store.find(&scope, &last.row.key, MOST_CASES)?;
    let related = rows_about(&site, &visit, &last.row.key, |ty| {
        matches!(ty, FieldType::CreditCode | FieldType::Plain(Type::Region | Type::Text))
    })?;
    let related: Vec<_> = related.into_iter().filter(|(other, _)| other.key != register.key).collect();
    let guides = &site.bureau.library.guides;
    let begins: Vec<_> =
        guides.iter().flat_map(|g| starts_for(g, &visit, &key).into_iter().map(move |s| (g, s))).collect();
    let body = html! {
        p.crumbs {
            a href="/registers" { "台账" } " › " a href=(format!("/registers/{key}")) { (register.name) } " › " (title)
        }
        h1 { (title) }
        (says(&site, register, &last.row))
        @if !begins.is_empty() { div.actions { @for (guide, start) in begins {
            a.button href=(begin_address(&guide.key, &start.key, &key, &last.row.key)) { (start.name) }
        } } }
        @if !cases.is_empty() {
            h2 { "办过的件" }
            (super::person::cases(&site, &cases))
        }
        (listed(&site, &related))
        h2 { "经过" }
        ol.line { @for (place, version) in versions.iter().enumerate().rev() {
            @let before = place.checked_sub(1).map(|place| &versions[place].row);
            li {
                b { "自 " (version.row.from) }
                @match before {
                    None => " 登记",
                    Some(before) => {
                        @for column in &register.columns {
                            @let (old, new) = (shown(&site, column, before), shown(&site, column, &version.row));
                            @if old != new { "　" (column.name) "：" @if !old.is_empty() { s { (old) } " " } b { (new) } }
                        }
                    }
                }
                " " span.soft { (day(&version.at)) " 写入" }
                @if site.bureau.case(&version.case, &scope)?.is_some() {
                    " " a.mono href=(format!("/case/{}", version.case)) { (version.case) }
                } @else { " " span.mono.soft { (version.case) } }
            }
        } }
    };
    Ok(page(&site, &visit, &title, body).into_response())
}

/// The same rows for a file.
pub fn listing(site: &Site, visit: &Visit, key: &str, query: &HashMap<String, String>) -> Result<Listing, Fault> {
    let register = register(site, visit, key)?;
    let rows = rows(site, visit, register, &Asked::of(register, query))?;
    let cells = |version: &RegisterVersion| {
        register.columns.iter().map(|column| Cell::from(shown(site, column, &version.row))).collect()
    };
    let heads = register.columns.iter().map(|column| column.name.to_string()).collect();
    Ok(Listing { title: register.name.to_string(), heads, rows: rows.iter().map(cells).collect() })
}
