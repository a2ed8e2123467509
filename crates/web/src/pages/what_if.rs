//! 科学测算: change rates and formulas, see what that comes to, keep it.

mod form;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::{Date, Fen, Level, RegionCode};
use bureau::what_if::{Asked, Study, Told};
use bureau::{StudyRow, hash};
use casework::Capacity;
use guide::what_if::{BAND, Band, Effect, LAST_BAND, Lives, Living, STEP};
use maud::{Markup, html};

use super::Page;
use super::apply::starts;
use super::lists::{Cell, Listing, heads};
use super::public::redirect;
use super::registers::within;
use crate::chart::{self, Bin};
use crate::layout::{day, downloads, page, token};
use crate::sent::Sent;
use crate::site::{Fault, Running, Site};
use crate::visit::Visit;

/// Studies listed on the page.
const MOST: u32 = 50;

/// Whoever works for a county or above, and so answers for its money.
pub fn may(visit: &Visit) -> bool {
    let level = visit.staff.as_ref().and_then(|staff| match staff.capacity {
        Capacity::Staff { level, .. } => Some(level),
        _ => None,
    });
    level.is_some_and(|level| level <= Level::County) && !visit.administers()
}

fn entitled(site: &Site, visit: &Visit) -> Result<RegionCode, Fault> {
    visit.staff()?;
    if may(visit) { within(visit, site) } else { Err(Fault::Forbidden) }
}

fn kept(site: &Site, visit: &Visit, id: &str) -> Result<(StudyRow, Study), Fault> {
    entitled(site, visit)?;
    let scope = site.bureau.scope(visit.staff()?);
    let (row, content) = site.bureau.store.study(&scope, id)?.ok_or(Fault::NotFound)?;
    let study = serde_json::from_str(&content).map_err(|error| Fault::Broken(error.to_string()))?;
    Ok((row, study))
}

pub async fn list(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let mut typed = Sent::empty();
    if let Some(id) = query.get("from") {
        let (row, study) = kept(&site, &visit, id)?;
        typed.set("name", &row.name);
        typed.set("region", &study.asked.region.to_string());
        typed.set("date", &study.asked.date.to_string());
        study.asked.rates.iter().for_each(|(name, value)| typed.set(&format!("r.{name}"), value));
        study.asked.formulas.iter().for_each(|(name, text)| typed.set(&format!("f.{name}"), text));
        study.asked.groups.iter().for_each(|name| typed.set("g", name));
    }
    for field in ["region", "date"] {
        query.get(field).into_iter().for_each(|value| typed.set(field, value));
    }
    form_page(&site, &visit, &typed, &[])
}

/// What a form asks; what is wrong with its place and day falls back to the bureau's and today.
fn asked(site: &Site, own: RegionCode, typed: &Sent) -> Asked {
    let region = RegionCode::parse(typed.get("region")).ok().filter(|region| own.contains(*region)).unwrap_or(own);
    let date: Date = typed.get("date").parse().unwrap_or_else(|_| site.now().date());
    let given = |prefix: &str| {
        let pairs = typed.pairs().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value.trim())));
        pairs.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let groups = typed.pairs().filter(|(name, _)| *name == "g").map(|(_, value)| value.to_owned()).collect();
    Asked { region, date, rates: given("r."), formulas: given("f."), groups }
}

pub async fn try_out(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let own = entitled(&site, &visit)?;
    let asked = asked(&site, own, &sent);
    let name = match base::tidy(sent.get("name")) {
        name if name.is_empty() => "未命名的测算".to_owned(),
        name => name,
    };
    let wrong = site.bureau.unfit(&asked);
    if !wrong.is_empty() {
        return form_page(&site, &visit, &sent, &wrong);
    }
    let (at, id) = (site.now(), hash(&[&site.random()])[..12].to_owned());
    let account = visit.account()?.to_owned();
    let row = StudyRow { id: id.clone(), account, at: at.to_string(), region: asked.region.to_string(), name };
    let running = Arc::new(Running::default());
    running_now(&site).insert(id.clone(), running.clone());
    let worker = site.clone();
    let work = tokio::task::spawn_blocking(move || reckon(&worker, &asked, &row, &running));
    // What is soon done is shown at once; anything longer shows how far it has come.
    let _ = tokio::time::timeout(SOON, work).await;
    Ok(redirect(&format!("/what-if/{id}")))
}

/// How long a page waits for a study.
const SOON: Duration = Duration::from_secs(2);

fn running_now(site: &Site) -> MutexGuard<'_, HashMap<String, Arc<Running>>> {
    site.running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reckons a study and keeps it; what went wrong is left for whoever asks.
fn reckon(site: &Site, asked: &Asked, row: &StudyRow, running: &Running) {
    let progress = |done: usize, all: usize| {
        running.done.store(done, Ordering::Relaxed);
        running.all.store(all, Ordering::Relaxed);
    };
    let kept = |study: &Study| {
        let content = serde_json::to_string(study).map_err(|error| error.to_string())?;
        site.bureau.store.keep_study(row, &content).map_err(|fault| fault.to_string())
    };
    let broken = |why: String| {
        eprintln!("fault: {why}");
        vec!["系统出了故障，已经记录。请稍后再试。".to_owned()]
    };
    let at = row.at.parse().unwrap_or_else(|_| site.now());
    let wrong = match site.bureau.what_if(asked, at, &progress) {
        Ok(Ok(study)) => kept(&study).err().map(broken),
        Ok(Err(wrong)) => Some(wrong),
        Err(failure) => Some(broken(failure.to_string())),
    };
    match wrong {
        Some(wrong) => _ = running.wrong.set(wrong),
        None => _ = running_now(site).remove(&row.id),
    }
}

/// How far a study has come; the page asks again by itself, without a script.
fn waiting(site: &Site, visit: &Visit, id: &str, running: &Running) -> Page {
    entitled(site, visit)?;
    if let Some(wrong) = running.wrong.get() {
        running_now(site).remove(id);
        return form_page(site, visit, &Sent::empty(), wrong);
    }
    let (done, all) = (running.done.load(Ordering::Relaxed), running.all.load(Ordering::Relaxed).max(1));
    let body = html! {
        p.crumbs { a href="/what-if" { "科学测算" } }
        h1 { "正在测算" }
        p role="status" { "已经算了 " (done) " 户，共 " (all) " 户。可以离开这一页，算完的在“做过的测算”里。" }
        progress max=(all) value=(done) aria-label="测算进度" { (done) "/" (all) }
    };
    let page = page(site, visit, "正在测算", body);
    Ok(([("refresh", "1")], page).into_response())
}

fn form_page(site: &Site, visit: &Visit, typed: &Sent, wrong: &[String]) -> Page {
    let own = entitled(site, visit)?;
    let asked = asked(site, own, typed);
    let boards = site.bureau.levers(asked.region, asked.date);
    let studies = site.bureau.store.studies(&site.bureau.scope(visit.staff()?), MOST)?;
    let places = site.bureau.regions.children(own).filter(|region| !region.is_placeholder());
    let body = html! {
        h1 { "科学测算" }
        p.soft { "改一个数或者一个公式，看在册的每一户会怎样、要多少钱。只算不改，哪一户都不受影响。" }
        @if !wrong.is_empty() {
            div.note.stop.errors role="alert" { h2 { "还不能算" } ul { @for why in wrong { li { (why) } } } }
        }
        form.filters method="get" action="/what-if" {
            div { label for="f-region" { "地区" } select id="f-region" name="region" {
                option value=(own) { (site.place(own)) }
                @for region in places {
                    option value=(region.code) selected[region.code == asked.region] { "　" (region.name) }
                }
            } }
            div {
                label for="f-date" { "按哪一天的标准" } input type="date" id="f-date" name="date" value=(asked.date);
            }
            button type="submit" { "换地区、日期" }
        }
        form method="post" action="/what-if" {
            (token(visit))
            input type="hidden" name="region" value=(asked.region);
            input type="hidden" name="date" value=(asked.date);
            @for (number, board) in boards.iter().enumerate() {
                @if !board.rates.is_empty() { (form::rates(board, typed, number == 0)) }
            }
            @for board in boards.iter().filter(|board| !board.formulas.is_empty()) { (form::formulas(board, typed)) }
            (form::groups(&boards, typed))
            div.field {
                label for="f-name" { "给这次测算起个名" }
                input type="text" id="f-name" name="name" maxlength="60" value=(typed.get("name"));
            }
            div.actions { button.main type="submit" { "测算" } }
        }
        h2 id="kept" { "做过的测算" }
        @if studies.is_empty() { p.empty { "还没有做过。算过的都留在这里，随时可以重算核对。" } }
        @else { div.scroll { table.work {
            thead { tr { th { "名称" } th { "地区" } th { "时间" } th { "谁做的" } } }
            tbody { @for row in &studies { tr {
                td { a href=(format!("/what-if/{}", row.id)) { (row.name) } }
                td data-label="地区" { (site.place_of(&row.region)) }
                td data-label="时间" { (day(&row.at)) }
                td data-label="谁做的" { (row.account) }
            } } }
        } } }
    };
    Ok(page(site, visit, "科学测算", body).into_response())
}

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Page {
    let running = running_now(&site).get(&id).cloned();
    match running {
        Some(running) => waiting(&site, &visit, &id, &running),
        None => study_page(&site, &visit, &id, None),
    }
}

/// Reckons a study anew and says whether it came to the same.
pub async fn repeat(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    _sent: Sent,
) -> Page {
    let (_, study) = kept(&site, &visit, &id)?;
    let worker = site.clone();
    let again = tokio::task::spawn_blocking(move || {
        let told = worker.bureau.repeat(&study)?;
        Ok::<_, bureau::Failure>(told.is_ok_and(|told| told == study.told))
    });
    let same = again.await.map_err(|error| Fault::Broken(error.to_string()))??;
    study_page(&site, &visit, &id, Some(same))
}

fn study_page(site: &Site, visit: &Visit, id: &str, again: Option<bool>) -> Page {
    let (row, study) = kept(site, visit, id)?;
    let body = html! {
        p.crumbs.noprint { a href="/what-if" { "科学测算" } }
        h1 { (row.name) }
        p.soft {
            (site.place(study.asked.region)) "，按 " (study.asked.date) " 的标准；" (day(&row.at)) " 由 " (row.account)
            " 做，看了 " (study.cases.len()) " 件：在领的和两年内没有批准的"
        }
        @match again {
            Some(true) => div.note role="status" { p { "按当时的户、标准和公式重算，每一个数都相同。" } },
            Some(false) => div.note.stop role="alert" {
                p { "重算的结果与当时不同：保存的内容或者程序变了，请查明以后再用。" }
            },
            None => {},
        }
        (changes(&study))
        (in_force(site, visit, id, &study))
        @for told in &study.told { (result(site, told)) }
        form.inline.noprint method="post" {
            (token(visit))
            button type="submit" { "重算核对" }
            a href=(format!("/what-if?from={id}")) { "在这个基础上另算" }
            (downloads(&format!("study-{id}"), ""))
        }
    };
    Ok(page(site, visit, &row.name, body).into_response())
}

fn changes(study: &Study) -> Markup {
    html! {
        div.scroll { table.work.changes {
            thead { tr { th { "改了什么" } th.num { "原来" } th.num { "改为" } } }
            tbody {
                @for ((name, value), was) in study.asked.rates.iter().zip(&study.was) { tr {
                    th scope="row" { (name) }
                    td.num data-label="原来" { (was) }
                    td.num data-label="改为" { b { (value) } }
                } }
                @for (name, text) in &study.asked.formulas { tr {
                    th scope="row" { (name) }
                    td {}
                    td data-label="改为" { code.formula { (text) } }
                } }
            }
        } }
    }
}

/// Where what was tried is put in force, by whoever may begin that.
fn in_force(site: &Site, visit: &Visit, id: &str, study: &Study) -> Markup {
    let link = |(name, value): &(String, String)| {
        let by = site.bureau.adjusting(name, value)?;
        let start = starts(&by.guide, visit).into_iter().find(|start| *start.key == *by.start)?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        by.typed.iter().for_each(|(field, value)| _ = query.append_pair(field, value));
        let query = query.append_pair("study", id).finish();
        Some((
            format!("/services/{}/apply/{}?{query}", by.guide.key, start.key),
            format!("{name} 改为 {value}：提出执行"),
        ))
    };
    let links: Vec<_> = study.asked.rates.iter().filter_map(link).collect();
    html! {
        @if !links.is_empty() { p.noprint { @for (href, words) in &links { a.button href=(href) { (words) } " " } } }
        @if !study.asked.formulas.is_empty() { p.soft.small { "公式要改进法规文件，随新的一版指南执行，不在这里改。" } }
    }
}

fn yuan(fen: i64) -> String {
    Fen(fen).to_string()
}

/// With its sign, so that more and less are told apart also in print.
fn signed(fen: i64) -> String {
    if fen > 0 { format!("+{}", yuan(fen)) } else { yuan(fen).replace('-', "−") }
}

fn result(site: &Site, told: &Told) -> Markup {
    let all = &told.answer.all;
    let more = all.after.fen - all.before.fen;
    html! {
        section.study {
            h2 { (told.title) " · " (told.entitlement) }
            ul.counters {
                li { p { "每月 " (yuan(all.before.fen)) " → " b { (yuan(all.after.fen)) } " 元　" (signed(more)) } }
                li { p { "每年 " b { (signed(more * 12)) } " 元" } }
                li { p { "领取 " (all.before.recipients) " → " b { (all.after.recipients) } " 户" } }
                li { p { "新增 " b { (all.begun) } " 户　退出 " b { (all.ended) } " 户" } }
                li { p { "增加 " b { (all.more.recipients) } " 户　减少 " b { (all.less.recipients) } " 户" } }
            }
            @if all.less.recipients > 0 {
                p {
                        span.mark.stop { "有人减少" } " " (all.less.recipients) " 户一共每月少 " (yuan(all.less.fen))
                        " 元。提高标准不能减少任何一户的待遇。"
                    }
            }
            @if let Some(lives) = &told.answer.lives { (living(lives)) }
            (money(told))
            @for (name, groups) in &told.answer.groups { (group(site, &told.entitlement, name, groups)) }
            (doubts(told))
        }
    }
}

fn living(lives: &Lives) -> Markup {
    let last = lives.bands.keys().next_back().copied().unwrap_or(0);
    let first = lives.bands.keys().next().copied().unwrap_or(0);
    let label = |band: i64| Fen(band * BAND.0).plain().trim_end_matches(".00").to_owned();
    let told = |band: i64, Band { cases, before, after }: Band| {
        let to = if band == LAST_BAND { "以上".to_owned() } else { format!("至 {} 元", label(band + 1)) };
        format!("{} 元{to}：{cases} 户，领取 {before} → {after} 户", label(band))
    };
    let of = |band: i64| lives.bands.get(&band).copied().unwrap_or_default();
    let bin =
        |band: i64| Bin { label: label(band), all: of(band).cases, marked: of(band).after, told: told(band, of(band)) };
    let bins: Vec<Bin> = (first..=last).map(bin).collect();
    let people = i64::try_from(lives.people).unwrap_or(i64::MAX).max(1);
    let line = lives.line as f64 / people as f64 / BAND.0 as f64 - first as f64;
    let row = |name: &str, show: &dyn Fn(&Living) -> String| {
        html! { tr {
            th scope="row" { (name) }
            td.num data-label="改前" { (show(&lives.before)) }
            td.num data-label="改后" { b { (show(&lives.after)) } }
        } }
    };
    let cases: u64 = lives.bands.values().map(|band| band.cases).sum();
    let label = format!("{cases} 户按人均月收入每 50 元一档的分布，深色是改后领取的");
    let mark = (line.min(bins.len() as f64), "改后的线");
    let cliffs = format!("多挣 {} 元反而少得的户", Fen(STEP.0).plain().trim_end_matches(".00"));
    html! {
        div.two {
            div {
                h3 { "家庭人均月收入（领取以前）" }
                (chart::histogram(&bins, &label, Some(mark)))
                p.soft.small { "每 50 元一档；深色是改后领取的户。" }
            }
            div.scroll { table.work {
                caption { "生活水平（都按改后的线量，" (lives.people) " 人）" }
                thead { tr { th { "量什么" } th.num { "改前" } th.num { "改后" } } }
                tbody {
                    (row("领取以后仍低于线的人", &|living| living.poor.to_string()))
                    (row("到线还差（元/月）", &|living| yuan(living.gap)))
                    (row("到线还差，占线的", &|living| percent(living.gap, lives.line)))
                    (row("基尼系数", &Living::gini_text))
                    (row(&cliffs, &|living| living.cliffs.to_string()))
                    (row("其中最多少得（元/月）", &|living| yuan(living.fall)))
                }
            } }
        }
    }
}

fn percent(part: i64, whole: i64) -> String {
    let hundredths = if whole > 0 { i128::from(part) * 10_000 / i128::from(whole) } else { 0 };
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Who pays the difference.
fn money(told: &Told) -> Markup {
    html! {
        @match &told.sources {
            Ok(parts) if parts.is_empty() => {},
            Ok(parts) => {
                @let most = parts.iter().map(|(_, fen)| fen.abs()).max().unwrap_or(1);
                div.scroll { table.work.counts {
                    caption { "相差的钱由谁出" }
                    thead { tr { th { "来源" } th.num { "每月（元）" } th.num { "每年（元）" } th { "占" } } }
                    tbody { @for (source, fen) in parts { tr {
                        th scope="row" { (source) }
                        td.num data-label="每月" { (signed(*fen)) }
                        td.num data-label="每年" { (signed(fen * 12)) }
                        td { meter min="0" max=(most) value=(fen.abs()) { (yuan(*fen)) } }
                    } } }
                } }
            },
            Err(why) => p.soft { "资金分担：" (why) },
        }
    }
}

type Groups = std::collections::BTreeMap<String, Effect>;

fn named(site: &Site, value: &str) -> String {
    RegionCode::parse(value).map_or_else(|_| value.to_owned(), |code| site.place(code))
}

fn group(site: &Site, of: &str, name: &str, groups: &Groups) -> Markup {
    let most = groups.values().map(|effect| effect.before.fen.max(effect.after.fen)).max().unwrap_or(1);
    let pair = |effect: &Effect| {
        let (before, after) = (effect.before.fen, effect.after.fen);
        chart::pair(before, after, most, &format!("{} → {} 元", yuan(before), yuan(after)))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("{of}按{name}")) { table.work {
            caption { "按" (name) }
            thead { tr {
                th { (name) } th.num { "户数" } th.num { "领取（户）" } th.num { "增加" } th.num { "减少" }
                th.num { "改前每月（元）" } th.num { "改后每月（元）" } th.num { "相差（元）" } th { "前、后" }
            } }
            tbody { @for (value, effect) in groups { tr {
                th scope="row" { (named(site, value)) }
                td.num data-label="户数" { (effect.cases) }
                td.num data-label="领取" { (effect.before.recipients) " → " (effect.after.recipients) }
                td.num data-label="增加" { (effect.more.recipients) }
                td.num data-label="减少" { (effect.less.recipients) }
                td.num data-label="改前每月" { (yuan(effect.before.fen)) }
                td.num data-label="改后每月" { (yuan(effect.after.fen)) }
                td.num data-label="相差" { (signed(effect.after.fen - effect.before.fen)) }
                td { (pair(effect)) }
            } } }
        } }
    }
}

/// What could not be told.
fn doubts(told: &Told) -> Markup {
    html! {
        @if told.answer.all.undecided > 0 {
            p { span.mark.soon { "算不出来" } " " (told.answer.all.undecided) " 户没有算进上面的数："
                @for (number, (reason, count)) in told.answer.lacking.iter().enumerate() {
                    @if number > 0 { "；" } (reason) " " (count) " 户"
                } "。" }
        }
    }
}

/// The tables of a study as one, for spreadsheets.
pub fn listing(site: &Site, visit: &Visit, id: &str) -> Result<Listing, Fault> {
    let (row, study) = kept(site, visit, id)?;
    let names = [
        "待遇",
        "分组",
        "值",
        "户数",
        "算不出来",
        "改前领取",
        "改后领取",
        "新增",
        "退出",
        "增加户",
        "减少户",
        "改前每月",
        "改后每月",
        "每月相差",
        "每年相差",
    ];
    let text = |n: u64| Cell::from(n.to_string());
    let effect = |told: &Told, group: &str, value: &str, effect: &Effect| {
        let more = effect.after.fen - effect.before.fen;
        let counts = [
            effect.cases,
            effect.undecided,
            effect.before.recipients,
            effect.after.recipients,
            effect.begun,
            effect.ended,
            effect.more.recipients,
            effect.less.recipients,
        ];
        let sums = [effect.before.fen, effect.after.fen, more, more * 12];
        let heads = [told.entitlement.as_str().into(), group.into(), value.into()];
        heads.into_iter().chain(counts.map(text)).chain(sums.map(|fen| Cell::Money(Fen(fen)))).collect::<Vec<Cell>>()
    };
    let said = |group: &str, value: String, before: Cell, after: Cell| {
        let blank = || Cell::from("");
        let mut cells = vec![blank(), group.into(), value.into()];
        cells.extend((0..8).map(|_| blank()));
        cells.extend([before, after, blank(), blank()]);
        cells
    };
    let mut rows = Vec::new();
    for ((name, value), was) in study.asked.rates.iter().zip(&study.was) {
        rows.push(said("改参数", name.clone(), was.as_str().into(), value.as_str().into()));
    }
    for (name, value) in &study.asked.formulas {
        rows.push(said("改公式", name.clone(), "".into(), value.as_str().into()));
    }
    for told in &study.told {
        rows.push(effect(told, "全部", "", &told.answer.all));
        for (name, groups) in &told.answer.groups {
            rows.extend(groups.iter().map(|(value, of)| effect(told, name, &named(site, value), of)));
        }
        for (source, fen) in told.sources.iter().flatten() {
            rows.push(said("相差的钱由谁出", source.clone(), "".into(), Cell::Money(Fen(*fen))));
        }
        if let Some(Lives { before, after, bands, .. }) = &told.answer.lives {
            let mut row = |name: &str, show: &dyn Fn(&Living) -> Cell| {
                rows.push(said("生活水平", name.into(), show(before), show(after)))
            };
            row("领取以后仍低于线的人", &|living| text(living.poor));
            row("到线每月还差", &|living| Cell::Money(Fen(living.gap)));
            row("基尼系数", &|living| living.gini_text().into());
            row("多挣反而少得的户", &|living| text(living.cliffs));
            for (band, of) in bands {
                rows.push(said("人均月收入从（元）", Fen(band * BAND.0).plain(), text(of.before), text(of.after)));
            }
        }
    }
    Ok(Listing {
        title: row.name.chars().take(28).filter(|c| !"[]:*?/\\".contains(*c)).collect(),
        heads: heads(&names),
        rows,
    })
}
