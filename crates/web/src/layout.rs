//! The frame of every page: banner, head with the way around, main part, foot.

use base::DateTime;
use casework::{Actor, Capacity, Refusal};
use maud::{DOCTYPE, Markup, html};

use crate::field::{Drawer, takes_files};
use crate::site::Site;
use crate::visit::Visit;

/// A whole page. Staff read it densely, citizens large and calm.
pub fn page(site: &Site, visit: &Visit, title: &str, body: Markup) -> Markup {
    let desk = visit.staff.is_some();
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (site.name) }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
            }
            body class=[desk.then_some("desk")] {
                a.skip href="#main" { "跳到正文" }
                header {
                    @if site.demo { p.demo { "演示数据：人物均为虚构，金额标准为示例" } }
                    div.top { div { (head(site, visit)) } }
                }
                main id="main" tabindex="-1" { (body) }
                footer.foot { div {
                    p { (site.name) }
                    p { a href="/" { "办事指南" } "　" a href="/notices" { "公示" } "　" a href="/progress" { "查办理进度" } }
                } }
            }
        }
    }
}

fn head(site: &Site, visit: &Visit) -> Markup {
    html! {
        a.brand href=(if visit.staff.is_some() { "/desk" } else { "/" }) { (site.name) }
        nav aria-label="主要" {
            @if visit.administers() { a href="/staff" { "人员" } }
            @else if visit.staff.is_some() { a href="/desk" { "我的工作" } a href="/roll" { "在发名册" } a href="/payments" { "发放" } a href="/registers" { "台账" } a href="/indicators" { "指标" } @if crate::pages::checks::may(site, visit) { a href="/checks" { "核对" } } @if crate::pages::what_if::may(visit) { a href="/what-if" { "测算" } } a href="/kin" { "备案" } }
            a href="/" { "办事指南" }
            a href="/notices" { "公示" }
            @if visit.staff.is_none() { a href="/progress" { "查进度" } }
        }
        @match &visit.staff {
            Some(staff) => div.who {
                span { a href="/password" title="改密码" { (staff.name) } span.post { " · " (capacity(site, staff)) } }
                form method="post" action="/sign-out" { (token(visit)) button.link type="submit" { "退出" } }
            },
            None => div.who { a href="/sign-in" { "工作人员登录" } },
        }
    }
}

/// The post and region of a member of staff.
pub fn capacity(site: &Site, actor: &Actor) -> String {
    match &actor.capacity {
        Capacity::Staff { level, posts, region } => format!("{level}{} · {}", posts.join("、"), site.place(*region)),
        Capacity::Entering { .. } | Capacity::Citizen => "申请人".into(),
        Capacity::System => "系统".into(),
    }
}

/// The hidden word that proves that a form is of this visit.
pub fn token(visit: &Visit) -> Markup {
    html! { input type="hidden" name="_token" value=(visit.form_token); }
}

/// The hidden key that makes an order the same however often it is sent.
pub fn key(site: &Site, sent: &str) -> Markup {
    let key = if sent.is_empty() { site.random() } else { sent.to_owned() };
    html! { input type="hidden" name="_key" value=(key); }
}

/// A page of one sentence, for whoever has no visit.
pub fn bare(text: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "民政" }
                link rel="stylesheet" href="/style.css";
            }
            body { main { div.note.stop role="alert" { h1 { (text) } p { a href="/" { "回到首页" } } } } }
        }
    }
}

/// Refusals above a form: number, reason, basis, way out. Those of a field stand beside it and are counted here.
pub fn refusals(refusals: &[Refusal]) -> Markup {
    if refusals.is_empty() {
        return html! {};
    }
    html! {
        div.note.stop.errors role="alert" {
            h2 { "没有办成：有 " (refusals.len()) " 处要改" }
            ul {
                @for refusal in refusals {
                    li {
                        @if let Some(field) = &refusal.field { a href=(format!("#f-{field}")) { (refusal.text) } }
                        @else { (refusal.text) }
                        @if !refusal.basis.is_empty() { span.basis { "（" (refusal.basis) "）" } }
                        "。" (refusal.way_out) "。"
                        span.soft.small { " " (refusal.code) }
                    }
                }
            }
        }
    }
}

/// Where a case of a list stands: its result, or that it is being worked on.
pub fn standing(result: &str) -> Markup {
    html! { @if result.is_empty() { (standing_word(result)) } @else { span.mark.done { (result) } } }
}

pub fn standing_word(result: &str) -> &str {
    if result.is_empty() { "办理中" } else { result }
}

/// A form of a step: what proves and identifies it, its content, its button. The first button is unseen, so that the
/// enter key submits and does not add a row.
pub fn step_form(site: &Site, visit: &Visit, drawer: &Drawer, step: usize, button: &str, content: Markup) -> Markup {
    let sent = drawer.sent;
    let files = takes_files(drawer.guide, step).then_some("multipart/form-data");
    html! {
        form method="post" enctype=[files] {
            button.unseen type="submit" tabindex="-1" aria-hidden="true" { (button) }
            (token(visit)) (key(site, sent.get("_key")))
            (content)
            div.actions { button.main type="submit" { (button) } }
        }
    }
}

/// How long until a due moment, as a mark with words.
pub fn remaining(due: &str, now: DateTime) -> Markup {
    let Ok(due) = due.parse::<DateTime>() else { return html! { span.mark.plain { "没有时限" } } };
    let days = now.date().until(due.date()).map_or(0, |span| span.get_days());
    html! {
        @if due < now { span.mark.late { "超期 " (days.unsigned_abs().max(1)) " 天" } }
        @else if days == 0 { span.mark.today { "今天到期" } }
        @else if days <= 3 { span.mark.soon { "还有 " (days) " 天" } }
        @else { span.mark.plain { "还有 " (days) " 天" } }
    }
}

/// The day of a moment as lists hold it.
pub fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or_default()
}

/// A list as files; the query goes along so that the file has the rows of the page.
pub fn downloads(list: &str, query: &str) -> Markup {
    let link = |kind: &str| format!("/lists/{list}.{kind}{}{query}", if query.is_empty() { "" } else { "?" });
    html! { span.noprint.small { "下载表格 " a href=(link("xlsx")) { "XLSX" } " " a href=(link("csv")) { "CSV" } } }
}
