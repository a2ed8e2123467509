//! Forms by recursion over the guide's schema: what to ask, and what was typed.

use std::collections::BTreeMap;

use casework::intake::{VALID_FROM, fields_of, is_required};
use casework::{Form, Refusal, Typed};
use formula::Type;
use guide::model::{Field, FieldType, Required, StepKind};
use guide::{Guide, step_outputs};
use maud::{Markup, html};

use crate::site::Site;
use crate::visit::Sent;

/// What was typed, as the intake reads it. Rows in which nothing was typed do not count.
pub fn form(guide: &Guide, step: usize, sent: &Sent) -> Form {
    let mut form = Form::default();
    for field in fields_of(guide, step) {
        form.fields.extend(typed(guide, field, &field.key, sent).map(|typed| (field.key.to_string(), typed)));
    }
    for (name, _) in step_outputs(guide.steps[step].kind, &[]) {
        form.outputs.insert(name.to_owned(), sent.get(&format!("o-{name}")).to_owned());
    }
    form.outputs.insert(VALID_FROM.to_owned(), sent.get(&format!("o-{VALID_FROM}")).to_owned());
    form
}

fn typed(guide: &Guide, field: &Field, path: &str, sent: &Sent) -> Option<Typed> {
    match field.ty {
        FieldType::List(list) => {
            let rows: Vec<_> =
                sent.rows(path).into_iter().filter(|row| !sent.is_blank(&format!("{path}.{row}"))).collect();
            if rows.is_empty() {
                return (!sent.get(&format!("{path}.none")).is_empty()).then(|| Typed::Rows(Vec::new()));
            }
            let row = |row: usize| {
                let place = format!("{path}.{row}");
                let mut columns = BTreeMap::new();
                for name in ["person_name", "person_number"] {
                    columns.insert(name.to_owned(), Typed::Text(sent.get(&format!("{place}.{name}")).to_owned()));
                }
                for column in &guide.lists[list].columns {
                    let value = typed(guide, column, &format!("{place}.{}", column.key), sent);
                    columns.extend(value.map(|value| (column.key.to_string(), value)));
                }
                columns
            };
            Some(Typed::Rows(rows.into_iter().map(row).collect()))
        }
        FieldType::Register(_) => {
            let text = format!("{} {}", sent.get(path), sent.get(&format!("{path}.number")));
            Some(Typed::Text(text.trim().to_owned()))
        }
        _ => Some(Typed::Text(sent.get(path).to_owned())),
    }
}

/// Draws the form of a step.
pub struct Drawer<'d> {
    pub site: &'d Site,
    pub guide: &'d Guide,
    pub sent: &'d Sent,
    pub refusals: &'d [Refusal],
}

impl Drawer<'_> {
    /// The fields of a step, a fieldset for each page, and the outputs of its kind.
    pub fn step(&self, step: usize) -> Markup {
        let fields: Vec<&Field> = fields_of(self.guide, step).collect();
        let mut pages: Vec<usize> = fields.iter().map(|field| field.page).collect();
        pages.dedup();
        html! {
            @for page in pages {
                fieldset.bare {
                    @for field in fields.iter().filter(|field| field.page == page) {
                        (self.field(field, &field.key, is_required(field, step)))
                    }
                }
            }
            (self.outputs(self.guide.steps[step].kind))
            @if !fields.is_empty() { (self.valid_from()) }
        }
    }

    /// Closed unless something was typed or is wrong: most statements hold from today.
    fn valid_from(&self) -> Markup {
        let (name, note) = (format!("o-{VALID_FROM}"), "默认今天；情况更早发生的，写发生的那一天");
        let open = !self.sent.get(&name).is_empty() || self.error(VALID_FROM).is_some();
        html! {
            details.since open[open] {
                summary { "以上情况从哪天起？" }
                (self.input(VALID_FROM, &name, VALID_FROM, note, false, "date"))
            }
        }
    }

    fn outputs(&self, kind: StepKind) -> Markup {
        let asked: Vec<(&str, Type)> = step_outputs(kind, &[])
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "结论" | "张贴日期" | "异议数"))
            .collect();
        if asked.is_empty() {
            return html! {};
        }
        html! {
            fieldset.bare {
                @for (name, ty) in asked {
                    (self.plain(name, &format!("o-{name}"), name, "", &ty, name != "理由"))
                }
            }
        }
    }

    fn error(&self, place: &str) -> Option<&Refusal> {
        self.refusals.iter().find(|refusal| refusal.field.as_deref() == Some(place))
    }

    fn field(&self, field: &Field, path: &str, required: bool) -> Markup {
        match &field.ty {
            FieldType::List(list) => self.list(field, *list, path, required),
            FieldType::Register(_) => html! {
                div.grid {
                    (self.input(&format!("{}的姓名", field.name), path, path, &field.note, required, "text"))
                    (self.input("身份号码", &format!("{path}.number"), "", "没有的可以不填", false, "text"))
                }
            },
            FieldType::Plain(ty) => self.plain(&field.name, path, path, &field.note, ty, required),
            _ => self.input(&field.name, path, path, &field.note, required, "text"),
        }
    }

    fn plain(&self, label: &str, name: &str, place: &str, note: &str, ty: &Type, required: bool) -> Markup {
        let label = match ty {
            Type::Number(unit) if unit.to_string() != "数" => format!("{label}（{unit}）"),
            _ => label.to_owned(),
        };
        match ty {
            Type::Bool => self.choices(&label, name, place, note, required, &["是".to_owned(), "否".to_owned()]),
            Type::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
                self.choices(&label, name, place, note, required, &words)
            }
            Type::Region => self.regions(&label, name, place, note, required),
            Type::Date => self.input(&label, name, place, note, required, "date"),
            _ => self.input(&label, name, place, note, required, "text"),
        }
    }

    fn around(&self, label: &str, name: &str, place: &str, note: &str, required: bool, control: Markup) -> Markup {
        let error = self.error(place).or_else(|| self.error(name));
        html! {
            div class=(if error.is_some() { "field wrong" } else { "field" }) {
                label for=(format!("f-{name}")) { (label) @if required { span.need { "必填" } } }
                @if !note.is_empty() { p.help { (note) } }
                @if let Some(error) = error { p.error id=(format!("e-{name}")) { (error.text) "。" (error.way_out) } }
                (control)
            }
        }
    }

    fn input(&self, label: &str, name: &str, place: &str, note: &str, required: bool, kind: &str) -> Markup {
        let typed = self.sent.get(name);
        let wrong = self.error(place).or_else(|| self.error(name)).map(|_| "true");
        let described = wrong.map(|_| format!("e-{name}"));
        self.around(
            label,
            name,
            place,
            note,
            required,
            html! {
                input type=(kind) id=(format!("f-{name}")) name=(name) value=(typed) autocomplete="off"
                    aria-invalid=[wrong] aria-describedby=[described];
            },
        )
    }

    fn choices(&self, label: &str, name: &str, place: &str, note: &str, required: bool, words: &[String]) -> Markup {
        let typed = self.sent.get(name);
        self.around(
            label,
            name,
            place,
            note,
            required,
            html! {
                select id=(format!("f-{name}")) name=(name) {
                    option value="" { "请选择" }
                    @for word in words { option value=(word) selected[word == typed] { (word) } }
                }
            },
        )
    }

    /// The villages and communities that the bureau serves, by township.
    fn regions(&self, label: &str, name: &str, place: &str, note: &str, required: bool) -> Markup {
        let typed = self.sent.get(name);
        let regions = &self.site.bureau.regions;
        let townships = regions.within(self.site.region).filter(|r| r.level == base::Level::Township);
        self.around(
            label,
            name,
            place,
            note,
            required,
            html! {
                select id=(format!("f-{name}")) name=(name) {
                    option value="" { "请选择" }
                    @for township in townships {
                        optgroup label=(self.site.place(township.code)) {
                            @for village in regions.children(township.code) {
                                @let code = village.code.to_string();
                                option value=(code) selected[code == typed] { (village.place()) }
                            }
                        }
                    }
                }
            },
        )
    }

    /// A list: its rows, a button for one more, and 没有 where there may be none.
    fn list(&self, field: &Field, list: usize, path: &str, required: bool) -> Markup {
        let known = &self.guide.lists[list];
        let mut rows = self.sent.rows(path);
        let none = !self.sent.get(&format!("{path}.none")).is_empty();
        if rows.is_empty() && required && !none {
            rows.push(0);
        }
        let error = self.error(path);
        html! {
            fieldset id=(format!("f-{path}")) {
                legend { (field.name) @if required { span.need { "必填" } } }
                @if !field.note.is_empty() { p.help { (field.note) } }
                @if let Some(error) = error { p.error { (error.text) "。" (error.way_out) } }
                @for (number, row) in rows.iter().enumerate() {
                    @let place = format!("{path}.{row}");
                    fieldset {
                        legend { "第 " (number + 1) " 行" }
                        div.grid {
                            @if known.register.is_some() {
                                (self.input("姓名", &format!("{place}.person_name"), &format!("{path}.{number}.person"), "", true, "text"))
                                (self.input("身份号码", &format!("{place}.person_number"), "", "没有的可以不填", false, "text"))
                            }
                            @for column in &known.columns {
                                @let inner = format!("{place}.{}", column.key);
                                @let full = matches!(column.ty, FieldType::List(_));
                                div class=[full.then_some("full")] {
                                    (self.field(column, &inner, matches!(column.required, Required::Always)))
                                }
                            }
                        }
                    }
                }
                div.actions {
                    button type="submit" name="_add" value=(path) { "加一行" (field.name) }
                    label.choice {
                        input type="checkbox" name=(format!("{path}.none")) value="1" checked[none];
                        "没有"
                    }
                }
            }
        }
    }
}
