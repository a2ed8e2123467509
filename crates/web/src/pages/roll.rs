//! The roll: who is paid what in a month, by village, and the same as a file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base::{Fen, Level, Month, RegionCode};
use bureau::RollRow;
use casework::Capacity;
use casework::event::granted;
use maud::html;

use super::Page;
use super::lists::{Cell, Listing};
use crate::layout::{downloads, page};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Digits of a division code that name the township.
const TOWNSHIP_DIGITS: usize = 9;

/// Households that one page lists.
const MOST_SHOWN: usize = 300;

/// A household that is paid something in the month.
struct Paid {
    row: RollRow,
    /// Entitlement and its sum.
    parts: Vec<(String, Fen)>,
    total: Fen,
}

fn month(site: &Site, query: &HashMap<String, String>) -> Month {
    query.get("month").and_then(|text| text.parse().ok()).unwrap_or_else(|| Month::of(site.now().date()))
}

/// The village, township or county that an address asks for; all that the reader may see where none is said.
pub fn place(query: &HashMap<String, String>) -> Option<RegionCode> {
    query.get("place").and_then(|code| RegionCode::parse(code).ok())
}

fn paid(site: &Site, visit: &Visit, month: Month, place: Option<RegionCode>) -> Result<Vec<Paid>, Fault> {
    let scope = site.bureau.scope(visit.staff()?);
    let mut found = Vec::new();
    for row in site.bureau.store.roll(&scope)? {
        if place.is_some_and(|place| !RegionCode::parse(&row.region).is_ok_and(|region| place.contains(region))) {
            continue;
        }
        let guide = site.guide(&row.service);
        let entitlements = guide.map(|guide| &guide.entitlements).into_iter().flatten();
        let parts: Vec<(String, Fen)> = entitlements
            .filter_map(|e| Some((e.name.to_string(), granted(&row.grants, &e.key, month)?.total())))
            .filter(|(_, fen)| *fen != Fen(0))
            .collect();
        let total = Fen(parts.iter().map(|(_, fen)| fen.0).sum());
        if total != Fen(0) {
            found.push(Paid { row, parts, total });
        }
    }
    Ok(found)
}

/// A month as addresses and files write it.
fn iso(month: Month) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let (month, place) = (month(&site, &query), place(&query));
    let paid = paid(&site, &visit, month, place)?;
    let asked = place.map_or_else(String::new, |place| format!("&place={place}"));
    let total = Fen(paid.iter().map(|paid| paid.total.0).sum());
    // A county looks at townships first, and at the villages of one of them.
    let wide = matches!(&visit.staff()?.capacity, Capacity::Staff { level, .. } if *level <= Level::County);
    let by_township = wide && place.is_none();
    let mut places: BTreeMap<&str, (u32, i64)> = BTreeMap::new();
    for paid in &paid {
        let code = if by_township { paid.row.region.get(..TOWNSHIP_DIGITS) } else { None };
        let place = places.entry(code.unwrap_or(&paid.row.region)).or_default();
        *place = (place.0 + 1, place.1 + paid.total.0);
    }
    let most = places.values().map(|(_, fen)| *fen).max().unwrap_or(1).max(1);
    let body = html! {
        h1 { (month.to_string()) "在发名册" @if let Some(place) = place { "：" (site.place(place)) } }
        form.inline method="get" {
            label for="f-month" { "月份" }
            input.short type="month" id="f-month" name="month" value=(iso(month));
            @if let Some(place) = place { input type="hidden" name="place" value=(place.to_string()); }
            button type="submit" { "看" }
            @if place.is_some() { a href=(format!("/roll?month={}", iso(month))) { "全部" } }
            (downloads("roll", &format!("month={}{asked}", iso(month))))
        }
        ul.counters {
            li { p { b { (paid.len()) } " 户" } }
            li { p { b { (total.to_string()) } " 元" } }
        }
        @if paid.is_empty() { p.empty { "这个月没有在发的。" } }
        @else {
            div.panels {
                aside { div.card {
                    h2 { @if by_township { "按乡镇" } @else { "按村" } }
                    table.bars { tbody { @for (region, (count, fen)) in &places { tr {
                        th scope="row" { a href=(format!("/roll?month={}&place={region}", iso(month))) { (site.place_of(region)) } }
                        td.num { (count) " 户" }
                        td { meter min="0" max=(most) value=(fen) title=(Fen(*fen).to_string()) { (Fen(*fen).to_string()) } }
                        td.num { (Fen(*fen).to_string()) }
                    } } } }
                } }
                div {
                @if paid.len() > MOST_SHOWN { p.soft.small { "先列出 " (MOST_SHOWN) " 户；点右边的地方只看那里，全部的在表格里。" } }
                div.scroll { table.work {
                    thead { tr { th { "户主" } th { "地方" } th { "待遇" } th.num { "金额（元）" } th { "受理号" } } }
                    tbody { @for paid in paid.iter().take(MOST_SHOWN) { tr {
                        td { a href=(format!("/case/{}", paid.row.case)) { (paid.row.applicant) } }
                        td data-label="地方" { (site.place_of(&paid.row.region)) }
                        td data-label="待遇" { @for (name, fen) in &paid.parts { (name) " " span.num { (fen.to_string()) } " " } }
                        td.num data-label="金额" { b { (paid.total.to_string()) } }
                        td.mono data-label="受理号" { (paid.row.root) }
                    } } }
                } } }
            }
        }
    };
    Ok(page(&site, &visit, "在发名册", body).into_response())
}

/// The same rows for a file: one for each household and entitlement.
pub fn listing(site: &Site, visit: &Visit, query: &HashMap<String, String>) -> Result<Listing, Fault> {
    let month = month(site, query);
    let mut rows = Vec::new();
    for paid in paid(site, visit, month, place(query))? {
        for (name, fen) in &paid.parts {
            let place = site.place_of(&paid.row.region);
            let (applicant, root) = (paid.row.applicant.clone(), paid.row.root.clone());
            let texts = [iso(month), applicant, place, name.clone()].map(Cell::from);
            rows.push(texts.into_iter().chain([Cell::Money(*fen), root.into()]).collect());
        }
    }
    let heads = super::lists::heads(&["月份", "户主", "地方", "待遇", "金额", "受理号"]);
    Ok(Listing { title: format!("{month}在发名册"), heads, rows })
}
