//! One household gets its decision in a real Chromium: on a phone as a citizen, on a desk as township and county.

mod chromium;
mod pages;
mod papers;
mod recovery;
mod registers;
mod services;
mod turns;
#[path = "../visitor/mod.rs"]
mod visitor;
mod what_if;

use std::net::SocketAddr;
use std::path::PathBuf;

use chromium::Chromium;
use visitor::Office;
use visitor::household::{apply, grant, number, recheck};

fn picture(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{name}.png"))
}

/// Serves the office on a port of its own, beside the test.
fn serve(office: &Office) -> String {
    let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let router = office.router.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{address}")
}

/// Fills in a form chapter by chapter, until the answers are to be looked over.
fn fill_chapters(page: &mut Chromium, entries: &[(&str, &str)], shown: &str) {
    let mut left = entries.to_vec();
    for chapter in 1.. {
        let (here, later): (Vec<_>, Vec<_>) = left.iter().copied().partition(|(name, _)| page.asks(name));
        left = later;
        for (name, value) in here {
            page.fill(name, value);
        }
        page.picture(&picture(&format!("{shown}-{chapter}")));
        assert_eq!(page.overflow(), 0, "chapter {chapter} is wider than the window");
        page.press("下一步");
        if page.text().contains("提交前再看一遍") {
            break;
        }
        assert!(!page.text().contains("没有办成") && chapter < 20, "{}", page.text());
    }
    assert!(left.is_empty(), "no chapter asks for {left:?}");
}

/// The application of one man, filled in on his phone and sent; gives the receipt number.
fn apply_on(phone: &mut Chromium, otherwise: &[(&str, &str)]) -> String {
    phone.open("/services/dibao/apply");
    let number = number();
    let entries = [
        ("applicant", "李大山"),
        ("applicant.number", &*number),
        ("phone", "10001234567"),
        ("home_region", "410325101200"),
        ("urban_rural", "农村"),
        ("members.0.person_name", "李大山"),
        ("members.0.person_number", &*number),
        ("members.0.relation", "本人"),
        ("members.0.lives_together", "是"),
        ("members.0.dependent", "否"),
        ("members.0.marriage", "未婚"),
        ("members.0.schooling", "不在读"),
        ("members.0.labour", "无"),
        ("members.0.work", "不适用"),
        ("members.0.excluded", "无"),
        ("members.0.disability", "二级"),
        ("members.0.mental_disability", "否"),
        ("members.0.severe_illness", "否"),
        ("members.0.authorised", "是"),
        ("members.0.deposits", "500"),
        ("members.0.income.0.kind", "经营性"),
        ("members.0.income.0.amount", "1200"),
        ("members.0.income.0.months", "12"),
        ("supporters.none", "1"),
        ("costs.none", "1"),
        ("houses.0.use", "居住"),
        ("houses.0.area", "80"),
        ("businesses.none", "1"),
        ("singles.none", "1"),
        ("kin.none", "1"),
    ];
    fill_chapters(phone, &[&entries[..], otherwise].concat(), "apply-390");
    phone.picture(&picture("look-over-390"));
    assert_eq!(phone.overflow(), 0, "the answers are wider than a phone");
    phone.press("提交");
    phone.sees("已经提交");
    let path = phone.path();
    path.split(['/', '?']).nth(2).unwrap().to_owned()
}

fn sign_in(page: &mut Chromium, account: &str) {
    page.forget();
    page.open("/sign-in");
    page.fill("account", account);
    page.fill("password", account);
    page.press("登录");
    assert_eq!(page.path(), "/desk", "{account}");
}

fn act(page: &mut Chromium, who: &str, case: &str, step: &str, entries: &[(&str, &str)], button: &str) {
    sign_in(page, who);
    page.open(&format!("/case/{case}/do/{step}"));
    for (name, value) in entries {
        page.fill(name, value);
    }
    page.press(button);
    assert_eq!(page.path(), format!("/case/{case}"), "{who} {step}: {}", page.text());
}

/// Visit, information check and both reviews, each by those who do it.
fn look_into(office: &Office, desk: &mut Chromium, case: &str) {
    let visit = [("living", "三间瓦房"), ("o-在场人", "李大山"), ("o-地点", "家中")];
    act(desk, "diaocha1", case, "visit", &visit, "提交");
    act(desk, "diaocha2", case, "visit", &[], "签字");
    act(desk, "hedui", case, "match", &[("o-结果", "相符")], "提交");
    office.at("2026-09-25 09:00");
    meet(desk, case);
}

/// The reviews of the village and of the township.
fn meet(desk: &mut Chromium, case: &str) {
    for (who, step, field) in [("cunzhu", "village_review", "village"), ("zhuchi", "town_review", "town")] {
        let (here, minutes) = (format!("{field}_applicant"), format!("{field}_minutes"));
        let votes = [("o-应到", "9"), ("o-实到", "7"), ("o-赞成", "7"), ("o-反对", "0"), ("o-弃权", "0")];
        let mut review = votes.to_vec();
        review.extend([(&*here, "是"), (&*minutes, "无记名投票，监票人王五")]);
        act(desk, who, case, step, &review, "提交");
    }
}

/// Where the case was drawn or must be visited, two of the county go and sign.
fn county_visits(office: &Office, desk: &mut Chromium, case: &str) {
    office.site.bureau.pass_time(office.site.now()).unwrap();
    if office.site.bureau.store.state(case).unwrap().unwrap().live().any(|i| i.step == "county_visit") {
        let found = [("county_finding", "与乡镇一致"), ("o-在场人", "李大山"), ("o-地点", "家中")];
        act(desk, "xiancha1", case, "county_visit", &found, "提交");
        act(desk, "xiancha2", case, "county_visit", &[], "签字");
    }
}

#[test]
fn a_household_gets_its_decision_in_chromium() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let mut phone = Chromium::start(&base, true, true);
    phone.open("/services/dibao");
    phone.picture(&picture("guide-390"));
    let case = apply_on(&mut phone, &[("vehicles.none", "1")]);
    phone.picture(&picture("receipt-390"));

    let mut desk = Chromium::start(&base, true, false);
    office.at("2026-09-22 09:00");
    sign_in(&mut desk, "shouli");
    desk.picture(&picture("desk-1280"));
    act(&mut desk, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理")], "作出决定");
    office.at("2026-09-23 09:00");
    look_into(&office, &mut desk, &case);
    act(&mut desk, "fuze", &case, "opinion", &[("conclusion", "拟给予")], "作出决定");
    desk.picture(&picture("case-1280"));
    act(&mut desk, "shouli", &case, "publicity", &[], "登记张贴");
    desk.forget();
    desk.open("/notices");
    desk.sees("李大山");
    desk.picture(&picture("notices-1280"));
    office.at("2026-10-12 09:00");
    county_visits(&office, &mut desk, &case);
    act(&mut desk, "shenpi", &case, "confirm", &[("conclusion", "准予")], "作出决定");
    desk.resize(1920, 1080);
    desk.open(&format!("/case/{case}"));
    desk.picture(&picture("decided-1920"));

    phone.open(&format!("/progress/{case}"));
    phone.sees("低保确认通知书");
    phone.sees("每月发给550.00元");
    phone.picture(&picture("decision-390"));
    assert_eq!(phone.overflow(), 0, "the decision is wider than a phone");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

/// Signs in on a page that may be anybody's, and opens a step or a start of a case.
fn open_as(page: &mut Chromium, who: &str, path: &str) {
    sign_in(page, who);
    page.open(path);
}

#[test]
fn a_change_reported_on_a_phone_makes_the_grant_less() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (case, secret) = grant(&office);
    office.at("2026-12-01 09:00");
    let mut phone = Chromium::start(&base, true, true);
    phone.open("/progress");
    phone.fill("case", &case);
    phone.fill("secret", &secret);
    phone.press("查进度");
    phone.sees("申报变更");
    phone.open(&format!("/case/{case}/start/change"));
    for (name, value) in [
        ("change_kind", "收入变化"),
        ("change_date", "2026-11-20"),
        ("change_note", "多种了两亩花生"),
        ("members.0.income.0.amount", "2400"),
    ] {
        phone.fill(name, value);
    }
    phone.picture(&picture("change-390"));
    assert_eq!(phone.overflow(), 0, "the form is wider than a phone");
    phone.press("提交");
    let next = format!("{case}-2");
    assert_eq!(phone.path(), format!("/progress/{next}"), "{}", phone.text());
    recheck(&office, &next, &[("members.0.income.0.amount", "2400")]);
    let mut desk = Chromium::start(&base, true, false);
    open_as(&mut desk, "fuze", &format!("/case/{next}"));
    desk.picture(&picture("recheck-1280"));
    act(&mut desk, "fuze", &next, "recheck_opinion", &[("conclusion", "减发")], "作出决定");
    act(&mut desk, "shouli", &next, "recheck_hearing", &[("recheck_statement", "没有意见")], "提交");
    act(&mut desk, "shenpi", &next, "recheck_confirm", &[("conclusion", "同意")], "作出决定");
    let delivered = [("recheck_delivered_how", "直接送达"), ("recheck_delivered_on", "2026-12-01")];
    act(&mut desk, "shouli", &next, "recheck_deliver", &delivered, "提交");
    open_as(&mut desk, "shenji", "/roll?month=2027-01");
    desk.sees("450.00");
    desk.picture(&picture("roll-1280"));
    desk.resize(1920, 1080);
    desk.open(&format!("/case/{next}"));
    desk.picture(&picture("changed-1920"));
    desk.open("/desk?q=李");
    phone.open(&format!("/progress/{next}"));
    phone.sees("变更通知书");
    phone.picture(&picture("changed-390"));
    assert_eq!(phone.overflow(), 0, "the letter is wider than a phone");
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

#[test]
fn a_relative_is_filed_and_refused_in_chromium() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let mut citizen = office.visitor();
    let (case, _) = apply(&mut citizen);
    let mut desk = Chromium::start(&base, true, false);
    office.at("2026-09-22 09:00");
    // The clerk finds that a colleague is a relative and files it; from then on that colleague is refused.
    open_as(&mut desk, "shouli2", &format!("/case/{case}/do/accept"));
    desk.press("加一行近亲属申报");
    for (name, value) in [
        ("kin.0.official", "胡负责"),
        ("kin.0.relation", "兄弟姐妹"),
        ("lives_elsewhere", "否"),
        ("conclusion", "受理"),
    ] {
        desk.fill(name, value);
    }
    desk.press("作出决定");
    assert_eq!(desk.path(), format!("/case/{case}"), "{}", desk.text());
    desk.sees("备案件");
    desk.picture(&picture("kin-1280"));
    open_as(&mut desk, "shenji", "/kin");
    desk.sees("胡负责");
    open_as(&mut desk, "fuze", &format!("/case/{case}/do/terminate"));
    desk.sees("R105");
    desk.assert_no_barriers();
}

#[test]
fn pages_work_without_scripts() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let mut page = Chromium::start(&base, false, false);
    page.open("/services/dibao/check");
    page.press("下一步");
    page.sees("没有办成");
    for (name, value) in
        [("applicant", "李大山"), ("phone", "10001234567"), ("home_region", "410325101200"), ("urban_rural", "农村")]
    {
        page.fill(name, value);
    }
    page.press("下一步");
    page.press("加一行成员");
    page.sees("第 2 行");
}
