//! 核对: what registries were asked about a case and have answered, and the files that go to them and come back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Multipart, Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use base::DateTime;
use bureau::registries::{ANSWERED, Received};
use bureau::{Failure, Order};
use casework::checking::{Request, Standing, connection};
use casework::doubts::{Found, VERDICTS, doubts};
use casework::people::may_perform;
use casework::{Capacity, Command, Datum, Refusal, State as Case};
use exchange::sealed;
use guide::Guide;
use guide::model::{Inquiry, Registry, StepKind};
use maud::{Markup, html};

use super::Page;
use super::public::redirect;
use crate::layout::{key, page, refusals, token};
use crate::paper::Paper;
use crate::sent::{Sent, uploaded};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Lines of a file that are told.
const LISTED: usize = 50;

/// Whether somebody does a step that asks registries.
pub fn may(site: &Site, visit: &Visit) -> bool {
    let Some(Capacity::Staff { level, posts, .. }) = visit.staff.as_ref().map(|staff| &staff.capacity) else {
        return false;
    };
    site.bureau.library.guides.iter().any(|guide| {
        let asks = |step: usize| guide.inquiries.iter().any(|inquiry| inquiry.steps.contains(&step));
        guide.steps.iter().enumerate().any(|(at, step)| asks(at) && may_perform(step, *level, posts))
    })
}

fn word(request: &Request, now: DateTime) -> &'static str {
    if request.is_overdue(now) { "逾期" } else { request.standing().word() }
}

fn mark(request: &Request, now: DateTime) -> Markup {
    let class = match request.standing() {
        Standing::Pending if request.is_overdue(now) => "mark late",
        Standing::Pending => "mark soon",
        Standing::Failed | Standing::Stale | Standing::NotPermitted => "mark stop",
        Standing::Answered => "mark today",
        Standing::Empty => "mark plain",
    };
    html! { span class=(class) { (word(request, now)) } }
}

/// What is wrong with an answer, or why there is none.
fn trouble(request: &Request) -> Option<&str> {
    let answer = request.answer.as_ref().map(|answer| &*answer.note).filter(|note| !note.is_empty());
    answer.or(request.question.not_permitted.as_deref())
}

/// What registries were asked and answered, as staff see it; nothing where nothing was asked. Open doubts are left out
/// where a form asks for them.
pub fn panel(site: &Site, guide: &Guide, state: &Case, open_doubts: bool) -> Markup {
    if state.requests.is_empty() {
        return html! {};
    }
    let now = site.now();
    let found =
        if open_doubts && state.closed.is_none() { doubts(site.bureau.rules(guide), state, now) } else { Vec::new() };
    html! {
        h2 id="checks" { "核对" }
        (matrix(guide, state, now))
        (answers(guide, state))
        @if !found.is_empty() {
            h3 { "疑点" }
            (doubt_table(found.iter().map(|found| (found, None))))
        }
        @if !state.verdicts.is_empty() {
            h3 { "处理过的疑点" }
            (doubt_table(state.verdicts.iter().map(|(_, known)| (&known.found, Some((&*known.verdict, &*known.reason))))))
        }
    }
}

/// Registries by people: how each question stands.
fn matrix(guide: &Guide, state: &Case, now: DateTime) -> Markup {
    let asked: Vec<(&Inquiry, Vec<&Request>)> = guide
        .inquiries
        .iter()
        .map(|inquiry| (inquiry, state.asked(&inquiry.name)))
        .filter(|(_, asked)| !asked.is_empty())
        .collect();
    let mut people = Vec::new();
    for request in asked.iter().flat_map(|(_, asked)| asked) {
        if !people.contains(&&request.question.person) {
            people.push(&request.question.person);
        }
    }
    let of = |asked: &[&Request], person: &casework::event::PersonRef| {
        asked.iter().find(|request| request.question.person == *person).copied().cloned()
    };
    let all = asked.iter().flat_map(|(inquiry, asked)| asked.iter().map(move |request| (*inquiry, *request)));
    let troubles: Vec<_> = all.filter_map(|(inquiry, request)| Some((inquiry, request, trouble(request)?))).collect();
    html! {
        div.scroll { table.work {
            thead { tr { th { "数据源" } @for person in &people { th { (person.name) } } th { "答复截止" } } }
            tbody { @for (inquiry, asked) in &asked { tr {
                th scope="row" { (inquiry.registry.name) }
                @for person in &people { td data-label=(person.name) {
                    @if let Some(request) = of(asked, person) {
                        (mark(&request, now))
                        @let lines = request.answer.as_ref().map_or(0, |answer| answer.lines.len());
                        @if lines > 0 { " " span.soft.small { (lines) " 行" } }
                    } @else { span.soft { "没有问" } }
                } }
                @let due = asked.iter().map(|request| request.question.due.at.date()).max();
                td.nowrap data-label="答复截止" { (due.unwrap_or_default()) }
            } } }
        } }
        @if !troubles.is_empty() {
            ul.small { @for (inquiry, request, why) in troubles {
                li { (inquiry.registry.name) " · " (request.question.person.name) "：" (why) }
            } }
        }
    }
}

/// What was answered, line by line.
fn answers(guide: &Guide, state: &Case) -> Markup {
    let answered = guide.inquiries.iter().flat_map(|inquiry| {
        let asked = state.asked(&inquiry.name);
        asked.into_iter().filter_map(move |request| Some((inquiry, request, request.answer.as_ref()?)))
    });
    html! {
        @for (inquiry, request, answer) in answered.filter(|(_, _, answer)| !answer.lines.is_empty()) {
            details {
                summary {
                    (inquiry.registry.name) " · " (request.question.person.name)
                    @if let Some(day) = answer.as_of { span.soft.small { "　数据日期 " (day) } }
                    @if answer.quality != 'A' { " " span.mark.stop { "匹配质量 " (answer.quality) } }
                }
                div.scroll { table.work {
                    thead { tr { @for column in &inquiry.registry.columns { th { (column.name) } } } }
                    tbody { @for line in &answer.lines { tr {
                        @for column in &inquiry.registry.columns {
                            td data-label=(column.name) { (said(line.get(&*column.key))) }
                        }
                    } } }
                } }
            }
        }
    }
}

/// A cell of an answer; numbers of other people are masked.
fn said(datum: Option<&Datum>) -> String {
    let Some(text) = datum.and_then(Datum::text) else { return String::new() };
    base::PersonNumber::parse(text).map_or_else(|_| text.to_owned(), |number| number.masked())
}

fn doubt_table<'d>(rows: impl Iterator<Item = (&'d Found, Option<(&'d str, &'d str)>)>) -> Markup {
    html! {
        div.scroll { table.work {
            thead { tr { th { "等级" } th { "谁" } th { "疑点" } th { "申报" } th { "查得" } th { "处理" } } }
            tbody { @for (found, verdict) in rows { tr {
                td.nowrap { (severity(&found.severity)) }
                td.nowrap data-label="谁" { (found.who) }
                td data-label="疑点" { (found.name) }
                td data-label="申报" { (found.declared.as_deref().unwrap_or("—")) }
                td data-label="查得" { b { (found.found.as_deref().unwrap_or("—")) } }
                td data-label="处理" { @match verdict {
                    Some((verdict, reason)) => { (verdict) @if !reason.is_empty() { "：" (reason) } }
                    None => span.soft { (found.note) },
                } }
            } } }
        } }
    }
}

fn severity(word: &str) -> Markup {
    html! { span class=(if word == "硬性" { "mark late" } else { "mark plain" }) { (word) } }
}

/// What the form of a step of 核对 asks of each doubt.
pub fn verdicts(site: &Site, guide: &Guide, state: &Case, sent: &Sent, refused: &[Refusal]) -> Markup {
    let found = doubts(site.bureau.rules(guide), state, site.now());
    let wrong = |place: &str| refused.iter().find(|refusal| refusal.field.as_deref() == Some(place));
    html! { @if !found.is_empty() {
        h2 { "疑点" }
        p.help { "查得的属实，就把下面表里的改成查得的数，不用再选；不属实或者要入户核实的，选一项并写明凭什么。" }
        @for found in &found {
            @let (place, why) = (format!("疑点.{}", found.place()), format!("疑点说明.{}", found.place()));
            @let (name, reason) = (format!("o-{place}"), format!("o-{why}"));
            @let error = wrong(&place).or(wrong(&why));
            fieldset id=(format!("f-{place}")) class=(if error.is_some() { "field wrong" } else { "field" }) {
                legend { (severity(&found.severity)) " " (found.who) "：" (found.name) }
                p {
                    "申报 " (found.declared.as_deref().unwrap_or("—")) "　"
                    "查得 " b { (found.found.as_deref().unwrap_or("—")) } "　" span.soft { (found.note) }
                }
                @if let Some(error) = error { p.error { (error.text) "。" (error.way_out) } }
                div.choices { @for word in VERDICTS {
                    label.choice { input type="radio" name=(name) value=(word) checked[sent.get(&name) == word]; (word) }
                } }
                input type="text" id=(format!("f-{why}")) name=(reason) value=(sent.get(&reason))
                    placeholder="凭什么：证明、电话、谁说的" aria-label="说明";
            }
        }
    } }
}

/// Asks again about whom no usable answer has come.
pub fn again(visit: &Visit, site: &Site, guide: &Guide, state: &Case, step: usize) -> Markup {
    let useless = guide.inquiries.iter().filter(|inquiry| inquiry.steps.contains(&step)).any(|inquiry| {
        let asked = state.asked(&inquiry.name);
        asked.iter().any(|r| matches!(r.standing(), Standing::Failed | Standing::Stale | Standing::NotPermitted))
    });
    html! { @if useless {
        form method="post" action=(format!("/case/{}/ask/{}", state.case, guide.steps[step].key)) {
            (token(visit)) (key(site, ""))
            div.actions { button type="submit" { "再问失败、过期、补了授权的" } }
        }
    } }
}

pub async fn ask_again(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, step)): Path<(String, String)>,
    sent: Sent,
) -> Page {
    let (_, guide, actor) = visit.case(&site, &case)?;
    let key = format!("{}:{}", actor.id, sent.get("_key"));
    let command = Command::Ask { step: step.clone() };
    let order = Order { key, people: vec![actor], case: Some(case.clone()), command, secret: None, now: site.now() };
    match site.bureau.execute(&order) {
        Ok(_) => Ok(redirect(&format!("/case/{case}/do/{step}"))),
        Err(Failure::Refused(refused)) => {
            let body = html! {
                p.crumbs { a href=(format!("/case/{case}/do/{step}")) { (guide.title) " › 核对" } }
                h1 { "再问一次" }
                (refusals(&refused))
            };
            Ok(page(&site, &visit, "再问一次", body).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The report of a check (核对报告): per person and registry, the doubts, and what it is worth.
pub fn report(site: &Site, guide: &Guide, state: &Case) -> Option<Paper> {
    let last = state.requests.iter().map(|request| request.instance).max()?;
    let now = site.now();
    let mut rows = vec![
        ("受理号".to_owned(), state.case.clone()),
        ("申请人".to_owned(), state.applicant.clone()),
        ("事项".to_owned(), guide.title.clone()),
    ];
    for inquiry in &guide.inquiries {
        for request in state.asked(&inquiry.name) {
            let answer = request.answer.as_ref();
            let mut text = word(request, now).to_owned();
            if let Some(day) = answer.and_then(|answer| answer.as_of) {
                text += &format!("（数据日期 {day}）");
            }
            for line in answer.iter().flat_map(|answer| &answer.lines) {
                let cells = inquiry.registry.columns.iter().filter_map(|column| {
                    let text = said(line.get(&*column.key));
                    (!text.is_empty()).then(|| format!("{} {text}", column.name))
                });
                text += &format!("\n{}", cells.collect::<Vec<_>>().join("，"));
            }
            if let Some(why) = trouble(request) {
                text += &format!("\n{why}");
            }
            rows.push((format!("{} · {}", inquiry.registry.name, request.question.person.name), text));
        }
    }
    let told = |found: &Found| {
        let (declared, found_out) = (found.declared.as_deref().unwrap_or("—"), found.found.as_deref().unwrap_or("—"));
        format!("申报 {declared}，查得 {found_out}")
    };
    for (_, verdict) in &state.verdicts {
        let label = format!("疑点：{} {}", verdict.found.who, verdict.found.name);
        rows.push((label, format!("{}；{} {}", told(&verdict.found), verdict.verdict, verdict.reason)));
    }
    for found in doubts(site.bureau.rules(guide), state, now).iter().filter(|_| state.verdicts.is_empty()) {
        rows.push((format!("疑点：{} {}", found.who, found.name), told(found)));
    }
    let day = state.instance(last).and_then(|instance| instance.done_at).unwrap_or(now).date();
    Some(Paper {
        title: "家庭经济状况核对报告".to_owned(),
        rows,
        paragraphs: vec!["本报告只供审核确认时参考，是答复当天的结果；没有答复的不等于没有。".to_owned()],
        closing: vec![site.name.clone(), base::format_date(day)],
        mark: if site.demo { "演示数据：人物均为虚构".to_owned() } else { String::new() },
        ..Paper::default()
    })
}

/// How a registry is connected.
fn way(site: &Site, registry: &Registry) -> Markup {
    html! { @match connection(&site.bureau, registry, site.now().date()) {
        Some((_, true)) => "停用",
        Some((way, false)) => (way),
        None => span.soft { "没有接入" },
    } }
}

/// All registries, and how the questions to each stand.
pub async fn list(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    let actor = visit.staff()?;
    if !may(&site, &visit) {
        return Err(Fault::Forbidden);
    }
    let outstanding = site.bureau.store.outstanding(&site.bureau.scope(actor), site.now())?;
    let sum = |count: fn(&bureau::Outstanding) -> u32| outstanding.iter().map(count).sum::<u32>();
    let body = html! {
        h1 { "核对" }
        ul.counters {
            li { p { b { (sum(|one| one.unsent)) } " 待发" } }
            li { p { b { (sum(|one| one.awaited)) } " 待复" } }
            li class=[(sum(|one| one.overdue) > 0).then_some("late")] { p { b { (sum(|one| one.overdue)) } " 逾期" } }
            li { p { b { (sum(|one| one.failed + one.stale)) } " 失败、过期" } }
            li { p { b { (sum(|one| one.not_permitted)) } " 无权" } }
        }
        p.help { "还没有办结的件里，问了还没有能用的答复的。没有答复不等于没有：必查的没有答复，核对不能办完。" }
        div.scroll { table.work {
            thead { tr {
                th { "数据源" } th { "接入" }
                @for head in ["待发", "待复", "逾期", "失败", "过期", "无权"] { th.num { (head) } }
                th { "答复时限" } th { "说明" }
            } }
            tbody { @for registry in &site.bureau.library.registries {
                @let one = outstanding.iter().find(|one| *one.registry == *registry.key).cloned().unwrap_or_default();
                tr {
                    th scope="row" { a href=(format!("/checks/{}", registry.key)) { (registry.name) } }
                    td.nowrap data-label="接入" { (way(&site, registry)) }
                    @for (label, count) in [
                        ("待发", one.unsent), ("待复", one.awaited), ("逾期", one.overdue),
                        ("失败", one.failed), ("过期", one.stale), ("无权", one.not_permitted),
                    ] {
                        td.num data-label=(label) { @if count > 0 { b { (count) } } @else { span.soft { "0" } } }
                    }
                    td.nowrap data-label="答复时限" { (registry.due) }
                    td data-label="说明" { span.soft { (registry.note) } }
                }
            } }
        } }
    };
    Ok(page(&site, &visit, "核对", body).into_response())
}

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, Path(key): Path<String>) -> Page {
    registry_page(&site, &visit, &key, html! {})
}

fn registry_page(site: &Site, visit: &Visit, key: &str, said: Markup) -> Page {
    let actor = visit.staff()?;
    if !may(site, visit) {
        return Err(Fault::Forbidden);
    }
    let registry = site.bureau.registry(key).ok_or(Fault::NotFound)?;
    let scope = site.bureau.scope(actor);
    let all = site.bureau.store.outstanding(&scope, site.now())?;
    let one = all.into_iter().find(|one| *one.registry == *registry.key).unwrap_or_default();
    let batches = site.bureau.store.batches(&registry.key, &scope)?;
    let body = html! {
        p.crumbs { a href="/checks" { "核对" } " › " (registry.name) }
        h1 { (registry.name) }
        p { (registry.note) "。答复时限 " (registry.due) "，数据日期 " (registry.fresh_days) " 日以内的才算。" }
        (said)
        ul.counters {
            li { p { b { (one.unsent) } " 待发" } }
            li { p { b { (one.awaited) } " 待复" } }
            li class=[(one.overdue > 0).then_some("late")] { p { b { (one.overdue) } " 逾期" } }
            li { p { b { (one.failed) } " 失败" } }
            li { p { b { (one.stale) } " 过期" } }
            li { p { b { (one.not_permitted) } " 无权" } }
        }
        div.two {
            div.card {
                h2 { "发出请求" }
                @if one.unsent == 0 && batches.is_empty() { p.empty { "没有要发的请求。" } }
                @else { form method="post" action=(format!("/checks/{key}/requests")) {
                    (token(visit))
                    div.field { label for="f-batch" { "哪一批" }
                        select id="f-batch" name="batch" {
                            @if one.unsent > 0 { option value="" { "新的请求，" (one.unsent) " 条" } }
                            @for (batch, count) in &batches {
                                option value=(batch) { "重新下载 " (batch) "，还有 " (count) " 条没有答复" }
                            }
                        }
                    }
                    (password("文件的密码", "至少 8 个字，与对方当面或者电话约定，不写在邮件里"))
                    div.actions { button.main type="submit" { "下载加密的请求文件" } }
                } }
            }
            div.card {
                h2 { "收下答复" }
                form method="post" enctype="multipart/form-data" action=(format!("/checks/{key}/answers")) {
                    (token(visit))
                    (password("文件的密码", "答复文件没有加密的不填"))
                    div.field { label for="f-file" { "答复文件" }
                        p.help {
                            "列：" (ANSWERED.join("、"))
                            @for column in &registry.columns { "、" (column.name) }
                            "。结果写 有记录、无记录、查询失败、无权查询。"
                        }
                        input type="file" id="f-file" name="file" accept=".zip,.xlsx,.csv,.txt";
                    }
                    div.actions { button.main type="submit" { "收下" } }
                }
            }
        }
    };
    Ok(page(site, visit, &registry.name, body).into_response())
}

fn password(label: &str, help: &str) -> Markup {
    html! { div.field {
        label for=(format!("f-{label}-{}", help.len())) { (label) }
        p.help { (help) }
        input type="password" id=(format!("f-{label}-{}", help.len())) name="password" autocomplete="off";
    } }
}

/// A locked file of questions.
pub async fn requests(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    sent: Sent,
) -> Page {
    let actor = visit.staff()?.clone();
    if !may(&site, &visit) {
        return Err(Fault::Forbidden);
    }
    let registry = site.bureau.registry(&key).ok_or(Fault::NotFound)?.clone();
    let (password, batch) = (sent.get("password").to_owned(), sent.get("batch").to_owned());
    if password.chars().count() < sealed::SHORTEST {
        return registry_page(
            &site,
            &visit,
            &key,
            stop(&format!("密码至少 {} 个字，文件没有下载。", sealed::SHORTEST)),
        );
    }
    let (worker, now) = (site.clone(), site.now());
    let work = move || {
        let scope = worker.bureau.scope(&actor);
        let outgoing = match &*batch {
            "" => worker.bureau.send_requests(&registry, (&actor, &scope), now)?,
            batch => worker.bureau.request_file(&registry, batch, (&actor, &scope), now)?,
        };
        Ok::<_, Failure>(outgoing.map(|outgoing| (outgoing.locked(&registry, &password), outgoing)))
    };
    match tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Broken(error.to_string()))? {
        Ok(Some((Ok(bytes), outgoing))) => {
            let name = format!("attachment; filename=\"{key}-{}.zip\"", outgoing.batch);
            let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)];
            Ok((headers, bytes).into_response())
        }
        Ok(Some((Err(error), _))) => Err(Fault::Broken(error)),
        Ok(None) => registry_page(&site, &visit, &key, stop("没有要发的请求了。")),
        Err(Failure::Refused(refused)) => registry_page(&site, &visit, &key, refusals(&refused)),
        Err(failure) => Err(failure.into()),
    }
}

fn stop(text: &str) -> Markup {
    html! { div.note.stop role="alert" { p { (text) } } }
}

/// A file of answers.
pub async fn take(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    parts: Multipart,
) -> Page {
    let actor = visit.staff()?.clone();
    if !may(&site, &visit) {
        return Err(Fault::Forbidden);
    }
    let registry = site.bureau.registry(&key).ok_or(Fault::NotFound)?.clone();
    let (words, bytes) = uploaded(&visit, parts).await?;
    let password = words.get("password").cloned().unwrap_or_default();
    let (worker, now) = (site.clone(), site.now());
    let work = move || match sealed::unseal(&bytes, &password) {
        Ok(bytes) => worker.bureau.receive_answers(&registry, &bytes, (&actor, now)).map(Ok),
        Err(exchange::Unreadable(why)) => Ok(Err(why)),
    };
    let said = match tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Broken(error.to_string()))? {
        Ok(Ok(received)) => told(&received),
        Ok(Err(why)) => stop(&why.join("；")),
        Err(Failure::Refused(refused)) => refusals(&refused),
        Err(failure) => return Err(failure.into()),
    };
    registry_page(&site, &visit, &key, said)
}

fn told(received: &Received) -> Markup {
    html! { div.note role="status" {
        h2 { "收下了" }
        p { @for (word, count) in &received.counts { (word) " " b { (count) } " 条　" } }
        @for note in &received.notes { p.small { (note) } }
        @if !received.told.is_empty() {
            p { "要看一下的：" }
            ul { @for told in received.told.iter().take(LISTED) {
                li { "第 " (told.line) " 行 " span.mono { (told.request) } " " b { (told.outcome) } " " (told.why) }
            } }
            @if received.told.len() > LISTED { p.soft.small { "只列出前 " (LISTED) " 处。" } }
        }
    } }
}

/// Whether a step asks registries, by what the case has asked for it.
pub fn is_asked(guide: &Guide, state: &Case, step: usize) -> bool {
    let own = |instance: u32| state.instance(instance).is_some_and(|known| *known.step == *guide.steps[step].key);
    guide.steps[step].kind == StepKind::Match && state.requests.iter().any(|request| own(request.instance))
}
