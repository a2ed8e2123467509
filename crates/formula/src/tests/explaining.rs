//! Explanations.

use super::{formulas, run};
use crate::{Explanation, Kind};

fn shown(explanation: &Explanation, indent: usize) -> String {
    let kind = match &explanation.kind {
        Kind::Defined => "",
        Kind::Fact => "（申报）",
        Kind::Rate(_) => "（参数）",
        Kind::RateMissing => "（没有参数）",
    };
    let formula = if explanation.formula.is_empty() {
        String::new()
    } else {
        format!(" ← {} ← {}", explanation.substituted, explanation.formula)
    };
    let line = format!("{}{} = {}{kind}{formula}\n", "  ".repeat(indent), explanation.name, explanation.value);
    explanation.inputs.iter().fold(line, |text, input| text + &shown(input, indent + 1))
}

#[test]
fn tells_how_a_value_came_about() {
    let evaluation = run(&[formulas(
        "家庭月收入 = 合计(收入.金额) / 12 # 全年平均\n\
         保障线 = 低保标准*计(家庭成员)\n\
         补差额 = if 家庭月收入<保障线 then 保障线-家庭月收入 else 0\n\
         工资 = 合计(收入[类别 = \"工资性\"].金额)\n\
         限额 = 存款 > 存款上限\n",
    )]);
    let explain = |name: &str| evaluation.explain(name).unwrap();
    assert_eq!(
        shown(&explain("补差额"), 0),
        "补差额 = 1100 ← 若 400 < 1500 则 1500 - 400 否则 0 ← 若 家庭月收入 < 保障线 则 保障线 - 家庭月收入 否则 0
  家庭月收入 = 400 ← 合计([1200, 3600]) / 12 ← 合计(收入.金额) / 12
    收入 = 类别：工资性，金额：1200，月数：1；类别：转移性，金额：3600，月数：12（申报）
  保障线 = 1500 ← 500 * 计(家庭成员) ← 低保标准 * 计(家庭成员)
    低保标准 = 500（参数）
    家庭成员 = 姓名：甲，年龄：71，类别：高龄、重病；姓名：乙，年龄：8，类别：无；姓名：丙，年龄：（缺少“年龄”），类别：无（申报）
"
    );
    assert_eq!(explain("工资").substituted, "合计([1200])");
    assert_eq!(explain("限额").substituted, "5000 > 存款上限");
    let income = explain("家庭月收入");
    assert_eq!((income.note.as_deref(), income.basis.as_deref()), (Some("全年平均"), Some("第十三条")));
    assert!(evaluation.explain("没有").is_none());
}

#[test]
fn opens_a_definition_once() {
    let doubling: String = (1..50).map(|i| format!("第{i} = 第{} + 第{}\n", i - 1, i - 1)).collect();
    let evaluation = run(&[formulas(&format!("{doubling}第0 = 1"))]);
    assert_eq!(shown(&evaluation.explain("第49").unwrap(), 0).lines().count(), 50);
}
