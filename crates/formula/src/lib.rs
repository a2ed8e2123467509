//! Formulas: text into a typed program, and a program over facts into values with their explanation.
//!
//! A strict, statically typed profile of DMN/FEEL with Chinese words: what it accepts means what FEEL says.
//! Shape: text → syntax with positions (`parse`) → typed plan (`check`) → evaluation (`eval`) → explanation (`explain`).
//! Invariant: evaluation is total and exact; overflow, division by zero and missing facts are outcomes with a reason.

mod builtins;
mod calculate;
mod call;
mod check;
mod choose;
mod columns;
mod cover;
mod environment;
mod eval;
mod explain;
mod finding;
mod format;
mod kinds;
mod lacking;
mod needs;
mod number;
mod operate;
mod parse;
mod plan;
mod print;
mod program;
mod reference;
mod syntax;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod token;
mod types;
mod unit;
mod value;
mod words;

pub use columns::{
    Assessed, Column, Data, OutcomeData, Outcomes, Population, Rows, UNKNOWN, Words, assess, month_at, month_index,
    outcome_of, packed, unpacked,
};
pub use environment::{Environment, ListName, ParameterName, RegisterName, ValueName};
pub use eval::{Assessment, Rate, RateRequest, Rates};
pub use explain::{Explained, Explanation};
pub use finding::{Finding, nearest};
pub use format::{format_cell, format_formulas};
pub use lacking::{Lack, Place};
pub use needs::Need;
pub use number::{ROUNDINGS, Rational, exact_decimal, parse_decimal, round_to_fen, shown, shown_yuan};
pub use program::{Block, Content, Definition, Expression, Program, Uses, compile};
pub use reference::reference;
pub use table::{Cell, TableText};
pub use token::{half_width, is_name};
pub use types::Type;
pub use unit::Unit;
pub use value::{Facts, Outcome, Reason, RowRef, Unknown, Value};
pub use words::{BUILTINS, Builtin, KEYWORDS, Keyword, POLICIES, Policy};
