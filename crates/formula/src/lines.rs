//! A fence into definitions.

use crate::ast::{Ident, Line};
use crate::fault::{Code, Fault};
use crate::parse::{Parsed, Parser};
use crate::token::{Token, TokenKind, tokens};
use crate::words::{Builtin, Symbol};

/// Reads a fence of definitions. Every line is read, also after an error in another.
pub(crate) fn parse_lines(text: &str, offset: usize) -> (Vec<Line>, Vec<Fault>) {
    let (all, mut faults) = tokens(text, offset);
    let mut lines = Vec::new();
    for chunk in split(&all) {
        let notes: Vec<&str> = chunk
            .iter()
            .filter(|token| token.indent.is_none())
            .filter_map(|token| if let TokenKind::Comment(note) = &token.kind { Some(note.as_str()) } else { None })
            .collect();
        let note = if notes.is_empty() { None } else { Some(notes.join("；")) };
        let code: Vec<Token> = chunk.iter().filter(|t| !matches!(t.kind, TokenKind::Comment(_))).cloned().collect();
        let end = code.last().map_or(offset, |token| token.span.end);
        let mut parser = Parser::new(&code, end);
        match parser.line() {
            Ok((mut line, fault)) => {
                faults.extend(fault.map(|fault| *fault));
                line.note = note;
                lines.push(line);
            }
            Err(fault) => faults.push(*fault),
        }
    }
    (lines, faults)
}

/// Cuts tokens into definitions: a line begins a new one unless it is indented or a bracket is open.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let is_comment = |token: &Token| matches!(token.kind, TokenKind::Comment(_));
    let margin = tokens.iter().filter(|token| !is_comment(token)).filter_map(|token| token.indent).min().unwrap_or(0);
    let mut starts: Vec<usize> = Vec::new();
    let mut open = 0_usize;
    for (i, token) in tokens.iter().enumerate() {
        if is_comment(token) {
            continue;
        }
        if starts.is_empty() || (open == 0 && token.indent == Some(margin)) {
            starts.push(i);
        }
        match token.kind {
            TokenKind::Symbol(Symbol::LeftParen | Symbol::LeftBracket | Symbol::LeftBrace) => open += 1,
            TokenKind::Symbol(Symbol::RightParen | Symbol::RightBracket | Symbol::RightBrace) => {
                open = open.saturating_sub(1);
            }
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts.iter().copied().zip(ends).map(|(from, to)| &tokens[from..to]).collect()
}

impl Parser<'_> {
    /// `名称 = 式子` or `名称(参数, …) = 式子`. An error on the right side still yields the name.
    fn line(&mut self) -> Parsed<(Line, Option<Box<Fault>>)> {
        let name = self.ident("公式的名称").map_err(not_a_definition)?;
        if Builtin::of(&name.text).is_some() && self.symbol() == Some(Symbol::LeftParen) {
            let message = format!("“{}”是内置函数，不能另行定义", name.text);
            return Err(Fault::new(Code::ReservedName, name.span, message, "换一个名称"));
        }
        let parameters = if self.symbol() == Some(Symbol::LeftParen) { Some(self.parameters()?) } else { None };
        if !self.take_symbol(Symbol::Equal) {
            let help = "一行写成 名称 = 式子；续行要比第一行缩进；说明文字写在 # 后面";
            return self.expected("“=”", help).map_err(not_a_definition);
        }
        let start = self.here().start;
        let body = self.expression().and_then(|body| self.finish().map(|()| body));
        let (body, fault) = match body {
            Ok(body) => (Some(body), None),
            Err(fault) => (None, Some(fault)),
        };
        Ok((Line { name, parameters, body, body_span: start..self.end.max(start), note: None }, fault))
    }

    fn parameters(&mut self) -> Parsed<Vec<Ident>> {
        let open = self.here();
        self.at += 1;
        let mut parameters: Vec<Ident> = Vec::new();
        loop {
            let parameter = self.ident("参数名")?;
            if parameters.contains(&parameter) {
                let message = format!("参数“{}”写了两次", parameter.text);
                return Err(Fault::new(Code::Duplicate, parameter.span, message, "每个参数用不同的名称"));
            }
            parameters.push(parameter);
            if !self.take_symbol(Symbol::Comma) {
                break;
            }
        }
        self.close(Symbol::RightParen, &open)?;
        Ok(parameters)
    }
}

/// What begins a line but is no definition gets the number of that error.
fn not_a_definition(mut fault: Box<Fault>) -> Box<Fault> {
    match fault.code {
        Code::Syntax => fault.code = Code::NotADefinition,
        Code::ReservedName => fault.help = "续行要比第一行缩进；名称不能用保留字".to_string(),
        _ => {}
    }
    fault
}
