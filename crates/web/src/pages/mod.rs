//! The pages, one file for each family.

pub mod apply;
pub mod books;
pub mod bring;
pub mod case;
pub mod chapters;
pub mod checks;
pub mod codes;
pub mod debts;
pub mod desk;
pub mod facts;
pub mod indicators;
pub mod kin;
pub mod line;
pub mod lists;
pub mod paper;
pub mod payments;
pub mod person;
pub mod progress;
pub mod public;
pub mod registers;
pub mod roll;
pub mod sample;
pub mod sign_in;
pub mod staff;
pub mod start;
pub mod statistics;
pub mod step;
pub mod what_if;

use axum::response::Response;

use crate::site::Fault;

/// What a page yields.
pub type Page = Result<Response, Fault>;
