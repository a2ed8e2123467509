//! The numbered errors of the language, and a finding before its file is known.

use std::ops::Range;

use base::{Diagnostic, Location};

/// The number of an error. The table below gives its meaning for the reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    Character,
    OpenText,
    BadNumber,
    Syntax,
    OpenBracket,
    NotADefinition,
    ReservedName,
    Unsupported,
    TooDeep,
    UnknownName,
    UnknownFunction,
    UnknownField,
    Duplicate,
    Cycle,
    WrongType,
    DifferentTypes,
    ArgumentCount,
    NotAChoice,
    Untyped,
    BadDate,
    NotACondition,
    TableShape,
    TableCell,
    TableOverlap,
    TableGap,
    TableUnreachable,
    TablePolicy,
}

/// In the order of the enum: code, number, meaning.
pub(crate) const CODES: [(Code, &str, &str); 27] = [
    (Code::Character, "F001", "认不出的字符"),
    (Code::OpenText, "F002", "文字没有结束的引号，或引号里有不认识的转义"),
    (Code::BadNumber, "F003", "数的写法不对，或超过 28 位有效数字"),
    (Code::Syntax, "F004", "语法不对：此处应当是别的东西"),
    (Code::OpenBracket, "F005", "括号没有配对"),
    (Code::NotADefinition, "F006", "这一行不是“名称 = 式子”"),
    (Code::ReservedName, "F007", "保留字或内置函数名不能用作名称"),
    (Code::Unsupported, "F008", "FEEL 有而本语言不收的写法，或容易读错的写法"),
    (Code::TooDeep, "F009", "式子套得太深"),
    (Code::UnknownName, "F010", "没有这个名称"),
    (Code::UnknownFunction, "F011", "没有这个函数或带参数的公式"),
    (Code::UnknownField, "F012", "记录里没有这一项"),
    (Code::Duplicate, "F013", "名称重复"),
    (Code::Cycle, "F014", "循环引用"),
    (Code::WrongType, "F020", "类型不对"),
    (Code::DifferentTypes, "F021", "两边或两支的类型不同"),
    (Code::ArgumentCount, "F022", "函数的参数个数不对"),
    (Code::NotAChoice, "F023", "表单上没有这个选项，比较永远不成立"),
    (Code::Untyped, "F024", "看不出类型，例如单独的空列表"),
    (Code::BadDate, "F025", "日期写法不对或没有这一天"),
    (Code::NotACondition, "F026", "条件的结果应当是“是否”"),
    (Code::TableShape, "F030", "判定表的列数或表头不对"),
    (Code::TableCell, "F031", "判定表的单元格不对"),
    (Code::TableOverlap, "F032", "判定表有两行同时适用"),
    (Code::TableGap, "F033", "判定表有遗漏的情形"),
    (Code::TableUnreachable, "F034", "判定表有永远用不到的行"),
    (Code::TablePolicy, "F035", "判定表的命中方式与它的列不合"),
];

impl Code {
    pub fn number(self) -> &'static str {
        CODES[self as usize].1
    }
}

/// An error at a byte range of the file that the text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub code: Code,
    pub span: Range<usize>,
    pub message: String,
    pub help: String,
}

impl Fault {
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, span, message: message.into(), help: help.into() })
    }

    pub fn at(self, file: &std::sync::Arc<str>) -> Diagnostic {
        Diagnostic::error(self.code.number(), Location::new(file.clone(), self.span), self.message, self.help)
    }
}

/// The candidate nearest to a name by edit distance, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= length.max(candidate.chars().count()) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_order() {
        for (i, (code, number, _)) in CODES.iter().enumerate() {
            assert_eq!(*code as usize, i, "{number}");
        }
    }

    #[test]
    fn finds_the_nearest_name() {
        let names = ["低保标准", "家庭月收入", "保障线"];
        assert_eq!(nearest("低保标", names.into_iter()), Some("低保标准"));
        assert_eq!(nearest("家庭年收入", names.into_iter()), Some("家庭月收入"));
        assert_eq!(nearest("残疾等级", names.into_iter()), None);
    }
}
