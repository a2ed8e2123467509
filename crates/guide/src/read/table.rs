//! Tables with a known heading: cells by the name of their column.

use crate::code::Code;
use crate::document::{Cell, Document, Section, Table, TableRow};
use crate::findings::{Findings, instead};

/// The columns of a table by name. One that may be empty in every row may also be left out.
pub(super) struct Columns {
    pub needed: &'static [&'static str],
    pub optional: &'static [&'static str],
}

/// A row of a table that has been checked against its columns.
pub(super) struct Row {
    cells: Vec<(&'static str, Cell)>,
    /// The whole line.
    pub line: Cell,
}

impl Row {
    /// The cell of a column; empty where the table leaves the column out.
    pub fn get(&self, column: &str) -> &Cell {
        self.cells.iter().find(|(name, _)| *name == column).map_or(&self.line, |(_, cell)| cell)
    }

    /// The cell of a column that must be filled.
    pub fn need(&self, column: &str, log: &mut Findings) -> Option<&Cell> {
        let cell = self.get(column);
        if cell.is_empty() {
            log.error(Code::Empty, &cell.location, format!("“{column}”空着"), format!("填写“{column}”"));
            return None;
        }
        Some(cell)
    }

    /// 是, 否, or empty for 否.
    pub fn flag(&self, column: &str, log: &mut Findings) -> bool {
        let cell = self.get(column);
        if !matches!(cell.text.as_str(), "是" | "否" | "") {
            log.error(Code::BadValue, &cell.location, format!("“{}”不是“是”或“否”", cell.text), "“是”或“否”");
        }
        cell.text == "是"
    }
}

/// A section by its title, wherever it stands; reports when it is missing.
pub(super) fn section<'d>(document: &'d Document, title: &str, log: &mut Findings) -> Option<&'d Section> {
    let found = document.root.walk().into_iter().find(|s| s.title.text == title);
    if found.is_none() {
        let at = &document.root.title.location;
        log.error(Code::MissingHeading, at, format!("没有标题“{title}”"), format!("加一节“## {title}”"));
    }
    found
}

/// The rows of the one table of a section.
pub(super) fn rows(section: &Section, columns: &Columns, log: &mut Findings) -> Vec<Row> {
    runs(section, &[], log);
    let mut tables = section.tables();
    let Some(table) = tables.next() else {
        let head = columns.needed.join(" | ");
        let message = format!("“{}”下没有表格", section.title.text);
        log.error(Code::MissingTable, &section.title.location, message, format!("一张表，表头“| {head} |”"));
        return Vec::new();
    };
    for surplus in tables {
        let message = format!("“{}”下只能有一张表", section.title.text);
        log.error(Code::SurplusTable, &surplus.location, message, "把各行合并到前一张表");
    }
    rows_of(table, columns, log)
}

/// Checks that nothing in a section looks as if it ran and does not; fences may have the given tags only.
pub(super) fn runs(section: &Section, tags: &[&str], log: &mut Findings) {
    for location in section.nested() {
        log.error(Code::BrokenTable, location, "列表或引用里的表格和围栏不会运行", "顶格写，不放在列表或引用里");
    }
    for paragraph in section.paragraphs().filter(|p| p.text.lines().any(|l| l.trim_start().starts_with('|'))) {
        let help = "表头下面紧接一行 |---|---|，列数与表头相同，表格前空一行";
        log.error(Code::BrokenTable, &paragraph.location, "这里像表格，但程序读不出", help);
    }
    for fence in section.fences() {
        let tag = fence.tag.text.as_str();
        let help = instead(tag, &["公式", "文书"]);
        if !fence.closed {
            log.error(Code::Fence, &fence.tag.location, "围栏没有结束", "在最后加一行 ```");
        } else if !tag.is_empty() && !["公式", "文书"].contains(&tag) {
            log.error(Code::Fence, &fence.tag.location, format!("围栏的名称“{tag}”不认识"), help);
        } else if !tag.is_empty() && !tags.contains(&tag) {
            let place = if tag == "公式" {
                "“计算”或法律依据的条文下"
            } else {
                "“文书”的三级标题下"
            };
            log.error(Code::Fence, &fence.tag.location, format!("“{tag}”围栏放在这里不会运行"), format!("移到{place}"));
        }
    }
}

pub(super) fn rows_of(table: &Table, columns: &Columns, log: &mut Findings) -> Vec<Row> {
    let known: Vec<&'static str> = columns.needed.iter().chain(columns.optional).copied().collect();
    let mut places: Vec<Option<&'static str>> = Vec::new();
    for cell in &table.header {
        let name = known.iter().find(|k| **k == cell.text).copied();
        if name.is_none() {
            log.error(
                Code::UnknownColumn,
                &cell.location,
                format!("不认识的列“{}”", cell.text),
                instead(&cell.text, &known),
            );
        } else if places.contains(&name) {
            log.error(Code::RepeatedColumn, &cell.location, format!("列“{}”重复", cell.text), "只留一列");
        }
        places.push(name);
    }
    for name in columns.needed.iter().filter(|n| !places.contains(&Some(**n))) {
        log.error(Code::MissingColumn, &table.location, format!("缺少列“{name}”"), format!("在表头加一列“{name}”"));
    }
    if table.rows.is_empty() {
        log.error(Code::MissingTable, &table.location, "表里没有一行", "至少一行；没有内容就删去整节");
    }
    let missing = columns.needed.iter().any(|n| !places.contains(&Some(n)));
    let rows = if missing { &[][..] } else { &table.rows[..] };
    rows.iter().map(|row| read_row(row, &places, &known, log)).collect()
}

fn read_row(row: &TableRow, places: &[Option<&'static str>], known: &[&'static str], log: &mut Findings) -> Row {
    surplus(row, places.len(), log);
    let end = row.location.span.end;
    let blank = Cell { text: String::new(), location: base::Location::new(row.location.file.clone(), end..end) };
    let cell = |name: &'static str| {
        let place = places.iter().position(|p| *p == Some(name));
        (name, place.and_then(|p| row.cells.get(p)).unwrap_or(&blank).clone())
    };
    let line = Cell { text: String::new(), location: row.location.clone() };
    Row { cells: known.iter().map(|name| cell(name)).collect(), line }
}

/// Reports cells beyond the header: a forgotten `\` before `|` would otherwise cut a formula short unseen.
pub(super) fn surplus(row: &TableRow, width: usize, log: &mut Findings) {
    if let Some(extra) = row.cells.get(width) {
        let message = format!("这一行有{}格，表头只有{width}列", row.cells.len());
        log.error(Code::BrokenTable, &extra.location, message, "与表头一样多的格子；文字里的竖线写成 \\|");
    }
}
