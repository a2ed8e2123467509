//! The notice board of an officer's area.

use axum::Extension;
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use crate::layout::{Tone, page};
use crate::not::Not;
use crate::pages::notices::{listed, turner};
use crate::session::Visitor;
use crate::site::Web;

#[derive(Deserialize)]
pub struct Wanted {
    page: Option<u32>,
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let region = visit.staff()?.region;
    let (today, number) = (web.now().date(), wanted.page.unwrap_or(1).max(1));
    let board = web.store(move |store| store.board(Some(region), today, number)).await?;
    let body = html! {
        h1 { "公示栏：" (web.place(region)) }
        p.soft { "正在公示和长期公布的内容，共" (board.total) "份。内容张贴后冻结，不能改动。" }
        (listed(&web, &board, false))
        (turner(&board, "/board?"))
    };
    Ok(page(&web, &visit, "公示栏", Tone::Desk, body))
}
