//! Tables that people bring: what a spreadsheet does to them, and what must not be opened.

use std::io::{Cursor, Write as _};

use exchange::table::{Cell, Table, read_table};
use exchange::workbook::{Heading, Trouble, returned, template};
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use zip::write::SimpleFileOptions;

const WANTED: [&str; 4] = ["姓名", "身份号码", "出生日期", "金额"];

fn sheet(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn heads(sheet: &mut Worksheet, row: u32) {
    for (column, name) in (0..).zip(WANTED) {
        sheet.write(row, column, name).unwrap();
    }
}

fn read(bytes: &[u8]) -> Table {
    read_table(bytes, &WANTED).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    read_table(bytes, &WANTED).unwrap_err().to_string()
}

fn texts(table: &Table, line: usize) -> Vec<&str> {
    table.lines[line].cells.iter().map(Cell::as_text).collect()
}

#[test]
fn a_number_that_lost_its_digits_is_known() {
    let book = sheet(|sheet| {
        heads(sheet, 0);
        sheet.write(1, 0, "甲").unwrap().write(1, 1, 410_325_195_003_020_115.0).unwrap();
        sheet.write(2, 0, "乙").unwrap().write(2, 1, "410325195003020115").unwrap();
        sheet.write(3, 0, "丙").unwrap().write(3, 1, 410_325_500_302_011.0).unwrap().write(3, 3, 1200.5).unwrap();
    });
    let table = read(&book);
    assert!(matches!(&table.lines[0].cells[1], Cell::Lost(text) if text.starts_with("4103251950030")));
    assert_eq!(table.lines[1].cells[1], Cell::Text("410325195003020115".into()));
    assert_eq!(texts(&table, 2), ["丙", "410325500302011", "", "1200.5"]);
    // The same in a text file that a spreadsheet has saved.
    let table =
        read("姓名,身份号码\n甲,4.10325E+17\n乙,\"=\"\"410325195003020115\"\"\"\n丙,'410325195003020115\n".as_bytes());
    assert_eq!(table.lines[0].cells[1], Cell::Lost("4.10325E+17".into()));
    assert_eq!([texts(&table, 1)[1], texts(&table, 2)[1]], ["410325195003020115"; 2]);
}

#[test]
fn dates_formulas_and_failures_are_told_apart() {
    let book = sheet(|sheet| {
        heads(sheet, 0);
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_with_format(1, 2, 18_324, &date).unwrap();
        sheet.write(1, 0, "甲").unwrap().write(2, 0, "乙").unwrap().write(2, 2, "1950.3.2").unwrap();
        sheet.write(1, 3, Formula::new("=A1*2").set_result("240")).unwrap();
        sheet.write(2, 3, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    });
    let table = read(&book);
    assert_eq!(texts(&table, 0), ["甲", "", "1950-03-02", "240"]);
    assert!(table.notes.iter().any(|note| note.starts_with("有 2 个公式")), "{:?}", table.notes);
    assert!(matches!(&table.lines[1].cells[3], Cell::Failed(_) | Cell::Text(_)));
    assert_eq!(texts(&table, 1)[2], "1950.3.2");
}

#[test]
fn titles_and_merged_headers_are_read_past() {
    let book = sheet(|sheet| {
        let plain = Format::new();
        sheet.merge_range(0, 0, 0, 3, "嵩县农村低保对象花名册", &plain).unwrap();
        sheet.merge_range(1, 0, 2, 0, "姓名", &plain).unwrap();
        sheet.merge_range(1, 1, 1, 2, "证件", &plain).unwrap();
        sheet.write(2, 1, "身份号码*").unwrap().write(2, 2, "出生\n日期").unwrap();
        sheet.write(3, 0, "甲").unwrap().write(3, 1, "1").unwrap();
        sheet.write(5, 0, "乙").unwrap();
    });
    let table = read(&book);
    assert_eq!(table.heads, ["姓名", "身份号码", "出生日期"]);
    assert_eq!((table.head_line, table.lines.len(), table.lines[1].number), (3, 2, 6), "empty lines are no lines");
    assert!(table.notes.iter().any(|note| note.contains("合并的单元格")), "{:?}", table.notes);
    assert!(refused("姓名,姓名\n甲,乙\n".as_bytes()).contains("“姓名”有两列"));
}

#[test]
fn text_of_any_encoding_and_delimiter_is_read() {
    for (text, between) in
        [("姓名,金额\n甲,1\n", ','), ("姓名\t金额\r\n甲\t1\r\n", '\t'), ("\u{feff}姓名;金额\n甲;1", ';')]
    {
        assert_eq!(texts(&read(text.as_bytes()), 0), ["甲", "1"], "{between:?} {:?}", read(text.as_bytes()));
        let (gbk, _, _) = encoding_rs::GBK.encode(text.trim_start_matches('\u{feff}'));
        assert_eq!(texts(&read(&gbk), 0), ["甲", "1"], "GBK {between:?}");
    }
    // A rare character that GBK does not have comes through GB18030.
    let (wide, _, _) = encoding_rs::GB18030.encode("姓名\n𬭎\n");
    assert_eq!(texts(&read(&wide), 0), ["𬭎"]);
}

/// A workbook in which an entry is of nothing but zeros, and says that it is small.
fn bomb(size: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for name in ["xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
        archive.start_file(name, options).unwrap();
        let block = vec![0_u8; 1 << 20];
        for _ in 0..size {
            archive.write_all(&block).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn what_must_not_be_opened_is_refused_by_name() {
    let bomb = bomb(300);
    assert!(bomb.len() < 2 << 20);
    assert!(refused(&bomb).contains("展开以后太大"));
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["xl/workbook.xml", "xl/vbaProject.bin"] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
    }
    assert!(refused(&archive.finish().unwrap().into_inner()).contains("宏"));
    assert!(refused(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]).contains(".xls"));
    assert!(refused(b"%PDF-1.7").contains("PDF"));
    assert!(refused(b"").contains("空的"));
    assert!(refused(&[0xff, 0xd8, 0xff, 0, 1, 2, 3]).contains("文本"));
    let book = sheet(|sheet| heads(sheet, 0));
    assert!(refused(&book[..book.len() / 2]).contains("坏了"));
    // A single cell far out makes no room for all that lie between.
    let far = sheet(|sheet| {
        heads(sheet, 0);
        sheet.write(1_048_575, 16_383, "远").unwrap();
    });
    assert!(refused(&far).contains("最多 300 列"));
}

#[test]
fn a_template_asks_for_text_and_what_comes_back_says_what_is_wrong() {
    let heading = |name: &str, choices: &[&str]| Heading {
        name: name.into(),
        required: true,
        kind: "文字".into(),
        note: "照证件".into(),
        choices: choices.iter().map(|word| (*word).to_owned()).collect(),
    };
    let book = template("人员/底册", &[heading("姓名", &[]), heading("金额", &["一", "二"])]).unwrap();
    assert_eq!(read_table(&book, &WANTED).unwrap().heads, ["姓名", "金额"]);
    let table = read("姓名,身份号码\n甲,1\n乙,2\n丙,3\n".as_bytes());
    let trouble = |line, column, text: &str| Trouble { line, column, text: text.into() };
    let troubles = [trouble(2, Some(1), "少一位"), trouble(4, None, "重复"), trouble(4, Some(0), "没有这个人")];
    let back = read_table(&returned(&table, &troubles).unwrap(), &WANTED).unwrap();
    assert_eq!(back.heads, ["姓名", "身份号码", "原来的行", "问题"]);
    let rows: Vec<Vec<&str>> = (0..2).map(|line| texts(&back, line)).collect();
    assert_eq!(rows, [["甲", "1", "2", "少一位"], ["丙", "3", "4", "重复；没有这个人"]]);
}

fn plain_book() -> &'static [u8] {
    static BOOK: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BOOK.get_or_init(|| sheet(|sheet| heads(sheet, 0)))
}

proptest! {
    #[test]
    fn nothing_that_is_brought_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0..2000_usize, by: u8) {
        let _ = read_table(&bytes, &WANTED);
        let mut book = plain_book().to_vec();
        let place = at % book.len();
        book[place] ^= by;
        let _ = read_table(&book, &WANTED);
    }
}
