//! What is wrong in a text, where, and what to write instead.

use std::ops::Range;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

/// A place in a source text: the file's name as the reader knows it and a byte range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub file: Arc<str>,
    pub span: Range<usize>,
}

impl Location {
    pub fn new(file: impl Into<Arc<str>>, span: Range<usize>) -> Self {
        Self { file: file.into(), span }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// One finding of the checker. `message` says what is wrong and why, `help` says what to write; both in Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable number, for example `G012` (guides) or `F003` (formulas); documented in `docs/reference/diagnostics.md`.
    pub code: &'static str,
    pub severity: Severity,
    pub location: Location,
    pub message: String,
    pub help: String,
}

impl Diagnostic {
    pub fn error(code: &'static str, location: Location, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, location, message: message.into(), help: help.into() }
    }

    /// Renders with file, line, column, the offending line with a marker beneath, and the repair.
    /// `text` is the text of the file that the location names.
    pub fn render(&self, text: &str) -> String {
        let start = floor_boundary(text, self.location.span.start);
        let end = floor_boundary(text, self.location.span.end).max(start);
        let (line, column) = line_column(text, start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let shown = &text[line_start..line_end];
        let pad = " ".repeat(text[line_start..start].width());
        let marks = "^".repeat(text[start..end.min(line_end)].width().max(1));
        let word = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
        };
        let gutter = " ".repeat(line.to_string().len());
        format!(
            "{file}:{line}:{column}: {word} {code}：{message}\n{gutter} |\n{line} | {shown}\n{gutter} | {pad}{marks}\n{gutter} = 应写：{help}\n",
            file = self.location.file,
            code = self.code,
            message = self.message,
            help = self.help,
        )
    }
}

/// Line and column, both from 1; the column counts characters, as an editor shows it.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = floor_boundary(text, offset);
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |i| i + 1)..].chars().count() + 1;
    (line, column)
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
