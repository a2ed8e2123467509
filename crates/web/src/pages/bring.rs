//! 导入表格: a table is compared with a register before anybody approves it, and once more by whoever does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bureau::brought::{Brought, FIELDS, write_map};
use bureau::import::{Import, ImportFailure, Imported, Take, told};
use bureau::mapping::parts;
use bureau::{Failure, Fault as Broken, Order};
use casework::event::FileRef;
use casework::registers::masked_key;
use casework::{Command, Datum, Input, Refusal};
use guide::Guide;
use guide::model::{Job, Register, Start, StepKind};
use maud::{Markup, html};

use super::Page;
use super::apply::starts;
use super::lists::WORKBOOK;
use super::public::redirect;
use super::registers::{visible, within};
use crate::layout::{page, token};
use crate::sent::{Sent, TABLE};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// Troubles and keys that are listed.
const LISTED: usize = 50;

/// The service by which tables are brought, and its start, if the visitor may begin it.
pub fn service<'s>(site: &'s Site, visit: &Visit) -> Option<(&'s Arc<Guide>, &'s Start)> {
    let brings = |guide: &&Arc<Guide>| guide.steps.iter().any(|step| step.kind == StepKind::Batch(Job::Import));
    let guide = site.bureau.library.guides.iter().find(brings)?;
    Some((guide, starts(guide, visit).into_iter().next()?))
}

fn register<'s>(site: &'s Site, visit: &Visit, key: &str) -> Result<&'s Register, Fault> {
    service(site, visit).ok_or(Fault::Forbidden)?;
    let register = visible(site, visit)?.into_iter().find(|register| *register.key == *key).ok_or(Fault::NotFound)?;
    site.bureau.importable(&register.key).map_err(|_| Fault::NotFound)
}

/// An empty table to fill in.
pub async fn template(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
) -> Page {
    let register = register(&site, &visit, &key)?;
    Ok(workbook(&format!("template-{key}"), site.bureau.template(register)?))
}

fn workbook(name: &str, bytes: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"{name}.xlsx\"");
    ([(header::CONTENT_TYPE, WORKBOOK.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response()
}

pub async fn show(State(site): State<Arc<Site>>, Extension(visit): Extension<Visit>, Path(key): Path<String>) -> Page {
    let register = register(&site, &visit, &key)?;
    Ok(asking(&site, &visit, register, &Sent::empty(), html! {}).into_response())
}

/// The form; what was said of it stands below.
fn asking(site: &Site, visit: &Visit, register: &Register, sent: &Sent, said: Markup) -> Markup {
    let from = match sent.get("from") {
        "" => site.now().date().to_string(),
        typed => typed.to_owned(),
    };
    let file = sent.files(TABLE).into_iter().next();
    let body = html! {
        p.crumbs {
            a href="/registers" { "台账" } " › " a href=(format!("/registers/{}", register.key)) { (register.name) }
            " › 导入表格"
        }
        h1 { "导入表格：" (register.name) }
        p { a href=(format!("/registers/{}/template", register.key)) { "下载模板" }
            "，或者用自己的表格：第一行是列名，姓名和身份号码可以分两列。.xlsx、.csv 都可以，最多 20 万行。" }
        form method="post" enctype="multipart/form-data" {
            (token(visit)) (crate::layout::key(site, sent.get("_key")))
            fieldset.bare {
                div.field {
                    label for="f-table" { "表格" }
                    @if let Some((sealed, file)) = file {
                        input type="hidden" name=(TABLE) value=(sealed);
                        p { b { (file.name) } " " span.soft.small { "换一个文件就在下面重新选" } }
                    }
                    @for refusal in sent.refused.iter().filter(|_| file.is_none()) {
                        p.wrong { (refusal.text) "。" (refusal.way_out) }
                    }
                    input type="file" id="f-table" name=(TABLE) accept=".xlsx,.csv,.txt";
                }
                div.field {
                    label for="f-from" { "从哪一天起有效" }
                    input.short type="date" id="f-from" name="from" value=(from);
                }
                label.choice {
                    input type="checkbox" name="partly" value="1" checked[sent.get("partly") == "1"];
                    "有错的行不写，其余的写入"
                }
            }
            div.actions { button type="submit" name="_go" value="look" { "比对" } }
            (said)
        }
    };
    page(site, visit, "导入表格", body)
}

/// What was asked, as an import.
struct Asked {
    file: FileRef,
    map: Vec<(String, String)>,
    from: base::Date,
    partly: bool,
}

fn asked(site: &Site, register: &Register, sent: &Sent) -> Option<Asked> {
    // A file that was chosen anew stands behind the one before.
    let file = sent.files(TABLE).last()?.1.clone();
    let names = register.columns.iter().flat_map(parts);
    let map = names.filter_map(|part| {
        let head = sent.get(&format!("map.{part}"));
        (!head.is_empty()).then(|| (part.clone(), head.to_owned()))
    });
    let from = base::parse_date(sent.get("from")).unwrap_or(site.now().date());
    Some(Asked { file, map: map.collect(), from, partly: sent.get("partly") == "1" })
}

pub async fn send(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(key): Path<String>,
    sent: Sent,
) -> Page {
    let register = register(&site, &visit, &key)?;
    let Some(asked) = asked(&site, register, &sent) else {
        let said = html! { @if sent.refused.is_empty() { div.note.stop role="alert" { p { "请选一个表格。" } } } };
        return Ok(asking(&site, &visit, register, &sent, said).into_response());
    };
    if sent.get("_go") == "submit" {
        return propose(&site, &visit, register, asked, &sent);
    }
    let (worker, name, back) = (site.clone(), register.key.clone(), sent.get("_go") == "returned");
    let by = visit.staff()?.name.clone();
    let work = move || {
        let bytes = worker.bureau.store.file(&asked.file.digest, false)?.unwrap_or_default();
        let import =
            Import { register: &name, bytes: &bytes, map: &asked.map, from: asked.from, by: &by, now: worker.now() };
        let found = worker.bureau.import(import, Take::Nothing);
        let heads = worker.bureau.heads_of(import).unwrap_or_default();
        let book = match &found {
            Ok(found) if back => Some(worker.bureau.returned(import, &found.troubles)),
            _ => None,
        };
        Ok::<_, Broken>((found, heads, book))
    };
    let (found, heads, book) =
        tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Broken(error.to_string()))??;
    match (found, book) {
        (_, Some(Ok(bytes))) => Ok(workbook(&format!("returned-{key}"), bytes)),
        (Ok(found), _) => {
            let said = html! {
                (compared(&found))
                (matching(register, &heads, &sent))
                @if !found.troubles.is_empty() {
                    div.actions { button type="submit" name="_go" value="returned" { "下载有错的行" } }
                }
                (proposing(&found, &sent, &[]))
            };
            Ok(asking(&site, &visit, register, &sent, said).into_response())
        }
        (Err(failure), _) => {
            let said = html! { (unread(failure)?) (matching(register, &heads, &sent)) };
            Ok(asking(&site, &visit, register, &sent, said).into_response())
        }
    }
}

fn unread(failure: ImportFailure) -> Result<Markup, Fault> {
    match failure {
        ImportFailure::Fault(fault) => Err(fault.into()),
        ImportFailure::Failed(failure) => Err(failure.into()),
        wrong => Ok(html! { div.note.stop role="alert" { h2 { "这个表格读不进来" } p.lines { (wrong.to_string()) } } }),
    }
}

/// What a table would do to the register.
fn compared(found: &Imported) -> Markup {
    let lines: BTreeSet<u32> = found.troubles.iter().map(|trouble| trouble.line).collect();
    html! {
        ul.counters {
            li { span { b { (found.new.len()) } "新增" } }
            li { span { b { (found.changed.len()) } "变更" } }
            li { span { b { (found.same) } "相同" } }
            li { span { b { (found.missing.len()) } "台账有、表格没有" } }
            li class=[(!lines.is_empty()).then_some("late")] { span { b { (lines.len()) } "行有错" } }
        }
        @if !found.notes.is_empty() { ul.small { @for note in &found.notes { li { (note) } } } }
        @if !found.troubles.is_empty() {
            h2 { "有错的行" }
            ul { @for trouble in found.troubles.iter().take(LISTED) { li { (told(trouble)) } } }
            @if found.troubles.len() > LISTED { p.soft.small { "只列出前 " (LISTED) " 处，全部在“下载有错的行”里。" } }
        }
    }
}

/// Which head of the table is which column: where they differ, it is chosen here.
fn matching(register: &Register, heads: &[String], sent: &Sent) -> Markup {
    html! { @if !heads.is_empty() { details {
        summary { "表头对应" }
        p.soft.small { "表头与台账的列名不一样的，在这里选，再比对一次。" }
        @for part in register.columns.iter().flat_map(parts) {
            @let name = format!("map.{part}");
            @let chosen = sent.get(&name);
            div.field {
                label for=(format!("f-{name}")) { (part) }
                select id=(format!("f-{name}")) name=(name) {
                    option value="" { "按列名找" }
                    @for head in heads.iter().filter(|head| !head.is_empty()) {
                        option value=(head) selected[head == chosen] { (head) }
                    }
                }
            }
        }
        div.actions { button type="submit" name="_go" value="look" { "再比对" } }
    } } }
}

/// What whoever approves has to know.
fn proposing(found: &Imported, sent: &Sent, refused: &[Refusal]) -> Markup {
    let nothing = found.new.is_empty() && found.changed.is_empty();
    html! {
        @for refusal in refused { div.note.stop role="alert" { p { (refusal.text) "。" (refusal.way_out) } } }
        @if nothing { p.empty { "没有要写入的行。" } }
        @else {
            h2 { "提交核准" }
            div.field {
                label for="f-title" { "标题" }
                input type="text" id="f-title" name="title" value=(sent.get("title")) placeholder="例如 2026年普查";
            }
            div.field {
                label for="f-origin" { "表格来历" }
                textarea id="f-origin" name="origin" rows="3" placeholder="谁做的、凭什么做的、做到哪一天" {
                    (sent.get("origin"))
                }
            }
            div.actions { button.main type="submit" name="_go" value="submit" { "提交核准" } }
        }
    }
}

/// The case that proposes the table.
fn propose(site: &Site, visit: &Visit, register: &Register, asked: Asked, sent: &Sent) -> Page {
    let (guide, start) = service(site, visit).ok_or(Fault::Forbidden)?;
    let step = start.first.first().map(|step| &guide.steps[*step]).ok_or(Fault::Forbidden)?;
    let text = |text: &str| Datum::Text(base::tidy_prose(text));
    let [own_register, workbook, map, from, partly] = FIELDS;
    let mut values = BTreeMap::from([
        (own_register.to_owned(), text(&register.key)),
        (workbook.to_owned(), Datum::Files(vec![asked.file])),
        (from.to_owned(), text(&asked.from.to_string())),
        (partly.to_owned(), Datum::Bool(asked.partly)),
        ("region".to_owned(), text(&within(visit, site)?.to_string())),
    ]);
    if !asked.map.is_empty() {
        values.insert(map.to_owned(), text(&write_map(&asked.map)));
    }
    for field in ["title", "origin"] {
        if !sent.get(field).trim().is_empty() {
            values.insert(field.to_owned(), text(sent.get(field)));
        }
    }
    let input = Input { values, ..Input::default() };
    let (case, service, start) = (site.receipt(), guide.key.to_string(), start.key.to_string());
    let command = Command::Submit { case, service, start, input, draw: None, over: None, subject: None };
    let people = vec![visit.staff()?.doing(guide, step)];
    let key = format!("{}:{}", visit.form_token, sent.get("_key"));
    let order = Order { key, people, case: None, command, secret: None, now: site.now() };
    match site.bureau.execute(&order) {
        Ok(done) => Ok(redirect(&format!("/case/{}", done.case))),
        Err(Failure::Refused(refused)) => {
            let some = Imported { new: vec![String::new()], ..Imported::default() };
            let kept = sent.pairs().filter(|(name, _)| name.starts_with("map."));
            let said = html! {
                @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
                (proposing(&some, sent, &refused))
            };
            Ok(asking(site, visit, register, sent, said).into_response())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Where the table of a case is looked at, if it proposes one.
pub fn link(guide: &Guide, case: &str) -> Markup {
    let brings = guide.steps.iter().any(|step| step.kind == StepKind::Batch(Job::Import));
    html! { @if brings { p { a.button href=(format!("/case/{case}/table")) { "与台账比对" } } } }
}

/// The table that a case proposes, compared with the register as it stands now.
pub async fn of_case(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(case): Path<String>,
) -> Page {
    visit.staff()?;
    let (state, ..) = visit.case(&site, &case)?;
    let brought = Brought::of(&state).ok_or(Fault::NotFound)?;
    let (worker, asked) = (site.clone(), brought.clone());
    let work = tokio::task::spawn_blocking(move || worker.bureau.compare_brought(&asked, &state));
    let found = work.await.map_err(|error| Fault::Broken(error.to_string()))?;
    let name = site.bureau.register(&brought.register).map_or("", |register| &register.name);
    let body = html! {
        p.crumbs { a href=(format!("/case/{case}")) { (case) } " › 与台账比对" }
        h1 { (brought.file.name) " 与台账“" (name) "”" }
        p {
            "自 " (brought.from) " 起有效；"
            @if brought.partly { "有错的行不写，其余的写入。" } @else { "只要有一行不对，就一行也不写。" }
        }
        @match found {
            Ok(found) => {
                (compared(&found))
                @for (word, keys) in [("新增", &found.new), ("变更", &found.changed)] {
                    @if !keys.is_empty() {
                        h2 { (word) }
                        ul { @for key in keys.iter().take(LISTED) { li.mono { (masked_key(key)) } } }
                        @if keys.len() > LISTED { p.soft.small { "只列出前 " (LISTED) " 行。" } }
                    }
                }
            }
            Err(failure) => (unread(failure)?),
        }
    };
    Ok(page(&site, &visit, "与台账比对", body).into_response())
}
