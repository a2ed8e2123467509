//! A tour through the demo county: every kind of page in every role, looked at for barriers and in three widths.

use std::collections::{BTreeSet, VecDeque};

use bureau_tests::browser::Browser;
use bureau_tests::sources::root;

use crate::chromium::Chromium;
use crate::server::Server;

/// Pages of one kind that a role looks at.
const OF_A_KIND: usize = 2;

/// The kind of a page: its address with whatever names one case, file or service made the same.
fn kind(path: &str) -> String {
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    let part = |p: &str| if p.bytes().any(|b| b.is_ascii_digit()) { "…".to_owned() } else { p.to_owned() };
    plain.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Follows links from a page as far as they lead within the bureau, a few of each kind.
fn crawl(chromium: &mut Chromium, begin: &str) -> BTreeSet<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut visited = BTreeSet::new();
    let mut waiting = VecDeque::from([begin.to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let of_kind = seen.iter().filter(|k| **k == kind(&path)).count();
        // Attachments are pictures, not pages.
        if of_kind >= OF_A_KIND || path.contains("/file/") || !visited.insert(path.clone()) {
            continue;
        }
        seen.push(kind(&path));
        chromium.open(&path);
        let text = chromium.text();
        assert!(!text.contains("系统出了问题"), "{path} shows a fault: {text}");
        waiting.extend(chromium.links().into_iter().filter(|l| l.starts_with('/')));
    }
    seen.into_iter().collect()
}

#[test]
fn every_page_in_every_role_has_no_barriers() {
    let server = Server::start(120, &[]);
    let mut chromium = Chromium::start(&format!("http://{}", server.address), true);
    let mut kinds = crawl(&mut chromium, "/");
    let note = server.note();
    if let (Some(case), Some(last)) = (note["receipt"][0].as_str(), note["receipt"][1].as_str()) {
        chromium.open("/progress");
        chromium.fill("case", case);
        chromium.fill("last", last);
        chromium.press("查询");
        let path = chromium.path();
        kinds.extend(crawl(&mut chromium, &path));
    }
    let accounts = note["accounts"].as_array().cloned().unwrap_or_default();
    assert!(accounts.len() >= 7, "one account for each role of the staff");
    for account in &accounts {
        chromium.forget();
        sign_in(&mut chromium, account);
        kinds.extend(crawl(&mut chromium, "/desk"));
    }
    chromium.assert_no_barriers();
    println!(
        "{} pages of {} kinds: {}",
        chromium.pages_checked,
        kinds.len(),
        kinds.into_iter().collect::<Vec<_>>().join(" ")
    );
}

fn sign_in(chromium: &mut Chromium, account: &serde_json::Value) {
    let id = account["id"].as_str().unwrap_or_default();
    chromium.open("/sign-in");
    let button = format!("form:has(input[name=id][value=\"{id}\"]) button");
    chromium.click(&button);
    assert_eq!(chromium.path(), "/desk", "{}", chromium.text());
}

#[test]
fn pages_fit_phones_and_screens() {
    let server = Server::start(120, &[]);
    let mut chromium = Chromium::start(&format!("http://{}", server.address), true);
    let note = server.note();
    let clerk =
        note["accounts"].as_array().into_iter().flatten().find(|a| a["role"] == "乡镇经办").expect("a clerk").clone();
    let public = ["/", "/s/dibao", "/s/dibao/check", "/s/dibao/apply", "/notices", "/progress", "/sign-in"];
    for path in public {
        in_three_widths(&mut chromium, path);
    }
    sign_in(&mut chromium, &clerk);
    chromium.open("/desk");
    let case = chromium.links().into_iter().find(|l| l.starts_with("/case/")).expect("a case on the clerk's desk");
    let desk =
        ["/desk".to_owned(), "/board".to_owned(), case.clone(), format!("{case}/step"), format!("{case}/household")];
    for path in &desk {
        in_three_widths(&mut chromium, path);
    }
    chromium.assert_no_barriers();
}

/// Looks at a page at 390, 1280 and 1920 pixels: nothing may stick out, and a picture is kept in `target/screens`.
fn in_three_widths(chromium: &mut Chromium, path: &str) {
    let name: String = kind(path).trim_matches('/').replace('/', "-").replace('…', "n");
    let name = if name.is_empty() { "home".to_owned() } else { name };
    for width in [390, 1280, 1920] {
        chromium.resize(width, 900);
        chromium.open(path);
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let out = chromium.script(script, Vec::new()).as_i64().unwrap_or(0);
        assert!(out <= 0, "{path} sticks out by {out} pixels at {width}");
        assert!(chinese_is_drawn(chromium), "Chinese is drawn as empty boxes: a font is missing");
        chromium.picture(&root().join(format!("target/screens/{name}-{width}.png")));
        let kept = ["home", "desk", "s-dibao", "case-n"].contains(&name.as_str()) && width == 1280;
        if kept && std::env::var_os("MINZHENG_PICTURES").is_some() {
            chromium.picture(&root().join(format!("docs/pictures/{name}.png")));
        }
    }
}

/// Two different characters of a font that has them are not drawn alike.
fn chinese_is_drawn(chromium: &Chromium) -> bool {
    let script = "const draw = text => {
            const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
            pen.font = '32px ' + getComputedStyle(document.body).fontFamily;
            pen.fillText(text, 0, 40);
            return canvas.toDataURL();
        };
        return draw('民') !== draw('政')";
    chromium.script(script, Vec::new()) == serde_json::Value::Bool(true)
}
