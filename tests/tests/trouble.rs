//! What goes wrong in a bureau every day, through the pages: double clicks, stale forms, wrong papers, the wrong person.

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Request, header};
use bureau_tests::browser::Browser;
use bureau_tests::office::{Office, PASSWORD, VILLAGE};
use bureau_tests::page::Sent;
use bureau_tests::plain::Plain;
use casework::CaseId;

const NUMBER: &str = "410325197001010019";
const PHONE: &str = "13812345678";

/// A visitor with the toy's application filled in and not yet sent.
fn filled(office: &Office) -> Plain {
    let mut visitor = Plain::new(office.router());
    visitor.open("/s/plot/apply");
    let entries = [
        ("f.认领人", "春泥"),
        ("f.认领人证件号", NUMBER),
        ("f.电话", PHONE),
        ("f.所在社区", VILLAGE),
        ("f.家庭人数", "3"),
        ("f.用途", "种菜"),
    ];
    for (name, value) in entries {
        visitor.fill(name, value);
    }
    visitor
}

fn applied(office: &Office) -> CaseId {
    let mut visitor = filled(office);
    visitor.submit();
    let text = visitor.text();
    let at = text.find("CD2026").unwrap_or_else(|| panic!("no receipt number: {text}"));
    CaseId(text[at..at + 11].into())
}

fn sign_in(visitor: &mut Plain, office: &Office, who: &str) {
    visitor.forget();
    let staff = office.staff(who, VILLAGE);
    visitor.open("/sign-in");
    visitor.fill("id", &staff.id);
    visitor.fill("password", PASSWORD);
    visitor.press("登录");
    assert_eq!(visitor.path(), "/desk", "{}", visitor.text());
}

fn cases(office: &Office) -> usize {
    let report = office.store.verify().expect("a report");
    assert_eq!(report.problems, []);
    let clerk = office.actor("社区干事甲");
    let work = office.store.work(&store::Scope::of(&clerk), &store::WorkFilter::default(), 1);
    work.expect("a list").total as usize
}

/// Puts another value in the place of one that a form would send.
fn with(mut sent: Sent, name: &str, value: &str) -> Sent {
    sent.fields.iter_mut().filter(|(n, _)| n == name).for_each(|(_, v)| value.clone_into(v));
    sent
}

#[test]
fn a_form_sent_twice_is_one_application() {
    let office = Office::open("tests/toy");
    let mut visitor = filled(&office);
    let sent = visitor.command();
    let (first, second) = (visitor.post(&sent), visitor.post(&sent));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.headers.get(header::LOCATION), second.headers.get(header::LOCATION));
    assert_eq!(cases(&office), 1);

    let other = visitor.post(&with(sent, "f.家庭人数", "4"));
    let text = String::from_utf8_lossy(&other.body).into_owned();
    assert!(other.status == 409 && text.contains("R302"), "{} {text}", other.status);
    assert_eq!(cases(&office), 1);
}

#[test]
fn two_clerks_at_one_form_do_not_undo_each_other() {
    let office = Office::open("tests/toy");
    let case = applied(&office);
    let (mut one, mut other) = (Plain::new(office.router()), Plain::new(office.router()));
    for (visitor, who) in [(&mut one, "社区干事甲"), (&mut other, "社区干事乙")] {
        sign_in(visitor, &office, who);
        visitor.open(&format!("/case/{case}/step"));
        visitor.fill("outcome", "齐全");
    }
    one.submit();
    assert!(one.path().starts_with(&format!("/case/{case}?done")), "{}", one.text());
    other.submit();
    assert!(other.alert().contains("R301") || other.alert().contains("R201"), "{}", other.text());
    assert_eq!(office.state(&case).done.len(), 2, "the application and one registration");
}

#[test]
fn a_session_ends_and_what_was_typed_can_still_be_sent() {
    let office = Office::open("tests/toy");
    let case = applied(&office);
    let mut clerk = Plain::new(office.router());
    sign_in(&mut clerk, &office, "社区干事甲");
    clerk.open(&format!("/case/{case}/step"));
    clerk.fill("outcome", "齐全");
    let sent = clerk.command();
    office.at("2026-03-02 09:31");
    let late = clerk.post(&sent);
    assert_eq!(late.status, 401);
    assert!(String::from_utf8_lossy(&late.body).contains("已填写的内容不会丢失"));
    clerk.open("/desk");
    assert!(clerk.path().starts_with("/sign-in?to="), "{}", clerk.path());
}

#[test]
fn the_wrong_person_is_told_why() {
    let office = Office::open("tests/toy");
    let case = applied(&office);
    let mut visitor = Plain::new(office.router());
    let step = format!("/case/{case}/step");
    sign_in(&mut visitor, &office, "园地管理员");
    visitor.open(&step);
    assert!(visitor.alert().contains("R101"), "{}", visitor.text());

    visitor.forget();
    let far = office.staff("社区干事甲", "410325100001");
    visitor.open("/sign-in");
    visitor.fill("id", &far.id);
    visitor.fill("password", PASSWORD);
    visitor.press("登录");
    visitor.open(&format!("/case/{case}"));
    assert!(visitor.alert().contains("R102"), "{}", visitor.text());
    assert!(!visitor.text().contains("春泥"));

    visitor.forget();
    visitor.open(&format!("/case/{case}"));
    assert!(visitor.path().starts_with("/sign-in"));
    for wrong in ["123456", "010018", ""] {
        visitor.open("/progress");
        visitor.fill("case", &case.0);
        visitor.fill("last", wrong);
        visitor.press("查询");
        assert!(!visitor.text().contains("春泥"), "“{wrong}” opens nothing");
    }
}

#[test]
fn impossible_entries_come_back_with_everything_that_was_typed() {
    let office = Office::open("guides");
    let mut visitor = Plain::new(office.router());
    visitor.open("/s/dibao/apply");
    let entries = [
        ("f.申请人", "春泥<script>"),
        ("f.申请人身份证号", "410325197001010018"),
        ("f.联系电话", "不记得"),
        ("f.家庭成员.1.姓名", "春泥"),
        ("f.家庭成员.1.授权日期", "2026-02-30"),
    ];
    for (name, value) in entries {
        visitor.fill(name, value);
    }
    visitor.submit();
    assert_eq!(visitor.page.status, 422);
    for (name, value) in entries {
        assert_eq!(visitor.page.value(name).as_deref(), Some(value), "{name} is still there");
    }
    let alert = visitor.alert();
    for name in ["申请人身份证号", "联系电话", "授权日期", "所在村居", "城乡类别"] {
        assert!(alert.contains(name), "“{name}” is not in the list of what is wrong: {alert}");
    }
    assert!(!visitor.page.source().contains("<script>"), "what was typed is never markup");
}

#[test]
fn too_much_and_the_wrong_files_are_refused_in_words() {
    let office = Office::open("tests/toy");
    let mut visitor = filled(&office);
    let sent = with(visitor.command(), "f.认领人", &"长".repeat(10 * 1024 * 1024 / 3));
    let reply = visitor.post(&sent);
    assert_eq!(reply.status, 413);
    assert!(String::from_utf8_lossy(&reply.body).contains("1 MB"));
    assert_eq!(cases(&office), 0);

    let case = applied(&office);
    let mut clerk = Plain::new(office.router());
    for (who, what) in [("社区干事甲", "齐全"), ("社区干事甲", "可以耕种")] {
        sign_in(&mut clerk, &office, who);
        clerk.open(&format!("/case/{case}/step"));
        if what == "可以耕种" {
            let second = office.staff("社区干事乙", VILLAGE);
            clerk.open(&format!("/case/{case}/step"));
            clerk.fill("f.地块编号", "A1");
            clerk.fill("f.实测面积", "12");
            clerk.fill("with", &second.id);
        }
        if clerk.names().iter().any(|n| n == "outcome") {
            clerk.fill("outcome", what);
        }
        clerk.submit();
        assert!(clerk.path().contains("?done"), "{}", clerk.text());
    }
    sign_in(&mut clerk, &office, "园地管理员");
    clerk.open(&format!("/case/{case}/post"));
    let fake: PathBuf = office.folder.path().join("公示照片.png");
    std::fs::write(&fake, "%!这不是图片").expect("a file");
    clerk.fill("m.公示照片", &fake.to_string_lossy());
    clerk.submit();
    assert!(clerk.text().contains("R402"), "{}", clerk.text());
    assert!(office.state(&case).notices.is_empty(), "nothing was posted with a paper that is none");
}

#[test]
fn forms_from_elsewhere_change_nothing() {
    let office = Office::open("tests/toy");
    let mut visitor = filled(&office);
    let sent = visitor.command();
    let without = visitor.post(&with(visitor.command(), "token", ""));
    assert_eq!(without.status, 403);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&sent.fields).finish();
    let elsewhere = Request::post("/s/plot/apply").header(header::ORIGIN, "https://elsewhere.example");
    let elsewhere = elsewhere.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(visitor.ask(elsewhere, Body::from(body)).status, 403);
    assert_eq!(cases(&office), 0);
}

#[test]
fn every_answer_carries_the_protecting_headers() {
    let office = Office::open("tests/toy");
    let case = applied(&office);
    let mut visitor = Plain::new(office.router());
    sign_in(&mut visitor, &office, "社区干事甲");
    for path in ["/", "/s/plot", "/desk", "/no-such-page", &format!("/case/{case}"), &format!("/case/{case}/step")] {
        let reply = visitor.get(path);
        let header = |name: &str| reply.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-security-policy").contains("default-src 'self'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        let html = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(!html.contains(" style=\"") && !html.contains("<script"), "{path} has no inline style or script");
    }
}

#[test]
fn invariant_05_no_page_shows_more_than_its_reader_may_see() {
    let office = Office::open("tests/toy");
    let case = applied(&office);
    let mut visitor = Plain::new(office.router());
    let looks = |visitor: &mut Plain, who: &str, full: bool| {
        let pages = [
            format!("/case/{case}"),
            format!("/case/{case}/household"),
            format!("/case/{case}/step"),
            format!("/search?q={NUMBER}"),
            format!("/search?q={case}"),
            "/desk".to_owned(),
            "/board".to_owned(),
            "/notices".to_owned(),
            "/".to_owned(),
        ];
        for path in pages {
            visitor.open(&path);
            // What the reader asked for comes back in the search box and in the address to return to.
            let asked = [format!("value=\"{NUMBER}\""), format!("q={NUMBER}")];
            let source = asked.iter().fold(visitor.page.source().to_owned(), |text, echo| text.replace(echo, ""));
            let seen = source.contains(NUMBER) || source.contains(PHONE);
            let own = full && path == format!("/case/{case}");
            assert!(!seen || full, "{who} sees personal data on {path}");
            assert!(seen || !own, "{who} handles the case and sees it in full");
        }
    };
    looks(&mut visitor, "anybody", false);
    sign_in(&mut visitor, &office, "监事");
    looks(&mut visitor, "监事", false);
    sign_in(&mut visitor, &office, "社区干事甲");
    looks(&mut visitor, "社区干事甲", true);
}
