//! What can be done with a case beside its steps: answer, correct, extend, withdraw.

use std::sync::Arc;

use casework::Refusal;
use casework::options::Action;
use guide::Limit;
use maud::{Markup, html};

use crate::acts::{Act, Place, Subject};
use crate::commands::known_entries;
use crate::forms::{self, Draft};
use crate::layout::{Tone, crumbs, page};
use crate::pages::{WordField, default_button, headed, troubles, word_field};
use crate::sent::Sent;
use crate::session::Visit;
use crate::site::Site;
use crate::words::iso;

/// Whether an action of a case is the one that an address names.
pub fn offers(action: &Action, act: &Act) -> bool {
    match (action, act) {
        (Action::Answer(a), Act::Answer(b)) => a == b,
        (Action::Step(_), Act::Step)
        | (Action::Post(_), Act::Post)
        | (Action::Correct, Act::Correct)
        | (Action::Extend(_), Act::Extend)
        | (Action::Withdraw, Act::Withdraw) => true,
        _ => false,
    }
}

/// A new form of an act; a correction begins with what is known.
pub fn begun(web: &Site, subject: &Subject, act: &Act) -> Sent {
    let mut sent = Sent::fresh();
    if *act == Act::Correct {
        sent.entries = known_entries(subject, &subject.file().state, web.now().date());
    }
    sent
}

pub fn page_of(
    web: &Site,
    visit: &Visit,
    subject: &Subject,
    act: &Act,
    sent: &Sent,
    refusal: Option<&Refusal>,
) -> Markup {
    let (title, inner, button) = match act {
        Act::Answer(number) => (format!("答复第{number}号异议"), answer(subject, *number, sent, refusal), "记录答复"),
        Act::Correct => ("更正事实".to_owned(), correct(web, subject, sent, refusal), "记录更正"),
        Act::Extend => ("延长期限".to_owned(), extend(subject, sent, refusal), "延长"),
        _ => ("撤回申请".to_owned(), withdraw(sent, refusal), "撤回"),
    };
    let state = &subject.file().state;
    let (tone, home, home_name) = match &subject.place {
        Place::Progress(case) => (Tone::Public, format!("/progress/{case}"), "办理进度"),
        _ => (Tone::Desk, format!("/case/{}", state.case), &*state.case.0),
    };
    let body = html! {
        (crumbs(&[(home_name, &home)], &title))
        h1 { (title) }
        (troubles(refusal))
        form method="post" action=(subject.address(act)) novalidate {
            (default_button())
            (sent.hidden(web, visit, Some(state.revision)))
            (inner)
            p.actions {
                button type="submit" class=(if *act == Act::Withdraw { "stop" } else { "main" }) { (button) }
                a href=(home) { "返回" }
            }
        }
    };
    page(web, visit, &headed(&title, refusal), tone, body)
}

fn answer(subject: &Subject, number: u32, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let objection = subject.file().state.objections.iter().find(|o| o.number == number);
    let text = WordField {
        name: "text",
        label: "答复内容",
        help: "写明调查了什么、查到什么、怎样处理。",
        required: true,
        long: true,
        ..WordField::default()
    };
    html! {
        @if let Some(objection) = objection { blockquote.pre { (objection.text) } }
        (choice(sent, refusal, "finding", "调查结论", &["异议成立", "异议部分成立", "异议不成立"].map(Arc::from)))
        (word_field(sent, refusal, &text))
    }
}

fn correct(web: &Site, subject: &Subject, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let draft = Draft {
        entries: &sent.entries,
        errors: refusal.map(|r| r.fields.as_slice()).unwrap_or_default(),
        regions: &web.bureau().regions,
        within: subject.actor.region,
        own: false,
        fresh: false,
    };
    let day = WordField {
        name: "valid_from",
        label: "从哪一天起属实",
        help: "录入差错从申请日起；情况变化从变化那天起。",
        kind: "date",
        value: iso(web.now().date()),
        required: true,
        ..WordField::default()
    };
    let reason =
        WordField { name: "reason", label: "更正的理由", kind: "text", required: true, ..WordField::default() };
    let sources = ["当事人报告", "信息核对", "入户核实", "更正录入差错"].map(Arc::from);
    html! {
        p { "直接改下面的内容，只有改动的项目会被记录；原来的内容不会丢失，随时可以查到。" }
        fieldset {
            legend { "更正说明" }
            div.grid {
                (word_field(sent, refusal, &day))
                (choice(sent, refusal, "source", "依据来源", &sources))
                (word_field(sent, refusal, &reason))
            }
        }
        (forms::fields(&subject.guide.form, &draft))
    }
}

fn extend(subject: &Subject, sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let longer: Vec<(&Limit, &Vec<Arc<str>>)> =
        subject.guide.limits.iter().filter_map(|l| Some((l, &l.extension.as_ref()?.1))).collect();
    let names: Vec<Arc<str>> = longer.iter().map(|(l, _)| l.name.clone()).collect();
    let mut reasons: Vec<Arc<str>> = longer.iter().flat_map(|(_, reasons)| reasons.iter().cloned()).collect();
    reasons.dedup();
    html! {
        @for (limit, _) in &longer {
            @if let Some((clock, _)) = &limit.extension {
                p { "“" (limit.name) "”原来是" (limit.clock) "，延长后是" (clock) "，都从起算日算。只能延长一次，应在期限届满前决定。" }
            }
            @if !limit.basis.is_empty() { p.basis { "依据：" (limit.basis) } }
        }
        @if let [only] = names.as_slice() { input type="hidden" name="limit" value=(only); }
        @else { (choice(sent, refusal, "limit", "延长哪个期限", &names)) }
        (choice(sent, refusal, "reason", "延长的理由", &reasons))
    }
}

fn withdraw(sent: &Sent, refusal: Option<&Refusal>) -> Markup {
    let reason =
        WordField {
            name: "reason", label: "撤回的原因", help: "可以不填", kind: "text", ..WordField::default()
        };
    html! {
        div.note.stop { p { "撤回后本件办结，不能恢复；以后可以重新申请。" } }
        (word_field(sent, refusal, &reason))
    }
}

/// One of several, as radio buttons.
pub fn choice(sent: &Sent, refusal: Option<&Refusal>, name: &str, label: &str, options: &[Arc<str>]) -> Markup {
    let error = refusal.and_then(|r| r.fields.iter().find(|e| e.path == name)).map(|e| e.message.as_str());
    let described = error.map(|_| format!("e-{name}"));
    html! {
        fieldset.choices-field class=(if error.is_some() { "field wrong" } else { "field" }) aria-describedby=[described] {
            legend.label { (label) span.need { "必填" } }
            @if let Some(error) = error { p.error id=(format!("e-{name}")) { (error) } }
            div.choices {
                @for (index, option) in options.iter().enumerate() {
                    @let id = if index == 0 { format!("f-{name}") } else { format!("f-{name}-{index}") };
                    label.choice for=(id) {
                        input type="radio" id=(id) name=(name) value=(option) checked[sent.word(name) == &**option];
                        span { (option) }
                    }
                }
            }
        }
    }
}
