//! Text as people type, paste or scan it.

/// Full-width forms become half-width, and blanks or invisible marks around the text are removed.
///
/// Chinese input methods produce full-width digits and letters; spreadsheets and chat programs paste zero-width marks.
pub fn tidy(text: &str) -> String {
    text.trim_matches(is_blank).chars().map(half_width).collect()
}

/// The same for sentences: their digits and letters become half-width, their punctuation stays as it was written.
pub fn tidy_prose(text: &str) -> String {
    let one = |c: char| if half_width(c).is_ascii_alphanumeric() || c == '\u{3000}' { half_width(c) } else { c };
    text.trim_matches(is_blank).chars().map(one).collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{tidy, tidy_prose};

    #[test]
    fn tidies_what_an_input_method_produces() {
        assert_eq!(tidy("\u{feff}　１２３Ｘ \u{200b}"), "123X");
        assert_eq!(tidy("3　个工作日"), "3 个工作日");
        assert_eq!(tidy(""), "");
    }

    #[test]
    fn sentences_keep_their_punctuation() {
        assert_eq!(tidy_prose("　打了３次电话，没有人接（２０２６年）。"), "打了3次电话，没有人接（2026年）。");
    }
}
