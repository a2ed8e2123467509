//! Workbooks that go out: a template to fill in, and a table that comes back with what is wrong in it.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, FormatBorder, Workbook, XlsxError};

use crate::table::Table;

/// A column of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub name: String,
    pub required: bool,
    /// What may stand in it, in words.
    pub kind: String,
    pub note: String,
    /// Words of which one is chosen; offered in the cell.
    pub choices: Vec<String>,
}

/// Something wrong in a table: in a cell, or in the whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub line: u32,
    /// The place of the column.
    pub column: Option<usize>,
    /// A Chinese sentence that says what to do.
    pub text: String,
}

/// Rows of a template in which choices are offered.
const TEMPLATE_ROWS: u32 = 5_000;

/// The most characters that a list of choices in a cell may have.
const MOST_CHOICES: usize = 255;

fn header() -> Format {
    Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00ea_f0f6))
        .set_border(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
}

/// An empty table with its headings, in which numbers stay text, and a sheet that says what to write.
///
/// # Errors
/// Only what the writer of the workbook cannot do.
pub fn template(name: &str, headings: &[Heading]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(sheet_name(name))?;
    let text = Format::new().set_num_format("@");
    for (column, heading) in (0..).zip(headings) {
        let star = if heading.required { "*" } else { "" };
        sheet.write_with_format(0, column, format!("{}{star}", heading.name), &header())?;
        // As text, so that no number of eighteen digits loses its end.
        sheet.set_column_format(column, &text)?;
        sheet.set_column_width(column, 8.0 + 2.0 * heading.name.chars().count() as f64)?;
        let long: usize = heading.choices.iter().map(|word| word.chars().count() + 1).sum();
        if !heading.choices.is_empty() && long < MOST_CHOICES {
            let list = DataValidation::new().allow_list_strings(&heading.choices)?;
            sheet.add_data_validation(1, column, TEMPLATE_ROWS, column, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    let help = book.add_worksheet().set_name("填写说明")?;
    for (column, word) in (0..).zip(["列", "必填", "写什么", "说明"]) {
        help.write_with_format(0, column, word, &header())?;
    }
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (row, heading) in (1..).zip(headings) {
        let required = if heading.required { "是" } else { "否" };
        for (column, text) in (0..).zip([&*heading.name, required, &*heading.kind, &*heading.note]) {
            help.write_with_format(row, column, text, &wrapped)?;
        }
    }
    for (column, width) in [(0, 18.0), (1, 8.0), (2, 44.0), (3, 60.0)] {
        help.set_column_width(column, width)?;
    }
    book.save_to_buffer()
}

/// The lines of a table in which something is wrong, as they were sent, with what is wrong behind them; the cells that
/// are meant are marked. Put right, it can be brought again as it is.
///
/// # Errors
/// Only what the writer of the workbook cannot do.
pub fn returned(table: &Table, troubles: &[Trouble]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("要改的行")?;
    let (text, mark) = (
        Format::new().set_num_format("@"),
        Format::new().set_num_format("@").set_background_color(Color::RGB(0x00f6_d7d2)),
    );
    let mut by_line: BTreeMap<u32, Vec<&Trouble>> = BTreeMap::new();
    troubles.iter().for_each(|trouble| by_line.entry(trouble.line).or_default().push(trouble));
    let places: Vec<(u16, &String)> = (0..).zip(&table.heads).collect();
    for (column, name) in &places {
        sheet.write_with_format(0, *column, *name, &header())?;
        sheet.set_column_format(*column, &text)?;
    }
    let last = u16::try_from(places.len()).unwrap_or(u16::MAX);
    for (column, name) in [(last, "原来的行"), (last + 1, "问题")] {
        sheet.write_with_format(0, column, name, &header())?;
    }
    let lines = table.lines.iter().filter(|line| by_line.contains_key(&line.number));
    for (row, line) in (1..).zip(lines) {
        let own = &by_line[&line.number];
        let marked: BTreeSet<usize> = own.iter().filter_map(|trouble| trouble.column).collect();
        for ((column, _), cell) in places.iter().zip(&line.cells) {
            let format = if marked.contains(&usize::from(*column)) { &mark } else { &text };
            sheet.write_with_format(row, *column, cell.as_text(), format)?;
        }
        let told: Vec<&str> = own.iter().map(|trouble| &*trouble.text).collect();
        sheet.write(row, last, line.number)?;
        sheet.write(row, last + 1, told.join("；"))?;
    }
    sheet.set_column_width(last + 1, 80)?;
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}

/// A table of text.
///
/// # Errors
/// Only what the writer of the workbook cannot do.
pub fn plain(name: &str, heads: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(sheet_name(name))?;
    let text = Format::new().set_num_format("@");
    for (column, head) in (0..).zip(heads) {
        sheet.write_with_format(0, column, head, &header())?;
        sheet.set_column_format(column, &text)?;
        sheet.set_column_width(column, 22.0)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            sheet.write_with_format(line, column, cell, &text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}

/// At most 31 characters, none of those that no sheet may be called by.
fn sheet_name(name: &str) -> String {
    name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect()
}
