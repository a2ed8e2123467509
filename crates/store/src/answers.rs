//! What banks say, as it is kept: answers, entries of statements, and what is left to a later batch.

use std::collections::{BTreeMap, HashMap};

use base::Month;
use casework::payment::{Answer, Explained, Instruction, Outcome};
use ledger::{Act, Flow, Heading, Source};
use rusqlite::{Connection, params};
use serde::Deserialize;

use crate::books::{Books, Entry};
use crate::fault::Fault;
use crate::lists::list;
use crate::payments::{Moved, Standing, flows, json, moved, read, stand};

/// The lines that an instruction is for, and nothing else of it.
#[derive(Deserialize)]
struct Lines {
    lines: Vec<u32>,
}

/// Who calls this has left out what was answered before and what nobody sent.
pub(crate) fn answer(sql: &Connection, answers: &[Answer], at: &str) -> Result<(), Fault> {
    let mut books = Books::open(sql)?;
    // Of a line that was paid and came back in one message, the later counts.
    let mut stands: BTreeMap<String, BTreeMap<u32, Standing>> = BTreeMap::new();
    for answer in answers {
        let query = "SELECT run, status, posting, content FROM pay_instruction WHERE id = ?1";
        let row = |row: &rusqlite::Row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
        };
        let (run, status, posting, content) = sql.prepare_cached(query)?.query_row([&answer.id], row)?;
        let instruction: Instruction = read(&content)?;
        let (standing, of_lines) = match (Standing::of(&status)?, answer.outcome) {
            (Standing::Sent, Outcome::Paid) => (Standing::Paid, Standing::Paid),
            (Standing::Sent, Outcome::Failed) => (Standing::Failed, Standing::Payable),
            (Standing::Paid, Outcome::Returned) => (Standing::Returned, Standing::Payable),
            _ => return Err(Fault::damaged(format!("指令 {} 已经有了结果", answer.id))),
        };
        match answer.outcome {
            Outcome::Paid => _ = books.resolve(posting, Act::Confirm, at, &answer.id)?,
            Outcome::Failed => _ = books.resolve(posting, Act::Void, at, &answer.id)?,
            Outcome::Returned => give_back(sql, &mut books, posting, &run, &instruction, at)?,
        }
        let update = "UPDATE pay_instruction SET status = ?2, code = ?3, at = ?4 WHERE id = ?1";
        sql.prepare_cached(update)?.execute(params![answer.id, standing.key(), answer.code, at])?;
        stands.entry(run).or_default().extend(instruction.lines.iter().map(|seq| (*seq, of_lines)));
    }
    for (run, lines) in stands {
        for standing in [Standing::Payable, Standing::Paid] {
            let own: Vec<u32> = lines.iter().filter(|(_, now)| **now == standing).map(|(seq, _)| *seq).collect();
            stand(sql, &run, &own, standing, at)?;
        }
    }
    books.close()
}

/// What was paid is payable again, and the bank owes it until its statement shows it.
fn give_back(
    sql: &Connection,
    books: &mut Books,
    posting: i64,
    run: &str,
    instruction: &Instruction,
    at: &str,
) -> Result<(), Fault> {
    let mut all = Vec::new();
    for line in moved(sql, run, &instruction.lines, None)?.into_values() {
        all.extend(flows(books, &line, Heading::Returning, Heading::Payable)?);
    }
    let about = Some(posting);
    books.post(&Entry { at, act: Act::Post, about, party: "", document: &instruction.id, flows: &all })?;
    Ok(())
}

/// What came back and could not be paid in time goes back to where it was taken from, and is left to a later batch.
pub(crate) fn release(sql: &Connection, run: &str, lines: &[u32], at: &str) -> Result<(), Fault> {
    let mut books = Books::open(sql)?;
    let payable = moved(sql, run, lines, Some(Standing::Payable))?;
    for (seq, line) in &payable {
        let flows = flows(&mut books, line, Heading::Payable, Heading::Appropriation)?;
        let document = format!("{run}/{seq}");
        books.post(&Entry { at, act: Act::Post, about: None, party: "", document: &document, flows: &flows })?;
    }
    let own: Vec<u32> = payable.into_keys().collect();
    stand(sql, run, &own, Standing::Released, at)?;
    books.close()
}

/// What a statement shows is explained once: what left, and what came back.
pub(crate) fn explain(sql: &Connection, entries: &[Explained], at: &str) -> Result<(), Fault> {
    let mut books = Books::open(sql)?;
    for entry in entries {
        let insert = "INSERT INTO pay_statement VALUES (?1, ?2, ?3, ?4)";
        let ids = json(&entry.instructions)?;
        sql.prepare_cached(insert)?.execute(params![entry.reference, at, entry.amount.0, ids])?;
        // Once for what left and once for what came back, in this order.
        let (from, to, seen, standing) = if entry.amount.0 >= 0 {
            (Heading::Paid, Heading::Reconciled, 0, "paid")
        } else {
            (Heading::Reconciled, Heading::Returning, 1, "returned")
        };
        let query = "SELECT id, run, content FROM pay_instruction WHERE id IN (SELECT value FROM json_each(?1))
                     AND explained = ?2 AND status IN ('returned', ?3)";
        let row = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?)));
        let mut known: HashMap<String, (String, String)> =
            list(sql, query, params![ids, seen, standing], row)?.into_iter().collect();
        let mut lines = BTreeMap::<String, Vec<u32>>::new();
        for id in &entry.instructions {
            let unexplained = || Fault::damaged(format!("对账单 {} 说明不了指令 {id}", entry.reference));
            let (run, content) = known.remove(id).ok_or_else(unexplained)?;
            lines.entry(run).or_default().extend(read::<Lines>(&content)?.lines);
        }
        let update =
            "UPDATE pay_instruction SET explained = explained + 1 WHERE id IN (SELECT value FROM json_each(?1))";
        sql.prepare_cached(update)?.execute([&ids])?;
        // A statement stands for very many lines and few accounts: what every source bears is summed before it is booked.
        let mut sums: BTreeMap<(Month, String), BTreeMap<Source, i64>> = BTreeMap::new();
        for (run, lines) in lines {
            let known = moved(sql, &run, &lines, None)?;
            // A line that came back and was sent again is there once for each time.
            for line in lines.iter().filter_map(|seq| known.get(seq)) {
                let place = (line.month, line.programme.clone());
                let sums = sums.entry(place).or_default();
                line.shares.iter().for_each(|(source, amount)| *sums.entry(*source).or_default() += amount);
            }
        }
        let mut all: Vec<Flow> = Vec::new();
        for ((month, programme), shares) in sums {
            let total = shares.values().sum();
            let whole = Moved { month, programme, total, shares: shares.into_iter().collect() };
            all.extend(flows(&mut books, &whole, from, to)?);
        }
        if all.iter().map(|flow| flow.amount).sum::<i64>() != entry.amount.0.abs() {
            return Err(Fault::damaged(format!("对账单 {} 的金额不等于它说明的指令之和", entry.reference)));
        }
        let document = &entry.reference;
        books.post(&Entry { at, act: Act::Post, about: None, party: "", document, flows: &all })?;
    }
    books.close()
}
