//! Expressions back into text, in the canonical Chinese form. Reading the text again yields the same expression.

use std::fmt::Write;

use base::Decimal;

use crate::ast::{
    COMPARISON, Domain, Expr, ExprKind, Ident, Iteration, NEGATION, Operator, PRIMARY, Quantifier, SUM, Test,
};
use crate::value::Value;
use crate::words::{Builtin, Keyword};

/// Prints an expression.
pub(crate) fn print(expr: &Expr) -> String {
    print_with(expr, &mut |_| None)
}

/// Prints an expression, but for each part that `replace` answers for, its answer.
/// `replace` is asked before the part is entered; its answer must read as one operand.
pub(crate) fn print_with(expr: &Expr, replace: &mut dyn FnMut(&Expr) -> Option<String>) -> String {
    let mut printer = Printer { out: String::new(), replace };
    printer.expr(expr, 0);
    printer.out
}

/// Prints the tests of a table's cell.
pub(crate) fn print_cell(tests: &[Test]) -> String {
    let mut printer = Printer { out: String::new(), replace: &mut |_| None };
    printer.tests(tests);
    printer.out
}

/// A value as a formula would write it, for values that can be written.
pub(crate) fn print_value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Number(n) if n.is_sign_negative() && !n.is_zero() => format!("({})", n.normalize()),
        Value::Number(n) => n.normalize().to_string(),
        Value::Text(text) => quote(text),
        Value::Bool(truth) => (if *truth { Keyword::True } else { Keyword::False }).word().to_string(),
        Value::Date(date) => format!("{}({})", Builtin::Date.name(), quote(&date.to_string())),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(print_value).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Missing(_) | Value::Record(_) => return None,
    })
}

fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// How tightly the expression holds together; an operand that holds less gets brackets.
fn precedence(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::If(..) | ExprKind::For(..) | ExprKind::Quantified(..) => 0,
        ExprKind::Binary(operator, ..) => operator.precedence(),
        ExprKind::Between(..) | ExprKind::In(..) => COMPARISON,
        ExprKind::Negate(_) => NEGATION,
        _ => PRIMARY,
    }
}

struct Printer<'a> {
    out: String,
    replace: &'a mut dyn FnMut(&Expr) -> Option<String>,
}

impl Printer<'_> {
    fn word(&mut self, keyword: Keyword) {
        self.out.push_str(keyword.word());
        self.out.push(' ');
    }

    fn infix(&mut self, keyword: Keyword) {
        self.out.push(' ');
        self.word(keyword);
    }

    fn expr(&mut self, expr: &Expr, least: u8) {
        if let Some(text) = (self.replace)(expr) {
            self.out.push_str(&text);
        } else if precedence(&expr.kind) < least {
            self.out.push('(');
            self.kind(&expr.kind);
            self.out.push(')');
        } else {
            self.kind(&expr.kind);
        }
    }

    fn separated(&mut self, items: &[Expr]) {
        for (i, item) in items.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            self.expr(item, 0);
        }
    }

    fn kind(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Number(n) => self.number(*n),
            ExprKind::Text(text) => self.out.push_str(&quote(text)),
            ExprKind::Bool(truth) => self.out.push_str((if *truth { Keyword::True } else { Keyword::False }).word()),
            ExprKind::Item => self.out.push_str(Keyword::Item.word()),
            ExprKind::Name(name) => self.out.push_str(name),
            ExprKind::Negate(inner) => {
                self.out.push('-');
                self.expr(inner, NEGATION);
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Between(value, low, high) => {
                self.expr(value, SUM);
                self.infix(Keyword::Between);
                self.expr(low, SUM);
                self.infix(Keyword::To);
                self.expr(high, SUM);
            }
            ExprKind::In(value, tests) => {
                self.expr(value, SUM);
                self.infix(Keyword::In);
                self.membership(tests);
            }
            ExprKind::If(condition, yes, no) => {
                self.word(Keyword::If);
                self.expr(condition, 0);
                self.infix(Keyword::Then);
                self.expr(yes, 0);
                self.infix(Keyword::Else);
                self.expr(no, 0);
            }
            ExprKind::For(iterations, body) => {
                self.word(Keyword::For);
                self.iterations(iterations, Keyword::Return);
                self.expr(body, 0);
            }
            ExprKind::Quantified(quantifier, iterations, body) => {
                self.word(if *quantifier == Quantifier::Some { Keyword::Some } else { Keyword::Every });
                self.iterations(iterations, Keyword::Satisfies);
                self.expr(body, 0);
            }
            ExprKind::Filter(list, condition) => {
                self.expr(list, PRIMARY);
                self.out.push('[');
                self.expr(condition, 0);
                self.out.push(']');
            }
            ExprKind::Path(base, field) => {
                self.expr(base, PRIMARY);
                let _ = write!(self.out, ".{}", field.text);
            }
            ExprKind::List(items) => {
                self.out.push('[');
                self.separated(items);
                self.out.push(']');
            }
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::Call(name, arguments) => {
                let printed = Builtin::of(&name.text).map_or(&*name.text, |builtin| builtin.name());
                let _ = write!(self.out, "{printed}(");
                self.separated(arguments);
                self.out.push(')');
            }
        }
    }

    fn record(&mut self, fields: &[(Ident, Expr)]) {
        self.out.push('{');
        for (i, (name, value)) in fields.iter().enumerate() {
            let _ = write!(self.out, "{}{}: ", if i == 0 { "" } else { ", " }, name.text);
            self.expr(value, 0);
        }
        self.out.push('}');
    }

    fn number(&mut self, number: Decimal) {
        let _ = write!(self.out, "{number}");
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) {
        let precedence = operator.precedence();
        let (least, sign) = match operator {
            Operator::Or => (precedence, Keyword::Or.word()),
            Operator::And => (precedence, Keyword::And.word()),
            Operator::Compare(comparison) => (SUM, comparison.text()),
            Operator::Add => (precedence, "+"),
            Operator::Subtract => (precedence, "-"),
            Operator::Multiply => (precedence, "*"),
            Operator::Divide => (precedence, "/"),
            Operator::Power => (PRIMARY, "**"),
        };
        self.expr(left, least);
        let _ = write!(self.out, " {sign} ");
        self.expr(right, precedence + 1);
    }

    fn iterations(&mut self, iterations: &[Iteration], then: Keyword) {
        for (i, iteration) in iterations.iter().enumerate() {
            let _ = write!(self.out, "{}{}", if i == 0 { "" } else { ", " }, iteration.name.text);
            self.infix(Keyword::In);
            match &iteration.domain {
                Domain::List(list) => self.expr(list, SUM),
                Domain::Range(low, high) => {
                    self.expr(low, SUM);
                    self.out.push_str("..");
                    self.expr(high, SUM);
                }
            }
        }
        self.infix(then);
    }

    /// A single test stands bare where no bracket can be mistaken for a list of tests.
    fn membership(&mut self, tests: &[Test]) {
        let bare = match tests {
            [Test::Interval { .. }] => true,
            [Test::Equal(value)] => matches!(value.kind, ExprKind::Name(_) | ExprKind::List(_)),
            _ => false,
        };
        if bare {
            self.tests(tests);
        } else {
            self.out.push('(');
            self.tests(tests);
            self.out.push(')');
        }
    }

    /// A value that begins with `非(` gets brackets, for at the start of a cell that denies all of its tests.
    fn equal(&mut self, value: &Expr) {
        let start = self.out.len();
        self.expr(value, SUM);
        if self.out[start..].starts_with(&format!("{}(", Builtin::Not.name())) {
            self.out.insert(start, '(');
            self.out.push(')');
        }
    }

    fn tests(&mut self, tests: &[Test]) {
        for (i, test) in tests.iter().enumerate() {
            self.out.push_str(if i == 0 { "" } else { ", " });
            match test {
                Test::Any => self.out.push('-'),
                Test::Equal(value) => self.equal(value),
                Test::Compare(comparison, value) => {
                    let _ = write!(self.out, "{} ", comparison.text());
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
                    let _ = write!(self.out, "{}(", Builtin::Not.name());
                    self.tests(inner);
                    self.out.push(')');
                }
            }
        }
    }
}
