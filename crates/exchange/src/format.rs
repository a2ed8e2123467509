//! Bank files as they are declared: what stands in which column, in which encoding, and what the bank's codes mean.

use base::Fen;

use crate::cells::{self, Line};
use crate::{Batch, Outcome, Payment, Reply, Unreadable};

/// A format of a bank's files: those that go out and those that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    pub key: String,
    pub name: String,
    /// The bank whose payees it is for, as the accounts' register calls it; empty for all banks.
    pub bank: String,
    pub shape: Shape,
    pub encoding: Encoding,
    pub line_end: String,
    /// First line, lines and last line of what goes out; first and last may have no columns, and then there is none.
    pub out: [Vec<Column>; 3],
    pub back: [Vec<Column>; 3],
    pub verdicts: Vec<Verdict>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Fixed,
    Delimited(char),
    Sheet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Gbk,
    Gb18030,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub content: Content,
    /// In bytes; of fixed width only.
    pub width: usize,
    pub side: Side,
    pub fill: u8,
}

/// To which side of its column a cell is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The same text in every line.
    Always(String),
    Place,
    Id,
    Payee,
    Account,
    Bank,
    Yuan,
    Fen,
    Purpose,
    Batch,
    Day,
    Count,
    TotalYuan,
    TotalFen,
    Result,
    /// Left out when it comes in, empty when it goes out.
    Nothing,
}

/// What a code in a bank's file means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub code: String,
    pub result: Outcome,
    pub reason: String,
}

impl Content {
    /// The words of a declaration.
    pub const WORDS: [(&'static str, Self); 15] = [
        ("序号", Self::Place),
        ("指令", Self::Id),
        ("户名", Self::Payee),
        ("账号", Self::Account),
        ("开户银行", Self::Bank),
        ("金额元", Self::Yuan),
        ("金额分", Self::Fen),
        ("摘要", Self::Purpose),
        ("批次", Self::Batch),
        ("日期", Self::Day),
        ("笔数", Self::Count),
        ("总额元", Self::TotalYuan),
        ("总额分", Self::TotalFen),
        ("结果", Self::Result),
        ("不用", Self::Nothing),
    ];

    /// A word, or a fixed text in quotes.
    pub fn parse(text: &str) -> Option<Self> {
        let fixed = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let word = || Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, content)| content.clone());
        fixed.map(|fixed| Self::Always(fixed.to_owned())).or_else(word)
    }
}

impl Format {
    /// The file of a batch.
    ///
    /// # Errors
    /// What does not fit into its column or its encoding.
    pub fn write(&self, batch: &Batch) -> Result<Vec<u8>, Unreadable> {
        let [first, middle, last] = &self.out;
        let mut lines: Vec<(&[Column], Vec<String>)> = Vec::new();
        let whole = |columns: &[Column]| columns.iter().map(|column| cell(column, batch, None)).collect::<Vec<_>>();
        if !first.is_empty() {
            lines.push((first, whole(first)));
        }
        for (place, payment) in (1..).zip(&batch.payments) {
            let cells = middle.iter().map(|column| cell(column, batch, Some((place, payment)))).collect();
            lines.push((middle, cells));
        }
        if !last.is_empty() {
            lines.push((last, whole(last)));
        }
        cells::write(self, &lines)
    }

    /// What a bank's file says, if the file is whole: a first or last line that counts otherwise refuses all of it.
    ///
    /// # Errors
    /// Every line that cannot be read.
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<Reply>, Unreadable> {
        let [first, middle, last] = &self.back;
        // Without a last line that counts, only the end of a line tells that the last one was not cut off.
        if matches!(self.shape, Shape::Delimited(_)) && last.is_empty() && !bytes.ends_with(b"\n") {
            return Err(Unreadable::one("文件不完整：最后一行没有写完"));
        }
        let lines = cells::lines(self, bytes)?;
        let (skip, keep) = (usize::from(!first.is_empty()), usize::from(!last.is_empty()));
        if lines.len() < skip + keep {
            return Err(Unreadable::one("文件不完整：没有首行或者末行"));
        }
        let (own, mut wrong) = (&lines[skip..lines.len() - keep], Vec::new());
        let (mut replies, mut sum) = (Vec::new(), 0_i64);
        for (number, line) in own {
            match self.reply(line, middle) {
                Ok(reply) => {
                    sum = sum.saturating_add(reply.amount.map_or(0, |fen| fen.0));
                    replies.push(reply);
                }
                Err(why) => wrong.push(format!("第 {number} 行：{why}")),
            }
        }
        let counts = [(first, lines.first(), skip), (last, lines.last(), keep)];
        for (columns, line, _) in counts.into_iter().filter(|(.., there)| *there == 1) {
            let Some((number, line)) = line else { continue };
            if let Err(why) = self.counted(line, columns, own.len(), sum) {
                wrong.push(format!("第 {number} 行：{why}"));
            }
        }
        if wrong.is_empty() { Ok(replies) } else { Err(Unreadable(wrong)) }
    }

    fn reply(&self, line: &Line, columns: &[Column]) -> Result<Reply, String> {
        let cells = line.cut(self, columns).ok_or("长短或者列数不对")?;
        let of =
            |wanted: &Content| columns.iter().zip(&cells).find(|(c, _)| c.content == *wanted).map(|(_, cell)| cell);
        for (column, cell) in columns.iter().zip(&cells) {
            if let Content::Always(fixed) = &column.content
                && fixed != cell
            {
                return Err(format!("“{}”应当是“{fixed}”", column.name));
            }
        }
        let id = of(&Content::Id).filter(|id| !id.is_empty()).ok_or("没有指令号")?.clone();
        let code = of(&Content::Result).ok_or("没有结果")?;
        let verdict = self.verdicts.iter().find(|verdict| verdict.code == *code);
        // A code that nobody has declared is not a no: nothing may be sent again until somebody has asked.
        let (result, reason) =
            verdict.map_or((Outcome::Unknown, code.clone()), |verdict| (verdict.result, verdict.reason.clone()));
        let amount = amount(columns, &cells, &Content::Yuan, &Content::Fen)?;
        Ok(Reply { id, result, reason, amount })
    }

    fn counted(&self, line: &Line, columns: &[Column], count: usize, sum: i64) -> Result<(), String> {
        let cells = line.cut(self, columns).ok_or("长短或者列数不对")?;
        let said = columns.iter().zip(&cells).find(|(column, _)| column.content == Content::Count);
        if let Some((_, said)) = said
            && said.parse() != Ok(count)
        {
            return Err(format!("说有 {said} 笔，实际 {count} 笔：文件不完整"));
        }
        match amount(columns, &cells, &Content::TotalYuan, &Content::TotalFen)? {
            Some(said) if said.0 != sum => Err(format!("说共 {said} 元，实际 {} 元：文件不完整", Fen(sum))),
            _ => Ok(()),
        }
    }
}

fn cell(column: &Column, batch: &Batch, line: Option<(usize, &Payment)>) -> String {
    let of = |of: fn(&Payment) -> String| line.map(|(_, payment)| of(payment)).unwrap_or_default();
    match &column.content {
        Content::Always(text) => text.clone(),
        Content::Place => line.map(|(place, _)| place.to_string()).unwrap_or_default(),
        Content::Id => of(|payment| payment.id.clone()),
        Content::Payee => of(|payment| payment.payee.clone()),
        Content::Account => of(|payment| payment.account.clone()),
        Content::Bank => of(|payment| payment.bank.clone()),
        Content::Yuan => of(|payment| payment.amount.plain()),
        Content::Fen => of(|payment| payment.amount.0.to_string()),
        Content::Purpose => of(|payment| payment.purpose.clone()),
        Content::Batch => batch.id.clone(),
        Content::Day => batch.day.to_string().replace('-', ""),
        Content::Count => batch.payments.len().to_string(),
        Content::TotalYuan => batch.total().plain(),
        Content::TotalFen => batch.total().0.to_string(),
        Content::Result | Content::Nothing => String::new(),
    }
}

/// An amount that stands in one of two columns.
fn amount(columns: &[Column], cells: &[String], yuan: &Content, fen: &Content) -> Result<Option<Fen>, String> {
    let of = |wanted: &Content| columns.iter().zip(cells).find(|(c, _)| c.content == *wanted).map(|(_, cell)| cell);
    let unreadable = |text: &String| format!("“{text}”不是金额");
    match (of(yuan), of(fen)) {
        (Some(text), _) => Fen::parse(text).map(Some).ok_or_else(|| unreadable(text)),
        (_, Some(text)) => text.parse().map(|fen| Some(Fen(fen))).map_err(|_| unreadable(text)),
        _ => Ok(None),
    }
}
