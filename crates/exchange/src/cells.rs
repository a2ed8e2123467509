//! Lines of cells ↔ bytes: fixed width, delimited, or a sheet.

use std::borrow::Cow;
use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use encoding_rs::{GB18030, GBK, UTF_8};
use rust_xlsxwriter::Workbook;

use crate::Unreadable;
use crate::format::{Column, Encoding, Format, Shape, Side};

impl Encoding {
    fn table(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gbk => GBK,
            Self::Gb18030 => GB18030,
        }
    }

    /// # Errors
    /// A character that the encoding does not have.
    pub(crate) fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, Unreadable> {
        let (bytes, _, lost) = self.table().encode(text);
        if lost {
            return Err(Unreadable::one(format!("“{text}”里有这种编码没有的字")));
        }
        Ok(bytes)
    }

    fn decode(self, bytes: &[u8]) -> Result<String, Unreadable> {
        let (text, _, wrong) = self.table().decode(bytes);
        if wrong { Err(Unreadable::one("文件的编码不对")) } else { Ok(text.into_owned()) }
    }
}

/// The bytes of lines, each with the columns by which it is laid out.
pub(crate) fn write(format: &Format, lines: &[(&[Column], Vec<String>)]) -> Result<Vec<u8>, Unreadable> {
    match &format.shape {
        Shape::Fixed => {
            let mut out = Vec::new();
            for (columns, cells) in lines {
                for (column, cell) in columns.iter().zip(cells) {
                    out.extend(padded(format.encoding, column, cell)?);
                }
                out.extend(format.line_end.as_bytes());
            }
            Ok(out)
        }
        Shape::Delimited(between) => {
            let mut text = String::new();
            for (_, cells) in lines {
                if let Some(cell) = cells.iter().find(|cell| cell.contains(*between) || cell.contains(['\r', '\n'])) {
                    return Err(Unreadable::one(format!("“{cell}”里有分隔符")));
                }
                let between = between.to_string();
                text += &cells.join(&between);
                text += &format.line_end;
            }
            Ok(format.encoding.encode(&text)?.into_owned())
        }
        Shape::Sheet => {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            for (row, (_, cells)) in (0..).zip(lines) {
                for (column, cell) in (0..).zip(cells) {
                    sheet.write(row, column, cell).map_err(|error| Unreadable::one(error.to_string()))?;
                }
            }
            book.save_to_buffer().map_err(|error| Unreadable::one(error.to_string()))
        }
    }
}

/// A cell filled up to its width, which is counted in bytes, as banks do.
fn padded(encoding: Encoding, column: &Column, cell: &str) -> Result<Vec<u8>, Unreadable> {
    let bytes = encoding.encode(cell)?;
    let Some(room) = column.width.checked_sub(bytes.len()) else {
        return Err(Unreadable::one(format!("“{cell}”比列“{}”的 {} 个字节长", column.name, column.width)));
    };
    let fill = vec![column.fill; room];
    Ok(match column.side {
        Side::Left => [&bytes, &fill[..]].concat(),
        Side::Right => [&fill[..], &bytes].concat(),
    })
}

/// The lines of a file, without those that are empty, each with its number.
pub(crate) fn lines<'b>(format: &Format, bytes: &'b [u8]) -> Result<Vec<(usize, Line<'b>)>, Unreadable> {
    let found: Vec<Line> = match &format.shape {
        Shape::Sheet => sheet(bytes)?.into_iter().map(Line::Cells).collect(),
        Shape::Delimited(between) => {
            let text = format.encoding.decode(bytes)?;
            let cells = |line: &str| line.split(*between).map(|cell| cell.trim().to_owned()).collect();
            text.trim_start_matches('\u{feff}').lines().map(|line| Line::Cells(cells(line))).collect()
        }
        Shape::Fixed => {
            let lines = bytes.split(|byte| *byte == b'\n');
            lines.map(|line| Line::Bytes(line.strip_suffix(b"\r").unwrap_or(line))).collect()
        }
    };
    Ok((1..).zip(found).filter(|(_, line)| !line.is_empty()).collect())
}

pub(crate) enum Line<'b> {
    Bytes(&'b [u8]),
    Cells(Vec<String>),
}

impl Line<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.iter().all(u8::is_ascii_whitespace),
            Self::Cells(cells) => cells.iter().all(|cell| cell.is_empty()),
        }
    }

    /// The line cut into columns; `None` where it is too short or too long.
    pub(crate) fn cut(&self, format: &Format, columns: &[Column]) -> Option<Vec<String>> {
        match self {
            Self::Cells(cells) => (cells.len() >= columns.len()).then(|| cells[..columns.len()].to_vec()),
            Self::Bytes(bytes) => {
                let width: usize = columns.iter().map(|column| column.width).sum();
                if bytes.len() != width {
                    return None;
                }
                let (mut cells, mut at) = (Vec::new(), 0);
                for column in columns {
                    let cell = format.encoding.decode(&bytes[at..at + column.width]).ok()?;
                    let fill = char::from(column.fill);
                    let cell = match column.side {
                        Side::Left => cell.trim_end_matches(fill),
                        Side::Right => cell.trim_start_matches(fill),
                    };
                    // An amount of nothing but zeros is zero.
                    let cell = if cell.is_empty() && fill == '0' { "0" } else { cell };
                    cells.push(cell.trim().to_owned());
                    at += column.width;
                }
                Some(cells)
            }
        }
    }
}

fn sheet(bytes: &[u8]) -> Result<Vec<Vec<String>>, Unreadable> {
    let unreadable = |error: String| Unreadable::one(format!("不是能读的 XLSX 文件（{error}）"));
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(error.to_string()))?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| unreadable("没有工作表".into()))?;
    let sheet = sheet.map_err(|error| unreadable(error.to_string()))?;
    Ok(sheet.rows().map(|row| row.iter().map(|cell| cell.to_string().trim().to_owned()).collect()).collect())
}
