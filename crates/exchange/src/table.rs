//! Tables that people bring: sheets of a workbook and delimited text, as cells of text.
//!
//! A spreadsheet changes what is typed into it: long numbers lose their last digits, dates become counts of days, and
//! a file may carry formulas, macros, or more than any machine can hold. Each of these has an outcome of its own here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use base::{tidy, tidy_prose};
use calamine::{DataRef, ExcelDateTime, Reader as _, SheetVisible, Xlsx};
use encoding_rs::GB18030;
use zip::ZipArchive;

use crate::Unreadable;

/// What is read at most: rows of a table, columns, and bytes of a workbook once it is unpacked.
pub const MOST_ROWS: usize = 200_000;
const MOST_COLUMNS: u32 = 300;
const MOST_UNPACKED: u64 = 512 << 20;

/// Rows among which the header is looked for: titles and notes may stand above it.
const HEADER_WITHIN: usize = 10;

/// Digits of a number that a spreadsheet keeps; those behind become zeros.
const KEPT_DIGITS: usize = 15;

/// A cell as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// As it was typed; empty where nothing stands.
    Text(String),
    /// A number of more than fifteen digits that the spreadsheet has rounded: its last digits are gone.
    Lost(String),
    /// A formula that has no result.
    Failed(String),
}

/// A row and the line of the file in which it stands, as people count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub cells: Vec<Cell>,
}

/// A table of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub heads: Vec<String>,
    /// The line of the header.
    pub head_line: u32,
    /// Those that have anything in them.
    pub lines: Vec<Line>,
    /// What whoever brings the file should know: other sheets, formulas, merged cells. Chinese sentences.
    pub notes: Vec<String>,
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// What stands in it, whether it can be believed or not.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Lost(text) | Self::Failed(text) => text,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.as_text().is_empty()
    }
}

/// Reads a workbook (.xlsx) or delimited text (UTF-8 or GB18030; commas, tabs or semicolons). The header is the row
/// among the first ten that has most of the columns that are wanted.
///
/// # Errors
/// What the file is and what to do: an old or locked workbook, one with macros, one that unpacks to more than a machine
/// should hold, no header, too many rows.
pub fn read_table(bytes: &[u8], wanted: &[&str]) -> Result<Table, Unreadable> {
    let (rows, notes) = match bytes {
        [b'P', b'K', 3, 4, ..] => read_sheet(bytes)?,
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return Err(Unreadable::one("是旧格式的表格（.xls），或者加了密码：请另存为不加密码的 .xlsx 再导入"));
        }
        [b'%', b'P', b'D', b'F', ..] => return Err(Unreadable::one("是 PDF，不是表格：请用 .xlsx 或者 .csv")),
        _ => (read_text(bytes)?, Vec::new()),
    };
    table(rows, notes, wanted)
}

/// What a file is that may be a table: `xlsx`, or `csv` for text; nothing else is one.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"PK\x03\x04") {
        let archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
        return archive.file_names().flatten().any(|name| name == "xl/workbook.xml").then_some("xlsx");
    }
    read_text(bytes).is_ok_and(|rows| !rows.is_empty()).then_some("csv")
}

/// Rows by their line.
type Rows = BTreeMap<u32, Vec<Cell>>;

fn table(mut rows: Rows, mut notes: Vec<String>, wanted: &[&str]) -> Result<Table, Unreadable> {
    let known = |row: &[Cell]| row.iter().filter(|cell| wanted.contains(&&*head(cell))).count();
    let filled = |row: &[Cell]| row.iter().filter(|cell| !cell.is_empty()).count();
    let first = rows.iter().take(HEADER_WITHIN).map(|(line, row)| (known(row), filled(row) > 1, *line));
    // Of equal ones the first: a later row is data.
    let best = first.rev().max_by_key(|(known, filled, _)| (*known, *filled));
    let Some((_, _, head_line)) = best else { return Err(Unreadable::one("表格是空的")) };
    let mut heads: Vec<String> = rows.get(&head_line).into_iter().flatten().map(head).collect();
    // A header of two rows: where the lower one is empty, the upper one was merged down over it.
    if let Some((_, above)) = rows.range(..head_line).next_back() {
        for (place, cell) in above.iter().enumerate().filter(|(_, cell)| wanted.contains(&&*head(cell))) {
            heads.resize(heads.len().max(place + 1), String::new());
            if heads[place].is_empty() {
                heads[place] = head(cell);
            }
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = heads.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
        return Err(Unreadable::one(format!("第 {head_line} 行的表头里“{twice}”有两列：请只留一列")));
    }
    let above = rows.range(..head_line).filter(|(_, row)| filled(row) > 0).count();
    if above > 0 {
        notes.push(format!("表头在第 {head_line} 行，上面的 {above} 行没有读"));
    }
    let body = rows.split_off(&(head_line + 1));
    let width = heads.len();
    let lines = body.into_iter().filter(|(_, cells)| filled(cells) > 0).map(|(number, mut cells)| {
        cells.resize(width.max(cells.len()), Cell::text(""));
        Line { number, cells }
    });
    Ok(Table { lines: lines.collect(), heads, head_line, notes })
}

/// A head as it is compared: without blanks, line breaks and the star that marks what must be filled in.
fn head(cell: &Cell) -> String {
    tidy(cell.as_text()).chars().filter(|c| !c.is_whitespace() && *c != '*').collect()
}

fn read_sheet(bytes: &[u8]) -> Result<(Rows, Vec<String>), Unreadable> {
    unpacked(bytes)?;
    let broken =
        |error: calamine::XlsxError| Unreadable::one(format!("表格打不开（{error}）：请用表格软件重新另存为 .xlsx"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let sheets: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let mut notes = Vec::new();
    let mut found: Option<Rows> = None;
    for (name, visible) in sheets {
        if !visible {
            notes.push(format!("工作表“{name}”是隐藏的，没有读"));
            continue;
        }
        if found.is_some() {
            notes.push(format!("只读第一张有内容的工作表，“{name}”没有读"));
            continue;
        }
        let rows = read_cells(&mut book, &name, &mut notes).map_err(|wrong| match wrong {
            Wrong::Broken(error) => broken(error),
            Wrong::Limit(text) => Unreadable::one(text),
        })?;
        if rows.is_empty() {
            continue;
        }
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let many = merged.iter().filter(|region| region.start != region.end).count();
        if many > 0 {
            notes.push(format!("有 {many} 处合并的单元格：只有左上角一格有值，其余按空的读"));
        }
        found = Some(rows);
    }
    found.map(|rows| (rows, notes)).ok_or_else(|| Unreadable::one("表格里没有内容"))
}

enum Wrong {
    Broken(calamine::XlsxError),
    Limit(String),
}

impl From<calamine::XlsxError> for Wrong {
    fn from(error: calamine::XlsxError) -> Self {
        Self::Broken(error)
    }
}

/// The cells of a sheet one by one: a single cell far out must not make room for all that lie between.
fn read_cells(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str, notes: &mut Vec<String>) -> Result<Rows, Wrong> {
    let mut rows = Rows::new();
    let mut formulas = 0_usize;
    let mut reader = book.worksheet_cells_reader(sheet)?;
    while let Some(cell) = reader.next_cell_with_formula_metadata()? {
        let (row, column) = cell.pos;
        let is_formula = cell.formula.is_some();
        let cell = match cell.value {
            DataRef::Empty if is_formula => Cell::Failed("公式".into()),
            DataRef::Empty => continue,
            value => read_value(value),
        };
        if cell.is_empty() {
            continue;
        }
        formulas += usize::from(is_formula);
        if column >= MOST_COLUMNS {
            return Err(Wrong::Limit(format!(
                "第 {} 行在第 {} 列还有内容，最多 {MOST_COLUMNS} 列",
                row + 1,
                column + 1
            )));
        }
        if rows.len() > MOST_ROWS && !rows.contains_key(&(row + 1)) {
            return Err(Wrong::Limit(format!("超过 {MOST_ROWS} 行：请分成几个文件")));
        }
        let cells = rows.entry(row + 1).or_default();
        cells.resize(cells.len().max(column as usize + 1), Cell::text(""));
        cells[column as usize] = cell;
    }
    if formulas > 0 {
        notes.push(format!("有 {formulas} 个公式：按表格里存的结果读，不重新计算"));
    }
    Ok(rows)
}

fn read_value(value: DataRef) -> Cell {
    match value {
        DataRef::String(text) => cell_of(&text),
        DataRef::SharedString(text) => cell_of(text),
        DataRef::Int(number) => number_cell(&number.to_string()),
        DataRef::Float(number) => number_cell(&plain(number)),
        DataRef::Bool(holds) => Cell::text(if holds { "是" } else { "否" }),
        DataRef::DateTime(at) => date(&at),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text),
        DataRef::Error(error) => Cell::Failed(error.to_string()),
        DataRef::Empty => Cell::text(""),
    }
}

/// Text as people paste it: `="410…"` and a leading apostrophe keep a spreadsheet from changing a number.
fn cell_of(text: &str) -> Cell {
    let text = tidy_prose(text);
    let inner = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"'));
    let text = inner.unwrap_or_else(|| text.strip_prefix('\'').unwrap_or(&text)).trim();
    if is_scientific(text) { Cell::text(text).lost() } else { Cell::text(text) }
}

impl Cell {
    fn lost(self) -> Self {
        Self::Lost(self.as_text().to_owned())
    }
}

/// `4.10325E+17`: what a spreadsheet makes of a long number in a text file.
fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let power = power.strip_prefix('+').unwrap_or(power);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.contains('.') && plain(digits) && power.parse::<usize>().is_ok_and(|power| power >= KEPT_DIGITS)
}

fn number_cell(text: &str) -> Cell {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > KEPT_DIGITS && !text.contains('.') { Cell::text(text).lost() } else { Cell::text(text) }
}

/// A number as it is shown: whole ones without a point, others with the fifteen digits that a spreadsheet keeps.
fn plain(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e21 {
        return format!("{number:.0}");
    }
    let exact = format!("{number}");
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if digits(&exact) <= KEPT_DIGITS {
        return exact;
    }
    let whole = number.abs().log10().floor().max(0.0) as usize + 1;
    let text = format!("{number:.*}", KEPT_DIGITS.saturating_sub(whole));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn date(at: &ExcelDateTime) -> Cell {
    if !at.is_datetime() {
        return Cell::text(plain(at.as_f64()));
    }
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let day = format!("{year:04}-{month:02}-{day:02}");
    Cell::Text(if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day} {hour:02}:{minute:02}") })
}

/// Refuses what must not be opened: macros, and what unpacks to more than it should. What an archive says of its own
/// size is not believed: it is unpacked once, and counted.
fn unpacked(bytes: &[u8]) -> Result<(), Unreadable> {
    let broken = |_| Unreadable::one("表格坏了，或者没有传完：请重新上传");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let names: Vec<String> = archive.file_names().flatten().map(|name| name.to_string()).collect();
    if names.iter().any(|name| name.ends_with("vbaProject.bin")) {
        return Err(Unreadable::one("表格里有宏（.xlsm）：请另存为不带宏的 .xlsx 再导入"));
    }
    if !names.iter().any(|name| name == "xl/workbook.xml") {
        return Err(Unreadable::one("是压缩包，不是表格：请用 .xlsx 或者 .csv"));
    }
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(broken)?;
        let read = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink());
        let read = read.map_err(|_| Unreadable::one("表格坏了，或者没有传完：请重新上传"))?;
        left =
            left.checked_sub(read).ok_or_else(|| Unreadable::one("表格展开以后太大，没有打开：请只留要导入的数据"))?;
    }
    Ok(())
}

fn read_text(bytes: &[u8]) -> Result<Rows, Unreadable> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => {
            let (text, _, wrong) = GB18030.decode(bytes);
            if wrong || text.contains('\0') {
                return Err(Unreadable::one("既不是 .xlsx，也不是 UTF-8 或者 GBK 的文本：请另存为 .xlsx"));
            }
            text.into_owned()
        }
    };
    if text.contains('\0') {
        return Err(Unreadable::one("不是表格：请用 .xlsx 或者 .csv"));
    }
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let between = ['\t', ';', ','].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(between as u8);
    let mut rows = Rows::new();
    let (mut record, mut last) = (csv::StringRecord::new(), 0);
    let mut reader = reader.from_reader(text.as_bytes());
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(Unreadable::one(format!("读不出：{error}"))),
        }
        if record.len() > MOST_COLUMNS as usize || rows.len() > MOST_ROWS {
            return Err(Unreadable::one(format!("超过 {MOST_ROWS} 行或者 {MOST_COLUMNS} 列：请分成几个文件")));
        }
        let line = record.position().map_or(0, csv::Position::line);
        // With `\r\n` the reader counts a line only when the next one begins.
        let line = u32::try_from(line).unwrap_or(u32::MAX).max(last + 1);
        rows.insert(line, record.iter().map(cell_of).collect());
        last = line;
    }
    Ok(rows)
}
