//! The facts of a case by group, rosters as tables, each with what it was before.

use base::{Date, format_date};
use casework::State;
use casework::state::{DoneStep, FactVersion};
use formula::Value;
use guide::{Field, FieldKind, Form, Guide};
use maud::{Markup, html};

use crate::sight::{Sight, rows};
use crate::site::Site;

/// A case for one reader on one day.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub web: &'a Site,
    pub guide: &'a Guide,
    pub state: &'a State,
    pub sight: Sight,
    pub today: Date,
}

impl Facts<'_> {
    /// What the application states, as known today; `level` is that of the headings of its groups.
    pub fn application(self, level: u8) -> Markup {
        let now = |field: &Field| self.state.fact_on(&field.name, self.today).map(|v| v.value.clone());
        self.form(&self.guide.form, level, &now, true)
    }

    /// What steps found, the latest first; former rounds are folded away.
    pub fn findings(self, level: u8) -> Markup {
        let stated: Vec<&DoneStep> = self.state.done.iter().rev().filter(|d| !d.facts.is_empty()).collect();
        let (now, before): (Vec<&DoneStep>, Vec<&DoneStep>) = stated.iter().partition(|d| d.round == self.state.round);
        html! {
            @if stated.is_empty() { p.soft { "还没有。" } }
            @for done in now { (self.found(done, level)) }
            @if !before.is_empty() {
                details {
                    summary { "以前各轮查明的（" (before.len()) "步）" }
                    @for done in before { (self.found(done, level)) }
                }
            }
        }
    }

    /// One step as it was done: facts of the same name in another step are not mixed in.
    fn found(self, done: &DoneStep, level: u8) -> Markup {
        let empty = Form::default();
        let form = self.guide.step(&done.step).map_or(&empty, |s| &s.form);
        let then = |field: &Field| done.facts.iter().find(|(name, _)| *name == field.name).map(|(_, v)| v.clone());
        html! {
            (heading(level, html! {
                (done.step) "：" (done.outcome)
                span.soft.small { "　" (format_date(done.at.date())) "　" (done.by.name) }
            }))
            (self.form(form, level + 1, &then, false))
        }
    }

    /// What was filled in stands in its groups; what was left empty is named in one line.
    fn form(self, form: &Form, level: u8, value: &dyn Fn(&Field) -> Option<Value>, history: bool) -> Markup {
        let says = |value: &Value| !value.is_missing() && !value.items().is_some_and(<[Value]>::is_empty);
        let all = form.fields.iter().map(|f| (f, value(f).filter(says)));
        let (known, empty): (Vec<_>, Vec<_>) = all.partition(|(_, value)| value.is_some());
        let known: Vec<(&Field, Value)> = known.into_iter().filter_map(|(f, v)| Some((f, v?))).collect();
        let plain = |f: &Field| !matches!(f.kind, FieldKind::Roster(_));
        let groups = known.chunk_by(|(a, _), (b, _)| plain(a) && plain(b) && a.group == b.group);
        let empty: Vec<&str> = empty.iter().map(|(f, _)| &*f.name).collect();
        html! {
            @for group in groups {
                @if let FieldKind::Roster(columns) = &group[0].0.kind {
                    (self.roster(group[0].0, columns, &group[0].1, level, history))
                } @else {
                    @if let Some(name) = &group[0].0.group { (heading(level, html! { (name) })) }
                    dl.pairs.wide { @for (field, value) in group { (self.pair(field, value, history)) } }
                }
            }
            @if !empty.is_empty() { p.soft { "没有填写：" (empty.join("、")) } }
        }
    }

    fn pair(self, field: &Field, value: &Value, history: bool) -> Markup {
        let class = matches!(field.kind, FieldKind::LongText).then_some("long");
        let versions = self.state.facts.get(&field.name).map(Vec::as_slice).unwrap_or_default();
        html! {
            div class=[class] {
                dt { (field.name) }
                dd {
                    (self.sight.fact(self.web, self.guide, field, value))
                    @if history && versions.len() > 1 { (self.history(field, versions)) }
                }
            }
        }
    }

    /// Every value that a fact has had: when true, when known, from where, by whom.
    fn history(self, field: &Field, versions: &[FactVersion]) -> Markup {
        html! {
            details {
                summary { "改动" (versions.len() - 1) "次" }
                ul.small {
                    @for version in versions.iter().rev() {
                        li {
                            (self.sight.fact(self.web, self.guide, field, &version.value))
                            span.soft {
                                "　" (format_date(version.valid_from)) "起属实，" (format_date(version.recorded_at.date()))
                                "由" (version.by) "记录（" (version.source) "）"
                            }
                        }
                    }
                }
            }
        }
    }

    /// Columns in which no row says anything are left out.
    fn roster(self, field: &Field, columns: &Form, value: &Value, level: u8, history: bool) -> Markup {
        let changes = self.state.facts.get(&field.name).map_or(0, |v| v.len().saturating_sub(1));
        let records = rows(value);
        let said = |c: &&Field| records.iter().any(|r| r.get(&c.name).is_some_and(|v| !v.is_missing()));
        let columns: Vec<&Field> = columns.fields.iter().filter(said).collect();
        html! {
            (heading(level, html! {
                (field.name) @if history && changes > 0 { span.soft.small { "（更正过" (changes) "次）" } }
            }))
            div.scroll tabindex="0" role="group" aria-label=(format!("{}（表）", field.name)) {
                table.facts {
                    caption.unseen { (field.name) }
                    thead { tr { @for column in &columns { th scope="col" class=[class(column)] { (column.name) } } } }
                    tbody {
                        @for record in records {
                            tr { @for column in &columns {
                                td class=[class(column)] { (self.cell(column, record.get(&column.name))) }
                            } }
                        }
                    }
                }
            }
        }
    }

    fn cell(self, column: &Field, value: Option<&Value>) -> String {
        match value {
            None | Some(Value::Missing(_)) => "——".to_owned(),
            Some(value) => self.sight.fact(self.web, self.guide, column, value),
        }
    }
}

fn heading(level: u8, text: Markup) -> Markup {
    match level {
        3 => html! { h3 { (text) } },
        4 => html! { h4 { (text) } },
        _ => html! { h5 { (text) } },
    }
}

fn class(column: &Field) -> Option<&'static str> {
    match column.kind {
        FieldKind::Money | FieldKind::Number { .. } | FieldKind::Integer => Some("num"),
        FieldKind::Date | FieldKind::CitizenNumber => Some("nowrap"),
        _ => None,
    }
}
