//! Fills a letter: names in braces become values, and what was issued is frozen.

use base::{DateTime, format_date};
use formula::Value;
use guide::{Guide, Letter, LetterPart};

use crate::assess::display;
use crate::state::State;

/// What only the moment of issue knows.
pub struct Occasion<'a> {
    pub now: DateTime,
    /// Running number in the series and year.
    pub number: u32,
    /// The organ that signs.
    pub organ: &'a str,
    pub outcome: &'a str,
    pub reason: &'a str,
    /// Looks up a fact or a figure.
    pub value: &'a dyn Fn(&str) -> Option<Value>,
}

/// `嵩民低保〔2026〕12号`: six-cornered brackets, no leading zero (GB/T 9704).
pub fn number(letter: &Letter, occasion: &Occasion) -> String {
    format!("{}〔{}〕{}号", letter.series, occasion.now.year(), occasion.number)
}

/// The addressee and the text of a letter.
pub fn fill(guide: &Guide, state: &State, letter: &Letter, occasion: &Occasion) -> (String, String) {
    let word = |name: &str| -> String {
        match name {
            "文号" => number(letter, occasion),
            "今天" => format_date(occasion.now.date()),
            "机关" => occasion.organ.to_owned(),
            "受理号" => state.case.to_string(),
            "结果" => occasion.outcome.to_owned(),
            "理由" => occasion.reason.to_owned(),
            "期限" => {
                let due = state.open.as_ref().and_then(|o| o.due.as_ref());
                due.map_or_else(|| "——".to_owned(), |d| format_date(d.at.date()))
            }
            _ => match (occasion.value)(name) {
                Some(Value::Missing(_)) | None => "——".to_owned(),
                Some(value) => display(guide, name, &value),
            },
        }
    };
    let text = letter.body.iter().map(|part| match part {
        LetterPart::Text(text) => text.clone(),
        LetterPart::Name(name) => word(name),
    });
    let to = match letter.to.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
        Some(name) => word(name),
        None => letter.to.clone(),
    };
    (to, text.collect())
}
