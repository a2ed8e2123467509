//! A table of rows into a register: a census, a roll that was kept elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::{Date, DateTime, RegionCode};
use casework::event::{ActorRef, RegisterRow};
use casework::payment::DERIVED;
use casework::received::RECEIVED;
use casework::{Datum, Event, Record, State, registers};
use exchange::table::{Table, read_table};
use exchange::workbook::{Heading, Trouble, returned, template};
use guide::model::{FieldType, Register, RegisterColumn};

use crate::acquainted::Mistyped;
use crate::mapping::Mapping;
use crate::{Bureau, Failure, Fault};

/// Rows that one stream of the journal holds.
const ROWS: usize = 2_000;

/// What the streams of a file are called that no case brings.
const ALONE: &str = "IMPORT";

/// What an import did, or would do: keys of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub new: Vec<String>,
    /// Rows that say something else than the register did.
    pub changed: Vec<String>,
    pub same: usize,
    /// Rows of the register that the file does not have.
    pub missing: Vec<String>,
    /// What is wrong, by line: these lines are not taken in.
    pub troubles: Vec<Trouble>,
    /// What whoever brings the file should know.
    pub notes: Vec<String>,
}

/// Why a file is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file as a whole: each a Chinese sentence.
    #[error("{}", .0.join("\n"))]
    Unreadable(Vec<String>),
    /// Lines of it.
    #[error("{}", .0.iter().map(told).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Trouble>),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A trouble with its line.
pub fn told(trouble: &Trouble) -> String {
    format!("第 {} 行{}", trouble.line, trouble.text)
}

/// A workbook or a text file that is to go into a register.
#[derive(Clone, Copy, Debug)]
pub struct Import<'i> {
    /// 标识 of the register.
    pub register: &'i str,
    pub bytes: &'i [u8],
    /// Which head of the file stands for which part of the register, where the names differ.
    pub map: &'i [(String, String)],
    /// From which day its rows hold.
    pub from: Date,
    /// Who brings it, as it stands in the journal.
    pub by: &'i str,
    pub now: DateTime,
}

/// How much of a file is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// Nothing: it is only compared.
    Nothing,
    /// All of it, or nothing where anything is wrong.
    Whole,
    /// The lines in which nothing is wrong.
    Right,
}

/// The table of a file; its header is found by the columns of the register.
fn table_of(register: &Register, import: &Import) -> Result<Table, ImportFailure> {
    let wanted = Mapping::wanted(register, import.map);
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    read_table(import.bytes, &wanted).map_err(|wrong| ImportFailure::Unreadable(wrong.0))
}

/// A column of a register as columns of a template.
fn headings(column: &RegisterColumn) -> Vec<Heading> {
    let parts = crate::mapping::parts(column);
    let heading = |(place, name): (usize, &String)| {
        let (kind, choices) = match &column.ty {
            FieldType::Register(_) if place == 1 => {
                ("身份号码；别的证件先写种类，例如 护照E12345678".to_owned(), Vec::new())
            }
            FieldType::Register(_) => ("姓名".to_owned(), Vec::new()),
            FieldType::Plain(formula::Type::Choice(words)) => {
                let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
                (format!("选一个：{}", words.join("、")), words)
            }
            FieldType::Plain(formula::Type::Bool) => ("是 或 否".to_owned(), vec!["是".to_owned(), "否".to_owned()]),
            FieldType::Plain(formula::Type::Region) => ("乡镇和村，或者 12 位区划代码".to_owned(), Vec::new()),
            FieldType::Plain(formula::Type::Date) => ("日期，例如 2026-07-01".to_owned(), Vec::new()),
            FieldType::Plain(ty) => (ty.to_string(), Vec::new()),
            FieldType::Row(_) => ("另一本台账里的号".to_owned(), Vec::new()),
            FieldType::PersonNumber => ("身份号码；别的证件先写种类".to_owned(), Vec::new()),
            FieldType::CreditCode => ("十八位统一社会信用代码".to_owned(), Vec::new()),
            FieldType::Account => ("银行账号".to_owned(), Vec::new()),
            _ => (String::new(), Vec::new()),
        };
        let note = if place == 0 { column.note.clone() } else { String::new() };
        Heading { name: name.clone(), required: column.required, kind, note, choices }
    };
    parts.iter().enumerate().map(heading).collect()
}

/// A file as it was read against a register.
pub struct Reading {
    pub table: Table,
    pub mapping: Mapping,
    /// Rows in the order of the file, each with its line.
    rows: Vec<(u32, RegisterRow)>,
    troubles: Vec<Trouble>,
    notes: Vec<String>,
}

impl Bureau {
    /// Compares a file with a register, and takes in as much as is asked: new rows and new versions of changed ones.
    /// Columns that the file does not have keep what the register says. The same file again changes nothing.
    pub fn import(&self, import: Import, take: Take) -> Result<Imported, ImportFailure> {
        let mut progress = |_: usize, _: usize| ();
        self.import_telling(import, take, &mut progress)
    }

    /// The same, telling how many rows of how many are written.
    pub fn import_telling(
        &self,
        import: Import,
        take: Take,
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<Imported, ImportFailure> {
        self.import_for(ALONE, import, take, tell)
    }

    /// The same for a case: its rows say which one brought them.
    pub(crate) fn import_for(
        &self,
        case: &str,
        import: Import,
        take: Take,
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<Imported, ImportFailure> {
        let register = self.importable(import.register)?;
        let reading = self.read_file(register, &import)?;
        let (outcome, fresh) = self.compared(register, &import, reading)?;
        // What was decided elsewhere is received by a case that another person has approved, and in no other way.
        if *register.key == *RECEIVED && take != Take::Nothing && case == ALONE {
            let text = format!("“{}”要从网页上导入：一个人提出，另一个人核准", register.name);
            return Err(ImportFailure::Unreadable(vec![text]));
        }
        match take {
            Take::Nothing => {}
            Take::Whole if !outcome.troubles.is_empty() => return Err(ImportFailure::Wrong(outcome.troubles)),
            Take::Whole | Take::Right => self.with_rates(|| self.write_rows(case, &import, &fresh, tell))??,
        }
        Ok(outcome)
    }

    /// The lines of a file in which something is wrong, as a workbook that can be put right and brought again.
    pub fn returned(&self, import: Import, troubles: &[Trouble]) -> Result<Vec<u8>, ImportFailure> {
        let table = table_of(self.importable(import.register)?, &import)?;
        returned(&table, troubles).map_err(|error| Fault::Damaged(error.to_string()).into())
    }

    /// The heads of a file, by which its columns can be chosen.
    pub fn heads_of(&self, import: Import) -> Result<Vec<String>, ImportFailure> {
        Ok(table_of(self.importable(import.register)?, &import)?.heads)
    }

    /// An empty table of a register to fill in.
    pub fn template(&self, register: &Register) -> Result<Vec<u8>, Fault> {
        let headings: Vec<Heading> = register.columns.iter().flat_map(headings).collect();
        template(&register.name, &headings).map_err(|error| Fault::Damaged(error.to_string()))
    }

    /// The register of a 标识, if files may be brought into it.
    pub fn importable(&self, key: &str) -> Result<&Register, ImportFailure> {
        let refuse = |text: String| ImportFailure::Unreadable(vec![text]);
        let register = self.library.all_registers().find(|known| *known.key == *key);
        let register = register.ok_or_else(|| refuse(format!("没有台账“{key}”")))?;
        if DERIVED.contains(&&*register.key) {
            return Err(refuse(format!("台账“{}”由名册和账得出，不能导入", register.name)));
        }
        Ok(register)
    }

    /// Reads a file as rows of a register; what is wrong is told by line and column.
    pub fn read_file(&self, register: &Register, import: &Import) -> Result<Reading, ImportFailure> {
        let table = table_of(register, import)?;
        let mapping = Mapping::of(register, &table, import.map).map_err(ImportFailure::Unreadable)?;
        let mut notes = table.notes.clone();
        let unread = mapping.unread(&table);
        if !unread.is_empty() {
            notes.push(format!("没有读的列：{}", unread.join("、")));
        }
        let mut reading = Reading { table, mapping, rows: Vec::new(), troubles: Vec::new(), notes };
        self.read_lines(register, import.from, &mut reading)?;
        self.agree(register, import.from, &mut reading)?;
        Ok(reading)
    }

    fn read_lines(&self, register: &Register, from: Date, reading: &mut Reading) -> Result<(), Fault> {
        let places = self.places();
        let (mut rows, mut troubles, mut seen) = (Vec::new(), Vec::new(), HashMap::<String, u32>::new());
        let mut named: HashMap<String, (String, u32)> = HashMap::new();
        let (mut short_names, mut mistyped) = (0_usize, Vec::new());
        for line in &reading.table.lines {
            let before = troubles.len();
            let mut columns: BTreeMap<String, Datum> = BTreeMap::new();
            for (column, source) in &reading.mapping.columns {
                let mut wrong = |place: usize, text: String| {
                    troubles.push(Trouble { line: line.number, column: Some(place), text });
                };
                match source.read(column, &line.cells, (&places, from)) {
                    Ok(None) if column.required => wrong(source.place(), format!("：没有填“{}”", column.name)),
                    Ok(None) => {}
                    Ok(Some(Datum::Person(person))) if column.is_key && person.number.is_none() => {
                        wrong(source.place(), format!("：“{}”是键，要写姓名和身份号码", column.name));
                    }
                    Ok(Some(datum)) => {
                        if let Datum::Person(person) = &datum
                            && let Some(number) = &person.number
                        {
                            short_names += usize::from(person.name.chars().count() == 1);
                            let first =
                                named.entry(number.clone()).or_insert_with(|| (person.name.clone(), line.number));
                            if first.0 != person.name {
                                let text = format!("“{}”：同一个号码在第 {} 行是“{}”", column.name, first.1, first.0);
                                wrong(source.place(), text);
                            }
                        }
                        columns.insert(column.key.to_string(), datum);
                    }
                    Err((place, why)) => {
                        wrong(place, format!("“{}”：{why}", column.name));
                        if matches!(column.ty, FieldType::Register(_)) {
                            mistyped.extend(Mistyped::of(troubles.len() - 1, source, &line.cells));
                        }
                    }
                }
            }
            if troubles.len() > before {
                continue;
            }
            let region = register.columns.iter().find(|column| column.ty == FieldType::Plain(formula::Type::Region));
            let region = region.and_then(|column| RegionCode::parse(columns.get(&*column.key)?.text()?).ok());
            let row = registers::row(register, from, region.unwrap_or(self.home), columns);
            if let Some(first) = seen.insert(row.key.clone(), line.number) {
                let text = format!("：与第 {first} 行是同一个键");
                troubles.push(Trouble { line: line.number, column: None, text });
                continue;
            }
            rows.push((line.number, row));
        }
        if short_names > 0 {
            reading.notes.push(format!("有 {short_names} 处姓名只有一个字，请核对"));
        }
        reading.notes.extend(self.acquaint((&register.key, from), &rows, &mistyped, &mut troubles)?);
        (reading.rows, reading.troubles) = (rows, troubles);
        Ok(())
    }

    /// What is 唯一 stands in one row alone, and rows that are named are there: in the file or in the register.
    fn agree(&self, register: &Register, from: Date, reading: &mut Reading) -> Result<(), Fault> {
        let mut wrong: BTreeSet<u32> = BTreeSet::new();
        for (place, column) in register.columns.iter().enumerate() {
            let own = |row: &RegisterRow| row.columns.get(&*column.key).and_then(registers::found_by);
            let at = reading.mapping.columns.iter().find(|(known, _)| known.key == column.key);
            let at = at.map_or(place, |(_, source)| source.place());
            let mut tell = |line: u32, text: String| {
                wrong.insert(line);
                reading.troubles.push(Trouble { line, column: Some(at), text });
            };
            if column.unique {
                let mut said: HashMap<String, String> = HashMap::new();
                for version in self.store.register(&register.key, from, RegionCode::NATION)? {
                    said.extend(own(&version.row).map(|value| (value, version.row.key)));
                }
                for (line, row) in &reading.rows {
                    let Some(value) = own(row) else { continue };
                    let key = said.entry(value).or_insert_with(|| row.key.clone());
                    if *key != row.key {
                        tell(*line, format!("“{}”：这个值已经有另外一行", column.name));
                    }
                }
            }
            if let FieldType::Row(named) = &column.ty {
                let mut there: BTreeSet<String> = self.store.register_keys(named, from)?;
                if **named == *register.key {
                    there.extend(reading.rows.iter().map(|(_, row)| row.key.clone()));
                }
                for (line, row) in &reading.rows {
                    if let Some(key) = own(row).filter(|key| !there.contains(key)) {
                        let name = self.register(named).map_or("", |register| &register.name);
                        tell(*line, format!("“{}”：台账“{name}”没有“{key}”", column.name));
                    }
                }
            }
        }
        if *register.key == *RECEIVED {
            for (line, row) in &reading.rows {
                if let Some(why) = self.cannot_receive(row) {
                    wrong.insert(*line);
                    reading.troubles.push(Trouble { line: *line, column: None, text: format!("：{why}") });
                }
            }
        }
        reading.rows.retain(|(line, _)| !wrong.contains(line));
        reading.troubles.sort_by_key(|trouble| trouble.line);
        Ok(())
    }

    /// What is new and what differs, and the rows that would be written.
    fn compared(
        &self,
        register: &Register,
        import: &Import,
        reading: Reading,
    ) -> Result<(Imported, Vec<RegisterRow>), Fault> {
        let known = self.store.register(&register.key, import.from, RegionCode::NATION)?;
        let known: HashMap<&str, &RegisterRow> = known.iter().map(|v| (&*v.row.key, &v.row)).collect();
        let (mut outcome, mut fresh) = (Imported::default(), Vec::new());
        (outcome.troubles, outcome.notes) = (reading.troubles, reading.notes);
        let mut named: BTreeSet<String> = BTreeSet::new();
        for (_, row) in reading.rows {
            named.insert(row.key.clone());
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
        let mut missing: Vec<String> =
            known.keys().filter(|key| !named.contains(**key)).map(|key| (*key).to_owned()).collect();
        missing.sort();
        outcome.missing = missing;
        Ok((outcome, fresh))
    }

    pub(crate) fn write_rows(
        &self,
        case: &str,
        import: &Import,
        rows: &[RegisterRow],
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<(), Failure> {
        let file = store::file_digest(import.bytes);
        let digest = crate::hash(&[import.register, &import.from.to_string(), &file]);
        let at = import.now.to_string();
        for (place, slice) in rows.chunks(ROWS).enumerate() {
            // Named by its rows: whoever comes again after a crash has fewer of them.
            let first = slice.first().map_or("", |row| &row.key);
            let name = crate::hash(&[&digest, first, &slice.len().to_string(), &at]);
            let name = format!("{case}.{}", name[..16].to_uppercase());
            let by = ActorRef { id: import.by.to_owned(), name: import.by.to_owned(), for_applicant: false };
            let record = |event| Record { at: import.now, by: by.clone(), event };
            let register = import.register.to_owned();
            let begun = Event::Imported { import: name.clone(), register, digest: digest.clone() };
            let events = slice.iter().map(|row| Event::Registered(row.clone()));
            let records: Vec<Record> = [begun].into_iter().chain(events).map(record).collect();
            self.store.transact(|write| self.write_down(write, &name, &State::default(), &records))?;
            tell((place * ROWS + slice.len()).min(rows.len()), rows.len());
        }
        Ok(())
    }
}
