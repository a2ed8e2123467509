//! One household gets its decision through the router: citizen, township, county, citizen.

mod visitor;

use visitor::household::{act, application, apply, grant, number, recheck, send, visit_by_county, work};
use visitor::{Office, between};

#[test]
fn a_household_reports_a_change_and_its_grant_becomes_less() {
    let office = Office::open("2026-09-21 09:00");
    let (case, secret) = grant(&office);
    office.at("2026-12-01 09:00");
    let mut citizen = office.visitor();
    citizen.open("/progress");
    citizen.send(&[("case", &case), ("secret", &secret)]);
    citizen.sees("申报变更").sees_not("上报变更");
    // The form shows what is registered; only what changed is typed.
    citizen.open(&format!("/case/{case}/start/change"));
    assert!(
        citizen.page.contains("value=\"1200.00\"") || citizen.page.contains("value=\"1200\""),
        "{}",
        citizen.text()
    );
    let more = [("members.0.income.0.amount", "2400")];
    let report = [("change_kind", "收入变化"), ("change_date", "2026-11-20"), ("change_note", "多种了两亩花生")];
    citizen.send(&report.iter().chain(&more).copied().collect::<Vec<_>>());
    let next = format!("{case}-2");
    assert_eq!(citizen.path, format!("/progress/{next}"), "{}", citizen.text());
    citizen.sees("办理中").sees("这一户的件");
    // While it is open no other can be begun, by anybody.
    citizen.open(&format!("/progress/{case}")).sees_not("/start/");
    recheck(&office, &next, &more);
    act(&office, "fuze", &next, "recheck_opinion", &[("conclusion", "减发"), ("o-理由", "")]);
    // The law: hear them before.
    let mut county = office.staff("shenpi");
    county.open(&format!("/case/{next}/do/recheck_confirm")).sees("现在不能办");
    act(&office, "shouli", &next, "recheck_hearing", &[("recheck_statement", "没有意见")]);
    act(&office, "shenpi", &next, "recheck_confirm", &[("conclusion", "同意"), ("o-理由", "")]);
    let delivered = [("recheck_delivered_how", "直接送达"), ("recheck_delivered_on", "2026-12-01")];
    act(&office, "shouli", &next, "recheck_deliver", &delivered);
    citizen.open(&format!("/progress/{next}")).sees("变更通知书").sees("每月由550.00元变为450.00元").sees("减发");
    let mut auditor = office.staff("shenji");
    auditor.open("/roll?month=2026-12").sees("550.00").sees("李大山");
    auditor.open("/roll?month=2027-01").sees("450.00").sees_not("550.00");
    auditor.open("/lists/roll.xlsx?month=2027-01");
    assert!(auditor.bytes.starts_with(b"PK"), "{}", auditor.text());
    for list in ["work", "cases", "kin", "notices"] {
        auditor.open(&format!("/lists/{list}.csv")).sees_not(&number());
        assert!(auditor.page.starts_with('\u{feff}') && auditor.status == 200, "{list}");
        auditor.open(&format!("/lists/{list}.xlsx"));
        assert!(auditor.bytes.starts_with(b"PK"), "{list}");
    }
    auditor.open("/lists/cases.csv?q=李大");
    assert!(auditor.page.contains("\"李大山\",\"减发\""), "{}", auditor.page);
    assert_eq!(auditor.open("/lists/secrets.csv").status, 404);
    assert_eq!(auditor.open("/lists/staff.csv").status, 403);
    assert!(office.staff("guanli").open("/lists/staff.csv").page.contains("\"郭受理\",\"嵩县田湖镇\",\"受理员\""));
    assert_eq!(office.visitor().open("/lists/cases.csv").path, "/sign-in");
    auditor.open("/lists/roll.csv?month=2027-01");
    assert!(auditor.page.contains("\"低保金\",\"450.00\"") && !auditor.page.contains(&number()), "{}", auditor.page);
    auditor.open("/desk?q=李大").sees("找“李大”").sees(&next).sees(&case);
    auditor.open(&format!("/desk?q={next}")).sees("减发").sees_not(&format!(">{case}<"));
    auditor.open("/desk?q=没有此人").sees("没有找到");
    // The clerk of another township has an empty roll; whoever has not signed in has none.
    office.visitor().open("/roll").sees("登录");
    auditor.open(&format!("/case/{next}")).sees("这一户的件").sees("2027年1月").sees_not(&number());
    assert!(office.site.bureau.store.verify().unwrap().problems.is_empty());
    assert!(office.site.bureau.store.rebuild().unwrap().differing.is_empty());
}

#[test]
fn a_car_ends_the_grant_and_the_household_may_apply_again() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = grant(&office);
    office.at("2026-12-01 09:00");
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}")).sees("上报变更");
    clerk.open(&format!("/case/{case}/start/report_change"));
    let report = [("change_kind", "财产变化"), ("change_date", "2026-11-20"), ("change_note", "买了轿车")];
    clerk.send(&report);
    let next = format!("{case}-2");
    assert_eq!(clerk.path, format!("/case/{next}"), "{}", clerk.text());
    let visit = [("recheck_finding", "门口停着车"), ("earned_more", "否"), ("o-在场人", "李大山"), ("o-地点", "家中")];
    act(&office, "diaocha1", &next, "recheck_visit", &visit);
    act(&office, "diaocha2", &next, "recheck_visit", &[]);
    // A row is added to a list without script, then it is sent.
    let mut checker = office.staff("hedui");
    checker.open(&format!("/case/{next}/do/recheck_match"));
    checker.send(&[("_add", "vehicles"), ("vehicles.none", "")]);
    checker.send(&[("vehicles.0.kind", "轿车"), ("vehicles.none", ""), ("o-结果", "不符")]);
    assert_eq!(checker.path, format!("/case/{next}"), "{}", checker.text());
    let mut head = office.staff("fuze");
    head.open(&format!("/case/{next}/do/recheck_opinion")).sees("不能选“减发”");
    head.send(&[("conclusion", "停发"), ("o-理由", "")]);
    act(&office, "shouli", &next, "recheck_hearing", &[("recheck_statement", "车是借的")]);
    act(&office, "shenpi", &next, "recheck_confirm", &[("conclusion", "同意"), ("o-理由", "")]);
    let delivered = [("recheck_delivered_how", "直接送达"), ("recheck_delivered_on", "2026-12-01")];
    act(&office, "shouli", &next, "recheck_deliver", &delivered);
    clerk.open(&format!("/case/{next}")).sees("停发").sees("决定前听取了您的意见：车是借的").sees_not("/start/");
    clerk.open("/roll?month=2027-01").sees("没有在发的");
    // Applying again is a case of its own.
    let mut citizen = office.visitor();
    let (again, _) = apply(&mut citizen);
    assert!(again != case && !again.starts_with(&format!("{case}-")));
}

#[test]
fn one_household_gets_its_decision() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/").sees("最低生活保障");
    citizen.open("/services/dibao").sees("谁可以申请").sees_not("members").sees_not("家庭月收入 =");
    let (case, secret) = apply(&mut citizen);
    work(&office, &case);
    let mut everybody = office.visitor();
    everybody.open("/notices").sees("李大山").sees("月保障金").sees_not(&number()).sees_not("10001234567");
    everybody.open("/notices?place=410325101000").sees("李大山").sees_not("下载表格");
    office.staff("shouli").open("/lists/notices.csv").sees("李大山").sees(&case);
    everybody.open("/notices?place=410325102000").sees("现在没有公示").sees_not("李大山");
    // Nobody can confirm before the notice has ended, and the page says why.
    let mut county = office.staff("shenpi");
    county.open(&format!("/case/{case}/do/confirm")).sees("“县级确认”现在不能办");
    office.at("2026-10-12 09:00");
    visit_by_county(&office, &case);
    act(&office, "shenpi", &case, "confirm", &[("conclusion", "准予"), ("o-理由", "")]);
    act(&office, "shouli", &case, "deliver", &[("delivered_how", "直接送达"), ("delivered_on", "2026-10-12")]);
    // The citizen comes back on another machine with receipt and secret.
    let mut later = office.visitor();
    later.open("/progress");
    later.send(&[("case", &case), ("secret", &secret)]);
    later.sees("准予").sees("低保确认通知书").sees("每月发给550.00元").sees("嵩县低保准〔2026〕000001");
    later
        .sees("补差 = 舍入(保障线 500.00 − 家庭月收入 100.00")
        .sees("低保标准 500.00 元/月，嵩县，农村，自 2026-07-01（示例）");
    later.sees_not(&number());
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}")).sees("已办结").sees("李大山").sees_not(&number()).sees_not("10001234567");
    assert!(office.site.bureau.store.verify().unwrap().problems.is_empty());
    assert!(office.site.bureau.store.rebuild().unwrap().differing.is_empty());
}

#[test]
fn what_is_wrong_stands_beside_the_field_and_nothing_typed_is_lost() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply").sees("第 1 步").sees_not("沙埔头社区");
    let mut entries = application("41032519850302013Y");
    entries.retain(|(name, _)| *name != "houses.0.area");
    entries.push(("houses.0.area", "八十来平".into()));
    send(&mut citizen, &entries);
    // The chapter stays until it is right.
    citizen.sees("没有办成").sees("公民身份号码应为18位").sees_not("赡养人");
    assert!(citizen.page.contains("value=\"李大山\"") && citizen.page.contains("aria-invalid=\"true\""));
    entries.retain(|(name, _)| !name.ends_with("number"));
    entries.extend([("applicant.number", number()), ("members.0.person_number", number())]);
    send(&mut citizen, &entries);
    citizen.sees("没有办成").sees("房产").sees("第 6 步");
    assert!(citizen.page.contains("value=\"八十来平\"") && citizen.page.contains("value=\"身体不好\""));
    // A row more loses nothing either, nor does going back.
    citizen.send(&[("_add", "houses")]);
    assert!(citizen.page.contains("name=\"houses.1.use\"") && citizen.page.contains("value=\"身体不好\""));
    citizen.send(&[("_to", "4")]).sees("第 5 步");
    assert!(citizen.page.contains("value=\"八十来平\""));
}

#[test]
fn answers_are_looked_over_before_they_are_sent() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    let mut entries = application(&number());
    entries.push(("vehicles.none", "1".into()));
    for _ in 0..9 {
        let here: Vec<(&str, &str)> = entries
            .iter()
            .filter(|(name, _)| citizen.page.contains(&format!("name=\"{name}\"")))
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        citizen.send(&here);
    }
    citizen.sees("提交前再看一遍").sees("李大山").sees("户籍地 嵩县").sees("80 平方米").sees(&number());
    // One chapter is mended, and one is back at the answers.
    citizen.send(&[("_to", "0")]).sees("改好了");
    citizen.send(&[("reason", "年老多病")]);
    citizen.sees("提交前再看一遍").sees("年老多病").sees_not("身体不好");
    assert_eq!(office.site.bureau.store.verify().unwrap().entries, 0);
    citizen.send(&[("_to", "send")]).sees("已经提交");
}

#[test]
fn a_day_that_is_no_day_is_refused_beside_its_field() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    let (case, _) = apply(&mut citizen);
    let mut clerk = office.staff("shouli");
    for (day, told) in [("2026-02-30", "“生效日”填的不对"), ("2026-09-22", "“生效日”在今天以后")]
    {
        clerk.open(&format!("/case/{case}/do/accept"));
        clerk.send(&[("lives_elsewhere", "是"), ("conclusion", "受理"), ("o-理由", ""), ("o-生效日", day)]);
        clerk.sees(told);
        assert!(
            clerk.page.contains("<details class=\"since\" open") && clerk.page.contains(&format!("value=\"{day}\""))
        );
    }
    clerk.send(&[("lives_elsewhere", "是"), ("conclusion", "受理"), ("o-理由", ""), ("o-生效日", "2026-09-01")]);
    assert_eq!(clerk.path, format!("/case/{case}"));
    clerk.sees("自 2026-09-01 起");
}

#[test]
fn the_self_check_tells_outcome_amount_and_reasons_and_keeps_nothing() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/check");
    send(&mut citizen, &application(&number()));
    citizen.sees("自查结果").sees("家庭低保").sees("400.00").sees("150.00");
    assert_eq!(office.site.bureau.store.verify().unwrap().entries, 0);
}

#[test]
fn sent_twice_is_one_application_and_a_stale_form_is_refused() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    let page = citizen.page.clone();
    send(&mut citizen, &application(&number()));
    let first = citizen.path.split(['/', '?']).nth(2).unwrap().to_owned();
    // The back button and a second press: the same page with the same key.
    citizen.page = page;
    citizen.path = "/services/dibao/apply".into();
    send(&mut citizen, &application(&number()));
    assert_eq!(citizen.path, format!("/progress/{first}"));
    assert_eq!(
        office.site.bureau.store.records(&first).unwrap().len() as u64,
        office.site.bureau.store.verify().unwrap().entries
    );
    citizen.path = "/services/dibao/apply".into();
    citizen.post(&[("_token".into(), "falsch".into())]);
    assert_eq!(citizen.status, 403);
}

#[test]
fn nobody_sees_what_is_not_theirs() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    let (case, _) = apply(&mut citizen);
    let mut stranger = office.visitor();
    stranger.open(&format!("/progress/{case}"));
    assert_eq!(stranger.path, "/progress");
    stranger.open(&format!("/case/{case}"));
    assert_eq!(stranger.path, "/sign-in");
    stranger.open("/progress");
    stranger.send(&[("case", &case), ("secret", "geraten")]);
    stranger.sees("受理号和查询码对不上");
    // The auditor reads and acts nowhere.
    let mut auditor = office.staff("shenji");
    auditor.open(&format!("/case/{case}")).sees("不是您的岗位或地区").sees_not(&number());
    auditor.open(&format!("/case/{case}/do/accept"));
    auditor.sees("R101").sees_not("name=\"conclusion\"");
    let token = between(&auditor.page, "name=\"_token\" value=\"", "\"").unwrap().to_owned();
    let pairs = [("_token", &*token), ("_key", "k"), ("lives_elsewhere", "否"), ("conclusion", "受理")];
    auditor.post(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    auditor.sees("R101");
    assert_eq!(office.site.bureau.store.state(&case).unwrap().unwrap().live().next().unwrap().step, "accept");
    assert_eq!(auditor.open("/healthz").status, 200);
}

#[test]
fn too_much_is_refused() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    citizen.post(&[("reason".into(), "长".repeat(4_000_000))]);
    assert_eq!(citizen.status, 413);
}

#[test]
fn a_citizen_comes_back_for_what_was_missing() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    let (case, secret) = apply(&mut citizen);
    office.at("2026-09-22 09:00");
    act(
        &office,
        "shouli",
        &case,
        "accept",
        &[("lives_elsewhere", "否"), ("conclusion", "补正"), ("o-理由", "请带残疾人证来核对")],
    );
    let mut later = office.visitor();
    later.open("/progress");
    later.send(&[("case", &case), ("secret", &secret)]);
    later.sees("请带残疾人证来核对").sees("补正");
    later.open(&format!("/case/{case}/do/supplement"));
    later.send(&[("supplement_note", "证件已带来核对")]);
    assert_eq!(later.path, format!("/progress/{case}"));
    office.staff("shouli").sees("受理");
    // Withdrawing is open to the applicant alone, and ends the case.
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}/do/withdraw")).sees("R101");
    later.open(&format!("/case/{case}/do/withdraw"));
    later.send(&[]);
    later.sees("已办结").sees("撤回");
}

#[test]
fn a_declared_relative_does_nothing_and_the_county_visits() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    // A row for the relative first, without script.
    let mut entries = application(&number());
    entries.retain(|(name, _)| *name != "kin.none");
    entries.push(("_add", "kin".into()));
    send(&mut citizen, &entries);
    let kin = [("kin.0.official", "郭受理".to_owned()), ("kin.0.relation", "兄弟姐妹".to_owned())];
    send(&mut citizen, &kin);
    citizen.sees("已经提交");
    let case = between(&citizen.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    let mut relative = office.staff("shouli");
    relative.open(&format!("/case/{case}")).sees("备案件").sees("郭受理是这一家的近亲属，不能办“受理”");
    relative.open(&format!("/case/{case}/do/accept")).sees("R105").sees_not("name=\"conclusion\"");
    office.at("2026-09-22 09:00");
    act(&office, "shouli2", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    let mut auditor = office.staff("shenji");
    auditor.open("/kin").sees("郭受理").sees("兄弟姐妹").sees("李大山").sees("1 件在办");
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    assert_eq!(state.kin.len(), 1);
    office.visitor().open("/kin").sees("登录");
}

#[test]
fn what_an_official_declares_of_a_relative_is_filed_before_and_after() {
    let office = Office::open("2026-09-21 09:00");
    let declare = |who: &str, number: &str| {
        let mut official = office.staff(who);
        official.open("/kin");
        official.send(&[("name", "李大山"), ("number", number), ("relation", "兄弟姐妹")]);
        official.text()
    };
    assert!(declare("hedui", "41032519850302013Y").contains("公民身份号码"));
    let told = declare("hedui", &number());
    assert!(told.contains("李大山") && !told.contains(&number()), "{told}");
    // Filed when it is submitted, without a word from the household.
    let (case, _) = apply(&mut office.visitor());
    office.staff("shouli").open(&format!("/case/{case}")).sees("石核对是这一家的近亲属");
    office.at("2026-09-22 09:00");
    act(&office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    let mut checker = office.staff("hedui");
    checker.open(&format!("/case/{case}/do/match")).sees("R105");
    // Declared only after having acted: filed at once, and the supervisors see what was done before.
    declare("shouli", &number());
    office.staff("shouli").open(&format!("/case/{case}")).sees("郭受理是这一家的近亲属");
    let mut auditor = office.staff("shenji");
    auditor.open("/kin").sees("备案以前办过：受理").sees("工作人员申报的近亲属").sees_not(&number());
    auditor.open("/lists/kin.csv").sees("郭受理").sees("受理").sees_not(&number());
    // Taken back with a reason it no longer counts for what comes; what was filed stays filed, and the county sees why.
    let mut checker = office.staff("hedui");
    checker.open("/kin");
    checker.send(&[("why", "身份号码填错了")]).sees("已撤回").sees("身份号码填错了");
    checker.open(&format!("/case/{case}/do/match")).sees("R105");
    office.staff("shenji").open("/kin").sees("身份号码填错了");
    let (next, _) = apply(&mut office.visitor());
    office.staff("shouli").open(&format!("/case/{next}")).sees("郭受理是这一家的近亲属").sees_not("石核对");
    // Nobody below the county sees what others declared.
    office.staff("fuze").open("/kin").sees("石核对").sees_not("工作人员申报的近亲属");
    assert!(office.site.bureau.store.rebuild().unwrap().differing.is_empty());
    assert!(office.site.bureau.store.verify().unwrap().problems.is_empty());
}

#[test]
fn what_was_done_before_a_declaration_is_told_apart_from_what_came_after() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    work(&office, &case);
    office.at("2026-10-09 09:00");
    let mut clerk = office.staff("shouli");
    clerk.open("/kin");
    clerk.send(&[("name", "李大山"), ("number", &*number()), ("relation", "兄弟姐妹")]);
    office.at("2026-10-12 09:00");
    visit_by_county(&office, &case);
    act(&office, "shenpi", &case, "confirm", &[("conclusion", "准予"), ("o-理由", "")]);
    // Relatives may carry the letter; that is done after the declaration and is not held against them.
    act(&office, "shouli", &case, "deliver", &[("delivered_how", "直接送达"), ("delivered_on", "2026-10-12")]);
    office.staff("shenji").open("/kin").sees("备案以前办过：受理、公示").sees_not("送达");
}

#[test]
fn a_case_is_found_by_the_number_of_anybody_in_it_and_the_number_stays_hidden() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    let mut clerk = office.staff("shouli");
    clerk.send(&[("q", &number())]);
    assert_eq!(clerk.path, "/desk");
    clerk.sees(&case).sees_not(&number());
    clerk.send(&[("q", "李大")]);
    assert!(clerk.path.starts_with("/desk?q="), "{}", clerk.path);
    clerk.sees(&case);
    // Whoever keeps the accounts finds nothing, and the roll of a village holds that village.
    let (granted, _) = grant(&office);
    let mut auditor = office.staff("shenji");
    auditor.open("/roll?month=2026-11&place=410325101200").sees("李大山").sees("550.00");
    auditor.open("/roll?month=2026-11&place=410325102").sees("没有在发的");
    auditor.open("/lists/roll.csv?month=2026-11&place=410325102").sees_not(&granted);
}

#[test]
fn a_report_opens_a_recheck_and_who_reported_stays_hidden() {
    let office = Office::open("2026-09-21 09:00");
    let (paid, secret) = grant(&office);
    office.at("2026-12-01 09:00");
    let mut neighbour = office.visitor();
    neighbour.open("/services/report").sees("不署名也可以").sees_not("先自查");
    assert_eq!(office.visitor().open("/services/report/check").status, 404);
    neighbour.open("/services/report/apply");
    let report = [
        ("report_region", "410325101200"),
        ("reported", "李大山"),
        ("matter", "骗领冒领"),
        ("report_text", "他开着货车跑运输，我天天看见"),
        ("reporter", "赵知情"),
        ("reporter.number", &*number()),
    ];
    send(&mut neighbour, &report.map(|(name, value)| (name, value.to_owned())));
    neighbour.sees("已经提交");
    let case = between(&neighbour.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    // Nobody but the inspector of the county sees it: not its page, not a list, not a search, not a file.
    for who in ["shouli", "fuze", "cunzhu", "shenpi", "shenji", "hedui"] {
        let mut staff = office.staff(who);
        assert_eq!(staff.open(&format!("/case/{case}")).status, 404, "{who}");
        staff.open("/desk").sees_not(&case).sees_not("赵知情");
        staff.send(&[("q", &number())]);
        staff.sees_not(&case);
        staff.open("/lists/cases.csv").sees_not("赵知情");
        staff.open("/lists/work.csv").sees_not("赵知情");
    }
    let mut inspector = office.staff("jiandu");
    inspector.sees(&case).sees("赵知情");
    act(&office, "jiandu", &case, "register", &[("conclusion", "受理"), ("o-理由", "")]);
    // The inspector opens a re-check that says what is to be looked into, and not who told.
    inspector.open(&format!("/case/{paid}/start/reported"));
    inspector.send(&[("check_reason", "名下或者实际使用的车辆")]);
    let next = format!("{paid}-2");
    assert_eq!(inspector.path, format!("/case/{next}"), "{}", inspector.text());
    recheck(&office, &next, &[]);
    act(&office, "fuze", &next, "recheck_opinion", &[("conclusion", "不变"), ("o-理由", "")]);
    for who in ["shouli", "fuze", "shenji"] {
        let mut staff = office.staff(who);
        staff.open(&format!("/case/{next}")).sees("名下或者实际使用的车辆").sees("复核不变").sees_not("赵知情");
    }
    let mut household = office.visitor();
    household.open("/progress").send(&[("case", &paid), ("secret", &secret)]);
    household.open(&format!("/progress/{next}")).sees_not("赵知情").sees_not("货车");
    let found = [("inquiry", "入户和核对都没有车辆"), ("proven", "否"), ("measures", "无"), ("recheck_case", &*next)];
    act(&office, "jiandu", &case, "inquire", &found);
    neighbour.open(&format!("/progress/{case}")).sees("举报答复书").sees("没有查实").sees("入户和核对都没有车辆");
    assert!(office.site.bureau.store.verify().unwrap().problems.is_empty());
}

#[test]
fn when_the_applicant_dies_another_member_takes_the_place() {
    let office = Office::open("2026-09-21 09:00");
    let (case, secret) = grant(&office);
    office.at("2026-12-01 09:00");
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}/start/report_change"));
    let widow = [
        ("members.0.person_name", "王小芳"),
        ("members.0.person_number", "410325198605060249"),
        ("members.0.marriage", "丧偶"),
        ("change_kind", "死亡"),
        ("change_date", "2026-11-20"),
        ("change_note", "李大山因病去世"),
    ];
    clerk.send(&widow).sees("把申请人改成在册的另一位成员");
    clerk.send(&[("applicant", "王小芳"), ("applicant.number", "410325198605060249")]);
    let next = format!("{case}-2");
    assert_eq!(clerk.path, format!("/case/{next}"), "{}", clerk.text());
    clerk.sees("王小芳：最低生活保障");
    clerk.open(&format!("/case/{case}")).sees("李大山：最低生活保障");
    // The receipt stays the household's.
    let mut family = office.visitor();
    family.open("/progress").send(&[("case", &case), ("secret", &secret)]);
    family.open(&format!("/progress/{next}")).sees("办理中");
}
