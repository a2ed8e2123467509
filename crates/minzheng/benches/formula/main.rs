//! `cargo xtask bench formula [N]`: the complete 低保 means test and grant over N generated households (default
//! 2,000,000), by the evaluator over columns, by the reference evaluator, by hand, and by peers.
//! A benchmark, not a test: it prints what it measured; but where two of them differ in a single row, it fails.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod by_hand;
mod files;
mod people;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base::Date;
use formula::{
    Assessed, Assessment, Block, Column, Content as Text, Data, OutcomeData, Population, Program, Rational, Value,
    assess, compile, outcome_of,
};
use minzheng::content::Content;
use minzheng::population::{Map, Stream};

use by_hand::{CONCLUSIONS, Verdict};
use people::Sample;

const NAMES: [&str; 2] = ["低保结论", "月保障金"];
const REGION: &str = "410325";

/// The shortest of a few runs.
fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut shortest: Option<(Duration, T)> = None;
    for _ in 0..runs {
        let begun = Instant::now();
        let result = run();
        let took = begun.elapsed();
        if shortest.as_ref().is_none_or(|(least, _)| took < *least) {
            shortest = Some((took, result));
        }
    }
    shortest.expect("at least one run")
}

fn told(what: &str, took: Duration, households: usize) {
    let ns = took.as_nanos() as f64 / households as f64;
    println!("{what:<46} {:>9.3} s {ns:>9.1} ns a household", took.as_secs_f64());
}

fn verdict(assessed: &Assessed, case: usize) -> Option<Verdict> {
    let conclusion = assessed.value(0, case)?;
    let place = CONCLUSIONS.iter().position(|word| Some(*word) == conclusion.as_text())?;
    let fen = assessed.value(1, case)?.number()? * Rational::from(100);
    Some((place as u8, i64::try_from(fen.to_integer()).ok()?))
}

/// Rows in which the columns and the rule by hand say different things.
fn differences(assessed: &Assessed, by_hand: &[Verdict]) -> Vec<usize> {
    let (OutcomeData::Words { codes, words }, OutcomeData::Numbers { values, scale: 100, below: None }) =
        (&assessed.columns[0].data, &assessed.columns[1].data)
    else {
        let differs = |case: &usize| verdict(assessed, *case) != Some(by_hand[*case]);
        return (0..by_hand.len()).filter(differs).collect();
    };
    let place = |word: &str| CONCLUSIONS.iter().position(|known| *known == word).unwrap_or(99) as u8;
    let places: Vec<u8> = words.words.iter().map(|word| place(word)).collect();
    let known = |case: usize| assessed.columns.iter().all(|c| c.known.as_ref().is_none_or(|known| known[case] == 1));
    let same = |case: usize| (places[usize::from(codes[case])], values[case]) == by_hand[case] && known(case);
    (0..by_hand.len()).filter(|case| !assessed.aside.contains_key(case) && !same(*case)).collect()
}

/// The rule on which columns of this kind were first tried: income by kind and months against a line.
const TRIAL: &str = "成员.收入.试算月额 = 金额 * (1 - 收入不计入比例(类别)) / 月数
成员.试算收入 = 合计(收入.试算月额)
试算差额 = 低保标准(城乡) * 计(成员) - 合计(成员.试算收入)
试算补差 = 若 试算差额 > 0 则 舍入(试算差额, 低保舍入) 否则 0";

fn trial(program: &Program, population: &Population, content: &Content, threads: usize) {
    let text = Text::Formulas(TRIAL.into(), 0);
    let block = Block { file: "trial".into(), basis: "".into(), content: text };
    let (trial, found) = compile(&[block], program.environment().clone());
    assert!(found.is_empty(), "{found:?}");
    let run = || assess(&trial, &["试算补差"], population, &content.rates, &content.calendar, threads).expect("done");
    let (took, assessed) = best(3, run);
    told(&format!("the trial rule, {} operations", assessed.operations), took, population.cases);
}

/// The same from Parquet files, batch after batch.
fn from_files(folder: &Path, program: &Program, content: &Content, verdicts: &[Verdict], threads: usize) {
    let map = Map::read(include_str!("map.toml")).expect("a mapping");
    let same = [
        ("计算日", Value::Date(Date::constant(2026, 7, 1))),
        ("属地", Value::Region(base::RegionCode::parse(REGION).expect("a region"))),
    ];
    let same = same.map(|(name, value)| (name.into(), Column::new(Data::Same(value))));
    let begun = Instant::now();
    let main = folder.join("households.parquet");
    let mut stream = Stream::open(program.environment(), &map, &main, same.into()).expect("files");
    let (mut done, mut different) = (0, 0);
    while let Some(population) = stream.batch().expect("a batch") {
        let assessed = assess(program, &NAMES, &population, &content.rates, &content.calendar, threads).expect("done");
        let by_hand = &verdicts[done..done + population.cases];
        different += differences(&assessed, by_hand).len();
        done += population.cases;
    }
    told("columns, from Parquet files", begun.elapsed(), verdicts.len());
    println!("rows of {done} from files that differ: {different}");
    assert!(done == verdicts.len() && different == 0, "rows differ");
}

/// The peers, each on the same files; a peer that does not survive says so. Their differences are counted and sized.
fn race(python: &OsStr, folder: &Path, verdicts: &[Verdict], by_columns: Duration) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/formula/peers.py");
    for peer in ["duckdb", "polars", "openfisca"] {
        let output = Command::new(python).arg(script).arg(folder).arg(peer).output().expect("Python");
        let said = String::from_utf8_lossy(&output.stdout);
        let Some(seconds) = said.lines().last().and_then(|line| line.trim().parse::<f64>().ok()) else {
            let error = String::from_utf8_lossy(&output.stderr);
            println!("{peer} did not survive: {}\n{error}", output.status);
            continue;
        };
        told(peer, Duration::from_secs_f64(seconds), verdicts.len());
        let rows = std::fs::read(folder.join(format!("{peer}.bin"))).unwrap_or_default();
        let rows = rows.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let (mut conclusions, mut fen, mut most, mut count) = (0, 0, 0, 0);
        for (row, verdict) in rows.zip(verdicts) {
            let (conclusion, grant) = (row / 1_000_000_000_000, row % 1_000_000_000_000);
            count += 1;
            if conclusion != i64::from(verdict.0) {
                conclusions += 1;
            } else if grant != verdict.1 {
                fen += 1;
                most = most.max((grant - verdict.1).abs());
            }
        }
        println!(
            "  {:.1} times as long as columns; of {count} rows {conclusions} have another conclusion, {fen} another amount (by at most {most} 分)",
            seconds / by_columns.as_secs_f64()
        );
    }
}

fn main() {
    let number = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let households: usize = number.unwrap_or(2_000_000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (compiled, content) = best(3, || Content::load(None).expect("guides"));
    println!("all guides read and compiled: {:.1} ms", compiled.as_secs_f64() * 1000.0);
    let guide = content.library.guides.iter().find(|guide| &*guide.title == "最低生活保障").expect("低保");
    let program: &Program = &guide.program;
    let begun = Instant::now();
    let sample = Sample::of(households, 1);
    println!(
        "{households} households, {} members, {} incomes generated in {:.1} s; {threads} threads",
        sample.persons(),
        sample.income_kind.len(),
        begun.elapsed().as_secs_f64()
    );
    let on = Date::constant(2026, 7, 1);
    let population = sample.population(program.environment(), on, REGION);
    let sweep = |population: &Population| {
        assess(program, &NAMES, population, &content.rates, &content.calendar, threads).expect("an assessment")
    };
    let (by_columns, assessed) = best(3, || sweep(&population));
    println!(
        "{} operations; left to the reference evaluator: {} ({:?})",
        assessed.operations,
        assessed.aside.len(),
        assessed.reasons
    );
    told("columns, one text for one and for all", by_columns, households);
    trial(program, &population, &content, threads);
    let (hand, verdicts) = best(3, || by_hand::all(&sample, threads));
    told("written by hand in Rust, one fused loop", hand, households);
    println!("columns take {:.2} times as long as by hand", by_columns.as_secs_f64() / hand.as_secs_f64());
    let different = differences(&assessed, &verdicts);
    println!("rows that differ between columns and by hand: {}", different.len());
    for case in different.iter().take(3) {
        let expected = outcome_of(program, "月保障金", &population, *case, &content.rates, &content.calendar);
        println!(
            "  {case}: by hand {:?}, columns {:?}, reference {expected:?}",
            verdicts[*case],
            verdict(&assessed, *case)
        );
    }
    for (place, word) in CONCLUSIONS.iter().enumerate() {
        println!("  {word}: {}", verdicts.iter().filter(|(conclusion, _)| usize::from(*conclusion) == place).count());
    }
    let folder = tempfile::tempdir().expect("a folder");
    sample.write(folder.path());
    from_files(folder.path(), program, &content, &verdicts, threads);
    if let Some(python) = std::env::var_os("PEERS_PYTHON") {
        race(&python, folder.path(), &verdicts, by_columns);
    }
    let some = households.min(20_000);
    let begun = Instant::now();
    let mut wrong = 0;
    for case in 0..some {
        let facts = population.facts(program.environment(), case);
        let assessment = Assessment::new(program, &facts, &content.rates, &content.calendar);
        let values: Vec<Option<Value>> = NAMES.iter().map(|name| assessment.value(name).and_then(Result::ok)).collect();
        wrong += usize::from((0..NAMES.len()).any(|i| values[i] != assessed.value(i, case)));
    }
    told("reference evaluator, one after another", begun.elapsed(), some);
    println!("rows of {some} that differ between columns and the reference: {wrong}");
    let one = population.facts(program.environment(), 0);
    let (explained, lines) = best(200, || {
        let assessment = Assessment::new(program, &one, &content.rates, &content.calendar);
        assessment.explain_each(NAMES).iter().map(|explained| explained.lines().len()).sum::<usize>()
    });
    println!("one household with its explanation of {lines} lines: {:.1} µs", explained.as_nanos() as f64 / 1000.0);
    assert!(different.is_empty() && wrong == 0, "rows differ");
}
