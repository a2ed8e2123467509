//! One line of a batch with what it is made of, and all lines that a chain of cases was paid by.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use base::{Fen, mask_account};
use bureau::Standing;
use bureau::bank::reason;
use casework::payment::Line;
use casework::registers::masked_key;
use ledger::Source;
use maud::{Markup, html};

use super::Page;
use super::payments::run;
use crate::layout::{day, page};
use crate::site::{Fault, Site};
use crate::visit::Visit;

pub fn entitlement(site: &Site, line: &Line) -> String {
    let guide = site.guide(&line.service);
    let known = guide.and_then(|guide| guide.entitlement(&line.entitlement));
    known.map_or_else(|| line.entitlement.clone(), |known| known.name.to_string())
}

/// A line with what it is made of, who bears it, and what the ledger has of it.
pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, seq)): Path<(String, u32)>,
) -> Page {
    let (run, ..) = run(&site, &visit, &case)?;
    let store = &site.bureau.store;
    let (line, standing) = store.line(&case, seq)?.ok_or(Fault::NotFound)?;
    let instructions = store.instructions_of(&case, seq)?;
    let documents = std::iter::once(format!("{case}/{seq}"));
    let documents = documents.chain(instructions.iter().map(|sent| sent.instruction.id.clone()));
    let (postings, book) = store.look(|read| {
        let all = documents.map(|document| read.postings_by(&document)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, bureau::Fault>((all.concat(), read.book()?))
    })?;
    let account = |number: u32| {
        book.account(number).map(|(account, _)| {
            let source = account.source.map_or("", Source::name);
            format!("{}（{source} {}）", account.heading.name(), account.period)
        })
    };
    let number = masked_key(&line.number);
    let body = html! {
        h1 { (run.month.to_string()) "：" (line.holder) }
        p { a href=(format!("/payments/{case}")) { "回到这一批" } "　" a href=(format!("/case/{}", line.case)) { "所依据的决定" } }
        dl.pairs {
            dt { "身份号码" } dd.mono { (number) }
            dt { "待遇" } dd { (entitlement(&site, &line)) }
            dt { "现在" } dd { (standing.name()) @if !line.held.is_empty() { "（" (line.held) "）" } }
            dt { "收款人" } dd { (line.payee) @if !line.reason.is_empty() { "（" (line.reason) "）" } }
            dt { "账户" } dd { (line.bank) " " span.mono { (mask_account(&line.account)) } }
            @if !line.marks.is_empty() { dt { "异常" } dd { (line.marks.join("、")) } }
        }
        div.boards {
            table.work { caption { "组成" } thead { tr { th { "项" } th { "月份" } th.num { "金额（元）" } } }
                tbody {
                    @for part in &line.parts {
                        tr {
                            td { (part.name) } td data-label="月份" { (part.month.to_string()) }
                            td.num data-label="金额" { (part.fen) }
                        }
                    }
                }
                tfoot { tr { th scope="row" { "合计" } td {} td.num { b { (line.total) } } } } }
            table.work { caption { "分担" } thead { tr { th { "来源" } th.num { "金额（元）" } } }
                tbody { @for (source, fen) in &line.shares {
                    tr { td { (source.name()) } td.num data-label="金额" { (Fen(*fen)) } }
                } } }
        }
        @if !instructions.is_empty() {
            h2 { "指令" }
            div.scroll { table.work {
                thead { tr { th { "指令" } th { "账号" } th.num { "金额（元）" } th { "现在" } th { "原因" } th { "时间" } } }
                tbody { @for sent in &instructions { tr {
                    td.mono { (sent.instruction.id) }
                    td.mono data-label="账号" { (mask_account(&sent.instruction.account)) }
                    td.num data-label="金额" { (sent.instruction.amount) } td data-label="现在" { (sent.standing.name()) }
                    td data-label="原因" { (reason(&sent.code)) } td data-label="时间" { (day(&sent.at)) }
                } } } } }
        }
        @if !postings.is_empty() {
            h2 { "账上的每一笔" }
            div.scroll { table.work {
                thead { tr { th { "时间" } th { "凭" } th { "从" } th { "到" } th.num { "金额（元）" } th { "怎么记" } } }
                tbody { @for posting in &postings { @for flow in &posting.flows { tr {
                    td { (day(&posting.at)) } td.mono data-label="凭" { (posting.document) }
                    td data-label="从" { (account(flow.from).unwrap_or_default()) }
                    td data-label="到" { (account(flow.to).unwrap_or_default()) }
                    td.num data-label="金额" { (Fen(flow.amount)) } td data-label="怎么记" { (posting.act.name()) }
                } } } } } }
        }
    };
    Ok(page(&site, &visit, "发放明细", body).into_response())
}

/// What was paid by the decisions of a chain of cases, for the person whose it is; nothing where nothing was.
pub fn statement(site: &Site, root: &str) -> Result<Markup, Fault> {
    let lines = site.bureau.store.lines_of_chain(root)?;
    let shown = |standing: Standing| match standing {
        Standing::Paid => "已到账",
        Standing::Held => "核实中，暂缓",
        Standing::Released => "银行退回，更正账户后随下一批补发",
        Standing::Payable => "银行退回，更正账户后补发",
        _ => "办理中",
    };
    let arrived = lines.iter().filter(|(_, standing)| *standing == Standing::Paid);
    let arrived = Fen(arrived.map(|(line, _)| line.total.0).sum());
    Ok(html! { @if !lines.is_empty() {
        h2 { "发放记录" }
        div.scroll { table.work {
            thead { tr { th { "月份" } th { "待遇" } th { "组成" } th.num { "金额（元）" } th { "账户" } th { "现在" } } }
            tbody { @for (line, standing) in &lines { tr {
                td { (line.month.to_string()) }
                td data-label="待遇" { (entitlement(site, line)) }
                td data-label="组成" {
                    @for part in &line.parts {
                        div {
                            (part.name) " " @if part.month != line.month { "补" (part.month.to_string()) " " }
                            span.num { (part.fen) }
                        }
                    }
                }
                td.num data-label="金额" { b { (line.total) } }
                td.mono data-label="账户" { (mask_account(&line.account)) }
                td data-label="现在" { (shown(*standing)) }
            } } }
            tfoot { tr { th scope="row" { "已到账合计" } td {} td {} td.num { b { (arrived) } } td {} td {} } }
        } }
    } })
}
