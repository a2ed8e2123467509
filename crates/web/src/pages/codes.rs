//! 代码表: the lists of codes that registers and forms are written with, their standards, and since when a word holds.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use base::{CodeList, former_divisions};
use maud::html;

use super::Page;
use crate::layout::page;
use crate::site::Site;
use crate::visit::Visit;

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    visit.staff()?;
    let today = site.now().date();
    let body = html! {
        p.crumbs { a href="/registers" { "台账" } " › 代码表" }
        h1 { "代码表" }
        p.lead { "表格里写名称、代码或者简称都认得；已经不用的写法只对那时候的事有效。" }
        @for list in CodeList::all() { details id=(list.name) {
            summary { b { (list.name) } " " span.soft.small { (list.codes.len()) " 个　" (list.source) } }
            div.scroll { table.work {
                thead { tr { th { "代码" } th { "名称" } th { "从" } th { "到" } } }
                tbody { @for code in &list.codes { tr {
                    td.mono { (code.code) }
                    td data-label="名称" { @if code.holds_on(today) { (code.name) } @else { s { (code.name) } } }
                    td data-label="从" { (code.from.map(|day| day.to_string()).unwrap_or_default()) }
                    td data-label="到" { (code.to.map(|day| day.to_string()).unwrap_or_default()) }
                } } }
            } }
        } }
        details id="divisions" {
            summary { b { "撤销的区划" } " " span.soft.small { (former_divisions().len()) " 个" } }
            div.scroll { table.work {
                thead { tr { th { "代码" } th { "名称" } th { "到" } th { "现在是" } } }
                tbody { @for former in former_divisions() { tr {
                    td.mono { (former.code.county_digits()) }
                    td data-label="名称" { s { (former.name) } }
                    td data-label="到" { (former.until) }
                    td data-label="现在是" { @for code in &former.successors {
                        (site.bureau.regions.name(*code).unwrap_or_default()) " " span.mono.soft { (code.county_digits()) } " "
                    } }
                } } }
            } }
        }
    };
    Ok(page(&site, &visit, "代码表", body).into_response())
}
