//! `minzheng backup` and `minzheng restore`: both end with the proof that the copy is whole.

use std::path::Path;

use store::Store;

use super::prove;

/// Copies a bureau, running or not, and proves the copy.
pub fn backup(data: &Path, to: &Path) -> Result<(), String> {
    let store = prove::store(data)?;
    let copied = store.back_up(to).map_err(|fault| fault.to_string())?;
    println!("备份到 {}：{} 条，新拷 {} 个文件", to.display(), copied.entries, copied.files);
    prove::verify(to)
}

/// Makes a bureau from a copy that is proved first, in a folder that is put in place only when it is whole.
pub fn restore(from: &Path, data: &Path) -> Result<(), String> {
    if data.exists() {
        return Err(format!("{} 已经有了，没有动它", data.display()));
    }
    prove::verify(from)?;
    let fault = |fault: store::Fault| fault.to_string();
    let scratch = data.with_extension("restore");
    let _ = std::fs::remove_dir_all(&scratch);
    Store::restore(from, &scratch).map_err(fault)?;
    prove::verify(&scratch)?;
    prove::rebuild(&scratch)?;
    std::fs::rename(&scratch, data).map_err(|error| format!("{}：{error}", data.display()))?;
    println!("恢复到 {}", data.display());
    Ok(())
}
