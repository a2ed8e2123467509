//! Registers asked for many rows at once: what a slice of rows asks is gathered first, then found in one look each.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::Date;
use casework::event::RegisterRow;
use casework::registers::IDENTIFIER;
use casework::{Query, Registers, Spell};
use store::{Fault, Store};

/// A column of a register on a day.
pub(crate) type Asked = (String, String, Date);

/// Notes what is asked; after `find_all` it answers.
#[derive(Default)]
pub(crate) struct Gathered {
    asked: RefCell<BTreeMap<Asked, BTreeSet<String>>>,
    found: BTreeMap<Asked, HashMap<String, Vec<RegisterRow>>>,
    /// What could not be answered yet since it was last taken.
    missed: RefCell<Vec<(Asked, String)>>,
    other_numbers: bool,
}

impl Gathered {
    pub fn new(store: &Store) -> Result<Self, Fault> {
        Ok(Self { other_numbers: store.look(|read| read.has_rows(IDENTIFIER.0))?, ..Self::default() })
    }

    pub fn ask(&self, query: &Query) {
        let column = (query.register.clone(), query.column.clone(), query.on);
        self.asked.borrow_mut().entry(column).or_default().extend(query.values.iter().cloned());
    }

    /// What could not be answered since this was called last.
    pub fn missed(&self) -> Vec<(Asked, String)> {
        self.missed.take()
    }

    /// Whether there is a row of what could not be answered.
    pub fn has(&self, missed: &[(Asked, String)]) -> bool {
        let is_there = |(asked, value): &(Asked, String)| Some(!self.found.get(asked)?.get(value)?.is_empty());
        missed.iter().any(|missed| is_there(missed) == Some(true))
    }

    /// The rows that were found of what somebody asks.
    pub fn at<'g>(&'g self, query: &'g Query) -> impl Iterator<Item = &'g RegisterRow> {
        let found = self.found.get(&(query.register.clone(), query.column.clone(), query.on));
        query.values.iter().filter_map(move |value| found?.get(value)).flatten()
    }

    /// Finds all that was asked since, a column of a register at a time.
    pub fn find_all(&mut self, store: &Store) -> Result<(), Fault> {
        for ((register, column, on), values) in std::mem::take(self.asked.get_mut()) {
            let known = self.found.entry((register.clone(), column.clone(), on)).or_default();
            let values: Vec<String> = values.into_iter().filter(|value| !known.contains_key(value)).collect();
            let query = Query { register, column, values, on };
            for row in store.look(|read| read.registered(&query))? {
                let own = row.found_by.iter().filter(|(column, _)| *column == query.column);
                let own: Vec<String> = own.map(|(_, value)| value.clone()).collect();
                let Some((last, others)) = own.split_last() else { continue };
                others.iter().for_each(|value| known.entry(value.clone()).or_default().push(row.clone()));
                known.entry(last.clone()).or_default().push(row);
            }
            query.values.into_iter().for_each(|value| _ = known.entry(value).or_default());
        }
        Ok(())
    }
}

impl Registers for Gathered {
    fn has_other_numbers(&self) -> bool {
        self.other_numbers
    }

    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        let found = self.found.get(&(query.register.clone(), query.column.clone(), query.on));
        let rows = |value: &String| found.and_then(|known| known.get(value));
        if query.values.iter().any(|value| rows(value).is_none()) {
            self.ask(query);
            let asked = (query.register.clone(), query.column.clone(), query.on);
            self.missed.borrow_mut().extend(query.values.iter().map(|value| (asked.clone(), value.clone())));
        }
        self.at(query).cloned().collect()
    }

    /// No roster asks what somebody holds.
    fn spells(&self, _: &str) -> Vec<Spell> {
        Vec::new()
    }
}
