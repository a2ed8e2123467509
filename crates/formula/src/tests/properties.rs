//! Properties over random texts and random programs.

use proptest::prelude::*;

use super::{environment, facts, formulas};
use crate::ast::{Comparison, Domain, Expr, ExprKind, Ident, Iteration, Operator, Quantifier, Test};
use crate::parse::{parse_cell, parse_expression};
use crate::print::{print, print_cell};
use crate::{Inputs, Type, Value, compile};

fn make(kind: ExprKind) -> Expr {
    Expr::new(kind, 0..0)
}

fn ident(text: &str) -> Ident {
    Ident { text: text.into(), span: 0..0 }
}

/// Names of facts, of fields, of nothing.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "存款",
        "收入",
        "家庭成员",
        "金额",
        "类别",
        "备注",
        "有异议",
        "申请日期",
        "低保标准",
        "x",
        "没有_1",
    ])
    .prop_map(str::to_string)
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        (0_i64..10_000, 0_u32..4).prop_map(|(n, scale)| make(ExprKind::Number(base::Decimal::new(n, scale)))),
        "[a甲\"\\\\\n\t“”#]{0,4}".prop_map(|t| make(ExprKind::Text(t.into()))),
        any::<bool>().prop_map(|b| make(ExprKind::Bool(b))),
        name().prop_map(|n| make(ExprKind::Name(n.into()))),
        Just(make(ExprKind::Item)),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessEqual,
        Comparison::Greater,
        Comparison::GreaterEqual,
    ])
}

fn operator() -> impl Strategy<Value = Operator> {
    prop_oneof![
        prop::sample::select(vec![
            Operator::Or,
            Operator::And,
            Operator::Add,
            Operator::Subtract,
            Operator::Multiply,
            Operator::Divide,
            Operator::Power,
        ]),
        comparison().prop_map(Operator::Compare),
    ]
}

fn test(inner: impl Strategy<Value = Expr> + Clone + 'static) -> BoxedStrategy<Test> {
    prop_oneof![
        inner.clone().prop_map(Test::Equal),
        (comparison(), inner.clone()).prop_map(|(c, e)| Test::Compare(c, e)),
        (inner.clone(), any::<bool>(), inner, any::<bool>())
            .prop_map(|(low, low_closed, high, high_closed)| Test::Interval { low, low_closed, high, high_closed }),
    ]
    .boxed()
}

fn iterations(inner: impl Strategy<Value = Expr> + Clone + 'static) -> BoxedStrategy<Vec<Iteration>> {
    let domain = prop_oneof![
        inner.clone().prop_map(Domain::List),
        (inner.clone(), inner).prop_map(|(low, high)| Domain::Range(low, high)),
    ];
    prop::collection::vec((name(), domain), 1..3)
        .prop_map(|list| list.into_iter().map(|(n, domain)| Iteration { name: ident(&n), domain }).collect())
        .boxed()
}

fn function() -> impl Strategy<Value = String> {
    let names: Vec<&str> = crate::words::FUNCTIONS.iter().map(|row| row.chinese[0]).chain(["自定"]).collect();
    prop::sample::select(names).prop_map(str::to_string)
}

fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let several = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            boxed.clone().prop_map(|e| make(ExprKind::Negate(e))),
            (operator(), boxed.clone(), boxed.clone()).prop_map(|(o, l, r)| make(ExprKind::Binary(o, l, r))),
            (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(v, l, h)| make(ExprKind::Between(v, l, h))),
            (boxed.clone(), prop::collection::vec(test(inner.clone()), 1..3))
                .prop_map(|(v, t)| make(ExprKind::In(v, t))),
            (boxed.clone(), boxed.clone(), boxed.clone()).prop_map(|(c, y, n)| make(ExprKind::If(c, y, n))),
            (iterations(inner.clone()), boxed.clone()).prop_map(|(i, b)| make(ExprKind::For(i, b))),
            (any::<bool>(), iterations(inner.clone()), boxed.clone()).prop_map(|(some, i, b)| {
                let quantifier = if some { Quantifier::Some } else { Quantifier::Every };
                make(ExprKind::Quantified(quantifier, i, b))
            }),
            (boxed.clone(), boxed.clone()).prop_map(|(l, c)| make(ExprKind::Filter(l, c))),
            (boxed, name()).prop_map(|(b, n)| make(ExprKind::Path(b, ident(&n)))),
            several.clone().prop_map(|items| make(ExprKind::List(items))),
            prop::collection::btree_map(name(), inner, 1..3).prop_map(|fields| {
                make(ExprKind::Record(fields.into_iter().map(|(n, e)| (ident(&n), e)).collect()))
            }),
            (function(), several).prop_map(|(f, arguments)| make(ExprKind::Call(ident(&f), arguments))),
        ]
    })
}

/// Pieces of the language in any order.
fn soup() -> impl Strategy<Value = String> {
    let words: Vec<&str> = crate::words::KEYWORDS
        .iter()
        .flat_map(|row| row.chinese.iter().copied().chain([row.feel]))
        .chain(crate::words::FUNCTIONS.iter().map(|row| row.chinese[0]))
        .chain([
            "(", ")", "[", "]", "{", "}", ",", ":", ".", "..", "+", "-", "*", "**", "/", "=", "<", ">=", "\n", "\n  ",
        ])
        .chain([
            "甲", "乙 =", "存款", "收入", "金额", "1", "2.5", "\"文\"", "“", "\"", "#", "；", "\\", "list", "contains",
        ])
        .collect();
    prop::collection::vec(prop::sample::select(words), 0..30).prop_map(|words| words.join(" "))
}

/// What a well-typed expression of a kind can end in.
fn leaves(kind: char) -> &'static [&'static str] {
    match kind {
        'n' => &[
            "0",
            "1",
            "2.50",
            "存款",
            "上年度收入",
            "低保标准",
            "存款上限",
            "收入[1].金额",
            "79228162514264337593543950335",
        ],
        'b' => &["真", "假", "有异议", "住房.自有"],
        't' => &["\"\"", "\"农村\"", "备注", "家庭成员[1].姓名", "\"11010519491231002X\""],
        'd' => &["申请日期", "日期(\"2024-02-29\")", "日期(\"9999-12-31\")", "出生日期(备注)"],
        _ => &["[1]", "收入.金额", "家庭成员.年龄", "收入[金额 < 0].月数"],
    }
}

/// What numbers can be made of.
const NUMBERS: &[&str] = &[
    "({n} + {n})",
    "({n} - {n})",
    "({n} * {n})",
    "({n} / {n})",
    "(({n}) ** ({n}))",
    "(-{n})",
    "合计({l})",
    "计({l})",
    "最大({l})",
    "最小({n}, {n})",
    "平均({l})",
    "舍入({n}, {n})",
    "进位({n}, 1)",
    "舍去({n}, -2)",
    "余数({n}, {n})",
    "绝对值({n})",
    "向下取整({n})",
    "向上取整({n}, {n})",
    "字数({t})",
    "年份({d})",
    "日({d})",
    "相差月数({d}, {d})",
    "相差天数({d}, {d})",
    "周岁({d}, {d})",
    "首个已知({n}, {n})",
    "({l})[{n}]",
    "(若 {b} 则 {n} 否则 {n})",
    "{{甲: {n}, 乙: {t}}}.甲",
];

/// What a well-typed expression of a kind can be made of.
fn shapes(kind: char) -> &'static [&'static str] {
    match kind {
        'n' => NUMBERS,
        'b' => &[
            "({n} < {n})",
            "({n} = {n})",
            "({t} != {t})",
            "({d} >= {d})",
            "({b} 且 {b})",
            "({b} 或 {b})",
            "非({b})",
            "({n} 在 [{n}..{n}])",
            "({n} 在 ({n}, > {n}))",
            "({n} 在 {l})",
            "({n} 介于 {n} 到 {n})",
            "含有({l}, {n})",
            "(任一 x 在 {l} 满足 x > {n})",
            "(全部 x 在 {l} 满足 {b})",
            "缺失({t})",
            "缺失({l})",
            "包含({t}, {t})",
            "({l} = {l})",
        ],
        't' => &[
            "连接([{t}, {t}], {t})",
            "文字({n})",
            "显示({d})",
            "显示({l})",
            "文字({b})",
            "性别({t})",
            "首个已知({t}, {t})",
            "(若 {b} 则 {t} 否则 {t})",
        ],
        'd' => &[
            "加月({d}, {n})",
            "加日({d}, {n})",
            "月初({d})",
            "月末({d})",
            "日期({n}, {n}, {n})",
            "日期(连接([{t}]))",
            "最大({d}, {d})",
            "(若 {b} 则 {d} 否则 {d})",
        ],
        _ => &[
            "[{n}, {n}]",
            "合并({l}, {l})",
            "追加({l}, {n})",
            "去重({l})",
            "展平([{l}, {l}])",
            "排序({l})",
            "{l}[本项 > {n}]",
            "(对 x 在 {l} 取 x * {n})",
            "(对 x 在 1..{n} 取 x)",
            "(对 x 在 {l}, y 在 {l} 取 x - y)",
            "(若 {b} 则 {l} 否则 [])",
        ],
    }
}

/// A random text of a well-typed expression: `n` number, `b` truth, `t` text, `d` date, `l` list of numbers.
fn typed(kind: char, depth: u32) -> BoxedStrategy<String> {
    let leaf = prop::sample::select(leaves(kind).to_vec()).prop_map(str::to_string);
    if depth == 0 {
        return leaf.boxed();
    }
    let filled = prop::sample::select(shapes(kind).to_vec()).prop_flat_map(move |shape| fill(shape, depth - 1));
    prop_oneof![1 => leaf, 4 => filled].boxed()
}

/// Replaces `{n}`, `{b}`, … by random expressions of the kind; `{{` stands for a bracket.
fn fill(shape: &str, depth: u32) -> BoxedStrategy<String> {
    let mut parts: Vec<BoxedStrategy<String>> = Vec::new();
    let mut rest = shape;
    while let Some(at) = rest.find(['{', '}']) {
        parts.push(Just(rest[..at].to_string()).boxed());
        if rest[at..].starts_with("{{") || rest[at..].starts_with("}}") {
            parts.push(Just(rest[at..at + 1].to_string()).boxed());
            rest = &rest[at + 2..];
        } else {
            parts.push(typed(rest[at + 1..].chars().next().unwrap_or('n'), depth));
            rest = &rest[at + 3..];
        }
    }
    parts.push(Just(rest.to_string()).boxed());
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn conforms(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Missing(reason), _) => !reason.what.contains("类型与声明不符"),
        (Value::Number(_), Type::Number)
        | (Value::Text(_), Type::Text)
        | (Value::Bool(_), Type::Bool)
        | (Value::Date(_), Type::Date) => true,
        (Value::List(items), Type::List(item)) => items.iter().all(|value| conforms(value, item)),
        _ => false,
    }
}

/// Compiles a text and, if it compiles, evaluates, prints and explains everything in it.
fn exercise(text: &str) {
    if let Ok(program) = compile(&[formulas(text)], &environment()) {
        for facts in [facts(), Default::default()] {
            let evaluation = program.evaluate(&Inputs { facts: &facts, rates: &super::Table });
            for (name, value) in evaluation.values() {
                let _ = value.to_string();
                let json = serde_json::to_string(value).unwrap();
                assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), value);
                assert!(evaluation.explain(name).is_some());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn printing_and_reading_is_identity(expr in expr()) {
        let text = print(&expr);
        let read = parse_expression(&text, 0);
        prop_assert_eq!(read.as_ref(), Ok(&expr), "{}", text);
        prop_assert_eq!(print(&read.unwrap()), text);
    }

    #[test]
    fn printing_and_reading_a_cell_is_identity(tests in prop::collection::vec(test(expr().boxed()), 1..3), not in any::<bool>()) {
        let tests = if not { vec![Test::Not(tests)] } else { tests };
        let text = print_cell(&tests);
        prop_assert_eq!(parse_cell(&text, 0), Ok(tests), "{}", text);
    }

    #[test]
    fn random_texts_do_no_harm(text in "\\PC{0,80}", soup in soup()) {
        exercise(&text);
        exercise(&soup);
        exercise(&format!("甲 = {soup}"));
        let _ = parse_cell(&text, 0);
        let _ = parse_cell(&soup, 0);
    }

    /// What the checker promises, the evaluator keeps: the value has the type, or is missing with a reason of its own.
    #[test]
    fn well_typed_programs_yield_what_their_types_say(
        text in prop::sample::select(vec!['n', 'b', 't', 'd', 'l']).prop_flat_map(|kind| typed(kind, 4)),
    ) {
        let program = match compile(&[formulas(&format!("甲 = {text}"))], &environment()) {
            Ok(program) => program,
            Err(errors) => return Err(TestCaseError::fail(format!("{text}\n{errors:?}"))),
        };
        let evaluation = program.evaluate(&Inputs { facts: &facts(), rates: &super::Table });
        let (value, ty) = (evaluation.value("甲").unwrap(), program.type_of("甲").unwrap());
        prop_assert!(conforms(value, ty), "{} : {} = {}", text, ty, value);
        let printed = format!("甲 = {}", print(&parse_expression(&text, 0).unwrap()));
        let again = compile(&[formulas(&printed)], &environment()).unwrap();
        let again = again.evaluate(&Inputs { facts: &facts(), rates: &super::Table });
        prop_assert_eq!(again.value("甲").unwrap(), value, "{}", printed);
    }

    #[test]
    fn random_programs_do_no_harm(first in expr(), second in expr(), third in expr()) {
        exercise(&format!("x = {}\n甲 = {}\n自定(数) = {}\n", print(&first), print(&second), print(&third)));
    }
}
