//! People who are kept by the state, and some who asked to be and are not.

use std::collections::BTreeMap;

use base::{RegionCode, Sex};
use bureau::Failure;
use casework::Typed;
use casework::event::PersonRef;

use crate::dice::Dice;
use crate::play::{Stage, TODAY, person_named, row, say};

/// How many people.
const PEOPLE: u32 = 12;

/// How many of them had been on dibao.
const CONVERTED: u32 = 3;

/// Plays the applications of some old people who live alone.
pub fn people(stage: &mut Stage) -> Result<(), Failure> {
    stage.dice = Dice::new(stage.seed, 3);
    for place in 0..PEOPLE {
        let village = stage.dice.pick(stage.villages);
        let person = stage.person(Sex::Male, (58, 84), village);
        let script = script(&mut stage.dice, &person, village);
        let begun = stage.days_ago(6 + 9 * place);
        stage.play(("tekun", "apply"), (&format!("tekun-{place}"), village), (&person.name, script), begun)?;
    }
    Ok(())
}

/// Some who live alone on dibao are taken over: the one benefit ends in the month in which the other begins.
pub fn converted(stage: &mut Stage, alone: &[(String, PersonRef, RegionCode)]) -> Result<(), Failure> {
    stage.dice = Dice::new(stage.seed, 4);
    let mut taken = 0;
    for (case, person, village) in alone {
        let Some(state) = stage.bureau.store.state(case)? else { continue };
        let closed = state.closed.as_ref().map(|(_, at)| *at);
        let (chain, paid) = (stage.bureau.store.chain(case)?, state.is_paid("dibao_grant", stage.present));
        let (Some(closed), 1, true) = (closed, chain.len(), paid) else { continue };
        let script = script(&mut stage.dice, person, *village);
        stage.play(("tekun", "apply"), (&format!("converted-{taken}"), *village), (&person.name, script), closed)?;
        taken += 1;
        if taken == CONVERTED {
            break;
        }
    }
    Ok(())
}

fn script(dice: &mut Dice, person: &PersonRef, village: RegionCode) -> BTreeMap<String, Typed> {
    let income = vec![row([("kind", "基础养老金"), ("amount", "1716"), ("months", "12")])];
    let brother = row([
        ("name", &*format!("{}满仓", person.name.chars().take(1).collect::<String>())),
        ("relation", "兄弟姐妹"),
        ("age", "66"),
        ("must_support", "否"),
        ("situation", "一般"),
        ("income", "1500"),
        ("assets_low", "是"),
    ]);
    let centralised = dice.chance(30);
    let able = |dice: &mut Dice, percent| if dice.chance(percent) { "是" } else { "否" };
    let mut script: BTreeMap<String, Typed> = BTreeMap::new();
    script.insert("applicant".into(), person_named(person));
    script.insert("income".into(), Typed::Rows(income));
    script.insert("obligors".into(), Typed::Rows(vec![brother]));
    script.insert("kin".into(), Typed::Rows(Vec::new()));
    script.insert("entered_minor".into(), say("否"));
    script.insert("reviewed_on".into(), say(TODAY));
    if centralised {
        script.insert("institution".into(), say("田湖镇敬老院"));
    }
    let six = ["eats", "dresses", "bed", "toilet", "walks", "bathes"];
    script.extend(six.map(|item| (item.to_owned(), say(able(dice, 70)))));
    let plain = [
        ("phone", "13800000000"),
        ("urban_rural", "农村"),
        ("form_of_care", if centralised { "集中供养" } else { "分散供养" }),
        ("chosen_on", TODAY),
        ("child_allowance", "否"),
        ("disability_kind", "无"),
        ("disability_grade", "无"),
        ("schooling", "不在读"),
        ("deposits", "800"),
        ("houses", "1"),
        ("has_vehicle", "否"),
        ("has_business", "否"),
        ("authorised", "是"),
        ("supplement_note", "已补授权书"),
        ("living", "独居两间瓦房，邻居照看"),
        ("needs_review", able(dice, 30)),
        ("review_minutes", "介绍情况后无记名投票，当场唱票"),
        ("told_how", "当面"),
        ("statement", "没有意见"),
        ("county_finding", "与乡镇调查一致"),
        ("delivered_how", "直接送达"),
        ("delivered_on", TODAY),
        ("assessed_on", TODAY),
        ("carer", if centralised { "田湖镇敬老院" } else { "同村邻居（委托照料协议）" }),
    ];
    script.extend(plain.map(|(key, value)| (key.to_owned(), say(value))));
    script.insert("home_region".into(), say(village.to_string()));
    script
}
