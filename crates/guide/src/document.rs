//! Markdown into headings, tables and fences with their exact places. Prose is not read.

use std::ops::Range;
use std::sync::Arc;

use formula::{Cell, TableText};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A Markdown file cut at its headings.
#[derive(Clone, Debug)]
pub struct Document {
    pub file: Arc<str>,
    pub text: Arc<str>,
    /// The first section is what stands before any heading; its title is empty.
    pub sections: Vec<Section>,
}

/// A heading and what stands under it up to the next one.
#[derive(Clone, Debug)]
pub struct Section {
    /// 1 for `#`; 0 before the first heading.
    pub level: usize,
    pub title: String,
    pub span: Range<usize>,
    pub tables: Vec<Table>,
    pub fences: Vec<Fence>,
    /// Text that is neither heading, table nor fence: paragraphs, lists, quotes, as they are written.
    pub prose: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub text: TableText,
    pub span: Range<usize>,
}

/// A fenced block: its info word and its content with the place where that begins.
#[derive(Clone, Debug)]
pub struct Fence {
    pub info: String,
    pub text: String,
    pub offset: usize,
    pub span: Range<usize>,
}

impl Document {
    pub fn read(file: &str, text: &str) -> Self {
        let mut reader =
            Reader { text, sections: vec![section(0, String::new(), 0..0)], table: None, fence: None, depth: 0 };
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            reader.event(event, range);
        }
        Self { file: file.into(), text: text.into(), sections: reader.sections }
    }

    /// The title of the file: its first `#` heading.
    pub fn title(&self) -> &str {
        self.sections.iter().find(|section| section.level == 1).map_or("", |section| &section.title)
    }
}

fn section(level: usize, title: String, span: Range<usize>) -> Section {
    Section { level, title, span, tables: Vec::new(), fences: Vec::new(), prose: Vec::new() }
}

struct Reader<'t> {
    text: &'t str,
    sections: Vec<Section>,
    table: Option<Table>,
    fence: Option<Fence>,
    /// Nesting of block elements; only those at the top are prose of their own.
    depth: usize,
}

impl Reader<'_> {
    fn last(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.sections.push(section(0, String::new(), 0..0));
        }
        let last = self.sections.len() - 1;
        &mut self.sections[last]
    }

    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let line = self.text[range.clone()].trim_end();
                let title = line.trim_start_matches('#').trim_end_matches('#').trim().to_owned();
                let end = range.start + line.len();
                self.sections.push(section(level as usize, title, range.start..end));
                self.depth += 1;
            }
            Event::Start(Tag::Table(_)) => {
                let empty = TableText { header: Vec::new(), rows: Vec::new() };
                self.table = Some(Table { text: empty, span: range });
                self.depth += 1;
            }
            Event::Start(Tag::TableRow) => {
                if let Some(table) = &mut self.table {
                    table.text.rows.push(Vec::new());
                }
            }
            Event::Start(Tag::TableCell) => self.cell(range),
            Event::End(TagEnd::Table) => {
                self.depth -= 1;
                if let Some(table) = self.table.take() {
                    self.last().tables.push(table);
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = if let CodeBlockKind::Fenced(info) = kind { info.trim().to_owned() } else { String::new() };
                self.fence = Some(Fence { info, text: String::new(), offset: range.end, span: range });
                self.depth += 1;
            }
            Event::Text(_) if self.fence.is_some() => {
                let source = self.text;
                if let Some(fence) = &mut self.fence {
                    fence.offset = fence.offset.min(range.start);
                    fence.text = source[fence.offset..range.end].to_owned();
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                self.depth -= 1;
                if let Some(fence) = self.fence.take() {
                    self.last().fences.push(fence);
                }
            }
            Event::Start(Tag::Paragraph | Tag::List(_) | Tag::BlockQuote(_)) => {
                if self.depth == 0 {
                    self.last().prose.push(range);
                }
                self.depth += 1;
            }
            Event::End(TagEnd::Paragraph | TagEnd::List(_) | TagEnd::BlockQuote(_) | TagEnd::Heading(_)) => {
                self.depth -= 1;
            }
            _ => {}
        }
    }

    /// The cell as it is written, without the bars and blanks around it.
    fn cell(&mut self, range: Range<usize>) {
        let Some(table) = &mut self.table else { return };
        let raw = &self.text[range.clone()];
        let trimmed = raw.trim_matches(|c: char| c == '|' || c.is_whitespace());
        let start = range.start + raw.find(trimmed).unwrap_or(0);
        let cell = Cell { text: trimmed.to_owned(), span: start..start + trimmed.len() };
        match table.text.rows.last_mut() {
            Some(row) => row.push(cell),
            None => table.text.header.push(cell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_where_everything_stands() {
        let text = "# 甲\n\n说明一\n说明二\n\n## 服务\n\n| 服务 | 内容 |\n|---|---|\n| 标识 |  a_b |\n\n```公式\nx = 1\ny = 2\n```\n";
        let document = Document::read("guide.md", text);
        assert_eq!(document.title(), "甲");
        let section = &document.sections[2];
        assert_eq!((section.level, &*section.title), (2, "服务"));
        let cell = &section.tables[0].text.rows[0][1];
        assert_eq!((&*cell.text, &text[cell.span.clone()]), ("a_b", "a_b"));
        let fence = &section.fences[0];
        assert_eq!(
            (&*fence.info, &*fence.text, &text[fence.offset..fence.offset + 5]),
            ("公式", "x = 1\ny = 2\n", "x = 1")
        );
        assert_eq!(document.sections[1].prose.len(), 1);
    }

    #[test]
    fn never_panics() {
        for text in ["", "|", "| a |\n|-|\n||", "```", "#", "> | a |\n> |-|\n> | b |", "- ```公式\n  x = 1\n  ```"] {
            let _ = Document::read("x.md", text);
        }
    }
}
