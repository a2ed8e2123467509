//! `minzheng import`: a workbook or a text file into a register. Without `--write` it only says what it would do.

use std::path::PathBuf;

use base::Date;
use bureau::import::{Import, ImportFailure, Take, told};
use casework::registers::masked_key;
use clap::Args;

use crate::clock;

/// Keys that are listed of each kind.
const LISTED: usize = 20;

/// What is brought where, and what becomes of it.
#[derive(Debug, Args)]
pub struct Arguments {
    #[arg(long)]
    pub data: PathBuf,
    /// 台账的标识
    pub register: String,
    /// .xlsx 或者 .csv
    pub file: PathBuf,
    /// 从哪一天起有效；不写就是今天
    #[arg(long)]
    pub from: Option<Date>,
    /// 写入；不写这一项只核对
    #[arg(long)]
    pub write: bool,
    /// 有错的行不写，其余的写入
    #[arg(long)]
    pub partly: bool,
    /// 文件里的列叫别的名字：“列=表头”，可以写几次
    #[arg(long, value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// 有错的行写进这个表格，改好可以再导入
    #[arg(long)]
    pub returned: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (column, head) = text.split_once('=').ok_or("写成 列=表头")?;
    Ok((column.trim().to_owned(), head.trim().to_owned()))
}

pub fn import(arguments: Arguments) -> Result<(), String> {
    let Arguments { data, register, file, from, write, partly, map, returned: back } = arguments;
    drop(super::prove::store(&data)?);
    let bureau = super::serve::open(&data, None)?;
    let bytes = std::fs::read(&file).map_err(|error| format!("{}：{error}", file.display()))?;
    let now = clock::now();
    let from = from.unwrap_or(now.date());
    let import = Import { register: &register, bytes: &bytes, map: &map, from, by: "导入", now };
    let take = match (write, partly) {
        (false, _) => Take::Nothing,
        (true, false) => Take::Whole,
        (true, true) => Take::Right,
    };
    let mut tell = |done: usize, all: usize| eprint!("\r已写入 {done}/{all} 行");
    let imported = match bureau.import_telling(import, take, &mut tell) {
        Ok(imported) => imported,
        Err(ImportFailure::Wrong(troubles)) => bureau::import::Imported { troubles, ..Default::default() },
        Err(failure) => return Err(failure.to_string()),
    };
    imported.notes.iter().for_each(|note| println!("{note}"));
    let troubles = &imported.troubles;
    troubles.iter().take(LISTED).for_each(|trouble| println!("{}", told(trouble)));
    if let Some(path) = back.filter(|_| !troubles.is_empty()) {
        let book = bureau.returned(import, troubles).map_err(|failure| failure.to_string())?;
        std::fs::write(&path, book).map_err(|error| format!("{}：{error}", path.display()))?;
        println!("有错的行在 {}", path.display());
    }
    if take == Take::Whole && !troubles.is_empty() {
        return Err(format!("{} 处不对，一行也没有写入", troubles.len()));
    }
    for (word, keys) in [("新增", &imported.new), ("不同", &imported.changed), ("台账有、文件没有", &imported.missing)]
    {
        println!("{word} {} 行", keys.len());
        keys.iter().take(LISTED).for_each(|key| println!("  {}", masked_key(key)));
    }
    println!("相同 {} 行", imported.same);
    if !troubles.is_empty() {
        println!("有错 {} 处", troubles.len());
    }
    println!("{}", if write { "已写入" } else { "没有写入；核对以后加 --write" });
    Ok(())
}
