//! Applying, and checking before applying: the same form of the first step, kept or thrown away.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use bureau::{Failure, Order};
use casework::event::Subject;
use casework::people::may_perform;
use casework::{Actor, Capacity, Command, Refusal, intake};
use guide::Guide;
use guide::model::{ActorKind, Start, Step, When};
use maud::{Markup, html};

use super::Page;
use super::chapters::{Asked, Turn};
use super::public::{checks_itself, guide, redirect};
use crate::field::{Drawer, form};
use crate::layout::{page, refusals, step_form};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::{Visit, set_cookie};

/// What an address asks for: a service and one of its starts; without one the first.
type Asking = Path<HashMap<String, String>>;

fn service<'s>(site: &'s Site, asking: &Asking) -> Result<&'s Guide, Fault> {
    guide(site, asking.get("service").map_or("", String::as_str)).map(|guide| &**guide)
}

/// The starts that somebody submits out of nothing, whose first step is theirs.
pub fn starts<'g>(guide: &'g Guide, visit: &Visit) -> Vec<&'g Start> {
    submitted(guide, visit, None)
}

/// The starts that somebody submits for a row of a register, by the register's 标识.
pub fn starts_for<'g>(guide: &'g Guide, visit: &Visit, register: &str) -> Vec<&'g Start> {
    submitted(guide, visit, Some(register))
}

fn submitted<'g>(guide: &'g Guide, visit: &Visit, register: Option<&str>) -> Vec<&'g Start> {
    let own = |start: &&Start| {
        let step = start.first.first().map(|step| &guide.steps[*step]);
        let of_person = |step: &&Step| step.who.iter().any(|(_, p)| matches!(p.actor, ActorKind::Person(_)));
        match (step, &visit.staff) {
            (None, _) => false,
            (Some(step), None) => of_person(&step),
            (Some(step), Some(staff)) => match &staff.doing(guide, step).capacity {
                Capacity::Entering { .. } => true,
                Capacity::Staff { level, posts, .. } => may_perform(step, *level, posts),
                _ => false,
            },
        }
    };
    let register_of = |start: &Start| start.rows.map(|rows| &*guide.writable[rows].key);
    let begins = |start: &&Start| start.over.is_none() && matches!(start.when, When::Submit);
    guide.starts.iter().filter(begins).filter(|start| register_of(start) == register).filter(own).collect()
}

/// The row for which a case is begun: `?register=…&row=…`, by its handle.
type About = Query<HashMap<String, String>>;

fn subject(site: &Site, about: &About) -> Result<Option<Subject>, Fault> {
    let (Some(register), Some(row)) = (about.get("register"), about.get("row")) else { return Ok(None) };
    let key = site.bureau.store.row_key(register, row)?.ok_or(Fault::NotFound)?;
    Ok(Some(Subject { register: register.clone(), key }))
}

/// What an address brings along to be looked over in the form: a page that knows it has linked here.
fn brought(about: &About) -> Sent {
    let mut typed = Sent::empty();
    about
        .iter()
        .filter(|(name, _)| !name.starts_with('_') && !["register", "row"].contains(&&***name))
        .for_each(|(name, value)| typed.set(name, value));
    typed
}

/// The start that an address asks for, and its first step.
fn start<'g>(guide: &'g Guide, visit: &Visit, asking: &Asking, about: &About) -> Result<(&'g Start, usize), Fault> {
    let starts = submitted(guide, visit, about.get("register").map(String::as_str));
    let found = match asking.get("start") {
        Some(key) => starts.into_iter().find(|start| *start.key == **key),
        None => starts.into_iter().next(),
    };
    let found = found.ok_or(Fault::NotFound)?;
    Ok((found, *found.first.first().ok_or(Fault::NotFound)?))
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    asking: Asking,
    about: About,
) -> Page {
    let guide = service(&site, &asking)?;
    let (start, step) = start(guide, &visit, &asking, &about)?;
    Ok(match visit.staff {
        Some(_) => entering_page(&site, &visit, guide, (start, &about), &brought(&about), &[])?,
        None => asked(&site, &visit, guide, step, false).chapter(0, &Sent::empty(), &[]),
    }
    .into_response())
}

pub async fn show_check(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, asking: Asking) -> Page {
    let guide = service(&site, &asking)?;
    if !checks_itself(guide) {
        return Err(Fault::NotFound);
    }
    let (_, step) = first(guide)?;
    Ok(asked(&site, &visit, guide, step, true).chapter(0, &Sent::empty(), &[]).into_response())
}

/// The start that is checked before anybody applies.
fn first(guide: &Guide) -> Result<(&Start, usize), Fault> {
    let start = guide.starts.first().ok_or(Fault::NotFound)?;
    Ok((start, *start.first.first().ok_or(Fault::NotFound)?))
}

fn asked<'a>(site: &'a Site, visit: &'a Visit, guide: &'a Guide, step: usize, check: bool) -> Asked<'a> {
    Asked { site, visit, guide, step, check }
}

/// The whole form on one page, for staff: what is theirs to do, or what they copy from a signed paper.
fn entering_page(
    site: &Site,
    visit: &Visit,
    guide: &Guide,
    (start, about): (&Start, &About),
    sent: &Sent,
    refused: &[Refusal],
) -> Result<Markup, Fault> {
    let step = *start.first.first().ok_or(Fault::NotFound)?;
    let entering = matches!(visit.staff()?.doing(guide, &guide.steps[step]).capacity, Capacity::Entering { .. });
    let drawer = Drawer { site, guide, sent, refusals: refused };
    let name = &start.name;
    let body = html! {
        p.crumbs { a href="/" { "办事指南" } " › " a href=(format!("/services/{}", guide.key)) { (guide.title) } " › " (name) }
        h1 { (guide.title) "：" (name) }
        @if entering {
            p.note { "您在" b { "代申请人录入" } "：照着申请人签名的申请表填，把申请表拍照或扫描传上来；提交以后把受理号和查询码交给申请人。" }
        }
        (refusals(refused))
        @if let Some(row) = subject(site, about)? { (super::registers::subject_within(site, visit, &row)?) }
        (step_form(site, visit, &drawer, step, "提交", drawer.step(step)))
    };
    Ok(page(site, visit, &format!("{}：{name}", guide.title), body))
}

/// A button «加一行» shows the form again with one more row; nothing typed is lost.
pub(super) fn one_more(sent: &mut Sent) -> bool {
    let list = sent.get("_add").to_owned();
    if !list.is_empty() {
        let next = sent.rows(&list).last().map_or(0, |last| last + 1);
        sent.set(&format!("{list}.{next}.row"), "");
    }
    !list.is_empty()
}

/// The form of staff: read, or shown again with what is wrong.
fn enter(site: &Site, visit: &Visit, guide: &Guide, begun: (&Start, &About), sent: &mut Sent) -> Result<Turn, Fault> {
    if one_more(sent) {
        return entering_page(site, visit, guide, begun, sent, &[]).map(Turn::Page);
    }
    let step = *begun.0.first.first().ok_or(Fault::NotFound)?;
    match intake::read(guide, step, &form(guide, step, sent)) {
        Ok(input) => Ok(Turn::Whole(Box::new(input))),
        Err(refused) => entering_page(site, visit, guide, begun, sent, &refused).map(Turn::Page),
    }
}

pub async fn send(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    asking: Asking,
    about: About,
    mut sent: Sent,
) -> Page {
    let guide = service(&site, &asking)?;
    let (start, step) = start(guide, &visit, &asking, &about)?;
    let turn = match visit.staff {
        Some(_) => enter(&site, &visit, guide, (start, &about), &mut sent)?,
        None => asked(&site, &visit, guide, step, false).turn(&mut sent),
    };
    let input = match turn {
        Turn::Whole(input) => *input,
        Turn::Page(page) => return Ok(page.into_response()),
    };
    let (case, secret) = (site.receipt(), site.receipt_secret());
    let actor = match &visit.staff {
        Some(staff) => staff.doing(guide, &guide.steps[step]),
        None => Actor::citizen(&format!("visit:{}", visit.form_token), input.person(guide).unwrap_or("匿名")),
    };
    let key = format!("{}:{}", visit.form_token, sent.get("_key"));
    let people = vec![actor];
    let draw = Some(site.draw());
    let (service, start_key) = (guide.key.to_string(), start.key.to_string());
    let subject = subject(&site, &about)?;
    let command = Command::Submit { case, service, start: start_key, input, draw, over: None, subject };
    let order = Order { key, people, case: None, command, secret: Some(secret.clone()), now: site.now() };
    match site.bureau.execute(&order) {
        Ok(done) if visit.staff.is_some() => Ok(redirect(&format!("/case/{}?new={secret}", done.case))),
        Ok(done) if done.repeated => Ok(redirect(&format!("/progress/{}", done.case))),
        Ok(done) => {
            let mut response = redirect(&format!("/progress/{}?new={secret}", done.case));
            set_cookie(&site, &mut response, "receipt", &format!("{}~{secret}", done.case));
            Ok(response)
        }
        Err(Failure::Refused(refused)) => Ok(match visit.staff {
            Some(_) => entering_page(&site, &visit, guide, (start, &about), &sent, &refused)?,
            None => asked(&site, &visit, guide, step, false).refused(&sent, &refused),
        }
        .into_response()),
        Err(failure) => Err(failure.into()),
    }
}

pub async fn send_check(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    asking: Asking,
    mut sent: Sent,
) -> Page {
    let guide = service(&site, &asking)?;
    let (start, step) = first(guide)?;
    let asked = asked(&site, &visit, guide, step, true);
    let input = match asked.turn(&mut sent) {
        Turn::Whole(input) => *input,
        Turn::Page(page) => return Ok(page.into_response()),
    };
    let people = vec![Actor::citizen("check", "自查")];
    let (service, start) = (guide.key.to_string(), start.key.to_string());
    let command = Command::Submit {
        case: "自查".into(),
        service: service.clone(),
        start,
        input,
        draw: None,
        over: None,
        subject: None,
    };
    let order = Order { key: String::new(), people, case: None, command, secret: None, now: site.now() };
    match site.bureau.preview(&order) {
        Ok(state) => {
            let rules = site.bureau.rules(guide);
            let answers = casework::outlook(rules, &state, site.now(), true);
            let body = html! {
                p.crumbs { a href=(format!("/services/{service}")) { (guide.title) } " › 自查结果" }
                h1 { "自查结果" }
                p.lead { "按您填的内容和今天的标准算出来的，不是决定；以调查核实后的决定为准。" }
                div.card { dl.pairs { @for answer in &answers { dt { (answer.name) } dd { b { (answer.value) } } } } }
                (super::case::lacks(&casework::needs(rules, &state, site.now())))
                (super::case::working(&answers, true))
                div.actions { a.button.main href=(format!("/services/{service}/apply")) { "去申请" } }
            };
            Ok(page(&site, &visit, "自查结果", body).into_response())
        }
        Err(Failure::Refused(refused)) => Ok(asked.refused(&sent, &refused).into_response()),
        Err(failure) => Err(failure.into()),
    }
}
