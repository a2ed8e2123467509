//! Working days by the State Council's yearly notices, and the time limits of the Civil Code (民法典 arts 200-204).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};
use serde::{Deserialize, Serialize};

use crate::dates::parse_date;
use crate::reference::{ReferenceError, rows};

/// Which days are worked. Years without an official table know weekends only, and what is computed there is provisional.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The number of the table's first day, counted as in `day_number`.
    first: i64,
    /// `worked[i]`: working days from the first day up to and excluding day `i`; one entry more than the table has days.
    worked: Vec<i64>,
    covered: BTreeSet<i16>,
}

/// The last day of a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueDay {
    pub at: Date,
    /// The last day before it moved off a rest day; equal to `at` when it did not.
    pub nominal: Date,
    /// The computation reached a year whose holidays are not published (or not in the table): the day may still move.
    pub provisional: bool,
}

impl Calendar {
    /// Reads `date,kind,name`, where `kind` is `holiday` or `makeup_workday`.
    /// A table with a header only is a calendar that knows weekends alone.
    pub fn parse(table: &str) -> Result<Self, ReferenceError> {
        let mut exceptions = BTreeMap::new();
        for row in rows(table, &["date", "kind", "name"])? {
            let wrong = |what: String| ReferenceError::new(row.line, what);
            let day = parse_date(row.fields[0]).ok_or_else(|| wrong(format!("“{}”不是日期", row.fields[0])))?;
            let works = match row.fields[1] {
                "holiday" => false,
                "makeup_workday" => true,
                kind => return Err(wrong(format!("“{kind}”不是日子的种类；应为 holiday 或 makeup_workday"))),
            };
            if exceptions.insert(day, works).is_some() {
                return Err(wrong(format!("{day}重复")));
            }
        }
        Ok(Self::from_exceptions(&exceptions))
    }

    fn from_exceptions(exceptions: &BTreeMap<Date, bool>) -> Self {
        // Every notice names National Day; a year that only has a few days of its neighbour's notice is not covered.
        let named = exceptions.iter().filter(|(day, works)| day.month() == 10 && day.day() == 1 && !**works);
        let covered = named.map(|(day, _)| day.year()).collect();
        let first = exceptions.keys().next().map_or(0, |day| day_number(day.first_of_year()));
        let last = exceptions.keys().next_back().map_or(-1, |day| day_number(day.last_of_year()));
        let mut worked = vec![0];
        let mut count = 0;
        for day in first..=last {
            let works = exceptions.get(&day_at(day)).copied().unwrap_or(weekdays(day) > weekdays(day - 1));
            count += i64::from(works);
            worked.push(count);
        }
        Self { first, worked, covered }
    }

    /// Whether the official table of that year is known.
    pub fn covers(&self, year: i16) -> bool {
        self.covered.contains(&year)
    }

    /// A weekday that is no holiday, or a make-up working day.
    pub fn is_working_day(&self, date: Date) -> bool {
        let day = day_number(date);
        self.rank(day) > self.rank(day - 1)
    }

    /// The day that ends `n` working days; the start day does not count. `n` = 0 is the start day itself.
    pub fn working_days_after(&self, start: Date, n: u32) -> DueDay {
        let day = day_number(start);
        let at = day_at(self.reach(day, self.rank(day) + i64::from(n)));
        let counted = day_at(day + i64::from(n > 0));
        DueDay { at, nominal: at, provisional: self.is_provisional(counted, at) }
    }

    /// The day that ends `n` calendar days: the start day does not count (art. 201),
    /// and a last day that is a holiday or rest day moves to the next working day (art. 203).
    pub fn calendar_days_after(&self, start: Date, n: u32) -> DueDay {
        self.ending_on(day_at(day_number(start) + i64::from(n)))
    }

    /// The same, but a rest day moves to the working day before it.
    pub fn early_days_after(&self, start: Date, n: u32) -> DueDay {
        let day = day_number(start) + i64::from(n);
        // No rest lasts a month: the first day of the last month with as many working days is the last of them.
        let (at, nominal) = (day_at(self.reach(day - 31, self.rank(day))), day_at(day));
        DueDay { at, nominal, provisional: self.is_provisional(at, nominal) }
    }

    /// The day that ends `n` months: the same day of the month, or the month's last day where there is none (art. 202);
    /// moved to a working day like calendar days.
    pub fn months_after(&self, start: Date, n: u32) -> DueDay {
        let months = Span::new().try_months(n);
        self.ending_on(months.map_or(Date::MAX, |months| start.saturating_add(months)))
    }

    /// The date itself if it is a working day, otherwise the next working day.
    pub fn ending_on(&self, date: Date) -> DueDay {
        let day = day_number(date);
        let at = day_at(self.reach(day, self.rank(day - 1) + 1));
        DueDay { at, nominal: date, provisional: self.is_provisional(date, at) }
    }

    /// How many working days remain after `from` until the end of `to`: 0 on the last day, negative when overdue.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        self.rank(day_number(to)) - self.rank(day_number(from))
    }

    /// A count of working days that grows by one on each of them; outside the table on every weekday.
    fn rank(&self, day: i64) -> i64 {
        let length = self.worked.len() as i64 - 1;
        let end = self.first + length;
        if day < self.first {
            weekdays(day) - weekdays(self.first - 1)
        } else if day < end {
            self.worked[(day - self.first + 1) as usize]
        } else {
            self.worked[length as usize] + weekdays(day) - weekdays(end - 1)
        }
    }

    /// The first day from `day` on whose rank is at least `goal`.
    fn reach(&self, day: i64, goal: i64) -> i64 {
        let mut width = 16;
        while self.rank(day + width) < goal {
            width *= 2;
        }
        let (mut low, mut high) = (day, day + width);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.rank(middle) >= goal {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    fn is_provisional(&self, from: Date, to: Date) -> bool {
        (from.year()..=to.year()).any(|year| !self.covers(year))
    }
}

/// The Monday from which days are counted.
const MONDAY: Date = date(1970, 1, 5);

fn day_number(date: Date) -> i64 {
    MONDAY.duration_until(date).as_hours() / 24
}

/// The day with that number; beyond the last representable date, that date.
fn day_at(number: i64) -> Date {
    MONDAY.saturating_add(SignedDuration::from_hours(number.saturating_mul(24)))
}

/// Weekdays (Monday to Friday) from the counting Monday up to and including the day; negative before it.
fn weekdays(day: i64) -> i64 {
    day.div_euclid(7) * 5 + (day.rem_euclid(7) + 1).min(5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn official() -> Calendar {
        Calendar::parse(include_str!("../../../reference/calendar/holidays-2004-2026.csv")).unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn follows_the_official_table() {
        let calendar = official();
        assert!(calendar.covers(2004) && calendar.covers(2026) && !calendar.covers(2027) && !calendar.covers(2003));
        // National Day 2025: eight days off, 28 September and 11 October worked.
        assert!(calendar.is_working_day(day("2025-09-28")) && calendar.is_working_day(day("2025-10-11")));
        assert!(!calendar.is_working_day(day("2025-10-01")) && !calendar.is_working_day(day("2025-10-08")));
        for (start, n, due) in [
            ("2010-01-10", 3, "2010-01-13"),
            ("2015-06-11", 3, "2015-06-16"),
            ("2026-03-23", 30, "2026-05-08"),
            ("2025-03-08", 20, "2025-04-07"),
            ("2025-10-04", 0, "2025-10-04"),
        ] {
            let expected = DueDay { at: day(due), nominal: day(due), provisional: false };
            assert_eq!(calendar.working_days_after(day(start), n), expected);
        }
    }

    #[test]
    fn marks_unpublished_years() {
        let calendar = official();
        assert!(!calendar.working_days_after(day("2026-12-30"), 1).provisional);
        let due = calendar.working_days_after(day("2026-12-31"), 5);
        assert_eq!(due, DueDay { at: day("2027-01-07"), nominal: day("2027-01-07"), provisional: true });
        assert!(!calendar.working_days_after(day("2003-12-31"), 5).provisional);
        assert!(calendar.working_days_after(day("2003-12-30"), 5).provisional);
        assert!(calendar.working_days_after(day("2026-12-31"), u32::MAX).provisional);
        let weekends = Calendar::parse("date,kind,name\n").unwrap();
        assert_eq!(weekends.working_days_after(day("2026-09-30"), 3).at, day("2026-10-05"));
    }

    #[test]
    fn calendar_limits_move_to_a_working_day() {
        let calendar = official();
        let moved = calendar.calendar_days_after(day("2025-09-25"), 7);
        assert_eq!(moved, DueDay { at: day("2025-10-09"), nominal: day("2025-10-02"), provisional: false });
        let kept = calendar.calendar_days_after(day("2025-10-04"), 7);
        assert_eq!(kept, DueDay { at: day("2025-10-11"), nominal: day("2025-10-11"), provisional: false });
        assert_eq!(calendar.months_after(day("2025-01-31"), 1).at, day("2025-02-28"));
        assert_eq!(calendar.months_after(day("2024-11-30"), 3).at, day("2025-02-28"));
        assert_eq!(calendar.months_after(day("2025-04-01"), 6).at, day("2025-10-09"));
        assert_eq!(calendar.months_after(day("2025-04-01"), u32::MAX).at, Date::MAX);
        assert_eq!(calendar.calendar_days_after(day("2025-04-01"), u32::MAX).at, Date::MAX);
    }

    #[test]
    fn counts_what_remains() {
        let calendar = official();
        assert_eq!(calendar.working_days_between(day("2025-09-26"), day("2025-10-09")), 4);
        assert_eq!(calendar.working_days_between(day("2025-10-09"), day("2025-10-09")), 0);
        assert_eq!(calendar.working_days_between(day("2025-10-10"), day("2025-10-09")), -1);
    }

    #[test]
    fn refuses_a_wrong_table() {
        let refused = |row: &str| Calendar::parse(&format!("date,kind,name\n{row}\n")).unwrap_err().to_string();
        assert_eq!(refused("2026-02-30,holiday,x"), "参考数据第2行：“2026-02-30”不是日期");
        assert_eq!(refused("2026-02-03,rest,x"), "参考数据第2行：“rest”不是日子的种类；应为 holiday 或 makeup_workday");
        assert_eq!(refused("2026-02-03,holiday,x\n2026-02-03,holiday,x"), "参考数据第3行：2026-02-03重复");
    }

    proptest! {
        #[test]
        fn working_days_agree_with_counting(offset in -1_000..12_000i64, n in 0..300u32) {
            let calendar = official();
            let start = day_at(day_number(day("2003-01-01")) + offset);
            let due = calendar.working_days_after(start, n).at;
            let mut expected = start;
            let mut left = n;
            while left > 0 {
                expected = expected.tomorrow().unwrap();
                left -= u32::from(calendar.is_working_day(expected));
            }
            prop_assert_eq!(due, expected);
            prop_assert_eq!(calendar.working_days_between(start, due), i64::from(n));
            prop_assert_eq!(calendar.working_days_between(due, start), -i64::from(n));
        }

        #[test]
        fn limits_are_monotone(offset in 0..9_000i64, n in 0..200u32) {
            let calendar = official();
            let start = day_at(day_number(day("2003-01-01")) + offset);
            prop_assert!(calendar.working_days_after(start, n).at <= calendar.working_days_after(start, n + 1).at);
            let later = start.tomorrow().unwrap();
            prop_assert!(calendar.working_days_after(start, n + 1).at <= calendar.working_days_after(later, n + 1).at);
            prop_assert!(calendar.calendar_days_after(start, n).at <= calendar.calendar_days_after(later, n).at);
            prop_assert!(calendar.is_working_day(calendar.calendar_days_after(start, n).at));
        }
    }
}
