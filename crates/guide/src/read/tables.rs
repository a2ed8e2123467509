//! Headings and their tables: which there are, which columns they have, and what stands in a cell.

use std::collections::BTreeMap;
use std::ops::Range;

use formula::{Cell, Finding, half_width, nearest};

use crate::document::{Document, Section, Table};

/// Headings of guide.md with the columns of their tables; those in brackets may be left out.
pub const HEADINGS: [(&str, &[&str]); 18] = [
    ("服务", &["服务", "内容"]),
    ("启动", &["启动", "标识", "何时", "对每个", "若", "先办"]),
    ("项目", &["项目", "标识", "类型", "必填", "来源", "[说明]"]),
    ("台账", &["名称", "台账", "凭", "时点", "几行"]),
    ("参数", &["参数", "标识", "类型", "维度", "层级", "沿用", "[说明]", "[调整]"]),
    ("计算", &[]),
    ("步骤", &["步骤", "标识", "方式", "承办", "前提", "然后", "[依据]"]),
    ("时限", &["时限", "起", "止", "长度", "[若]", "[不计]", "[期满]", "[依据]"]),
    ("公示", &["公示", "地点", "内容", "异议人"]),
    ("校验", &["校验", "步骤", "应当", "否则", "提示", "[依据]"]),
    ("待遇", &["待遇", "标识", "享受人", "周期", "成分", "金额", "账户", "[互斥]", "[科目]"]),
    ("效果", &["步骤", "[若]", "动作", "对象", "[自]", "[至]", "[内容]"]),
    ("异常", &["异常", "若", "处理", "[说明]"]),
    ("核对", &["核对", "数据源", "步骤", "对每个", "[若]"]),
    ("疑点", &["疑点", "标识", "对每个", "若", "[申报]", "[查得]", "等级", "[排除]", "[说明]"]),
    ("文书", &["文书", "标识", "编号", "送达"]),
    ("指标", &["指标", "标识", "取自", "若", "算", "按"]),
    ("测算", &["待遇", "[收入]", "[人口]", "[线]", "[分组]"]),
];

pub fn columns(heading: &str) -> Option<&'static [&'static str]> {
    HEADINGS.iter().find(|(name, _)| *name == heading).map(|(_, columns)| *columns)
}

/// A table whose header has been checked.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Row {
    cells: BTreeMap<String, Cell>,
    pub span: Range<usize>,
}

impl Row {
    /// A cell by its column; `—` counts as empty, and so does a column that was left out.
    pub fn get(&self, column: &str) -> Cell {
        let empty = Cell { text: String::new(), span: self.span.end..self.span.end };
        let cell = self.cells.get(column).cloned().unwrap_or(empty);
        if matches!(&*cell.text, "—" | "－" | "–") { Cell { text: String::new(), ..cell } } else { cell }
    }

    pub fn text(&self, column: &str) -> String {
        self.get(column).text
    }
}

/// Checks the header of a table and gives its rows. Without `columns` any header will do.
pub fn rows(table: &Table, columns: &[&str], heading: &str, findings: &mut Vec<Finding>) -> Rows {
    let header: Vec<String> = table.text.header.iter().map(|cell| cell.text.clone()).collect();
    let plain = |column: &str| column.trim_matches(['[', ']']).to_owned();
    let known: Vec<String> = columns.iter().map(|column| plain(column)).collect();
    let all = known.join("、");
    for column in columns.iter().filter(|c| !c.starts_with('[') && !header.iter().any(|h| h == *c)) {
        let message = format!("“## {heading}”缺少列“{column}”");
        findings.push(Finding::error(
            "G102",
            table.span.start..table.span.start + 1,
            message,
            format!("本表的列是：{all}"),
        ));
    }
    for cell in table.text.header.iter().filter(|cell| !columns.is_empty() && !known.contains(&cell.text)) {
        let near = nearest(&cell.text, known.iter().map(String::as_str));
        let help = near.map_or_else(|| format!("本表的列是：{all}"), |near| format!("最接近的是“{near}”"));
        findings.push(Finding::error("G102", cell.span.clone(), format!("“## {heading}”没有列“{}”", cell.text), help));
    }
    let mut found = Rows::default();
    for (number, row) in table.text.rows.iter().enumerate() {
        let span = row.first().map_or(0, |c| c.span.start)..row.last().map_or(0, |c| c.span.end);
        let cells: BTreeMap<String, Cell> = header.iter().cloned().zip(row.iter().cloned()).collect();
        if row.first().is_none_or(|cell| cell.text.is_empty()) {
            let message = format!("“## {heading}”第 {} 行首列为空", number + 1);
            findings.push(Finding::error("G104", span.clone(), message, "空白不表示“同上”，请写全"));
        }
        found.rows.push(Row { cells, span });
    }
    found
}

/// The sections of guide.md under each of its second-level headings, the heading itself first.
pub fn chapters<'d>(document: &'d Document, findings: &mut Vec<Finding>) -> BTreeMap<String, Vec<&'d Section>> {
    let mut chapters: BTreeMap<String, Vec<&Section>> = BTreeMap::new();
    let mut current = String::new();
    for section in &document.sections {
        if section.level <= 2 {
            let heading = section.title.clone();
            if section.level == 2 && columns(&heading).is_some() && chapters.contains_key(&heading) {
                let message = format!("标题“## {heading}”出现两次");
                findings.push(Finding::error("G108", section.span.clone(), message, "请合并"));
            }
            current = heading;
        }
        let runs = !section.tables.is_empty() || section.fences.iter().any(|f| f.info != "不执行");
        if section.level <= 2 && runs && columns(&section.title).is_none() {
            findings.push(stray(section));
        }
        for fence in section.fences.iter().filter(|f| !["公式", "文书", "说明", "不执行"].contains(&&*f.info))
        {
            let message = format!("围栏“{}”不认识", fence.info);
            findings.push(Finding::error("G105", fence.span.clone(), message, "应写“公式”“文书”“说明”“不执行”之一"));
        }
        chapters.entry(current.clone()).or_default().push(section);
    }
    chapters
}

/// A heading that is not known but has a table or a fence: a slip of the pen, or a table where prose belongs.
fn stray(section: &Section) -> Finding {
    let title = &section.title;
    let like = HEADINGS.iter().map(|(name, _)| *name).find(|name| title.contains(name) || name.contains(&**title));
    match like.filter(|_| !title.is_empty()) {
        Some(like) => {
            let message = format!("标题“## {title}”不认识");
            Finding::error("G101", section.span.clone(), message, format!("应写“## {like}”"))
        }
        None => {
            let message = format!("“## {title}”下不应有表格或围栏");
            let help = "材料请写成 类型 为“附件”的项目；别的内容写成文字";
            Finding::error("G103", section.span.clone(), message, help)
        }
    }
}

/// The clauses of a cell, separated by `；`.
pub fn clauses(cell: &Cell) -> Vec<Cell> {
    split(cell, |c| half_width(c) == ';')
}

/// The names of a cell, separated by `、`.
pub fn names(cell: &Cell) -> Vec<Cell> {
    split(cell, |c| c == '、')
}

/// The parts of a cell between separators outside brackets and quotes, without blanks and without empty parts.
pub fn split(cell: &Cell, separates: impl Fn(char) -> bool) -> Vec<Cell> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    let mut push = |start: usize, end: usize| {
        let raw = &cell.text[start..end];
        let text = raw.trim();
        if !text.is_empty() {
            let at = cell.span.start + start + raw.find(text).unwrap_or(0);
            parts.push(Cell { text: text.to_owned(), span: at..at + text.len() });
        }
    };
    for (i, c) in cell.text.char_indices() {
        match half_width(c) {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            _ if separates(c) && depth <= 0 && !quoted => {
                push(start, i);
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    push(start, cell.text.len());
    parts
}

/// The text before and behind the first occurrence of a word, both with their places.
pub fn cut(cell: &Cell, at: usize, length: usize) -> (Cell, Cell) {
    let part = |from: usize, to: usize| {
        let raw = &cell.text[from..to];
        let text = raw.trim();
        let start = cell.span.start + from + raw.find(text).unwrap_or(0);
        Cell { text: text.to_owned(), span: start..start + text.len() }
    };
    (part(0, at), part(at + length, cell.text.len()))
}

/// Whether a text can be a 标识.
pub fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
