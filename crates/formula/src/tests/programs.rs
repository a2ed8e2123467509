//! Several formulas together.

use super::{check_errors, environment, facts, formulas, run};
use crate::{Inputs, Value, compile};

#[track_caller]
fn check_program(text: &str, expected: &[(&str, &str)]) {
    let evaluation = run(&[formulas(text)]);
    for (name, value) in expected {
        assert_eq!(evaluation.value(name).unwrap().to_string(), *value, "{name}");
    }
}

#[test]
fn order_does_not_matter_and_lines_continue() {
    check_program(
        "补差额 = 若 符合收入条件\n    则 保障线 - 家庭月收入 # 全额补差\n    否则 0  # 不为负\n\
         # 一行说明\n\
         保障线 = 低保标准 * 计(家庭成员)\n\
         符合收入条件 = 家庭月收入 低于 保障线\n\
         家庭月收入 = 合计(对 项 在 收入\n取 项.金额 / 项.月数\n)\n",
        &[("家庭月收入", "1500"), ("保障线", "1500"), ("符合收入条件", "否"), ("补差额", "0")],
    );
    let evaluation = run(&[formulas("甲 = 1 # 一\n乙 = 2\n  + 3 # 二\n  # 三\n")]);
    let notes: Vec<_> = evaluation.program.definitions().iter().map(|d| (d.note.as_deref(), &*d.text)).collect();
    assert_eq!(notes, [(Some("一"), "1"), (Some("二"), "2\n  + 3")]);
}

#[test]
fn the_example_of_the_reference_page_compiles() {
    let page = crate::reference();
    let text = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let text = text.replace("出生日期, 申请日期", "日期(\"2000-01-01\"), 申请日期");
    check_program(&text, &[("工资性收入", "1200"), ("上浮比例", "0.3、0、0")]);
}

#[test]
fn formulas_with_parameters() {
    check_program(
        "首项(列) = 列[1]\n甲 = 首项([1, 2])\n乙 = 首项([\"一\", \"二\"])\n\
         加价(数, 比例) = 数 * (1 + 比例)\n丙 = 加价(低保标准, 0.1) + 加价(加价(100, 1), 1)",
        &[("甲", "1"), ("乙", "一"), ("丙", "950")],
    );
    check_errors(
        "翻倍(数) = 数 * 2\n甲 = 翻倍(\"一\")\n乙 = 翻倍(1, 2)\n无人用(数) = 数 + 没有的名称",
        "F020 [数] 此处应当是数，却是文字；应写：去掉引号写数；连接文字用 连接([甲, 乙])
         F022 [翻倍(1, 2)] “翻倍”要 1 个参数，写了 2 个；应写：翻倍(数)
         F010 [没有的名称] 没有名为“没有的名称”的项目、参数或公式；应写：申请表或步骤表单的项目、rates.md 的参数、另一个公式，或引擎给出的名称",
    );
}

#[test]
fn a_field_shadows_a_definition_without_making_a_circle() {
    check_program("金额 = 合计(收入[金额 > 2000].金额)", &[("金额", "3600")]);
}

#[test]
fn conditions_and_expressions_from_elsewhere() {
    let evaluation = run(&[formulas("收入难核 = 计(收入) > 5\n翻倍(数) = 数 * 2")]);
    let program = &evaluation.program;
    let condition = program.check_condition("城乡类别 = \"农村\" 或 收入难核", "guide.md", 100).unwrap();
    assert_eq!(evaluation.condition(&condition), Value::Bool(true));
    assert_eq!(condition.uses().iter().map(|n| &**n).collect::<Vec<_>>(), ["城乡类别", "收入难核"]);
    let expression = program.check_expression("翻倍(合计(收入.金额))", "guide.md", 0).unwrap();
    assert_eq!(evaluation.expression(&expression).to_string(), "9600");
    assert_eq!(expression.paths().collect::<Vec<_>>(), ["收入", "收入.金额"]);
    let error = program.check_condition("存款 + 1", "guide.md", 100).unwrap_err().remove(0);
    assert_eq!((error.code, error.location.span), ("F026", 100..110));
    let error = program.check_condition("存款 > 1 且 没有", "guide.md", 100).unwrap_err().remove(0);
    assert_eq!((error.code, error.location.span), ("F010", 115..121));
    assert!(program.check_condition("", "guide.md", 0).is_err());
}

#[test]
fn knows_what_is_used() {
    let evaluation = run(&[formulas("甲 = 合计(收入.金额) + 低保标准\n乙 = 若 有异议 则 存款上限 否则 甲")]);
    let program = &evaluation.program;
    assert!(program.uses_fact("收入.金额") && program.uses_fact("收入") && !program.uses_fact("收入.月数"));
    assert!(program.uses_rate("低保标准") && program.uses_rate("存款上限"));
    assert!(program.uses_definition("甲") && !program.uses_definition("乙"));
    let used: Vec<&str> = evaluation.rates_used().iter().map(|(name, _)| &**name).collect();
    assert_eq!(used, ["低保标准"], "the other branch was not taken");
}

#[test]
fn facts_take_their_declared_shape() {
    let program = compile(&[formulas("甲 = 住房.面积\n乙 = 收入[1].月数\n丙 = 存款")], &environment()).unwrap();
    let mut facts = facts();
    facts.insert("住房".into(), Value::record([("自有", true)].map(|(n, v)| (n, Value::Bool(v)))));
    facts.insert("收入".into(), Value::list([Value::record([("金额", Value::from("一百"))])]));
    facts.insert("存款".into(), "五千".into());
    let evaluation = program.evaluate(&Inputs { facts: &facts, rates: &super::Table });
    let shown = |name: &str| evaluation.value(name).unwrap().to_string();
    assert_eq!(shown("甲"), "（缺少“住房的面积”）");
    assert_eq!(shown("乙"), "（缺少“收入第1行的月数”）");
    assert_eq!(shown("丙"), "（“存款”应当是数）");
}

#[test]
fn long_chains_and_deep_texts_do_not_exhaust_the_stack() {
    let chain: String = (1..3000).map(|i| format!("第{i} = 第{} + 1\n", i - 1)).collect();
    check_program(&format!("{chain}第0 = 0"), &[("第2999", "2999")]);
    let calls: String = (1..300).map(|i| format!("函{i}(数) = 函{}(数) + 1\n甲{i} = 函{i}(1)\n", i - 1)).collect();
    assert!(compile(&[formulas(&format!("{calls}函0(数) = 数"))], &environment()).is_err());
    let deepest = format!("甲 = {}1{}", "绝对值(".repeat(98), ")".repeat(98));
    check_program(&deepest, &[("甲", "1")]);
    for text in ["(", "[", "-", "{甲: ", "非(", "若 ", "甲.", "1 + (", "甲[", "对 x 在 "] {
        assert!(compile(&[formulas(&format!("甲 = {}", text.repeat(5000)))], &environment()).is_err());
    }
    assert!(compile(&[formulas(&format!("甲 = 1{}", " + 1".repeat(5000)))], &environment()).is_err());
}

#[test]
fn doubling_does_not_explode() {
    let doubling: String = (1..60).map(|i| format!("函{i}(数) = 函{}(数) + 函{}(数)\n", i - 1, i - 1)).collect();
    check_program(
        &format!("{doubling}函0(数) = 数\n甲 = 函59(1)"),
        &[("甲", "（计算量过大（一个公式超过一百万步））")],
    );
    let lists: String = (1..40).map(|i| format!("列{i} = 合并(列{}, 列{})\n", i - 1, i - 1)).collect();
    let evaluation = run(&[formulas(&format!("{lists}列0 = [1]\n"))]);
    assert!(evaluation.value("列39").unwrap().is_missing());
    assert!(evaluation.explain("列39").is_some());
}
