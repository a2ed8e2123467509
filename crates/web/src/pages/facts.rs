//! Facts of a case: as they are believed, each with its source and date, and the photos and scans among them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use bureau::FileUse;
use casework::event::FileRef;
use casework::state::Fact;
use casework::{Datum, State as Case};
use formula::{Type, Unit};
use guide::Guide;
use guide::model::{Field, FieldType};
use maud::{Markup, html};
use std::collections::HashMap;

use super::Page;
use super::case::step_name;
use crate::field::file_size;
use crate::layout::day;
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// A case whose facts are shown, with the other places at which its files were stated.
pub struct Shown<'s> {
    site: &'s Site,
    guide: &'s Guide,
    state: &'s Case,
    uses: Vec<FileUse>,
}

impl<'s> Shown<'s> {
    pub fn new(site: &'s Site, visit: &Visit, guide: &'s Guide, state: &'s Case) -> Result<Self, Fault> {
        let uses = site.bureau.store.other_uses(state, &site.bureau.scope(visit.staff()?))?;
        Ok(Self { site, guide, state, uses })
    }

    /// A fact in one line of text, as papers have it.
    pub fn line(&self, fact: &Fact) -> Option<(String, String)> {
        let field = self.guide.fields.iter().find(|field| *field.key == *fact.field)?;
        Some((field.name.to_string(), self.text(field, &fact.value)))
    }

    fn text(&self, field: &Field, value: &Datum) -> String {
        match (value, &field.ty) {
            (Datum::Bool(b), _) => if *b { "是" } else { "否" }.to_owned(),
            (Datum::Person(person), _) => match &person.number {
                Some(number) => format!("{} {}", person.name, masked(number)),
                None => person.name.clone(),
            },
            (Datum::Text(text), FieldType::PersonNumber | FieldType::Account) => masked(text),
            (Datum::Text(text), FieldType::Plain(Type::Region)) => self.site.place_of(text),
            (Datum::Text(text), FieldType::Plain(Type::Number(unit) | Type::Fen(unit))) => measured(text, *unit),
            (Datum::Text(text), _) if field.name.contains("电话") => base::mask_phone(text),
            (Datum::Text(text), _) => text.clone(),
            (Datum::Files(files), _) => files
                .iter()
                .map(|file| format!("{}（{}…）", file.name, &file.digest[..12.min(file.digest.len())]))
                .collect::<Vec<_>>()
                .join("、"),
            (Datum::Rows(rows), FieldType::List(list)) => {
                let columns = &self.guide.lists[*list].columns;
                let row = |row: &casework::event::Row| {
                    let person = match row.columns.get("person") {
                        Some(Datum::Person(person)) => person.name.clone(),
                        _ => format!("第 {} 行", row.id),
                    };
                    let cells = columns.iter().filter_map(|column| {
                        let value = row.columns.get(&*column.key)?;
                        Some(format!("{} {}", column.name, self.text(column, value)))
                    });
                    format!("{person}：{}", cells.collect::<Vec<_>>().join("；"))
                };
                if rows.is_empty() { "没有".to_owned() } else { rows.iter().map(row).collect::<Vec<_>>().join("\n") }
            }
            (Datum::Rows(_), _) => String::new(),
        }
    }

    /// Photos as small pictures, scans by name; what was stated elsewhere too is said below.
    fn files(&self, files: &[FileRef]) -> Markup {
        html! {
            ul.files {
                @for file in files {
                    @let link = format!("/case/{}/file/{}", self.state.case, file.digest);
                    li {
                        a href=(link) {
                            @if let Some(paper) = paper(&file.kind) { span.paper { (paper) } }
                            @else { img src=(format!("{link}?small=1")) alt=(format!("照片：{}", file.name)) loading="lazy"; }
                            span.small { (file.name) " " span.soft { (file_size(file.size)) } }
                        }
                        @for other in self.uses.iter().filter(|other| other.digest == file.digest).take(3) {
                            p.small { span.mark.soon { @if other.same { "用过" } @else { "看上去用过" } } " "
                                @if other.case == self.state.case { "本件" } @else { span.mono { (other.case) } }
                                " " (other.field.split('/').next().and_then(|key| self.guide.fields.iter().find(|f| *f.key == *key)).map_or("", |f| &f.name))
                                " " (day(&other.at))
                            }
                        }
                    }
                }
            }
        }
    }

    /// Facts as they are believed, each with its step, day and author; what else was said of them opens below.
    pub fn table(&self) -> Markup {
        let Self { guide, state, .. } = self;
        let said = |field: &Field| {
            let adopted = casework::facts::adopted(guide, state, field, 0)?;
            let others: Vec<&Fact> = state.facts.iter().filter(|f| f.field == *field.key && *f != adopted).collect();
            Some((adopted, others))
        };
        html! {
            div.scroll { table.facts {
                thead { tr { th { "项目" } th { "内容" } th { "来源" } th { "记录" } } }
                tbody {
                    @for field in &guide.fields {
                        @if let Some((adopted, others)) = said(field) {
                            tr {
                                th scope="row" { (field.name) }
                                td {
                                    (self.datum(field, &adopted.value))
                                    (self.other_words(field, adopted, &others))
                                }
                                td { (step_name(guide, &adopted.step)) @if adopted.inherited { span.soft { "（前件）" } } }
                                td.nowrap { (adopted.by.name) @if adopted.by.for_applicant { "（代录）" } "，" (recorded(adopted)) }
                            }
                        }
                    }
                }
            } }
        }
    }

    /// What others said, or the same said before; a different answer is what a reader looks for, so it is counted.
    fn other_words(&self, field: &Field, adopted: &Fact, others: &[&Fact]) -> Markup {
        let differing = others.iter().filter(|other| other.value != adopted.value).count();
        html! {
            @if !others.is_empty() {
                details.others {
                    summary {
                        @if differing > 0 { span.mark.soon { (differing) " 次说法不同" } }
                        @else { span.soft.small { "另有 " (others.len()) " 次相同" } }
                    }
                    @for other in others {
                        p.small {
                            (step_name(self.guide, &other.step)) "，" (other.by.name) "，" (recorded(other)) "："
                            (self.datum(field, &other.value))
                        }
                    }
                }
            }
        }
    }

    /// A value as it may be shown: numbers of people and telephones are masked.
    fn datum(&self, field: &Field, value: &Datum) -> Markup {
        match (value, &field.ty) {
            (Datum::Rows(rows), FieldType::List(list)) => html! {
                @if rows.is_empty() { "没有" }
                @for row in rows {
                    details {
                        summary {
                            @match row.columns.get("person") {
                                Some(Datum::Person(person)) => (person.name),
                                _ => { "第 " (row.id) " 行" }
                            }
                        }
                        dl.pairs {
                            @if let Some(Datum::Person(person)) = row.columns.get("person") {
                                @if let Some(number) = &person.number { dt { "身份号码" } dd.mono { (masked(number)) } }
                            }
                            @for column in &self.guide.lists[*list].columns {
                                @if let Some(value) = row.columns.get(&*column.key) {
                                    dt { (column.name) }
                                    dd { (self.datum(column, value)) }
                                }
                            }
                        }
                    }
                }
            },
            (Datum::Files(files), _) => self.files(files),
            (value, _) => html! { (self.text(field, value)) },
        }
    }
}

/// A number with its unit; money has two decimals.
pub fn measured(text: &str, unit: Unit) -> String {
    let number = figure(text, unit);
    if unit == Unit::NONE { number } else { format!("{number} {unit}") }
}

/// The same in a column whose head says what it is.
pub fn figure(text: &str, unit: Unit) -> String {
    let money = unit.is_money().then(|| base::Fen::parse(text)).flatten();
    money.map_or_else(|| text.to_owned(), |fen| fen.to_string())
}

/// When a fact was recorded, and from which day it holds where that is another.
fn recorded(fact: &Fact) -> Markup {
    html! {
        (fact.recorded_at.date())
        @if fact.valid_from != fact.recorded_at.date() { br; span.soft { "自 " (fact.valid_from) " 起" } }
    }
}

/// What stands for a file that is no picture.
fn paper(kind: &str) -> Option<&'static str> {
    match kind {
        "pdf" => Some("PDF"),
        "xlsx" | "csv" => Some("表格"),
        _ => None,
    }
}

fn masked(number: &str) -> String {
    base::PersonNumber::parse(number).map_or_else(|_| base::mask_account(number), |number| number.masked())
}

/// A file of a case, for whoever may see the case and only if the case speaks of it.
pub async fn file(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, digest)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let (state, _, _) = visit.case(&site, &case)?;
    let mut files = state.facts.iter().flat_map(|fact| fact.value.files());
    let file = files.find(|file| file.digest == digest).ok_or(Fault::NotFound)?;
    let small = query.contains_key("small");
    let bytes = site.bureau.store.file(&digest, small)?.ok_or(Fault::NotFound)?;
    let kind = match &*file.kind {
        "png" if !small => "image/png",
        "pdf" => "application/pdf",
        "xlsx" => super::lists::WORKBOOK,
        "csv" => "text/csv",
        _ => "image/jpeg",
    };
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}
