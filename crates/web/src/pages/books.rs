//! 账簿: the accounts of the ledger with their balances, and every entry of one of them down to what it was made by.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use base::Fen;
use casework::registers::masked_key;
use ledger::{Account, Act, Book, Flow, Heading, Source, Unit};
use maud::{Markup, html};

use super::Page;
use super::payments::payers;
use crate::layout::{day, page};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Entries of one page.
const ENTRIES: usize = 100;

/// Where the accounts of a programme's year stand; of one source, or of all.
pub fn address(programme: &str, year: i16, source: Option<Source>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("programme", programme).append_pair("year", &year.to_string());
    if let Some(source) = source {
        query.append_pair("source", source.name());
    }
    format!("/books?{}", query.finish())
}

/// An amount in the account's own unit: 元 with two decimals, or goods as they are counted.
fn amount(unit: &Unit, amount: i64) -> String {
    match unit {
        Unit::Fen => Fen(amount).to_string(),
        Unit::Goods { item, unit } => format!("{amount} {unit} {item}"),
    }
}

/// Whose an account is; numbers of people are masked.
fn whose(account: &Account) -> String {
    masked_key(&account.owner)
}

fn title(account: &Account) -> String {
    let source = account.source.map(Source::name).unwrap_or_default();
    let parts = [account.heading.name(), &account.programme, source].map(str::to_owned);
    let parts = parts.into_iter().chain([account.period.to_string(), whose(account)]);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whoever may see batches may see the books that they are paid from.
fn may_read(site: &Site, visit: &Visit) -> Result<(), Fault> {
    if payers(site, visit)?.is_empty() { Err(Fault::Forbidden) } else { Ok(()) }
}

pub async fn list(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    may_read(&site, &visit)?;
    let book = site.bureau.store.book()?;
    let asked = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let meant = |account: &Account| {
        asked("programme").is_none_or(|programme| account.programme == programme)
            && asked("year").is_none_or(|wanted| account.period.year().to_string() == wanted)
            && asked("source").is_none_or(|wanted| account.source.is_some_and(|source| source.name() == wanted))
    };
    let mut accounts: Vec<_> = book.accounts().filter(|(_, account, _)| meant(account)).collect();
    let place = |heading: Heading| Heading::ALL.iter().position(|known| *known == heading);
    accounts.sort_by_key(|(number, account, _)| (place(account.heading), account.source, account.period, *number));
    let named = asked("year").map(|year| format!("{year}年"));
    let named =
        named.into_iter().chain(["programme", "source"].iter().filter_map(|name| asked(name).map(str::to_owned)));
    let named = named.collect::<Vec<_>>().join(" ");
    let body = html! {
        p.crumbs { a href="/payments" { "发放" } " › 账簿" }
        h1 { "账簿" @if !named.is_empty() { "：" (named) } }
        p.soft { "转入为正、转出为负；所有账户的余额合计为零。" }
        @if accounts.is_empty() { p.empty { "没有这样的账户。" } }
        @else { div.scroll { table.work {
            thead {
                tr {
                    th { "科目" } th { "项目" } th { "来源" } th { "期间" } th { "户" } th.num { "余额" } th.num { "待定转入" }
                    th.num { "待定转出" }
                }
            }
            tbody { @for (number, account, balance) in &accounts { tr {
                td { a href=(format!("/books/{number}")) { (account.heading.name()) } }
                td data-label="项目" { (account.programme) }
                td data-label="来源" { (account.source.map(Source::name).unwrap_or_default()) }
                td.nowrap data-label="期间" { (account.period) }
                td.mono data-label="户" { (whose(account)) }
                td.num data-label="余额" { b { (amount(&account.unit, balance.posted)) } }
                td.num data-label="待定转入" { (amount(&account.unit, balance.pending_in)) }
                td.num data-label="待定转出" { (amount(&account.unit, balance.pending_out)) }
            } } }
        } } }
    };
    Ok(page(&site, &visit, "账簿", body).into_response())
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(number): Path<u32>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    may_read(&site, &visit)?;
    let after = query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let (book, postings) = site
        .bureau
        .store
        .look(|read| Ok::<_, bureau::Fault>((read.book()?, read.postings_of(number, after, ENTRIES)?)))?;
    let (account, balance) = book.account(number).ok_or(Fault::NotFound)?;
    let body = html! {
        p.crumbs {
            a href="/payments" { "发放" } " › " a href=(address(&account.programme, account.period.year(), None)) { "账簿" }
            " › " (account.heading.name())
        }
        h1 { (title(account)) }
        p { "余额 " b.num { (amount(&account.unit, balance.posted)) }
            @if balance.pending_in + balance.pending_out > 0 {
                "　待定转入 " span.num { (amount(&account.unit, balance.pending_in)) }
                "　待定转出 " span.num { (amount(&account.unit, balance.pending_out)) }
            }
        }
        @if postings.is_empty() { p.empty { "没有更多的记录。" } }
        @else {
            div.scroll { table.work {
                thead { tr { th { "时间" } th { "怎么记" } th { "凭" } th { "对方科目" } th.num { "转入" } th.num { "转出" } } }
                tbody { @for posting in &postings {
                    @for flow in posting.flows.iter().filter(|flow| touches(flow, number)) {
                        (entry(&book, account, number, posting, flow))
                } } }
            } }
            nav.pages aria-label="分页" {
                @if after > 0 { a href=(format!("/books/{number}")) { "从头看" } }
                @if postings.len() == ENTRIES {
                    a href=(format!("/books/{number}?after={}", postings[ENTRIES - 1].id)) { "下一页" }
                }
            }
        }
    };
    Ok(page(&site, &visit, account.heading.name(), body).into_response())
}

fn touches(flow: &Flow, number: u32) -> bool {
    flow.from == number || flow.to == number
}

fn entry(book: &Book, account: &Account, number: u32, posting: &bureau::Posting, flow: &Flow) -> Markup {
    let comes_in = flow.to == number;
    let other = if comes_in { flow.from } else { flow.to };
    let moved = amount(&account.unit, flow.amount);
    html! { tr {
        td.nowrap { (day(&posting.at)) }
        td data-label="怎么记" { (posting.act.name()) @if posting.act == Act::Pend { span.soft { "（待定）" } } }
        td.mono data-label="凭" { (document(&posting.document)) }
        td data-label="对方科目" { @if let Some((other, _)) = book.account(other) { (title(other)) } }
        td.num data-label="转入" { @if comes_in { (moved) } }
        td.num data-label="转出" { @if !comes_in { (moved) } }
    } }
}

/// What an entry was made by: a line of a batch and a case open.
fn document(document: &str) -> Markup {
    match document.split_once('/') {
        Some((run, seq)) if seq.bytes().all(|byte| byte.is_ascii_digit()) => {
            html! { a href=(format!("/payments/{run}/line/{seq}")) { (document) } }
        }
        _ if document.len() == 14 && document.matches('-').count() == 2 => {
            html! { a href=(format!("/case/{document}")) { (document) } }
        }
        _ => html! { (document) },
    }
}
