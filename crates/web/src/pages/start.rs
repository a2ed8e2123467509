//! A start over an entitlement: a change that somebody reports on a household that is paid.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use bureau::{Failure, Order};
use casework::event::Over;
use casework::{Actor, Command, Refusal, State as Case, intake};
use guide::Guide;
use maud::{Markup, html};

use super::Page;
use super::apply::one_more;
use super::public::redirect;
use super::step::filled;
use crate::field::{Drawer, form};
use crate::layout::{page, refusals, standing, step_form};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// On which case what is started, by whom; the form is that of the guide in force.
struct Subject {
    state: Case,
    guide: Arc<Guide>,
    actor: Actor,
    start: usize,
}

fn subject(site: &Site, visit: &Visit, case: &str, start: &str) -> Result<Subject, Fault> {
    let (state, guide, actor) = visit.case(site, case)?;
    let guide = site.guide(&guide.key).cloned().ok_or(Fault::NotFound)?;
    let open = casework::starts(site.bureau.rules(&guide), &state, &actor, site.now());
    let found = open.into_iter().find(|index| *guide.starts[*index].key == *start);
    Ok(Subject { start: found.ok_or(Fault::NotFound)?, state, guide, actor })
}

/// The buttons of what can be started on a case; none while a later case of its chain is open or has taken its place.
pub fn buttons(site: &Site, guide: &Guide, state: &Case, actor: &Actor) -> Result<Markup, Fault> {
    let last = site.bureau.store.chain(&state.root)?.last().is_some_and(|(case, _)| *case == state.case);
    let starts = if last { casework::starts(site.bureau.rules(guide), state, actor, site.now()) } else { Vec::new() };
    Ok(html! {
        @for start in starts.iter().map(|index| &guide.starts[*index]) {
            a.button href=(format!("/case/{}/start/{}", state.case, start.key)) { (start.name) }
        }
    })
}

/// The other cases of the same household, in their order.
pub fn chain(site: &Site, state: &Case, path: &str) -> Result<Markup, Fault> {
    let chain = site.bureau.store.chain(&state.root)?;
    Ok(html! {
        @if chain.len() > 1 {
            h2 { "这一户的件" }
            ol.chain {
                @for (case, result) in &chain {
                    li {
                        @if *case == state.case { b.mono { (case) } }
                        @else { a.mono href=(format!("/{path}/{case}")) { (case) } }
                        " " (standing(result))
                    }
                }
            }
        }
    })
}

fn start_page(site: &Site, visit: &Visit, subject: &Subject, sent: &Sent, refused: &[Refusal]) -> Markup {
    let Subject { state, guide, start, .. } = subject;
    let start = &guide.starts[*start];
    let drawer = Drawer { site, guide, sent, refusals: refused };
    let back = if visit.holds(&state.case) { "progress" } else { "case" };
    let body = html! {
        p.crumbs { a href=(format!("/{back}/{}", state.case)) { (state.applicant) "：" (guide.title) } " › " (start.name) }
        h1 { (start.name) }
        p.lead { "下面是现在登记的情况，变了的改过来，没有变的不用动。" }
        (refusals(refused))
        (step_form(site, visit, &drawer, start.first[0], "提交", drawer.step(start.first[0])))
    };
    page(site, visit, &start.name, body)
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, start)): Path<(String, String)>,
) -> Page {
    let subject = subject(&site, &visit, &case, &start)?;
    let sent = filled(&subject.guide, &subject.state, subject.guide.starts[subject.start].first[0], site.now());
    Ok(start_page(&site, &visit, &subject, &sent, &[]).into_response())
}

pub async fn send(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, start)): Path<(String, String)>,
    mut sent: Sent,
) -> Page {
    let subject = subject(&site, &visit, &case, &start)?;
    if one_more(&mut sent) {
        return Ok(start_page(&site, &visit, &subject, &sent, &[]).into_response());
    }
    let step = subject.guide.starts[subject.start].first[0];
    let input = match intake::read(&subject.guide, step, &form(&subject.guide, step, &sent)) {
        Ok(input) => input,
        Err(refused) => return Ok(start_page(&site, &visit, &subject, &sent, &refused).into_response()),
    };
    let over = Some(Box::new(Over::of(&case)));
    let next = site.bureau.next_in_chain(&subject.state.root)?;
    let command = Command::Submit {
        case: next,
        service: subject.guide.key.to_string(),
        start,
        input,
        draw: Some(site.draw()),
        over,
        subject: None,
    };
    let key = format!("{}:{}", subject.actor.id, sent.get("_key"));
    let people = vec![subject.actor.clone()];
    match site.bureau.execute(&Order { key, people, case: None, command, secret: None, now: site.now() }) {
        Ok(done) if visit.holds(&case) => Ok(redirect(&format!("/progress/{}", done.case))),
        Ok(done) => Ok(redirect(&format!("/case/{}", done.case))),
        Err(Failure::Refused(refused)) => Ok(start_page(&site, &visit, &subject, &sent, &refused).into_response()),
        Err(failure) => Err(failure.into()),
    }
}
