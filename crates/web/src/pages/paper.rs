//! Printing: letters, notices, the record of a step, and the whole file of a household, as a page and as PDF.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use casework::state::{Instance, LetterState, Notice};
use casework::{Datum, State as Case, Status};
use guide::Guide;
use guide::model::StepKind;
use maud::html;

use super::Page;
use super::case::step_name;
use super::facts::Shown;
use super::public::own_name;
use crate::layout::page;
use crate::paper::Paper;
use crate::site::{Fault, Site};
use crate::visit::Visit;

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, kind, number)): Path<(String, String, usize)>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let (state, guide, _) = visit.case(&site, &case)?;
    let own = visit.holds(&case);
    let paper = match &*kind {
        "letter" => letter(&site, state.letters.get(number).ok_or(Fault::NotFound)?),
        "notice" => notice(&site, &guide, &state, state.notices.get(number).ok_or(Fault::NotFound)?),
        // What staff recorded of a step is theirs to print.
        "step" if !own => record(&site, &visit, &guide, &state, number)?,
        "check" if !own => super::checks::report(&site, &guide, &state).ok_or(Fault::NotFound)?,
        "file" if !own => file(&site, &visit, &guide, &state)?,
        _ => return Err(Fault::NotFound),
    };
    if query.contains_key("pdf") {
        let Some(fonts) = site.fonts() else {
            let text = "这台机器上没有中文字体，做不了 PDF。请用浏览器打印这一页；或者请管机器的人装上思源宋体（fonts-noto-cjk）。";
            let body = html! { div.note.stop role="alert" { h1 { "没有字体" } p { (text) } } };
            return Ok(page(&site, &visit, "没有字体", body).into_response());
        };
        let bytes = crate::pdf::pdf(&paper, fonts).map_err(Fault::Broken)?;
        let name = format!("inline; filename=\"{case}-{kind}-{number}.pdf\"");
        let headers = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
        return Ok((headers, bytes).into_response());
    }
    let back = if own { format!("/progress/{case}") } else { format!("/case/{case}") };
    let body = html! {
        p.crumbs { a href=(back) { (state.applicant) "：" (guide.title) } " › " (paper.title) }
        div.actions { a.button.main href=(format!("/case/{case}/paper/{kind}/{number}?pdf=1")) { "PDF" } p.soft.small { "或者用浏览器打印这一页：屏幕上的按钮不会印出来。" } }
        (paper.html())
    };
    Ok(page(&site, &visit, &paper.title, body).into_response())
}

fn mark(site: &Site) -> String {
    if site.demo { "演示数据：人物均为虚构".to_owned() } else { String::new() }
}

/// A letter as it was issued.
pub fn letter(site: &Site, letter: &LetterState) -> Paper {
    let lines = letter.text.lines().map(str::trim).filter(|line| !line.is_empty());
    Paper {
        organ: site.name.clone(),
        number: letter.number.clone(),
        title: letter.title.clone(),
        paragraphs: lines.map(str::to_owned).collect(),
        closing: vec![site.name.clone(), base::format_date(letter.at.date())],
        mark: mark(site),
        ..Paper::default()
    }
}

/// A notice as it was frozen: for the places where it is posted.
fn notice(site: &Site, guide: &Guide, state: &Case, notice: &Notice) -> Paper {
    let place = state.region.map(|region| site.place(region)).unwrap_or_default();
    let (from, until) = (base::format_date(notice.posted_at.date()), base::format_date(notice.until.at.date()));
    let mut rows = vec![("地方".to_owned(), place)];
    rows.extend(notice.shown.iter().map(|(name, value)| (own_name(name).to_owned(), value.clone())));
    Paper {
        organ: site.name.clone(),
        title: format!("{}公示", guide.title),
        paragraphs: vec![
            format!("现将下列家庭的情况公示，公示期自{from}至{until}。"),
            "对公示内容有异议的，可以在公示期内当面、书面或者在网上提出；不署名的，作为线索核查。".to_owned(),
        ],
        rows,
        closing: vec![site.name.clone(), from],
        mark: mark(site),
        ..Paper::default()
    }
}

/// What was recorded at a step: a visit form, minutes of a review, an opinion.
fn record(site: &Site, visit: &Visit, guide: &Guide, state: &Case, id: usize) -> Result<Paper, Fault> {
    let instance = state.steps.iter().find(|instance| instance.id as usize == id).ok_or(Fault::NotFound)?;
    let step = guide.steps.iter().find(|step| *step.key == *instance.step).ok_or(Fault::NotFound)?;
    let people: Vec<&str> = instance.people.iter().map(|person| &*person.name).collect();
    let mut rows = head(site, state);
    rows.push(("办理人".to_owned(), people.join("、")));
    let day = instance.done_at.map_or("还没有办完".to_owned(), base::format_datetime);
    rows.push(("办理时间".to_owned(), day));
    rows.extend(outputs(instance));
    let shown = Shown::new(site, visit, guide, state)?;
    let facts = state.facts.iter().filter(|fact| fact.instance == instance.id && !fact.inherited);
    rows.extend(facts.filter_map(|fact| shown.line(fact)));
    let signs: &[&str] = match step.kind {
        StepKind::Visit => &["调查人签字", "在场人签字"],
        StepKind::Meeting => &["主持人签字", "监票人签字", "记录人签字"],
        StepKind::Form => &["申请人签字"],
        _ => &["经办人签字"],
    };
    Ok(Paper {
        title: format!("{}{}表", guide.title, step.name),
        rows,
        signs: signs.iter().map(|sign| (*sign).to_owned()).collect(),
        mark: mark(site),
        ..Paper::default()
    })
}

fn head(site: &Site, state: &Case) -> Vec<(String, String)> {
    vec![
        ("受理号".to_owned(), state.case.clone()),
        ("申请人".to_owned(), state.applicant.clone()),
        ("地方".to_owned(), state.region.map(|region| site.place(region)).unwrap_or_default()),
    ]
}

fn outputs(instance: &Instance) -> Vec<(String, String)> {
    let conclusion = instance.conclusion.iter().map(|word| ("结论".to_owned(), word.clone()));
    let others = instance.outputs.iter().filter_map(|(name, value)| match value {
        Datum::Text(text) => Some((name.clone(), text.clone())),
        Datum::Bool(b) => Some((name.clone(), if *b { "是" } else { "否" }.to_owned())),
        _ => None,
    });
    conclusion.chain(others).collect()
}

/// The file of a household: what is believed, what was decided, what happened, which letters went out.
fn file(site: &Site, visit: &Visit, guide: &Guide, state: &Case) -> Result<Paper, Fault> {
    let shown = Shown::new(site, visit, guide, state)?;
    let mut rows = head(site, state);
    for kin in &state.kin {
        rows.push(("备案".to_owned(), format!("{}是近亲属（{}）", kin.official, kin.relation)));
    }
    let adopted = guide.fields.iter().filter_map(|field| casework::facts::adopted(guide, state, field, 0));
    rows.extend(adopted.filter_map(|fact| shown.line(fact)));
    if let Some(assessed) = &state.assessed {
        rows.extend(assessed.results.iter().map(|(name, value)| (format!("认定：{name}"), value.clone())));
    }
    for grant in &state.grants {
        let parts: Vec<String> = grant.components.iter().map(|(part, fen)| format!("{part} {fen} 元")).collect();
        rows.push((format!("自{}", grant.from), format!("每月 {} 元：{}", grant.total(), parts.join("、"))));
    }
    for instance in state.steps.iter().filter(|i| i.status == Status::Done) {
        let people: Vec<&str> = instance.people.iter().map(|person| &*person.name).collect();
        let at = instance.done_at.map(base::format_datetime).unwrap_or_default();
        let conclusion = instance.conclusion.as_deref().unwrap_or_default();
        rows.push((step_name(guide, &instance.step), format!("{at}　{}　{conclusion}", people.join("、"))));
    }
    for letter in &state.letters {
        let number = letter.number.as_deref().unwrap_or_default();
        rows.push((letter.title.clone(), format!("{number}号　{}", base::format_date(letter.at.date()))));
    }
    Ok(Paper { title: format!("{}户档", guide.title), rows, mark: mark(site), ..Paper::default() })
}
