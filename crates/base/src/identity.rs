//! The citizen identity number (公民身份号码, GB 11643).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::mask::keep;
use crate::region::RegionCode;
use crate::typed::tidy;

/// A valid 18-digit number: six digits of the division, eight of the birth date, three of the sequence, one check digit.
/// It is stored as its text; `Debug` shows it masked, so that no log line can hold it by accident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CitizenNumber {
    digits: [u8; 18],
    birth: Date,
}

/// Why a text is not a citizen number. The checks run in this order and the first that fails is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "lowercase")]
pub enum NumberError {
    #[error("公民身份号码应为18位（旧证15位）：除18位号码的末位可以是X以外，都应是数字；请对照证件重新填写")]
    Length,
    #[error("公民身份号码中的出生日期不存在；请对照证件核对第7至14位（旧证第7至12位）")]
    Date,
    #[error("公民身份号码的末位校验码不符，多半有一位抄错；请对照证件逐位核对")]
    Checksum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    Male,
    Female,
}

/// No living or archived person was born before this year: an earlier one is a slip of the pen.
const FIRST_YEAR: i16 = 1800;

impl CitizenNumber {
    /// Reads a number as typed: blanks around it, full-width digits and a lower-case x are accepted.
    /// The 15 digits of old cards (before 1999) become 18: the century 19 is inserted and the check digit computed.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let text = tidy(text).to_ascii_uppercase();
        let typed = text.as_bytes();
        let body = &typed[..typed.len().min(17)];
        if !body.iter().all(u8::is_ascii_digit) {
            return Err(NumberError::Length);
        }
        match *typed {
            [a, b, c, d, e, f, ref rest @ ..] if rest.len() == 9 => {
                let mut body = [a, b, c, d, e, f, b'1', b'9', 0, 0, 0, 0, 0, 0, 0, 0, 0];
                body[8..].copy_from_slice(rest);
                Self::complete(body)
            }
            [ref body @ .., check] if check.is_ascii_digit() || check == b'X' => {
                let body: [u8; 17] = body.try_into().map_err(|_| NumberError::Length)?;
                let number = Self::complete(body)?;
                if number.digits[17] == check { Ok(number) } else { Err(NumberError::Checksum) }
            }
            _ => Err(NumberError::Length),
        }
    }

    /// Makes the number of a synthetic person. `sequence` is 0 to 999 and odd for men;
    /// a larger one is refused as `Length`, a birth year before 1800 as `Date`.
    pub fn compose(division: RegionCode, birth: Date, sequence: u16) -> Result<Self, NumberError> {
        let (year, month, day) = (birth.year(), birth.month(), birth.day());
        if year < FIRST_YEAR {
            return Err(NumberError::Date);
        }
        let text = format!("{}{year:04}{month:02}{day:02}{sequence:03}", division.county_digits());
        let body = text.into_bytes().try_into().map_err(|_| NumberError::Length)?;
        Self::complete(body)
    }

    pub fn birth(&self) -> Date {
        self.birth
    }

    /// The 17th digit is odd for men.
    pub fn sex(&self) -> Sex {
        if self.digits[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The six digits of the county where the number was first given; it may since have been renamed or merged.
    pub fn division(&self) -> &str {
        &self.as_str()[..6]
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits).expect("only ASCII digits and X are ever stored")
    }

    /// `410325********0012`.
    pub fn masked(&self) -> String {
        keep(self.as_str(), 6, 4)
    }

    /// Checks the birth date of seventeen digits and adds the check digit.
    fn complete(body: [u8; 17]) -> Result<Self, NumberError> {
        let value = |range: std::ops::Range<usize>| body[range].iter().fold(0_i16, |n, d| n * 10 + i16::from(d - b'0'));
        let (year, month, day) = (value(6..10), value(10..12) as i8, value(12..14) as i8);
        if year < FIRST_YEAR {
            return Err(NumberError::Date);
        }
        let birth = Date::new(year, month, day).map_err(|_| NumberError::Date)?;
        let mut digits = [0; 18];
        digits[..17].copy_from_slice(&body);
        digits[17] = check_digit(&body);
        Ok(Self { digits, birth })
    }
}

/// ISO 7064 MOD 11-2 over seventeen digits, as GB 11643 prescribes.
fn check_digit(body: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b"10X98765432"[(sum % 11) as usize]
}

impl fmt::Debug for CitizenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenNumber({})", self.masked())
    }
}

impl TryFrom<String> for CitizenNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        Self::parse(&text)
    }
}

impl From<CitizenNumber> for String {
    fn from(number: CitizenNumber) -> Self {
        number.as_str().to_owned()
    }
}

impl fmt::Display for Sex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sex::Male => "男",
            Sex::Female => "女",
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn ok(text: &str) -> CitizenNumber {
        CitizenNumber::parse(text).unwrap()
    }

    #[test]
    fn reads_the_example_of_the_standard() {
        let number = ok("11010519491231002X");
        assert_eq!((number.birth(), number.sex(), number.division()), (date(1949, 12, 31), Sex::Female, "110105"));
        assert_eq!(number.masked(), "110105********002X");
        assert_eq!(format!("{number:?}"), "CitizenNumber(110105********002X)");
    }

    #[test]
    fn reads_what_people_type() {
        for text in [" 11010519491231002x\t", "１１０１０５１９４９１２３１００２Ｘ", "　11010519491231002ｘ　"]
        {
            assert_eq!(ok(text).as_str(), "11010519491231002X");
        }
        assert_eq!(ok("360822281203173").as_str(), "360822192812031738");
        assert_eq!(ok("110105491231002").as_str(), "11010519491231002X");
    }

    #[test]
    fn tells_the_first_thing_wrong() {
        use NumberError::*;
        let cases = [
            ("", Length),
            ("11010519491231", Length),
            ("1101051949123100", Length),
            ("11010519491231002", Length),
            ("11010519491231002X1", Length),
            ("1101051949123100XX", Length),
            ("11010519491231002A", Length),
            ("11010549123100X", Length),
            ("身份证号码", Length),
            ("110105 9491231002X", Length),
            ("110105194902301002", Date),
            ("110105490230100", Date),
            ("110105194900311002", Date),
            ("110105194913011002", Date),
            ("110105004912311002", Date),
            ("110105194912310021", Checksum),
            ("110105190002290021", Date),
        ];
        for (text, error) in cases {
            assert_eq!(CitizenNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn stores_its_text() {
        let number = ok("11010519491231002X");
        let stored = serde_json::to_string(&number).unwrap();
        assert_eq!(stored, "\"11010519491231002X\"");
        assert_eq!(serde_json::from_str::<CitizenNumber>(&stored).unwrap(), number);
        assert!(serde_json::from_str::<CitizenNumber>("\"1\"").is_err());
    }

    #[test]
    fn composes_only_what_fits() {
        let songxian = RegionCode::parse("410325").unwrap();
        assert_eq!(CitizenNumber::compose(songxian, date(1980, 1, 1), 1000), Err(NumberError::Length));
        assert_eq!(CitizenNumber::compose(songxian, date(1799, 1, 1), 1), Err(NumberError::Date));
        assert_eq!(CitizenNumber::compose(songxian, date(-999, 1, 1), 1), Err(NumberError::Date));
    }

    proptest! {
        #[test]
        fn parse_reads_what_compose_writes(
            county in 110_000..900_000u64, days in 0..80_000i32, sequence in 0..1000u16, wrong in 0..17usize, by in 1..10u8,
        ) {
            let county = county.to_string();
            let division = RegionCode::parse(&county).unwrap();
            let birth = date(1900, 1, 1).saturating_add(jiff::Span::new().days(days));
            let number = CitizenNumber::compose(division, birth, sequence).unwrap();
            prop_assert_eq!(CitizenNumber::parse(number.as_str()), Ok(number));
            prop_assert_eq!((number.birth(), number.division()), (birth, county.as_str()));
            prop_assert_eq!(number.sex() == Sex::Male, sequence % 2 == 1);

            // One wrong digit is always found.
            let mut typed = number.as_str().as_bytes().to_vec();
            typed[wrong] = b'0' + (typed[wrong] - b'0' + by) % 10;
            prop_assert!(CitizenNumber::parse(std::str::from_utf8(&typed).unwrap()).is_err());
        }

        #[test]
        fn never_panics(text in "\\PC*", digits in "[0-9Xx]{10,20}") {
            let _ = CitizenNumber::parse(&text);
            let _ = CitizenNumber::parse(&digits);
        }
    }
}
