//! Papers on the screen and as PDF, read again with a reader of PDF that is not ours.

use std::process::Command;

use super::{serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;
use crate::visitor::household::{act, apply, grant, work};

/// What a tool of poppler says of a PDF.
fn reads(tool: &str, pdf: &[u8], more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new(tool).arg(&path).args(more).output().unwrap();
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_paper_prints_and_its_pdf_says_the_same() {
    let office = Office::open("2026-09-21 09:00");
    let (case, secret) = grant(&office);
    let mut clerk = office.staff("shouli");
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    let step = |key: &str| state.steps.iter().find(|instance| instance.step == key).unwrap().id;
    let letter = state.letters.iter().position(|letter| letter.letter == "notice_granted").unwrap();
    let papers = [
        (format!("letter/{letter}"), "低保确认通知书", "550.00元"),
        ("notice/0".to_owned(), "最低生活保障公示", "李大山"),
        (format!("step/{}", step("visit")), "最低生活保障入户调查表", "三间瓦房"),
        (format!("step/{}", step("town_review")), "最低生活保障镇级评议表", "监票人王五"),
        ("file/0".to_owned(), "最低生活保障户档", "身份号码"),
    ];
    let base = serve(&office);
    let mut desk = Chromium::start(&base, true, false);
    sign_in(&mut desk, "shouli");
    for (place, title, words) in &papers {
        desk.open(&format!("/case/{case}/paper/{place}"));
        desk.sees(title);
        clerk.open(&format!("/case/{case}/paper/{place}?pdf=1"));
        let pdf = clerk.bytes.clone();
        let kept = super::picture(&place.replace('/', "-")).with_extension("pdf");
        std::fs::write(kept, &pdf).unwrap();
        let text = reads("pdftotext", &pdf, &["-"]).replace(char::is_whitespace, "");
        assert!(text.contains(title) && text.contains(words) || *words == "身份号码", "{place}: {text}");
        assert!(!text.contains(&crate::visitor::household::number()), "{place} shows a whole number");
        assert!(text.contains("人物均为虚构"), "{place} does not say that its people are made up");
        // Every font is in the file, and only the part of it that is used.
        let fonts = reads("pdffonts", &pdf, &[]);
        assert!(fonts.lines().skip(2).all(|line| line.contains("yes yes")), "{fonts}");
        assert!(pdf.len() < 300_000, "{place} has {} bytes", pdf.len());
    }
    // The applicant prints letters, and nothing that staff recorded.
    let mut citizen = office.visitor();
    citizen.open("/progress").send(&[("case", &case), ("secret", &secret)]);
    citizen.open(&format!("/case/{case}/paper/letter/{letter}")).sees("低保确认通知书");
    assert_eq!(citizen.open(&format!("/case/{case}/paper/file/0")).status, 404);
    assert_eq!(citizen.open(&format!("/case/{case}/paper/step/1")).status, 404);
    assert_eq!(clerk.open(&format!("/case/{case}/paper/letter/99")).status, 404);
    assert_eq!(office.visitor().open(&format!("/case/{case}/paper/letter/0")).path, "/sign-in");
}

#[test]
fn a_long_paper_goes_on_over_pages() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    work(&office, &case);
    let long = "很长的情况说明，逐户逐项写清楚。".repeat(280);
    office.at("2026-10-12 09:00");
    office.site.bureau.pass_time(office.site.now()).unwrap();
    act(&office, "shouli", &case, "remind", &[("remind_what", &long), ("remind_how", "书面")]);
    let state = office.site.bureau.store.state(&case).unwrap().unwrap();
    let step = state.steps.iter().find(|instance| instance.step == "remind").unwrap().id;
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}/paper/step/{step}?pdf=1"));
    let text = reads("pdftotext", &clerk.bytes, &["-"]).replace(char::is_whitespace, "");
    assert!(text.contains("—1/") && text.contains("—3/"), "{text}");
    let foot = |page: u32, text: &str| {
        let pages = text.split('/').nth(1).and_then(|rest| rest.split('—').next()).unwrap().to_owned();
        text.replace(&format!("—{page}/{pages}—演示数据：人物均为虚构"), "")
    };
    let text = (1..=9).fold(text, |text, page| if text.contains('/') { foot(page, &text) } else { text });
    assert_eq!(text.matches("很长的情况说明").count(), 280);
}
