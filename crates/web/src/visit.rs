//! Who asks: cookies and sign-ins.
//!
//! `visit` anchors the word that every form carries; `session` is a sign-in of staff;
//! `receipt` opens one case to whoever proved to hold its secret.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use casework::Actor;
use casework::people::Scope;

use crate::site::{Fault, Site};

/// The reader of a page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The word that forms carry.
    pub form_token: String,
    pub staff: Option<Actor>,
    /// The first case of the chain whose receipt and secret this visitor holds.
    pub receipt: Option<String>,
}

impl Visit {
    pub fn staff(&self) -> Result<&Actor, Fault> {
        self.staff.as_ref().ok_or(Fault::SignIn)
    }

    /// Whether a case is of the chain whose receipt this visitor holds, by its number; the scope looks at the case itself.
    pub fn holds(&self, case: &str) -> bool {
        let rest = self.receipt.as_deref().and_then(|root| case.strip_prefix(root));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// What this visitor may see of a case.
    pub fn scope(&self, case: &str) -> Option<Scope> {
        match &self.receipt {
            Some(root) if self.holds(case) => Some(Scope::of_receipt(root)),
            _ => self.staff.as_ref().map(Scope::of),
        }
    }

    /// Who acts on a case: the applicant by receipt, else the member of staff.
    pub fn actor(&self, case: &str, applicant: &str) -> Option<Actor> {
        if self.holds(case) {
            return Some(Actor::citizen(&format!("receipt:{case}"), applicant));
        }
        self.staff.clone()
    }
}

/// Finds out who asks and lets the request through.
pub async fn frame(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let known = cookie(&headers, "visit").filter(|v| v.len() == 32);
    let anchor = known.clone().unwrap_or_else(|| site.random());
    let now = site.now();
    let staff = match cookie(&headers, "session").map(|token| site.bureau.store.session(&bureau::hash(&[&token]), now))
    {
        Some(Ok(staff)) => staff,
        Some(Err(fault)) => return Fault::from(fault).into_response(),
        None => None,
    };
    let receipt = cookie(&headers, "receipt").and_then(|text| {
        let (case, secret) = text.split_once('~')?;
        site.bureau.opened_by(case, secret).ok().flatten()
    });
    let visit = Visit { form_token: site.form_token(&anchor), staff, receipt };
    request.extensions_mut().insert(visit);
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    if known.is_none() && reading {
        set_cookie(&site, &mut response, "visit", &anchor);
    }
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
        ),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .find_map(|pair| Some(pair.trim().strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

/// Sets a cookie for the browser's session; an empty value ends it.
pub fn set_cookie(site: &Site, response: &mut Response, name: &str, value: &str) {
    let secure = if site.secure { "; Secure" } else { "" };
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{end}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// What a form sent: the words in their order of sending, checked to be of this visit.
pub struct Sent {
    pairs: Vec<(String, String)>,
}

impl Sent {
    pub fn read(visit: &Visit, body: &[u8]) -> Result<Self, Fault> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
        let mut sent = Self { pairs };
        // While rows are being added the form stays as it looks.
        if sent.get("_add").is_empty() {
            sent.compact();
        }
        if sent.get("_token") == visit.form_token { Ok(sent) } else { Err(Fault::Stale) }
    }

    pub fn empty() -> Self {
        Self { pairs: Vec::new() }
    }

    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// The numbers of the rows of a list, `members` or `members.0.income`.
    pub fn rows(&self, list: &str) -> Vec<usize> {
        let prefix = format!("{list}.");
        let numbers =
            self.pairs.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.split('.').next()?.parse().ok());
        let mut numbers: Vec<usize> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Numbers rows anew without those in which nothing was typed, so that the form, the intake and its refusals agree.
    fn compact(&mut self) {
        let mut lists: Vec<String> = Vec::new();
        for depth in [1, 3] {
            for (key, _) in &self.pairs {
                let parts: Vec<&str> = key.split('.').collect();
                let list = parts.get(..depth).map(|parts| parts.join("."));
                let numbered = parts.get(depth).is_some_and(|part| part.parse::<usize>().is_ok());
                lists.extend(list.filter(|list| numbered && !lists.contains(list)));
            }
        }
        // Inner lists first: their outer rows still have the old numbers.
        for list in lists.iter().rev() {
            let rows: Vec<usize> = self.rows(list);
            let kept: Vec<usize> =
                rows.iter().copied().filter(|row| !self.is_blank(&format!("{list}.{row}"))).collect();
            let renamed = std::mem::take(&mut self.pairs).into_iter().filter_map(|(key, value)| {
                let Some(rest) = key.strip_prefix(&format!("{list}.")) else { return Some((key, value)) };
                let (number, behind) = rest.split_once('.').unwrap_or((rest, ""));
                let Ok(number) = number.parse::<usize>() else { return Some((key, value)) };
                let place = kept.iter().position(|row| *row == number)?;
                Some((format!("{list}.{place}.{behind}"), value))
            });
            self.pairs = renamed.collect();
        }
    }

    /// Whether anything was typed below a row.
    pub fn is_blank(&self, row: &str) -> bool {
        let prefix = format!("{row}.");
        self.pairs.iter().filter(|(key, _)| key.starts_with(&prefix)).all(|(_, value)| value.trim().is_empty())
    }
}
