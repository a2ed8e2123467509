//! The names that the engine gives to every guide; they stand in `docs/reference/guide-format.md`.

use formula::Type;

/// Facts that formulas may use besides the fields; 上次决定 is added with the results of the guide.
pub(crate) const ENGINE_FACTS: [(&str, Type); 9] = [
    ("办理日期", Type::Date),
    ("申请日期", Type::Date),
    ("受理日期", Type::Date),
    ("决定日期", Type::Date),
    ("有异议", Type::Bool),
    ("须备案", Type::Bool),
    ("已确认", Type::Bool),
    ("已评议次数", Type::Number),
    ("上次决定", Type::Any),
];

/// What every meeting records (评议), with its type as a guide would write it.
pub(crate) const MEETING_FIELDS: [(&str, bool); 6] = [
    ("应到人数", true),
    ("实到人数", true),
    ("同意票", true),
    ("不同意票", true),
    ("弃权票", true),
    ("会议记录", false),
];

/// Words that letters may use besides fields, results and formulas.
pub(crate) const LETTER_WORDS: [&str; 7] = ["文号", "今天", "机关", "期限", "理由", "受理号", "结果"];

/// Without these there is nothing to run.
pub(crate) const NEEDED_HEADINGS: [&str; 4] = ["概要", "申请表", "办理步骤", "步骤结果"];

/// Headings of the second level in `guide.md`, in the usual order.
pub(crate) const HEADINGS: [&str; 16] = [
    "概要",
    "谁可以申请",
    "怎样申请",
    "申请表",
    "材料",
    "计算",
    "计算结果",
    "办理步骤",
    "步骤结果",
    "步骤表单",
    "期限",
    "公示",
    "评议",
    "回避",
    "文书",
    "已知不足",
];
