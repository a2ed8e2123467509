//! Which columns of a file are which columns of a register, and how their cells are read.

use std::collections::{BTreeSet, HashMap};

use base::{CodeList, Date, RegionCode, former_division, tidy};
use casework::Datum;
use casework::registers::read_cell;
use exchange::table::{Cell, Table};
use formula::Type;
use guide::model::{FieldType, Register, RegisterColumn};

use crate::Bureau;

/// What the number of a person is called in tables that people keep.
const NUMBERS: [&str; 7] =
    ["身份号码", "身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "证件号码", "证件号"];

/// Where the value of a column stands: in one cell, or a person in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    One(usize),
    Person { name: usize, number: usize },
}

/// The columns of a register that a file has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    pub columns: Vec<(RegisterColumn, Source)>,
}

/// Names of places within the bureau's own region; `None` where two places are called so.
pub(crate) type Places = HashMap<String, Option<RegionCode>>;

/// The parts of a column as heads of a template: a person has a name and a number.
pub fn parts(column: &RegisterColumn) -> Vec<String> {
    match column.ty {
        FieldType::Register(_) if *column.name == *"人员" => vec!["姓名".into(), "身份号码".into()],
        FieldType::Register(_) => vec![format!("{}姓名", column.name), format!("{}身份号码", column.name)],
        _ => vec![column.name.to_string()],
    }
}

/// What the name of a person, and what the number, may be called.
fn spellings(column: &RegisterColumn) -> (Vec<String>, Vec<String>) {
    let name = &column.name;
    let own = |word: &str| [format!("{name}{word}"), format!("{name}的{word}")];
    let mut names = own("姓名").to_vec();
    let mut numbers: Vec<String> = NUMBERS.iter().flat_map(|word| own(word)).collect();
    if **name == *"人员" {
        names.insert(0, "姓名".into());
        numbers.splice(0..0, NUMBERS.map(str::to_owned));
    }
    (names, numbers)
}

impl Mapping {
    /// All heads by which the header of a file is recognised.
    pub fn wanted(register: &Register, map: &[(String, String)]) -> Vec<String> {
        let mut wanted: Vec<String> = map.iter().map(|(_, head)| head.clone()).collect();
        for column in &register.columns {
            wanted.push(column.name.to_string());
            if matches!(column.ty, FieldType::Register(_)) {
                let (names, numbers) = spellings(column);
                wanted.extend(names.into_iter().chain(numbers));
            }
        }
        wanted
    }

    /// Finds the columns of a register in a table. `map` says which head stands for which part where the names differ.
    ///
    /// # Errors
    /// Columns that must be there and are not.
    pub fn of(register: &Register, table: &Table, map: &[(String, String)]) -> Result<Self, Vec<String>> {
        let place = |head: &str| table.heads.iter().position(|known| known == head);
        let told = |part: &str| place(&map.iter().find(|(known, _)| known == part)?.1);
        let mut columns = Vec::new();
        for column in &register.columns {
            let one = told(&column.name).or_else(|| place(&column.name)).map(Source::One);
            let source = if matches!(column.ty, FieldType::Register(_)) {
                let (names, numbers) = spellings(column);
                let parts = parts(column);
                let part = |part: usize, spelt: &[String]| {
                    told(&parts[part]).or_else(|| spelt.iter().find_map(|head| place(head)))
                };
                let number = part(1, &numbers);
                let name = part(0, &names).or_else(|| place(&column.name));
                match (name, number) {
                    (Some(name), Some(number)) => Some(Source::Person { name, number }),
                    (Some(name), None) => one.or(Some(Source::One(name))),
                    _ => one,
                }
            } else {
                one
            };
            columns.extend(source.map(|source| (column.clone(), source)));
        }
        let is_there = |column: &&RegisterColumn| columns.iter().any(|(known, _)| known.key == column.key);
        let absent = register.columns.iter().filter(|column| column.required && !is_there(column));
        let absent: Vec<String> =
            absent.map(|column| format!("第 {} 行：缺少列“{}”", table.head_line, column.name)).collect();
        if absent.is_empty() { Ok(Self { columns }) } else { Err(absent) }
    }

    /// Heads of a file that no column takes.
    pub fn unread(&self, table: &Table) -> Vec<String> {
        let read: BTreeSet<usize> = self
            .columns
            .iter()
            .flat_map(|(_, source)| match source {
                Source::One(place) => vec![*place],
                Source::Person { name, number } => vec![*name, *number],
            })
            .collect();
        let heads = table.heads.iter().enumerate().filter(|(place, _)| !read.contains(place));
        heads.map(|(_, head)| head.clone()).filter(|head| !head.is_empty()).collect()
    }
}

impl Source {
    /// The cell that is marked where something is wrong.
    pub fn place(&self) -> usize {
        match self {
            Self::One(place) | Self::Person { number: place, .. } => *place,
        }
    }

    /// The value of a column in a line; nothing where the cell is empty.
    ///
    /// # Errors
    /// The cell that is wrong, and why.
    pub(crate) fn read(
        &self,
        column: &RegisterColumn,
        cells: &[Cell],
        (places, on): (&Places, Date),
    ) -> Result<Option<Datum>, (usize, String)> {
        let cell = |place: usize| sound(cells.get(place)).map_err(|why| (place, why));
        match self {
            Self::One(place) => match cell(*place)? {
                "" => Ok(None),
                text => value(column, text, (places, on)).map(Some).map_err(|why| (*place, why)),
            },
            Self::Person { name: name_place, number } => match (cell(*name_place)?, cell(*number)?) {
                ("", "") => Ok(None),
                ("", _) => Err((*name_place, "没有填姓名".into())),
                (name, written) => {
                    let text = format!("{name} {written}");
                    value(column, text.trim(), (places, on)).map(Some).map_err(|why| (*number, why))
                }
            },
        }
    }
}

/// What stands in a cell, if it can be believed.
fn sound(cell: Option<&Cell>) -> Result<&str, String> {
    match cell {
        None => Ok(""),
        Some(Cell::Text(text)) => Ok(text.trim()),
        Some(Cell::Lost(_)) => {
            Err("号码太长，被表格软件改成了数，末尾几位已经丢了：请把这一列设成“文本”，照证件重新填".into())
        }
        Some(Cell::Failed(why)) => Err(format!("公式没有结果（{why}）：请填算好的值")),
    }
}

fn value(column: &RegisterColumn, text: &str, (places, on): (&Places, Date)) -> Result<Datum, String> {
    if let FieldType::Plain(Type::Choice(words)) = &column.ty
        && let Some(list) = CodeList::of_names(words)
        && let Some(code) = list.find(text).filter(|code| !code.holds_on(on))
    {
        let now = list.on(on).find(|other| other.code == code.code).map(|other| format!("，现在是“{}”", other.name));
        return Err(format!("“{}”在 {on} 已经不用{}", code.name, now.unwrap_or_default()));
    }
    if column.ty == FieldType::Plain(Type::Region)
        && let Some(former) = RegionCode::parse(text).ok().and_then(|code| former_division(code, on))
    {
        let now: Vec<String> = former.successors.iter().map(|code| code.county_digits()).collect();
        return Err(format!("“{}”到 {} 为止，现在是 {}", former.name, former.until, now.join("、")));
    }
    if column.ty == FieldType::Plain(Type::Region) && !text.bytes().all(|b| b.is_ascii_digit()) {
        return match places.get(text) {
            Some(Some(region)) => Ok(Datum::Text(region.to_string())),
            Some(None) => Err(format!("“{text}”有几处，请连乡镇一起写")),
            None => Err(format!("没有“{text}”这个地方：请写乡镇和村，或者 12 位区划代码")),
        };
    }
    let is_serial = text.parse::<u32>().is_ok_and(|days| (10_000..80_000).contains(&days));
    if column.ty == FieldType::Plain(Type::Date) && is_serial {
        return Err(format!("“{text}”是表格软件存日期的天数：请把这一列设成“日期”或者“文本”，写成 2026-07-01"));
    }
    read_cell(&column.ty, text)
}

impl Bureau {
    /// Every place within the bureau's region, by its name and by longer ones: `田湖村`, `田湖镇田湖村`, `嵩县田湖镇田湖村`.
    pub(crate) fn places(&self) -> Places {
        let mut places = Places::new();
        for region in self.regions.within(self.home) {
            let lineage = self.regions.lineage(region.code);
            let mut names: BTreeSet<String> = BTreeSet::new();
            for first in 0..lineage.len() {
                let above: String = lineage[first..lineage.len() - 1].iter().map(|region| region.place()).collect();
                names.extend(
                    [format!("{above}{}", region.place()), format!("{above}{}", region.name)].map(|n| tidy(&n)),
                );
            }
            for name in names {
                places.entry(name).and_modify(|place| *place = None).or_insert(Some(region.code));
            }
        }
        places
    }
}
