//! 发放统计: what was paid in a year, by month, programme and place; how much of it in time, in full and into accounts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::IntoResponse;
use base::{Fen, Month, RegionCode};
use bureau::Standing;
use bureau::paid::{Paid, called};
use maud::{Markup, html};

use super::Page;
use super::lists::{Cell, Listing, heads};
use super::payments::payers;
use super::registers::within;
use crate::layout::{downloads, page};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Lines counted together.
#[derive(Clone, Copy, Default)]
struct Sums {
    payments: i64,
    people: i64,
    /// Different households and people, where they are counted.
    beneficiaries: i64,
    /// Approved, or to be: what is held is counted apart, since it comes again in the next batch.
    due: i64,
    paid: i64,
    held: i64,
    /// Payments whose day has come, and of these those that arrived by then, and those that went into an account.
    judged: i64,
    in_time: i64,
    to_account: i64,
}

impl Sums {
    fn add(&mut self, paid: &Paid) {
        let arrived = paid.standing == Standing::Paid;
        let is_held = matches!(paid.standing, Standing::Held | Standing::Released);
        self.payments += paid.payments;
        self.people += paid.people;
        self.due += if is_held { 0 } else { paid.fen.0 };
        self.held += if is_held { paid.payments } else { 0 };
        self.paid += if arrived { paid.fen.0 } else { 0 };
        if let Some(in_time) = paid.in_time {
            self.judged += paid.payments;
            self.in_time += if in_time { paid.payments } else { 0 };
            self.to_account += if arrived && paid.to_account { paid.payments } else { 0 };
        }
    }
}

/// Tenths of a percent, never rounded up to the whole.
fn percent(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let tenths = part * 1000 / whole;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// The year that is asked for, otherwise this one; and what was paid in it of what the visit may see.
fn asked(site: &Site, visit: &Visit, query: &HashMap<String, String>) -> Result<(i16, RegionCode, Vec<Paid>), Fault> {
    if payers(site, visit)?.is_empty() {
        return Err(Fault::NotFound);
    }
    let year = query.get("year").and_then(|year| year.parse().ok()).unwrap_or_else(|| site.now().date().year());
    let place = within(visit, site)?;
    Ok((year, place, site.bureau.paid(place, year_of(year)?, site.now().date())?))
}

fn year_of(year: i16) -> Result<RangeInclusive<Month>, Fault> {
    let (Some(first), Some(last)) = (Month::new(year, 1), Month::new(year, 12)) else { return Err(Fault::NotFound) };
    Ok(first..=last)
}

/// Sums with how many different households and people are behind each.
fn with<K: Ord>(sums: BTreeMap<K, Sums>, of: &BTreeMap<K, i64>) -> impl Iterator<Item = (K, Sums)> {
    sums.into_iter().map(|(key, sums)| {
        let beneficiaries = of.get(&key).copied().unwrap_or_default();
        (key, Sums { beneficiaries, ..sums })
    })
}

fn sums<K: Ord>(paid: &[Paid], key: impl Fn(&Paid) -> K) -> BTreeMap<K, Sums> {
    let mut found: BTreeMap<K, Sums> = BTreeMap::new();
    paid.iter().for_each(|paid| found.entry(key(paid)).or_default().add(paid));
    found
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let (year, place, paid) = asked(&site, &visit, &query)?;
    let runs = site.bureau.store.runs()?;
    let years: BTreeSet<i16> = runs.iter().map(|run| run.month.year()).chain([year]).collect();
    let of = site.bureau.beneficiaries(place, year_of(year)?)?;
    let months = with(sums(&paid, |paid| paid.month), &of.by_month);
    let months = months.map(|(month, sums)| (format!("{}月", month.month()), sums)).collect();
    let kinds = with(sums(&paid, |paid| called(&paid.programme, &paid.entitlement)), &of.by_entitlement).collect();
    let places = with(sums(&paid, |paid| place.part(paid.region)), &of.by_region);
    let places = places.map(|(region, sums)| (site.place(region), sums)).collect();
    let whole = sums(&paid, |_| ()).remove(&()).unwrap_or_default();
    let whole = Sums { beneficiaries: of.all, ..whole };
    let body = html! {
        h1 { (year) "年发放统计" }
        p { a href="/payments" { "各批次" } "　"
            @for known in years.iter().rev() {
                @if *known != year { a href=(format!("/payments/statistics?year={known}")) { (known) "年" } "　" }
            }
            (downloads("statistics", &format!("year={year}"))) }
        @if paid.is_empty() { p.empty { (year) "年还没有发放。" } }
        @else {
            ul.counters {
                li { p { b { (whole.beneficiaries) } " 户（人）　" (whole.payments) " 笔　" (whole.people) " 人次" } }
                li { p { "已付 " b { (Fen(whole.paid)) } " 元" } }
                li { p { "按时足额 " b { (percent(whole.in_time, whole.judged)) } } }
                li { p { "社会化发放 " b { (percent(whole.to_account, whole.judged)) } } }
            }
            (table("月份", months, &whole))
            (table("项目", kinds, &whole))
            (table("地区", places, &whole))
            p.soft.small {
                "户（人）：按户给的一户算一个，按人给的一人算一个，同一行里不重复；人次每批都算。"
                "按时足额：到批次时限那一天（先发后休）已经全数到账的笔数占已到期笔数；暂缓的算没有按时。"
                "社会化发放：由银行打进本人或者登记的代领人账户的笔数占已到期笔数。"
                "暂缓的下一批再列，应付只算没有暂缓的。"
            }
        }
    };
    Ok(page(&site, &visit, "发放统计", body).into_response())
}

/// One row for each part, a bar for how much it was paid beside the others, and the whole.
fn table(head: &str, rows: Vec<(String, Sums)>, whole: &Sums) -> Markup {
    let most = rows.iter().map(|(_, sums)| sums.paid).max().unwrap_or(0).max(1);
    let cells = |sums: &Sums| {
        html! {
            td.num data-label="户（人）" { (sums.beneficiaries) }
            td.num data-label="笔数" { (sums.payments) }
            td.num data-label="人次" { (sums.people) }
            td.num data-label="应付" { (Fen(sums.due)) }
            td.num data-label="已付" { (Fen(sums.paid)) }
            td.num data-label="暂缓" { (sums.held) }
            td.num data-label="按时足额" { (percent(sums.in_time, sums.judged)) }
            td.num data-label="社会化" { (percent(sums.to_account, sums.judged)) }
        }
    };
    html! { h2 { "按" (head) } div.scroll { table.work {
        thead {
            tr {
                th { (head) } th.num { "户（人）" } th.num { "笔数" } th.num { "人次" } th.num { "应付（元）" } th.num { "已付（元）" }
                th.num { "暂缓笔数" } th.num { "按时足额" } th.num { "社会化" } th { "已付" }
            }
        }
        tbody { @for (name, sums) in &rows { tr {
            th scope="row" { (name) }
            (cells(sums))
            td { meter min="0" max=(most) value=(sums.paid) { (Fen(sums.paid)) } }
        } } }
        tfoot { tr { th scope="row" { "合计" } (cells(whole)) td {} } }
    } } }
}

/// By month, place and entitlement, as the statistics of the year are put together from.
pub fn listing(site: &Site, visit: &Visit, query: &HashMap<String, String>) -> Result<Listing, Fault> {
    let (year, place, paid) = asked(site, visit, query)?;
    let names = ["月份", "地区", "项目", "待遇", "笔数", "人次", "应付", "已付", "暂缓笔数", "按时足额", "社会化发放"];
    let key =
        |paid: &Paid| (paid.month, place.part(paid.region), paid.programme.to_string(), paid.entitlement.to_string());
    let rows = sums(&paid, key).into_iter().map(|((month, region, programme, entitlement), sums)| {
        let text = |n: i64| Cell::from(n.to_string());
        vec![
            month.to_string().into(),
            site.place(region).into(),
            programme.into(),
            entitlement.into(),
            text(sums.payments),
            text(sums.people),
            Cell::Money(Fen(sums.due)),
            Cell::Money(Fen(sums.paid)),
            text(sums.held),
            percent(sums.in_time, sums.judged).into(),
            percent(sums.to_account, sums.judged).into(),
        ]
    });
    Ok(Listing { title: format!("{year}年发放统计"), heads: heads(&names), rows: rows.collect() })
}
