//! Registries for trying out: tables of who has what, and a server that answers from them as badly as registries do.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segments, State};
use axum::http::StatusCode;
use axum::routing::get;
use base::{CitizenNumber, Date};
use bureau::registries::ANSWERED;
use casework::event::PersonRef;
use formula::Type;
use guide::model::{FieldType, RegisterColumn, Registry};
use jiff::ToSpan;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// What can go wrong, each in so many of a hundred cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A call is refused.
    pub down: u32,
    /// An answer is ready only when it is asked for the third time.
    pub slow: u32,
    /// The data are half a year old.
    pub stale: u32,
    /// A question is left out.
    pub partial: u32,
    /// Another person is answered about.
    pub wrong: u32,
    /// A line stands there twice.
    pub twice: u32,
    /// A question is answered with yes and with no.
    pub both: u32,
    /// A column is called otherwise than agreed.
    pub changed: u32,
}

impl FromStr for Faults {
    type Err = String;

    /// `down=20,slow=30`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (name, share) = part.split_once('=').ok_or_else(|| format!("“{part}”写成 down=20"))?;
            let share: u32 = share.trim().parse().map_err(|_| format!("“{share}”不是百分数"))?;
            let place = match name.trim() {
                "down" => &mut faults.down,
                "slow" => &mut faults.slow,
                "stale" => &mut faults.stale,
                "partial" => &mut faults.partial,
                "wrong" => &mut faults.wrong,
                "twice" => &mut faults.twice,
                "both" => &mut faults.both,
                "changed" => &mut faults.changed,
                other => return Err(format!("没有毛病“{other}”")),
            };
            *place = share;
        }
        Ok(faults)
    }
}

/// What registries have: by registry and citizen number the rows, each a cell per column.
pub type Truth = BTreeMap<String, HashMap<String, Vec<Vec<String>>>>;

/// Chance that is the same for the same seed and place.
fn dice(seed: u64, place: &[&str]) -> Pcg64Mcg {
    let digest = bureau::hash(place);
    let place = u64::from_str_radix(&digest[..16], 16).unwrap_or_default();
    Pcg64Mcg::seed_from_u64(seed ^ place)
}

fn happens(dice: &mut Pcg64Mcg, share: u32) -> bool {
    dice.next_u32() % 100 < share
}

/// A table for each registry in which so many of a hundred grown-ups have something, as it would be exported; with
/// numbers of fifteen digits among them.
///
/// # Errors
/// A folder that cannot be written.
pub fn make(
    registries: &[Registry],
    people: &[PersonRef],
    (seed, share): (u64, u32),
    today: Date,
    folder: &Path,
) -> Result<usize, String> {
    let told = |error: csv::Error| format!("{}：{error}", folder.display());
    std::fs::create_dir_all(folder).map_err(|error| format!("{}：{error}", folder.display()))?;
    let mut rows = 0;
    for registry in registries {
        let mut file = csv::Writer::from_path(folder.join(format!("{}.csv", registry.key))).map_err(told)?;
        let columns = registry.columns.iter().map(|column| &*column.name);
        file.write_record(["姓名", "身份号码"].into_iter().chain(columns)).map_err(told)?;
        for person in people {
            let Some(number) = person.number.as_deref().and_then(|text| CitizenNumber::parse(text).ok()) else {
                continue;
            };
            let mut dice = dice(seed, &[&registry.key, number.as_str()]);
            let grown = number.birth().checked_add(18.years()).is_ok_and(|day| day <= today);
            if !grown || !happens(&mut dice, share) {
                continue;
            }
            let old = number.as_str().get(6..8) == Some("19") && happens(&mut dice, 5);
            let digits = number.as_str();
            let digits = if old { format!("{}{}", &digits[..6], &digits[8..17]) } else { digits.to_owned() };
            let cells = registry.columns.iter().map(|column| cell(column, today, &mut dice));
            let own = [person.name.clone(), digits].into_iter().chain(cells);
            file.write_record(own.collect::<Vec<_>>()).map_err(told)?;
            rows += 1;
        }
        file.flush().map_err(|error| error.to_string())?;
    }
    Ok(rows)
}

/// Something that a column may say.
fn cell(column: &RegisterColumn, today: Date, dice: &mut Pcg64Mcg) -> String {
    let number = dice.next_u32();
    let day = || today.checked_sub(i64::from(number % 900 + 20).days()).unwrap_or(today);
    match &column.ty {
        // What need not be said ends something: whoever is in, is still in.
        FieldType::Plain(Type::Date) if !column.required => String::new(),
        FieldType::Plain(Type::Date) => day().to_string(),
        FieldType::Plain(Type::Month) => day().strftime("%Y-%m").to_string(),
        FieldType::Plain(Type::Choice(words)) => {
            words.get(number as usize % words.len().max(1)).map_or_else(String::new, ToString::to_string)
        }
        FieldType::Plain(Type::Bool) => "是".into(),
        FieldType::Plain(Type::Number(unit)) => match unit.to_string().as_str() {
            "元" => format!("{}.{:02}", number % 90_000 + 2_000, number % 100),
            "元/月" => format!("{}", number % 5_000 + 600),
            "平方米" => format!("{}", number % 120 + 40),
            _ => format!("{}", number % 20 + 1),
        },
        FieldType::Plain(Type::Text) => format!("示例{:06}", number % 1_000_000),
        _ => String::new(),
    }
}

/// Reads tables as [`make`] writes them; a registry without a table has nothing of anybody.
///
/// # Errors
/// What is wrong with a table.
pub fn read(registries: &[Registry], folder: &Path) -> Result<Truth, String> {
    let mut truth = Truth::new();
    for registry in registries {
        let path = folder.join(format!("{}.csv", registry.key));
        if !path.is_file() {
            continue;
        }
        let told = |error: csv::Error| format!("{}：{error}", path.display());
        let mut file = csv::Reader::from_path(&path).map_err(told)?;
        let rows = truth.entry(registry.key.to_string()).or_default();
        for row in file.records() {
            let row = row.map_err(told)?;
            let number = row.get(1).unwrap_or_default();
            let number = CitizenNumber::parse(number).map_or_else(|_| number.to_owned(), |n| n.as_str().to_owned());
            let mut cells: Vec<String> = row.iter().skip(2).map(str::to_owned).collect();
            cells.resize(registry.columns.len(), String::new());
            rows.entry(number).or_default().push(cells);
        }
    }
    Ok(truth)
}

/// A server of registries.
pub struct Server {
    pub registries: Vec<Registry>,
    pub truth: Truth,
    pub faults: Faults,
    pub seed: u64,
    pub today: Date,
    /// Batches that were sent: how often they were asked for, and the answer.
    pub batches: Mutex<HashMap<(String, String), (u32, String)>>,
}

impl Server {
    /// Answers to the questions of a table, with what goes wrong on the way.
    pub fn answer(&self, key: &str, batch: &str, questions: &[u8]) -> Option<String> {
        let registry = self.registries.iter().find(|registry| *registry.key == *key)?;
        let mut dice = dice(self.seed, &[key, batch]);
        let changed = happens(&mut dice, self.faults.changed);
        let columns: Vec<&str> = registry.columns.iter().map(|column| &*column.name).collect();
        let mut heads: Vec<String> = ANSWERED.iter().chain(&columns).map(|name| (*name).to_owned()).collect();
        if changed {
            heads[2] = "证件号".into();
        }
        let mut text = heads.join(",") + "\n";
        let mut reader = csv::Reader::from_reader(questions);
        for row in reader.records().flatten() {
            let cell = |place: usize| row.get(place).unwrap_or_default();
            let (number, name, citizen) = (cell(0), cell(1), cell(2));
            if happens(&mut dice, self.faults.partial) {
                continue;
            }
            let citizen = if happens(&mut dice, self.faults.wrong) { "110105194912310021" } else { citizen };
            let age = if happens(&mut dice, self.faults.stale) { 180 } else { 1 };
            let day = self.today.checked_sub(age.days()).unwrap_or(self.today);
            let found = self.truth.get(key).and_then(|rows| rows.get(citizen));
            let none = vec![String::new(); columns.len()];
            let lines: Vec<(&str, &Vec<String>)> = match found {
                Some(rows) => rows.iter().map(|row| ("有记录", row)).collect(),
                None => vec![("无记录", &none)],
            };
            let again = if happens(&mut dice, self.faults.twice) { 2 } else { 1 };
            for (result, cells) in std::iter::repeat_n(&lines, again).flatten() {
                let _ = writeln!(text, "{number},{name},{citizen},{result},{day},{}", cells.join(","));
            }
            if happens(&mut dice, self.faults.both) {
                let _ = writeln!(text, "{number},{name},{citizen},无记录,{day},{}", none.join(","));
                let _ = writeln!(text, "{number},{name},{citizen},查询失败,{day},{}", none.join(","));
            }
        }
        Some(text)
    }

    fn is_down(&self, key: &str, batch: &str, call: u32) -> bool {
        happens(&mut dice(self.seed, &[key, batch, &call.to_string()]), self.faults.down)
    }
}

/// `POST /registry/batch` takes questions, `GET` gives the answers: 202 while they are not ready.
pub fn router(server: Arc<Server>) -> Router {
    Router::new().route("/{registry}/{batch}", get(fetch).post(ask)).with_state(server)
}

async fn ask(
    State(server): State<Arc<Server>>,
    Segments((key, batch)): Segments<(String, String)>,
    body: Bytes,
) -> (StatusCode, String) {
    let place = (key.clone(), batch.clone());
    let Some(answer) = server.answer(&key, &batch, &body) else { return (StatusCode::NOT_FOUND, String::new()) };
    let slow = happens(&mut dice(server.seed, &[&batch, &key]), server.faults.slow);
    let mut batches = server.batches.lock().unwrap_or_else(PoisonError::into_inner);
    if slow {
        batches.insert(place, (0, answer));
        return (StatusCode::ACCEPTED, String::new());
    }
    batches.insert(place, (3, answer.clone()));
    (StatusCode::OK, answer)
}

async fn fetch(
    State(server): State<Arc<Server>>,
    Segments((key, batch)): Segments<(String, String)>,
) -> (StatusCode, String) {
    let mut batches = server.batches.lock().unwrap_or_else(PoisonError::into_inner);
    let calls = batches.len() as u32;
    let Some((asked, answer)) = batches.get_mut(&(key.clone(), batch.clone())) else {
        // Refused before anything was taken.
        let down = server.is_down(&key, &batch, calls);
        return (if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NOT_FOUND }, String::new());
    };
    *asked += 1;
    match *asked < 3 {
        true => (StatusCode::ACCEPTED, String::new()),
        false => (StatusCode::OK, answer.clone()),
    }
}
