//! 台账: every register as a list that is searched, filtered, sorted and grouped, and each row with its versions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{Date, RegionCode, mask_account, mask_number};
use bureau::{RegisterVersion, handle};
use casework::event::{PersonRef, RegisterRow, Subject};
use casework::payment::{CLAIM, OVERPAID, RECEIVABLE};
use casework::{Datum, Query as Asking};
use formula::Type;
use guide::model::{FieldType, Register, RegisterColumn, Retention};
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
    /// Only rows of a part of the visitor's region.
    place: Option<RegionCode>,
    /// Only rows that need no longer be kept.
    expired: bool,
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
            place: RegionCode::parse(&get("place")).ok(),
            expired: get("expired") == "1",
        }
    }

    /// Whether all rows are asked for in the order of their keys.
    fn is_plain(&self) -> bool {
        let alone = self.words.is_empty() && self.sort.is_empty() && self.group.is_empty();
        alone && !self.back && !self.expired && self.chosen.is_empty()
    }

    /// The same question with one part changed.
    fn with(&self, name: &str, value: &str) -> String {
        let mut parts: BTreeMap<&str, String> = BTreeMap::new();
        parts.insert("q", self.words.clone());
        parts.insert("sort", self.sort.clone());
        parts.insert("back", if self.back { "1".into() } else { String::new() });
        parts.insert("group", self.group.clone());
        parts.insert("place", self.place.map(|place| place.to_string()).unwrap_or_default());
        parts.insert("expired", if self.expired { "1".into() } else { String::new() });
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
        (Some(Datum::Text(text)), FieldType::Account) => mask_account(text),
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

/// The region whose rows are asked for: the visitor's, or a part of it.
fn place(site: &Site, visit: &Visit, asked: &Asked) -> Result<RegionCode, Fault> {
    let own = within(visit, site)?;
    Ok(asked.place.filter(|place| own.contains(*place)).unwrap_or(own))
}

/// The rows that are asked for, in the order that is asked for.
fn rows(site: &Site, visit: &Visit, register: &Register, asked: &Asked) -> Result<Vec<RegisterVersion>, Fault> {
    let today = site.now().date();
    let all = site.bureau.store.register(&register.key, today, place(site, visit, asked)?)?;
    let is_expired = |row: &RegisterRow| {
        let until = register.retention.as_ref().and_then(|retention| retained_until(retention, row));
        !asked.expired || until.is_some_and(|until| until < today)
    };
    let is_chosen = |row: &RegisterRow| {
        let says = |key: &str| register.columns.iter().find(|c| *c.key == *key).map(|column| shown(site, column, row));
        asked.chosen.iter().all(|(key, value)| says(key).as_deref() == Some(value))
    };
    let found = |row: &RegisterRow| {
        asked.words.is_empty()
            || register.columns.iter().any(|column| shown(site, column, row).contains(&asked.words))
            || row.found_by.iter().any(|(_, value)| *value == asked.words)
    };
    let mut rows: Vec<_> =
        all.into_iter().filter(|v| is_chosen(&v.row) && found(&v.row) && is_expired(&v.row)).collect();
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
        let parts = site.bureau.store.register_parts(&register.key, site.now().date(), within)?;
        counted.push((register, parts.iter().map(|(_, count)| count).sum::<u64>()));
    }
    let body = html! {
        h1 { "台账" }
        @if counted.is_empty() { p.empty { "没有您能看的台账。" } }
        ul.cards { @for (register, count) in counted { li.card {
            h2 { a href=(format!("/registers/{}", register.key)) { (register.name) } }
            p { (count) " 行" }
        } } }
        p { a href="/codes" { "代码表" } }
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
    let (today, here) = (site.now().date(), place(&site, &visit, &asked)?);
    let parts = site.bureau.store.register_parts(&key, today, here)?;
    // Only where all rows have to be looked at are all of them read.
    let (rows, many, first) = if asked.is_plain() {
        let many: u64 = parts.iter().map(|(_, count)| count).sum();
        let many = usize::try_from(many).unwrap_or(usize::MAX);
        let first = asked.page.min(many.div_ceil(ROWS).max(1) - 1) * ROWS;
        (site.bureau.store.register_page(&key, (today, here), (first, ROWS))?, many, first)
    } else {
        let rows = rows(&site, &visit, register, &asked)?;
        let many = rows.len();
        (rows, many, 0)
    };
    // The last part of the key tells the row from its neighbours.
    let tells = register.columns.iter().rposition(|column| column.is_key).unwrap_or(0);
    let pages = many.div_ceil(ROWS).max(1);
    let page_here = asked.page.min(pages - 1);
    let shown_rows = rows.iter().skip(page_here * ROWS - first).take(ROWS);
    let body = html! {
        p.crumbs { a href="/registers" { "台账" } " › " (register.name) }
        h1 { (register.name) }
        @if super::bring::service(&site, &visit).is_some() && site.bureau.importable(&key).is_ok() {
            p { a.button href=(format!("/registers/{key}/import")) { "导入表格" } }
        }
        (tiles(&site, (here, &asked), &parts))
        (searching(register, &asked))
        @if let Some(column) = register.columns.iter().find(|column| *column.key == *asked.group) {
            (grouped(&site, column, &rows))
        }
        p { "共 " b { (many) } " 行　" (downloads(&format!("register-{key}"), &asked.with("page", ""))) }
        @if rows.is_empty() { p.empty { "没有这样的行。" } }
        @else { div.scroll { table.work {
            thead { tr { @for column in &register.columns { th {
                @let back = *asked.sort == *column.key && !asked.back;
                @let sorted = Asked { sort: column.key.to_string(), back, ..asked.clone() };
                a href=(format!("?{}", sorted.with("page", ""))) { (column.name) }
                @if *asked.sort == *column.key { span.soft { @if asked.back { " ↓" } @else { " ↑" } } }
            } } } }
            tbody { @for version in shown_rows { tr {
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
            @if page_here > 0 { a href=(format!("?{}", asked.with("page", &(page_here - 1).to_string()))) { "上一页" } }
            span { "第 " (page_here + 1) " 页，共 " (pages) " 页" }
            @if page_here + 1 < pages { a href=(format!("?{}", asked.with("page", &(page_here + 1).to_string()))) { "下一页" } }
        } }
        (kept(register, None))
        @if register.retention.as_ref().is_some_and(|retention| retention.years.is_some()) {
            @if asked.expired { p.small { a href=(format!("?{}", asked.with("expired", ""))) { "全部" } } }
            @else { p.small { a href=(format!("?{}", asked.with("expired", "1"))) { "保存期满的行" } "：鉴定以后才能销毁，不会自己消失。" } }
        }
    };
    Ok(page(&site, &visit, &register.name, body).into_response())
}

/// The parts of a region as tiles, the darker the more rows, each leading to its own rows.
fn tiles(site: &Site, (here, asked): (RegionCode, &Asked), parts: &[(RegionCode, u64)]) -> Markup {
    let count = |code: RegionCode| parts.iter().find(|(part, _)| *part == code).map_or(0, |(_, count)| *count);
    let most = parts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let children: Vec<_> = site.bureau.regions.children(here).collect();
    html! {
        @if asked.place.is_some() { p { (site.place(here)) " " a href=(format!("?{}", asked.with("place", ""))) { "全部地方" } } }
        @if children.len() > 1 && most > 0 { ul.tiles aria-label="各地行数" { @for child in children {
            @let rows = count(child.code);
            // Five shades, so that a tile can be found on the scale.
            @let shade = (rows * 5).div_ceil(most);
            li class=(format!("shade{shade}")) { a href=(format!("?{}", asked.with("place", &child.code.to_string()))) {
                span { (child.place()) } b { (rows) }
            } }
        } } }
    }
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
            @if !text.is_empty() { dt { (column.name) } dd { b { @match (&column.ty, row.columns.get(&*column.key)) {
                (FieldType::Plain(Type::Number(unit) | Type::Fen(unit)), _) => (measured(&text, *unit)),
                (FieldType::Register(_), Some(Datum::Person(PersonRef { number: Some(number), .. }))) => {
                    a href=(super::person::address_in_row(&register.key, &row.key, &column.key)) { (text) }
                    " " span.mono.soft.small { (mask_number(number)) }
                },
                (FieldType::Row(named), Some(Datum::Text(key))) => a href=(row_address(named, key)) { (text) },
                _ => (text),
            } } } }
        } }
    }
}

/// How long rows of a register are kept, and for a row whose years run, until when.
fn kept(register: &Register, row: Option<&RegisterRow>) -> Markup {
    let Some(retention) = &register.retention else { return html! {} };
    let name = register.columns.iter().find(|column| column.key == retention.since).map_or("", |column| &column.name);
    let until = row.and_then(|row| retained_until(retention, row));
    html! { p.soft.small {
        "保存：" @match retention.years { Some(years) => { (years) " 年，自" (name) "起" }, None => "永久" }
        @if let Some(until) = until { "，到 " (until) " 期满" }
        @if !retention.basis.is_empty() { "（" (retention.basis) "）" }
    } }
}

/// The last day on which a row must be kept; `None` while its years have not begun, and for ever.
pub fn retained_until(retention: &Retention, row: &RegisterRow) -> Option<Date> {
    retention.until(row.columns.get(&*retention.since)?.text()?.parse().ok()?)
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

/// The register and the row that a handle names, as it stands in the visitor's region.
pub fn row_within<'s>(
    site: &'s Site,
    visit: &Visit,
    key: &str,
    handle: &str,
) -> Result<(&'s Register, RegisterRow), Fault> {
    let (register, mut versions) = versions_within(site, visit, key, handle)?;
    versions.pop().map(|version| (register, version.row)).ok_or(Fault::NotFound)
}

/// The same with all its versions, the earliest first.
fn versions_within<'s>(
    site: &'s Site,
    visit: &Visit,
    key: &str,
    handle: &str,
) -> Result<(&'s Register, Vec<RegisterVersion>), Fault> {
    let register = register(site, visit, key)?;
    let within = within(visit, site)?;
    let named = site.bureau.store.row_key(&register.key, handle)?.ok_or(Fault::NotFound)?;
    let mut versions = site.bureau.store.versions(&register.key, &named)?;
    versions.retain(|version| within.contains(version.row.region));
    Ok((register, versions))
}

pub async fn row(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let handle = query.get("row").map_or("", String::as_str);
    let (register, versions) = versions_within(&site, &visit, &key, handle)?;
    let Some(last) = versions.last() else { return Err(Fault::NotFound) };
    let scope = site.bureau.scope(visit.staff()?);
    let title = last.row.title();
    let cases = site.bureau.store.find(&scope, &last.row.key, MOST_CASES)?;
    let related = rows_about(&site, &visit, &last.row.key, |ty| match ty {
        FieldType::Row(named) => **named == *key,
        FieldType::CreditCode | FieldType::Plain(Type::Region | Type::Text) => true,
        _ => false,
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
        (kept(register, Some(&last.row)))
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
                // What a table brought stands in a stream below the case that proposed it.
                @let case = version.case.split('.').next().unwrap_or_default();
                @if site.bureau.case(case, &scope)?.is_some() {
                    " " a.mono href=(format!("/case/{case}")) { (case) }
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
