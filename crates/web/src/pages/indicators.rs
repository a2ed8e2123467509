//! 指标: what the guides count, by region and period.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use bureau::indicators::{Cell, Figures};
use formula::Rational;
use guide::indicators::Period;
use maud::{Markup, html};

use super::Page;
use super::registers::within;
use crate::layout::page;
use crate::site::{Fault, Site};
use crate::visit::Visit;

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    if visit.administers() {
        return Err(Fault::Forbidden);
    }
    let (scope, place) = (site.bureau.scope(visit.staff()?), within(&visit, &site)?);
    let visible =
        |guide: &&Arc<guide::Guide>| !guide.indicators.is_empty() && !scope.hidden().contains(&guide.key.to_string());
    let mut services = Vec::new();
    for guide in site.bureau.library.guides.iter().filter(visible) {
        let mut tables = Vec::new();
        for indicator in &guide.indicators {
            let periods = if indicator.period == Period::Month { 6 } else { 3 };
            let asked = (place, site.now().date(), periods);
            tables.push((indicator, site.bureau.figures(guide, indicator, &scope, asked)?));
        }
        services.push((guide, tables));
    }
    let body = html! {
        h1 { "指标" }
        @if services.is_empty() { p.empty { "您办的服务没有指标。" } }
        @for (guide, tables) in &services {
            h2 id=(guide.key) { (guide.title) }
            div.boards { @for (indicator, figures) in tables { (table(&site, &indicator.name, figures)) } }
        }
    };
    Ok(page(&site, &visit, "指标", body).into_response())
}

/// A figure with the tenths that can be told at a glance, where it has no unit and does not come out even.
fn written(cell: &Cell) -> String {
    match cell.number {
        Some(number) if cell.text.starts_with('约') && cell.text.ends_with(|last: char| last.is_ascii_digit()) => {
            let tenths = (number * Rational::from(10)).round().to_integer();
            let sign = if tenths < 0 { "−" } else { "" };
            format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
        }
        _ => cell.text.clone(),
    }
}

/// Regions by periods, the latest with a bar; the whole stands last.
fn table(site: &Site, name: &str, figures: &Figures) -> Markup {
    let Some(((_, whole), regions)) = figures.rows.split_last() else { return html! {} };
    let first = |cells: &[Cell]| cells.first().and_then(|cell| cell.number);
    let zero = Rational::from(0);
    let most = regions.iter().filter_map(|(_, cells)| first(cells)).max().filter(|most| *most > zero);
    let share = |cells: &[Cell]| {
        let share = first(cells)? / most?;
        Some((share * Rational::from(100)).to_integer())
    };
    // Months of this year go without their year, so that six of them find room.
    let this_year = format!("{}年", site.now().date().year());
    let short =
        |period: &'_ str| period.strip_prefix(&*this_year).filter(|rest| !rest.is_empty()).unwrap_or(period).to_owned();
    html! {
        @if regions.is_empty() { div { h3 { (name) } p.empty { "近期没有。" } } }
        @else { div.scroll tabindex="0" role="region" aria-label=(name) { table.work.counts {
            caption { (name) }
            thead { tr { th { "地区" } @for period in &figures.periods { th.num { (short(period)) } } th { "最近一期" } } }
            tbody { @for (region, cells) in regions { tr {
                th scope="row" { (site.place(*region)) }
                @for (period, cell) in figures.periods.iter().zip(cells) { td.num data-label=(period) { (written(cell)) } }
                td { @if let Some(share) = share(cells) { meter min="0" max="100" value=(share) { (share) "%" } } }
            } } }
            tfoot { tr {
                th scope="row" { "合计" }
                @for (period, cell) in figures.periods.iter().zip(whole) { td.num data-label=(period) { b { (written(cell)) } } }
                td {}
            } }
        } } }
    }
}
