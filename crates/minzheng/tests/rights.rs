//! Who may do what: the whole matrix of posts and steps, and that nobody reads what is not theirs.

mod visitor;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base::{Level, RegionCode};
use casework::people::{Scope, admit};
use casework::{Actor, Capacity, Datum, State};
use minzheng::content::Content;
use visitor::Office;

/// Every post of the demo, in its own region and in another, the applicant and the system, against every step.
#[test]
fn the_matrix_of_posts_and_steps() {
    let content = Content::load(None).unwrap();
    let place = RegionCode::parse("410325101200").unwrap();
    let staff = |level: Level, post: &str, region: &str| {
        let region = RegionCode::parse(region).unwrap();
        let capacity = Capacity::Staff { level, posts: vec![post.to_owned()], region };
        Actor { id: post.to_owned(), name: "某".into(), capacity }
    };
    let mut actors = vec![("申请人".to_owned(), Actor::citizen("c", "某")), ("系统".to_owned(), Actor::system())];
    let held = demo::STAFF.iter().flat_map(|(_, _, level, posts)| posts.split('、').map(|post| (*level, post)));
    let posts: BTreeSet<(Level, &str)> = held.collect();
    for (level, post) in posts {
        let (own, other) = match level {
            Level::City => ("4103", "4104"),
            Level::County => ("410325", "410326"),
            Level::Village => ("410325101200", "410325101201"),
            _ => ("410325101", "410325102"),
        };
        actors.push((format!("{level}{post}"), staff(level, post, own)));
        actors.push((format!("{level}{post}（外地）"), staff(level, post, other)));
    }
    let mut matrix = String::new();
    for guide in &content.library.guides {
        let state = State { service: guide.key.to_string(), region: Some(place), ..State::default() };
        let _ = writeln!(matrix, "{}", guide.title);
        for (label, actor) in &actors {
            let who = std::slice::from_ref(actor);
            let may = guide.steps.iter().filter(|step| {
                step.who.iter().any(|(_, performer)| admit(guide, performer, who, step, &state).is_empty())
            });
            let may: Vec<&str> = may.map(|step| &*step.name).collect();
            let sees = if Scope::of(actor, &content.library.guides).sees(&state) { "看" } else { "不看" };
            let _ =
                writeln!(matrix, "{label}：{sees}；{}", if may.is_empty() { "—".to_owned() } else { may.join("、") });
        }
    }
    insta::assert_snapshot!(matrix);
}

/// All citizen numbers and telephones that the cases hold.
fn secrets(office: &Office) -> Vec<String> {
    fn collect(datum: &Datum, found: &mut Vec<String>) {
        match datum {
            Datum::Person(person) => found.extend(person.number.clone()),
            Datum::Rows(rows) => {
                rows.iter().flat_map(|row| row.columns.values()).for_each(|datum| collect(datum, found))
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for row in office.site.bureau.store.cases(&office.site.bureau.scope(&Actor::system()), 1000).unwrap() {
        let state = office.site.bureau.store.state(&row.case).unwrap().unwrap();
        for fact in &state.facts {
            collect(&fact.value, &mut found);
            found.extend(fact.value.text().filter(|_| fact.field == "phone").map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn invariant_05_no_page_shows_more_than_its_reader_may_see() {
    let office = Office::open("2026-11-20 09:00");
    let now = office.site.now();
    demo::make_county(&office.site.bureau, 12, 3, now, |_| {}).unwrap();
    let secrets = secrets(&office);
    assert!(secrets.len() > 20, "the demo has people");
    let cases = office.site.bureau.store.cases(&office.site.bureau.scope(&Actor::system()), 1000).unwrap();
    let mut pages: Vec<String> = ["/", "/services/dibao", "/notices", "/progress", "/desk"].map(str::to_owned).to_vec();
    for row in &cases {
        pages.push(format!("/case/{}", row.case));
        pages.push(format!("/progress/{}", row.case));
        // Neither the clerk nor the auditor does these, so they do not see what their forms are filled with.
        pages.extend(["visit", "match", "confirm"].map(|step| format!("/case/{}/do/{step}", row.case)));
    }
    let mut stranger = office.visitor();
    let mut auditor = office.staff("shenji");
    let mut clerk = office.staff("shouli");
    let mut read = 0;
    for path in &pages {
        for visitor in [&mut stranger, &mut auditor, &mut clerk] {
            visitor.open(path);
            read += usize::from(visitor.status == 200);
            let shown = secrets.iter().find(|secret| visitor.page.contains(secret.as_str()));
            assert!(shown.is_none(), "{path} shows a number");
        }
    }
    assert!(read > 40, "only {read} pages were read");
    // Explanations, refusals and the proofs are searched as well.
    for row in &cases {
        let lines = office.site.bureau.explain(&row.case).unwrap().unwrap().join("\n");
        assert!(secrets.iter().all(|secret| !lines.contains(secret)), "{} explains with a number", row.case);
    }
}
