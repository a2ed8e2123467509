//! The number that tells one person from another (证件号码), also for those who have no citizen number.

use std::fmt;

use crate::identity::{CitizenNumber, NumberError};
use crate::mask::keep;
use crate::typed::tidy;

/// What kind of document a number stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// 公民身份号码 (GB 11643).
    Citizen,
    /// 港澳台居民居住证: 18 digits beginning with 81, 82 or 83.
    ResidencePermit,
    /// 外国人永久居留身份证: since 2023 eighteen digits beginning with 9, before three letters and twelve digits.
    PermanentResidence,
    /// 护照, where it matters with the three letters of its state: `护照USA-512345678`.
    Passport,
    /// 港澳居民来往内地通行证: H or M and eight digits; the two digits that count its renewals are left out.
    HongKongMacao,
    /// 台湾居民来往大陆通行证: eight digits; the two that count its renewals are left out.
    Taiwan,
    /// 临时: given by a bureau to somebody whose number is not known, a newborn or a person found.
    Temporary,
}

impl NumberKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Citizen => "居民身份证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::PermanentResidence => "外国人永久居留身份证",
            Self::Passport => "护照",
            Self::HongKongMacao => "港澳居民来往内地通行证",
            Self::Taiwan => "台湾居民来往大陆通行证",
            Self::Temporary => "临时号码",
        }
    }
}

/// Words that say of which kind the number behind them is; the first of a kind is how it is written down.
const WORDS: [(&str, NumberKind); 11] = [
    ("护照", NumberKind::Passport),
    ("港澳", NumberKind::HongKongMacao),
    ("港澳通行证", NumberKind::HongKongMacao),
    ("港澳居民来往内地通行证", NumberKind::HongKongMacao),
    ("回乡证", NumberKind::HongKongMacao),
    ("台湾", NumberKind::Taiwan),
    ("台胞证", NumberKind::Taiwan),
    ("台湾居民来往大陆通行证", NumberKind::Taiwan),
    ("永居", NumberKind::PermanentResidence),
    ("外国人永久居留身份证", NumberKind::PermanentResidence),
    ("临时", NumberKind::Temporary),
];

/// The number of a person on any document. `Debug` shows it masked, so that no log line can hold it by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonNumber {
    kind: NumberKind,
    /// As it is stored: eighteen digits, or the word of the kind and the number.
    text: String,
}

/// Why a text is not the number of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonNumberError {
    #[error(transparent)]
    Citizen(#[from] NumberError),
    #[error("{}的号码应是{}；请对照证件重新填写", .0.name(), form(*.0))]
    Form(NumberKind),
}

fn form(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Citizen | NumberKind::ResidencePermit => "18位数字，末位可以是X",
        NumberKind::PermanentResidence => "18位数字，旧证是3个字母和12位数字",
        NumberKind::Passport => "5至12个字母和数字，前面可以写国家的三个字母和“-”",
        NumberKind::HongKongMacao => "H或者M和8位数字",
        NumberKind::Taiwan => "8位数字",
        NumberKind::Temporary => "8至24位字母和数字",
    }
}

impl PersonNumber {
    /// Reads a number as typed: eighteen (old cards fifteen) digits, or the kind of document and its number, as in
    /// `护照E12345678`, `港澳H12345678`, `台湾12345678`.
    pub fn parse(text: &str) -> Result<Self, PersonNumberError> {
        let text = tidy(text).to_ascii_uppercase();
        let behind = |(word, kind): &(&str, NumberKind)| {
            let rest = text.strip_prefix(word)?.trim_start_matches([' ', ':', '：', '号', '码']);
            rest.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()).then(|| (*kind, rest.to_owned()))
        };
        if let Some((kind, number)) = WORDS.iter().find_map(behind) {
            return Self::of_kind(kind, number).ok_or(PersonNumberError::Form(kind));
        }
        Ok(CitizenNumber::parse(&text)?.into())
    }

    fn of_kind(kind: NumberKind, number: String) -> Option<Self> {
        let bytes = number.as_bytes();
        let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        let plain = |part: &[u8]| part.iter().all(u8::is_ascii_alphanumeric);
        let number = match (kind, bytes.len()) {
            (NumberKind::HongKongMacao, 9 | 11) if matches!(bytes[0], b'H' | b'M') && digits(&bytes[1..]) => {
                &number[..9]
            }
            (NumberKind::Taiwan, 8 | 10) if digits(bytes) => &number[..8],
            (NumberKind::PermanentResidence, 15) if plain(&bytes[..3]) && digits(&bytes[3..]) => &*number,
            (NumberKind::PermanentResidence, 18) => return CitizenNumber::parse(&number).ok().map(Self::from),
            (NumberKind::Passport, _) => {
                let (state, rest) = number.split_once('-').unwrap_or(("", &number));
                let is_state = state.is_empty() || state.len() == 3 && state.bytes().all(|b| b.is_ascii_uppercase());
                let fits = (5..=12).contains(&rest.len()) && plain(rest.as_bytes());
                (is_state && fits && rest.bytes().any(|b| b.is_ascii_digit())).then_some(&*number)?
            }
            (NumberKind::Temporary, 8..=24) if plain(bytes) => &*number,
            _ => return None,
        };
        let word = WORDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
        Some(Self { kind, text: format!("{word}{number}") })
    }

    pub fn kind(&self) -> NumberKind {
        self.kind
    }

    /// The eighteen digits that tell birth and sex, where the document has them.
    pub fn citizen(&self) -> Option<CitizenNumber> {
        CitizenNumber::parse(&self.text).ok()
    }

    /// As it is stored and compared.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `410325********0012`, `护照E*****678`.
    pub fn masked(&self) -> String {
        if let Some(citizen) = self.citizen() {
            return citizen.masked();
        }
        let word = self.text.chars().take_while(|c| !c.is_ascii()).count();
        keep(&self.text, word + 1, 3)
    }
}

/// A stored number as it may be shown; nothing of what is no number.
pub fn mask_number(text: &str) -> String {
    PersonNumber::parse(text).map(|number| number.masked()).unwrap_or_default()
}

/// What people write where somebody has no number at all: a temporary one is given.
pub const WITHOUT: &str = "临时";

/// A name and the number behind it, as people write them in one cell: `张三 410325…`, `John Smith 护照E12345678`. A tab
/// stands between them where they were asked for one by one.
pub fn name_and_number(text: &str) -> (&str, &str) {
    if let Some((name, number)) = text.split_once('\t') {
        return (name.trim(), number.trim());
    }
    match text.trim().rsplit_once(char::is_whitespace) {
        Some((name, number)) if number.bytes().any(|b| b.is_ascii_digit()) => {
            match name.rsplit_once(char::is_whitespace) {
                // The kind may stand apart from its number.
                Some((before, word)) if WORDS.iter().any(|(known, _)| *known == word) => {
                    (before.trim(), text.trim()[before.len()..].trim())
                }
                _ => (name.trim(), number),
            }
        }
        _ => (text.trim(), ""),
    }
}

impl From<CitizenNumber> for PersonNumber {
    fn from(number: CitizenNumber) -> Self {
        let kind = match number.division().as_bytes() {
            [b'8', b'1'..=b'3', ..] => NumberKind::ResidencePermit,
            [b'9', ..] => NumberKind::PermanentResidence,
            _ => NumberKind::Citizen,
        };
        Self { kind, text: number.as_str().to_owned() }
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (NumberKind, String, String) {
        let number = PersonNumber::parse(text).unwrap();
        (number.kind(), number.as_str().to_owned(), number.masked())
    }

    #[test]
    fn reads_every_kind_of_document() {
        use NumberKind::*;
        let cases = [
            ("110105491231002", Citizen, "11010519491231002X", "110105********002X"),
            ("810000199408230021", ResidencePermit, "810000199408230021", "810000********0021"),
            ("护照 e1234 5678", Passport, "", ""),
            ("护照e12345678", Passport, "护照E12345678", "护照E*****678"),
            ("护照号码：USA-512345678", Passport, "护照USA-512345678", "护照U*********678"),
            ("回乡证H1234567801", HongKongMacao, "港澳H12345678", "港澳H*****678"),
            ("台湾居民来往大陆通行证 0123456701", Taiwan, "台湾01234567", "台湾0****567"),
            ("永居USA110000123456", PermanentResidence, "永居USA110000123456", "永居U***********456"),
            ("临时41032520261128A1", Temporary, "临时41032520261128A1", "临时4************8A1"),
        ];
        for (text, kind, stored, masked) in cases {
            if stored.is_empty() {
                assert_eq!(PersonNumber::parse(text), Err(PersonNumberError::Form(kind)), "{text}");
            } else {
                assert_eq!(read(text), (kind, stored.to_owned(), masked.to_owned()), "{text}");
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, kind) in [
            ("港澳A12345678", NumberKind::HongKongMacao),
            ("台湾1234567", NumberKind::Taiwan),
            ("护照ABCDEF", NumberKind::Passport),
            ("临时1", NumberKind::Temporary),
        ] {
            assert_eq!(PersonNumber::parse(text), Err(PersonNumberError::Form(kind)), "{text}");
        }
        assert_eq!(PersonNumber::parse("E12345678"), Err(NumberError::Length.into()));
        assert_eq!(PersonNumber::parse("护照"), Err(NumberError::Length.into()));
    }

    #[test]
    fn names_stand_before_numbers() {
        let cases = [
            ("张三", ("张三", "")),
            ("张三 11010519491231002X", ("张三", "11010519491231002X")),
            ("John Smith 护照E12345678", ("John Smith", "护照E12345678")),
            ("John Smith 护照 E12345678", ("John Smith", "护照 E12345678")),
            ("阿卜杜拉 买买提", ("阿卜杜拉 买买提", "")),
            ("张三\t护照", ("张三", "护照")),
            ("张三\t", ("张三", "")),
        ];
        for (text, parts) in cases {
            assert_eq!(name_and_number(text), parts);
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_reads_as_itself(text in "(护照|港澳|台湾|永居|临时|回乡证|)[ :]?[A-Z0-9-]{0,20}", wild in "\\PC*") {
            let _ = (PersonNumber::parse(&wild), name_and_number(&wild));
            if let Ok(number) = PersonNumber::parse(&text) {
                prop_assert_eq!(PersonNumber::parse(number.as_str()), Ok(number));
            }
        }
    }
}
