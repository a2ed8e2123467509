//! The notice board for everybody, and objections to what is posted.

use axum::Extension;
use axum::extract::{Path, Query, State};
use base::{Level, RegionCode, format_date, format_datetime};
use casework::{Notice, Refusal};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Page, Posted};

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::{WordField, headed, said, troubles, word_field};
use crate::routes::id;
use crate::sent::Sent;
use crate::session::{Visit, Visitor};
use crate::site::{Site, Web};

#[derive(Deserialize)]
pub struct Wanted {
    /// A township or village.
    region: Option<String>,
    page: Option<u32>,
    done: Option<String>,
}

pub async fn list(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let bureau = web.bureau();
    let chosen = wanted.region.as_deref().and_then(|r| RegionCode::parse(r).ok());
    let region = chosen.filter(|r| bureau.region.contains(*r)).unwrap_or(bureau.region);
    let (today, number) = (web.now().date(), wanted.page.unwrap_or(1).max(1));
    let board = web.store(move |store| store.board(Some(region), today, number)).await?;
    let body = html! {
        (crumbs(&[("办事指南", "/")], "公示"))
        h1 { "公示" }
        p.lead { "张贴在村（社区）公示栏的内容，这里同时可以看到。公示期内有异议的，可以署名或匿名提出。" }
        (chooser(&web, region, "/notices"))
        (listed(&web, &board, true))
        (turner(&board, &format!("/notices?region={region}")))
    };
    Ok(page(&web, &visit, "公示", Tone::Public, body))
}

/// Choosing a township, then a village within it.
pub fn chooser(web: &Site, region: RegionCode, address: &str) -> Markup {
    let bureau = web.bureau();
    let town = bureau.regions.lineage(region).into_iter().find(|r| r.level == Level::Township);
    let towns: Vec<_> = bureau.regions.within(bureau.region).filter(|r| r.level == Level::Township).collect();
    html! {
        form.filters action=(address) {
            div {
                label for="region" { "地区" }
                select id="region" name="region" {
                    option value=(bureau.region) { "全部" }
                    @for place in towns {
                        option value=(place.code) selected[place.code == region] { (place.name) }
                        @if town.is_some_and(|t| t.code == place.code) {
                            @for village in bureau.regions.children(place.code) {
                                option value=(village.code) selected[village.code == region] { "　" (village.place()) }
                            }
                        }
                    }
                }
            }
            button type="submit" { "查看" }
        }
    }
}

/// The board as a table; citizens go to the notice, the desk also to the case.
pub fn listed(web: &Site, board: &Page<Posted>, public: bool) -> Markup {
    html! {
        @if board.rows.is_empty() { p.empty { "这个地区现在没有公示。" } }
        @else {
            table.work {
                caption.unseen { "公示" }
                thead { tr {
                    th scope="col" { "公示" } th scope="col" { "地点" } th scope="col" { "内容" }
                    th scope="col" { "张贴日期" } th scope="col" { "截止" }
                    @if !public { th scope="col" { "受理号" } }
                } }
                tbody {
                    @for posted in &board.rows {
                        tr {
                            th scope="row" { a href=(format!("/notices/{}/{}", posted.case, posted.number)) { (posted.notice.title) span.unseen { "，" (posted.case) } } }
                            td data-label="地点" { (web.place(posted.region)) }
                            td data-label="内容" { (brief(web, posted)) }
                            td data-label="张贴日期" { (format_date(posted.notice.posted_at.date())) }
                            td data-label="截止" { (last(&posted.notice)) }
                            @if !public { td data-label="受理号" { a.mono href=(format!("/case/{}", posted.case)) { (posted.case) } } }
                        }
                    }
                }
            }
        }
    }
}

/// What is posted in short; the place has a column of its own.
fn brief(web: &Site, posted: &Posted) -> String {
    let place = web.bureau().regions.path(posted.region).unwrap_or_default();
    let rows = posted.notice.rows.iter().map(|(_, text)| text.as_str()).filter(|text| *text != place);
    rows.take(4).collect::<Vec<_>>().join("，")
}

pub fn last(notice: &Notice) -> String {
    notice.last_day.map_or_else(|| "长期".to_owned(), format_date)
}

/// Links to the other pages of a list.
pub fn turner<T>(list: &Page<T>, address: &str) -> Markup {
    html! {
        @if list.pages > 1 {
            nav.pages aria-label="翻页" {
                @if list.page > 1 { a href=(format!("{address}&page={}", list.page - 1)) { "上一页" } }
                span { "第" (list.page) "页，共" (list.pages) "页，" (list.total) "件" }
                @if list.page < list.pages { a href=(format!("{address}&page={}", list.page + 1)) { "下一页" } }
            }
        }
    }
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, number)): Path<(String, usize)>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Object(number), Place::Board(id(&case))).await?;
    let mut sent = Sent::fresh();
    sent.say("done", wanted.done.unwrap_or_default());
    Ok(page_of(&web, &visit, &subject, number, &sent, None))
}

pub fn page_of(
    web: &Site,
    visit: &Visit,
    subject: &Subject,
    number: usize,
    sent: &Sent,
    refusal: Option<&Refusal>,
) -> Markup {
    let file = subject.file();
    let Some(notice) = crate::sight::posted(file, number, web.now()) else { return html! {} };
    let basis = subject.guide.step(&notice.step).and_then(|s| s.notice.as_ref()).map(|n| n.basis.as_str());
    let body = html! {
        (crumbs(&[("办事指南", "/"), ("公示", "/notices")], &notice.title))
        (troubles(refusal))
        (said(Some(sent.word("done"))))
        article.card {
            h1 { (notice.title) }
            dl.pairs {
                @for (label, text) in &notice.rows { dt { (label) } dd { (text) } }
                dt { "公示地点" } dd { (notice.place) }
                dt { "张贴时间" } dd { (format_datetime(notice.posted_at)) }
                dt { "公示期" } dd { @match notice.last_day {
                    Some(last) => { "到" (format_date(last)) "为止" },
                    None => { "长期公布" },
                } }
                @if let Some(basis) = basis.filter(|b| !b.is_empty()) { dt { "依据" } dd { (basis) } }
            }
        }
        section {
            h2 id="object" { "提出异议" }
            p { "写明您知道的事实。署名的，调查结果会告诉您；不署名也会调查。您的姓名和联系方式只有承办人员能看到。" }
            (objection_form(web, visit, subject, number, sent, refusal))
        }
    };
    page(web, visit, &headed(&notice.title, refusal), Tone::Public, body)
}

fn objection_form(
    web: &Site,
    visit: &Visit,
    subject: &Subject,
    number: usize,
    sent: &Sent,
    refusal: Option<&Refusal>,
) -> Markup {
    let text =
        WordField {
            name: "text", label: "异议内容", kind: "text", required: true, long: true, ..WordField::default()
        };
    let name =
        WordField { name: "name", label: "您的姓名", help: "可以不填", kind: "text", ..WordField::default() };
    let contact =
        WordField {
            name: "contact", label: "联系方式", help: "可以不填", kind: "text", ..WordField::default()
        };
    html! {
        form.card method="post" action=(subject.address(&Act::Object(number))) novalidate {
            (sent.hidden(web, visit, None))
            (word_field(sent, refusal, &text))
            (word_field(sent, refusal, &name))
            (word_field(sent, refusal, &contact))
            p.actions { button.main type="submit" { "提交异议" } }
        }
    }
}
