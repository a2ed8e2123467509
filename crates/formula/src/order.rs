//! An order in which definitions can be checked without one waiting for another.

use crate::ast::{Expr, ExprKind};
use crate::check::{Global, Globals, SourceBody};

/// All definitions, each after those whose names stand in it, as far as there is no circle.
/// Names are taken as written: a column of a roster may shadow a definition, so the checker still follows uses itself.
pub(crate) fn by_use(globals: &Globals) -> Vec<usize> {
    let uses: Vec<Vec<usize>> = globals.definitions.iter().map(|source| named(&source.body, globals)).collect();
    let mut entered = vec![false; uses.len()];
    let mut order = Vec::with_capacity(uses.len());
    for root in 0..uses.len() {
        if std::mem::replace(&mut entered[root], true) {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((index, next)) = path.last_mut() {
            match uses[*index].get(*next) {
                Some(&used) => {
                    *next += 1;
                    if !std::mem::replace(&mut entered[used], true) {
                        path.push((used, 0));
                    }
                }
                None => {
                    order.push(*index);
                    path.pop();
                }
            }
        }
    }
    order
}

fn named(body: &SourceBody, globals: &Globals) -> Vec<usize> {
    let mut found = Vec::new();
    match body {
        SourceBody::Formula(expr) => collect(expr, globals, &mut found),
        SourceBody::Table(table) => table.parts().for_each(|expr| collect(expr, globals, &mut found)),
        SourceBody::Broken => {}
    }
    found
}

fn collect(expr: &Expr, globals: &Globals, found: &mut Vec<usize>) {
    if let ExprKind::Name(name) = &expr.kind
        && let Some(Global::Definition(index)) = globals.names.get(name)
    {
        found.push(*index);
    }
    for part in expr.kind.parts() {
        collect(part, globals, found);
    }
}
