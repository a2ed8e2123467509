//! A table of rows into a register: a census, a roll that was kept elsewhere. The whole file or nothing.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, DateTime, RegionCode};
use casework::event::{ActorRef, RegisterRow};
use casework::payment::DERIVED;
use casework::{Datum, Event, Record, State, registers};
use guide::model::{FieldType, Register, RegisterColumn};

use crate::{Bureau, Failure, Fault};

/// Rows that one stream of the journal holds.
const ROWS: usize = 500;

/// What an import did, or would do: keys of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub new: Vec<String>,
    /// Rows that say something else than the register did.
    pub changed: Vec<String>,
    pub same: usize,
    /// Rows of the register that the file does not have.
    pub missing: Vec<String>,
}

/// Why a file is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// Each a Chinese sentence with the line.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A CSV file that is to go into a register.
#[derive(Clone, Copy, Debug)]
pub struct Import<'i> {
    /// 标识 of the register.
    pub register: &'i str,
    pub text: &'i str,
    /// From which day its rows hold.
    pub from: Date,
    /// Who brings it, as it stands in the journal.
    pub by: &'i str,
    pub now: DateTime,
}

impl Bureau {
    /// Compares a file with a register, and with `write` takes it in: new rows and new versions of changed ones. Columns
    /// that the file does not have keep what the register says.
    pub fn import(&self, import: Import, write: bool) -> Result<Imported, ImportFailure> {
        let wrong = |text: String| ImportFailure::Wrong(vec![text]);
        let register = self.library.all_registers().find(|known| *known.key == *import.register);
        let register = register.ok_or_else(|| wrong(format!("没有台账“{}”", import.register)))?;
        if DERIVED.contains(&&*register.key) {
            return Err(wrong(format!("台账“{}”由名册和账得出，不能导入", register.name)));
        }
        let rows = read(register, import.text, import.from, self.home).map_err(ImportFailure::Wrong)?;
        let known = self.store.register(&register.key, import.from, RegionCode::NATION)?;
        let known: BTreeMap<&str, &RegisterRow> = known.iter().map(|v| (&*v.row.key, &v.row)).collect();
        let (mut outcome, mut fresh) = (Imported::default(), Vec::new());
        let keys: BTreeSet<String> = rows.iter().map(|row| row.key.clone()).collect();
        for row in rows {
            let Some(before) = known.get(&*row.key) else {
                outcome.new.push(row.key.clone());
                fresh.push(row);
                continue;
            };
            let mut columns = before.columns.clone();
            columns.extend(row.columns);
            if columns == before.columns {
                outcome.same += 1;
                continue;
            }
            let row = registers::row(register, import.from, row.region, columns);
            outcome.changed.push(row.key.clone());
            fresh.push(row);
        }
        outcome.missing = known.keys().filter(|key| !keys.contains(**key)).map(|key| (*key).to_owned()).collect();
        if write {
            self.with_rates(|| self.write_rows(&import, &fresh))??;
        }
        Ok(outcome)
    }

    fn write_rows(&self, import: &Import, rows: &[RegisterRow]) -> Result<(), Failure> {
        let digest = crate::hash(&[import.register, &import.from.to_string(), import.text]);
        for (place, rows) in rows.chunks(ROWS).enumerate() {
            let name = format!("IMPORT-{}-{}", digest[..12].to_uppercase(), place + 1);
            let by = ActorRef { id: import.by.to_owned(), name: import.by.to_owned(), for_applicant: false };
            let record = |event| Record { at: import.now, by: by.clone(), event };
            let register = import.register.to_owned();
            let begun = Event::Imported { import: name.clone(), register, digest: digest.clone() };
            let rows = rows.iter().map(|row| Event::Registered(row.clone()));
            let records: Vec<Record> = [begun].into_iter().chain(rows).map(record).collect();
            self.store.transact(|write| self.write_down(write, &name, &State::default(), &records))?;
        }
        Ok(())
    }
}

/// The rows of a file, or everything that is wrong with it.
fn read(register: &Register, text: &str, from: Date, home: RegionCode) -> Result<Vec<RegisterRow>, Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let heads = reader.headers().map_err(|error| vec![format!("读不出表头：{error}")])?.clone();
    let mut columns: Vec<&RegisterColumn> = Vec::new();
    let mut wrong = Vec::new();
    for head in &heads {
        match register.columns.iter().find(|column| *column.name == *head.trim()) {
            Some(column) => columns.push(column),
            None => wrong.push(format!("第 1 行：台账“{}”没有列“{head}”", register.name)),
        }
    }
    let absent = register.columns.iter().filter(|c| c.required && !columns.iter().any(|known| known.key == c.key));
    wrong.extend(absent.map(|column| format!("第 1 行：缺少列“{}”", column.name)));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (mut rows, mut seen) = (Vec::new(), BTreeMap::new());
    for (place, record) in reader.records().enumerate() {
        let line = place + 2;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                wrong.push(format!("第 {line} 行：读不出（{error}）"));
                continue;
            }
        };
        let mut cells: BTreeMap<String, Datum> = BTreeMap::new();
        for (column, cell) in columns.iter().zip(&record) {
            match (cell.trim(), column.required) {
                ("", true) => wrong.push(format!("第 {line} 行：没有填“{}”", column.name)),
                ("", false) => {}
                (cell, _) => match registers::read_cell(&column.ty, cell) {
                    Ok(Datum::Person(person)) if column.is_key && person.number.is_none() => {
                        wrong.push(format!("第 {line} 行：“{}”是键，要写姓名和身份号码", column.name));
                    }
                    Ok(datum) => _ = cells.insert(column.key.to_string(), datum),
                    Err(why) => wrong.push(format!("第 {line} 行“{}”：{why}", column.name)),
                },
            }
        }
        let region = columns.iter().find(|column| column.ty == FieldType::Plain(formula::Type::Region));
        let region = region.and_then(|column| RegionCode::parse(cells.get(&*column.key)?.text()?).ok());
        let row = registers::row(register, from, region.unwrap_or(home), cells);
        if let Some(first) = seen.insert(row.key.clone(), line) {
            wrong.push(format!("第 {line} 行：与第 {first} 行是同一个键"));
        }
        rows.push(row);
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}
