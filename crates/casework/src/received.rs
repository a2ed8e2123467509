//! 在册接收 (SA-07): what somebody held before this program knew of it, as another system or a paper file says.
//!
//! It is no decision of this bureau, and nothing here looks like one: an event of its own opens such a case, which is
//! closed at once, has no steps, and says which table brought it and who had decided what it says.

use std::collections::BTreeMap;

use base::{Date, DateTime, Fen, Month, RegionCode};
use formula::Type;
use guide::model::{Entitlement, FieldType, When};
use serde::{Deserialize, Serialize};

use crate::decide::{Draft, Rules};
use crate::event::{ActorRef, Datum, Event, PersonRef, Record, Row, is_open_from};
use crate::refusal::{Code, Refusal};
use crate::state::State;

/// The register whose rows are received: 标识.
pub const RECEIVED: &str = "received";

/// How such a case ends.
pub const RESULT: &str = "在册接收";

/// Where what is received came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The case by which the table was proposed and approved.
    pub brought: String,
    /// The number and the day of the decision as it was made elsewhere.
    pub document: String,
    pub decided_on: Date,
    /// Since when it was paid there.
    pub since: Option<Month>,
}

/// What somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub person: PersonRef,
    /// Others of the household who hold it together.
    pub others: Vec<PersonRef>,
    pub region: RegionCode,
    pub monthly: Fen,
    /// The first month that this bureau pays by this program.
    pub from: Month,
    /// When it was looked at last.
    pub reviewed_on: Option<Date>,
    /// When it is to be looked at next: what is not known of the household cannot tell.
    pub review_on: Date,
    pub origin: Origin,
}

/// Whether it may be received: nobody holds the same already, or what excludes it.
///
/// # Errors
/// Who pays what already, by which case.
pub fn may_receive(rules: Rules, case: &str, entitlement: &Entitlement, held: &Held) -> Result<(), Refusal> {
    for person in std::iter::once(&held.person).chain(&held.others) {
        let numbers = person.number.iter().flat_map(|number| rules.registers.numbers(number));
        let spells = numbers.flat_map(|number| rules.registers.spells(&number));
        let excludes =
            |name: &str| name == &*entitlement.name || entitlement.exclusive_with.iter().any(|e| e.text == name);
        let mut others = spells.filter(|spell| spell.root != case && excludes(&spell.name));
        if let Some(spell) = others.find(|spell| is_open_from(&spell.grants, &spell.entitlement, held.from)) {
            let text = format!("“{}”自{}起还在享受“{}”（{}）", person.name, held.from, spell.name, spell.case);
            return Err(Refusal::new(Code::R109, text, "已经在本系统里的不再接收；要换的，先停止那一项"));
        }
    }
    Ok(())
}

/// The records by which it is received, in a case of its own.
///
/// # Errors
/// As [`may_receive`].
pub fn receive(
    rules: Rules,
    case: &str,
    entitlement: &Entitlement,
    held: &Held,
    (by, now): (ActorRef, DateTime),
) -> Result<Vec<Record>, Refusal> {
    may_receive(rules, case, entitlement, held)?;
    let guide = rules.guide;
    let mut draft = Draft::new(rules, &State::default(), by, now);
    draft.emit(Event::Received {
        case: case.to_owned(),
        service: guide.key.to_string(),
        edition: guide.edition.to_string(),
        region: held.region,
        applicant: held.person.name.clone(),
        origin: held.origin.clone(),
        reviewed: held.reviewed_on,
        facts: facts(&draft, held),
    });
    let people = std::iter::once(&held.person).chain(held.others.iter().filter(|_| !entitlement.of_person));
    let first =
        entitlement.components.first().map_or_else(|| entitlement.name.clone(), |component| component.name.clone());
    draft.emit(Event::Granted {
        entitlement: entitlement.key.to_string(),
        components: vec![(first.to_string(), held.monthly)],
        from: held.from,
        suspended: false,
        holders: people.filter_map(|person| person.number.clone()).collect(),
    });
    draft.emit(Event::Closed { result: RESULT.to_owned() });
    let place = guide.entitlements.iter().position(|known| known.key == entitlement.key);
    let counted = |start: &&guide::model::Start| start.over == place && matches!(start.when, When::Counted(_));
    for start in guide.starts.iter().filter(counted) {
        let at = held.review_on.at(0, 0, 0, 0);
        draft.emit(Event::Scheduled { start: start.key.to_string(), at });
    }
    Ok(draft.records)
}

/// What the table says in the words of the guide: who applied, who lives together, where.
fn facts(draft: &Draft, held: &Held) -> BTreeMap<String, Datum> {
    let guide = draft.rules.guide;
    let mut facts = BTreeMap::new();
    let person = guide.fields.iter().find(|field| matches!(field.ty, FieldType::Register(_)));
    facts.extend(person.map(|field| (field.key.to_string(), Datum::Person(held.person.clone()))));
    let place = guide.fields.iter().find(|field| field.ty == FieldType::Plain(Type::Region));
    facts.extend(place.map(|field| (field.key.to_string(), Datum::Text(held.region.to_string()))));
    let of_people = |field: &&guide::model::Field| match field.ty {
        FieldType::List(list) => guide.lists[list].register.is_some(),
        _ => false,
    };
    let rows = (1..).zip(std::iter::once(&held.person).chain(&held.others)).map(|(id, person)| Row {
        id,
        columns: BTreeMap::from([("person".to_owned(), Datum::Person(person.clone()))]),
    });
    let roster = guide.fields.iter().find(of_people);
    facts.extend(roster.map(|field| (field.key.to_string(), Datum::Rows(rows.collect()))));
    facts
}
