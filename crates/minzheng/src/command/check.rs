//! `minzheng check`: is a folder of guides sound?

use std::path::PathBuf;

use crate::{Outcome, Verdict, embedded};

/// 检查办事指南：写法、公式、步骤、角色、期限
#[derive(clap::Args)]
pub struct Check {
    /// 指南目录；不写则检查程序自带的指南
    #[arg(value_name = "目录")]
    folder: Option<PathBuf>,
}

impl Check {
    pub fn run(&self) -> Outcome {
        let regions = embedded::regions().map_err(|e| e.to_string())?;
        let files = embedded::guide_files(self.folder.as_deref()).map_err(|e| format!("不能读指南目录：{e}"))?;
        let (findings, sound) = match guide::read(&files, Some(&regions)) {
            Ok(read) => (read.warnings, true),
            Err(findings) => (findings, false),
        };
        let report = if findings.is_empty() { "共0处错误，0处提醒。\n".to_owned() } else { findings.render() };
        Ok(Verdict { good: sound, report })
    }
}
