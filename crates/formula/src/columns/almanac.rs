//! Calendar arithmetic over dates packed as `yyyymmdd`, without looking anything up.

use super::graph::Almanac;

/// The first and the last month that the program knows.
const FIRST_MONTH: i64 = 12;
pub(super) const LAST_MONTH: i64 = 9999 * 12 + 11;

#[inline(always)]
pub(super) fn tell(what: Almanac, a: i64, b: i64) -> i64 {
    match what {
        Almanac::Years => i64::from((b as i32).wrapping_sub(a as i32).div_euclid(10_000)),
        Almanac::DayNumber => day_number(a),
        Almanac::DateOfDay => date_of_day(a),
        Almanac::Year => a / 10_000,
        Almanac::MonthNumber => a / 100 % 100,
        Almanac::Day => a % 100,
        Almanac::MonthOf => month_of(a),
        Almanac::LastDayOf => last_day_of(a),
        Almanac::FullMonths => full_months(a, b),
    }
}

fn month_of(date: i64) -> i64 {
    date / 10_000 * 12 + date / 100 % 100 - 1
}

fn last_day_of(month: i64) -> i64 {
    let month = month.clamp(FIRST_MONTH, LAST_MONTH);
    let (year, month) = (month / 12, month % 12 + 1);
    year * 10_000 + month * 100 + days_in_month(year, month)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A month is full on the same day, or on the last day of a shorter month.
fn full_months(from: i64, to: i64) -> i64 {
    let months = month_of(to) - month_of(from);
    let (from_day, to_day) = (from % 100, to % 100);
    let full = to_day >= from_day || to_day == days_in_month(to / 10_000, to / 100 % 100);
    if months > 0 && !full {
        months - 1
    } else if months < 0 && to_day > from_day {
        months + 1
    } else {
        months
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, by counting years from March.
fn day_number(date: i64) -> i64 {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of_day(days: i64) -> i64 {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2)) * 10_000 + month * 100 + day
}

#[cfg(test)]
mod tests {
    use base::{Date, Month, age};
    use proptest::prelude::*;

    use super::super::population::{month_index, packed};
    use super::*;

    fn dates() -> impl Strategy<Value = Date> {
        (1_i16..=9999, 1_i8..=12, 1_i8..=31).prop_filter_map("a day", |(y, m, d)| Date::new(y, m, d).ok())
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar_of_the_library(a in dates(), b in dates()) {
            let (from, to) = (i64::from(packed(a)), i64::from(packed(b)));
            let days = tell(Almanac::DayNumber, to, 0) - tell(Almanac::DayNumber, from, 0);
            prop_assert_eq!(days, i64::from(a.until(b).unwrap().get_days()));
            prop_assert_eq!(tell(Almanac::DateOfDay, tell(Almanac::DayNumber, from, 0), 0), from);
            prop_assert_eq!(tell(Almanac::MonthOf, from, 0), i64::from(month_index(Month::of(a))));
            let last = Month::of(a).last_day();
            prop_assert_eq!(tell(Almanac::LastDayOf, tell(Almanac::MonthOf, from, 0), 0), i64::from(packed(last)));
            let years = tell(Almanac::Years, from, to);
            prop_assert_eq!(u16::try_from(years).ok(), age(a, b));
        }
    }
}
