//! The pages, one file for each family.

pub mod acts;
pub mod apply;
pub mod board;
pub mod case;
pub mod check;
pub mod decisions;
pub mod desk;
pub mod explain;
pub mod facts;
pub mod files;
pub mod home;
pub mod household;
pub mod letter;
pub mod line;
pub mod notices;
pub mod print;
pub mod progress;
pub mod search;
pub mod service;
pub mod sign_in;
pub mod step;

use axum::response::{IntoResponse, Redirect, Response};
use casework::{Code, Refusal};
use maud::{Markup, html};
use store::Receipt;

use crate::acts::{Act, Place, Subject};
use crate::forms::error_summary;
use crate::not::refused;
use crate::sent::Sent;
use crate::session::{self, Visit};
use crate::site::Site;

/// The page with the form of an act: new, or as it was sent with the refusal above it.
pub fn form(web: &Site, visit: &Visit, subject: &Subject, act: &Act, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    match act {
        Act::Apply => apply::page_of(web, visit, subject, sent, refusal),
        Act::Step | Act::Post => step::page_of(web, visit, subject, act, sent, refusal),
        Act::Object(number) => notices::page_of(web, visit, subject, *number, sent, refusal),
        Act::Answer(_) | Act::Correct | Act::Extend | Act::Withdraw => {
            acts::page_of(web, visit, subject, act, sent, refusal)
        }
    }
}

/// Where a command leads once it is kept.
pub fn done(web: &Site, subject: &Subject, act: &Act, receipt: &Receipt) -> Response {
    let case = &receipt.case;
    match (&subject.place, act) {
        (Place::Service(_), _) if subject.actor.is_applicant() => {
            let mut response = Redirect::to(&format!("/progress/{case}/receipt")).into_response();
            session::open_case(web, &mut response, case);
            response
        }
        (Place::Service(_), _) => Redirect::to(&format!("/case/{case}?done=apply")).into_response(),
        (Place::Desk(_), act) => Redirect::to(&format!("/case/{case}?done={}", act.name())).into_response(),
        (Place::Progress(_), act) => Redirect::to(&format!("/progress/{case}?done={}", act.name())).into_response(),
        (Place::Board(_), Act::Object(number)) => {
            Redirect::to(&format!("/notices/{case}/{number}?done=object")).into_response()
        }
        (Place::Board(_), _) => Redirect::to("/notices").into_response(),
    }
}

/// What stands above a form that was sent back.
pub fn troubles(refusal: Option<&Refusal>) -> Markup {
    html! {
        @match refusal {
            Some(refusal) if refusal.code == Code::Form => (error_summary(&refusal.fields)),
            Some(refusal) => (refused(refusal, false)),
            None => {}
        }
    }
}

/// The title of a page whose form was sent back says so first.
pub fn headed(title: &str, refusal: Option<&Refusal>) -> String {
    match refusal {
        Some(refusal) if refusal.code == Code::Form => format!("有{}处需要改正：{title}", refusal.fields.len()),
        Some(_) => format!("没有办成：{title}"),
        None => title.to_owned(),
    }
}

/// What was done, said once on the page that follows.
pub fn said(done: Option<&str>) -> Markup {
    let text = match done {
        Some("apply") => "申请已经登记，受理号在下面。",
        Some("step") => "已办理，件已转到下一步。",
        Some("post") => "公示已登记张贴，内容已冻结。",
        Some("correct") => "更正已记录，原来的内容仍可查到。",
        Some("extend") => "期限已延长。",
        Some("withdraw") => "申请已撤回。",
        Some("object") => "异议已收到，工作人员会调查并答复。",
        Some(name) if name.starts_with("answer") => "答复已记录。",
        _ => return html! {},
    };
    html! { div.note role="status" { p { (text) } } }
}

/// The hidden first button of long forms: the Enter key submits instead of adding a row.
pub fn default_button() -> Markup {
    html! { button.unseen type="submit" tabindex="-1" aria-hidden="true" { "提交" } }
}

/// One entry of the engine's own forms, with its error beside it.
pub fn word_field(sent: &Sent, refusal: Option<&Refusal>, field: &WordField) -> Markup {
    let (name, long) = (field.name, field.long);
    let error = refusal.and_then(|r| r.fields.iter().find(|e| e.path == name)).map(|e| e.message.as_str());
    let typed = match sent.word(name) {
        "" if sent.fresh => field.value.as_str(),
        typed => typed,
    };
    let ids: Vec<String> = [error.map(|_| format!("e-{name}")), (!field.help.is_empty()).then(|| format!("h-{name}"))]
        .into_iter()
        .flatten()
        .collect();
    let described = (!ids.is_empty()).then(|| ids.join(" "));
    let id = format!("f-{name}");
    html! {
        div class=(if error.is_some() { "field wrong" } else { "field" }) {
            label for=(id) { (field.label) @if field.required { span.need { "必填" } } }
            @if !field.help.is_empty() { p.help id=(format!("h-{name}")) { (field.help) } }
            @if let Some(error) = error { p.error id=(format!("e-{name}")) { (error) } }
            @if long {
                textarea id=(id) name=(name) rows="4" required[field.required]
                    aria-describedby=[described] aria-invalid=[error.map(|_| "true")] { "\n" (typed) }
            } @else {
                input type=(field.kind) id=(id) name=(name) value=(typed) autocomplete="off" required[field.required]
                    aria-describedby=[described] aria-invalid=[error.map(|_| "true")];
            }
        }
    }
}

/// An entry that the engine, not the guide, asks for.
#[derive(Default)]
pub struct WordField {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    /// `text`, `date`, `tel`.
    pub kind: &'static str,
    pub value: String,
    pub required: bool,
    pub long: bool,
}
