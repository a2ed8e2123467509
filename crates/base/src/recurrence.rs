//! Days that come again: what a bureau has to begin by the calendar.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// When something is begun again and again. A day that a month does not have is its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// `每年 03-31`.
    Yearly { month: i8, day: i8 },
    /// `每季 末月10日`: the first, second or third month of each quarter.
    Quarterly { place: i8, day: i8 },
    /// `每月 1日`.
    Monthly { day: i8 },
    /// `每日 08:00`.
    Daily { hour: i8, minute: i8 },
}

impl Recurrence {
    /// `None` unless the text is one of the four forms.
    pub fn parse(text: &str) -> Option<Self> {
        let (every, rest) = text.trim().split_once(' ')?;
        let rest = rest.trim();
        let of_month = |text: &str| text.strip_suffix('日')?.parse().ok().filter(|day| (1..=31).contains(day));
        match every {
            "每年" => {
                let date: Date = format!("2024-{rest}").parse().ok()?;
                Some(Self::Yearly { month: date.month(), day: date.day() })
            }
            "每季" => {
                let (place, day) = rest.split_once('月')?;
                let place = ["首", "次", "末"].iter().position(|word| *word == place)?;
                Some(Self::Quarterly { place: place as i8, day: of_month(day)? })
            }
            "每月" => Some(Self::Monthly { day: of_month(rest)? }),
            "每日" => {
                let time: jiff::civil::Time = format!("{rest}:00").parse().ok()?;
                Some(Self::Daily { hour: time.hour(), minute: time.minute() })
            }
            _ => None,
        }
    }

    /// The moments after one and until another, in their order.
    pub fn between(self, after: DateTime, until: DateTime) -> Vec<DateTime> {
        let days = std::iter::successors(Some(after.date()), |day| day.checked_add(1.day()).ok());
        let days = days.take_while(|day| *day <= until.date()).filter(|day| self.is_on(*day));
        let (hour, minute) = if let Self::Daily { hour, minute } = self { (hour, minute) } else { (0, 0) };
        let moments = days.map(|day| day.at(hour, minute, 0, 0));
        moments.filter(|at| *at > after && *at <= until).collect()
    }

    fn is_on(self, date: Date) -> bool {
        let on = |day: i8| date.day() == day.min(date.days_in_month());
        match self {
            Self::Yearly { month, day } => date.month() == month && on(day),
            Self::Quarterly { place, day } => (date.month() - 1) % 3 == place && on(day),
            Self::Monthly { day } => on(day),
            Self::Daily { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(text: &str, after: &str, until: &str) -> Vec<String> {
        let moment = |text: &str| text.parse().unwrap();
        let found = Recurrence::parse(text).unwrap().between(moment(after), moment(until));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn moments_come_again_and_each_once() {
        let year = ("2026-01-01T00:00:00", "2026-12-31T23:59:59");
        assert_eq!(between("每年 03-31", year.0, year.1), ["2026-03-31T00:00:00"]);
        assert_eq!(between("每年 02-29", year.0, year.1), ["2026-02-28T00:00:00"]);
        let quarters = between("每季 末月10日", year.0, year.1);
        assert_eq!(
            quarters,
            ["2026-03-10T00:00:00", "2026-06-10T00:00:00", "2026-09-10T00:00:00", "2026-12-10T00:00:00"]
        );
        // The first of January has begun when the year has, so it is not after it.
        assert_eq!(between("每月 1日", year.0, year.1).len(), 11);
        assert_eq!(between("每月 31日", "2026-02-01T00:00:00", "2026-02-28T12:00:00"), ["2026-02-28T00:00:00"]);
        let days = between("每日 08:00", "2026-07-12T08:00:00", "2026-07-14T08:00:00");
        assert_eq!(days, ["2026-07-13T08:00:00", "2026-07-14T08:00:00"]);
        let wrong = ["每年 13-01", "每季 中月1日", "每月 32日", "每日 25:00", "每周 1", "提交"];
        assert!(wrong.iter().all(|text| Recurrence::parse(text).is_none()));
    }
}
