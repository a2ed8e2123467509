//! Every course that a worked example tells is walked through the pages, by each person through their own sign-in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bureau_tests::office::{Office, bureau, guide_files, with_parameters};
use bureau_tests::plain::Plain;
use bureau_tests::player::Player;
use casework::Bureau;
use guide::{Guide, Scenario};

/// Plays all courses of all services of a folder; returns how many there were.
fn play_all(folder: &str) -> usize {
    let bureau = Arc::new(bureau(&guide_files(folder)));
    let all: Vec<(&Arc<Guide>, &Scenario)> = bureau.guides.services.iter().flat_map(courses).collect();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((guide, scenario)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let walk = std::panic::AssertUnwindSafe(|| play(&bureau, guide, scenario));
                    if std::panic::catch_unwind(walk).is_err() {
                        failures.lock().expect("the list").push(scenario.file.clone());
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("the list");
    let (failed, played) = (failures.len(), all.len());
    assert!(failed == 0, "{failed} of {played} courses failed on the pages:\n  {}", failures.join("\n  "));
    played
}

fn courses(guide: &Arc<Guide>) -> impl Iterator<Item = (&Arc<Guide>, &Scenario)> {
    guide.scenarios.iter().filter(|s| !s.course.is_empty()).map(move |s| (guide, s))
}

fn play(bureau: &Arc<Bureau>, guide: &Guide, scenario: &Scenario) {
    let office = match scenario.rates.is_empty() {
        true => Office::of(bureau.clone()),
        false => Office::with_files(with_parameters(bureau, guide, scenario)),
    };
    let guide = office.bureau.guides.service(&guide.service).expect("the service");
    let mut browser = Plain::new(office.router());
    Player::new(&mut browser, &office, guide).play(scenario);
}

#[test]
fn every_course_of_the_toy_service_is_walked() {
    assert!(play_all("tests/toy") >= 2);
}

#[test]
fn every_course_of_the_guides_is_walked() {
    assert!(
        play_all("guides") >= 8,
        "the guides tell of grants, refusals, objections, recusal, re-check and re-application"
    );
}
