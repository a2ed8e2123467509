//! My work today: what is due first stands first.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use base::{DateTime, format_date};
use casework::summary::{Standing, Summary};
use casework::{Bureau, Staff};
use guide::{Level, Status};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Count, Page, Scope, WorkFilter};

use crate::layout::{Tone, page};
use crate::not::Not;
use crate::pages::notices::turner;
use crate::session::Visitor;
use crate::sight::{Sight, takes_part};
use crate::site::{Site, Web};
use crate::words;

#[derive(Clone, Default, Deserialize)]
pub struct Wanted {
    /// `all`: the whole area, not only the reader's own role.
    whose: Option<String>,
    service: Option<String>,
    step: Option<String>,
    /// `waiting`, `closed`; otherwise what is to be done.
    standing: Option<String>,
    /// `1`: only what is overdue.
    overdue: Option<String>,
    page: Option<u32>,
}

impl Wanted {
    fn everybodys(&self) -> bool {
        self.whose.as_deref() == Some("all")
    }

    fn filter(&self, staff: &Staff, works: bool, now: DateTime) -> WorkFilter {
        let some = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(Arc::from);
        let standing = match self.standing.as_deref() {
            Some("waiting") => Standing::Waiting,
            Some("closed") => Standing::Closed,
            _ => Standing::Open,
        };
        // Closed cases have no role whose turn it is.
        let own = works && !self.everybodys() && standing != Standing::Closed;
        WorkFilter {
            role: own.then(|| staff.role.clone()),
            service: some(&self.service),
            step: some(&self.step),
            standing: Some(standing),
            due_before: (self.overdue.as_deref() == Some("1")).then_some(now),
        }
    }

    /// The address of the list with the same filters, to which a page number may be added.
    fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("whose", &self.whose),
            ("service", &self.service),
            ("step", &self.step),
            ("standing", &self.standing),
            ("overdue", &self.overdue),
        ];
        for (name, text) in pairs {
            if let Some(text) = text.as_deref().filter(|t| !t.is_empty()) {
                query.append_pair(name, text);
            }
        }
        format!("/desk?{}", query.finish())
    }
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let staff = visit.staff()?.clone();
    let now = web.now();
    let works = web.bureau().guides.services.iter().any(|g| takes_part(g, &staff.role));
    let filter = wanted.filter(&staff, works, now);
    let scope = Scope::of(&staff.actor());
    let number = wanted.page.unwrap_or(1).max(1);
    let found = web
        .store(move |store| Ok::<_, store::Fault>((store.work(&scope, &filter, number)?, store.counts(&scope, now)?)));
    let (work, counts) = found.await?;
    let mine: Vec<&Count> = counts.iter().filter(|c| !works || wanted.everybodys() || c.role == staff.role).collect();
    let body = html! {
        h1 { "我的工作" span.soft.small { "　" (format_date(now.date())) } }
        (counters(&wanted, &counts, &mine))
        (filters(&web, &wanted, &mine, works))
        @if work.rows.is_empty() { (nothing(&wanted)) }
        @else { (table(&web, &work, &staff, now)) (turner(&work, &wanted.address())) }
        (apply_for_others(&web, &staff))
    };
    Ok(page(&web, &visit, "我的工作", Tone::Desk, body))
}

fn counters(wanted: &Wanted, counts: &[Count], mine: &[&Count]) -> Markup {
    let sum = |standing: Standing| mine.iter().filter(|c| c.standing == standing).map(|c| c.cases).sum::<u32>();
    let overdue: u32 = mine.iter().filter(|c| c.standing == Standing::Open).map(|c| c.overdue).sum();
    let waiting: u32 = counts.iter().filter(|c| c.standing == Standing::Waiting).map(|c| c.cases).sum();
    let now = |standing: &str, late: bool| {
        let here =
            wanted.standing.as_deref().unwrap_or("") == standing && (wanted.overdue.as_deref() == Some("1")) == late;
        here.then_some("page")
    };
    let whose = if wanted.everybodys() { "&whose=all" } else { "" };
    html! {
        ul.counters {
            li { a href=(format!("/desk?overdue=1{whose}")) class=[(overdue > 0).then_some("late")] aria-current=[now("", true)] { "已超期 " b { (overdue) } } }
            li { a href=(format!("/desk?{whose}")) aria-current=[now("", false)] { "待办 " b { (sum(Standing::Open)) } } }
            li { a href="/desk?standing=waiting&whose=all" aria-current=[now("waiting", false)] { "等待中 " b { (waiting) } } }
            li { a href="/desk?standing=closed&whose=all" aria-current=[now("closed", false)] { "已办结" } }
        }
    }
}

fn filters(web: &Site, wanted: &Wanted, mine: &[&Count], works: bool) -> Markup {
    let mut steps: BTreeMap<&str, u32> = BTreeMap::new();
    for count in mine.iter().filter(|c| c.standing != Standing::Closed) {
        *steps.entry(&count.step).or_default() += count.cases;
    }
    let services = &web.bureau().guides.services;
    html! {
        form.filters action="/desk" {
            @if let Some(standing) = &wanted.standing { input type="hidden" name="standing" value=(standing); }
            @if works {
                div {
                    label for="whose" { "范围" }
                    select id="whose" name="whose" {
                        option value="" { "我的岗位" }
                        option value="all" selected[wanted.everybodys()] { "辖区全部" }
                    }
                }
            }
            @if services.len() > 1 {
                div {
                    label for="service" { "服务" }
                    select id="service" name="service" {
                        option value="" { "全部" }
                        @for guide in services { option value=(guide.service) selected[wanted.service.as_deref() == Some(&*guide.service)] { (guide.title) } }
                    }
                }
            }
            div {
                label for="step" { "步骤" }
                select id="step" name="step" {
                    option value="" { "全部" }
                    @for (step, cases) in &steps {
                        option value=(step) selected[wanted.step.as_deref() == Some(step)] { (step) "（" (cases) "）" }
                    }
                }
            }
            div {
                label for="overdue" { "期限" }
                select id="overdue" name="overdue" {
                    option value="" { "全部" }
                    option value="1" selected[wanted.overdue.as_deref() == Some("1")] { "只看超期" }
                }
            }
            button type="submit" { "筛选" }
        }
    }
}

fn nothing(wanted: &Wanted) -> Markup {
    let filtered = wanted.step.is_some() || wanted.overdue.is_some() || wanted.service.is_some();
    html! {
        p.empty {
            @if filtered { "没有符合条件的件。" a href="/desk" { "看全部待办" } }
            @else { "现在没有要办的件。新的件转到您的岗位时会出现在这里。" }
        }
    }
}

fn table(web: &Site, work: &Page<Summary>, staff: &Staff, now: DateTime) -> Markup {
    html! {
        table.work {
            caption.unseen { "按剩余时间排列的件" }
            thead { tr {
                th scope="col" { "剩余时间" } th scope="col" { "受理号" } th scope="col" { "申请人" } th scope="col" { "服务" }
                th scope="col" { "步骤" } th scope="col" { "承办" } th scope="col" { "地点" } th scope="col" { "期限" } th scope="col" { "申请日期" }
            } }
            tbody { @for row in &work.rows { (line(web, row, staff, now)) } }
        }
    }
}

fn line(web: &Site, row: &Summary, staff: &Staff, now: DateTime) -> Markup {
    let guide = web.bureau().guides.service(&row.service);
    let sight = Sight { full: guide.is_some_and(|g| takes_part(g, &staff.role)) };
    html! {
        tr {
            td { (time_left(web.bureau(), row, now)) }
            th scope="row" data-label="受理号" { a.mono href=(format!("/case/{}", row.case)) { (row.case) } }
            td data-label="申请人" { (sight.name(&row.applicant)) @if row.filed { " " span.mark.plain { "备案" } } }
            td.extra data-label="服务" { (guide.map_or(&*row.service, |g| g.title.as_str())) }
            td data-label="步骤" { @if row.standing == Standing::Closed { "办结：" (row.outcome) } @else { (row.step) } }
            td.extra data-label="承办" { (row.role) }
            td data-label="地点" { (web.place(row.region)) }
            td.nowrap data-label="期限" { @if let Some(due) = row.due { (format_date(due.date())) } }
            td.nowrap.extra data-label="申请日期" { (format_date(row.applied_at.date())) }
        }
    }
}

/// The mark of a row: overdue in words, colour and shape; waiting and closed cases are calm.
pub fn time_left(bureau: &Bureau, row: &Summary, now: DateTime) -> Markup {
    match (row.standing, row.due) {
        (Standing::Closed, _) => html! { span.mark.done { "已办结" } },
        (_, None) => html! { span.mark.plain { "没有期限" } },
        (Standing::Waiting, Some(due)) if now <= due => html! { span.mark.plain { (format_date(due.date())) "到期" } },
        (_, Some(due)) => mark(bureau, now, due),
    }
}

pub fn mark(bureau: &Bureau, now: DateTime, due: DateTime) -> Markup {
    let left = words::remaining(&bureau.calendar, now, due);
    html! { span class=(format!("mark {}", left.class)) { span aria-hidden="true" { (left.shape) } (left.text) } }
}

/// Officers near the people may apply on their behalf.
fn apply_for_others(web: &Site, staff: &Staff) -> Markup {
    let near = matches!(web.level(&staff.role), Some(Level::Village | Level::Township));
    let open: Vec<_> = web.bureau().guides.services.iter().filter(|g| g.status == Status::InForce).collect();
    html! {
        @if near && !open.is_empty() {
            section {
                h2 { "代为申请" }
                p.actions { @for guide in open { a.button href=(format!("/s/{}/apply", guide.service)) { (guide.title) } } }
            }
        }
    }
}
