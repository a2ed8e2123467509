//! 比对: everybody in receipt against whole tables of registries. What does not agree with what was decided becomes a
//! suspicion that people look into; nothing is stopped by it alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::{DateTime, RegionCode};
use casework::checking::{Answer, Question, Request, Standing, people_of};
use casework::doubts::{Found, SOMETHING, doubts};
use casework::event::{DueAt, PersonRef, RegisterRow, is_open_after};
use casework::registers::{read_cell, row};
use casework::{Actor, Datum, State};
use guide::Guide;
use guide::model::Registry;
use linkage::{Likeness, Name, Slip, repaired};

use crate::import::Import;
use crate::{Bureau, Failure};

/// The register of suspicions; a row in it begins a case.
pub const SUSPICION: &str = "suspicion";

/// The register of what was matched when.
const RUN: &str = "match_run";

/// A row of a registry's table: name, number and a cell for each of its columns, empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub number: String,
    pub cells: Vec<String>,
}

/// A row of a registry that may be of somebody in receipt.
struct Hit {
    /// The registry's place among those that were read.
    registry: usize,
    number: String,
    name: String,
    slip: bool,
    old: bool,
    line: BTreeMap<String, Datum>,
}

/// Somebody's case.
struct Held {
    case: String,
    service: String,
    region: RegionCode,
}

/// A match that is being made.
pub struct Matching<'b> {
    bureau: &'b Bureau,
    now: DateTime,
    held: Vec<Held>,
    /// By citizen number the cases that name somebody.
    people: HashMap<String, Vec<u32>>,
    registries: Vec<Registry>,
    counts: Vec<Counts>,
    hits: BTreeMap<u32, Vec<Hit>>,
}

/// What was read of one registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    /// Of somebody in receipt.
    pub hits: u64,
    /// Rows whose number is none, also if a slip is put right.
    pub without_number: u64,
    /// Rows that say what the registry cannot say; with what is wrong with the first of them.
    pub wrong: u64,
    pub first_wrong: String,
}

/// What a match has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    pub cases: usize,
    pub people: usize,
    /// Suspicions that are new, and those that had been found before.
    pub fresh: Vec<RegisterRow>,
    pub known: usize,
    /// Services in receipt whose guide asks nothing, so that nobody of them was matched.
    pub left_out: BTreeSet<String>,
}

impl<'b> Matching<'b> {
    /// Everybody who holds something that goes on.
    ///
    /// # Errors
    /// Only faults of the store.
    pub fn of(bureau: &'b Bureau, now: DateTime) -> Result<Self, Failure> {
        let scope = bureau.scope(&Actor::system());
        let open = |grants: &[casework::event::Granted]| {
            grants.iter().any(|grant| is_open_after(grants, &grant.entitlement, now))
        };
        let mut numbers = bureau.store.people_on_roll()?;
        let (mut held, mut people) = (Vec::new(), HashMap::<String, Vec<u32>>::new());
        for roll in bureau.store.roll(&scope)?.into_iter().filter(|roll| open(&roll.grants)) {
            let Ok(region) = RegionCode::parse(&roll.region) else { continue };
            let place = u32::try_from(held.len()).unwrap_or(u32::MAX);
            for number in numbers.remove(&roll.case).unwrap_or_default() {
                people.entry(number).or_default().push(place);
            }
            held.push(Held { case: roll.case, service: roll.service, region });
        }
        Ok(Self { bureau, now, held, people, registries: Vec::new(), counts: Vec::new(), hits: BTreeMap::new() })
    }

    /// How many people are matched.
    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// Joins the rows of a registry by number, as it stands, of fifteen digits, or with one slip put right.
    pub fn read(&mut self, registry: &Registry, entries: impl Iterator<Item = Entry>) -> Counts {
        let mut counts = Counts::default();
        let place = self.registries.len();
        self.registries.push(registry.clone());
        for entry in entries {
            counts.rows += 1;
            let meant = repaired(&entry.number);
            if meant.is_empty() {
                counts.without_number += 1;
            }
            let old = base::tidy(&entry.number).len() == 15;
            for (number, slip) in meant {
                let Some(cases) = self.people.get(number.as_str()) else { continue };
                let line = match line_of(registry, &entry) {
                    Ok(line) => line,
                    Err(why) => {
                        counts.wrong += 1;
                        if counts.first_wrong.is_empty() {
                            counts.first_wrong = why;
                        }
                        break;
                    }
                };
                counts.hits += 1;
                for case in cases {
                    let (number, name) = (number.as_str().to_owned(), entry.name.clone());
                    let slip = slip != Slip::None;
                    let hit = Hit { registry: place, number, name, slip, old, line: line.clone() };
                    self.hits.entry(*case).or_default().push(hit);
                }
            }
        }
        self.counts.push(counts.clone());
        counts
    }

    /// Compares what was found with what each case knows, and writes what is new into the register.
    ///
    /// # Errors
    /// Only faults of the store.
    pub fn finish(self, write: bool) -> Result<Matched, Failure> {
        let mut matched = Matched { cases: self.held.len(), people: self.people.len(), ..Matched::default() };
        let Some(register) = self.bureau.register(SUSPICION) else { return Ok(matched) };
        let mut rows: BTreeMap<String, RegisterRow> = BTreeMap::new();
        matched.left_out = self.held.iter().map(|held| held.service.clone()).collect();
        matched.left_out.retain(|service| self.guide(service).is_none());
        for (place, hits) in &self.hits {
            let held = &self.held[*place as usize];
            let Some(state) = self.bureau.store.state(&held.case)? else { continue };
            let Some(guide) = self.guide(&held.service) else { continue };
            let asked = self.asked(guide, &state, hits);
            for found in doubts(self.bureau.rules(guide), &asked, self.now) {
                let columns = self.columns(guide, &state, &asked, &found);
                let row = row(register, self.now.date(), held.region, columns);
                rows.insert(row.key.clone(), row);
            }
        }
        let known = self.bureau.store.register_keys(SUSPICION, self.now.date())?;
        let (old, fresh): (Vec<_>, Vec<_>) = rows.into_values().partition(|row| known.contains(&row.key));
        (matched.known, matched.fresh) = (old.len(), fresh);
        if write {
            self.note()?;
            let keys: Vec<&str> = matched.fresh.iter().map(|row| &*row.key).collect();
            let bytes = keys.join("\n").into_bytes();
            let from = self.now.date();
            let import =
                Import { register: SUSPICION, bytes: &bytes, map: &[], from, by: "信息比对", now: self.now };
            self.bureau.write_rows("比对", &import, &matched.fresh, &mut |_, _| ())?;
        }
        Ok(matched)
    }

    /// What is doubtful today, not when it was decided.
    fn guide(&self, service: &str) -> Option<&'b Guide> {
        let guide = self.bureau.library.guides.iter().find(|guide| *guide.key == *service)?;
        (!guide.doubts.is_empty()).then_some(guide)
    }

    /// Notes for each registry how many people there were, and how many of them it was asked about.
    fn note(&self) -> Result<(), Failure> {
        let Some(register) = self.bureau.register(RUN) else { return Ok(()) };
        let day = self.now.date();
        let mut rows = Vec::new();
        for (registry, counts) in self.registries.iter().zip(&self.counts) {
            let asks = |held: &Held| {
                let guide = self.guide(&held.service);
                guide.is_some_and(|guide| guide.inquiries.iter().any(|inquiry| inquiry.registry.key == registry.key))
            };
            let asked: Vec<bool> = self.held.iter().map(asks).collect();
            let matched = self.people.values().filter(|cases| cases.iter().any(|case| asked[*case as usize])).count();
            let text = |text: &dyn ToString| Datum::Text(text.to_string());
            let columns = BTreeMap::from([
                ("source".to_owned(), text(&registry.name)),
                ("on".to_owned(), text(&day)),
                ("rows".to_owned(), text(&counts.rows)),
                ("receiving".to_owned(), text(&self.people.len())),
                ("matched".to_owned(), text(&matched)),
                ("hits".to_owned(), text(&counts.hits)),
            ]);
            rows.push(row(register, day, self.bureau.home, columns));
        }
        let known = self.bureau.store.register_keys(RUN, day)?;
        rows.retain(|row| !known.contains(&row.key));
        let bytes = format!("{RUN} {}", self.now).into_bytes();
        let import = Import { register: RUN, bytes: &bytes, map: &[], from: day, by: "信息比对", now: self.now };
        self.bureau.write_rows("比对", &import, &rows, &mut |_, _| ())
    }

    /// The case as if it had asked the registries and they had answered with what was found.
    fn asked(&self, guide: &Guide, state: &State, hits: &[Hit]) -> State {
        let mut asked = state.clone();
        asked.requests.clear();
        let rules = self.bureau.rules(guide);
        for inquiry in &guide.inquiries {
            let read = self.registries.iter().position(|registry| registry.key == inquiry.registry.key);
            let Some(read) = read else { continue };
            for person in people_of(rules, state, inquiry, self.now) {
                let own = hits.iter().filter(|hit| hit.registry == read && person.number.as_ref() == Some(&hit.number));
                let sure: Vec<(char, &Hit)> = own.filter_map(|hit| Some((quality(&person, hit)?, hit))).collect();
                let lines: Vec<_> = sure.iter().map(|(_, hit)| hit.line.clone()).collect();
                let standing = if lines.is_empty() { Standing::Empty } else { Standing::Answered };
                let quality = sure.iter().map(|(quality, _)| *quality).max().unwrap_or('A');
                let number = format!("{}-{}", state.case, asked.requests.len() + 1);
                let (as_of, note, batch) = (Some(self.now.date()), String::new(), String::new());
                asked.requests.push(Request {
                    question: Question {
                        number,
                        inquiry: inquiry.name.to_string(),
                        registry: inquiry.registry.key.to_string(),
                        person,
                        due: DueAt { at: self.now, provisional: false, explained: String::new() },
                        not_permitted: None,
                    },
                    instance: 0,
                    asked_at: self.now,
                    sent: None,
                    answered_at: Some(self.now),
                    answer: Some(Answer { standing, as_of, quality, lines, note, batch }),
                });
            }
        }
        asked
    }

    /// A row of the register of suspicions.
    fn columns(&self, guide: &Guide, state: &State, asked: &State, found: &Found) -> BTreeMap<String, Datum> {
        let of_person = asked.requests.iter().filter(|request| request.question.person == found.person);
        let answers: Vec<(&Request, &Answer)> =
            of_person.filter_map(|request| Some((request, request.answer.as_ref()?))).collect();
        let told = answers.iter().flat_map(|(request, answer)| {
            let registry = self.registries.iter().find(|registry| *registry.key == *request.question.registry);
            answer.lines.iter().filter_map(move |line| Some(tell(registry?, line)))
        });
        let told: Vec<String> = told.collect();
        let lines = answers.iter().filter(|(_, answer)| !answer.lines.is_empty());
        let quality = lines.map(|(_, answer)| answer.quality).max().unwrap_or('A');
        let holder = state.grants.iter().rev().flat_map(|grant| &grant.holders).next();
        let text = |text: &str| Datum::Text(text.to_owned());
        let mut columns = BTreeMap::from([
            ("person".to_owned(), Datum::Person(found.person.clone())),
            ("doubt".to_owned(), text(&found.name)),
            ("found".to_owned(), text(found.found.as_deref().unwrap_or(SOMETHING))),
            ("severity".to_owned(), text(&found.severity)),
            ("quality".to_owned(), Datum::Text(quality.to_string())),
            ("matter".to_owned(), text(&guide.title)),
            ("case".to_owned(), text(&state.case)),
            ("evidence".to_owned(), Datum::Text(told.join("；"))),
            ("found_on".to_owned(), Datum::Text(self.now.date().to_string())),
        ]);
        columns.extend(found.declared.as_deref().map(|declared| ("declared".to_owned(), text(declared))));
        if let Some(region) = state.region {
            columns.insert("region".to_owned(), Datum::Text(region.to_string()));
        }
        let holder = holder.cloned().or_else(|| found.person.number.clone());
        let holder = holder.map(|number| PersonRef { name: state.applicant.clone(), number: Some(number) });
        columns.extend(holder.map(|holder| ("holder".to_owned(), Datum::Person(holder))));
        columns
    }
}

/// How surely a row is of somebody (CHK-12); `None` where it is not.
fn quality(person: &PersonRef, hit: &Hit) -> Option<char> {
    let named = Name::new(&person.name).likeness(&Name::new(&hit.name)) <= Likeness::Forms;
    match (hit.slip, hit.old, named) {
        // A number that was put right is believed only of somebody of the same name.
        (true, _, false) => None,
        (true, _, true) => Some('D'),
        (false, true, _) => Some('C'),
        (false, false, true) => Some('A'),
        (false, false, false) => Some('B'),
    }
}

fn line_of(registry: &Registry, entry: &Entry) -> Result<BTreeMap<String, Datum>, String> {
    let mut line = BTreeMap::new();
    for (column, cell) in registry.columns.iter().zip(&entry.cells) {
        let text = base::tidy_prose(cell);
        if text.is_empty() {
            if column.required {
                return Err(format!("没有“{}”", column.name));
            }
            continue;
        }
        let datum = read_cell(&column.ty, &text).map_err(|why| format!("“{}”：{why}", column.name))?;
        line.insert(column.key.to_string(), datum);
    }
    Ok(line)
}

/// A row as people read it.
fn tell(registry: &Registry, line: &BTreeMap<String, Datum>) -> String {
    let cells = registry.columns.iter().filter_map(|column| {
        let text = line.get(&*column.key).and_then(Datum::text)?;
        Some(format!("{} {}", column.name, casework::registers::masked_key(text)))
    });
    format!("{}：{}", registry.name, cells.collect::<Vec<_>>().join("，"))
}
