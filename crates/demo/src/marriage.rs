//! Couples who marry at the window, and some who part.

use std::collections::BTreeMap;

use base::{DateTime, RegionCode, Sex};
use bureau::{Bureau, Failure};
use casework::Typed;
use casework::event::PersonRef;

use crate::dice::Dice;
use crate::household::Maker;
use crate::life::days_before;
use crate::names;
use crate::play::{Play, say};

/// How many couples come to marry, and how many to part.
const MARRY: u32 = 10;
const PART: u32 = 4;

/// Plays what happened at the registry up to a moment.
pub fn registry(
    bureau: &Bureau,
    maker: &mut Maker,
    villages: &[RegionCode],
    seed: u64,
    present: DateTime,
) -> Result<(), Failure> {
    let mut dice = Dice::new(seed, 5);
    for place in 0..MARRY {
        let (village, script) = couple(maker, &mut dice, villages);
        let begun = days_before(present, 2 + 6 * place);
        play(bureau, "marry", (&format!("{seed}-marry-{place}"), village), script, begun, present, &mut dice)?;
    }
    for place in 0..PART {
        let (village, script) = couple(maker, &mut dice, villages);
        let begun = days_before(present, 12 + 24 * place);
        play(bureau, "divorce", (&format!("{seed}-part-{place}"), village), script, begun, present, &mut dice)?;
    }
    Ok(())
}

fn play(
    bureau: &Bureau,
    start: &str,
    key: (&str, RegionCode),
    (name, script): (String, BTreeMap<String, Typed>),
    begun: DateTime,
    present: DateTime,
    dice: &mut Dice,
) -> Result<(), Failure> {
    let played = Play::begin(bureau, ("marriage", start), key, (&name, script), begun)?;
    played.map_or(Ok(()), |mut play| play.until(present, dice))
}

fn couple(
    maker: &mut Maker,
    dice: &mut Dice,
    villages: &[RegionCode],
) -> (RegionCode, (String, BTreeMap<String, Typed>)) {
    let village = dice.pick(villages);
    let (surname, other) = (names::surname(dice), names::surname(dice));
    let (man, woman) = (dice.between(23, 34), dice.between(22, 33));
    let man = maker.person(surname, Sex::Male, man, village);
    let woman = maker.person(other, Sex::Female, woman, village);
    let typed = |person: &PersonRef| say(format!("{} {}", person.name, person.number.as_deref().unwrap_or_default()));
    let mut script = BTreeMap::from([("man".to_owned(), typed(&man)), ("woman".to_owned(), typed(&woman))]);
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
    (village, (man.name, script))
}
