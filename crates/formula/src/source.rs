//! What is handed to [`crate::compile`]: blocks of text with their places, and the names that exist around them.

use std::sync::Arc;

use crate::types::Type;

/// One fence of formulas or one decision table of a guide.
#[derive(Clone, Debug)]
pub struct Block {
    pub file: Arc<str>,
    /// Byte offset of `text` in the file, so that messages point into the file.
    pub offset: usize,
    /// The formulas; for a table any text, it is not read.
    pub text: String,
    /// The legal reference under which the block stands, e.g. 第十三条 家庭收入（最低生活保障审核确认办法）.
    pub basis: Option<String>,
    pub source: BlockSource,
}

#[derive(Clone, Debug)]
pub enum BlockSource {
    Formula,
    Table(TableSource),
}

/// A decision table whose Markdown has been split into cells. Every row has one cell for each input and each output, in this order.
#[derive(Clone, Debug)]
pub struct TableSource {
    /// The name that the table defines; several outputs make it a record.
    pub name: String,
    pub hit: HitPolicy,
    /// The heading is an expression. It may declare the possible values after a colon: `家庭类别：“A”、“B”、“C”`.
    pub inputs: Vec<Column>,
    /// The heading is the output's name. It may list the possible values after a colon, in order of priority.
    pub outputs: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

/// A heading with its byte offset in the file.
#[derive(Clone, Debug)]
pub struct Column {
    pub text: String,
    pub offset: usize,
}

/// A cell with its byte offset in the file.
#[derive(Clone, Debug)]
pub struct Cell {
    pub text: String,
    pub offset: usize,
}

/// Which of the rows that fit a decision table answers with (DMN hit policies).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitPolicy {
    /// U: exactly one row can fit.
    Unique,
    /// A: several may fit when they agree.
    Any,
    /// P: the row whose output stands first in the output's list of values.
    Priority,
    /// F: the first row.
    First,
    /// R: all rows, in the order of the table.
    RuleOrder,
    /// O: all rows, in the order of the output's list of values.
    OutputOrder,
    /// C: all rows.
    Collect,
    /// C+: the sum.
    Sum,
    /// C<: the smallest.
    Smallest,
    /// C>: the largest.
    Largest,
    /// C#: how many.
    Count,
}

impl HitPolicy {
    pub const ALL: [(HitPolicy, &'static str, &'static str); 11] = [
        (HitPolicy::Unique, "U", "唯一：任何情形只有一行适用"),
        (HitPolicy::Any, "A", "一致：可以有几行适用，但结果必须相同"),
        (HitPolicy::Priority, "P", "优先：取结果在结果列表中排得最前的一行"),
        (HitPolicy::First, "F", "首行：取自上而下第一个适用的行"),
        (HitPolicy::RuleOrder, "R", "按行：全部适用的行，按行的次序"),
        (HitPolicy::OutputOrder, "O", "按值：全部适用的行，按结果列表的次序"),
        (HitPolicy::Collect, "C", "收集：全部适用的行"),
        (HitPolicy::Sum, "C+", "合计：适用各行之和，没有适用的行是 0"),
        (HitPolicy::Smallest, "C<", "最小：适用各行中最小的"),
        (HitPolicy::Largest, "C>", "最大：适用各行中最大的"),
        (HitPolicy::Count, "C#", "计数：适用的行数"),
    ];

    /// Reads the letter of the policy, e.g. `C+`; full-width marks are accepted.
    pub fn parse(text: &str) -> Option<HitPolicy> {
        let text: String = text.trim().chars().map(crate::token::half_width).collect();
        Self::ALL.iter().find(|(_, letter, _)| letter.eq_ignore_ascii_case(&text)).map(|(policy, _, _)| *policy)
    }

    pub fn letter(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    pub fn meaning(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// Whether one row at most answers, so that every situation needs a row.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, HitPolicy::Unique | HitPolicy::Any | HitPolicy::Priority | HitPolicy::First)
    }
}

/// The names that formulas may use besides their own definitions.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub facts: Vec<(Arc<str>, Type)>,
    /// Dated parameters; all are numbers.
    pub rates: Vec<Arc<str>>,
    /// The texts that a fact may hold, where the form offers a choice: `城乡类别` or, for a column of a roster, `家庭成员.类别`.
    /// A formula that compares the fact with another text is refused, because the comparison could never be true.
    pub choices: Vec<(Arc<str>, Vec<Arc<str>>)>,
}
