//! Every answer that is not a page: refusals with their number, what is not there, and faults with a reference.
//!
//! Handlers return [`Not`]; the frame of every request ([`crate::session`]) turns it into a page.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use casework::Refusal;
use maud::{Markup, html};
use store::{Fault, Stop};

use crate::site::random;

#[derive(Debug)]
pub enum Not {
    Refused(Refusal),
    /// What was looked for and is not there, or not for this reader: the two are never told apart.
    Found(String),
    /// Signing in comes first.
    SignedIn,
    /// The form carries no valid word of this visit.
    Stale,
    TooLarge,
    /// What was sent cannot be read at all.
    Readable,
    /// Too many wrong answers.
    Now,
    /// Something broke: `reference` is shown, the detail is only in the log.
    Fault {
        reference: String,
    },
}

impl Not {
    pub fn found(what: &str) -> Self {
        Not::Found(what.to_owned())
    }

    /// Logs the detail and keeps only a reference to it.
    pub fn fault(detail: impl std::fmt::Display) -> Self {
        let reference = random()[..8].to_owned();
        tracing::error!(%reference, %detail, "fault");
        Not::Fault { reference }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Not::Refused(refusal) => status_of(refusal),
            Not::Found(_) => StatusCode::NOT_FOUND,
            Not::SignedIn => StatusCode::UNAUTHORIZED,
            Not::Stale => StatusCode::FORBIDDEN,
            Not::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Not::Readable => StatusCode::BAD_REQUEST,
            Not::Now => StatusCode::TOO_MANY_REQUESTS,
            Not::Fault { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Not::Refused(refusal) => refusal.code.title(),
            Not::Found(_) => "没有找到",
            Not::SignedIn => "请先登录",
            Not::Stale => "页面已失效",
            Not::TooLarge => "内容过大",
            Not::Readable => "提交的内容无法读取",
            Not::Now => "请稍后再试",
            Not::Fault { .. } => "系统出了问题",
        }
    }

    /// Title, why and the way out.
    pub fn body(&self) -> Markup {
        if let Not::Refused(refusal) = self {
            return refused(refusal, true);
        }
        let text = match self {
            Not::Found(what) => format!("{what}，或者您不能查看。请核对地址，或从首页重新进入。"),
            Not::SignedIn => "登录已过期或尚未登录。请在新窗口登录，然后回到本页刷新；浏览器询问是否重新提交时选择“重新提交”，已填写的内容不会丢失。".to_owned(),
            Not::Stale => "这个页面打开得太久，或不是从本站打开的，没有办理。请返回上一页，刷新后再提交。".to_owned(),
            Not::TooLarge => "表单文字最多1 MB，附件每次合计最多12 MB，没有办理。请返回上一页，缩短文字或压缩照片后再提交。".to_owned(),
            Not::Readable => "提交的内容不完整或格式不对，没有办理。请返回上一页再试一次。".to_owned(),
            Not::Now => "核对错误的次数过多，为保护个人信息，请15分钟后再试。".to_owned(),
            Not::Fault { reference } => format!("本次操作没有保存。请稍后再试；仍不成功时，请把编号{reference}告诉管理员。"),
            Not::Refused(_) => String::new(),
        };
        html! {
            div.note.stop {
                h1 { (self.title()) }
                p { (text) }
            }
            p {
                @if matches!(self, Not::SignedIn) { a.button href="/sign-in" target="_blank" rel="opener" { "打开登录页" } " " }
                a href="/" { "回到首页" }
            }
        }
    }
}

/// A refusal as people read it: number, reason, basis, way out.
pub fn refused(refusal: &Refusal, alone: bool) -> Markup {
    let title = format!("{}（{}）", refusal.code.title(), refusal.code.number());
    html! {
        div.note.stop role="alert" {
            @if alone { h1 { (title) } } @else { h2 { (title) } }
            p { (refusal.reason) "。" }
            @if !refusal.basis.is_empty() { p.basis { "依据：" (refusal.basis) } }
            @if !refusal.remedy.is_empty() { p { "怎么办：" (refusal.remedy) } }
        }
    }
}

pub fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal.code.number().as_bytes()[1] {
        b'1' => StatusCode::FORBIDDEN,
        b'4' => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl From<Refusal> for Not {
    fn from(refusal: Refusal) -> Self {
        Not::Refused(refusal)
    }
}

impl From<Fault> for Not {
    fn from(fault: Fault) -> Self {
        use std::error::Error;
        let cause = fault.source().map(ToString::to_string).unwrap_or_default();
        Not::fault(format!("{fault} {cause}"))
    }
}

impl From<Stop> for Not {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refusal) => refusal.into(),
            Stop::Fault(fault) => fault.into(),
        }
    }
}

/// Carries the answer to the frame, which knows the reader and renders it.
#[derive(Clone)]
pub struct Carried(pub Arc<Not>);

impl IntoResponse for Not {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}
