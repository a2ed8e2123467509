//! Money outside formulas: a whole number of fen (分).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::typed::tidy;

/// An exact amount in 分; shown as 元 with two decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Reads 元 as typed: `1,234.5`, `１２．３０`, `-5`. More than two decimals, or a number that does not fit, is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = tidy(text).chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
        let text = text.strip_suffix('元').unwrap_or(&text);
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
        let plain =
            !whole.is_empty() && cents.len() <= 2 && (whole.bytes().chain(cents.bytes())).all(|b| b.is_ascii_digit());
        if !plain || (digits.contains('.') && cents.is_empty()) {
            return None;
        }
        let fen = format!("{whole}{cents:0<2}").parse::<i64>().ok()?;
        Some(Self(if negative { -fen } else { fen }))
    }

    /// 元 with two decimals and without thousands separators, as files and keys hold it: `1234.50`.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

impl fmt::Display for Fen {
    /// `1,234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&thousands(&self.plain()))
    }
}

/// Puts separators between the thousands of a decimal number.
pub fn thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut shown = String::from(sign);
    for (i, digit) in whole.char_indices() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_type() {
        let cases = [("1,234.5", 123_450), (" １２．３０ ", 1230), ("-5", -500), ("0.07", 7), ("120元", 12_000)];
        for (text, fen) in cases {
            assert_eq!(Fen::parse(text), Some(Fen(fen)), "{text}");
        }
        for text in ["", "1.234", "1.", ".5", "一百", "1e3", "99999999999999999999", "--1"] {
            assert_eq!(Fen::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shows_two_decimals() {
        assert_eq!(Fen(123_456_789).to_string(), "1,234,567.89");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(100_000).plain(), "1000.00");
    }

    proptest! {
        #[test]
        fn reads_what_it_shows(fen in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            prop_assert_eq!(Fen::parse(&Fen(fen).to_string()), Some(Fen(fen)));
        }
    }
}
