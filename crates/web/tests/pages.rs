//! The pages through the router: what forms keep, what is refused, who sees what, and what every answer carries.

mod visitor;

use axum::http::StatusCode;
use visitor::{Office, Visitor};

/// A citizen number whose check digit is right.
const NUMBER: &str = "11010519491231002X";

fn application(number: &str) -> Vec<(&str, &str)> {
    vec![
        ("f.认领人", "王小明"),
        ("f.认领人证件号", number),
        ("f.电话", "13812345678"),
        ("f.所在社区", "410325101998"),
        ("f.家庭人数", "3"),
        ("f.用途", "种菜"),
    ]
}

#[tokio::test]
async fn a_form_with_errors_keeps_what_was_typed() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let mut entries = application("110105194912310021");
    entries.push(("f.同住人.1.姓名", "王<小>红"));
    let page = citizen.submit("/s/plot/apply", &entries).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("value=\"110105194912310021\""), "{}", page.text);
    assert!(page.text.contains("value=\"王&lt;小&gt;红\""));
    assert!(page.text.contains("id=\"e-认领人证件号\"") && page.text.contains("aria-describedby=\"e-认领人证件号"));
    assert!(page.text.contains("href=\"#f-认领人证件号\""));
    assert!(page.text.contains("<title>有1处需要改正"));
}

#[tokio::test]
async fn the_same_form_twice_is_one_application() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let key = citizen.key("/s/plot/apply").await;
    let mut entries = application(NUMBER);
    entries.push(("key", &key));
    let first = citizen.post("/s/plot/apply", &entries).await;
    let second = citizen.post("/s/plot/apply", &entries).await;
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!(first.location, second.location);
    // The same key with another content is another matter.
    entries.push(("f.用途", "种花"));
    entries.retain(|(name, text)| *name != "f.用途" || *text == "种花");
    let other = citizen.post("/s/plot/apply", &entries).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(other.text.contains("R302"), "{}", other.text);
}

#[tokio::test]
async fn rows_come_and_go_without_a_script() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let page = citizen.submit("/s/plot/apply", &[("f.认领人", "王小明"), ("do", "add:同住人")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("name=\"f.同住人.1.姓名\"") && page.text.contains("value=\"王小明\""));
    let rows = [("f.同住人.1.姓名", "甲"), ("f.同住人.2.姓名", "乙"), ("do", "del:同住人.1")];
    let page = citizen.submit("/s/plot/apply", &rows).await;
    assert!(page.text.contains("value=\"乙\"") && !page.text.contains("value=\"甲\""), "{}", page.text);
    assert!(!page.text.contains("f.同住人.2."));
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let mut entries = application(NUMBER);
    entries.push(("token", "00000000000000000000000000000000"));
    let page = citizen.submit("/s/plot/apply", &entries).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("页面已失效"));
    citizen.origin = Some("https://elsewhere.example".to_owned());
    let page = citizen.submit("/s/plot/apply", &application(NUMBER)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn too_much_text_is_refused_in_words() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let long = "长".repeat(10 * 1024 * 1024 / 3);
    let mut entries = application(NUMBER);
    entries.push(("f.地址", &long));
    let page = citizen.submit("/s/plot/apply", &entries).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.text.contains("内容过大"));
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    for address in ["/", "/s/plot", "/progress", "/notices", "/sign-in", "/nowhere"] {
        let page = citizen.get(address).await;
        assert!(page.header("content-security-policy").starts_with("default-src 'self'"), "{address}");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.text.contains("style=\"") && !page.text.contains("<script"), "{address}");
        assert!(page.text.contains("lang=\"zh-CN\""), "{address}");
    }
    let home = citizen.get("/").await;
    let style = home.text.split("href=\"/style-").nth(1).and_then(|t| t.split('"').next()).expect("a style sheet");
    let sheet = citizen.get(&format!("/style-{style}")).await;
    assert!(sheet.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn staff_pages_ask_for_a_sign_in_and_come_back() {
    let office = Office::open();
    let mut clerk = Visitor::new(&office);
    let page = clerk.get("/desk?overdue=1").await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fdesk%3Foverdue%3D1"));
    let page = clerk.submit("/sign-in", &[("id", "clerk"), ("password", "wrong")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    clerk.sign_in("clerk").await;
    assert_eq!(clerk.get("/desk").await.status, StatusCode::OK);
}

#[tokio::test]
async fn handlers_see_names_and_others_see_masks() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let receipt = citizen.submit("/s/plot/apply", &application(NUMBER)).await;
    let case = receipt.location.split('/').nth(2).expect("a receipt number").to_owned();
    let page = citizen.get(&receipt.location).await;
    assert!(page.text.contains(&case) && !page.text.contains(NUMBER), "{}", page.text);

    let mut clerk = Visitor::new(&office);
    clerk.sign_in("clerk").await;
    let page = clerk.get(&format!("/case/{case}")).await;
    assert!(page.text.contains("王小明") && page.text.contains(NUMBER), "{}", page.text);
    assert!(clerk.get("/desk").await.text.contains(&case));

    let mut auditor = Visitor::new(&office);
    auditor.sign_in("auditor").await;
    for address in [format!("/case/{case}"), "/search?q=王小明".to_owned(), format!("/case/{case}/household")] {
        let page = auditor.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        let shown = page.text.replace("value=\"王小明\"", "");
        assert!(
            !shown.contains("王小明") && !shown.contains(NUMBER) && !shown.contains("13812345678"),
            "{address}: {shown}"
        );
    }
    assert_eq!(auditor.get(&format!("/case/{case}/print/application")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_clerk_does_the_open_step_and_nobody_else() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let receipt = citizen.submit("/s/plot/apply", &application(NUMBER)).await;
    let case = receipt.location.split('/').nth(2).expect("a receipt number").to_owned();
    let address = format!("/case/{case}/step");

    let mut head = Visitor::new(&office);
    head.sign_in("head").await;
    let page = head.get(&address).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("R101"), "{}", page.text);

    let mut clerk = Visitor::new(&office);
    clerk.sign_in("clerk").await;
    let page = clerk.submit(&address, &[("step", "登记")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("请选择办理结果"));
    let page = clerk.submit(&address, &[("step", "登记"), ("outcome", "退回补填"), ("reason", "")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("R205"), "{}", page.text);
    let page = clerk.submit(&address, &[("step", "登记"), ("outcome", "齐全")]).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (StatusCode::SEE_OTHER, format!("/case/{case}?done=step").as_str())
    );
    // The form of a step that is over is told so.
    let page = clerk
        .post(&address, &[("step", "登记"), ("outcome", "齐全"), ("revision", "3"), ("key", &"0".repeat(32))])
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn progress_opens_to_the_applicant_only() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let receipt = citizen.submit("/s/plot/apply", &application(NUMBER)).await;
    let case = receipt.location.split('/').nth(2).expect("a receipt number").to_owned();
    let mut other = Visitor::new(&office);
    assert_eq!(other.get(&format!("/progress/{case}")).await.status, StatusCode::NOT_FOUND);
    for _ in 0..5 {
        let page = other.submit("/progress", &[("case", &case), ("last", "000000")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let page = other.submit("/progress", &[("case", &case), ("last", "31002x")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    office.later(16);
    let page = other.submit("/progress", &[("case", &case), ("last", "31002x")]).await;
    assert_eq!(page.location, format!("/progress/{case}"));
    assert!(other.get(&page.location).await.text.contains("登记：由社区干事办理"));
}

#[tokio::test]
async fn the_self_check_computes_and_keeps_nothing() {
    let office = Office::open();
    let mut citizen = Visitor::new(&office);
    let page = citizen.get("/s/plot/check").await;
    assert!(!page.text.contains("认领人证件号"), "{}", page.text);
    let page = citizen.submit("/s/plot/check", &[("f.家庭人数", "3"), ("f.用途", "种菜"), ("f.以往弃耕", "否")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("按您填写的情况") && page.text.contains("这不是决定"), "{}", page.text);
}

#[tokio::test]
async fn files_are_kept_while_a_form_is_put_right() {
    let office = Office::open();
    let mut clerk = Visitor::new(&office);
    clerk.sign_in("clerk").await;
    let png = b"\x89PNG\r\n\x1a\n a small picture";
    let page = clerk.upload("/s/plot/apply", &[("f.认领人", "王小明")], ("m.照片", "现场.png", png)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("name=\"kept\"") && page.text.contains("现场.png"), "{}", page.text);
    let page =
        clerk.upload("/s/plot/apply", &[("f.认领人", "王小明")], ("m.照片", "现场.png", b"MZ not a picture")).await;
    assert!(page.text.contains("R402"), "{}", page.text);
}
