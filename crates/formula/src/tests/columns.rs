//! Both evaluators yield the same for random programs over random cases: the same value bit for bit, or none in both.

use base::{Date, RegionCode};
use proptest::prelude::*;

use crate::columns::{Population, assess};
use crate::eval::Assessment;
use crate::number::Rational;
use crate::program::compile;
use crate::tests::{County, block, calendar, environment, person};
use crate::value::{Facts, Value};

/// Well-formed expressions by type; some of them do not fit their units and are no programs.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Number,
    Flag,
    Money,
}

fn pick(words: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(words.to_vec()).prop_map(str::to_owned).boxed()
}

fn leaves(kind: Kind, list: u8) -> BoxedStrategy<String> {
    match (kind, list) {
        (Kind::Number, 0) => {
            pick(&["1", "0", "7.25", "20%", "-3", "票数", "计(成员)", "倍数", "合计(成员.分)", "年份(计算日)"])
        }
        (Kind::Number, 1) => {
            pick(&["1", "票数", "分", "计(收入)", "倍数", "年份(人员.出生日期)", "年龄(人员, 计算日) / 1岁"])
        }
        (Kind::Number, _) => pick(&["2", "票数", "分", "月数 / 1个月", "0.5", "1000000007"]),
        (Kind::Flag, 0) => pick(&["有车", "是", "城乡 = \"农村\"", "已知(有车)", "已知(年金)", "计算日 > 2026-02-01"]),
        (Kind::Flag, 1) => pick(&[
            "有车",
            "残疾 = \"一级\"",
            "残疾 在 (\"一级\", \"二级\")",
            "人员.性别 = \"男\"",
            "年龄(人员, 计算日) >= 18岁",
            "已知(残疾)",
            "已知(收入)",
        ]),
        (Kind::Flag, _) => pick(&["月数 > 3个月", "残疾 = \"无\"", "已知(月数)", "有车"]),
        (Kind::Money, 0) => {
            pick(&["存款", "0元", "月金 * 3个月", "按月(年金) * 1个月", "标准(城乡) * 2个月", "123.45元"])
        }
        (Kind::Money, 1) => pick(&["存款", "合计(收入.金额)", "最大(收入.金额)", "标准(城乡) * 1个月", "9元"]),
        (Kind::Money, _) => pick(&["金额", "存款", "1.5元", "金额 / 月数 * 1个月"]),
    }
}

/// Expressions over the columns of a row of the list, or of the case where there is none.
fn expressions(kind: Kind, list: u8, depth: u32) -> BoxedStrategy<String> {
    let leaf = leaves(kind, list);
    if depth == 0 {
        return leaf;
    }
    let deeper = move |kind: Kind| expressions(kind, list, depth - 1);
    let comparison = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let conditional =
        (deeper(Kind::Flag), deeper(kind), deeper(kind)).prop_map(|(c, a, b)| format!("(若 {c} 则 {a} 否则 {b})"));
    let numbers = prop::sample::select(vec!["+", "-", "*", "/"]);
    let compared = (deeper(Kind::Number), comparison.clone(), deeper(Kind::Number))
        .prop_map(|(a, o, b)| format!("({a}) {o} ({b})"));
    let money = (deeper(Kind::Money), comparison, deeper(Kind::Money)).prop_map(|(a, o, b)| format!("({a}) {o} ({b})"));
    let own = match kind {
        Kind::Number => prop_oneof![
            (deeper(Kind::Number), numbers, deeper(Kind::Number)).prop_map(|(a, o, b)| format!("(({a}) {o} ({b}))")),
            deeper(Kind::Number).prop_map(|a| format!("绝对值({a})")),
            deeper(Kind::Number).prop_map(|a| format!("(取整({a}) + 进整({a}))")),
            (deeper(Kind::Number), deeper(Kind::Number)).prop_map(|(a, b)| format!("最大({a}, {b})")),
            (deeper(Kind::Number), deeper(Kind::Number)).prop_map(|(a, b)| format!("平均([{a}, {b}])")),
            (deeper(Kind::Number), deeper(Kind::Number)).prop_map(|(a, b)| format!("合计([{a}, {b}, 1])")),
            (deeper(Kind::Money), deeper(Kind::Money)).prop_map(|(a, b)| format!("(({a}) / ({b}))")),
            deeper(Kind::Number).prop_map(|a| format!("(({a}) ** 2)")),
        ]
        .boxed(),
        Kind::Flag => prop_oneof![
            compared,
            money,
            (deeper(Kind::Flag), deeper(Kind::Flag)).prop_map(|(a, b)| format!("({a} 且 {b})")),
            (deeper(Kind::Flag), deeper(Kind::Flag)).prop_map(|(a, b)| format!("({a} 或 {b})")),
            deeper(Kind::Flag).prop_map(|a| format!("非({a})")),
            deeper(Kind::Number).prop_map(|a| format!("已知({a})")),
            (deeper(Kind::Number), deeper(Kind::Number)).prop_map(|(a, b)| format!("(({a}) 在 (1, [{b}..7), > 9))")),
        ]
        .boxed(),
        Kind::Money => prop_oneof![
            (deeper(Kind::Money), deeper(Kind::Money)).prop_map(|(a, b)| format!("({a} + {b})")),
            (deeper(Kind::Money), deeper(Kind::Money)).prop_map(|(a, b)| format!("({a} - ({b}))")),
            (deeper(Kind::Money), deeper(Kind::Number)).prop_map(|(a, b)| format!("({a} * ({b}))")),
            (deeper(Kind::Money), deeper(Kind::Number)).prop_map(|(a, b)| format!("({a} / ({b}))")),
            (deeper(Kind::Money), deeper(Kind::Money)).prop_map(|(a, b)| format!("最小({a}, {b})")),
            (deeper(Kind::Money), pick(&["四舍五入到分", "进到角", "舍到元", "进到十元"]))
                .prop_map(|(a, rule)| format!("舍入({a}, {rule})")),
        ]
        .boxed(),
    };
    let lists = match (kind, list) {
        (Kind::Number, 0) => prop_oneof![
            expressions(Kind::Flag, 1, depth - 1).prop_map(|c| format!("计(成员[{c}])")),
            expressions(Kind::Flag, 1, depth - 1).prop_map(|c| format!("合计(成员[{c}].分)")),
            expressions(Kind::Flag, 1, depth - 1).prop_map(|c| format!("最大(成员[{c}].分)")),
        ]
        .boxed(),
        (Kind::Number, 1) => expressions(Kind::Flag, 2, depth - 1).prop_map(|c| format!("计(收入[{c}])")).boxed(),
        (Kind::Money, 1) => expressions(Kind::Flag, 2, depth - 1).prop_map(|c| format!("合计(收入[{c}].金额)")).boxed(),
        (Kind::Flag, 0) => prop_oneof![
            expressions(Kind::Flag, 1, depth - 1).prop_map(|c| format!("计(成员[{c}]) > 1")),
            pick(&["任一 甲 在 成员 满足 甲.残疾 = \"一级\"", "全部 甲 在 成员[残疾 != \"无\"] 满足 甲.分 > 2"])
                .prop_map(|text| format!("({text})")),
        ]
        .boxed(),
        _ => leaf.clone(),
    };
    prop_oneof![1 => leaf, 3 => own, 1 => conditional, 2 => lists].boxed()
}

/// A case in which anything may be unknown.
fn cases() -> impl Strategy<Value = Facts> {
    let number = |scale: i128| {
        prop::option::weighted(0.85, prop_oneof![-5_i64..20, -100_000_i64..100_000_000, Just(i64::MAX / 3)])
            .prop_map(move |n| n.map(|n| Value::Number(Rational::new(n.into(), scale))))
    };
    let flag = || prop::option::weighted(0.8, any::<bool>()).prop_map(|b| b.map(Value::Bool));
    let word = |words: &'static [&'static str]| {
        prop::option::weighted(0.8, prop::sample::select(words)).prop_map(|w| w.map(Value::text))
    };
    let income = (number(100), prop::option::weighted(0.8, 0_i64..13)).prop_map(|(amount, months)| {
        facts([("金额", amount), ("月数", months.map(|n| Value::Number(Rational::from(i128::from(n)))))])
    });
    let born = prop::option::weighted(0.8, (1930_i16..2030, 1_i8..=12, 1_i8..=28));
    let member =
        (word(&["无", "一级", "二级"]), born, prop::option::weighted(0.9, prop::collection::vec(income, 0..4)));
    let member = (member, number(1)).prop_map(|((disability, born, incomes), points)| {
        let born = born.map(|(y, m, d)| person("甲", &format!("{y}-{m:02}-{d:02}")));
        let mut member = facts([("残疾", disability), ("人员", born), ("分", points)]);
        if let Some(incomes) = incomes {
            member.lists.insert("收入".into(), incomes);
        }
        member
    });
    let members = prop::option::weighted(0.9, prop::collection::vec(member, 0..5));
    (
        members,
        word(&["农村", "城市"]),
        number(100),
        number(100),
        number(100),
        flag(),
        prop::option::weighted(0.8, 0_i64..9),
    )
        .prop_map(|(members, kind, deposits, yearly, monthly, car, votes)| {
            let votes = votes.map(|n| Value::Number(Rational::from(i128::from(n))));
            let region = Value::Region(RegionCode::parse("410325").unwrap());
            let mut case = facts([
                ("计算日", Some(Value::Date(Date::constant(2026, 3, 1)))),
                ("属地", Some(region)),
                ("城乡", kind),
                ("存款", deposits),
                ("年金", yearly),
                ("月金", monthly),
                ("有车", car),
                ("票数", votes),
            ]);
            if let Some(members) = members {
                case.lists.insert("成员".into(), members);
            }
            case
        })
}

fn facts<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Facts {
    let mut facts = Facts::default();
    for (name, value) in pairs {
        if let Some(value) = value {
            facts.set(name, value);
        }
    }
    facts
}

/// Compares both evaluators on every definition of the case.
fn agree(text: &str, cases: &[Facts]) -> Result<usize, TestCaseError> {
    let mut env = environment();
    env.lists[0].columns.push(crate::environment::ValueName::new("分", crate::tests::unit("个月")));
    env.lists[0].columns[2].ty = crate::types::Type::Number(crate::unit::Unit::NONE);
    let (program, found) = compile(&[block(text)], env);
    if !found.is_empty() {
        return Ok(0);
    }
    let calendar = calendar();
    let population = Population::of(&program, cases);
    for (case, facts) in cases.iter().enumerate() {
        prop_assert_eq!(&population.facts(program.environment(), case), facts, "facts of case {}", case);
    }
    let names: Vec<&str> = program.definitions().filter(|d| d.row_of.is_none()).map(|d| d.name).collect();
    let assessed = assess(&program, &names, &population, &County, &calendar, 2).map_err(TestCaseError::fail)?;
    for (case, facts) in cases.iter().enumerate() {
        let reference = Assessment::new(&program, facts, &County, &calendar);
        for (place, name) in names.iter().enumerate() {
            let expected = reference.value(name).unwrap();
            let column = assessed.value(place, case);
            prop_assert_eq!(
                column.as_ref(),
                expected.as_ref().ok(),
                "{} of case {} in\n{}\n{:?}",
                name,
                case,
                text,
                expected
            );
        }
    }
    Ok(cases.len() - assessed.aside.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluators_agree(
        number in expressions(Kind::Number, 0, 4),
        flag in expressions(Kind::Flag, 0, 4),
        money in expressions(Kind::Money, 0, 4),
        inner in expressions(Kind::Money, 1, 3),
        cases in prop::collection::vec(cases(), 1..12),
    ) {
        agree(&format!("x = {number}"), &cases)?;
        agree(&format!("x = {flag}"), &cases)?;
        agree(&format!("x = {money}"), &cases)?;
        agree(&format!("成员.甲 = {inner}\nx = 合计(成员.甲)\ny = 最小(成员.甲)\nz = 任一 甲 在 成员 满足 甲.甲 > 100元"), &cases)?;
    }
}

#[test]
fn most_of_a_means_test_is_done_in_columns() {
    let text = "成员.收入月额 = 合计(收入.月额)\n成员.收入.月额 = 金额 / 月数\n家庭收入 = 合计(成员.收入月额)\n\
                人均 = 家庭收入 / 计(成员)\n低于 = 人均 < 标准(城乡)\n补差 = 舍入(最大(0, 标准(城乡) - 人均), 四舍五入到分)";
    let mut case = crate::tests::facts();
    let known = facts([("金额", Some(crate::tests::n("50"))), ("月数", Some(crate::tests::n("7")))]);
    case.lists.get_mut("成员").unwrap()[1].lists.insert("收入".into(), vec![known]);
    let cases: Vec<Facts> = (0..5000).map(|_| case.clone()).collect();
    let done = agree(text, &cases).unwrap();
    assert_eq!(done, cases.len());
}

#[test]
fn a_constant_is_not_in_its_lowest_terms() {
    let text = "x = 最小(存款, 舍入(月金 * 3个月, 进到十元)) = 舍入(标准(城乡) * 2个月, 四舍五入到分)";
    assert_eq!(agree(text, &[crate::tests::facts()]).unwrap(), 1);
}

#[test]
fn tables_dates_and_given_values_agree() {
    let rows = |policy: &str, outputs: [&str; 3]| {
        let [a, b, c] = outputs;
        format!("{policy} | 有车 | 票数 | → x\n1 | 是 | - | {a}\n2 | - | >= 3 | {b}\n3 | - | - | {c}")
    };
    let mut cases: Vec<Facts> = Vec::new();
    for (car, votes) in
        [(None, Some(1)), (None, Some(5)), (Some(true), None), (Some(false), None), (Some(false), Some(2))]
    {
        let mut case = crate::tests::facts();
        car.into_iter().for_each(|car| case.set("有车", Value::Bool(car)));
        votes.into_iter().for_each(|n| case.set("票数", crate::tests::n(&i32::to_string(&n))));
        cases.push(case);
    }
    cases[4].set("家庭收入", crate::tests::n("12.5"));
    for policy in ["首条", "收集合计", "收集计数"] {
        let text = rows(policy, ["1", "票数", "2"]);
        let table = crate::tests::tables::table(&text);
        let content = crate::program::Content::Table(table);
        let block = crate::program::Block { file: "甲".into(), basis: "".into(), content };
        let (program, found) = compile(&[block], environment());
        assert!(found.is_empty(), "{found:?}");
        let population = Population::of(&program, &cases);
        let assessed = assess(&program, &["x"], &population, &County, &calendar(), 1).unwrap();
        assert_eq!(assessed.reasons, Vec::<String>::new());
        for (case, facts) in cases.iter().enumerate() {
            let calendar = calendar();
            let expected = Assessment::new(&program, facts, &County, &calendar).value("x").unwrap();
            assert_eq!(assessed.value(0, case), expected.ok(), "{text} of case {case}");
        }
    }
    for text in [
        "家庭收入 = 月金 * 2\nx = 家庭收入 + 1元/月",
        "x = 任一 甲 在 成员 满足 甲.人员.出生日期 + 30日 > 计算日",
        "x = 最大(成员.人员.出生日期) - 30日",
        "成员.月 = 次月(人员.出生日期)\nx = 最小(成员.月)",
        "成员.月 = 相隔月(人员.出生日期, 计算日)\nx = 合计(成员.月)",
        "成员.日 = 上月末(人员.出生日期)\nx = 最大(成员.日) + 1日",
        "x = 月后(计算日, 3) - 计算日",
        "x = 包含(成员.残疾, \"二级\")",
        "x = 全部 甲 在 [1, 2, 票数] 满足 甲 < 3",
        "x = 若 有车 则 城乡 否则 \"都不是\"",
        "x = 文字(票数)",
    ] {
        agree(text, &cases).unwrap();
    }
}

#[test]
fn a_population_out_of_order_is_refused_with_its_place() {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use crate::columns::{Column, Data, Rows, Words};

    let (program, _) = compile(&[block("x = 存款 + 1元")], environment());
    let numbers = |values: &[i64], scale: i64| Column::new(Data::Numbers { values: values.to_vec(), scale });
    let refused = |name: &str, column: Column, rows: Option<Rows>| {
        let values: BTreeMap<Arc<str>, Column> = BTreeMap::from([(name.into(), column)]);
        let lists = rows.map(|rows| (0, rows)).into_iter().collect();
        let population = Population { cases: 2, values, lists };
        assess(&program, &["x"], &population, &County, &calendar(), 1).err()
    };
    assert_eq!(refused("存款", numbers(&[1, 2], 100), None), None);
    let words = Data::Words { codes: vec![0, 1], words: Words::new(["农村"]) };
    let rows = |starts: &[u32]| Some(Rows::new(starts.to_vec(), BTreeMap::new()));
    let cases = [
        ("存款", numbers(&[1], 100), None, "“存款”应有 2 行，却有 1 行"),
        ("存款", numbers(&[1, 2], 0), None, "“存款”的比例应大于零"),
        ("存款", numbers(&[1, 2], 1).known_where(vec![0]), None, "“存款”应有 2 行，却有 1 行"),
        ("有车", Column::new(Data::Flags(vec![0, 2])), None, "“有车”有不是 0 或 1 的值"),
        ("城乡", Column::new(words), None, "“城乡”有没有词的代码 1"),
        ("存款", numbers(&[1, 2], 1), rows(&[0, 3, 2]), "名单“成员”的起点应有 3 个，从 0 起不减"),
        ("存款", numbers(&[1, 2], 1), rows(&[0, 3]), "名单“成员”的起点应有 3 个，从 0 起不减"),
    ];
    for (name, column, rows, expected) in cases {
        assert_eq!(refused(name, column, rows).as_deref(), Some(expected));
    }
    assert_eq!(
        assess(&program, &["y"], &Population::default(), &County, &calendar(), 1).err().unwrap(),
        "没有公式或项目“y”"
    );
}

#[test]
fn a_bound_beyond_all_numbers_of_a_column_is_met_by_none() {
    let money = |fen: i64| {
        let mut case = crate::tests::facts();
        case.set("存款", Value::Number(Rational::new(fen.into(), 100)));
        case
    };
    let cases = [money(i64::MAX), money(100)];
    for relation in ["=", "!=", "<", "<=", ">", ">="] {
        // One 分 more than 64 bits hold, and on the other side one less.
        for bound in ["92233720368547758.08元", "(0元 - 92233720368547758.12元)"] {
            agree(&format!("x = 存款 {relation} {bound}\ny = {bound} {relation} 存款"), &cases).unwrap();
        }
    }
}

#[test]
fn a_formula_that_grows_is_left_to_the_reference() {
    let twenty = ["1"; 20].join(", ");
    let mut text = "票数".to_owned();
    for n in 0..6 {
        text = format!("合计(对每个 甲{n} 在 [{twenty}] 得 {text} + 甲{n})");
    }
    let (program, findings) = compile(&[block(&format!("x = {text}"))], environment());
    assert!(findings.is_empty(), "{findings:?}");
    let mut one = Facts::default();
    one.set("票数", Value::Number(Rational::from(3)));
    let cases = [one];
    let population = Population::of(&program, &cases);
    let assessed = assess(&program, &["x"], &population, &County, &calendar(), 1).unwrap();
    let expected = Assessment::new(&program, &cases[0], &County, &calendar()).value("x").unwrap();
    assert_eq!(assessed.value(0, 0), expected.ok());
}
