//! ISO 20022 as it comes in: pain.002, pacs.004, camt.053 and camt.054, of any version.
//!
//! Only what the standard has had in the same place since its first versions is read.

use base::Fen;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{Entry, Message, Outcome, RefusedFile, Reply, Unreadable};

/// An element with what it holds.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// How deep elements may stand in each other; the standard has fewer than twenty levels.
const DEEPEST: usize = 40;

/// The standard's codes with the keys of our reasons.
const REASONS: [(&str, &str); 14] = [
    ("AC01", "no_account"),
    ("AC02", "no_account"),
    ("AC03", "no_account"),
    ("AC04", "closed"),
    ("AC06", "frozen"),
    ("AC13", "card_type"),
    ("AC14", "card_type"),
    ("BE01", "name_mismatch"),
    ("BE04", "name_mismatch"),
    ("AGNT", "bank"),
    ("RC01", "bank"),
    ("AM04", "no_funds"),
    ("AM05", "duplicate"),
    ("MD07", "deceased"),
];

/// A message of a bank.
///
/// # Errors
/// What is not well-formed, not one of the messages that are known, or lacks what it must have.
pub fn read_message(bytes: &[u8]) -> Result<Message, Unreadable> {
    let document = parse(bytes)?;
    let body = document.children.first().ok_or_else(|| Unreadable::one("报文是空的"))?;
    match &*body.name {
        "CstmrPmtStsRpt" => statuses(body),
        "PmtRtr" => returns(body).map(Message::Replies),
        "BkToCstmrStmt" => entries(body, "Stmt").map(Message::Statement),
        "BkToCstmrDbtCdtNtfctn" => notified(body).map(Message::Replies),
        other => Err(Unreadable::one(format!("不认识的报文“{other}”：能读 pain.002、pacs.004、camt.053、camt.054"))),
    }
}

fn parse(bytes: &[u8]) -> Result<Element, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::one("报文不是 UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let broken = |at: u64, why: String| Unreadable::one(format!("报文在第 {at} 个字节处读不下去：{why}"));
    let mut open: Vec<Element> = Vec::new();
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| broken(at, error.to_string()))?;
        match event {
            Event::Start(start) if open.len() < DEEPEST => {
                open.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Start(_) => return Err(broken(at, "嵌套太深".into())),
            Event::Empty(start) => {
                let element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
                let Some(parent) = open.last_mut() else { return Err(broken(at, "只有一个空的元素".into())) };
                parent.children.push(element);
            }
            Event::Text(text) => {
                if let Some(parent) = open.last_mut() {
                    parent.text += &text;
                }
            }
            Event::GeneralRef(entity) => {
                if let Some(parent) = open.last_mut() {
                    let name = &*entity;
                    let known = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'")];
                    let known = known.iter().find(|(known, _)| **known == *name).map(|(_, text)| (*text).to_owned());
                    let plain = || entity.resolve_char_ref().ok().flatten().map(String::from);
                    parent.text += &known.or_else(plain).ok_or_else(|| broken(at, format!("不认识的“&{name};”")))?;
                }
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err(broken(at, "多了一个结束".into())) };
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Eof => return Err(broken(at, "文件不完整".into())),
            Event::CData(data) => {
                if let Some(parent) = open.last_mut() {
                    parent.text += &data;
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::DocType(_) => return Err(broken(at, "报文不应当有 DOCTYPE".into())),
        }
    }
}

impl Element {
    fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element that a path leads to.
    fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| &*element.text).filter(|text| !text.is_empty())
    }

    fn fen_at(&self, path: &str) -> Result<Option<Fen>, Unreadable> {
        let read = |text: &str| Fen::parse(text).ok_or_else(|| Unreadable::one(format!("“{text}”不是金额")));
        self.text_at(path).map(read).transpose()
    }
}

/// Our key of a reason, or the bank's own code.
fn reason(element: Option<&Element>) -> String {
    let code = element.and_then(|reason| reason.text_at("Rsn/Cd").or_else(|| reason.text_at("Rsn/Prtry")));
    let code = code.unwrap_or_default();
    REASONS.iter().find(|(iso, _)| *iso == code).map_or_else(|| code.to_owned(), |(_, key)| (*key).to_owned())
}

/// pain.002: accepted and settled is paid, rejected has failed, anything between is not known yet.
fn statuses(body: &Element) -> Result<Message, Unreadable> {
    let mut replies = Vec::new();
    for transaction in body.all("OrgnlPmtInfAndSts").flat_map(|info| info.all("TxInfAndSts")) {
        let id = transaction.text_at("OrgnlEndToEndId").ok_or_else(|| Unreadable::one("有一笔没有 OrgnlEndToEndId"))?;
        let result = match transaction.text_at("TxSts") {
            Some("ACSC" | "ACCC") => Outcome::Paid,
            Some("RJCT" | "CANC") => Outcome::Failed,
            _ => Outcome::Unknown,
        };
        let amount = transaction.fen_at("OrgnlTxRef/Amt/InstdAmt")?;
        replies.push(Reply { id: id.to_owned(), result, reason: reason(transaction.at("StsRsnInf")), amount });
    }
    if replies.is_empty() { refused_file(body) } else { Ok(Message::Replies(replies)) }
}

/// What a bank says of a whole file, where it says nothing of a single payment: the file has one block of payments, so
/// that the block is refused is the same.
fn refused_file(body: &Element) -> Result<Message, Unreadable> {
    let group = body.at("OrgnlGrpInfAndSts");
    let block = body.all("OrgnlPmtInfAndSts").find(|block| block.text_at("PmtInfSts") == Some("RJCT"));
    let refused = group.filter(|group| group.text_at("GrpSts") == Some("RJCT")).or(block);
    let message = group.and_then(|group| group.text_at("OrgnlMsgId"));
    let (Some(refused), Some(message)) = (refused, message) else {
        return Err(Unreadable::one("报文里没有逐笔的结果"));
    };
    let reason = reason(refused.at("StsRsnInf"));
    // The bank has the same file already; what became of its payments, the answers to that one say.
    if matches!(&*reason, "DUPL" | "duplicate") {
        return Err(Unreadable::one(format!("银行说文件 {message} 是同一个文件发了两次（{reason}），不用管")));
    }
    let why = refused.text_at("StsRsnInf/AddtlInf").unwrap_or_default().to_owned();
    Ok(Message::Refused(RefusedFile { message: message.to_owned(), reason, why }))
}

/// pacs.004: what was paid and came back.
fn returns(body: &Element) -> Result<Vec<Reply>, Unreadable> {
    let returned = |transaction: &Element| {
        let id = transaction.text_at("OrgnlEndToEndId").ok_or_else(|| Unreadable::one("有一笔没有 OrgnlEndToEndId"))?;
        let amount = transaction.fen_at("RtrdIntrBkSttlmAmt")?;
        let reason = reason(transaction.at("RtrRsnInf"));
        Ok(Reply { id: id.to_owned(), result: Outcome::Returned, reason, amount })
    };
    body.all("TxInf").map(returned).collect()
}

/// camt.054: what left was paid, what came in is a return.
fn notified(body: &Element) -> Result<Vec<Reply>, Unreadable> {
    let mut replies = Vec::new();
    for entry in body.all("Ntfctn").flat_map(|notification| notification.all("Ntry")) {
        let comes_in = entry.text_at("CdtDbtInd") == Some("CRDT");
        let result = if comes_in { Outcome::Returned } else { Outcome::Paid };
        for details in entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")) {
            let Some(id) = details.text_at("Refs/EndToEndId") else { continue };
            let amount = details.fen_at("Amt")?;
            replies.push(Reply { id: id.to_owned(), result, reason: reason(details.at("RtrInf")), amount });
        }
    }
    Ok(replies)
}

/// camt.053: booked entries.
fn entries(body: &Element, name: &str) -> Result<Vec<Entry>, Unreadable> {
    let mut found = Vec::new();
    for statement in body.all(name) {
        for (place, entry) in statement.all("Ntry").enumerate() {
            // Since version 4 the status is a choice of its own element.
            let status = entry.text_at("Sts/Cd").or_else(|| entry.text_at("Sts"));
            if status.is_some_and(|status| status != "BOOK") {
                continue;
            }
            let amount = entry.fen_at("Amt")?.ok_or_else(|| Unreadable::one("有一笔没有金额"))?;
            let amount = if entry.text_at("CdtDbtInd") == Some("CRDT") { Fen(-amount.0) } else { amount };
            let own = || Some(format!("{}#{}", statement.text_at("Id")?, place + 1));
            let named = entry.text_at("AcctSvcrRef").or_else(|| entry.text_at("NtryRef")).map(str::to_owned);
            let reference = named.or_else(own).ok_or_else(|| Unreadable::one("有一笔没有编号"))?;
            let details = || entry.all("NtryDtls");
            let payments = details().flat_map(|details| details.all("TxDtls"));
            let payments = payments.filter_map(|details| details.text_at("Refs/EndToEndId")).map(str::to_owned);
            let batch = details().find_map(|details| {
                details.text_at("Btch/PmtInfId").or_else(|| details.text_at("Btch/MsgId")).map(str::to_owned)
            });
            found.push(Entry { reference, amount, payments: payments.collect(), batch });
        }
    }
    Ok(found)
}
