//! What tells rows apart: numbers where all of a file are numbers, which are compared as such.

use std::fmt;
use std::ops::Range;

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

/// The keys of rows in a row.
#[derive(Clone, Debug)]
pub enum Keys {
    Ints(Vec<i64>),
    Any(Vec<Key>),
}

impl Default for Keys {
    fn default() -> Self {
        Self::Ints(Vec::new())
    }
}

impl Keys {
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(keys) => keys.len(),
            Self::Any(keys) => keys.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, place: usize) -> Option<Key> {
        match self {
            Self::Ints(keys) => keys.get(place).copied().map(Key::Int),
            Self::Any(keys) => keys.get(place).cloned(),
        }
    }

    pub fn push(&mut self, key: Key) {
        match (&mut *self, key) {
            (Self::Ints(keys), Key::Int(key)) => keys.push(key),
            (Self::Any(keys), key) => keys.push(key),
            (Self::Ints(keys), key) => {
                let before = keys.iter().map(|key| Key::Int(*key));
                *self = Self::Any(before.chain([key]).collect());
            }
        }
    }

    pub fn push_ints(&mut self, more: &[i64]) {
        match self {
            Self::Ints(keys) => keys.extend_from_slice(more),
            Self::Any(keys) => keys.extend(more.iter().map(|key| Key::Int(*key))),
        }
    }

    /// Adds those of a range; a file without keys has none.
    pub fn extend(&mut self, other: &Self, range: Range<usize>) {
        match other {
            Self::Ints(more) => self.push_ints(more.get(range).unwrap_or(&[])),
            Self::Any(more) => more.get(range).unwrap_or(&[]).iter().for_each(|key| self.push(key.clone())),
        }
    }

    pub fn is_same(&self, place: usize, other: &Self, at: usize) -> bool {
        match (self, other) {
            (Self::Ints(own), Self::Ints(other)) => own[place] == other[at],
            _ => self.get(place) == other.get(at),
        }
    }

    /// The first that is not behind the one before it; texts must only differ.
    pub fn out_of_order(&self, before: Option<&Key>) -> Option<usize> {
        let wrong = |before: &Key, key: &Key| match (before, key) {
            (Key::Int(before), Key::Int(key)) => before >= key,
            _ => before == key,
        };
        if before.zip(self.get(0)).is_some_and(|(before, first)| wrong(before, &first)) {
            return Some(0);
        }
        let place = match self {
            Self::Ints(keys) => keys.windows(2).position(|pair| pair[0] >= pair[1]),
            Self::Any(keys) => keys.windows(2).position(|pair| wrong(&pair[0], &pair[1])),
        };
        place.map(|place| place + 1)
    }
}
