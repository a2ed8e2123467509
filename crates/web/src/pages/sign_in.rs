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
use crate::site::{Fault, Site};
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
    site.bureau.store.keep_session(&bureau::hash(&[&session]), &account.id, now, until)?;
    let mut response = redirect("/desk");
    set_cookie(&site, &mut response, "session", &session);
    Ok(response)
}

/// The least that a password has, in characters.
const LEAST: usize = 8;

pub async fn show_password(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    visit.account()?;
    Ok(password_page(&site, &visit, "").into_response())
}

fn password_page(site: &Site, visit: &Visit, wrong: &str) -> Markup {
    let field = |name: &str, label: &str, kind: &str| {
        html! { div.field { label for=(format!("f-{name}")) { (label) } input.short type="password" id=(format!("f-{name}")) name=(name) autocomplete=(kind); } }
    };
    let body = html! {
        h1 { "改密码" }
        @if visit.fresh.is_some() { p.lead { "这个密码是别人给您的，先改成只有您自己知道的。" } }
        @if !wrong.is_empty() { div.note.stop role="alert" { p { (wrong) } } }
        form method="post" {
            (token(visit))
            fieldset.bare {
                (field("old", "现在的密码", "current-password"))
                (field("new", "新密码（至少 8 个字）", "new-password"))
                (field("again", "再写一遍", "new-password"))
            }
            div.actions { button.main type="submit" { "改密码" } }
        }
    };
    page(site, visit, "改密码", body)
}

pub async fn send_password(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let mut account = site.bureau.store.account(visit.account()?)?.ok_or(Fault::SignIn)?;
    let fresh = sent.get("new");
    let wrong = if !site.password_fits(sent.get("old"), &account.password_hash) {
        "现在的密码不对。"
    } else if fresh.chars().count() < LEAST {
        "新密码太短，至少 8 个字。"
    } else if fresh == sent.get("old") || fresh == account.id {
        "新密码不能和旧的、和账号一样。"
    } else if fresh != sent.get("again") {
        "两遍写的不一样。"
    } else {
        (account.password_hash, account.fresh) = (site.hash_of(fresh), false);
        site.bureau.store.keep_account(&account)?;
        // Whoever else was signed in with the old password is not any more.
        site.bureau.store.end_sessions(&account.id)?;
        return Ok(redirect("/sign-in"));
    };
    Ok(password_page(&site, &visit, wrong).into_response())
}

pub async fn out(State(site): State<Arc<Site>>, _sent: Sent) -> Page {
    let mut response = redirect("/");
    set_cookie(&site, &mut response, "session", "");
    set_cookie(&site, &mut response, "receipt", "");
    Ok(response)
}
