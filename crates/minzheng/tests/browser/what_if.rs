//! 科学测算 as a new section chief uses it: change a number, see what it comes to, make mistakes, keep it, check it.

use super::{picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;

fn shown(page: &mut Chromium, name: &str) {
    page.picture(&picture(&format!("what-if-{name}")));
    assert_eq!(page.overflow(), 0, "{name} is wider than the window");
    page.assert_no_barriers();
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

    // A township does not answer for the county's money.
    sign_in(&mut desk, "fuze");
    desk.open(&study);
    desk.sees("您不能这样做");
}
