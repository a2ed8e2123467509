//! What happened, event by event, in the words of the desk.

use base::{format_date, format_datetime};
use casework::{Entry, Event, Facts};
use guide::Guide;
use maud::{Markup, html};

use crate::sight::Sight;

/// The whole course of a case, the latest first. What one person did at one moment is one point on the line.
pub fn line(guide: &Guide, entries: &[Entry], sight: Sight) -> Markup {
    let acts: Vec<&[Entry]> = entries.chunk_by(|a, b| a.at == b.at && a.by == b.by).collect();
    html! { ol.line { @for act in acts.into_iter().rev() { (point(guide, act, sight)) } } }
}

fn point(guide: &Guide, act: &[Entry], sight: Sight) -> Markup {
    let mut events: Vec<&Entry> = act.iter().collect();
    events.sort_by_key(|e| weight(&e.event));
    let mut told = events.into_iter().filter_map(|entry| Some((entry, told(guide, entry, sight)?)));
    let Some((entry, (title, detail))) = told.next() else { return html! {} };
    let more: Vec<_> = told.collect();
    html! {
        li.past {
            h3 { (title) }
            p.soft.small { (format_datetime(entry.at)) "　" (entry.by.name) "（" (entry.by.role) "）" }
            (detail)
            @if !more.is_empty() {
                ul.more { @for (_, (title, detail)) in &more { li { (title) (detail) } } }
            }
        }
    }
}

/// What people did stands before what followed from it.
fn weight(event: &Event) -> u8 {
    match event {
        Event::Applied { .. } | Event::Corrected { .. } | Event::Withdrawn { .. } | Event::Extended { .. } => 0,
        Event::Posted { .. } | Event::Objected { .. } | Event::Answered { .. } => 0,
        Event::Completed { .. } => 1,
        Event::Decided { .. } => 2,
        Event::Lettered { .. } | Event::Closed { .. } => 3,
        Event::Attached { .. } | Event::Filed { .. } => 4,
        Event::Skipped { .. } | Event::Opened { .. } | Event::RoundBegan => 5,
    }
}

/// Title and detail of an entry; what only the engine needs to know is passed over.
fn told(guide: &Guide, entry: &Entry, sight: Sight) -> Option<(String, Markup)> {
    let plain = |title: String| Some((title, html! {}));
    match &entry.event {
        Event::Applied { channel, former, .. } => {
            let detail = html! { @if let Some(former) = former { p { "重新申请，原件 " a href=(format!("/case/{former}")) { (former) } } } };
            Some((channel.label().to_owned(), detail))
        }
        Event::Opened { step, due } => {
            let detail = html! { @if let Some(due) = due { p.soft.small { (due.explained) } } };
            Some((format!("转到：{step}"), detail))
        }
        Event::Skipped { step } => plain(format!("跳过：{step}（条件不成立）")),
        Event::Completed { step, outcome, reason, with, facts } => {
            let detail = html! {
                @if !with.is_empty() { p { "一同参加：" (with.iter().map(|b| format!("{}（{}）", b.name, b.role)).collect::<Vec<_>>().join("、")) } }
                @if sight.full && !reason.is_empty() { p { "理由：" (reason) } }
                @if !facts.is_empty() { p.soft.small { "填写了" (names(facts)) } }
            };
            Some((format!("{step}：{outcome}"), detail))
        }
        Event::Attached { material, file, .. } => {
            let size = crate::words::size(file.bytes);
            let detail = html! { p.soft.small { @if sight.full { (file.name) "，" } (size) } };
            Some((format!("上传：{material}"), detail))
        }
        Event::Corrected { facts, valid_from, reason, source } => {
            let detail = html! { p { (names(facts)) "，自" (format_date(*valid_from)) "起属实（" (source) "）" @if sight.full { "。理由：" (reason) } } };
            Some(("更正".to_owned(), detail))
        }
        Event::Filed { staff_name, relation, person, declared, .. } => {
            let how = if *declared { "申请人申报" } else { "备案登记中查到" };
            let detail = html! { p { (staff_name) "与" (sight.name(person)) "：" (relation) "（" (how) "）。该工作人员回避。" } };
            Some(("近亲属备案".to_owned(), detail))
        }
        Event::Posted { notice } => {
            let until = notice.last_day.map_or_else(|| "长期".to_owned(), |d| format!("到{}", format_date(d)));
            Some((format!("张贴：{}", notice.step), html! { p { (notice.place) "，" (until) } }))
        }
        Event::Objected { number, .. } => plain(format!("收到第{number}号异议")),
        Event::Answered { number, finding, .. } => plain(format!("答复第{number}号异议：{finding}")),
        Event::Decided { step, outcome, results, .. } => {
            let detail = html! {
                p { @for (name, value) in results.iter().filter(|(_, v)| !v.is_missing()) {
                    (name) " " (casework::assess::display(guide, name, value)) "　"
                } }
            };
            Some((format!("作出决定（{step}）：{outcome}"), detail))
        }
        Event::Lettered { letter, number, .. } => plain(format!("发出{letter} {number}")),
        Event::Extended { limit, reason, due } => {
            let detail = html! { p { (reason) "，延长到" (format_date(due.at.date())) } };
            Some((format!("延长：{limit}"), detail))
        }
        Event::Withdrawn { reason } => Some(("撤回申请".to_owned(), html! { @if sight.full { p { (reason) } } })),
        Event::Closed { outcome } => plain(format!("办结：{outcome}")),
        Event::RoundBegan => None,
    }
}

fn names(facts: &Facts) -> String {
    facts.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join("、")
}
