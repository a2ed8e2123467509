//! Who asks: cookies, sign-ins, and the frame around every request.
//!
//! Three cookies. `visit` anchors the word that every form carries; `session` is a sign-in of staff, kept by the store;
//! `applicant` opens one case to the person who proved to be its applicant, sealed by this process for half an hour.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base::DateTime;
use casework::{CaseId, Staff};

use crate::layout::{Tone, page};
use crate::not::{Carried, Not};
use crate::site::{Site, Web, form_token, random};

/// The reader of a page.
#[derive(Clone)]
pub struct Visit {
    /// The word that forms carry.
    pub form_token: String,
    pub who: Who,
}

#[derive(Clone)]
pub enum Who {
    Public,
    /// The applicant of one case.
    Applicant(CaseId),
    Staff(Arc<Staff>),
}

pub type Visitor = Extension<Visit>;

impl Visit {
    pub fn staff(&self) -> Result<&Arc<Staff>, Not> {
        if let Who::Staff(staff) = &self.who { Ok(staff) } else { Err(Not::SignedIn) }
    }

    pub fn is_applicant_of(&self, case: &CaseId) -> bool {
        matches!(&self.who, Who::Applicant(own) if own == case)
    }
}

const SESSION: &str = "session";
const VISIT: &str = "visit";
const APPLICANT: &str = "applicant";
const APPLICANT_MINUTES: i64 = 30;

/// Finds out who asks, lets the request through, and frames what comes back.
pub async fn frame(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers(), VISIT).filter(|v| v.len() == 32).map(str::to_owned);
    let token = known.clone().unwrap_or_else(random);
    let visit = match who(&web, request.headers()).await {
        Ok(who) => Visit { form_token: form_token(&token), who },
        Err(not) => return secured(&web, not.status().into_response()),
    };
    request.extensions_mut().insert(visit.clone());
    let reading = request.method() == Method::GET || request.method() == Method::HEAD;
    let address = request.uri().path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let mut response = next.run(request).await;
    if let Some(Carried(not)) = response.extensions_mut().remove() {
        response = match &*not {
            Not::SignedIn if reading => Redirect::to(&sign_in_address(&address)).into_response(),
            not => (not.status(), page(&web, &visit, not.title(), Tone::of(&visit), not.body())).into_response(),
        };
    }
    if known.is_none() {
        set_cookie(&web, &mut response, VISIT, &token, None);
    }
    secured(&web, response)
}

fn sign_in_address(address: &str) -> String {
    let to: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
    format!("/sign-in?to={to}")
}

async fn who(web: &Site, headers: &HeaderMap) -> Result<Who, Not> {
    if let Some(token) = cookie(headers, SESSION) {
        let (token, now) = (token.to_owned(), web.now());
        let staff = web.store(move |store| match store.find_session(&token, now)? {
            Some(id) => store.staff_by_id(&id),
            None => Ok(None),
        });
        if let Some(staff) = staff.await? {
            return Ok(Who::Staff(staff));
        }
    }
    let applicant = cookie(headers, APPLICANT).and_then(|c| opened_case(web, c));
    Ok(applicant.map_or(Who::Public, Who::Applicant))
}

/// `DB202600012~2026-03-01T10:30:00~<seal>`: which case, until when, and that this process said so.
fn opened_case(web: &Site, cookie: &str) -> Option<CaseId> {
    let (text, proof) = cookie.rsplit_once('~')?;
    let (case, until) = text.split_once('~')?;
    let until: DateTime = until.parse().ok()?;
    (web.sealed(text, proof) && web.now() <= until).then(|| CaseId(case.into()))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|h| h.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn set_cookie(web: &Site, response: &mut Response, name: &str, value: &str, seconds: Option<i64>) {
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    let secure = if web.app.secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Signs a member of staff in.
pub fn begin(web: &Site, response: &mut Response, token: &str) {
    set_cookie(web, response, SESSION, token, None);
    set_cookie(web, response, APPLICANT, "", Some(0));
}

/// Ends whatever the visitor was.
pub fn end(web: &Site, response: &mut Response) {
    set_cookie(web, response, SESSION, "", Some(0));
    set_cookie(web, response, APPLICANT, "", Some(0));
}

/// Opens one case to the applicant for half an hour.
pub fn open_case(web: &Site, response: &mut Response, case: &CaseId) {
    let until = web.now().saturating_add(std::time::Duration::from_secs(60 * APPLICANT_MINUTES.unsigned_abs()));
    let text = format!("{case}~{until}");
    let proof = web.seal(&text);
    set_cookie(web, response, APPLICANT, &format!("{text}~{proof}"), Some(60 * APPLICANT_MINUTES));
}

/// The token of the sign-in, so that it can be dropped.
pub fn session_token(headers: &HeaderMap) -> Option<String> {
    cookie(headers, SESSION).map(str::to_owned)
}

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

fn secured(web: &Site, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if web.app.secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    // Pages may hold personal data: nothing is kept by browsers or proxies unless it says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A request from another site's page is refused, whatever cookies it brings.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    if site.is_some_and(|s| s != "same-origin" && s != "none") {
        return false;
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// Answers that nobody needs to be anybody for.
pub async fn healthy() -> impl IntoResponse {
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], "ok\n")
}
