//! `minzheng accept`: acceptance fixtures, run through the shipped guides and engine.
//!
//! How the columns of a fixture map to the names of a guide stands in the guide's `fixtures.md`.

use std::path::Path;

use base::{CitizenNumber, Date, Fen, NumberError, RegionCode, Sex};
use casework::{given, scenario};
use formula::{Assessment, Facts, Value};
use guide::model::FixtureColumn;
use guide::{Guide, Overlay};

use crate::content::{COUNTY, Content};

/// Runs every fixture file of a folder; the last line counts the rows.
pub fn run(folder: &Path) -> Result<(), String> {
    let content = Content::load(None)?;
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}：{error}", folder.display()))?;
    let mut names: Vec<String> = entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let (mut passed, mut failed) = (0, 0);
    for name in names.iter().filter_map(|name| name.strip_suffix(".csv")).filter(|name| !name.ends_with(".params")) {
        let text = read(folder, name)?;
        let table = Table::parse(&text);
        let results = match name {
            "citizen-numbers" => table.each(citizen_number),
            "working-days" => table.each(|row| working_day(row, &content)),
            "fund-split" => table.each(fund_split),
            _ => match content.library.guides.iter().find(|guide| guide.fixtures.contains_key(name)) {
                Some(guide) => by_guide(&content, guide, name, &table, folder)?,
                None => {
                    println!("{name}.csv：还没有包括进来");
                    continue;
                }
            },
        };
        let wrong: Vec<&String> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        wrong.iter().take(10).for_each(|message| println!("{name}.csv {message}"));
        println!("{name}.csv：{} 行，{} 行不符", results.len(), wrong.len());
        failed += wrong.len();
        passed += results.len() - wrong.len();
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { Ok(()) } else { Err(String::new()) }
}

fn read(folder: &Path, name: &str) -> Result<String, String> {
    let path = folder.join(format!("{name}.csv"));
    std::fs::read_to_string(&path).map_err(|error| format!("{}：{error}", path.display()))
}

/// Comma-separated values without quoting, with a header.
struct Table<'t> {
    header: Vec<&'t str>,
    rows: Vec<Vec<&'t str>>,
}

type Row<'t, 'r> = &'r dyn Fn(&str) -> &'t str;

impl<'t> Table<'t> {
    fn parse(text: &'t str) -> Self {
        let mut lines = text.lines().filter(|line| !line.is_empty()).map(|line| line.split(',').collect());
        Self { header: lines.next().unwrap_or_default(), rows: lines.collect() }
    }

    fn each(&self, test: impl Fn(Row<'t, '_>) -> Result<(), String>) -> Vec<Result<(), String>> {
        let run = |(number, row): (usize, &Vec<&'t str>)| {
            let cell = |column: &str| {
                let place = self.header.iter().position(|name| *name == column);
                place.and_then(|place| row.get(place)).copied().unwrap_or_default()
            };
            test(&cell).map_err(|message| format!("第 {} 行：{message}", number + 2))
        };
        self.rows.iter().enumerate().map(run).collect()
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what}应是 {wanted:?}，实际是 {found:?}")) }
}

/// A total shared by weights, in parts that add up to it (QTY-02).
fn fund_split(row: Row) -> Result<(), String> {
    let amount = Fen::parse(row("amount")).ok_or("金额读不出")?;
    let weights: Result<Vec<u64>, _> = row("weights").split('/').map(str::parse).collect();
    let parts = ledger::share(amount.0, &weights.map_err(|_| "权重读不出")?).ok_or("权重全是零")?;
    let parts: Vec<String> = parts.into_iter().map(|part| Fen(part).plain()).collect();
    differs("分担", &*parts.join("/"), row("parts"))
}

fn citizen_number(row: Row) -> Result<(), String> {
    let found = match CitizenNumber::parse(row("text")) {
        Ok(number) => {
            let sex = if number.sex() == Sex::Male { "male" } else { "female" };
            ["ok".to_owned(), number.as_str().to_owned(), number.birth().to_string(), sex.to_owned()]
        }
        Err(error) => {
            let word = match error {
                NumberError::Length => "length",
                NumberError::Date => "date",
                NumberError::Checksum => "checksum",
            };
            [word.to_owned(), String::new(), String::new(), String::new()]
        }
    };
    differs("结果", found, ["expect", "normalised", "birth", "sex"].map(|column| row(column).to_owned()))
}

fn working_day(row: Row, content: &Content) -> Result<(), String> {
    let start = base::parse_date(row("start")).ok_or("start 不是日期")?;
    let days = row("working_days").parse().map_err(|_| "working_days 不是数")?;
    differs("到期", content.calendar.working_days_after(start, days).at.to_string(), row("due").to_owned())
}

/// Rows that a guide decides: rates laid over, values given, results compared.
fn by_guide(
    content: &Content,
    guide: &Guide,
    name: &str,
    table: &Table,
    folder: &Path,
) -> Result<Vec<Result<(), String>>, String> {
    let columns = &guide.fixtures[name];
    let mut common = Vec::new();
    if let Some(map) = guide.fixtures.get(&format!("{name}.params")) {
        let text = read(folder, &format!("{name}.params"))?;
        let params = Table::parse(&text);
        for row in params.rows.iter().filter(|row| row.len() == 2) {
            let column =
                map.iter().find(|column| column.column == row[0]).ok_or_else(|| format!("没有参数 {}", row[0]))?;
            common.push(scenario::overlay(&guide.parameters, &column.name, row[1])?);
        }
    }
    Ok(table.each(|row| one(content, guide, columns, &common, row)))
}

fn one(
    content: &Content,
    guide: &Guide,
    columns: &[FixtureColumn],
    common: &[Overlay],
    row: Row,
) -> Result<(), String> {
    let mut overlays = common.to_vec();
    let mut facts = Facts::default();
    facts.set("属地", Value::Region(RegionCode::parse(COUNTY).map_err(|error| error.to_string())?));
    facts.set("计算日", Value::Date(Date::constant(2026, 7, 1)));
    // Rows first, then what stands in them.
    let order = ["参数", "行数", "另加行", "每行", "项目", "设定"];
    for role in order {
        for column in columns.iter().filter(|column| column.role == role) {
            let cell = row(&column.column);
            match role {
                "参数" => overlays.push(scenario::overlay(&guide.parameters, &column.name, cell)?),
                "行数" => {
                    let count = cell.parse().map_err(|_| format!("{} 不是行数", column.column))?;
                    facts.lists.insert(column.name.as_str().into(), vec![Facts::default(); count]);
                }
                "项目" => given::set(guide, &mut facts, &column.name, &translated(&column.value, cell))?,
                "设定" => match column.name.split_once('.') {
                    Some((list, name)) => {
                        for index in 0..facts.lists.get(list).map_or(0, Vec::len) {
                            set(guide, &mut facts, list, index, name, &column.value)?;
                        }
                    }
                    None => given::set(guide, &mut facts, &column.name, &column.value)?,
                },
                _ => entries(guide, &mut facts, column, cell, role == "另加行")?,
            }
        }
    }
    let rates = content.rates.overlaid(overlays);
    let assessment = Assessment::new(&guide.program, &facts, &rates, &content.calendar);
    for column in columns.iter().filter(|column| column.role == "应得") {
        let wanted = translated(&column.value, row(&column.column));
        let ty = given::type_of(guide, &column.name).ok_or_else(|| format!("没有“{}”", column.name))?;
        let found = assessment.value(&column.name).ok_or_else(|| format!("没有“{}”", column.name))?;
        let found = found.map_err(|unknown| format!("{}未知：{unknown}", column.name))?;
        differs(&column.name, found.show(&ty), given::read(&wanted, &ty)?.show(&ty))?;
    }
    Ok(())
}

/// One entry a row, separated by `;`; rows without an entry get an empty one.
fn entries(guide: &Guide, facts: &mut Facts, column: &FixtureColumn, cell: &str, adds: bool) -> Result<(), String> {
    let (list, name) = column.name.split_once('.').ok_or("“每行”和“另加行”的名称要写成 列表.列")?;
    let entries: Vec<&str> = if cell.is_empty() { Vec::new() } else { cell.split([';', '；']).collect() };
    let rows = facts.lists.entry(list.into()).or_default();
    if adds && rows.len() < entries.len() {
        rows.resize(entries.len(), Facts::default());
    }
    for index in 0..rows.len() {
        let entry = entries.get(index).copied().unwrap_or_default();
        let (part, map) = match column.value.split_once('：') {
            Some((number, map)) => {
                let number: usize = number.parse().map_err(|_| "“：”前要写第几段")?;
                (entry.split(':').nth(number - 1).unwrap_or_default(), map)
            }
            None => (entry, &*column.value),
        };
        set(guide, facts, list, index, name, &translated(map, part))?;
    }
    Ok(())
}

fn set(guide: &Guide, facts: &mut Facts, list: &str, row: usize, name: &str, text: &str) -> Result<(), String> {
    let number = given::list_of(guide, list).ok_or_else(|| format!("没有列表“{list}”"))?;
    match facts.lists.get_mut(list).and_then(|rows| rows.get_mut(row)) {
        Some(row) => given::set_column(guide, number, row, name, text),
        None => Ok(()),
    }
}

/// `pass=是、fail=否`: the value for a word, for one of several words joined by `+`, or for all others.
fn translated(map: &str, cell: &str) -> String {
    if map.is_empty() {
        return cell.to_owned();
    }
    let pairs: Vec<(&str, &str)> = map.split('、').filter_map(|pair| pair.split_once('=')).collect();
    let words: Vec<&str> = cell.split('+').collect();
    let found = pairs.iter().find(|(word, _)| !word.is_empty() && words.contains(word));
    found
        .or_else(|| pairs.iter().find(|(word, _)| word.is_empty()))
        .map_or_else(String::new, |(_, value)| (*value).to_owned())
}
