//! A paper as PDF: Chinese fonts of the machine, embedded in part, so that it looks the same everywhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};

use crate::paper::Paper;

/// Where fonts are looked for, and what they are called there, the best first: 仿宋 and 小标宋 where a bureau has them,
/// else the free 思源宋体 (Noto Serif CJK), whose collection holds simplified Chinese as its third font.
const FOLDERS: [&str; 5] = [
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto-serif-cjk-fonts",
    "/usr/share/fonts/opentype/source-han-serif",
    "/usr/local/share/fonts",
];
const BODY: [(&str, u32); 4] = [
    ("FangSong_GB2312.ttf", 0),
    ("simfang.ttf", 0),
    ("NotoSerifCJK-Regular.ttc", 2),
    ("SourceHanSerifSC-Regular.otf", 0),
];
const HEAD: [(&str, u32); 4] = [
    ("FZXBSJW.TTF", 0),
    ("FZXiaoBiaoSong-B05S.ttf", 0),
    ("NotoSerifCJK-Bold.ttc", 2),
    ("SourceHanSerifSC-Bold.otf", 0),
];

/// A font with the widths of its characters.
struct Face {
    font: Font,
    data: Arc<Vec<u8>>,
    index: u32,
}

/// The two fonts of papers.
pub struct Fonts {
    body: Face,
    head: Face,
}

impl Fonts {
    /// Looks for the fonts; `None` where the machine has none, which a page says with the way out.
    pub fn find() -> Option<Self> {
        Some(Self { body: face(&BODY)?, head: face(&HEAD)? })
    }
}

fn face(names: &[(&str, u32)]) -> Option<Face> {
    names.iter().find_map(|(name, index)| {
        let paths = FOLDERS.iter().map(|folder| Path::new(folder).join(name));
        let path: PathBuf = paths.into_iter().find(|path| path.is_file())?;
        let data = Arc::new(std::fs::read(path).ok()?);
        ttf_parser::Face::parse(&data, *index).ok()?;
        let font = Font::new(data.to_vec().into(), *index)?;
        Some(Face { font, data, index: *index })
    })
}

/// Lengths in points.
const MM: f32 = 72.0 / 25.4;
const PAGE: (f32, f32) = (210.0 * MM, 297.0 * MM);
const TOP: f32 = 37.0 * MM;
const BOTTOM: f32 = PAGE.1 - 35.0 * MM;
const LEFT: f32 = 28.0 * MM;
const WIDTH: f32 = PAGE.0 - 54.0 * MM;
/// 3号, 2号 and 小四.
const BODY_SIZE: f32 = 16.0;
const TITLE_SIZE: f32 = 22.0;
const ROW_SIZE: f32 = 12.0;
/// 22 lines a page.
const LINE: f32 = 29.0;
const ROW_LINE: f32 = 18.0;
/// Of the width of a table, the part of its labels.
const LABEL: f32 = WIDTH * 0.28;
const PAD: f32 = 5.0;

const BLACK: (u8, u8, u8) = (0, 0, 0);
const RED: (u8, u8, u8) = (200, 23, 30);

/// Something at its place on a page.
enum Mark {
    Text { x: f32, y: f32, size: f32, head: bool, color: (u8, u8, u8), text: String },
    Line { x: f32, y: f32, width: f32, height: f32, color: (u8, u8, u8) },
}

struct Setter<'f> {
    widths: [ttf_parser::Face<'f>; 2],
    pages: Vec<Vec<Mark>>,
    /// Where the next line begins, from above.
    y: f32,
}

/// Sets a paper. The error is for the log.
pub fn pdf(paper: &Paper, fonts: &Fonts) -> Result<Vec<u8>, String> {
    let widths = [widths(&fonts.body)?, widths(&fonts.head)?];
    let mut setter = Setter { widths, pages: vec![Vec::new()], y: TOP };
    setter.paper(paper);
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(paper.title.clone()).language("zh-CN".into()));
    let count = setter.pages.len();
    for (number, marks) in setter.pages.iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("纸张的大小不对")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        marks.iter().for_each(|mark| draw(&mut surface, fonts, mark));
        let foot = Mark::Text {
            x: LEFT,
            y: PAGE.1 - 28.0 * MM,
            size: 10.5,
            head: false,
            color: BLACK,
            text: format!("— {} / {count} —　{}", number + 1, paper.mark),
        };
        draw(&mut surface, fonts, &foot);
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

fn widths(face: &Face) -> Result<ttf_parser::Face<'_>, String> {
    ttf_parser::Face::parse(&face.data, face.index).map_err(|error| error.to_string())
}

fn draw(surface: &mut Surface, fonts: &Fonts, mark: &Mark) {
    let fill = |(red, green, blue): (u8, u8, u8)| Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::default(),
    };
    match mark {
        Mark::Text { x, y, size, head, color, text } => {
            let face = if *head { &fonts.head } else { &fonts.body };
            surface.set_fill(Some(fill(*color)));
            let place = Point::from_xy(*x, *y);
            surface.draw_text(place, face.font.clone(), *size, text, false, TextDirection::LeftToRight);
        }
        Mark::Line { x, y, width, height, color } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            surface.set_fill(Some(fill(*color)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

impl Setter<'_> {
    fn paper(&mut self, paper: &Paper) {
        if !paper.organ.is_empty() {
            self.centred(&paper.organ, 38.0, true, RED, 56.0);
            let number = paper.number.as_ref().map(|number| format!("{number}号")).unwrap_or_default();
            self.centred(&number, BODY_SIZE, false, BLACK, LINE);
            self.rule(LEFT, self.y + 2.0, WIDTH, 1.5, RED);
            self.y += LINE;
        }
        self.centred(&paper.title, TITLE_SIZE, true, BLACK, 36.0);
        if let Some(number) = paper.number.as_ref().filter(|_| paper.organ.is_empty()) {
            self.centred(number, ROW_SIZE, false, BLACK, ROW_LINE);
        }
        self.y += if paper.organ.is_empty() { 8.0 } else { LINE };
        for (place, text) in paper.paragraphs.iter().enumerate() {
            let indent = if place == 0 && text.ends_with('：') { 0.0 } else { BODY_SIZE * 2.0 };
            self.paragraph(text, indent);
        }
        self.table(&paper.rows);
        for sign in &paper.signs {
            self.y += 12.0;
            self.need(LINE);
            self.text(LEFT, ROW_SIZE, false, BLACK, &format!("{sign}："), LINE);
            self.rule(LEFT + WIDTH * 0.35, self.y - 6.0, WIDTH * 0.45, 0.6, BLACK);
        }
        if !paper.closing.is_empty() {
            self.need(LINE * (paper.closing.len() as f32 + 2.0));
            self.y += LINE * 2.0;
            for line in &paper.closing {
                let width = self.width(line, BODY_SIZE, false);
                self.text(LEFT + WIDTH - width - BODY_SIZE * 4.0, BODY_SIZE, false, BLACK, line, LINE);
            }
        }
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Begins a page unless so much still fits on this one.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    fn rule(&mut self, x: f32, y: f32, width: f32, height: f32, color: (u8, u8, u8)) {
        self.put(Mark::Line { x, y, width, height, color });
    }

    /// One line of text; its foot is at three quarters of the line.
    fn text(&mut self, x: f32, size: f32, head: bool, color: (u8, u8, u8), text: &str, line: f32) {
        let y = self.y + (line + size * 0.72) / 2.0;
        self.put(Mark::Text { x, y, size, head, color, text: text.to_owned() });
        self.y += line;
    }

    fn centred(&mut self, text: &str, size: f32, head: bool, color: (u8, u8, u8), line: f32) {
        for part in self.lines(text, size, head, WIDTH, 0.0) {
            self.need(line);
            let width = self.width(&part, size, head);
            self.text(LEFT + (WIDTH - width) / 2.0, size, head, color, &part, line);
        }
    }

    fn paragraph(&mut self, text: &str, indent: f32) {
        for (place, part) in self.lines(text, BODY_SIZE, false, WIDTH, indent).iter().enumerate() {
            self.need(LINE);
            self.text(LEFT + if place == 0 { indent } else { 0.0 }, BODY_SIZE, false, BLACK, part, LINE);
        }
    }

    /// Rows of two cells; a long row goes on over pages line by line.
    fn table(&mut self, rows: &[(String, String)]) {
        for (label, value) in rows {
            let labels = self.lines(label, ROW_SIZE, false, LABEL - PAD * 2.0, 0.0);
            let mut values: Vec<String> = Vec::new();
            for line in value.lines().chain(value.is_empty().then_some("")) {
                values.extend(self.lines(line, ROW_SIZE, false, WIDTH - LABEL - PAD * 2.0, 0.0));
            }
            let count = labels.len().max(values.len()).max(1);
            self.need(ROW_LINE * count.min(3) as f32 + PAD);
            let mut top = self.y;
            self.rule(LEFT, top, WIDTH, 0.6, BLACK);
            self.y += PAD / 2.0;
            for number in 0..count {
                if self.y + ROW_LINE > BOTTOM {
                    self.sides(top);
                    self.need(ROW_LINE);
                    top = self.y;
                    self.rule(LEFT, top, WIDTH, 0.6, BLACK);
                    self.y += PAD / 2.0;
                }
                let begun = self.y;
                if let Some(text) = labels.get(number) {
                    self.text(LEFT + PAD, ROW_SIZE, false, BLACK, text, ROW_LINE);
                }
                self.y = begun;
                if let Some(text) = values.get(number) {
                    self.text(LEFT + LABEL + PAD, ROW_SIZE, false, BLACK, text, ROW_LINE);
                }
                self.y = begun + ROW_LINE;
            }
            self.y += PAD / 2.0;
            self.sides(top);
        }
    }

    /// The lines left and right of a row, between its cells, and below it.
    fn sides(&mut self, top: f32) {
        let height = self.y - top;
        for x in [LEFT, LEFT + LABEL, LEFT + WIDTH] {
            self.rule(x, top, 0.6, height, BLACK);
        }
        self.rule(LEFT, self.y, WIDTH + 0.6, 0.6, BLACK);
    }

    fn width(&self, text: &str, size: f32, head: bool) -> f32 {
        let face = &self.widths[usize::from(head)];
        let em = f32::from(face.units_per_em());
        let advance = |c: char| face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph));
        text.chars().map(|c| advance(c).map_or(size, |advance| f32::from(advance) / em * size)).sum()
    }

    /// Breaks a text into lines of a width; the first is narrower by its indent.
    fn lines(&self, text: &str, size: f32, head: bool, width: f32, indent: f32) -> Vec<String> {
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), indent);
        for piece in pieces(text) {
            let own = self.width(&piece, size, head);
            if used + own > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if own > width {
                // A word longer than a line is broken where it has to be.
                for c in piece.chars() {
                    let own = self.width(&c.to_string(), size, head);
                    if used + own > width && !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(c);
                    used += own;
                }
                continue;
            }
            line += &piece;
            used += own;
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}

/// What stays together on a line: a word or number of the Latin kind; a Chinese character with the marks that may not
/// begin a line behind it and those that may not end one before it.
fn pieces(text: &str) -> Vec<String> {
    const NOT_FIRST: &str = "，。、；：？！）》〉”’〕】…—%";
    const NOT_LAST: &str = "（《〈“‘〔【";
    let mut found: Vec<String> = Vec::new();
    for c in text.chars() {
        let joins = found.last().and_then(|piece| piece.chars().last()).is_some_and(|last| {
            let both_latin = last.is_ascii_graphic() && c.is_ascii_graphic();
            both_latin || NOT_LAST.contains(last) || NOT_FIRST.contains(c)
        });
        match found.last_mut() {
            Some(piece) if joins => piece.push(c),
            _ => found.push(c.to_string()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket() {
        assert_eq!(pieces("同意（2026-11-25）。好"), ["同", "意", "（2026-11-25）。", "好"]);
    }
}
