//! Files and protocols of others, as pure bytes ↔ values: bank files of any shape, ISO 20022 messages.
//!
//! Whatever comes in may be anything: it is read whole or refused with the place and the reason, and never panics.
//!
//! Architecture invariant: no I/O; knows no case and no word of any service.

mod cells;
mod format;
mod iso;
mod iso_in;
pub mod sealed;
pub mod table;
pub mod workbook;

use base::{Date, Fen};

pub use format::{Column, Content, Encoding, Format, Shape, Side, Verdict};
pub use iso::{Debtor, pain_001};
pub use iso_in::read_message;

/// An order to pay, as a bank is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The id that the bank has to repeat in its answer.
    pub id: String,
    pub payee: String,
    pub account: String,
    /// The payee's bank as its format calls it.
    pub bank: String,
    pub amount: Fen,
    /// What the payee reads on the statement.
    pub purpose: String,
}

/// A file of payments with what stands in its first and last lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: String,
    /// What tells the file from other files of the batch: the same payments have the same, so that a bank takes them once.
    pub message: String,
    pub day: Date,
    pub payments: Vec<Payment>,
}

/// What a bank says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub id: String,
    pub result: Outcome,
    /// The reason in our own words' keys where the format knows it, otherwise as the bank wrote it.
    pub reason: String,
    /// Of how much, where the bank says it.
    pub amount: Option<Fen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Paid,
    Failed,
    Returned,
    /// The bank does not know yet: nothing may be sent again.
    Unknown,
}

/// An entry of a bank's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub reference: String,
    /// What left the account is positive, what came back negative.
    pub amount: Fen,
    /// The payments that it stands for, where the bank names them.
    pub payments: Vec<String>,
    /// The batch that it stands for, where the bank names it.
    pub batch: Option<String>,
}

/// What a message of a bank holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Replies(Vec<Reply>),
    Statement(Vec<Entry>),
    Refused(RefusedFile),
}

/// A file that a bank did not take, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedFile {
    /// Its message identification.
    pub message: String,
    /// The reason as in a reply.
    pub reason: String,
    /// The bank's own words.
    pub why: String,
}

/// Why a file is not taken in: each a Chinese sentence with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Unreadable(pub Vec<String>);

impl Unreadable {
    fn one(text: impl Into<String>) -> Self {
        Self(vec![text.into()])
    }
}

impl Batch {
    pub fn total(&self) -> Fen {
        Fen(self.payments.iter().map(|payment| payment.amount.0).sum())
    }
}
