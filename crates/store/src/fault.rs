//! Something broke: complete in the log, opaque to the user.

use std::path::Path;

/// A fault of the store. Its text is for the log and holds no personal data.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("数据库：{0}")]
    Sql(#[from] rusqlite::Error),
    #[error("文件 {path}：{error}")]
    File { path: String, error: String },
    #[error("数据损坏：{0}")]
    Damaged(String),
    #[error("数据库的版本 {found} 比程序认得的 {known} 新，请换用新的程序")]
    Newer { found: i64, known: i64 },
    #[error("办件在此期间被改动：应是第 {expected} 版，实际第 {found} 版")]
    Conflict { expected: u64, found: u64 },
    /// Not broken: what is asked of the ledger cannot be. Whoever decides tells people why.
    #[error("账：{0}")]
    Ledger(ledger::Refused),
}

impl Fault {
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), error: error.to_string() }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}
