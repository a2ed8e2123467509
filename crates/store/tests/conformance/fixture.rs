//! A small bureau with the toy guide, and words to play it with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base::{Calendar, CitizenNumber, Date, DateTime, RegionCode, Regions};
use casework::intake::Reader;
use casework::{Actor, Bureau, By, CaseId, Channel, Command, Facts, Refusal, StaffEvent};
use store::{Order, Receipt, Stop, Store, Target};

pub const SERVICE: &str = "plot";
pub const VILLAGE: &str = "410325101998";
pub const OTHER_VILLAGE: &str = "410325102200";
pub const COUNTY: &str = "410325000000";

pub fn on_sqlite(folder: &Path) -> Store {
    Store::open(folder).unwrap()
}

pub fn at(text: &str) -> DateTime {
    text.replace(' ', "T").parse().unwrap()
}

/// A Monday morning.
pub fn monday() -> DateTime {
    at("2026-03-02 09:00:00")
}

pub fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

pub fn bureau() -> &'static Bureau {
    static BUREAU: OnceLock<Bureau> = OnceLock::new();
    BUREAU.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        let divisions: Vec<String> = files(&root.join("reference/divisions"), "csv").into_iter().map(read).collect();
        let divisions: Vec<&str> = divisions.iter().map(String::as_str).collect();
        let regions = Regions::parse(&divisions).unwrap();
        let toy = root.join("tests/toy");
        let name = |path: &PathBuf| path.strip_prefix(&toy).unwrap().to_string_lossy().into_owned();
        let texts: BTreeMap<String, String> =
            files(&toy, "md").into_iter().map(|path| (name(&path), read(path))).collect();
        let found = guide::read(&texts, Some(&regions)).unwrap_or_else(|findings| panic!("{}", findings.render()));
        Bureau {
            name: "嵩县民政局".to_owned(),
            region: region(COUNTY),
            guides: found.guides,
            editions: BTreeMap::new(),
            calendar: Calendar::parse(&read(root.join("reference/calendar/holidays-2004-2026.csv"))).unwrap(),
            regions,
        }
    })
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The number of the n-th person.
pub fn number(n: u16) -> CitizenNumber {
    CitizenNumber::compose(region("410325"), Date::constant(1970, 1, 1), n).unwrap()
}

/// The facts of an application by a person, for a household of three.
pub fn facts(name: &str, number: &CitizenNumber, village: &str, more: &[(&str, &str)]) -> Facts {
    let given = [
        ("认领人", name),
        ("认领人证件号", number.as_str()),
        ("所在社区", village),
        ("家庭人数", "3"),
        ("用途", "种菜"),
    ];
    let entries = given.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let bureau = bureau();
    let reader = Reader { regions: &bureau.regions, region: bureau.region, today: monday().date() };
    reader.read(&bureau.guides.service(SERVICE).unwrap().form, &entries).unwrap()
}

pub fn apply_order(key: &str, facts: Facts) -> Order {
    Order {
        actor: Actor::applicant("申请人本人", region(VILLAGE)),
        target: Target::New { service: SERVICE.into() },
        expected: None,
        key: key.to_owned(),
        command: Command::Apply { channel: Channel::Online, facts, materials: Vec::new(), former: None },
    }
}

/// The n-th person applies in a village.
pub fn apply(store: &Store, n: u16, village: &str) -> CaseId {
    let order = apply_order(&format!("apply-{n}"), facts(&format!("春泥{n}"), &number(n), village, &[]));
    done(store, &order, monday()).case
}

pub fn step_order(key: &str, actor: &Actor, case: &CaseId, step: &str, outcome: &str, reason: &str) -> Order {
    Order {
        actor: actor.clone(),
        target: Target::Case(case.clone()),
        expected: None,
        key: key.to_owned(),
        command: Command::Complete {
            step: step.into(),
            outcome: Some(outcome.into()),
            facts: Facts::new(),
            reason: reason.to_owned(),
            with: Vec::new(),
            materials: Vec::new(),
        },
    }
}

pub fn done(store: &Store, order: &Order, now: DateTime) -> Receipt {
    store.execute(bureau(), order, now).unwrap_or_else(|stop| panic!("{stop}"))
}

pub fn refused(answer: Result<Receipt, Stop>) -> Refusal {
    match answer {
        Err(Stop::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

pub fn admin() -> By {
    By { id: "admin".into(), name: "管理员".into(), role: "监事".into() }
}

/// Engages somebody for the township and returns them as an actor.
pub fn engage(store: &Store, id: &str, name: &str, role: &str) -> Actor {
    let event = StaffEvent::Engaged {
        name: name.into(),
        role: role.into(),
        region: region("410325101"),
        number: None,
        password: String::new(),
    };
    store.engage(id, &[event], &admin(), monday()).unwrap();
    store.staff_by_id(id).unwrap().unwrap().actor()
}

/// Somebody of the county who may see everything.
pub fn county() -> Actor {
    Actor { id: "auditor".into(), name: "监事".into(), role: "监事".into(), region: region(COUNTY), number: None }
}

pub fn arc(text: &str) -> Arc<str> {
    text.into()
}
