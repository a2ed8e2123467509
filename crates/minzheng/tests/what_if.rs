//! 科学测算: the worked examples of a raised standard, and what a change of formulas' rates comes to by group.

use base::{Date, RegionCode};
use casework::scenario::overlay;
use formula::{Facts, Population, Rational, Value};
use guide::what_if::{Answer, Band, Effect, Question, Side};
use minzheng::content::Content;

fn number(n: i64) -> Value {
    Value::Number(Rational::from(i128::from(n)))
}

/// A household of which people, monthly income and what its members get more are given.
fn household(people: i64, income: i64, minors: i64) -> Facts {
    let mut facts = Facts::default();
    let values = [
        ("计算日", Value::Date(Date::constant(2026, 7, 1))),
        ("属地", Value::Region(RegionCode::parse("410325").unwrap())),
        ("城乡", Value::text("农村")),
        ("家庭人口", number(people)),
        ("家庭月收入", number(income)),
        ("财产符合规定", Value::Bool(true)),
        ("有单独保障人", Value::Bool(false)),
    ];
    values.into_iter().for_each(|(name, value)| facts.set(name, value));
    let member = |minor: bool| {
        let mut member = Facts::default();
        let share = if minor { Rational::new(1, 10) } else { Rational::from(0) };
        member.set("增发比例", Value::Number(share));
        member.set("计入", Value::Bool(true));
        member
    };
    facts.lists.insert("成员".into(), (0..people).map(|place| member(place < minors)).collect());
    facts
}

fn asked(cases: &[Facts], changes: &[(&str, &str)], groups: &[&str]) -> Answer {
    let content = Content::load(None).unwrap();
    let guide = content.library.guides.iter().find(|guide| &*guide.title == "最低生活保障").unwrap();
    let entitlement = guide.entitlements.iter().find(|entitlement| &*entitlement.name == "低保金").unwrap();
    let parameters: Vec<_> = guide.parameters.iter().chain(&content.library.parameters).cloned().collect();
    let changes = changes.iter().map(|(name, value)| overlay(&parameters, name, value).unwrap());
    let after = content.rates.overlaid(changes.collect());
    let groups: Vec<String> = groups.iter().map(|name| (*name).to_owned()).collect();
    let question = Question {
        guide,
        replaced: guide,
        entitlement,
        before: &content.rates,
        after: &after,
        calendar: &content.calendar,
        groups: &groups,
        threads: 2,
    };
    let mut answer = Answer::default();
    // In two parts, as from a file.
    let (first, second) = cases.split_at(cases.len() / 2);
    for part in [first, second] {
        answer.take(&question, &Population::of(&guide.program, part)).unwrap();
    }
    answer.finish();
    answer
}

fn side(recipients: u64, yuan: i64) -> Side {
    Side { recipients, fen: yuan * 100 }
}

#[test]
fn a_raise_of_the_rural_standard_std_e1_and_e2() {
    let cases = [household(3, 1075, 0), household(2, 300, 0), household(1, 0, 0), household(2, 1020, 0)];
    let answer = asked(&cases, &[("低保标准(农村)", "520")], &["低保结论", "家庭人口", "城乡"]);
    let expected = Effect {
        cases: 4,
        undecided: 0,
        // STD-E1: 425 + 700 + 500 = 1,625 becomes 485 + 740 + 520 = 1,745; STD-E2: 20 for whoever had nothing.
        before: side(3, 1625),
        after: side(4, 1745 + 20),
        begun: 1,
        ended: 0,
        more: side(4, 120 + 20),
        less: side(0, 0),
    };
    assert_eq!(answer.all, expected);
    assert_eq!(answer.groups["低保结论"]["低保边缘"].after, side(1, 20));
    assert_eq!(answer.groups["家庭人口"]["2"].cases, 2);
    assert_eq!(answer.groups["城乡"]["农村"], expected);
    assert_eq!((answer.aside, answer.reasons), (0, Vec::new()));
}

#[test]
fn how_people_live_is_measured_by_the_line_of_after() {
    let cases = [household(3, 1075, 0), household(2, 300, 0), household(1, 0, 0), household(2, 1020, 0)];
    let lives = asked(&cases, &[("低保标准(农村)", "520")], &[]).lives.unwrap();
    assert_eq!((lives.people, lives.line), (8, 8 * 52_000));
    // Before, all have 500 but for the two who have 510; afterwards everybody has 520.
    assert_eq!((lives.before.poor, lives.before.gap), (8, (6 * 20 + 20) * 100));
    assert_eq!((lives.after.poor, lives.after.gap), (0, 0));
    // Twelve ordered pairs and their reverse are 10 apart: 240 / (2 × 8 × 4,020).
    assert_eq!((lives.before.gini, lives.after.gini), (Some(3_731), Some(0)));
    let band = |from: i64| lives.bands.get(&from).copied().unwrap_or_default();
    assert_eq!(band(10), Band { cases: 1, before: 0, after: 1 });
    assert_eq!(lives.bands.values().map(|band| band.cases).sum::<u64>(), 4);
}

#[test]
fn whoever_would_lose_by_earning_more_stands_at_a_cliff() {
    // A minor's tenth of the standard goes with the last fen of the grant: 5 + 50 are lost for 100 that come in the
    // first case, 100 + 100 in the second, which has two minors and lies 100 below the line.
    let cases = [household(2, 995, 1), household(2, 900, 2), household(2, 100, 2)];
    let lives = asked(&cases, &[("低保标准(农村)", "500.00")], &[]).lives.unwrap();
    assert_eq!((lives.after.cliffs, lives.after.fall), (1, 10_000));
    assert_eq!(lives.before.cliffs, 1);
}

#[test]
fn what_a_member_gets_more_is_a_share_of_the_standard_std_e2() {
    let before = asked(&[household(2, 900, 1), household(2, 900, 0)], &[("低保标准(农村)", "520")], &[]);
    // A minor's tenth: 50 becomes 52, beside twice 100 that become 140.
    assert_eq!((before.all.before, before.all.after), (side(2, 250), side(2, 332)));
}

#[test]
fn what_cannot_be_told_is_counted_and_nothing_else() {
    let mut unknown = household(1, 100, 0);
    unknown.values.remove("财产符合规定");
    let answer = asked(&[household(1, 0, 0), unknown], &[("低保标准(农村)", "400")], &["财产符合规定"]);
    assert_eq!((answer.all.cases, answer.all.undecided), (2, 1));
    // Property is reckoned from what is owned; the first thing that is missing there.
    assert_eq!(answer.lacking.into_iter().collect::<Vec<_>>(), [("没有“存款”".to_owned(), 1)]);
    assert_eq!((answer.all.less, answer.all.ended), (side(1, 100), 0));
    assert_eq!(answer.groups["财产符合规定"]["不知道"].undecided, 1);
}

#[test]
fn a_change_that_no_rate_has_is_refused() {
    let content = Content::load(None).unwrap();
    let refused = |name: &str, value: &str| overlay(&content.library.parameters, name, value).unwrap_err();
    assert_eq!(refused("低保标准(乡村)", "520"), "参数“低保标准”的城乡没有“乡村”；有 城市、农村");
    assert_eq!(refused("低保标准", "520"), "参数“低保标准”有 1 个维度");
    assert_eq!(refused("低保标淮(农村)", "520"), "没有参数“低保标淮”");
    assert!(overlay(&content.library.parameters, "低保标准(农村)", "多一点").is_err());
}
