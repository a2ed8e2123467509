//! Guides: Markdown into checked values, with every mistake told by its place and its repair.
//!
//! Invariant: no I/O; files come in as text, and what is wrong goes out as diagnostics.

mod document;
mod format;
pub mod indicators;
pub mod model;
mod payments;
mod rates;
mod read;
mod registers;
mod registries;
mod starts;
pub mod what_if;

pub use document::{Document, Fence, Section, Table};
pub use format::format;
pub use model::Guide;
pub use rates::{Overlay, RateBook};
pub use read::{Area, Files, Library, clauses, names, plain_value, read_library, split, step_outputs};
