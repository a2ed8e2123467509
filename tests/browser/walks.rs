//! The walks: worked examples of the guides, by the people named in them, on the real program in a real browser.
//!
//! On every page that they meet, axe-core looks for barriers.

use std::collections::BTreeSet;

use bureau_tests::office::{bureau, guide_files, place_of};
use bureau_tests::player::Player;
use bureau_tests::sources::root;
use guide::{Guide, Scenario};

use crate::chromium::Chromium;
use crate::server::Server;

#[test]
fn a_whole_case_from_application_to_the_decision_letter() {
    walk("course-two-level-review.md", true);
}

#[test]
fn a_whole_case_without_scripts() {
    walk("course-full-grant.md", false);
}

#[test]
fn a_refusal_with_reasons() {
    walk("course-refused.md", true);
}

#[test]
fn an_objection_and_the_resumed_review() {
    walk("course-objection.md", true);
}

#[test]
fn a_relative_is_recused_and_the_case_filed() {
    walk("course-kin-filed.md", true);
}

#[test]
fn a_recheck_with_a_decrease_after_a_hearing() {
    walk("course-recheck-decrease.md", true);
}

#[test]
fn a_phase_out_to_its_end() {
    walk("course-phase-out-ends.md", true);
}

#[test]
fn a_stop_after_a_hearing() {
    walk("course-stop.md", true);
}

#[test]
fn an_application_again() {
    walk("course-reapply.md", true);
}

/// Plays one worked example of a service and then looks at everything that the case left behind.
fn walk(file: &str, scripts: bool) {
    let bureau = bureau(&guide_files("guides"));
    let (guide, scenario) = find(&bureau, file);
    assert!(scenario.rates.is_empty(), "{file} lays parameters over the guide, which the built program does not know");
    let village = place_of(&bureau, scenario);
    let names: BTreeSet<&str> = scenario.course.iter().flat_map(|row| row.who.split('、')).collect();
    let staff = names.into_iter().filter(|who| !matches!(*who, "申请人" | "系统时钟")).chain(["县级经办甲", "审计员"]);
    let staff: Vec<(&str, &str)> = staff.map(|who| (who, village.as_str())).collect();
    let server = Server::start(3, &staff);
    let mut chromium = Chromium::start(&format!("http://{}", server.address), scripts);
    let mut player = Player::new(&mut chromium, &server, guide);
    player.play(scenario);
    look_back(&mut player);
    drop(player);
    if scripts {
        let name = file.trim_end_matches(".md");
        chromium.picture(&root().join(format!("target/screens/{name}.png")));
        assert!(chromium.pages_checked > 10, "axe saw {} pages", chromium.pages_checked);
    }
    chromium.assert_no_barriers();
}

/// The case as a county clerk, the auditor and the applicant see it, with its letters and prints.
fn look_back(player: &mut Player) {
    let case = player.case.clone().expect("the walk has a case");
    let letters = player.world.state(&case).letters;
    for who in ["县级经办甲", "审计员"] {
        player.become_public();
        player.sign_in(who);
        player.browser.open(&format!("/case/{case}"));
        assert!(player.browser.text().contains(&*case.0), "{who} sees the case");
        let below: Vec<String> = player.browser.links();
        let own = |link: &String| link.contains(&*case.0) && !link.contains("/file/") && !link.contains('#');
        let own: BTreeSet<String> = below.into_iter().filter(own).collect();
        for link in own {
            player.browser.open(&link);
            assert!(!player.browser.text().contains("系统出了问题"), "{who} on {link}");
        }
    }
    player.become_applicant();
    player.browser.open(&format!("/progress/{case}"));
    for number in 1..=letters.len() {
        player.browser.open(&format!("/progress/{case}/letter/{number}"));
        let letter = &letters[number - 1];
        assert!(player.browser.text().contains(&letter.number), "the applicant reads {}", letter.number);
    }
}

fn find<'b>(bureau: &'b casework::Bureau, file: &str) -> (&'b Guide, &'b Scenario) {
    let guides = bureau.guides.services.iter();
    let mut all = guides.flat_map(|g| g.scenarios.iter().map(move |s| (&**g, s)));
    all.find(|(_, s)| s.file.ends_with(file)).unwrap_or_else(|| panic!("there is no worked example {file}"))
}
