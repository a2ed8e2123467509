//! `minzheng scenarios`: the worked examples of the guides.

use std::path::Path;

use base::RegionCode;
use base::diagnostic::line_column;
use casework::scenario::{Failure, World, run as run_scenario};

use crate::content::{COUNTY, Content};

/// Runs the scenarios of one service or of all; the last line counts them.
/// With `update` what came out is written in the place of what was expected; it is reviewed as a diff.
pub fn run(folder: Option<&Path>, service: Option<&str>, update: bool) -> Result<(), String> {
    let written = if update { Some(folder.ok_or("--update 要写 --guides 文件夹")?) } else { None };
    let content = Content::load(folder)?;
    if content.library.has_errors() {
        return Err("指南有错误，先运行 minzheng check".into());
    }
    let region = RegionCode::parse(COUNTY).map_err(|error| error.to_string())?;
    let chosen: Vec<_> = match service {
        Some(name) => vec![content.library.find(name).ok_or_else(|| format!("没有服务“{name}”"))?],
        None => content.library.guides.iter().collect(),
    };
    let (mut passed, mut failed) = (0, 0);
    for guide in chosen {
        let world = World { guide, rates: &content.rates, calendar: &content.calendar, region };
        for scenario in &guide.scenarios {
            let failures = run_scenario(world, scenario);
            let text = content.files.get(&scenario.file).map_or("", String::as_str);
            for failure in &failures {
                let (line, column) = line_column(text, failure.span.start);
                println!("{}:{line}:{column}: G901：{}", scenario.file, failure.message);
            }
            if let Some(folder) = written {
                rewrite(&folder.join(&scenario.file), text, &failures)?;
            }
            if failures.is_empty() { passed += 1 } else { failed += 1 }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}

/// Puts what came out in the place of what was expected, from the end of the file so that places stay true.
fn rewrite(path: &Path, text: &str, failures: &[Failure]) -> Result<(), String> {
    let mut changes: Vec<_> = failures.iter().filter_map(|f| Some((f.span.clone(), f.instead.as_ref()?))).collect();
    if changes.is_empty() {
        return Ok(());
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, instead) in changes {
        // An empty cell has no text to replace: its place is between the bars.
        let padded = if span.is_empty() { format!("{instead} ") } else { instead.clone() };
        text.replace_range(span, &padded);
    }
    std::fs::write(path, text).map_err(|error| format!("{}：{error}", path.display()))
}
