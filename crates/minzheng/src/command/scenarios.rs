//! `minzheng scenarios`: run the worked examples of the guides; `--update` writes back what came of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base::Location;
use casework::scenario::{Difference, run};

use crate::{Outcome, Verdict, bureau, embedded};

/// 运行指南里的算例
#[derive(clap::Args)]
pub struct Scenarios {
    /// 只运行一项服务（目录名，如 dibao）
    #[arg(long, value_name = "服务")]
    service: Option<String>,
    /// 把实际结果写回算例的“值”和“应当”，改动须像改代码一样审查
    #[arg(long)]
    update: bool,
    /// 指南目录；不写则用程序自带的指南（改写时用 guides/）
    #[arg(long, value_name = "目录")]
    guides: Option<PathBuf>,
}

impl Scenarios {
    pub fn run(&self) -> Outcome {
        let written = self.guides.clone().or_else(|| self.update.then(|| PathBuf::from("guides")));
        let (bureau, _) = bureau::load(written.as_deref())?;
        let texts = embedded::guide_files(written.as_deref()).map_err(|e| format!("不能读指南目录：{e}"))?;
        let chosen = |id: &str| self.service.as_deref().is_none_or(|wanted| wanted == id);
        let services: Vec<_> = bureau.guides.services.iter().filter(|g| chosen(&g.service)).collect();
        if services.is_empty() {
            return Err(format!("没有“{}”这项服务", self.service.as_deref().unwrap_or_default()));
        }
        let (mut passed, mut failed, mut report) = (0, 0, String::new());
        let mut changes: BTreeMap<String, Vec<(Location, String)>> = BTreeMap::new();
        for guide in services {
            for scenario in &guide.scenarios {
                let differences = run(&bureau, guide, scenario);
                if differences.is_empty() {
                    passed += 1;
                    continue;
                }
                failed += 1;
                report += &format!("{}：{}\n", scenario.file, scenario.title);
                for difference in &differences {
                    report += &format!("  {}\n", told(difference, &texts));
                    if is_cell(difference, &texts) {
                        let cell = (difference.cell.clone(), difference.found.clone());
                        changes.entry(difference.cell.file.to_string()).or_default().push(cell);
                    }
                }
            }
        }
        if let (true, Some(folder)) = (self.update, &written) {
            report += &rewrite(folder, &texts, &changes)?;
        }
        report += &format!("{passed} passed, {failed} failed\n");
        Ok(Verdict { good: failed == 0, report })
    }
}

fn told(difference: &Difference, texts: &BTreeMap<String, String>) -> String {
    let Difference { cell, what, expected, found } = difference;
    let text = texts.get(&*cell.file).map_or("", String::as_str);
    let (line, _) = base::diagnostic::line_column(text, cell.span.start);
    format!("第{line}行 {what}：应为“{expected}”，实为“{found}”")
}

/// Whether the difference is that of a cell that can be rewritten, and not a remark on the whole scenario.
fn is_cell(difference: &Difference, texts: &BTreeMap<String, String>) -> bool {
    let text = texts.get(&*difference.cell.file);
    text.and_then(|t| t.get(difference.cell.span.clone())).is_some_and(|cell| cell.trim() == difference.expected)
}

fn rewrite(
    folder: &Path,
    texts: &BTreeMap<String, String>,
    changes: &BTreeMap<String, Vec<(Location, String)>>,
) -> Result<String, String> {
    let mut told = String::new();
    for (file, cells) in changes {
        let Some(text) = texts.get(file) else { continue };
        let path = folder.join(file);
        std::fs::write(&path, guide::rewrite(text, cells)).map_err(|e| format!("不能写 {}：{e}", path.display()))?;
        told += &format!("已改写 {}：{}处\n", path.display(), cells.len());
    }
    Ok(told)
}
