//! A case as its applicant follows it: what was done, what is waited for and until when, letters, and the way out.

use axum::Extension;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use base::{format_date, format_datetime};
use casework::assess::{applicant_name, applicant_number};
use casework::options::{Action, choices};
use casework::{CaseId, State as CaseState};
use guide::{Guide, StepKind};
use maud::{Markup, html};
use serde::Deserialize;

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::{self, said};
use crate::routes::id;
use crate::sent::Sent;
use crate::session::{self, Visit, Visitor, Who};
use crate::site::{Site, Web};
use crate::words;

#[derive(Deserialize)]
pub struct Wanted {
    done: Option<String>,
}

pub async fn ask(State(web): State<Web>, Extension(visit): Visitor) -> Response {
    if let Who::Applicant(case) = &visit.who {
        return Redirect::to(&format!("/progress/{case}")).into_response();
    }
    asked(&web, &visit, None, "").into_response()
}

fn asked(web: &Site, visit: &Visit, trouble: Option<&str>, typed: &str) -> Markup {
    let body = html! {
        (crumbs(&[("办事指南", "/")], "查进度"))
        h1 { "查办理进度" }
        @if let Some(trouble) = trouble { div.note.stop role="alert" { h2 { "没有查到" } p { (trouble) } } }
        div.card { (question(web, visit, trouble, typed)) }
        @if let Some((receipt, last)) = web.app.demo.as_ref().and_then(|d| d.receipt.as_ref()) {
            p.soft { "演示：受理号 " span.mono { (receipt) } "，后六位 " span.mono { (last) } "。" }
        }
        p { "受理号在申请成功的页面和受理通知书上。忘记了，可以带身份证到村（社区）或乡镇查询。" }
    };
    page(web, visit, "查办理进度", Tone::Public, body)
}

/// Receipt number and the end of the citizen number; also on the first page.
pub fn question(web: &Site, visit: &Visit, trouble: Option<&str>, typed: &str) -> Markup {
    let described = trouble.map(|_| "progress-help");
    html! {
        form method="post" action="/progress" novalidate {
            (Sent::fresh().hidden(web, visit, None))
            div.field {
                label for="case" { "受理号" }
                input.short type="text" id="case" name="case" value=(typed) autocomplete="off" autocapitalize="characters" required aria-describedby=[described];
            }
            div.field {
                label for="last" { "申请人身份证号后六位" }
                p.help id="progress-help" { "最后一位是X的，填X" }
                input.short type="text" id="last" name="last" autocomplete="off" required;
            }
            button.main type="submit" { "查询" }
        }
    }
}

pub async fn open(State(web): State<Web>, Extension(visit): Visitor, request: Request) -> Result<Response, Not> {
    let sent = Sent::receive_keyless(&visit, request).await?;
    let case = id(sent.word("case"));
    let last = base::typed::tidy(sent.word("last")).to_uppercase();
    let (question, now) = (format!("receipt {case}"), web.now());
    if !web.throttle.open(&question, now) {
        return Err(Not::Now);
    }
    let wanted = case.clone();
    let file = web.store(move |store| store.case(&wanted)).await?;
    let right = match &file {
        Some(file) => proves(&web, &file.state, &last)?,
        None => false,
    };
    if right {
        web.throttle.right(&question);
        let mut response = Redirect::to(&format!("/progress/{case}")).into_response();
        session::open_case(&web, &mut response, &case);
        return Ok(response);
    }
    web.throttle.wrong(&question, now);
    let trouble = "受理号和身份证号后六位对不上。请对照受理通知书和身份证核对；连续五次不对，要等15分钟。";
    let page = asked(&web, &visit, Some(trouble), sent.word("case"));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Where the service asks for no citizen number, the applicant's phone stands in for it.
fn proves(web: &Site, state: &CaseState, last: &str) -> Result<bool, Not> {
    let guide = web.guide_of(state)?;
    let phone = || {
        let name = guide.subject.phone.as_ref()?;
        Some(state.facts.get(name)?.last()?.value.text()?.to_owned())
    };
    let secret = applicant_number(&guide, state).or_else(phone).unwrap_or_default();
    Ok(last.chars().count() == 6 && secret.ends_with(last))
}

async fn own(web: &Site, visit: &Visit, case: &str) -> Result<Subject, Not> {
    let case = id(case);
    if !visit.is_applicant_of(&case) {
        return Err(Not::found("这个受理号的查询没有打开，或已超过半小时"));
    }
    Subject::find(web, visit, &Act::Step, Place::Progress(case)).await
}

pub async fn receipt(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(case): Path<String>,
) -> Result<Markup, Not> {
    let subject = own(&web, &visit, &case).await?;
    let state = &subject.file().state;
    let number = applicant_number(&subject.guide, state).map(|n| crate::sight::masked_number(&n));
    let body = html! {
        div.note {
            h1 { "申请已经收到" }
            p { "受理号" }
            p.receipt { (state.case) }
            p { "请记下或打印本页。凭受理号和申请人身份证号后六位，可以查办理进度、补交材料、看决定书。" }
        }
        dl.pairs {
            dt { "服务" } dd { (subject.guide.title) }
            dt { "申请人" } dd { (base::mask_name(&applicant_name(&subject.guide, state))) }
            @if let Some(number) = number { dt { "身份证号" } dd.mono { (number) } }
            dt { "申请时间" } dd { (format_datetime(state.applied_at)) }
            dt { "所属地区" } dd { (web.bureau().regions.path(state.region).unwrap_or_default()) }
            dt { "接下来" } dd { (waiting_for(&web, &subject.guide, state)) }
        }
        p.actions { a.button.main href=(format!("/progress/{}", state.case)) { "看办理进度" } }
    };
    Ok(page(&web, &visit, "申请已经收到", Tone::Public, body))
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(case): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let subject = own(&web, &visit, &case).await?;
    let (guide, state) = (&subject.guide, &subject.file().state);
    let body = html! {
        (crumbs(&[("办事指南", "/"), ("查进度", "/progress")], &state.case.0))
        h1 { (guide.title) " " span.nowrap { (state.case) } }
        (said(wanted.done.as_deref()))
        div.note {
            h2 { @if state.closed.is_some() { "已经办结" } @else { "现在到哪一步" } }
            p.standing { (waiting_for(&web, guide, state)) }
            @if state.closed.is_some() {
                p.actions { a.button href=(format!("/s/{}/apply?former={}", guide.service, state.case)) { "重新申请" } }
            }
            (own_actions(&web, &subject))
        }
        (decided(guide, state))
        (letters(&state.case, state))
        section {
            h2 { "办理经过" }
            (course(guide, state))
        }
        (objectable(state))
        section.prose {
            h2 { "有不同意见怎么办" }
            p { "对决定不服的，按决定书写明的期限和机关申请行政复议或者提起行政诉讼。对办理有意见的，可以向承办单位或其上级反映。" }
        }
    };
    Ok(page(&web, &visit, &format!("办理进度 {}", state.case), Tone::Public, body))
}

/// What is waited for, from whom and until when, in one sentence.
fn waiting_for(web: &Site, guide: &Guide, state: &CaseState) -> String {
    if let Some((at, outcome)) = &state.closed {
        return format!("已于{}办结：{outcome}。", format_date(at.date()));
    }
    let Some(open) = &state.open else { return "正在登记。".to_owned() };
    let step = guide.step(&open.step);
    let until = match &open.due {
        Some(due) => {
            let left = words::remaining(&web.bureau().calendar, web.now(), due.at);
            format!("，应在{}前办完（{}）", format_date(due.at.date()), left.text)
        }
        None => String::new(),
    };
    match step {
        Some(step) if &*step.role == casework::APPLICANT => format!("等您办理“{}”{until}。", step.name),
        Some(step) if step.kind == StepKind::Wait => match &open.due {
            Some(due) => format!("{}，下次时间{}。", step.name, format_date(due.at.date())),
            None => format!("{}。", step.name),
        },
        Some(step) if state.running_notice(&step.name).is_some() => match &open.due {
            Some(due) => format!("{}：到{}为止，期满没有异议就转到下一步。", step.name, format_date(due.at.date())),
            None => format!("{}。", step.name),
        },
        Some(step) => format!("{}：由{}办理{until}。", step.name, step.role),
        None => open.step.to_string(),
    }
}

fn own_actions(web: &Site, subject: &Subject) -> Markup {
    let case = &subject.file().state.case;
    let open = choices(web.bureau(), &subject.guide, &subject.file().state, &subject.actor, web.now());
    html! {
        p.actions {
            @for choice in open.iter().filter(|c| c.allowed.is_ok()) {
                @match &choice.action {
                    Action::Step(step) => a.button.main href=(format!("/progress/{case}/step")) { "办理：" (step) },
                    Action::Withdraw => a href=(format!("/progress/{case}/withdraw")) { "撤回申请" },
                    _ => {}
                }
            }
        }
    }
}

fn decided(guide: &Guide, state: &CaseState) -> Markup {
    html! {
        @if let Some(decision) = state.last_decision() {
            section.card {
                h2 { "决定：" (decision.outcome) }
                dl.pairs {
                    dt { "决定日期" } dd { (format_date(decision.at.date())) }
                    @for (name, value) in decision.results.iter().filter(|(_, v)| !v.is_missing()) {
                        dt { (name) } dd { (casework::assess::display(guide, name, value)) }
                    }
                }
            }
        }
    }
}

fn letters(case: &CaseId, state: &CaseState) -> Markup {
    html! {
        @if !state.letters.is_empty() {
            section {
                h2 { "文书" }
                ul {
                    @for (index, letter) in state.letters.iter().enumerate() {
                        li {
                            a href=(format!("/progress/{case}/letter/{}", index + 1)) { (letter.letter) " " (letter.number) }
                            span.soft { "　" (format_date(letter.at.date())) }
                        }
                    }
                }
            }
        }
    }
}

/// Steps with dates; who did them is the bureau's affair, which role did is the citizen's.
fn course(guide: &Guide, state: &CaseState) -> Markup {
    html! {
        ol.line {
            @for done in &state.done {
                li.past {
                    h3 { (done.step) "：" (done.outcome) }
                    p.soft { (format_date(done.at.date())) "　" (done.by.role) }
                }
            }
            @if let Some(open) = &state.open {
                li.now {
                    h3 { (open.step) }
                    p.soft { "正在办理" @if let Some(step) = guide.step(&open.step) { "　" (step.role) } }
                }
            }
        }
    }
}

fn objectable(state: &CaseState) -> Markup {
    html! {
        @if let Some((index, notice)) = state.notices.iter().enumerate().next_back() {
            p.soft {
                "公示：" a href=(format!("/notices/{}/{}", state.case, index + 1)) { (notice.title) }
                "，" (format_date(notice.posted_at.date())) "张贴"
            }
        }
    }
}

pub async fn form(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, act)): Path<(String, String)>,
) -> Result<Markup, Not> {
    let act = Act::named(&act).filter(|a| matches!(a, Act::Step | Act::Withdraw));
    let act = act.ok_or_else(|| Not::found("没有这个页面"))?;
    let subject = own(&web, &visit, &case).await?;
    Ok(pages::form(&web, &visit, &subject, &act, &Sent::fresh(), None))
}
