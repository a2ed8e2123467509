//! Dates as people read and write them.

use jiff::civil::{Date, DateTime};

use crate::typed::tidy;

/// `2026年3月1日`.
pub fn format_date(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// `2026年3月1日 08:05`; seconds are not shown.
pub fn format_datetime(at: DateTime) -> String {
    format!("{} {:02}:{:02}", format_date(at.date()), at.hour(), at.minute())
}

/// Reads `2026-03-01`, `2026/3/1`, `2026.3.1`, `2026年3月1日` and `20260301`; anything else is `None`.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = tidy(text);
    if !text.chars().all(|c| c.is_ascii_digit() || "-/.年月日".contains(c)) {
        return None;
    }
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return civil(&text[..4], &text[4..6], &text[6..]);
    }
    let (year, month, day) = match text.strip_suffix('日') {
        Some(text) => {
            let (year, rest) = text.split_once('年')?;
            let (month, day) = rest.split_once('月')?;
            (year, month, day)
        }
        None => {
            let separator = ['-', '/', '.'].into_iter().find(|&c| text.contains(c))?;
            let mut parts = text.split(separator);
            let found = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() {
                return None;
            }
            found
        }
    };
    civil(year, month, day)
}

/// Full years (周岁) on a day, counted by birthdays; `None` before birth.
/// Whoever is born on 29 February turns a year older on 1 March of a common year.
pub fn age(birth: Date, on: Date) -> Option<u16> {
    let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
    u16::try_from(on.year() - birth.year() - i16::from(!had_birthday)).ok()
}

/// A year of four digits, a month and a day of one or two.
fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn writes_chinese() {
        assert_eq!(format_date(date(2026, 3, 1)), "2026年3月1日");
        assert_eq!(format_datetime(date(2026, 3, 1).at(8, 5, 59, 0)), "2026年3月1日 08:05");
    }

    #[test]
    fn reads_the_usual_forms() {
        for text in ["2026-03-01", "2026/3/1", "2026.3.1", "2026年3月1日", "20260301", " ２０２６－０３－０１ "]
        {
            assert_eq!(parse_date(text), Some(date(2026, 3, 1)), "{text}");
        }
        for text in ["", "2026-02-30", "26-3-1", "2026-3", "2026-3-1-1", "2026年3月", "明天", "2026-+3-1", "2026/3-1"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn counts_full_years() {
        assert_eq!(age(date(1966, 3, 2), date(2026, 3, 1)), Some(59));
        assert_eq!(age(date(1966, 3, 1), date(2026, 3, 1)), Some(60));
        assert_eq!(age(date(2008, 2, 29), date(2026, 2, 28)), Some(17));
        assert_eq!(age(date(2026, 3, 2), date(2026, 3, 1)), None);
        assert_eq!(age(date(2027, 3, 2), date(2026, 3, 1)), None);
    }
}
