//! Fixtures of calendars, identity numbers and money: what `base` alone answers.

use base::{Calendar, CitizenNumber, Date, Decimal, NumberError, Sex, fen_to_yuan, split_by_weights, yuan_to_fen};

use super::{Row, same};

/// `start,working_days,due`: the start day does not count.
pub fn working_days(calendar: &Calendar, row: &Row) -> Result<(), String> {
    let start: Date = row.read("start")?;
    let due: Date = row.read("due")?;
    same("到期日", due, calendar.working_days_after(start, row.read("working_days")?).at)
}

/// `text,expect,normalised,birth,sex`, where `expect` is `ok`, `length`, `date` or `checksum`.
pub fn citizen_number(row: &Row) -> Result<(), String> {
    let expected = row.get("expect")?.trim();
    let number = match CitizenNumber::parse(row.get("text")?) {
        Ok(number) => number,
        Err(error) => return same("结论", expected, refusal(error)),
    };
    same("结论", expected, "ok")?;
    same("规范号码", row.get("normalised")?.trim(), number.as_str())?;
    same("出生日期", row.read::<Date>("birth")?, number.birth())?;
    let sex = match number.sex() {
        Sex::Male => "male",
        Sex::Female => "female",
    };
    same("性别", row.get("sex")?.trim(), sex)
}

fn refusal(error: NumberError) -> &'static str {
    match error {
        NumberError::Length => "length",
        NumberError::Date => "date",
        NumberError::Checksum => "checksum",
    }
}

/// `amount,weights,parts`: weights and parts are joined by `/`, amounts are yuan.
pub fn fund_split(row: &Row) -> Result<(), String> {
    let weights = decimals(row.get("weights")?)?;
    let amount = yuan_to_fen(row.read("amount")?).ok_or("金额不是整分")?;
    let parts = split_by_weights(amount, &weights).map_err(|e| e.to_string())?;
    let found: Vec<Decimal> = parts.into_iter().map(fen_to_yuan).collect();
    let expected = decimals(row.get("parts")?)?;
    if found == expected { Ok(()) } else { Err(format!("应分为{expected:?}，算得{found:?}")) }
}

fn decimals(text: &str) -> Result<Vec<Decimal>, String> {
    text.split('/').map(|part| part.trim().parse().map_err(|_| format!("“{part}”不是数"))).collect()
}
