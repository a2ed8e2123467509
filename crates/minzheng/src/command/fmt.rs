//! `minzheng fmt`: formulas and decision tables of guides in canonical form.

use std::path::{Path, PathBuf};

/// Rewrites the guides of a folder, or with `check` only names those that are not in canonical form.
pub fn run(folder: &Path, check: bool) -> Result<(), String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut changed = 0;
    for path in &files {
        let told = |error: std::io::Error| format!("{}：{error}", path.display());
        let text = std::fs::read_to_string(path).map_err(told)?;
        let formatted = guide::format(&path.display().to_string(), &text);
        if formatted == text {
            continue;
        }
        changed += 1;
        let line = text.lines().zip(formatted.lines()).position(|(a, b)| a != b).unwrap_or(0) + 1;
        println!("{}:{line}", path.display());
        if !check {
            std::fs::write(path, formatted).map_err(told)?;
        }
    }
    let what = if check { "不是统一的写法" } else { "改成了统一的写法" };
    println!("{} 个文件，{changed} 个{what}", files.len());
    if check && changed > 0 { Err(String::new()) } else { Ok(()) }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}：{error}", folder.display());
    if folder.is_file() {
        files.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "md") {
            collect(&path, files)?;
        }
    }
    Ok(())
}
