//! `minzheng doctor`: is everything in order to serve?

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use base::Date;
use store::Store;

use crate::{Outcome, Verdict, bureau, clock, data, embedded};

/// 体检：指南、日历、数据目录、日志、时钟、磁盘
#[derive(clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    data: data::Folder,
    #[command(flatten)]
    guides: data::Guides,
}

enum Health {
    Well(String),
    Warning(String),
    Ill(String),
}

use Health::{Ill, Warning, Well};

/// Below this the journal may soon not be written: a year of a county's cases with its photographs.
const LEAST_SPACE: u64 = 2 << 30;
/// Programs older than this say so themselves: a clock before it is wrong.
const PROGRAM_DATE: Date = Date::constant(2026, 1, 1);

impl Doctor {
    pub fn run(&self) -> Outcome {
        let mut findings = vec![self.guides(), calendar(), writable(self.data.path()), clock_of(self.data.path())];
        findings.push(space(self.data.path()));
        findings.extend(self.journal());
        let mut report = String::new();
        for finding in &findings {
            report += &match finding {
                Well(what) => format!("正常　{what}\n"),
                Warning(what) => format!("提醒　{what}\n"),
                Ill(what) => format!("问题　{what}\n"),
            };
        }
        let ill = findings.iter().filter(|f| matches!(f, Ill(_))).count();
        let warnings = findings.iter().filter(|f| matches!(f, Warning(_))).count();
        report += &format!("{ill}处问题，{warnings}处提醒\n");
        Ok(Verdict { good: ill == 0, report })
    }

    fn guides(&self) -> Health {
        match bureau::load(self.guides.folder()) {
            Ok((bureau, warnings)) if warnings.is_empty() => {
                Well(format!("指南：{}项服务，检查通过", bureau.guides.services.len()))
            }
            Ok((_, warnings)) => {
                Warning(format!("指南：检查通过，有{}处提醒，详见 minzheng check", warnings.iter().count()))
            }
            Err(_) => Ill("指南：有错误，详见 minzheng check".to_owned()),
        }
    }

    fn journal(&self) -> Vec<Health> {
        if !self.data.is_used() {
            return vec![Warning(format!("数据：{} 里还没有数据", self.data.path().display()))];
        }
        let store = match Store::open(self.data.path()) {
            Ok(store) => store,
            // A newer schema, a lost key: the fault says which.
            Err(fault) => return vec![Ill(format!("数据：{fault}"))],
        };
        let journal = match store.verify() {
            Ok(report) if report.problems.is_empty() => Well(format!("日志：{}条，链条完整", report.events)),
            Ok(report) => Ill(format!("日志：发现{}处问题，详见 minzheng verify", report.problems.len())),
            Err(fault) => Ill(format!("日志：{fault}")),
        };
        vec![Well("数据：结构版本与本程序相符".to_owned()), journal]
    }
}

fn calendar() -> Health {
    let calendar = match embedded::calendar() {
        Ok(calendar) => calendar,
        Err(error) => return Ill(format!("日历：{error}")),
    };
    let year = clock::now().year();
    let missing: Vec<String> =
        (year..=year + 1).filter(|year| !calendar.covers(*year)).map(|year| year.to_string()).collect();
    if missing.is_empty() {
        return Well(format!("日历：{year}、{}年的节假日安排都有", year + 1));
    }
    Warning(format!("日历：缺{}年的节假日安排，跨入该年的期限暂按周末推算；公布后请更新程序", missing.join("、")))
}

fn writable(folder: &Path) -> Health {
    let probe = folder.join(".doctor");
    let place = folder.display();
    if !folder.exists() {
        return Warning(format!("数据目录：{place} 还不存在，启动服务时会建立"));
    }
    match fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => Well(format!("数据目录：{place} 可以写入")),
        Err(error) => Ill(format!("数据目录：{place} 不能写入（{error}）")),
    }
}

/// A clock that was put back would date new entries before old ones.
fn clock_of(folder: &Path) -> Health {
    let now = clock::now();
    let shown = base::format_datetime(now);
    if now.date() < PROGRAM_DATE {
        return Ill(format!("时钟：{shown}，早于本程序；请校准系统时间"));
    }
    let written = fs::metadata(folder.join("minzheng.db")).and_then(|m| m.modified()).ok();
    let written = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|d| clock::at_unix(d.as_secs()));
    match written {
        Some(written) if written > now => {
            Ill(format!("时钟：{shown}，早于数据最后写入的{}；请校准系统时间", base::format_datetime(written)))
        }
        _ => Well(format!("时钟：北京时间{shown}")),
    }
}

fn space(folder: &Path) -> Health {
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(there) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let shown = format!("磁盘：可用{:.1}GB", free as f64 / f64::from(1 << 30));
            if free < LEAST_SPACE { Warning(format!("{shown}，请尽快清理或扩容")) } else { Well(shown) }
        }
        Err(error) => Warning(format!("磁盘：不能查询可用空间（{error}）")),
    }
}
