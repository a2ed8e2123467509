//! A flood from the first hour to the last list: three townships and the county, with the nights between them.

mod visitor;

use base::{Level, RegionCode};
use bureau::{Failure, Order};
use casework::event::{RegisterRow, Row, Subject};
use casework::people::Scope;
use casework::{Actor, Capacity, Command, Datum, Input, Query};
use demo::disaster::FIGURES;
use visitor::Office;

const EVENT: &str = "2026-07-12-洪涝";
const TOWNSHIPS: [(&str, &str); 3] = [("410325101", "甲镇"), ("410325102", "乙镇"), ("410325103", "丙乡")];

const REPORTED: [[&str; 11]; 3] = [
    ["4200", "1", "0", "620", "250", "370", "540", "18", "47", "32", "88"],
    ["2900", "0", "0", "310", "90", "220", "260", "6", "15", "14", "35"],
    ["1050", "0", "1", "85", "0", "85", "70", "0", "0", "3", "7"],
];

fn text(text: &str) -> Datum {
    Datum::Text(text.to_owned())
}

fn values(pairs: &[(&str, Datum)]) -> Input {
    let values = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    Input { values, ..Input::default() }
}

/// The figures of a township, as its clerk states them.
fn figures(place: usize) -> Vec<(&'static str, Datum)> {
    let stated = FIGURES.iter().zip(REPORTED[place]).map(|(key, value)| (*key, text(value)));
    stated.chain([("no_change", Datum::Bool(false))]).collect()
}

struct Flood {
    office: Office,
}

impl Flood {
    fn order(&self, at: &str, who: (Level, &str, &str), case: Option<&str>, command: Command) -> Result<(), Failure> {
        let (level, post, region) = who;
        let region = RegionCode::parse(region).unwrap();
        let name = format!("{region}{post}");
        let people = vec![Actor {
            id: name.clone(),
            name,
            capacity: Capacity::Staff { level, posts: vec![post.to_owned()], region },
        }];
        let key = format!("{at} {region} {post} {case:?} {command:?}");
        let (case, now) = (case.map(str::to_owned), at.parse().unwrap());
        self.office.site.bureau.execute(&Order { key, people, case, command, secret: None, now }).map(drop)
    }

    fn submit(
        &self,
        at: &str,
        who: (Level, &str, &str),
        start: &str,
        case: &str,
        subject: Option<Subject>,
        input: Input,
    ) -> Result<(), Failure> {
        let (service, start) = ("disaster".to_owned(), start.to_owned());
        let command = Command::Submit { case: case.to_owned(), service, start, input, draw: None, over: None, subject };
        self.order(at, who, None, command)
    }

    /// Does a step of the only open case that has it open in a region.
    fn act(
        &self,
        at: &str,
        who: (Level, &str, &str),
        step: &str,
        conclusion: Option<&str>,
        stated: &[(&str, Datum)],
    ) -> Result<(), Failure> {
        let case = self.open(step, who.2).pop().unwrap_or_else(|| panic!("nobody waits for {step} in {}", who.2));
        let mut input = values(stated);
        if conclusion.is_some() {
            input.outputs.insert("理由".into(), text("核实"));
        }
        let (step, conclusion) = (step.to_owned(), conclusion.map(str::to_owned));
        self.order(at, who, Some(&case), Command::Do { step, conclusion, input })
    }

    /// The cases of a region in which a step is open.
    fn open(&self, step: &str, region: &str) -> Vec<String> {
        let bureau = &self.office.site.bureau;
        let scope = Scope::of(&Actor::system(), &bureau.library.guides);
        let region = RegionCode::parse(region).unwrap();
        let cases = bureau.store.cases(&scope, 1000).unwrap().into_iter();
        let states = cases.filter_map(|row| bureau.store.state(&row.case).unwrap());
        let own = states.filter(|state| state.region == Some(region) && state.live().any(|i| i.step == step));
        own.map(|state| state.case).collect()
    }

    /// A township reports, and its head sends it on.
    fn report(&self, at: &str, place: usize, more: &[(&str, Datum)]) -> Result<(), Failure> {
        let region = TOWNSHIPS[place].0;
        let stated: Vec<_> = figures(place).into_iter().chain(more.iter().cloned()).collect();
        self.act(at, (Level::Township, "救灾员", region), "report", None, &stated)?;
        self.act(at, (Level::Township, "救灾负责人", region), "township_review", Some("上报"), &[])
    }

    /// The county adds up and reports, with the conclusion that is given.
    fn sum(&self, at: &str, conclusion: &str) -> Result<(), Failure> {
        let county = |post| (Level::County, post, "410325");
        let stated = [
            ("adjustments", Datum::Rows(Vec::new())),
            ("summary", text("暴雨引发山洪")),
            ("agreed", Datum::Bool(true)),
        ];
        self.act(at, county("救灾员"), "sum", None, &stated)?;
        self.act(at, county("救灾负责人"), "county_review", Some(conclusion), &[])?;
        self.act(at, county("救灾负责人"), "judge", Some("不启动"), &[])
    }

    fn pass(&self, until: &str) {
        self.office.site.bureau.pass_time(until.parse().unwrap()).unwrap();
    }

    fn row(&self, register: &str, batch: &str, on: &str) -> Option<RegisterRow> {
        let (register, column, values) = (register.to_owned(), "batch".to_owned(), vec![batch.to_owned()]);
        let query = Query { register, column, values, on: on.parse().unwrap() };
        self.office.site.bureau.store.look(|read| read.registered(&query)).unwrap().pop()
    }
}

fn says(row: &RegisterRow, column: &str) -> String {
    row.columns.get(column).and_then(Datum::text).unwrap_or_default().to_owned()
}

fn subject() -> Option<Subject> {
    Some(Subject { register: "disaster_event".into(), key: EVENT.into() })
}

const CLERK: (Level, &str, &str) = (Level::County, "救灾员", "410325");
const CHIEF: (Level, &str, &str) = (Level::County, "救灾负责人", "410325");

#[test]
fn a_flood_is_reported_from_the_first_hour_to_the_last_list() {
    let flood = Flood { office: Office::open("2026-07-11 09:00") };
    flood.pass("2026-07-11T09:00:00");
    first_hours(&flood);
    a_morning(&flood);
    a_correction(&flood);
    the_end(&flood);
}

fn first_hours(flood: &Flood) {
    let named = |(code, name): &(&str, &str)| {
        [("township".to_owned(), text(code)), ("township_name".to_owned(), text(name))].into()
    };
    let rows = TOWNSHIPS.iter().enumerate().map(|(id, township)| Row { id: id as u32 + 1, columns: named(township) });
    let begun = values(&[
        ("code", text(EVENT)),
        ("title", text("嵩县7·12洪涝")),
        ("hazard", text("洪涝")),
        ("began_at", text("2026-07-12 03:00")),
        ("townships", Datum::Rows(rows.collect())),
    ]);
    flood.submit("2026-07-12T03:20:00", CLERK, "event", "FLOOD-1", None, begun).unwrap();
    // Each township has its report to make at once, and an hour for it; the county two.
    for (code, name) in TOWNSHIPS {
        let own = flood.open("report", code);
        assert_eq!(own.len(), 1, "{name}");
        let state = flood.office.site.bureau.store.state(&own[0]).unwrap().unwrap();
        assert_eq!(state.clocks["乡镇报送"].due.at.to_string(), "2026-07-12T04:00:00");
        assert_eq!((&*state.applicant, &*state.start), (name, "first"));
    }
    let state = flood.office.site.bureau.store.state("FLOOD-1").unwrap().unwrap();
    assert_eq!(state.clocks["县级报送"].due.at.to_string(), "2026-07-12T05:00:00");
    flood.report("2026-07-12T03:50:00", 0, &[]).unwrap();
    flood.report("2026-07-12T03:55:00", 1, &[]).unwrap();
    // The third has not reported: the whole cannot be told, the part is told as a part.
    flood
        .act(
            "2026-07-12T04:30:00",
            CLERK,
            "sum",
            None,
            &[("adjustments", Datum::Rows(Vec::new())), ("summary", text("山洪"))],
        )
        .unwrap();
    let short = flood.act("2026-07-12T04:40:00", CHIEF, "county_review", Some("上报"), &[]);
    assert!(matches!(short, Err(Failure::Refused(_))), "{short:?}");
    flood.act("2026-07-12T04:40:00", CHIEF, "county_review", Some("先报部分"), &[]).unwrap();
    flood.act("2026-07-12T04:50:00", CHIEF, "judge", Some("不启动"), &[]).unwrap();
    let part = flood.row("county_report", "初报", "2026-07-12").unwrap();
    assert_eq!(
        (part.columns["complete"].clone(), says(&part, "affected"), says(&part, "received")),
        (Datum::Bool(false), "7100".into(), "2".into())
    );
    // It comes late, and the county's sum of that day stays as it was sent.
    flood.report("2026-07-12T06:00:00", 2, &[]).unwrap();
}

fn a_morning(flood: &Flood) {
    // Every morning each township and the county has its report to make, once.
    flood.pass("2026-07-13T00:01:00");
    flood.pass("2026-07-13T00:02:00");
    for (code, _) in TOWNSHIPS {
        let own = flood.open("report", code);
        assert_eq!(own.len(), 1, "{code}");
        // Two clerks of one township report in the same moment: one report is made.
        let unchanged = || values(&[("no_change", Datum::Bool(true))]);
        let report = |second: u32| {
            let command = Command::Do { step: "report".into(), conclusion: None, input: unchanged() };
            let at = format!("2026-07-13T07:00:0{second}");
            flood.order(&at, (Level::Township, "救灾员", code), Some(&own[0]), command).is_ok()
        };
        let report = &report;
        let made = std::thread::scope(|scope| {
            let clerks: Vec<_> = (0..2).map(|second| scope.spawn(move || report(second))).collect();
            clerks.into_iter().map(|clerk| clerk.join().unwrap()).filter(|made| *made).count()
        });
        assert_eq!(made, 1, "{code}");
        let head = (Level::Township, "救灾负责人", code);
        flood.act("2026-07-13T07:10:00", head, "township_review", Some("上报"), &[]).unwrap();
    }
    flood.sum("2026-07-13T08:30:00", "上报").unwrap();
    let whole = flood.row("county_report", "2026-07-12", "2026-07-13").unwrap();
    let told = [
        "affected",
        "deaths",
        "missing",
        "relocated",
        "urgent_aid",
        "collapsed_households",
        "collapsed_rooms",
        "severe_households",
        "severe_rooms",
        "suggested",
    ];
    let told: Vec<String> = told.iter().map(|column| says(&whole, column)).collect();
    assert_eq!(told, ["8150", "1", "1", "1015", "870", "24", "62", "49", "130", "Ⅲ级"]);
}

fn a_correction(flood: &Flood) {
    // A figure was wrong: a correction is a new version, and the old one can still be read.
    let township = Some(Subject { register: "affected_township".into(), key: format!("{EVENT} · 410325101000") });
    let clerk_of = (Level::Township, "救灾员", "410325101");
    let mut wrong = figures(0);
    wrong.retain(|(key, _)| *key != "deaths" && *key != "missing");
    let more = [
        ("deaths", text("0")),
        ("missing", text("1")),
        ("corrects", text("2026-07-12")),
        ("why", text("找到的是另一人")),
    ];
    let stated: Vec<_> = wrong.into_iter().chain(more).collect();
    flood.submit("2026-07-13T10:00:00", clerk_of, "correct", "FLOOD-CORRECT", township, values(&stated)).unwrap();
    flood
        .act("2026-07-13T10:10:00", (Level::Township, "救灾负责人", "410325101"), "township_review", Some("上报"), &[])
        .unwrap();
    let store = &flood.office.site.bureau.store;
    let versions = store.versions("disaster_report", &format!("{EVENT} · 2026-07-12 · 410325101000")).unwrap();
    let deaths: Vec<String> = versions.iter().map(|version| says(&version.row, "deaths")).collect();
    assert_eq!(deaths, ["1", "0"]);
}

fn the_end(flood: &Flood) {
    let store = &flood.office.site.bureau.store;
    // Stable: the daily reports end, the lists begin at midnight.
    let note = || values(&[("stable_note", text("雨停水退"))]);
    flood.submit("2026-07-13T18:00:00", CLERK, "stable", "FLOOD-STABLE", subject(), note()).unwrap_err();
    flood.submit("2026-07-13T18:00:00", CHIEF, "stable", "FLOOD-STABLE", subject(), note()).unwrap();
    flood.pass("2026-07-14T00:01:00");
    for (code, _) in TOWNSHIPS {
        let states = flood.open("report", code);
        let starts: Vec<String> = states.iter().map(|case| store.state(case).unwrap().unwrap().start).collect();
        assert_eq!(starts, ["final"], "{code}");
    }
    assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
    assert!(store.rebuild().unwrap().differing.is_empty());
}
