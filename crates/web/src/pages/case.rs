//! A case at the desk: where it stands, what may be done, and everything that led here.

use axum::Extension;
use axum::extract::{Path, Query, State};
use base::{format_date, format_datetime};
use casework::assess::{applicant_name, applicant_number};
use casework::options::{Action, Choice, choices};
use casework::state::{DoneStep, Objection};
use casework::{Actor, State as CaseState, limits};
use guide::{Guide, StepKind};
use maud::{Markup, html};
use serde::Deserialize;
use store::CaseFile;

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::decisions::decisions;
use crate::pages::desk::mark;
use crate::pages::facts::Facts;
use crate::pages::line::line;
use crate::pages::{self, acts, said};
use crate::routes::id;
use crate::session::Visitor;
use crate::sight::Sight;
use crate::site::{Site, Web};

#[derive(Deserialize)]
pub struct Wanted {
    done: Option<String>,
    /// Number of the decision to show in full; otherwise the last.
    decision: Option<usize>,
}

/// A case for its reader.
pub struct View<'a> {
    pub web: &'a Site,
    pub guide: &'a Guide,
    pub file: &'a CaseFile,
    pub sight: Sight,
    pub actor: &'a Actor,
}

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path(case): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let file = subject.file();
    let sight = Sight::of(visit.staff()?, &subject.guide, &file.state)?;
    let view = View { web: &web, guide: &subject.guide, file, sight, actor: &subject.actor };
    let case = &file.state.case;
    let body = html! {
        (crumbs(&[("我的工作", "/desk")], &case.0))
        (said(wanted.done.as_deref()))
        (view.head())
        div.panels {
            aside aria-label="现在" { (view.now()) (view.limits()) (view.kin()) (view.links()) }
            div {
                (decisions(&view, wanted.decision))
                (view.objections())
                (view.facts())
                (view.evidence())
                (view.notices())
                (view.letters())
                section id="course" { h2 { "经过" } (line(view.guide, &file.entries, sight)) }
            }
        }
    };
    Ok(page(&web, &visit, &format!("{} {}", view.name(), case), Tone::Desk, body))
}

impl View<'_> {
    pub fn state(&self) -> &CaseState {
        &self.file.state
    }

    fn name(&self) -> String {
        self.sight.name(&applicant_name(self.guide, self.state()))
    }

    fn head(&self) -> Markup {
        let state = self.state();
        let number = applicant_number(self.guide, state).map(|n| self.sight.number(&n));
        html! {
            h1 { (self.name()) " · " (self.guide.title) " " span.mono { (state.case) } }
            dl.pairs.wide {
                @if let Some(number) = number { div { dt { "身份证号" } dd.mono { (number) } } }
                div { dt { "地区" } dd { (self.web.place(state.region)) } }
                div { dt { "申请" } dd { (format_datetime(state.applied_at)) "，" (state.channel.label()) } }
                div { dt { "状态" } dd { @match &state.closed {
                    Some((at, outcome)) => { "已于" (format_date(at.date())) "办结：" (outcome) },
                    None => { "在办" @if state.round > 1 { "（第" (state.round) "轮）" } },
                } } }
                @if let Some(former) = &state.former { div { dt { "原件" } dd { a href=(format!("/case/{former}")) { (former) } } } }
            }
            @if !self.sight.full { p.note { "您没有参与本件办理，个人信息已遮盖。" } }
        }
    }

    /// The open step with its clock, and what this reader may do; what they may not is told with the reason.
    fn now(&self) -> Markup {
        let (state, now) = (self.state(), self.web.now());
        let all = choices(self.web.bureau(), self.guide, state, self.actor, now);
        let (open, shut): (Vec<&Choice>, Vec<&Choice>) = all.iter().partition(|c| c.allowed.is_ok());
        html! {
            section.card {
                @match &state.open {
                    None => h2 { "已办结" },
                    Some(step) => {
                        h2 { (step.step) }
                        @if let Some(rule) = self.guide.step(&step.step) { p.soft { "承办：" (rule.role) } }
                        @if let Some(due) = &step.due {
                            p { (mark(self.web.bureau(), now, due.at)) }
                            p.small.soft { (due.explained) }
                        }
                    }
                }
                @if !open.is_empty() {
                    p.actions.list { @for choice in &open { (self.link(&choice.action)) } }
                }
                @if !shut.is_empty() {
                    details {
                        summary { "您现在不能办的" }
                        ul.small { @for choice in &shut {
                            @if let Err(refusal) = &choice.allowed { li { (self.label(&choice.action)) "：" (refusal.reason) "（" (refusal.code.number()) "）" } }
                        } }
                    }
                }
            }
        }
    }

    fn label(&self, action: &Action) -> String {
        match action {
            Action::Step(step) => match self.guide.step(step).map(|s| s.kind) {
                Some(StepKind::Wait) => "报告变化".to_owned(),
                Some(StepKind::Notice) => format!("结束{step}"),
                _ => format!("办理：{step}"),
            },
            Action::Post(step) => format!("张贴：{step}"),
            Action::Answer(number) => format!("答复第{number}号异议"),
            Action::Correct => "更正事实".to_owned(),
            Action::Extend(limit) => format!("延长期限：{limit}"),
            Action::Withdraw => "申请人撤回".to_owned(),
        }
    }

    fn link(&self, action: &Action) -> Markup {
        let act = match action {
            Action::Step(_) => "step".to_owned(),
            Action::Post(_) => "post".to_owned(),
            Action::Answer(number) => format!("answer-{number}"),
            Action::Correct => "correct".to_owned(),
            Action::Extend(_) => "extend".to_owned(),
            Action::Withdraw => "withdraw".to_owned(),
        };
        let first = matches!(action, Action::Step(_) | Action::Post(_));
        let class = if first { "button main" } else { "button" };
        html! { a class=(class) href=(format!("/case/{}/{act}", self.state().case)) { (self.label(action)) } }
    }

    fn limits(&self) -> Markup {
        let bureau = self.web.bureau();
        let standings = limits::standings(self.guide, self.state(), &bureau.calendar);
        html! {
            @if !standings.is_empty() {
                section.card {
                    h2 { "总期限" }
                    @for standing in &standings {
                        h3 { (standing.name) }
                        p { @match standing.met {
                            Some(at) => {
                                @if at <= standing.due.at { span.mark.done { "按期办完" } } @else { span.mark.late { span aria-hidden="true" { "▲" } "超期办完" } }
                                " " (format_date(at.date()))
                            },
                            None => (mark(bureau, self.web.now(), standing.due.at)),
                        } }
                        p.small.soft {
                            (standing.due.explained)
                            @if let Some(reason) = &standing.extended { "；已延长：" (reason) }
                            @if !standing.basis.is_empty() { "（" (standing.basis) "）" }
                        }
                    }
                }
            }
        }
    }

    fn kin(&self) -> Markup {
        html! {
            @if !self.state().filed.is_empty() {
                section.card {
                    h2 { "近亲属备案" }
                    ul { @for kin in &self.state().filed {
                        li { (kin.staff_name) "，与" (self.sight.name(&kin.person)) "：" (kin.relation) @if kin.declared { span.soft { "（申请人申报）" } } }
                    } }
                    p.small.soft { "以上人员回避，不办理、不评议、不审批本件。" }
                }
            }
        }
    }

    fn links(&self) -> Markup {
        let case = &self.state().case;
        let done = self.state().done.iter().enumerate();
        let records: Vec<(usize, &DoneStep)> = done.filter(|(_, d)| !d.facts.is_empty()).collect();
        html! {
            section.card {
                h2 { "查看和打印" }
                ul {
                    li { a href=(format!("/case/{case}/household")) { "家庭和其他件" } }
                    @if self.state().closed.is_some() && self.sight.full {
                        li { a href=(format!("/s/{}/apply?former={case}", self.guide.service)) { "代为重新申请" } }
                    }
                    @if self.sight.full {
                        li { a href=(format!("/case/{case}/print/application")) { "打印申请表" } }
                    }
                }
                @if self.sight.full && !records.is_empty() {
                    details {
                        summary { "打印办理记录（" (records.len()) "份）" }
                        ul { @for (index, done) in &records {
                            li { a href=(format!("/case/{case}/print/record-{}", index + 1)) { (done.step) " " (format_date(done.at.date())) } }
                        } }
                    }
                }
            }
        }
    }

    fn objections(&self) -> Markup {
        let objections = &self.state().objections;
        html! {
            @if !objections.is_empty() {
                section.card {
                    h2 { "异议" }
                    @for objection in objections { (self.objection(objection)) }
                }
            }
        }
    }

    fn objection(&self, objection: &Objection) -> Markup {
        let who = match (&objection.name, self.sight.full) {
            (None, _) => "匿名".to_owned(),
            (Some(name), true) => format!("{name}　{}", objection.contact),
            (Some(name), false) => base::mask_name(name),
        };
        html! {
            h3 { "第" (objection.number) "号" span.soft.small { "　" (format_datetime(objection.at)) "　" (who) } }
            p.pre { @if self.sight.full { (objection.text) } @else { "（内容只对承办人员显示）" } }
            @match &objection.answer {
                Some((at, finding, text)) => p { b { (finding) } "：" @if self.sight.full { (text) } span.soft.small { "　" (format_date(at.date())) } },
                None => p { span.mark.today { span aria-hidden="true" { "●" } "等待答复" } },
            }
        }
    }

    fn facts(&self) -> Markup {
        let today = self.web.now().date();
        let facts = Facts { web: self.web, guide: self.guide, state: self.state(), sight: self.sight, today };
        let found = self.state().done.iter().any(|d| !d.facts.is_empty());
        html! {
            section.card id="facts" { h2 { "申请填报的事实" } (facts.application(3)) }
            @if found { section.card { h2 { "办理中查明的事实" } (facts.findings(3)) } }
        }
    }

    fn evidence(&self) -> Markup {
        let state = self.state();
        html! {
            section.card id="evidence" {
                h2 { "材料和证据" }
                @if state.files.is_empty() { p.soft { "没有上传材料。" } }
                @else {
                    table {
                        caption.unseen { "材料和证据" }
                        thead { tr { th scope="col" { "材料" } th scope="col" { "步骤" } th scope="col" { "文件" } th.num scope="col" { "大小" } th scope="col" { "时间" } } }
                        tbody { @for file in &state.files { tr {
                            th scope="row" { (file.material) }
                            td { (file.step) }
                            td { @if self.sight.full {
                                a href=(format!("/case/{}/file/{}", state.case, file.file.digest)) { (file.file.name) }
                            } @else { "（只对承办人员开放）" } }
                            td.num { (crate::words::size(file.file.bytes)) }
                            td.nowrap { (format_date(file.at.date())) }
                        } } }
                    }
                }
            }
        }
    }

    fn notices(&self) -> Markup {
        let state = self.state();
        html! {
            @if !state.notices.is_empty() {
                section.card {
                    h2 { "公示" }
                    @for (index, notice) in state.notices.iter().enumerate().rev() {
                        h3 {
                            @if crate::sight::posted(self.file, index + 1, self.web.now()).is_some() {
                                a href=(format!("/notices/{}/{}", state.case, index + 1)) { (notice.title) }
                            } @else { (notice.title) }
                        }
                        p.soft { (notice.place) "，" (format_datetime(notice.posted_at)) "张贴，" @match notice.last_day {
                            Some(last) => { "到" (format_date(last)) },
                            None => { "长期公布" },
                        } }
                        // What was posted names people; those who may see them in full see it here, others on the board while it hangs.
                        @if self.sight.full { dl.pairs.wide { @for (label, text) in &notice.rows { div { dt { (label) } dd { (text) } } } } }
                    }
                }
            }
        }
    }

    fn letters(&self) -> Markup {
        let state = self.state();
        html! {
            @if !state.letters.is_empty() {
                section.card {
                    h2 { "文书" }
                    ul { @for (index, letter) in state.letters.iter().enumerate() {
                        li {
                            @if self.sight.full { a href=(format!("/letter/{}/{}", state.case, index + 1)) { (letter.letter) " " (letter.number) } }
                            @else { (letter.letter) " " (letter.number) }
                            span.soft { "　" (format_date(letter.at.date())) }
                        }
                    } }
                }
            }
        }
    }
}

/// The empty form of an act. The gate is asked first, so that nobody fills in what will be refused.
pub async fn form(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, act)): Path<(String, String)>,
) -> Result<Markup, Not> {
    let act = Act::named(&act).ok_or_else(|| Not::found("没有这个页面"))?;
    let subject = Subject::find(&web, &visit, &act, Place::Desk(id(&case))).await?;
    let state = &subject.file().state;
    Sight::of(visit.staff()?, &subject.guide, state)?;
    let all = choices(web.bureau(), &subject.guide, state, &subject.actor, web.now());
    match all.into_iter().find(|c| acts::offers(&c.action, &act)) {
        Some(Choice { allowed: Ok(()), .. }) => {
            let sent = acts::begun(&web, &subject, &act);
            Ok(pages::form(&web, &visit, &subject, &act, &sent, None))
        }
        Some(Choice { allowed: Err(refusal), .. }) => Err(refusal.into()),
        None => Err(Not::found("该件现在不能这样办")),
    }
}
