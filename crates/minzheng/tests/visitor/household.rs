//! One household and its case, step by step through the router: what several tests begin with.

use super::{Office, Visitor, between};

/// A valid number of nobody: 嵩县, 1985-03-02.
const NUMBER: &str = "41032519850302013";

pub fn number() -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = NUMBER.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{NUMBER}{}", b"10X98765432"[(sum % 11) as usize] as char)
}

/// The application of one man with 1,200 元 a year.
pub fn application(number: &str) -> Vec<(&'static str, String)> {
    let text = |text: &str| text.to_owned();
    let mut entries = vec![
        ("applicant", text("李大山")),
        ("applicant.number", number.to_owned()),
        ("phone", text("10001234567")),
        ("home_region", text("410325101200")),
        ("urban_rural", text("农村")),
        ("reason", text("身体不好")),
        ("supporters.none", text("1")),
        ("costs.none", text("1")),
        ("houses.0.use", text("居住")),
        ("houses.0.area", text("80")),
        ("vehicles.none", text("1")),
        ("businesses.none", text("1")),
        ("singles.none", text("1")),
        ("kin.none", text("1")),
        ("members.0.person_name", text("李大山")),
        ("members.0.person_number", number.to_owned()),
        ("members.0.relation", text("本人")),
        ("members.0.marriage", text("未婚")),
        ("members.0.schooling", text("不在读")),
        ("members.0.labour", text("无")),
        ("members.0.work", text("不适用")),
        ("members.0.excluded", text("无")),
        ("members.0.disability", text("二级")),
        ("members.0.deposits", text("500")),
        ("members.0.income.0.kind", text("经营性")),
        ("members.0.income.0.amount", text("1200")),
        ("members.0.income.0.months", text("12")),
    ];
    for (flag, value) in [
        ("members.0.lives_together", "是"),
        ("members.0.dependent", "否"),
        ("members.0.mental_disability", "否"),
        ("members.0.severe_illness", "否"),
        ("members.0.authorised", "是"),
    ] {
        entries.push((flag, text(value)));
    }
    entries
}

/// Fills in a form chapter by chapter and sends it, until it is through, is refused, or a row was added.
pub fn send(visitor: &mut Visitor, entries: &[(&str, String)]) {
    let mut left: Vec<(&str, &str)> = entries.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..30 {
        let here: Vec<(&str, &str)> = left.iter().filter(|entry| asks(&visitor.page, **entry)).copied().collect();
        visitor.send(&here);
        left.retain(|entry| !here.contains(entry));
        let stays = visitor.page.contains("note stop errors") || here.iter().any(|(name, _)| *name == "_add");
        if stays || !visitor.page.contains("name=\"_page\"") {
            break;
        }
    }
    if visitor.page.contains("提交前再看一遍") && !visitor.page.contains("note stop errors") {
        assert!(left.is_empty(), "no chapter asks for {left:?}");
        visitor.send(&[("_to", "send")]);
    }
}

/// Whether a page has a control for an entry that a reader can see.
fn asks(page: &str, (name, value): (&str, &str)) -> bool {
    if name == "_add" {
        return page.contains(&format!("name=\"_add\" value=\"{value}\""));
    }
    let tags = page.split('<').filter_map(|part| part.split('>').next());
    let named = format!(" name=\"{name}\"");
    tags.into_iter().any(|tag| tag.contains(&named) && !tag.contains("type=\"hidden\""))
}

/// Applies and gives the receipt number and its secret.
pub fn apply(citizen: &mut Visitor) -> (String, String) {
    citizen.open("/services/dibao/apply");
    send(citizen, &application(&number()));
    citizen.sees("已经提交");
    let case = between(&citizen.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    let secret = between(&citizen.page, "<p class=\"receipt secret\">", "</p>").unwrap().to_owned();
    (case, secret)
}

/// Does a step of the case with the form that its page has.
pub fn act(office: &Office, who: &str, case: &str, step: &str, entries: &[(&str, &str)]) {
    let mut staff = office.staff(who);
    staff.open(&format!("/case/{case}/do/{step}"));
    staff.send(entries);
    assert_eq!(staff.path, format!("/case/{case}"), "{who} could not do {step}: {}", staff.text());
}

/// From acceptance to the notice.
pub fn work(office: &Office, case: &str) {
    office.at("2026-09-22 09:00");
    act(office, "shouli", case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    office.at("2026-09-23 09:00");
    let mut first = office.staff("diaocha1");
    first.open(&format!("/case/{case}/do/visit"));
    // The form opens filled with what the citizen stated; it is sent back as it stands.
    assert!(
        first.page.contains(" name=\"members.0.person_name\" value=\"")
            && !first.page.contains(" name=\"members.0.person_name\" value=\"\"")
    );
    first.send(&[("living", "三间瓦房"), ("o-在场人", "李大山"), ("o-地点", "家中")]);
    assert_eq!(first.path, format!("/case/{case}"), "{}", first.text());
    // The second signs from their own list; the first may not.
    first.open(&format!("/case/{case}")).sees("您已经签过");
    let mut second = office.staff("diaocha2");
    second.sees("第二人签字");
    second.open(&format!("/case/{case}/do/visit"));
    second.send(&[]);
    act(office, "hedui", case, "match", &[("o-结果", "相符")]);
    office.at("2026-09-25 09:00");
    for (who, step, field) in [("cunzhu", "village_review", "village"), ("zhuchi", "town_review", "town")] {
        let (here, minutes) = (format!("{field}_applicant"), format!("{field}_minutes"));
        let review = [
            ("o-应到", "9"),
            ("o-实到", "7"),
            ("o-赞成", "7"),
            ("o-反对", "0"),
            ("o-弃权", "0"),
            (&*here, "是"),
            (&*minutes, "无记名投票，监票人王五"),
        ];
        act(office, who, case, step, &review);
    }
    office.at("2026-09-28 09:00");
    act(office, "fuze", case, "opinion", &[("conclusion", "拟给予")]);
    act(office, "shouli", case, "publicity", &[]);
}

/// Where the case was drawn, the county visits; two of it sign.
pub fn visit_by_county(office: &Office, case: &str) {
    office.site.bureau.pass_time(office.site.now()).unwrap();
    let state = office.site.bureau.store.state(case).unwrap().unwrap();
    if state.live().any(|i| i.step == "county_visit") {
        let found = [("county_finding", "与乡镇一致"), ("o-在场人", "李大山"), ("o-地点", "家中")];
        act(office, "xiancha1", case, "county_visit", &found);
        act(office, "xiancha2", case, "county_visit", &[]);
    }
}

/// From the application to the delivery of the grant.
pub fn grant(office: &Office) -> (String, String) {
    let mut citizen = office.visitor();
    let (case, secret) = apply(&mut citizen);
    work(office, &case);
    office.at("2026-10-12 09:00");
    visit_by_county(office, &case);
    act(office, "shenpi", &case, "confirm", &[("conclusion", "准予"), ("o-理由", "")]);
    act(office, "shouli", &case, "deliver", &[("delivered_how", "直接送达"), ("delivered_on", "2026-10-12")]);
    (case, secret)
}

/// The visit and the check of a re-check, with what has changed.
pub fn recheck(office: &Office, case: &str, changed: &[(&str, &str)]) {
    let visit = [("recheck_finding", "与申报一致"), ("earned_more", "否"), ("o-在场人", "李大山"), ("o-地点", "家中")];
    let all: Vec<(&str, &str)> = visit.iter().chain(changed).copied().collect();
    act(office, "diaocha1", case, "recheck_visit", &all);
    act(office, "diaocha2", case, "recheck_visit", &[]);
    let matched: Vec<(&str, &str)> = [("o-结果", "相符")].iter().chain(changed).copied().collect();
    act(office, "hedui", case, "recheck_match", &matched);
}
