//! The other turns that a case can take, each by those who do it: refusal, objection, phase-out, stop, applying again.

use super::{act, apply_on, county_visits, look_into, meet, open_as, picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;
use crate::visitor::household::{apply, grant, work};

/// Opens a case as the applicant, on a phone that does not know them.
fn open_by_receipt(phone: &mut Chromium, case: &str, secret: &str) {
    phone.forget();
    phone.open("/progress");
    phone.fill("case", case);
    phone.fill("secret", secret);
    phone.press("查进度");
}

#[test]
fn a_car_is_a_reason_to_refuse() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let case = apply_on(&mut phone, &[("vehicles.0.kind", "轿车")]);
    office.at("2026-09-22 09:00");
    act(&mut desk, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理")], "作出决定");
    look_into(&office, &mut desk, &case);
    // The computed result leaves no choice, and the page says why.
    open_as(&mut desk, "fuze", &format!("/case/{case}/do/opinion"));
    desk.sees("不能选“拟给予”");
    desk.sees("有机动车");
    desk.picture(&picture("refusal-opinion-1280"));
    act(&mut desk, "fuze", &case, "opinion", &[("conclusion", "拟不予")], "作出决定");
    let heard = [("told_how", "当面"), ("statement", "车是给儿子结婚买的")];
    act(&mut desk, "shouli", &case, "hearing", &heard, "提交");
    office.at("2026-09-28 09:00");
    county_visits(&office, &mut desk, &case);
    let refusal = [("conclusion", "不予"), ("o-理由", "名下有轿车")];
    act(&mut desk, "shenpi", &case, "confirm", &refusal, "作出决定");
    let delivered = [("delivered_how", "直接送达"), ("delivered_on", "2026-09-28")];
    act(&mut desk, "shouli", &case, "deliver", &delivered, "提交");
    phone.open(&format!("/progress/{case}"));
    for words in ["不予确认通知书", "不符合财产条件", "名下有轿车", "行政复议"] {
        phone.sees(words);
    }
    phone.picture(&picture("refused-390"));
    assert_eq!(phone.overflow(), 0, "the letter is wider than a phone");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn an_objection_that_holds_is_reviewed_again() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (case, secret) = apply(&mut office.visitor());
    work(&office, &case);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    office.at("2026-09-29 09:00");
    phone.open("/notices");
    phone.picture(&picture("notices-390"));
    phone.follow("提出异议");
    phone.fill("text", "他家还有一辆三轮车在跑运输");
    phone.picture(&picture("objection-390"));
    phone.press("提交异议");
    phone.sees("异议已收到");
    // Those who visited may not look into it.
    open_as(&mut desk, "diaocha1", &format!("/case/{case}/do/objection"));
    desk.sees("R103");
    let found = [
        ("objection_holds", "是"),
        ("objection_finding", "确有运输收入，已补登记"),
        ("o-在场人", "李大山"),
        ("o-地点", "村委会"),
    ];
    act(&mut desk, "hecha1", &case, "objection", &found, "提交");
    act(&mut desk, "hecha2", &case, "objection", &[], "签字");
    desk.sees("匿名");
    desk.picture(&picture("objection-1280"));
    office.at("2026-10-09 09:00");
    meet(&mut desk, &case);
    act(&mut desk, "fuze", &case, "opinion", &[("conclusion", "拟给予")], "作出决定");
    act(&mut desk, "shouli", &case, "publicity", &[], "登记张贴");
    office.at("2026-10-20 09:00");
    county_visits(&office, &mut desk, &case);
    act(&mut desk, "shenpi", &case, "confirm", &[("conclusion", "准予")], "作出决定");
    open_by_receipt(&mut phone, &case, &secret);
    phone.sees("低保确认通知书");
    // Who objected is not told to the applicant.
    assert!(!phone.text().contains("运输"), "{}", phone.text());
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

/// A household that is paid earns much more; whether by work decides between phase-out and stop.
fn earns_more(by_work: bool, letter: &str, result: &str) {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (case, secret) = grant(&office);
    office.at("2026-12-01 09:00");
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    sign_in(&mut desk, "shouli");
    desk.open(&format!("/case/{case}"));
    desk.follow("上报变更");
    for (name, value) in [
        ("change_kind", "就业"),
        ("change_date", "2026-11-20"),
        ("change_note", "去县里工厂看大门"),
        ("members.0.income.0.amount", "36000"),
    ] {
        desk.fill(name, value);
    }
    desk.press("提交");
    let next = format!("{case}-2");
    let earned = if by_work { "是" } else { "否" };
    let visit =
        [("recheck_finding", "与登记一致"), ("earned_more", earned), ("o-在场人", "李大山"), ("o-地点", "家中")];
    act(&mut desk, "diaocha1", &next, "recheck_visit", &visit, "提交");
    act(&mut desk, "diaocha2", &next, "recheck_visit", &[], "签字");
    act(&mut desk, "hedui", &next, "recheck_match", &[("o-结果", "相符")], "提交");
    act(&mut desk, "fuze", &next, "recheck_opinion", &[("conclusion", result)], "作出决定");
    // The law: they are heard before anything is taken from them.
    act(&mut desk, "shouli", &next, "recheck_hearing", &[("recheck_statement", "没有意见")], "提交");
    act(&mut desk, "shenpi", &next, "recheck_confirm", &[("conclusion", "同意")], "作出决定");
    let delivered = [("recheck_delivered_how", "直接送达"), ("recheck_delivered_on", "2026-12-01")];
    act(&mut desk, "shouli", &next, "recheck_deliver", &delivered, "提交");
    open_by_receipt(&mut phone, &case, &secret);
    phone.open(&format!("/progress/{next}"));
    phone.sees(letter);
    phone.sees("行政复议");
    phone.picture(&picture(&format!("{result}-390")));
    desk.open("/roll?month=2027-01");
    if by_work {
        desk.sees("渐退金");
        desk.picture(&picture("phase-out-roll-1280"));
        desk.open("/roll?month=2028-01");
    }
    desk.sees("没有在发的");
    // Applying again is a case of its own, and the clerk finds both.
    phone.forget();
    let again = apply_on(&mut phone, &[("vehicles.none", "1")]);
    desk.open("/desk?q=李大山");
    for number in [&case, &next, &again] {
        desk.sees(number);
    }
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn work_that_pays_ends_a_grant_in_steps() {
    earns_more(true, "渐退通知书", "渐退");
}

#[test]
fn other_income_stops_a_grant_and_they_may_apply_again() {
    earns_more(false, "停发通知书", "停发");
}
