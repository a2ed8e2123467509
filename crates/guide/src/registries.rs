//! Whom a bureau asks about people, and what a guide makes of the answers.

use std::sync::Arc;

use formula::Expression;

use crate::model::RegisterColumn;

/// 数据源: a registry of others that answers questions about people (registries.md).
#[derive(Clone, Debug)]
pub struct Registry {
    pub name: Arc<str>,
    pub key: Arc<str>,
    /// 答复时限: when an answer that has not come is overdue.
    pub due: base::Clock,
    /// 有效期: an answer whose data are older than so many days is stale.
    pub fresh_days: i64,
    pub note: String,
    /// What one line of an answer says.
    pub columns: Vec<RegisterColumn>,
}

/// A row of `## 核对`: whom a step asks a registry about. Formulas see the answers as a list of that name with the
/// column 人员, and `名.答复` says how far they have come.
#[derive(Clone, Debug)]
pub struct Inquiry {
    pub name: Arc<str>,
    pub registry: Registry,
    pub steps: Vec<usize>,
    pub of: OfWhom,
    /// Which of the rows; all of them where it says nothing.
    pub rows: Option<Expression>,
}

/// 对每个: whom a question or a doubt is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfWhom {
    /// The people of a 名册, by the number of the list.
    List(usize),
    /// The person of a field, by its 标识.
    Field(Arc<str>),
}

/// A row of `## 疑点`: what is doubtful if the answers say so.
#[derive(Clone, Debug)]
pub struct Doubt {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub of: OfWhom,
    pub condition: Expression,
    /// What was stated, and what was found.
    pub declared: Option<Expression>,
    pub found: Option<Expression>,
    pub severity: Severity,
    /// 排除: for how long whoever was cleared of it is not doubted again on the same ground; not at all where it is empty.
    pub cleared_for: Option<base::Clock>,
    pub note: String,
}

/// 等级 of a doubt; only 硬性 may hold a payment back before a person has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Hard,
    Assets,
    Income,
    Notice,
}

impl Severity {
    pub const WORDS: [(&'static str, Self); 4] =
        [("硬性", Self::Hard), ("财产", Self::Assets), ("收入", Self::Income), ("提示", Self::Notice)];

    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, severity)| *severity == self).map_or("", |(word, _)| word)
    }
}

impl Inquiry {
    /// What `名.答复` can say, the worst first; it is the worst of all who were asked about.
    pub const ANSWERS: [&'static str; 8] = ["待复", "逾期", "失败", "过期", "无权", "已答复", "无记录", "未接入"];
}
