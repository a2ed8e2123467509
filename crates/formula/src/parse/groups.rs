//! What stands in brackets and behind `在` and `类型是`: tests, types, lists, records and arguments.

use super::{Parsed, Parser};
use crate::finding::Finding;
use crate::kinds::{KINDS, Wanted, kind};
use crate::syntax::{Argument, Expr, Ident, SUM, Test};
use crate::token::Token;
use crate::words::Keyword;

impl Parser<'_> {
    /// What follows `类型是`.
    pub(super) fn wanted(&mut self) -> Parsed<Wanted> {
        self.deeper()?;
        let name = self.ident("类型")?;
        let Some(word) = kind(&name.text) else {
            let known: Vec<&str> = KINDS.iter().map(|row| row.1).collect();
            let help = format!("类型有：{}", known.join("、"));
            return Err(Box::new(Finding::error("G106", name.span, format!("“{}”不是类型", name.text), help)));
        };
        let (mut item, mut fields) = (None, Vec::new());
        if word == "一列" && self.take("<") {
            item = Some(Box::new(self.wanted()?));
            self.close(">")?;
        } else if word == "记录" && self.take("<") {
            loop {
                let name = self.key()?;
                if !self.take(":") {
                    return self.expected("“:”", "写成 记录<名称: 类型>");
                }
                fields.push((name.text, self.wanted()?));
                if !self.take(",") {
                    break;
                }
            }
            self.close(">")?;
        }
        self.depth -= 1;
        Ok(Wanted { word: word.into(), item, fields })
    }

    /// What follows `在`: a range, tests in round brackets, or an expression.
    pub(super) fn group(&mut self) -> Parsed<Vec<Test>> {
        if let Some(interval) = self.try_interval() {
            return Ok(vec![interval?]);
        }
        if let Some(tests) = self.try_ranges() {
            return Ok(tests);
        }
        if self.symbol() != "(" {
            return Ok(vec![match self.operator().filter(|o| o.is_comparison()) {
                Some(operator) => {
                    self.at += 1;
                    Test::Compare(operator, self.climb(SUM)?)
                }
                None => Test::Equal(self.climb(SUM)?),
            }]);
        }
        self.at += 1;
        let tests = self.tests()?;
        self.close(")")?;
        Ok(tests)
    }

    /// `[[1..3], [7..9]]`: a list of ranges, if that is what stands here.
    fn try_ranges(&mut self) -> Option<Vec<Test>> {
        let (mark, depth) = (self.at, self.depth);
        if self.symbol() == "[" && matches!(self.symbol_at(1), "[" | "(") {
            self.at += 1;
            let mut ranges = Vec::new();
            while let Some(Ok(range)) = self.try_interval() {
                ranges.push(range);
                if self.take("]") {
                    return Some(ranges);
                }
                if !self.take(",") {
                    break;
                }
            }
        }
        (self.at, self.depth) = (mark, depth);
        None
    }

    pub(super) fn tests(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = vec![self.test()?];
        while self.take(",") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Parsed<Test> {
        if let Some(interval) = self.try_interval() {
            return interval;
        }
        if let Some(operator) = self.operator().filter(|o| o.is_comparison()) {
            self.at += 1;
            return Ok(Test::Compare(operator, self.climb(SUM)?));
        }
        Ok(Test::Equal(self.expression()?))
    }

    /// An interval, if the bracket at hand opens one.
    pub(super) fn try_interval(&mut self) -> Option<Parsed<Test>> {
        let open = self.symbol();
        if open != "(" && open != "[" {
            return None;
        }
        let (mark, depth) = (self.at, self.depth);
        self.at += 1;
        let low = match self.climb(SUM) {
            Ok(low) if self.symbol() == ".." => low,
            _ => {
                (self.at, self.depth) = (mark, depth);
                return None;
            }
        };
        self.at += 1;
        Some(self.climb(SUM).and_then(|high| {
            let high_closed = self.take("]");
            if !high_closed {
                self.close(")")?;
            }
            Ok(Test::Interval { low, low_closed: open == "[", high, high_closed })
        }))
    }

    pub(super) fn cell(&mut self) -> Parsed<Vec<Test>> {
        if self.tokens.len() == 1 && self.take("-") {
            return Ok(vec![Test::Any]);
        }
        if let (1, Some(Token::Name(name))) = (self.tokens.len(), self.peek())
            && &**name == "未知"
        {
            self.at += 1;
            return Ok(vec![Test::Unknown]);
        }
        if self.keyword() == Some(Keyword::Not) && self.symbol_at(1) == "(" {
            self.at += 2;
            let tests = self.tests()?;
            self.close(")")?;
            return Ok(vec![Test::Not(tests)]);
        }
        self.tests()
    }

    pub(super) fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        if self.take("]") {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if !self.take(",") {
                self.close("]")?;
                return Ok(items);
            }
        }
    }

    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            let named = matches!(self.peek(), Some(Token::Name(_))) && self.symbol_at(1) == ":";
            let name = if named { Some(self.ident("名称")?) } else { None };
            self.at += usize::from(named);
            arguments.push(Argument { name, value: self.expression()? });
            if !self.take(",") {
                self.close(")")?;
                return Ok(arguments);
            }
        }
    }

    /// `{甲: 1, 乙: 2}` behind its bracket.
    pub(super) fn record(&mut self) -> Parsed<Vec<(Ident, Expr)>> {
        let mut fields: Vec<(Ident, Expr)> = Vec::new();
        if self.take("}") {
            return Ok(fields);
        }
        loop {
            let name = self.key()?;
            if fields.iter().any(|(known, _)| *known == name) {
                let message = format!("“{}”写了两次", name.text);
                return Err(Box::new(Finding::error("G106", name.span, message, "一条记录里的名称各不相同")));
            }
            if !self.take(":") {
                return self.expected("“:”", "记录写成 {名称: 值, 名称: 值}");
            }
            fields.push((name, self.expression()?));
            if !self.take(",") {
                self.close("}")?;
                return Ok(fields);
            }
        }
    }

    /// The name of a field: a name, or any text in quotation marks.
    fn key(&mut self) -> Parsed<Ident> {
        if let Some(Token::Text(text)) = self.peek() {
            let name = Ident { text: text.clone(), span: self.here() };
            self.at += 1;
            return Ok(name);
        }
        self.ident("名称")
    }
}
