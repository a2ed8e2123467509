//! What would have to be different, told by the fewest things.

use super::{calendar, facts, n, program};
use crate::eval::Assessment;
use crate::value::Value;

fn needs(formulas: &str, condition: &str, change: &[(&str, Value)]) -> Option<Vec<String>> {
    let program = program(formulas);
    let mut facts = facts();
    change.iter().for_each(|(name, value)| facts.set(*name, value.clone()));
    let condition = program.expression(condition, 0, false, None).unwrap();
    let calendar = calendar();
    let assessment = Assessment::new(&program, &facts, &super::County, &calendar);
    let found = assessment.needs(&condition)?;
    Some(found.into_iter().map(|need| format!("{}|{}", need.of, need.text)).collect())
}

const FORMULAS: &str = "线 = 标准(城乡) * 2人
少 = 月金 * 10 < 线
穷 = 存款 <= 30000元
结论 = 若 少 且 穷 则 \"给\" 否则 若 穷 则 \"半给\" 否则 \"不给\"
";

#[test]
fn what_holds_needs_nothing_and_what_is_unknown_is_not_told() {
    assert_eq!(needs(FORMULAS, "少", &[]), Some(vec![]));
    assert_eq!(needs(FORMULAS, "有车", &[]), None);
}

#[test]
fn a_threshold_is_told_with_the_distance_to_it() {
    let far = "穷（甲法 第一条）|存款 现在是 36000.00 元，不能超过 30000.00 元，差 6000.00 元";
    assert_eq!(needs(FORMULAS, "结论 = \"给\"", &[]), Some(vec![far.into()]));
    let poor = "少（甲法 第一条）|月金 * 10 现在是 1000.00 元/月，要低于 线 1000.00 元/月，正好等于还不算";
    let richer = [("月金", n("100"))];
    assert_eq!(needs(FORMULAS, "结论 在 (\"给\")", &richer), Some(vec![poor.into(), far.into()]));
    // Half of it is nearer: one thing instead of two.
    assert_eq!(needs(FORMULAS, "结论 在 (\"给\", \"半给\")", &richer), Some(vec![far.into()]));
}

#[test]
fn of_two_ways_the_shorter_is_told_and_facts_as_they_are() {
    let car = [("有车", Value::Bool(true))];
    assert_eq!(
        needs("行 = 非 有车 且 月金 > 50元/月\n", "行", &car),
        Some(vec!["行（甲法 第一条）|有车 现在是 是，要是 否".into()])
    );
    assert_eq!(needs("行 = 非 有车 或 月金 > 80元/月\n", "行", &car).unwrap().len(), 1);
}
