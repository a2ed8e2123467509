//! The DMN Technology Compatibility Kit: every case passes, or is outside the profile with its construct named.
//!
//! `DMN_TCK` names another folder of the kit's layout; without it the copy beside this file is run and its table must be
//! that of `docs/reference/conformance.md`, so that what once passed does not fall out.
#![allow(clippy::disallowed_methods, reason = "a test reads files and is told by the environment which")]

mod adapt;
mod calls;
mod dmn;
mod names;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use adapt::{Adapted, decimal};
use base::Calendar;
use dmn::{Case, Given, Model, Wanted};
use formula::{Assessment, Outcome, Rate, RateRequest, Rates, Rational, Value};
use names::{Names, duration};

/// No decision of the kit asks for a rate.
struct NoRates;

impl Rates for NoRates {
    fn rate(&self, _: &RateRequest) -> Result<Rate, String> {
        Err("没有参数".into())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Passed,
    /// Outside the profile, by the construct.
    Outside(String),
    Wrong(String),
}

#[derive(Default)]
struct Tally {
    cases: usize,
    passed: usize,
    /// Cases that want an error, which a strict language refuses before it runs.
    errors: usize,
    outside: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

/// Constructs that the profile leaves out, by what tells them in the text; the reasons stand on the page.
const OUTSIDE: [(&str, &str); 12] = [
    ("function(", "函数值"),
    ("{", "上下文字面量"),
    ("instance of", "instance of"),
    ("duration", "时段与时刻相算"),
    ("@\"P", "时段与时刻相算"),
    ("@\"-P", "时段与时刻相算"),
    ("time(", "时刻和时区"),
    ("date and time", "时刻和时区"),
    ("@\"", "时刻和时区"),
    ("null", "空参与计算"),
    ("关系表", "关系表"),
    ("框式调用", "框式调用"),
];

fn construct(source: &str, why: &str) -> String {
    let found = OUTSIDE.iter().find(|(mark, _)| source.contains(mark));
    found.map_or_else(|| general(why), |(_, name)| (*name).to_owned())
}

/// What was not understood, without the names of this case: by what the finding begins with.
fn general(why: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for c in why.chars() {
        match c {
            '“' => (quoted, out) = (true, out + "“…"),
            '”' => (quoted, out) = (false, out + "”"),
            '（' | '：' | '，' if !quoted => break,
            c if !quoted && !c.is_ascii() => out.push(c),
            _ => {}
        }
    }
    out
}

fn is_same(names: &Names, value: &Value, wanted: &Given) -> bool {
    match (value, wanted) {
        (Value::Number(number), Given::Plain(kind, text)) if kind.ends_with("uration") => {
            duration(text.trim()).is_some_and(|(wanted, _)| wanted == *number)
        }
        (Value::Time(own), Given::Plain(_, text)) => text.trim().parse().is_ok_and(|time: base::Time| time == *own),
        (Value::Moment(own), Given::Plain(_, text)) => text.trim().parse().is_ok_and(|at: base::DateTime| at == *own),
        (Value::Number(number), Given::Plain(_, text)) => {
            let Some(wanted) = decimal(text) else { return false };
            // What cannot be written exactly is wanted with as many digits as the kit gives.
            let places = text.trim().split_once('.').map_or(0, |(_, after)| after.len().min(18)) as u32;
            let unit = Rational::new(1, 10_i128.pow(places));
            let apart = if *number > wanted { *number - wanted } else { wanted - *number };
            apart == Rational::from(0) || places >= 8 && apart <= unit
        }
        (Value::Text(own), Given::Plain(_, text)) => **own == **text,
        (Value::Bool(own), Given::Plain(_, text)) => own.to_string() == text.trim(),
        (Value::Date(own), Given::Plain(_, text)) => {
            let text = text.trim();
            let long = text.strip_prefix('-').map(|rest| format!("-00{rest}"));
            own.to_string() == long.unwrap_or_else(|| text.to_owned())
        }
        (Value::List(own), Given::List(wanted)) => {
            own.len() == wanted.len() && own.iter().zip(wanted).all(|(own, wanted)| is_same(names, own, wanted))
        }
        (Value::Record(own), Given::Record(wanted)) => {
            let of = |(name, wanted): &(String, Given)| {
                own.get(&*names.word(name)).is_some_and(|own| is_same(names, own, wanted))
            };
            own.len() == wanted.len() && wanted.iter().all(of)
        }
        (Value::Null, Given::Null) => true,
        _ => false,
    }
}

/// Where the profile means something else by design, what that is.
fn differs(source: &str, value: &Value, wanted: &Given) -> Option<&'static str> {
    let is_broken = matches!(value, Value::Number(number) if !number.is_integer());
    match wanted {
        Given::Plain(kind, text) if kind.ends_with("uration") && text.contains(['Y', 'M']) && is_broken => {
            Some("带小数的月")
        }
        Given::Null if source.contains("duration(") && source.contains("= 0") => Some("零适合每个单位"),
        Given::List(_) if source.contains("string(") => Some("文字(是否) 是中文的“是”“否”"),
        _ => None,
    }
}

fn judge(adapted: &Adapted, case: &Case, wanted: &Wanted) -> Verdict {
    let source = adapted.sources.get(&wanted.decision).map_or("", |source| source);
    if case.service {
        return Verdict::Outside("决策服务".into());
    }
    if let Some(why) = adapted.trouble(&wanted.decision) {
        return Verdict::Outside(construct(source, &why));
    }
    let (facts, calendar) = (adapted.facts(case), Calendar::parse("date,kind,name\n").expect("an empty calendar"));
    let assessment = Assessment::new(adapted.program(), &facts, &NoRates, &calendar);
    let parts = adapted.parts(&wanted.decision);
    let outcome = |formula: &str| assessment.value(formula);
    let told = |outcome: Option<Outcome>, wanted: &Given| match outcome {
        None => Verdict::Outside("没有这个公式".into()),
        Some(Ok(value)) if is_same(adapted.names(), &value, wanted) => Verdict::Passed,
        Some(Ok(value)) if differs(source, &value, wanted).is_some() => {
            Verdict::Outside(differs(source, &value, wanted).unwrap_or_default().into())
        }
        Some(Ok(value)) => Verdict::Wrong(format!("{value:?} 而不是 {wanted:?}")),
        Some(Err(unknown)) => {
            // Where no row of a table matches there is nothing.
            let nothing = unknown.reasons.iter().all(|reason| reason.text == "决策表里没有这种情形");
            let missing = nothing || unknown.reasons.iter().all(|reason| reason.field.is_some());
            match (wanted, missing) {
                // An input that is null is a fact that is not known, and so is what follows from it.
                (Given::Null, true) => Verdict::Passed,
                (_, true) => Verdict::Outside("空参与计算".into()),
                _ => Verdict::Outside(construct(source, &unknown.to_string())),
            }
        }
    };
    match (parts, &wanted.value) {
        ([(name, formula)], value) if name.is_empty() => told(outcome(formula), value),
        (parts, Given::Record(components)) => {
            let of = |(name, formula): &(String, String)| {
                let wanted = components.iter().find(|(component, _)| component == name);
                told(outcome(formula), wanted.map_or(&Given::Null, |(_, value)| value))
            };
            let verdicts: Vec<Verdict> = parts.iter().map(of).collect();
            verdicts.into_iter().find(|verdict| *verdict != Verdict::Passed).unwrap_or(Verdict::Passed)
        }
        (parts, Given::List(rows)) => {
            let of = |(name, formula): &(String, String)| {
                let column = |row: &Given| match row {
                    Given::Record(components) => components
                        .iter()
                        .find(|(known, _)| known == name)
                        .map_or(Given::Null, |(_, value)| value.clone()),
                    _ => Given::Null,
                };
                told(outcome(formula), &Given::List(rows.iter().map(column).collect()))
            };
            let verdicts: Vec<Verdict> = parts.iter().map(of).collect();
            verdicts.into_iter().find(|verdict| *verdict != Verdict::Passed).unwrap_or(Verdict::Passed)
        }
        _ => Verdict::Outside("上下文字面量".into()),
    }
}

fn folder(path: &Path) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let files: Vec<PathBuf> =
        std::fs::read_dir(path).map_err(|error| error.to_string())?.flatten().map(|f| f.path()).collect();
    let with = |end: &str| files.iter().find(|file| file.extension().is_some_and(|own| own == end));
    let read = |file: Option<&PathBuf>| {
        let file = file.ok_or_else(|| format!("{}：缺文件", path.display()))?;
        std::fs::read_to_string(file).map_err(|error| format!("{}：{error}", file.display()))
    };
    let cases = dmn::cases(&read(with("xml"))?)?;
    let model = Model::read(&read(with("dmn"))?)?;
    let adapted = Adapted::new(&model, &cases);
    for case in &cases {
        for wanted in &case.results {
            tally.cases += 1;
            let verdict = if wanted.error {
                tally.errors += 1;
                // Refused or undecidable either way; a value would be wrong.
                match judge(&adapted, case, wanted) {
                    Verdict::Wrong(why) => Verdict::Wrong(why),
                    _ => continue,
                }
            } else {
                judge(&adapted, case, wanted)
            };
            match verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Outside(construct) => *tally.outside.entry(construct).or_default() += 1,
                Verdict::Wrong(why) => tally.wrong.push(format!("{} {}：{why}", case.id, wanted.decision)),
            }
        }
    }
    Ok(tally)
}

fn folders(root: &Path) -> Vec<(String, PathBuf)> {
    let sub = |path: &Path| {
        let mut inside: Vec<PathBuf> = std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.is_dir())
            .collect();
        inside.sort();
        inside
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let levels = sub(root);
    let mut found = Vec::new();
    for level in &levels {
        let own = sub(level);
        if own.is_empty() {
            found.push((name(level), level.clone()));
        }
        found.extend(own.iter().map(|folder| (format!("{}/{}", name(level), name(folder)), folder.clone())));
    }
    found
}

#[test]
fn every_case_of_the_kit_passes_or_is_outside_the_profile() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dmn-tck");
    let asked = std::env::var_os("DMN_TCK").map(PathBuf::from);
    let root = asked.clone().unwrap_or(own);
    let mut text = String::from(
        "| 目录 | 用例 | 要出错的 | 通过 | 在范围之外 | 错 | 之外的是什么 |\n|---|---|---|---|---|---|---|\n",
    );
    let (mut wrong, mut levels): (Vec<String>, BTreeMap<String, [usize; 4]>) = (Vec::new(), BTreeMap::new());
    let mut constructs: BTreeMap<String, usize> = BTreeMap::new();
    for (name, path) in folders(&root) {
        let tally = folder(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
        let outside: usize = tally.outside.values().sum();
        let mut kinds: Vec<(&String, &usize)> = tally.outside.iter().collect();
        kinds.sort_by_key(|(_, many)| std::cmp::Reverse(**many));
        let kinds: Vec<String> = kinds.iter().map(|(kind, many)| format!("{kind} {many}")).collect();
        let (cases, errors, passed) = (tally.cases, tally.errors, tally.passed);
        let _ = writeln!(
            text,
            "| {name} | {cases} | {errors} | {passed} | {outside} | {} | {} |",
            tally.wrong.len(),
            kinds.join("；")
        );
        let level = levels.entry(name.split('/').next().unwrap_or_default().to_owned()).or_default();
        [cases, errors, passed, outside].iter().zip(level).for_each(|(more, sum)| *sum += more);
        tally.outside.into_iter().for_each(|(kind, many)| *constructs.entry(kind).or_default() += many);
        wrong.extend(tally.wrong.into_iter().map(|why| format!("{name} {why}")));
    }
    for (level, [cases, errors, passed, outside]) in &levels {
        let share = passed * 1000 / (cases - errors).max(1);
        let _ = writeln!(
            text,
            "| **{level}** | {cases} | {errors} | {passed}（{}.{}%） | {outside} | | |",
            share / 10,
            share % 10
        );
    }
    let mut by_many: Vec<(&String, &usize)> = constructs.iter().collect();
    by_many.sort_by_key(|(_, many)| std::cmp::Reverse(**many));
    text += "\n| 在范围之外的 | 用例 |\n|---|---|\n";
    for (kind, many) in by_many {
        let _ = writeln!(text, "| {kind} | {many} |");
    }
    println!("{text}");
    wrong.iter().for_each(|why| println!("错：{why}"));
    assert!(wrong.is_empty(), "{} wrong answers", wrong.len());
    if asked.is_none() {
        stands(&text);
    }
}

/// The table of the page is that of this run; `CONFORMANCE=write` writes it, to be looked at before it is believed.
fn stands(text: &str) {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/conformance.md");
    let known = std::fs::read_to_string(&page).expect("the page of the table");
    let (before, _) = known.split_once(MARK).expect("a mark where the table begins");
    let new = format!("{before}{MARK}\n{text}");
    if std::env::var("CONFORMANCE").is_ok_and(|word| word == "write") {
        std::fs::write(&page, new).expect("the page can be written");
    } else {
        assert_eq!(known, new, "what passes has changed; CONFORMANCE=write writes the table");
    }
}

/// Behind it stands what the test writes.
const MARK: &str = "<!-- The table below is written by the test. -->\n";
