//! 我的工作: what waits for this member of staff, the nearest due first, and the cases of the region.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base::PersonNumber;
use bureau::{CaseRow, WorkRow};
use casework::people::may_perform;
use casework::{Actor, Capacity};
use maud::html;

use super::apply::starts;
use super::public::redirect;
use super::{Page, person};
use crate::layout::{day, downloads, page, remaining, standing, token};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// The steps of somebody's posts, as the list of work knows them.
fn steps_of(site: &Site, actor: &Actor) -> Vec<String> {
    let Capacity::Staff { level, posts, .. } = &actor.capacity else { return Vec::new() };
    let steps = site.bureau.library.guides.iter().flat_map(|guide| guide.steps.iter().map(move |step| (guide, step)));
    steps
        .filter(|(_, step)| may_perform(step, *level, posts))
        .map(|(guide, step)| format!("{} {}", guide.key, step.key))
        .collect()
}

pub fn step_name(site: &Site, row: &WorkRow) -> String {
    let guide = site.guide(&row.service);
    let step = guide.and_then(|guide| guide.steps.iter().find(|step| *step.key == *row.step));
    step.map_or_else(|| row.step.clone(), |step| step.name.to_string())
}

/// What waits for somebody, the nearest due first.
pub fn work(site: &Site, actor: &Actor, most: u32) -> Result<Vec<WorkRow>, Fault> {
    Ok(site.bureau.store.work(&site.bureau.scope(actor), &steps_of(site, actor), &actor.id, most)?)
}

/// Work shown at once: as much as anybody does in a day.
const MOST_WORK: u32 = 100;

/// The cases of the region, or those that are found by some words.
pub fn listed(site: &Site, actor: &Actor, words: &str, most: u32) -> Result<Vec<CaseRow>, Fault> {
    let scope = site.bureau.scope(actor);
    let store = &site.bureau.store;
    Ok(if words.is_empty() { store.cases(&scope, most)? } else { store.find(&scope, words, most)? })
}

/// Cases shown below the work.
const MOST_CASES: u32 = 50;

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    desk_page(&site, &visit, &base::tidy(query.get("q").map_or("", String::as_str)))
}

/// A search. A citizen number stays out of addresses, which browsers remember.
pub async fn find(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let words = base::tidy(sent.get("q"));
    if PersonNumber::parse(&words).is_ok() {
        return desk_page(&site, &visit, &words);
    }
    Ok(redirect(&format!("/desk?{}#cases", as_query(&words))))
}

fn as_query(words: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish()
}

fn desk_page(site: &Site, visit: &Visit, words: &str) -> Page {
    let actor = visit.staff()?;
    if visit.administers() {
        return Ok(redirect("/staff"));
    }
    let now = site.now();
    site.bureau.pass_time(now)?;
    let scope = site.bureau.scope(actor);
    let work = work(site, actor, MOST_WORK)?;
    let (waiting, late) = site.bureau.store.work_count(&scope, &steps_of(site, actor), &actor.id, now)?;
    let number = PersonNumber::parse(words).ok();
    let shown = number.as_ref().map_or_else(|| words.to_owned(), PersonNumber::masked);
    let cases = listed(site, actor, number.as_ref().map_or(words, |number| number.as_str()), MOST_CASES)?;
    let person = number.as_ref().map(|number| person::address(site, visit, number.as_str())).transpose()?.flatten();
    let body = html! {
        h1 { "我的工作" }
        ul.counters {
            li { a href="/desk" aria-current="page" { b { (waiting) } "待办" } }
            li class=[(late > 0).then_some("late")] { a href="/desk" { b { (late) } "超期" } }
        }
        @let begins: Vec<_> = site.bureau.library.guides.iter().flat_map(|g| starts(g, visit).into_iter().map(move |s| (g, s))).collect();
        @if !begins.is_empty() {
            details.begin open[work.is_empty()] {
                summary { "新办一件" }
                ul.begins { @for (guide, start) in begins {
                    li { a href=(format!("/services/{}/apply/{}", guide.key, start.key)) { (start.name) } " " span.soft.small { (guide.title) } }
                } }
            }
        }
        @if work.is_empty() { p.empty { "没有等您办的件。" } }
        @else {
            p {
                (downloads("work", ""))
                @if waiting > MOST_WORK { span.soft.small { "　先列出最急的 " (MOST_WORK) " 件，其余的在表格里。" } }
            }
            div.scroll { table.work {
                thead { tr { th { "申请人" } th { "要办" } th { "时限" } th { "地方" } th { "受理号" } } }
                tbody { @for row in &work { tr {
                    td { a href=(format!("/case/{}", row.case)) { (row.applicant) } }
                    td data-label="要办" { (step_name(site, row)) @if row.awaiting { "（第二人签字）" } }
                    td data-label="时限" { (remaining(&row.due, now)) }
                    td data-label="地方" { (site.place_of(&row.region)) }
                    td.mono data-label="受理号" { (row.case) }
                } } }
            } }
        }
        h2 id="cases" { @if words.is_empty() { "本地的件" } @else { "找“" (shown) "”" } }
        @if let Some(person) = &person { p { a.button href=(person) { "看这个人的全部" } } }
        form.inline method="post" action="/desk#cases" {
            (token(visit))
            label for="f-q" { "姓名、受理号或身份号码" }
            input.short type="search" id="f-q" name="q" value=(if number.is_some() { "" } else { words }) autocomplete="off";
            button type="submit" { "找" }
            @if !words.is_empty() { a href="/desk" { "全部" } }
            @if number.is_none() { (downloads("cases", &as_query(words))) }
        }
        @if cases.is_empty() { p.empty { "没有找到。写姓名的开头、受理号的开头，或者任何一位家庭成员的身份号码。" } }
        @if cases.len() == MOST_CASES as usize { p.soft.small { "只列出最近的 " (MOST_CASES) " 件，更早的请按姓名或受理号找。" } }
        div.scroll { table.work {
            thead { tr { th { "申请人" } th { "现在" } th { "提交" } th { "地方" } th { "受理号" } } }
            tbody { @for row in &cases { tr {
                td { a href=(format!("/case/{}", row.case)) { (row.applicant) } }
                td data-label="现在" { (standing(&row.result)) }
                td data-label="提交" { (day(&row.opened_at)) }
                td data-label="地方" { (site.place_of(&row.region)) }
                td.mono data-label="受理号" { (row.case) }
            } } }
        } }
    };
    Ok(page(site, visit, "我的工作", body).into_response())
}
