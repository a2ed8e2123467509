//! A calendar month: the period of payrolls, re-checks and statistics.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A month of the years 1 to 9999, ordered in time; stored as `2026-03`, shown as `2026年3月`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    /// Months since January of the year 0.
    index: i32,
}

/// A text that names no month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}”不是月份；应写成“2026-03”的样子")]
pub struct MonthError(pub String);

const FIRST: i32 = 12;
const LAST: i32 = 9999 * 12 + 11;

impl Month {
    /// `None` unless the year is 1 to 9999 and the month 1 to 12.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        let within = (1..=9999).contains(&year) && (1..=12).contains(&month);
        within.then(|| Self { index: i32::from(year) * 12 + i32::from(month) - 1 })
    }

    /// The month that holds a date; a date before the year 1 counts as the first month.
    pub fn of(date: Date) -> Self {
        Self::at(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    pub fn year(self) -> i16 {
        (self.index / 12) as i16
    }

    /// 1 to 12.
    pub fn month(self) -> i8 {
        (self.index % 12 + 1) as i8
    }

    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// `n` months later, or earlier when `n` is negative; stays within the years 1 to 9999.
    pub fn plus(self, n: i32) -> Self {
        Self::at(self.index.saturating_add(n))
    }

    /// How many months lie from this one to `later`; negative when `later` is earlier.
    pub fn until(self, later: Self) -> i32 {
        later.index - self.index
    }

    pub fn first_day(self) -> Date {
        Date::constant(self.year(), self.month(), 1)
    }

    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    fn at(index: i32) -> Self {
        Self { index: index.clamp(FIRST, LAST) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}年{}月", self.year(), self.month())
    }
}

impl FromStr for Month {
    type Err = MonthError;

    /// Reads `2026-03`.
    fn from_str(text: &str) -> Result<Self, MonthError> {
        let wrong = || MonthError(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let plain =
            year.len() == 4 && month.len() == 2 && (year.bytes().chain(month.bytes())).all(|b| b.is_ascii_digit());
        if !plain {
            return Err(wrong());
        }
        let year = year.parse().map_err(|_| wrong())?;
        let month = month.parse().map_err(|_| wrong())?;
        Self::new(year, month).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, MonthError> {
        text.parse()
    }
}

impl From<Month> for String {
    /// `2026-03`.
    fn from(month: Month) -> Self {
        format!("{:04}-{:02}", month.year(), month.month())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_shows_and_stores() {
        let march: Month = "2026-03".parse().unwrap();
        assert_eq!(march.to_string(), "2026年3月");
        assert_eq!(serde_json::to_string(&march).unwrap(), "\"2026-03\"");
        assert_eq!(serde_json::from_str::<Month>("\"2026-03\"").unwrap(), march);
        for text in ["2026-13", "2026-00", "2026-3", "2026", "", "+026-03", "0000-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_its_days() {
        let february = Month::of(date(2024, 2, 10));
        assert_eq!((february.first_day(), february.last_day()), (date(2024, 2, 1), date(2024, 2, 29)));
        assert_eq!(Month::new(2025, 12).unwrap().next(), Month::new(2026, 1).unwrap());
        assert_eq!(february.until(Month::new(2025, 1).unwrap()), 11);
    }

    proptest! {
        #[test]
        fn plus_goes_back(index in 12_000..36_000i32, n in -1_000..1_000i32) {
            let month = Month::at(index);
            prop_assert_eq!(month.plus(n).plus(-n), month);
            prop_assert_eq!(month.until(month.plus(n)), n);
            prop_assert_eq!(Month::of(month.last_day()), month);
            prop_assert_eq!(String::from(month).parse(), Ok(month));
        }
    }
}
