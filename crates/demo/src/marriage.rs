//! Couples who marry at the window, and some who part.

use std::collections::BTreeMap;

use base::Sex;
use bureau::Failure;

use crate::dice::Dice;
use crate::life::working_hour;
use crate::play::{Stage, person_named, say};

/// How many couples come to marry, and how many to part.
const MARRY: u32 = 10;
const PART: u32 = 4;

/// Plays what happened at the registry.
pub fn registry(stage: &mut Stage) -> Result<(), Failure> {
    stage.dice = Dice::new(stage.seed, 5);
    for place in 0..MARRY {
        couple(stage, "marry", &format!("marry-{place}"), 2 + 6 * place)?;
    }
    for place in 0..PART {
        couple(stage, "divorce", &format!("part-{place}"), 12 + 24 * place)?;
    }
    Ok(())
}

fn couple(stage: &mut Stage, start: &str, key: &str, days: u32) -> Result<(), Failure> {
    let village = stage.dice.pick(stage.villages);
    let man = stage.person(Sex::Male, (23, 34), village);
    let woman = stage.person(Sex::Female, (22, 33), village);
    let dice = &mut stage.dice;
    let mut script =
        BTreeMap::from([("man".to_owned(), person_named(&man)), ("woman".to_owned(), person_named(&woman))]);
    let plain = [
        ("free_will", "是"),
        ("related", "否"),
        ("examination", if dice.chance(70) { "已检查" } else { "告知以后不检查" }),
        ("man_status", "没有登记过"),
        ("woman_status", "没有登记过"),
        ("review_note", "人证相符，全国库无记录"),
        ("certificate", &format!("J410325-2021-{:06}", dice.between(1, 900))),
        ("married_on", "2021-05-20"),
        ("married_inland", "是"),
        ("agreed", "是"),
        ("capable", "是"),
    ];
    script.extend(plain.map(|(key, value)| (key.to_owned(), say(value))));
    let begun = working_hour(stage.days_ago(days), &mut stage.dice);
    let (start, about, spoken) = (("marriage", start), (key, village), (&*man.name, script));
    if start.1 != "marry" {
        stage.play(start, about, spoken, begun)?;
    } else if let Some(mut couple) = stage.begin(start, about, spoken, begun)? {
        // They wait until they are registered: all steps in one visit, with minutes between them.
        let mut now = begun;
        while !couple.is_closed()? && now < stage.present {
            now = now.saturating_add(jiff::SignedDuration::from_mins(i64::from(stage.dice.between(4, 11))));
            couple.act_up_to(now, 1)?;
        }
    }
    Ok(())
}
