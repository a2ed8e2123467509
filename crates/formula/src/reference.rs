//! The reference page, written from the tables that the reader of formulas uses.

use std::fmt::Write;

use crate::kinds::KINDS;
use crate::number::ROUNDINGS;
use crate::unit::NAMES;
use crate::words::{BUILTINS, KEYWORDS, POLICIES};

/// Expressions with their values, which a test computes.
pub(crate) const EXAMPLES: [(&str, &str); 61] = [
    ("若 1 < 2 则 \"小\" 否则 \"大\"", "小"),
    ("1 + 2 * 3 ** 2", "19"),
    ("1000 / 3 * 3", "1000"),
    ("3 在 [1..3] 且 非(3 在 (1..3))", "是"),
    ("文字(3) 在 (\"3\", \"4\")", "是"),
    ("2 介于 1 且 3 且 非 (4 between 1 and 3)", "是"),
    ("任一 甲 在 [1, 5] 满足 甲 > 3", "是"),
    ("全部 甲 在 [1, 5] 满足 甲 > 3", "否"),
    ("合计(对每个 甲 在 [1, 2] 得 甲 * 10)", "30"),
    ("500元/月 * 3个月", "1500.00"),
    ("按月(12900元/年)", "1075.00"),
    ("舍入(1075元/月 / 3, 四舍五入到分)", "358.33"),
    ("舍入(1.01元, 进到角)", "1.10"),
    ("最大(3, 7, 5) - 最小([3, 7])", "4"),
    ("平均([1, 2])", "1.5"),
    ("计([4, 4, 5]) + 计(去重([4, 4, 5]))", "5"),
    ("合并([1], [2, 3])[-1]", "3"),
    ("包含([\"子\"], \"丑\")", "否"),
    ("绝对值(-2.5) + 取整(2.5) + 进整(2.5)", "7.5"),
    ("首项([7, 8]) + 末项([7, 8])", "15"),
    ("2026-03-31 - 2026-03-01", "30"),
    ("月后(2026-01-31, 1)", "2026-02-28"),
    ("工作日后(2026-09-30, 1)", "2026-10-08"),
    ("年龄(1960-03-02, 2026-03-01)", "65"),
    ("相隔月(2026-01-31, 2026-02-28)", "1"),
    ("次月(2026-12-05)", "2027-01"),
    ("上月末(2026-03-09)", "2026-02-28"),
    ("年份(日期(2026, 3, 1)) + 长度(\"民政局\")", "2029"),
    ("合计(对每个 几 在 1..3, 倍 在 [1, 10] 得 几 * 倍)", "66"),
    ("3 在 >= 3", "是"),
    ("\"嵩县\" + \"民政局\"", "嵩县民政局"),
    ("2026-01-31 + 1个月", "2026-02-28"),
    ("2026-07-12 12:00:00 - 2026-07-11 00:00", "1.5"),
    ("1.5e3 + 取余(-7, 3)", "1502"),
    ("向外取(1.234, 1) + 向内取(1.29, 1) + 四舍五入(1.25, 1)", "3.8"),
    ("五舍六入(1.25, 1) + 四舍六入(1.35, 1) + 取整(1.29, 1)", "3.8"),
    ("余数(-7, 3)", "-1"),
    ("是奇数(3) 且 是偶数(4)", "是"),
    ("连乘([2, 3]) + 中位数([1, 5, 9]) + 计(众数([1, 1, 2]))", "12"),
    ("都成立([是, 3 > 2]) 且 有成立([否, 是])", "是"),
    ("追加([1], 2, 3) = 插入([1, 3], 2, 2)", "是"),
    ("去掉([1, 2], -1) = 截列([1, 2], 1, 1)", "是"),
    ("倒序([1, 2]) = 换项([2, 3], 2, 1)", "是"),
    ("各在第几([7, 8, 7], 7)", "1、3"),
    ("并集([1, 2], [2, 3]) = 从至(1, 3)", "是"),
    ("摊平([[1], [2, 3]]) = 合并各列([[1], [2, 3]])", "是"),
    ("截取(\"民政局\", 1, 2) + 之前(\"嵩县民政局\", \"县\") + 之后(\"甲-乙\", \"-\")", "民政嵩乙"),
    ("大写(\"a\") + 小写(\"B\")", "Ab"),
    ("含有(\"民政局\", \"政\") 且 开头是(\"民政局\", \"民\") 且 结尾是(\"民政局\", \"局\")", "是"),
    ("连接([\"甲\", \"乙\"], \"和\")", "甲和乙"),
    ("转成数(\"12.5\")", "12.5"),
    ("转成数(\"1,234.5\", \",\", \".\")", "1234.5"),
    ("3元 类型是 数 且 [1, 2] 类型是 一列<数> 且 非(\"3\" 类型是 数)", "是"),
    ("2026-07-01.年 + 2026-07-01.星期 + 星期几(2026-07-05)", "2036"),
    ("09:30 + (1日 / 2)", "21:30"),
    ("时刻(2026-07-01, 时间(9, 30, 0)) - 1个月", "2026-06-01 09:30"),
    ("几时(09:30) + 几分(09:30:05) + 几秒(09:30:05) + (2026-07-02 12:00 - 2026-07-01 09:00).余时", "47"),
    ("{姓: \"张\", 岁: 70岁}.岁 + 合计([{甲: 1岁}, {甲: 2岁}].甲)", "73"),
    ("[{甲: 1}, {甲: 5}][甲 > 2][1].甲 + 计([3, 7, 9][项 > 5])", "7"),
    ("计(对每个 天 在 2026-02-27..2026-03-01 得 天.日)", "3"),
    ("年内第几天(2026-02-01) + 年内第几周(2026-01-05)", "34"),
];

/// The page in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# 公式参考\n\n本页由程序的词表生成，不要手改；`minzheng reference` 打印它。\n\
         公式是 DMN 的 FEEL 语言的一个严格的、有类型的部分，中文词和 FEEL 的词都认。\n\
         `minzheng eval '式子'` 可以试算，`minzheng fmt` 把写法统一。\n",
    );
    let row = |page: &mut String, cells: &[&str]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    let mut table = |title: &str, header: &[&str], rows: &mut dyn Iterator<Item = Vec<String>>| {
        let _ = writeln!(page, "\n## {title}\n");
        row(&mut page, header);
        row(&mut page, &vec!["---"; header.len()]);
        for cells in rows {
            row(&mut page, &cells.iter().map(String::as_str).collect::<Vec<_>>());
        }
    };
    let code = |text: &str| if text.is_empty() { "—".to_owned() } else { format!("`{text}`") };
    let keywords = &mut KEYWORDS.iter().map(|(_, feel, word, meaning)| vec![code(word), code(feel), (*meaning).into()]);
    table("关键词", &["词", "FEEL", "意思"], keywords);
    let builtins = &mut BUILTINS.iter().map(|(_, feel, _, signature, meaning)| {
        vec![code(signature), code(&feel.replace('_', " ")), (*meaning).into()]
    });
    let kinds = &mut KINDS
        .iter()
        .map(|(feel, word, meaning)| vec![code(word), code(&feel.replace('_', " ")), (*meaning).into()]);
    table("类型", &["“类型是”后面", "FEEL", "意思"], kinds);
    table("函数", &["写法", "FEEL", "意思"], builtins);
    let policies =
        &mut POLICIES.iter().map(|(_, word, letter, meaning)| vec![code(word), code(letter), (*meaning).into()]);
    table("决策表", &["第一个表头", "FEEL", "意思"], policies);
    table("单位", &["紧跟数字"], &mut NAMES.iter().map(|name| vec![code(name)]));
    table("舍入规则", &["规则"], &mut ROUNDINGS.iter().map(|rule| vec![code(rule)]));
    table("例子", &["式子", "值"], &mut EXAMPLES.iter().map(|(text, value)| vec![code(text), (*value).into()]));
    page
}
