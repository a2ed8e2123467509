//! What everybody may read: services, guides, notices, and objections to them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use base::RegionCode;
use bureau::{Failure, Order};
use casework::{Actor, Command, Refusal, Status};
use guide::Guide;
use maud::{Markup, PreEscaped, html};

use super::Page;
use super::lists::Listing;
use super::roll::place;
use crate::layout::{day, downloads, key, page, refusals, token};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::Visit;

pub async fn home(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    let body = html! {
        h1 { "办事指南" }
        p.lead { "看规定、先自查、在网上申请、查进度。" }
        ul.cards {
            @for guide in &site.bureau.library.guides {
                li.card {
                    h2 { a href=(format!("/services/{}", guide.key)) { (guide.title) } }
                    @if let Some(first) = guide.prose.first() { p { (first.text) } }
                }
            }
        }
    };
    Ok(page(&site, &visit, "办事指南", body).into_response())
}

/// A service by its key.
pub fn guide<'s>(site: &'s Site, service: &str) -> Result<&'s Arc<Guide>, Fault> {
    site.guide(service).ok_or(Fault::NotFound)
}

pub async fn service(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(service): Path<String>,
) -> Page {
    let guide = guide(&site, &service)?;
    let passages = guide.prose.iter().filter(|passage| passage.level <= 2);
    let body = html! {
        p.crumbs { a href="/" { "办事指南" } " › " (guide.title) }
        h1 { (guide.title) }
        div.actions {
            @for (place, start) in super::apply::starts(guide, &visit).iter().enumerate() {
                @if place == 0 { a.button.main href=(format!("/services/{service}/apply")) { (start.name) } }
                @else { a.button href=(format!("/services/{service}/apply/{}", start.key)) { (start.name) } }
            }
            @if checks_itself(guide) { a.button href=(format!("/services/{service}/check")) { "先自查" } }
        }
        div.prose {
            @for passage in passages {
                @if passage.level == 2 { h2 { (passage.heading) } }
                (markdown(&passage.text))
            }
        }
        h2 { "依据" }
        ul { @for law in &guide.laws { li { (law.name) @if let Some(number) = law.facts.get("文号") { span.soft { "　" (number) } } } } }
    };
    Ok(page(&site, &visit, &guide.title, body).into_response())
}

/// Whether there is something to be worked out before anybody applies.
pub fn checks_itself(guide: &Guide) -> bool {
    !guide.entitlements.is_empty()
}

/// Prose of a guide. Soft line breaks between Chinese characters vanish.
fn markdown(text: &str) -> Markup {
    let events = pulldown_cmark::Parser::new(text).filter(|event| !matches!(event, pulldown_cmark::Event::SoftBreak));
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events.filter(|event| !matches!(event, pulldown_cmark::Event::Html(_))));
    PreEscaped(out)
}

/// Notices shown at once.
const MOST_NOTICES: u32 = 200;

pub async fn notices(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let place = place(&query);
    let townships = site.bureau.store.notices_by_township()?;
    let rows = site.bureau.store.notices(place.unwrap_or(RegionCode::NATION), MOST_NOTICES)?;
    let body = html! {
        h1 { "公示" @if let Some(place) = place { "：" (site.place(place)) } }
        p.lead { "对公示的内容有异议的，可以在公示期内提出，不署名也可以。" }
        @if townships.len() > 1 {
            nav aria-label="乡镇" { ul.places {
                @if place.is_some() { li { a href="/notices" { "全部" } } }
                @for (code, count) in &townships {
                    li { a href=(format!("/notices?place={code}")) aria-current=[(place == Some(*code)).then_some("page")] {
                        (site.bureau.regions.name(*code).unwrap_or_default()) } " " span.soft { (count) }
                    }
                }
            } }
        }
        @if visit.staff.is_some() {
            p { (downloads("notices", &place.map_or_else(String::new, |place| format!("place={place}")))) }
        }
        @if rows.is_empty() { p.empty { "现在没有公示。" } }
        @else {
            @if rows.len() == MOST_NOTICES as usize { p.soft.small { "只列出最近的 " (MOST_NOTICES) " 张，请点自己的乡镇。" } }
            div.scroll { table.work {
                thead { tr { th { "服务" } th { "地方" } th { "内容" } th { "公示到" } th { "异议" } } }
                tbody {
                    @for row in &rows {
                        @let guide = site.guide(&row.service);
                        tr {
                            td.nowrap { (guide.map_or(row.service.as_str(), |guide| &guide.title)) }
                            td data-label="地方" { (site.place_of(&row.region)) }
                            td data-label="内容" { @for (name, value) in &row.shown { span.nowrap { (own_name(name)) "：" b { (value) } } "　" } }
                            td.nowrap data-label="公示到" { (day(&row.until)) }
                            td.nowrap { a href=(format!("/notices/{}/{}", row.case, row.step)) { "提出异议" } }
                        }
                    }
                }
            } }
        }
    };
    Ok(page(&site, &visit, "公示", body).into_response())
}

/// The same for a file, for whoever keeps the notices: all that hang.
pub fn listing(site: &Site, query: &HashMap<String, String>) -> Result<Listing, Fault> {
    let rows = site.bureau.store.notices(place(query).unwrap_or(RegionCode::NATION), u32::MAX)?;
    let rows = rows.into_iter().map(|row| {
        let title = site.guide(&row.service).map_or(row.service, |guide| guide.title.to_string());
        let shown = row.shown.iter().map(|(name, value)| format!("{}：{value}", own_name(name)));
        let (shown, place) = (shown.collect::<Vec<_>>().join("　"), site.place_of(&row.region));
        vec![
            title.into(),
            place.into(),
            shown.into(),
            day(&row.posted_at).into(),
            day(&row.until).into(),
            row.case.into(),
        ]
    });
    let heads = super::lists::heads(&["服务", "地方", "内容", "张贴", "公示到", "受理号"]);
    Ok(Listing { title: "公示".into(), heads, rows: rows.collect() })
}

/// `申请人.姓名` is 姓名 to a reader.
pub fn own_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, own)| own)
}

pub async fn objection(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, step)): Path<(String, String)>,
) -> Page {
    hanging(&site, &case, &step)?;
    Ok(objection_page(&site, &visit, &Sent::empty(), &[]).into_response())
}

fn hanging(site: &Site, case: &str, step: &str) -> Result<(), Fault> {
    let state = site.bureau.store.state(case)?.ok_or(Fault::NotFound)?;
    let hangs = state.live().any(|instance| instance.step == step && instance.status == Status::Posted);
    if hangs { Ok(()) } else { Err(Fault::NotFound) }
}

fn objection_page(site: &Site, visit: &Visit, sent: &Sent, refused: &[Refusal]) -> Markup {
    let body = html! {
        p.crumbs { a href="/notices" { "公示" } " › 提出异议" }
        h1 { "提出异议" }
        (refusals(refused))
        form method="post" {
            (token(visit)) (key(site, sent.get("_key")))
            fieldset.bare {
                div.field {
                    label for="f-text" { "异议的内容" span.need { "必填" } }
                    p.help { "写明什么情况不实、您怎么知道的。" }
                    textarea id="f-text" name="text" rows="5" { "\n" (sent.get("text")) }
                }
                div.field { label for="f-by" { "您的姓名" } p.help { "可以不填；署名的会得到答复。" } input type="text" id="f-by" name="by" value=(sent.get("by")); }
                div.field { label for="f-contact" { "联系方式" } input type="text" id="f-contact" name="contact" value=(sent.get("contact")); }
            }
            div.actions { button.main type="submit" { "提交异议" } }
        }
    };
    page(site, visit, "提出异议", body)
}

pub async fn object(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, step)): Path<(String, String)>,
    sent: Sent,
) -> Page {
    hanging(&site, &case, &step)?;
    let word = |name: &str| Some(sent.get(name).trim().to_owned()).filter(|word| !word.is_empty());
    let command = Command::Object { step, by: word("by"), contact: word("contact"), text: sent.get("text").to_owned() };
    let people = vec![Actor::citizen("public", word("by").as_deref().unwrap_or("匿名"))];
    let key = format!("public:{}", sent.get("_key"));
    let order = Order { key, people, case: Some(case), command, secret: None, now: site.now() };
    match site.bureau.execute(&order) {
        Ok(_) => {
            let body = html! { div.note role="status" { h1 { "异议已收到" } p { "工作人员会去核查。署名的，会按您留的联系方式答复。" } } };
            Ok(page(&site, &visit, "异议已收到", body).into_response())
        }
        Err(Failure::Refused(refused)) => Ok(objection_page(&site, &visit, &sent, &refused).into_response()),
        Err(failure) => Err(failure.into()),
    }
}

/// Where somebody goes after an order was carried out.
pub fn redirect(to: &str) -> axum::response::Response {
    Redirect::to(to).into_response()
}
