//! Photos and scans: what they are is found by their content, never by their name.

use std::io::Cursor;

use casework::event::FileRef;
use exchange::table;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::{Bureau, Fault};

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 15 * 1024 * 1024;

/// The longer side of a small picture, in pixels.
const SMALL: u32 = 480;

/// Why a file is not taken in: one Chinese sentence and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub text: String,
    pub way_out: &'static str,
}

fn unfit(name: &str, text: &str, way_out: &'static str) -> Unfit {
    Unfit { text: format!("“{name}”{text}"), way_out }
}

impl Bureau {
    /// Keeps a photo (JPEG, PNG) or a scan (the same, or PDF); pictures get a small one, turned upright.
    pub fn keep_file(&self, name: &str, bytes: &[u8]) -> Result<Result<FileRef, Unfit>, Fault> {
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        if bytes.is_empty() {
            return Ok(Err(unfit(&name, "是空的", "请重新拍照或扫描")));
        }
        if bytes.len() > MOST_BYTES {
            return Ok(Err(unfit(&name, "超过 15 MB", "请拍小一点，或者分成几份")));
        }
        if table::kind(bytes) == Some("xlsx") {
            return Ok(Ok(self.keep_as("xlsx", name, bytes)?));
        }
        let kind = match (image::guess_format(bytes), bytes.starts_with(b"%PDF-")) {
            (_, true) => "pdf",
            (Ok(ImageFormat::Jpeg), _) => "jpeg",
            (Ok(ImageFormat::Png), _) => "png",
            _ => return Ok(Err(unfit(&name, "不是 JPEG、PNG 照片，也不是 PDF", "请换成照片或 PDF"))),
        };
        let picture = if kind == "pdf" { None } else { Some(upright(bytes)) };
        let picture = match picture {
            Some(Err(_)) => return Ok(Err(unfit(&name, "打不开，可能坏了或者太大", "请重新拍照或扫描"))),
            Some(Ok(picture)) => Some(picture),
            None => None,
        };
        if is_cut(kind, bytes) {
            return Ok(Err(unfit(&name, "不完整，可能没有传完", "请重新上传，或者重新拍照、扫描")));
        }
        let small = picture.as_ref().and_then(small);
        let digest = self.store.keep_file(bytes, small.as_deref())?;
        let look = picture.as_ref().and_then(look);
        Ok(Ok(FileRef { digest, kind: kind.to_owned(), size: bytes.len() as u64, name, look }))
    }
}

impl Bureau {
    /// Keeps a table: a workbook or text. What is wrong in it is told when it is read.
    pub fn keep_table(&self, name: &str, bytes: &[u8]) -> Result<Result<FileRef, Unfit>, Fault> {
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        if bytes.len() > MOST_BYTES {
            return Ok(Err(unfit(&name, "超过 15 MB", "请分成几个文件")));
        }
        match table::kind(bytes) {
            Some(kind) => Ok(Ok(self.keep_as(kind, name, bytes)?)),
            None => Ok(Err(unfit(&name, "不是表格", "请用 .xlsx 或者 .csv；旧格式（.xls）、加密码的请另存为 .xlsx"))),
        }
    }

    fn keep_as(&self, kind: &str, name: String, bytes: &[u8]) -> Result<FileRef, Fault> {
        let digest = self.store.keep_file(bytes, None)?;
        Ok(FileRef { digest, kind: kind.to_owned(), size: bytes.len() as u64, name, look: None })
    }
}

/// Whether the end of a file is missing, which the decoder of JPEG would fill with grey.
fn is_cut(kind: &str, bytes: &[u8]) -> bool {
    let has = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    match kind {
        "jpeg" => !pixels(bytes).is_some_and(|pixels| has(pixels, &[0xff, 0xd9])),
        "pdf" => !has(&bytes[bytes.len().saturating_sub(4096)..], b"%%EOF"),
        _ => false,
    }
}

/// A JPEG from its first start of scan on: behind the segments, each of which tells its length, so that the end of a
/// small picture within them is not taken for the end of this one.
fn pixels(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 2;
    loop {
        let [0xff, kind, high, low] = *bytes.get(at..at + 4)? else { return None };
        if kind == 0xda {
            return bytes.get(at..);
        }
        // A marker may be preceded by fill bytes.
        at += if kind == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
}

/// The picture as a person holds it: cameras write beside the pixels which way is up.
fn upright(bytes: &[u8]) -> Result<DynamicImage, image::ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(20_000), Some(20_000));
    limits.max_alloc = Some(300 * 1024 * 1024);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn small(picture: &DynamicImage) -> Option<Vec<u8>> {
    let small = if picture.width().max(picture.height()) > SMALL { &picture.thumbnail(SMALL, SMALL) } else { picture };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&small.to_rgb8()).ok()?;
    Some(bytes)
}

/// Whether each of 16 × 16 spots is lighter than its right neighbour, row by row: saving a picture again changes few of
/// them. `None` for a picture with too little in it, such as a blank page.
fn look(picture: &DynamicImage) -> Option<String> {
    let spots = picture.thumbnail_exact(136, 128).resize_exact(17, 16, FilterType::Triangle).to_luma8();
    let lighter = |x: u32, y: u32| spots.get_pixel(x, y).0[0] > spots.get_pixel(x + 1, y).0[0].saturating_add(1);
    let bits: Vec<bool> = (0..16).flat_map(|y| (0..16).map(move |x| (x, y))).map(|(x, y)| lighter(x, y)).collect();
    let count = bits.iter().filter(|bit| **bit).count();
    let digits = bits.chunks(4).map(|four| four.iter().fold(0, |sum, bit| sum * 2 + u32::from(*bit)));
    (count >= 32).then(|| digits.filter_map(|digit| char::from_digit(digit, 16)).collect())
}
