//! Formulas as everybody writes them: the guide's words, half-width marks, blanks where they belong.
//!
//! Works on tokens, so that comments and the author's line breaks stay where they are.

use crate::token::{Placed, Token, half_width, tokens};
use crate::words::{Builtin, Keyword};

/// A fence `公式` in canonical form; `None` where it cannot be read.
pub fn format_formulas(text: &str) -> Option<String> {
    let (tokens, findings) = tokens(text, 0);
    if !findings.is_empty() {
        return None;
    }
    let mut out = String::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let end = offset + line.len();
        let own: Vec<&Placed> = tokens.iter().filter(|t| t.span.start >= offset && t.span.start < end).collect();
        let from = own.last().map_or(offset, |last| last.span.end);
        let comment = text[from..end].trim();
        if !own.is_empty() || !comment.is_empty() {
            let indent = line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\u{3000}' { 2 } else { 1 });
            out.push_str(&" ".repeat(indent.sum()));
        }
        out.push_str(&joined(text, &own));
        out.push_str(if own.is_empty() || comment.is_empty() { "" } else { "  " });
        out.push_str(comment);
        if line.ends_with('\n') {
            out.push('\n');
        }
        offset = end;
    }
    Some(out)
}

/// An expression or an input cell of a decision table in canonical form; `None` where it cannot be read.
pub fn format_cell(text: &str) -> Option<String> {
    let plain = text.replace('、', "，");
    let (tokens, findings) = tokens(&plain, 0);
    let own: Vec<&Placed> = tokens.iter().collect();
    findings.is_empty().then(|| joined(text, &own))
}

fn joined(text: &str, tokens: &[&Placed]) -> String {
    let mut out = String::new();
    for (i, placed) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &tokens[i].token);
        let opens_line = before.is_none();
        if !opens_line && parted(tokens, i) && !out.ends_with('、') {
            out.push(' ');
        }
        out.push_str(&written(text, placed, tokens.get(i + 1).map(|t| &t.token)));
    }
    out
}

fn written(text: &str, placed: &Placed, next: Option<&Token>) -> String {
    let source = &text[placed.span.clone()];
    let half = || source.chars().map(half_width).collect::<String>();
    match &placed.token {
        Token::Keyword(keyword) => keyword.word().to_owned(),
        Token::Name(name) => match Builtin::of(name) {
            Some(builtin) if next == Some(&Token::Symbol("(")) => builtin.name().to_owned(),
            _ => name.to_string(),
        },
        Token::Text(text) => format!("\"{text}\""),
        Token::Symbol(_) if source == "、" => source.to_owned(),
        Token::Symbol(symbol) => (*symbol).to_owned(),
        Token::Number(..) | Token::Date(_) | Token::Month(_) | Token::Time(_) | Token::Moment(_) => half(),
    }
}

/// Whether a value may end with this token.
fn ends_value(token: &Token) -> bool {
    match token {
        Token::Symbol(symbol) => matches!(*symbol, ")" | "]" | "}"),
        Token::Keyword(k) => matches!(k, Keyword::True | Keyword::False | Keyword::Null | Keyword::This),
        _ => true,
    }
}

/// Whether a blank stands before a token.
fn parted(tokens: &[&Placed], i: usize) -> bool {
    let (before, token) = (&tokens[i - 1].token, &tokens[i].token);
    let unary = |i: usize| {
        let sign = tokens[i].token == Token::Symbol("-");
        sign && i.checked_sub(1).is_none_or(|i| !ends_value(&tokens[i].token))
    };
    match (before, token) {
        // Digits right behind a point would be a fraction.
        (Token::Symbol("."), token) => !matches!(token, Token::Name(_) | Token::Keyword(_)),
        (Token::Symbol("(" | "[" | "{" | ".."), _) => false,
        (_, Token::Symbol(")" | "]" | "}" | "," | "." | ".." | ":")) => false,
        (Token::Keyword(Keyword::Not), Token::Symbol("(")) => false,
        (before, Token::Symbol("(" | "[")) if ends_value(before) => false,
        _ => !unary(i - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_everybody_writes() {
        let cases = [
            ("x=if a>=1 and not(b) then sum(成员.收入) else - 1", "x = 若 a >= 1 且 非(b) 则 合计(成员.收入) 否则 -1"),
            ("x  =  a　＋ｂ  #  说明", "x = a + b  #  说明"),
            ("x =\n   若 甲 则（1，2）[ 1 ]  否则 3 ", "x =\n   若 甲 则 (1, 2)[1] 否则 3"),
            ("x = 甲 在[ 1 .. 3) 且 标准( 日期 :计算日 )≤７０岁", "x = 甲 在 [1..3) 且 标准(日期: 计算日) <= 70岁"),
            ("# 只有说明", "# 只有说明"),
        ];
        for (text, expected) in cases {
            assert_eq!(format_formulas(text).as_deref(), Some(expected));
            assert_eq!(format_formulas(expected).as_deref(), Some(expected));
        }
        assert_eq!(format_formulas("x = 甲。"), None);
    }

    #[test]
    fn cells_keep_their_separator() {
        for (text, expected) in
            [("农村、 城市", "农村、城市"), ("not(甲,乙)", "非(甲, 乙)"), (">=60", ">= 60"), ("-", "-")]
        {
            assert_eq!(format_cell(text).as_deref(), Some(expected));
        }
    }
}
