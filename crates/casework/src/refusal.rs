//! Public, numbered noes: what is refused, why, on what basis, and the way out.

use serde::{Deserialize, Serialize};

/// Why a command is not carried out (format section 16). Public: shown to whoever asked, without other people's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    pub text: String,
    /// The article or rule, if there is one.
    pub basis: String,
    pub way_out: String,
    /// 标识 of the field beside which it is shown.
    pub field: Option<String>,
}

/// The closed list of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Code {
    /// Not your post or region.
    R101,
    /// Too few people.
    R102,
    /// The same person as in another step.
    R103,
    /// The step is not open.
    R104,
    /// A relative.
    R105,
    /// Somebody is not present in person.
    R106,
    /// A required field is missing.
    R107,
    /// A value is not of its type.
    R108,
    /// A check of the guide does not hold.
    R109,
    /// The conclusion is not open.
    R110,
    /// Undecidable.
    R111,
    /// An objection too late or by somebody not entitled.
    R112,
    /// Already done.
    R113,
    /// The ledger has not enough, or does not know of it.
    R114,
}

impl Refusal {
    pub fn new(code: Code, text: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { code, text: text.into(), basis: String::new(), way_out: way_out.into(), field: None }
    }

    pub fn basis(self, basis: &str) -> Self {
        Self { basis: basis.to_owned(), ..self }
    }

    pub fn at(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::fmt::Display for Refusal {
    /// `R104 公示还没有结束，到 2026-10-20（审核确认办法 第十九条）。请到期后再办`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let basis = if self.basis.is_empty() { String::new() } else { format!("（{}）", self.basis) };
        write!(f, "{} {}{basis}。{}", self.code, self.text, self.way_out)
    }
}
