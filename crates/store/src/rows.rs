//! The rows that a case has in the lists, from its state alone.

use std::collections::{BTreeMap, BTreeSet};

use base::DateTime;
use casework::event::PersonRef;
use casework::state::Fact;
use casework::{Datum, State, Status};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::fault::Fault;
use crate::files::{bands, stated};
use crate::registers::{HANDLE, handle};
use crate::schema::{LISTS, List};

/// The columns of a row in their order.
type Row = Vec<Value>;

/// A due moment that sorts behind all others, for steps without a clock.
pub(crate) const NEVER: &str = "9999";

/// Brings the rows of a stream from one state to the next; what is the same is not written. A stream is a case, or what
/// the bureau wrote by itself.
pub(crate) fn write(sql: &Connection, stream: &str, before: &State, after: &State) -> Result<(), Fault> {
    let (old, new) = (rows(stream, before)?, rows(stream, after)?);
    for (list, (old, new)) in LISTS.iter().zip(old.iter().zip(&new)) {
        let same_key = |a: &Row, b: &Row| list.key.iter().all(|name| cell(list, a, name) == cell(list, b, name));
        for gone in old.iter().filter(|gone| !new.iter().any(|row| same_key(row, gone))) {
            let key = list.key.iter().map(|name| cell(list, gone, name));
            let delete = format!("DELETE FROM {} WHERE {}", list.name, equal(list.key, " AND "));
            sql.prepare_cached(&delete)?.execute(params_from_iter(key))?;
        }
        for row in new {
            match old.iter().find(|known| same_key(known, row)) {
                None => {
                    let places = vec!["?"; row.len()].join(", ");
                    let insert = format!("INSERT INTO {} VALUES ({places})", list.name);
                    sql.prepare_cached(&insert)?.execute(params_from_iter(row))?;
                }
                Some(known) => change(sql, list, known, row)?,
            }
        }
    }
    Ok(())
}

/// Changes the columns of a row that differ, so that indexes of the others are left alone.
fn change(sql: &Connection, list: &List, old: &Row, new: &Row) -> Result<(), Fault> {
    let columns = list.columns.iter().zip(old.iter().zip(new));
    let (names, values): (Vec<&str>, Vec<&Value>) =
        columns.filter(|(_, (old, new))| old != new).map(|(name, (_, new))| (*name, new)).unzip();
    if names.is_empty() {
        return Ok(());
    }
    let (sets, keys) = (equal(&names, ", "), equal(list.key, " AND "));
    let values = values.into_iter().chain(list.key.iter().map(|name| cell(list, new, name)));
    sql.prepare_cached(&format!("UPDATE {} SET {sets} WHERE {keys}", list.name))?.execute(params_from_iter(values))?;
    Ok(())
}

fn cell<'r>(list: &List, row: &'r Row, name: &str) -> &'r Value {
    list.columns.iter().position(|column| *column == name).map_or(&Value::Null, |place| &row[place])
}

fn equal(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("{name} = ?")).collect::<Vec<_>>().join(between)
}

/// The rows by list, in the order of `LISTS`.
fn rows(stream: &str, state: &State) -> Result<[Vec<Row>; LISTS.len()], Fault> {
    let mut all: [Vec<Row>; LISTS.len()] = Default::default();
    let mut put = |name: &str, rows: Vec<Row>| {
        if let Some(place) = LISTS.iter().position(|list| list.name == name) {
            all[place] = rows;
        }
    };
    let (registered, found_by) = registered(stream, state)?;
    put("register_row", registered);
    put("register_find", found_by);
    // An import is no case; it has rows of registers and nothing else.
    let (Some(region), Some(opened)) = (state.region, state.opened_at) else { return Ok(all) };
    let region = region.to_string();
    let result = state.closed.as_ref().map_or("", |(result, _)| result);
    let case: Row = vec![
        text(&state.case),
        text(&state.service),
        text(&state.edition),
        text(&region),
        text(&state.applicant),
        moment(opened),
        moment(last_moment(state).unwrap_or(opened)),
        text(result),
        Value::from(i64::try_from(state.revision).unwrap_or(i64::MAX)),
        text(&state.root),
        text(state.before.as_deref().unwrap_or_default()),
    ];
    let people = state.facts.iter().flat_map(|fact| fact.value.people());
    let numbers: BTreeSet<&String> = people.filter_map(|person| person.number.as_ref()).collect();
    // The row that the case is about is found like somebody: by its key.
    let about = numbers.into_iter().chain(state.subject.as_ref().map(|subject| &subject.key));
    let people = about.map(|number| vec![text(number), text(&state.case)]).collect();
    let (files, looks) = evidence(state);
    put("case_row", vec![case]);
    put("work_row", work(state, &region));
    put("notice_row", notices(state, &region)?);
    put("roll_row", roll(state, &region)?);
    put("schedule_row", scheduled(state));
    put("kin_row", kin(state, &region, result));
    put("person_row", people);
    put("holder_row", holders(state));
    put("due_row", state.falls_due().map(|at| vec![moment(at), text(&state.case)]).into_iter().collect());
    put("request_row", requests(state, &region));
    put("file_row", files);
    put("look_row", looks);
    Ok(all)
}

/// What waits to be done, and what hangs.
fn work(state: &State, region: &str) -> Vec<Row> {
    let row = |instance: &casework::state::Instance| {
        let clocks = state.clocks.values().filter(|clock| clock.until == instance.step && clock.stopped_at.is_none());
        let due = clocks.map(|clock| clock.due.at).min();
        let first = if instance.status == Status::Awaiting { instance.people.first() } else { None };
        vec![
            text(region),
            due.map_or_else(|| text(NEVER), moment),
            text(&state.case),
            Value::from(instance.id),
            text(&state.service),
            text(&instance.step),
            Value::from(format!("{:?}", instance.status)),
            moment(instance.opened_at),
            text(first.map_or("", |actor| &actor.id)),
        ]
    };
    state.live().filter(|instance| instance.status != Status::Waiting).map(row).collect()
}

/// What registries were asked in an open case and have not answered usefully, the newest question about each person.
fn requests(state: &State, region: &str) -> Vec<Row> {
    let mut newest = BTreeMap::new();
    for request in state.requests.iter().filter(|_| state.closed.is_none()) {
        newest.insert((&request.question.inquiry, &request.question.person.number), request);
    }
    let open = newest.into_values().filter(|request| !request.standing().is_settled());
    let row = |request: &casework::checking::Request| {
        vec![
            text(&request.question.registry),
            text(&request.question.number),
            text(&state.case),
            text(region),
            text(&state.service),
            text(request.standing().word()),
            moment(request.question.due.at),
            text(request.sent.as_ref().map_or("", |(batch, _)| batch)),
        ]
    };
    open.map(row).collect()
}

fn notices(state: &State, region: &str) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    for notice in state.notices.iter().filter(|notice| !notice.void) {
        let Some(instance) = state.instance(notice.instance) else { continue };
        rows.push(vec![
            moment(notice.until.at),
            text(&state.case),
            Value::from(notice.instance),
            text(&state.service),
            text(&instance.step),
            text(region),
            moment(notice.posted_at),
            json(&notice.shown)?,
            Value::from(instance.status == Status::Posted),
        ]);
    }
    Ok(rows)
}

/// A closed case with grants stands on the roll, until a later case of its chain is closed.
fn roll(state: &State, region: &str) -> Result<Vec<Row>, Fault> {
    let Some((_, closed)) = state.closed.as_ref().filter(|_| !state.grants.is_empty()) else { return Ok(Vec::new()) };
    let names = [text(region), text(&state.root), text(&state.case), text(&state.service), text(&state.applicant)];
    // By field the person whom it names last: into whose account something is paid.
    let people: BTreeMap<&str, &PersonRef> = state.facts.iter().filter_map(|fact| person(fact)).collect();
    Ok(vec![names.into_iter().chain([moment(*closed), json(&state.grants)?, json(&people)?]).collect()])
}

fn person(fact: &Fact) -> Option<(&str, &PersonRef)> {
    if let Datum::Person(person) = &fact.value { Some((&fact.field, person)) } else { None }
}

fn scheduled(state: &State) -> Vec<Row> {
    let closed = state.scheduled.iter().filter(|_| state.closed.is_some());
    closed.map(|(start, at)| vec![moment(*at), text(&state.case), text(start)]).collect()
}

/// Which officials are relatives, with the steps that they did before that was known.
fn kin(state: &State, region: &str, result: &str) -> Vec<Row> {
    let row = |kin: &casework::state::Kin| {
        let before = state.steps.iter().filter(|i| i.done_at.unwrap_or(i.opened_at) <= kin.declared_at);
        let acted = before.filter(|i| i.people.iter().any(|person| person.name == kin.official));
        let acted: Vec<&str> = acted.map(|instance| &*instance.step).collect();
        let names = [region, &*state.case, &kin.official, &kin.relation, &state.service, &state.applicant].map(text);
        names.into_iter().chain([moment(kin.declared_at), text(result), Value::from(acted.join(" "))]).collect()
    };
    state.kin.iter().map(row).collect()
}

/// Who holds what by the decisions of this case's chain.
fn holders(state: &State) -> Vec<Row> {
    let held = state.grants.iter().flat_map(|grant| grant.holders.iter().map(|number| (number, &grant.entitlement)));
    let held: BTreeSet<(&String, &String)> = held.collect();
    let row = |(number, entitlement): (&String, &String)| {
        [number, &state.case, entitlement, &state.service, &state.root].map(|cell| text(cell)).to_vec()
    };
    held.into_iter().map(row).collect()
}

/// Rows of registers, and what they are found by.
fn registered(stream: &str, state: &State) -> Result<(Vec<Row>, Vec<Row>), Fault> {
    let (mut rows, mut found) = (Vec::new(), BTreeSet::new());
    for (place, (at, row)) in state.registered.iter().enumerate() {
        let (from, region, at) = (row.from.to_string(), row.region.to_string(), at.to_string());
        let names = [&*row.register, &row.key, &from, &at, stream].map(text);
        let place = Value::from(i64::try_from(place).unwrap_or(i64::MAX));
        rows.push(names.into_iter().chain([place, text(&region), json(row)?]).collect());
        let mut say = |column: &str, value: String| {
            found.insert([row.register.clone(), column.to_owned(), value, row.key.clone()]);
        };
        row.found_by.iter().for_each(|(column, value)| say(column, value.clone()));
        say(HANDLE, handle(&row.register, &row.key));
    }
    let row = |cells: [String; 4]| cells.iter().map(|cell| text(cell)).chain([text(stream)]).collect();
    Ok((rows, found.into_iter().map(row).collect()))
}

/// Files with where they were stated first, and the bands of what they look like.
fn evidence(state: &State) -> (Vec<Row>, Vec<Row>) {
    let (mut places, mut looks, mut files) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (field, at, file) in stated(state) {
        let look = file.look.as_deref().unwrap_or_default();
        if places.insert((&file.digest, field.clone())) {
            files.push([&file.digest, &state.case, &*field, &*at, look].map(text).to_vec());
        }
        looks.extend(bands(look).map(|band| (band, &file.digest)));
    }
    let looks = looks.into_iter().map(|(band, digest)| vec![Value::from(band), text(digest), text(&state.case)]);
    (files, looks.collect())
}

fn last_moment(state: &State) -> Option<DateTime> {
    let steps = state.steps.iter().flat_map(|i| [Some(i.opened_at), i.done_at]);
    let others = state.letters.iter().map(|letter| Some(letter.at)).chain(state.closed.iter().map(|(_, at)| Some(*at)));
    let facts = state.facts.last().map(|fact| Some(fact.recorded_at));
    steps.chain(others).chain(facts).flatten().max()
}

fn text(text: &str) -> Value {
    Value::from(text.to_owned())
}

fn moment(at: DateTime) -> Value {
    Value::from(at.to_string())
}

fn json(value: &impl serde::Serialize) -> Result<Value, Fault> {
    serde_json::to_string(value).map(Value::from).map_err(|error| Fault::damaged(error.to_string()))
}
