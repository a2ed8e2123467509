//! `minzheng verify`: was the journal or an attachment changed behind the bureau's back?

use crate::{Outcome, Verdict, clock, data};

/// 核验日志链和附件：有没有被改动、缺失、调换
#[derive(clap::Args)]
pub struct Verify {
    #[command(flatten)]
    data: data::Folder,
}

impl Verify {
    pub fn run(&self) -> Outcome {
        let store = self.data.open()?;
        let watch = clock::stopwatch();
        let journal = store.verify().map_err(|e| e.to_string())?;
        let seconds = watch.elapsed().as_secs_f64();
        let files = store.verify_files().map_err(|e| e.to_string())?;
        let mut report = String::new();
        for problem in &journal.problems {
            report += &format!("日志第{}条：{}\n", problem.seq, problem.what);
        }
        for (digest, what) in &files.problems {
            report += &format!("附件 {digest}：{what}\n");
        }
        let problems = journal.problems.len() + files.problems.len();
        report += &format!("日志末端 {}\n", journal.head);
        report += &format!("核验日志{}条，用时{seconds:.3}秒；附件{}个\n", journal.events, files.files);
        report += &format!("发现{problems}处问题\n");
        Ok(Verdict { good: problems == 0, report })
    }
}
