//! The only place that reads the clock.

use base::DateTime;
use jiff::tz::{TimeZone, offset};

/// The time in China, which has one time zone and no summer time; the machine's own zone plays no part.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock enters")]
pub fn now() -> DateTime {
    TimeZone::fixed(offset(8)).to_datetime(jiff::Timestamp::now())
}

/// A moment of the machine some days ago, as files are dated.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock enters")]
pub fn days_ago(days: u64) -> std::time::SystemTime {
    let ago = std::time::Duration::from_secs(days * 86_400);
    std::time::SystemTime::now().checked_sub(ago).unwrap_or(std::time::UNIX_EPOCH)
}
