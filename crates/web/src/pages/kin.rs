//! 备案: the cases of households that are related to an official, for whoever supervises them; and what officials
//! declare of their own relatives.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::IntoResponse;
use base::{Level, PersonNumber, mask_number};
use bureau::{Declared, KinRow};
use casework::Capacity;
use maud::{Markup, html};

use super::Page;
use super::public::redirect;
use crate::layout::{day, downloads, page, standing, token};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// What an official may be to a close relative (民法典第一千零四十五条).
const RELATIONS: [&str; 7] = ["配偶", "父母", "子女", "兄弟姐妹", "祖父母", "孙子女", "其他近亲属"];

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>) -> Page {
    Ok(kin_page(&site, &visit, &Sent::empty(), &[])?.into_response())
}

fn kin_page(site: &Site, visit: &Visit, sent: &Sent, wrong: &[(&str, &str)]) -> Result<Markup, Fault> {
    let actor = visit.staff()?;
    let scope = site.bureau.scope(actor);
    let rows = site.bureau.store.kin(&scope)?;
    let declared = site.bureau.store.declared(&scope, &actor.id)?;
    let (own, others): (Vec<Declared>, Vec<Declared>) = declared.into_iter().partition(|d| d.account == actor.id);
    let supervises = matches!(actor.capacity, Capacity::Staff { level, .. } if level <= Level::County);
    let open = rows.iter().filter(|row| row.result.is_empty()).count();
    let body = html! {
        h1 { "近亲属备案" }
        p.lead { "这些家庭与经办人员、村（居）委会成员是近亲属。有关人员不能办理、评议、表决，县级要入户。" }
        ul.counters { li { p { b { (rows.len()) } " 件" } } li { p { b { (open) } " 件在办" } } }
        p { (downloads("kin", "")) }
        @if rows.is_empty() { p.empty { "没有备案的件。" } } @else { (filed(site, &rows)) }
        h2 id="own" { "我的近亲属" }
        p.soft { "申报以后，他们家的件一提交就备案，不会派给您；已经在办的马上备案。只有您自己和县级监督的人看得到。" }
        @if !own.is_empty() {
            div.scroll { table.work {
                thead { tr { th { "姓名" } th { "身份号码" } th { "我是他（她）的" } th { "申报" } th { "撤回" } } }
                tbody { @for row in &own { tr {
                    td { (row.name) }
                    td.mono data-label="身份号码" { (mask_number(&row.number)) }
                    td data-label="我是他（她）的" { (row.relation) }
                    td data-label="申报" { (day(&row.declared_at)) }
                    td data-label="撤回" { @if row.withdrawn.is_some() { (withdrawn(row)) } @else {
                        form.inline method="post" action="/kin/withdraw" {
                            (token(visit))
                            input type="hidden" name="which" value=(which(row));
                            input.short type="text" name="why" required aria-label=(format!("撤回{}的理由", row.name)) placeholder="理由";
                            button type="submit" { "撤回" }
                        }
                    } }
                } } }
            } }
            p.small.soft { "撤回以后不再用于新的件；已经备案的件不变，理由县级监督的人看得到。" }
        }
        (declaration(visit, sent, wrong))
        @if supervises && !others.is_empty() {
            h2 { "工作人员申报的近亲属" }
            div.scroll { table.work {
                thead { tr { th { "工作人员" } th { "单位" } th { "近亲属" } th { "工作人员是他（她）的" } th { "申报" } } }
                tbody { @for row in &others { tr {
                    td { (row.official) }
                    td data-label="单位" { (site.place_of(&row.region)) }
                    td data-label="近亲属" { (row.name) " " span.soft.mono { (mask_number(&row.number)) } }
                    td data-label="工作人员是他（她）的" { (row.relation) }
                    td data-label="申报" { (day(&row.declared_at)) (withdrawn(row)) }
                } } }
            } }
        }
    };
    Ok(page(site, visit, "近亲属备案", body))
}

fn filed(site: &Site, rows: &[KinRow]) -> Markup {
    html! {
        div.scroll { table.work {
            thead { tr {
                th { "工作人员" } th { "是这一家的" } th { "户主" } th { "地方" } th { "备案" } th { "现在" } th { "受理号" }
            } }
            tbody { @for row in rows { tr {
                td { b { (row.official) } @if !row.acted.is_empty() { br; span.mark.late { "备案以前办过：" (steps(site, row)) } } }
                td data-label="是这一家的" { (row.relation) }
                td data-label="户主" { a href=(format!("/case/{}", row.case)) { (row.applicant) } }
                td data-label="地方" { (site.place_of(&row.region)) }
                td.nowrap data-label="备案" { (day(&row.declared_at)) }
                td data-label="现在" { (standing(&row.result)) }
                td.mono data-label="受理号" { (row.case) }
            } } }
        } }
    }
}

/// The steps that the official had done, by name.
pub fn steps(site: &Site, row: &KinRow) -> String {
    let guide = site.guide(&row.service);
    let name = |key: &String| guide.map_or_else(|| key.clone(), |guide| super::case::step_name(guide, key));
    row.acted.iter().map(name).collect::<Vec<_>>().join("、")
}

fn declaration(visit: &Visit, sent: &Sent, wrong: &[(&str, &str)]) -> Markup {
    let told = |name: &str| wrong.iter().find(|(field, _)| *field == name).map(|(_, text)| *text);
    let input = |name: &str, label: &str| {
        html! {
            div class=(if told(name).is_some() { "field wrong" } else { "field" }) {
                label for=(format!("f-{name}")) { (label) }
                @if let Some(text) = told(name) { p.error id=(format!("e-{name}")) { (text) } }
                input type="text" id=(format!("f-{name}")) name=(name) value=(sent.get(name)) autocomplete="off"
                    aria-invalid=[told(name).map(|_| "true")] aria-describedby=[told(name).map(|_| format!("e-{name}"))];
            }
        }
    };
    html! {
        form method="post" action="/kin#own" {
            (token(visit))
            fieldset.bare { div.grid {
                (input("name", "近亲属的姓名")) (input("number", "公民身份号码"))
                div.field {
                    label for="f-relation" { "我是他（她）的" }
                    select id="f-relation" name="relation" {
                        @for word in RELATIONS { option value=(word) selected[word == sent.get("relation")] { (word) } }
                    }
                }
            } }
            div.actions { button.main type="submit" { "申报" } }
        }
    }
}

pub async fn declare(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let actor = visit.staff()?;
    let name = base::tidy(sent.get("name"));
    let number = PersonNumber::parse(&base::tidy(sent.get("number")));
    let mut wrong = Vec::new();
    if name.is_empty() {
        wrong.push(("name", "请填写姓名".to_owned()));
    }
    if let Err(error) = &number {
        wrong.push(("number", error.to_string()));
    }
    let relation = RELATIONS.iter().find(|word| **word == sent.get("relation")).copied().unwrap_or("其他近亲属");
    match number {
        Ok(number) if wrong.is_empty() => {
            site.bureau.declare_relative(&actor.id, (&name, number.as_str(), relation), site.now())?;
            Ok(redirect("/kin#own"))
        }
        _ => {
            let wrong: Vec<(&str, &str)> = wrong.iter().map(|(field, text)| (*field, &**text)).collect();
            Ok(kin_page(&site, &visit, &sent, &wrong)?.into_response())
        }
    }
}

/// Takes a declaration of one's own back. Without a reason nothing is taken back, and the field asks for it.
pub async fn withdraw(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, sent: Sent) -> Page {
    let actor = visit.staff()?;
    let why = base::tidy(sent.get("why"));
    let declared = site.bureau.store.declared(&site.bureau.scope(actor), &actor.id)?;
    let own = declared.iter().find(|row| row.account == actor.id && which(row) == sent.get("which"));
    let row = own.ok_or(Fault::NotFound)?;
    if !why.is_empty() {
        site.bureau.withdraw_relative(&actor.id, &row.number, &why, site.now())?;
    }
    Ok(redirect("/kin#own"))
}

/// Names a declaration on the page without its citizen number.
fn which(row: &Declared) -> String {
    bureau::hash(&[&row.account, &row.number])[..16].to_owned()
}

fn withdrawn(row: &Declared) -> Markup {
    html! { @if let Some((at, why)) = &row.withdrawn { " " span.mark.done { "已撤回" } " " span.small.soft { (day(at)) "，" (why) } } }
}
