//! The application: by the person on a phone, or by an officer at the window on their behalf.

use axum::Extension;
use axum::extract::{Path, Query, State};
use casework::{Code, Refusal};
use guide::{Material, Status};
use maud::{Markup, html};
use serde::Deserialize;

use crate::acts::{Act, Place, Subject};
use crate::forms::{self, Draft};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::{default_button, headed, step, troubles};
use crate::sent::Sent;
use crate::session::{Visit, Visitor};
use crate::site::{Site, Web};

#[derive(Deserialize)]
pub struct Wanted {
    /// A former case that this application takes up again.
    former: Option<String>,
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(service): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Apply, Place::Service(service)).await?;
    if subject.guide.status != Status::InForce {
        let reason = format!("“{}”现在不受理新的申请", subject.guide.title);
        return Err(Refusal::new(Code::ServiceNotInForce, reason, "", "请咨询主管单位。").into());
    }
    let mut sent = Sent::fresh();
    sent.say("former", wanted.former.unwrap_or_default());
    Ok(page_of(&web, &visit, &subject, &sent, None))
}

pub fn page_of(web: &Site, visit: &Visit, subject: &Subject, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let guide = &subject.guide;
    let (tone, own) = if subject.at_desk() { (Tone::Desk, false) } else { (Tone::Public, true) };
    let errors = refusal.map(|r| r.fields.as_slice()).unwrap_or_default();
    let draft = Draft {
        entries: &sent.entries,
        errors,
        regions: &web.bureau().regions,
        within: if own { web.bureau().region } else { subject.actor.region },
        own,
        fresh: sent.fresh,
    };
    let first = guide.steps.first().map(|s| &s.name);
    let materials: Vec<&Material> =
        guide.materials.iter().filter(|m| Some(&m.step) == first && !m.obtainable).collect();
    let address = format!("/s/{}", guide.service);
    let title = format!("申请{}", guide.title);
    let former = sent.word("former");
    let body = html! {
        (crumbs(&[("办事指南", "/"), (&guide.title, &address)], "申请"))
        h1 { (title) }
        (troubles(refusal))
        @if own {
            p.lead { "标“必填”的要填，其他的知道多少填多少。能由民政部门核验的材料不用您提供。" }
        } @else {
            p.soft { "由" (subject.actor.name) "（" (subject.actor.role) "）代为登记。" }
        }
        @if !former.is_empty() { p.soft { "重新申请，原件 " span.mono { (former) } "。" } }
        form method="post" action=(format!("{address}/apply")) enctype="multipart/form-data" novalidate {
            (default_button())
            (sent.hidden(web, visit, None))
            @if !former.is_empty() { input type="hidden" name="former" value=(former); }
            (forms::fields(&guide.form, &draft))
            (step::uploads(sent, refusal, &materials))
            p.soft { "提交后会得到受理号，凭受理号和申请人身份证号后六位可以查办理进度。" }
            p.actions { button.main type="submit" { "提交申请" } a href=(address) { "不申请了" } }
        }
    };
    page(web, visit, &headed(&title, refusal), tone, body)
}
