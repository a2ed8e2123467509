//! The clocks of the law: how long a step may take, when it is due and why.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, DueDay};
use crate::dates::{format_date, format_datetime};
use crate::typed::tidy;

/// A time limit as a guide writes it; stored as that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Clock {
    /// 即时: before the end of the day, or of the next working day if it begins on a rest day.
    Immediate,
    /// Runs through nights and holidays, to the minute.
    Hours(u32),
    Days(u32),
    /// 不顺延: the last day stays even if it is a rest day; none is that very day.
    FixedDays(u32),
    /// 前移: a last day that is a rest day moves to the working day before it, as payments do (先发后休).
    EarlyDays(u32),
    WorkingDays(u32),
    Months(u32),
    /// Counted back from an event, such as an election; the clock starts at the event.
    Before {
        days: u32,
    },
    /// `至 05-31`: a day of the year, the first that comes; it stays even if it is a rest day.
    Until {
        month: i8,
        day: i8,
    },
    /// `至 08:00`: a time of the day, the first that comes.
    UntilTime {
        hour: i8,
        minute: i8,
    },
}

/// A text that is no time limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}”不是时限；应写成“3个工作日”“7天”“2小时”“6个月”“1年”“15日前移”“20日前”“至 05-31”“至 08:00”或“即时”")]
pub struct ClockError(pub String);

/// When a clock ends, and how that was computed, so that a clerk can explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last moment that is still in time; clocks of days end with their day at 23:59:59.
    pub at: DateTime,
    /// The holidays of a year that it reaches are not known: the day may still move.
    pub provisional: bool,
    /// The last day was a rest day and the clock ends on the next working day.
    pub shifted: bool,
    /// One Chinese sentence, for example `自2026年9月22日次日起算20个工作日`.
    pub explained: String,
}

impl Clock {
    /// `None` unless the text is one of the forms that `ClockError` lists, with a number from 1 to 9999;
    /// `日` may stand for `天`, and `内` or `以内` may follow.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = tidy(text).split_whitespace().collect();
        let text = text.strip_suffix("以内").or(text.strip_suffix('内')).unwrap_or(&text);
        if matches!(text, "即时" | "当场" | "当日") {
            return Some(Self::Immediate);
        }
        if text == "当日不顺延" {
            return Some(Self::FixedDays(0));
        }
        if let Some(end) = text.strip_prefix('至') {
            let day = || format!("2024-{end}").parse::<Date>().ok();
            let time = || format!("{end}:00").parse::<jiff::civil::Time>().ok();
            let day = day().map(|day| Self::Until { month: day.month(), day: day.day() });
            return day.or_else(|| time().map(|time| Self::UntilTime { hour: time.hour(), minute: time.minute() }));
        }
        if let Some(days) = text.strip_suffix("前移") {
            let Self::Days(n) = Self::parse(days)? else { return None };
            return Some(Self::EarlyDays(n));
        }
        let (text, fixed) = text.strip_suffix("不顺延").map_or((text, false), |text| (text, true));
        let (text, back) = match text.strip_prefix("提前").or(text.strip_prefix('前')) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let n = digits.parse().ok().filter(|n| (1..=9999).contains(n))?;
        Some(match unit {
            "天" | "日" if back => Self::Before { days: n },
            "天前" | "日前" if !back => Self::Before { days: n },
            _ if back => return None,
            "天" | "日" if fixed => Self::FixedDays(n),
            _ if fixed => return None,
            "个工作日" | "工作日" => Self::WorkingDays(n),
            "天" | "日" | "个自然日" | "自然日" => Self::Days(n),
            "小时" | "个小时" => Self::Hours(n),
            "个月" => Self::Months(n),
            "年" => Self::Months(n * 12),
            _ => return None,
        })
    }

    /// When the clock ends that started at `start` (for `Before`: the clock of an event at `start`).
    /// A limit beyond the last representable date ends there.
    pub fn due(&self, start: DateTime, calendar: &Calendar) -> Due {
        let day = start.date();
        let from = format!("自{}次日起算{self}", format_date(day));
        match *self {
            Self::Immediate => on_day(calendar.ending_on(day), format!("{}即时办理", format_date(day))),
            Self::Hours(n) => Due {
                at: start.saturating_add(SignedDuration::from_hours(n.into())),
                provisional: false,
                shifted: false,
                explained: format!("自{}起算{self}，夜间和节假日不停", format_datetime(start)),
            },
            Self::Days(n) => on_day(calendar.calendar_days_after(day, n), from),
            Self::FixedDays(0) => {
                let explained = format!("{}当日，休息日也算", format_date(day));
                Due { at: end_of_day(day), provisional: false, shifted: false, explained }
            }
            Self::FixedDays(n) => {
                let at = day.saturating_add(jiff::Span::new().try_days(n).unwrap_or_default());
                Due { at: end_of_day(at), provisional: false, shifted: false, explained: from }
            }
            Self::EarlyDays(n) => early(calendar.early_days_after(day, n), from),
            Self::WorkingDays(n) => on_day(calendar.working_days_after(day, n), from),
            Self::Months(n) => on_day(calendar.months_after(day, n), from),
            Self::Before { days } => before(day, days),
            Self::Until { month, day: last } => {
                let in_year = |year: i16| {
                    let first = Date::new(year, month, 1).unwrap_or(day);
                    first.with().day(last.min(first.days_in_month())).build().unwrap_or(first)
                };
                let at = Some(in_year(day.year())).filter(|at| *at >= day).unwrap_or_else(|| in_year(day.year() + 1));
                let explained = format!("最迟{}，遇休息日不顺延", format_date(at));
                Due { at: end_of_day(at), provisional: false, shifted: false, explained }
            }
            Self::UntilTime { hour, minute } => {
                let today = day.at(hour, minute, 0, 0);
                let tomorrow = || day.tomorrow().unwrap_or(day).at(hour, minute, 0, 0);
                let at = if today > start { today } else { tomorrow() };
                let explained = format!("最迟{}，休息日也算", format_datetime(at));
                Due { at, provisional: false, shifted: false, explained }
            }
        }
    }
}

/// The end of the day, and what moved it or may still move it.
fn on_day(due: DueDay, mut explained: String) -> Due {
    let shifted = due.at != due.nominal;
    if shifted {
        explained += &format!("，{}是休息日，顺延至{}", format_date(due.nominal), format_date(due.at));
    }
    if due.provisional {
        explained += "（所涉年份的节假日安排尚未公布，暂按周末推算）";
    }
    Due { at: end_of_day(due.at), provisional: due.provisional, shifted, explained }
}

/// The end of the working day that comes before the rest days which the last day fell into.
fn early(due: DueDay, mut explained: String) -> Due {
    let shifted = due.at != due.nominal;
    if shifted {
        let (nominal, at) = (format_date(due.nominal), format_date(due.at));
        explained = format!("{}，{nominal}是休息日，提前到{at}", explained.trim_end_matches("前移"));
    }
    Due { shifted, ..on_day(DueDay { nominal: due.at, ..due }, explained) }
}

/// The stricter of the two readings of "20日前": neither the day of the event nor the day of the act counts.
/// Not moved by rest days, because the Civil Code extends limits and shortens none.
fn before(event: Date, days: u32) -> Due {
    let back = |days: u32| event.saturating_sub(SignedDuration::from_hours(24 * i64::from(days)));
    let strict = back(days.saturating_add(1));
    let explained = format!(
        "在{}的{days}日前：两头的日子都不计，最迟{}（只除去当日的算法为{}）",
        format_date(event),
        format_date(strict),
        format_date(back(days)),
    );
    Due { at: end_of_day(strict), provisional: false, shifted: false, explained }
}

fn end_of_day(date: Date) -> DateTime {
    date.at(23, 59, 59, 0)
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Immediate => f.write_str("即时"),
            Self::Hours(n) => write!(f, "{n}小时"),
            Self::Days(n) => write!(f, "{n}日"),
            Self::FixedDays(0) => f.write_str("当日不顺延"),
            Self::FixedDays(n) => write!(f, "{n}日不顺延"),
            Self::EarlyDays(n) => write!(f, "{n}日前移"),
            Self::WorkingDays(n) => write!(f, "{n}个工作日"),
            Self::Months(n) if n > 0 && n.is_multiple_of(12) => write!(f, "{}年", n / 12),
            Self::Months(n) => write!(f, "{n}个月"),
            Self::Before { days } => write!(f, "{days}日前"),
            Self::Until { month, day } => write!(f, "至 {month:02}-{day:02}"),
            Self::UntilTime { hour, minute } => write!(f, "至 {hour:02}:{minute:02}"),
        }
    }
}

impl FromStr for Clock {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, ClockError> {
        Self::parse(text).ok_or_else(|| ClockError(text.to_owned()))
    }
}

impl TryFrom<String> for Clock {
    type Error = ClockError;

    fn try_from(text: String) -> Result<Self, ClockError> {
        text.parse()
    }
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        clock.to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn official() -> Calendar {
        Calendar::parse(include_str!("../../../reference/calendar/holidays-2004-2026.csv")).unwrap()
    }

    #[test]
    fn reads_what_guides_write() {
        use Clock::*;
        let cases = [
            ("即时", Immediate),
            ("3个工作日", WorkingDays(3)),
            ("20 个工作日内", WorkingDays(20)),
            ("７天", Days(7)),
            ("7日", Days(7)),
            ("30日不顺延", FixedDays(30)),
            ("15日前移", EarlyDays(15)),
            ("前 20日", Before { days: 20 }),
            ("当日", Immediate),
            ("当日不顺延", FixedDays(0)),
            ("60日以内", Days(60)),
            ("2小时", Hours(2)),
            ("至 05-31", Until { month: 5, day: 31 }),
            ("至 08:00", UntilTime { hour: 8, minute: 0 }),
            ("6个月", Months(6)),
            ("2年", Months(24)),
            ("20日前", Before { days: 20 }),
            ("提前10天", Before { days: 10 }),
        ];
        for (text, clock) in cases {
            assert_eq!(Clock::parse(text), Some(clock), "{text}");
        }
        for text in
            ["", "3", "0天", "-3天", "3月", "三天", "10000天", "99999999999天", "天", "提前3个月", "提前3天前", "3周"]
        {
            assert_eq!(Clock::parse(text), None, "{text}");
        }
    }

    /// 2026-09-20 is a Sunday, made a working day; 2026-12-20 is a Sunday; 2026-10-01 to 07 are rest days.
    #[test]
    fn what_is_paid_is_paid_before_the_rest_days() {
        let due = |day: Date, n| Clock::EarlyDays(n).due(day.at(9, 0, 0, 0), &official());
        assert_eq!(due(date(2026, 11, 5), 15).at, date(2026, 11, 20).at(23, 59, 59, 0));
        let december = due(date(2026, 12, 5), 15);
        assert_eq!((december.at, december.shifted), (date(2026, 12, 18).at(23, 59, 59, 0), true));
        assert_eq!(december.explained, "自2026年12月5日次日起算15日，2026年12月20日是休息日，提前到2026年12月18日");
        assert_eq!(due(date(2026, 9, 20), 15).at.date(), date(2026, 9, 30), "before the holidays, not after them");
        assert_eq!(due(date(2026, 9, 5), 15).at.date(), date(2026, 9, 20), "a Sunday that is worked");
    }

    #[test]
    fn ends_and_explains() {
        let calendar = official();
        let start = date(2025, 9, 25).at(10, 30, 0, 0);
        let due = |text: &str| text.parse::<Clock>().unwrap().due(start, &calendar);
        let ended = due("3个工作日");
        assert_eq!((ended.at, ended.shifted), (date(2025, 9, 29).at(23, 59, 59, 0), false));
        assert_eq!(ended.explained, "自2025年9月25日次日起算3个工作日");
        let ended = due("7天");
        assert_eq!((ended.at, ended.shifted), (date(2025, 10, 9).at(23, 59, 59, 0), true));
        assert_eq!(ended.explained, "自2025年9月25日次日起算7日，2025年10月2日是休息日，顺延至2025年10月9日");
        let ended = due("2小时");
        assert_eq!(ended.at, date(2025, 9, 25).at(12, 30, 0, 0));
        assert_eq!(ended.explained, "自2025年9月25日 10:30起算2小时，夜间和节假日不停");
        assert_eq!(due("即时").at, date(2025, 9, 25).at(23, 59, 59, 0));
        let ended = due("20日前");
        assert_eq!(ended.at, date(2025, 9, 4).at(23, 59, 59, 0));
        assert_eq!(
            ended.explained,
            "在2025年9月25日的20日前：两头的日子都不计，最迟2025年9月4日（只除去当日的算法为2025年9月5日）"
        );
        let ended = due("2年");
        assert!(ended.provisional);
        assert_eq!(
            ended.explained,
            "自2025年9月25日次日起算2年，2027年9月25日是休息日，顺延至2027年9月27日（所涉年份的节假日安排尚未公布，暂按周末推算）"
        );
    }

    #[test]
    fn an_immediate_step_waits_for_a_working_day() {
        let due = Clock::Immediate.due(date(2025, 10, 1).at(21, 0, 0, 0), &official());
        assert_eq!((due.at, due.shifted), (date(2025, 10, 9).at(23, 59, 59, 0), true));
    }

    proptest! {
        #[test]
        fn text_survives(kind in 0..6u8, n in 1..9999u32) {
            let clock = match kind {
                0 => Clock::Immediate,
                1 => Clock::Hours(n),
                2 => Clock::Days(n),
                3 => Clock::WorkingDays(n),
                4 => Clock::Months(n),
                _ => Clock::Before { days: n },
            };
            prop_assert_eq!(Clock::parse(&clock.to_string()), Some(clock));
        }

        #[test]
        fn no_size_breaks_it(n in any::<u32>()) {
            let (start, calendar) = (date(2026, 1, 31).at(12, 0, 0, 0), official());
            let clocks = [Clock::Hours(n), Clock::Days(n), Clock::WorkingDays(n), Clock::Months(n)];
            for clock in clocks {
                prop_assert!(clock.due(start, &calendar).at >= start);
            }
            let before = Clock::Before { days: n };
            prop_assert!(before.due(start, &calendar).at < start);
        }
    }
}
