//! One case of each service in Chromium, from the phone or the window to its result.

use bureau::import::{Import, Take};

use super::{act, fill_chapters, picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::{Office, number};

/// Applies on a phone; gives the receipt number.
fn apply(phone: &mut Chromium, service: &str, entries: &[(&str, &str)]) -> String {
    phone.open(&format!("/services/{service}"));
    phone.picture(&picture(&format!("{service}-guide-390")));
    phone.open(&format!("/services/{service}/apply"));
    fill_chapters(phone, entries, &format!("{service}-apply-390"));
    phone.press("提交");
    phone.sees("已经提交");
    phone.path().split(['/', '?']).nth(2).unwrap().to_owned()
}

/// A page of a desk is looked at on a large screen as well.
fn looks_well(page: &mut Chromium, name: &str) {
    page.picture(&picture(name));
    assert_eq!(page.overflow(), 0, "{name} is wider than its window");
    if let Some(of) = name.strip_suffix("-1280") {
        page.resize(1920, 1080);
        page.picture(&picture(&format!("{of}-1920")));
        assert_eq!(page.overflow(), 0, "{of} is wider than a large screen");
        page.resize(1280, 900);
    }
}

#[test]
fn an_old_man_alone_is_kept_by_the_state_in_chromium() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let number = number("1950-03-02", 11);
    let entries = [
        ("applicant", "赵老根"),
        ("applicant.number", &*number),
        ("phone", "10001234567"),
        ("home_region", "410325101200"),
        ("urban_rural", "农村"),
        ("form_of_care", "分散供养"),
        ("chosen_on", "2026-09-20"),
        ("child_allowance", "否"),
        ("disability_kind", "无"),
        ("disability_grade", "无"),
        ("schooling", "不在读"),
        ("income.0.kind", "基础养老金"),
        ("income.0.amount", "1716"),
        ("income.0.months", "12"),
        ("deposits", "800"),
        ("houses", "1"),
        ("has_vehicle", "否"),
        ("has_business", "否"),
        ("obligors.none", "1"),
        ("kin.none", "1"),
    ];
    let case = apply(&mut phone, "tekun", &entries);
    office.at("2026-09-22 09:00");
    act(&mut desk, "shouli", &case, "accept", &[("authorised", "是"), ("conclusion", "受理")], "作出决定");
    office.at("2026-09-23 09:00");
    let visit = [
        ("living", "独居两间瓦房"),
        ("reviewed_on", "2026-09-23"),
        ("entered_minor", "否"),
        ("needs_review", "否"),
        ("o-在场人", "赵老根"),
        ("o-地点", "家中"),
    ];
    // A condition of 必填 is told when the rest is known: nobody who must support him, and no word why.
    sign_in(&mut desk, "diaocha1");
    desk.open(&format!("/case/{case}/do/visit"));
    visit.iter().for_each(|(name, value)| desk.fill(name, value));
    desk.press("提交");
    desk.sees("没有填“无义务人依据”");
    desk.fill("no_obligor_ground", "终身未婚，没有子女");
    desk.press("提交");
    act(&mut desk, "diaocha2", &case, "visit", &[], "签字");
    act(&mut desk, "hedui", &case, "match", &[("o-结果", "相符")], "提交");
    office.at("2026-09-28 09:00");
    act(&mut desk, "fuze", &case, "opinion", &[("conclusion", "拟认定")], "作出决定");
    act(&mut desk, "shouli", &case, "publicity", &[], "登记张贴");
    office.at("2026-10-20 09:00");
    office.site.bureau.pass_time(office.site.now()).unwrap();
    let is_open = |step: &str| {
        office.site.bureau.store.state(&case).unwrap().unwrap().live().any(|instance| instance.step == step)
    };
    if is_open("county_visit") {
        let found = [("county_finding", "与乡镇一致"), ("o-在场人", "赵老根"), ("o-地点", "家中")];
        act(&mut desk, "xiancha1", &case, "county_visit", &found, "提交");
        act(&mut desk, "xiancha2", &case, "county_visit", &[], "签字");
    }
    let able = ["eats", "dresses", "bed", "toilet"].map(|item| (item, "是"));
    let mut assessed = vec![("assessed_on", "2026-10-20"), ("walks", "否"), ("bathes", "否"), ("carer", "邻居")];
    assessed.extend(able);
    act(&mut desk, "xiancha1", &case, "assess", &assessed, "提交");
    act(&mut desk, "xiancha2", &case, "assess", &[], "签字");
    act(&mut desk, "shenpi", &case, "confirm", &[("conclusion", "认定")], "作出决定");
    looks_well(&mut desk, "tekun-decided-1280");
    desk.sees("部分丧失");
    phone.open(&format!("/progress/{case}"));
    phone.sees("每月基本生活费650.00元，照料护理费300.00元");
    looks_well(&mut phone, "tekun-decision-390");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_couple_marries_at_the_window_in_chromium() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let mut desk = Chromium::start(&base, true, false);
    let (man, woman) = (number("2000-05-20", 11), number("2002-03-15", 22));
    sign_in(&mut desk, "dengji");
    looks_well(&mut desk, "marriage-desk-1280");
    desk.follow("现场结婚");
    let entries = [
        ("man", "张大伟"),
        ("man.number", &*man),
        ("woman", "王小丽"),
        ("woman.number", &*woman),
        ("free_will", "是"),
        ("related", "否"),
        ("examination", "已检查"),
    ];
    entries.iter().for_each(|(name, value)| desk.fill(name, value));
    desk.fill("there.男方", "1");
    desk.press("提交");
    desk.sees("女方没有本人到场");
    looks_well(&mut desk, "marriage-away-1280");
    desk.fill("there.女方", "1");
    desk.press("提交");
    desk.sees("张大伟：婚姻登记");
    let case = desk.path().split(['/', '?']).nth(2).unwrap().to_owned();
    let found = [("man_status", "没有登记过"), ("woman_status", "没有登记过"), ("o-结果", "相符")];
    act(&mut desk, "fuhe", &case, "review_marriage", &found, "提交");
    let both = [("there.男方", "1"), ("there.女方", "1"), ("conclusion", "准予")];
    act(&mut desk, "dengji", &case, "register_marriage", &both, "作出决定");
    desk.sees("J410325-2026-000001");
    looks_well(&mut desk, "marriage-registered-1280");
    desk.open("/registers/marriage?group=status");
    desk.sees("王小丽");
    looks_well(&mut desk, "marriage-register-1280");
    desk.follow("J410325-2026-000001");
    desk.sees("登记");
    looks_well(&mut desk, "marriage-row-1280");
    desk.open(&format!("/case/{case}/person/0"));
    desk.sees("台账");
    looks_well(&mut desk, "person-1280");
    let mut phone = Chromium::start(&base, true, true);
    sign_in(&mut phone, "dengji");
    for (path, name) in [("/registers", "registers-390"), ("/registers/marriage", "marriage-register-390")] {
        phone.open(path);
        looks_well(&mut phone, name);
    }
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_veteran_is_granted_by_township_county_and_city_in_chromium() {
    let office = Office::open("2026-09-01 09:00");
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let number = number("1955-08-01", 11);
    let entries = [
        ("applicant", "周卫国"),
        ("applicant.number", &*number),
        ("phone", "10001234567"),
        ("home_region", "410325101200"),
        ("category", "参战退役军人"),
    ];
    let case = apply(&mut phone, "veteran", &entries);
    act(&mut desk, "shouli", &case, "accept", &[("complete", "是"), ("conclusion", "受理")], "作出决定");
    let votes = [("o-应到", "9"), ("o-实到", "7"), ("o-赞成", "7"), ("o-反对", "0"), ("o-弃权", "0")];
    act(&mut desk, "cunzhu", &case, "discuss", &[&votes[..], &[("minutes", "一致同意")]].concat(), "提交");
    act(&mut desk, "shouli", &case, "publicity", &[], "登记张贴");
    office.at("2026-09-14 09:00");
    act(&mut desk, "fuze", &case, "opinion", &[("conclusion", "同意")], "作出决定");
    let file = [("file_agrees", "是"), ("duplicate", "否"), ("confirmed_on", "2026-09-14"), ("o-结果", "相符")];
    act(&mut desk, "xiancha1", &case, "check_file", &file, "提交");
    act(&mut desk, "xiancha2", &case, "check_file", &[], "签字");
    // The county cannot grant what the city decides.
    sign_in(&mut desk, "shenpi");
    desk.open(&format!("/case/{case}/do/county"));
    looks_well(&mut desk, "veteran-county-1280");
    act(&mut desk, "shenpi", &case, "county", &[("conclusion", "报市")], "作出决定");
    act(&mut desk, "shifuhe", &case, "city", &[("conclusion", "同意")], "作出决定");
    looks_well(&mut desk, "veteran-granted-1280");
    act(
        &mut desk,
        "shouli",
        &case,
        "deliver",
        &[("delivered_how", "直接送达"), ("delivered_on", "2026-09-14")],
        "提交",
    );
    // Half a year later it is heard that he died in October: what was paid too much stands there month by month.
    office.at("2027-02-10 09:00");
    sign_in(&mut desk, "shouli");
    desk.open(&format!("/case/{case}/start/death"));
    desk.fill("died_on", "2026-10-05");
    desk.fill("funeral_by", "家属");
    desk.press("提交");
    let last = format!("{case}-2");
    act(&mut desk, "shenpi", &last, "confirm_death", &[("conclusion", "停发"), ("o-理由", "火化证明已核")], "作出决定");
    desk.sees("多发（元）");
    desk.sees("960.00");
    looks_well(&mut desk, "veteran-overpaid-1280");
    desk.open("/registers/veterans");
    desk.sees("去世");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_season_of_inspection_is_worked_off_in_chromium() {
    let office = Office::open("2026-01-01 08:00");
    let base = serve(&office);
    let bureau = &office.site.bureau;
    let mut text = "统一社会信用代码,名称,类型,登记日期,业务主管单位,住所地,慈善组织,状态\n".to_owned();
    for place in 1..7 {
        let code = base::CreditCode::compose("51", "410325", &format!("MJ01234{place}")).unwrap();
        let (code, name) = (code.as_str(), format!("嵩县中药材协会{place}"));
        text += &format!("{code},{name},社会团体,2019-05-10,嵩县农业农村局,410325101,否,正常\n");
    }
    let from = "2019-05-10".parse().unwrap();
    let now = office.site.now();
    let import = Import { register: "organisation", bytes: text.as_bytes(), map: &[], from, by: "管理员", now };
    bureau.import(import, Take::Whole).unwrap();
    let mut desk = Chromium::start(&base, true, false);
    sign_in(&mut desk, "dengji");
    desk.open("/desk");
    desk.sees("嵩县中药材协会");
    // One that is not drawn for a visit: of six, the one drawn last.
    let scope = casework::people::Scope::of(&casework::Actor::system(), &bureau.library.guides);
    let rows = bureau.store.cases(&scope, 100).unwrap();
    let states = rows.iter().map(|row| bureau.store.state(&row.case).unwrap().unwrap());
    let last = states.filter(|state| state.service == "inspection").max_by_key(|state| state.draw).unwrap();
    let (case, code) = (last.case.clone(), last.subject.as_ref().unwrap().key.clone());
    looks_well(&mut desk, "inspection-desk-1280");
    desk.open(&format!("/registers/organisation/row?row={}", bureau::handle("organisation", &code)));
    desk.sees("办过的件");
    looks_well(&mut desk, "organisation-1280");
    desk.follow(&case);
    desk.sees("统一社会信用代码");
    desk.follow("社会组织");
    desk.sees("办过的件");
    desk.open(&format!("/case/{case}/do/report"));
    let entries = [
        ("sponsor_opinion", "同意"),
        ("sponsor_on", "2026-03-20"),
        ("members", "120"),
        ("staff", "3"),
        ("party_organisation", "联合建立"),
        ("opening", "80000"),
        ("income", "56000"),
        ("donations", "6000"),
        ("spending", "50000"),
        ("closing", "85000"),
    ];
    entries.iter().for_each(|(name, value)| desk.fill(name, value));
    desk.press("提交");
    desk.sees("期初净资产加收入减支出不等于期末净资产");
    looks_well(&mut desk, "inspection-refused-1280");
    desk.fill("closing", "86000");
    desk.press("提交");
    let state = bureau.store.state(&case).unwrap().unwrap();
    assert!(state.live().all(|instance| instance.step != "visit"), "the one drawn last of six is drawn");
    let situation = [("situations.0.kind", "没有按章程开会"), ("situations.0.fact", "全年没有开会员大会")];
    desk.open(&format!("/case/{case}/do/examine"));
    desk.press("加一行情形");
    situation.iter().for_each(|(name, value)| desk.fill(name, value));
    desk.press("提交");
    let decided = [("conclusion", "基本合格"), ("o-理由", "有一项较轻情形")];
    act(&mut desk, "shenpi", &case, "decide", &decided, "作出决定");
    desk.sees("责令整改通知书");
    looks_well(&mut desk, "inspection-decided-1280");
    act(&mut desk, "dengji", &case, "publish", &[], "登记张贴");
    desk.open("/indicators");
    desk.sees("合格率");
    looks_well(&mut desk, "indicators-1280");
    let mut phone = Chromium::start(&base, true, true);
    phone.open("/notices");
    phone.sees("嵩县中药材协会");
    looks_well(&mut phone, "inspection-notice-390");
    phone.open("/services/inspection");
    looks_well(&mut phone, "inspection-guide-390");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_township_reports_a_disaster_on_a_phone_in_chromium() {
    let office = Office::open("2026-07-12 03:20");
    let base = serve(&office);
    let mut desk = Chromium::start(&base, true, false);
    sign_in(&mut desk, "fuhe");
    desk.follow("发现灾情");
    let begun = [
        ("code", "2026-07-12-洪涝"),
        ("title", "嵩县7·12洪涝"),
        ("hazard", "洪涝"),
        ("began_at", "2026-07-12T03:00"),
        ("townships.0.township", "410325101000"),
        ("townships.0.township_name", "田湖镇"),
    ];
    begun.iter().for_each(|(name, value)| desk.fill(name, value));
    looks_well(&mut desk, "disaster-begun-1280");
    desk.press("提交");
    desk.sees("县级汇总");
    looks_well(&mut desk, "disaster-county-1280");
    let county = desk.path().split(['/', '?']).nth(2).unwrap().to_owned();
    let mut phone = Chromium::start(&base, true, true);
    sign_in(&mut phone, "shouli");
    phone.sees("田湖镇");
    looks_well(&mut phone, "disaster-desk-390");
    let scope = casework::people::Scope::of(&casework::Actor::system(), &office.site.bureau.library.guides);
    let cases = office.site.bureau.store.cases(&scope, 10).unwrap();
    let own = cases.into_iter().find(|row| row.applicant == "田湖镇").unwrap().case;
    phone.open(&format!("/case/{own}/do/report"));
    let figures = [
        ("no_change", "否"),
        ("affected", "4200"),
        ("deaths", "1"),
        ("missing", "0"),
        ("relocated", "620"),
        ("centralised", "250"),
        ("dispersed", "371"),
        ("urgent_aid", "540"),
        ("collapsed_households", "18"),
        ("collapsed_rooms", "47"),
        ("severe_households", "32"),
        ("severe_rooms", "88"),
    ];
    figures.iter().for_each(|(name, value)| phone.fill(name, value));
    phone.press("提交");
    phone.sees("转移安置等于集中加分散");
    looks_well(&mut phone, "disaster-refused-390");
    phone.fill("dispersed", "370");
    phone.press("提交");
    act(&mut phone, "fuze", &own, "township_review", &[("conclusion", "上报"), ("o-理由", "属实")], "作出决定");
    desk.open(&format!("/case/{county}/do/sum"));
    desk.fill("adjustments.none", "1");
    desk.fill("summary", "暴雨引发山洪");
    desk.press("提交");
    desk.open(&format!("/case/{county}"));
    desk.sees("4200");
    looks_well(&mut desk, "disaster-sum-1280");
    desk.open("/registers/disaster_report");
    desk.sees("田湖镇");
    looks_well(&mut desk, "disaster-register-1280");
    desk.open(&format!("/registers/disaster_event/row?row={}", bureau::handle("disaster_event", "2026-07-12-洪涝")));
    desk.sees("追加乡镇");
    looks_well(&mut desk, "disaster-row-1280");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_village_prepares_its_election_in_chromium() {
    let office = Office::open("2026-11-10 09:00");
    let base = serve(&office);
    let bureau = &office.site.bureau;
    let (now, from) = (office.site.now(), "2021-12-31".parse().unwrap());
    let villages = "区划,名称,届满日,委员职数\n410325101200,大石桥村,2026-12-31,3\n";
    bureau
        .import(
            Import { register: "village", bytes: villages.as_bytes(), map: &[], from, by: "管理员", now },
            Take::Whole,
        )
        .unwrap();
    let mut list = "批次,村,人员,类别,状态\n".to_owned();
    for place in 0..120 {
        let number = number("1970-05-11", 1 + place);
        list += &format!("2026,410325101200,选民{place} {number},户在人在,在册\n");
    }
    let from = "2026-11-01".parse().unwrap();
    bureau
        .import(Import { register: "voter", bytes: list.as_bytes(), map: &[], from, by: "管理员", now }, Take::Whole)
        .unwrap();
    bureau.store.keep_setting("starts followed until", "2026-11-09T00:00:00").unwrap();
    bureau.pass_time(now).unwrap();
    let scope = casework::people::Scope::of(&casework::Actor::system(), &bureau.library.guides);
    let case = bureau.store.cases(&scope, 1).unwrap().remove(0).case;
    let mut desk = Chromium::start(&base, true, false);
    act(&mut desk, "zhuchi", &case, "prepare", &[("round", "2026"), ("audited_on", "2026-11-01")], "提交");
    let mut phone = Chromium::start(&base, true, true);
    sign_in(&mut phone, "cunzhu");
    phone.sees("大石桥村");
    phone.open(&format!("/case/{case}/do/committee"));
    for (place, (name, post)) in [("周一", "主任"), ("吴二", "委员"), ("郑三", "委员")].iter().enumerate() {
        if place > 0 {
            phone.press("加一行选委会成员");
        }
        phone.fill(&format!("committee.{place}.committee_name"), name);
        phone.fill(&format!("committee.{place}.committee_post"), post);
    }
    let counts = [("o-应到", "40"), ("o-实到", "30"), ("o-赞成", "14"), ("o-反对", "15"), ("o-弃权", "1")];
    counts.iter().for_each(|(name, value)| phone.fill(name, value));
    phone.press("提交");
    phone.sees("要到会的过半数同意");
    looks_well(&mut phone, "election-quorum-390");
    phone.fill("o-赞成", "28");
    phone.fill("o-反对", "1");
    phone.press("提交");
    let day = |day| [("day", day), ("seats_chair", "1"), ("seats_deputy", "0"), ("seats_member", "2")];
    phone.open(&format!("/case/{case}/do/set_day"));
    day("2026-11-30").iter().for_each(|(name, value)| phone.fill(name, value));
    phone.press("提交");
    phone.sees("来不及按时公布名单");
    phone.fill("day", "2026-12-20");
    phone.press("提交");
    act(&mut phone, "cunzhu", &case, "register", &[("register_note", "逐户登记")], "提交");
    act(&mut phone, "cunzhu", &case, "publish", &[], "登记张贴");
    looks_well(&mut phone, "election-case-390");
    phone.forget();
    phone.open("/notices");
    phone.sees("大石桥村");
    looks_well(&mut phone, "election-notice-390");
    sign_in(&mut desk, "zhuchi");
    desk.open("/registers/voter?group=kind");
    desk.sees("共 120 行");
    looks_well(&mut desk, "election-voters-1280");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}
