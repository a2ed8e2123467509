//! The demo county: real divisions, synthetic people, every case grown from commands along a simulated time line.
//!
//! Read in this order: [`families`] (who lives there), [`fate`] (what will become of them), [`life`] (what happens next),
//! [`timeline`] (all of them together). The same number of households, seed and day give the same county.

mod album;
mod application;
mod dice;
mod families;
mod fate;
mod life;
mod moments;
mod names;
pub mod note;
mod office;
mod photo;
mod steps;
mod timeline;

pub use note::Note;
pub use timeline::{Plan, Report, build};

/// The service that the demo county's cases belong to.
const SERVICE: &str = "dibao";

/// The password that all demo accounts share; it is printed at the start and on the sign-in page.
pub const PASSWORD: &str = "minzheng-demo";
