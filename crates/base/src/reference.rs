//! Reference tables as text: plain CSV with a header line, without quoting. The binary embeds the files; this only reads.

/// A reference table that does not read; `line` counts from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("参考数据第{line}行：{what}")]
pub struct ReferenceError {
    pub line: usize,
    pub what: String,
}

impl ReferenceError {
    pub(crate) fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// One line of a table: its number and its fields, at least as many as there are required columns.
pub(crate) struct Row<'t> {
    pub line: usize,
    pub fields: Vec<&'t str>,
}

/// Splits a table into rows. The header must begin with `columns`; further columns are optional.
pub(crate) fn rows<'t>(text: &'t str, columns: &[&str]) -> Result<Vec<Row<'t>>, ReferenceError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
    if !header.starts_with(columns) {
        return Err(ReferenceError::new(1, format!("表头应以“{}”开始", columns.join(","))));
    }
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            if fields.len() < columns.len() || fields.len() > header.len() {
                let what = format!("有{}列，应与表头一样有{}列", fields.len(), header.len());
                return Err(ReferenceError::new(i + 1, what));
            }
            Ok(Row { line: i + 1, fields })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_names_the_line() {
        let read = rows("\u{feff}a,b,note\r\n1, 2\r\n\r\n3,4,x\r\n", &["a", "b"]).unwrap();
        let read: Vec<_> = read.into_iter().map(|row| (row.line, row.fields)).collect();
        assert_eq!(read, [(2, vec!["1", "2"]), (4, vec!["3", "4", "x"])]);
        assert_eq!(rows("", &["a"]).err().unwrap().line, 1);
        assert_eq!(rows("a,b\n1\n", &["a", "b"]).err().unwrap().to_string(), "参考数据第2行：有1列，应与表头一样有2列");
    }
}
