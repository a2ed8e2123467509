//! 备案: the cases of households that are related to an official, for whoever supervises them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use casework::people::Scope;
use maud::html;

use super::Page;
use crate::layout::{downloads, page, standing};
use crate::site::Site;
use crate::visit::Visit;

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    let rows = site.bureau.store.kin(&Scope::of(visit.staff()?))?;
    let open = rows.iter().filter(|row| row.result.is_empty()).count();
    let body = html! {
        h1 { "近亲属备案" }
        p.lead { "这些家庭申报了与经办人员、村（居）委会成员是近亲属。有关人员不能办理、评议、表决，县级要入户。" }
        ul.counters { li { p { b { (rows.len()) } " 件" } } li { p { b { (open) } " 件在办" } } }
        p { (downloads("kin", "")) }
        @if rows.is_empty() { p.empty { "没有备案的件。" } }
        @else { div.scroll { table.work {
            thead { tr { th { "工作人员" } th { "是这一家的" } th { "户主" } th { "地方" } th { "备案" } th { "现在" } th { "受理号" } } }
            tbody { @for row in &rows { tr {
                td { b { (row.official) } }
                td data-label="是这一家的" { (row.relation) }
                td data-label="户主" { a href=(format!("/case/{}", row.case)) { (row.applicant) } }
                td data-label="地方" { (site.place_of(&row.region)) }
                td.nowrap data-label="备案" { (row.declared_at.get(..10).unwrap_or_default()) }
                td data-label="现在" { (standing(&row.result)) }
                td.mono data-label="受理号" { (row.case) }
            } } }
        } } }
    };
    Ok(page(&site, &visit, "近亲属备案", body).into_response())
}
