//! A guide's form as HTML: every kind of entry, errors beside their entries, rosters that grow without a script.
//!
//! Entries are posted as `f.<path>`, the path being that of [`casework::intake`].

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{RegionCode, Regions, parse_date};
use casework::FieldError;
use casework::intake::Entries;
use formula::Value;
use guide::{Field, FieldKind, Form};
use maud::{Markup, html};

/// A form as it stands: what was typed, what is wrong with it, and what choosing a place offers.
pub struct Draft<'a> {
    pub entries: &'a Entries,
    pub errors: &'a [FieldError],
    pub regions: &'a Regions,
    /// Places at or below it are offered.
    pub within: RegionCode,
    /// The person fills in their own particulars, so browsers may offer what they know.
    pub own: bool,
    /// Nothing was typed yet: declared defaults stand in their places.
    pub fresh: bool,
}

impl Draft<'_> {
    fn typed(&self, path: &str, field: &Field) -> String {
        match self.entries.get(path) {
            Some(text) => text.clone(),
            None if self.fresh => field.default.as_ref().map(as_typed).unwrap_or_default(),
            None => String::new(),
        }
    }

    fn error(&self, path: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.path == path).map(|e| e.message.as_str())
    }

    /// Numbers of the rows to show; a required roster shows one row to begin with.
    fn rows(&self, field: &Field) -> Vec<u32> {
        let numbers: BTreeSet<u32> = self.entries.keys().filter_map(|path| row_of(&field.name, path)).collect();
        if numbers.is_empty() && field.required { vec![1] } else { numbers.into_iter().collect() }
    }
}

/// The row that a path of a roster belongs to.
pub fn row_of(roster: &str, path: &str) -> Option<u32> {
    path.strip_prefix(roster)?.strip_prefix('.')?.split('.').next()?.parse().ok()
}

/// A default as it would be typed.
fn as_typed(value: &Value) -> String {
    match value {
        Value::Missing(_) | Value::Record(_) => String::new(),
        Value::List(items) => items.iter().filter_map(Value::text).collect::<Vec<_>>().join("、"),
        Value::Date(date) => date.to_string(),
        other => other.to_string(),
    }
}

/// Adds an empty row to a roster, or takes one out and closes the gap.
pub fn change_rows(entries: &mut Entries, form: &Form, button: &str) {
    if let Some(roster) = button.strip_prefix("add:") {
        let Some(FieldKind::Roster(columns)) = form.field(roster).map(|f| &f.kind) else { return };
        let last = entries.keys().filter_map(|path| row_of(roster, path)).max();
        let first_shown = u32::from(form.field(roster).is_some_and(|f| f.required));
        let row = last.unwrap_or(first_shown).saturating_add(1);
        for column in &columns.fields {
            let default = column.default.as_ref().map(as_typed).unwrap_or_default();
            entries.insert(format!("{roster}.{row}.{}", column.name), default);
        }
    } else if let Some((roster, row)) = button.strip_prefix("del:").and_then(|at| at.rsplit_once('.')) {
        let Ok(gone) = row.parse::<u32>() else { return };
        let paths: Vec<String> =
            entries.keys().filter(|p| row_of(roster, p).is_some_and(|r| r >= gone)).cloned().collect();
        for path in paths {
            let text = entries.remove(&path).unwrap_or_default();
            let row = row_of(roster, &path).unwrap_or(gone);
            if row > gone
                && let Some(column) = path.splitn(3, '.').nth(2)
            {
                entries.insert(format!("{roster}.{}.{column}", row - 1), text);
            }
        }
    }
}

/// All entries of a form, grouped as the guide groups them.
pub fn fields(form: &Form, draft: &Draft) -> Markup {
    let groups = form.fields.chunk_by(|a, b| !is_roster(a) && !is_roster(b) && a.group == b.group);
    html! {
        @for group in groups {
            @match (&group[0].kind, &group[0].group) {
                (FieldKind::Roster(columns), _) => (roster(&group[0], columns, draft)),
                (_, Some(name)) => fieldset { legend { (name) } div.grid { (plain(group, draft)) } },
                (_, None) => fieldset.bare { legend.unseen { "填写项目" } div.grid { (plain(group, draft)) } },
            }
        }
    }
}

fn is_roster(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Roster(_))
}

fn plain(group: &[Field], draft: &Draft) -> Markup {
    html! { @for field in group { (entry(field, &field.name, draft, false)) } }
}

fn roster(field: &Field, columns: &Form, draft: &Draft) -> Markup {
    let rows = draft.rows(field);
    let name = &field.name;
    html! {
        fieldset id=(format!("f-{name}")) {
            legend { (name) (need(field)) }
            @if !field.help.is_empty() { p.help { (field.help) } }
            @if let Some(message) = draft.error(name) { p.error { (message) } }
            @for row in &rows {
                fieldset {
                    legend { (name) " 第" (row) "行" }
                    div.grid {
                        @for column in &columns.fields {
                            (entry(column, &format!("{name}.{row}.{}", column.name), draft, true))
                        }
                    }
                    button.link type="submit" name="do" value=(format!("del:{name}.{row}")) formnovalidate {
                        "删去" span.unseen { (name) "第" (row) "行" }
                    }
                }
            }
            button type="submit" name="do" value=(format!("add:{name}")) formnovalidate {
                @if rows.is_empty() { "添加" (name) } @else { "再加一行" span.unseen { (name) } }
            }
        }
    }
}

fn need(field: &Field) -> Markup {
    html! { @if field.required { span.need { "必填" } } }
}

fn entry(field: &Field, path: &str, draft: &Draft, in_roster: bool) -> Markup {
    let error = draft.error(path);
    let class = format!(
        "field{}{}",
        if error.is_some() { " wrong" } else { "" },
        if matches!(field.kind, FieldKind::LongText | FieldKind::Choices(_)) { " full" } else { "" },
    );
    let notes = html! {
        @if !field.help.is_empty() { p.help id=(format!("h-{path}")) { (field.help) } }
        @if let Some(message) = error { p.error id=(format!("e-{path}")) { (message) } }
    };
    let control = Control { field, path, typed: draft.typed(path, field), wrong: error.is_some(), draft };
    match &field.kind {
        FieldKind::Choices(options) => control.group(&class, notes, options, true),
        FieldKind::Bool if !in_roster => control.group(&class, notes, &["是".into(), "否".into()], false),
        FieldKind::Choice(options) if !in_roster && options.len() <= 3 => control.group(&class, notes, options, false),
        _ => html! {
            div class=(class) {
                label for=(control.id()) { (field.name) (need(field)) }
                (notes)
                (control.single())
            }
        },
    }
}

/// One entry on its way to HTML.
struct Control<'a> {
    field: &'a Field,
    path: &'a str,
    typed: String,
    wrong: bool,
    draft: &'a Draft<'a>,
}

impl Control<'_> {
    fn id(&self) -> String {
        format!("f-{}", self.path)
    }

    fn name(&self) -> String {
        format!("f.{}", self.path)
    }

    /// Ids of help and error, for `aria-describedby`.
    fn described(&self) -> Option<String> {
        let help = (!self.field.help.is_empty()).then(|| format!("h-{}", self.path));
        let error = self.wrong.then(|| format!("e-{}", self.path));
        let ids: Vec<String> = error.into_iter().chain(help).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn invalid(&self) -> Option<&'static str> {
        self.wrong.then_some("true")
    }

    fn single(&self) -> Markup {
        match &self.field.kind {
            FieldKind::LongText => html! {
                textarea id=(self.id()) name=(self.name()) rows="5" required[self.field.required]
                    aria-describedby=[self.described()] aria-invalid=[self.invalid()] { "\n" (self.typed) }
            },
            FieldKind::Choice(options) => self.select(html! { (self.options(options)) }),
            FieldKind::Bool => self.select(self.options(&["是".into(), "否".into()])),
            FieldKind::Region => self.select(self.places()),
            FieldKind::Money => self.with_unit("元"),
            FieldKind::Number { unit } => self.with_unit(unit),
            _ => self.input(),
        }
    }

    fn input(&self) -> Markup {
        // A date that cannot be read is shown as it was typed; date inputs would drop it.
        let readable = self.typed.is_empty() || parse_date(&self.typed).is_some();
        let (kind, mode, class) = match self.field.kind {
            FieldKind::Date if readable => ("date", None, "short"),
            FieldKind::Date => ("text", None, "short"),
            FieldKind::Phone => ("tel", None, "short"),
            FieldKind::Integer => ("text", Some("numeric"), "short"),
            FieldKind::Money | FieldKind::Number { .. } => ("text", Some("decimal"), "short"),
            _ => ("text", None, ""),
        };
        let value = match self.field.kind {
            FieldKind::Date => parse_date(&self.typed).map_or_else(|| self.typed.clone(), crate::words::iso),
            _ => self.typed.clone(),
        };
        let complete = match self.field.kind {
            FieldKind::Phone if self.draft.own => "tel",
            _ => "off",
        };
        html! {
            input class=(class) type=(kind) id=(self.id()) name=(self.name()) value=(value) inputmode=[mode]
                autocomplete=(complete) required[self.field.required]
                aria-describedby=[self.described()] aria-invalid=[self.invalid()];
        }
    }

    fn with_unit(&self, unit: &str) -> Markup {
        html! { div.unit { (self.input()) span { (unit) } } }
    }

    fn select(&self, options: Markup) -> Markup {
        html! {
            select id=(self.id()) name=(self.name()) required[self.field.required]
                aria-describedby=[self.described()] aria-invalid=[self.invalid()] {
                option value="" { "请选择" }
                (options)
            }
        }
    }

    fn options(&self, options: &[Arc<str>]) -> Markup {
        html! { @for option in options { option value=(option) selected[self.typed == **option] { (option) } } }
    }

    /// Villages and communities, by township.
    fn places(&self) -> Markup {
        let (regions, within) = (self.draft.regions, self.draft.within);
        let villages = || regions.within(within).filter(|r| r.level == base::Level::Village);
        let towns: BTreeSet<Option<RegionCode>> = villages().map(|r| r.parent).collect();
        html! {
            @for town in towns {
                optgroup label=(town.and_then(|t| regions.name(t)).unwrap_or("其他")) {
                    @for village in villages().filter(|v| v.parent == town) {
                        @let code = village.code.to_string();
                        option value=(code) selected[self.typed == code] { (village.place()) }
                    }
                }
            }
        }
    }

    /// Radio buttons, or boxes where several may hold; the first carries the id that errors link to.
    fn group(&self, class: &str, notes: Markup, options: &[Arc<str>], several: bool) -> Markup {
        let chosen: Vec<&str> = if several { self.typed.split('、').collect() } else { vec![&self.typed] };
        html! {
            fieldset class=(format!("{class} choices-field")) aria-describedby=[self.described()] {
                legend.label { (self.field.name) (need(self.field)) }
                (notes)
                div.choices {
                    @for (index, option) in options.iter().enumerate() {
                        @let id = if index == 0 { self.id() } else { format!("{}-{index}", self.id()) };
                        label.choice for=(id) {
                            input type=(if several { "checkbox" } else { "radio" }) id=(id) name=(self.name())
                                value=(option) checked[chosen.contains(&&**option)];
                            span { (option) }
                        }
                    }
                }
            }
        }
    }
}

/// What is wrong, at the top of the page, with links to the entries.
pub fn error_summary(errors: &[FieldError]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.note.stop.errors role="alert" id="errors" tabindex="-1" {
                h2 { "有" (errors.len()) "处需要改正，已填写的内容都还在" }
                ul {
                    @for error in errors {
                        li { a href=(format!("#f-{}", error.path)) { (readable(&error.path)) "：" (error.message) } }
                    }
                }
            }
        }
    }
}

/// `家庭成员.2.姓名` as people say it.
fn readable(path: &str) -> String {
    match path.splitn(3, '.').collect::<Vec<_>>()[..] {
        [roster, row, column] => format!("{roster}第{row}行{column}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: FieldKind) -> Field {
        Field {
            name: name.into(),
            kind,
            required: false,
            privacy: guide::Privacy::Internal,
            group: None,
            help: String::new(),
            default: None,
            location: base::Location::new("guide.md", 0..0),
        }
    }

    #[test]
    fn rows_are_added_and_taken_out_without_gaps() {
        let columns = Form { fields: vec![field("姓名", FieldKind::Text)] };
        let form = Form { fields: vec![field("成员", FieldKind::Roster(columns))] };
        let mut entries = Entries::new();
        change_rows(&mut entries, &form, "add:成员");
        change_rows(&mut entries, &form, "add:成员");
        change_rows(&mut entries, &form, "add:成员");
        for (row, name) in [(1, "甲"), (2, "乙"), (3, "丙")] {
            entries.insert(format!("成员.{row}.姓名"), name.to_owned());
        }
        change_rows(&mut entries, &form, "del:成员.2");
        let left: Vec<_> = entries.iter().map(|(p, t)| format!("{p}={t}")).collect();
        assert_eq!(left, ["成员.1.姓名=甲", "成员.2.姓名=丙"]);
    }

    #[test]
    fn what_was_typed_stays_with_its_error() {
        let form = Form { fields: vec![field("出生日期", FieldKind::Date), field("收入", FieldKind::Money)] };
        let entries: Entries =
            [("出生日期".into(), "2026-02-30".into()), ("收入".into(), "<一千>".into())].into_iter().collect();
        let errors = [FieldError { path: "收入".into(), message: "不是数".into() }];
        let regions = Regions::default();
        let draft = Draft {
            entries: &entries,
            errors: &errors,
            regions: &regions,
            within: RegionCode::NATION,
            own: false,
            fresh: false,
        };
        let page = fields(&form, &draft).into_string();
        assert!(page.contains("value=\"2026-02-30\"") && page.contains("value=\"&lt;一千&gt;\""), "{page}");
        assert!(page.contains("aria-describedby=\"e-收入\"") && page.contains("id=\"e-收入\""), "{page}");
    }
}
