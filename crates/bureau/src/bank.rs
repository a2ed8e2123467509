//! What comes from banks, and what goes to them again: answers, statements, payments that came back.
//!
//! Files may come twice, late, in any order, cut off or about things that nobody sent. What is known already changes
//! nothing; what contradicts what is known is told and changes nothing either: somebody has to look.

use std::collections::{BTreeMap, BTreeSet};

use base::{DateTime, Fen};
use casework::payment::{Answer, Batch, Explained, Instruction, Outcome};
use store::{Sent, Standing};

use crate::payroll::SLICE;
use crate::{Bureau, Failure, hash, payees};

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

impl Bureau {
    /// Takes in what a bank says of instructions.
    pub fn take_answers(&self, answers: &[Answer], now: DateTime) -> Result<Taken, Failure> {
        let mut outcome = Taken::default();
        let mut seen: BTreeMap<&str, &Answer> = BTreeMap::new();
        let mut fresh: Vec<Answer> = Vec::new();
        for slice in slices(answers) {
            let known = self.store.look(|read| read.sent(slice.iter().map(|answer| &*answer.id)))?;
            for answer in slice {
                if let Some(before) = seen.get(&*answer.id) {
                    note_second(&mut outcome, before, answer);
                    continue;
                }
                seen.insert(&answer.id, answer);
                let Some(sent) = known.get(&answer.id) else {
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
        let known = self.store.look(|read| read.sent(entry.instructions.iter().map(String::as_str)))?;
        for id in &entry.instructions {
            let Some(sent) = known.get(id) else {
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

pub(crate) fn is_of_account(code: &str) -> bool {
    REASONS.iter().find(|(key, ..)| *key == code).is_none_or(|(.., of_account)| *of_account)
}

/// The name of a reason; what the bank said where it is none of the list.
pub fn reason(code: &str) -> &str {
    REASONS.iter().find(|(key, ..)| *key == code).map_or(code, |(_, name, _)| name)
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
