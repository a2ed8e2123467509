//! Numbers as they were meant: what one slip of the hand or of a scanner makes of a citizen number.
//!
//! The check digit finds every single slip, but does not say where it is. So a slip is never put right by itself: each
//! number that may have been meant is a candidate, and only one that somebody of the same name has is believed.

use base::{CitizenNumber, tidy};

/// What happened to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    /// Nothing: it is a number as it stands.
    None,
    /// A letter that looks like a digit.
    Letter,
    /// Two digits side by side were written the wrong way round.
    Swapped,
    /// One digit is another.
    OneDigit,
    /// One digit is missing.
    Missing,
    /// One digit stands there twice, or one too many.
    TooMany,
}

/// Letters that stand where a digit was meant.
const LIKE_DIGITS: [(char, char); 9] =
    [('O', '0'), ('D', '0'), ('Q', '0'), ('I', '1'), ('L', '1'), ('Z', '2'), ('S', '5'), ('B', '8'), ('G', '6')];

/// The valid numbers that may have been meant by what was written, each with the slip that would explain it, the
/// likelier slips first. A number that is one as it stands has no other candidate.
pub fn repaired(written: &str) -> Vec<(CitizenNumber, Slip)> {
    let written: String = tidy(written).to_ascii_uppercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if let Ok(number) = CitizenNumber::parse(&written) {
        return vec![(number, Slip::None)];
    }
    let digits: String = written.chars().map(like_digit).collect();
    // The last character may be an X; elsewhere a letter is none.
    let mut plain: Vec<u8> = digits.into_bytes();
    if written.ends_with('X') {
        plain.pop();
        plain.push(b'X');
    }
    let body = plain.len().saturating_sub(1);
    if !plain.iter().take(body).all(u8::is_ascii_digit) {
        return Vec::new();
    }
    let mut found: Vec<(CitizenNumber, Slip)> = Vec::new();
    let mut add = |bytes: &[u8], slip: Slip| {
        // Old numbers have no check digit, so nothing would tell a slip from another number.
        if bytes.len() != 18 {
            return;
        }
        let number = std::str::from_utf8(bytes).ok().and_then(|text| CitizenNumber::parse(text).ok());
        if let Some(number) = number.filter(|number| !found.iter().any(|(known, _)| known == number)) {
            found.push((number, slip));
        }
    };
    add(&plain, Slip::Letter);
    for place in 1..plain.len() {
        let mut other = plain.clone();
        other.swap(place - 1, place);
        add(&other, Slip::Swapped);
    }
    let alphabet = |last: bool| (b'0'..=b'9').chain(last.then_some(b'X'));
    for place in 0..plain.len() {
        for digit in alphabet(place + 1 == plain.len()) {
            let mut other = plain.clone();
            other[place] = digit;
            add(&other, Slip::OneDigit);
        }
    }
    if plain.len() == 17 {
        for place in 0..=plain.len() {
            for digit in alphabet(place == plain.len()) {
                let mut other = plain.clone();
                other.insert(place, digit);
                add(&other, Slip::Missing);
            }
        }
    }
    if plain.len() == 19 {
        for place in 0..plain.len() {
            let mut other = plain.clone();
            other.remove(place);
            add(&other, Slip::TooMany);
        }
    }
    found
}

fn like_digit(c: char) -> char {
    LIKE_DIGITS.iter().find(|(letter, _)| *letter == c).map_or(c, |(_, digit)| *digit)
}

#[cfg(test)]
mod tests {
    use base::{Date, RegionCode};
    use proptest::prelude::*;

    use super::*;

    fn finds(written: &str, number: &str) -> Option<Slip> {
        let found = repaired(written).into_iter().find(|(known, _)| known.as_str() == number);
        found.map(|(_, slip)| slip)
    }

    #[test]
    fn every_kind_of_slip_is_explained() {
        let number = "410325195503070039";
        let cases = [
            ("410325 19550307 0039", Slip::None),
            ("410325550307003", Slip::None),
            ("41O32519550307OO39", Slip::Letter),
            ("410325195530070039", Slip::Swapped),
            ("410325195503070038", Slip::OneDigit),
            ("41032519550307039", Slip::Missing),
            ("4103251955033070039", Slip::TooMany),
        ];
        for (written, slip) in cases {
            assert_eq!(finds(written, number), Some(slip), "{written}");
        }
        assert_eq!(repaired("410325195503070039").len(), 1, "what is right has no other candidate");
        for nothing in ["", "张三", "4103", "ABCDEFGHIJKLMNOPQR", "4103251955030700391234"] {
            assert_eq!(repaired(nothing), Vec::new(), "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn what_was_meant_is_always_among_the_candidates(days in 0..40_000i32, sequence in 0..1000u16, at in 0..18usize, by in 1..10u8) {
            let birth = Date::constant(1905, 1, 1).saturating_add(jiff::Span::new().days(days));
            let number = CitizenNumber::compose(RegionCode::parse("410325").unwrap(), birth, sequence).unwrap();
            let mut typed = number.as_str().as_bytes().to_vec();
            typed[at] = if typed[at] == b'X' { b'0' + by } else { b'0' + (typed[at] - b'0' + by) % 10 };
            let typed = String::from_utf8(typed).unwrap();
            prop_assert!(finds(&typed, number.as_str()).is_some(), "{typed}");
            let mut lost = number.as_str().to_owned();
            lost.remove(at);
            let found = finds(&lost, number.as_str());
            prop_assert!(found.is_some(), "{lost}");
        }

        #[test]
        fn nothing_panics(text in "\\PC*", digits in "[0-9XO]{0,24}") {
            let _ = (repaired(&text), repaired(&digits));
        }
    }
}
