//! Every address of the bureau, on one page.

use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use casework::CaseId;
use tower_http::catch_panic::CatchPanicLayer;

use crate::acts::{Act, Place};
use crate::not::Not;
use crate::pages::{
    apply, board, case, check, decisions, desk, files, home, household, letter, notices, print, progress, search,
    service, sign_in,
};
use crate::path::command;
use crate::session::{Visitor, frame, healthy};
use crate::site::{STYLE, Web};

pub fn router(web: Web) -> Router {
    let pages = Router::new()
        // For everybody.
        .route("/", get(home::show))
        .route("/s/{service}", get(service::show))
        .route("/s/{service}/check", get(check::show).post(check::answer))
        .route("/s/{service}/apply", get(apply::show).post(apply_now))
        .route("/notices", get(notices::list))
        .route("/notices/{case}/{number}", get(notices::show).post(object))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        // For the applicant of a case.
        .route("/progress", get(progress::ask).post(progress::open))
        .route("/progress/{case}", get(progress::show))
        .route("/progress/{case}/receipt", get(progress::receipt))
        .route("/progress/{case}/letter/{number}", get(letter::for_applicant))
        .route("/progress/{case}/{act}", get(progress::form).post(act_as_applicant))
        // For staff.
        .route("/desk", get(desk::show))
        .route("/board", get(board::show))
        .route("/search", get(search::show))
        .route("/case/{case}", get(case::show))
        .route("/case/{case}/why", get(decisions::why))
        .route("/case/{case}/household", get(household::show))
        .route("/case/{case}/file/{digest}", get(files::show))
        .route("/case/{case}/print/{form}", get(print::show))
        .route("/case/{case}/{act}", get(case::form).post(act_at_desk))
        .route("/letter/{case}/{number}", get(letter::show))
        .fallback(async || Not::found("没有这个页面"))
        .method_not_allowed_fallback(async || Not::found("这个页面不能这样打开"))
        .layer(CatchPanicLayer::custom(|_| Not::fault("a handler panicked").into_response()))
        .layer(middleware::from_fn_with_state(web.clone(), frame));
    Router::new().route("/healthz", get(healthy)).route(&web.style, get(style)).merge(pages).with_state(web)
}

/// The digest is in the address, so the sheet never changes under it.
async fn style() -> impl IntoResponse {
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, kept)], STYLE)
}

type Answer = Result<Response, Not>;

async fn apply_now(State(web): State<Web>, visit: Visitor, Path(service): Path<String>, request: Request) -> Answer {
    command(web, visit.0, Act::Apply, Place::Service(service), request).await
}

async fn object(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, number)): Path<(String, usize)>,
    request: Request,
) -> Answer {
    command(web, visit, Act::Object(number), Place::Board(id(&case)), request).await
}

async fn act_as_applicant(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, act)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let act = Act::named(&act).ok_or_else(|| Not::found("没有这个页面"))?;
    command(web, visit, act, Place::Progress(id(&case)), request).await
}

async fn act_at_desk(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, act)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let act = Act::named(&act).ok_or_else(|| Not::found("没有这个页面"))?;
    command(web, visit, act, Place::Desk(id(&case)), request).await
}

/// A receipt number as people type it.
pub fn id(text: &str) -> CaseId {
    CaseId(base::typed::tidy(text).to_uppercase().into())
}
