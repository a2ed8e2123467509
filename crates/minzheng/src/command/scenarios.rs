//! `minzheng scenarios`: the worked examples of the guides.

use std::path::Path;

use base::RegionCode;
use base::diagnostic::line_column;
use casework::scenario::{World, run as run_scenario};

use crate::content::{COUNTY, Content};

/// Runs the scenarios of one service or of all; the last line counts them.
pub fn run(folder: Option<&Path>, service: Option<&str>) -> Result<(), String> {
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
            if failures.is_empty() { passed += 1 } else { failed += 1 }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(String::new()) }
}
