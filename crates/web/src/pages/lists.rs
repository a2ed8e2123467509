//! Every list as a file, for spreadsheets: CSV and XLSX of the same rows that the page shows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use base::Fen;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::{Page, debts, desk, payments, public, registers, roll, staff, statistics, what_if};
use crate::layout::{day, standing_word};
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// A cell: text stays text also where it looks like a number or a formula.
pub enum Cell {
    Text(String),
    Money(Fen),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A list with its heads.
pub struct Listing {
    pub title: String,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

pub fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The list of a name, as its reader may see it.
fn listing(site: &Site, visit: &Visit, name: &str, query: &HashMap<String, String>) -> Result<Listing, Fault> {
    let actor = visit.staff()?;
    let scope = site.bureau.scope(actor);
    let day = |moment: &str| Cell::from(day(moment));
    match name {
        "roll" => roll::listing(site, visit, query),
        "staff" => staff::listing(site, visit),
        "notices" => public::listing(site, query),
        "work" => {
            let rows = desk::work(site, actor, u32::MAX)?.into_iter().map(|row| {
                let step = desk::step_name(site, &row);
                let place = site.place_of(&row.region);
                vec![row.applicant.into(), step.into(), day(&row.due), place.into(), row.case.into()]
            });
            Ok(Listing {
                title: "我的工作".into(),
                heads: heads(&["申请人", "要办", "到期", "地方", "受理号"]),
                rows: rows.collect(),
            })
        }
        "cases" => {
            let words = base::tidy(query.get("q").map_or("", String::as_str));
            let rows = desk::listed(site, actor, &words, u32::MAX)?.into_iter().map(|row| {
                let place = site.place_of(&row.region);
                vec![
                    row.applicant.into(),
                    standing_word(&row.result).into(),
                    day(&row.opened_at),
                    place.into(),
                    row.case.into(),
                ]
            });
            Ok(Listing {
                title: "本地的件".into(),
                heads: heads(&["申请人", "现在", "提交", "地方", "受理号"]),
                rows: rows.collect(),
            })
        }
        "kin" => {
            let rows = site.bureau.store.kin(&scope)?.into_iter().map(|row| {
                let standing = standing_word(&row.result).to_owned();
                let (place, declared) = (site.place_of(&row.region), day(&row.declared_at));
                let people = [&row.official, &row.relation, &row.applicant, &place].map(|text| Cell::from(&**text));
                let acted = super::kin::steps(site, &row).into();
                people.into_iter().chain([declared, standing.into(), acted, row.case.into()]).collect()
            });
            Ok(Listing {
                title: "近亲属备案".into(),
                heads: heads(&["工作人员", "是这一家的", "户主", "地方", "备案", "现在", "备案以前办过", "受理号"]),
                rows: rows.collect(),
            })
        }
        "debts" => debts::listing(site, visit),
        "statistics" => statistics::listing(site, visit, query),
        name => match name.split_once('-') {
            Some(("register", register)) => registers::listing(site, visit, register, query),
            Some(("study", study)) => what_if::listing(site, visit, study),
            Some(("payments", run)) => payments::listing(site, visit, run),
            _ => Err(Fault::NotFound),
        },
    }
}

/// What a workbook is called among media types.
pub const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub async fn file(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Page {
    let (name, kind) = name.rsplit_once('.').ok_or(Fault::NotFound)?;
    let listing = listing(&site, &visit, name, &query)?;
    let (kind, bytes) = match kind {
        "csv" => ("text/csv; charset=utf-8", csv(&listing).into_bytes()),
        "xlsx" => (WORKBOOK, xlsx(&listing, site.demo).map_err(|error| Fault::Broken(error.to_string()))?),
        _ => return Err(Fault::NotFound),
    };
    let name = format!(
        "attachment; filename=\"{name}-{}.{}\"",
        site.now().date(),
        if kind.starts_with("text") { "csv" } else { "xlsx" }
    );
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// UTF-8 with its mark, as spreadsheets want it.
fn csv(listing: &Listing) -> String {
    let mut text = format!("\u{feff}{}\r\n", listing.heads.join(","));
    for row in &listing.rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => quoted(text),
            Cell::Money(fen) => quoted(&fen.plain()),
        });
        text += &cells.collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    text
}

/// A cell of a CSV file; what a spreadsheet would take for a formula is shown as text.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn xlsx(listing: &Listing, demo: bool) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(&listing.title)?;
    let (bold, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
    for (column, head) in (0_u16..).zip(&listing.heads) {
        sheet.write_string_with_format(0, column, head, &bold)?;
        sheet.set_column_width(column, 18)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (number, row) in (1_u32..).zip(&listing.rows) {
        for (column, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) => sheet.write_string(number, column, text)?,
                // A spreadsheet knows no whole 分; up to 90 万亿元 its numbers hold every one of them.
                Cell::Money(fen) => sheet.write_number_with_format(number, column, fen.0 as f64 / 100.0, &money)?,
            };
        }
    }
    if demo {
        let last = u32::try_from(listing.rows.len()).unwrap_or(u32::MAX - 3) + 2;
        sheet.write_string(last, 0, "演示数据：人物均为虚构")?;
    }
    book.save_to_buffer()
}
