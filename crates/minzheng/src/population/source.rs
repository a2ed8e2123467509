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

use super::map::{Kind, Table, Wanted};
use super::{Cells, Piece};

/// What tells rows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Int(i64),
    Text(Box<str>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

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
        let roles = table.owner.iter().map(|column| (column, Role::Owner));
        let roles = roles.chain(table.key.iter().map(|column| (column, Role::Key)));
        let values = wanted.iter().enumerate().map(|(i, w)| (&w.column, Role::Value(i, w.kind.clone())));
        let columns: Vec<(String, Role)> = roles.chain(values).map(|(name, role)| (name.clone(), role)).collect();
        if list.is_some() && table.owner.is_none() {
            return Err(told(&"名单的文件要写 owner：哪一列是上一层的键"));
        }
        if list.is_none() && table.key.is_none() {
            return Err(told(&"要写 key：哪一列是每件的键"));
        }
        let file = File::open(path).map_err(|error| told(&error))?;
        let csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let (format, columns) = if csv {
            let mut reader = csv::ReaderBuilder::new().from_reader(file);
            let header = reader.headers().map_err(|error| told(&error))?.clone();
            let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
            let place = |(name, role): (String, Role)| {
                let place = names.iter().position(|known| *known == name);
                let place = place.ok_or_else(|| told(&format!("没有列“{name}”；有：{}", names.join("、"))))?;
                Ok(Read { name, place, role, days: false, scale: 1, optional: true })
            };
            let columns = columns.into_iter().map(place).collect::<Result<Vec<Read>, String>>()?;
            (Format::Csv(Box::new(reader)), columns)
        } else {
            let reader = SerializedFileReader::new(file).map_err(|error| told(&error))?;
            let columns = parquet_columns(&reader, columns).map_err(|error| told(&error))?;
            (Format::Parquet { reader: Box::new(reader), group: 0, columns: Vec::new(), left: 0 }, columns)
        };
        for column in &columns {
            if let Role::Value(place, _) = column.role
                && let Kind::Number { scale } = &mut wanted[place].kind
            {
                *scale = scale.saturating_mul(column.scale);
            }
        }
        Ok((Self { name, format, words: HashMap::new(), columns }, wanted))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the next rows; none at the end of the file. `before` rows came earlier.
    pub fn read(&mut self, most: usize, columns: usize, before: u64) -> Result<Piece, String> {
        let mut piece = Piece { cells: vec![Cells::default(); columns], ..Piece::default() };
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
                let mut pairs = self.columns.iter().zip(columns);
                pairs.try_for_each(|(column, reader)| {
                    let decoded = decoded(column, reader, count)?;
                    parquet_cells(column, decoded, count, &mut self.words, &mut into)
                })
            }
            Format::Csv(reader) => csv_rows(reader, &self.columns, most, &mut self.words, &mut into),
        };
        let told = |(row, what): (usize, String)| format!("{} 第 {} 行：{what}", self.name, before + row as u64 + 1);
        result.map_err(told)?;
        piece.words = self.words.iter().map(|(name, known)| (name.clone(), known.words.clone())).collect();
        Ok(piece)
    }
}

/// Where what is read goes.
struct Into<'i> {
    owners: &'i mut Vec<Key>,
    keys: &'i mut Vec<Key>,
    cells: &'i mut [Cells],
}

/// A row of the piece at hand, and what is wrong with it.
type Wrong = (usize, String);

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

/// Cells of one column: those that are there, and for an optional column which those are.
#[derive(Default)]
struct Decoded {
    ints: Vec<i64>,
    texts: Option<Vec<ByteArray>>,
    levels: Vec<i16>,
}

fn decoded(column: &Read, reader: &mut ColumnReader, count: usize) -> Result<Decoded, Wrong> {
    let mut found = Decoded::default();
    let failed = |error: parquet::errors::ParquetError| (0, error.to_string());
    let mut done = 0;
    macro_rules! all {
        ($reader:expr, $values:expr) => {
            while done < count {
                let levels = if column.optional { Some(&mut found.levels) } else { None };
                let (read, ..) = $reader.read_records(count - done, levels, None, $values).map_err(failed)?;
                if read == 0 {
                    return Err((done, format!("列“{}”比别的列短", column.name)));
                }
                done += read;
            }
        };
    }
    match reader {
        ColumnReader::Int64ColumnReader(reader) => all!(reader, &mut found.ints),
        ColumnReader::Int32ColumnReader(reader) => {
            let mut values: Vec<i32> = Vec::new();
            all!(reader, &mut values);
            found.ints.extend(values.into_iter().map(i64::from));
        }
        ColumnReader::BoolColumnReader(reader) => {
            let mut values: Vec<bool> = Vec::new();
            all!(reader, &mut values);
            found.ints.extend(values.into_iter().map(i64::from));
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let mut values = Vec::new();
            all!(reader, &mut values);
            found.texts = Some(values);
        }
        _ => return Err((0, format!("列“{}”的类型不能读", column.name))),
    }
    if column.days {
        let epoch = Date::constant(1970, 1, 1);
        for day in &mut found.ints {
            let date = jiff::Span::new().try_days(*day).and_then(|days| epoch.checked_add(days));
            *day = date.map_or(0, |date| i64::from(packed(date)));
        }
    }
    Ok(found)
}

/// Puts cells where they belong.
fn parquet_cells(
    column: &Read,
    decoded: Decoded,
    count: usize,
    words: &mut HashMap<String, WordPlaces>,
    into: &mut Into,
) -> Result<(), Wrong> {
    let Decoded { mut ints, texts, levels } = decoded;
    let is_known = |row: usize| !column.optional || levels[row] == 1;
    match &column.role {
        Role::Owner | Role::Key => {
            if let Some(row) = (0..count).find(|row| !is_known(*row)) {
                return Err((row, format!("“{}”是空的", column.name)));
            }
            let keys = if matches!(column.role, Role::Owner) { &mut *into.owners } else { &mut *into.keys };
            match &texts {
                Some(texts) => {
                    for (row, text) in texts.iter().enumerate() {
                        keys.push(Key::Text(utf8(text, &column.name).map_err(|error| (row, error))?.into()));
                    }
                }
                None => keys.extend(ints.iter().map(|n| Key::Int(*n))),
            }
            Ok(())
        }
        Role::Value(place, kind) => {
            if let Some(texts) = &texts {
                let known = words.entry(column.name.clone()).or_default();
                for (row, text) in texts.iter().enumerate() {
                    let text = utf8(text, &column.name).map_err(|error| (row, error))?;
                    ints.push(typed(kind, text, known).map_err(|error| (row, error))?);
                }
            }
            let cells = &mut into.cells[*place];
            let start = cells.values.len();
            if column.optional {
                let mut values = ints.into_iter();
                for level in &levels {
                    cells.values.push(if *level == 1 { values.next().unwrap_or(0) } else { 0 });
                }
                cells.known.resize(start, 1);
                cells.known.extend(levels.iter().map(|level| *level as u8));
            } else {
                cells.values.append(&mut ints);
            }
            Ok(())
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
        // Beyond what a column may have the words are not kept; the place alone is refused.
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
) -> Result<(), Wrong> {
    let mut record = csv::StringRecord::new();
    for row in 0..most {
        if !reader.read_record(&mut record).map_err(|error| (row, error.to_string()))? {
            break;
        }
        csv_row(&record, columns, words, into).map_err(|error| (row, error))?;
    }
    Ok(())
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
                cells.values.push(value);
            }
        }
    }
    Ok(())
}
