//! Veterans and those whom soldiers left behind: who applies, who is confirmed, who has died.

use std::collections::BTreeMap;

use base::{DateTime, RegionCode, Sex};
use bureau::{Bureau, Failure};
use casework::Typed;

use crate::dice::Dice;
use crate::household::Maker;
use crate::life::days_before;
use crate::names;
use crate::play::{Play, TODAY, say};

/// How many people.
const PEOPLE: u32 = 14;

const CATEGORIES: [(&str, u32); 5] =
    [("参战退役军人", 30), ("农村籍退役士兵", 30), ("残疾军人", 20), ("带病回乡退役军人", 10), ("烈士遗属", 10)];

/// Plays their applications, and the deaths of a few, up to a moment.
pub fn people(
    bureau: &Bureau,
    maker: &mut Maker,
    villages: &[RegionCode],
    seed: u64,
    present: DateTime,
) -> Result<(), Failure> {
    let mut dice = Dice::new(seed, 6);
    for place in 0..PEOPLE {
        let village = dice.pick(villages);
        let surname = names::surname(&mut dice);
        let years = dice.between(61, 78);
        let person = maker.person(surname, Sex::Male, years, village);
        let script = script(&mut dice, &person.name, person.number.as_deref().unwrap_or_default(), village);
        let begun = days_before(present, 4 + 11 * place);
        let key = format!("{seed}-veteran-{place}");
        let played = Play::begin(bureau, ("veteran", "apply"), (&key, village), (&person.name, script), begun)?;
        let Some(mut play) = played else { continue };
        play.until(present, &mut dice)?;
        if place % 5 == 4 && play.is_closed()? {
            play.again("death")?;
            play.until(present, &mut dice)?;
        }
    }
    Ok(())
}

fn script(dice: &mut Dice, name: &str, number: &str, village: RegionCode) -> BTreeMap<String, Typed> {
    let grade = dice.pick(&["三级", "五级", "六级", "八级"]);
    let plain = [
        ("applicant", &*format!("{name} {number}")),
        ("phone", "13800000000"),
        ("home_region", &village.to_string()),
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
    plain.map(|(key, value)| (key.to_owned(), say(value))).into()
}
