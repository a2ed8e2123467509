//! Veterans and those whom soldiers left behind: who applies, who is confirmed, who has died.

use std::collections::BTreeMap;

use base::{RegionCode, Sex};
use bureau::Failure;
use casework::Typed;
use casework::event::PersonRef;

use crate::dice::Dice;
use crate::play::{Stage, TODAY, person_named, say};

/// How many people.
const PEOPLE: u32 = 14;

const CATEGORIES: [(&str, u32); 5] =
    [("参战退役军人", 30), ("农村籍退役士兵", 30), ("残疾军人", 20), ("带病回乡退役军人", 10), ("烈士遗属", 10)];

/// Plays their applications, and the deaths of a few.
pub fn people(stage: &mut Stage) -> Result<(), Failure> {
    stage.dice = Dice::new(stage.seed, 6);
    for place in 0..PEOPLE {
        let village = stage.dice.pick(stage.villages);
        let person = stage.person(Sex::Male, (61, 78), village);
        let script = script(&mut stage.dice, &person, village);
        let begun = stage.days_ago(4 + 11 * place);
        let key = format!("veteran-{place}");
        let played = stage.play(("veteran", "apply"), (&key, village), (&person.name, script), begun)?;
        let Some(mut play) = played else { continue };
        if place % 5 == 4 && play.is_closed()? {
            play.again("death")?;
            play.until(stage.present, &mut stage.dice)?;
        }
    }
    Ok(())
}

/// How many whose deaths nobody reported for a while, and for how many days.
const LATE: u32 = 5;
const UNREPORTED: u32 = 70;

/// Some who died this year while they were still paid: what came after has to be given back.
pub fn reported_late(stage: &mut Stage) -> Result<(), Failure> {
    stage.dice = Dice::new(stage.seed, 9);
    for place in 0..LATE {
        let village = stage.dice.pick(stage.villages);
        let person = stage.person(Sex::Male, (70, 88), village);
        let mut script = script(&mut stage.dice, &person, village);
        let reported = 40 + 38 * place;
        let died = stage.days_ago(reported + UNREPORTED).date().to_string();
        script.insert("died_on".to_owned(), say(died));
        let begun = stage.days_ago(reported + 2 * UNREPORTED);
        let key = format!("veteran-late-{place}");
        let played = stage.play(("veteran", "apply"), (&key, village), (&person.name, script), begun)?;
        let Some(mut play) = played else { continue };
        if play.is_closed()? {
            play.now = stage.days_ago(reported);
            play.again("death")?;
            play.until(stage.present, &mut stage.dice)?;
        }
    }
    Ok(())
}

fn script(dice: &mut Dice, person: &PersonRef, village: RegionCode) -> BTreeMap<String, Typed> {
    let grade = dice.pick(&["三级", "五级", "六级", "八级"]);
    let plain = [
        ("phone", "13800000000"),
        ("home_region", &*village.to_string()),
        ("category", dice.weighted(&CATEGORIES)),
        ("nature", "因战"),
        ("grade", grade),
        ("mental", "否"),
        ("dispersed", "是"),
        ("rural", "是"),
        ("complete", "是"),
        ("supplement_note", "已补退役证"),
        ("minutes", "逐人发言，一致同意"),
        ("file_agrees", "是"),
        ("service_months", &(36 + dice.below(30)).to_string()),
        ("duplicate", "否"),
        ("delivered_how", "直接送达"),
        ("delivered_on", TODAY),
        ("confirmed_on", TODAY),
        ("died_on", TODAY),
        ("of_old_wound", "否"),
        ("funeral_by", "家属"),
    ];
    let plain = plain.map(|(key, value)| (key.to_owned(), say(value)));
    plain.into_iter().chain([("applicant".to_owned(), person_named(person))]).collect()
}
