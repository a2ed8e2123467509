//! Staff sign in and out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use maud::{Markup, html};

use super::Page;
use super::public::redirect;
use crate::layout::{page, token};
use crate::sent::Sent;
use crate::site::Site;
use crate::visit::{Visit, set_cookie};

/// How long a sign-in lasts: a working day.
const LASTS: base::Clock = base::Clock::Hours(10);

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    Ok(sign_in_page(&site, &visit, "", false).into_response())
}

fn sign_in_page(site: &Site, visit: &Visit, name: &str, wrong: bool) -> Markup {
    let body = html! {
        h1 { "工作人员登录" }
        @if wrong { div.note.stop role="alert" { p { "账号或密码不对。" } } }
        form method="post" {
            (token(visit))
            fieldset.bare {
                div.field { label for="f-account" { "账号" } input.short type="text" id="f-account" name="account" value=(name) autocomplete="username"; }
                div.field { label for="f-password" { "密码" } input.short type="password" id="f-password" name="password" autocomplete="current-password"; }
            }
            div.actions { button.main type="submit" { "登录" } }
        }
    };
    page(site, visit, "登录", body)
}

pub async fn send(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let name = sent.get("account").trim();
    let account = site.bureau.store.account(name)?;
    // An unknown account costs the same time as a wrong password.
    let hash = account.as_ref().map_or(
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        |a| &a.password_hash,
    );
    let fits = site.password_fits(sent.get("password"), hash);
    let Some(account) = account.filter(|_| fits) else {
        return Ok(sign_in_page(&site, &visit, name, true).into_response());
    };
    let (session, now) = (site.random(), site.now());
    let until = LASTS.due(now, &site.bureau.calendar).at;
    site.bureau.store.keep_session(&bureau::hash(&[&session]), &account.actor.id, now, until)?;
    let mut response = redirect("/desk");
    set_cookie(&site, &mut response, "session", &session);
    Ok(response)
}

pub async fn out(State(site): State<Arc<Site>>, _sent: Sent) -> Page {
    let mut response = redirect("/");
    set_cookie(&site, &mut response, "session", "");
    set_cookie(&site, &mut response, "receipt", "");
    Ok(response)
}
