//! The form of the open step: what to fill in, whom to name, what to attach, how it may end and what follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{DateTime, format_date};
use casework::assess::assess;
use casework::options::outcomes;
use casework::{By, Code, Entry, Event, File, Refusal, State};
use guide::{Guide, Material, MeetingRule, Outcome, Step, StepKind, Target};
use maud::{Markup, html};

use crate::acts::{Act, Place, Subject};
use crate::commands;
use crate::forms::{self, Draft};
use crate::layout::{Tone, crumbs, page};
use crate::pages::desk::mark;
use crate::pages::facts::Facts;
use crate::pages::{WordField, default_button, explain, headed, troubles, word_field};
use crate::sent::Sent;
use crate::session::Visit;
use crate::sight::{Sight, takes_part};
use crate::site::{Site, companions};

pub fn page_of(
    web: &Site,
    visit: &Visit,
    subject: &Subject,
    act: &Act,
    sent: &Sent,
    refusal: Option<&Refusal>,
) -> Markup {
    let state = &subject.file().state;
    let (tone, home, home_name) = match &subject.place {
        Place::Progress(case) => (Tone::Public, format!("/progress/{case}"), "办理进度"),
        _ => (Tone::Desk, format!("/case/{}", state.case), &*state.case.0),
    };
    let Some(step) = subject.step() else {
        let body = html! { (troubles(refusal)) p { a href=(home) { "返回" } } };
        return page(web, visit, "已办结", tone, body);
    };
    let title = match (act, step.kind) {
        (Act::Post, _) => format!("张贴：{}", step.name),
        (_, StepKind::Wait) => "报告变化".to_owned(),
        _ => step.name.to_string(),
    };
    let due = state.open.as_ref().and_then(|o| o.due.as_ref());
    let body = html! {
        (crumbs(&[(home_name, &home)], &title))
        h1 { (title) }
        (troubles(refusal))
        @if !step.help.is_empty() { p.lead { (step.help) } }
        @if subject.at_desk() { (known(web, subject)) }
        @if let Some(due) = due { p { (mark(web.bureau(), web.now(), due.at)) " " span.small.soft { (due.explained) } } }
        form method="post" action=(subject.address(act)) enctype="multipart/form-data" novalidate {
            (default_button())
            (sent.hidden(web, visit, Some(state.revision)))
            input type="hidden" name="step" value=(step.name);
            @if *act == Act::Post { (posting(web, subject, step)) } @else { (doing(web, subject, step, sent, refusal)) }
            (uploads(sent, refusal, &wanted(subject, step)))
            p.actions { button.main type="submit" { @if *act == Act::Post { "登记张贴" } @else { "提交" } } a href=(home) { "返回" } }
        }
    };
    page(web, visit, &headed(&title, refusal), tone, body)
}

/// What is known of the case, so that nobody has to leave the form to look it up.
fn known(web: &Site, subject: &Subject) -> Markup {
    let state = &subject.file().state;
    let sight = Sight { full: takes_part(&subject.guide, &subject.actor.role) };
    let facts = Facts { web, guide: &subject.guide, state, sight, today: web.now().date() };
    html! {
        details.card {
            summary { "本件事实：" (casework::assess::applicant_name(&subject.guide, state)) "，" (web.place(state.region)) }
            h2 { "申请填报的事实" }
            (facts.application(3))
            h2 { "办理中查明的事实" }
            (facts.findings(3))
        }
    }
}

/// Papers that the step asks for. A later form of the applicant's may also bring what the application lacked.
fn wanted<'a>(subject: &'a Subject, step: &Step) -> Vec<&'a Material> {
    let guide = &subject.guide;
    let first = guide.steps.first().map(|s| &s.name);
    let supplement = step.kind == StepKind::Form;
    let asked = |m: &&Material| m.step == step.name || (supplement && Some(&m.step) == first);
    guide.materials.iter().filter(|m| !m.obtainable).filter(asked).collect()
}

fn posting(web: &Site, subject: &Subject, step: &Step) -> Markup {
    let Some(rule) = &step.notice else { return html! {} };
    let state = &subject.file().state;
    let now = web.now();
    let evaluation = assess(&subject.guide, state, now.date(), now, &web.bureau().chain(state.region));
    let shown = |name: &Arc<str>| {
        let fact = || state.fact_on(name, now.date()).map(|v| v.value.clone());
        let value = evaluation.value(name).cloned().or_else(fact);
        match (value, subject.guide.field(name)) {
            (None, _) => "——".to_owned(),
            (Some(value), Some(field)) => Sight { full: true }.fact(web, &subject.guide, field, &value),
            (Some(value), None) => casework::assess::display(&subject.guide, name, &value),
        }
    };
    html! {
        div.card {
            h2 { "将要公示的内容" }
            dl.pairs {
                @for name in &rule.shows { dt { (name) } dd { (shown(name)) } }
                dt { "地点" } dd { (rule.place) }
                dt { "期限" } dd { @match rule.days { Some(days) => { (days) "天，从张贴次日起算" }, None => { "长期" } } }
                @if !rule.basis.is_empty() { dt { "依据" } dd { (rule.basis) } }
            }
            p { "张贴后内容冻结，公示期不能缩短。" }
        }
    }
}

fn doing(web: &Site, subject: &Subject, step: &Step, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let draft = Draft {
        entries: &sent.entries,
        errors: refusal.map(|r| r.fields.as_slice()).unwrap_or_default(),
        regions: &web.bureau().regions,
        within: subject.actor.region,
        own: !subject.at_desk(),
        fresh: sent.fresh,
    };
    let reason = WordField {
        name: "reason",
        label: "写明理由",
        help: "注明“须写明理由”的结果必填；会写进文书，请写得让当事人看得懂。",
        long: true,
        ..WordField::default()
    };
    let staffed = subject.at_desk() && step.kind != StepKind::Form;
    html! {
        @if let Some(rule) = &step.meeting { (meeting_rule(rule)) }
        (forms::fields(&step.form, &draft))
        @if staffed {
            (others(web, subject, step, sent))
            @if step.form.fields.iter().any(|f| subject.guide.program.uses_fact(&f.name)) {
                p { button type="submit" name="do" value="figures" formnovalidate { "按填写的内容算一算" } }
            }
            (results(web, subject, step, sent, refusal))
            fieldset { legend { "理由和意见" } (word_field(sent, refusal, &reason)) }
        }
    }
}

fn meeting_rule(rule: &MeetingRule) -> Markup {
    let part = |f: guide::Fraction| {
        let word = if f.strict { "超过" } else { "达到" };
        format!("{word}{}分之{}", numeral(f.denominator), numeral(f.numerator))
    };
    html! {
        div.note {
            p {
                "评议人数" (rule.members_min) "至" (rule.members_max) "人；到会" (part(rule.quorum)) "才有效；同意票" (part(rule.majority)) "为通过。"
                "结果由票数决定，不用选择。"
                @if !rule.basis.is_empty() { span.basis { "（" (rule.basis) "）" } }
            }
        }
    }
}

fn numeral(n: u32) -> String {
    let numerals = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    numerals.get(n as usize).map_or_else(|| n.to_string(), ToString::to_string)
}

/// Who takes part beside the one who submits.
fn others(web: &Site, subject: &Subject, step: &Step, sent: &Sent) -> Markup {
    let several = step.people > 1 || matches!(step.kind, StepKind::Visit | StepKind::Meeting);
    if !several {
        return html! {};
    }
    let state = &subject.file().state;
    let mut people = companions(&subject.staff, web, &subject.actor, state.region);
    // Relatives may not take part and readers of the books have no part; colleagues come first.
    people.retain(|p| takes_part(&subject.guide, &p.role) && !state.filed.iter().any(|f| f.staff == p.id));
    people.sort_by_key(|p| (p.region != subject.actor.region, p.region));
    html! {
        fieldset id="f-with" {
            legend { "一同参加的人员" @if step.people > 1 { span.need { "连您至少" (step.people) "人" } } }
            @if people.is_empty() { p { "本辖区没有其他工作人员可选。" } }
            div.choices {
                @for person in &people {
                    label.choice for=(format!("with-{}", person.id)) {
                        input type="checkbox" id=(format!("with-{}", person.id)) name="with" value=(person.id)
                            checked[sent.words("with").any(|id| id == &*person.id)];
                        span { (person.name) span.why { (person.role) } }
                    }
                }
            }
        }
    }
}

/// How the step may end. What is not open is shown with the reason, so that nobody has to guess.
fn results(web: &Site, subject: &Subject, step: &Step, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let (guide, state, now) = (&subject.guide, &subject.file().state, web.now());
    let typed = as_typed(web, subject, step, sent, now);
    let considered = typed.as_ref().unwrap_or(state);
    let choices = outcomes(web.bureau(), guide, considered, step, now);
    let error = refusal.and_then(|r| r.fields.iter().find(|e| e.path == "outcome")).map(|e| e.message.as_str());
    let chosen = match (sent.word("outcome"), choices.as_slice()) {
        ("", [(only, _)]) => &*only.name,
        (typed, _) => typed,
    };
    html! {
        @if step.kind == StepKind::Notice { p { "公示期满、没有异议的，提交后转到下一步。" } }
        @if !choices.is_empty() {
            fieldset.outcomes aria-describedby=[error.map(|_| "e-outcome")] {
                legend { "办理结果" span.need { "必填" } }
                @if let Some(error) = error { p.error id="e-outcome" { (error) } }
                @for (index, (outcome, open)) in choices.iter().enumerate() {
                    @let used = used_up(state, step, outcome);
                    // The form may still change what a condition sees, unless it was just computed.
                    @let shut = used || (open.is_err() && (typed.is_some() || !hangs_on_form(guide, step, outcome)));
                    @let id = if index == 0 { "f-outcome".to_owned() } else { format!("f-outcome-{index}") };
                    label.choice.shut[shut] for=(id) {
                        input type="radio" id=(id) name="outcome" value=(outcome.name) disabled[shut] checked[!shut && chosen == &*outcome.name];
                        span {
                            b { (outcome.name) }
                            span.why { (consequence(outcome)) }
                            @if used { span.why { "已达到规定次数，不能再选。" } }
                            @else if let Err(refusal) = open {
                                span.why { @if refusal.code == Code::CannotDecide { (refusal.reason) } @else { "按现有事实，条件不成立，不能选。" } }
                            }
                        }
                    }
                }
            }
            (computed(web, guide, considered, typed.is_some(), step.outcomes.iter().any(|o| o.condition.is_some())))
        }
    }
}

/// The case as it would be with what was typed, after the button that asks for the figures.
fn as_typed(web: &Site, subject: &Subject, step: &Step, sent: &Sent, now: DateTime) -> Option<State> {
    if sent.button() != "figures" {
        return None;
    }
    let facts = commands::typed_facts(web, &step.form, &sent.entries);
    let by = By { id: subject.actor.id.clone(), name: subject.actor.name.clone(), role: subject.actor.role.clone() };
    let event =
        Event::Corrected { facts, valid_from: now.date(), reason: String::new(), source: step.name.to_string() };
    let mut state = subject.file().state.clone();
    state.apply(&Entry { at: now, by, event });
    Some(state)
}

/// Whether the condition of an outcome looks, through any formulas, at an entry of the step's own form.
fn hangs_on_form(guide: &Guide, step: &Step, outcome: &Outcome) -> bool {
    let mut open: Vec<&str> = outcome.condition.iter().flat_map(|c| c.uses()).map(|name| &**name).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        if step.form.field(name).is_some() {
            return true;
        }
        if seen.insert(name) {
            let definition = guide.program.definitions().iter().find(|d| *d.name == *name);
            open.extend(definition.iter().flat_map(|d| &d.uses).map(|name| &**name));
        }
    }
    false
}

fn used_up(state: &State, step: &Step, outcome: &Outcome) -> bool {
    let before = state.done.iter().filter(|d| d.step == step.name && d.outcome == outcome.name).count();
    outcome.at_most.is_some_and(|most| before >= most as usize)
}

fn consequence(outcome: &Outcome) -> String {
    let mut parts = Vec::new();
    parts.push(match &outcome.target {
        Target::Step(step) => format!("转到“{step}”"),
        Target::End => "本件办结".to_owned(),
    });
    if outcome.decides {
        parts.push("作出决定".to_owned());
    }
    parts.extend(outcome.letter.as_ref().map(|letter| format!("发出《{letter}》")));
    if outcome.needs_reason {
        parts.push("须写明理由".to_owned());
    }
    if !outcome.help.is_empty() {
        parts.push(outcome.help.clone());
    }
    if !outcome.basis.is_empty() {
        parts.push(format!("依据：{}", outcome.basis));
    }
    parts.join("；")
}

/// The figures that outcomes hang on; shown at once where they do.
fn computed(web: &Site, guide: &Guide, state: &State, typed: bool, matters: bool) -> Markup {
    let now = web.now();
    let evaluation = assess(guide, state, now.date(), now, &web.bureau().chain(state.region));
    let names = guide.results.iter().filter(|r| r.decision || r.self_check).map(|r| &*r.name);
    html! {
        details.card open[typed || matters] {
            summary { @if typed { "按填写内容的计算结果（还没有提交）" } @else { "按现有事实的计算结果　" (format_date(now.date())) } }
            (explain::figures(web, guide, &evaluation, names, Sight { full: true }))
        }
    }
}

/// File inputs, with what was uploaded before beside them.
pub fn uploads(sent: &Sent, refusal: Option<&Refusal>, materials: &[&Material]) -> Markup {
    html! {
        @if !materials.is_empty() {
            fieldset {
                legend { "材料" }
                p.help { "照片或扫描件：JPEG、PNG、PDF，每个不超过10 MB，一次合计不超过12 MB。" }
                @for material in materials { (upload(sent, refusal, material)) }
            }
        }
    }
}

fn upload(sent: &Sent, refusal: Option<&Refusal>, material: &Material) -> Markup {
    let path = format!("材料.{}", material.name);
    let error = refusal.and_then(|r| r.fields.iter().find(|e| e.path == path)).map(|e| e.message.as_str());
    let kept: Vec<&File> = sent.files.iter().filter(|(m, _)| *m == material.name).map(|(_, f)| f).collect();
    let id = format!("f-{path}");
    html! {
        div class=(if error.is_some() { "field wrong" } else { "field" }) {
            label for=(id) {
                (material.name)
                @if material.required { span.need { @if material.condition.is_some() { "符合条件的必交" } @else { "必交" } } }
            }
            @if !material.help.is_empty() { p.help { (material.help) } }
            @if let Some(error) = error { p.error id=(format!("e-{path}")) { (error) } }
            @for file in kept { p { "已上传：" (file.name) span.soft { "（" (crate::words::size(file.bytes)) "）" } } }
            input type="file" id=(id) name=(format!("m.{}", material.name)) multiple
                accept="image/jpeg,image/png,application/pdf" aria-describedby=[error.map(|_| format!("e-{path}"))];
        }
    }
}
