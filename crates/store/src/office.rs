//! The staff register: accounts and relatives, folded from the journal and held in memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use base::{CitizenNumber, DateTime};
use casework::{By, Kin, Staff, StaffEvent};
use serde::{Deserialize, Serialize};

use crate::execute::Batch;
use crate::fault::Fault;
use crate::journal::{self, Stream};
use crate::sql::{Sql, all};
use crate::{Inner, Store};

/// Everybody with an account.
#[derive(Default)]
pub(crate) struct Office {
    staff: Vec<Arc<Staff>>,
    /// Active members of staff by their own number and those of their relatives.
    by_number: HashMap<CitizenNumber, Vec<Arc<Staff>>>,
}

#[derive(Serialize, Deserialize)]
struct StaffEntry {
    at: DateTime,
    by: By,
    event: StaffEvent,
}

impl Office {
    fn of(staff: Vec<Arc<Staff>>) -> Self {
        let mut by_number: HashMap<CitizenNumber, Vec<Arc<Staff>>> = HashMap::new();
        for member in staff.iter().filter(|s| s.active) {
            let relatives = member.relatives.iter().map(|r| r.number);
            for number in member.number.iter().copied().chain(relatives) {
                by_number.entry(number).or_default().push(member.clone());
            }
        }
        Self { staff, by_number }
    }

    fn with(&self, changed: Staff) -> Self {
        let mut staff = self.staff.clone();
        match staff.iter_mut().find(|s| s.id == changed.id) {
            Some(place) => *place = Arc::new(changed),
            None => staff.push(Arc::new(changed)),
        }
        staff.sort_by(|a, b| a.id.cmp(&b.id));
        Self::of(staff)
    }

    /// How members of staff stand to people of a case: found by number, or declared by name.
    /// A declared name counts for everybody who bears it: recusing one too many does no harm.
    pub fn kin(
        &self,
        people: &[(CitizenNumber, Arc<str>)],
        declared: &[(Arc<str>, Arc<str>)],
        applicant: &str,
    ) -> Vec<Kin> {
        let mut kin: Vec<Kin> = Vec::new();
        for (number, person) in people {
            let related = self.by_number.get(number).into_iter().flatten();
            for found in related.filter_map(|member| member.kin_to(number, person)) {
                if !kin.contains(&found) {
                    kin.push(found);
                }
            }
        }
        for (name, relation) in declared {
            let named = self.staff.iter().filter(|s| s.active && s.name == *name);
            kin.extend(named.map(|member| Kin {
                staff: member.id.clone(),
                staff_name: member.name.clone(),
                role: member.role.clone(),
                relation: relation.clone(),
                person: applicant.into(),
                declared: true,
            }));
        }
        kin
    }
}

impl Inner {
    /// The office as of a journal that ends at `seq`; read anew when another process has written since.
    pub(crate) fn office_at(&self, sql: &mut dyn Sql, seq: u64) -> Result<Arc<Office>, Fault> {
        let (known, office) = self.office.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known == seq {
            return Ok(office);
        }
        let streams = all(
            sql,
            "SELECT stream FROM journal WHERE stream > 'staff:' AND stream < 'staff;' AND revision = 1 ORDER BY stream",
            &[],
            |row| Ok(row[0].text()?.to_owned()),
        )?;
        let mut staff = Vec::new();
        for stream in streams {
            let id = stream.trim_start_matches("staff:");
            let Some(opened) = journal::read::<StaffEntry>(sql, &*self.crypto, &self.keys, &stream)? else { continue };
            staff.extend(Staff::fold(id, opened.entries.iter().map(|e| &e.event)).map(Arc::new));
        }
        let office = Arc::new(Office::of(staff));
        self.keep_office(seq, office.clone());
        Ok(office)
    }

    pub(crate) fn keep_office(&self, seq: u64, office: Arc<Office>) {
        *self.office.write().unwrap_or_else(PoisonError::into_inner) = (seq, office);
    }

    fn office(&self) -> Result<Arc<Office>, Fault> {
        self.read(|sql| {
            let seq = journal::head(sql)?.seq;
            self.office_at(sql, seq)
        })
    }
}

impl Store {
    /// Records events of one account; `by` is who did it.
    pub fn engage(&self, id: &str, events: &[StaffEvent], by: &By, now: DateTime) -> Result<(), Fault> {
        self.batch(|batch| batch.engage(id, events, by, now))
    }

    /// Everybody who has or had an account, in order of id.
    pub fn staff(&self) -> Result<Vec<Arc<Staff>>, Fault> {
        Ok(self.inner.office()?.staff.clone())
    }

    pub fn staff_by_id(&self, id: &str) -> Result<Option<Arc<Staff>>, Fault> {
        Ok(self.inner.office()?.staff.iter().find(|s| &*s.id == id).cloned())
    }
}

impl Batch<'_> {
    /// As [`Store::engage`], within a batch.
    pub fn engage(&mut self, id: &str, events: &[StaffEvent], by: &By, now: DateTime) -> Result<(), Fault> {
        let name = format!("staff:{id}");
        self.writing(|batch| {
            let (key_id, key) = batch.inner.keys.key_for(&format!("staff|{id}"))?;
            let stream = Stream { name: &name, key_id: &key_id, key: &key };
            let earlier =
                journal::read::<StaffEntry>(&mut **batch.sql, &*batch.inner.crypto, &batch.inner.keys, &name)?;
            let mut all: Vec<StaffEvent> =
                earlier.map(|o| o.entries.into_iter().map(|e| e.event).collect()).unwrap_or_default();
            for event in events {
                let entry = StaffEntry { at: now, by: by.clone(), event: event.clone() };
                all.push(event.clone());
                batch.append(&stream, all.len() as u32, now, "staff", &entry)?;
            }
            if let Some(staff) = Staff::fold(id, &all) {
                batch.office = Arc::new(batch.office.with(staff));
            }
            Ok(())
        })
    }
}
