//! `banks.md`: the formats of banks' files, as the bureau declares them.

use exchange::{Column, Content, Debtor, Encoding, Format, Outcome, Shape, Side, Verdict};
use guide::{Document, Section};

use crate::bank::REASONS;

/// What the bureau declares of banks.
#[derive(Clone, Debug)]
pub struct Banks {
    pub formats: Vec<Format>,
    /// The account from which is paid.
    pub debtor: Debtor,
    /// How many payments a file may have.
    pub most: u32,
}

/// A file has no more payments than this unless `banks.md` says otherwise.
const MOST: u32 = 10_000;

/// What a file declares, or everything that is wrong with it: Chinese sentences.
pub fn read(text: &str) -> Result<Banks, Vec<String>> {
    let document = Document::read("banks.md", text);
    let (mut found, mut wrong): (Vec<Format>, Vec<String>) = (Vec::new(), Vec::new());
    let mut payer = None;
    for section in &document.sections {
        let read = match section.level {
            2 if &*section.title == PAYING => paying(section).map(|own| payer = Some(own)),
            2 => begin(section).map(|format| found.push(format)),
            3 => match found.last_mut() {
                Some(format) => part(format, section),
                None => Err("在第一个格式之前".to_owned()),
            },
            _ => Ok(()),
        };
        wrong.extend(read.err().map(|why| format!("banks.md“{}”：{why}", section.title)));
    }
    for format in &found {
        let has = |columns: &[Column], wanted: &Content| columns.iter().any(|column| column.content == *wanted);
        for (columns, wanted, what) in [
            (&format.out[1], Content::Id, "发出的没有“指令”一列"),
            (&format.out[1], Content::Account, "发出的没有“账号”一列"),
            (&format.back[1], Content::Id, "收回的没有“指令”一列"),
            (&format.back[1], Content::Result, "收回的没有“结果”一列"),
        ] {
            if !has(columns, &wanted) {
                wrong.push(format!("banks.md“{}”：{what}", format.name));
            }
        }
    }
    if payer.is_none() && wrong.is_empty() {
        wrong.push(format!("banks.md 没有“## {PAYING}”"));
    }
    match payer {
        Some((debtor, most)) if wrong.is_empty() => Ok(Banks { formats: found, debtor, most }),
        _ => Err(wrong),
    }
}

/// The heading of the account from which is paid.
const PAYING: &str = "付款账户";

/// Who pays, and how many payments a file may have.
fn paying(section: &Section) -> Result<(Debtor, u32), String> {
    let rows = rows(section);
    let of = |wanted: &str| named(&rows, wanted).map(str::to_owned).ok_or_else(|| format!("没有写“{wanted}”"));
    let most = match named(&rows, "每个文件最多") {
        Some(text) => text.parse().ok().filter(|most| *most > 0).ok_or("“每个文件最多”应写笔数")?,
        None => MOST,
    };
    Ok((Debtor { name: of("户名")?, account: of("账号")?, bank: of("开户银行")? }, most))
}

/// What stands beside a word; nothing where it is empty.
fn named<'r>(rows: &'r [Vec<String>], wanted: &str) -> Option<&'r str> {
    let row = rows.iter().find(|row| row.first().is_some_and(|cell| cell == wanted));
    row.and_then(|row| row.get(1)).map(String::as_str).filter(|text| !text.is_empty())
}

/// The rows of a section's tables, each as its cells.
fn rows(section: &Section) -> Vec<Vec<String>> {
    let rows = section.tables.iter().flat_map(|table| &table.text.rows);
    rows.map(|row| row.iter().map(|cell| cell.text.trim().to_owned()).collect()).collect()
}

fn begin(section: &Section) -> Result<Format, String> {
    let (name, key) = section.title.rsplit_once(' ').ok_or("写成“## 名称 标识”")?;
    let rows = rows(section);
    let of = |wanted: &str| named(&rows, wanted).unwrap_or_default();
    let shape = match of("种类") {
        "定长" => Shape::Fixed,
        "表格" => Shape::Sheet,
        "竖线分隔" => Shape::Delimited('|'),
        "逗号分隔" => Shape::Delimited(','),
        "制表分隔" => Shape::Delimited('\t'),
        other => return Err(format!("种类“{other}”不认识：应写 定长、表格、竖线分隔、逗号分隔、制表分隔")),
    };
    let encoding = match of("编码") {
        "UTF-8" => Encoding::Utf8,
        "GBK" => Encoding::Gbk,
        "GB18030" => Encoding::Gb18030,
        other => return Err(format!("编码“{other}”不认识：应写 UTF-8、GBK、GB18030")),
    };
    Ok(Format {
        key: key.to_owned(),
        name: name.to_owned(),
        bank: of("银行").to_owned(),
        shape,
        encoding,
        line_end: "\r\n".to_owned(),
        out: Default::default(),
        back: Default::default(),
        verdicts: Vec::new(),
    })
}

fn part(format: &mut Format, section: &Section) -> Result<(), String> {
    let rows = rows(section);
    let columns = || rows.iter().map(|row| column(row, format.shape == Shape::Fixed)).collect::<Result<_, String>>();
    match &*section.title {
        "发出首行" => format.out[0] = columns()?,
        "发出" => format.out[1] = columns()?,
        "发出末行" => format.out[2] = columns()?,
        "收回首行" => format.back[0] = columns()?,
        "收回" => format.back[1] = columns()?,
        "收回末行" => format.back[2] = columns()?,
        "结果" => format.verdicts = rows.iter().map(|row| verdict(row)).collect::<Result<_, String>>()?,
        _ => return Err("应是 发出首行、发出、发出末行、收回首行、收回、收回末行、结果".to_owned()),
    }
    Ok(())
}

fn column(row: &[String], fixed: bool) -> Result<Column, String> {
    let cell = |place: usize| row.get(place).map(String::as_str).unwrap_or_default();
    let content = Content::parse(cell(1)).ok_or_else(|| format!("内容“{}”不认识", cell(1)))?;
    let width = cell(2).parse().ok().filter(|width| !fixed || *width > 0).unwrap_or(0);
    if fixed && width == 0 {
        return Err(format!("列“{}”没有宽", cell(0)));
    }
    let side = if cell(3) == "右" { Side::Right } else { Side::Left };
    let fill = if cell(4) == "0" { b'0' } else { b' ' };
    Ok(Column { name: cell(0).to_owned(), content, width, side, fill })
}

fn verdict(row: &[String]) -> Result<Verdict, String> {
    let cell = |place: usize| row.get(place).map(String::as_str).unwrap_or_default();
    let result = match cell(1) {
        "成功" => Outcome::Paid,
        "失败" => Outcome::Failed,
        "退回" => Outcome::Returned,
        "未知" => Outcome::Unknown,
        other => return Err(format!("结果“{other}”不认识：应写 成功、失败、退回、未知")),
    };
    let reason = match cell(2) {
        "" => "",
        name => {
            REASONS
                .iter()
                .find(|(_, known, _)| *known == name)
                .ok_or_else(|| {
                    let names: Vec<&str> = REASONS.iter().map(|(_, name, _)| *name).collect();
                    format!("原因“{name}”不认识：应写 {}", names.join("、"))
                })?
                .0
        }
    };
    Ok(Verdict { code: cell(0).to_owned(), result, reason: reason.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_formats_are_read_and_mistakes_are_named() {
        let shipped = include_str!("../../../guides/banks.md");
        let formats = read(shipped).unwrap().formats;
        assert_eq!(formats.iter().map(|format| &*format.key).collect::<Vec<_>>(), ["rural", "postal", "agricultural"]);
        assert_eq!(formats[1].shape, Shape::Delimited('|'));
        assert_eq!(formats[0].out[1].iter().map(|column| column.width).sum::<usize>(), 222);
        for (from, to, named) in [
            ("| 账号 | 示例", "| 帐号 | 示例", "没有写“账号”"),
            ("| 10000 |", "| 很多 |", "“每个文件最多”应写笔数"),
            ("定长", "定宽", "种类“定宽”"),
            ("GBK", "BIG5", "编码“BIG5”"),
            ("| 1002 | 失败 |", "| 1002 | 错 |", "结果“错”"),
            ("| 35 |", "| |", "列“指令”没有宽"),
            ("| 指令 | 指令 | 35", "| 指令 | 指今 | 35", "内容“指今”"),
        ] {
            assert!(shipped.contains(from), "{from}");
            let wrong = read(&shipped.replacen(from, to, 1)).unwrap_err();
            assert!(wrong[0].contains(named), "{from} → {to}: {wrong:?}");
        }
    }
}
