//! Populations from files: Parquet or CSV with a declared mapping, batch after batch, so that they may be larger
//! than memory. One file for the cases and one for each list, all in the order of the cases.
//!
//! Invariant: whatever is in a file is read as it was meant or refused with file and row; nothing is left out in silence.

mod keys;
mod map;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use formula::{Column, Environment, Population, Rows};

use keys::{Key, Keys};
pub use map::Map;
use map::{Kind, Table, Wanted};
use source::{Source, Words, Wrong};

/// Rows that are read of a file at once.
const STEP: usize = 1 << 13;

/// Pieces that are read before they are asked for.
const AHEAD: usize = 16;

/// Cases of a batch.
const BATCH: usize = 1 << 15;

/// A population that is read from files; the next batch is put together while the last one is looked at.
pub enum Stream {
    Opened(Box<Files>),
    Running(Receiver<Result<Population, String>>),
    Ended,
}

/// The open files of a population.
pub struct Files {
    cases: Reader,
    lists: Vec<List>,
    /// Values that are the same in every case.
    same: BTreeMap<Arc<str>, Column>,
    batch: usize,
}

struct List {
    index: usize,
    parent: Option<usize>,
    /// `None` for a list of which it is said that no case has rows.
    reader: Option<Reader>,
}

/// A file of which so much is in memory as has been read and not yet given out. A thread of its own reads ahead.
struct Reader {
    name: String,
    ahead: Receiver<Result<Piece, String>>,
    wanted: Vec<Wanted>,
    piece: Piece,
    at: usize,
    /// Rows of the file before those in memory.
    before: u64,
    last: Option<Key>,
    /// Rows of the batch before.
    last_batch: usize,
}

/// Cells of a column.
#[derive(Clone, Debug)]
pub struct Cells {
    values: Values,
    /// Empty where all are known.
    known: Vec<u8>,
}

/// What stands in cells, no wider than it has to be.
#[derive(Clone, Debug)]
enum Values {
    Numbers(Vec<i64>),
    /// Dates and months.
    Days(Vec<i32>),
    /// 是否, and texts by their place among the words found so far.
    Codes(Vec<u8>),
}

/// Rows as they were read: owners, own keys, the cells of each wanted column, and the words of texts so far.
#[derive(Default)]
pub struct Piece {
    owners: Keys,
    keys: Keys,
    cells: Vec<Cells>,
    words: Words,
    rows: usize,
}

impl Values {
    fn of(kind: &Kind, rows: usize) -> Self {
        match kind {
            Kind::Number { .. } => Self::Numbers(Vec::with_capacity(rows)),
            Kind::Date | Kind::Month => Self::Days(Vec::with_capacity(rows)),
            Kind::Flag | Kind::Words { .. } => Self::Codes(Vec::with_capacity(rows)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Days(values) => values.len(),
            Self::Codes(values) => values.len(),
        }
    }
}

impl Values {
    /// Adds what was read; where levels say that a cell is not there, any value keeps its place.
    ///
    /// # Errors
    /// The row, and what does not fit the kind.
    fn append<N: Copy + Into<i64>>(&mut self, kind: &Kind, read: &[N], levels: &[i16]) -> Result<(), Wrong> {
        match self {
            Self::Numbers(values) => spread(values, read, levels, Ok),
            Self::Days(values) => spread(values, read, levels, |n| i32::try_from(n).map_err(|_| kind.misfit(n))),
            Self::Codes(values) => spread(values, read, levels, |n| u8::try_from(n).map_err(|_| kind.misfit(n))),
        }
    }
}

fn spread<N: Copy + Into<i64>, T: Default>(
    values: &mut Vec<T>,
    read: &[N],
    levels: &[i16],
    fit: impl Fn(i64) -> Result<T, String>,
) -> Result<(), Wrong> {
    if levels.is_empty() {
        values.reserve(read.len());
        for (row, n) in read.iter().enumerate() {
            values.push(fit((*n).into()).map_err(|what| (row, what))?);
        }
        return Ok(());
    }
    values.reserve(levels.len());
    let mut read = read.iter();
    for (row, level) in levels.iter().enumerate() {
        let value = if *level == 1 { read.next().map(|n| fit((*n).into())) } else { None };
        values.push(value.transpose().map_err(|what| (row, what))?.unwrap_or_default());
    }
    Ok(())
}

impl Cells {
    fn of(kind: &Kind, rows: usize) -> Self {
        Self { values: Values::of(kind, rows), known: Vec::new() }
    }

    fn extend(&mut self, other: &Self, range: std::ops::Range<usize>) {
        let length = range.len();
        if !other.known.is_empty() || !self.known.is_empty() {
            self.known.resize(self.values.len(), 1);
            match other.known.get(range.clone()) {
                Some(known) => self.known.extend_from_slice(known),
                None => self.known.resize(self.values.len() + length, 1),
            }
        }
        match (&mut self.values, &other.values) {
            (Values::Numbers(values), Values::Numbers(more)) => values.extend_from_slice(&more[range]),
            (Values::Days(values), Values::Days(more)) => values.extend_from_slice(&more[range]),
            (Values::Codes(values), Values::Codes(more)) => values.extend_from_slice(&more[range]),
            _ => {}
        }
    }
}

impl Stream {
    /// Opens the files of a mapping; `same` holds what every case has alike, such as 计算日.
    pub fn open(env: &Environment, map: &Map, main: &Path, same: BTreeMap<Arc<str>, Column>) -> Result<Self, String> {
        map.check(env)?;
        let folder = main.parent().unwrap_or(Path::new("."));
        let cases = Reader::open(main, &map.cases, env, None)?;
        let mut lists = Vec::new();
        for (index, list) in env.lists.iter().enumerate() {
            let Some(table) = map.lists.get(&env.list_path(index)) else { continue };
            let reader = match &table.file {
                Some(file) => Some(Reader::open(&folder.join(file), table, env, Some(index))?),
                None => None,
            };
            lists.push(List { index, parent: list.parent, reader });
        }
        Ok(Self::Opened(Box::new(Files { cases, lists, same, batch: BATCH })))
    }

    /// The same in batches of another size, if none has been asked for.
    #[must_use]
    pub fn in_batches(mut self, batch: usize) -> Self {
        if let Self::Opened(files) = &mut self {
            files.batch = batch.max(1);
        }
        self
    }

    /// The next cases, or `None` at the end of all files.
    ///
    /// # Errors
    /// What a file says that cannot be, with file and row.
    pub fn batch(&mut self) -> Result<Option<Population>, String> {
        *self = match std::mem::replace(self, Self::Ended) {
            Self::Opened(mut files) => Self::Running(ahead(1, move || files.batch())),
            state => state,
        };
        let Self::Running(batches) = self else { return Ok(None) };
        let next = batches.recv().ok().transpose();
        if !matches!(next, Ok(Some(_))) {
            *self = Self::Ended;
        }
        next
    }
}

impl Files {
    fn batch(&mut self) -> Result<Option<Population>, String> {
        let (keys, columns) = self.cases.take(self.batch)?;
        if keys.is_empty() {
            for reader in self.lists.iter_mut().filter_map(|list| list.reader.as_mut()) {
                reader.finish()?;
            }
            return Ok(None);
        }
        let cases = keys.len();
        let mut owners: BTreeMap<Option<usize>, Keys> = BTreeMap::from([(None, keys)]);
        let mut population = Population { cases, values: self.same.clone(), lists: BTreeMap::new() };
        population.values.extend(columns);
        for list in &mut self.lists {
            let nobody = Keys::default();
            let owning = owners.get(&list.parent).unwrap_or(&nobody);
            let (starts, own, columns) = match &mut list.reader {
                Some(reader) => reader.of_owners(owning)?,
                None => (vec![0; owning.len() + 1], Keys::default(), BTreeMap::new()),
            };
            population.lists.insert(list.index, Rows::new(starts, columns));
            owners.insert(Some(list.index), own);
        }
        Ok(Some(population))
    }
}

/// What a thread of its own makes ahead, so much at most. After the last nothing is sent, and nothing after what went
/// wrong.
fn ahead<T: Send + 'static>(
    room: usize,
    mut next: impl FnMut() -> Result<Option<T>, String> + Send + 'static,
) -> Receiver<Result<T, String>> {
    let (sender, receiver) = sync_channel(room);
    std::thread::spawn(move || {
        while let Some(made) = next().transpose() {
            let failed = made.is_err();
            // Nobody listens any more, or there is nothing more to say.
            if sender.send(made).is_err() || failed {
                break;
            }
        }
    });
    receiver
}

type Columns = BTreeMap<Arc<str>, Column>;

impl Reader {
    fn open(path: &Path, table: &Table, env: &Environment, list: Option<usize>) -> Result<Self, String> {
        let (mut source, wanted) = Source::open(path, table, env, list)?;
        let name = source.name().to_owned();
        let kinds: Vec<Kind> = wanted.iter().map(|wanted| wanted.kind.clone()).collect();
        let ahead = ahead(AHEAD, move || source.read(STEP, &kinds));
        Ok(Self { name, ahead, wanted, piece: Piece::default(), at: 0, before: 0, last: None, last_batch: 0 })
    }

    fn wrong(&self, row: usize, what: impl std::fmt::Display) -> String {
        format!("{} 第 {} 行：{what}", self.name, self.before + row as u64 + 1)
    }

    fn left(&self) -> usize {
        self.piece.rows - self.at
    }

    /// Reads more where everything has been given out; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, String> {
        if self.left() > 0 {
            return Ok(true);
        }
        self.before += self.at as u64;
        self.at = 0;
        self.piece = match self.ahead.recv() {
            Ok(piece) => piece?,
            Err(_) => Piece { words: std::mem::take(&mut self.piece.words), ..Piece::default() },
        };
        if let Some(place) = self.piece.keys.out_of_order(self.last.as_ref()) {
            let key = self.piece.keys.get(place).map_or_else(String::new, |key| key.to_string());
            return Err(self.wrong(place, format!("键“{key}”重复，或者没有按键从小到大排列")));
        }
        let last = self.piece.keys.len().checked_sub(1).and_then(|place| self.piece.keys.get(place));
        self.last = last.or(self.last.take());
        Ok(self.left() > 0)
    }

    /// So many rows, or those that are left.
    fn take(&mut self, most: usize) -> Result<(Keys, Columns), String> {
        let mut keys = Keys::default();
        let mut all = self.empty();
        let first = self.before + self.at as u64;
        while keys.len() < most && self.fill()? {
            let range = self.at..self.at + self.left().min(most - keys.len());
            keys.extend(&self.piece.keys, range.clone());
            all.iter_mut().zip(&self.piece.cells).for_each(|(all, cells)| all.extend(cells, range.clone()));
            self.at = range.end;
        }
        self.last_batch = keys.len();
        Ok((keys, self.columns(all, first)?))
    }

    /// The rows of these owners, with where each owner's rows begin and the rows' own keys.
    fn of_owners(&mut self, owners: &Keys) -> Result<(Vec<u32>, Keys, Columns), String> {
        let (mut starts, mut own) = (vec![0_u32], Keys::default());
        let mut all = self.empty();
        let first = self.before + self.at as u64;
        let mut count: usize = 0;
        while starts.len() <= owners.len() && self.fill()? {
            let begun = self.at;
            while self.left() > 0 && starts.len() <= owners.len() {
                if self.piece.owners.is_same(self.at, owners, starts.len() - 1) {
                    self.at += 1;
                    count += 1;
                } else {
                    starts.push(u32::try_from(count).map_err(|_| self.wrong(self.at, "一批里的行太多"))?);
                }
            }
            let range = begun..self.at;
            own.extend(&self.piece.keys, range.clone());
            all.iter_mut().zip(&self.piece.cells).for_each(|(all, cells)| all.extend(cells, range.clone()));
        }
        let end = u32::try_from(count).map_err(|_| self.wrong(self.at, "一批里的行太多"))?;
        starts.resize(owners.len() + 1, end);
        self.last_batch = count;
        Ok((starts, own, self.columns(all, first)?))
    }

    /// Room for a batch of about as many rows as the last one.
    fn empty(&self) -> Vec<Cells> {
        let rows = self.last_batch + self.last_batch / 16;
        self.wanted.iter().map(|wanted| Cells::of(&wanted.kind, rows)).collect()
    }

    fn columns(&self, all: Vec<Cells>, first: u64) -> Result<Columns, String> {
        let mut columns = BTreeMap::new();
        for (wanted, cells) in self.wanted.iter().zip(all) {
            if let Some(column) = wanted.column(cells, &self.piece.words, &self.name, first)? {
                columns.insert(wanted.name.clone(), column);
            }
        }
        Ok(columns)
    }

    /// At the end of the cases no row may be left.
    fn finish(&mut self) -> Result<(), String> {
        if self.fill()? {
            let owner = self.piece.owners.get(self.at).map_or_else(String::new, |key| key.to_string());
            return Err(self.wrong(self.at, format!("“{owner}”不在上一层的文件里，或者次序与它不同")));
        }
        Ok(())
    }
}
