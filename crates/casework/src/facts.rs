//! What formulas see of a case: the adopted value of each field, what each step said, and the built-in names.

use std::sync::Arc;

use base::{Date, DateTime, PersonNumber};
use formula::{Facts, Rational, Type, Value};
use guide::model::{Field, FieldType, List, StepKind, When};
use guide::{Guide, plain_value, step_outputs};

use crate::event::{Datum, Granted, Over, Row, Stated};
use crate::given;
use crate::state::{Fact, Instance, State, Status};

/// The facts of a case at a moment, as a thread sees them: an objection's own facts go before the main line's.
pub fn facts(guide: &Guide, state: &State, thread: u32, now: DateTime) -> Facts {
    facts_over(Arc::new(stated(guide, state, thread)), guide, state, now)
}

/// What was stated, as a thread sees it.
pub(crate) fn stated(guide: &Guide, state: &State, thread: u32) -> Facts {
    let mut facts = Facts::over(guide.untouched.clone());
    for field in &guide.fields {
        if let Some(fact) = adopted(guide, state, field, thread) {
            put(guide, &mut facts, &field.name.clone(), field, &fact.value);
        }
        for step in field.sources.iter().flatten().map(|step| &guide.steps[*step]) {
            let said = state.facts.iter().rfind(|fact| fact.field == *field.key && fact.step == *step.key);
            if let (Some(fact), false) = (said, matches!(field.ty, FieldType::List(_))) {
                put(guide, &mut facts, &format!("{}.{}", step.name, field.name).into(), field, &fact.value);
            }
        }
    }
    facts
}

/// What was stated with all that else is known of the case at a moment.
pub(crate) fn facts_over(stated: Arc<Facts>, guide: &Guide, state: &State, now: DateTime) -> Facts {
    let mut facts = Facts::over(stated);
    facts.set("今日", Value::Date(now.date()));
    facts.set("此刻", Value::Moment(now));
    let opened = state.opened_at.unwrap_or(now);
    facts.set("启动.日期", Value::Date(opened.date()));
    facts.set("启动.时刻", Value::Moment(opened));
    if let Some(region) = state.region {
        facts.set("属地", Value::Region(region));
    }
    if let Some(start) = guide.starts.iter().find(|start| *start.key == *state.start) {
        facts.set("缘由", Value::Text(start.name.clone()));
    }
    if let Some(draw) = state.draw {
        facts.set("抽签数", Value::Number(Rational::new(i128::from(draw), 1 << 32)));
    }
    for (name, clock) in &state.clocks {
        facts.set(format!("{name}.到期日"), Value::Date(clock.due.at.date()));
    }
    entitlements(guide, state, now, &mut facts);
    steps(guide, state, &mut facts);
    crate::checking::answers(guide, state, now, &mut facts);
    facts
}

/// The fact that is believed: one of this case before an inherited one, of the best rank, within it the latest; a thread's own before others.
pub fn adopted<'s>(guide: &Guide, state: &'s State, field: &Field, thread: u32) -> Option<&'s Fact> {
    let own = |fact: &&Fact| fact.field == *field.key && (fact.thread == thread || thread == 0 || fact.thread == 0);
    let rank = |fact: &Fact| {
        let said = |step: &usize| *guide.steps[*step].key == *fact.step;
        field.sources.iter().position(|rank| rank.iter().any(said)).unwrap_or(usize::MAX)
    };
    state
        .facts
        .iter()
        .filter(own)
        .min_by_key(|fact| (fact.inherited, rank(fact), fact.thread != thread, std::cmp::Reverse(fact.sequence)))
}

/// 待遇.月额 and 待遇.在发 as they stand for the month after: a decision of today cannot change this month; and when and from
/// which month on that was decided.
fn entitlements(guide: &Guide, state: &State, now: DateTime, facts: &mut Facts) {
    let next = base::Month::of(now.date()).next();
    for entitlement in &guide.entitlements {
        let grant = state.granted(&entitlement.key, next);
        let fen = grant.map_or(0, |grant| grant.total().0);
        facts.set(format!("{}.月额", entitlement.name), Value::Number(Rational::new(i128::from(fen), 100)));
        facts.set(format!("{}.在发", entitlement.name), Value::Bool(state.is_paid(&entitlement.key, now)));
        if let Some(grant) = grant {
            facts.set(format!("{}.核定日", entitlement.name), Value::Date(grant.decided_at.date()));
            let same =
                |known: &&Granted| (&known.entitlement, known.decided_at) == (&grant.entitlement, grant.decided_at);
            let first = state.grants.iter().filter(same).map(|known| known.from).min().unwrap_or(grant.from);
            facts.set(format!("{}.核定起月", entitlement.name), Value::Month(first));
        }
    }
}

/// What a case over an entitlement takes over from this one.
pub fn inheritance(guide: &Guide, state: &State) -> Over {
    let adopted = guide.fields.iter().filter_map(|field| adopted(guide, state, field, 0));
    let facts = adopted.map(|fact| Stated {
        field: fact.field.clone(),
        step: fact.step.clone(),
        value: fact.value.clone(),
        valid_from: fact.valid_from,
        recorded_at: fact.recorded_at,
        by: fact.by.clone(),
    });
    let (case, root, applicant) = (state.case.clone(), state.root.clone(), state.applicant.clone());
    Over {
        case,
        root,
        applicant,
        facts: facts.collect(),
        grants: state.grants.clone(),
        reviewed: reviewed(guide, state),
    }
}

/// 上次复核日: what the calendar begins over an entitlement looks at nobody, so it leaves the day as it was.
pub(crate) fn reviewed(guide: &Guide, state: &State) -> Option<Date> {
    let start = guide.starts.iter().find(|start| *start.key == *state.start);
    let by_calendar = start.is_some_and(|start| start.over.is_some() && matches!(start.when, When::Calendar(_)));
    if by_calendar || state.origin.is_some() && state.reviewed.is_some() {
        state.reviewed
    } else {
        state.closed.as_ref().map(|(_, at)| at.date())
    }
}

fn steps(guide: &Guide, state: &State, facts: &mut Facts) {
    for step in &guide.steps {
        let instances: Vec<&Instance> = state.steps.iter().filter(|instance| instance.step == *step.key).collect();
        if instances.is_empty() {
            continue;
        }
        let mut set = |name: &str, value: Value| facts.set(format!("{}.{name}", step.name), value);
        let opened: Vec<&&Instance> =
            instances.iter().filter(|i| !matches!(i.status, Status::Waiting | Status::Skipped)).collect();
        let done: Vec<&&Instance> = instances.iter().filter(|i| i.status == Status::Done).collect();
        set("已有", Value::Bool(!done.is_empty()));
        set("已开", Value::Bool(!opened.is_empty()));
        set("次数", Value::Number(Rational::from(done.len() as i128)));
        if let Some(last) = opened.last() {
            set("开始日期", Value::Date(last.opened_at.date()));
        }
        if let Some((last, at)) = done.last().and_then(|last| Some((last, last.done_at?))) {
            set("日期", Value::Date(at.date()));
            set("时刻", Value::Moment(at));
            let people: Vec<&str> = last.people.iter().map(|person| &*person.name).collect();
            set("经办人", Value::text(&people.join("、")));
            if step.kind == StepKind::Form {
                set("代办", Value::Bool(last.people.iter().any(|person| person.for_applicant)));
            }
            if let Some(conclusion) = &last.conclusion {
                set("结论", Value::text(conclusion));
            }
        }
        let last = done.last().or(opened.last());
        for (name, ty) in step_outputs(step.kind, &[]) {
            let value = last.and_then(|last| last.outputs.get(name)).and_then(|datum| value(datum, &ty));
            if let Some(value) = value.filter(|_| name != "结论") {
                set(name, value);
            }
        }
        if step.kind == StepKind::Publicity {
            let notice = state.notices.iter().rfind(|n| instances.iter().any(|i| i.id == n.instance));
            if let Some(notice) = notice {
                set("张贴日期", Value::Date(notice.posted_at.date()));
                let count = state.objections.iter().filter(|o| o.instance == notice.instance).count();
                set("异议数", Value::Number(Rational::from(count as i128)));
            }
        }
    }
}

fn put(guide: &Guide, facts: &mut Facts, name: &Arc<str>, field: &Field, datum: &Datum) {
    match (&field.ty, datum) {
        (FieldType::List(list), Datum::Rows(rows)) => {
            let rows = rows.iter().enumerate().map(|(i, row)| row_facts(guide, *list, row, i)).collect();
            facts.lists.insert(name.clone(), rows);
        }
        (ty, datum) => {
            if let Some(value) = field_value(ty, datum) {
                facts.set(name.clone(), value);
            }
        }
    }
}

fn row_facts(guide: &Guide, list: usize, row: &Row, index: usize) -> Facts {
    let list: &List = &guide.lists[list];
    let mut facts = Facts::default();
    if let (Some(register), Some(Datum::Person(person))) = (list.register, row.columns.get("person")) {
        let name = &guide.program.environment().registers[register].name;
        let number = person.number.as_deref().and_then(|text| PersonNumber::parse(text).ok());
        facts.set(name.clone(), given::person(&person.name, number.as_ref()));
        facts.label = Some(format!("{}第 {} 行", list.name, index + 1).into());
    }
    for column in &list.columns {
        if let Some(datum) = row.columns.get(&*column.key) {
            put(guide, &mut facts, &column.name.clone(), column, datum);
        }
    }
    facts
}

pub(crate) fn field_value(ty: &FieldType, datum: &Datum) -> Option<Value> {
    match (ty, datum) {
        (FieldType::Register(_), Datum::Person(person)) => {
            let number = person.number.as_deref().and_then(|text| PersonNumber::parse(text).ok());
            Some(given::person(&person.name, number.as_ref()))
        }
        (FieldType::Plain(ty), datum) => value(datum, ty),
        (_, Datum::Text(text)) => Some(Value::text(text)),
        (FieldType::Attachment, Datum::Files(files)) => Some(Value::text(&format!("{} 份", files.len()))),
        _ => None,
    }
}

fn value(datum: &Datum, ty: &Type) -> Option<Value> {
    match datum {
        Datum::Bool(b) => Some(Value::Bool(*b)),
        Datum::Text(text) => plain_value(text, ty).ok(),
        Datum::Person(_) | Datum::Rows(_) | Datum::Files(_) => None,
    }
}
