//! A disaster as three townships and the county report it, day by day.

use std::collections::BTreeMap;

use base::{Date, DateTime, RegionCode};
use bureau::{Bureau, Failure};
use casework::event::Subject;
use casework::people::Scope;
use casework::{Actor, Typed};

use crate::play::{CONCLUSION, Play, row, say};

/// A township: a village of it, its code and name, and its figures in the order of `FIGURES`.
type Township = (&'static str, &'static str, &'static str, [u32; 11]);

const TOWNSHIPS: [Township; 3] = [
    ("410325101200", "410325101", "田湖镇", [4200, 0, 0, 620, 250, 370, 540, 18, 47, 32, 88]),
    ("410325102200", "410325102", "旧县镇", [2900, 0, 0, 310, 90, 220, 260, 6, 15, 14, 35]),
    ("410325103200", "410325103", "车村镇", [1050, 0, 1, 85, 0, 85, 70, 0, 0, 3, 7]),
];

/// What the township's form asks for at least, by 标识.
pub const FIGURES: [&str; 11] = [
    "affected",
    "deaths",
    "missing",
    "relocated",
    "centralised",
    "dispersed",
    "urgent_aid",
    "collapsed_households",
    "collapsed_rooms",
    "severe_households",
    "severe_rooms",
];

/// After so many days the situation is stable.
const DAYS: i8 = 3;

/// Plays a disaster of a day until it is settled, or the present has come.
pub fn flood(bureau: &Bureau, day: Date, hazard: &str, present: DateTime) -> Result<(), Failure> {
    let code = format!("{day}-{hazard}");
    let named = |(_, township, name, _): &Township| row([("township", *township), ("township_name", *name)]);
    let mut script = county();
    script.insert("townships".into(), Typed::Rows(TOWNSHIPS.iter().map(named).collect()));
    let plain = [
        ("code", code.clone()),
        ("title", format!("嵩县{}月{}日{hazard}（演示）", day.month(), day.day())),
        ("hazard", hazard.to_owned()),
        ("began_at", format!("{day} 03:00")),
    ];
    script.extend(plain.map(|(key, value)| (key.to_owned(), say(value))));
    let village = RegionCode::parse(TOWNSHIPS[0].0).unwrap_or(RegionCode::NATION);
    bureau.pass_time(day.at(0, 1, 0, 0))?;
    let begun = Play::begin(bureau, ("disaster", "event"), (&code, village), ("县救灾", script), day.at(3, 20, 0, 0))?;
    let Some(mut event) = begun else { return Ok(()) };
    work_off(bureau, day.at(3, 40, 0, 0))?;
    event.act_at(day.at(4, 30, 0, 0))?;
    let days = std::iter::successors(Some(day), |day| day.tomorrow().ok()).skip(1).take(DAYS as usize + 1);
    for (place, today) in days.enumerate() {
        if today.at(12, 0, 0, 0) > present {
            return Ok(());
        }
        bureau.pass_time(today.at(0, 1, 0, 0))?;
        work_off(bureau, today.at(7, 0, 0, 0))?;
        if place + 1 == DAYS as usize {
            event.script.insert("stable_note".into(), say("雨停水退，没有新的险情"));
            let subject = Subject { register: "disaster_event".into(), key: code.clone() };
            event.begin_for("stable", &format!("{code}-stable"), subject, today.at(17, 0, 0, 0))?;
        }
    }
    Ok(())
}

/// Townships first, then the county: everybody does what is open.
fn work_off(bureau: &Bureau, at: DateTime) -> Result<(), Failure> {
    let scope = Scope::of(&Actor::system(), &bureau.library.guides);
    let open = bureau.store.cases(&scope, 100_000)?.into_iter();
    let open: Vec<_> = open.filter(|row| row.service == "disaster" && row.result.is_empty()).collect();
    let mut later = Vec::new();
    for row in open {
        let Some(state) = bureau.store.state(&row.case)? else { continue };
        let own = TOWNSHIPS.iter().find(|(_, code, ..)| state.region == RegionCode::parse(code).ok());
        let village = RegionCode::parse(own.map_or(TOWNSHIPS[0].0, |own| own.0)).unwrap_or(RegionCode::NATION);
        let script = own.map_or_else(county, |own| township(own, &state.start));
        let Some(mut play) = Play::take_up(bureau, &state, village, script, at) else { continue };
        if own.is_some() {
            play.act_at(at)?;
        } else {
            later.push(play);
        }
    }
    for mut play in later {
        play.act_at(at.saturating_add(jiff::SignedDuration::from_mins(60)))?;
    }
    Ok(())
}

fn township((_, _, name, figures): &Township, start: &str) -> BTreeMap<String, Typed> {
    let mut script: BTreeMap<String, Typed> =
        FIGURES.iter().zip(figures).map(|(key, figure)| ((*key).to_owned(), say(figure.to_string()))).collect();
    let changes = if start == "daily" { "是" } else { "否" };
    script.insert("no_change".into(), say(changes));
    let missing = vec![row([
        ("name", "不明一"),
        ("sex", "不明"),
        ("place", &*format!("{name}河滩")),
        ("cause", "山洪"),
        ("status", "失踪"),
    ])];
    script.insert("casualties".into(), Typed::Rows(if figures[2] > 0 { missing } else { Vec::new() }));
    script.insert("houses".into(), Typed::Rows(Vec::new()));
    if start == "final" {
        for key in &FIGURES[7..] {
            script.insert((*key).to_owned(), say("0"));
        }
    }
    script
}

fn county() -> BTreeMap<String, Typed> {
    let plain = [
        ("summary", "强对流天气引发山洪，三个乡镇受灾"),
        ("agreed", "是"),
        ("response_level", "Ⅲ级"),
        ("response_until", "七天"),
        ("response_measures", "派出工作组，下拨帐篷、棉被"),
    ];
    let mut script: BTreeMap<String, Typed> = plain.map(|(key, value)| (key.to_owned(), say(value))).into();
    script.insert("adjustments".into(), Typed::Rows(Vec::new()));
    script.insert(format!("{CONCLUSION}judge"), say("不启动"));
    script
}
