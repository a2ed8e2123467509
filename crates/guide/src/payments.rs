//! What guides say of batches of payments (发放批次).

use std::sync::Arc;

use formula::Expression;

/// What the bureau does to many at once: to all payments of a batch (发放批次), to all lines of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// 编制: a line for everybody who is owed something, frozen.
    Roster,
    /// 付款: what is approved becomes payable, and instructions to banks are made.
    Pay,
    /// 收回单: until every instruction is answered, and what came back is settled.
    Collect,
    /// 对账: until the bank's statements explain all of it.
    Reconcile,
    /// 抽查: payments are drawn at random, to be checked with the people who should have got them.
    Sample,
    /// 导入: the lines of a table become rows of a register.
    Import,
}

/// A row of `## 异常`: what stands out in a line of a roster.
#[derive(Clone, Debug)]
pub struct Mark {
    pub name: Arc<str>,
    /// Sees the line by its columns and what registers say of it.
    pub condition: Expression,
    /// 暂缓: the line is not paid until somebody has looked at it; otherwise it is only shown.
    pub holds: bool,
}
