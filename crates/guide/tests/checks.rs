//! Every finding of the checker, shown on a small guide that is broken in one place.

mod sample;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base::Regions;
use guide::{Code, read};

const REGIONS: &str = "code,level,name,parent
41,province,河南省,
4103,city,洛阳市,41
410325,county,嵩县,4103
410325101,township,田湖镇,410325
410325101998,village,盛源村,410325101
";

/// One block of `broken.txt`.
struct Case {
    title: String,
    /// `文件`, `-文件` to leave it out or `+文件` to add an empty one.
    file: String,
    /// What is replaced by what, with `⏎` for line ends.
    edit: Option<(String, String)>,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    text.split("\n=== ").skip(1).map(case).collect()
}

fn case(block: &str) -> Case {
    let (head, expected) = block.split_once("\n---\n").expect("a line ---");
    let mut lines = head.lines();
    let title = lines.next().expect("a title").to_owned();
    let file = lines.next().expect("a file").to_owned();
    let rest: Vec<&str> = lines.collect();
    let edit = match rest[..] {
        ["<<<", old, ">>>", new] => Some((old.replace('⏎', "\n"), new.replace('⏎', "\n"))),
        ["<<<", old, ">>>"] => Some((old.replace('⏎', "\n"), String::new())),
        [] => None,
        _ => panic!("{title}: <<< old >>> new"),
    };
    Case { title, file, edit, expected: expected.trim_end().to_owned() }
}

/// What the checker says of the sample with one change.
fn said(case: &Case) -> String {
    let mut files = sample::files();
    match (&case.edit, case.file.strip_prefix('-'), case.file.strip_prefix('+')) {
        (None, Some(file), _) => {
            files.remove(file).expect("the file exists");
        }
        (None, _, Some(file)) => {
            files.insert(file.to_owned(), String::new());
        }
        (Some((old, new)), ..) => {
            let text = files.get_mut(&case.file).expect("the file exists");
            assert!(text.contains(old.as_str()), "{}: “{old}” is not in {}", case.title, case.file);
            *text = text.replacen(old.as_str(), new, 1);
        }
        _ => panic!("{}: nothing changes", case.title),
    }
    let regions = Regions::parse(&[REGIONS]).expect("regions");
    match read(&files, Some(&regions)) {
        Ok(read) => read.warnings.render(),
        Err(findings) => findings.render(),
    }
}

#[test]
fn every_finding_names_place_and_repair() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken.txt");
    let text = std::fs::read_to_string(path).expect("broken.txt");
    let intro = text.split("\n=== ").next().expect("an introduction");
    let mut written = intro.trim_end().to_owned() + "\n";
    let mut shown = BTreeSet::new();
    let mut wrong = String::new();
    for case in cases(&text) {
        let said = said(&case);
        shown.extend(Code::ALL.iter().filter(|c| said.contains(c.number())).map(|c| c.number()));
        let code = case.title.split(' ').next().expect("a code");
        if said.trim_end() != case.expected || !said.contains(code) {
            writeln!(wrong, "{}\n{said}", case.title).expect("a string");
        }
        let edit = case
            .edit
            .as_ref()
            .map(|(old, new)| format!("<<<\n{}\n>>>\n{}\n", old.replace('\n', "⏎"), new.replace('\n', "⏎")));
        let Case { title, file, .. } = &case;
        write!(written, "\n=== {title}\n{file}\n{}---\n{}\n", edit.unwrap_or_default(), said.trim_end())
            .expect("a string");
    }
    if update() {
        std::fs::write(path, written).expect("broken.txt is writable");
        return;
    }
    assert!(wrong.is_empty(), "{wrong}");
    let absent: Vec<&str> = Code::ALL.iter().map(|c| c.number()).filter(|c| !shown.contains(c)).collect();
    assert!(absent.is_empty(), "no example of {absent:?}");
}

#[test]
fn the_reference_page_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/diagnostics.md");
    let page = guide::reference_page();
    if update() {
        std::fs::write(path, page).expect("diagnostics.md is writable");
        return;
    }
    assert!(
        std::fs::read_to_string(path).is_ok_and(|text| text == page),
        "UPDATE=1 cargo test -p guide rewrites {path}"
    );
}

#[expect(clippy::disallowed_methods, reason = "tests may ask whether to rewrite expectations")]
fn update() -> bool {
    std::env::var("UPDATE").is_ok()
}
