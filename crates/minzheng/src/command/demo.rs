//! `minzheng demo`: make a demo county.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use argon2::{Argon2, PasswordHasher};
use base::Date;
use store::{Software, Store};

use crate::demo::{self, PASSWORD, Plan};
use crate::{Outcome, Verdict, bureau, clock, data};

/// 建立演示县：真实区划、虚构人物
#[derive(clap::Args)]
pub struct Demo {
    #[command(flatten)]
    data: data::Folder,
    #[command(flatten)]
    guides: data::Guides,
    /// 户数，默认 2000
    #[arg(long, value_name = "户数", default_value_t = 2_000)]
    households: u32,
    /// 随机种子；户数、种子、日期相同，演示县就相同
    #[arg(long, value_name = "数", default_value_t = 1)]
    seed: u64,
    /// 演示县停在哪一天，默认今天
    #[arg(long, value_name = "日期")]
    date: Option<Date>,
}

impl Demo {
    /// What `minzheng` without a command makes.
    pub fn usual(data: data::Folder) -> Self {
        Self { data, guides: data::Guides::none(), households: 2_000, seed: 1, date: None }
    }

    pub fn run(&self) -> Outcome {
        Ok(Verdict { good: true, report: self.build()? })
    }

    /// Builds the county and tells of it.
    pub fn build(&self) -> Result<String, String> {
        let target = self.data.path();
        if std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(format!("{} 不是空目录，不能在里面建立演示县", target.display()));
        }
        let (bureau, _) = bureau::load(self.guides.folder())?;
        let now = clock::now();
        let date = self.date.unwrap_or(now.date());
        // The bureau opens at eight: nothing has been done today but what citizens sent in before.
        let morning = date.at(8, 0, 0, 0);
        let until = if date == now.date() { morning.min(now) } else { morning };
        let plan = Plan { households: self.households, seed: self.seed, date, until, password_hash: password_hash()? };
        // Built beside its place and moved there whole, so that an interrupted start leaves no half county.
        let draft = beside(target);
        remove(&draft)?;
        let watch = clock::stopwatch();
        let store = Store::open_with(&draft, Arc::new(Software::seeded(self.seed))).map_err(|e| e.to_string())?;
        let report = demo::build(&store, &bureau, &plan)?;
        drop(bureau::with_editions(bureau, &store)?);
        report.note.write(&draft)?;
        drop(store);
        std::fs::rename(&draft, target).map_err(|e| format!("不能建立 {}：{e}", target.display()))?;
        let seconds = watch.elapsed().as_secs_f64();
        for trouble in &report.troubles {
            eprintln!("演示县中有一件没有办下去：{trouble}");
        }
        let demo::Report { cases, commands, .. } = report;
        Ok(format!("演示县已建立：{}户，{cases}件，办理{commands}次，用时{seconds:.1}秒\n", plan.households))
    }
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".building");
    target.with_file_name(name)
}

fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("不能清除上次没有建成的 {}：{error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Argon2id over a fixed salt: the password of a demonstration is public anyway, and the county must repeat.
fn password_hash() -> Result<String, String> {
    let hash = Argon2::default().hash_password_with_salt(PASSWORD.as_bytes(), b"minzheng-demo-16");
    hash.map(|hash| hash.to_string()).map_err(|e| e.to_string())
}
