//! The only place that reads the clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::DateTime;
use jiff::tz::{TimeZone, offset};

pub type Clock = Arc<dyn Fn() -> DateTime + Send + Sync>;

/// The time in China, which has one time zone and no summer time; the machine's own zone plays no part.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock enters")]
pub fn now() -> DateTime {
    in_china(jiff::Timestamp::now())
}

/// The time in China at so many seconds of the Unix clock.
pub fn at_unix(seconds: u64) -> DateTime {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    in_china(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX))
}

fn in_china(moment: jiff::Timestamp) -> DateTime {
    TimeZone::fixed(offset(8)).to_datetime(moment)
}

/// Elapsed time is measured for reports only; nothing is decided by it.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock enters")]
pub fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

pub fn system() -> Clock {
    Arc::new(now)
}

/// A clock whose moment stands in a file (`2026-03-01T09:00`) and is read each time; for tests that let months pass.
/// The file must be readable at the start; if it is not later (it is being rewritten), the last moment read holds.
pub fn from_file(file: &Path) -> Result<Clock, String> {
    let first = read(file)?;
    let file: PathBuf = file.to_owned();
    let last = std::sync::Mutex::new(first);
    Ok(Arc::new(move || {
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Ok(moment) = read(&file) {
            *last = moment;
        }
        *last
    }))
}

fn read(file: &Path) -> Result<DateTime, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("不能读时钟文件 {}：{e}", file.display()))?;
    let text = text.trim();
    text.parse().map_err(|_| format!("时钟文件里的“{text}”不是时间；应写成 2026-03-01T09:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_file_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        std::fs::write(&file, "2026-03-01T09:00\n").unwrap();
        let clock = from_file(&file).unwrap();
        assert_eq!(clock(), "2026-03-01T09:00".parse().unwrap());
        std::fs::write(&file, "2026-06-01 10:30:05").unwrap();
        assert_eq!(clock(), "2026-06-01T10:30:05".parse().unwrap());
        std::fs::write(&file, "").unwrap();
        assert_eq!(clock(), "2026-06-01T10:30:05".parse().unwrap());
        assert!(from_file(&folder.path().join("none")).is_err());
    }
}
