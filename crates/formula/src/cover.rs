//! Which situations the rows of a decision table cover.
//!
//! Each input column is cut into regions inside which no cell tells one value from another: the literals of the column and the
//! stretches between them. A row is then a box of regions, and overlaps and gaps are found exactly. A column whose cells
//! compare with more than one formula cannot be cut; what hangs on it is left to evaluation.

use base::{Date, Decimal};

use crate::ast::{Comparison, Expr, ExprKind, Test};
use crate::fault::Code;
use crate::print::{print, print_value};
use crate::source::HitPolicy;
use crate::table::TableLine;
use crate::types::Type;
use crate::value::Value;
use crate::words::Builtin;

/// Steps after which a search gives up and the table counts as covered.
const BUDGET: usize = 200_000;

/// Which regions of a column a cell accepts.
type Regions = Vec<bool>;

/// An input column cut into regions.
pub(crate) struct Axis {
    /// A condition that describes each region: `月收入 = 700`, `月收入 < 低保标准`.
    labels: Vec<String>,
    /// For each row the regions it accepts; `None` when that cannot be known.
    cells: Vec<Option<Regions>>,
}

pub(crate) struct Finding {
    pub code: Code,
    pub row: Option<usize>,
    pub message: String,
    pub help: &'static str,
}

/// The value of an expression that is written out.
pub(crate) fn literal(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Number(n) => Some(Value::Number(*n)),
        ExprKind::Text(text) => Some(Value::Text(text.clone())),
        ExprKind::Bool(truth) => Some(Value::Bool(*truth)),
        ExprKind::Negate(inner) => literal(inner)?.number().map(|n| Value::Number(-n)),
        ExprKind::Call(name, arguments) if Builtin::of(&name.text) == Some(Builtin::Date) => match arguments.as_slice()
        {
            [Expr { kind: ExprKind::Text(text), .. }] => text.parse::<Date>().ok().map(Value::Date),
            _ => None,
        },
        _ => None,
    }
}

impl Axis {
    /// `declared` are the values that the heading lists, `choices` those that the form offers.
    pub fn new(
        heading: &Expr,
        ty: &Type,
        tests: &[&[Test]],
        declared: Vec<Value>,
        choices: &[std::sync::Arc<str>],
    ) -> Axis {
        let name = print(heading);
        let operands: Vec<&Expr> = tests.iter().flat_map(|cell| cell.iter()).flat_map(operands).collect();
        let literals: Option<Vec<Value>> = operands.iter().map(|operand| literal(operand)).collect();
        let discrete = match (ty, &literals) {
            (_, Some(_)) if !declared.is_empty() => Some(declared),
            (Type::Bool, Some(_)) => Some(vec![Value::Bool(true), Value::Bool(false)]),
            (Type::Text, Some(_)) if !choices.is_empty() => {
                Some(choices.iter().map(|choice| Value::Text(choice.clone())).collect())
            }
            (Type::Text, Some(literals)) if !literals.is_empty() => {
                // Free text: the texts that the column names, and any other one where a cell excludes texts.
                let excludes = |test: &Test| matches!(test, Test::Not(_) | Test::Compare(Comparison::NotEqual, _));
                let other = tests.iter().any(|cell| cell.iter().any(excludes)).then(|| Value::missing("其他文字"));
                Some(distinct(literals).into_iter().chain(other).collect())
            }
            _ => None,
        };
        if let Some(values) = discrete {
            let accepts = |cell: &&[Test]| Some(values.iter().map(|v| cell.iter().any(|t| holds(t, v))).collect());
            let shown = |value| match print_value(value) {
                Some(text) => format!("{name} = {text}"),
                None => format!("{name} 为其他文字"),
            };
            return Axis { cells: tests.iter().map(accepts).collect(), labels: values.iter().map(shown).collect() };
        }
        let points = match literals {
            Some(literals) if matches!(ty, Type::Number | Type::Date) => Some(sorted(literals)),
            _ => single(&operands).filter(|_| matches!(ty, Type::Number | Type::Date)),
        };
        match points {
            Some(points) => Axis::along(&name, &points, tests),
            None => Axis {
                labels: vec![format!("{name} 为任意值")],
                cells: tests.iter().map(|cell| matches!(cell, [Test::Any]).then(|| vec![true])).collect(),
            },
        }
    }

    /// Cuts an ordered column at its points: before the first, the first, between the first and the second, …
    fn along(name: &str, points: &[Point], tests: &[&[Test]]) -> Axis {
        let all = 2 * points.len() + 1;
        let labels: Vec<Option<String>> = (0..all).map(|position| describe(name, points, position)).collect();
        let accepts = |cell: &&[Test]| {
            let inside = |position: usize| cell.iter().any(|test| covers(test, points, position));
            Some((0..all).filter(|p| labels[*p].is_some()).map(inside).collect())
        };
        Axis { cells: tests.iter().map(accepts).collect(), labels: labels.iter().flatten().cloned().collect() }
    }
}

/// A place where an ordered column is cut.
#[derive(Clone, Debug, PartialEq)]
enum Point {
    Number(Decimal),
    Date(Date),
    /// The only formula that the column compares with.
    Formula(String),
}

fn point(expr: &Expr) -> Point {
    match literal(expr) {
        Some(Value::Number(n)) => Point::Number(n),
        Some(Value::Date(d)) => Point::Date(d),
        _ => Point::Formula(print(expr)),
    }
}

/// The right sides of a cell, lists taken apart.
fn operands(test: &Test) -> Vec<&Expr> {
    test.parts().into_iter().flat_map(|part| items(part)).collect()
}

fn items(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().collect(),
        _ => vec![expr],
    }
}

fn distinct(values: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    kept
}

fn sorted(values: Vec<Value>) -> Vec<Point> {
    let mut numbers: Vec<Decimal> = values.iter().filter_map(Value::number).collect();
    let mut dates: Vec<Date> = values.iter().filter_map(Value::date).collect();
    numbers.sort_unstable();
    numbers.dedup();
    dates.sort_unstable();
    dates.dedup();
    numbers.into_iter().map(Point::Number).chain(dates.into_iter().map(Point::Date)).collect()
}

/// The only operand of a column that compares with one formula.
fn single(operands: &[&Expr]) -> Option<Vec<Point>> {
    let first = point(operands.first()?);
    operands.iter().all(|operand| point(operand) == first).then(|| vec![first])
}

/// The condition of a region, or nothing where no value lies between two points.
fn describe(name: &str, points: &[Point], position: usize) -> Option<String> {
    let shown = |point: &Point| match point {
        Point::Number(n) => n.normalize().to_string(),
        Point::Date(d) => print_value(&Value::Date(*d)).unwrap_or_default(),
        Point::Formula(text) => text.clone(),
    };
    let before = position.checked_sub(1).and_then(|p| points.get(p / 2));
    let after = points.get(position / 2);
    match (position % 2 == 1, before, after) {
        (true, _, Some(at)) => Some(format!("{name} = {}", shown(at))),
        (_, Some(Point::Date(low)), Some(Point::Date(high))) if low.tomorrow().is_ok_and(|next| next >= *high) => None,
        (_, Some(low), Some(high)) => Some(format!("{name} 在 ({}..{})", shown(low), shown(high))),
        (_, None, Some(high)) => Some(format!("{name} < {}", shown(high))),
        (_, Some(low), None) => Some(format!("{name} > {}", shown(low))),
        (_, None, None) => Some(format!("{name} 为任意值")),
    }
}

fn covers(test: &Test, points: &[Point], position: usize) -> bool {
    let place = |expr: &Expr| points.iter().position(|p| *p == point(expr)).map_or(usize::MAX, |i| 2 * i + 1);
    match test {
        Test::Any => true,
        Test::Equal(expr) => items(expr).into_iter().any(|item| position == place(item)),
        Test::Compare(comparison, expr) => ordered(*comparison, position.cmp(&place(expr))),
        Test::Interval { low, low_closed, high, high_closed } => {
            let (low, high) = (place(low), place(high));
            (position > low || (*low_closed && position == low))
                && (position < high || (*high_closed && position == high))
        }
        Test::Not(tests) => !tests.iter().any(|test| covers(test, points, position)),
    }
}

/// Whether a comparison holds between values that stand in this order.
pub(crate) fn ordered(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
    }
}

/// Whether a test whose operands are literals accepts a value.
fn holds(test: &Test, value: &Value) -> bool {
    let order = |expr: &Expr| match (value, literal(expr)) {
        (Value::Number(a), Some(Value::Number(b))) => Some(a.cmp(&b)),
        (Value::Date(a), Some(Value::Date(b))) => Some(a.cmp(&b)),
        _ => None,
    };
    match test {
        Test::Any => true,
        Test::Equal(expr) => items(expr).into_iter().any(|item| literal(item).as_ref() == Some(value)),
        Test::Compare(Comparison::Equal, expr) => literal(expr).as_ref() == Some(value),
        Test::Compare(Comparison::NotEqual, expr) => literal(expr).as_ref() != Some(value),
        Test::Compare(comparison, expr) => order(expr).is_some_and(|order| ordered(*comparison, order)),
        Test::Interval { low, low_closed, high, high_closed } => {
            let least = if *low_closed { Comparison::GreaterEqual } else { Comparison::Greater };
            let most = if *high_closed { Comparison::LessEqual } else { Comparison::Less };
            order(low).is_some_and(|o| ordered(least, o)) && order(high).is_some_and(|o| ordered(most, o))
        }
        Test::Not(tests) => !tests.iter().any(|test| holds(test, value)),
    }
}

/// Every overlap, gap and useless row that can be proved.
pub(crate) fn examine(axes: &[Axis], line: &TableLine) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows = 0..line.rows.len();
    let dead =
        |row: usize| axes.iter().any(|axis| matches!(&axis.cells[row], Some(regions) if !regions.contains(&true)));
    for row in rows.clone().filter(|row| dead(*row)) {
        let message = format!("第 {} 行永远不会适用", row + 1);
        findings.push(Finding {
            code: Code::TableUnreachable,
            row: Some(row),
            message,
            help: "改正这一行的条件，或删去这一行",
        });
    }
    if matches!(line.hit, HitPolicy::Unique | HitPolicy::Any) {
        for second in rows.clone() {
            findings.extend((0..second).filter_map(|first| overlap(axes, line, first, second)));
        }
    }
    if line.hit == HitPolicy::First {
        for row in rows.clone().filter(|row| !dead(*row)) {
            let Some(within) = axes.iter().map(|axis| axis.cells[row].clone()).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let earlier: Vec<usize> = (0..row).filter(|r| axes.iter().all(|axis| axis.cells[*r].is_some())).collect();
            if uncovered(axes, earlier, &within, 0, &mut { BUDGET }) == Search::Covered {
                let message = format!("第 {} 行永远用不到：前面的行已经包括了它", row + 1);
                findings.push(Finding {
                    code: Code::TableUnreachable,
                    row: Some(row),
                    message,
                    help: "把它移到前面，或删去",
                });
            }
        }
    }
    if line.hit.is_single() {
        let everything: Vec<Regions> = axes.iter().map(|axis| vec![true; axis.labels.len()]).collect();
        if let Search::Gap(witness) = uncovered(axes, rows.collect(), &everything, 0, &mut { BUDGET }) {
            let message = format!("遗漏的情形：{}", shown(axes, &witness));
            let help = if line.hit == HitPolicy::First {
                "补上这种情形的行，或在最后加一行各列都写 - 的行"
            } else {
                "补上这种情形的行"
            };
            findings.push(Finding { code: Code::TableGap, row: None, message, help });
        }
    }
    findings
}

fn overlap(axes: &[Axis], line: &TableLine, first: usize, second: usize) -> Option<Finding> {
    let mut witness = Vec::new();
    for axis in axes {
        let (a, b) = (axis.cells[first].as_ref()?, axis.cells[second].as_ref()?);
        witness.push(a.iter().zip(b).position(|(a, b)| *a && *b)?);
    }
    if line.hit == HitPolicy::Any {
        let differ = |(a, b): (&Expr, &Expr)| matches!((literal(a), literal(b)), (Some(a), Some(b)) if a != b);
        if !line.rows[first].outputs.iter().zip(&line.rows[second].outputs).any(differ) {
            return None;
        }
    }
    let result = if line.hit == HitPolicy::Any { "而结果不同" } else { "" };
    let message = format!("第 {} 行和第 {} 行同时适用{result}，例如 {}", first + 1, second + 1, shown(axes, &witness));
    Some(Finding {
        code: Code::TableOverlap,
        row: Some(second),
        message,
        help: "改正条件，使任何情形只有一行适用；要以先后为准则用命中方式 F",
    })
}

fn shown(axes: &[Axis], witness: &[usize]) -> String {
    axes.iter().zip(witness).map(|(axis, region)| axis.labels[*region].as_str()).collect::<Vec<_>>().join("，")
}

#[derive(Debug, PartialEq)]
enum Search {
    Covered,
    /// A region of each column, together in no row.
    Gap(Vec<usize>),
    GaveUp,
}

/// Looks for a situation inside a box that none of the rows accepts, column by column.
/// A cell whose regions are unknown counts as accepting everything.
fn uncovered(axes: &[Axis], rows: Vec<usize>, within: &[Regions], column: usize, budget: &mut usize) -> Search {
    if *budget == 0 {
        return Search::GaveUp;
    }
    *budget -= 1;
    if rows.is_empty() {
        let rest: Option<Vec<usize>> = within[column..].iter().map(|regions| regions.iter().position(|r| *r)).collect();
        return rest.map_or(Search::Covered, Search::Gap);
    }
    let Some(axis) = axes.get(column) else { return Search::Covered };
    let mut seen: Vec<Vec<usize>> = Vec::new();
    let mut result = Search::Covered;
    for region in (0..axis.labels.len()).filter(|region| within[column][*region]) {
        let accepts = |row: &usize| axis.cells[*row].as_ref().is_none_or(|regions| regions[region]);
        let left: Vec<usize> = rows.iter().copied().filter(accepts).collect();
        if seen.contains(&left) {
            continue;
        }
        seen.push(left.clone());
        match uncovered(axes, left, within, column + 1, budget) {
            Search::Covered => {}
            Search::Gap(mut rest) => {
                rest.insert(0, region);
                return Search::Gap(rest);
            }
            Search::GaveUp => result = Search::GaveUp,
        }
    }
    result
}
