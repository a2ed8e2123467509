//! When people of the demo county do things: in office hours on working days, citizens at any waking hour.

use base::{Calendar, Date, DateTime};
use jiff::Span;

use super::dice::Dice;

/// Some minute of the office hours of a day: 8:30 to 11:50, 14:30 to 17:30.
pub fn office_hour(day: Date, dice: &mut Dice) -> DateTime {
    let minute = dice.below(200 + 180);
    let of_day = if minute < 200 { 8 * 60 + 30 + minute } else { 14 * 60 + 30 + minute - 200 };
    at_minute(day, of_day, dice)
}

/// Some waking hour before the office opens at eight, or of the whole day.
pub fn waking_hour(day: Date, early: bool, dice: &mut Dice) -> DateTime {
    let of_day = if early { dice.between(6 * 60, 7 * 60 + 55) } else { dice.between(6 * 60, 22 * 60) };
    at_minute(day, of_day, dice)
}

fn at_minute(day: Date, minute: u32, dice: &mut Dice) -> DateTime {
    day.at((minute / 60) as i8, (minute % 60) as i8, dice.below(60) as i8, 0)
}

/// Office hours that many working days later; with 0 within the hour, or when the office opens again.
pub fn after_working_days(calendar: &Calendar, from: DateTime, days: u32, dice: &mut Dice) -> DateTime {
    if days > 0 {
        return office_hour(calendar.working_days_after(from.date(), days).at, dice);
    }
    let soon = from.saturating_add(Span::new().minutes(dice.between(12, 70)));
    let open = calendar.is_working_day(soon.date()) && (8..18).contains(&soon.hour()) && soon.date() == from.date();
    if open {
        return soon;
    }
    let next = if from.hour() < 8 { from.date() } else { days_later(from.date(), 1) };
    office_hour(calendar.ending_on(next).at, dice)
}

pub fn days_later(day: Date, days: u32) -> Date {
    day.saturating_add(Span::new().days(days))
}

pub fn days_earlier(day: Date, days: u32) -> Date {
    day.saturating_sub(Span::new().days(days))
}
