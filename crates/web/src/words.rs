//! How the pages speak of time, places and sums.

use base::{Calendar, Date, DateTime, format_date};

/// How much time is left, in words, with the mark that carries it in colour and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Class of the mark: `late`, `today`, `soon` or `plain`.
    pub class: &'static str,
    /// Shape for those who do not see the colour.
    pub shape: &'static str,
    pub text: String,
}

/// Beyond so many working days the date says more than the count.
const COUNTED_DAYS: i64 = 45;

/// `已超期2个工作日`, `今天到期`, `还剩3个工作日`; far days by their date.
pub fn remaining(calendar: &Calendar, now: DateTime, due: DateTime) -> Remaining {
    let (today, last) = (now.date(), due.date());
    if now > due {
        return Remaining { class: "late", shape: "▲", text: overdue(calendar, today, last) };
    }
    if today == last {
        let whole_day = (due.hour(), due.minute()) == (23, 59);
        let time = if whole_day { String::new() } else { format!("{:02}:{:02}", due.hour(), due.minute()) };
        return Remaining { class: "today", shape: "●", text: format!("今天{time}到期") };
    }
    let working = calendar.working_days_between(today, last);
    let text = match working {
        ..=0 => format!("还剩{}天", days_between(today, last)),
        1..=COUNTED_DAYS => format!("还剩{working}个工作日"),
        _ => format!("{}到期", format_date(last)),
    };
    Remaining { class: if working <= 3 { "soon" } else { "plain" }, shape: "○", text }
}

fn overdue(calendar: &Calendar, today: Date, last: Date) -> String {
    match (calendar.working_days_between(last, today), days_between(last, today)) {
        (_, 0) => "今天已超期".to_owned(),
        (..=0, days) => format!("已超期{days}天"),
        (working, _) => format!("已超期{working}个工作日"),
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    let span = to.since(from).map(|span| i64::from(span.get_days()));
    // Two civil dates always have a difference in days; the fallback only satisfies the type.
    span.unwrap_or(0)
}

/// `2026-03-01`, as date inputs want it.
pub fn iso(date: Date) -> String {
    date.to_string()
}

/// Bytes as people read them: `320 KB`, `1.4 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} 字节"),
        1024..=1_048_575 => format!("{} KB", bytes / 1024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(now: (i8, i8), due: (i8, i8)) -> (&'static str, String) {
        let calendar = Calendar::parse("date,kind,name\n").unwrap_or_else(|e| panic!("{e}"));
        let now = Date::constant(2026, now.0, now.1).at(9, 0, 0, 0);
        let due = Date::constant(2026, due.0, due.1).at(23, 59, 59, 0);
        let found = remaining(&calendar, now, due);
        (found.class, found.text)
    }

    #[test]
    fn speaks_of_time_in_working_days() {
        // 2 March 2026 is a Monday.
        assert_eq!(says((3, 4), (3, 2)), ("late", "已超期2个工作日".to_owned()));
        assert_eq!(says((3, 8), (3, 6)), ("late", "已超期2天".to_owned()));
        assert_eq!(says((3, 4), (3, 4)), ("today", "今天到期".to_owned()));
        assert_eq!(says((3, 4), (3, 9)), ("soon", "还剩3个工作日".to_owned()));
        assert_eq!(says((3, 6), (3, 8)), ("soon", "还剩2天".to_owned()));
        assert_eq!(says((3, 4), (12, 1)), ("plain", "2026年12月1日到期".to_owned()));
    }

    #[test]
    fn sizes() {
        assert_eq!((size(12), size(2048), size(1_500_000)), ("12 字节".into(), "2 KB".into(), "1.4 MB".into()));
    }
}
