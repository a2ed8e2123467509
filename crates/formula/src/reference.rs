//! The reference page of the language, written from the same tables that the program reads.

use std::fmt::Write;

use crate::fault::CODES;
use crate::source::HitPolicy;
use crate::words::{FUNCTIONS, KEYWORDS, OPERATORS};

/// Explains the language to those who write guides; the tables follow it.
const INTRODUCTION: &str = include_str!("reference.md");

/// The page `docs/reference/formula.md`.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_string();
    let _ = writeln!(page, "\n## 词语\n\n| 词语 | FEEL | 写法和含义 |\n|---|---|---|");
    for row in &KEYWORDS {
        let _ = writeln!(page, "| {} | `{}` | {} |", row.chinese.join("、"), row.feel, row.meaning);
    }
    let _ = writeln!(page, "\n比较：\n\n| 符号 | 也可写 | 含义 |\n|---|---|---|");
    for (_, feel, chinese, meaning) in &OPERATORS {
        let _ = writeln!(page, "| `{feel}` | {} | {meaning} |", chinese.join("、"));
    }
    let _ = writeln!(
        page,
        "\n## 函数\n\n没有 FEEL 名称的是本语言补充的。\n\n| 函数 | 也可写 | FEEL | 含义 |\n|---|---|---|---|"
    );
    for row in &FUNCTIONS {
        let others = row.chinese[1..].join("、");
        let feel = if row.feel.is_empty() { String::new() } else { format!("`{}`", row.feel) };
        let _ = writeln!(page, "| {} | {others} | {feel} | {} |", row.signature, row.meaning);
    }
    let _ = writeln!(page, "\n## 判定表的命中方式\n\n| 记号 | 含义 |\n|---|---|");
    for (_, letter, meaning) in &HitPolicy::ALL {
        let _ = writeln!(page, "| {letter} | {meaning} |");
    }
    let _ = writeln!(page, "\n## 错误编号\n\n| 编号 | 含义 |\n|---|---|");
    for (_, number, meaning) in &CODES {
        let _ = writeln!(page, "| {number} | {meaning} |");
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test may ask it to rewrite the page")]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/formula.md");
        let page = super::reference();
        if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == page, "run UPDATE=1 cargo test -p formula to write docs/reference/formula.md");
    }
}
