//! The registers of people and households, as a bureau took them over from the household registration.

use base::{Date, DateTime, PersonNumber, Sex};
use bureau::import::Import;
use bureau::{Bureau, Failure};
use casework::Datum;

use crate::household::Household;
use crate::organisations::bring_in;

/// From when what was taken over holds.
const SINCE: Date = Date::constant(2020, 1, 1);

/// Everybody of the households that applied, who lives with whom, and since when.
pub fn take_over(bureau: &Bureau, households: &[Household], now: DateTime) -> Result<(), Failure> {
    let mut people = "人员,户籍地,居住地\n".to_owned();
    let mut homes = "户号,户主,户别,属地\n".to_owned();
    let mut members = "人员,户号,与户主关系,共同生活,属地\n".to_owned();
    for (place, household) in households.iter().enumerate() {
        let (village, number) = (household.village, format!("示例{:05}", place + 1));
        let Some(head) = &household.applicant.number else { continue };
        homes += &format!("{number},{} {head},家庭户,{village}\n", household.applicant.name);
        let Some(Datum::Rows(rows)) = household.values.get("members") else { continue };
        for row in rows {
            let (Some(Datum::Person(person)), Some(relation)) =
                (row.columns.get("person"), row.columns.get("relation").and_then(Datum::text))
            else {
                continue;
            };
            let Some(number_of) = &person.number else { continue };
            let male =
                PersonNumber::parse(number_of).ok().and_then(|n| n.citizen()).is_some_and(|n| n.sex() == Sex::Male);
            let relation = match relation {
                "本人" => "户主",
                "父母" | "兄弟姐妹" | "配偶" => relation,
                "子女" => {
                    if male {
                        "子"
                    } else {
                        "女"
                    }
                }
                "孙子女" => {
                    if male {
                        "孙子"
                    } else {
                        "孙女"
                    }
                }
                "祖父母" => "祖父母或外祖父母",
                _ => "其他亲属",
            };
            people += &format!("{} {number_of},{village},{village}\n", person.name);
            members += &format!("{} {number_of},{number},{relation},是,{village}\n", person.name);
        }
    }
    for (register, text) in [("person", &people), ("household", &homes), ("household_member", &members)] {
        bring_in(bureau, Import { register, bytes: text.as_bytes(), map: &[], from: SINCE, by: "示例", now })?;
    }
    Ok(())
}
