//! The only crate that knows HTTP: routes, forms, pages.
//!
//! Pages work without scripts and show a reader only what the reader may see.

mod chart;
mod field;
mod layout;
mod pages;
mod paper;
mod pdf;
mod sent;
mod site;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub use site::{Fault, Site, first_password, password_hash};

/// The most that a form with files may send, in bytes.
const MOST_SENT: usize = 60 * 1024 * 1024;

/// All routes of a bureau.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(pages::public::home))
        .route("/services/{service}", get(pages::public::service))
        .route("/notices", get(pages::public::notices))
        .route("/notices/{case}/{step}", get(pages::public::objection).post(pages::public::object))
        .route("/progress", get(pages::progress::ask).post(pages::progress::open))
        .route("/progress/{case}", get(pages::progress::show))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::send))
        .route("/password", get(pages::sign_in::show_password).post(pages::sign_in::send_password))
        .route("/sign-out", post(pages::sign_in::out))
        .route("/desk", get(pages::desk::show).post(pages::desk::find))
        .route("/staff", get(pages::staff::list).post(pages::staff::add))
        .route("/staff/{id}", get(pages::staff::show).post(pages::staff::change))
        .route("/case/{case}", get(pages::case::show))
        .route("/kin", get(pages::kin::show).post(pages::kin::declare))
        .route("/kin/withdraw", post(pages::kin::withdraw))
        .route("/roll", get(pages::roll::show))
        .route("/debts", get(pages::debts::list))
        .route("/debts/statement", get(pages::debts::statement))
        .route("/payments", get(pages::payments::list))
        .route("/payments/statistics", get(pages::statistics::show))
        .route("/payments/{run}", get(pages::payments::show).post(pages::payments::again))
        .route("/books", get(pages::books::list))
        .route("/books/{account}", get(pages::books::show))
        .route("/payments/{run}/line/{seq}", get(pages::line::show))
        .route("/payments/{run}/file/{format}", get(pages::payments::file))
        .route("/indicators", get(pages::indicators::show))
        .route("/what-if", get(pages::what_if::list).post(pages::what_if::try_out))
        .route("/what-if/{study}", get(pages::what_if::show).post(pages::what_if::repeat))
        .route("/registers", get(pages::registers::list))
        .route("/checks", get(pages::checks::list))
        .route("/checks/{registry}", get(pages::checks::show))
        .route("/checks/{registry}/requests", post(pages::checks::requests))
        .route("/case/{case}/ask/{step}", post(pages::checks::ask_again))
        .route("/codes", get(pages::codes::show))
        .route("/registers/{key}", get(pages::registers::show))
        .route("/registers/{key}/row", get(pages::registers::row))
        .route("/registers/{key}/person", get(pages::person::of_row))
        .route("/registers/{key}/template", get(pages::bring::template))
        .route("/case/{case}/table", get(pages::bring::of_case))
        .route("/case/{case}/person/{place}", get(pages::person::show))
        .route("/lists/{name}", get(pages::lists::file))
        .route("/case/{case}/paper/{kind}/{number}", get(pages::paper::show))
        .route("/case/{case}/file/{digest}", get(pages::facts::file))
        .merge(forms())
        .layer(middleware::from_fn_with_state(site.clone(), visit::frame))
        .fallback(async || Fault::NotFound)
        .route("/healthz", get(healthz))
        .route("/style.css", get(style))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .with_state(site)
}

/// Forms that may take photos and scans, and so more bytes than others.
fn forms() -> Router<Arc<Site>> {
    Router::new()
        .route("/services/{service}/apply", get(pages::apply::show).post(pages::apply::send))
        .route("/services/{service}/apply/{start}", get(pages::apply::show).post(pages::apply::send))
        .route("/services/{service}/check", get(pages::apply::show_check).post(pages::apply::send_check))
        .route("/case/{case}/start/{start}", get(pages::start::show).post(pages::start::send))
        .route("/case/{case}/do/{step}", get(pages::step::show).post(pages::step::send))
        .route("/payments/{run}/file", post(pages::payments::take))
        .route("/checks/{registry}/answers", post(pages::checks::take))
        .route("/registers/{key}/import", get(pages::bring::show).post(pages::bring::send))
        .layer(DefaultBodyLimit::max(MOST_SENT))
}

/// Answers while the store does.
async fn healthz(State(site): State<Arc<Site>>) -> Response {
    match site.bureau.store.accounts() {
        Ok(_) => "ok".into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("style.css")).into_response()
}
