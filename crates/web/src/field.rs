//! Forms by recursion over the guide's schema: what to ask, and what was typed.

use std::collections::BTreeMap;

use casework::intake::{PRESENT, VALID_FROM, fields_of, is_required};
use casework::{Form, Refusal, Typed};
use formula::Type;
use guide::model::{Field, FieldType, Required, StepKind};
use guide::{Guide, step_outputs};
use maud::{Markup, html};

use crate::sent::Sent;
use crate::site::Site;

/// What was typed, as the intake reads it. Rows in which nothing was typed do not count.
pub fn form(guide: &Guide, step: usize, sent: &Sent) -> Form {
    let mut form = Form::default();
    for field in fields_of(guide, step) {
        form.fields.extend(typed(guide, field, &field.key, sent).map(|typed| (field.key.to_string(), typed)));
    }
    for (name, _) in step_outputs(guide.steps[step].kind, &[]) {
        form.outputs.insert(name.to_owned(), sent.get(&format!("o-{name}")).to_owned());
    }
    let doubts = sent
        .pairs()
        .filter_map(|(name, value)| Some((name.strip_prefix("o-").filter(|n| n.starts_with("疑点"))?, value)));
    form.outputs.extend(doubts.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let there = in_person(guide, step).into_iter().filter(|person| !sent.get(&format!("there.{person}")).is_empty());
    form.outputs.insert(PRESENT.to_owned(), there.collect::<Vec<_>>().join("、"));
    form.refused.clone_from(&sent.refused);
    form.outputs.insert(VALID_FROM.to_owned(), sent.get(&format!("o-{VALID_FROM}")).to_owned());
    form
}

/// Who must be there in person while a step is done, by the names of their fields.
fn in_person(guide: &Guide, step: usize) -> Vec<&str> {
    let mut people: Vec<&str> = Vec::new();
    let all = guide.steps[step].who.iter().flat_map(|(_, performer)| &performer.in_person);
    all.for_each(|person| {
        if !people.contains(&&**person) {
            people.push(person)
        }
    });
    people
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
                let name = sent.get(&format!("{place}.person_name")).trim();
                columns.insert("person_name".into(), Typed::Text(name.to_owned()));
                let number = number(sent, name, &format!("{place}.person_number"));
                columns.insert("person_number".into(), Typed::Text(number));
                for column in &guide.lists[list].columns {
                    let value = typed(guide, column, &format!("{place}.{}", column.key), sent);
                    columns.extend(value.map(|value| (column.key.to_string(), value)));
                }
                columns
            };
            Some(Typed::Rows(rows.into_iter().map(row).collect()))
        }
        FieldType::Register(_) => {
            let name = sent.get(path).trim();
            let number = number(sent, name, &format!("{path}.number"));
            Some(Typed::Text(if number.is_empty() { name.to_owned() } else { format!("{name}\t{number}") }))
        }
        FieldType::Attachment => {
            Some(Typed::Files(sent.files(path).into_iter().map(|(_, file)| file.clone()).collect()))
        }
        _ => Some(Typed::Text(sent.get(path).to_owned())),
    }
}

/// The number that was typed for somebody; whoever has none is given a temporary one, the same wherever the form names
/// them.
fn number(sent: &Sent, name: &str, path: &str) -> String {
    let typed = base::tidy(sent.get(path));
    if typed != base::WITHOUT {
        return typed;
    }
    let own = bureau::hash(&[sent.get("_token"), sent.get("_key"), name]);
    format!("{}{}", base::WITHOUT, own[..12].to_uppercase())
}

/// The size of a file as people say it.
pub fn file_size(bytes: u64) -> String {
    if bytes < 1024 * 1024 {
        format!("{} KB", bytes.div_ceil(1024))
    } else {
        format!("{} MB", bytes.div_ceil(1024 * 1024))
    }
}

/// Whether the form of a step takes files.
pub fn takes_files(guide: &Guide, step: usize) -> bool {
    let is_file = |field: &Field| field.ty == FieldType::Attachment;
    fields_of(guide, step).any(|field| match field.ty {
        FieldType::List(list) => guide.lists[list].columns.iter().any(is_file),
        _ => is_file(field),
    })
}

/// One control of a form: its label, its name in what is sent, the place at which refusals speak of it, a note.
#[derive(Clone, Copy)]
struct Control<'c> {
    label: &'c str,
    name: &'c str,
    place: &'c str,
    note: &'c str,
    required: bool,
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
        self.step_without(step, "")
    }

    /// The same without one output, which nobody has to say.
    pub fn step_without(&self, step: usize, output: &str) -> Markup {
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
            (self.outputs(self.guide.steps[step].kind, output))
            (self.there(step))
            @if !fields.is_empty() { (self.valid_from()) }
        }
    }

    /// Some fields of a step: a chapter of it.
    pub fn fields(&self, fields: &[&Field], step: usize) -> Markup {
        html! {
            fieldset.bare { @for field in fields { (self.field(field, &field.key, is_required(field, step))) } }
        }
    }

    /// What was typed in some fields, to be looked over.
    pub fn told(&self, fields: &[&Field]) -> Markup {
        html! {
            dl.pairs {
                @for field in fields {
                    @if let FieldType::List(list) = field.ty {
                        @let rows = self.sent.rows(&field.key);
                        @if rows.is_empty() { dt { (field.name) } dd { "没有" } }
                        @for row in rows {
                            @let place = format!("{}.{row}", field.key);
                            dt { (self.row_name(&place, row)) }
                            dd { (self.told_row(list, &place)) }
                        }
                    } @else {
                        dt { (field.name) }
                        dd { (self.told_value(field, &field.key)) }
                    }
                }
            }
        }
    }

    /// A row by the person's name where it has one, else by its number.
    fn row_name(&self, place: &str, row: usize) -> String {
        match self.sent.get(&format!("{place}.person_name")) {
            "" => format!("第 {} 行", row + 1),
            name => name.to_owned(),
        }
    }

    fn told_row(&self, list: usize, place: &str) -> Markup {
        let columns = &self.guide.lists[list].columns;
        let number = self.sent.get(&format!("{place}.person_number"));
        html! {
            @if !number.is_empty() { span.part { "身份号码 " b.mono { (number) } } }
            @for column in columns {
                @let path = format!("{place}.{}", column.key);
                @if let FieldType::List(inner) = column.ty {
                    @for row in self.sent.rows(&path) {
                        div.part { (column.name) "：" (self.told_row(inner, &format!("{path}.{row}"))) }
                    }
                } @else if !self.sent.get(&path).is_empty() {
                    span.part { (column.name) " " b { (self.told_value(column, &path)) } }
                }
            }
        }
    }

    fn told_value(&self, field: &Field, path: &str) -> Markup {
        let typed = self.sent.get(path);
        html! {
            @match &field.ty {
                FieldType::Register(_) => {
                    (typed) " " span.mono { (self.sent.get(&format!("{path}.number"))) }
                }
                FieldType::Attachment => {
                    @for (_, file) in self.sent.files(path) { (file.name) " " span.soft { (file_size(file.size)) } br; }
                }
                FieldType::Plain(Type::Region) if !typed.is_empty() => (self.site.place_of(typed)),
                FieldType::Plain(Type::Number(unit)) if !typed.is_empty() && unit.to_string() != "数" => {
                    (typed) " " (unit)
                }
                _ => (typed),
            }
            @if typed.is_empty() { span.soft { @if field.ty == FieldType::Attachment { "没有传" } @else { "没有填" } } }
        }
    }

    /// Closed unless something was typed or is wrong: most statements hold from today.
    fn valid_from(&self) -> Markup {
        let (name, note) = (format!("o-{VALID_FROM}"), "默认今天；情况更早发生的，写发生的那一天");
        let open = !self.sent.get(&name).is_empty() || self.error(VALID_FROM).is_some();
        html! {
            details.since open[open] {
                summary { "以上情况从哪天起？" }
                @let place = VALID_FROM;
                (self.input(Control { label: place, name: &name, place, note, required: false }, "date"))
            }
        }
    }

    fn outputs(&self, kind: StepKind, without: &str) -> Markup {
        let asked: Vec<(&str, Type)> = step_outputs(kind, &[])
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "结论" | "张贴日期" | "异议数") && *name != without)
            .collect();
        if asked.is_empty() {
            return html! {};
        }
        html! {
            fieldset.bare {
                @for (name, ty) in asked {
                    @let own = format!("o-{name}");
                    @let required = name != "理由";
                    (self.plain(Control { label: name, name: &own, place: name, note: "", required }, &ty))
                }
            }
        }
    }

    /// Those who must be there in person, each to be ticked off.
    fn there(&self, step: usize) -> Markup {
        let people = in_person(self.guide, step);
        let error = self.error(PRESENT);
        html! {
            @if !people.is_empty() {
                fieldset id=(format!("f-{PRESENT}")) class=(if error.is_some() { "field wrong" } else { "field" }) {
                    legend { "本人到场" span.need { "必填" } }
                    p.help { "当面核对证件和本人以后再勾；不能代办。" }
                    @if let Some(error) = error { p.error { (error.text) "。" (error.way_out) } }
                    @for person in people {
                        @let name = format!("there.{person}");
                        label.choice {
                            input type="checkbox" name=(name) value="1" checked[!self.sent.get(&name).is_empty()];
                            " " (person) "本人在场，证件已核验"
                        }
                    }
                }
            }
        }
    }

    fn error(&self, place: &str) -> Option<&Refusal> {
        self.refusals.iter().find(|refusal| refusal.field.as_deref() == Some(place))
    }

    fn field(&self, field: &Field, path: &str, required: bool) -> Markup {
        let control = Control { label: &field.name, name: path, place: path, note: &field.note, required };
        match &field.ty {
            FieldType::List(list) => self.list(field, *list, path, required),
            FieldType::Register(_) => html! {
                div.grid {
                    (self.input(Control { label: &format!("{}的姓名", field.name), ..control }, "text"))
                    (self.number(&format!("{path}.number")))
                }
            },
            FieldType::Plain(Type::Region) => self.regions(control, field.level),
            FieldType::Plain(ty) => self.plain(control, ty),
            FieldType::Attachment => self.files(control),
            _ => self.input(control, "text"),
        }
    }

    /// The citizen number beside a name; what is wrong with it is told at the name.
    fn number(&self, name: &str) -> Markup {
        let note = "没有的可以不填；别的证件写种类和号码，如 护照E12345678；查不到号码的写“临时”";
        self.input(Control { label: "身份号码", name, place: "", note, required: false }, "text")
    }

    fn plain(&self, control: Control, ty: &Type) -> Markup {
        let label = match ty {
            Type::Number(unit) if unit.to_string() != "数" => format!("{}（{unit}）", control.label),
            _ => control.label.to_owned(),
        };
        let control = Control { label: &label, ..control };
        match ty {
            Type::Bool => self.choices(control, &["是", "否"]),
            Type::Choice(words) => {
                // Of a code list only what holds today is offered.
                let today = self.site.now().date();
                let offered =
                    base::CodeList::of_names(words).map(|list| list.on(today).map(|code| &*code.name).collect());
                self.choices(control, &offered.unwrap_or_else(|| words.iter().map(|word| &**word).collect::<Vec<_>>()))
            }
            Type::Date => self.input(control, "date"),
            Type::Moment => self.input(control, "datetime-local"),
            Type::Text => self.text(control),
            _ => self.input(control, "text"),
        }
    }

    /// A text: one line for a name, several for what is told at length.
    fn text(&self, control: Control) -> Markup {
        const LONG: [&str; 9] = ["说明", "理由", "情况", "纪要", "陈述", "内容", "访问", "线索", "处理"];
        if !LONG.iter().any(|word| control.label.contains(word)) {
            return self.input(control, "text");
        }
        let (name, wrong) = (control.name, self.wrong(control).map(|_| "true"));
        let described = wrong.map(|_| format!("e-{name}"));
        let rows = if self.sent.get(name).chars().count() > 80 { "6" } else { "3" };
        self.around(
            control,
            html! {
                textarea id=(format!("f-{name}")) name=(name) rows=(rows) aria-invalid=[wrong] aria-describedby=[described] {
                    "\n" (self.sent.get(name))
                }
            },
        )
    }

    fn wrong(&self, control: Control) -> Option<&Refusal> {
        self.error(control.place).or_else(|| self.error(control.name))
    }

    fn around(&self, control: Control, inner: Markup) -> Markup {
        let Control { label, name, note, required, .. } = control;
        let error = self.wrong(control);
        html! {
            div class=(if error.is_some() { "field wrong" } else { "field" }) {
                label for=(format!("f-{name}")) { (label) @if required { span.need { "必填" } } }
                @if !note.is_empty() { p.help { (note) } }
                @if let Some(error) = error { p.error id=(format!("e-{name}")) { (error.text) "。" (error.way_out) } }
                (inner)
            }
        }
    }

    fn input(&self, control: Control, kind: &str) -> Markup {
        let name = control.name;
        let wrong = self.wrong(control).map(|_| "true");
        let described = wrong.map(|_| format!("e-{name}"));
        let typed = self.sent.get(name);
        self.around(
            control,
            html! {
                input type=(kind) id=(format!("f-{name}")) name=(name) value=(typed) autocomplete="off"
                    aria-invalid=[wrong] aria-describedby=[described];
            },
        )
    }

    /// Files that are kept already, each to be left out, and room for more.
    fn files(&self, control: Control) -> Markup {
        let name = control.name;
        let wrong = self.wrong(control).map(|_| "true");
        let described = wrong.map(|_| format!("e-{name}"));
        self.around(
            control,
            html! {
                @for (word, file) in self.sent.files(name) {
                    label.choice {
                        input type="checkbox" name=(name) value=(word) checked;
                        span { (file.name) span.soft.small { "　" (file_size(file.size)) "，已收到；不要的去掉勾" } }
                    }
                }
                input type="file" id=(format!("f-{name}")) name=(name) multiple accept="image/jpeg,image/png,application/pdf"
                    aria-invalid=[wrong] aria-describedby=[described];
            },
        )
    }

    fn select(&self, control: Control, options: Markup) -> Markup {
        let name = control.name;
        self.around(
            control,
            html! { select id=(format!("f-{name}")) name=(name) { option value="" { "请选择" } (options) } },
        )
    }

    fn choices(&self, control: Control, words: &[&str]) -> Markup {
        let typed = self.sent.get(control.name);
        let options = html! { @for word in words { option value=(word) selected[*word == typed] { (word) } } };
        self.select(control, options)
    }

    /// The villages and communities that the bureau serves, by township; or its townships.
    fn regions(&self, control: Control, level: base::Level) -> Markup {
        let typed = self.sent.get(control.name);
        let regions = &self.site.bureau.regions;
        let townships = regions.within(self.site.region).filter(|r| r.level == base::Level::Township);
        let options = html! {
            @for township in townships {
                @let own = township.code.to_string();
                @if level == base::Level::Township {
                    option value=(own) selected[own == typed] { (self.site.place(township.code)) }
                } @else { optgroup label=(self.site.place(township.code)) {
                    @for village in regions.children(township.code) {
                        @let code = village.code.to_string();
                        option value=(code) selected[code == typed] { (village.place()) }
                    }
                } }
            }
        };
        self.select(control, options)
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
                                @let (name, told) = (format!("{place}.person_name"), format!("{path}.{number}.person"));
                                @let person = Control { label: "姓名", name: &name, place: &told, note: "", required: true };
                                (self.input(person, "text"))
                                (self.number(&format!("{place}.person_number")))
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
