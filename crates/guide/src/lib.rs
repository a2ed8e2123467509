//! Guides: the Markdown that citizens read, as values that the bureau runs.
//!
//! Read in this order: [`model`](Guide) (what a guide is), [`document`] (Markdown with exact places), [`read()`] (from files to
//! checked guides, one submodule for each topic), [`Code`] (every finding of the checker), [`RatesAt`] (parameters by region
//! and date), [`rewrite`] (cells written back).
//!
//! Architecture invariant: pure. Files come in as text; a `Guide` that exists has passed every check.

mod code;
pub mod document;
mod edition;
mod findings;
mod model;
mod rate;
mod read;
mod update;

pub use code::{Code, reference_page};
pub use findings::Findings;
pub use model::*;
pub use rate::{Overlay, RatesAt};
pub use read::{Read, read, read_service};
pub use update::rewrite;
