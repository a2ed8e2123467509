//! Registers, one person, and a table that is brought in, in Chromium: on a phone and on a desk.

use std::io::Write as _;

use super::{picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::{Office, number};

/// A table as a township keeps it, with a number that a spreadsheet has ruined.
fn table() -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("花名册").suffix(".csv").tempfile().unwrap();
    let mut text = "姓名,身份证号,户口所在地,民族\n".to_owned();
    for place in 0_u16..40 {
        text += &format!("张普查{place},{},田湖镇田湖村,汉\n", number("1960-04-05", 101 + 2 * place));
    }
    text += "李四,4.10325E+17,田湖镇田湖村,汉\n";
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn a_table_is_brought_and_a_person_is_seen_in_chromium() {
    let office = Office::open("2026-11-20 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 15, 1, office.site.now(), |_| ())).unwrap();
    let members = bureau.store.register("household_member", office.site.now().date(), base::RegionCode::NATION);
    let name = members.unwrap()[0].row.title();
    let base = serve(&office);
    let file = table();
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let mut case = String::new();
    for (page, shown) in [(&mut phone, "phone"), (&mut desk, "desk")] {
        let see = |page: &mut Chromium, name: &str| {
            page.picture(&picture(&format!("registers-{name}-{shown}")));
            assert_eq!(page.overflow(), 0, "{name} is wider than a {shown}");
        };
        sign_in(page, "hedui");
        for path in [
            "/registers",
            "/registers/person",
            "/registers/household",
            "/codes",
            "/registers/person?place=410325101000",
        ] {
            page.open(path);
            see(page, &path.replace(['/', '?', '='], "-"));
        }
        page.open("/registers/household_member");
        page.follow(&name);
        see(page, "row");
        page.follow(&name);
        page.sees("经过");
        see(page, "person");
        page.open("/registers/person/import");
        see(page, "import");
        page.fill("_table", file.path().to_str().unwrap());
        page.press("比对");
        page.sees("40新增");
        page.sees("号码太长");
        see(page, "compared");
        page.script("document.querySelector('details').open = true", Vec::new());
        page.fill("map.户籍地", "户口所在地");
        page.press("再比对");
        page.fill("partly", "1");
        page.fill("title", "2026年普查");
        page.fill("origin", "各村九月逐户登记，乡镇汇总");
        page.press("提交核准");
        page.sees("核准导入");
        case = page.path();
        see(page, "proposed");
    }
    sign_in(&mut desk, "shenpi");
    desk.open(&format!("{case}/table"));
    desk.sees("40新增");
    desk.picture(&picture("registers-approve-desk"));
    desk.resize(1920, 1080);
    assert_eq!(desk.overflow(), 0);
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}
