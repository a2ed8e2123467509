//! `minzheng verify`, `rebuild` and `explain`: what a bureau can prove, each in one command.

use std::path::Path;

use bureau::Bureau;
use store::Store;

use crate::content::Content;

/// Opens the data of a bureau that exists; a proof over nothing proves nothing.
pub(super) fn store(data: &Path) -> Result<Store, String> {
    if !data.join("minzheng.db").is_file() {
        return Err(format!("{} 里没有数据", data.display()));
    }
    Store::open(data).map_err(|fault| fault.to_string())
}

/// Proves that no entry of the journal was changed, removed, reordered or cut off.
pub fn verify(data: &Path) -> Result<(), String> {
    let verified = store(data)?.verify().map_err(|fault| fault.to_string())?;
    verified.problems.iter().for_each(|problem| println!("{problem}"));
    println!("{} 条，{} 处不符", verified.entries, verified.problems.len());
    if verified.problems.is_empty() { Ok(()) } else { Err(String::new()) }
}

/// Makes every list anew from the journal and compares the bytes.
pub fn rebuild(data: &Path) -> Result<(), String> {
    let rebuilt = store(data)?.rebuild().map_err(|fault| fault.to_string())?;
    rebuilt.differing.iter().for_each(|list| println!("清单 {list} 与日志不符"));
    println!("{} 件，{} 张清单不符", rebuilt.cases, rebuilt.differing.len());
    if rebuilt.differing.is_empty() { Ok(()) } else { Err(String::new()) }
}

/// The chain of a decision in Chinese.
pub fn explain(case: &str, data: &Path) -> Result<(), String> {
    drop(store(data)?);
    let Content { files, calendar, regions, .. } = Content::load(None)?;
    let bureau = Bureau::open(data, &files, calendar, regions).map_err(|fault| fault.to_string())?;
    let lines = bureau.explain(case).map_err(|failure| failure.to_string())?;
    let lines = lines.ok_or_else(|| format!("没有受理号 {case}"))?;
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}
