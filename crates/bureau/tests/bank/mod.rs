//! The bank of the simulation: it keeps its word about ids, and about nothing else.

use std::collections::BTreeMap;

use base::Fen;

/// Chance, the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What the bank did with an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Waiting,
    Paid,
    Failed(&'static str),
    Returned,
}

#[derive(Debug)]
pub struct Received {
    pub amount: i64,
    pub account: String,
    pub fate: Fate,
    /// What its statement has shown: what left, and what came back.
    shown: (bool, bool),
}

/// A bank that knows ids: whatever it gets twice, it does once.
#[derive(Default)]
pub struct TheBank {
    pub received: BTreeMap<String, Received>,
    pub statements: Vec<String>,
    /// Money that its statements have shown.
    pub net: i64,
}

impl TheBank {
    /// A file whose last line does not count what is in it is sent back.
    pub fn take(&mut self, file: &[u8]) -> bool {
        let text = String::from_utf8_lossy(file).into_owned();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
        let Some((last, payments)) = lines.split_last() else { return false };
        if last[0] != "完" || last[1].parse() != Ok(payments.len()) || !text.ends_with('\n') {
            return false;
        }
        for payment in payments {
            let (id, account, amount) = (payment[0].to_owned(), payment[1].to_owned(), payment[3].parse().unwrap());
            let fresh = Received { amount, account, fate: Fate::Waiting, shown: (false, false) };
            self.received.entry(id).or_insert(fresh);
        }
        true
    }

    pub fn decide(&mut self, dice: &mut Dice, kindly: bool, faults: &mut Faults) {
        for received in self.received.values_mut() {
            match received.fate {
                Fate::Waiting if kindly => received.fate = Fate::Paid,
                Fate::Waiting if dice.chance(60) => {
                    received.fate = match dice.below(10) {
                        0 => Fate::Failed("closed"),
                        1 => Fate::Failed("name"),
                        2 => Fate::Failed("funds"),
                        _ => Fate::Paid,
                    };
                }
                Fate::Paid if !kindly && dice.chance(4) => received.fate = Fate::Returned,
                _ => continue,
            }
            match received.fate {
                Fate::Failed(_) => faults.note("payment rejected"),
                Fate::Returned => faults.note("payment returned later"),
                _ => {}
            }
        }
    }

    /// A file of answers about some or all instructions, some of them about what it told long ago.
    pub fn answers(&self, dice: &mut Dice, all: bool, faults: &mut Faults) -> Vec<u8> {
        let mut rows: Vec<(String, i64, &str)> = Vec::new();
        for (id, received) in &self.received {
            let word = match received.fate {
                Fate::Waiting => "later",
                Fate::Paid => "ok",
                Fate::Failed(word) => word,
                Fate::Returned => "back",
            };
            if all || dice.chance(50) {
                rows.push((id.clone(), received.amount, word));
                if !all && dice.chance(10) {
                    faults.note("answer twice in a file");
                    rows.push((id.clone(), received.amount, word));
                }
            }
        }
        if !all {
            if dice.chance(30) {
                faults.note("answers out of order");
                rows.reverse();
            }
            if dice.chance(10) {
                faults.note("answer about nobody's instruction");
                rows.push(("NOBODY-0000001-1".to_owned(), 100, "ok"));
            }
            if !rows.is_empty() && dice.chance(5) {
                faults.note("answer with another amount");
                rows[0].1 += 1;
            }
        }
        let sum: i64 = rows.iter().map(|(_, amount, _)| amount).sum();
        let sum = if !all && dice.chance(8) {
            faults.note("file with a wrong total");
            sum + 1
        } else {
            sum
        };
        let mut text = format!("回|{}|{sum}\n", rows.len());
        rows.iter().for_each(|(id, amount, word)| text += &format!("{id}|{amount}|{word}\n"));
        if !all && dice.chance(10) {
            faults.note("half a file of answers");
            text.truncate(text.len() / 2);
            while !text.is_char_boundary(text.len()) {
                text.pop();
            }
        }
        text.into_bytes()
    }

    /// What has happened on the account since the last statement: a sum for all that left, and each return.
    pub fn statement(&mut self, number: usize) -> Option<String> {
        let (mut left, mut sum, mut back) = (String::new(), 0, String::new());
        for (id, received) in &mut self.received {
            if matches!(received.fate, Fate::Paid | Fate::Returned) && !received.shown.0 {
                received.shown.0 = true;
                sum += received.amount;
                left += &format!("<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls>");
            } else if received.fate == Fate::Returned && received.shown == (true, false) {
                received.shown.1 = true;
                self.net -= received.amount;
                let amount = Fen(received.amount).plain();
                back += &format!(
                    "<Ntry><NtryRef>B-{id}</NtryRef><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
                     <NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
                );
            }
        }
        self.net += sum;
        let debit = format!(
            "<Ntry><NtryRef>D-{number}</NtryRef><Amt Ccy=\"CNY\">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd><NtryDtls>{left}</NtryDtls></Ntry>",
            Fen(sum).plain()
        );
        let entries = if sum > 0 { debit + &back } else { back };
        let text =
            format!("<Document><BkToCstmrStmt><Stmt><Id>S-{number}</Id>{entries}</Stmt></BkToCstmrStmt></Document>");
        (!entries.is_empty()).then_some(text)
    }
}

#[derive(Default)]
pub struct Faults {
    pub times: BTreeMap<&'static str, u32>,
}

impl Faults {
    pub fn note(&mut self, what: &'static str) {
        *self.times.entry(what).or_default() += 1;
    }
}
