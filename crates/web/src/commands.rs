//! Step 3 of the request path: a form as a typed command.

use std::sync::Arc;

use base::{Date, parse_date};
use casework::intake::{Reader, entries_of};
use casework::{Actor, Channel, Command, FieldError, Refusal, State};
use formula::Value;
use guide::{Level, StepKind};

use crate::acts::{Act, Subject};
use crate::sent::Sent;
use crate::site::{Site, companions};

/// Reads the form of an act; every error beside its entry.
pub fn read(web: &Site, subject: &Subject, act: &Act, sent: &Sent) -> Result<Command, Refusal> {
    let today = web.now().date();
    match act {
        Act::Apply => apply(web, subject, sent, today),
        Act::Step => complete(web, subject, sent, today),
        Act::Post => {
            sent.with_file_errors(Vec::new())?;
            Ok(Command::Post { materials: materials(subject, sent) })
        }
        Act::Answer(number) => {
            let finding = required(sent, "finding", "调查结论")?;
            let text = required(sent, "text", "答复内容")?;
            Ok(Command::Answer { number: *number, finding, text })
        }
        Act::Correct => correct(web, subject, sent, today),
        Act::Extend => {
            let (limit, reason) = (required(sent, "limit", "期限")?, required(sent, "reason", "延长理由")?);
            Ok(Command::Extend { limit: limit.into(), reason })
        }
        Act::Withdraw => Ok(Command::Withdraw { reason: sent.word("reason").to_owned() }),
        Act::Object(_) => {
            let text = required(sent, "text", "异议内容")?;
            let name = Some(sent.word("name").to_owned()).filter(|n| !n.is_empty());
            Ok(Command::Object { name, contact: sent.word("contact").to_owned(), text })
        }
    }
}

/// Files for papers that the guide knows; nothing else becomes evidence.
fn materials(subject: &Subject, sent: &Sent) -> Vec<(Arc<str>, casework::File)> {
    let known = |name: &Arc<str>| subject.guide.materials.iter().any(|m| m.name == *name);
    sent.files.iter().filter(|(name, _)| known(name)).cloned().collect()
}

/// Longest text that the engine's own entries take, in characters.
const TEXT_MAX: usize = 5_000;

fn required(sent: &Sent, name: &str, label: &str) -> Result<String, Refusal> {
    let text = sent.word(name);
    let message = match text.chars().count() {
        0 => format!("请填写“{label}”"),
        count if count > TEXT_MAX => format!("“{label}”最多{TEXT_MAX}个字，现在有{count}个"),
        _ => return Ok(text.to_owned()),
    };
    Err(Refusal::form(vec![FieldError { path: name.to_owned(), message }]))
}

fn reader<'a>(web: &'a Site, today: Date) -> Reader<'a> {
    Reader { regions: &web.bureau().regions, region: web.bureau().region, today }
}

fn apply(web: &Site, subject: &Subject, sent: &Sent, today: Date) -> Result<Command, Refusal> {
    let channel = match web.level(&subject.actor.role) {
        Some(Level::Village) => Channel::Village,
        Some(Level::Township | Level::County) => Channel::Window,
        _ => Channel::Online,
    };
    let facts = reader(web, today).read(&subject.guide.form, &sent.entries);
    sent.with_file_errors(facts.as_ref().err().cloned().unwrap_or_default())?;
    let former = Some(sent.word("former").to_uppercase()).filter(|f| !f.is_empty()).map(|f| casework::CaseId(f.into()));
    Ok(Command::Apply { channel, facts: facts.unwrap_or_default(), materials: materials(subject, sent), former })
}

fn complete(web: &Site, subject: &Subject, sent: &Sent, today: Date) -> Result<Command, Refusal> {
    let file = subject.file();
    let step = subject.step().filter(|s| *s.name == *sent.word("step"));
    let Some(step) = step else {
        // Somebody was faster: the form belongs to a step that is over, and the gate says so.
        let step: Arc<str> = sent.word("step").into();
        let facts = casework::Facts::new();
        let (outcome, reason, with) = (None, String::new(), Vec::new());
        return Ok(Command::Complete { step, outcome, facts, reason, with, materials: Vec::new() });
    };
    let facts = reader(web, today).read(&step.form, &sent.entries);
    let mut errors = facts.as_ref().err().cloned().unwrap_or_default();
    let outcome = Some(sent.word("outcome")).filter(|o| !o.is_empty());
    let follows = matches!(step.kind, StepKind::Meeting | StepKind::Notice | StepKind::Form);
    if outcome.is_none() && !follows && step.outcomes.len() > 1 {
        errors.push(FieldError { path: "outcome".to_owned(), message: "请选择办理结果".to_owned() });
    }
    sent.with_file_errors(errors)?;
    Ok(Command::Complete {
        step: step.name.clone(),
        outcome: outcome.map(Arc::from),
        facts: facts.unwrap_or_default(),
        reason: sent.word("reason").to_owned(),
        with: chosen(web, subject, sent, file.state.region),
        materials: materials(subject, sent),
    })
}

/// Those of the staff who were ticked as taking part.
fn chosen(web: &Site, subject: &Subject, sent: &Sent, place: base::RegionCode) -> Vec<Actor> {
    let people = companions(&subject.staff, web, &subject.actor, place);
    people.into_iter().filter(|p| sent.words("with").any(|id| *id == *p.id)).collect()
}

/// What stands in the form now, as typed entries: the base that corrections are compared with.
pub fn known_entries(subject: &Subject, state: &State, today: Date) -> casework::intake::Entries {
    let form = &subject.guide.form;
    let facts: casework::Facts = form
        .fields
        .iter()
        .filter_map(|f| Some((f.name.clone(), state.fact_on(&f.name, today)?.value.clone())))
        .collect();
    entries_of(form, &facts)
}

/// Only what differs from what is known is stated again.
fn correct(web: &Site, subject: &Subject, sent: &Sent, today: Date) -> Result<Command, Refusal> {
    let state = &subject.file().state;
    let read = reader(web, today).read_some(&subject.guide.form, &sent.entries);
    let mut errors = read.as_ref().err().cloned().unwrap_or_default();
    let known = |name: &str| state.fact_on(name, today).map(|v| &v.value);
    let empty = |value: &Value| value.items().is_some_and(<[Value]>::is_empty);
    let mut facts = read.unwrap_or_default();
    facts.retain(|(name, value)| known(name) != Some(value) && (known(name).is_some() || !empty(value)));
    let valid_from = parse_date(sent.word("valid_from"));
    if valid_from.is_none() {
        errors.push(FieldError { path: "valid_from".into(), message: "请填写从哪一天起属实".into() });
    }
    for (name, label) in [("reason", "更正的理由"), ("source", "依据来源")] {
        if let Err(refusal) = required(sent, name, label) {
            errors.extend(refusal.fields);
        }
    }
    if errors.is_empty() && facts.is_empty() {
        errors.push(FieldError { path: "reason".into(), message: "没有改动任何项目".into() });
    }
    sent.with_file_errors(errors)?;
    let (reason, source) = (sent.word("reason").to_owned(), sent.word("source").to_owned());
    Ok(Command::Correct { facts, valid_from: valid_from.unwrap_or(today), reason, source })
}

/// What can be read of a form that is still being filled in; entries that are wrong are left out.
pub fn typed_facts(web: &Site, form: &guide::Form, entries: &casework::intake::Entries) -> casework::Facts {
    let reader = reader(web, web.now().date());
    let one = |field: &guide::Field| {
        let alone = guide::Form { fields: vec![field.clone()] };
        let own = |path: &str| path.split('.').next() == Some(&*field.name);
        let typed = entries.iter().filter(|(p, _)| own(p)).map(|(p, t)| (p.clone(), t.clone())).collect();
        reader.read(&alone, &typed).unwrap_or_default()
    };
    form.fields.iter().flat_map(one).collect()
}
