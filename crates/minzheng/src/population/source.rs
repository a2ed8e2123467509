//! Files of rows: Parquet and CSV, a piece at a time.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use base::Date;
use formula::{Environment, Rational, month_index, packed, unpacked};
use parquet::basic::{ConvertedType, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::keys::{Key, Keys};
use super::map::{Kind, Table, Wanted};
use super::{Cells, Piece};

/// For each column of texts the words so far.
pub type Words = HashMap<String, Vec<Arc<str>>>;

/// An open file.
pub struct Source {
    name: String,
    format: Format,
    /// For each column of texts the words so far.
    words: HashMap<String, WordPlaces>,
    /// The columns that are read: owner, key, and the wanted ones.
    columns: Vec<Read>,
    /// Rows that have been read.
    before: u64,
}

enum Format {
    Parquet { reader: Box<SerializedFileReader<File>>, group: usize, columns: Vec<ColumnReader>, left: usize },
    Csv(Box<csv::Reader<File>>),
}

/// A column of the file.
struct Read {
    name: String,
    place: usize,
    role: Role,
    /// Days since 1970 and decimal places, as the file declares them.
    days: bool,
    scale: i64,
    optional: bool,
}

#[derive(Clone)]
enum Role {
    Owner,
    Key,
    Value(usize, Kind),
}

impl Source {
    pub fn open(
        path: &Path,
        table: &Table,
        env: &Environment,
        list: Option<usize>,
    ) -> Result<(Self, Vec<Wanted>), String> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        let told = |error: &dyn fmt::Display| format!("{name}：{error}");
        let mut wanted = table.wanted(env, list).map_err(|error| told(&error))?;
        if list.is_some() && table.owner.is_none() {
            return Err(told(&"名单的文件要写 owner：哪一列是上一层的键"));
        }
        if list.is_none() && table.key.is_none() {
            return Err(told(&"要写 key：哪一列是每件的键"));
        }
        let of_rows = [(&table.owner, Role::Owner), (&table.key, Role::Key)];
        let of_rows = of_rows.into_iter().filter_map(|(column, role)| Some((column.clone()?, role)));
        let values = wanted.iter().enumerate().map(|(i, w)| (w.column.clone(), Role::Value(i, w.kind.clone())));
        let columns: Vec<(String, Role)> = of_rows.chain(values).collect();
        let file = File::open(path).map_err(|error| told(&error))?;
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let opened = if is_csv { csv_file(file, columns) } else { parquet_file(file, columns) };
        let (format, columns) = opened.map_err(|error| told(&error))?;
        for column in &columns {
            if let Role::Value(place, _) = column.role
                && let Kind::Number { scale } = &mut wanted[place].kind
            {
                *scale = scale.saturating_mul(column.scale);
            }
        }
        Ok((Self { name, format, words: HashMap::new(), columns, before: 0 }, wanted))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the next rows; `None` at the end of the file.
    pub fn read(&mut self, most: usize, kinds: &[Kind]) -> Result<Option<Piece>, String> {
        let mut piece = Piece { cells: kinds.iter().map(|kind| Cells::of(kind, most)).collect(), ..Piece::default() };
        let mut into = Into { owners: &mut piece.owners, keys: &mut piece.keys, cells: &mut piece.cells };
        let result = match &mut self.format {
            Format::Parquet { reader, group, columns, left } => {
                while *left == 0 && *group < reader.num_row_groups() {
                    let read = reader.get_row_group(*group).map_err(|error| error.to_string());
                    let read = read.map_err(|error| format!("{}：{error}", self.name))?;
                    *left = usize::try_from(read.metadata().num_rows()).unwrap_or(0);
                    let opened = self.columns.iter().map(|column| read.get_column_reader(column.place));
                    *columns = opened.collect::<Result<_, _>>().map_err(|error| format!("{}：{error}", self.name))?;
                    *group += 1;
                }
                let count = most.min(*left);
                *left -= count;
                piece.rows = count;
                let mut pairs = self.columns.iter().zip(columns);
                pairs.try_for_each(|(column, reader)| {
                    let decoded = decoded(column, reader, count)?;
                    parquet_cells(column, decoded, &mut self.words, &mut into)
                })
            }
            Format::Csv(reader) => {
                csv_rows(reader, &self.columns, most, &mut self.words, &mut into).map(|rows| piece.rows = rows)
            }
        };
        let told =
            |(row, what): (usize, String)| format!("{} 第 {} 行：{what}", self.name, self.before + row as u64 + 1);
        result.map_err(told)?;
        piece.words = self.words.iter().map(|(name, known)| (name.clone(), known.words.clone())).collect();
        self.before += piece.rows as u64;
        Ok(if piece.rows == 0 { None } else { Some(piece) })
    }
}

/// Where what is read goes.
struct Into<'i> {
    owners: &'i mut Keys,
    keys: &'i mut Keys,
    cells: &'i mut [Cells],
}

/// A row of the piece at hand, and what is wrong with it.
pub(super) type Wrong = (usize, String);

fn csv_file(file: File, columns: Vec<(String, Role)>) -> Result<(Format, Vec<Read>), String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    let place = |(name, role): (String, Role)| {
        let place = names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| format!("没有列“{name}”；有：{}", names.join("、")))?;
        Ok(Read { name, place, role, days: false, scale: 1, optional: true })
    };
    let columns = columns.into_iter().map(place).collect::<Result<Vec<Read>, String>>()?;
    Ok((Format::Csv(Box::new(reader)), columns))
}

fn parquet_file(file: File, columns: Vec<(String, Role)>) -> Result<(Format, Vec<Read>), String> {
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let columns = parquet_columns(&reader, columns)?;
    Ok((Format::Parquet { reader: Box::new(reader), group: 0, columns: Vec::new(), left: 0 }, columns))
}

/// The columns as the schema has them.
fn parquet_columns(reader: &SerializedFileReader<File>, columns: Vec<(String, Role)>) -> Result<Vec<Read>, String> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let mut found = Vec::new();
    for (name, role) in columns {
        let place = names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| format!("没有列“{name}”；有：{}", names.join("、")))?;
        let column = schema.column(place);
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return Err(format!("列“{name}”是嵌套的；每一层名单写一个文件"));
        }
        let physical = column.physical_type();
        let fits = matches!(physical, Physical::INT32 | Physical::INT64 | Physical::BOOLEAN | Physical::BYTE_ARRAY);
        if !fits {
            return Err(format!("列“{name}”是 {physical}；钱和数要写成整数或者 DECIMAL，不要写成浮点数"));
        }
        let decimal = column.converted_type() == ConvertedType::DECIMAL;
        if decimal && physical == Physical::BYTE_ARRAY {
            return Err(format!("列“{name}”的 DECIMAL 太宽；要能放进 64 位"));
        }
        let places = u32::try_from(column.type_scale()).unwrap_or(0);
        let scale = if decimal { 10_i64.checked_pow(places).unwrap_or(i64::MAX) } else { 1 };
        let (days, optional) = (column.converted_type() == ConvertedType::DATE, column.max_def_level() == 1);
        found.push(Read { name, place, role, days, scale, optional });
    }
    Ok(found)
}

/// Cells of one column that are there.
enum Found {
    Ints(Vec<i64>),
    Small(Vec<i32>),
    Texts(Vec<ByteArray>),
}

/// Reads so many rows of a column; for an optional one also 1 where a cell is there, and 0 elsewhere.
fn decoded(column: &Read, reader: &mut ColumnReader, count: usize) -> Result<(Found, Vec<i16>), Wrong> {
    let failed = |error: parquet::errors::ParquetError| (0, error.to_string());
    let (mut levels, mut done) = (Vec::new(), 0);
    macro_rules! all {
        ($reader:expr) => {{
            let mut values = Vec::with_capacity(count);
            while done < count {
                let levels = if column.optional { Some(&mut levels) } else { None };
                let (read, ..) = $reader.read_records(count - done, levels, None, &mut values).map_err(failed)?;
                if read == 0 {
                    return Err((done, format!("列“{}”比别的列短", column.name)));
                }
                done += read;
            }
            values
        }};
    }
    let found = match reader {
        ColumnReader::Int64ColumnReader(reader) => Found::Ints(all!(reader)),
        ColumnReader::Int32ColumnReader(reader) => Found::Small(all!(reader)),
        ColumnReader::BoolColumnReader(reader) => Found::Small(all!(reader).into_iter().map(i32::from).collect()),
        ColumnReader::ByteArrayColumnReader(reader) => Found::Texts(all!(reader)),
        _ => return Err((0, format!("列“{}”的类型不能读", column.name))),
    };
    Ok(match found {
        Found::Small(days) if column.days => (Found::Small(days.into_iter().map(day).collect()), levels),
        found => (found, levels),
    })
}

/// Days since 1970 as `yyyymmdd`; 0 where there is no such day.
fn day(days: i32) -> i32 {
    let date = jiff::Span::new().try_days(days).and_then(|days| Date::constant(1970, 1, 1).checked_add(days));
    date.map_or(0, packed)
}

/// Puts cells where they belong.
fn parquet_cells(
    column: &Read,
    (found, levels): (Found, Vec<i16>),
    words: &mut HashMap<String, WordPlaces>,
    into: &mut Into,
) -> Result<(), Wrong> {
    match &column.role {
        Role::Owner | Role::Key => {
            if let Some(row) = levels.iter().position(|level| *level == 0) {
                return Err((row, format!("“{}”是空的", column.name)));
            }
            let keys = if matches!(column.role, Role::Owner) { &mut *into.owners } else { &mut *into.keys };
            match found {
                Found::Ints(ints) => keys.push_ints(&ints),
                Found::Small(small) => small.into_iter().for_each(|n| keys.push(Key::Int(n.into()))),
                Found::Texts(texts) => {
                    for (row, text) in texts.iter().enumerate() {
                        keys.push(Key::Text(utf8(text, &column.name).map_err(|error| (row, error))?.into()));
                    }
                }
            }
            Ok(())
        }
        Role::Value(place, kind) => {
            let cells = &mut into.cells[*place];
            cells.known.extend(levels.iter().map(|level| *level as u8));
            let added = match found {
                Found::Ints(ints) => cells.values.append(kind, &ints, &levels),
                Found::Small(small) => cells.values.append(kind, &small, &levels),
                Found::Texts(texts) => {
                    let known = words.entry(column.name.clone()).or_default();
                    let mut typed_texts: Vec<i64> = Vec::with_capacity(texts.len());
                    for (row, text) in texts.iter().enumerate() {
                        let text = utf8(text, &column.name).map_err(|error| (row, error))?;
                        typed_texts.push(typed(kind, text, known).map_err(|error| (row, error))?);
                    }
                    cells.values.append(kind, &typed_texts, &levels)
                }
            };
            added.map_err(|(row, what)| (row, format!("“{}”：{what}", column.name)))
        }
    }
}

fn utf8<'t>(text: &'t ByteArray, column: &str) -> Result<&'t str, String> {
    text.as_utf8().map_err(|_| format!("“{column}”不是 UTF-8 文字"))
}

/// The words of a column by their places, kept from piece to piece.
#[derive(Default)]
struct WordPlaces {
    words: Vec<Arc<str>>,
    places: HashMap<Arc<str>, i64>,
}

impl WordPlaces {
    fn place(&mut self, word: &str) -> i64 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let (word, place): (Arc<str>, i64) = (word.into(), self.words.len() as i64);
        // Beyond what a column may have the words are not kept; the place is refused.
        if self.words.len() <= 256 {
            self.words.push(word.clone());
            self.places.insert(word, place);
        }
        place
    }
}

/// A text as the number that stands for it.
fn typed(kind: &Kind, text: &str, words: &mut WordPlaces) -> Result<i64, String> {
    let text = text.trim();
    match kind {
        Kind::Number { scale } => {
            let number = formula::parse_decimal(text).ok_or_else(|| format!("“{text}”不是十进制的数"))?;
            let scaled =
                number.numer().checked_mul(i128::from(*scale)).map(|above| Rational::new(above, *number.denom()));
            let whole = scaled.filter(Rational::is_integer).and_then(|scaled| i64::try_from(scaled.to_integer()).ok());
            whole.ok_or_else(|| format!("“{text}”乘以 {scale} 不是能放下的整数"))
        }
        Kind::Flag => match text {
            "是" | "1" | "true" => Ok(1),
            "否" | "0" | "false" => Ok(0),
            _ => Err(format!("“{text}”不是“是”或“否”")),
        },
        Kind::Words { words: Some(listed), .. } => {
            let place = listed.words.iter().position(|word| **word == *text).map(|place| place as i64);
            place.or_else(|| text.parse().ok()).ok_or_else(|| format!("“{text}”不在所列的词里"))
        }
        Kind::Words { words: None, regions } => {
            let word = match regions {
                true => base::RegionCode::parse(text).map_err(|error| error.to_string())?.to_string(),
                false => text.to_owned(),
            };
            Ok(words.place(&word))
        }
        Kind::Date => match text.parse::<i64>() {
            Ok(day) if day >= 10_000 && unpacked(day).is_some() => Ok(day),
            _ => base::parse_date(text).map(|date| i64::from(packed(date))).ok_or_else(|| format!("“{text}”不是日期")),
        },
        Kind::Month => {
            let month: base::Month = text.parse().map_err(|_| format!("“{text}”不是月份（yyyy-mm）"))?;
            Ok(i64::from(month_index(month)))
        }
    }
}

fn csv_rows(
    reader: &mut csv::Reader<File>,
    columns: &[Read],
    most: usize,
    words: &mut HashMap<String, WordPlaces>,
    into: &mut Into,
) -> Result<usize, Wrong> {
    let mut record = csv::StringRecord::new();
    for row in 0..most {
        if !reader.read_record(&mut record).map_err(|error| (row, error.to_string()))? {
            return Ok(row);
        }
        csv_row(&record, columns, words, into).map_err(|error| (row, error))?;
    }
    Ok(most)
}

fn csv_row(
    record: &csv::StringRecord,
    columns: &[Read],
    words: &mut HashMap<String, WordPlaces>,
    into: &mut Into,
) -> Result<(), String> {
    for column in columns {
        let text = record.get(column.place).unwrap_or("").trim();
        match &column.role {
            Role::Owner | Role::Key if text.is_empty() => return Err(format!("“{}”是空的", column.name)),
            Role::Owner | Role::Key => {
                let keys = if matches!(column.role, Role::Owner) { &mut *into.owners } else { &mut *into.keys };
                keys.push(text.parse().map_or_else(|_| Key::Text(text.into()), Key::Int));
            }
            Role::Value(place, kind) => {
                let cells = &mut into.cells[*place];
                cells.known.push(u8::from(!text.is_empty()));
                let value = match text.is_empty() {
                    true => 0,
                    false => typed(kind, text, words.entry(column.name.clone()).or_default())
                        .map_err(|error| format!("“{}”：{error}", column.name))?,
                };
                let added = cells.values.append(kind, &[value], &[]);
                added.map_err(|(_, what)| format!("“{}”：{what}", column.name))?;
            }
        }
    }
    Ok(())
}
