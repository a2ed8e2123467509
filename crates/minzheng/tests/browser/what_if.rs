//! 科学测算 as a new section chief uses it: change a number, see what it comes to, make mistakes, keep it, check it.

use super::{act, picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;

fn shown(page: &mut Chromium, name: &str) {
    page.picture(&picture(&format!("what-if-{name}")));
    assert_eq!(page.overflow(), 0, "{name} is wider than the window");
    page.assert_no_barriers();
}

fn open_study(page: &mut Chromium, study: &str) {
    sign_in(page, "shenpi");
    page.open(study);
}

/// From the study to the rate that holds: proposed, deliberated, approved, published; and every household is raised.
fn put_in_force(office: &Office, desk: &mut Chromium, study: &str) {
    let bureau = &office.site.bureau;
    open_study(desk, study);
    desk.follow("提出执行");
    for (name, value) in
        [("method", "物价指数法"), ("price_index", "104"), ("since", "2026-11-01"), ("reasons", "按统计局公布的指数")]
    {
        desk.fill(name, value);
    }
    shown(desk, "propose-1280");
    desk.press("提交");
    let path = desk.path();
    let case = path.strip_prefix("/case/").unwrap_or_else(|| panic!("{path}: {}", desk.text())).to_owned();
    let case = case.split('?').next().unwrap().to_owned();
    let rate = || bureau.levers(office.site.region, "2026-12-09".parse().unwrap())[0].rates[1].clone();
    assert_eq!((&*rate().name, &*rate().value), ("低保标准(农村)", "500.00"));
    act(desk, "juzhang", &case, "deliberate", &[("conclusion", "同意报批")], "作出决定");
    let approved = [("approved_by", "洛阳市人民政府"), ("document", "洛政〔2026〕9号")];
    act(desk, "shenpi", &case, "approve", &approved, "提交");
    assert_eq!(rate().value, "500.00");
    act(desk, "shenpi", &case, "publish", &[("published_on", "2026-12-09")], "提交");
    assert_eq!((&*rate().value, &*rate().document), ("520.00", "洛政〔2026〕9号"));
    act(desk, "shenpi", &case, "announce", &[], "登记张贴");
    desk.forget();
    desk.open("/notices");
    desk.sees("洛政〔2026〕9号");
    // On the first of the next month whoever has the old standard is raised, with what was missed since November.
    office.at("2027-01-01 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    let chains = bureau.store.look(|read| read.spelt("", office.site.now(), usize::MAX)).unwrap();
    let letters = chains.iter().flat_map(|spelt| bureau.store.chain(&spelt.root).unwrap());
    let letters = letters.flat_map(|(case, _)| bureau.store.state(&case).unwrap().unwrap().letters);
    let told: Vec<String> = letters.filter(|l| l.letter == "notice_raised").map(|l| l.text).collect();
    assert!(told.len() >= 8 && told.iter().all(|text| text.contains("520.00元")), "{told:?}");
    assert!(bureau.store.rebuild().unwrap().differing.is_empty());
}

/// Whoever was refused is told what was lacking.
fn what_was_lacking(office: &Office, desk: &mut Chromium) {
    let bureau = &office.site.bureau;
    let cases = bureau.store.cases(&bureau.scope(&casework::Actor::system()), u32::MAX).unwrap();
    let refused = cases.into_iter().find(|row| row.service == "dibao" && row.result == "不予确认").unwrap();
    sign_in(desk, "shenji");
    desk.open(&format!("/case/{}", refused.case));
    desk.sees("差在哪里");
    desk.script("document.querySelector('.lacks').scrollIntoView()", Vec::new());
    shown(desk, "lacks-1280");
}

#[test]
fn a_section_chief_tries_a_raise_and_keeps_it() {
    let office = Office::open("2026-12-09 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, office.site.now(), |_| ())).unwrap();
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    sign_in(&mut desk, "shenpi");
    desk.sees("测算");
    desk.open("/what-if");
    desk.sees("还没有做过");
    shown(&mut desk, "empty-1280");

    // Nothing changed, a word for a number, a formula that does not hold together: said, and what was typed stays.
    desk.press("测算");
    desk.sees("还没有改任何参数或公式");
    desk.fill("r.低保标准(农村)", "多一点");
    desk.press("测算");
    desk.sees("还不能算");
    desk.sees("低保标准(农村)：");
    shown(&mut desk, "wrong-1280");
    desk.fill("r.低保标准(农村)", "");
    desk.script("document.querySelectorAll('details').forEach(d => d.open = true)", Vec::new());
    shown(&mut desk, "all-1280");
    desk.fill("f.补差", "保障线 - 家庭人口");
    desk.press("测算");
    desk.sees("还不能算");
    desk.fill("f.补差", "");

    desk.fill("r.低保标准(农村)", "520");
    desk.fill("name", "农村标准提到五百二");
    desk.press("测算");
    let study = desk.path();
    assert!(study.starts_with("/what-if/"), "{study}: {}", desk.text());
    for words in
        ["农村标准提到五百二", "500.00 元/月", "领取", "基尼系数", "由谁出", "按城乡", "按户规模", "特困供养金"]
    {
        desk.sees(words);
    }
    shown(&mut desk, "study-1280");
    desk.resize(1920, 1080);
    shown(&mut desk, "study-1920");
    desk.resize(1280, 900);
    desk.press("重算核对");
    desk.sees("每一个数都相同");

    // What happens to households afterwards does not change what was reckoned.
    let (_, content) = bureau
        .store
        .study(&bureau.scope(&casework::Actor::system()), study.rsplit('/').next().unwrap())
        .unwrap()
        .unwrap();
    let before: bureau::what_if::Study = serde_json::from_str(&content).unwrap();
    assert!(before.told.iter().all(|told| told.answer.all.less.recipients == 0));

    put_in_force(&office, &mut desk, &study);
    // The same study still comes to the same, by the rates of its day.
    open_study(&mut desk, &study);
    desk.press("重算核对");
    desk.sees("每一个数都相同");

    sign_in(&mut phone, "shenpi");
    phone.open(&study);
    shown(&mut phone, "study-390");
    phone.open("/what-if");
    phone.sees("农村标准提到五百二");
    shown(&mut phone, "form-390");
    phone.follow("农村标准提到五百二");
    phone.follow("在这个基础上另算");
    phone.fill("r.低保标准(农村)", "490");
    phone.press("测算");
    phone.sees("有人减少");

    what_was_lacking(&office, &mut desk);

    // A township does not answer for the county's money.
    sign_in(&mut desk, "fuze");
    desk.open(&study);
    desk.sees("您不能这样做");
}
