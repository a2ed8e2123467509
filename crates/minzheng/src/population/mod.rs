//! Populations from files: Parquet or CSV with a declared mapping, batch after batch, so that they may be larger
//! than memory. One file for the cases and one for each list, all in the order of the cases.
//!
//! Invariant: whatever is in a file is read as it was meant or refused with file and row; nothing is left out in silence.

mod map;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use formula::{Column, Environment, Population, Rows};

pub use map::Map;
use map::{Table, Wanted};
use source::{Key, Source, Words};

/// Rows that are read of a file at once.
const STEP: usize = 1 << 14;

/// Pieces that are read before they are asked for.
const AHEAD: usize = 4;

/// Cases of a batch.
const BATCH: usize = 1 << 15;

/// A population that is read from files.
pub struct Stream {
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
}

/// Cells of a column; texts by their place among the words found so far.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    values: Vec<i64>,
    /// Empty where all are known.
    known: Vec<u8>,
}

/// Rows as they were read: owners, own keys, the cells of each wanted column, and the words of texts so far.
#[derive(Default)]
pub struct Piece {
    owners: Vec<Key>,
    keys: Vec<Key>,
    cells: Vec<Cells>,
    words: Words,
}

impl Piece {
    fn rows(&self) -> usize {
        self.keys.len().max(self.owners.len())
    }
}

impl Cells {
    fn extend(&mut self, other: &Self, range: std::ops::Range<usize>) {
        let length = range.len();
        if !other.known.is_empty() || !self.known.is_empty() {
            self.known.resize(self.values.len(), 1);
            match other.known.get(range.clone()) {
                Some(known) => self.known.extend_from_slice(known),
                None => self.known.resize(self.values.len() + length, 1),
            }
        }
        self.values.extend_from_slice(&other.values[range]);
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
        Ok(Self { cases, lists, same, batch: BATCH })
    }

    /// The same in batches of another size.
    pub fn in_batches(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    /// The next cases, or `None` at the end of all files.
    ///
    /// # Errors
    /// What a file says that cannot be, with file and row.
    pub fn batch(&mut self) -> Result<Option<Population>, String> {
        let (keys, columns) = self.cases.take(self.batch)?;
        if keys.is_empty() {
            for reader in self.lists.iter_mut().filter_map(|list| list.reader.as_mut()) {
                reader.finish()?;
            }
            return Ok(None);
        }
        let cases = keys.len();
        let mut owners: BTreeMap<Option<usize>, Vec<Key>> = BTreeMap::from([(None, keys)]);
        let mut population = Population { cases, values: self.same.clone(), lists: BTreeMap::new() };
        population.values.extend(columns);
        for list in &mut self.lists {
            let owning = owners.get(&list.parent).map_or(&[][..], Vec::as_slice);
            let (starts, own, columns) = match &mut list.reader {
                Some(reader) => reader.of_owners(owning)?,
                None => (vec![0; owning.len() + 1], Vec::new(), BTreeMap::new()),
            };
            population.lists.insert(list.index, Rows::new(starts, columns));
            owners.insert(Some(list.index), own);
        }
        Ok(Some(population))
    }
}

type Columns = BTreeMap<Arc<str>, Column>;

impl Reader {
    fn open(path: &Path, table: &Table, env: &Environment, list: Option<usize>) -> Result<Self, String> {
        let (mut source, wanted) = Source::open(path, table, env, list)?;
        let (name, columns) = (source.name().to_owned(), wanted.len());
        let (sender, ahead) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            let mut before = 0;
            loop {
                let piece = source.read(STEP, columns, before);
                let rows = piece.as_ref().map_or(0, |piece| piece.rows());
                before += rows as u64;
                // Nobody listens any more, or there is nothing more to say.
                if sender.send(piece).is_err() || rows == 0 {
                    break;
                }
            }
        });
        Ok(Self { name, ahead, wanted, piece: Piece::default(), at: 0, before: 0, last: None })
    }

    fn wrong(&self, row: usize, what: impl std::fmt::Display) -> String {
        format!("{} 第 {} 行：{what}", self.name, self.before + row as u64 + 1)
    }

    fn left(&self) -> usize {
        self.piece.rows() - self.at
    }

    /// Reads more where everything has been given out; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, String> {
        if self.left() > 0 {
            return Ok(true);
        }
        self.before += self.at as u64;
        self.at = 0;
        // After the last piece nothing is sent.
        self.piece = match self.ahead.recv() {
            Ok(piece) => piece?,
            Err(_) => Piece { words: std::mem::take(&mut self.piece.words), ..Piece::default() },
        };
        for (place, key) in self.piece.keys.iter().enumerate() {
            let before = place.checked_sub(1).map_or(self.last.as_ref(), |place| self.piece.keys.get(place));
            let wrong = match (before, key) {
                (Some(Key::Int(before)), Key::Int(key)) => before >= key,
                (before, key) => before == Some(key),
            };
            if wrong {
                return Err(self.wrong(place, format!("键“{key}”重复，或者没有按键从小到大排列")));
            }
        }
        self.last = self.piece.keys.last().cloned().or(self.last.take());
        Ok(self.left() > 0)
    }

    /// So many rows, or those that are left.
    fn take(&mut self, most: usize) -> Result<(Vec<Key>, Columns), String> {
        let mut keys = Vec::new();
        let mut all = vec![Cells::default(); self.wanted.len()];
        let first = self.before + self.at as u64;
        while keys.len() < most && self.fill()? {
            let range = self.at..self.at + self.left().min(most - keys.len());
            keys.extend_from_slice(&self.piece.keys[range.clone()]);
            all.iter_mut().zip(&self.piece.cells).for_each(|(all, cells)| all.extend(cells, range.clone()));
            self.at = range.end;
        }
        Ok((keys, self.columns(all, first)?))
    }

    /// The rows of these owners, with where each owner's rows begin and the rows' own keys.
    fn of_owners(&mut self, owners: &[Key]) -> Result<(Vec<u32>, Vec<Key>, Columns), String> {
        let (mut starts, mut own) = (vec![0_u32], Vec::new());
        let mut all = vec![Cells::default(); self.wanted.len()];
        let first = self.before + self.at as u64;
        let mut count: usize = 0;
        while starts.len() <= owners.len() && self.fill()? {
            let begun = self.at;
            while self.left() > 0 && starts.len() <= owners.len() {
                if self.piece.owners[self.at] == owners[starts.len() - 1] {
                    self.at += 1;
                    count += 1;
                } else {
                    starts.push(u32::try_from(count).map_err(|_| self.wrong(self.at, "一批里的行太多"))?);
                }
            }
            let range = begun..self.at;
            own.extend_from_slice(self.piece.keys.get(range.clone()).unwrap_or(&[]));
            all.iter_mut().zip(&self.piece.cells).for_each(|(all, cells)| all.extend(cells, range.clone()));
        }
        let end = u32::try_from(count).map_err(|_| self.wrong(self.at, "一批里的行太多"))?;
        starts.resize(owners.len() + 1, end);
        Ok((starts, own, self.columns(all, first)?))
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
            let owner = self.piece.owners.get(self.at).map_or_else(String::new, Key::to_string);
            return Err(self.wrong(self.at, format!("“{owner}”不在上一层的文件里，或者次序与它不同")));
        }
        Ok(())
    }
}
