//! 发放: batches of payments, how far each has come, what stands out, what a bank sent back, and whether the books agree.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use base::{Fen, mask_account, mask_name};
use bureau::bank::{Taken, reason};
use bureau::files::{BankFile, ISO, TakenIn};
use bureau::payroll::{Waits, stage};
use bureau::{Failure, Notable, Run, Standing};
use casework::Capacity;
use casework::payment::Line;
use casework::people::may_perform;
use guide::Guide;
use ledger::{Book, Period, Source};
use maud::{Markup, html};

use super::Page;
use super::books;
use super::line::entitlement;
use super::lists::{Cell, Listing, heads};
use crate::layout::{day, downloads, page, standing, token};
use crate::sent::{Sent, uploaded};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Rows of each kind that a page shows; the whole is in the files.
const MOST_SHOWN: u32 = 200;

/// The services that pay, as far as the visit has a part in them.
pub fn payers<'s>(site: &'s Site, visit: &Visit) -> Result<Vec<&'s Arc<Guide>>, Fault> {
    if visit.administers() {
        return Err(Fault::Forbidden);
    }
    let scope = site.bureau.scope(visit.staff()?);
    let shown = |guide: &&Arc<Guide>| !scope.hidden().iter().any(|hidden| **hidden == *guide.key);
    Ok(site.bureau.library.guides.iter().filter(|guide| guide.pays()).filter(shown).collect())
}

/// A batch that the visit may see, with its service.
pub fn run(site: &Site, visit: &Visit, case: &str) -> Result<(Run, casework::State, Arc<Guide>), Fault> {
    let payers = payers(site, visit)?;
    let run = site.bureau.store.runs()?.into_iter().find(|run| run.case == case).ok_or(Fault::NotFound)?;
    let scope = site.bureau.scope(visit.staff()?);
    let (state, guide) = site.bureau.case(case, &scope)?.ok_or(Fault::NotFound)?;
    if payers.iter().all(|payer| payer.key != guide.key) {
        return Err(Fault::NotFound);
    }
    Ok((run, state, guide))
}

/// Whether the visit does something in the service, and does not only read it.
fn takes_part(visit: &Visit, guide: &Guide) -> bool {
    match visit.staff().map(|actor| &actor.capacity) {
        Ok(Capacity::Staff { level, posts, .. }) => guide.steps.iter().any(|step| may_perform(step, *level, posts)),
        _ => false,
    }
}

type Tally = Vec<(Standing, i64, i64)>;

/// Count and 分 of what stands somewhere.
fn of(tally: &Tally, wanted: &[Standing]) -> (i64, Fen) {
    let own = tally.iter().filter(|(standing, ..)| wanted.contains(standing));
    let (count, sum) = own.fold((0, 0), |(count, sum), (_, n, fen)| (count + n, sum + fen));
    (count, Fen(sum))
}

pub async fn list(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    let payers = payers(&site, &visit)?;
    site.bureau.pass_time(site.now())?;
    let scope = site.bureau.scope(visit.staff()?);
    let mut rows = Vec::new();
    let runs = if payers.is_empty() { Vec::new() } else { site.bureau.store.runs()? };
    for run in runs.into_iter().rev() {
        let Some((state, guide)) = site.bureau.case(&run.case, &scope)? else { continue };
        let tally = site.bureau.store.tally(&run.case)?;
        rows.push((
            run,
            stage(&state, &guide).to_owned(),
            state.closed.map(|(result, _)| result).unwrap_or_default(),
            tally,
        ));
    }
    let most = rows.iter().map(|(.., tally)| of(tally, ALL).1.0).max().unwrap_or(1).max(1);
    let book = site.bureau.store.book()?;
    let body = html! {
        h1 { "发放" }
        p {
            a href="/payments/statistics" { "统计" } span.soft { "　按月份、项目、地区，按时足额率　　" } a href="/debts" { "追缴" }
            span.soft { "　多发的、正在追的、还了多少" }
        }
        @if rows.is_empty() { p.empty { "还没有发放批次。到了编制名册的日子由系统开始。" } }
        @else { div.scroll { table.work {
            thead {
                tr {
                    th { "月份" } th { "现在" } th.num { "名册" } th.num { "金额（元）" } th.num { "已付" } th.num { "在途" }
                    th.num { "待付" } th.num { "暂缓" } th { "付出" }
                }
            }
            tbody { @for (run, stage, result, tally) in &rows { tr {
                td { a href=(format!("/payments/{}", run.case)) { (run.month.to_string()) } }
                td data-label="现在" { @if result.is_empty() { (stage) } @else { (standing(result)) } }
                td.num data-label="名册" { (of(tally, ALL).0) }
                td.num data-label="金额" { (of(tally, ALL).1) }
                td.num data-label="已付" { (of(tally, &[Standing::Paid]).0) }
                td.num data-label="在途" { (of(tally, &[Standing::Sent]).0) }
                td.num data-label="待付" { (of(tally, &[Standing::Payable]).0) }
                td.num data-label="暂缓" { (of(tally, &[Standing::Held, Standing::Released]).0) }
                td data-label="付出" {
                            @let paid = of(tally, &[Standing::Paid]).1;
                            meter min="0" max=(most) value=(paid.0) title=(paid.to_string()) { (paid) }
                        }
            } } }
        } } }
        h2 { "资金" }
        (funds(&book))
    };
    Ok(page(&site, &visit, "发放", body).into_response())
}

const ALL: &[Standing] = &[
    Standing::Listed,
    Standing::Held,
    Standing::Payable,
    Standing::Sent,
    Standing::Paid,
    Standing::Failed,
    Standing::Returned,
    Standing::Released,
];

/// By programme, year and source how far the money has come; and whether the books agree.
fn funds(book: &Book) -> Markup {
    let mut places: BTreeMap<(i16, &str), Vec<Source>> = BTreeMap::new();
    for (_, account, _) in book.accounts() {
        if let (Some(source), Period::Year(year)) = (account.source, account.period) {
            let sources = places.entry((year, &account.programme)).or_default();
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    places.values_mut().for_each(|sources| sources.sort());
    let difference: i128 = book.trial_balance().values().map(|sum| sum.abs()).sum();
    html! {
        @if places.is_empty() { p.empty { "还没有登记拨款。" } }
        @else {
            div.scroll { table.work {
                thead {
                    tr {
                        th { "项目" } th { "来源" } th.num { "拨入" } th.num { "已批" } th.num { "在途" } th.num { "已付" }
                        th.num { "已对账" } th.num { "可用" } th { "用去" }
                    }
                }
                tbody { @for ((year, programme), sources) in places.iter().rev() {
                    @for (place, source) in sources.iter().enumerate() {
                        @let standing = book.standing(*source, programme, *year);
                        tr {
                            td { @if place == 0 { (year) "年" (programme) } }
                            td data-label="来源" {
                                a href=(books::address(programme, *year, Some(*source))) { (source.name()) }
                            }
                            td.num data-label="拨入" { (Fen(standing.appropriated)) }
                            td.num data-label="已批" { (Fen(standing.committed)) }
                            td.num data-label="在途" { (Fen(standing.in_flight)) }
                            td.num data-label="已付" { (Fen(standing.paid)) }
                            td.num data-label="已对账" { (Fen(standing.reconciled)) }
                            td.num data-label="可用" { b { (Fen(standing.appropriated - standing.committed)) } }
                            td data-label="用去" {
                                meter min="0" max=(standing.appropriated.max(1)) value=(standing.committed) {
                                    (Fen(standing.committed))
                                }
                            }
                        }
                } } }
            } }
            p.soft {
                "试算平衡：各账户余额合计 " span.num { (Fen(i64::try_from(difference).unwrap_or(i64::MAX))) } " 元"
                @if difference == 0 { "，相符。" } @else { "，账被改动过，请立即核对。" } "　" a href="/books" { "账簿" }
            }
        }
    }
}

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, Path(case): Path<String>) -> Page {
    run_page(&site, &visit, &case, html! {})
}

fn run_page(site: &Site, visit: &Visit, case: &str, said: Markup) -> Page {
    let (run, state, guide) = run(site, visit, case)?;
    let store = &site.bureau.store;
    let before = site.bureau.run_before(case)?.map(|before| before.case).unwrap_or_default();
    let (tally, counts) = (store.tally(case)?, store.counts(case, &before)?);
    let waits = site.bureau.waits(case, site.now())?;
    let marked = store.notable(case, Notable::Marked, MOST_SHOWN)?;
    let compared = [
        ("新增", counts.entered, store.notable(case, Notable::Entered, MOST_SHOWN)?),
        ("退出", counts.left, store.left(case, &before, MOST_SHOWN)?),
        ("金额变动", counts.changed, store.notable(case, Notable::Changed, MOST_SHOWN)?),
    ];
    let unsettled = store.unsettled(case, MOST_SHOWN)?;
    let is_late = site.bureau.due(&state)?.is_some_and(|due| site.now().date() > due);
    let body = html! {
        h1 { (run.month.to_string()) "发放" }
        (said)
        p {
            a href=(format!("/case/{case}")) {
                @if state.closed.is_some() { "办理经过" } @else { "办理：" (stage(&state, &guide)) }
            }
            span.soft { "　名册按 " (day(&run.frozen.to_string())) " 有效的决定编制" } "　"
            (downloads(&format!("payments-{case}"), ""))
        }
        ul.counters {
            li { p { b { (counts.lines) } " 笔" } }
            li { p { b { (Fen(counts.total)) } " 元" } }
            @for wanted in [Standing::Paid, Standing::Sent, Standing::Payable, Standing::Held, Standing::Released] {
                @let (count, sum) = of(&tally, &[wanted]);
                @if count > 0 { li { p { (wanted.name()) " " b { (count) } " 笔　" span.num { (sum) } " 元" } } }
            }
        }
        (progress(&tally))
        (reconciled(store.reconciled(case)?))
        @if let Some(waits) = &waits { (waiting(waits)) }
        @if takes_part(visit, &guide) && state.closed.is_none() { (actions(site, visit, case, &tally)?) }
        @if !unsettled.is_empty() {
            h2 { "银行没有答复的、退回过的" }
            div.scroll { table.work {
                thead {
                    tr { th { "收款人" } th { "账号" } th.num { "金额（元）" } th { "现在" } th { "原因" } th { "自" } th { "指令" } }
                }
                tbody { @for sent in &unsettled { tr {
                    td { (mask_name(&sent.instruction.payee)) }
                    td.mono data-label="账号" { (mask_account(&sent.instruction.account)) }
                    td.num data-label="金额" { (sent.instruction.amount) }
                    td data-label="现在" {
                        (sent.standing.name()) @if is_late && sent.standing == Standing::Sent { " " b { "超时" } }
                    }
                    td data-label="原因" { (reason(&sent.code)) }
                    td data-label="自" { (day(&sent.at)) }
                    td.mono data-label="指令" { (sent.instruction.id) }
                } } }
            } }
        }
        (super::sample::drawn(site, &run, &state, &guide)?)
        h2 { "异常" span.soft { "　" (counts.marked.max(counts.held)) " 笔" } }
        @if marked.is_empty() { p.empty { "没有查出异常。" } } @else { (lines(site, case, &marked)) }
        h2 { "与上一批比" }
        @for (name, count, rows) in &compared {
            details open[*count > 0 && *count <= 20] {
                summary { (name) " " (count) " 笔" }
                @if rows.is_empty() { p.empty { "没有。" } } @else {
                    (lines(site, if *name == "退出" { &before } else { case }, rows))
                }
            }
        }
    };
    Ok(page(site, visit, &format!("{}发放", run.month), body).into_response())
}

/// How much has arrived of what the batch pays.
fn progress(tally: &Tally) -> Markup {
    let held = of(tally, &[Standing::Held, Standing::Released]).1.0;
    let (all, paid) = (of(tally, ALL).1.0 - held, of(tally, &[Standing::Paid]).1.0);
    html! {
        @if all > 0 {
            p {
                progress max=(all) value=(paid) { (paid * 100 / all) "%" } span.soft { "　已到账 " (paid * 100 / all) "%" }
            }
        }
    }
}

/// The bank's statements beside what was paid: what the month is closed by.
fn reconciled([paid, left, back]: [Fen; 3]) -> Markup {
    let difference = Fen(paid.0 - left.0 + back.0);
    html! { @if paid.0 + left.0 > 0 {
        p { "对账：已付 " span.num { (paid) } " 元；银行对账单付出 " span.num { (left) } " 元，退回 " span.num { (back) } " 元；差额 "
            b.num { (difference) } " 元" @if difference.0 == 0 { "，相符。" } @else { "，还没有对上。" } }
    } }
}

fn waiting(waits: &Waits) -> Markup {
    html! {
        div.note.stop[matches!(waits, Waits::Funds(_))] role="status" { @match waits {
            Waits::Funds(short) => {
                h2 { "可用指标不够，没有付出" }
                ul { @for text in short { li { (text) } } }
                p { "登记拨款并复核入账以后自动继续。" }
            }
            Waits::Bank { unsettled, unexplained } => {
                h2 { "等银行" }
                p {
                    @if *unsettled > 0 { (unsettled) " 笔还没有付成。" } @if *unexplained > 0 { (unexplained) " 笔指令对账单还没有出现。" }
                }
            }
        } }
    }
}

fn actions(site: &Site, visit: &Visit, case: &str, tally: &Tally) -> Result<Markup, Fault> {
    let formats = &site.bureau.banks()?.formats;
    let (sent, back) = (of(tally, &[Standing::Sent]).0, of(tally, &[Standing::Payable]).0);
    let paid = of(tally, &[Standing::Paid]).0;
    let files = site.bureau.files_of(case)?;
    let link = |format: &str, part: u32| format!("/payments/{case}/file/{format}?part={part}");
    Ok(html! {
        @if sent > 0 {
            h2 { "给银行的文件" }
            @for part in 1..=files {
                @if files > 1 { p.small { "第 " (part) " 个文件，共 " (files) " 个" } }
                div.actions { @for format in formats { a.button.quiet href=(link(&format.key, part)) { (format.name) } }
                    a.button.quiet href=(link(ISO, part)) { "ISO 20022" } }
            }
            p.soft.small { "只有在途的指令；再下载一次是同样的编号，银行不会重复付。" }
        }
        @if sent + back + paid > 0 {
            h2 { "银行来的文件" }
            form.inline method="post" action=(format!("/payments/{case}/file")) enctype="multipart/form-data" {
                (token(visit))
                label for="f-format" { "格式" }
                select id="f-format" name="format" {
                    @for format in formats { option value=(format.key) { (format.name) } }
                    option value=(ISO) { "ISO 20022（回单、退汇、对账单）" }
                }
                label for="f-file" { "文件" }
                input type="file" id="f-file" name="file" required;
                button type="submit" { "导入" }
            }
        }
        @if back > 0 {
            form method="post" {
                (token(visit)) input type="hidden" name="again" value="1"; button type="submit" { "补发退回的 " (back) " 笔" }
            }
            p.soft.small { "账户没有更正的不会再发。" }
        }
    })
}

fn lines(site: &Site, case: &str, rows: &[(Line, Standing)]) -> Markup {
    html! { div.scroll { table.work {
        thead {
            tr { th { "享受人" } th { "地方" } th { "待遇" } th.num { "金额（元）" } th.num { "上一批" } th { "现在" } th { "说明" } }
        }
        tbody { @for (line, standing) in rows { tr {
            td { a href=(format!("/payments/{case}/line/{}", line.seq)) { (mask_name(&line.holder)) } }
            td data-label="地方" { (site.place(line.region)) }
            td data-label="待遇" { (entitlement(site, line)) }
            td.num data-label="金额" { (line.total) }
            td.num data-label="上一批" { @if let Some(before) = line.before { (before) } @else { "—" } }
            td data-label="现在" { (standing.name()) }
            td data-label="说明" { (notes(line)) @if *standing == Standing::Released { "银行退回，账户没有更正" } }
        } } }
    } } }
}

/// The whole batch as a list, each line as the page shows it.
pub fn listing(site: &Site, visit: &Visit, case: &str) -> Result<Listing, Fault> {
    let (run, ..) = run(site, visit, case)?;
    let names = ["享受人", "地方", "待遇", "项目", "收款人", "账号", "金额", "上一批", "现在", "说明"];
    let rows = site.bureau.store.notable(case, Notable::All, u32::MAX)?;
    let cells = |(line, standing): &(Line, Standing)| {
        let texts = [mask_name(&line.holder), site.place(line.region), entitlement(site, line), line.programme.clone()];
        let payee = [mask_name(&line.payee), mask_account(&line.account)];
        let before = line.before.map_or(Cell::from("—"), Cell::Money);
        let cells = texts.into_iter().chain(payee).map(Cell::from).chain([Cell::Money(line.total), before]);
        cells.chain([Cell::from(standing.name()), Cell::from(notes(line))]).collect()
    };
    let title = format!("{}发放", run.month);
    Ok(Listing { title, heads: heads(&names), rows: rows.iter().map(cells).collect() })
}

fn notes(line: &Line) -> String {
    let mut notes = line.marks.clone();
    if !line.held.is_empty() && !notes.contains(&line.held) {
        notes.push(line.held.clone());
    }
    let arrears = line.parts.iter().filter(|part| part.month < line.month).count();
    if arrears > 0 {
        notes.push(format!("含补发 {arrears} 项"));
    }
    notes.join("、")
}

/// The file of a batch for a bank.
pub async fn file(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, format)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let part = query.get("part").and_then(|part| part.parse().ok()).unwrap_or(1);
    let (run, _, guide) = run(&site, &visit, &case)?;
    if !takes_part(&visit, &guide) {
        return Err(Fault::Forbidden);
    }
    match site.bureau.file_for_bank(&case, &format, part, site.now()) {
        Ok(BankFile { ending, bytes }) => {
            let month = String::from(run.month);
            let name = format!("attachment; filename=\"{month}-{format}-{part}.{ending}\"");
            let kind = "application/octet-stream".to_owned();
            Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
        }
        Err(failure) => run_page(&site, &visit, &case, refused(failure)?),
    }
}

/// What was refused, on the page; a fault is none of the user's.
fn refused(failure: Failure) -> Result<Markup, Fault> {
    match failure {
        Failure::Refused(refusals) => Ok(html! { div.note.stop role="alert" {
            h2 { "没有办成" }
            @for refusal in &refusals { p { (refusal.text) } p.soft { (refusal.way_out) } }
        } }),
        failure => Err(failure.into()),
    }
}

/// A file that came from a bank.
pub async fn take(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(case): Path<String>,
    parts: Multipart,
) -> Page {
    let (_, _, guide) = run(&site, &visit, &case)?;
    if !takes_part(&visit, &guide) {
        return Err(Fault::Forbidden);
    }
    let (words, bytes) = uploaded(&visit, parts).await?;
    let format = words.get("format").cloned().unwrap_or_default();
    let (worker, now) = (site.clone(), site.now());
    let taken = tokio::task::spawn_blocking(move || {
        let taken = worker.bureau.take_file(&format, &bytes, now)?;
        worker.bureau.work(now, &mut |_| ())?;
        Ok::<_, Failure>(taken)
    });
    let said = match taken.await.map_err(|error| Fault::Broken(error.to_string()))? {
        Ok(taken) => told(&taken),
        Err(failure) => refused(failure)?,
    };
    run_page(&site, &visit, &case, said)
}

fn told(taken: &TakenIn) -> Markup {
    let list = |title: &str, texts: &[String]| {
        html! {
            @if !texts.is_empty() { p { (title) "：" } ul { @for text in texts.iter().take(20) { li { (text) } } } }
        }
    };
    html! { div.note role="status" { @match taken {
        TakenIn::Answers(Taken { taken, repeated, undecided, unknown, contradicted }) => {
            h2 { "导入了 " (taken) " 条结果" }
            @if *repeated > 0 { p { (repeated) " 条以前说过，没有再记。" } }
            @if *undecided > 0 { p { (undecided) " 条银行还没有定，仍算在途。" } }
            (list("没有发过的指令", unknown))
            (list("与以前说的不同，没有记，请向银行核实", contradicted))
        }
        TakenIn::Statement(statement) => {
            h2 { "对账单说明了 " (statement.explained) " 笔" }
            @if statement.repeated > 0 { p { (statement.repeated) " 笔以前对过。" } }
            (list("对不上的", &statement.differences))
        }
    } } }
}

/// Sends again what came back.
pub async fn again(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(case): Path<String>,
    _sent: Sent,
) -> Page {
    let (_, _, guide) = run(&site, &visit, &case)?;
    if !takes_part(&visit, &guide) {
        return Err(Fault::Forbidden);
    }
    let (made, waiting) = site.bureau.reissue(&case, site.now())?;
    let said = html! { div.note role="status" {
        h2 { "重新发出 " (made) " 笔" }
        @if waiting > 0 { p { (waiting) " 笔的账户还没有更正：在台账“银行账户”里登记新的账户以后再补发。" } }
    } };
    run_page(&site, &visit, &case, said)
}
