//! A bureau for tests: real store in a folder of its own, real guides, and a clock that stands still until it is moved.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use argon2::password_hash::PasswordHasher;
use base::{Calendar, DateTime, RegionCode, Regions};
use casework::intake::Reader;
use casework::{Actor, Bureau, By, CaseId, Channel, Command, Facts, Refusal, Staff, StaffEvent, State};
use guide::{Guide, Level, Scenario};
use store::{Order, Receipt, Stop, Store, Target};

use crate::sources::{below, root};

/// The village in which tests play when they name no other.
pub const VILLAGE: &str = "410325101998";
pub const COUNTY: &str = "410325000000";
/// Everybody's password here.
pub const PASSWORD: &str = "测试口令-仅供测试";

pub struct Office {
    pub bureau: Arc<Bureau>,
    pub store: Store,
    clock: Arc<Mutex<DateTime>>,
    // Dropped last: the store's files are in it.
    pub folder: tempfile::TempDir,
}

impl Office {
    /// A bureau with the guides of a folder of the project: `guides` or `tests/toy`.
    pub fn open(guides: &str) -> Office {
        Office::with_files(guide_files(guides))
    }

    /// A bureau with guides given as files.
    pub fn with_files(files: BTreeMap<String, String>) -> Office {
        Office::of(Arc::new(bureau(&files)))
    }

    /// A new store for a bureau that may be shared: reading guides takes longer than opening a store.
    pub fn of(bureau: Arc<Bureau>) -> Office {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(folder.path()).expect("a new store");
        for guide in &bureau.guides.services {
            store.keep_edition(guide).expect("an edition is kept");
        }
        Office { bureau, store, clock: Arc::new(Mutex::new(moment("2026-03-02 09:00"))), folder }
    }

    pub fn now(&self) -> DateTime {
        *self.clock.lock().expect("the clock")
    }

    /// Moves the clock, for example to `2026-03-02 09:00`.
    pub fn at(&self, text: &str) {
        self.set(moment(text));
    }

    pub fn set(&self, to: DateTime) {
        *self.clock.lock().expect("the clock") = to;
    }

    /// The pages of this bureau.
    pub fn router(&self) -> axum::Router {
        let clock = self.clock.clone();
        web::router(web::App {
            bureau: self.bureau.clone(),
            store: self.store.clone(),
            clock: Arc::new(move || *clock.lock().expect("the clock")),
            secure: false,
            demo: None,
        })
    }

    /// The account of somebody called by role and letter (`乡镇经办甲`), for a village; engaged when first named.
    pub fn staff(&self, who: &str, village: &str) -> Arc<Staff> {
        engage(&self.store, &self.bureau, who, village, self.now())
    }

    pub fn actor(&self, who: &str) -> Actor {
        self.staff(who, VILLAGE).actor()
    }

    /// Gives a command as one of the staff, past the pages.
    pub fn order(&self, actor: Actor, target: Target, key: &str, command: Command) -> Result<Receipt, Stop> {
        let order = Order { actor, target, expected: None, key: key.to_owned(), command };
        self.store.execute(&self.bureau, &order, self.now())
    }

    pub fn state(&self, case: &CaseId) -> State {
        self.store.case(case).expect("the store reads").expect("the case is there").state
    }

    /// What the binary does every minute: ends waits and notices that have run their time.
    pub fn tick(&self) {
        for case in self.store.to_wake(self.now()).expect("the store reads") {
            let key = format!("wake-{case}-{}", self.now());
            let clock = Actor::clock(self.bureau.region);
            self.order(clock, Target::Case(case), &key, Command::Wake).expect("what is due wakes");
        }
    }
}

/// The refusal in an answer, or a panic that shows what came instead.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Stop>) -> Refusal {
    match answer {
        Err(Stop::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

pub fn moment(text: &str) -> DateTime {
    text.trim().replace(' ', "T").parse().unwrap_or_else(|e| panic!("“{text}” is no moment: {e}"))
}

/// Guide files of a folder of the project by their path within it.
pub fn guide_files(folder: &str) -> BTreeMap<String, String> {
    let within = format!("{folder}/");
    let files = below(&[folder]).into_iter().filter(|s| s.path.ends_with(".md"));
    files.map(|s| (s.path.strip_prefix(&within).unwrap_or(&s.path).to_owned(), s.text)).collect()
}

/// The village where a scenario plays.
pub fn place_of(bureau: &Bureau, scenario: &Scenario) -> String {
    scenario.region.unwrap_or_else(|| casework::scenario::place_for(bureau)).to_string()
}

/// The guides with a scenario's parameters laid over them: as rows for the village alone, which win over every wider region.
pub fn with_parameters(bureau: &Bureau, guide: &Guide, scenario: &Scenario) -> BTreeMap<String, String> {
    let village = place_of(bureau, scenario);
    let mut files: BTreeMap<String, String> = guide.files.as_ref().clone();
    if let Some(rates) = files.get_mut(&format!("{}/rates.md", guide.service)) {
        for (name, value) in &scenario.rates {
            let known = guide.rates.rows.iter().find(|r| r.name == *name);
            let unit = known.map(|r| r.unit.as_str()).unwrap_or_default();
            // The table of parameters ends its file.
            let row = format!("| {name} | {village} | {value} | {unit} | 2000-01-01 | 示例 | 算例给定 |\n");
            rates.truncate(rates.trim_end().len());
            rates.push('\n');
            rates.push_str(&row);
        }
    }
    files
}

/// The bureau of the demo county with these guides.
pub fn bureau(files: &BTreeMap<String, String>) -> Bureau {
    let text = |path: &Path| std::fs::read_to_string(path).expect("reference data");
    let divisions: Vec<String> = below(&["reference/divisions"]).into_iter().map(|s| s.text).collect();
    let divisions: Vec<&str> = divisions.iter().map(String::as_str).collect();
    let regions = Regions::parse(&divisions).expect("divisions");
    let calendar = text(&root().join("reference/calendar/holidays-2004-2026.csv"));
    let read = guide::read(files, Some(&regions)).unwrap_or_else(|findings| panic!("{}", findings.render()));
    Bureau {
        name: "嵩县民政局".to_owned(),
        region: RegionCode::parse(COUNTY).expect("a county"),
        guides: read.guides,
        editions: BTreeMap::new(),
        calendar: Calendar::parse(&calendar).expect("a calendar"),
        regions,
    }
}

/// Engages somebody called by role and letter unless they are there. The same words always name the same account.
pub fn engage(store: &Store, bureau: &Bureau, who: &str, village: &str, now: DateTime) -> Arc<Staff> {
    let role = bureau.guides.roles.iter().filter(|r| who.starts_with(&*r.name)).max_by_key(|r| r.name.len());
    let role = role.unwrap_or_else(|| panic!("no role begins “{who}”"));
    let letter = &who[role.name.len()..];
    let letters = ["", "甲", "乙", "丙", "丁", "戊"];
    let place = letters.iter().position(|l| *l == letter);
    let suffix = place
        .map_or_else(|| format!("{:x}", letter.bytes().fold(0u32, |n, b| n * 31 + u32::from(b))), |p| p.to_string());
    let region = jurisdiction(bureau, role.level, village);
    let id = format!("test_{}_{suffix}_{region}", role.id);
    if let Some(staff) = store.staff_by_id(&id).expect("the store reads") {
        return staff;
    }
    let engaged = StaffEvent::Engaged {
        name: who.into(),
        role: role.name.clone(),
        region,
        number: None,
        password: password_hash(),
    };
    let by = By { id: "tests".into(), name: "测试".into(), role: "测试".into() };
    store.engage(&id, &[engaged], &by, now).expect("somebody is engaged");
    store.staff_by_id(&id).expect("the store reads").expect("who was engaged is there")
}

/// Where somebody of a level works, for a village.
fn jurisdiction(bureau: &Bureau, level: Level, village: &str) -> RegionCode {
    let village = RegionCode::parse(village).expect("a village");
    let wanted = match level {
        Level::Person | Level::Village => base::Level::Village,
        Level::Township => base::Level::Township,
        Level::County => base::Level::County,
    };
    let lineage = bureau.regions.lineage(village);
    lineage.iter().find(|r| r.level == wanted).map_or(village, |r| r.code)
}

/// Weak on purpose: signing in is not what the tests measure.
fn password_hash() -> String {
    let params = argon2::Params::new(8, 1, 1, None).expect("parameters");
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = argon.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of the tests");
    hash.expect("a hash").to_string()
}

/// Gives commands for one case the short way, for tests that are not about pages.
pub struct Desk<'a> {
    pub office: &'a Office,
    pub case: CaseId,
}

impl<'a> Desk<'a> {
    /// Applies with entries as typed (`项目=值`, rosters as `名册.1.项目=值`), as somebody of the staff or `申请人`.
    pub fn apply(office: &'a Office, service: &str, entries: &[(&str, &str)]) -> Result<Self, Stop> {
        let guide = office.bureau.guides.service(service).expect("the service");
        let facts = office.read(&guide.form, entries).map_err(Stop::Refused)?;
        let command = Command::Apply { channel: Channel::Online, facts, materials: Vec::new(), former: None };
        let actor = Actor::applicant("申请人", office.bureau.region);
        let key = office.fresh_key();
        let receipt = office.order(actor, Target::New { service: service.into() }, &key, command)?;
        Ok(Self { office, case: receipt.case })
    }

    pub fn give(&self, who: &str, command: Command) -> Result<Receipt, Stop> {
        let key = self.office.fresh_key();
        self.office.order(self.office.actor(who), Target::Case(self.case.clone()), &key, command)
    }

    /// Does a step: `登记：齐全`, with the reason among the entries as `理由` and the others who take part behind `、`.
    pub fn step(&self, who: &str, what: &str, entries: &[(&str, &str)]) -> Result<Receipt, Stop> {
        let (step, outcome) = what.split_once('：').expect("步骤：结果");
        let state = self.state();
        let guide = self.office.bureau.guide(&state.service, &state.edition).expect("the pinned guide");
        let reason = entries.iter().find(|(name, _)| *name == "理由").map_or("", |(_, text)| text).to_owned();
        let own: Vec<(&str, &str)> = entries.iter().filter(|(name, _)| *name != "理由").copied().collect();
        let facts = match guide.step(step) {
            Some(step) => self.office.read(&step.form, &own).map_err(Stop::Refused)?,
            None => Facts::new(),
        };
        let mut people = who.split('、');
        let first = people.next().unwrap_or_default();
        let with = people.map(|p| self.office.actor(p)).collect();
        let outcome = Some(outcome).filter(|o| !o.is_empty()).map(Arc::from);
        self.give(first, Command::Complete { step: step.into(), outcome, facts, reason, with, materials: Vec::new() })
    }

    pub fn state(&self) -> State {
        self.office.state(&self.case)
    }

    /// The step that waits, or `结束`.
    pub fn open_step(&self) -> String {
        self.state().open.map_or_else(|| "结束".to_owned(), |o| o.step.to_string())
    }
}

impl Office {
    fn read(&self, form: &guide::Form, entries: &[(&str, &str)]) -> Result<Facts, Refusal> {
        let entries = entries.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let today = self.now().date();
        let reader = Reader { regions: &self.bureau.regions, region: self.bureau.region, today };
        reader.read(form, &entries).map_err(Refusal::form)
    }

    /// A key that no other order has.
    pub fn fresh_key(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
