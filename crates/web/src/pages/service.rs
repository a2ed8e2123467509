//! A guide as the citizen reads it: the same text that the program runs.

use axum::Extension;
use axum::extract::{Path, State};
use base::{Date, format_date};
use formula::Value;
use guide::{Guide, Material, RateRow, Status, Step, StepClock, StepKind};
use maud::{Markup, html};

use crate::layout::{Tone, crumbs, page};
use crate::markdown;
use crate::not::Not;
use crate::session::Visitor;
use crate::site::{Site, Web};

/// Sections that come first, as they stand.
const FIRST: [&str; 2] = ["谁可以申请", "怎样申请"];
/// Sections that come last; all others the page shows in a form of its own.
const LAST: [&str; 2] = ["回避", "已知不足"];

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(service): Path<String>,
) -> Result<Markup, Not> {
    let guide = web.guide(&service)?;
    let today = web.now().date();
    let body = html! {
        (crumbs(&[("办事指南", "/")], &guide.title))
        h1 { (guide.title) }
        p.lead { (guide.summary) }
        (actions(guide))
        (sections(guide, &FIRST))
        (materials(guide))
        (steps(guide))
        (rates(&web, guide, today))
        (laws(guide))
        (sections(guide, &LAST))
        (actions(guide))
        p.small.soft { "本指南由" (guide.owner) "负责。版本号 " span.mono { (guide.edition.0) } "：已经受理的件按受理时的版本办理。" }
    };
    Ok(page(&web, &visit, &guide.title, Tone::Public, body))
}

fn sections(guide: &Guide, headings: &[&str]) -> Markup {
    html! {
        @for section in guide.pages.iter().filter(|s| headings.contains(&s.heading.as_str())) {
            section.prose {
                h2 { (section.heading) }
                (markdown::render(&section.markdown, 2, &section.heading))
            }
        }
    }
}

fn actions(guide: &Guide) -> Markup {
    let service = &guide.service;
    html! {
        @match guide.status {
            Status::InForce => p.actions {
                a.button.main href=(format!("/s/{service}/apply")) { "申请" }
                @if guide.results.iter().any(|r| r.self_check) {
                    a.button href=(format!("/s/{service}/check")) { "先自己算一算" }
                }
                a href="/progress" { "查办理进度" }
            },
            Status::Draft => div.note { p { "本服务正在试行准备，还不受理申请。" } },
            Status::Retired => div.note { p { "本服务已停止受理新的申请，在办的件照常办理。" } },
        }
    }
}

fn prose_of(guide: &Guide, heading: &str) -> Markup {
    let section = guide.pages.iter().find(|s| s.heading == heading);
    html! { @if let Some(section) = section { (markdown::render_prose(&section.markdown, 2)) } }
}

fn materials(guide: &Guide) -> Markup {
    // What is asked for while applying and at acceptance; later papers are made by the bureau.
    let early = |m: &&Material| m.obtainable || guide.steps.iter().take(2).any(|s| s.name == m.step);
    let (fetched, brought): (Vec<&Material>, Vec<&Material>) =
        guide.materials.iter().filter(early).partition(|m| m.obtainable);
    html! {
        @if !guide.materials.is_empty() {
            section.prose {
                h2 { "要带什么" }
                (prose_of(guide, "材料"))
                @if brought.is_empty() { p { "不用带材料。" } }
                ul {
                    @for material in brought {
                        li {
                            (material.name)
                            @if !material.required || material.condition.is_some() { span.soft { "（有这种情况的才带）" } }
                            @if !material.help.is_empty() { span.soft { "：" (material.help) } }
                        }
                    }
                }
                @if !fetched.is_empty() {
                    p { "下面这些由民政部门核验，不用您提供：" }
                    ul { @for material in fetched { li { (material.name) } } }
                }
            }
        }
    }
}

fn steps(guide: &Guide) -> Markup {
    // A first waiting step means that the decision is behind: what follows concerns those whom it favoured.
    let turn = guide.steps.iter().position(|s| s.kind == StepKind::Wait).unwrap_or(guide.steps.len());
    let (before, after) = guide.steps.split_at(turn);
    html! {
        section {
            h2 { "怎么办、多久办完" }
            div.prose { (prose_of(guide, "办理步骤")) }
            (line(before))
            @if !after.is_empty() {
                details { summary { "决定以后的步骤：" (after.iter().map(|s| &*s.name).collect::<Vec<_>>().join("、")) } (line(after)) }
            }
            @if !guide.limits.is_empty() {
                div.prose {
                    h3 { "总的期限" }
                    ul {
                        @for limit in &guide.limits {
                            li {
                                (limit.name) "：从“" (limit.from) "”到“" (limit.to) "”不超过" (limit.clock)
                                @if let Some((longer, reasons)) = &limit.extension {
                                    "；" (reasons.join("、")) "的，可以延长到" (longer)
                                }
                                "。"
                                @if !limit.basis.is_empty() { span.basis { "（" (limit.basis) "）" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn line(steps: &[Step]) -> Markup {
    html! {
        ol.line {
            @for step in steps {
                li {
                    h3 { (step.name) }
                    span.soft { "　" (step.role) "　" (clock(step)) }
                    @if step.condition.is_some() { span.soft { "　需要时才办" } }
                    @if !step.help.is_empty() { p.prose { (step.help) } }
                    @if let Some(notice) = &step.notice {
                        p.soft { @match notice.days {
                            Some(days) => { "公示" (days) "天，地点：" (notice.place) },
                            None => { "长期公布，地点：" (notice.place) },
                        } }
                    }
                }
            }
        }
    }
}

fn clock(step: &Step) -> String {
    match &step.clock {
        StepClock::None => String::new(),
        StepClock::Fixed(clock) => format!("{clock}"),
        StepClock::Months(months) => format!("按“{}”的月数", months.text()),
    }
}

/// Every parameter that holds today or begins later, with its source.
fn rates(web: &Site, guide: &Guide, today: Date) -> Markup {
    let shown: Vec<&RateRow> = guide.rates.rows.iter().filter(|r| holds(guide, r, today) || r.from > today).collect();
    html! {
        @if !shown.is_empty() {
            section {
                h2 { "标准和参数" }
                p.prose { "带“示例”的数字没有公布文件可以核对，只供试用。" }
                div.scroll tabindex="0" role="group" aria-label="标准和参数（表）" {
                    table {
                        caption.unseen { "标准和参数" }
                        thead { tr { th scope="col" { "项目" } th scope="col" { "适用地区" } th.num scope="col" { "数值" } th scope="col" { "起始日期" } th scope="col" { "依据" } } }
                        tbody {
                            @for row in shown {
                                tr {
                                    th scope="row" { (row.name) }
                                    td { @match row.region { Some(region) => (web.place(region)), None => "全国" } }
                                    td.num { (Value::Number(row.value)) (row.unit) }
                                    td { (format_date(row.from)) @if row.from > today { " " span.mark.soon { "尚未开始" } } }
                                    td { (row.reference) @if row.example { " " span.mark.example { "示例" } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether no later row for the same place has begun.
fn holds(guide: &Guide, row: &RateRow, today: Date) -> bool {
    let later = |r: &&RateRow| r.name == row.name && r.region == row.region && r.from <= today && r.from > row.from;
    row.from <= today && !guide.rates.rows.iter().any(|r| later(&r))
}

fn laws(guide: &Guide) -> Markup {
    html! {
        @if !guide.laws.is_empty() {
            section {
                h2 { "法律依据和算法" }
                p.prose { "条文下面的公式就是本系统计算时用的公式。" }
                @for law in &guide.laws {
                    details.card {
                        summary { (law.title) }
                        dl.pairs { @for (name, text) in &law.facts { dt { (name) } dd { (text) } } }
                        @for section in &law.sections {
                            h3 { (section.heading) }
                            div.prose { (markdown::render(&section.markdown, 3, &section.heading)) }
                        }
                    }
                }
            }
        }
    }
}
