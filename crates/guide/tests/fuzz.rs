//! Whatever is written, reading answers; it never panics, and every finding lies within its file.

mod sample;

use guide::document::Document;
use guide::read;
use proptest::prelude::*;
use proptest::sample::select;

/// Pieces that mean something to the reader, so that random text reaches deep.
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "\r\n",
    "|",
    " | ",
    "|---|---|\n",
    "\\|",
    "# ",
    "## ",
    "### ",
    "```公式\n",
    "```文书\n",
    "```\n",
    "> ",
    "- ",
    "`",
    "甲",
    "甲 = ",
    "1",
    "50%",
    "：",
    "、",
    "；",
    "=",
    "（",
    "）",
    "(",
    "{",
    "}",
    "→",
    "命中：U\n",
    "判定表：",
    "名册：",
    "表单：",
    "按 甲 个月",
    "7天",
    "5至15",
    "三分之二以上",
    "2026-03-02",
    "拒绝 R1",
    "，",
    "前",
    "申请",
    "受理：",
    "结束",
    "选项(",
    "\t",
    "\u{3000}",
    "𠮷",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Replaces some characters from a place in the text, given as a share of its length.
fn splice(text: &mut String, place: f64, width: usize, new: &str) {
    let chars: Vec<char> = text.chars().collect();
    let start = (place * chars.len() as f64) as usize;
    let end = (start + width).min(chars.len());
    *text = chars[..start].iter().chain(new.chars().collect::<Vec<_>>().iter()).chain(&chars[end..]).collect();
}

fn answers(files: &std::collections::BTreeMap<String, String>) -> Result<(), TestCaseError> {
    let findings = match read(files, None) {
        Ok(read) => read.warnings,
        Err(findings) => findings,
    };
    for finding in findings.iter() {
        let text = files.get(&*finding.location.file).map_or("", String::as_str);
        prop_assert!(text.get(finding.location.span.clone()).is_some(), "{finding:?}");
    }
    findings.render();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_document(text in text()) {
        let document = Document::read(&"a.md".into(), &text);
        for section in document.root.walk() {
            prop_assert!(text.get(section.body.clone()).is_some());
            let cells = section.tables().flat_map(|t| t.header.iter().chain(t.rows.iter().flat_map(|r| &r.cells)));
            for cell in cells.chain(section.paragraphs()).chain(section.fences().map(|f| &f.content)) {
                let written = text.get(cell.location.span.clone());
                prop_assert_eq!(written.map(|w| w.replace("\\|", "|")), Some(cell.text.replace("\\|", "|")));
            }
        }
    }

    #[test]
    fn any_file_is_answered(name in select(sample::files().into_keys().collect::<Vec<_>>()), text in text()) {
        let mut files = sample::files();
        files.insert(name, text);
        answers(&files)?;
    }

    #[test]
    fn any_change_is_answered(
        name in select(sample::files().into_keys().collect::<Vec<_>>()),
        changes in prop::collection::vec((0.0..1.0f64, 0..30usize, text()), 1..4),
    ) {
        let mut files = sample::files();
        let text = files.get_mut(&name).expect("a file of the sample");
        for (place, width, new) in changes {
            splice(text, place, width, &new);
        }
        answers(&files)?;
    }
}
