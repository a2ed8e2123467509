//! Tokens into expressions: a precedence climber over the grammar of format section 7.1.

mod groups;

use std::ops::Range;

use crate::finding::Finding;
use crate::syntax::{Argument, COMPARISON, Each, Expr, Ident, Kind, Line, MAX_HEIGHT, Operator, POWER, SUM, Test};
use crate::token::{Placed, Token, tokens};
use crate::words::{Builtin, Keyword};

pub(crate) type Parsed<T> = Result<T, Box<Finding>>;

/// Brackets and operands that the parser may hold open at once.
const MAX_DEPTH: usize = 160;

/// Operands that the parser reads before it gives up.
const MAX_STEPS: usize = 50_000;

/// Reads one expression that fills the whole text.
pub(crate) fn expression(text: &str, offset: usize) -> Result<Expr, Vec<Finding>> {
    whole(text, offset, |parser| parser.expression())
}

/// Reads an input cell of a decision table: `-`, `>= 60`, `[1..3]`, `城市、农村`, `非(城市)`, `未知`.
pub(crate) fn cell(text: &str, offset: usize) -> Result<Vec<Test>, Vec<Finding>> {
    // In a cell 、 separates; in a formula it is no mark. Both are three bytes or replaced by the same width.
    let text = text.replace('、', "，");
    whole(&text, offset, |parser| parser.cell())
}

/// Reads definitions, one a line; a line continues while a bracket is open or the next line is indented.
/// Lines with errors are reported and left out of nothing: their names exist all the same.
pub(crate) fn lines(text: &str, offset: usize) -> (Vec<Line>, Vec<Finding>) {
    let (tokens, mut findings) = tokens(text, offset);
    let mut found = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        let mut open = 0_i32;
        let mut end = start;
        while end < tokens.len() {
            let first = tokens[end].indent == Some(0);
            if end > start && first && open <= 0 {
                break;
            }
            match &tokens[end].token {
                Token::Symbol("(" | "[" | "{") => open += 1,
                Token::Symbol(")" | "]" | "}") => open -= 1,
                _ => {}
            }
            end += 1;
        }
        let line = &tokens[start..end];
        let behind = line.last().map_or(offset, |t| t.span.end);
        let broken =
            findings.iter().any(|f| f.span.start >= line[0].span.start && f.span.end <= behind.max(f.span.end));
        let mut parser = Parser::new(line, behind);
        let (line, finding) = parser.line();
        found.extend(line);
        findings.extend(finding.filter(|_| !broken));
        start = end;
    }
    (found, findings)
}

fn whole<T>(text: &str, offset: usize, read: impl Fn(&mut Parser) -> Parsed<T>) -> Result<T, Vec<Finding>> {
    let (tokens, findings) = tokens(text, offset);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut parser = Parser::new(&tokens, offset + text.len());
    let result = read(&mut parser).and_then(|value| parser.finish().map(|()| value));
    result.map_err(|finding| vec![*finding])
}

pub(crate) struct Parser<'a> {
    tokens: &'a [Placed],
    at: usize,
    /// Byte offset behind the last token, where something missing is reported.
    end: usize,
    depth: usize,
    /// How much has been read, also what was read twice; bounds the work on hostile text.
    steps: usize,
}

impl<'a> Parser<'a> {
    fn new(tokens: &'a [Placed], end: usize) -> Self {
        Self { tokens, at: 0, end, depth: 0, steps: 0 }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|t| &t.token)
    }

    fn symbol_at(&self, ahead: usize) -> &'static str {
        match self.tokens.get(self.at + ahead).map(|t| &t.token) {
            Some(Token::Symbol(symbol)) => symbol,
            _ => "",
        }
    }

    fn symbol(&self) -> &'static str {
        self.symbol_at(0)
    }

    fn keyword(&self) -> Option<Keyword> {
        if let Some(Token::Keyword(keyword)) = self.peek() { Some(*keyword) } else { None }
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |t| t.span.clone())
    }

    /// From a place to the end of the token read last.
    fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(start, |t| t.span.end);
        start..end.max(start)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.symbol() == symbol;
        self.at += usize::from(found);
        found
    }

    fn shown(&self) -> String {
        match self.peek() {
            None => "到了末尾".to_owned(),
            Some(Token::Keyword(k)) => format!("却是“{}”", k.word()),
            Some(Token::Name(n)) => format!("却是“{n}”"),
            Some(Token::Symbol(s)) => format!("却是“{s}”"),
            Some(Token::Text(t)) => format!("却是文字“{t}”"),
            Some(_) => "却是一个数或日期".to_owned(),
        }
    }

    fn expected<T>(&self, what: &str, help: &str) -> Parsed<T> {
        Err(Box::new(Finding::error("G106", self.here(), format!("此处应为{what}，{}", self.shown()), help)))
    }

    fn expect_keyword(&mut self, keyword: Keyword, help: &str) -> Parsed<()> {
        if self.keyword() == Some(keyword) {
            self.at += 1;
            return Ok(());
        }
        self.expected(&format!("“{}”", keyword.word()), help)
    }

    fn close(&mut self, symbol: &str) -> Parsed<()> {
        if self.take(symbol) {
            Ok(())
        } else {
            self.expected(&format!("“{symbol}”"), "检查括号是否成对，前面是否少了运算符或逗号")
        }
    }

    fn finish(&self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(Token::Name(name)) => {
                let keyword = ["若", "任一", "全部", "对每个", "非", "且", "或"].iter().find(|k| name.starts_with(**k));
                let help = keyword.map_or_else(
                    || "两个量之间要有运算符；名称里不能有空格；续行要缩进".to_owned(),
                    |k| format!("若是条件，请写“{k} {}”（关键词前后空格）", &name[k.len()..]),
                );
                self.expected("式子的结尾", &help)
            }
            _ => self.expected("式子的结尾", "两个量之间要有运算符；括号要成对"),
        }
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        self.steps += 1;
        if self.depth > MAX_DEPTH || self.steps > MAX_STEPS { Err(self.too_deep(self.here())) } else { Ok(()) }
    }

    fn too_deep(&self, span: Range<usize>) -> Box<Finding> {
        Box::new(Finding::error("G106", span, "式子套得太深", "拆成几个有名称的公式"))
    }

    fn make(&self, kind: Kind, span: Range<usize>) -> Parsed<Expr> {
        let expr = Expr::new(kind, span);
        if expr.height > MAX_HEIGHT { Err(self.too_deep(expr.span)) } else { Ok(expr) }
    }

    fn ident(&mut self, what: &str) -> Parsed<Ident> {
        if let Some(Token::Name(text)) = self.peek() {
            let ident = Ident { text: text.clone(), span: self.here() };
            self.at += 1;
            return Ok(ident);
        }
        let help = match self.keyword() {
            Some(_) => "这是关键词，不能作名称；换一个名称",
            None => "名称由汉字、字母、数字和下划线组成，不以数字开头",
        };
        self.expected(what, help)
    }

    /// A definition, and what is wrong with it; its name may be known all the same.
    fn line(&mut self) -> (Option<Line>, Option<Finding>) {
        match self.path() {
            Err(finding) => (None, Some(*finding)),
            Ok(path) => match self.expression().and_then(|body| self.finish().map(|()| body)) {
                Ok(body) => (Some(Line { path, body: Some(body) }), None),
                Err(finding) => (Some(Line { path, body: None }), Some(*finding)),
            },
        }
    }

    /// The left side of a definition with its `=`.
    fn path(&mut self) -> Parsed<Vec<Ident>> {
        let mut path = vec![self.ident("公式的名称")?];
        while self.take(".") {
            path.push(self.ident("列的名称")?);
        }
        if self.take("=") { Ok(path) } else { self.expected("“=”", "写成 名称 = 式子") }
    }

    pub(crate) fn expression(&mut self) -> Parsed<Expr> {
        self.climb(0)
    }

    fn climb(&mut self, least: u8) -> Parsed<Expr> {
        self.deeper()?;
        let left = self.operand()?;
        let result = self.rest(left, least);
        self.depth -= 1;
        result
    }

    fn operator(&self) -> Option<Operator> {
        match self.peek()? {
            Token::Symbol(symbol) => Operator::of(symbol),
            Token::Keyword(Keyword::Or) => Some(Operator::Or),
            Token::Keyword(Keyword::And) => Some(Operator::And),
            _ => None,
        }
    }

    /// Continues an expression whose first operand has been read.
    fn rest(&mut self, mut left: Expr, least: u8) -> Parsed<Expr> {
        let mut compared = false;
        loop {
            let start = left.span.start;
            let asked =
                self.keyword().filter(|keyword| matches!(keyword, Keyword::In | Keyword::IsA | Keyword::Between));
            let operator = self.operator();
            let precedence = if asked.is_some() { COMPARISON } else { operator.map_or(0, Operator::precedence) };
            if precedence == 0 || precedence < least {
                return Ok(left);
            }
            if precedence == COMPARISON && std::mem::replace(&mut compared, true) {
                let help = "请写“x 在 (1..3)”，或用 且 连接两个比较";
                return Err(Box::new(Finding::error("G304", self.here(), "比较不能连写", help)));
            }
            if precedence != COMPARISON {
                compared = false;
            }
            self.at += 1;
            let kind = match operator {
                Some(operator) => {
                    let right = self.climb(operator.precedence() + 1)?;
                    Kind::Binary(operator, Box::new(left), Box::new(right))
                }
                None if asked == Some(Keyword::IsA) => Kind::IsA(Box::new(left), self.wanted()?),
                None if asked == Some(Keyword::Between) => {
                    let low = self.climb(SUM)?;
                    self.expect_keyword(Keyword::And, "写成 甲 介于 1 且 3")?;
                    let high = self.climb(SUM)?;
                    Kind::In(Box::new(left), vec![Test::Interval { low, low_closed: true, high, high_closed: true }])
                }
                None => Kind::In(Box::new(left), self.group()?),
            };
            left = self.make(kind, self.since(start))?;
        }
    }

    /// An operand with everything that binds tighter than a power.
    fn operand(&mut self) -> Parsed<Expr> {
        let start = self.here().start;
        if self.take("-") {
            let inner = self.postfix()?;
            return self.make(Kind::Negate(Box::new(inner)), self.since(start));
        }
        match self.keyword() {
            Some(Keyword::Not) => {
                self.at += 1;
                let inner = self.postfix()?;
                self.make(Kind::Not(Box::new(inner)), self.since(start))
            }
            Some(Keyword::If) => {
                self.at += 1;
                let condition = self.expression()?;
                self.expect_keyword(Keyword::Then, "写成 若 条件 则 甲 否则 乙")?;
                let yes = self.expression()?;
                self.expect_keyword(Keyword::Else, "写成 若 条件 则 甲 否则 乙")?;
                let no = self.expression()?;
                self.make(Kind::If(Box::new(condition), Box::new(yes), Box::new(no)), self.since(start))
            }
            Some(Keyword::Some) => self.each(Each::Some, Keyword::Satisfies),
            Some(Keyword::Every) => self.each(Each::Every, Keyword::Satisfies),
            Some(Keyword::For) => self.each(Each::For, Keyword::Return),
            _ => self.postfix(),
        }
    }

    /// `对每个 甲 在 一列, 乙 在 另一列 得 式`: several iterators stand for one within the other.
    fn each(&mut self, each: Each, then: Keyword) -> Parsed<Expr> {
        let start = self.here().start;
        self.at += 1;
        self.iterator(each, then, start)
    }

    fn iterator(&mut self, each: Each, then: Keyword, start: usize) -> Parsed<Expr> {
        self.deeper()?;
        let name = self.ident("名称")?;
        self.expect_keyword(Keyword::In, "写成 任一 甲 在 成员 满足 条件")?;
        let list = self.iterated()?;
        let made = if self.take(",") {
            let inner = self.iterator(each, then, self.here().start)?;
            let nested = self.make(Kind::Each(each, name, Box::new(list), Box::new(inner)), self.since(start))?;
            if each == Each::For { self.joined(nested, start)? } else { nested }
        } else {
            self.expect_keyword(then, "写成 任一 甲 在 成员 满足 条件，或 对每个 甲 在 成员 得 式")?;
            let body = self.expression()?;
            self.make(Kind::Each(each, name, Box::new(list), Box::new(body)), self.since(start))?
        };
        self.depth -= 1;
        Ok(made)
    }

    /// A list of lists as one.
    fn joined(&self, nested: Expr, start: usize) -> Parsed<Expr> {
        let function = Ident { text: Builtin::Join.name().into(), span: nested.span.clone() };
        self.make(Kind::Call(function, vec![Argument { name: None, value: nested }]), self.since(start))
    }

    /// What an iterator goes through: a list, or whole numbers from one to another, `1..12`.
    fn iterated(&mut self) -> Parsed<Expr> {
        let start = self.here().start;
        let (low, high) = match self.try_interval() {
            Some(interval) => {
                interval?;
                return self.expected("一列", "从几到几写 1..12，不加括号");
            }
            None => {
                let first = self.climb(SUM)?;
                if !self.take("..") {
                    return Ok(first);
                }
                (first, self.climb(SUM)?)
            }
        };
        let function = Ident { text: Builtin::Range.name().into(), span: low.span.clone() };
        let arguments = [low, high].map(|value| Argument { name: None, value }).into();
        self.make(Kind::Call(function, arguments), self.since(start))
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let start = self.here().start;
        let mut expr = self.primary()?;
        loop {
            expr = if self.take(".") {
                let name = self.ident("名称")?;
                self.make(Kind::Path(Box::new(expr), name), self.since(start))?
            } else if self.take("[") {
                let inside = self.expression()?;
                self.close("]")?;
                self.make(Kind::Filter(Box::new(expr), Box::new(inside)), self.since(start))?
            } else {
                break;
            };
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let span = self.here();
        let Some(token) = self.peek().cloned() else {
            return self.expected("一个量", "补上数、名称或括号");
        };
        self.at += 1;
        let kind = match token {
            Token::Number(number, unit) => Kind::Number(number, unit),
            Token::Text(text) => Kind::Text(text),
            Token::Date(date) => Kind::Date(date),
            Token::Month(month) => Kind::Month(month),
            Token::Time(time) => Kind::Time(time),
            Token::Moment(moment) => Kind::Moment(moment),
            Token::Keyword(Keyword::True) => Kind::Bool(true),
            Token::Keyword(Keyword::False) => Kind::Bool(false),
            Token::Keyword(Keyword::Null) => Kind::Null,
            Token::Keyword(Keyword::This) => Kind::This,
            Token::Name(name) if self.symbol() == "(" => {
                self.at += 1;
                Kind::Call(Ident { text: name, span: span.clone() }, self.arguments()?)
            }
            Token::Name(name) => Kind::Name(name),
            Token::Symbol("(") => {
                let inner = self.expression()?;
                self.close(")")?;
                return Ok(Expr { span: self.since(span.start), ..inner });
            }
            Token::Symbol("[") => Kind::List(self.list()?),
            Token::Symbol("{") => Kind::Record(self.record()?),
            _ => {
                self.at -= 1;
                return self.expected("一个量", "检查是否多了运算符，或关键词前后少了空格");
            }
        };
        self.make(kind, self.since(span.start))
    }
}

/// Powers group to the left, as FEEL has them; the climber relies on it.
const _: () = assert!(POWER > SUM);
