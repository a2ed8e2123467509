//! What is wrong with a world after its history: nothing should be.

use std::collections::{BTreeMap, BTreeSet};

use base::Month;
use bureau::Standing;
use ledger::Heading;

use crate::World;
use crate::bank::Fate;

/// What was found after a history.
#[derive(Default)]
pub struct Found {
    pub double: Vec<String>,
    pub lost: Vec<String>,
    pub unexplained: i64,
    /// Came back, could not be paid in time, and was paid by a later batch.
    pub left: u32,
    /// Paid by a second batch of a month.
    pub supplements: usize,
    /// Claims, and those from which something was kept back.
    pub claims: usize,
    pub kept: usize,
}

impl World {
    /// By chain and month: what was paid, what decisions give now, and the most that decisions ever gave.
    pub fn find(&self) -> Found {
        let mut found = Found::default();
        let bureau = self.bureau();
        let mut paid: BTreeMap<(String, Month), i64> = BTreeMap::new();
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut kept = 0;
        for run in bureau.store.runs().unwrap() {
            let mut times: BTreeMap<u32, u32> = BTreeMap::new();
            for sent in bureau.store.instructions(&run.case).unwrap() {
                used.insert(sent.instruction.id.clone());
                let at_bank = self.bank.received.get(&sent.instruction.id);
                if let Some(received) = at_bank {
                    let own = (&sent.instruction.account, sent.instruction.amount.0);
                    assert_eq!((&received.account, received.amount), own, "the bank has something else");
                }
                if at_bank.is_some_and(|received| received.fate == Fate::Paid) {
                    sent.instruction.lines.iter().for_each(|line| *times.entry(*line).or_default() += 1);
                }
            }
            let last = bureau.store.look(|read| read.last_line(&run.case)).unwrap().map_or(0, |(last, _)| last);
            let lines = |standing| bureau.store.look(|read| read.lines(&run.case, (1, last), standing)).unwrap();
            let state = bureau.store.state(&run.case).unwrap().unwrap();
            for line in lines(Standing::Paid) {
                found.supplements += usize::from(state.start == "supplement");
                match times.get(&line.seq) {
                    Some(1) => {}
                    Some(n) => found.double.push(format!("{} line {} paid {n} times", run.case, line.seq)),
                    None => found.lost.push(format!("{} line {} never left the bank", run.case, line.seq)),
                }
                // What was kept back for a debt is paid to the person all the same.
                for part in line.parts.iter().filter(|part| part.debt.is_none()) {
                    *paid.entry((line.root.clone(), part.month)).or_default() += part.fen.0;
                }
                kept += line.parts.iter().filter(|part| part.debt.is_some()).map(|part| -part.fen.0).sum::<i64>();
                found.kept += usize::from(line.parts.iter().any(|part| part.debt.is_some()));
            }
            // Of a line that was left only what it kept back stays.
            for line in lines(Standing::Released) {
                found.left += 1;
                for part in line.parts.iter().filter(|part| part.debt.is_some()) {
                    *paid.entry((line.root.clone(), part.month)).or_default() -= part.fen.0;
                    kept -= part.fen.0;
                }
            }
            for standing in [Standing::Listed, Standing::Payable, Standing::Sent] {
                let open = lines(standing);
                found.lost.extend(open.iter().map(|line| format!("{} line {} is {standing:?}", run.case, line.seq)));
            }
            found.unexplained += bureau.store.unexplained(&run.case).unwrap();
            if state.closed.is_none() {
                found.lost.push(format!("{} is not closed: {:?}", run.case, bureau.waits(&run.case, self.now)));
            }
        }
        let strange = self.bank.received.keys().filter(|id| !used.contains(*id));
        found.double.extend(strange.map(|id| format!("the bank has {id}, which nobody knows")));
        self.compare(&paid, &mut found);
        let book = bureau.store.book().unwrap();
        assert!(book.trial_balance().values().all(|sum| *sum == 0), "the trial balance is not zero");
        let of = |heading: Heading| -> i64 {
            book.accounts().filter(|(_, account, _)| account.heading == heading).map(|(.., b)| b.posted).sum()
        };
        found.unexplained += (of(Heading::Reconciled) + of(Heading::Returning) - self.bank.net).abs();
        found.unexplained += of(Heading::Paid).abs() + of(Heading::Payable).abs();
        // What is owed is what was claimed less what was given back, kept back and forgiven; and lines kept back just that.
        for debt in bureau.debts("").unwrap() {
            let left = debt.claimed.0 - debt.repaid.0 - debt.offset.0 - debt.written_off.0;
            found.unexplained += (debt.owed.owing.0 - left).abs() + debt.owed.reserved.0.abs();
            found.claims += 1;
        }
        found.unexplained += (of(Heading::Offset) + kept).abs();
        found
    }

    fn compare(&self, paid: &BTreeMap<(String, Month), i64>, found: &mut Found) {
        let bureau = self.bureau();
        let runs = bureau.store.runs().unwrap();
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
        for root in self.roots.values() {
            let case = bureau.store.chain(root).unwrap().pop().unwrap().0;
            let grants = bureau.store.state(&case).unwrap().unwrap().grants;
            let claimed = bureau.store.look(|read| read.over(root, "stipend/stipend")).unwrap().claimed;
            let mut month = first.month;
            while month <= last.month {
                // What decisions gave at every moment at which a roster could have seen them.
                let known = |count: usize| casework::event::granted(&grants[..count], "stipend", month);
                let ever = (0..=grants.len()).map(|count| known(count).map_or(0, |grant| grant.total().0));
                let most = ever.max().unwrap_or(0);
                let by_then = grants.iter().filter(|grant| grant.decided_at <= last.frozen).count();
                let now = known(by_then).map_or(0, |grant| grant.total().0);
                let paid = paid.get(&(root.clone(), month)).copied().unwrap_or(0);
                // What was claimed counts as not paid: a later decision that gives it back is paid again.
                let paid = paid - claimed.get(&month).map_or(0, |fen| fen.0);
                if paid > most {
                    found.double.push(format!("{root} {month}: paid {paid}, never owed more than {most}"));
                }
                if paid < now {
                    found.lost.push(format!("{root} {month}: paid {paid}, owed {now}"));
                }
                month = month.next();
            }
        }
    }
}
