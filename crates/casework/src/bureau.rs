//! The bureau: everything that is the same for every request. Built once at start, immutable after.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Calendar, RegionCode, Regions};
use guide::{Edition, Guide, Guides};

pub struct Bureau {
    /// Name of the organ that signs letters, for example 嵩县民政局.
    pub name: String,
    /// The region that the bureau serves.
    pub region: RegionCode,
    pub guides: Guides,
    /// Guides of former editions that open cases still pin.
    pub editions: BTreeMap<(Arc<str>, Edition), Arc<Guide>>,
    pub calendar: Calendar,
    pub regions: Regions,
}

impl Bureau {
    /// The guide of a case: the edition that it began under, whatever is in force now.
    pub fn guide(&self, service: &str, edition: &Edition) -> Option<&Arc<Guide>> {
        let current = self.guides.service(service).filter(|g| g.edition == *edition);
        current.or_else(|| self.editions.get(&(service.into(), edition.clone())))
    }

    /// The region and everything above it, from the most specific: the order in which rates are looked up.
    pub fn chain(&self, region: RegionCode) -> Vec<RegionCode> {
        self.regions.lineage(region).iter().rev().map(|r| r.code).collect()
    }
}
