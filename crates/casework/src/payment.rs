//! Payments of a batch, as the journal holds them: lines of a roster, instructions to banks, and what banks answer.
//!
//! They stand in streams of their own, slice by slice, because a batch has more of them than a case can carry.
//! Records of a journal: once released, a variant keeps its meaning; new fields have defaults.

use base::{DateTime, Fen, Month, RegionCode};
use ledger::Source;
use serde::{Deserialize, Serialize};

/// What happens to many payments at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "batch", rename_all = "snake_case")]
pub enum Batch {
    /// Lines of a roster for a month, frozen at a moment; and what turned out to have been paid too much.
    Rostered { run: String, month: Month, frozen: DateTime, lines: Vec<Line>, overpaid: Vec<Overpaid> },
    /// What the lines `first` to `last` owe becomes payable, out of the year's appropriations.
    Committed { run: String, first: u32, last: u32 },
    /// Instructions are made; their amounts are set aside until the bank answers.
    Instructed { run: String, instructions: Vec<Instruction> },
    /// What a bank says of instructions.
    Answered { answers: Vec<Answer> },
    /// Entries of a bank's statement, each with the instructions that it explains.
    Explained { entries: Vec<Explained> },
    /// Lines that came back and could not be paid go back to the appropriation, and are left to a later batch.
    Released { run: String, lines: Vec<u32> },
    /// The roster is made anew: what was listed is void.
    Discarded { run: String },
    /// Payments are drawn at random to be checked: the seed, how many there were, and which lines they are.
    Drawn { run: String, seed: String, of: u32, lines: Vec<u32> },
}

/// What somebody gets by one batch for one entitlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub seq: u32,
    /// The first case of the chain by which it is held, and the last one, which says what is paid.
    pub root: String,
    pub case: String,
    /// 标识 of service and entitlement.
    pub service: String,
    pub entitlement: String,
    /// What it is booked under.
    pub programme: String,
    pub region: RegionCode,
    /// Whose it is: the name and citizen number of the first who holds it.
    pub holder: String,
    pub number: String,
    /// Into whose account it goes; why it is not the holder's own stands in `reason`.
    pub payee: String,
    pub payee_number: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub bank: String,
    pub account: String,
    pub month: Month,
    /// What it is made of: for the month itself and for earlier ones (补发). Deductions are negative.
    pub parts: Vec<Part>,
    pub total: Fen,
    /// Which source bears how much; the sum is the total.
    pub shares: Vec<(Source, i64)>,
    /// How many decisions of the chain it follows from: the next batch sees by it whether there were more since.
    #[serde(default)]
    pub decisions: u32,
    /// How many lines of other batches for the same month it was reckoned with: more of them would be paid twice.
    #[serde(default)]
    pub beside: u32,
    /// How many people the entitlement is for in this month.
    #[serde(default)]
    pub people: u32,
    /// What the batch before had; `None` for who was not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Fen>,
    /// What stands out, each a name of 异常.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Why it is not paid by this batch.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held: String,
}

/// 标识 of the register whose rows are what rosters found to have been paid too much; a claim is a case about a row.
pub const OVERPAID: &str = "overpaid";

/// 标识 of the register whose rows are the payments that were drawn to be checked.
pub const DRAWN: &str = "drawn_payment";

/// 标识 of the register of rates that cases set.
pub const RATE: &str = "rate";

/// 标识 of the register of what was found of them; a row has the key of the payment's row.
pub const VERIFIED: &str = "verified_payment";

/// 标识 of the register whose rows are what banks did not pay: what came back, and what nobody has answered.
pub const UNPAID: &str = "unpaid";

/// 标识 of the register of claims (追缴): who owes what, and how it is given back.
pub const CLAIM: &str = "claim";

/// 标识 of the register of debts, which nobody writes: it is what the ledger says.
pub const RECEIVABLE: &str = "receivable";

/// The registers that the bureau fills in by itself: no file brings rows into them.
pub const DERIVED: [&str; 4] = [DRAWN, OVERPAID, RECEIVABLE, UNPAID];

/// What somebody was paid for a month beyond what decisions that are known now give: never set off without a decision.
/// With nothing, a month that was found before is right again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overpaid {
    /// The key of the row in the register.
    #[serde(default)]
    pub key: String,
    pub root: String,
    pub service: String,
    pub entitlement: String,
    pub month: Month,
    pub fen: Fen,
}

/// A part of a line: a component of an entitlement for a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub month: Month,
    pub fen: Fen,
    /// The debt for which it is kept back (抵扣); then the amount is negative, and what the line pays for is not less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt: Option<Debt>,
}

/// Whose debt, by the number by which the ledger knows the person, for what it was paid, and the year of the claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Debt {
    pub owner: String,
    pub programme: String,
    pub year: i16,
}

impl Debt {
    /// The key of its rows: in the register of debts, and in that of claims, which says how it is given back.
    pub fn key(&self) -> String {
        [self.owner.as_str(), &self.programme, &self.year.to_string()].join(" · ")
    }
}

/// An order to a bank. Its id is made before it is sent and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// At most 35 letters, digits and `-`, as ISO 20022 has it.
    pub id: String,
    /// Lines of the batch that it pays: all that one person gets into one account.
    pub lines: Vec<u32>,
    pub payee: String,
    pub bank: String,
    pub account: String,
    pub amount: Fen,
    /// The instruction that came back and is sent anew.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub again: String,
}

/// What a bank says of an instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub id: String,
    pub outcome: Outcome,
    /// Why not (PAY-04), as 标识 of the list; empty for what was paid.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Paid,
    /// Never left the bureau's account.
    Failed,
    /// Was paid and came back.
    Returned,
}

/// An entry of a statement with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The bank's own reference: the same entry is never taken twice.
    pub reference: String,
    /// What left the account is positive, what came back negative.
    pub amount: Fen,
    pub instructions: Vec<String>,
}

impl Line {
    /// The sum of the parts; differs from the total of no line.
    pub fn sum(&self) -> Fen {
        Fen(self.parts.iter().map(|part| part.fen.0).sum())
    }
}
