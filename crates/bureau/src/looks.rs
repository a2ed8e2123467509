//! Looking into registers while an order is decided: what was asked is kept, so that it can be asked again when it is
//! this order's turn to write.

use std::cell::RefCell;

use casework::event::RegisterRow;
use casework::registers::IDENTIFIER;
use casework::{Query, Registers, Spell};
use store::{Fault, Read};

use crate::Bureau;

/// Where an order looks: as a reader finds it now, or in the transaction in which it is written.
pub(crate) enum Place<'p> {
    Now,
    Within(&'p Read<'p>),
}

/// What was asked, and what was found.
#[derive(Default)]
pub(crate) struct Asked {
    rows: Vec<(Query, Vec<RegisterRow>)>,
    spells: Vec<(String, Vec<Spell>)>,
    other_numbers: Option<bool>,
}

/// The registers as somebody finds them, with all that was asked.
pub(crate) struct Looks<'l> {
    bureau: &'l Bureau,
    place: Place<'l>,
    pub asked: RefCell<Asked>,
    fault: RefCell<Option<Fault>>,
}

impl<'l> Looks<'l> {
    pub fn new(bureau: &'l Bureau, place: Place<'l>) -> Self {
        Self { bureau, place, asked: RefCell::default(), fault: RefCell::default() }
    }

    /// What went wrong while something was looked for: then nothing that was decided counts.
    pub fn fault(&self) -> Result<(), Fault> {
        self.fault.take().map_or(Ok(()), Err)
    }

    fn look<T: Default>(&self, look: impl FnOnce(&Read) -> Result<T, Fault>) -> T {
        let found = match &self.place {
            Place::Now => self.bureau.store.look(look),
            Place::Within(read) => look(read),
        };
        found.unwrap_or_else(|fault| {
            *self.fault.borrow_mut() = Some(fault);
            T::default()
        })
    }
}

impl Asked {
    /// Whether the same would be found again.
    pub fn stands(&self, bureau: &Bureau, read: &Read) -> Result<bool, Fault> {
        for (query, rows) in &self.rows {
            if read.registered(query)? != *rows {
                return Ok(false);
            }
        }
        for (holder, spells) in &self.spells {
            if bureau.named(read.spells([&**holder])?) != *spells {
                return Ok(false);
            }
        }
        Ok(match self.other_numbers {
            Some(there_were) => read.has_rows(IDENTIFIER.0)? == there_were,
            None => true,
        })
    }
}

impl Registers for Looks<'_> {
    fn has_other_numbers(&self) -> bool {
        let known = self.asked.borrow().other_numbers;
        known.unwrap_or_else(|| {
            let there_are = self.look(|read| read.has_rows(IDENTIFIER.0));
            self.asked.borrow_mut().other_numbers = Some(there_are);
            there_are
        })
    }

    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        if let Some((_, rows)) = self.asked.borrow().rows.iter().find(|(known, _)| known == query) {
            return rows.clone();
        }
        let rows = self.look(|read| read.registered(query));
        self.asked.borrow_mut().rows.push((query.clone(), rows.clone()));
        rows
    }

    fn spells(&self, holder: &str) -> Vec<Spell> {
        let spells = self.bureau.named(self.look(|read| read.spells([holder])));
        self.asked.borrow_mut().spells.push((holder.to_owned(), spells.clone()));
        spells
    }
}

/// For pages, which only show what would be decided.
impl Registers for Bureau {
    fn has_other_numbers(&self) -> bool {
        self.store.look(|read| read.has_rows(IDENTIFIER.0)).unwrap_or_default()
    }

    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        self.store.look(|read| read.registered(query)).unwrap_or_default()
    }

    fn spells(&self, holder: &str) -> Vec<Spell> {
        self.named(self.store.look(|read| read.spells([holder])).unwrap_or_default())
    }
}
