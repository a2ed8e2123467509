//! Printed papers: the application form and the records of steps, with places for signatures.

use axum::Extension;
use axum::extract::{Path, State};
use base::{format_date, format_datetime};
use casework::state::DoneStep;
use casework::{Code, Refusal};
use formula::Value;
use guide::{Field, FieldKind, Form, Guide};
use maud::{Markup, html};

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, page};
use crate::not::Not;
use crate::routes::id;
use crate::session::Visitor;
use crate::sight::{Sight, rows};
use crate::site::{Site, Web};

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, form)): Path<(String, String)>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let state = &subject.file().state;
    let sight = Sight::of(visit.staff()?, &subject.guide, state)?;
    if !sight.full {
        let reason = "打印件含有当事人的个人信息，只对参与办理的岗位开放";
        return Err(Refusal::new(Code::WrongRole, reason, "", "需要查看的，请向承办单位提出。").into());
    }
    let paper = Paper { web: &web, guide: &subject.guide, sight };
    let today = web.now().date();
    let known = |name: &str| state.fact_on(name, today).map(|v| v.value.clone());
    let record = form.strip_prefix("record-").and_then(|n| n.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
    let (title, sheet) = match (form.as_str(), record.and_then(|n| state.done.get(n))) {
        ("application", _) => {
            let title = format!("{}申请表", subject.guide.title);
            let head =
                format!("受理号{}　{}　{}", state.case, state.channel.label(), format_datetime(state.applied_at));
            let body = paper.form(&subject.guide.form, &known);
            (title, html! { p { (head) } (body) (signatures(&["申请人（签名）", "经办人（签名）"])) })
        }
        (_, Some(done)) => (format!("{}记录", done.step), paper.record(&state.case.0, done)),
        _ => return Err(Not::found("没有这份打印件")),
    };
    let body = html! {
        p.noprint { a href=(format!("/case/{}", state.case)) { "返回" } span.soft { "　用浏览器的打印功能打印，纸张选A4。" } }
        article.sheet.form { h1 { (title) } (sheet) }
    };
    Ok(page(&web, &visit, &title, Tone::Desk, body))
}

/// Columns that fit upright paper.
const WIDEST: usize = 7;

struct Paper<'a> {
    web: &'a Site,
    guide: &'a Guide,
    sight: Sight,
}

impl Paper<'_> {
    fn record(&self, case: &str, done: &DoneStep) -> Markup {
        let empty = Form::default();
        let form = self.guide.step(&done.step).map_or(&empty, |s| &s.form);
        let known = |name: &str| done.facts.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone());
        let people: Vec<String> =
            std::iter::once(&done.by).chain(&done.with).map(|by| format!("{}（{}）", by.name, by.role)).collect();
        html! {
            p { "受理号" (case) "　" (format_datetime(done.at)) }
            p { "参加人员：" (people.join("、")) }
            (self.form(form, &known))
            p { "结果：" (done.outcome) @if !done.reason.is_empty() { "。" (done.reason) } }
            (signatures(&["参加人（签名）", "当事人（签名）"]))
            p { "打印日期：" (format_date(self.web.now().date())) }
        }
    }

    fn form(&self, form: &Form, known: &dyn Fn(&str) -> Option<Value>) -> Markup {
        let plain: Vec<&Field> = form.fields.iter().filter(|f| !matches!(f.kind, FieldKind::Roster(_))).collect();
        html! {
            @if !plain.is_empty() {
                table {
                    caption.unseen { "填写项目" }
                    tbody { @for field in plain {
                        tr { th scope="row" { (field.name) } td { (self.text(field, known(&field.name).as_ref())) } }
                    } }
                }
            }
            @for field in &form.fields {
                @if let FieldKind::Roster(columns) = &field.kind {
                    h2 { (field.name) }
                    (self.roster(field, columns, known(&field.name).as_ref()))
                }
            }
        }
    }

    /// A table while it fits the paper; rows with more entries are written out one below the other.
    fn roster(&self, field: &Field, columns: &Form, value: Option<&Value>) -> Markup {
        let records = value.map(rows).unwrap_or_default();
        let filled = |c: &&Field| records.iter().any(|r| r.get(&c.name).is_some_and(|v| !v.is_missing()));
        let columns: Vec<&Field> = columns.fields.iter().filter(filled).collect();
        html! {
            @if records.is_empty() { p { "无" } }
            @else if columns.len() > WIDEST {
                ol { @for record in records {
                    li { @for column in &columns {
                        @let text = self.text(column, record.get(&column.name));
                        @if !text.is_empty() { span.nowrap { span.soft { (column.name) "：" } (text) } "　 " }
                    } }
                } }
            } @else {
                table {
                    caption.unseen { (field.name) }
                    thead { tr { @for column in &columns { th scope="col" { (column.name) } } } }
                    tbody { @for record in records {
                        tr { @for column in &columns { td { (self.text(column, record.get(&column.name))) } } }
                    } }
                }
            }
        }
    }

    fn text(&self, field: &Field, value: Option<&Value>) -> String {
        match value {
            None | Some(Value::Missing(_)) => String::new(),
            Some(value) => self.sight.fact(self.web, self.guide, field, value),
        }
    }
}

fn signatures(who: &[&str]) -> Markup {
    html! { div.signs { @for name in who { p { (name) "：" } } } }
}
