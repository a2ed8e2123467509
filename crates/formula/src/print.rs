//! Expressions as text that means the same when it is read again, in the guide's language.

use std::fmt::{self, Write};

use crate::number::{Rational, exact_decimal};
use crate::syntax::{Argument, COMPARISON, Each, Expr, Ident, Kind, NEGATION, Operator, POWER, PRIMARY, SUM, Test};
use crate::token::is_name;
use crate::value::clock;
use crate::words::{Builtin, Keyword};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self, &|_, _| false))
    }
}

/// What may write a part in another way: it is told what has been written so far, and says whether it has.
type Instead<'a> = &'a dyn Fn(&Expr, &mut String) -> bool;

/// Prints an expression, but for the parts that `instead` takes.
pub(crate) fn print(expr: &Expr, instead: Instead) -> String {
    let mut printer = Printer { out: String::new(), instead };
    printer.expr(expr, 0);
    printer.out
}

struct Printer<'a> {
    out: String,
    instead: Instead<'a>,
}

fn precedence(kind: &Kind) -> u8 {
    match kind {
        Kind::If(..) | Kind::Each(..) => 0,
        Kind::Binary(operator, ..) => operator.precedence(),
        Kind::In(..) | Kind::IsA(..) => COMPARISON,
        Kind::Negate(_) | Kind::Not(_) => NEGATION,
        Kind::Number(n, _) if *n < Rational::from(0) => NEGATION,
        _ => PRIMARY,
    }
}

impl Printer<'_> {
    fn word(&mut self, keyword: Keyword) {
        let _ = write!(self.out, "{} ", keyword.word());
    }

    fn infix(&mut self, keyword: Keyword) {
        let _ = write!(self.out, " {} ", keyword.word());
    }

    fn expr(&mut self, expr: &Expr, least: u8) {
        if (self.instead)(expr, &mut self.out) {
            return;
        }
        let bracket = precedence(&expr.kind) < least;
        self.out.push_str(if bracket { "(" } else { "" });
        self.kind(&expr.kind);
        self.out.push_str(if bracket { ")" } else { "" });
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Number(number, unit) => self.number(*number, *unit),
            Kind::Text(text) => {
                let _ = write!(self.out, "\"{text}\"");
            }
            Kind::Date(date) => {
                let _ = write!(self.out, "{date}");
            }
            Kind::Month(month) => self.out.push_str(&String::from(*month)),
            Kind::Time(time) => self.out.push_str(&clock(*time)),
            Kind::Moment(moment) => {
                let _ = write!(self.out, "{} {}", moment.date(), clock(moment.time()));
            }
            Kind::Bool(b) => self.out.push_str(if *b { Keyword::True } else { Keyword::False }.word()),
            Kind::Null => self.out.push_str(Keyword::Null.word()),
            Kind::This => self.out.push_str(Keyword::This.word()),
            Kind::Name(name) => self.out.push_str(name),
            Kind::If(condition, yes, no) => {
                self.word(Keyword::If);
                self.expr(condition, 0);
                self.infix(Keyword::Then);
                self.expr(yes, 0);
                self.infix(Keyword::Else);
                self.expr(no, 0);
            }
            Kind::Each(each, name, list, body) => self.each(*each, &name.text, list, body),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right),
            Kind::In(value, tests) => {
                self.expr(value, SUM);
                self.infix(Keyword::In);
                self.group(tests);
            }
            Kind::IsA(inner, wanted) => {
                self.expr(inner, SUM);
                self.infix(Keyword::IsA);
                self.out.push_str(&wanted.to_string());
            }
            Kind::Negate(inner) => {
                self.out.push('-');
                self.expr(inner, PRIMARY);
            }
            Kind::Not(inner) => {
                self.out.push_str("非(");
                self.expr(inner, 0);
                self.out.push(')');
            }
            Kind::Path(inner, name) => {
                self.expr(inner, PRIMARY);
                let _ = write!(self.out, ".{}", name.text);
            }
            Kind::Filter(list, inside) => {
                self.expr(list, PRIMARY);
                self.out.push('[');
                self.expr(inside, 0);
                self.out.push(']');
            }
            Kind::Call(name, arguments) => self.call(name, arguments),
            Kind::List(items) => {
                self.out.push('[');
                self.separated(items);
                self.out.push(']');
            }
            Kind::Record(fields) => self.record(fields),
        }
    }

    fn call(&mut self, name: &Ident, arguments: &[Argument]) {
        let name = Builtin::of(&name.text).map_or(&*name.text, |builtin| builtin.name());
        let _ = write!(self.out, "{name}(");
        for (i, argument) in arguments.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            if let Some(name) = &argument.name {
                let _ = write!(self.out, "{}: ", name.text);
            }
            self.expr(&argument.value, 0);
        }
        self.out.push(')');
    }

    fn record(&mut self, fields: &[(Ident, Expr)]) {
        self.out.push('{');
        for (i, (name, value)) in fields.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            let bare = is_name(&name.text);
            let _ = if bare { write!(self.out, "{}: ", name.text) } else { write!(self.out, "\"{}\": ", name.text) };
            self.expr(value, 0);
        }
        self.out.push('}');
    }

    fn separated(&mut self, items: &[Expr]) {
        for (i, item) in items.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            self.expr(item, 0);
        }
    }

    /// A number that no decimal says exactly is written as a quotient.
    fn number(&mut self, number: Rational, unit: Option<&str>) {
        let written = if unit == Some("%") { number * Rational::from(100) } else { number };
        let text = exact_decimal(written).unwrap_or_else(|| format!("{}/{}", number.numer(), number.denom()));
        let _ = write!(self.out, "{text}{}", unit.unwrap_or_default());
    }

    fn each(&mut self, each: Each, name: &str, list: &Expr, body: &Expr) {
        let (word, then) = match each {
            Each::Some => (Keyword::Some, Keyword::Satisfies),
            Each::Every => (Keyword::Every, Keyword::Satisfies),
            Each::For => (Keyword::For, Keyword::Return),
        };
        self.word(word);
        self.out.push_str(name);
        self.infix(Keyword::In);
        self.expr(list, PRIMARY);
        self.infix(then);
        self.expr(body, 0);
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) {
        let precedence = operator.precedence();
        let least = if operator.is_comparison() { SUM } else { precedence };
        self.expr(left, if operator == Operator::Power { POWER } else { least });
        let _ = write!(self.out, " {} ", operator.text());
        self.expr(right, precedence + 1);
    }

    /// A single test stands bare where no bracket can be mistaken for a list of tests.
    fn group(&mut self, tests: &[Test]) {
        match tests {
            [Test::Interval { .. }] => self.tests(tests),
            [Test::Equal(value)] if matches!(value.kind, Kind::Name(_) | Kind::List(_)) => self.tests(tests),
            _ => {
                self.out.push('(');
                self.tests(tests);
                self.out.push(')');
            }
        }
    }

    fn tests(&mut self, tests: &[Test]) {
        for (i, test) in tests.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            match test {
                Test::Any => self.out.push('-'),
                Test::Unknown => self.out.push_str("未知"),
                Test::Equal(value) => self.expr(value, 0),
                Test::Compare(operator, value) => {
                    let _ = write!(self.out, "{} ", operator.text());
                    self.expr(value, SUM);
                }
                Test::Interval { low, low_closed, high, high_closed } => {
                    self.out.push(if *low_closed { '[' } else { '(' });
                    self.expr(low, SUM);
                    self.out.push_str("..");
                    self.expr(high, SUM);
                    self.out.push(if *high_closed { ']' } else { ')' });
                }
                Test::Not(inner) => {
                    self.out.push_str("非(");
                    self.tests(inner);
                    self.out.push(')');
                }
            }
        }
    }
}
