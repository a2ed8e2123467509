//! 追缴: what was paid too much, what is owed back for it, and how it was reckoned month by month.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base::{Fen, mask_name};
use bureau::reckoning::{DebtState, Reckoned};
use bureau::{RegisterVersion, Standing};
use casework::Datum;
use casework::event::RegisterRow;
use casework::payment::{CLAIM, OVERPAID};
use ledger::Heading;
use maud::{Markup, html};

use super::Page;
use super::line::entitlement;
use super::lists::{Cell, Listing, heads};
use super::registers::{row_address, visible, within};
use crate::layout::{downloads, page, standing};
use crate::site::{Fault, Site};
use crate::visit::Visit;

fn text<'r>(row: &'r RegisterRow, column: &str) -> &'r str {
    row.columns.get(column).and_then(Datum::text).unwrap_or_default()
}

fn number(row: &RegisterRow) -> &str {
    match row.columns.get("person") {
        Some(Datum::Person(person)) => person.number.as_deref().unwrap_or_default(),
        _ => "",
    }
}

/// Where the months of what was paid too much are shown, by the key of its row.
pub fn statement_address(key: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("row", key).finish();
    format!("/debts/statement?{query}")
}

/// Rows of a register as they stand today, of the visitor's region.
fn rows(site: &Site, visit: &Visit, register: &str) -> Result<Vec<RegisterVersion>, Fault> {
    if visible(site, visit)?.iter().all(|known| *known.key != *register) {
        return Err(Fault::NotFound);
    }
    Ok(site.bureau.store.register(register, site.now().date(), within(visit, site)?)?)
}

/// What was found too much with the case about it.
struct Finding {
    row: RegisterRow,
    case: String,
    /// Empty while it goes on.
    result: String,
}

fn findings(site: &Site, visit: &Visit) -> Result<Vec<Finding>, Fault> {
    let scope = site.bureau.scope(visit.staff()?);
    let mut found = Vec::new();
    for version in rows(site, visit, OVERPAID)? {
        for case in site.bureau.store.find(&scope, &version.row.key, 1)? {
            let state = site.bureau.store.state(&case.case)?.unwrap_or_default();
            let result = state.closed.map(|(result, _)| result).unwrap_or_default();
            found.push(Finding { row: version.row.clone(), case: case.case, result });
        }
    }
    Ok(found)
}

/// Claims with what has become of them in the ledger.
fn claims(site: &Site, visit: &Visit) -> Result<Vec<(RegisterRow, DebtState)>, Fault> {
    let debts = site.bureau.debts("")?;
    let of = |row: &RegisterRow| debts.iter().find(|debt| debt.owed.debt.key() == row.key).cloned();
    let rows = rows(site, visit, CLAIM)?.into_iter();
    Ok(rows.filter_map(|version| Some((version.row.clone(), of(&version.row)?))).collect())
}

/// What has become of a claim.
pub fn stands(site: &Site, row: &RegisterRow) -> Result<Markup, Fault> {
    let debt = site.bureau.debts(number(row))?.into_iter().find(|debt| debt.owed.debt.key() == row.key);
    let Some(debt) = debt else { return Ok(html! {}) };
    let parts = [
        ("决定追缴", debt.claimed),
        ("缴回", debt.repaid),
        ("抵扣", debt.offset),
        ("核销", debt.written_off),
        ("尚欠", debt.owed.owing),
    ];
    Ok(html! {
        dl.pairs { @for (name, sum) in parts { dt { (name) } dd { b.num { (sum) } " 元" } } }
        @if debt.owed.reserved.0 > 0 { p.soft { "其中 " span.num { (debt.owed.reserved) } " 元已列入还没有批准的名册抵扣。" } }
    })
}

/// The debts as a list.
pub fn listing(site: &Site, visit: &Visit) -> Result<Listing, Fault> {
    let names = ["享受人", "地方", "项目", "年度", "怎么还", "决定追缴", "缴回", "抵扣", "核销", "尚欠", "状态"];
    let claims = claims(site, visit)?;
    let cells = |(row, debt): &(RegisterRow, DebtState)| {
        let texts = [mask_name(text(row, "name")), site.place(row.region)].into_iter().map(Cell::from);
        let texts = texts.chain(["programme", "year", "method"].map(|column| Cell::from(text(row, column))));
        let sums = [debt.claimed, debt.repaid, debt.offset, debt.written_off, debt.owed.owing].map(Cell::Money);
        texts.chain(sums).chain([Cell::from(text(row, "status"))]).collect()
    };
    Ok(Listing { title: "追缴".into(), heads: heads(&names), rows: claims.iter().map(cells).collect() })
}

pub async fn list(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    site.bureau.pass_time(site.now())?;
    let findings = findings(&site, &visit)?;
    let claims = claims(&site, &visit)?;
    let shown: Vec<(&RegisterRow, &DebtState)> = claims.iter().map(|(row, debt)| (row, debt)).collect();
    let sum = |part: fn(&DebtState) -> i64| Fen(shown.iter().map(|(_, debt)| part(debt)).sum());
    let open: Vec<&Finding> = findings.iter().filter(|finding| finding.result.is_empty()).collect();
    let found = Fen(open.iter().filter_map(|finding| Fen::parse(text(&finding.row, "amount"))).map(|fen| fen.0).sum());
    let book = site.bureau.store.book()?;
    let stands = |heading: Heading| -> i64 {
        book.accounts().filter(|(_, account, _)| account.heading == heading).map(|(.., balance)| balance.posted).sum()
    };
    let (handed, kept) = (Fen(-stands(Heading::HandedOver)), Fen(-stands(Heading::Repaid)));
    let body = html! {
        p.crumbs { a href="/payments" { "发放" } " › 追缴" }
        h1 { "追缴" }
        ul.counters {
            li { p { "还没有决定 " b { (open.len()) } " 件　" span.num { (found) } " 元" } }
            li { p { "决定追缴 " b.num { (sum(|debt| debt.claimed.0)) } " 元" } }
            li { p { "缴回 " b.num { (sum(|debt| debt.repaid.0)) } " 元" } }
            li { p { "抵扣 " b.num { (sum(|debt| debt.offset.0)) } " 元" } }
            li { p { "核销 " b.num { (sum(|debt| debt.written_off.0)) } " 元" } }
            li { p { "尚欠 " b.num { (sum(|debt| debt.owed.owing.0)) } " 元" } }
        }
        @if handed.0 + kept.0 > 0 {
            p { "缴回的钱：已经上缴财政 " b.num { (handed) } " 元，还没有上缴 " b.num { (kept) } " 元。" }
        }
        h2 { "还没有决定的" }
        @if open.is_empty() { p.empty { "没有。名册编制时发现多发的，自动立在这里。" } } @else { (found_table(&site, &open)) }
        h2 { "正在追的" }
        @if !shown.is_empty() { p { (downloads("debts", "")) } }
        @if shown.is_empty() { p.empty { "没有。" } } @else { (claim_table(&shown)) }
        @let done: Vec<&Finding> = findings.iter().filter(|finding| !finding.result.is_empty()).collect();
        @if !done.is_empty() { details { summary { "决定过的 " (done.len()) " 件" } (found_table(&site, &done)) } }
    };
    Ok(page(&site, &visit, "追缴", body).into_response())
}

fn found_table(site: &Site, findings: &[&Finding]) -> Markup {
    html! { div.scroll { table.work {
        thead { tr { th { "享受人" } th { "地方" } th { "待遇" } th { "月份" } th.num { "多发（元）" } th { "现在" } th { "怎么算的" } } }
        tbody { @for finding in findings {
            @let row = &finding.row;
            tr {
                td { a href=(format!("/case/{}", finding.case)) { (mask_name(text(row, "name"))) } }
                td data-label="地方" { (site.place(row.region)) }
                td data-label="待遇" { (text(row, "what")) }
                td data-label="月份" { (span(row)) }
                td.num data-label="多发" { b { (Fen::parse(text(row, "amount")).unwrap_or_default()) } }
                td data-label="现在" { @if finding.result.is_empty() { "办理中" } @else { (standing(&finding.result)) } }
                td data-label="怎么算的" { a href=(statement_address(&row.key)) { "逐月对账" } }
            }
        } }
    } } }
}

fn span(row: &RegisterRow) -> String {
    let (first, last) = (text(row, "first"), text(row, "last"));
    match (first, last) {
        ("", _) => "已经改正".to_owned(),
        _ if first == last => first.to_owned(),
        _ => format!("{first} 至 {last}"),
    }
}

fn claim_table(shown: &[(&RegisterRow, &DebtState)]) -> Markup {
    html! { div.scroll { table.work {
        thead {
            tr {
                th { "享受人" } th { "项目" } th { "怎么还" } th.num { "决定追缴" } th.num { "缴回" } th.num { "抵扣" } th.num { "核销" }
                th.num { "尚欠（元）" } th { "还了" } th { "状态" }
            }
        }
        tbody { @for (row, debt) in shown {
            @let cleared = debt.claimed.0 - debt.owed.owing.0;
            tr {
                td { a href=(row_address(CLAIM, &row.key)) { (mask_name(text(row, "name"))) } }
                td data-label="项目" { (text(row, "year")) "年" (text(row, "programme")) }
                td data-label="怎么还" {
                    (text(row, "method")) @if !text(row, "monthly").is_empty() { "，每月 " (text(row, "monthly")) " 元" }
                }
                td.num data-label="决定追缴" { (debt.claimed) }
                td.num data-label="缴回" { (debt.repaid) }
                td.num data-label="抵扣" { (debt.offset) }
                td.num data-label="核销" { (debt.written_off) }
                td.num data-label="尚欠" { b { (debt.owed.owing) } }
                td data-label="还了" {
                    meter min="0" max=(debt.claimed.0.max(1)) value=(cleared) title=(Fen(cleared).to_string()) {
                        (Fen(cleared))
                    }
                }
                td data-label="状态" { @if debt.owed.owing.0 == 0 { (standing("已清")) } @else { (text(row, "status")) }
                    @if debt.owed.reserved.0 > 0 { span.soft.small { "　本月名册要抵扣 " (debt.owed.reserved) " 元" } } }
            }
        } }
    } } }
}

/// The months of an entitlement: what was due as it was known then and now, what was paid, what was claimed.
pub async fn statement(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let key = query.get("row").ok_or(Fault::NotFound)?;
    let all = rows(&site, &visit, OVERPAID)?;
    let row = all.into_iter().map(|version| version.row).find(|row| row.key == *key).ok_or(Fault::NotFound)?;
    let (root, name) = (text(&row, "root"), text(&row, "entitlement"));
    let (service, entitlement_key) = name.split_once('/').ok_or(Fault::NotFound)?;
    let guide = site.guide(service).ok_or(Fault::NotFound)?;
    let own = guide.entitlement(entitlement_key).ok_or(Fault::NotFound)?;
    let months = site.bureau.reckoning(root, own, service, site.now())?;
    let lines = site.bureau.store.lines_of_chain(root)?;
    let body = html! {
        p.crumbs { a href="/debts" { "追缴" } " › " (text(&row, "name")) }
        h1 { (text(&row, "name")) "：" (own.name) "逐月对账" }
        p { a href=(format!("/case/{root}")) { "给予待遇的件" } "　" span.soft { "“当时应发”按那个月名册编制时知道的决定，“现在应发”按今天知道的决定。" } }
        (reckoned(&months.into_iter().map(|(month, own)| (month.to_string(), own)).collect::<Vec<_>>()))
        h2 { "是哪几批发的" }
        div.scroll { table.work {
            thead { tr { th { "批次" } th { "待遇" } th { "组成" } th.num { "金额（元）" } th { "现在" } } }
            @let own = lines.iter().filter(|(line, _)| *line.entitlement == *entitlement_key);
            tbody { @for (line, standing) in own { tr {
                td { (line.month.to_string()) }
                td data-label="待遇" { (entitlement(&site, line)) }
                td data-label="组成" {
                    @for part in &line.parts {
                        div { (part.month.to_string()) " " (part.name) " " span.num { (part.fen) } }
                    }
                }
                td.num data-label="金额" { b { (line.total) } }
                td data-label="现在" { (standing.name()) @if *standing == Standing::Held { "（" (line.held) "）" } }
            } } }
        } }
    };
    Ok(page(&site, &visit, "逐月对账", body).into_response())
}

fn reckoned(months: &[(String, Reckoned)]) -> Markup {
    let sum = |part: fn(&Reckoned) -> i64| Fen(months.iter().map(|(_, month)| part(month)).sum());
    let over = |fen: Fen| match fen.0 {
        0 => html! { "—" },
        over if over > 0 => html! { b { (fen) } },
        short => html! { span.soft { "少发 " (Fen(-short)) } },
    };
    html! { div.scroll { table.work {
        thead {
            tr { th { "月份" } th.num { "当时应发" } th.num { "现在应发" } th.num { "实发" } th.num { "已决定追缴" } th.num { "多发（元）" } }
        }
        tbody { @for (month, own) in months { tr {
            td { (month) }
            td.num data-label="当时应发" { @if let Some(then) = own.then { (then) } @else { "—" } }
            td.num data-label="现在应发" { (own.now) }
            td.num data-label="实发" { (own.paid) }
            td.num data-label="已决定追缴" { (own.claimed) }
            td.num data-label="多发" { (over(own.over())) }
        } } }
        tfoot { tr {
            th scope="row" { "合计" } td {}
            td.num data-label="现在应发" { (sum(|own| own.now.0)) }
            td.num data-label="实发" { (sum(|own| own.paid.0)) }
            td.num data-label="已决定追缴" { (sum(|own| own.claimed.0)) }
            td.num data-label="多发" { b { (sum(|own| own.over().0.max(0))) } }
        } }
    } } }
}
