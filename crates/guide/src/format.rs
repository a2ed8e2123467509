//! A guide's formulas and decision tables in canonical form; everything else stays as it is.

use std::ops::Range;

use formula::{TableText, format_cell, format_formulas};

use crate::document::Document;

/// The file as the formatter writes it; what cannot be read stays as it is, for `check` tells what is wrong with it.
pub fn format(file: &str, text: &str) -> String {
    let document = Document::read(file, text);
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for section in &document.sections {
        for fence in section.fences.iter().filter(|fence| fence.info == "公式") {
            let place = fence.offset..fence.offset + fence.text.len();
            changes.extend(format_formulas(&fence.text).map(|formatted| (place, formatted)));
        }
        for table in section.tables.iter().filter(|table| TableText::is_decision(&table.text.header)) {
            let output = |column: usize| table.text.header.get(column).is_some_and(|cell| cell.text.starts_with('→'));
            let header = table.text.header.iter().enumerate().filter(|(column, _)| *column > 0 && !output(*column));
            let rows = table.text.rows.iter().flat_map(|row| row.iter().enumerate().filter(|(column, _)| *column > 0));
            for (_, cell) in header.chain(rows) {
                changes.extend(format_cell(&cell.text).map(|formatted| (cell.span.clone(), formatted)));
            }
        }
    }
    let mut formatted = text.to_owned();
    changes.sort_by_key(|(place, _)| place.start);
    for (place, new) in changes.into_iter().rev() {
        formatted.replace_range(place, &new);
    }
    formatted
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn only_formulas_and_decision_tables_change() {
        let text = "# 甲  乙\n\n```公式\nx=1+2 # 数\n```\n\n| 唯一 | 甲>1 | → y |\n|---|---|---|\n| 1 | 是、 否 | sum([1,2]) |\n\n| 项目 | 说明 |\n|---|---|\n| a=1 | b |\n";
        let expected = text
            .replace("x=1+2 # 数", "x = 1 + 2  # 数")
            .replace("甲>1", "甲 > 1")
            .replace("是、 否", "是、否")
            .replace("sum([1,2])", "合计([1, 2])");
        assert_eq!(format("guide.md", text), expected);
        assert_eq!(format("guide.md", &expected), expected);
    }
}
