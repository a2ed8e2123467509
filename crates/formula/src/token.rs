//! Text into tokens. Full-width marks, letters and digits, as Chinese input methods produce them, count as half-width.

use std::ops::Range;
use std::sync::Arc;

use base::{Date, DateTime, Month, Time};

use crate::finding::Finding;
use crate::number::{self, Rational, parse_decimal};
use crate::unit::NAMES;
use crate::words::Keyword;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A number with the unit that stands right behind it.
    Number(Rational, Option<&'static str>),
    Text(Arc<str>),
    Date(Date),
    Month(Month),
    Time(Time),
    Moment(DateTime),
    Name(Arc<str>),
    Keyword(Keyword),
    /// One of `SYMBOLS`.
    Symbol(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub token: Token,
    /// Bytes in the file.
    pub span: Range<usize>,
    /// Whether the token is the first of its line, and if so how far it is indented.
    pub indent: Option<usize>,
}

/// The longest first.
const SYMBOLS: [&str; 23] = [
    "**", "<=", ">=", "!=", "..", "->", "+", "-", "*", "/", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".",
    ";",
];

/// Maps full-width forms, the ideographic space, Chinese marks and mathematical signs to what they stand for.
pub fn half_width(c: char) -> char {
    match c {
        '【' => '[',
        '】' => ']',
        '×' => '*',
        '÷' => '/',
        '−' => '-',
        '“' | '”' => '"',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit()
}

/// Whether a text can be a name: letters of any script, digits and `_`, no digit first, and no keyword.
pub fn is_name(text: &str) -> bool {
    text.starts_with(starts_name)
        && text.chars().all(|c| continues_name(c) && half_width(c) == c)
        && Keyword::of(text).is_none()
}

/// Reads the text that stands at a byte offset of its file. Errors do not stop the reading.
pub(crate) fn tokens(text: &str, offset: usize) -> (Vec<Placed>, Vec<Finding>) {
    let chars: Vec<(usize, char)> = text.char_indices().map(|(i, c)| (i, half_width(c))).collect();
    let mut lexer = Lexer { text, chars, offset, at: 0, tokens: Vec::new(), findings: Vec::new(), indent: Some(0) };
    while lexer.peek(0).is_some() {
        lexer.step();
    }
    (lexer.tokens, lexer.findings)
}

struct Lexer<'a> {
    text: &'a str,
    /// Byte positions and characters, already half-width.
    chars: Vec<(usize, char)>,
    offset: usize,
    at: usize,
    tokens: Vec<Placed>,
    findings: Vec<Finding>,
    indent: Option<usize>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|(_, c)| *c)
    }

    fn byte(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.text.len(), |(byte, _)| *byte)
    }

    fn span(&self, start: usize) -> Range<usize> {
        self.offset + self.byte(start)..self.offset + self.byte(self.at)
    }

    fn push(&mut self, start: usize, token: Token) {
        let span = self.span(start);
        self.tokens.push(Placed { token, span, indent: self.indent.take() });
    }

    fn step(&mut self) {
        let Some(c) = self.peek(0) else { return };
        let start = self.at;
        match c {
            '\n' => {
                self.at += 1;
                self.indent = Some(0);
            }
            _ if c.is_whitespace() || c == '\u{feff}' => {
                self.at += 1;
                self.indent = self.indent.map(|n| n + 1);
            }
            '#' => {
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            }
            '"' => self.quoted(),
            '0'..='9' => self.number(),
            '.' if self.begins_fraction() => self.number(),
            _ if starts_name(c) => {
                while self.peek(0).is_some_and(continues_name) {
                    self.at += 1;
                }
                let word: String = self.chars[start..self.at].iter().map(|(_, c)| *c).collect();
                let token = Keyword::of(&word).map_or_else(|| Token::Name(word.as_str().into()), Token::Keyword);
                self.push(start, token);
            }
            _ => self.symbol(c),
        }
    }

    /// `.5` where an operand may stand: behind a name or a bracket the point leads to a column.
    fn begins_fraction(&self) -> bool {
        let operand = match self.tokens.last().map(|placed| &placed.token) {
            None | Some(Token::Keyword(_)) => true,
            Some(Token::Symbol(symbol)) => !matches!(*symbol, ")" | "]" | "." | ".."),
            Some(_) => false,
        };
        operand && self.peek(1).is_some_and(|c| c.is_ascii_digit())
    }

    fn symbol(&mut self, c: char) {
        let start = self.at;
        let alias = match c {
            '≤' => Some("<="),
            '≥' => Some(">="),
            '≠' => Some("!="),
            '→' => Some("->"),
            _ => None,
        };
        if let Some(symbol) = alias {
            self.at += 1;
            return self.push(start, Token::Symbol(symbol));
        }
        let found = SYMBOLS.iter().find(|s| s.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c)));
        self.at += found.map_or(1, |symbol| symbol.len());
        match found {
            Some(symbol) => self.push(start, Token::Symbol(symbol)),
            None => {
                let span = self.span(start);
                self.findings.push(Finding::error("G106", span, format!("认不出的字符“{c}”"), advice(c)));
            }
        }
    }

    fn quoted(&mut self) {
        let start = self.at;
        self.at += 1;
        let begin = self.byte(self.at);
        loop {
            match self.peek(0) {
                None | Some('\n') => {
                    let span = self.span(start);
                    let message = "文字没有结束的引号";
                    self.findings.push(Finding::error("G106", span, message, "在文字末尾补上引号"));
                    break self.push(start, Token::Text("".into()));
                }
                Some('"') => {
                    let content: Arc<str> = self.text[begin..self.byte(self.at)].into();
                    self.at += 1;
                    break self.push(start, Token::Text(content));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Digits of a fixed count separated by fixed marks, such as `dddd-dd-dd`.
    fn shaped(&self, from: usize, shape: &str) -> Option<String> {
        let mut found = String::new();
        for (i, s) in shape.chars().enumerate() {
            let c = self.peek(from + i)?;
            if if s == 'd' { !c.is_ascii_digit() } else { c != s } {
                return None;
            }
            found.push(c);
        }
        self.peek(from + found.len()).is_none_or(|c| !c.is_ascii_digit()).then_some(found)
    }

    /// `09:30` or `09:30:05`.
    fn clock(&self, from: usize) -> Option<String> {
        let mut found = self.shaped(from, "dd:dd")?;
        if let Some(seconds) = self.shaped(from + found.len(), ":dd") {
            found += &seconds;
        }
        Some(found)
    }

    fn number(&mut self) {
        let start = self.at;
        if let Some(day) = self.shaped(0, "dddd-dd-dd") {
            self.at += 10;
            let time = self.clock(1).filter(|_| self.peek(0) == Some(' '));
            self.at += time.as_ref().map_or(0, |time| 1 + time.len());
            let token = match &time {
                Some(time) => format!("{day}T{time}").parse().ok().map(Token::Moment),
                None => day.parse().ok().map(Token::Date),
            };
            return self.push_or_report(start, token, "没有这一天");
        }
        if let Some(month) = self.shaped(0, "dddd-dd") {
            self.at += 7;
            return self.push_or_report(start, month.parse().ok().map(Token::Month), "没有这个月");
        }
        if let Some(time) = self.clock(0) {
            self.at += time.len();
            return self.push_or_report(start, time.parse().ok().map(Token::Time), "没有这个时间");
        }
        let mut digits = String::new();
        while let Some(c) = self.peek(0) {
            let point = c == '.' && !digits.contains('.') && self.peek(1).is_some_and(|c| c.is_ascii_digit());
            if !c.is_ascii_digit() && !point {
                break;
            }
            digits.push(c);
            self.at += 1;
        }
        let power = self.power_of_ten();
        let unit = NAMES.iter().find(|name| {
            let length = name.chars().count();
            let there = name.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c));
            there && self.peek(length).is_none_or(|c| !continues_name(c))
        });
        self.at += unit.map_or(0, |name| name.chars().count());
        if unit.is_none() && self.peek(0).is_some_and(starts_name) {
            let word: String =
                self.chars[self.at..].iter().map(|(_, c)| *c).take_while(|c| continues_name(*c)).collect();
            let span = self.span(start);
            let message = format!("“{digits}{word}”里的“{word}”不是单位");
            self.findings.push(Finding::error("G106", span, message, "单位紧跟数字，例如 70岁、20%、500元/月、30日"));
            self.at += word.chars().count();
        }
        let value = parse_decimal(&format!("{}{digits}", if digits.starts_with('.') { "0" } else { "" }))
            .and_then(|n| number::multiply(n, power?))
            .map(|n| if unit == Some(&"%") { n / Rational::from(100) } else { n });
        self.push_or_report(start, value.map(|n| Token::Number(n, unit.copied())), "数太大，不能精确表示");
    }

    /// `e-4` behind the digits of a number; `None` where it is too large.
    fn power_of_ten(&mut self) -> Option<Rational> {
        let signed = usize::from(matches!(self.peek(1), Some('+' | '-')));
        if self.peek(0) != Some('e') || !self.peek(1 + signed).is_some_and(|c| c.is_ascii_digit()) {
            return Some(Rational::from(1));
        }
        let negative = self.peek(1) == Some('-');
        self.at += 1 + signed;
        let mut digits = String::new();
        while let Some(c) = self.peek(0).filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        let power = Rational::from(10_i128.checked_pow(digits.parse().ok()?)?);
        Some(if negative { power.recip() } else { power })
    }

    fn push_or_report(&mut self, start: usize, token: Option<Token>, problem: &str) {
        if token.is_none() {
            let span = self.span(start);
            let text = &self.text[span.start - self.offset..span.end - self.offset];
            self.findings.push(Finding::error("G106", span, format!("“{text}”：{problem}"), "改成对的数或日期"));
        }
        self.push(start, token.unwrap_or(Token::Number(Rational::from(0), None)));
    }
}

fn advice(c: char) -> &'static str {
    match c {
        '。' => "一行一个公式，行末不用标点",
        '、' => "公式里并列用逗号",
        '!' => "不等于写 !=，否定写 非(…)",
        '&' => "两个条件都成立写 且",
        '|' => "至少一个成立写 或",
        '\'' | '‘' | '’' => "文字用双引号，例如 \"城市\"",
        '%' => "百分数紧跟数字，例如 20%",
        _ => "去掉这个字符",
    }
}
