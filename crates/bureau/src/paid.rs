//! Payments counted: how many to how many people, how much, and whether in time and in full.

use std::ops::RangeInclusive;
use std::sync::Arc;

use base::{Date, Fen, Month, RegionCode};
use guide::Guide;
use store::{Standing, Stood};

use crate::{Bureau, Fault};

/// Lines of the batch of a month that stand alike, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    pub month: Month,
    pub region: RegionCode,
    /// 标识 of the service that granted it.
    pub service: String,
    pub entitlement: Arc<str>,
    pub programme: Arc<str>,
    pub standing: Standing,
    /// Arrived in full by the day that the batch's own clock sets (及时足额); unknown while that day has not come.
    pub in_time: Option<bool>,
    /// Through a bank into the payee's account (社会化发放).
    pub to_account: bool,
    pub payments: i64,
    pub people: i64,
    pub fen: Fen,
}

impl Bureau {
    /// What the batches of some months pay within a region.
    pub fn paid(&self, within: RegionCode, months: RangeInclusive<Month>, today: Date) -> Result<Vec<Paid>, Fault> {
        let mut found = Vec::new();
        for run in self.store.runs()?.into_iter().filter(|run| months.contains(&run.month)) {
            let state = self.store.state(&run.case)?;
            let due = state.map(|state| self.due(&state)).transpose()?.flatten();
            let stood = self.store.stood(&run.case, within)?.into_iter();
            found.extend(stood.map(|stood| self.counted(run.month, due, today, stood)));
        }
        Ok(found)
    }

    fn counted(&self, month: Month, due: Option<Date>, today: Date, stood: Stood) -> Paid {
        let (service, key) = stood.entitlement.split_once('/').unwrap_or((&stood.entitlement, ""));
        let guide = self.library.guides.iter().find(|guide| *guide.key == *service);
        let entitlement = guide.and_then(|guide| guide.entitlements.iter().find(|known| *known.key == *key));
        let title = || Arc::from(guide.map_or(service, |guide| &*guide.title));
        let is_late = due.is_some_and(|due| stood.since > due);
        let in_time = match stood.standing {
            Standing::Paid => Some(!is_late),
            _ if due.is_none_or(|due| today <= due) => None,
            _ => Some(false),
        };
        Paid {
            month,
            region: stood.region,
            service: service.to_owned(),
            entitlement: entitlement.map_or_else(|| key.into(), |known| known.name.clone()),
            programme: entitlement.and_then(|known| known.programme.clone()).unwrap_or_else(title),
            standing: stood.standing,
            in_time,
            to_account: stood.to_account,
            payments: stood.payments,
            people: stood.people,
            fen: stood.fen,
        }
    }
}

/// Whether a service counts a payment: its own, and one that pays counts all.
pub(crate) fn is_of(guide: &Guide, paid: &Paid) -> bool {
    guide.pays() || *guide.key == *paid.service
}
