//! A person over all services: what they are in which case, what they hold, where they stand in registers.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use base::{Fen, Month, PersonNumber, Sex};
use bureau::CaseRow;
use casework::State as Case;
use casework::event::granted;
use guide::model::FieldType;
use maud::{Markup, html};

use super::Page;
use super::registers::{listed, rows_about};
use crate::layout::{day, page, standing};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Cases of one person.
const MOST_CASES: u32 = 200;

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

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, place)): Path<(String, usize)>,
) -> Page {
    let scope = site.bureau.scope(visit.staff()?);
    let (state, ..) = visit.case(&site, &case)?;
    let (name, number) = people(&state).into_iter().nth(place).ok_or(Fault::NotFound)?;
    let parsed = PersonNumber::parse(&number).map_err(|_| Fault::NotFound)?;
    let today = site.now().date();
    let cases = site.bureau.store.find(&scope, &number, MOST_CASES)?;
    let spells = site.bureau.store.look(|read| read.spells([&*number]))?;
    let spells: Vec<_> = spells.into_iter().filter(|spell| !scope.hidden().contains(&spell.service)).collect();
    let month = Month::of(today);
    let tells = |ty: &FieldType| matches!(ty, FieldType::Register(_) | FieldType::PersonNumber);
    let rows = rows_about(&site, &visit, &number, tells)?;
    let body = html! {
        p.crumbs { a href=(format!("/case/{case}")) { (case) } " › " (name) }
        h1 { (name) }
        p { (parsed.kind().name()) " " span.mono { (parsed.masked()) }
            @if let Some(citizen) = parsed.citizen() {
                "　" @if citizen.sex() == Sex::Male { "男" } @else { "女" }
                "，" (citizen.birth()) " 生，" (base::age(citizen.birth(), today).unwrap_or(0)) " 岁"
            }
        }
        h2 { "享受的待遇" }
        @if spells.is_empty() { p.empty { "没有。" } }
        @else { div.scroll { table.work {
            thead { tr { th { "服务" } th { "待遇" } th.num { "本月（元）" } th.num { "下月（元）" } th { "受理号" } } }
            tbody { @for spell in &spells {
                @let guide = site.guide(&spell.service);
                @let entitlement = guide.and_then(|guide| guide.entitlement(&spell.entitlement));
                @let sum = |month| granted(&spell.grants, &spell.entitlement, month).map_or(Fen(0), |grant| grant.total());
                tr {
                    td { (guide.map_or("", |guide| &guide.title)) }
                    td data-label="待遇" { (entitlement.map_or("", |entitlement| &entitlement.name)) }
                    td.num data-label="本月（元）" { (sum(month).to_string()) }
                    td.num data-label="下月（元）" { (sum(month.next()).to_string()) }
                    td.mono data-label="受理号" { a href=(format!("/case/{}", spell.case)) { (spell.case) } }
                }
            } }
        } } }
        h2 { "办过的件" }
        (self::cases(&site, &cases))
        (listed(&site, &rows))
    };
    Ok(page(&site, &visit, &name, body).into_response())
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
