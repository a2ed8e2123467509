//! Photos and scans: what is taken in, who sees it, and what is found out.

mod visitor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use visitor::household::{act, application, number, send};
use visitor::{Office, between};

/// A picture with something in it.
fn photo(shift: u32) -> DynamicImage {
    DynamicImage::from(RgbImage::from_fn(400, 300, |x, y| {
        let wave = (f64::from(x + shift) / 23.0).sin() * (f64::from(y) / 31.0 + f64::from(shift)).cos();
        Rgb([(wave * 120.0 + 128.0) as u8, (x / 2) as u8, (y / 2) as u8])
    }))
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

/// Applies with a photo of the authorisation and gives the receipt number.
fn applied(office: &Office, bytes: &[u8]) -> (String, String) {
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    citizen.attach("authorisations", "授权书.jpg", bytes);
    send(&mut citizen, &application(&number()));
    citizen.sees("已经提交");
    let case = between(&citizen.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    let secret = between(&citizen.page, "<p class=\"receipt secret\">", "</p>").unwrap().to_owned();
    (case, secret)
}

#[test]
fn what_is_no_photo_is_refused_beside_its_field_and_nothing_else_is_lost() {
    let office = Office::open("2026-09-21 09:00");
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    citizen.attach("authorisations", "好的.jpg", &jpeg(&photo(0), 90));
    citizen.attach("authorisations", "照片.jpg", b"MZ is the head of a program");
    citizen.attach("authorisations", "坏的.jpg", &jpeg(&photo(0), 90)[..100]);
    let whole = jpeg(&photo(0), 90);
    citizen.attach("authorisations", "半张.jpg", &whole[..whole.len() * 3 / 4]);
    citizen.attach("proofs", "空.pdf", b"");
    citizen.attach("proofs", "半份.pdf", b"%PDF-1.7 1 0 obj");
    send(&mut citizen, &application(&number()));
    citizen.sees("“照片.jpg”不是 JPEG、PNG 照片，也不是 PDF").sees("“坏的.jpg”打不开").sees("“空.pdf”是空的");
    citizen.sees("“半张.jpg”不完整").sees("“半份.pdf”不完整");
    citizen.sees("好的.jpg").sees("已收到");
    // What was kept goes along when the form is sent again.
    send(&mut citizen, &application(&number()));
    citizen.sees("已经提交");
    let case = between(&citizen.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}")).sees("好的.jpg").sees_not("照片.jpg");
}

#[test]
fn a_file_is_shown_upright_to_whoever_may_see_the_case_and_to_nobody_else() {
    let office = Office::open("2026-09-21 09:00");
    // A camera held sideways: the pixels lie, and six says turn right.
    let (plain, exif) = (
        jpeg(&photo(0), 90),
        b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    );
    let lying = [&plain[..2], exif, &plain[2..]].concat();
    let (case, secret) = applied(&office, &lying);
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{case}"));
    let link = between(&clerk.page, "<img src=\"", "\"").unwrap().to_owned();
    clerk.open(&link);
    let small = image::load_from_memory_with_format(&clerk.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((small.width(), small.height()), (300, 400));
    let whole = link.split('?').next().unwrap().to_owned();
    clerk.open(&whole);
    assert_eq!(clerk.bytes, lying, "the file itself is never changed");
    let mut stranger = office.visitor();
    stranger.open(&whole);
    assert_ne!(stranger.bytes, lying);
    stranger.open("/progress");
    stranger.send(&[("case", &case), ("secret", &secret)]).open(&whole);
    assert_eq!(stranger.bytes, lying);
    // A digest of one case opens nothing under another.
    let (other, _) = applied(&office, &jpeg(&photo(7), 90));
    clerk.open(&whole.replace(&case, &other));
    assert_eq!(clerk.status, 404);
    // What lies beside the journal is proved with it.
    assert!(office.site.bureau.store.verify().unwrap().problems.is_empty());
    assert!(office.site.bureau.store.rebuild().unwrap().differing.is_empty());
    let digest = whole.rsplit('/').next().unwrap();
    let path = office.folder.path().join("files").join(&digest[..2]).join(digest);
    std::fs::write(&path, b"another").unwrap();
    let problems = office.site.bureau.store.verify().unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("内容被改过")), "{problems:?}");
    std::fs::remove_file(&path).unwrap();
    let problems = office.site.bureau.store.verify().unwrap().problems;
    assert!(problems.iter().any(|p| p.contains("不见了")), "{problems:?}");
}

#[test]
fn a_photo_used_twice_is_found_also_when_it_was_saved_again() {
    let office = Office::open("2026-09-21 09:00");
    let (first, _) = applied(&office, &jpeg(&photo(0), 95));
    let (second, _) = applied(&office, &jpeg(&photo(0), 95));
    let smaller = photo(0).resize(320, 240, image::imageops::FilterType::Triangle);
    let (third, _) = applied(&office, &jpeg(&smaller, 60));
    let (other, _) = applied(&office, &jpeg(&photo(100), 95));
    let mut clerk = office.staff("shouli");
    clerk.open(&format!("/case/{second}")).sees(&format!("用过 {first}")).sees(&format!("看上去用过 {third}"));
    clerk.open(&format!("/case/{third}")).sees(&format!("看上去用过 {first}"));
    clerk.open(&format!("/case/{other}")).sees_not("用过");
    // The same photo for the beginning and for the end of something in one case.
    act(&office, "shouli", &first, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    let mut visit = office.staff("diaocha1");
    visit.open(&format!("/case/{first}/do/visit"));
    visit.attach("visit_photos", "家.jpg", &jpeg(&photo(0), 95));
    visit.send(&[("living", "瓦房"), ("o-在场人", "李大山"), ("o-地点", "家中")]);
    visit.sees("用过 本件");
}

#[test]
fn files_of_forms_that_were_never_sent_are_swept_and_no_others() {
    let office = Office::open("2026-09-21 09:00");
    let store = &office.site.bureau.store;
    let bytes = jpeg(&photo(0), 90);
    let (case, _) = applied(&office, &bytes);
    let stray = office.site.bureau.keep_file("纸.jpg", &jpeg(&photo(50), 90)).unwrap().unwrap();
    let kept = office.folder.path().join("files").join(&stray.digest[..2]).join(&stray.digest);
    let tomorrow = kept.metadata().unwrap().modified().unwrap() + std::time::Duration::from_secs(86_400);
    assert_eq!(store.sweep_files(std::time::UNIX_EPOCH).unwrap(), 0);
    assert_eq!(store.sweep_files(tomorrow).unwrap(), 2, "the file and its small picture");
    assert_eq!(store.file(&stray.digest, false).unwrap(), None);
    assert!(store.verify().unwrap().problems.is_empty(), "{case}");
}

#[test]
fn a_visit_is_not_later_than_its_report() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = applied(&office, &jpeg(&photo(0), 90));
    act(&office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    let mut visit = office.staff("diaocha1");
    visit.open(&format!("/case/{case}/do/visit"));
    visit.send(&[("living", "瓦房"), ("o-在场人", "李大山"), ("o-地点", "家中"), ("o-时间", "2026-09-21T09:01")]);
    visit.sees("“时间”在现在以后").sees("R108");
}
