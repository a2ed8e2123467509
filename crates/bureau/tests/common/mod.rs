//! A bureau over the toy service, in a folder of its own.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base::{Calendar, DateTime, Level, RegionCode, Regions};
use bureau::{Bureau, Done, Failure, Order};
use casework::event::{Datum, PersonRef, Row};
use casework::{Actor, Capacity, Code, Command, Input};
use guide::Files;

pub const CASE: &str = "MZ-1";

pub fn files() -> Files {
    let files = [
        ("areas.md", include_str!("../toy/areas.md")),
        ("plot/guide.md", include_str!("../toy/plot/guide.md")),
        ("plot/law/园规.md", include_str!("../toy/plot/law/园规.md")),
        ("plot/rates.md", include_str!("../toy/plot/rates.md")),
    ];
    files.into_iter().map(|(path, text)| (path.into(), text.into())).collect()
}

pub fn open(folder: &Path) -> Bureau {
    let calendar = Calendar::parse(include_str!("../../../../reference/calendar/holidays-2004-2026.csv")).unwrap();
    let regions = Regions::parse(&[
        include_str!("../../../../reference/divisions/counties.csv"),
        include_str!("../../../../reference/divisions/townships.csv"),
        include_str!("../../../../reference/divisions/villages-410325-songxian.csv"),
    ]);
    let bureau = Bureau::open(folder, &files(), calendar, Arc::new(regions.unwrap())).unwrap();
    assert!(!bureau.library.has_errors(), "{:?}", bureau.library.findings);
    bureau
}

pub fn staff(name: &str, post: &str) -> Actor {
    let (level, code) = match post {
        "档案员" | "园林官" => (Level::County, "410325"),
        _ => (Level::Township, "410325101"),
    };
    let region = RegionCode::parse(code).unwrap();
    Actor { id: name.into(), name: name.into(), capacity: Capacity::Staff { level, posts: vec![post.into()], region } }
}

pub fn citizen(name: &str) -> Actor {
    Actor::citizen(name, name)
}

pub fn at(text: &str) -> DateTime {
    format!("{}:00", text.replace(' ', "T")).parse().unwrap()
}

pub fn application(area: &str, soil: &str) -> Input {
    let text = |text: &str| Datum::Text(text.to_owned());
    let crop = BTreeMap::from([("name".to_owned(), text("茄子")), ("plants".to_owned(), text("3"))]);
    let number = Some("11010519491231002X".to_owned());
    let values = [
        ("grower", Datum::Person(PersonRef { name: "张三".into(), number })),
        ("place", text("410325101200")),
        ("area", text(area)),
        ("soil", text(soil)),
        ("crops", Datum::Rows(vec![Row { id: 1, columns: crop }])),
    ];
    Input { values: values.map(|(key, value)| (key.to_owned(), value)).into(), ..Input::default() }
}

/// Sends one command; the key is unique unless it is given.
pub fn send(bureau: &Bureau, who: &[Actor], command: Command, when: &str, key: &str) -> Result<Done, Failure> {
    let case = (!matches!(command, Command::Submit { .. })).then(|| CASE.to_owned());
    let secret = Some("秘密".to_owned());
    bureau.execute(&Order { key: key.into(), people: who.to_vec(), case, command, secret, now: at(when) })
}

pub fn submit(area: &str, soil: &str) -> Command {
    let input = application(area, soil);
    Command::Submit {
        case: CASE.into(),
        service: "plot".into(),
        start: "ask".into(),
        input,
        draw: Some(1 << 31),
        over: None,
        subject: None,
    }
}

pub fn act(step: &str, conclusion: Option<&str>, outputs: &[(&str, &str)]) -> Command {
    let outputs = outputs.iter().map(|(k, v)| ((*k).to_owned(), Datum::Text((*v).to_owned()))).collect();
    let input = Input { outputs, ..Input::default() };
    Command::Do { step: step.into(), conclusion: conclusion.map(str::to_owned), input }
}

pub fn look(area: &str) -> Command {
    let values = BTreeMap::from([("area".to_owned(), Datum::Text(area.to_owned()))]);
    Command::Do { step: "look".into(), conclusion: None, input: Input { values, ..Input::default() } }
}

pub fn relook(mistaken: bool) -> Command {
    let values = BTreeMap::from([("mistaken".to_owned(), Datum::Bool(mistaken))]);
    Command::Do { step: "relook".into(), conclusion: None, input: Input { values, ..Input::default() } }
}

/// The lowest number of a refusal.
pub fn code(result: Result<Done, Failure>) -> Option<Code> {
    match result {
        Err(Failure::Refused(refusals)) => refusals.iter().map(|refusal| refusal.code).min(),
        Err(Failure::Fault(fault)) => panic!("{fault}"),
        Ok(_) => None,
    }
}

/// Walks a case to its notice.
pub fn posted(bureau: &Bureau) {
    let steps: Vec<(Vec<Actor>, Command, &str)> = vec![
        (vec![citizen("张三")], submit("30", "沙土"), "2026-03-02 09:00"),
        (vec![staff("甲", "园丁")], act("accept", Some("受理"), &[]), "2026-03-02 10:00"),
        (vec![staff("乙", "看地员"), staff("丙", "看地员")], look("30"), "2026-03-03 09:00"),
        (vec![staff("丁", "档案员")], act("files", None, &[("结果", "相符")]), "2026-03-03 10:00"),
        (vec![staff("甲", "园丁")], act("post", None, &[]), "2026-03-04 09:00"),
    ];
    for (i, (who, command, when)) in steps.into_iter().enumerate() {
        send(bureau, &who, command, when, &format!("k{i}")).unwrap_or_else(|failure| panic!("step {i}: {failure}"));
    }
}

/// Walks a case to its grant.
pub fn granted(bureau: &Bureau) {
    posted(bureau);
    let allot = act("allot", Some("给地"), &[]);
    send(bureau, &[staff("戊", "园林官")], allot, "2026-03-10 10:00", "k5").unwrap();
}
