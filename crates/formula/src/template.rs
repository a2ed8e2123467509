//! Formulas as people read them, with holes for values behind the names: made once, filled for every case.

use std::cell::RefCell;
use std::ops::Range;

use crate::print::print;
use crate::syntax::{Expr, Kind};

#[derive(Debug)]
pub(crate) enum Piece {
    Text(String),
    /// A name, path or call: where its value is known it stands as it is written, with the value behind it.
    Named {
        span: Range<usize>,
        written: String,
        inside: Vec<Piece>,
    },
}

pub(crate) fn template(expr: &Expr) -> Vec<Piece> {
    pieces(expr, None)
}

/// The pieces of an expression; `top` stands for itself and is no hole.
fn pieces(expr: &Expr, top: Option<&Expr>) -> Vec<Piece> {
    let holes: RefCell<Vec<(usize, Piece)>> = RefCell::default();
    let text = print(expr, &|part, out| {
        let is_named = matches!(part.kind, Kind::Name(_) | Kind::Path(..) | Kind::Call(..));
        if !is_named || top.is_some_and(|top| std::ptr::eq(top, part)) {
            return false;
        }
        let inside = if matches!(part.kind, Kind::Name(_)) { Vec::new() } else { pieces(part, Some(part)) };
        let named = Piece::Named { span: part.span.clone(), written: signs(&part.to_string()), inside };
        holes.borrow_mut().push((out.len(), named));
        true
    });
    let (mut found, mut at) = (Vec::new(), 0);
    for (end, hole) in holes.into_inner() {
        found.push(Piece::Text(signs(&text[at..end])));
        found.push(hole);
        at = end;
    }
    found.push(Piece::Text(signs(&text[at..])));
    found
}

/// Writes the pieces with the value of each name that has one.
pub(crate) fn fill(pieces: &[Piece], out: &mut String, value: &dyn Fn(&Range<usize>) -> Option<String>) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Named { span, written, inside } => match value(span) {
                Some(value) => out.extend([written, " ", &value]),
                None if inside.is_empty() => out.push_str(written),
                None => fill(inside, out, value),
            },
        }
    }
}

/// Signs as people write them; a sign stands between blanks.
fn signs(text: &str) -> String {
    let written = |word| match word {
        "-" => "−",
        "*" => "×",
        "/" => "÷",
        "<=" => "≤",
        ">=" => "≥",
        "!=" => "≠",
        other => other,
    };
    text.split(' ').map(written).collect::<Vec<_>>().join(" ")
}
