//! What a sound guide holds once it has been read.

mod sample;

use std::sync::Arc;

use base::{Clock, Date, Decimal, RegionCode};
use formula::{Type, Value};
use guide::{FieldKind, Guide, LetterPart, Overlay, Privacy, RatesAt, StepClock, StepKind, Target, read, read_service};

fn hall() -> Arc<Guide> {
    let read = read(&sample::files(), None).unwrap_or_else(|findings| panic!("{findings}"));
    assert!(read.warnings.is_empty(), "{}", read.warnings);
    read.guides.service("hall").expect("the service").clone()
}

#[test]
fn the_form_is_read_with_its_rosters_and_defaults() {
    let guide = hall();
    let activity = guide.field("活动").unwrap();
    assert!(matches!(&activity.kind, FieldKind::Choice(options) if options.len() == 3));
    assert_eq!(activity.default, Some(Value::from("会议")));
    assert_eq!(guide.field("设备").unwrap().default, Some(Value::list([])));
    assert_eq!(guide.field("身份证号").unwrap().privacy, Privacy::Sensitive);
    assert_eq!(guide.field("电话").unwrap().group.as_deref(), Some("本人"));
    let FieldKind::Roster(people) = &guide.field("参加人员").unwrap().kind else { panic!("a roster") };
    assert_eq!(people.fields.len(), 3);
    assert_eq!(&*guide.subject.people[0].number, "证件号");
    assert_eq!(&*guide.subject.kin.as_ref().unwrap().relation, "关系");
    assert_eq!(&*guide.subject.region, "所在村");
}

#[test]
fn steps_carry_clocks_rules_and_forms() {
    let guide = hall();
    assert_eq!(guide.steps[0].kind, StepKind::Form);
    assert!(matches!(guide.step("受理").unwrap().clock, StepClock::Fixed(Clock::WorkingDays(3))));
    assert!(matches!(&guide.step("使用中").unwrap().clock, StepClock::Months(months) if months.text() == "提醒月数"));
    let meeting = guide.step("商议").unwrap();
    assert!(meeting.condition.is_some() && meeting.meeting.as_ref().unwrap().quorum.holds(2, 3));
    let fields: Vec<&str> = meeting.form.fields.iter().map(|f| &*f.name).collect();
    assert_eq!(fields, ["应到人数", "实到人数", "同意票", "不同意票", "弃权票", "会议记录"]);
    assert_eq!(guide.step("公示").unwrap().notice.as_ref().unwrap().days, Some(7));
    assert_eq!(guide.step("张榜").unwrap().notice.as_ref().unwrap().days, None);
    let visit = guide.step("看场地").unwrap();
    assert_eq!((visit.people, visit.form.fields.len()), (2, 2));
    let refused = guide.step("审批").unwrap().outcome("不同意").unwrap();
    assert!(refused.decides && refused.needs_reason && refused.target == Target::End);
    assert_eq!(guide.limits[0].extension.as_ref().unwrap().1.len(), 2);
}

#[test]
fn letters_pages_and_laws_are_kept_for_reading() {
    let guide = hall();
    let letter = guide.letter("通知书").unwrap();
    assert_eq!((letter.series.as_str(), letter.to.as_str()), ("场借", "{借用人}"));
    let names = letter.body.iter().filter(|part| matches!(part, LetterPart::Name(_))).count();
    assert_eq!(names, 4);
    let page = |heading: &str| guide.pages.iter().find(|p| p.heading == heading).map(|p| p.markdown.as_str());
    assert_eq!(page("概要"), Some("这里的办法一看就懂。"));
    assert!(page("谁可以申请").unwrap().contains("| 村民 | 能 |"));
    assert!(page("计算").unwrap().starts_with("### 判定表：折扣"), "fences are left out");
    assert_eq!(page("申请表"), None);
    assert!(guide.laws[0].sections[0].markdown.contains("```公式"), "laws keep their formulas");
    assert_eq!(guide.program.type_of("费用"), Some(&Type::Number));
    let fee = guide.program.definitions().iter().find(|d| &*d.name == "费用").unwrap();
    assert_eq!(fee.basis.as_deref(), Some("《村民自治章程》第三条 收费"));
}

#[test]
fn scenarios_are_read_as_typed() {
    let guide = hall();
    let scenario = guide.scenarios.iter().find(|s| !s.bad).unwrap();
    assert_eq!(scenario.date, Date::constant(2026, 3, 2));
    assert_eq!(scenario.rates, [("准备时间".into(), Decimal::new(5, 1))]);
    assert_eq!(scenario.entries.get("参加人员.1.自备餐费").map(String::as_str), Some("10"));
    assert_eq!(scenario.entries.get("参加人员.2.自备餐费"), None);
    assert_eq!(scenario.course[1].at, Date::constant(2026, 3, 2).at(10, 30, 0, 0));
    assert_eq!(scenario.course[2].entries.get("发现的问题.1.位置").map(String::as_str), Some("门口"));
    let cell = &scenario.expects[0].cell;
    assert_eq!(&sample::GOOD[cell.span.clone()], "37.50元");
}

#[test]
fn figures_follow_region_date_and_overlay() {
    let guide = hall();
    let village = RegionCode::parse("410325101998").unwrap();
    let county = RegionCode::parse("410325").unwrap();
    let facts = [("小时数".into(), Value::from(Decimal::from(2))), ("活动".into(), Value::from("会议"))].into();
    let fee = |regions: &[RegionCode], day: Date, overlay: &Overlay| {
        let rates = RatesAt { table: &guide.rates, regions, date: day, overlay };
        let evaluation = guide.program.evaluate(&formula::Inputs { facts: &facts, rates: &rates });
        evaluation.value("费用").unwrap().to_string()
    };
    let none = Overlay::default();
    assert_eq!(fee(&[], Date::constant(2026, 3, 2), &none), "30");
    assert_eq!(fee(&[village, county], Date::constant(2026, 3, 2), &none), "45");
    assert_eq!(fee(&[village, county], Date::constant(2025, 12, 31), &none), "30");
    let half =
        Overlay { values: [("准备时间".into(), Decimal::new(5, 1))].into(), reference: "算例给定".to_owned() };
    assert_eq!(fee(&[village, county], Date::constant(2026, 3, 2), &half), "37.5");
    assert!(fee(&[], Date::constant(2024, 3, 2), &none).contains("准备时间"));
}

#[test]
fn an_edition_changes_with_the_text_and_reads_again() {
    let guide = hall();
    let again = read_service(&guide.files).unwrap();
    assert_eq!(again.edition, guide.edition);
    assert_eq!(guide.edition.0.len(), 16);
    let edition = |file: &str, old: &str, new: &str| {
        let mut files = sample::files();
        let text = files.get_mut(file).unwrap();
        *text = text.replacen(old, new, 1);
        read(&files, None).unwrap().guides.services[0].edition.clone()
    };
    assert_ne!(edition("hall/rates.md", "| 20 |", "| 21 |"), guide.edition);
    assert_ne!(edition("roles.md", "申请 |", "申请和查询 |"), guide.edition);
    assert_eq!(edition("areas.md", "施行", "停用"), guide.edition, "the status is not part of an edition");
}
