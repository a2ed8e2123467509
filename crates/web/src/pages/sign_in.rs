//! Signing in and out.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use axum::Extension;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::layout::{Tone, page};
use crate::not::Not;
use crate::sent::Sent;
use crate::session::{self, Visit, Visitor, Who};
use crate::site::{Site, Web};

#[derive(Deserialize)]
pub struct Wanted {
    to: Option<String>,
}

pub async fn show(State(web): State<Web>, Extension(visit): Visitor, Query(wanted): Query<Wanted>) -> Markup {
    page_of(&web, &visit, &Sent::fresh(), wanted.to.as_deref().unwrap_or_default(), None)
}

pub async fn enter(State(web): State<Web>, Extension(visit): Visitor, request: Request) -> Result<Response, Not> {
    let sent = Sent::receive(&web, &visit, request).await?;
    let (id, password, to) = (sent.word("id").to_owned(), sent.word("password").to_owned(), sent.word("to").to_owned());
    let question = format!("account {id}");
    let now = web.now();
    if !web.throttle.open(&question, now) {
        return Err(Not::Now);
    }
    let token = web.store(move |store| {
        let staff = store.staff_by_id(&id)?.filter(|s| s.active);
        let hash = staff.as_ref().map(|s| s.password.clone()).filter(|p| !p.is_empty());
        // An unknown account takes as long as a wrong password.
        let right = verify(&password, hash.as_deref().unwrap_or(NOBODY));
        match staff {
            Some(staff) if right && hash.is_some() => store.create_session(&staff.id, now).map(Some),
            _ => Ok::<Option<String>, store::Fault>(None),
        }
    });
    match token.await? {
        Some(token) => {
            web.throttle.right(&question);
            let mut response = Redirect::to(local(&to)).into_response();
            session::begin(&web, &mut response, &token);
            Ok(response)
        }
        None => {
            web.throttle.wrong(&question, now);
            let trouble = "工号或密码不对。请核对后再试；连续五次不对，要等15分钟。";
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page_of(&web, &visit, &sent, &to, Some(trouble))).into_response())
        }
    }
}

pub async fn leave(
    State(web): State<Web>,
    Extension(visit): Visitor,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Not> {
    // Any page may carry this form, so it has no key of its own; the word of the visit is enough.
    Sent::receive_keyless(&visit, request).await?;
    if let Some(token) = session::session_token(&headers) {
        web.store(move |store| store.drop_session(&token)).await?;
    }
    let home = if matches!(visit.who, Who::Applicant(_)) { "/progress" } else { "/" };
    let mut response = Redirect::to(home).into_response();
    session::end(&web, &mut response);
    Ok(response)
}

/// A hash that no password has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn verify(password: &str, hash: &str) -> bool {
    PasswordVerifier::<str>::verify_password(&Argon2::default(), password.as_bytes(), hash).is_ok()
}

/// Only pages of this site: another address would turn the sign-in page into a trap.
fn local(to: &str) -> &str {
    let plain = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\') && !to.chars().any(char::is_control);
    if plain { to } else { "/desk" }
}

fn page_of(web: &Site, visit: &Visit, sent: &Sent, to: &str, trouble: Option<&str>) -> Markup {
    let hidden = |sent: &Sent| {
        html! {
            (sent.hidden(web, visit, None))
            input type="hidden" name="to" value=(to);
        }
    };
    let body = html! {
        h1 { "工作人员登录" }
        @if let Some(trouble) = trouble { div.note.stop role="alert" { h2 { "没有登录" } p { (trouble) } } }
        form.card method="post" action="/sign-in" novalidate {
            (hidden(sent))
            div.field {
                label for="id" { "工号" }
                input type="text" id="id" name="id" value=(sent.word("id")) autocomplete="username" autocapitalize="none" spellcheck="false" required;
            }
            div.field {
                label for="password" { "密码" }
                input type="password" id="password" name="password" autocomplete="current-password" required;
            }
            p.actions { button.main type="submit" { "登录" } }
        }
        @if let Some(demo) = &web.app.demo {
            h2 { "演示账号" }
            p { "点一下就以这个身份登录。" }
            ul.cards {
                @for account in &demo.accounts {
                    li.card {
                        p { b { (account.role) } " " (account.name) br; span.soft.small { (account.place) "　工号 " (account.id) } }
                        form method="post" action="/sign-in" {
                            (hidden(&Sent::fresh()))
                            input type="hidden" name="id" value=(account.id);
                            input type="hidden" name="password" value=(account.password);
                            button type="submit" { "以" (account.role) "登录" span.unseen { "：" (account.name) } }
                        }
                    }
                }
            }
        }
    };
    page(web, visit, "工作人员登录", Tone::Public, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_only_within_the_site() {
        assert_eq!(local("/case/DB202600001"), "/case/DB202600001");
        for elsewhere in ["https://example.com", "//example.com", "/\\example.com", "", "desk"] {
            assert_eq!(local(elsewhere), "/desk", "{elsewhere}");
        }
    }

    #[test]
    fn nobody_has_no_password() {
        assert!(!verify("", NOBODY) && !verify("x", "not a hash"));
    }
}
