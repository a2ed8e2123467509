//! `minzheng rebuild`: the lists and indexes anew from the journal.

use crate::{Outcome, Verdict, bureau, clock, data};

/// 由日志重建工作清单和索引，并与原来的逐字节比对
#[derive(clap::Args)]
pub struct Rebuild {
    #[command(flatten)]
    data: data::Folder,
    #[command(flatten)]
    guides: data::Guides,
}

impl Rebuild {
    pub fn run(&self) -> Outcome {
        let store = self.data.open()?;
        let (bureau, _) = bureau::load(self.guides.folder())?;
        let bureau = bureau::with_editions(bureau, &store)?;
        let watch = clock::stopwatch();
        let rebuilt = store.rebuild(&bureau).map_err(|e| e.to_string())?;
        let mut report = String::new();
        for difference in &rebuilt.differences {
            let store::Difference { table, wrong, missing } = difference;
            report += &format!("{table}：多出或有误{wrong}行，缺少{missing}行，已按日志改正\n");
        }
        let same = if rebuilt.byte_equal { "与原来逐字节相同" } else { "与原来不同，已改正" };
        let seconds = watch.elapsed().as_secs_f64();
        report += &format!("重建{}件，用时{seconds:.3}秒，{same}\n", rebuilt.cases);
        Ok(Verdict { good: rebuilt.byte_equal, report })
    }
}
