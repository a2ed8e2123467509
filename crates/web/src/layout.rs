//! The frame of every page: banner, head with the way around, main part, foot.

use maud::{DOCTYPE, Markup, html};

use crate::session::{Visit, Who};
use crate::site::Site;

/// Whom a page is for: citizens read large and calm, the desk is dense.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Public,
    Desk,
}

impl Tone {
    /// The tone of pages that anybody may land on.
    pub fn of(visit: &Visit) -> Self {
        if matches!(visit.who, Who::Staff(_)) { Tone::Desk } else { Tone::Public }
    }
}

/// A whole page. `title` also heads the window.
pub fn page(web: &Site, visit: &Visit, title: &str, tone: Tone, body: Markup) -> Markup {
    let name = &web.bureau().name;
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light";
                title { (title) " · " (name) }
                link rel="stylesheet" href=(web.style);
                link rel="icon" href="data:,";
            }
            body class=[(tone == Tone::Desk).then_some("desk")] {
                a.skip href="#main" { "跳到正文" }
                header {
                    @if web.app.demo.is_some() { p.demo { "演示数据：人物均为虚构" } }
                    div.top { div { (head(web, visit, tone)) } }
                }
                main id="main" tabindex="-1" { (body) }
                footer.foot { div {
                    p { (name) }
                    p { a href="/" { "办事指南" } "　" a href="/notices" { "公示" } "　" a href="/progress" { "查办理进度" } }
                } }
            }
        }
    }
}

fn head(web: &Site, visit: &Visit, tone: Tone) -> Markup {
    let desk = tone == Tone::Desk;
    html! {
        a.brand href=(if desk { "/desk" } else { "/" }) { (web.bureau().name) }
        nav aria-label="主要" {
            @if desk {
                a href="/desk" { "我的工作" }
                a href="/board" { "公示栏" }
                a href="/" { "办事指南" }
            } @else {
                a href="/" { "办事指南" }
                a href="/notices" { "公示" }
                a href="/progress" { "查进度" }
            }
        }
        @match &visit.who {
            Who::Staff(staff) => {
                @if desk {
                    form.find role="search" action="/search" {
                        input type="search" name="q" aria-label="姓名、身份证号或受理号" placeholder="姓名、身份证号、受理号";
                        button type="submit" { "查找" }
                    }
                }
                div.who {
                    span { (staff.name) " · " (staff.role) " · " (web.place(staff.region)) }
                    @if !desk { a href="/desk" { "回到工作台" } }
                    form method="post" action="/sign-out" { (token(visit)) button.link type="submit" { "退出" } }
                }
            }
            Who::Applicant(_) => div.who {
                form method="post" action="/sign-out" { (token(visit)) button.link type="submit" { "退出查询" } }
            },
            Who::Public => div.who { a href="/sign-in" { "工作人员登录" } },
        }
    }
}

/// The word that proves that a form is of this visit.
pub fn token(visit: &Visit) -> Markup {
    html! { input type="hidden" name="token" value=(visit.form_token); }
}

/// Where the page stands: links from the top, then the page itself.
pub fn crumbs(links: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav.crumbs aria-label="位置" {
            @for (name, address) in links { a href=(address) { (name) } " › " }
            span aria-current="page" { (here) }
        }
    }
}
