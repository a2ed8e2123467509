//! Social organisations, and a year in which they were inspected.

use std::collections::BTreeMap;

use base::{CreditCode, Date, DateTime, RegionCode};
use bureau::import::{Import, ImportFailure, Take};
use bureau::{Bureau, Failure, Fault};
use casework::people::Scope;
use casework::{Actor, Typed};

use crate::dice::Dice;
use crate::play::{Play, row, say};
use crate::{COUNTY, TOWNSHIP, disaster, election};

const KINDS: [(&str, &str, &[&str]); 3] = [
    (
        "51",
        "社会团体",
        &["中药材协会", "书法家协会", "太极拳协会", "养蜂协会", "诗词学会", "商会", "摄影家协会", "老年体育协会"],
    ),
    (
        "52",
        "民办非企业单位",
        &["春晖幼儿园", "康宁护理院", "伊川书院", "同心社工中心", "晨光职业培训学校", "伏牛山民俗馆"],
    ),
    ("53", "基金会", &["教育基金会", "扶老基金会"]),
];

/// What happened last is played after the year.
const RECENT: jiff::SignedDuration = jiff::SignedDuration::from_hours(3 * 24);

/// Registers the organisations, opens the year's season and plays it month by month up to a moment.
pub fn year(bureau: &Bureau, seed: u64, villages: &[RegionCode], present: DateTime) -> Result<(), Failure> {
    let begins = Date::constant(present.date().year(), 1, 1).at(0, 0, 0, 0);
    let mut dice = Dice::new(seed, 7);
    let rows = rows(&mut dice);
    let from = Date::constant(2020, 1, 1);
    let import = Import { register: "organisation", bytes: rows.as_bytes(), map: &[], from, by: "演示", now: begins };
    if bureau.library.registers.iter().all(|register| &*register.key != "organisation") {
        return Ok(());
    }
    bring_in(bureau, import)?;
    election::villages(bureau, begins.date())?;
    bureau.pass_time(begins)?;
    let scope = Scope::of(&Actor::system(), &bureau.library.guides);
    let mut plays = Vec::new();
    for (place, line) in rows.lines().skip(1).enumerate() {
        let code = line.split(',').next().unwrap_or_default();
        let Some(case) = bureau.store.find(&scope, code, 1)?.into_iter().next() else { continue };
        let Some(state) = bureau.store.state(&case.case)? else { continue };
        let is_absent = place % 9 == 7;
        let day = if is_absent { 160 + dice.below(10) } else { 60 + dice.below(70) };
        let village = dice.pick(villages);
        let script = script(&mut dice, place, begins.year());
        let reported = begins.saturating_add(jiff::SignedDuration::from_hours(24 * i64::from(day)));
        plays.extend(Play::take_up(bureau, &state, village, script, reported));
    }
    for month in 3..=12 {
        let end = Date::constant(begins.year(), month, 28).at(18, 0, 0, 0).min(present.saturating_sub(RECENT));
        if month == 9 {
            election::committees(bureau, &mut dice, begins.year(), present)?;
        }
        if month == 7 && present.date().month() > 7 {
            disaster::flood(bureau, Date::constant(begins.year(), 7, 12), "洪涝", present)?;
        }
        for play in &mut plays {
            play.until(end, &mut dice)?;
        }
    }
    // Something that goes on.
    let yesterday = present.saturating_sub(jiff::SignedDuration::from_hours(36)).date();
    disaster::flood(bureau, yesterday, "风雹", present)
}

/// Takes a file of the demo into a register; it has no slips.
pub(crate) fn bring_in(bureau: &Bureau, import: Import) -> Result<(), Failure> {
    let brought = bureau.import(import, Take::Whole).map_err(|failure| match failure {
        ImportFailure::Failed(failure) => failure,
        ImportFailure::Fault(fault) => fault.into(),
        wrong => Fault::Damaged(wrong.to_string()).into(),
    });
    brought.map(drop)
}

/// The register as a file.
fn rows(dice: &mut Dice) -> String {
    let mut text = "统一社会信用代码,名称,类型,登记日期,业务主管单位,住所地,慈善组织,状态\n".to_owned();
    let mut number = 12_345;
    for (class, kind, names) in KINDS {
        for name in names {
            number += 111;
            let Ok(code) = CreditCode::compose(class, COUNTY, &format!("MJ{number:06}")) else { continue };
            let (year, month) = (dice.between(2009, 2022), dice.between(1, 12));
            let charity = if *name == "教育基金会" { "是" } else { "否" };
            text += &format!(
                "{code},嵩县{name}（演示）,{kind},{year}-{month:02}-15,嵩县业务主管局,{TOWNSHIP},{charity},正常\n"
            );
        }
    }
    text
}

fn script(dice: &mut Dice, place: usize, year: i16) -> BTreeMap<String, Typed> {
    let (opening, income) = (dice.between(20, 300) * 1000, dice.between(10, 90) * 1000);
    let spending = income - dice.between(1, 9) * 1000;
    let situations: Vec<_> = match place % 6 {
        2 => vec![row([("kind", "没有按章程开会"), ("fact", "全年没有开理事会")])],
        5 if place % 4 == 1 => vec![row([("kind", "从事营利活动"), ("fact", "出租办公用房牟利")])],
        _ => Vec::new(),
    };
    let mut script: BTreeMap<String, Typed> = BTreeMap::new();
    script.insert("situations".into(), Typed::Rows(situations));
    let plain = [
        ("sponsor_opinion", "同意".to_owned()),
        ("sponsor_on", format!("{year}-03-20")),
        ("members", dice.between(55, 300).to_string()),
        ("staff", dice.between(2, 30).to_string()),
        ("party_organisation", "联合建立".to_owned()),
        ("opening", opening.to_string()),
        ("income", income.to_string()),
        ("donations", "0".to_owned()),
        ("spending", spending.to_string()),
        ("closing", (opening + income - spending).to_string()),
        ("visit_note", "查看账册、会议记录，与报告一致".to_owned()),
        ("contacts", "2".to_owned()),
        ("contact_result", "联系不上".to_owned()),
        ("rectification", "已经补开会议，会议记录报送".to_owned()),
    ];
    script.extend(plain.into_iter().map(|(key, value)| (key.to_owned(), say(value))));
    script
}
