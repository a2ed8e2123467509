//! Past months reckoned anew: what was due as it was known then and as it is known now, and what was paid for it.

use std::collections::BTreeMap;

use base::{DateTime, Fen, Month};
use casework::roster;
use guide::model::Entitlement;
use store::{Owed, Standing};

use crate::{Bureau, Failure};

/// A month of an entitlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoned {
    /// By decisions that were known when the batch of the month was frozen; nothing where there was no batch.
    pub then: Option<Fen>,
    /// By decisions that are known now.
    pub now: Fen,
    /// Paid for the month by whichever batch, without what was kept back.
    pub paid: Fen,
    /// Claimed back by decisions.
    pub claimed: Fen,
}

impl Reckoned {
    /// What was paid beyond what is due and nobody has claimed yet; negative where something is still to be paid.
    pub fn over(&self) -> Fen {
        Fen(self.paid.0 - self.claimed.0 - self.now.0)
    }
}

/// A debt with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtState {
    pub owed: Owed,
    pub claimed: Fen,
    pub repaid: Fen,
    pub offset: Fen,
    pub written_off: Fen,
}

impl Bureau {
    /// The months of an entitlement of a chain of cases, since payments began.
    pub fn reckoning(
        &self,
        root: &str,
        entitlement: &Entitlement,
        service: &str,
        now: DateTime,
    ) -> Result<BTreeMap<Month, Reckoned>, Failure> {
        let name = format!("{service}/{}", entitlement.key);
        let (spelt, over) =
            self.store.look(|read| Ok::<_, store::Fault>((read.chain_spelt(root, now)?, read.over(root, &name)?)))?;
        let grants = spelt.map(|spelt| spelt.grants).unwrap_or_default();
        let mut months: BTreeMap<Month, Reckoned> = BTreeMap::new();
        let lines = self.store.lines_of_chain(root)?.into_iter();
        let own = |(line, standing): &(casework::payment::Line, Standing)| {
            let is_paid = !matches!(standing, Standing::Held | Standing::Released);
            is_paid && line.service == service && *line.entitlement == *entitlement.key
        };
        for (line, _) in lines.filter(own) {
            for part in line.parts.iter().filter(|part| part.debt.is_none()) {
                months.entry(part.month).or_default().paid.0 += part.fen.0;
            }
        }
        let sum = |parts: Vec<(String, Fen)>| Fen(parts.iter().map(|(_, fen)| fen.0).sum());
        for run in self.store.runs()? {
            let then = roster::known_at(&grants, &entitlement.key, run.frozen);
            let then = sum(roster::due(&then, entitlement, run.month));
            if then.0 != 0 || months.contains_key(&run.month) {
                months.entry(run.month).or_default().then = Some(then);
            }
        }
        let known = roster::known_at(&grants, &entitlement.key, now);
        for (month, reckoned) in &mut months {
            reckoned.now = sum(roster::due(&known, entitlement, *month));
            reckoned.claimed = over.claimed.get(month).copied().unwrap_or_default();
        }
        Ok(months)
    }

    /// What is owed and what was, by somebody or, for an empty number, by everybody.
    pub fn debts(&self, owner: &str) -> Result<Vec<DebtState>, Failure> {
        let owed = self.store.look(|read| read.debts(owner))?;
        owed.into_iter().map(|owed| self.debt(owed)).collect()
    }

    fn debt(&self, owed: Owed) -> Result<DebtState, Failure> {
        use ledger::Heading::{Claimed, Offset, Repaid, WrittenOff};
        let moved = self.store.look(|read| read.moved(&owed.debt))?;
        let of = |heading| Fen(moved.iter().filter(|(known, _)| *known == heading).map(|(_, fen)| *fen).sum());
        Ok(DebtState {
            claimed: Fen(-of(Claimed).0),
            repaid: of(Repaid),
            offset: of(Offset),
            written_off: of(WrittenOff),
            owed,
        })
    }
}
