//! Words that every crate shares: diagnostics, dates and clocks, money, identity numbers, regions.
//!
//! Architecture invariant: no I/O, no clock, no service words.
//! A thing is admitted here when two crates use it and it carries no meaning of a particular service.

pub mod calendar;
pub mod clock;
pub mod codes;
pub mod credit_code;
pub mod dates;
pub mod diagnostic;
pub mod identity;
pub mod mask;
pub mod money;
pub mod month;
pub mod person_number;
pub mod recurrence;
pub mod reference;
pub mod region;
pub mod typed;

pub use calendar::{Calendar, DueDay};
pub use clock::{Clock, Due};
pub use codes::{Code, CodeList, FormerDivision, former_division, former_divisions};
pub use credit_code::{CreditCode, CreditCodeError};
pub use dates::{age, format_date, format_datetime, parse_date};
pub use diagnostic::{Diagnostic, Location, Severity};
pub use identity::{CitizenNumber, NumberError, Sex};
pub use jiff::civil::{Date, DateTime, Time, Weekday};
pub use mask::{mask_account, mask_name, mask_phone};
pub use money::{Fen, thousands};
pub use month::Month;
pub use person_number::{NumberKind, PersonNumber, PersonNumberError, WITHOUT, mask_number, name_and_number};
pub use recurrence::Recurrence;
pub use reference::ReferenceError;
pub use region::{Level, Region, RegionCode, Regions};
pub use typed::{tidy, tidy_prose};
