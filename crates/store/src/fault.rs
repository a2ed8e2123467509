//! What went wrong underneath. A fault never carries personal data: it may be logged and its text may be shown.

use casework::Refusal;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("磁盘空间不足，本次操作没有保存；请清理磁盘后再试")]
    Full,
    #[error("数据库正被另一个程序占用，本次操作没有保存；请稍后再试")]
    Busy,
    #[error("数据库读写失败，本次操作没有保存；请联系管理员查看日志")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("文件读写失败，本次操作没有保存；请联系管理员查看日志")]
    Files(#[from] std::io::Error),
    #[error("数据由更新的程序写成（结构第{found}版），本程序只认得到第{known}版；请换用新版程序")]
    Newer { found: i64, known: i64 },
    #[error("主密钥 master.key 不在数据目录里，已有的数据无法打开；请从密钥备份恢复它")]
    KeyLost,
    #[error("密钥无法使用：{0}；请从密钥备份恢复 master.key 和 keys.db")]
    Key(&'static str),
    #[error("数据与日志不符（{0}）；请运行 minzheng verify 查明")]
    Damaged(String),
    #[error("上一步没有写成，这一批已全部撤回；请重新提交")]
    HalfDone,
    #[error("指南“{service}”的版本{edition}不在库中，无法读取按它办理的件；请恢复该版本的指南")]
    EditionLost { service: String, edition: String },
}

/// Why an order was not carried out; either way nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Fault {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Fault::Damaged(what.into())
    }
}
