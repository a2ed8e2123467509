//! What was decided, and why each figure is what it is: frozen figures beside the same computed again.

use axum::Extension;
use axum::extract::{Path, State};
use base::format_date;
use casework::assess::{assess, display};
use casework::state::Decision;
use casework::{Entry, Event, State as CaseState};
use formula::{Evaluation, Value};
use maud::{Markup, html};

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::case::View;
use crate::pages::explain;
use crate::routes::id;
use crate::session::Visitor;
use crate::sight::Sight;
use crate::site::Web;

/// One decision in full (the last, or the one asked for), the others by their dates, and the figures of today.
pub fn decisions(view: &View, wanted: Option<usize>) -> Markup {
    let state = view.state();
    let index = wanted.unwrap_or(state.decisions.len()).checked_sub(1);
    let shown = index.and_then(|i| Some((i, state.decisions.get(i)?)));
    html! {
        @if let Some((index, decision)) = shown { (in_full(view, index, decision)) }
        @if state.open.is_some() { (today(view)) }
    }
}

fn in_full(view: &View, index: usize, decision: &Decision) -> Markup {
    let state = view.state();
    let others = state.decisions.iter().enumerate().filter(|(i, _)| *i != index);
    html! {
        section.card id="decision" {
            h2 {
                "决定：" (decision.outcome)
                span.soft.small { "　" (format_date(decision.at.date())) "，" (decision.by.name) "（" (decision.by.role) "）" }
            }
            (figures(view, index, decision))
            @if state.decisions.len() > 1 {
                p.soft { "其他决定："
                    @for (i, other) in others {
                        a href=(format!("/case/{}?decision={}#decision", state.case, i + 1)) { (format_date(other.at.date())) (other.outcome) } "　"
                    }
                }
            }
        }
    }
}

/// The frozen figures, and the same computed again from what was known then.
fn figures(view: &View, index: usize, decision: &Decision) -> Markup {
    let again = recomputed(view, index, decision);
    html! {
        dl.pairs.wide {
            @for (name, value) in decision.results.iter().filter(|(_, value)| says(value)) {
                div { dt { (name) } dd { b { (display(view.guide, name, value)) } } }
            }
        }
        @if !decision.rates.is_empty() {
            details {
                summary { "所用标准" }
                ul.small { @for rate in &decision.rates {
                    li {
                        (rate.name) " " (rate.value.normalize()) (rate.unit) "，自" (format_date(rate.from)) "起，" (rate.reference)
                        @if rate.example { " " span.mark.example { "示例" } }
                    }
                } }
            }
        }
        @if let Some((evaluation, equal)) = &again {
            details {
                summary { "怎么算的" @if *equal { "（按当时的事实重新计算，结果一致）" } }
                @if !equal { p.note.stop { "重新计算的结果与决定时不一致，请报告管理员。" } }
                (explain::figures(view.web, view.guide, evaluation, decision.results.iter().map(|(n, _)| &**n), view.sight))
            }
        }
    }
}

/// Evaluates the facts as they stood when the decision was recorded.
fn recomputed(view: &View, index: usize, decision: &Decision) -> Option<(Evaluation, bool)> {
    let decided = |e: &Entry| matches!(e.event, Event::Decided { .. });
    let (place, entry) = view.file.entries.iter().enumerate().filter(|(_, e)| decided(e)).nth(index)?;
    let then = CaseState::fold(&view.file.entries[..place])?;
    let chain = view.web.bureau().chain(then.region);
    let evaluation = assess(view.guide, &then, decision.as_of, entry.at, &chain);
    let equal = decision.results.iter().all(|(name, value)| evaluation.value(name) == Some(value));
    Some((evaluation, equal))
}

/// What the facts known today come to. Beside a decision the values are enough: their explanation has a page of its own.
fn today(view: &View) -> Markup {
    let state = view.state();
    let evaluation = evaluated(view);
    let decided = !state.decisions.is_empty();
    let names = view.guide.results.iter().map(|r| &*r.name);
    html! {
        section.card {
            h2 { "按现有事实计算" span.soft.small { "　" (format_date(view.web.now().date())) } }
            @if decided {
                dl.pairs.wide {
                    @for name in names {
                        @if let Some(value) = evaluation.value(name).filter(|v| says(v)) {
                            div { dt { (name) } dd { (display(view.guide, name, value)) } }
                        }
                    }
                }
                p { a href=(format!("/case/{}/why", state.case)) { "怎么算的" } }
            } @else {
                (explain::figures(view.web, view.guide, &evaluation, names, view.sight))
            }
        }
    }
}

fn evaluated(view: &View) -> Evaluation {
    let (state, now) = (view.state(), view.web.now());
    assess(view.guide, state, now.date(), now, &view.web.bureau().chain(state.region))
}

/// Whether a value is worth a line.
fn says(value: &Value) -> bool {
    !value.is_missing() && !value.items().is_some_and(<[Value]>::is_empty)
}

/// Today's figures, each with its explanation.
pub async fn why(State(web): State<Web>, Extension(visit): Visitor, Path(case): Path<String>) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let file = subject.file();
    let sight = Sight::of(visit.staff()?, &subject.guide, &file.state)?;
    let view = View { web: &web, guide: &subject.guide, file, sight, actor: &subject.actor };
    let names = view.guide.results.iter().map(|r| &*r.name);
    let case = &file.state.case;
    let body = html! {
        (crumbs(&[("我的工作", "/desk"), (&case.0, &format!("/case/{case}"))], "怎么算的"))
        h1 { "按现有事实计算" span.soft.small { "　" (format_date(web.now().date())) } }
        section.card { (explain::figures(&web, view.guide, &evaluated(&view), names, sight)) }
    };
    Ok(page(&web, &visit, &format!("怎么算的 {case}"), Tone::Desk, body))
}
