//! Text into tokens. Full-width marks, letters and digits, as Chinese input methods produce them, count as half-width.

use std::ops::Range;
use std::sync::Arc;

use base::Decimal;

use crate::fault::{Code, Fault};
use crate::words::{Keyword, Symbol};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    Number(Decimal),
    Text(Arc<str>),
    Name(Arc<str>),
    Keyword(Keyword),
    Symbol(Symbol),
    Comment(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    /// Bytes in the file.
    pub span: Range<usize>,
    /// For the first token of a line, how far it is indented, in characters.
    pub indent: Option<usize>,
}

/// Reads the text that stands at a byte offset of its file. Errors do not stop the reading; where a value was meant, a token
/// takes its place, so that one error does not call forth another.
pub(crate) fn tokens(text: &str, offset: usize) -> (Vec<Token>, Vec<Fault>) {
    let mut lexer = Lexer { text, offset, at: 0, tokens: Vec::new(), faults: Vec::new(), indent: Some(0) };
    while let Some(c) = lexer.peek() {
        lexer.step(c);
    }
    (lexer.tokens, lexer.faults)
}

/// Maps the full-width forms of ASCII, the ideographic space and 、 to what they stand for.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '、' => ',',
        '“' | '”' => '"',
        _ => c,
    }
}

/// Whether a name may begin with the character: letters of any script and the underscore.
pub(crate) fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_numeric()
}

struct Lexer<'a> {
    text: &'a str,
    offset: usize,
    at: usize,
    tokens: Vec<Token>,
    faults: Vec<Fault>,
    indent: Option<usize>,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn peek_second(&self) -> Option<char> {
        self.text[self.at..].chars().nth(1)
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn step(&mut self, c: char) {
        let start = self.at;
        let ascii = half_width(c);
        match ascii {
            '\n' => {
                self.bump();
                self.indent = Some(0);
            }
            _ if ascii.is_whitespace() || c == '\u{feff}' => {
                self.bump();
                self.indent = self.indent.map(|n| n + 1);
            }
            '#' => {
                let end = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
                self.at = end;
                let comment = self.text[start + c.len_utf8()..end].trim().to_string();
                self.push(start, TokenKind::Comment(comment));
            }
            '"' => self.read_text(c),
            '0'..='9' => self.read_number(),
            _ if starts_name(ascii) => self.read_name(),
            _ => self.read_symbol(ascii),
        }
    }

    fn push(&mut self, start: usize, kind: TokenKind) {
        let span = self.offset + start..self.offset + self.at;
        self.tokens.push(Token { kind, span, indent: self.indent.take() });
    }

    fn fault(&mut self, code: Code, start: usize, message: String, help: &str) {
        let span = self.offset + start..self.offset + self.at;
        self.faults.push(*Fault::new(code, span, message, help));
    }

    fn read_name(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find(|c| !continues_name(half_width(c))).unwrap_or(rest.len());
        self.at += length;
        let word: String = rest[..length].chars().map(half_width).collect();
        let kind = match (Keyword::of(&word), Symbol::of_word(&word)) {
            (Some(keyword), _) => TokenKind::Keyword(keyword),
            (None, Some(symbol)) => TokenKind::Symbol(symbol),
            (None, None) => TokenKind::Name(word.into()),
        };
        self.push(start, kind);
    }

    fn read_number(&mut self) {
        let start = self.at;
        let mut digits = String::new();
        self.read_digits(&mut digits);
        let dot = self.peek().map(half_width) == Some('.');
        if dot && self.peek_second().map(half_width).is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
            digits.push('.');
            self.read_digits(&mut digits);
        }
        let number = Decimal::from_str_exact(&digits);
        if number.is_err() {
            let message = format!("数“{digits}”超过 28 位有效数字，不能精确表示");
            self.fault(Code::BadNumber, start, message, "位数少一些的数");
        }
        self.push(start, TokenKind::Number(number.unwrap_or_default()));
    }

    fn read_digits(&mut self, digits: &mut String) {
        while let Some(digit) = self.peek().map(half_width).filter(char::is_ascii_digit) {
            digits.push(digit);
            self.bump();
        }
    }

    /// A text ends with the quotation mark that belongs to its first one, on the same line.
    fn read_text(&mut self, open: char) {
        let start = self.at;
        let close = if open == '“' { '”' } else { open };
        self.bump();
        let mut content = String::new();
        loop {
            match self.peek() {
                None | Some('\n') => {
                    let message = format!("文字“{content}”没有结束的引号");
                    self.fault(Code::OpenText, start, message, "在文字末尾补上与开头成对的引号");
                    return self.push(start, TokenKind::Text(content.into()));
                }
                Some(c) if c == close => {
                    self.bump();
                    return self.push(start, TokenKind::Text(content.into()));
                }
                Some('\\') => {
                    self.bump();
                    let Some(escaped) = self.peek().and_then(unescape) else {
                        let message = "引号里的“\\”后面只能是 \"、\\、n、t".to_string();
                        let at = self.at - 1;
                        self.fault(Code::OpenText, at, message, "要写反斜线本身，写两个：\\\\");
                        continue;
                    };
                    content.push(escaped);
                    self.bump();
                }
                Some(c) => {
                    content.push(c);
                    self.bump();
                }
            }
        }
    }

    fn read_symbol(&mut self, ascii: char) {
        let start = self.at;
        let second = self.peek_second().map(half_width);
        let (symbol, length) = match (ascii, second) {
            ('*', Some('*')) => (Symbol::Power, 2),
            ('<', Some('=')) => (Symbol::LessEqual, 2),
            ('>', Some('=')) => (Symbol::GreaterEqual, 2),
            ('!', Some('=')) => (Symbol::NotEqual, 2),
            ('.', Some('.')) => (Symbol::DotDot, 2),
            _ => match single(ascii) {
                Some(symbol) => (symbol, 1),
                None => {
                    self.bump();
                    return self.fault(Code::Character, start, format!("认不出的字符“{ascii}”"), advice(ascii));
                }
            },
        };
        for _ in 0..length {
            self.bump();
        }
        self.push(start, TokenKind::Symbol(symbol));
    }
}

fn unescape(c: char) -> Option<char> {
    match c {
        '"' | '\\' => Some(c),
        'n' => Some('\n'),
        't' => Some('\t'),
        _ => None,
    }
}

fn single(c: char) -> Option<Symbol> {
    Some(match c {
        '+' => Symbol::Plus,
        '-' | '−' => Symbol::Minus,
        '*' | '×' => Symbol::Times,
        '/' | '÷' => Symbol::Divide,
        '=' => Symbol::Equal,
        '<' => Symbol::Less,
        '>' => Symbol::Greater,
        '≤' => Symbol::LessEqual,
        '≥' => Symbol::GreaterEqual,
        '≠' => Symbol::NotEqual,
        '(' => Symbol::LeftParen,
        ')' => Symbol::RightParen,
        '[' => Symbol::LeftBracket,
        ']' => Symbol::RightBracket,
        '{' => Symbol::LeftBrace,
        '}' => Symbol::RightBrace,
        ',' => Symbol::Comma,
        ':' => Symbol::Colon,
        '.' => Symbol::Dot,
        _ => return None,
    })
}

fn advice(c: char) -> &'static str {
    match c {
        '%' => "百分数写成小数，例如 30% 写 0.3；标准和参数写在 rates.md",
        ';' | '。' => "一行一个公式，行末不用标点",
        '!' => "不等于写 != 或 不等于；否定写 非(…)",
        '&' => "两个条件都成立写 且",
        '|' => "至少一个成立写 或",
        '\'' | '‘' | '’' => "文字用双引号，例如 \"城市\"",
        '@' => "日期写 日期(\"2026-07-01\")",
        _ => "去掉这个字符",
    }
}

/// Whether a text can name a fact, a rate or a formula. Full-width letters cannot: formulas read them as half-width.
pub fn is_name(text: &str) -> bool {
    text.starts_with(starts_name)
        && text.chars().all(|c| continues_name(c) && half_width(c) == c)
        && Keyword::of(text).is_none()
        && Symbol::of_word(text).is_none()
}
