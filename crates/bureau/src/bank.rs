//! What comes from banks, and what goes to them again: answers, statements, payments that came back.
//!
//! Files may come twice, late, in any order, cut off or about things that nobody sent. What is known already changes
//! nothing; what contradicts what is known is told and changes nothing either: somebody has to look.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, DateTime, Fen};
use casework::payment::{Answer, Batch, Explained, Instruction, Outcome};
use casework::{Code, Refusal};
use exchange::{Format, Message, Payment, RefusedFile, Reply, Shape, Unreadable};
use store::{Sent, Standing};

use crate::formats::Banks;
use crate::payroll::plain_id;
use crate::{Bureau, Failure, hash, payees};

/// Answers, or entries of a statement, that one transaction writes.
const SLICE: usize = 2_000;

/// 标识 of the format that nobody has to declare.
pub const ISO: &str = "iso20022";

/// A file for a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    /// `txt`, `xlsx` or `xml`.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

/// What became of a file's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub taken: usize,
    /// Said before, with the same outcome.
    pub repeated: usize,
    /// The bank does not know yet, or says it by a code that nobody has declared: nothing is sent again.
    pub undecided: usize,
    /// Ids that nobody has sent.
    pub unknown: Vec<String>,
    /// Chinese sentences: the bank says something else than it said before.
    pub contradicted: Vec<String>,
}

/// An entry of a statement as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bank's own reference.
    pub reference: String,
    /// What left the account is positive, what came back negative.
    pub amount: Fen,
    /// Ids of the instructions that it stands for.
    pub instructions: Vec<String>,
}

/// What became of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub explained: usize,
    pub repeated: usize,
    /// Chinese sentences: entries that stand for nothing that is known, or for another amount.
    pub differences: Vec<String>,
}

/// What a file was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenIn {
    Answers(Taken),
    Statement(Reconciled),
}

impl Bureau {
    /// The formats of banks' files, and from which account is paid.
    ///
    /// # Errors
    /// What is wrong with `banks.md`.
    pub fn banks(&self) -> Result<&Banks, Failure> {
        let wrong = |wrong: &Vec<String>| crate::refused(Refusal::new(Code::R114, wrong.join("；"), "请改正 banks.md"));
        self.banks.as_ref().map_err(wrong)
    }

    /// The format that somebody asked for by its 标识; `None` is ISO 20022, which is known by itself.
    fn format(&self, key: &str) -> Result<Option<&Format>, Failure> {
        if key == ISO {
            return Ok(None);
        }
        let banks = self.banks()?;
        let unknown = || crate::refused(Refusal::new(Code::R108, format!("没有格式“{key}”"), "请选 banks.md 里的一种"));
        banks.formats.iter().find(|known| known.key == key).map(Some).ok_or_else(unknown)
    }

    /// The file for a bank, in a format by its 标识: everything of a batch that is with the banks of the format and not
    /// answered. Making it again changes nothing; it has the same ids.
    ///
    /// # Errors
    /// A format that nobody declared, or what does not fit into it.
    pub fn file_for_bank(&self, run: &str, key: &str, now: DateTime) -> Result<BankFile, Failure> {
        let (ending, bytes) = match self.format(key)? {
            None => ("xml", exchange::pain_001(&self.outgoing(run, "", now.date())?, &self.banks()?.debtor, now)),
            Some(format) => {
                let batch = self.outgoing(run, &format.bank, now.date())?;
                (if format.shape == Shape::Sheet { "xlsx" } else { "txt" }, format.write(&batch))
            }
        };
        Ok(BankFile { ending, bytes: bytes.map_err(unreadable)? })
    }

    fn outgoing(&self, run: &str, bank: &str, day: Date) -> Result<exchange::Batch, Failure> {
        let runs = self.store.runs()?;
        let month = runs.iter().find(|known| known.case == run).map(|run| run.month.to_string());
        let purpose = format!("{}民政补助", month.unwrap_or_default());
        let sent = self.store.instructions(run)?.into_iter();
        let sent = sent.filter(|sent| sent.standing == Standing::Sent);
        let own = sent.map(|sent| sent.instruction).filter(|own| bank.is_empty() || own.bank == bank);
        let payment = |own: Instruction| Payment {
            id: own.id,
            payee: own.payee,
            account: own.account,
            bank: own.bank,
            amount: own.amount,
            purpose: purpose.clone(),
        };
        let payments: Vec<Payment> = own.map(payment).collect();
        let message = message_id(run, payments.iter().map(|payment| &*payment.id));
        Ok(exchange::Batch { id: plain_id(run), message, day, payments })
    }

    /// A file that came from a bank, in a format by its 标识.
    ///
    /// # Errors
    /// A file that is not whole or cannot be read: then nothing of it is taken in.
    pub fn take_file(&self, key: &str, bytes: &[u8], now: DateTime) -> Result<TakenIn, Failure> {
        let message = match self.format(key)? {
            Some(format) => Message::Replies(format.read(bytes).map_err(unreadable)?),
            None => exchange::read_message(bytes).map_err(unreadable)?,
        };
        match message {
            Message::Replies(replies) => Ok(TakenIn::Answers(self.take_replies(replies, now)?)),
            Message::Statement(entries) => {
                let entries = entries.into_iter().map(|entry| self.entry(entry));
                let entries = entries.collect::<Result<Vec<_>, Failure>>()?;
                Ok(TakenIn::Statement(self.reconcile(&entries, now)?))
            }
            Message::Refused(file) => Ok(TakenIn::Answers(self.take_refused(&file, now)?)),
        }
    }

    /// A file that the bank did not take: nothing of it was paid, so all of it has failed and goes out again under new
    /// ids. Only the file of exactly what is in flight is taken for refused; of any other, somebody has to look.
    fn take_refused(&self, file: &RefusedFile, now: DateTime) -> Result<Taken, Failure> {
        for run in self.store.runs()? {
            if !file.message.starts_with(&plain_id(&run.case)) {
                continue;
            }
            let sent = self.store.instructions(&run.case)?.into_iter();
            let ids: Vec<String> =
                sent.filter(|sent| sent.standing == Standing::Sent).map(|sent| sent.instruction.id).collect();
            if message_id(&run.case, ids.iter().map(String::as_str)) == file.message {
                // What is wrong with a file is nobody's account.
                let code = if is_of_account(&file.reason) { "format" } else { &file.reason };
                let failed = |id| Answer { id, outcome: Outcome::Failed, code: code.to_owned() };
                return self.take_answers(&ids.into_iter().map(failed).collect::<Vec<_>>(), now);
            }
        }
        let why = format!("银行没有收文件 {}（{}）", file.message, reason(&file.reason));
        let why = if file.why.is_empty() { why } else { format!("{why}：{}", file.why) };
        let other = format!("{why}。现在在途的不是这个文件里的那些，什么也没有记：请向银行问清哪些付了、哪些没有");
        Ok(Taken { contradicted: vec![other], ..Taken::default() })
    }

    fn take_replies(&self, replies: Vec<Reply>, now: DateTime) -> Result<Taken, Failure> {
        let (mut answers, mut undecided, mut other) = (Vec::new(), 0, Vec::new());
        for reply in replies {
            let outcome = match reply.result {
                exchange::Outcome::Paid => Outcome::Paid,
                exchange::Outcome::Failed => Outcome::Failed,
                exchange::Outcome::Returned => Outcome::Returned,
                exchange::Outcome::Unknown => {
                    undecided += 1;
                    continue;
                }
            };
            let sent = self.store.look(|read| read.sent(&reply.id))?;
            let said = sent.zip(reply.amount).filter(|(sent, said)| sent.instruction.amount != *said);
            if let Some((sent, said)) = said {
                let known = sent.instruction.amount;
                other.push(format!("{}：发的是 {known} 元，银行说 {said} 元", reply.id));
                continue;
            }
            answers.push(Answer { id: reply.id, outcome, code: reply.reason });
        }
        let mut taken = self.take_answers(&answers, now)?;
        taken.undecided = undecided;
        taken.contradicted.extend(other);
        Ok(taken)
    }

    /// An entry that names a batch stands for all of it that no statement has shown yet.
    fn entry(&self, entry: exchange::Entry) -> Result<Entry, Failure> {
        let mut instructions = entry.payments;
        if let Some(batch) = entry.batch.filter(|_| instructions.is_empty()) {
            let runs = self.store.runs()?;
            let run = runs.iter().find(|run| run.case == batch || plain_id(&run.case) == batch);
            let sent = run.map(|run| self.store.instructions(&run.case)).transpose()?.unwrap_or_default();
            let paid = sent
                .into_iter()
                .filter(|sent| matches!(sent.standing, Standing::Paid | Standing::Returned) && sent.explained == 0);
            instructions = paid.map(|sent| sent.instruction.id).collect();
        }
        Ok(Entry { reference: entry.reference, amount: entry.amount, instructions })
    }

    /// Takes in what a bank says of instructions.
    pub fn take_answers(&self, answers: &[Answer], now: DateTime) -> Result<Taken, Failure> {
        let mut outcome = Taken::default();
        let mut seen: BTreeMap<&str, &Answer> = BTreeMap::new();
        let mut fresh: Vec<Answer> = Vec::new();
        for answer in answers {
            if let Some(before) = seen.insert(&answer.id, answer) {
                note_second(&mut outcome, before, answer);
                seen.insert(&answer.id, before);
                continue;
            }
            let Some(sent) = self.store.look(|read| read.sent(&answer.id))? else {
                outcome.unknown.push(answer.id.clone());
                continue;
            };
            match (sent.standing, answer.outcome) {
                (Standing::Sent, Outcome::Paid | Outcome::Failed) | (Standing::Paid, Outcome::Returned) => {
                    fresh.push(answer.clone());
                }
                (Standing::Paid | Standing::Returned, Outcome::Paid)
                | (Standing::Failed, Outcome::Failed)
                | (Standing::Returned, Outcome::Returned) => outcome.repeated += 1,
                // It came back before anybody said that it had arrived.
                (Standing::Sent, Outcome::Returned) => {
                    fresh.push(Answer { outcome: Outcome::Paid, code: String::new(), ..answer.clone() });
                    fresh.push(answer.clone());
                }
                (known, said) => outcome.contradicted.push(contradiction(&answer.id, known, said)),
            }
        }
        for slice in slices(&fresh) {
            let batch = Batch::Answered { answers: slice.to_vec() };
            let ids: Vec<String> = slice.iter().map(|answer| format!("{} {:?}", answer.id, answer.outcome)).collect();
            self.write_slice(&format!("ANSWER-{}", &hash(&[&ids.join(" ")])[..24]), batch, now)?;
        }
        outcome.taken = fresh.len();
        Ok(outcome)
    }

    /// Explains the entries of a statement by what was paid and what came back.
    pub fn reconcile(&self, entries: &[Entry], now: DateTime) -> Result<Reconciled, Failure> {
        let mut outcome = Reconciled::default();
        let mut fresh: Vec<Explained> = Vec::new();
        let (mut seen, mut used) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            if !seen.insert(&entry.reference) || self.store.is_explained(&entry.reference)? {
                outcome.repeated += 1;
                continue;
            }
            match self.explanation(entry, &mut used)? {
                Ok(()) => fresh.push(Explained {
                    reference: entry.reference.clone(),
                    amount: entry.amount,
                    instructions: entry.instructions.clone(),
                }),
                Err(why) => outcome.differences.push(format!("{}：{why}", entry.reference)),
            }
        }
        for entry in &fresh {
            let stream = format!("STATEMENT-{}", &hash(&[&entry.reference])[..24]);
            self.write_slice(&stream, Batch::Explained { entries: vec![entry.clone()] }, now)?;
        }
        outcome.explained = fresh.len();
        Ok(outcome)
    }

    /// Whether an entry stands for exactly the amount of instructions that are still to be explained; why not.
    fn explanation(&self, entry: &Entry, used: &mut BTreeSet<(String, bool)>) -> Result<Result<(), String>, Failure> {
        let left = entry.amount.0 >= 0;
        if entry.instructions.is_empty() {
            return Ok(Err("没有写是哪几笔".to_owned()));
        }
        let (mut sum, mut own) = (0, BTreeSet::new());
        for id in &entry.instructions {
            let Some(sent) = self.store.look(|read| read.sent(id))? else {
                return Ok(Err(format!("没有发过指令 {id}")));
            };
            let is_next = match (left, sent.standing) {
                (true, Standing::Paid | Standing::Returned) => sent.explained == 0,
                (false, Standing::Returned) => sent.explained == 1 || used.contains(&(id.clone(), true)),
                _ => false,
            };
            if !is_next || used.contains(&(id.clone(), left)) || !own.insert((id.clone(), left)) {
                return Ok(Err(format!("指令 {id} 现在是“{}”，这一笔说明不了它", sent.standing.name())));
            }
            sum += sent.instruction.amount.0;
        }
        if sum != entry.amount.0.abs() {
            let (said, known) = (Fen(entry.amount.0.abs()), Fen(sum));
            return Ok(Err(format!("对账单上是 {said} 元，指令合计 {known} 元")));
        }
        used.extend(own);
        Ok(Ok(()))
    }

    /// Sends anew what came back, where the account has been put right since: a new instruction, linked to the old one.
    /// Gives how many were made, and how many still wait for their account.
    pub fn reissue(&self, run: &str, now: DateTime) -> Result<(usize, usize), Failure> {
        let mut fresh = Vec::new();
        let mut waiting = 0;
        for sent in self.store.look(|read| read.to_mend(run))? {
            match self.put_right(run, &sent, now)? {
                Some(instruction) => fresh.push(instruction),
                None => waiting += 1,
            }
        }
        for slice in slices(&fresh) {
            let batch = Batch::Instructed { run: run.to_owned(), instructions: slice.to_vec() };
            self.write_slice(&format!("{run}.again-{}", slice[0].id), batch, now)?;
        }
        Ok((fresh.len(), waiting))
    }

    /// The next instruction for what came back: into the account that is registered now, if it is another one or has
    /// been confirmed since, or if the account was not what was wrong.
    fn put_right(&self, run: &str, sent: &Sent, now: DateTime) -> Result<Option<Instruction>, Failure> {
        let first = sent.instruction.lines.first().copied().unwrap_or_default();
        let lines = self.store.look(|read| read.lines(run, (first, first), Standing::Payable))?;
        let Some(line) = lines.first() else { return Ok(None) };
        let query = payees::query("person", vec![line.payee_number.clone()], now.date());
        let Some(row) = self.store.look(|read| read.registered(&query))?.into_iter().next() else { return Ok(None) };
        let own = payees::account(&row);
        let is_fresh = own.account != sent.instruction.account
            || own.holder != sent.instruction.payee
            || own.since.at(0, 0, 0, 0) > sent.at.parse().unwrap_or(now);
        if is_of_account(&sent.code) && !is_fresh {
            return Ok(None);
        }
        let (stem, attempt) = sent.instruction.id.rsplit_once('-').unwrap_or((&sent.instruction.id, "1"));
        let attempt = attempt.parse::<u32>().unwrap_or(1) + 1;
        Ok(Some(Instruction {
            id: format!("{stem}-{attempt}"),
            payee: own.holder,
            bank: own.bank,
            account: own.account,
            again: sent.instruction.id.clone(),
            ..sent.instruction.clone()
        }))
    }
}

/// Reasons of banks (PAY-04): 标识, name, whether the account has to be put right before anything is sent again.
pub const REASONS: [(&str, &str, bool); 12] = [
    ("no_account", "账号不存在", true),
    ("name_mismatch", "户名不符", true),
    ("closed", "账户已销户", true),
    ("frozen", "账户被冻结", true),
    ("dormant", "账户长期不动", true),
    ("card_type", "账户种类不对", true),
    ("bank", "开户行不对", true),
    ("format", "格式错误", false),
    ("duplicate", "银行认为重复", false),
    ("no_funds", "代发账户余额不足", false),
    ("deceased", "收款人死亡", true),
    ("other", "其他原因", true),
];

fn unreadable(why: Unreadable) -> Failure {
    crate::refused(Refusal::new(
        Code::R108,
        why.to_string(),
        "请向银行要完整的文件，改好以后再导入；这个文件一行也没有记",
    ))
}

pub(crate) fn is_of_account(code: &str) -> bool {
    REASONS.iter().find(|(key, ..)| *key == code).is_none_or(|(.., of_account)| *of_account)
}

/// The name of a reason; what the bank said where it is none of the list.
pub fn reason(code: &str) -> &str {
    REASONS.iter().find(|(key, ..)| *key == code).map_or(code, |(_, name, _)| name)
}

/// The id of a message: the same for the same payments, another as soon as one of them is another.
fn message_id<'i>(run: &str, ids: impl Iterator<Item = &'i str>) -> String {
    format!("{}-{}", plain_id(run), &hash(&ids.collect::<Vec<_>>())[..8])
}

fn slices<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    all.chunks(SLICE)
}

fn note_second(outcome: &mut Taken, before: &Answer, second: &Answer) {
    if before.outcome == second.outcome {
        outcome.repeated += 1;
    } else {
        outcome.contradicted.push(format!("{}：一个文件里有两种结果", second.id));
    }
}

fn contradiction(id: &str, known: Standing, said: Outcome) -> String {
    let said = match said {
        Outcome::Paid => "成功",
        Outcome::Failed => "失败",
        Outcome::Returned => "退回",
    };
    format!("{id}：已经是“{}”，银行又说“{said}”", known.name())
}
