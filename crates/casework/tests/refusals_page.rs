//! `docs/reference/refusals.md` lists every refusal that the program knows. `UPDATE=1` rewrites it.

use casework::Code;

#[test]
fn the_reference_page_lists_every_refusal() {
    let mut page = String::from(
        "# 拒绝编号\n\n程序拒绝一项操作时，总会给出编号、原因、依据和办法。\n编号一经公布不再改变含义：R1xx 谁可以办，R2xx 何时可以怎样办，R3xx 请重试，R4xx 填写与文件。\n\n| 编号 | 含义 | 可重试 |\n|---|---|---|\n",
    );
    for (code, number, title) in Code::ALL {
        page += &format!("| {number} | {title} | {} |\n", if code.transient() { "是" } else { "否" });
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/refusals.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
    }
    let found = std::fs::read_to_string(path).expect("docs/reference/refusals.md is there");
    assert_eq!(found, page, "run with UPDATE=1 to rewrite the page");
}
