//! The self-check: the rule applied to what somebody types, without keeping any of it.

use axum::Extension;
use axum::extract::{Path, Request, State};
use base::yuan;
use casework::assess::{assess_facts, display};
use casework::intake::Reader;
use casework::{FieldError, Refusal};
use formula::{Evaluation, Value};
use guide::{Field, FieldKind, Form, Guide, Overlay};
use maud::{Markup, html};

use crate::forms::{self, Draft, change_rows, error_summary};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::{default_button, explain};
use crate::sent::Sent;
use crate::session::{Visit, Visitor};
use crate::sight::Sight;
use crate::site::{Site, Web};

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(service): Path<String>,
) -> Result<Markup, Not> {
    let guide = web.guide(&service)?;
    Ok(page_of(&web, &visit, guide, &Sent::fresh(), &[], None))
}

pub async fn answer(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(service): Path<String>,
    request: Request,
) -> Result<Markup, Not> {
    let mut sent = Sent::receive(&web, &visit, request).await?;
    let guide = web.guide(&service)?;
    let form = what_matters(guide);
    if !sent.button().is_empty() {
        let button = sent.button().to_owned();
        change_rows(&mut sent.entries, &form, &button);
        return Ok(page_of(&web, &visit, guide, &sent, &[], None));
    }
    let bureau = web.bureau();
    let today = web.now().date();
    let reader = Reader { regions: &bureau.regions, region: bureau.region, today };
    match reader.read(&form, &sent.entries) {
        Err(errors) => Ok(page_of(&web, &visit, guide, &sent, &errors, None)),
        Ok(facts) => {
            let chain = bureau.chain(bureau.region);
            let evaluation = assess_facts(guide, &facts, today, &chain, &Overlay::default());
            Ok(page_of(&web, &visit, guide, &sent, &[], Some(&evaluation)))
        }
    }
}

/// The entries of the application that some formula looks at: nobody has to say who they are to check a rule.
fn what_matters(guide: &Guide) -> Form {
    let subject = &guide.subject;
    let personal = |f: &Field| {
        f.name == subject.name || Some(&f.name) == subject.number.as_ref() || Some(&f.name) == subject.phone.as_ref()
    };
    let fields = guide.form.fields.iter().filter(|f| !personal(f)).filter_map(|field| match &field.kind {
        FieldKind::Roster(columns) => {
            let used = |c: &&Field| guide.program.uses_fact(&format!("{}.{}", field.name, c.name));
            let columns: Vec<Field> = columns.fields.iter().filter(used).cloned().collect();
            let kind = FieldKind::Roster(Form { fields: columns });
            guide.program.uses_fact(&field.name).then(|| Field { kind, ..field.clone() })
        }
        _ => guide.program.uses_fact(&field.name).then(|| field.clone()),
    });
    Form { fields: fields.collect() }
}

fn page_of(
    web: &Site,
    visit: &Visit,
    guide: &Guide,
    sent: &Sent,
    errors: &[FieldError],
    result: Option<&Evaluation>,
) -> Markup {
    let form = what_matters(guide);
    let title = format!("{}：先自己算一算", guide.title);
    let draft = Draft {
        entries: &sent.entries,
        errors,
        regions: &web.bureau().regions,
        within: web.bureau().region,
        own: true,
        fresh: sent.fresh,
    };
    let body = html! {
        (crumbs(&[("办事指南", "/"), (&guide.title, &format!("/s/{}", guide.service))], "先自己算一算"))
        h1 { (title) }
        (error_summary(errors))
        @if let Some(evaluation) = result { (outcome(web, guide, evaluation)) }
        @else {
            p.lead { "填写您的情况，马上看到按现行规定算出来的结果和理由。不用写姓名，填写的内容不保存。" }
        }
        form method="post" action=(format!("/s/{}/check", guide.service)) novalidate {
            (default_button())
            (sent.hidden(web, visit, None))
            (forms::fields(&form, &draft))
            p.actions { button.main type="submit" { @if result.is_some() { "重新算" } @else { "算一算" } } }
        }
    };
    let head = if errors.is_empty() { title.clone() } else { Refusal::form(errors.to_vec()).reason };
    page(web, visit, &head, Tone::Public, body)
}

fn outcome(web: &Site, guide: &Guide, evaluation: &Evaluation) -> Markup {
    let results = || guide.results.iter().filter(|r| r.self_check);
    html! {
        section.note role="status" {
            h2 { "按您填写的情况" }
            dl.pairs {
                @for result in results() {
                    dt { (result.name) }
                    dd {
                        @match evaluation.value(&result.name) {
                            Some(Value::Missing(missing)) => { "还不能算：" (missing) },
                            Some(Value::Number(n)) if result.unit == "元" => { b { (yuan(*n)) } "元" },
                            Some(value) => b { (display(guide, &result.name, value)) },
                            None => { "——" },
                        }
                        @if !result.help.is_empty() { span.soft.small { "　" (result.help) } }
                    }
                }
            }
            p { "这不是决定：最后的结果以正式申请后的调查核实和决定为准。" }
        }
        section.card {
            h2 { "为什么是这个结果" }
            p.soft { "点开每一项，可以看到算法、代入的数字、所用的标准和依据。" }
            (explain::figures(web, guide, evaluation, results().map(|r| &*r.name), Sight { full: true }))
        }
        h2 { "改一改情况再算" }
    }
}
