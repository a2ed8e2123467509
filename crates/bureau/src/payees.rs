//! Into whose account somebody is paid, as the register of accounts has it.

use base::{Date, RegionCode};
use casework::event::RegisterRow;
use casework::{Datum, Query, registers};
use guide::model::Register;

/// 标识 of the register.
const REGISTER: &str = "bank_account";

/// The account into which somebody is paid.
pub(crate) struct PayeeAccount {
    pub holder: String,
    pub bank: String,
    pub account: String,
    /// Why the holder is somebody else; empty for one's own account.
    pub reason: String,
    pub since: Date,
}

/// Asks for accounts by a column: `person` or `account`.
pub(crate) fn query(column: &str, values: Vec<String>, on: Date) -> Query {
    Query { register: REGISTER.to_owned(), column: column.to_owned(), values, on }
}

/// The account that a row registers.
pub(crate) fn account(row: &RegisterRow) -> PayeeAccount {
    let text = |column: &str| row.columns.get(column).and_then(Datum::text).unwrap_or_default().to_owned();
    let relation = text("relation");
    let reason = if relation == "本人" { String::new() } else { format!("{relation} {}", text("reason")) };
    PayeeAccount {
        holder: text("holder"),
        bank: text("bank"),
        account: text("account"),
        reason: reason.trim().to_owned(),
        since: row.from,
    }
}

/// The last digits of an account: enough to know a card by, and no more.
pub(crate) fn last_digits(account: &str) -> String {
    let digits: Vec<char> = account.chars().collect();
    digits[digits.len().saturating_sub(4)..].iter().collect()
}

/// A row of a register that the bureau fills in by itself; what is empty is left out.
pub(crate) fn derived_row<const N: usize>(
    register: &Register,
    day: Date,
    region: RegionCode,
    columns: [(&str, Datum); N],
) -> RegisterRow {
    let told = columns.into_iter().filter(|(_, datum)| datum.text() != Some(""));
    registers::row(register, day, region, told.map(|(key, datum)| (key.to_owned(), datum)).collect())
}
