//! `minzheng accept`: fixtures computed outside the project, run through the shipped guides and engine.

mod grants;
mod reference;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::{Outcome, Verdict, bureau, embedded};

/// 用外部验收数据核对本程序
#[derive(clap::Args)]
pub struct Accept {
    /// 放验收数据（CSV）的目录
    #[arg(value_name = "目录")]
    folder: PathBuf,
}

/// What became of the rows of one file.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    failures: Vec<String>,
}

/// A row of a fixture; cells are asked for by heading.
pub struct Row<'t> {
    headings: &'t [&'t str],
    cells: Vec<&'t str>,
}

type Check<'a> = Box<dyn Fn(&Row) -> Result<(), String> + 'a>;

impl Accept {
    pub fn run(&self) -> Outcome {
        let calendar = embedded::calendar().map_err(|e| e.to_string())?;
        let (bureau, _) = bureau::load(None)?;
        let grants = grants::Grants::new(&bureau)?;
        let files: [(&str, Check); 4] = [
            ("working-days.csv", Box::new(|row| reference::working_days(&calendar, row))),
            ("citizen-numbers.csv", Box::new(reference::citizen_number)),
            ("fund-split.csv", Box::new(reference::fund_split)),
            ("dibao-grants.csv", Box::new(|row| grants.check(row))),
        ];
        let (mut total, mut report) = (Tally::default(), String::new());
        for (name, check) in &files {
            let path = self.folder.join(name);
            if !path.exists() {
                report += &format!("{name}：没有这个文件，未核对\n");
                continue;
            }
            let tally = run_file(&path, check)?;
            report += &format!("{name}：{}行相符，{}行不符\n", tally.passed, tally.failures.len());
            for failure in &tally.failures {
                report += &format!("  {name} {failure}\n");
            }
            total.passed += tally.passed;
            total.failures.extend(tally.failures);
        }
        if total.passed + total.failures.len() == 0 {
            return Err(format!("{} 里没有可核对的数据", self.folder.display()));
        }
        report += &format!("{} passed, {} failed\n", total.passed, total.failures.len());
        Ok(Verdict { good: total.failures.is_empty(), report })
    }
}

fn run_file(path: &Path, check: &Check) -> Result<Tally, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("不能读 {}：{e}", path.display()))?;
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let headings: Vec<&str> =
        lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
    let mut tally = Tally::default();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let row = Row { headings: &headings, cells: line.split(',').collect() };
        match check(&row) {
            Ok(()) => tally.passed += 1,
            Err(why) => tally.failures.push(format!("第{}行：{why}（{line}）", index + 1)),
        }
    }
    Ok(tally)
}

impl<'t> Row<'t> {
    /// The cell under a heading; an error if the file has no such column.
    pub fn get(&self, heading: &str) -> Result<&'t str, String> {
        let place = self.headings.iter().position(|h| *h == heading);
        let cell = place.and_then(|place| self.cells.get(place));
        cell.copied().ok_or_else(|| format!("没有“{heading}”一栏"))
    }

    pub fn read<T: FromStr>(&self, heading: &str) -> Result<T, String> {
        let cell = self.get(heading)?;
        cell.trim().parse().map_err(|_| format!("“{heading}”栏的“{cell}”读不懂"))
    }
}

/// An error that shows both sides unless they agree.
pub fn same<T: PartialEq + std::fmt::Display>(what: &str, expected: T, found: T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}应为{expected}，算得{found}")) }
}
