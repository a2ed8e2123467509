//! Relatives among the staff are filed the moment they become known (近亲属备案).

use std::sync::Arc;

use super::Course;
use crate::assess::declared_kin;
use crate::event::{Event, Facts};
use crate::office::Kin;

impl Course<'_> {
    /// INVARIANT (recusal): every relative among the staff is filed in the same transaction that makes them known.
    pub(super) fn file_kin(&mut self) {
        let Some(rule) = &self.guide.recusal else { return };
        let counts = |kin: &&Kin| {
            rule.roles.contains(&kin.role)
                && (&*kin.relation == "本人" || kin.declared || rule.relations.contains(&kin.relation))
        };
        let found: Vec<Event> = self.around.kin.iter().filter(counts).map(filed).collect();
        let strangers = self.undeclared_staff();
        for event in found.into_iter().chain(strangers) {
            let Event::Filed { staff_name, person, .. } = &event else { continue };
            let known = self.state.filed.iter().any(|f| f.staff_name == *staff_name && f.person == *person);
            if !known {
                self.push(event);
            }
        }
    }

    /// Declared relatives whom no account matches: the case is filed apart all the same.
    fn undeclared_staff(&self) -> Vec<Event> {
        let facts: Facts =
            self.state.facts.iter().filter_map(|(n, v)| Some((n.clone(), v.last()?.value.clone()))).collect();
        let person: Arc<str> = crate::assess::applicant_name(self.guide, &self.state).into();
        let declared = declared_kin(self.guide, &facts).into_iter();
        let unmatched =
            declared.filter(|(name, _)| !self.around.kin.iter().any(|k| k.declared && k.staff_name == *name));
        unmatched
            .map(|(staff_name, relation)| Event::Filed {
                staff: "".into(),
                staff_name,
                relation,
                person: person.clone(),
                declared: true,
            })
            .collect()
    }
}

fn filed(kin: &Kin) -> Event {
    Event::Filed {
        staff: kin.staff.clone(),
        staff_name: kin.staff_name.clone(),
        relation: kin.relation.clone(),
        person: kin.person.clone(),
        declared: kin.declared,
    }
}
