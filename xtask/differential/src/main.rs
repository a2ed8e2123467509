//! Random formulas through this evaluator and through that of `dsntk`, another implementation of FEEL in Rust: where
//! both have a value it is the same, up to the digits of decimal arithmetic.

use base::Calendar;
use dsntk_feel::FeelScope;
use dsntk_feel::values::Value as Theirs;
use formula::{
    Assessment, Block, Content, Environment, Facts, Outcome, Rate, RateRequest, Rates, Rational, Value, compile,
    parse_decimal,
};

struct NoRates;

impl Rates for NoRates {
    fn rate(&self, _: &RateRequest) -> Result<Rate, String> {
        Err("no rates".into())
    }
}

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.roll(words.len() as u64) as usize]
    }
}

/// A formula as both write it: here functions are one word, there several.
#[derive(Clone)]
struct Both(String, String);

fn both(text: impl Into<String>) -> Both {
    let text = text.into();
    Both(text.clone(), text)
}

/// Joins parts, each `{}` of the pattern being one of them.
fn joined(pattern: &str, parts: &[Both]) -> Both {
    let fill = |side: fn(&Both) -> &String| {
        let mut pieces = pattern.split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (piece, part) in pieces.zip(parts) {
            text += side(part);
            text += piece;
        }
        text
    };
    Both(fill(|both| &both.0), fill(|both| &both.1))
}

fn called(ours: &str, theirs: &str, arguments: &[Both]) -> Both {
    let list = |side: fn(&Both) -> &String| arguments.iter().map(side).cloned().collect::<Vec<_>>().join(", ");
    Both(format!("{ours}({})", list(|both| &both.0)), format!("{theirs}({})", list(|both| &both.1)))
}

fn number(dice: &mut Dice, depth: u64) -> Both {
    if depth == 0 {
        let digits = ["0", "1", "2", "3", "7", "10", "12", "0.5", "2.25", "99.99", "1000"];
        return both(dice.pick(&digits));
    }
    let deeper = depth - 1;
    match dice.roll(14) {
        0..=3 => {
            let sign = dice.pick(&["+", "-", "*"]);
            joined(&format!("({{}} {sign} {{}})"), &[number(dice, deeper), number(dice, deeper)])
        }
        // Only what decimals can divide exactly: `floor(10 / 3 * 3)` is 10 here and 9 there.
        4 => joined("({} / {})", &[number(dice, deeper), both(dice.pick(&["0", "2", "4", "5", "8", "10"]))]),
        5 => joined("(if {} then {} else {})", &[truth(dice, deeper), number(dice, deeper), number(dice, deeper)]),
        6 => called("abs", "abs", &[number(dice, deeper)]),
        7 => {
            let name = dice.pick(&["floor", "ceiling"]);
            called(name, name, &[number(dice, deeper)])
        }
        8 => {
            let name = dice.pick(&["sum", "min", "max", "mean", "count", "median"]);
            called(name, name, &[numbers(dice, deeper)])
        }
        // A divisor that decimals have to round has another remainder there.
        9 => called("modulo", "modulo", &[number(dice, deeper), number(dice, 0)]),
        10 => {
            // Theirs rounds half down whatever lies below the next whole one, so it is left out.
            let name = dice.pick(&["round up", "round down", "round half up", "decimal"]);
            let places = both(dice.pick(&["0", "1", "2"]));
            // Theirs cannot round 0, so it is kept away from it.
            let away = joined("({} + 1234.567)", &[number(dice, deeper)]);
            called(&name.replace(' ', "_"), name, &[away, places])
        }
        11 => called("string_length", "string length", &[text(dice, deeper)]),
        12 => joined("(-{})", &[number(dice, 0)]),
        _ => number(dice, 0),
    }
}

fn numbers(dice: &mut Dice, depth: u64) -> Both {
    let deeper = depth.saturating_sub(1);
    match dice.roll(if depth == 0 { 1 } else { 8 }) {
        1 => joined("(for i in {} return i * {})", &[numbers(dice, deeper), number(dice, deeper)]),
        2 => called("reverse", "reverse", &[numbers(dice, deeper)]),
        3 => called("append", "append", &[numbers(dice, deeper), number(dice, deeper)]),
        4 => called("distinct_values", "distinct values", &[numbers(dice, deeper)]),
        5 => called("concatenate", "concatenate", &[numbers(dice, deeper), numbers(dice, deeper)]),
        6 => joined("(for i in 1..3 return i + {})", &[number(dice, deeper)]),
        _ => joined("[{}, {}, {}]", &[number(dice, deeper), number(dice, deeper), number(dice, deeper)]),
    }
}

fn truth(dice: &mut Dice, depth: u64) -> Both {
    if depth == 0 {
        return both(dice.pick(&["true", "false"]));
    }
    let deeper = depth - 1;
    match dice.roll(11) {
        0..=2 => {
            let sign = dice.pick(&["<", "<=", ">", ">=", "=", "!="]);
            joined(&format!("({{}} {sign} {{}})"), &[number(dice, deeper), number(dice, deeper)])
        }
        3 => {
            let word = dice.pick(&["and", "or"]);
            joined(&format!("({{}} {word} {{}})"), &[truth(dice, deeper), truth(dice, deeper)])
        }
        4 => joined("not({})", &[truth(dice, deeper)]),
        5 => joined("({} in [{}..{}])", &[number(dice, deeper), number(dice, 0), number(dice, 0)]),
        6 => joined("(some i in {} satisfies i > {})", &[numbers(dice, deeper), number(dice, deeper)]),
        7 => joined("(every i in {} satisfies i < {})", &[numbers(dice, deeper), number(dice, deeper)]),
        8 => called("list_contains", "list contains", &[numbers(dice, deeper), number(dice, deeper)]),
        9 => {
            let name = dice.pick(&["contains", "starts with", "ends with"]);
            called(&name.replace(' ', "_"), name, &[text(dice, deeper), text(dice, 0)])
        }
        _ => {
            let name = dice.pick(&["even", "odd"]);
            called(name, name, &[both(dice.pick(&["0", "1", "2", "17"]))])
        }
    }
}

fn text(dice: &mut Dice, depth: u64) -> Both {
    let words = ["\"a\"", "\"ab\"", "\"民政\"", "\"Songxian\""];
    let deeper = depth.saturating_sub(1);
    match dice.roll(if depth == 0 { 1 } else { 6 }) {
        1 => joined("({} + {})", &[text(dice, deeper), text(dice, deeper)]),
        2 => {
            let name = dice.pick(&["upper case", "lower case"]);
            called(&name.replace(' ', "_"), name, &[text(dice, deeper)])
        }
        3 => {
            let name = dice.pick(&["substring before", "substring after"]);
            called(&name.replace(' ', "_"), name, &[text(dice, deeper), both(dice.pick(&words))])
        }
        4 => called("substring", "substring", &[text(dice, deeper), both(dice.pick(&["1", "2", "-1"]))]),
        _ => both(dice.pick(&words)),
    }
}

fn ours(formula: &str) -> Result<Outcome, String> {
    let block = Block { file: "x".into(), basis: "".into(), content: Content::Formulas(format!("x = {formula}"), 0) };
    let (program, findings) = compile(&[block], Environment::default());
    if let Some(finding) = findings.iter().find(|finding| finding.severity == base::Severity::Error) {
        return Err(finding.message.clone());
    }
    let calendar = Calendar::parse("date,kind,name\n").map_err(|error| error.to_string())?;
    let facts = Facts::default();
    let outcome = Assessment::new(&program, &facts, &NoRates, &calendar).value("x");
    outcome.ok_or_else(|| "no value".to_owned())
}

fn theirs(formula: &str) -> Result<Theirs, String> {
    let scope = FeelScope::default();
    let node = dsntk_feel_parser::parse_expression(&scope, formula, false).map_err(|error| error.to_string())?;
    Ok(dsntk_feel_evaluator::evaluate(&scope, &node))
}

/// A decimal of theirs as a rational, where it fits.
fn rational(text: &str) -> Option<Rational> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    // Twenty digits behind the point are more than anybody compares.
    let short = digits
        .split_once('.')
        .map_or(digits.to_owned(), |(whole, part)| format!("{whole}.{}", part.chars().take(16).collect::<String>()));
    Some(parse_decimal(&short)? * Rational::from(sign))
}

fn is_same(own: &Value, other: &Theirs) -> Option<bool> {
    Some(match (own, other) {
        (Value::Number(own), Theirs::Number(other)) => {
            let Some(other) = rational(&other.to_string()) else { return None };
            let apart = if *own > other { *own - other } else { other - *own };
            let size = if *own < Rational::from(0) { -*own } else { *own };
            apart <= Rational::new(1, 1_000_000_000_000) * (size + Rational::from(1))
        }
        (Value::Bool(own), Theirs::Boolean(other)) => own == other,
        (Value::Text(own), Theirs::String(other)) => **own == **other,
        (Value::List(own), Theirs::List(other)) => {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| is_same(own, other) != Some(false))
        }
        _ => return Some(false),
    })
}

/// Why a formula has no value here where FEEL says null.
const NOTHING: [&str; 3] = ["除数为零", "列是空的，没有可取的项", "没有这一项"];

fn main() -> std::process::ExitCode {
    let many: u64 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(20_000);
    let (mut same, mut refused, mut beyond, mut undecided, mut differing) = (0, 0, 0, 0, 0);
    for seed in 0..many {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let depth = 1 + seed % 4;
        let formula = match seed % 3 {
            0 => number(&mut dice, depth),
            1 => truth(&mut dice, depth),
            _ => text(&mut dice, depth),
        };
        let (own, other) = (ours(&formula.0), theirs(&formula.1));
        match (own, other) {
            // What is refused when it is checked has no value to compare.
            (Err(_), _) => refused += 1,
            (Ok(Err(_)), Ok(Theirs::Null(_))) => same += 1,
            // Exact numbers have their limit where decimals begin to round.
            (Ok(Err(unknown)), Ok(_)) if unknown.to_string().contains("太大") => beyond += 1,
            // There, nothing compares with something; here what is made of nothing is undecidable.
            (Ok(Err(unknown)), Ok(_)) if unknown.reasons.iter().all(|reason| NOTHING.contains(&&*reason.text)) => {
                undecided += 1;
            }
            (Ok(Ok(value)), Ok(other)) => match is_same(&value, &other) {
                Some(true) => same += 1,
                None => beyond += 1,
                Some(false) => {
                    differing += 1;
                    println!("{}\n  here  {value}\n  there {other}", formula.1);
                }
            },
            (own, other) => {
                differing += 1;
                println!("{}\n  here  {own:?}\n  there {other:?}", formula.1);
            }
        }
    }
    println!("{undecided} undecidable here where nothing is compared or left out there");
    println!("{same} the same, {refused} refused when checked, {beyond} beyond exact numbers, {differing} different");
    if differing == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
