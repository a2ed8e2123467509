//! What accounts there are.

use std::fmt;
use std::str::FromStr;

use base::Month;
use serde::{Deserialize, Serialize};

/// How far a balance may go: what must never be overdrawn says so here, and `Book` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The outside world: money comes from there and goes there.
    None,
    /// Never less than nothing, also when everything pending were taken out.
    NotBelowZero,
    /// What somebody owes: never more than nothing.
    NotAboveZero,
}

/// A kind of enum whose variants stand in files by a key and are shown by a Chinese name.
macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $key:literal $shown:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// As people read it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $shown,)* }
            }

            pub fn of_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.key() == key)
            }

            pub fn of_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

keyed! {
    /// What an account counts (科目).
    ///
    /// Money goes Treasury → Appropriation → Payable → Paid → Reconciled. As no account on that way can be overdrawn,
    /// what was appropriated is never less than what was committed, that never less than what was paid, and that never
    /// less than what the bank's statement shows.
    Heading {
        /// Where appropriations come from.
        Treasury = "treasury" "财政拨款",
        /// Appropriated and not yet committed.
        Appropriation = "appropriation" "可用指标",
        /// Committed to somebody by an approved batch and not yet paid; a pending flow out of it is in flight.
        Payable = "payable" "应付",
        /// Confirmed by the bank, not yet seen on its statement.
        Paid = "paid" "已付待对账",
        /// Explained by the bank's statement.
        Reconciled = "reconciled" "已对账",
        /// Sent back by the bank and not yet seen on its statement: the bank owes it.
        Returning = "returning" "退汇待对账",
        /// Overpaid: somebody is to give it back.
        Receivable = "receivable" "应收追回",
        /// All that was ever claimed.
        Claimed = "claimed" "追缴认定",
        /// Given back, and not yet handed over.
        Repaid = "repaid" "缴回",
        /// Given back and handed over to the treasury, which divides it among the sources.
        HandedOver = "handed_over" "上缴财政",
        /// Kept from later grants by agreement or decision.
        Offset = "offset" "抵扣",
        /// Given up, with approval.
        WrittenOff = "written_off" "核销",
        /// Where goods come from.
        Supplier = "supplier" "物资来源",
        /// Goods in a store.
        Stock = "stock" "库存",
        /// Goods handed out.
        Issued = "issued" "发放物资",
        /// Goods lost, spoilt or worn out.
        Lost = "lost" "损耗",
    }
}

keyed! {
    /// Where money comes from (资金来源).
    Source {
        Central = "central" "中央",
        Province = "province" "省级",
        City = "city" "市级",
        County = "county" "县级",
        Donation = "donation" "捐赠",
        Lottery = "lottery" "福彩公益金",
    }
}

impl Heading {
    pub fn limit(self) -> Limit {
        match self {
            Self::Appropriation | Self::Payable | Self::Paid | Self::Reconciled | Self::Claimed | Self::Stock => {
                Limit::NotBelowZero
            }
            Self::Receivable | Self::Returning | Self::Repaid => Limit::NotAboveZero,
            _ => Limit::None,
        }
    }

    /// Whether everybody has an account of their own: debtors, and stores of goods.
    pub fn is_owned(self) -> bool {
        matches!(self, Self::Receivable | Self::Stock | Self::Issued)
    }

    /// The ways that there are. Whatever goes back goes back along the same way.
    pub fn flows_to(self, other: Self) -> bool {
        use Heading::{
            Appropriation, Claimed, HandedOver, Issued, Lost, Offset, Paid, Payable, Receivable, Reconciled, Repaid,
            Returning, Stock, Supplier, Treasury, WrittenOff,
        };
        matches!(
            (self, other),
            (Treasury, Appropriation)
                | (Appropriation, Treasury | Payable)
                | (Payable, Appropriation | Paid)
                | (Paid, Reconciled | Returning)
                | (Reconciled, Returning)
                | (Returning, Payable)
                | (Receivable, Claimed | Repaid | Offset | WrittenOff)
                | (Claimed | Repaid | Offset | WrittenOff, Receivable)
                | (HandedOver, Repaid)
                | (Repaid, HandedOver)
                | (Supplier, Stock)
                | (Stock, Supplier | Stock | Issued | Lost)
                | (Issued, Stock)
        )
    }
}

/// What is counted: 分, or pieces of something by its unit as declared (`床`, `件`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Fen,
    Goods { item: String, unit: String },
}

/// The time that an account is for: money is appropriated for a year and paid for a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    Year(i16),
    Month(Month),
}

impl Period {
    /// The year that it is or lies in.
    pub fn year(self) -> i16 {
        match self {
            Self::Year(year) => year,
            Self::Month(month) => month.year(),
        }
    }
}

impl fmt::Display for Period {
    /// `2026年`, `2026年3月`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year}年"),
            Self::Month(month) => month.fmt(f),
        }
    }
}

impl FromStr for Period {
    type Err = base::month::MonthError;

    /// Reads `2026` and `2026-03`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(year) if plain => Ok(Self::Year(year)),
            _ => text.parse().map(Self::Month),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = base::month::MonthError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    /// `2026`, `2026-03`.
    fn from(period: Period) -> Self {
        match period {
            Period::Year(year) => format!("{year:04}"),
            Period::Month(month) => month.into(),
        }
    }
}

/// An account by everything that tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    pub heading: Heading,
    /// Empty for goods and for what is not told apart by source.
    pub source: Option<Source>,
    /// What the money or the goods are for, by the key of whoever uses the ledger.
    pub programme: String,
    pub period: Period,
    /// The person, household, organisation or store whose account it is; empty for everybody's.
    pub owner: String,
    pub unit: Unit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_keys_are_read_as_they_are_written() {
        for text in ["2026", "2026-03"] {
            assert_eq!(String::from(text.parse::<Period>().unwrap()), text);
        }
        for text in ["", "26", "2026-13", "202x", "+202"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
        for heading in Heading::ALL {
            assert_eq!(Heading::of_key(heading.key()), Some(*heading));
            assert_eq!(Heading::of_name(heading.name()), Some(*heading));
            assert_eq!(serde_json::to_string(heading).unwrap(), format!("\"{}\"", heading.key()));
        }
    }
}
