//! Into whose account somebody is paid, as the register of accounts has it.

use base::Date;
use casework::event::RegisterRow;
use casework::{Datum, Query};

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
