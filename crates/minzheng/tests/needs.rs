//! 差在哪里: whoever was refused is told what would have to be different, and that it would have been enough.

#[path = "visitor/mod.rs"]
mod visitor;

use formula::{Assessment, Value};
use visitor::Office;

#[test]
fn what_a_refused_household_lacks_would_have_been_enough() {
    let office = Office::open("2026-12-09 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 80, 1, office.site.now(), |_| ())).unwrap();
    let cases = bureau.store.cases(&bureau.scope(&casework::Actor::system()), u32::MAX).unwrap();
    let refused: Vec<_> = cases.into_iter().filter(|row| row.service == "dibao" && row.result == "不予确认").collect();
    assert!(refused.len() >= 8, "{}", refused.len());
    let (mut by_income, mut by_assets) = (0, 0);
    for row in &refused {
        let state = bureau.store.state(&row.case).unwrap().unwrap();
        let needs = bureau.would_need(&state).unwrap();
        assert!(!needs.is_empty(), "{}", row.case);
        let guide = bureau.guide(&state.edition).unwrap();
        let mut facts = casework::facts::facts(&guide, &state, 0, office.site.now());
        facts.set("计算日", Value::Date(state.assessed.as_ref().unwrap().calc_date));
        let outcome = |facts: &formula::Facts, name: &str| {
            Assessment::new(&guide.program, facts, &bureau.rates, &bureau.calendar).value(name).unwrap().unwrap()
        };
        // Each formula that is named the other way round, and nothing else.
        let mut otherwise = facts.clone();
        for need in &needs {
            let name = need.of.split('（').next().unwrap();
            let Value::Bool(now) = outcome(&facts, name) else { panic!("{name}") };
            otherwise.set(name, Value::Bool(!now));
            by_income += usize::from(need.text.contains("家庭月收入"));
            by_assets += usize::from(!need.text.contains("家庭月收入"));
        }
        let before = outcome(&facts, "低保结论").to_string();
        let after = outcome(&otherwise, "低保结论").to_string();
        assert!(!before.ends_with("低保") && after.ends_with("低保"), "{}: {before} → {after} by {needs:?}", row.case);
        let lines = bureau.explain(&row.case).unwrap().unwrap();
        assert!(lines.iter().any(|line| line.contains(&needs[0].text)));
    }
    assert!(by_income >= 5 && by_assets >= 1, "{by_income}, {by_assets}");
    let mut clerk = office.staff("shenji");
    clerk.open(&format!("/case/{}", refused[0].case));
    assert!(clerk.page.contains("差在哪里"), "{}", clerk.page);
}
