//! The people who work here, and their relatives: what recusal is checked against.

use std::sync::Arc;

use base::{CitizenNumber, Date, RegionCode};
use serde::{Deserialize, Serialize};

/// Somebody with an account. Built from [`StaffEvent`]s.
#[derive(Clone, Debug, PartialEq)]
pub struct Staff {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// Chinese role name of `roles.md`.
    pub role: Arc<str>,
    pub region: RegionCode,
    pub number: Option<CitizenNumber>,
    /// `{algorithm}$parameters$salt$hash`; empty where the account cannot sign in.
    pub password: String,
    pub relatives: Vec<Relative>,
    pub active: bool,
}

/// A declared relative of a member of staff (近亲属备案).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relative {
    pub name: Arc<str>,
    pub number: CitizenNumber,
    /// What the relative is to the member of staff: 配偶, 父母, 子女 …
    pub relation: Arc<str>,
    pub declared_on: Date,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StaffEvent {
    Engaged { name: Arc<str>, role: Arc<str>, region: RegionCode, number: Option<CitizenNumber>, password: String },
    RelativesDeclared { relatives: Vec<Relative> },
    Left,
}

/// A link between a person of a case and a member of staff, found in the register of relatives or declared by the applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    pub staff: Arc<str>,
    pub staff_name: Arc<str>,
    pub role: Arc<str>,
    pub relation: Arc<str>,
    /// Name of the person of the case.
    pub person: Arc<str>,
    /// Declared by the applicant rather than found.
    pub declared: bool,
}

impl Staff {
    /// Folds the events of one account.
    pub fn fold<'a>(id: &str, events: impl IntoIterator<Item = &'a StaffEvent>) -> Option<Staff> {
        let mut staff: Option<Staff> = None;
        for event in events {
            match (event, &mut staff) {
                (StaffEvent::Engaged { name, role, region, number, password }, _) => {
                    staff = Some(Staff {
                        id: id.into(),
                        name: name.clone(),
                        role: role.clone(),
                        region: *region,
                        number: *number,
                        password: password.clone(),
                        relatives: Vec::new(),
                        active: true,
                    });
                }
                (StaffEvent::RelativesDeclared { relatives }, Some(staff)) => staff.relatives.clone_from(relatives),
                (StaffEvent::Left, Some(staff)) => staff.active = false,
                (_, None) => {}
            }
        }
        staff
    }

    pub fn actor(&self) -> crate::Actor {
        crate::Actor {
            id: self.id.clone(),
            name: self.name.clone(),
            role: self.role.clone(),
            region: self.region,
            number: self.number,
        }
    }

    /// How this member of staff stands to the person with `number`, who is called `person` in the case.
    pub fn kin_to(&self, number: &CitizenNumber, person: &Arc<str>) -> Option<Kin> {
        let relation = match &self.number {
            Some(own) if own == number => "本人".into(),
            _ => self.relatives.iter().find(|r| r.number == *number)?.relation.clone(),
        };
        Some(Kin {
            staff: self.id.clone(),
            staff_name: self.name.clone(),
            role: self.role.clone(),
            relation,
            person: person.clone(),
            declared: false,
        })
    }
}
