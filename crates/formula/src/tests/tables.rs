use crate::eval::Assessment;
use crate::program::{Block, Content, compile};
use crate::table::{Cell, TableText};
use crate::tests::{County, calendar, environment, facts, n};
use crate::value::Value;

/// Reads `甲 | 乙` lines; the first is the header.
pub fn table(text: &str) -> TableText {
    let mut offset = 0;
    let mut lines = text.lines().map(|line| {
        let cells = line.split('|').map(|part| {
            let lead = part.len() - part.trim_start().len();
            let start = offset + lead;
            offset += part.len() + 1;
            Cell { text: part.trim().to_owned(), span: start..start + part.trim().len() }
        });
        cells.collect::<Vec<_>>()
    });
    TableText { header: lines.next().unwrap(), rows: lines.collect() }
}

fn compiled(text: &str) -> (crate::Program, Vec<String>) {
    let block =
        Block { file: "law/甲法.md".into(), basis: "甲法 第二条".into(), content: Content::Table(table(text)) };
    let (program, found) = compile(&[block], environment());
    (program, found.iter().map(|d| format!("{} {}", d.code, d.message)).collect())
}

#[test]
fn finds_gaps_overlaps_and_rows_never_reached() {
    let cases = [
        ("唯一 | 有车 | 城乡 | → x\n1 | 是 | - | 1\n2 | 否 | 农村 | 2", "G401 决策表“x”缺一种情形：有车=否，城乡=城市"),
        ("唯一 | 存款 | → x\n1 | < 100 | 1\n2 | >= 100 | 2", ""),
        ("唯一 | 存款 | → x\n1 | < 100 | 1\n2 | > 100 | 2", "G401 决策表“x”缺一种情形：存款=100"),
        ("唯一 | 票数 | → x\n1 | 0 | 1\n2 | [1..3] | 2\n3 | >= 3 | 3", "G402 决策表“x”第 2、3 行重叠：票数=3"),
        ("首条 | 票数 | → x\n1 | >= 0 | 1\n2 | 5 | 2", "G403 决策表“x”第 2 行永远用不到：被前面的行遮住"),
        ("唯一 | 城乡 | → x\n1 | 城市、农村 | 1", ""),
        ("唯一 | 城乡 | → x\n1 | 非(城市) | 1\n2 | 城市 | 2", ""),
        ("任一 | 票数 | → x\n1 | >= 0 | 1\n2 | 5 | 1", ""),
        ("任一 | 票数 | → x\n1 | >= 0 | 1\n2 | 5 | 2", "G402 决策表“x”第 1、2 行重叠而结果不同：票数=5"),
        ("任一 | 票数 | → x\n1 | >= 1 | 1", "G401 决策表“x”缺一种情形：票数=0"),
        ("优先 | 城乡 | → x\n1 | - | 1", "G404 “优先”的决策表没有写结果的优先次序"),
        ("优先 | 城乡 | → x(甲)\n1 | - | 1", "G311 优先次序里的“\"甲\"”不是数的常数"),
        ("优先 | 票数 | → x(甲、乙)\n1 | - | \"乙\"\n2 | 5 | \"甲\"", ""),
        (
            "优先 | 票数 | → x(甲、乙)\n1 | - | \"甲\"\n2 | 5 | \"乙\"",
            "G403 决策表“x”第 2 行永远用不到：被更优先的行遮住",
        ),
        ("收集 | 票数 | → x\n1 | 5 | \"甲\"", ""),
        ("收集合计 | 票数 | → x\n1 | 5 | \"甲\"", "G311 “x”是选项(甲)，不能这样收集"),
    ];
    for (text, expected) in cases {
        let (_, found) = compiled(text);
        assert_eq!(found, if expected.is_empty() { vec![] } else { vec![expected] }, "{text}");
    }
}

#[test]
fn a_row_decides_though_others_are_unknown() {
    let (program, found) = compiled(
        "唯一 | 有车 | 存款 > 40000元 | → x | → y\n甲 | 是 | - | \"拒\" | 1\n乙 | 否 | 是 | \"拒\" | 2\n丙 | 否 | 否 | \"准\" | 票数",
    );
    assert_eq!(found, Vec::<String>::new());
    let (mut facts, calendar) = (facts(), calendar());
    let unknown = Assessment::new(&program, &facts, &County, &calendar).value("x").unwrap();
    assert_eq!(unknown.unwrap_err().to_string(), "没有“有车”");
    facts.set("有车", Value::Bool(false));
    let assessment = Assessment::new(&program, &facts, &County, &calendar);
    assert_eq!(assessment.value("x"), Some(Ok(Value::text("准"))));
    assert_eq!(assessment.value("y").unwrap().unwrap_err().to_string(), "没有“票数”");
    let line = assessment.explain("x").unwrap().line;
    assert_eq!(line, "x = 按表第 丙 行：准（甲法 第二条）");
    facts.set("有车", Value::Bool(true));
    facts.values.remove("存款");
    assert_eq!(Assessment::new(&program, &facts, &County, &calendar).value("y"), Some(Ok(n("1"))));
}

#[test]
fn unknown_has_a_cell_of_its_own() {
    let (program, _) = compiled("首条 | 有车 | → x\n1 | 未知 | \"去查\"\n2 | - | \"知道\"");
    let (mut facts, calendar) = (facts(), calendar());
    assert_eq!(Assessment::new(&program, &facts, &County, &calendar).value("x"), Some(Ok(Value::text("去查"))));
    facts.set("有车", Value::Bool(true));
    assert_eq!(Assessment::new(&program, &facts, &County, &calendar).value("x"), Some(Ok(Value::text("知道"))));
}

#[test]
fn a_row_table_has_one_result_per_row() {
    let (program, found) = compiled("首条 | 残疾 | → 成员.加发\n1 | 一级、二级 | 标准(城乡) * 30%\n2 | - | 0元/月");
    assert_eq!(found, Vec::<String>::new());
    let (facts, calendar) = (facts(), calendar());
    let assessment = Assessment::new(&program, &facts, &County, &calendar);
    assert_eq!(assessment.row_value(0, [0, 0], "加发"), Some(Ok(n("150"))));
    let unknown = assessment.row_value(0, [1, 0], "加发").unwrap().unwrap_err();
    assert_eq!(unknown.to_string(), "没有“成员第 2 行”的“残疾”");
}

#[test]
fn every_policy_collects_in_its_way() {
    let rows = "1 | >= 1 | 2\n2 | >= 5 | 3\n3 | >= 2 | 1";
    let words = "1 | >= 1 | \"乙\"\n2 | >= 5 | \"丙\"\n3 | >= 2 | \"甲\"";
    let cases = [
        (format!("依次 | 票数 | → x\n{rows}"), "2、1", "无"),
        (format!("收集 | 票数 | → x\n{rows}"), "2、1", "无"),
        (format!("择序 | 票数 | → x(甲、乙、丙)\n{words}"), "甲、乙", "无"),
        (format!("优先 | 票数 | → x(丙、甲、乙)\n{words}\n4 | 0 | \"乙\""), "甲", "乙"),
        (format!("收集合计 | 票数 | → x\n{rows}"), "3", "0"),
        (format!("收集最小 | 票数 | → x\n{rows}"), "1", "列是空的，没有可取的项"),
        (format!("收集最大 | 票数 | → x\n{rows}"), "2", "列是空的，没有可取的项"),
        (format!("收集计数 | 票数 | → x\n{rows}"), "2", "0"),
        ("任一 | 票数 | → x\n1 | >= 1 | 计(成员)\n2 | - | 2".into(), "2", "2"),
        ("任一 | 票数 | → x\n1 | >= 1 | 计(成员)\n2 | - | 3".into(), "决策表里几行都符合，结果却不同", "3"),
    ];
    let calendar = calendar();
    for (text, of_three, of_none) in cases {
        let (program, found) = compiled(&text);
        assert_eq!(found, Vec::<String>::new(), "{text}");
        let ty = program.find("x").unwrap().ty.unwrap().clone();
        for (votes, expected) in [("3", of_three), ("0", of_none)] {
            let mut facts = facts();
            facts.set("票数", n(votes));
            let outcome = Assessment::new(&program, &facts, &County, &calendar).value("x").unwrap();
            let shown = outcome.map_or_else(|unknown| unknown.to_string(), |value| value.show(&ty));
            assert_eq!(shown, expected, "{text} with {votes}");
        }
    }
}

#[test]
fn an_unknown_row_matters_only_where_it_could_decide() {
    let table = |policy: &str, first: &str| {
        format!(
            "{policy} | 有车 | 存款 | → x(甲、乙)\n1 | - | >= 0 | \"{first}\"\n2 | 是 | - | \"甲\"\n3 | - | < 0 | \"乙\""
        )
    };
    let (facts, calendar) = (facts(), calendar());
    for (text, decided) in [(table("优先", "甲"), true), (table("优先", "乙"), false), (table("择序", "甲"), false)]
    {
        // A row that another always precedes is not the point here.
        let (program, _) = compiled(&text);
        let outcome = Assessment::new(&program, &facts, &County, &calendar).value("x").unwrap();
        assert_eq!(outcome.is_ok(), decided, "{text}");
    }
}
