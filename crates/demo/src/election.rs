//! Villages whose committees' terms end, and one that elects the next.

use std::collections::BTreeMap;

use base::{CitizenNumber, Date, DateTime, RegionCode};
use bureau::import::Import;
use bureau::{Bureau, Failure};
use casework::people::Scope;
use casework::{Actor, Typed};

use crate::dice::Dice;
use crate::names;
use crate::organisations::bring_in;
use crate::play::{Play, row, say};

/// Villages with their names.
const VILLAGES: [(&str, &str); 3] =
    [("410325101200", "示例一村"), ("410325101201", "示例二村"), ("410325101202", "示例三村")];

/// Voters of the village that votes.
const VOTERS: u32 = 48;

/// Puts the villages into their register: the term of the first two ends with the year.
pub fn villages(bureau: &Bureau, begins: Date) -> Result<(), Failure> {
    let year = begins.year();
    let row = |(place, (code, name)): (usize, &(&str, &str))| {
        let end = if place < 2 { year } else { year + 2 };
        format!("{code},{name}（演示）,{end}-12-31,3\n")
    };
    let rows: String = VILLAGES.iter().enumerate().map(row).collect();
    let text = format!("区划,名称,届满日,委员职数\n{rows}");
    let now = begins.at(0, 0, 0, 0);
    bring_in(bureau, Import { register: "village", bytes: text.as_bytes(), map: &[], from: begins, by: "演示", now })
}

/// Plays the election of the first village as far as the present; the second has yet to begin.
pub fn committees(bureau: &Bureau, dice: &mut Dice, year: i16, present: DateTime) -> Result<(), Failure> {
    let day = |month, day, hour| Date::constant(year, month, day).at(hour, 0, 0, 0);
    if present < day(11, 1, 0) {
        return Ok(());
    }
    let (code, _) = VILLAGES[0];
    let village = RegionCode::parse(code).unwrap_or(RegionCode::NATION);
    let text = voters(dice, village, year);
    let (from, now) = (Date::constant(year, 9, 1), day(9, 1, 8));
    bring_in(bureau, Import { register: "voter", bytes: text.as_bytes(), map: &[], from, by: "演示", now })?;
    bureau.pass_time(now)?;
    let scope = Scope::of(&Actor::system(), &bureau.library.guides);
    let Some(case) = bureau.store.find(&scope, code, 1)?.into_iter().next() else { return Ok(()) };
    let Some(state) = bureau.store.state(&case.case)? else { return Ok(()) };
    let Some(mut play) = Play::take_up(bureau, &state, village, script(year, ["0"; 5]), now) else { return Ok(()) };
    for at in [day(9, 1, 9), day(9, 5, 9), day(9, 10, 9), day(9, 20, 9), day(9, 22, 9)] {
        play.act_up_to(at, 1)?;
    }
    bureau.pass_time(day(10, 9, 8))?;
    play.act_up_to(day(10, 9, 9), 1)?;
    play.script = script(year, ["26", "14", "30", "27", "12"]);
    for at in [day(10, 18, 18), day(10, 18, 19), day(10, 25, 9)] {
        play.act_up_to(at, 1)?;
    }
    Ok(())
}

fn voters(dice: &mut Dice, village: RegionCode, year: i16) -> String {
    let mut text = "批次,村,人员,类别,组,状态\n".to_owned();
    for place in 0..VOTERS {
        let birth = Date::constant(1950 + (place % 50) as i16, 1 + (place % 12) as i8, 15);
        let Ok(number) = CitizenNumber::compose(village, birth, (1 + place) as u16) else { continue };
        let name =
            format!("{}{}", names::surname(dice), ["明", "芳", "强", "秀英", "建国", "玉梅"][place as usize % 6]);
        let kind = if place % 7 == 3 { "户在人外" } else { "户在人在" };
        text += &format!("{year},{village},{name} {},{kind},{}组,在册\n", number.as_str(), 1 + place % 4);
    }
    text
}

fn script(year: i16, votes: [&str; 5]) -> BTreeMap<String, Typed> {
    let member = |name, post| row([("committee_name", name), ("committee_post", post)]);
    let candidates = [
        ("甲一（演示）", "男", "主任"),
        ("乙二（演示）", "女", "主任"),
        ("丙三（演示）", "男", "委员"),
        ("丁四（演示）", "女", "委员"),
        ("戊五（演示）", "男", "委员"),
    ];
    let candidate = |((name, sex, post), votes): (&(&str, &str, &str), &str)| {
        row([
            ("candidate_name", *name),
            ("candidate_sex", *sex),
            ("post", *post),
            ("screened", "通过"),
            ("votes", votes),
        ])
    };
    let plain = [
        ("round", year.to_string()),
        ("audited_on", format!("{year}-08-20")),
        ("day", format!("{year}-10-18")),
        ("seats_chair", "1".into()),
        ("seats_deputy", "0".into()),
        ("seats_member", "2".into()),
        ("register_note", "逐户登记，外出的电话确认".into()),
        ("issued", "46".into()),
        ("returned", "44".into()),
        ("valid", "42".into()),
        ("invalid", "2".into()),
        ("result_note", "当场在村委会大院公布".into()),
        ("handover", "印章两枚、账册一套、资产清单一份".into()),
    ];
    let mut script: BTreeMap<String, Typed> =
        plain.into_iter().map(|(key, value): (&str, String)| (key.to_owned(), say(value))).collect();
    let members = vec![member("周一", "主任"), member("吴二", "委员"), member("郑三", "委员")];
    script.insert("committee".into(), Typed::Rows(members));
    script.insert("candidates".into(), Typed::Rows(candidates.iter().zip(votes).map(candidate).collect()));
    script.insert("proxies".into(), Typed::Rows(Vec::new()));
    script
}
