//! Payments counted: how many to how many people, how much, and whether in time and in full.

use std::collections::{BTreeMap, HashMap, HashSet};
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

/// Different households and people, each counted once in its own group: a household is one, whatever it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beneficiaries {
    pub all: i64,
    pub by_month: BTreeMap<Month, i64>,
    /// By the parts of the region, one level below.
    pub by_region: BTreeMap<RegionCode, i64>,
    /// By what the entitlement is called in lists.
    pub by_entitlement: BTreeMap<String, i64>,
}

/// How many different ones belong to each group.
fn count<K: Ord>(groups: HashMap<K, HashSet<u32>>) -> BTreeMap<K, i64> {
    groups.into_iter().map(|(group, who)| (group, i64::try_from(who.len()).unwrap_or(i64::MAX))).collect()
}

/// An entitlement with what it is booked under.
pub fn called(programme: &str, entitlement: &str) -> String {
    if programme == entitlement { programme.to_owned() } else { format!("{programme}：{entitlement}") }
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

    /// How many different households and people the batches of some months have lines for within a region.
    pub fn beneficiaries(&self, within: RegionCode, months: RangeInclusive<Month>) -> Result<Beneficiaries, Fault> {
        let mut known = HashMap::<String, u32>::new();
        let mut by_month = HashMap::<Month, HashSet<u32>>::new();
        let mut by_region = HashMap::<RegionCode, HashSet<u32>>::new();
        let mut by_entitlement = HashMap::<String, HashSet<u32>>::new();
        for run in self.store.runs()?.into_iter().filter(|run| months.contains(&run.month)) {
            self.store.each_line(&run.case, within, |region, entitlement, root| {
                let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                let who = *known.entry(root.to_owned()).or_insert(next);
                by_month.entry(run.month).or_default().insert(who);
                let part = within.part(RegionCode::parse(region).unwrap_or(within));
                by_region.entry(part).or_default().insert(who);
                by_entitlement.entry(entitlement.to_owned()).or_default().insert(who);
            })?;
        }
        let called = |(entitlement, count): (String, i64)| {
            let (programme, name) = self.booked_under(&entitlement);
            (called(&programme, &name), count)
        };
        Ok(Beneficiaries {
            all: i64::try_from(known.len()).unwrap_or(i64::MAX),
            by_month: count(by_month),
            by_region: count(by_region),
            by_entitlement: count(by_entitlement).into_iter().map(called).collect(),
        })
    }

    /// What a service and entitlement by 标识 are booked under and called.
    fn booked_under(&self, entitlement: &str) -> (Arc<str>, Arc<str>) {
        let (service, key) = entitlement.split_once('/').unwrap_or((entitlement, ""));
        let guide = self.library.guides.iter().find(|guide| *guide.key == *service);
        let known = guide.and_then(|guide| guide.entitlement(key));
        let title = || Arc::from(guide.map_or(service, |guide| &*guide.title));
        let programme = known.and_then(|known| known.programme.clone()).unwrap_or_else(title);
        (programme, known.map_or_else(|| key.into(), |known| known.name.clone()))
    }

    fn counted(&self, month: Month, due: Option<Date>, today: Date, stood: Stood) -> Paid {
        let service = stood.entitlement.split_once('/').map_or(&*stood.entitlement, |(service, _)| service);
        let (programme, entitlement) = self.booked_under(&stood.entitlement);
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
            entitlement,
            programme,
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
