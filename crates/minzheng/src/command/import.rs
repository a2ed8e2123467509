//! `minzheng import`: a CSV file into a register. Without `--write` it only says what it would do.

use std::path::Path;

use base::Date;
use bureau::import::{Import, ImportFailure};

use crate::clock;

/// Keys that are listed of each kind.
const LISTED: usize = 20;

pub fn import(data: &Path, register: &str, file: &Path, from: Option<Date>, write: bool) -> Result<(), String> {
    drop(super::prove::store(data)?);
    let bureau = super::serve::open(data, None)?;
    let bytes = std::fs::read(file).map_err(|error| format!("{}：{error}", file.display()))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{} 不是 UTF-8 文件", file.display()))?;
    let now = clock::now();
    let import = Import { register, text: &text, from: from.unwrap_or(now.date()), by: "导入", now };
    let imported = match bureau.import(import, write) {
        Ok(imported) => imported,
        Err(ImportFailure::Wrong(wrong)) => {
            wrong.iter().for_each(|line| println!("{line}"));
            return Err(format!("{} 处不对，一行也没有写入", wrong.len()));
        }
        Err(failure) => return Err(failure.to_string()),
    };
    for (word, keys) in [("新增", &imported.new), ("不同", &imported.changed), ("台账有、文件没有", &imported.missing)]
    {
        println!("{word} {} 行", keys.len());
        keys.iter().take(LISTED).for_each(|key| println!("  {}", masked(key)));
    }
    println!("相同 {} 行", imported.same);
    println!("{}", if write { "已写入" } else { "没有写入；核对以后加 --write" });
    Ok(())
}

/// A key that is a citizen number is masked also here.
fn masked(key: &str) -> String {
    base::PersonNumber::parse(key).map_or_else(|_| key.to_owned(), |number| number.masked())
}
