//! A service that knows nothing of welfare runs on the same engine, pages and store: what the engine knows, it knows of all services.

use bureau_tests::office::{Desk, Office, VILLAGE, bureau, guide_files, refused};
use casework::Command;

const APPLICATION: [(&str, &str); 5] = [
    ("认领人", "春泥"),
    ("认领人证件号", "410325197001010019"),
    ("所在社区", VILLAGE),
    ("家庭人数", "5"),
    ("用途", "种菜"),
];

#[test]
fn the_toy_guide_is_sound_and_its_scenarios_hold() {
    let bureau = bureau(&guide_files("tests/toy"));
    let guide = bureau.guides.service("plot").expect("the toy service");
    assert!(guide.scenarios.len() >= 2);
    for scenario in &guide.scenarios {
        let differences = casework::scenario::run(&bureau, guide, scenario);
        assert!(differences.is_empty(), "{}: {differences:#?}", scenario.title);
    }
}

#[test]
fn the_template_of_a_new_service_is_sound() {
    let mut files = guide_files("guides");
    files.retain(|path, _| !path.contains('/'));
    let areas = files.get_mut("areas.md").expect("areas.md");
    let table = areas.find("|---").and_then(|at| areas[at..].find('\n').map(|end| at + end + 1)).expect("a table");
    areas.truncate(table);
    areas.push_str("| 新服务 | sample | SA | 民政局 | 试行 |\n");
    for (path, text) in guide_files("xtask/src/new_service") {
        let to = match path.as_str() {
            "law.md" => "sample/law/依据.md".to_owned(),
            "good.md" | "bad.md" => format!("sample/scenarios/{}/{path}", path.trim_end_matches(".md")),
            other => format!("sample/{other}"),
        };
        files.insert(to, text);
    }
    let bureau = bureau(&files);
    let guide = bureau.guides.service("sample").expect("the new service");
    assert_eq!(guide.scenarios.len(), 2);
    for scenario in &guide.scenarios {
        let differences = casework::scenario::run(&bureau, guide, scenario);
        assert!(differences.is_empty(), "{}: {differences:#?}", scenario.title);
    }
}

#[test]
fn a_plot_is_claimed_kept_for_a_year_and_taken_back() {
    let office = Office::open("tests/toy");
    let desk = Desk::apply(&office, "plot", &APPLICATION).expect("the application");
    assert!(desk.case.0.starts_with("CD2026"), "{}", desk.case);
    desk.step("社区干事甲", "登记：退回补填", &[("理由", "用途写清楚")]).expect("sent back");
    desk.step("社区干事甲", "补填：提交", &[]).expect("an officer may fill in for the applicant");
    let again = refused(desk.step("社区干事甲", "登记：退回补填", &[("理由", "再补")]));
    assert_eq!(again.code.number(), "R204");
    desk.step("社区干事甲", "登记：齐全", &[]).expect("registered");
    let plot = [("地块编号", "B1"), ("实测面积", "24")];
    desk.step("社区干事甲、社区干事乙", "看地：可以耕种", &plot).expect("measured by two");
    let votes = [
        ("应到人数", "9"),
        ("实到人数", "7"),
        ("同意票", "5"),
        ("不同意票", "1"),
        ("弃权票", "1"),
        ("会议记录", "同意"),
    ];
    desk.step("园地管理员", "分配会：", &votes).expect("a meeting");
    desk.give("园地管理员", Command::Post { materials: Vec::new() }).expect("posted");
    office.at("2026-03-06 09:00");
    desk.step("园地管理员", "公示：无异议", &[]).expect("the notice has run");
    desk.step("社区主任", "批准：批准", &[]).expect("approved");
    desk.step("社区干事乙", "发牌：已发", &[]).expect("served");
    assert_eq!(desk.open_step(), "种植期");
    let letter = desk.state().letters.last().cloned().expect("a letter");
    assert!(letter.text.contains("B1号地块") && letter.text.contains("24平方米"), "{}", letter.text);
    office.at("2027-03-09 08:00");
    office.tick();
    assert_eq!(desk.open_step(), "续认");
    desk.step("社区干事甲", "续认：收回", &[("撂荒", "是"), ("理由", "三个月没有耕种")]).expect("taken back");
    assert_eq!(desk.open_step(), "结束");
}
