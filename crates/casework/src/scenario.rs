//! Scenarios: worked examples of a guide, which are tests, training material and documentation at once.

use base::{Calendar, Date, RegionCode};
use formula::{Assessment, Cell, Facts, Type, Value};
use guide::model::{GivenRows, Parameter, Scenario};
use guide::{Guide, Overlay, RateBook};

use crate::decide::Rules;
use crate::given;
use crate::walk::{special, walk};

/// Something of a scenario that did not come out as written, at its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub span: std::ops::Range<usize>,
    pub message: String,
    /// What `--update` puts in the place of the span: what really came out.
    pub instead: Option<String>,
}

/// An expectation that does not hold: why, and what came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wrong {
    pub message: String,
    pub instead: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, instead: None }
    }
}

/// What scenarios run against.
#[derive(Clone, Copy)]
pub struct World<'w> {
    pub guide: &'w Guide,
    pub rates: &'w RateBook,
    pub calendar: &'w Calendar,
    /// The county whose rates hold unless a scenario says otherwise.
    pub region: RegionCode,
}

/// Runs one scenario; no failures means that it holds.
pub fn run(world: World, scenario: &Scenario) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut fail = |span: &std::ops::Range<usize>, wrong: Wrong| {
        failures.push(Failure { span: span.clone(), message: wrong.message, instead: wrong.instead });
    };
    let rates = match overlays(world.guide, scenario) {
        Ok(overlays) => world.rates.overlaid(overlays),
        Err((span, message)) => {
            fail(&span, message.into());
            return failures;
        }
    };
    let walked = (!scenario.walk.is_empty()).then(|| walk(world, &rates, scenario));
    if let Some(walked) = &walked
        && !walked.failures.is_empty()
    {
        return walked.failures.clone();
    }
    // What is wrong with them was told by the walk.
    let rows = crate::walk::register_rows(world, scenario).unwrap_or_default();
    let rows = crate::registers::Given { rows, spells: Vec::new() };
    let rules = Rules {
        guide: world.guide,
        rates: &rates,
        calendar: world.calendar,
        relatives: &[],
        registers: &rows,
        home: world.region,
    };
    let facts = match &walked {
        Some(walked) => Ok(walked.facts(rules)),
        None => facts(world, scenario),
    };
    match facts {
        Err((span, message)) => fail(&span, message.into()),
        Ok(facts) => {
            let assessment = Assessment::new(&world.guide.program, &facts, &rates, world.calendar);
            let mut lines = Vec::new();
            for (item, expected) in &scenario.expected {
                let special =
                    walked.as_ref().and_then(|walked| special(walked, world.guide, &item.text, &expected.text));
                let result = special.unwrap_or_else(|| expect(world.guide, &assessment, item, expected));
                if let Err(wrong) = result {
                    fail(&expected.span, wrong);
                }
                let explained = assessment.explain(&item.text);
                lines.extend(
                    explained.iter().flat_map(|e| e.lines().into_iter().map(|(_, l)| l.to_owned()).collect::<Vec<_>>()),
                );
            }
            if let Err((span, message)) = told(&lines, scenario) {
                fail(&span, message.into());
            }
        }
    }
    failures
}

/// The lines of 说明 must occur in the explanation, in this order.
fn told(lines: &[String], scenario: &Scenario) -> Result<(), Misread> {
    let mut rest = lines.iter();
    for (wanted, span) in &scenario.explanation {
        if !rest.any(|line| line == wanted) {
            let message = format!("说明里没有（或不在这个位置）“{wanted}”；说明是：\n{}", lines.join("\n"));
            return Err((span.clone(), message));
        }
    }
    Ok(())
}

type Misread = (std::ops::Range<usize>, String);

fn overlays(guide: &Guide, scenario: &Scenario) -> Result<Vec<Overlay>, Misread> {
    let mut found = Vec::new();
    for rate in &scenario.rates {
        let text = rate.parameter.text.replace('（', "(").replace('）', ")");
        let overlay = overlay(&guide.parameters, &text, &rate.value.text)
            .map_err(|message| (rate.value.span.clone(), message))?;
        let from = base::parse_date(&rate.from.text).ok_or((rate.from.span.clone(), "不是日期".to_owned()))?;
        found.push(Overlay { from, ..overlay });
    }
    Ok(found)
}

/// A rate laid over those of a guide, written `最小面积(沙土)`, from the beginning of time.
pub fn overlay(parameters: &[Parameter], parameter: &str, value: &str) -> Result<Overlay, String> {
    let (name, key) = match parameter.split_once('(') {
        Some((name, rest)) => {
            (name.trim(), rest.trim_end_matches(')').split(['、', ',']).map(|k| k.trim().to_owned()).collect())
        }
        None => (parameter, Vec::new()),
    };
    let known = parameters.iter().find(|p| &*p.name == name).ok_or_else(|| format!("没有参数“{name}”"))?;
    if known.dimensions.len() != key.len() {
        return Err(format!("参数“{name}”有 {} 个维度", known.dimensions.len()));
    }
    for (word, (dimension, ty)) in key.iter().zip(&known.dimensions) {
        if let Type::Choice(words) = ty
            && !words.iter().any(|known| **known == **word)
        {
            return Err(format!("参数“{name}”的{dimension}没有“{word}”；有 {}", words.join("、")));
        }
    }
    let value = given::read(value, &known.ty)?;
    Ok(Overlay { parameter: name.to_owned(), key, from: Date::constant(1900, 1, 1), value })
}

/// The facts of 给定, with 属地 and 计算日.
fn facts(world: World, scenario: &Scenario) -> Result<Facts, Misread> {
    let mut facts = Facts::default();
    facts.set("属地", Value::Region(world.region));
    for given in scenario.given.iter().filter(|given| given.step.is_none()) {
        let (name, value) = (&*given.name.text, &*given.value.text);
        let result = match name {
            "地区" => {
                RegionCode::parse(value).map(|code| facts.set("属地", Value::Region(code))).map_err(|e| e.to_string())
            }
            _ => given::set(world.guide, &mut facts, name, value),
        };
        result.map_err(|message| (given.value.span.clone(), message))?;
    }
    // Lists that have no table of their own but are declared: known to be empty only when written so.
    let mut tables: Vec<&GivenRows> = scenario.rows.iter().collect();
    tables.sort_by_key(|table| table.path.matches('.').count());
    for table in tables {
        rows(world.guide, &mut facts, table)?;
    }
    Ok(facts)
}

fn rows(guide: &Guide, facts: &mut Facts, table: &GivenRows) -> Result<(), Misread> {
    let wrong = |message: String| (table.span.clone(), message);
    let list = given::list_of(guide, &table.path).ok_or_else(|| wrong(format!("没有列表“{}”", table.path)))?;
    let env = guide.program.environment();
    let own = env.lists[list].name.clone();
    let parent = env.lists[list].parent;
    let nested = |facts: &mut Facts| match parent {
        Some(parent) => {
            let outer = facts.lists.entry(env.lists[parent].name.clone()).or_default();
            for row in outer.iter_mut() {
                row.lists.entry(own.clone()).or_default();
            }
        }
        None => _ = facts.lists.entry(own.clone()).or_default(),
    };
    nested(facts);
    for cells in &table.rows {
        let mut row = Facts::default();
        let mut columns = table.header.iter().zip(cells);
        let outer = if parent.is_some() { columns.next().map(|(_, cell)| cell) } else { None };
        for (header, cell) in columns {
            let text = if matches!(&*cell.text, "—" | "-") { "" } else { &*cell.text };
            let result = given::set_column(guide, list, &mut row, &header.text, text);
            result.map_err(|message| (cell.span.clone(), message))?;
        }
        // Lists inside are known as soon as a table for them follows; a row without any stays unknown.
        match (parent, outer) {
            (Some(parent), Some(outer)) => {
                let rows = facts.lists.entry(env.lists[parent].name.clone()).or_default();
                let place = find_row(rows, &outer.text);
                let Some(place) = place else {
                    return Err((outer.span.clone(), format!("没有“{}”这一行", outer.text)));
                };
                rows[place].lists.entry(own.clone()).or_default().push(row);
            }
            _ => facts.lists.entry(own.clone()).or_default().push(row),
        }
    }
    Ok(())
}

/// A row by the name of its person, else by its number.
fn find_row(rows: &[Facts], wanted: &str) -> Option<usize> {
    let named = |row: &Facts| {
        let mut records = row.values.values().filter_map(|v| if let Value::Record(r) = v { Some(r) } else { None });
        records.any(|record| record.get("姓名").is_some_and(|name| *name == Value::text(wanted)))
    };
    let own = |row: &Facts| row.values.get("姓名").is_some_and(|name| *name == Value::text(wanted));
    let number = || wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < rows.len());
    rows.iter().position(|row| named(row) || own(row)).or_else(number)
}

/// Whether an item of 应得 has the value that is written.
pub(crate) fn expect(guide: &Guide, assessment: &Assessment, item: &Cell, expected: &Cell) -> Result<(), Wrong> {
    let expression = guide.program.expression(&item.text, item.span.start, true, None);
    let expression = expression.map_err(|found| found.first().map_or_else(String::new, |f| f.message.clone()))?;
    let outcome = assessment.expression(&expression);
    let shown = match &outcome {
        Ok(value) => value.show(&expression.ty),
        Err(unknown) => format!("未知（{unknown}）"),
    };
    let right = match (expected.text.strip_prefix("未知"), &outcome) {
        (Some(reason), Err(unknown)) => {
            let reason = reason.trim_matches(['：', ':', '（', '）', '(', ')']);
            unknown.to_string().contains(reason)
        }
        (None, Ok(value)) => {
            let same = given::read(&expected.text, &expression.ty).is_ok_and(|wanted| wanted == *value);
            same || shown == expected.text
        }
        _ => false,
    };
    if right {
        return Ok(());
    }
    let message = format!("{}应是 {}，实际是 {shown}", item.text, expected.text);
    Err(Wrong { message, instead: Some(shown) })
}
