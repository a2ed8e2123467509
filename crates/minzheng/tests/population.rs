//! Populations from files: what is read is what is written, and what cannot be is refused with file and row.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use base::{Date, RegionCode};
use formula::{Column, Data, Facts, Population, Program, Value, assess};
use minzheng::content::Content;
use minzheng::population::{Map, Stream};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const MAP: &str = r#"
service = "dibao"
[cases]
key = "户号"
[cases.columns]
"城乡" = "城乡"

[lists."成员"]
file = "members.csv"
owner = "户号"
key = "人号"
[lists."成员".columns]
"与申请人关系" = "关系"
"人员.出生日期" = "出生"
"存款" = { column = "存款", scale = 100 }
"重病" = "重病"

[lists."成员.收入"]
file = "incomes.csv"
owner = "人号"
[lists."成员.收入".columns]
"类别" = { column = "类别", words = ["工资性", "转移性"] }
"金额" = { column = "金额", scale = 100 }
"月数" = "月数"

[lists."支出项"]
"#;

const CASES: &str = "户号,城乡\n1,农村\n2,城市\n5,\n7,农村\n";
const MEMBERS: &str = "户号,人号,关系,出生,存款,重病\n\
    1,11,本人,1960-05-01,1200.50,否\n1,12,配偶,19620501,,是\n5,51,本人,1990-01-31,0,\n7,71,本人,2000-12-31,9,否\n";
const INCOMES: &str = "人号,类别,金额,月数\n11,工资性,3000,12\n11,1,600.01,6\n71,转移性,5,1\n";

fn program() -> (Content, Program) {
    let content = Content::load(None).unwrap();
    let guide = content.library.guides.iter().find(|guide| &*guide.title == "最低生活保障").unwrap();
    let program = guide.program.clone();
    (content, program)
}

fn same() -> BTreeMap<Arc<str>, Column> {
    let region = Value::Region(RegionCode::parse("410325").unwrap());
    let values = [("计算日", Value::Date(Date::constant(2026, 7, 1))), ("属地", region)];
    values.map(|(name, value)| (name.into(), Column::new(Data::Same(value)))).into()
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// Every case as facts, read in batches of a size.
fn read(folder: &Path, map: &str, batch: usize) -> Result<Vec<Facts>, String> {
    let (_, program) = program();
    let env = program.environment();
    let map = Map::read(map)?;
    let mut stream = Stream::open(env, &map, &folder.join("cases.csv"), same())?.in_batches(batch);
    let mut all = Vec::new();
    while let Some(population) = stream.batch()? {
        population.check(env)?;
        all.extend((0..population.cases).map(|case| population.facts(env, case)));
    }
    Ok(all)
}

#[test]
fn what_is_read_is_what_was_written_in_batches_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("cases.csv", CASES), ("members.csv", MEMBERS), ("incomes.csv", INCOMES)]);
    let all = read(folder.path(), MAP, 100).unwrap();
    assert_eq!(all.len(), 4);
    for batch in [1, 2, 3] {
        assert_eq!(read(folder.path(), MAP, batch).unwrap(), all, "batches of {batch}");
    }
    let members = all[0].list("成员").unwrap();
    let number = |facts: &Facts, name: &str| facts.get(name).and_then(Value::number).map(|n| n.to_string());
    assert_eq!(number(&members[0], "存款"), Some("2401/2".into()));
    assert_eq!((members[1].get("存款"), members[1].get("重病")), (None, Some(&Value::Bool(true))));
    let incomes = members[0].list("收入").unwrap();
    assert_eq!(incomes[1].get("类别"), Some(&Value::text("转移性")));
    assert_eq!(number(&incomes[1], "金额"), Some("60001/100".into()));
    assert_eq!(members[1].list("收入"), Some(&Vec::new()));
    assert_eq!((all[1].list("成员"), all[2].get("城乡")), (Some(&Vec::new()), None));
    // A list of which it is said that there is nothing is known; one that is not named is not.
    assert_eq!((all[0].list("支出项"), all[0].list("赡养人")), (Some(&Vec::new()), None));
}

#[test]
fn what_cannot_be_is_refused_with_file_and_row() {
    let replaced = |text: &str, from: &str, to: &str| text.replacen(from, to, 1);
    let cases = [
        ("cases.csv", replaced(CASES, "5,", "2,"), "cases.csv 第 3 行：键“2”重复，或者没有按键从小到大排列"),
        ("cases.csv", replaced(CASES, "户号", "号码"), "cases.csv：没有列“户号”；有：号码、城乡"),
        (
            "members.csv",
            replaced(MEMBERS, "5,51", "6,51"),
            "members.csv 第 3 行：“6”不在上一层的文件里，或者次序与它不同",
        ),
        ("members.csv", replaced(MEMBERS, "5,51", ",51"), "members.csv 第 3 行：“户号”是空的"),
        (
            "members.csv",
            replaced(MEMBERS, "1990-01-31", "1990-02-31"),
            "members.csv 第 3 行：“出生”：“1990-02-31”不是日期",
        ),
        ("members.csv", replaced(MEMBERS, "1200.50", "一千"), "members.csv 第 1 行：“存款”：“一千”不是十进制的数"),
        (
            "members.csv",
            replaced(MEMBERS, "1200.50", "0.001"),
            "members.csv 第 1 行：“存款”：“0.001”乘以 100 不是能放下的整数",
        ),
        ("members.csv", replaced(MEMBERS, ",是", ",也许"), "members.csv 第 2 行：“重病”：“也许”不是“是”或“否”"),
        (
            "incomes.csv",
            replaced(INCOMES, "转移性", "意外之财"),
            "incomes.csv 第 3 行：“类别”：“意外之财”不在所列的词里",
        ),
        ("incomes.csv", replaced(INCOMES, "11,1,", "11,2,"), "incomes.csv 第 2 行“类别”：代码 2 没有词"),
        ("incomes.csv", replaced(INCOMES, "11,1,600.01,6", "11,1"), "incomes.csv 第 2 行"),
    ];
    for (name, text, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("cases.csv", CASES), ("members.csv", MEMBERS), ("incomes.csv", INCOMES)]);
        write(folder.path(), &[(name, &text)]);
        for batch in [1, 100] {
            let error = read(folder.path(), MAP, batch).expect_err(expected);
            assert!(error.starts_with(expected), "{error} instead of {expected}");
        }
    }
}

#[test]
fn a_mapping_names_only_what_the_guide_has() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("cases.csv", CASES), ("members.csv", MEMBERS), ("incomes.csv", INCOMES)]);
    let cases = [
        ("\"城乡\" = ", "\"城镇\" = ", "cases.csv：指南没有项目“城镇”"),
        ("lists.\"支出项\"", "lists.\"支出\"", "指南没有名单“支出”"),
        ("key = \"户号\"\n[cases.columns]", "[cases.columns]", "cases.csv：要写 key"),
        ("owner = \"人号\"\n", "", "incomes.csv：名单的文件要写 owner"),
        ("\"月数\" = ", "\"月份\" = ", "incomes.csv：名单“成员.收入”没有列“月份”"),
        ("[cases]", "[casses]", "TOML parse error"),
    ];
    for (from, to, expected) in cases {
        let error = read(folder.path(), &MAP.replacen(from, to, 1), 10).expect_err(expected);
        assert!(error.starts_with(expected), "{error} instead of {expected}");
    }
}

/// A Parquet file of households with a date as days, a decimal and a text.
fn parquet(path: &Path, schema: &str, floats: bool) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::default()).unwrap();
    for start in [1_i64, 3] {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[start, start + 1], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let words = [ByteArray::from("农村")];
        column.typed::<ByteArrayType>().write_batch(&words, Some(&[0, 1]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&[20_000, 20_001], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        match floats {
            true => _ = column.typed::<DoubleType>().write_batch(&[1.5, 2.5], None, None).unwrap(),
            false => _ = column.typed::<Int64Type>().write_batch(&[12_345, 67_890], None, None).unwrap(),
        }
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

#[test]
fn parquet_says_itself_what_a_number_is_but_never_a_float() {
    let folder = tempfile::tempdir().unwrap();
    let (content, program) = program();
    let env = program.environment();
    let map = "service = \"dibao\"\n[cases]\nkey = \"id\"\n[cases.columns]\n\"城乡\" = \"kind\"\n\"变更日期\" = \"day\"\n\"家庭月收入\" = \"money\"\n";
    let schema = "message m { required int64 id; optional binary kind (UTF8); required int32 day (DATE);
        required int64 money (DECIMAL(18,2)); }";
    let path = folder.path().join("cases.parquet");
    parquet(&path, schema, false);
    let mut stream = Stream::open(env, &Map::read(map).unwrap(), &path, same()).unwrap().in_batches(3);
    let first = stream.batch().unwrap().unwrap();
    let facts = first.facts(env, 1);
    assert_eq!(facts.get("城乡"), Some(&Value::text("农村")));
    assert_eq!(facts.get("变更日期"), Some(&Value::Date(Date::constant(2024, 10, 5))));
    assert_eq!(facts.get("家庭月收入"), Some(&Value::Number(formula::parse_decimal("678.90").unwrap())));
    assert_eq!((first.cases, first.facts(env, 0).get("城乡")), (3, None));
    let rest: Population = stream.batch().unwrap().unwrap();
    assert_eq!((rest.cases, stream.batch().unwrap().is_none()), (1, true));
    let assessed = assess(&program, &["标准"], &rest, &content.rates, &content.calendar, 1).unwrap();
    assert_eq!(assessed.value(0, 0), Some(Value::Number(formula::parse_decimal("500").unwrap())));

    parquet(&path, &schema.replace("int64 money (DECIMAL(18,2))", "double money"), true);
    let error = Stream::open(env, &Map::read(map).unwrap(), &path, same()).err().unwrap();
    assert_eq!(error, "cases.parquet：列“money”是 DOUBLE；钱和数要写成整数或者 DECIMAL，不要写成浮点数");
    std::fs::write(&path, b"PAR1 is not enough").unwrap();
    let error = Stream::open(env, &Map::read(map).unwrap(), &path, same()).err().unwrap();
    assert!(error.starts_with("cases.parquet："), "{error}");
}
