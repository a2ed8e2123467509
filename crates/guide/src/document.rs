//! Markdown as a tree of headings with the tables and fences under them, every cell and line at its exact place in the file.
//!
//! Nothing is interpreted here. Tables inside lists or quotations are prose and are not listed.

use std::ops::Range;
use std::sync::Arc;

use base::Location;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// One Markdown file.
#[derive(Clone, Debug)]
pub struct Document {
    pub file: Arc<str>,
    /// A section of level 0 that holds what stands before the first heading and, as children, everything else.
    pub root: Section,
}

/// A heading and all that stands beneath it.
#[derive(Clone, Debug)]
pub struct Section {
    /// 1 to 6; 0 for the root.
    pub level: usize,
    pub title: Cell,
    /// Bytes of the file from the line after the heading to the next heading of any level.
    pub body: Range<usize>,
    pub blocks: Vec<Block>,
    /// Sections of deeper levels up to the next heading of this level or above.
    pub children: Vec<Section>,
}

#[derive(Clone, Debug)]
pub enum Block {
    Paragraph(Cell),
    Table(Table),
    Fence(Fence),
    /// A table or a tagged fence within a list or quotation, by its first line: it looks as if it ran, and does not.
    Nested(Location),
}

#[derive(Clone, Debug)]
pub struct Table {
    pub header: Vec<Cell>,
    pub rows: Vec<TableRow>,
    /// The line of the header.
    pub location: Location,
    /// Bytes of the whole table.
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub struct TableRow {
    /// As many as the row has, which may differ from the header.
    pub cells: Vec<Cell>,
    pub location: Location,
}

/// A trimmed piece of text and where it stands; `\|` in a table reads as `|`. An empty cell stands where its text would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub location: Location,
}

#[derive(Clone, Debug)]
pub struct Fence {
    /// The word behind the opening marks.
    pub tag: Cell,
    /// The lines between the marks; `location` covers exactly them.
    pub content: Cell,
    pub closed: bool,
    /// Bytes of the whole fence with its marks.
    pub span: Range<usize>,
}

impl Document {
    /// Reads any text; there is no Markdown that is an error.
    pub fn read(file: &Arc<str>, text: &str) -> Document {
        // Some editors begin a file with an invisible mark; blanks of the same length keep every place.
        let blanked = text.strip_prefix('\u{feff}').map(|rest| format!("   {rest}"));
        let text = blanked.as_deref().unwrap_or(text);
        let mut reader = Reader { file, text, open: vec![section(0, cell_at(file, text, 0..0), 0)] };
        let mut events = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
        while let Some((event, span)) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let title =
                        inner(&mut events, |end| matches!(end, TagEnd::Heading(_))).unwrap_or(span.end..span.end);
                    reader.heading(level, title, span);
                }
                Event::Start(Tag::Paragraph) => {
                    inner(&mut events, |end| matches!(end, TagEnd::Paragraph));
                    let paragraph = cell_at(file, text, span);
                    reader.block(Block::Paragraph(paragraph));
                }
                Event::Start(Tag::Table(_)) => {
                    let table = reader.table(&mut events, span);
                    reader.block(Block::Table(table));
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(tag))) => {
                    let content = inner(&mut events, |end| matches!(end, TagEnd::CodeBlock));
                    let fence = reader.fence(&tag, content, span);
                    reader.block(Block::Fence(fence));
                }
                Event::Start(tag) => {
                    let nested = nested(&mut events, tag.to_end());
                    for span in nested {
                        let line = reader.line(span);
                        reader.block(Block::Nested(Location::new(file.clone(), line)));
                    }
                }
                _ => {}
            }
        }
        reader.finish()
    }

    /// The section of level 1, if there is one.
    pub fn title(&self) -> Option<&Section> {
        self.root.children.iter().find(|s| s.level == 1)
    }
}

impl Section {
    pub fn paragraphs(&self) -> impl Iterator<Item = &Cell> {
        self.blocks.iter().filter_map(|b| if let Block::Paragraph(p) = b { Some(p) } else { None })
    }

    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().filter_map(|b| if let Block::Table(t) = b { Some(t) } else { None })
    }

    pub fn nested(&self) -> impl Iterator<Item = &Location> {
        self.blocks.iter().filter_map(|b| if let Block::Nested(l) = b { Some(l) } else { None })
    }

    pub fn fences(&self) -> impl Iterator<Item = &Fence> {
        self.blocks.iter().filter_map(|b| if let Block::Fence(f) = b { Some(f) } else { None })
    }

    /// This section and everything beneath it, in the order of the file.
    pub fn walk(&self) -> Vec<&Section> {
        let mut found = vec![self];
        for child in &self.children {
            found.extend(child.walk());
        }
        found
    }

    /// Where the section and everything beneath it ends.
    pub fn end(&self) -> usize {
        self.children.last().map_or(self.body.end, Section::end)
    }

    /// The part of the title behind a word and a colon: 家庭成员 of `名册：家庭成员`.
    pub fn titled(&self, word: &str) -> Option<Cell> {
        let rest = self.title.text.strip_prefix(word)?.trim_start();
        let name = rest.strip_prefix('：').or_else(|| rest.strip_prefix(':'))?;
        let whole = self.title.text.len();
        Some(self.title.part(whole - name.len()..whole))
    }
}

impl Cell {
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn name(&self) -> Arc<str> {
        self.text.as_str().into()
    }

    /// A part of the cell at its own place, trimmed. `range` counts bytes of `text` and lies on character boundaries.
    pub fn part(&self, range: Range<usize>) -> Cell {
        let text = &self.text[range.clone()];
        let start = range.start + (text.len() - text.trim_start().len());
        let text = text.trim();
        let span = self.place(start)..self.place(start + text.len());
        Cell { text: text.to_owned(), location: Location::new(self.location.file.clone(), span) }
    }

    /// Where a byte of the text stands in the file: a bar in a cell is written `\|`, one byte longer than it reads.
    fn place(&self, at: usize) -> usize {
        let written = self.location.span.len() != self.text.len();
        self.location.span.start + at + if written { self.text[..at].matches('|').count() } else { 0 }
    }

    /// What stands between the first and last character, which are brackets.
    pub fn inside_brackets(&self) -> Cell {
        let width = |c: Option<char>| c.map_or(0, char::len_utf8);
        let start = width(self.text.chars().next());
        let end = self.text.len() - width(self.text.chars().next_back());
        self.part(start..end.max(start))
    }

    /// The lines of a paragraph, each at its own place.
    pub fn lines(&self) -> Vec<Cell> {
        let mut start = 0;
        let mut found = Vec::new();
        for line in self.text.split('\n') {
            found.push(self.part(start..start + line.len()));
            start += line.len() + 1;
        }
        found
    }

    /// The entries of a list written with `、`, each at its own place; blanks and empty entries are left out.
    pub fn entries(&self) -> Vec<Cell> {
        let mut start = 0;
        let mut found = Vec::new();
        for entry in self.text.split('、') {
            found.push(self.part(start..start + entry.len()));
            start += entry.len() + '、'.len_utf8();
        }
        found.retain(|entry| !entry.is_empty());
        found
    }
}

struct Reader<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// The sections that are still open, outermost first; the root never closes.
    open: Vec<Section>,
}

impl Reader<'_> {
    fn heading(&mut self, level: HeadingLevel, title: Range<usize>, span: Range<usize>) {
        let level = level as usize;
        self.close(level, span.start);
        self.open.push(section(level, cell_at(self.file, self.text, title), span.end));
    }

    fn block(&mut self, block: Block) {
        if let Some(section) = self.open.last_mut() {
            section.blocks.push(block);
        }
    }

    /// Ends every open section of `level` or deeper.
    fn close(&mut self, level: usize, at: usize) {
        if let Some(last) = self.open.last_mut() {
            last.body.end = at.max(last.body.start);
        }
        while self.open.len() > 1 && self.open.last().is_some_and(|s| s.level >= level) {
            let done = self.open.pop();
            if let (Some(done), Some(parent)) = (done, self.open.last_mut()) {
                parent.children.push(done);
            }
        }
    }

    fn finish(mut self) -> Document {
        self.close(1, self.text.len());
        Document { file: self.file.clone(), root: self.open.swap_remove(0) }
    }

    /// Rows are split by hand, because the parser drops surplus cells and cell text is no Markdown but data.
    fn table<'e>(&self, events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>, span: Range<usize>) -> Table {
        let mut header = Vec::new();
        let mut rows = Vec::new();
        for (event, span) in events {
            match event {
                Event::Start(Tag::TableHead) => header = self.cells(self.line(span)),
                Event::Start(Tag::TableRow) => {
                    let span = self.line(span);
                    let location = Location::new(self.file.clone(), span.clone());
                    rows.push(TableRow { cells: self.cells(span), location });
                }
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        let location = Location::new(self.file.clone(), self.line(span.clone()));
        Table { header, rows, location, span }
    }

    /// The first line of a range, without blanks at its ends.
    fn line(&self, span: Range<usize>) -> Range<usize> {
        let end = self.text[span.clone()].find(['\n', '\r']).map_or(span.end, |i| span.start + i);
        trim(self.text, span.start..end)
    }

    fn cells(&self, line: Range<usize>) -> Vec<Cell> {
        let text = &self.text[line.clone()];
        let bars = text.match_indices('|').map(|(i, _)| i).filter(|i| !text[..*i].ends_with('\\'));
        let mut ends: Vec<usize> = bars.collect();
        let mut start = 0;
        if ends.first() == Some(&0) {
            ends.remove(0);
            start = 1;
        }
        if ends.last().is_none_or(|last| last + 1 < text.len()) {
            ends.push(text.len());
        }
        let mut cells = Vec::new();
        for end in ends {
            let mut cell = cell_at(self.file, self.text, line.start + start..line.start + end);
            cell.text = cell.text.replace("\\|", "|");
            cells.push(cell);
            start = end + 1;
        }
        cells
    }

    fn fence(&self, tag: &str, content: Option<Range<usize>>, span: Range<usize>) -> Fence {
        let opening = self.line(span.clone());
        let content = content.unwrap_or(opening.end..opening.end);
        let at = self.text[opening.clone()].find(tag).map_or(opening.end, |i| opening.start + i);
        let last = self.text[content.end..span.end.max(content.end)].trim();
        let closed = last.starts_with("```") || last.starts_with("~~~");
        let text = self.text[content.clone()].to_owned();
        Fence {
            tag: cell_at(self.file, self.text, at..at + tag.len().min(opening.end - at)),
            content: Cell { text, location: Location::new(self.file.clone(), content) },
            closed,
            span,
        }
    }
}

fn section(level: usize, title: Cell, start: usize) -> Section {
    Section { level, title, body: start..start, blocks: Vec::new(), children: Vec::new() }
}

/// Consumes a list, quotation or other container and returns where tables and tagged fences stand in it.
fn nested<'e>(events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>, end: TagEnd) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut depth = 1;
    for (event, span) in events {
        match event {
            Event::Start(Tag::Table(_)) => found.push(span),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(tag))) if !tag.is_empty() => found.push(span),
            Event::Start(tag) if tag.to_end() == end => depth += 1,
            Event::End(e) if e == end => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Consumes events to the given end and returns what they cover.
fn inner<'e>(
    events: &mut impl Iterator<Item = (Event<'e>, Range<usize>)>,
    end: impl Fn(TagEnd) -> bool,
) -> Option<Range<usize>> {
    let mut covered: Option<Range<usize>> = None;
    for (event, span) in events {
        match event {
            Event::End(e) if end(e) => break,
            _ => {
                let so_far = covered.unwrap_or(span.clone());
                covered = Some(so_far.start.min(span.start)..so_far.end.max(span.end));
            }
        }
    }
    covered
}

/// The trimmed text of a range; marks of code around the whole text are taken off.
fn cell_at(file: &Arc<str>, text: &str, range: Range<usize>) -> Cell {
    let mut span = trim(text, range);
    let shown = &text[span.clone()];
    let coded = shown.len() > 1 && shown.starts_with('`') && shown.ends_with('`');
    if coded && !shown[1..shown.len() - 1].contains('`') {
        span = trim(text, span.start + 1..span.end - 1);
    }
    Cell { text: text[span.clone()].to_owned(), location: Location::new(file.clone(), span) }
}

/// Blanks at both ends taken off; what is all blank shrinks to the place behind its first blank.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let shown = &text[range.clone()];
    let start = range.start + (shown.len() - shown.trim_start().len());
    if start == range.end {
        let first = shown.chars().next().map_or(0, char::len_utf8);
        return range.start + first..range.start + first;
    }
    start..start + shown.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
前言
# 场地 `CD`
一句话。

## 办理步骤
说明：
| 步骤 | 条件 |
|---|:-:|
| 受理 | 甲 = \"a\\|b\" |
| 公示 |  | 多余 |
|复核|

### 判定表：间隔
```公式
甲 = 1
  + 2
```
> | 引文 | 表 |
> |---|---|

## 已知不足
";

    fn read(text: &str) -> Document {
        Document::read(&"guide.md".into(), text)
    }

    #[test]
    fn headings_make_a_tree() {
        let document = read(SAMPLE);
        let shown: Vec<_> = document.root.walk().iter().map(|s| format!("{}{}", s.level, s.title.text)).collect();
        assert_eq!(shown, ["0", "1场地 `CD`", "2办理步骤", "3判定表：间隔", "2已知不足"]);
        assert_eq!(document.root.paragraphs().next().unwrap().text, "前言");
        let title = document.title().unwrap();
        assert_eq!(title.paragraphs().next().unwrap().text, "一句话。");
        assert_eq!(title.children.len(), 2);
        assert_eq!(title.children[0].children[0].titled("判定表").unwrap().text, "间隔");
        assert_eq!(&SAMPLE[title.children[0].children[0].body.clone()][..10], "```公式\n");
    }

    #[test]
    fn cells_lie_exactly_where_they_say() {
        let document = read(SAMPLE);
        let steps = &document.title().unwrap().children[0];
        let table = steps.tables().next().unwrap();
        let cells: Vec<Vec<&str>> =
            table.rows.iter().map(|r| r.cells.iter().map(|c| c.text.as_str()).collect()).collect();
        assert_eq!(cells, [vec!["受理", "甲 = \"a|b\""], vec!["公示", "", "多余"], vec!["复核"]]);
        for cell in table.header.iter().chain(table.rows.iter().flat_map(|r| &r.cells)) {
            assert_eq!(SAMPLE[cell.location.span.clone()].replace("\\|", "|"), cell.text);
        }
        assert_eq!(steps.children[0].tables().count(), 0, "a quoted table does not run");
        let nested = steps.children[0].nested().next().unwrap();
        assert_eq!(&SAMPLE[nested.span.clone()], "| 引文 | 表 |");
    }

    #[test]
    fn fences_keep_their_lines_and_place() {
        let document = read(SAMPLE);
        let sections = document.root.walk();
        let fence = sections.iter().flat_map(|s| s.fences()).next().unwrap();
        assert_eq!((fence.tag.text.as_str(), fence.content.text.as_str()), ("公式", "甲 = 1\n  + 2\n"));
        assert_eq!(&SAMPLE[fence.content.location.span.clone()], fence.content.text);
        assert_eq!(&SAMPLE[fence.tag.location.span.clone()], "公式");
        assert!(fence.closed);
        let open = read("```公式\n甲 = 1\n");
        assert!(!open.root.fences().next().unwrap().closed);
        let empty = read("```公式\n```\n");
        assert!(empty.root.fences().next().unwrap().closed);
        assert!(read("````\n```\n````").root.fences().next().unwrap().closed);
    }

    #[test]
    fn entries_are_split_in_place() {
        let text = "| 甲 、乙、 |\n|---|\n| `丙 、 丁` |\n";
        let document = read(text);
        let table = document.root.tables().next().unwrap();
        for cell in [&table.header[0], &table.rows[0].cells[0]] {
            let entries = cell.entries();
            assert_eq!(entries.len(), 2);
            for entry in entries {
                assert_eq!(text[entry.location.span.clone()], entry.text);
            }
        }
    }

    #[test]
    fn a_mark_of_byte_order_changes_nothing() {
        let text = format!("\u{feff}{SAMPLE}");
        assert_eq!(read(&text.replacen("前言\n", "", 1)).title().unwrap().title.text, "场地 `CD`");
    }

    #[test]
    fn windows_line_ends_change_nothing() {
        let text = SAMPLE.replace('\n', "\r\n");
        let document = read(&text);
        let steps = &document.title().unwrap().children[0];
        let table = steps.tables().next().unwrap();
        assert_eq!(table.rows[2].cells[0].text, "复核");
        assert_eq!(table.rows.len(), 3);
        assert_eq!(steps.children[0].fences().next().unwrap().content.text, "甲 = 1\r\n  + 2\r\n");
    }
}
