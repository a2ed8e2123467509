//! The unified social credit code of an organisation, GB 32100-2015.

use std::fmt;

/// The characters that a code may have; a character's value is its place here.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A code whose two check characters are right.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreditCode(String);

/// Why a text is no credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    #[error("统一社会信用代码应是 18 位")]
    Length,
    #[error("统一社会信用代码只有数字和大写字母，没有 I、O、S、V、Z")]
    Character,
    #[error("统一社会信用代码的第 17 位（组织机构代码的校验码）不对")]
    OrganisationCheck,
    #[error("统一社会信用代码的最后一位校验码不对")]
    Check,
}

impl CreditCode {
    /// Reads a code; small letters count as capitals.
    pub fn parse(text: &str) -> Result<Self, CreditCodeError> {
        let text = text.trim().to_ascii_uppercase();
        let bytes = text.as_bytes();
        if bytes.len() != 18 {
            return Err(CreditCodeError::Length);
        }
        let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
        let values: Option<Vec<usize>> = bytes.iter().map(value).collect();
        let values = values.ok_or(CreditCodeError::Character)?;
        if bytes[16] != organisation_check(&bytes[8..16]) {
            return Err(CreditCodeError::OrganisationCheck);
        }
        if values[17] != check(&values[..17]) {
            return Err(CreditCodeError::Check);
        }
        Ok(Self(text))
    }

    /// The code of a registrar and class, a division and an organisation, with both check characters: `51`, `410325`,
    /// `MJ012345`. For synthetic organisations.
    pub fn compose(class: &str, division: &str, own: &str) -> Result<Self, CreditCodeError> {
        let mut text = format!("{class}{division}{own}");
        if text.len() != 16 || !text.is_ascii() {
            return Err(CreditCodeError::Length);
        }
        text.push(char::from(organisation_check(&text.as_bytes()[8..])));
        let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte).ok_or(CreditCodeError::Character);
        let values: Vec<usize> = text.as_bytes().iter().map(value).collect::<Result<_, _>>()?;
        text.push(char::from(ALPHABET[check(&values)]));
        Self::parse(&text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The place of the last character, by all before it.
fn check(values: &[usize]) -> usize {
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let sum: usize = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    (31 - sum % 31) % 31
}

/// The check character of an organisation code, GB 11714: here letters count from A = 10 to Z = 35.
fn organisation_check(own: &[u8]) -> u8 {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        letter => u32::from(letter - b'A') + 10,
    };
    let sum: u32 = own.iter().zip(WEIGHTS).map(|(byte, weight)| value(*byte) * weight).sum();
    match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or(0),
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_checked_twice() {
        for good in ["91350100M000100Y43", "51410325MJ01234567", "52440304MJF046822R", "52440304mjf046822r"] {
            assert!(CreditCode::parse(good).is_ok(), "{good}");
        }
        assert_eq!(CreditCode::compose("51", "410325", "MJ012345").unwrap().as_str(), "51410325MJ01234567");
        assert_eq!(CreditCode::compose("52", "440304", "MJF04682").unwrap().as_str(), "52440304MJF046822R");
        assert_eq!(CreditCode::parse("9135010"), Err(CreditCodeError::Length));
        assert_eq!(CreditCode::parse("91350100I000100Y43"), Err(CreditCodeError::Character));
        assert_eq!(CreditCode::parse("91350100M000100Y53"), Err(CreditCodeError::OrganisationCheck));
        assert_eq!(CreditCode::parse("91350100M000100Y44"), Err(CreditCodeError::Check));
    }
}
