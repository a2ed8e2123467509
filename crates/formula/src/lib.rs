//! The language in which guides write law: a strict, statically typed profile of FEEL with Chinese words.
//!
//! A text goes through four forms, one module each:
//!
//! 1. `words` is the one table of keywords and functions; `token`, `parse` and `lines` turn text into the surface syntax of `ast`;
//!    `print` turns it back, in the canonical Chinese form.
//! 2. `check`, `infer` and `call` resolve every name to a slot and give every expression its type (`typed`, `types`);
//!    `table` does so for decision tables, and `cover` proves that their rows neither overlap nor leave a gap.
//! 3. `evaluate`, `tabulate` and `builtins` walk the typed form. A columnar evaluator will compile the same typed form.
//! 4. `explain` tells, on demand, how a value came about.
//!
//! `program` is the door: [`compile`], [`Program`], [`Evaluation`].
//!
//! Invariants: numbers are decimals of 28 significant digits; what cannot be known or computed is [`Value::Missing`] with its
//! reason, never zero; no text and no input makes the crate panic; the clock, the environment and files are never read.

mod ast;
mod builtins;
mod call;
mod check;
mod cover;
mod evaluate;
mod explain;
mod fault;
mod infer;
mod lines;
mod order;
mod parse;
mod print;
mod program;
mod reference;
mod source;
mod table;
mod tabulate;
mod token;
mod typed;
mod types;
mod value;
mod words;

#[cfg(test)]
mod tests;

pub use explain::{Explanation, Kind};
pub use program::{Condition, Definition, Evaluation, Expression, Inputs, Program, RateUse, Rates, compile};
pub use reference::reference;
pub use source::{Block, BlockSource, Cell, Column, Environment, HitPolicy, TableSource};
pub use token::is_name;
pub use types::{RecordType, Type};
pub use value::{Missing, Record, Value};
