//! Decision tables.

use super::{environment, messages, run};
use crate::{Block, BlockSource, Cell, Column, HitPolicy, TableSource, compile};

/// A table from a Markdown-like text; output headings begin with `→`. The text of the block is the table itself.
fn table(name: &str, hit: &str, text: &str) -> Block {
    let mut lines = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let mut cells = Vec::new();
        let mut at = offset + line.find('|').map_or(0, |i| i + 1);
        for cell in line.trim().trim_start_matches('|').trim_end_matches('|').split('|') {
            cells.push((cell.trim().to_string(), at + cell.len() - cell.trim_start().len()));
            at += cell.len() + 1;
        }
        if !line.trim().is_empty() {
            lines.push(cells);
        }
        offset += line.len();
    }
    let header = lines.remove(0);
    let (outputs, inputs): (Vec<_>, Vec<_>) = header.into_iter().partition(|(text, _)| text.starts_with('→'));
    let column = |(text, offset)| Column { text, offset };
    let source = TableSource {
        name: name.into(),
        hit: HitPolicy::parse(hit).unwrap(),
        inputs: inputs.into_iter().map(column).collect(),
        outputs: outputs.into_iter().map(column).collect(),
        rows: lines
            .into_iter()
            .map(|row| row.into_iter().map(|(text, offset)| Cell { text, offset }).collect())
            .collect(),
    };
    let source = BlockSource::Table(source);
    Block { file: "law.md".into(), offset: 0, text: text.into(), basis: None, source }
}

#[track_caller]
fn check_table(hit: &str, text: &str, expected: &str) {
    let evaluation = run(&[table("档次", hit, text)]);
    assert_eq!(evaluation.value("档次").unwrap().to_string(), expected);
}

#[track_caller]
fn check_table_errors(hit: &str, text: &str, expected: &[&str]) {
    let found = messages(&[table("档次", hit, text)]);
    let found: Vec<&str> = found.lines().map(|line| line.split('；').next().unwrap_or(line)).collect();
    let short: Vec<String> = found
        .iter()
        .map(|line| {
            let (code, rest) = line.split_once(" [").unwrap();
            format!("{code} {}", rest.rsplit_once("] ").unwrap().1)
        })
        .collect();
    assert_eq!(short, expected);
}

#[test]
fn single_hit_policies() {
    let split = "| 城乡类别 | 存款 | → 金额 |\n| \"城市\" | - | 1 |\n| \"农村\" | < 5000 | 2 |\n| \"农村\" | >= 5000 | 存款 / 2 |\n";
    check_table("U", split, "2500");
    check_table("A", split, "2500");
    check_table("F", "| 存款 | → 金额 |\n| >= 1000 | 1 |\n| >= 2000, < 10 | 2 |\n| - | 3 |\n", "1");
    check_table("A", "| 存款 | → 金额 |\n| >= 1000 | 1 |\n| - | 1 |\n", "1");
    check_table("P", "| 存款 | → 档: \"高\", \"低\" |\n| - | \"低\" |\n| > 1 | \"高\" |\n| > 2 | \"高\" |\n", "高");
    check_table("U", "| 有异议 | → 甲 | → 乙 |\n| 真 | 1 | \"一\" |\n| 假 | 2 | \"二\" |\n", "甲：2，乙：二");
}

#[test]
fn multiple_hit_policies() {
    let text = "| 存款 | → 金额: 3, 1, 2 |\n| > 1 | 1 |\n| > 2 | 2 |\n| > 3 | 3 |\n| > 99999 | 3 |\n";
    check_table("R", text, "1、2、3");
    check_table("C", text, "1、2、3");
    check_table("O", text, "3、1、2");
    check_table("C+", text, "6");
    check_table("C<", text, "1");
    check_table("C＞", text, "3");
    check_table("C#", text, "3");
    check_table("C+", "| 存款 | → 金额 |\n| < 1 | 1 |\n", "0");
}

#[test]
fn cells() {
    let row = |cell: &str| format!("| 存款 | → 中 |\n| {cell} | 真 |\n| - | 假 |\n");
    for cell in [
        "5000",
        "[5000..6000]",
        "(4999..5000]",
        "> 1",
        "非(1, < 5)",
        "1, 5000",
        "超过 低保标准",
        "[1, 5000]",
        "-",
        "5000.00",
    ] {
        let text = if cell == "-" { "| 存款 | → 中 |\n| - | 真 |\n".to_string() } else { row(cell) };
        check_table("F", &text, "是");
    }
    for cell in ["(5000..6000]", "非(5000)", "低于 低保标准", "!= 5000"] {
        check_table("F", &row(cell), "否");
    }
    check_table("F", "| 合计(收入.金额) + 1 | → 中 |\n| 4801 | 真 |\n| - | 假 |\n", "是");
}

#[test]
fn missing_inputs() {
    check_table("U", "| 上年度收入 | → 金额 |\n| < 1 | 1 |\n| >= 1 | 2 |\n", "（缺少“上年度收入”）");
    check_table("F", "| 上年度收入 | → 金额 |\n| - | 1 |\n", "1");
    check_table(
        "U",
        "| 城乡类别 | 上年度收入 | → 金额 |\n| \"农村\" | - | 1 |\n| \"城市\" | < 1 | 2 |\n| \"城市\" | >= 1 | 3 |\n",
        "1",
    );
    check_table("C+", "| 上年度收入 | → 金额 |\n| > 1 | 1 |\n| - | 2 |\n", "（缺少“上年度收入”）");
}

#[test]
fn contradictions_that_only_show_at_run_time() {
    let text = "| 存款 | → 金额 |\n| < 低保标准 | 1 |\n| > 低保标准 / 2 | 2 |\n| > 低保标准 | 3 |\n";
    check_table("U", text, "（判定表“档次”有几行同时适用：第 2、3 行）");
    check_table("A", text, "（判定表“档次”适用的几行结果不同）");
    check_table("U", "| 存款 | → 金额 |\n| < 低保标准 | 1 |\n| > 存款上限 | 2 |\n", "（没有有效的参数“存款上限”）");
    check_table("U", "| 存款 | → 金额 |\n| < 低保标准 | 1 |\n| = 低保标准 * 2 | 2 |\n", "（判定表“档次”没有适用的行）");
}

#[test]
fn overlaps() {
    check_table_errors(
        "U",
        "| 存款 | 有异议 | → 金额 |\n| < 10 | 真 | 1 |\n| >= 5 | - | 2 |\n| < 5 | 假 | 3 |\n",
        &["F032 第 1 行和第 2 行同时适用，例如 存款 = 5，有异议 = 真"],
    );
    check_table_errors(
        "A",
        "| 存款 | → 金额 |\n| < 10 | 1 |\n| >= 5 | 2 |\n",
        &["F032 第 1 行和第 2 行同时适用而结果不同，例如 存款 = 5"],
    );
    check_table_errors(
        "U",
        "| 存款 | → 金额 |\n| <= 低保标准 | 1 |\n| >= 低保标准 | 2 |\n",
        &["F032 第 1 行和第 2 行同时适用，例如 存款 = 低保标准"],
    );
}

#[test]
fn gaps() {
    check_table_errors("U", "| 存款 | → 金额 |\n| < 5 | 1 |\n| > 5 | 2 |\n", &["F033 遗漏的情形：存款 = 5"]);
    check_table_errors("U", "| 存款 | → 金额 |\n| [0..5] | 1 |\n| > 5 | 2 |\n", &["F033 遗漏的情形：存款 < 0"]);
    check_table_errors(
        "F",
        "| 城乡类别 | 有异议 | → 金额 |\n| \"城市\" | - | 1 |\n| - | 真 | 2 |\n",
        &["F033 遗漏的情形：城乡类别 = \"农村\"，有异议 = 假"],
    );
    check_table_errors("U", "| 存款 | → 金额 |\n| > 低保标准 | 2 |\n", &["F033 遗漏的情形：存款 < 低保标准"]);
    check_table_errors(
        "U",
        "| 备注: \"甲\", \"乙\", \"丙\" | → 金额 |\n| \"甲\", \"乙\" | 2 |\n",
        &["F033 遗漏的情形：备注 = \"丙\""],
    );
    check_table_errors(
        "U",
        "| 备注 | → 金额 |\n| \"甲\" | 1 |\n| 非(\"甲\", \"乙\") | 2 |\n",
        &["F033 遗漏的情形：备注 = \"乙\""],
    );
    let days = "| 申请日期 | → 金额 |\n| <= 日期(\"2026-06-30\") | 1 |\n| >= 日期(\"2026-07-01\") | 2 |\n";
    check_table("U", days, "2");
    check_table("U", "| 备注 | → 金额 |\n| \"甲\" | 1 |\n| \"无\" | 2 |\n", "2");
}

#[test]
fn rows_without_use() {
    check_table_errors(
        "F",
        "| 存款 | → 金额 |\n| < 10 | 1 |\n| [3..5] | 2 |\n| - | 3 |\n",
        &["F034 第 2 行永远用不到：前面的行已经包括了它"],
    );
    check_table_errors("C", "| 存款 | → 金额 |\n| [5..3] | 1 |\n", &["F034 第 1 行永远不会适用"]);
}

#[test]
fn shape() {
    check_table_errors("U", "| 存款 | → 金额 |\n| < 10 |\n", &["F030 第 1 行有 1 格，表头有 2 列"]);
    check_table_errors("U", "| 存款 | → 金额 |\n| | 1 |\n", &["F031 第 1 行有空格子"]);
    check_table_errors("U", "| 存 款 | → 金额 |\n| - | 1 |\n", &["F004 此处应当是式子的结尾，却是“款”"]);
    check_table_errors("U", "| 存钱 | → 金额 |\n| - | 1 |\n", &["F010 没有名为“存钱”的项目、参数或公式"]);
    check_table_errors("U", "| 存款 | → 金额 |\n| \"一\" | 1 |\n", &["F021 不能比较数和文字"]);
    check_table_errors(
        "U",
        "| 有异议 | → 金额 |\n| 真 | 1 |\n| 假 | \"二\" |\n",
        &["F021 输出列“金额”上面是数，这一格是文字"],
    );
    check_table_errors("C+", "| 存款 | → 金额 |\n| - | \"一\" |\n", &["F035 命中方式 C+ 的输出要是一列数"]);
    check_table_errors(
        "P",
        "| 存款 | → 金额 |\n| - | 1 |\n",
        &["F035 命中方式 P 要在输出列的表头列出各个值，优先的在前"],
    );
    check_table_errors("P", "| 存款 | → 金额: 1, 2 |\n| - | 3 |\n", &["F031 “3”不在输出列“金额”列出的值里"]);
    check_table_errors(
        "U",
        "| 城乡类别 | → 金额 |\n| \"城镇\", \"农村\" | 1 |\n",
        &["F023 “城乡类别”没有“城镇”这个选项"],
    );
    check_table_errors("U", "| → 金额 |\n| 1 |\n", &["F030 判定表“档次”至少要有一个输入列、一个输出列和一行"]);
}

#[test]
fn many_columns_do_not_explode() {
    let columns = 12;
    let header: String = (0..columns).map(|i| format!("| 存款 + {i} ")).collect();
    let rows: String = (0..columns)
        .map(|row| {
            let cells: String =
                (0..columns).map(|i| if i == row { "| > 1 ".into() } else { format!("| < {i} ") }).collect();
            format!("{cells}| {row} |\n")
        })
        .collect();
    let block = table("档次", "U", &format!("{header}| → 值 |\n{rows}"));
    assert!(compile(&[block], &environment()).is_err());
}
