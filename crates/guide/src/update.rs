//! Rewrites cells of a file, as `minzheng scenarios --update` does.

use base::Location;

/// The text with the cells at the given places replaced; everything else stays as it was written.
/// Places that lie outside the text or overlap an earlier one are left alone.
pub fn rewrite(text: &str, cells: &[(Location, String)]) -> String {
    let mut cells: Vec<_> = cells.iter().map(|(location, new)| (location.span.clone(), new)).collect();
    cells.sort_by_key(|(span, _)| span.start);
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in cells {
        let (Some(before), Some(old)) = (text.get(at..span.start), text.get(span.clone())) else { continue };
        written += before;
        written += &cell(new);
        // An empty cell has one blank before its place; the new text needs one behind it too.
        if old.is_empty() && text[span.end..].starts_with('|') {
            written.push(' ');
        }
        at = span.end;
    }
    written += &text[at..];
    written
}

/// A text as it stands in a table: on one line, bars marked.
fn cell(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    #[test]
    fn replaces_cells_and_nothing_else() {
        let text = "# 算例\n\n| 名称 | 值 |\n|---|---|\n| 金额 | 1  |\n| 原因 | |\n| 等级 | 甲 |\n";
        let document = Document::read(&"a.md".into(), text);
        let table = document.title().unwrap().tables().next().unwrap();
        let place = |row: usize| table.rows[row].cells[1].location.clone();
        let new = rewrite(text, &[(place(1), "缺|少".to_owned()), (place(0), "425.00元".to_owned())]);
        assert_eq!(
            new,
            "# 算例\n\n| 名称 | 值 |\n|---|---|\n| 金额 | 425.00元  |\n| 原因 | 缺\\|少 |\n| 等级 | 甲 |\n"
        );
        assert_eq!(rewrite(text, &[(Location::new("a.md", 9000..9001), "x".to_owned())]), text);
    }
}
