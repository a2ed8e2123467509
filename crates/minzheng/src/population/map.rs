//! The mapping: which column of which file is which name of a guide.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use formula::{Column, Data, Environment, Type, Words, month_at, unpacked};
use serde::Deserialize;

use super::source;
use super::{Cells, Values};

/// `MAP.toml`: the cases, and the lists by their path (`成员`, `成员.收入`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// 标识 of the service whose cases these are.
    pub service: String,
    pub cases: Table,
    #[serde(default)]
    pub lists: BTreeMap<String, Table>,
}

/// A file and its columns. A list without a file has no rows in any case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Beside the file of the cases.
    pub file: Option<PathBuf>,
    /// The column that tells rows apart, in ascending order; a list needs it only where a list hangs on it.
    pub key: Option<String>,
    /// The column with the key of the row to which a row belongs.
    pub owner: Option<String>,
    /// By the names of the guide.
    #[serde(default)]
    pub columns: BTreeMap<String, Place>,
}

/// Where a name's values stand.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Column(String),
    Coded {
        column: String,
        /// The words that 0, 1, 2 … stand for.
        words: Option<Vec<Arc<str>>>,
        /// How many units of the file make one: 100 where money is in 分.
        scale: Option<i64>,
    },
}

/// A column that is read, with what its values mean.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: Arc<str>,
    pub column: String,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Number {
        scale: i64,
    },
    Flag,
    /// Words by number, or as texts where none are listed.
    Words {
        words: Option<Arc<Words>>,
        regions: bool,
    },
    Date,
    Month,
}

impl Map {
    /// Reads the mapping; an error has its place in the file.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Whether every list is one of the guide.
    pub fn check(&self, env: &Environment) -> Result<(), String> {
        let paths: Vec<String> = (0..env.lists.len()).map(|list| env.list_path(list)).collect();
        match self.lists.keys().find(|name| !paths.contains(name)) {
            Some(name) => Err(format!("指南没有名单“{name}”；有：{}", paths.join("、"))),
            None => Ok(()),
        }
    }
}

impl Table {
    /// The columns that the guide knows, with their types there.
    pub fn wanted(&self, env: &Environment, list: Option<usize>) -> Result<Vec<Wanted>, String> {
        let mut wanted = Vec::new();
        for (name, place) in &self.columns {
            let ty = type_of(env, list, name).ok_or_else(|| match list {
                Some(list) => format!("名单“{}”没有列“{name}”", env.list_path(list)),
                None => format!("指南没有项目“{name}”"),
            })?;
            let (column, words, scale) = match place {
                Place::Column(column) => (column.clone(), None, None),
                Place::Coded { column, words, scale } => (column.clone(), words.clone(), *scale),
            };
            let kind = match ty {
                Type::Number(_) | Type::Fen(_) | Type::Zero => {
                    Kind::Number { scale: scale.filter(|scale| *scale > 0).unwrap_or(1) }
                }
                Type::Bool => Kind::Flag,
                Type::Date => Kind::Date,
                Type::Month => Kind::Month,
                Type::Text | Type::Choice(_) | Type::Region => {
                    let regions = ty == Type::Region;
                    Kind::Words { words: words.map(|words| Arc::new(Words { words, regions })), regions }
                }
                other => return Err(format!("“{name}”是{other}，不能从文件里读")),
            };
            wanted.push(Wanted { name: name.as_str().into(), column, kind });
        }
        Ok(wanted)
    }
}

/// The type of a name, also of a column of a register's row (`人员.出生日期`).
fn type_of(env: &Environment, list: Option<usize>, name: &str) -> Option<Type> {
    let columns = list.map_or(&env.values, |list| &env.lists[list].columns);
    if let Some(value) = columns.iter().find(|value| &*value.name == name) {
        return Some(value.ty.clone());
    }
    let (record, part) = name.split_once('.')?;
    let Type::Record(register) = columns.iter().find(|value| &*value.name == record)?.ty else { return None };
    env.registers[register].columns.iter().find(|(column, _)| &**column == part).map(|(_, ty)| ty.clone())
}

impl Wanted {
    /// The cells as a column, or `None` where not one is known. `first` is the row of the file of the first.
    pub fn column(
        &self,
        cells: Cells,
        found: &source::Words,
        file: &str,
        first: u64,
    ) -> Result<Option<Column>, String> {
        let Cells { values, known } = cells;
        if known.iter().all(|known| *known == 0) && !known.is_empty() {
            return Ok(None);
        }
        let wrong =
            |(row, what): (usize, String)| format!("{file} 第 {} 行“{}”：{what}", first + row as u64 + 1, self.column);
        let data = match (&self.kind, values) {
            (Kind::Number { scale }, Values::Numbers(values)) => Data::Numbers { scale: *scale, values },
            (Kind::Flag, Values::Codes(values)) => {
                self.all_fit(&values, &known, |n| n <= 1).map_err(wrong)?;
                Data::Flags(values)
            }
            (Kind::Words { words, regions }, Values::Codes(codes)) => {
                let words = match words {
                    Some(words) => words.clone(),
                    None => {
                        let words = found.get(&self.column).cloned().unwrap_or_default();
                        Arc::new(Words { words, regions: *regions })
                    }
                };
                let many = words.words.len() as i64;
                self.all_fit(&codes, &known, |n| n < many).map_err(wrong)?;
                Data::Words { codes, words }
            }
            (Kind::Date, Values::Days(values)) => {
                self.all_fit(&values, &known, |n| n >= 10_000 && unpacked(n).is_some()).map_err(wrong)?;
                Data::Dates(values)
            }
            (_, Values::Days(values)) => {
                self.all_fit(&values, &known, |n| month_at(n).is_some()).map_err(wrong)?;
                Data::Months(values)
            }
            // The cells were made for this kind.
            _ => return Err(format!("{file} 的“{}”读成了别的类型", self.column)),
        };
        let column = Column::new(data);
        Ok(Some(if known.is_empty() { column } else { column.known_where(known) }))
    }

    /// The first known value that does not fit, with its row.
    fn all_fit<N: Copy + Into<i64>>(
        &self,
        values: &[N],
        known: &[u8],
        fits: impl Fn(i64) -> bool,
    ) -> Result<(), (usize, String)> {
        let is_known = |row: usize| known.get(row).is_none_or(|known| *known == 1);
        match (0..values.len()).find(|row| is_known(*row) && !fits(values[*row].into())) {
            Some(row) => Err((row, self.kind.misfit(values[row].into()))),
            None => Ok(()),
        }
    }
}

impl Kind {
    /// Why a number stands for nothing of this kind.
    pub fn misfit(&self, n: i64) -> String {
        match self {
            Self::Number { .. } => format!("{n} 放不下"),
            Self::Flag => format!("{n} 不是是否（0、1）"),
            Self::Words { words: None, .. } => "一列里不同的词不能超过 256 个".into(),
            Self::Words { .. } => format!("代码 {n} 没有词"),
            Self::Date => format!("{n} 不是日期（yyyymmdd）"),
            Self::Month => "不是月份（yyyy-mm）".into(),
        }
    }
}
