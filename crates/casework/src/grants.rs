//! What is granted: to whom, by month, and never beside what excludes it.

use std::collections::BTreeSet;

use base::{CitizenNumber, Fen, Month};
use formula::{Assessment, Facts, Rational, Value};
use guide::model::{Action, Component, Effect, Entitlement, FieldType};

use crate::decide::{Draft, Spell};
use crate::event::{self, Datum, Event, Granted};
use crate::facts::adopted;
use crate::refusal::{Code, Refusal};
use crate::results::unknown;

impl Draft<'_> {
    /// 恢复: from a month on what was decided before it was suspended.
    pub(crate) fn resumed(&self, entitlement: &Entitlement, from: Month) -> Vec<Event> {
        let own = |grant: &&Granted| grant.entitlement == *entitlement.key && !grant.suspended;
        let known = self.state.grants.iter().filter(own);
        let mut after: Vec<&Granted> = Vec::new();
        for grant in known {
            // A later decision takes the place of what earlier ones say of its month and those after it.
            after.retain(|earlier| earlier.from < grant.from);
            after.push(grant);
        }
        let first = after.iter().rposition(|grant| grant.from <= from).unwrap_or(0);
        let again = after.iter().skip(first);
        let event = |grant: &&Granted| Event::Granted {
            entitlement: entitlement.key.to_string(),
            components: grant.components.clone(),
            from: grant.from.max(from),
            suspended: false,
            holders: grant.holders.clone(),
        };
        again.map(event).collect()
    }

    /// Who holds an entitlement: the applicant, the rows of a roster, or everybody in the household's.
    fn holders(&self, entitlement: &Entitlement, facts: &Facts) -> Vec<String> {
        let guide = self.rules.guide;
        let field = guide.fields.iter().find(|field| match field.ty {
            FieldType::List(list) => !entitlement.of_person && guide.lists[list].register.is_some(),
            FieldType::Register(_) => entitlement.of_person,
            _ => false,
        });
        let stated = field.and_then(|field| adopted(guide, &self.state, field, 0)).map(|fact| fact.value.clone());
        let people = stated.into_iter().flat_map(|datum| match datum {
            Datum::Rows(rows) => rows.iter().map(|row| row.columns.get("person").cloned()).collect::<Vec<_>>(),
            other => vec![Some(other)],
        });
        let assessment = self.assess(facts);
        let chosen = match entitlement.rows.as_ref().map(|rows| assessment.expression(rows)) {
            Some(Ok(Value::List(rows))) => Some(rows),
            _ => None,
        };
        let is_chosen = |place: usize| {
            let here = |row: &Value| matches!(row, Value::Row(row) if row.at[0] == place);
            chosen.as_ref().is_none_or(|rows| rows.iter().any(here))
        };
        let people = people.enumerate().filter(|(place, _)| is_chosen(*place)).filter_map(|(_, person)| person);
        people.filter_map(|person| person.people().first()?.number.clone()).collect()
    }

    /// 互斥: nobody holds in one month what excludes each other, unless this very decision ends the other one.
    /// `INVARIANT (one benefit): a grant is refused here while another case pays what excludes it.`
    fn excluded(&self, effect: &Effect, entitlement: &Entitlement, from: Month, holders: &[String]) -> Option<Refusal> {
        if entitlement.exclusive_with.is_empty() {
            return None;
        }
        let held: Vec<Spell> = {
            let numbers = holders.iter().flat_map(|holder| self.rules.registers.numbers(holder));
            numbers.flat_map(|number| self.rules.registers.spells(&number)).collect()
        };
        let others = held.iter().filter(|spell| {
            spell.root != self.state.root && entitlement.exclusive_with.iter().any(|name| *name.text == *spell.name)
        });
        let ends = |spell: &&Spell| {
            let of_step = self.rules.guide.effects.iter().filter(|other| other.step == effect.step);
            of_step.into_iter().any(|other| {
                matches!(&other.action, Action::Begin { service, .. } if *service == spell.service)
                    && other.conclusion == effect.conclusion
            })
        };
        let pays = |spell: &&Spell| event::is_open_from(&spell.grants, &spell.entitlement, from);
        let spell = others.filter(|spell| !ends(spell)).find(pays)?;
        let text = format!("与“{}”互斥：同一个人自{from}起还在享受（{}）", spell.name, spell.case);
        Some(Refusal::new(Code::R109, text, "先停止那一项，或者从停止以后的月份起给予"))
    }

    /// What is granted from a month on. With an end the amount is computed for each month (期次 is its place), and
    /// a change of it is one more event; after the end nothing is paid.
    pub(crate) fn grant(
        &self,
        effect: &Effect,
        entitlement: &Entitlement,
        (from, until): (Month, Option<Month>),
        facts: &Facts,
    ) -> Result<Vec<Event>, Refusal> {
        let holders = self.holders(entitlement, facts);
        if let Some(refusal) = self.excluded(effect, entitlement, from, &holders) {
            return Err(refusal);
        }
        let held = |mut event: Event| {
            if let Event::Granted { holders: known, .. } = &mut event {
                known.clone_from(&holders);
            }
            event
        };
        let (mut events, mut before) = (Vec::new(), None);
        let (mut month, mut place) = (from, 1);
        loop {
            let mut facts = facts.clone();
            facts.set("待遇月", Value::Month(month));
            facts.set("期次", Value::Number(Rational::from(place)));
            let amounts = amounts(entitlement, &self.assess(&facts))?;
            if before.as_ref() != Some(&amounts) {
                events.push(held(granted(entitlement, amounts.clone(), month)));
                before = Some(amounts);
            }
            match until {
                None => {
                    let later = self.later(entitlement, from, &before.unwrap_or_default(), &facts);
                    events.extend(later.into_iter().map(held));
                    return Ok(events);
                }
                Some(until) if month >= until || place >= MOST_MONTHS => {
                    events.push(granted(entitlement, nothing(entitlement), month.next()));
                    return Ok(events);
                }
                Some(_) => (month, place) = (month.next(), place + 1),
            }
        }
    }

    /// What changes by itself, in the months after birthdays or from month to month. Only parts that go with the age or
    /// the month do, and only while the rest would stay as it was decided: anything more is for a new decision.
    fn later(&self, entitlement: &Entitlement, from: Month, decided: &Amounts, facts: &Facts) -> Vec<Event> {
        let mut events = Vec::new();
        let ages = entitlement.components.iter().any(|component| component.by_age);
        let months = if entitlement.components.iter().any(|component| component.by_month) {
            ahead(from).collect()
        } else if ages {
            self.after_birthdays(from)
        } else {
            return events;
        };
        let mut before = decided.clone();
        for month in months {
            let mut facts = facts.clone();
            facts.set("待遇月", Value::Month(month));
            if ages {
                facts.set("计算日", Value::Date(month.first_day()));
            }
            let Ok(amounts) = amounts(entitlement, &self.assess(&facts)) else { break };
            let goes_on = |component: &Component| component.by_age || component.by_month;
            let is_same = |index: usize| goes_on(&entitlement.components[index]) || amounts[index] == decided[index];
            if !(0..amounts.len()).all(is_same) {
                break;
            }
            if amounts != before {
                events.push(granted(entitlement, amounts.clone(), month));
                before = amounts;
            }
        }
        events
    }

    /// The months after birthdays of anybody in the case, for as long as a decision may stand.
    fn after_birthdays(&self, from: Month) -> BTreeSet<Month> {
        let people = self.state.facts.iter().flat_map(|fact| fact.value.people());
        let numbers = people.filter_map(|person| CitizenNumber::parse(person.number.as_deref()?).ok());
        let born: BTreeSet<i8> = numbers.map(|number| number.birth().month()).collect();
        ahead(from).filter(|month| born.contains(&month.plus(-1).month())).collect()
    }
}

/// Months that one grant with an end may have.
const MOST_MONTHS: i128 = 120;

/// For how many months a decision looks ahead: longer than any re-check is away.
const MONTHS_AHEAD: usize = 36;

/// The months after a month, as far as a decision looks ahead.
fn ahead(from: Month) -> impl Iterator<Item = Month> {
    std::iter::successors(Some(from), |month| Some(month.next())).take(MONTHS_AHEAD).skip(1)
}

type Amounts = Vec<(String, Fen)>;

/// 暂停.
pub(crate) fn paused(entitlement: &Entitlement, from: Month) -> Event {
    let (components, entitlement) = (nothing(entitlement), entitlement.key.to_string());
    Event::Granted { entitlement, components, from, suspended: true, holders: Vec::new() }
}

pub(crate) fn granted(entitlement: &Entitlement, components: Amounts, from: Month) -> Event {
    let entitlement = entitlement.key.to_string();
    Event::Granted { entitlement, components, from, suspended: false, holders: Vec::new() }
}

pub(crate) fn nothing(entitlement: &Entitlement) -> Amounts {
    entitlement.components.iter().map(|component| (component.name.to_string(), Fen(0))).collect()
}

fn amounts(entitlement: &Entitlement, assessment: &Assessment) -> Result<Amounts, Refusal> {
    let amount = |component: &Component| {
        let value = assessment.value(&component.amount).unwrap_or(Ok(Value::Null));
        let value = value.map_err(|why| unknown(&component.name, &why.to_string()))?;
        let fen = value.number().and_then(fen).ok_or_else(|| unknown(&component.name, "不是分额"))?;
        Ok((component.name.to_string(), fen))
    };
    entitlement.components.iter().map(amount).collect()
}

/// A number of 元 that is a whole number of 分.
pub(crate) fn fen(yuan: Rational) -> Option<Fen> {
    let fen = yuan * Rational::from(100);
    if fen.is_integer() { i64::try_from(fen.to_integer()).ok().map(Fen) } else { None }
}
