//! Files to banks and from banks. What a bank says in them is believed in `bank`.

use std::collections::BTreeMap;

use base::{Date, DateTime, Fen};
use casework::payment::{Answer, Instruction, Outcome};
use casework::{Code, Refusal};
use exchange::{Format, Message, Payment, RefusedFile, Reply, Shape, Unreadable};
use store::{Sent, Standing};

use crate::bank::{Entry, Reconciled, Taken, is_of_account, reason};
use crate::formats::Banks;
use crate::payroll::{SLICE, plain_id};
use crate::{Bureau, Failure, hash};

/// 标识 of the format that nobody has to declare.
pub const ISO: &str = "iso20022";

/// A file for a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    /// `txt`, `xlsx` or `xml`.
    pub ending: &'static str,
    pub bytes: Vec<u8>,
}

/// What a file was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenIn {
    Answers(Taken),
    Statement(Reconciled),
}

/// What one file holds of a batch: banks take files of so many payments only, and a file is made in memory. Payments are
/// divided by the numbers in their ids, so that one is always in the same file, whatever was answered since.
struct Part {
    /// How banks call it.
    id: String,
    first: String,
    last: String,
}

impl Part {
    fn of(run: &str, number: u32, most: u32) -> Self {
        let plain = plain_id(run);
        let last = number.saturating_mul(most);
        let id = if number == 1 { plain.clone() } else { format!("{plain}P{number:03}") };
        let (first, last) = (format!("{plain}-{:07}", last - most + 1), format!("{plain}-{last:07}-~"));
        Self { id, first, last }
    }
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

    /// How many files a batch is divided into.
    pub fn files_of(&self, run: &str) -> Result<u32, Failure> {
        let last = self.store.look(|read| read.last_instruction(&format!("{}-", plain_id(run))))?;
        let place = last.as_deref().and_then(|id| id.split('-').nth(1)?.parse::<u32>().ok()).unwrap_or(1);
        Ok(place.div_ceil(self.banks()?.most))
    }

    /// A file for a bank, in a format by its 标识: everything of one part of a batch, counted from 1, that is with the
    /// banks of the format and not answered. Making it again changes nothing; it has the same ids.
    ///
    /// # Errors
    /// A format or a part that there is not, or what does not fit into the format.
    pub fn file_for_bank(&self, run: &str, key: &str, part: u32, now: DateTime) -> Result<BankFile, Failure> {
        let count = self.files_of(run)?;
        if !(1..=count).contains(&part) {
            let text = format!("没有第 {part} 个文件");
            return Err(crate::refused(Refusal::new(Code::R108, text, format!("这一批分成 {count} 个文件"))));
        }
        let (ending, bytes) = match self.format(key)? {
            None => ("xml", exchange::pain_001(&self.outgoing(run, "", part, now.date())?, &self.banks()?.debtor, now)),
            Some(format) => {
                let batch = self.outgoing(run, &format.bank, part, now.date())?;
                (if format.shape == Shape::Sheet { "xlsx" } else { "txt" }, format.write(&batch))
            }
        };
        Ok(BankFile { ending, bytes: bytes.map_err(unreadable)? })
    }

    /// The instructions of a part that stand somewhere.
    fn part(&self, part: &Part, stand: impl Fn(&Sent) -> bool) -> Result<Vec<Sent>, Failure> {
        let all = self.store.look(|read| read.instructions_between(&part.first, &part.last))?;
        Ok(all.into_iter().filter(stand).collect())
    }

    fn outgoing(&self, run: &str, bank: &str, part: u32, day: Date) -> Result<exchange::Batch, Failure> {
        let runs = self.store.runs()?;
        let month = runs.iter().find(|known| known.case == run).map(|run| run.month.to_string());
        let purpose = format!("{}民政补助", month.unwrap_or_default());
        let part = Part::of(run, part, self.banks()?.most);
        let sent = self.part(&part, |sent| sent.standing == Standing::Sent)?.into_iter();
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
        let message = message_id(&part.id, payments.iter().map(|payment| &*payment.id));
        Ok(exchange::Batch { id: part.id, message, day, payments })
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
        if let Some((run, number)) = self.parts(file.message.split('-').next().unwrap_or_default())? {
            let part = Part::of(&run, number, self.banks()?.most);
            let sent = self.part(&part, |sent| sent.standing == Standing::Sent)?;
            if message_id(&part.id, sent.iter().map(|sent| &*sent.instruction.id)) == file.message {
                // What is wrong with a file is nobody's account.
                let code = if is_of_account(&file.reason) { "format" } else { &file.reason };
                let failed =
                    |sent: Sent| Answer { id: sent.instruction.id, outcome: Outcome::Failed, code: code.to_owned() };
                return self.take_answers(&sent.into_iter().map(failed).collect::<Vec<_>>(), now);
            }
        }
        let why = format!("银行没有收文件 {}（{}）", file.message, reason(&file.reason));
        let why = if file.why.is_empty() { why } else { format!("{why}：{}", file.why) };
        let other = format!("{why}。现在在途的不是这个文件里的那些，什么也没有记：请向银行问清哪些付了、哪些没有");
        Ok(Taken { contradicted: vec![other], ..Taken::default() })
    }

    fn take_replies(&self, replies: Vec<Reply>, now: DateTime) -> Result<Taken, Failure> {
        let (mut answers, mut undecided, mut other) = (Vec::new(), 0, Vec::new());
        for slice in replies.chunks(SLICE) {
            let known = self.store.look(|read| read.sent(slice.iter().map(|reply| &*reply.id)))?;
            for reply in slice {
                let outcome = match reply.result {
                    exchange::Outcome::Paid => Outcome::Paid,
                    exchange::Outcome::Failed => Outcome::Failed,
                    exchange::Outcome::Returned => Outcome::Returned,
                    exchange::Outcome::Unknown => {
                        undecided += 1;
                        continue;
                    }
                };
                let said = known.get(&reply.id).zip(reply.amount);
                if let Some((sent, said)) = said.filter(|(sent, said)| sent.instruction.amount != *said) {
                    let known = sent.instruction.amount;
                    other.push(format!("{}：发的是 {known} 元，银行说 {said} 元", reply.id));
                    continue;
                }
                answers.push(Answer { id: reply.id.clone(), outcome, code: reply.reason.clone() });
            }
        }
        let mut taken = self.take_answers(&answers, now)?;
        taken.undecided = undecided;
        taken.contradicted.extend(other);
        Ok(taken)
    }

    /// The batch, and which part of it, that a bank names; the first part bears the name of the batch.
    fn parts(&self, name: &str) -> Result<Option<(String, u32)>, Failure> {
        let named = |run: String| {
            let number = match name.strip_prefix(&*plain_id(&run)) {
                Some("") => Some(1),
                Some(rest) => {
                    rest.strip_prefix('P').and_then(|number| number.parse().ok()).filter(|number| *number > 0)
                }
                None => (name == run).then_some(1),
            };
            Some((run, number?))
        };
        Ok(self.store.runs()?.into_iter().find_map(|run| named(run.case)))
    }

    /// An entry that names a batch stands for all of a part of it that no statement has shown yet; or for what of it
    /// went to one bank, where that is the sum.
    fn entry(&self, entry: exchange::Entry) -> Result<Entry, Failure> {
        let mut instructions = entry.payments;
        if let Some(batch) = entry.batch.filter(|_| instructions.is_empty())
            && let Some((run, number)) = self.parts(&batch)?
        {
            let stands =
                |sent: &Sent| matches!(sent.standing, Standing::Paid | Standing::Returned) && sent.explained == 0;
            let all = self.part(&Part::of(&run, number, self.banks()?.most), stands)?;
            let mut of_banks: BTreeMap<&str, Vec<&Instruction>> = BTreeMap::new();
            all.iter().for_each(|sent| of_banks.entry(&sent.instruction.bank).or_default().push(&sent.instruction));
            let sum = |of: &[&Instruction]| Fen(of.iter().map(|instruction| instruction.amount.0).sum());
            let whole: Vec<&Instruction> = all.iter().map(|sent| &sent.instruction).collect();
            let of_bank = of_banks.into_values().find(|of| sum(of) == entry.amount && sum(&whole) != entry.amount);
            instructions = of_bank.unwrap_or(whole).iter().map(|instruction| instruction.id.clone()).collect();
        }
        Ok(Entry { reference: entry.reference, amount: entry.amount, instructions })
    }
}

fn unreadable(why: Unreadable) -> Failure {
    crate::refused(Refusal::new(
        Code::R108,
        why.to_string(),
        "请向银行要完整的文件，改好以后再导入；这个文件一行也没有记",
    ))
}

/// The id of a message: the same for the same payments, another as soon as one of them is another.
fn message_id<'i>(part: &str, ids: impl Iterator<Item = &'i str>) -> String {
    format!("{part}-{}", &hash(&ids.collect::<Vec<_>>())[..8])
}
