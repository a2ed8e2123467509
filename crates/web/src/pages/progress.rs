//! A citizen's own case, by receipt number and secret.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{DateTime, Fen, Month};
use casework::State as Case;
use casework::event::granted;
use guide::model::ActorKind;
use maud::{Markup, html};
use std::collections::{BTreeSet, HashMap};

use super::Page;
use super::public::redirect;
use crate::layout::{page, token};
use crate::sent::Sent;
use crate::site::Site;
use crate::visit::{Visit, set_cookie};

pub async fn ask(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    Ok(ask_page(&site, &visit, &Sent::empty(), false).into_response())
}

fn ask_page(site: &Site, visit: &Visit, sent: &Sent, wrong: bool) -> Markup {
    let body = html! {
        h1 { "查办理进度" }
        @if wrong { div.note.stop role="alert" { p { "受理号和查询码对不上，请对照回执核对。" } } }
        form method="post" {
            (token(visit))
            fieldset.bare {
                div.field { label for="f-case" { "受理号" } input.short type="text" id="f-case" name="case" value=(sent.get("case")) autocomplete="off"; }
                div.field { label for="f-secret" { "查询码" } input type="text" id="f-secret" name="secret" autocomplete="off"; }
            }
            div.actions { button.main type="submit" { "查进度" } }
        }
    };
    page(site, visit, "查办理进度", body)
}

pub async fn open(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let (case, secret) = (base::tidy(sent.get("case")).to_uppercase(), base::tidy(sent.get("secret")).to_uppercase());
    if site.bureau.opened_by(&case, &secret)?.is_none() {
        return Ok(ask_page(&site, &visit, &sent, true).into_response());
    }
    let mut response = redirect(&format!("/progress/{case}"));
    set_cookie(&site, &mut response, "receipt", &format!("{case}~{secret}"));
    Ok(response)
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(case): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    if !visit.holds(&case) {
        return Ok(redirect("/progress"));
    }
    let (state, guide, actor) = visit.case(&site, &case)?;
    let options = casework::options(site.bureau.rules(&guide), &state, &actor, site.now());
    let own = |step: usize| matches!(guide.steps[step].who.first(), Some((_, performer)) if matches!(performer.actor, ActorKind::Person(_)));
    let body = html! {
        @if let Some(secret) = query.get("new") {
            (handed_out(&case, secret))
        }
        h1 { (guide.title) "：办理进度" }
        p { "受理号 " span.mono { (case) } }
        (answer(&state, site.now()))
        @for option in options.iter().filter(|option| own(option.step) && option.refusals.is_empty()) {
            @let step = &guide.steps[option.step];
            div.actions { a.button href=(format!("/case/{case}/do/{}", step.key)) { (step.name) } }
        }
        div.actions { (super::start::buttons(&site, &guide, &state, &actor)?) }
        @if state.closed.is_none() {
            h2 { "办到哪一步" }
            (super::case::course(&guide, &state))
        }
        (super::start::chain(&site, &state, "progress")?)
        (super::line::statement(&site, &state.root)?)
        @if let Some((last, earlier)) = state.letters.split_last() {
            h2 { "给您的文书" }
            (super::case::letter(&site, &state, earlier.len(), last))
            @if !earlier.is_empty() {
                details {
                    summary { "以前的 " (earlier.len()) " 份" }
                    @for (number, letter) in earlier.iter().enumerate() { (super::case::letter(&site, &state, number, letter)) }
                }
            }
        }
        @if let Some(assessed) = state.assessed.as_ref().filter(|_| state.closed.is_some()) {
            h2 { "决定是怎么算的" }
            (super::case::lacks(&site.bureau.would_need(&state)?))
            (super::case::explanation("每个数的来历", &assessed.explanation, false))
        }
        h2 { "经过" }
        (super::case::time_line(&guide, &state, false))
    };
    Ok(page(&site, &visit, "办理进度", body).into_response())
}

/// The answer first: the result and what is paid, or what is being waited for and by when.
fn answer(state: &Case, now: DateTime) -> Markup {
    let paid = state.closed.as_ref().and_then(|_| {
        let month = state.grants.iter().map(|grant| grant.from).max()?.max(Month::of(now.date()));
        let keys: BTreeSet<&str> = state.grants.iter().map(|grant| &*grant.entitlement).collect();
        let sums = keys.into_iter().filter_map(|key| granted(&state.grants, key, month)).map(|grant| grant.total().0);
        Some(Fen(sums.sum())).filter(|fen| fen.0 > 0)
    });
    let due = state.clocks.values().filter(|clock| clock.stopped_at.is_none()).map(|clock| clock.due.at.date()).max();
    html! {
        div.answer {
            @match &state.closed {
                Some((result, at)) => {
                    p.standing { span.mark.done { "已办结" } " " b { (result) } "，" (base::format_date(at.date())) }
                    @if let Some(fen) = paid { p.big { "每月 " b { (fen.to_string()) } " 元" } }
                }
                None => {
                    p.standing { span.mark.today { "办理中" } @if let Some(due) = due { " 最晚 " b { (base::format_date(due)) } } }
                }
            }
        }
    }
}

/// What opens the case to the applicant: told once, to be written down or printed.
pub fn handed_out(case: &str, secret: &str) -> Markup {
    html! {
        div.note role="status" {
            h1 { "已经提交" }
            p { "请记下受理号和查询码，凭它们查进度、补材料、看决定。" }
            p { "受理号" } p.receipt { (case) }
            p { "查询码" } p.receipt.secret { (secret) }
        }
    }
}
