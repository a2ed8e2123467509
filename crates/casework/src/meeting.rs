//! Quorum and majority: the engine counts, nobody chooses (services.md 1.2).

use formula::Value;
use guide::Step;

use crate::decide::count_of;
use crate::event::Facts;
use crate::refusal::{Code, FieldError, Refusal};

/// Names of the entries that every meeting's form has; the guide reader adds them.
pub const MEMBERS: &str = "应到人数";
pub const PRESENT: &str = "实到人数";
pub const YES: &str = "同意票";
pub const NO: &str = "不同意票";
pub const ABSTAIN: &str = "弃权票";

/// `通过` or `未通过`, or why the meeting does not count.
pub fn result(step: &Step, facts: &Facts) -> Result<&'static str, Refusal> {
    let Some(rule) = &step.meeting else {
        return Err(Refusal::new(Code::NotPossibleHere, "指南没有规定评议规则", "", "请联系主管单位修订指南。"));
    };
    let get = |name: &str| {
        let value: Option<&Value> = facts.iter().find(|(n, _)| &**n == name).map(|(_, v)| v);
        count_of(value).ok_or_else(|| {
            let message = format!("请填写“{name}”");
            Refusal::form(vec![FieldError { path: name.to_owned(), message }])
        })
    };
    let (members, present) = (get(MEMBERS)?, get(PRESENT)?);
    let (yes, no, abstain) = (get(YES)?, get(NO)?, get(ABSTAIN)?);
    if !(rule.members_min..=rule.members_max).contains(&members) {
        let reason = format!("评议小组应为{}至{}人，填写的是{members}人", rule.members_min, rule.members_max);
        return Err(Refusal::new(Code::MeetingSize, reason, &rule.basis, "请按规定组成评议小组后重新评议。"));
    }
    if present > members || !rule.quorum.holds(present, members) {
        let reason = format!("应到{members}人，实到{present}人，不符合到会人数的规定");
        return Err(Refusal::new(Code::NoQuorum, reason, &rule.basis, "请重新召集会议。"));
    }
    if u64::from(yes) + u64::from(no) + u64::from(abstain) != u64::from(present) {
        let reason = format!("同意{yes}票、不同意{no}票、弃权{abstain}票，合计与实到{present}人不符");
        return Err(Refusal::new(Code::VotesDoNotAdd, reason, &rule.basis, "请核对票数。"));
    }
    Ok(if rule.majority.holds(yes, present) { "通过" } else { "未通过" })
}
