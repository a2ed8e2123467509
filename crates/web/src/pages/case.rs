//! A case: what is known and who said it, clocks, what can be done and why not, the time line, letters, the
//! explanation.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{DateTime, Fen};
use casework::state::LetterState;
use casework::{Datum, State as Case, Status};
use formula::Need;
use guide::Guide;
use guide::model::Target;
use maud::{Markup, html};

use super::Page;
use super::facts::Shown;
use crate::layout::{page, remaining};
use crate::site::Site;
use crate::visit::Visit;

/// Beyond this many figures they stand in more columns.
const MANY: usize = 12;

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(case): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let actor = visit.staff()?;
    site.bureau.pass_time(site.now())?;
    let (state, guide, _) = visit.case(&site, &case)?;
    let rules = site.bureau.rules(&guide);
    let options = casework::options(rules, &state, actor, site.now());
    let reminders = casework::reminders(rules, &state, site.now());
    let why = query.contains_key("why");
    let answers = if state.closed.is_some() { Vec::new() } else { casework::outlook(rules, &state, site.now(), why) };
    let body = html! {
        @if let Some(secret) = query.get("new") { (super::progress::handed_out(&case, secret)) }
        p.crumbs { a href="/desk" { "我的工作" } " › " (state.applicant) }
        h1 { (state.applicant) "：" (guide.title) }
        p { span.mono { (case) } "　" (state.region.map(|region| site.place(region)).unwrap_or_default())
        }
        @if let Some((result, at)) = &state.closed {
            p.standing { span.mark.done { "已办结" } " " (result) "，" (base::format_date(at.date())) }
        }
        @if let Some(origin) = &state.origin {
            p.note { b { "在册接收" } "　不是本系统的决定：原决定 " (origin.document) "（" (base::format_date(origin.decided_on)) "）"
                @if let Some(since) = origin.since { "，原来从 " (since) " 起发" }
                "。由 " a.mono href=(format!("/case/{}", origin.brought)) { (origin.brought) } " 提出、核准。" }
        }
        @for kin in &state.kin {
            p.note { b { "备案件" } "　" (kin.official) "是这一家的近亲属（" (kin.relation) "），不能办理、评议、表决；县级要入户。" }
        }
        @for check in &reminders { p.note { b { "提醒" } "　" (check.message) "。" span.basis { "（" (check.basis) "）" } } }
        (course(&guide, &state))
        (super::bring::link(&guide, &case))
        @if let Some(row) = &state.subject { (super::registers::subject(&site, row)?) }
        div.panels {
            aside {
                div.card {
                    h2 { "现在可以办" }
                    (actions(&guide, &case, &options, state.closed.is_some()))
                    (super::start::buttons(&site, &guide, &state, actor)?)
                }
                div.card { h2 { "时限" } (clocks(&site, &state)) }
            }
            div {
                @if !answers.is_empty() {
                    div.card id="why" {
                        h2 { "按现在所知" }
                        (pairs(answers.iter().map(|answer| (&answer.name, &answer.value, answer.known))))
                        (lacks(&casework::needs(rules, &state, site.now())))
                        @if why { (working(&answers, true)) } @else { a href="?why=1#why" { "怎么算的" } }
                    }
                }
                @if let Some(assessed) = &state.assessed {
                    div.card {
                        h2 { "作出决定时" }
                        (pairs(assessed.results.iter().map(|(name, value)| (name, value, true))))
                        (lacks(&site.bureau.would_need(&state)?))
                        (explanation("每个数的来历", &assessed.explanation, false))
                    }
                }
                (paid(&guide, &state, site.now()))
                (super::start::chain(&site, &state, "case")?)
                (super::person::links(&state))
                (super::checks::panel(&site, &guide, &state, true))
                h2 { "事实和来源" }
                (Shown::new(&site, &visit, &guide, &state)?.table())
                h2 { "经过" }
                (time_line(&guide, &state, true))
                div.actions {
                    a.button href=(format!("/case/{case}/paper/file/0")) { "打印户档" }
                    @if !state.requests.is_empty() { a.button href=(format!("/case/{case}/paper/check/0")) { "打印核对报告" } }
                    @for number in 0..state.notices.len() { a.button href=(format!("/case/{case}/paper/notice/{number}")) { "打印公示" } }
                }
                @for (number, sent) in state.letters.iter().enumerate() { (letter(&site, &state, number, sent)) }
            }
        }
    };
    Ok(page(&site, &visit, &state.applicant, body).into_response())
}

/// What would have to be different for a benefit to be granted.
pub fn lacks(needs: &[Need]) -> Markup {
    html! {
        @if !needs.is_empty() {
            div.lacks {
                h3 { "差在哪里" }
                ul { @for need in needs { li { @if !need.of.is_empty() { span.soft { (need.of) } br; } (need.text) } } }
            }
        }
    }
}

/// What is paid, from which month on, as the decisions of the chain have it.
fn paid(guide: &Guide, state: &Case, now: DateTime) -> Markup {
    let name = |key: &str| guide.entitlement(key).map_or("", |e| &*e.name).to_owned();
    html! {
        @if !state.grants.is_empty() {
            h2 { "待遇" }
            div.scroll { table.work {
                thead { tr { th { "待遇" } th { "自" } th.num { "每月（元）" } th { "成分" } th { "决定" } } }
                tbody { @for grant in &state.grants { tr {
                    td { (name(&grant.entitlement)) }
                    td.nowrap data-label="自" { (grant.from.to_string()) }
                    td.num data-label="每月（元）" {
                        @if grant.suspended { b { "暂停" } } @else { b { (grant.total().to_string()) } }
                    }
                    td data-label="成分" { @for (part, fen) in &grant.components { (part) " " (fen.to_string()) " " } }
                    td.nowrap data-label="决定" { (grant.decided_at.date()) }
                } } }
            } }
        }
        @let corrected: Vec<_> = guide.entitlements.iter().map(|e| (e, state.corrections(&e.key, now))).collect();
        @if corrected.iter().any(|(_, months)| !months.is_empty()) {
            h2 { "已经过去的月份" }
            p.small.soft { "这件的决定改变了已经开始的月份：多发的要追缴，少发的要补发。" }
            div.scroll { table.work {
                thead { tr { th { "待遇" } th { "月份" } th.num { "多发（元）" } th.num { "少发（元）" } } }
                tbody { @for (entitlement, months) in &corrected { @for (month, fen) in months { tr {
                    td { (entitlement.name) }
                    td.nowrap data-label="月份" { (month.to_string()) }
                    td.num data-label="多发（元）" { @if fen.0 < 0 { b { (Fen(-fen.0).to_string()) } } }
                    td.num data-label="少发（元）" { @if fen.0 > 0 { b { (fen.to_string()) } } }
                } } } }
            } }
        }
    }
}

/// What may be done: the next step of the main line first and large, side steps as plain buttons below; in place of a
/// step of the main line that is not this reader's, or whose conclusions are all shut, the reason.
fn actions(guide: &Guide, case: &str, options: &[casework::StepOption], closed: bool) -> Markup {
    let shut = |option: &casework::StepOption| {
        !option.conclusions.is_empty() && option.conclusions.iter().all(|(_, refusal)| refusal.is_some())
    };
    let is_side = |option: &&casework::StepOption| guide.steps[option.step].side.is_some();
    let link = |option: &casework::StepOption| format!("/case/{case}/do/{}", guide.steps[option.step].key);
    let aside: Vec<_> = options.iter().filter(|o| is_side(o) && o.refusals.is_empty() && !shut(o)).collect();
    html! {
        @let main: Vec<_> = options.iter().filter(|option| !is_side(option)).collect();
        @if closed { p.soft { "这件已经办结。" } }
        @else if main.is_empty() { p.soft { "公示期满以后自动往下走，现在没有要办的。" } }
        div.actions.list {
            @for option in main {
                @let step = &guide.steps[option.step];
                @if option.refusals.is_empty() {
                    a.button.main href=(link(option)) { (step.name) @if option.sign { "：第二人签字" } }
                } @else {
                    p.small.soft {
                        b { (step.name) } "："
                        @for refusal in &option.refusals { (refusal.text) "。" }
                        span.small { (option.refusals[0].code) }
                    }
                }
            }
        }
        @if !aside.is_empty() {
            p.small.soft { "另外可以" }
            div.actions { @for option in aside { a.button href=(link(option)) { (guide.steps[option.step].name) } } }
        }
    }
}

fn clocks(site: &Site, state: &Case) -> Markup {
    html! {
        @if state.clocks.is_empty() { p.soft { "还没有起算的时限。" } }
        dl.pairs {
            @for (name, clock) in &state.clocks {
                dt { (name) }
                dd {
                    @if clock.stopped_at.is_some() { span.mark.done { "已完成" } }
                    @else { (remaining(&clock.due.at.to_string(), site.now())) }
                    " 到 " (base::format_date(clock.due.at.date()))
                    p.small.soft { (clock.due.explained) @if !clock.basis.is_empty() { "（" (clock.basis) "）" } }
                }
            }
        }
    }
}

/// Names and values; what is not known yet says why.
fn pairs<'a>(rows: impl ExactSizeIterator<Item = (&'a String, &'a String, bool)>) -> Markup {
    html! {
        dl.pairs.many[rows.len() > MANY] { @for (name, value, known) in rows {
            dt { (name) }
            dd { @if known { b { (value) } } @else { span.soft { (value) } } }
        } }
    }
}

/// Where the case stands: what was done, what is open, what comes next, each with its day.
pub fn course(guide: &Guide, state: &Case) -> Markup {
    let done =
        |key: &str| state.steps.iter().rfind(|i| i.step == key && i.status == Status::Done).and_then(|i| i.done_at);
    let is_live = |key: &str| state.live().any(|i| i.step == key && i.status != Status::Waiting);
    let due = |key: &str| {
        let running = state.clocks.values().filter(|clock| clock.until == key && clock.stopped_at.is_none());
        running.map(|clock| clock.due.at.date()).min()
    };
    let ahead = ahead(guide, state);
    html! {
        ol.course aria-label="办到哪一步" {
            @for (index, step) in guide.steps.iter().enumerate().filter(|(_, step)| step.side.is_none()) {
                @let is_now = is_live(&step.key);
                @if is_now || ahead.contains(&index) {
                    li class=(if is_now { "now" } else { "next" }) aria-current=[is_now.then_some("step")] {
                        b { (step.name) }
                        @if let Some(due) = due(&step.key) { span { "到 " (short(due)) } }
                    }
                } @else if let Some(at) = done(&step.key) {
                    li.done { b { (step.name) } span { (short(at.date())) } }
                }
            }
        }
    }
}

/// What comes after the open steps when nobody objects.
fn ahead(guide: &Guide, state: &Case) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<usize> = state.live().filter_map(|i| guide.step_by_key(&i.step)).collect();
    while let Some(step) = waiting.pop() {
        for arrow in guide.steps[step].arrows.iter().filter(|arrow| arrow.conclusion.as_deref() != Some("异议")) {
            if let Target::Steps(steps) = &arrow.target {
                waiting.extend(steps.iter().filter(|next| found.insert(**next)));
            }
        }
    }
    found
}

fn short(date: base::Date) -> String {
    format!("{}月{}日", date.month(), date.day())
}

pub(super) fn step_name(guide: &Guide, key: &str) -> String {
    guide.steps.iter().find(|step| *step.key == *key).map_or_else(|| key.to_owned(), |step| step.name.to_string())
}

/// What happened, in order. Citizens do not see who acted.
pub fn time_line(guide: &Guide, state: &Case, names: bool) -> Markup {
    html! {
        ol.line {
            @for instance in state.steps.iter().filter(|i| !matches!(i.status, Status::Skipped | Status::Waiting)) {
                @let now = instance.status.is_live();
                li class=(if now { "now" } else { "past" }) {
                    h3 {
                        @if names && instance.status == Status::Done {
                            a href=(format!("/case/{}/paper/step/{}", state.case, instance.id)) title="打印记录" { (step_name(guide, &instance.step)) }
                        } @else { (step_name(guide, &instance.step)) }
                    }
                    @if let Some(conclusion) = &instance.conclusion { "：" (conclusion) }
                    p.small.soft {
                        @match (instance.done_at, instance.status) {
                            (Some(at), _) => (base::format_datetime(at)),
                            (None, Status::Closed) => "没有办完，已关闭",
                            (None, Status::Posted) => "公示中",
                            (None, Status::Awaiting) => "等第二人签字",
                            _ => "等待办理",
                        }
                        @if names && !instance.people.is_empty() {
                            "　" (instance.people.iter().map(|person| &*person.name).collect::<Vec<_>>().join("、"))
                        }
                    }
                    @if let Some(Datum::Text(reason)) = instance.outputs.get("理由") { p.small { "理由：" (reason) } }
                }
            }
            @for objection in state.objections.iter().filter(|_| names) {
                li.now {
                    h3 { "异议" }
                    p.small { (objection.text) }
                    p.small.soft {
                        (objection.by.as_deref().unwrap_or("匿名")) "，" (base::format_datetime(objection.at))
                    }
                }
            }
        }
    }
}

/// A letter with its PDF.
pub fn letter(site: &Site, state: &Case, number: usize, letter: &LetterState) -> Markup {
    let link = format!("/case/{}/paper/letter/{number}", state.case);
    html! {
        div.actions {
            a.button href=(link) { "打印" (letter.title) }
            a.button href=(format!("{link}?pdf=1")) { "PDF" }
        }
        (super::paper::letter(site, letter).html())
    }
}

/// How answers were worked out, each figure once.
/// Open where somebody is about to decide by them.
pub fn working(answers: &[casework::Answer], open: bool) -> Markup {
    let lines: Vec<(usize, String)> = answers.iter().flat_map(|answer| answer.lines.iter().cloned()).collect();
    html! { @if !lines.is_empty() { (explanation("怎么算的", &lines, open)) } }
}

/// An explanation that opens line by line.
pub fn explanation(title: &str, lines: &[(usize, String)], open: bool) -> Markup {
    html! {
        details open[open] {
            summary { (title) }
            ul.why-tree { @for (depth, line) in lines { li class=(format!("d{}", (*depth).min(6))) { (line) } } }
        }
    }
}
