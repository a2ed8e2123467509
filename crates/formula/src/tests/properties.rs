//! Neither reader nor evaluator panics on any text, and what is printed reads back as the same.

use proptest::prelude::*;

use crate::eval::Assessment;
use crate::format::format_formulas;
use crate::parse;
use crate::program::compile;
use crate::tests::{County, block, calendar, environment, facts};

/// Texts that are often expressions: fragments of the language in any order.
fn fragments() -> impl Strategy<Value = String> {
    let words = [
        "若 ",
        " 则 ",
        " 否则 ",
        " 且 ",
        " 或 ",
        "非 ",
        "(",
        ")",
        "[",
        "]",
        ",",
        "..",
        ".",
        " + ",
        " - ",
        " * ",
        " / ",
        " ** ",
        " = ",
        " < ",
        " 在 ",
        "任一 甲 在 成员 满足 ",
        "对每个 甲 在 成员 得 ",
        "成员",
        ".残疾",
        ".姓名",
        "存款",
        "城乡",
        "有车",
        "票数",
        "标准(城乡)",
        "合计(",
        "计(",
        "最大(",
        "舍入(",
        "四舍五入到分",
        "1",
        "0",
        "20%",
        "3.5元",
        "70岁",
        "2026-03-01",
        "\"农村\"",
        "是",
        "空",
        "本行",
        "已知(",
        "年龄(",
        "甲",
        "[1..3]",
        " 类型是 ",
        " 介于 ",
        "一列<数>",
        "{甲: ",
        "}",
        "09:30",
        " 2026-03-01 09:30:05 ",
        ".年",
        "[项 > 3]",
        "3个月",
        "时间(",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 1..25).prop_map(|parts| parts.concat())
}

/// Expressions that are well formed by construction, of numbers.
fn numbers() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["1", "0", "7.25", "20%", "计(成员)", "票数", "12"]).prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "**"]);
        let comparison = prop::sample::select(vec!["=", "<", ">=", "!="]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            (inner.clone(), comparison, inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, o, b, c, d)| format!("若 ({a}) {o} ({b}) 且 有车 则 {c} 否则 {d}")),
            inner.clone().prop_map(|a| format!("合计([{a}, 1])")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("若 ({a}) 在 (1, ({b}), > 3) 则 1 否则 0")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{甲: {a}, \"乙 丙\": [{b}]}}.甲")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("合计([{a}, {b}][项 > 1])")),
            inner.clone().prop_map(|a| format!("若 ({a}) 类型是 数 则 2026-03-01.月 else (09:30 + 1日 / 2).时")),
            inner.prop_map(|a| format!("最大(({a}), 票数)")),
        ]
    })
}

fn survives(text: &str) {
    let (program, _) = compile(&[block(text)], environment());
    let (facts, calendar) = (facts(), calendar());
    let assessment = Assessment::new(&program, &facts, &County, &calendar);
    for definition in program.definitions().filter(|d| d.row_of.is_none()) {
        let _ = assessment.value(definition.name);
        let _ = assessment.explain(definition.name).map(|e| e.lines().len());
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_any_text(text in "\\PC{0,60}") {
        survives(&format!("x = {text}"));
        survives(&text);
        let _ = parse::cell(&text, 0);
    }

    #[test]
    fn nothing_panics_on_fragments(text in fragments()) {
        survives(&format!("x = {text}"));
        let _ = parse::cell(&text, 0);
    }

    #[test]
    fn printed_and_read_again_is_the_same(text in prop_oneof![fragments(), numbers()]) {
        if let Ok(expr) = parse::expression(&text, 0) {
            let printed = expr.to_string();
            let again = parse::expression(&printed, 0);
            prop_assert_eq!(again.as_ref(), Ok(&expr), "{} printed as {}", text, printed);
        }
    }

    #[test]
    fn formatting_changes_no_meaning(text in prop_oneof![fragments(), numbers()]) {
        let formula = format!("x = {text}");
        if let Some(formatted) = format_formulas(&formula) {
            let body = |text: &str| parse::lines(text, 0).0.pop().map(|line| line.body);
            prop_assert_eq!(body(&formatted), body(&formula), "{} became {}", formula, &formatted);
            prop_assert_eq!(format_formulas(&formatted), Some(formatted));
        }
    }

    #[test]
    fn well_formed_numbers_have_a_type_and_an_outcome(text in numbers()) {
        prop_assert!(parse::expression(&text, 0).is_ok(), "{}", text);
        survives(&format!("x = {text}"));
    }
}

#[test]
fn hostile_nesting_ends_soon() {
    for open in ["(", "[", "{甲: ", "1 在 [[", "1 类型是 一列<", "((1 在 (", "-(", "非 (", "若 ", "x 在 ("] {
        let text = open.repeat(3000);
        assert!(parse::expression(&text, 0).is_err());
    }
}

/// Formulas each of which makes twice as much, or eight times, of the one before.
#[test]
fn hostile_growth_ends_soon() {
    let eight = |what: &str| [what; 8].join(", ");
    let grows = [
        ("[1]", format!("合并({})", eight("甲"))),
        ("[1]", "合并各列([甲, 甲])".to_owned()),
        ("\"啊\"", "甲 + 甲".to_owned()),
        ("1日", "(甲 * 1).余时 * 1日".to_owned()),
        ("1", "{甲: 甲, 乙: 甲}".to_owned()),
        ("1", "[甲, 甲]".to_owned()),
    ];
    for (first, next) in grows {
        let lines: Vec<String> =
            (1..60).map(|n| format!("甲{n} = {}", next.replace("甲", &format!("甲{}", n - 1)))).collect();
        let ends = ["计(摊平([甲59]))", "甲59 = 甲59", "各在第几([甲59], 甲59)"];
        let ends: Vec<String> = (0..).zip(ends).map(|(n, end)| format!("完{n} = {end}")).collect();
        survives(&format!("甲0 = {first}\n{}\n{}", lines.join("\n"), ends.join("\n")));
    }
    let mut nested = "1日".to_owned();
    for _ in 0..20 {
        nested = format!("({nested} * 1).余时 * 1日");
    }
    survives(&format!("x = {nested}"));
}
