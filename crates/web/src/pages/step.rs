//! Doing a step: the form that the guide asks for, by staff or by the applicant.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use bureau::{Failure, Order};
use casework::{Actor, Command, Refusal, State as Case, StepOption, intake};
use formula::Type;
use guide::model::StepKind;
use guide::{Guide, step_outputs};
use maud::{Markup, html};

use super::Page;
use super::apply::one_more;
use super::public::redirect;
use crate::field::{Drawer, form};
use crate::layout::{page, refusals, step_form};
use crate::sent::Sent;
use crate::site::{Fault, Site};
use crate::visit::Visit;

/// What a step is done on, by whom.
struct Subject {
    case: String,
    state: Case,
    guide: Arc<Guide>,
    actor: Actor,
    step: usize,
    option: Option<StepOption>,
}

fn subject(site: &Site, visit: &Visit, case: &str, step: &str) -> Result<Subject, Fault> {
    site.bureau.pass_time(site.now())?;
    let (state, guide, actor) = visit.case(site, case)?;
    let step = guide.steps.iter().position(|known| *known.key == *step).ok_or(Fault::NotFound)?;
    let actor = actor.doing(&guide, &guide.steps[step]);
    let options = casework::options(site.bureau.rules(&guide), &state, &actor, site.now());
    let option = options.into_iter().find(|option| option.step == step);
    Ok(Subject { case: case.to_owned(), state, guide, actor, step, option })
}

pub async fn show(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, step)): Path<(String, String)>,
) -> Page {
    let subject = subject(&site, &visit, &case, &step)?;
    let sent = if subject.may_act() {
        filled(&subject.guide, &subject.state, subject.step, site.now())
    } else {
        Sent::empty()
    };
    step_page(&site, &visit, &subject, &sent, &[])
}

impl Subject {
    fn may_act(&self) -> bool {
        self.option.as_ref().is_some_and(|option| option.refusals.is_empty())
    }
}

/// A form opens filled with what was stated before, where that is plain text, and with the present moment.
pub(super) fn filled(guide: &Guide, state: &Case, step: usize, now: base::DateTime) -> Sent {
    let mut sent = Sent::empty();
    for (name, _) in step_outputs(guide.steps[step].kind, &[]).iter().filter(|(_, ty)| *ty == Type::Moment) {
        sent.set(&format!("o-{name}"), &format!("{}T{:02}:{:02}", now.date(), now.hour(), now.minute()));
    }
    for field in intake::fields_of(guide, step) {
        if let Some(fact) = casework::facts::adopted(guide, state, field, 0) {
            fill(guide, field, &field.key, &fact.value, &mut sent);
        }
    }
    sent
}

fn fill(guide: &Guide, field: &guide::model::Field, path: &str, value: &casework::Datum, sent: &mut Sent) {
    use casework::Datum;
    match (value, &field.ty) {
        (Datum::Bool(b), _) => sent.set(path, if *b { "是" } else { "否" }),
        (Datum::Text(text), _) => sent.set(path, text),
        (Datum::Person(person), _) => {
            sent.set(path, &person.name);
            sent.set(&format!("{path}.number"), person.number.as_deref().unwrap_or_default());
        }
        (Datum::Rows(rows), guide::model::FieldType::List(list)) => {
            if rows.is_empty() {
                sent.set(&format!("{path}.none"), "1");
            }
            for (number, row) in rows.iter().enumerate() {
                let place = format!("{path}.{number}");
                if let Some(Datum::Person(person)) = row.columns.get("person") {
                    sent.set(&format!("{place}.person_name"), &person.name);
                    sent.set(&format!("{place}.person_number"), person.number.as_deref().unwrap_or_default());
                }
                for column in &guide.lists[*list].columns {
                    if let Some(value) = row.columns.get(&*column.key) {
                        fill(guide, column, &format!("{place}.{}", column.key), value, sent);
                    }
                }
            }
        }
        (Datum::Rows(_) | Datum::Files(_), _) => {}
    }
}

fn step_page(site: &Site, visit: &Visit, subject: &Subject, sent: &Sent, refused: &[Refusal]) -> Page {
    let Subject { case, guide, state, .. } = subject;
    let step = &guide.steps[subject.step];
    let drawer = Drawer { site, guide, sent, refusals: refused };
    let not = subject.option.as_ref().map_or(&[][..], |option| &option.refusals);
    let signs = subject.option.as_ref().is_some_and(|option| option.sign);
    let back = if visit.holds(case) { format!("/progress/{case}") } else { format!("/case/{case}") };
    let body = html! {
        p.crumbs { a href=(back) { (state.applicant) "：" (guide.title) } " › " (step.name) }
        h1 { (step.name) }
        @if subject.option.is_none() && refused.is_empty() && not.is_empty() { div.note.stop role="alert" { p { "“" (step.name) "”现在不能办。" } } }
        (refusals(not)) (refusals(refused))
        @for check in casework::reminders(site.bureau.rules(guide), state, site.now()) {
            @if check.steps.iter().any(|(of, _)| *of == subject.step) { p.note { b { "提醒" } "　" (check.message) "。" } }
        }
        // Citizens have the row's meaning in words on their own page; what else it says is the bureau's.
        @if let Some(row) = state.subject.as_ref().filter(|_| !visit.holds(case)) { (super::registers::subject(site, row)?) }
        @if super::checks::is_asked(guide, state, subject.step) { (super::checks::panel(site, guide, state, false)) }
        @if step.kind == StepKind::Decide {
            @let answers = casework::outlook(site.bureau.rules(guide), state, site.now(), true);
            @if !answers.is_empty() { div.card { h2 { "按现在所知" } dl.pairs { @for answer in &answers { dt { (answer.name) } dd { (answer.value) } } }
            (super::case::working(&answers, true)) } }
        }
        @if subject.may_act() {
            (step_form(site, visit, &drawer, subject.step, button(step.kind, signs), html! {
                @if signs { p { "另一位已经提交，内容在件里；您核对以后签字。" } }
                @else if super::checks::is_asked(guide, state, subject.step) {
                    (super::checks::verdicts(site, guide, state, sent, refused))
                    (drawer.step_without(subject.step, "结果"))
                }
                @else { (drawer.step(subject.step)) (conclusions(subject, sent)) }
            }))
            (super::checks::again(visit, site, guide, state, subject.step))
        }
    };
    Ok(page(site, visit, &step.name, body).into_response())
}

fn button(kind: StepKind, signs: bool) -> &'static str {
    match kind {
        _ if signs => "签字",
        StepKind::Publicity => "登记张贴",
        StepKind::Decide => "作出决定",
        _ => "提交",
    }
}

/// The conclusions, each open or with the reason why not.
fn conclusions(subject: &Subject, sent: &Sent) -> Markup {
    let Some(option) = subject.option.as_ref().filter(|option| !option.conclusions.is_empty()) else { return html! {} };
    html! {
        fieldset.outcomes id="f-conclusion" {
            legend { "结论" span.need { "必选" } }
            @for (word, refusal) in &option.conclusions {
                label class=(if refusal.is_some() { "choice shut" } else { "choice" }) {
                    input type="radio" name="conclusion" value=(word) disabled[refusal.is_some()] checked[sent.get("conclusion") == word];
                    span { (word) @if let Some(refusal) = refusal { span.why { (refusal.text) "。" (refusal.way_out) } } }
                }
            }
        }
    }
}

pub async fn send(
    State(site): State<Arc<Site>>,
    Extension(visit): Extension<Visit>,
    Path((case, step)): Path<(String, String)>,
    mut sent: Sent,
) -> Page {
    let subject = subject(&site, &visit, &case, &step)?;
    if one_more(&mut sent) {
        return step_page(&site, &visit, &subject, &sent, &[]);
    }
    let signs = subject.option.as_ref().is_some_and(|option| option.sign);
    let command = if signs {
        Command::Sign { step: step.clone() }
    } else {
        match intake::read(&subject.guide, subject.step, &form(&subject.guide, subject.step, &sent)) {
            Ok(input) => {
                let conclusion = Some(sent.get("conclusion").to_owned()).filter(|word| !word.is_empty());
                Command::Do { step: step.clone(), conclusion, input }
            }
            Err(refused) => return step_page(&site, &visit, &subject, &sent, &refused),
        }
    };
    let key = format!("{}:{}", subject.actor.id, sent.get("_key"));
    let people = vec![subject.actor.clone()];
    let order = Order { key, people, case: Some(case.clone()), command, secret: None, now: site.now() };
    match site.bureau.execute(&order) {
        Ok(_) if visit.holds(&case) => Ok(redirect(&format!("/progress/{}", subject.case))),
        Ok(_) => Ok(redirect(&format!("/case/{}", subject.case))),
        Err(Failure::Refused(refused)) => step_page(&site, &visit, &subject, &sent, &refused),
        Err(failure) => Err(failure.into()),
    }
}
