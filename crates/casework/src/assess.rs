//! From a case to the figures: gathers the facts that hold on a day and evaluates the guide's formulas.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{CitizenNumber, Date, DateTime, Decimal, RegionCode, yuan};
use formula::{Evaluation, Inputs, Missing, Record, Value};
use guide::{Field, FieldKind, Guide, Overlay, RatesAt, StepKind};

use crate::event::Facts;
use crate::state::State;
use crate::summary::Person;

/// Facts by name, as formulas see them.
pub type Known = BTreeMap<Arc<str>, Value>;

/// Evaluates the guide for a case on a day, with everything known at `known`.
/// `chain` is the case's region and all above it, the most specific first.
pub fn assess(guide: &Guide, state: &State, day: Date, known: DateTime, chain: &[RegionCode]) -> Evaluation {
    evaluate_case(guide, state, day, known, chain, &Overlay::default())
}

/// The same with parameters laid over the guide's.
pub fn evaluate_case(
    guide: &Guide,
    state: &State,
    day: Date,
    known: DateTime,
    chain: &[RegionCode],
    overlay: &Overlay,
) -> Evaluation {
    evaluate(guide, &facts_of_case(guide, state, day, known), day, chain, overlay)
}

/// Evaluates the guide for facts that belong to no case: the public self-check, scenarios, what-if, fixtures.
pub fn assess_facts(guide: &Guide, facts: &Facts, day: Date, chain: &[RegionCode], overlay: &Overlay) -> Evaluation {
    let mut known = engine_facts(guide, None, day);
    for (name, value) in facts {
        known.insert(name.clone(), value.clone());
    }
    fill_missing(guide, &mut known);
    evaluate(guide, &known, day, chain, overlay)
}

fn evaluate(guide: &Guide, known: &Known, day: Date, chain: &[RegionCode], overlay: &Overlay) -> Evaluation {
    let rates = RatesAt { table: &guide.rates, regions: chain, date: day, overlay };
    guide.program.evaluate(&Inputs { facts: known, rates: &rates })
}

/// What formulas may see of a case on a day, as known at a moment.
pub fn facts_of_case(guide: &Guide, state: &State, day: Date, known: DateTime) -> Known {
    let mut facts = engine_facts(guide, Some(state), day);
    for field in fields(guide) {
        if let Some(version) = state.fact_as_known(&field.name, day, known) {
            facts.insert(field.name.clone(), version.value.clone());
        }
    }
    fill_missing(guide, &mut facts);
    facts
}

fn fields(guide: &Guide) -> impl Iterator<Item = &Field> {
    std::iter::once(&guide.form).chain(guide.steps.iter().map(|s| &s.form)).flat_map(|f| &f.fields)
}

/// INVARIANT (missing is not zero): what nobody stated is missing, with its name in the reason.
fn fill_missing(guide: &Guide, facts: &mut Known) {
    for field in fields(guide) {
        facts.entry(field.name.clone()).or_insert_with(|| missing(format!("缺少“{}”", field.name)));
    }
}

pub(crate) fn missing(what: String) -> Value {
    Value::Missing(Arc::new(Missing { what }))
}

/// The names that the engine itself supplies; the list stands in `docs/reference/guide-format.md`.
fn engine_facts(guide: &Guide, state: Option<&State>, day: Date) -> Known {
    let mut facts = Known::new();
    let last = state.and_then(State::last_decision);
    let date = |found: Option<Date>, name: &str| found.map_or_else(|| missing(format!("缺少“{name}”")), Value::Date);
    let meetings = |s: &State| {
        let held = |d: &&crate::state::DoneStep| {
            d.round == s.round && guide.step(&d.step).is_some_and(|s| s.kind == StepKind::Meeting)
        };
        s.done.iter().filter(held).count()
    };
    facts.insert("办理日期".into(), Value::Date(day));
    facts.insert("申请日期".into(), date(Some(state.map_or(day, |s| s.applied_at.date())), "申请日期"));
    facts.insert("受理日期".into(), date(state.and_then(|s| accepted_on(guide, s)), "受理日期"));
    facts.insert("决定日期".into(), date(last.map(|d| d.at.date()), "决定日期"));
    facts.insert("有异议".into(), Value::Bool(state.is_some_and(|s| s.objections.iter().any(|o| o.round == s.round))));
    facts.insert("须备案".into(), Value::Bool(state.is_some_and(|s| !s.filed.is_empty())));
    facts.insert("已确认".into(), Value::Bool(last.is_some()));
    facts.insert("已评议次数".into(), Value::Number(Decimal::from(state.map_or(0, meetings))));
    let results = guide.results.iter().filter(|r| r.decision).map(|r| {
        let found = last.and_then(|d| d.results.iter().find(|(name, _)| *name == r.name));
        (r.name.clone(), found.map_or_else(|| missing(format!("缺少“上次决定的{}”", r.name)), |(_, v)| v.clone()))
    });
    facts.insert("上次决定".into(), Value::Record(Arc::new(Record { fields: results.collect() })));
    facts
}

/// The day of acceptance (SA-12): when the step from which the guide's first limit runs last ended with its first outcome.
fn accepted_on(guide: &Guide, state: &State) -> Option<Date> {
    let acceptance = guide.step(&guide.limits.first()?.from)?;
    let first = acceptance.outcomes.first()?;
    let done = state.done.iter().rfind(|d| d.step == acceptance.name && d.outcome == first.name)?;
    Some(done.at.date())
}

/// The applicant's name as last stated.
pub fn applicant_name(guide: &Guide, state: &State) -> String {
    latest_text(state, &guide.subject.name).unwrap_or_default()
}

/// The applicant's citizen number as last stated, if the service asks for one.
pub fn applicant_number(guide: &Guide, state: &State) -> Option<String> {
    latest_text(state, guide.subject.number.as_ref()?)
}

fn latest_text(state: &State, name: &str) -> Option<String> {
    match &state.facts.get(name)?.last()?.value {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

/// Everybody whom a case is about: the applicant and the people of the declared rosters.
pub fn people(guide: &Guide, state: &State) -> Vec<Person> {
    let facts: Facts =
        state.facts.iter().filter_map(|(name, v)| Some((name.clone(), v.last()?.value.clone()))).collect();
    people_of(guide, &facts)
}

/// The same for facts that are about to be stated.
pub fn people_of(guide: &Guide, facts: &Facts) -> Vec<Person> {
    let get = |name: &str| facts.iter().find(|(n, _)| &**n == name).map(|(_, v)| v);
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    let mut people = Vec::new();
    if let Some(name) = text(get(&guide.subject.name)) {
        let number = guide.subject.number.as_ref().and_then(|n| text(get(n)));
        people.push(Person { name, number, applicant: true });
    }
    for roster in &guide.subject.people {
        for row in rows(get(&roster.roster)) {
            let Some(name) = text(row.get(&roster.name)) else { continue };
            let number = text(row.get(&roster.number));
            let known = people.iter().any(|p| p.name == name && (p.number == number || number.is_none()));
            if !known {
                people.push(Person { name, number, applicant: false });
            }
        }
    }
    people
}

/// What the applicant declared of relatives among the staff: name of the staff member and relation.
pub fn declared_kin(guide: &Guide, facts: &Facts) -> Vec<(Arc<str>, Arc<str>)> {
    let Some(kin) = &guide.subject.kin else { return Vec::new() };
    let roster = facts.iter().find(|(n, _)| *n == kin.roster).map(|(_, v)| v);
    rows(roster)
        .filter_map(|row| match (row.get(&kin.staff_name), row.get(&kin.relation)) {
            (Some(Value::Text(name)), Some(Value::Text(relation))) => Some((name.clone(), relation.clone())),
            (Some(Value::Text(name)), _) => Some((name.clone(), "未写明".into())),
            _ => None,
        })
        .collect()
}

fn rows(roster: Option<&Value>) -> impl Iterator<Item = &Record> {
    let list: &[Value] = match roster {
        Some(Value::List(list)) => list,
        _ => &[],
    };
    list.iter().filter_map(|row| match row {
        Value::Record(record) => Some(&**record),
        _ => None,
    })
}

/// Citizen numbers of the people, parsed; those that are not valid are left out.
pub fn numbers(people: &[Person]) -> Vec<(CitizenNumber, Arc<str>)> {
    people
        .iter()
        .filter_map(|p| Some((CitizenNumber::parse(p.number.as_deref()?).ok()?, Arc::from(p.name.as_str()))))
        .collect()
}

/// A value as pages, notices and letters show it: yuan with two decimals, a unit behind other numbers.
pub fn display(guide: &Guide, name: &str, value: &Value) -> String {
    let money = |unit: &str, n: &Decimal| match unit {
        "元" => format!("{}元", yuan(*n)),
        unit => format!("{}{unit}", n.normalize()),
    };
    let result = guide.results.iter().find(|r| &*r.name == name);
    match (value, result, guide.field(name).map(|f| &f.kind)) {
        (Value::Number(n), Some(result), _) => money(&result.unit, n),
        (Value::Number(n), None, Some(FieldKind::Money)) => money("元", n),
        (Value::Number(n), None, Some(FieldKind::Number { unit })) => money(unit, n),
        (Value::List(list), Some(result), _) if !result.unit.is_empty() => {
            let texts = list.iter().map(|v| match v {
                Value::Number(n) => money(&result.unit, n),
                other => other.to_string(),
            });
            texts.collect::<Vec<_>>().join("、")
        }
        _ => value.to_string(),
    }
}
