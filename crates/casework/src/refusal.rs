//! Refusals: the public, numbered answers to what may not be done.
//!
//! A refusal is a value that people read: why, on what basis, and what to do instead.
//! Whatever is not a refusal is a fault, which the store and the web layer own.

use std::fmt;

/// Numbers are stable and documented in `docs/reference/refusals.md`; 1xx who, 2xx what and when, 3xx try again, 4xx input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    WrongRole,
    WrongRegion,
    Relative,
    HandlerApproves,
    SamePerson,
    OwnCase,
    NotCurrentStep,
    OutcomeNotOpen,
    CannotDecide,
    TooOften,
    ReasonNeeded,
    TooFewPeople,
    MaterialMissing,
    NoticeRunning,
    NoticeNotPosted,
    ObjectionOpen,
    NoQuorum,
    VotesDoNotAdd,
    MeetingSize,
    VoteDecides,
    ExtensionReason,
    ExtensionTooLate,
    ExtendedAlready,
    NotDue,
    CaseClosed,
    ServiceNotInForce,
    AlreadyOpen,
    NothingToAnswer,
    NotPossibleHere,
    PostedAlready,
    Changed,
    KeyReused,
    Form,
    FileKind,
    FileSize,
}

impl Code {
    /// Every refusal, in order of number.
    pub const ALL: &'static [(Code, &'static str, &'static str)] = &[
        (Code::WrongRole, "R101", "不是承办本步骤的岗位"),
        (Code::WrongRegion, "R102", "不在本人辖区"),
        (Code::Relative, "R103", "应当回避"),
        (Code::HandlerApproves, "R104", "经办人不得审批自己经办的件"),
        (Code::SamePerson, "R105", "本步骤须由另一人办理"),
        (Code::OwnCase, "R106", "当事人不得办理自己的件"),
        (Code::NotCurrentStep, "R201", "该步骤不在办理中"),
        (Code::OutcomeNotOpen, "R202", "不具备选择该结果的条件"),
        (Code::CannotDecide, "R203", "事实不全，无法认定"),
        (Code::TooOften, "R204", "超过规定次数"),
        (Code::ReasonNeeded, "R205", "须写明理由"),
        (Code::TooFewPeople, "R206", "参加人数不足"),
        (Code::MaterialMissing, "R207", "缺少必交材料"),
        (Code::NoticeRunning, "R208", "公示期未满"),
        (Code::NoticeNotPosted, "R209", "尚未张贴公示"),
        (Code::ObjectionOpen, "R210", "有异议尚未答复"),
        (Code::NoQuorum, "R211", "到会人数不足"),
        (Code::VotesDoNotAdd, "R212", "票数与到会人数不符"),
        (Code::MeetingSize, "R213", "评议小组人数不合规定"),
        (Code::VoteDecides, "R214", "评议结果由票数决定"),
        (Code::ExtensionReason, "R215", "延长理由不在规定范围"),
        (Code::ExtensionTooLate, "R216", "期限已过，不能再延长"),
        (Code::ExtendedAlready, "R217", "已经延长过"),
        (Code::NotDue, "R218", "尚未到期"),
        (Code::CaseClosed, "R219", "该件已办结"),
        (Code::ServiceNotInForce, "R220", "该服务现不受理"),
        (Code::AlreadyOpen, "R221", "同一人已有在办或在享的件"),
        (Code::NothingToAnswer, "R222", "没有待答复的异议"),
        (Code::NotPossibleHere, "R223", "当前步骤不能这样办"),
        (Code::PostedAlready, "R224", "公示已经张贴"),
        (Code::Changed, "R301", "该件刚刚被他人更新"),
        (Code::KeyReused, "R302", "同一提交号对应了不同内容"),
        (Code::Form, "R401", "填写有误"),
        (Code::FileKind, "R402", "文件类型不符"),
        (Code::FileSize, "R403", "文件过大"),
    ];

    fn row(self) -> &'static (Code, &'static str, &'static str) {
        // `ALL` is complete: a unit test walks it against the enum's order.
        &Self::ALL[self as usize]
    }

    /// `R103`.
    pub fn number(self) -> &'static str {
        self.row().1
    }

    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// Trying again, after looking at the new state, may succeed.
    pub fn transient(self) -> bool {
        matches!(self, Code::Changed)
    }
}

/// What is wrong with one entry of a form; `path` is `项目` or `名册.序号.项目` (rows from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub path: String,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// Why, in one sentence, with the particulars of the case.
    pub reason: String,
    /// Article or rule; may be empty where the reason is plain.
    pub basis: String,
    /// What to do instead.
    pub remedy: String,
    /// Filled for [`Code::Form`] only.
    pub fields: Vec<FieldError>,
}

impl Refusal {
    pub fn new(code: Code, reason: impl Into<String>, basis: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), basis: basis.into(), remedy: remedy.into(), fields: Vec::new() }
    }

    pub fn form(fields: Vec<FieldError>) -> Self {
        let first = fields.first().map(|f| format!("{}：{}", f.path, f.message)).unwrap_or_default();
        let reason = format!("有{}处需要改正。{first}", fields.len());
        Self {
            fields, ..Self::new(Code::Form, reason, "", "改正标出的项目后再提交，已填写的内容都还在。")
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}：{}", self.code.number(), self.code.title(), self.reason)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_code_stands_in_the_table_at_its_own_place() {
        for (place, (code, number, title)) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, place, "{number}");
            assert_eq!(code.number(), *number);
            assert!(!title.is_empty());
        }
        assert_eq!(Code::FileSize as usize, Code::ALL.len() - 1);
    }
}
