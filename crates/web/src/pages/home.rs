//! The first page: what the bureau does for people.

use axum::Extension;
use axum::extract::State;
use guide::Status;
use maud::{Markup, html};

use crate::layout::{Tone, page};
use crate::session::Visitor;
use crate::site::Web;

pub async fn show(State(web): State<Web>, Extension(visit): Visitor) -> Markup {
    let bureau = web.bureau();
    let open = |status| bureau.guides.services.iter().filter(move |g| g.status == status);
    let body = html! {
        h1 { (bureau.name) }
        p.lead { "在这里看懂政策、自己先算一算、提出申请、查办理进度、看公示。每项服务的规定就是本系统办理的依据。" }
        h2 id="services" { "可以办的事" }
        @if open(Status::InForce).next().is_none() { p.empty { "现在没有可以申请的服务。" } }
        ul.cards {
            @for guide in open(Status::InForce) {
                li.card {
                    h3 { a href=(format!("/s/{}", guide.service)) { (guide.title) } }
                    p { (guide.summary) }
                    p.small.soft { (guide.owner) }
                }
            }
            @for guide in open(Status::Draft) {
                li.card {
                    h3 { a href=(format!("/s/{}", guide.service)) { (guide.title) } " " span.mark.plain { "试行" } }
                    p { (guide.summary) }
                }
            }
        }
        div.two {
            section.card aria-labelledby="progress" {
                h2 id="progress" { "查办理进度" }
                p { "用受理号和申请人身份证号后六位查询。" }
                (super::progress::question(&web, &visit, None, ""))
            }
            section.card aria-labelledby="notices" {
                h2 id="notices" { "公示和监督" }
                p { "正在公示的名单按乡镇、村查看。对公示内容有异议，可以署名或匿名提出，工作人员必须调查答复。" }
                p { a.button href="/notices" { "看公示" } }
            }
        }
    };
    page(&web, &visit, "办事指南", Tone::Public, body)
}
