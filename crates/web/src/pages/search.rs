//! Finding a case by receipt number, citizen number or name; what is found is masked.

use axum::Extension;
use axum::extract::{Query, State};
use base::{format_date, mask_name};
use casework::summary::{Standing, Summary};
use maud::{Markup, html};
use serde::Deserialize;
use store::Scope;

use crate::layout::{Tone, page};
use crate::not::Not;
use crate::session::Visitor;
use crate::sight::masked_number;
use crate::site::{Site, Web};

#[derive(Deserialize)]
pub struct Wanted {
    q: Option<String>,
}

/// Longer than any name or number; the rest of a pasted text finds nothing anyway.
const LONGEST: usize = 60;

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let scope = Scope::of(&visit.staff()?.actor());
    let text: String = base::typed::tidy(&wanted.q.unwrap_or_default()).chars().take(LONGEST).collect();
    let found = match text.is_empty() {
        true => Vec::new(),
        false => {
            let text = text.clone();
            web.store(move |store| store.search(&scope, &text)).await?
        }
    };
    let body = html! {
        h1 { "查找" }
        form.filters role="search" aria-label="按姓名、身份证号或受理号" action="/search" {
            div {
                label for="q" { "姓名、身份证号或受理号" }
                input type="search" id="q" name="q" value=(text) autocomplete="off";
            }
            button.main type="submit" { "查找" }
        }
        @if !text.is_empty() { p.soft role="status" { "找到" (found.len()) "件，姓名和号码已遮盖，打开件后按权限显示。" } }
        @if found.is_empty() && !text.is_empty() {
            p.empty { "辖区内没有找到。姓名可以只填一部分；身份证号和受理号要填全。" }
        } @else if !found.is_empty() { (table(&web, &found)) }
    };
    Ok(page(&web, &visit, "查找", Tone::Desk, body))
}

/// Cases in one table, everything personal masked.
pub fn table(web: &Site, rows: &[Summary]) -> Markup {
    html! {
        table.work {
            caption.unseen { "找到的件" }
            thead { tr {
                th scope="col" { "受理号" } th scope="col" { "申请人" } th scope="col" { "相关人员" } th scope="col" { "服务" }
                th scope="col" { "状态" } th scope="col" { "地点" } th scope="col" { "申请日期" }
            } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { a.mono href=(format!("/case/{}", row.case)) { (row.case) } }
                        td data-label="申请人" { (mask_name(&row.applicant)) }
                        td data-label="相关人员" { (people(row)) }
                        td data-label="服务" { (web.bureau().guides.service(&row.service).map_or(&*row.service, |g| g.title.as_str())) }
                        td data-label="状态" { @if row.standing == Standing::Closed { "已办结：" (row.outcome) } @else { (row.step) } }
                        td data-label="地点" { (web.place(row.region)) }
                        td.nowrap data-label="申请日期" { (format_date(row.applied_at.date())) }
                    }
                }
            }
        }
    }
}

fn people(row: &Summary) -> String {
    let shown = row.people.iter().map(|p| match &p.number {
        Some(number) => format!("{} {}", mask_name(&p.name), masked_number(number)),
        None => mask_name(&p.name),
    });
    shown.collect::<Vec<_>>().join("；")
}
