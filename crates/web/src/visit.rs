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
use casework::people::{ADMINISTRATOR, Scope};
use casework::{Actor, Capacity, State as Case};
use guide::Guide;
use store::Account;

use crate::site::{Fault, Site};

/// The reader of a page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The word that forms carry.
    pub form_token: String,
    pub staff: Option<Actor>,
    /// Signed in with a password that has to be changed before anything else.
    pub fresh: Option<Account>,
    /// The first case of the chain whose receipt and secret this visitor holds.
    pub receipt: Option<String>,
}

impl Visit {
    pub fn staff(&self) -> Result<&Actor, Fault> {
        self.staff.as_ref().ok_or(if self.fresh.is_some() { Fault::ChangePassword } else { Fault::SignIn })
    }

    /// Whether the visitor keeps accounts, and so sees no case.
    pub fn administers(&self) -> bool {
        let posts = self.staff.as_ref().and_then(|staff| match &staff.capacity {
            Capacity::Staff { posts, .. } => Some(posts),
            _ => None,
        });
        posts.is_some_and(|posts| posts.iter().any(|post| post == ADMINISTRATOR))
    }

    /// The account that is signed in, also with a password that has to be changed.
    pub fn account(&self) -> Result<&str, Fault> {
        let fresh = self.fresh.as_ref().map(|account| &*account.id);
        self.staff.as_ref().map(|staff| &*staff.id).or(fresh).ok_or(Fault::SignIn)
    }

    /// Whether a case is of the chain whose receipt this visitor holds, by its number; the scope looks at the case itself.
    pub fn holds(&self, case: &str) -> bool {
        let rest = self.receipt.as_deref().and_then(|root| case.strip_prefix(root));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// A case that this visitor may see, its guide, and who they are to it.
    pub fn case(&self, site: &Site, case: &str) -> Result<(Case, Arc<Guide>, Actor), Fault> {
        let scope = match &self.receipt {
            Some(root) if self.holds(case) => Scope::of_receipt(root),
            _ => site.bureau.scope(self.staff()?),
        };
        let (state, guide) = site.bureau.case(case, &scope)?.ok_or(Fault::NotFound)?;
        let actor = self.actor(case, &state.applicant).ok_or(Fault::SignIn)?;
        Ok((state, guide, actor))
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
    let account =
        match cookie(&headers, "session").map(|token| site.bureau.store.session(&bureau::hash(&[&token]), now)) {
            Some(Ok(account)) => account,
            Some(Err(fault)) => return Fault::from(fault).into_response(),
            None => None,
        };
    let receipt = cookie(&headers, "receipt").and_then(|text| {
        let (case, secret) = text.split_once('~')?;
        site.bureau.opened_by(case, secret).ok().flatten()
    });
    let (fresh, account) = account.map_or((None, None), |a| if a.fresh { (Some(a), None) } else { (None, Some(a)) });
    let staff = account.map(|account| account.actor(now.date()));
    let visit = Visit { form_token: site.form_token(&anchor), staff, fresh, receipt };
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
