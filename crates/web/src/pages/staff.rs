//! 人员: who has an account and which posts, for the administrator, who sees no case.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use base::{Date, Level, RegionCode};
use casework::Capacity;
use casework::people::ADMINISTRATOR;
use maud::{Markup, html};
use store::{Account, Appointment};

use super::Page;
use super::lists::{Cell, Listing};
use crate::layout::{downloads, page, token};
use crate::sent::Sent;
use crate::site::{Fault, Site, first_password};
use crate::visit::Visit;

/// The region whose accounts the visitor keeps.
fn administers(visit: &Visit) -> Result<RegionCode, Fault> {
    match &visit.staff()?.capacity {
        Capacity::Staff { posts, region, .. } if posts.iter().any(|post| post == ADMINISTRATOR) => Ok(*region),
        _ => Err(Fault::Forbidden),
    }
}

pub async fn list(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    Ok(list_page(&site, &visit, &Sent::empty(), &[], None)?.into_response())
}

/// The same for a file: a line for each post, with its days.
pub fn listing(site: &Site, visit: &Visit) -> Result<Listing, Fault> {
    let region = administers(visit)?;
    let mut rows = Vec::new();
    for account in site.bureau.store.accounts()?.iter().filter(|account| region.contains(account.region)) {
        for held in &account.appointments {
            let until = held.until.map_or_else(String::new, |until| until.to_string());
            let place = site.place(account.region);
            let cells =
                [account.name.clone(), place, held.post.clone(), held.since.to_string(), until, account.id.clone()];
            rows.push(Vec::from(cells.map(Cell::from)));
        }
    }
    Ok(Listing {
        title: "人员".into(),
        heads: super::lists::heads(&["姓名", "单位", "岗位", "自", "至", "账号"]),
        rows,
    })
}

/// What is told once after an account was made or its password given anew.
type Told<'t> = Option<(&'t str, &'t str)>;

fn list_page(site: &Site, visit: &Visit, sent: &Sent, wrong: &[String], told: Told) -> Result<Markup, Fault> {
    let region = administers(visit)?;
    let today = site.now().date();
    let accounts = site.bureau.store.accounts()?;
    let accounts: Vec<&Account> = accounts.iter().filter(|account| region.contains(account.region)).collect();
    let vacancies = site.bureau.vacancies(region, today)?;
    let offices: Vec<_> = vacancies.iter().filter(|vacancy| vacancy.level != Level::Village).collect();
    let villages = vacancies.len() - offices.len();
    let body = html! {
        h1 { "人员" }
        (told_once(told)) (wrongs(wrong))
        @if !vacancies.is_empty() {
            details.note {
                summary { b { (vacancies.len()) " 处缺人" } "：没有人的岗位，件走到那一步就停在那里" }
                ul { @for vacancy in &offices {
                    li { (site.place(vacancy.region)) " " (vacancy.post) "：要 " (vacancy.needed) " 人，有 " (vacancy.held) " 人" }
                } }
                @if villages > 0 { p { "还有 " (villages) " 个村（社区）的岗位" } }
            }
        }
        p { (downloads("staff", "")) }
        @if accounts.is_empty() { p.empty { "还没有人。" } }
        div.scroll { table.work {
            thead { tr { th { "姓名" } th { "单位" } th { "岗位" } th { "账号" } } }
            tbody { @for account in &accounts { tr {
                td { a href=(format!("/staff/{}", account.id)) { (account.name) } }
                td data-label="单位" { (site.place(account.region)) }
                td data-label="岗位" {
                    @let held: Vec<&str> = account.appointments.iter().filter(|a| a.holds(today)).map(|a| &*a.post).collect();
                    @if held.is_empty() { span.mark.soon { "现在没有岗位" } } @else { (held.join("、")) }
                    @if account.fresh { " " span.soft.small { "还没有改第一次的密码" } }
                }
                td.mono data-label="账号" { (account.id) }
            } } }
        } }
        h2 { "加一个人" }
        form method="post" {
            (token(visit))
            fieldset.bare { div.grid {
                (input("id", "账号（小写字母、数字）", "text", sent)) (input("name", "姓名", "text", sent))
                div.field {
                    label for="f-region" { "单位" }
                    select id="f-region" name="region" { (regions(site, region, sent.get("region"))) }
                }
                (appointment_fields(site, sent, today))
            } }
            div.actions { button.main type="submit" { "加上" } }
        }
    };
    Ok(page(site, visit, "人员", body))
}

fn told_once(told: Told) -> Markup {
    html! {
        @if let Some((id, password)) = told {
            div.note role="status" {
                p { "账号 " b.mono { (id) } " 的第一次密码：" b.mono { (password) } }
                p { "只显示这一次，请交给本人；第一次登录要改。" }
            }
        }
    }
}

fn wrongs(wrong: &[String]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.note.stop role="alert" { h2 { "没有办成" } ul { @for line in wrong { li { (line) "。" } } } }
        }
    }
}

fn input(name: &str, label: &str, kind: &str, sent: &Sent) -> Markup {
    html! {
        div.field {
            label for=(format!("f-{name}")) { (label) }
            input type=(kind) id=(format!("f-{name}")) name=(name) value=(sent.get(name)) autocomplete="off";
        }
    }
}

/// County, townships and villages, each below its own.
fn regions(site: &Site, region: RegionCode, chosen: &str) -> Markup {
    html! {
        @for office in site.bureau.regions.within(region) {
            @let code = office.code.to_string();
            option value=(code) selected[code == chosen] { (site.place(office.code)) }
        }
    }
}

fn appointment_fields(site: &Site, sent: &Sent, today: Date) -> Markup {
    let mut posts: Vec<(String, &str)> = Vec::new();
    for (level, name) in [(Level::County, "县"), (Level::Township, "乡"), (Level::Village, "村")] {
        posts.extend(site.bureau.posts(level).into_keys().map(|post| (post, name)));
    }
    let mut words: Vec<String> = posts.iter().map(|(post, _)| post.clone()).collect();
    words.extend(["审计员".to_owned(), ADMINISTRATOR.to_owned()]);
    words.sort();
    words.dedup();
    let since = if sent.get("since").is_empty() { today.to_string() } else { sent.get("since").to_owned() };
    html! {
        div.field {
            label for="f-post" { "岗位" }
            select id="f-post" name="post" {
                @for word in &words { option value=(word) selected[word == sent.get("post")] { (word) } }
            }
        }
        div.field {
            label for="f-since" { "自" }
            input type="date" id="f-since" name="since" value=(since);
        }
        div.field {
            label for="f-until" { "至（不写就是没有期限；请假顶岗写到哪天）" }
            input type="date" id="f-until" name="until" value=(sent.get("until"));
        }
    }
}

fn appointment(sent: &Sent) -> Result<Appointment, Vec<String>> {
    let since = base::parse_date(sent.get("since")).ok_or_else(|| vec!["“自”应写日期".to_owned()])?;
    let until = match sent.get("until") {
        "" => None,
        text => Some(base::parse_date(text).ok_or_else(|| vec!["“至”应写日期".to_owned()])?),
    };
    Ok(Appointment { post: sent.get("post").to_owned(), since, until })
}

pub async fn add(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let region = administers(&visit)?;
    let made = || {
        let place = RegionCode::parse(sent.get("region")).map_err(|error| vec![error.to_string()])?;
        let level = site.bureau.regions.get(place).map_or(Level::Village, |place| place.level);
        let (id, name) = (sent.get("id").trim().to_owned(), sent.get("name").trim().to_owned());
        let appointments = vec![appointment(&sent)?];
        let account =
            Account { id, name, level, region: place, password_hash: String::new(), fresh: true, appointments };
        let wrong = site.bureau.unfit_account(&account, region);
        if wrong.is_empty() { Ok(account) } else { Err(wrong) }
    };
    let mut account = match made() {
        Ok(account) => account,
        Err(wrong) => return Ok(list_page(&site, &visit, &sent, &wrong, None)?.into_response()),
    };
    if site.bureau.store.account(&account.id)?.is_some() {
        let wrong = [format!("账号“{}”已经有了", account.id)];
        return Ok(list_page(&site, &visit, &sent, &wrong, None)?.into_response());
    }
    let password = first_password(&site.chance());
    account.password_hash = site.hash_of(&password);
    site.bureau.store.keep_account(&account)?;
    Ok(list_page(&site, &visit, &Sent::empty(), &[], Some((&account.id, &password)))?.into_response())
}

fn known(site: &Site, visit: &Visit, id: &str) -> Result<Account, Fault> {
    let region = administers(visit)?;
    site.bureau.store.account(id)?.filter(|account| region.contains(account.region)).ok_or(Fault::NotFound)
}

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Page {
    let account = known(&site, &visit, &id)?;
    Ok(account_page(&site, &visit, &account, &Sent::empty(), &[], None).into_response())
}

fn account_page(site: &Site, visit: &Visit, account: &Account, sent: &Sent, wrong: &[String], told: Told) -> Markup {
    let today = site.now().date();
    let body = html! {
        p.crumbs { a href="/staff" { "人员" } " › " (account.name) }
        h1 { (account.name) }
        p { span.mono { (account.id) } "　" (site.place(account.region)) }
        (told_once(told)) (wrongs(wrong))
        h2 { "岗位" }
        div.scroll { table.work {
            thead { tr { th { "岗位" } th { "自" } th { "至" } th { "办理" } } }
            tbody { @for (number, held) in account.appointments.iter().enumerate() { tr {
                td { (held.post) @if !held.holds(today) { " " span.soft.small { "现在不在岗" } } }
                td data-label="自" { (held.since) }
                td data-label="至" { @match held.until { Some(until) => (until), None => "没有期限" } }
                td {
                    @if held.until.is_none_or(|until| until > today) {
                        (one_button(visit, "end", &number.to_string(), "到今天为止"))
                    }
                }
            } } }
        } }
        h2 { "再任一个岗位" }
        p.soft { "交接、请假顶岗也在这里办：接手的人从哪天起任，原来的人到哪天为止；待办跟着岗位走，不跟着人走。" }
        form method="post" {
            (token(visit))
            fieldset.bare { div.grid { (appointment_fields(site, sent, today)) } }
            div.actions { button.main type="submit" { "任职" } }
        }
        h2 { "密码" }
        div.actions { (one_button(visit, "reset", "1", "给一个新的第一次密码")) }
    };
    page(site, visit, &account.name, body)
}

/// A form that is only its button.
fn one_button(visit: &Visit, name: &str, value: &str, words: &str) -> Markup {
    html! { form method="post" { (token(visit)) input type="hidden" name=(name) value=(value); button type="submit" { (words) } } }
}

pub async fn change(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    sent: Sent,
) -> Page {
    let mut account = known(&site, &visit, &id)?;
    let mut told = None;
    if !sent.get("reset").is_empty() {
        let password = first_password(&site.chance());
        (account.password_hash, account.fresh) = (site.hash_of(&password), true);
        told = Some(password);
    } else if let Ok(number) = sent.get("end").parse::<usize>() {
        let today = site.now().date();
        let held = account.appointments.get_mut(number).ok_or(Fault::NotFound)?;
        held.until = Some(today.max(held.since));
        let own = visit.staff()?.id == account.id;
        if own && !account.appointments.iter().any(|held| held.until.is_none_or(|until| until > today)) {
            let wrong = ["这是您自己的岗位：请先让另一位管理员上任，由他来办".to_owned()];
            let before = known(&site, &visit, &id)?;
            return Ok(account_page(&site, &visit, &before, &sent, &wrong, None).into_response());
        }
    } else {
        let added = appointment(&sent).map(|appointment| account.appointments.push(appointment));
        let region = administers(&visit)?;
        let wrong = added.err().unwrap_or_else(|| site.bureau.unfit_account(&account, region));
        if !wrong.is_empty() {
            let before = known(&site, &visit, &id)?;
            return Ok(account_page(&site, &visit, &before, &sent, &wrong, None).into_response());
        }
    }
    site.bureau.store.keep_account(&account)?;
    site.bureau.store.end_sessions(&id)?;
    let told = told.as_deref().map(|password| (&*account.id, password));
    Ok(account_page(&site, &visit, &account, &Sent::empty(), &[], told).into_response())
}
