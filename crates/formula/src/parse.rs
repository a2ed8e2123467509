//! Tokens into expressions: a precedence climber over FEEL's grammar.

use std::ops::Range;

use crate::ast::{
    COMPARISON, Comparison, Domain, Expr, ExprKind, Ident, Iteration, MAX_HEIGHT, NEGATION, Operator, Quantifier, SUM,
    Test,
};
use crate::fault::{Code, Fault};
use crate::token::{Token, TokenKind, tokens};
use crate::words::{Builtin, Keyword, Symbol};

pub(crate) type Parsed<T> = Result<T, Box<Fault>>;

/// Open brackets and operands that the parser may hold at once.
const MAX_DEPTH: usize = 200;

/// Reads one expression that fills the whole text.
pub(crate) fn parse_expression(text: &str, offset: usize) -> Result<Expr, Vec<Fault>> {
    parse_whole(text, offset, |parser| parser.expression())
}

/// Reads an input cell of a decision table: `-`, `>= 60`, `[1..3]`, `"城市","农村"`, `非("城市")`.
pub(crate) fn parse_cell(text: &str, offset: usize) -> Result<Vec<Test>, Vec<Fault>> {
    parse_whole(text, offset, |parser| parser.cell())
}

/// Reads a heading of a decision table: an expression, and after a colon the values that it can take.
pub(crate) fn parse_heading(text: &str, offset: usize) -> Result<(Expr, Vec<Expr>), Vec<Fault>> {
    parse_whole(text, offset, |parser| parser.heading())
}

fn parse_whole<T>(text: &str, offset: usize, read: impl Fn(&mut Parser) -> Parsed<T>) -> Result<T, Vec<Fault>> {
    let (mut tokens, faults) = tokens(text, offset);
    if !faults.is_empty() {
        return Err(faults);
    }
    tokens.retain(|token| !matches!(token.kind, TokenKind::Comment(_)));
    let mut parser = Parser::new(&tokens, offset + text.len());
    let result = read(&mut parser).and_then(|value| parser.finish().map(|()| value));
    result.map_err(|fault| vec![*fault])
}

pub(crate) struct Parser<'a> {
    tokens: &'a [Token],
    pub at: usize,
    /// Byte offset behind the last token, where something missing is reported.
    pub end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub fn new(tokens: &'a [Token], end: usize) -> Self {
        Self { tokens, at: 0, end, depth: 0 }
    }

    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub fn symbol(&self) -> Option<Symbol> {
        if let Some(TokenKind::Symbol(symbol)) = self.peek() { Some(*symbol) } else { None }
    }

    fn keyword(&self) -> Option<Keyword> {
        if let Some(TokenKind::Keyword(keyword)) = self.peek() { Some(*keyword) } else { None }
    }

    /// The place of the token at hand, or the end of the text.
    pub fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    /// From a place to the end of the token read last.
    fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(start, |token| token.span.end);
        start..end.max(start)
    }

    pub fn take_symbol(&mut self, symbol: Symbol) -> bool {
        let found = self.symbol() == Some(symbol);
        self.at += usize::from(found);
        found
    }

    fn take_keyword(&mut self, keyword: Keyword) -> bool {
        let found = self.keyword() == Some(keyword);
        self.at += usize::from(found);
        found
    }

    fn shown(&self) -> String {
        match self.peek() {
            None => "到了末尾".to_string(),
            Some(TokenKind::Number(n)) => format!("却是“{n}”"),
            Some(TokenKind::Text(t)) => format!("却是文字“{t}”"),
            Some(TokenKind::Name(n)) => format!("却是“{n}”"),
            Some(TokenKind::Keyword(k)) => format!("却是“{}”", k.word()),
            Some(TokenKind::Symbol(s)) => format!("却是“{}”", s.text()),
            Some(TokenKind::Comment(_)) => "却是注释".to_string(),
        }
    }

    pub fn expected<T>(&self, what: &str, help: &str) -> Parsed<T> {
        Err(Fault::new(Code::Syntax, self.here(), format!("此处应当是{what}，{}", self.shown()), help))
    }

    fn expect_keyword(&mut self, keyword: Keyword, help: &str) -> Parsed<()> {
        if self.take_keyword(keyword) { Ok(()) } else { self.expected(&format!("“{}”", keyword.word()), help) }
    }

    /// Expects the bracket that closes the one opened at `open`.
    pub fn close(&mut self, symbol: Symbol, open: &Range<usize>) -> Parsed<()> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        if self.peek().is_none() {
            let message = format!("这个括号没有配对的“{}”", symbol.text());
            return Err(Fault::new(Code::OpenBracket, open.clone(), message, format!("在末尾补上 {}", symbol.text())));
        }
        self.expected(&format!("“{}”或“,”", symbol.text()), "检查前面是否少了运算符、逗号或括号")
    }

    pub fn finish(&self) -> Parsed<()> {
        match (self.peek(), self.symbol()) {
            (None, _) => Ok(()),
            (_, Some(Symbol::RightParen | Symbol::RightBracket | Symbol::RightBrace)) => {
                Err(Fault::new(Code::OpenBracket, self.here(), "这个括号没有与它配对的左括号", "去掉它，或补上左括号"))
            }
            _ if self.keyword() == Some(Keyword::Else) => self.expected("式子的结尾", "“否则”前面要有“若 … 则 …”"),
            _ => self.expected("式子的结尾", "两个量之间要有运算符；名称里不能有空格；续行要比第一行缩进"),
        }
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(too_deep(self.here())) } else { Ok(()) }
    }

    fn make(&self, kind: ExprKind, span: Range<usize>) -> Parsed<Expr> {
        let expr = Expr::new(kind, span);
        if expr.height > MAX_HEIGHT { Err(too_deep(expr.span)) } else { Ok(expr) }
    }

    pub fn ident(&mut self, what: &str) -> Parsed<Ident> {
        if let Some(TokenKind::Name(text)) = self.peek() {
            let ident = Ident { text: text.clone(), span: self.here() };
            self.at += 1;
            return Ok(ident);
        }
        if let Some(keyword) = self.keyword() {
            let message = format!("“{}”是保留字，不能用作{what}", keyword.word());
            return Err(Fault::new(Code::ReservedName, self.here(), message, "换一个名称，例如在前后加一个字"));
        }
        self.expected(what, "名称由汉字、字母、数字和下划线组成，不以数字开头")
    }

    pub fn expression(&mut self) -> Parsed<Expr> {
        self.climb(0)
    }

    fn climb(&mut self, least: u8) -> Parsed<Expr> {
        self.deeper()?;
        let left = self.operand()?;
        let result = self.rest(left, least);
        self.depth -= 1;
        result
    }

    /// Continues an expression whose first operand has been read.
    fn rest(&mut self, mut left: Expr, least: u8) -> Parsed<Expr> {
        let mut last = None;
        while let Some(precedence) = self.operator_ahead().filter(|precedence| *precedence >= least) {
            if last == Some(precedence) && (precedence == COMPARISON || precedence == Operator::Power.precedence()) {
                let message = "比较和乘方不能连着写";
                let help = "用 且 连接两个比较，或写 甲 在 [1..3]；乘方加括号；“是否”不用再与真、假比较";
                return Err(Fault::new(Code::Unsupported, self.here(), message, help));
            }
            last = Some(precedence);
            left = self.operation(left)?;
        }
        Ok(left)
    }

    /// How tightly the operator at hand binds, if there is one.
    fn operator_ahead(&self) -> Option<u8> {
        match self.peek()? {
            TokenKind::Symbol(symbol) => Operator::of(*symbol).map(Operator::precedence),
            TokenKind::Keyword(Keyword::Or) => Some(Operator::Or.precedence()),
            TokenKind::Keyword(Keyword::And) => Some(Operator::And.precedence()),
            TokenKind::Keyword(Keyword::Between | Keyword::In) => Some(COMPARISON),
            _ => None,
        }
    }

    /// Reads one operator and its right side.
    fn operation(&mut self, left: Expr) -> Parsed<Expr> {
        let start = left.span.start;
        let operator = match self.keyword() {
            Some(Keyword::In) => return self.membership(left),
            Some(Keyword::Between) => return self.between(left),
            Some(Keyword::Or) => Some(Operator::Or),
            Some(Keyword::And) => Some(Operator::And),
            _ => self.symbol().and_then(Operator::of),
        };
        let Some(operator) = operator else { return self.expected("运算符", "例如 + - * / < = 且 或") };
        self.at += 1;
        let right = self.climb(operator.precedence() + 1)?;
        self.make(ExprKind::Binary(operator, Box::new(left), Box::new(right)), self.since(start))
    }

    fn between(&mut self, left: Expr) -> Parsed<Expr> {
        let start = left.span.start;
        self.at += 1;
        let low = self.climb(SUM)?;
        if !self.take_keyword(Keyword::To) && !self.take_keyword(Keyword::And) {
            return self.expected("“到”", "写成 甲 介于 1 到 3");
        }
        let high = self.climb(SUM)?;
        self.make(ExprKind::Between(Box::new(left), Box::new(low), Box::new(high)), self.since(start))
    }

    /// What follows `在`: one test, or tests in round brackets. A single expression in brackets may go on behind them.
    fn membership(&mut self, left: Expr) -> Parsed<Expr> {
        let start = left.span.start;
        self.at += 1;
        let open = self.here();
        let mut tests =
            if self.take_symbol(Symbol::LeftParen) { self.tests_or_interval(&open)? } else { vec![self.test()?] };
        if let [Test::Equal(only)] = tests.as_slice() {
            let operand = self.postfix(only.clone())?;
            tests = vec![Test::Equal(self.rest(operand, SUM)?)];
        }
        self.make(ExprKind::In(Box::new(left), tests), self.since(start))
    }

    /// Behind `在 (`: tests up to the closing bracket, or an interval open at its left end.
    fn tests_or_interval(&mut self, open: &Range<usize>) -> Parsed<Vec<Test>> {
        let first = match self.symbol() {
            Some(Symbol::LeftParen | Symbol::LeftBracket) => self.test()?,
            Some(symbol) if Comparison::of(symbol).is_some() => self.test()?,
            _ => Test::Equal(self.expression()?),
        };
        let first = match first {
            Test::Equal(low) if self.take_symbol(Symbol::DotDot) => return Ok(vec![self.interval(low, false, open)?]),
            other => other,
        };
        let mut tests = vec![first];
        while self.take_symbol(Symbol::Comma) {
            tests.push(self.test()?);
        }
        self.close(Symbol::RightParen, open)?;
        Ok(tests)
    }

    fn test(&mut self) -> Parsed<Test> {
        self.deeper()?;
        let test = match self.symbol() {
            Some(Symbol::LeftParen | Symbol::LeftBracket) => self.bracket_test(),
            Some(symbol) if let Some(comparison) = Comparison::of(symbol) => {
                self.at += 1;
                self.climb(SUM).map(|value| Test::Compare(comparison, value))
            }
            _ => self.climb(SUM).map(Test::Equal),
        };
        self.depth -= 1;
        test
    }

    /// A test that begins with a bracket: an interval, a list, or an expression in brackets.
    fn bracket_test(&mut self) -> Parsed<Test> {
        let open = self.here();
        let square = self.symbol() == Some(Symbol::LeftBracket);
        self.at += 1;
        let first = if square && self.symbol() == Some(Symbol::RightBracket) {
            self.list(&open, Vec::new())?
        } else {
            let first = self.expression()?;
            if self.take_symbol(Symbol::DotDot) {
                return self.interval(first, square, &open);
            }
            if square { self.list(&open, vec![first])? } else { self.bracketed(first, &open)? }
        };
        let operand = self.postfix(first)?;
        self.rest(operand, SUM).map(Test::Equal)
    }

    fn interval(&mut self, low: Expr, low_closed: bool, open: &Range<usize>) -> Parsed<Test> {
        let high = self.climb(SUM)?;
        let high_closed = self.take_symbol(Symbol::RightBracket);
        if !high_closed {
            self.close(Symbol::RightParen, open)?;
        }
        Ok(Test::Interval { low, low_closed, high, high_closed })
    }

    fn cell(&mut self) -> Parsed<Vec<Test>> {
        if self.symbol() == Some(Symbol::Minus) && self.tokens.len() == 1 {
            self.at += 1;
            return Ok(vec![Test::Any]);
        }
        let negated = matches!(self.peek(), Some(TokenKind::Name(name)) if Builtin::of(name) == Some(Builtin::Not));
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        if negated && next == Some(&TokenKind::Symbol(Symbol::LeftParen)) {
            self.at += 1;
            let open = self.here();
            self.at += 1;
            let tests = self.test_list()?;
            self.close(Symbol::RightParen, &open)?;
            return Ok(vec![Test::Not(tests)]);
        }
        self.test_list()
    }

    fn test_list(&mut self) -> Parsed<Vec<Test>> {
        let mut tests = vec![self.test()?];
        while self.take_symbol(Symbol::Comma) {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn heading(&mut self) -> Parsed<(Expr, Vec<Expr>)> {
        let expr = self.expression()?;
        let mut values = Vec::new();
        if self.take_symbol(Symbol::Colon) {
            values.push(self.expression()?);
            while self.take_symbol(Symbol::Comma) {
                values.push(self.expression()?);
            }
        }
        Ok((expr, values))
    }

    /// An operand with everything that binds tighter than a power.
    fn operand(&mut self) -> Parsed<Expr> {
        let start = self.here().start;
        match self.peek() {
            Some(TokenKind::Symbol(Symbol::Minus)) => {
                self.at += 1;
                let inner = self.climb(NEGATION)?;
                if self.symbol() == Some(Symbol::Power) {
                    let message = "此处先算负号还是先算乘方容易读错";
                    let help = "加括号写清楚，例如 (-2) ** 2 或 -(2 ** 2)";
                    return Err(Fault::new(Code::Unsupported, self.here(), message, help));
                }
                self.make(ExprKind::Negate(Box::new(inner)), self.since(start))
            }
            Some(TokenKind::Keyword(Keyword::If)) => self.conditional(),
            Some(TokenKind::Keyword(Keyword::For)) => {
                self.at += 1;
                let iterations = self.iterations()?;
                self.expect_keyword(Keyword::Return, "写成 对 项 在 列表 取 式子")?;
                let body = self.expression()?;
                self.make(ExprKind::For(iterations, Box::new(body)), self.since(start))
            }
            Some(TokenKind::Keyword(keyword @ (Keyword::Some | Keyword::Every))) => {
                let quantifier = if *keyword == Keyword::Some { Quantifier::Some } else { Quantifier::Every };
                self.at += 1;
                let iterations = self.iterations()?;
                self.expect_keyword(Keyword::Satisfies, "写成 任一 项 在 列表 满足 条件")?;
                let body = self.expression()?;
                self.make(ExprKind::Quantified(quantifier, iterations, Box::new(body)), self.since(start))
            }
            _ => {
                let primary = self.primary()?;
                self.postfix(primary)
            }
        }
    }

    fn conditional(&mut self) -> Parsed<Expr> {
        let start = self.here().start;
        let help = "写成 若 条件 则 甲 否则 乙，三部分都要有";
        self.at += 1;
        let condition = self.expression()?;
        self.expect_keyword(Keyword::Then, help)?;
        let yes = self.expression()?;
        self.expect_keyword(Keyword::Else, help)?;
        let no = self.expression()?;
        self.make(ExprKind::If(Box::new(condition), Box::new(yes), Box::new(no)), self.since(start))
    }

    fn iterations(&mut self) -> Parsed<Vec<Iteration>> {
        let mut iterations = Vec::new();
        loop {
            let name = self.ident("逐项的名称")?;
            self.expect_keyword(Keyword::In, "写成 项 在 列表，例如 对 项 在 收入 取 项.金额")?;
            let low = self.climb(SUM)?;
            let domain =
                if self.take_symbol(Symbol::DotDot) { Domain::Range(low, self.climb(SUM)?) } else { Domain::List(low) };
            iterations.push(Iteration { name, domain });
            if !self.take_symbol(Symbol::Comma) {
                return Ok(iterations);
            }
        }
    }

    /// Everything that may follow a value: `.项目` and `[…]`.
    fn postfix(&mut self, mut value: Expr) -> Parsed<Expr> {
        loop {
            let start = value.span.start;
            let open = self.here();
            if self.take_symbol(Symbol::Dot) {
                let field = self.ident("项目名")?;
                value = self.make(ExprKind::Path(Box::new(value), field), self.since(start))?;
            } else if self.take_symbol(Symbol::LeftBracket) {
                let condition = self.expression()?;
                self.close(Symbol::RightBracket, &open)?;
                value = self.make(ExprKind::Filter(Box::new(value), Box::new(condition)), self.since(start))?;
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let span = self.here();
        let kind = match self.peek() {
            Some(TokenKind::Number(n)) => ExprKind::Number(*n),
            Some(TokenKind::Text(text)) => ExprKind::Text(text.clone()),
            Some(TokenKind::Keyword(Keyword::True)) => ExprKind::Bool(true),
            Some(TokenKind::Keyword(Keyword::False)) => ExprKind::Bool(false),
            Some(TokenKind::Keyword(Keyword::Item)) => ExprKind::Item,
            Some(TokenKind::Keyword(Keyword::Null)) => {
                let help = "判断有没有用 缺失(甲)，给出替代用 首个已知(甲, 乙)";
                return Err(Fault::new(Code::Unsupported, span, "不能写 null：缺失不是一个可以写的值", help));
            }
            Some(TokenKind::Name(_)) => return self.name_or_call(),
            Some(TokenKind::Symbol(Symbol::LeftParen)) => {
                self.at += 1;
                let inner = self.expression()?;
                return self.bracketed(inner, &span);
            }
            Some(TokenKind::Symbol(Symbol::LeftBracket)) => {
                self.at += 1;
                let empty = self.symbol() == Some(Symbol::RightBracket);
                let items = if empty { Vec::new() } else { vec![self.expression()?] };
                return self.list(&span, items);
            }
            Some(TokenKind::Symbol(Symbol::LeftBrace)) => return self.record(),
            _ => return self.expected("一个量（数、文字、名称或括号）", "补上缺少的量，或去掉多余的符号"),
        };
        self.at += 1;
        self.make(kind, span)
    }

    /// Closes a round bracket around an expression; the brackets become part of its place.
    fn bracketed(&mut self, mut inner: Expr, open: &Range<usize>) -> Parsed<Expr> {
        self.close(Symbol::RightParen, open)?;
        inner.span = self.since(open.start);
        Ok(inner)
    }

    /// The rest of a list whose first item, if it has one, has been read.
    fn list(&mut self, open: &Range<usize>, mut items: Vec<Expr>) -> Parsed<Expr> {
        if self.symbol() == Some(Symbol::DotDot) {
            let help = "区间只写在“在”后面和判定表的单元格里；逐个列出写 对 i 在 1..3 取 i";
            return Err(Fault::new(Code::Unsupported, self.here(), "此处不能写区间", help));
        }
        while !items.is_empty() && self.take_symbol(Symbol::Comma) {
            items.push(self.expression()?);
        }
        self.close(Symbol::RightBracket, open)?;
        self.make(ExprKind::List(items), self.since(open.start))
    }

    fn record(&mut self) -> Parsed<Expr> {
        let open = self.here();
        self.at += 1;
        let mut fields: Vec<(Ident, Expr)> = Vec::new();
        loop {
            let name = self.ident("项目名")?;
            if fields.iter().any(|(field, _)| *field == name) {
                let message = format!("项目“{}”写了两次", name.text);
                return Err(Fault::new(Code::Duplicate, name.span, message, "一个记录里每个项目只写一次"));
            }
            if !self.take_symbol(Symbol::Colon) {
                return self.expected("“:”", "记录写成 {姓名: \"张三\", 年龄: 70}");
            }
            fields.push((name, self.expression()?));
            if !self.take_symbol(Symbol::Comma) {
                break;
            }
        }
        self.close(Symbol::RightBrace, &open)?;
        self.make(ExprKind::Record(fields), self.since(open.start))
    }

    /// A name, or a call: FEEL's own functions may have blanks in their names (`list contains`).
    fn name_or_call(&mut self) -> Parsed<Expr> {
        let start = self.here().start;
        let first = self.ident("名称")?;
        let mut name = first.text.to_string();
        let mut ahead = self.at;
        while let Some(TokenKind::Name(word)) = self.tokens.get(ahead).map(|token| &token.kind) {
            name = format!("{name} {word}");
            ahead += 1;
            if Builtin::of(&name).is_some() {
                self.at = ahead;
                let ident = Ident { text: name.into(), span: self.since(start) };
                return self.call(ident);
            }
            if ahead > self.at + 3 {
                break;
            }
        }
        if self.symbol() == Some(Symbol::LeftParen) {
            self.call(first)
        } else {
            self.make(ExprKind::Name(first.text), first.span)
        }
    }

    fn call(&mut self, name: Ident) -> Parsed<Expr> {
        let open = self.here();
        if !self.take_symbol(Symbol::LeftParen) {
            return self.expected("“(”", "函数后面写括号和参数");
        }
        let mut arguments = Vec::new();
        if self.symbol() != Some(Symbol::RightParen) {
            arguments.push(self.expression()?);
            while self.take_symbol(Symbol::Comma) {
                arguments.push(self.expression()?);
            }
        }
        self.close(Symbol::RightParen, &open)?;
        let start = name.span.start;
        self.make(ExprKind::Call(name, arguments), self.since(start))
    }
}

fn too_deep(span: Range<usize>) -> Box<Fault> {
    Fault::new(Code::TooDeep, span, "式子套得太深", "拆成几个有名称的公式")
}
