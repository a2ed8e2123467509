//! A page as a browser without scripts understands it: its words, links, and forms with what has been entered.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};

use crate::browser::squeeze;

pub struct Page {
    pub status: u16,
    pub path: String,
    html: Html,
    source: String,
    entered: BTreeMap<String, String>,
}

/// What a pressed button sends.
pub struct Sent {
    pub method: String,
    pub action: String,
    pub multipart: bool,
    /// Name and text in the order of the page.
    pub fields: Vec<(String, String)>,
    /// Name and path of each chosen file; an empty path where none was chosen.
    pub files: Vec<(String, String)>,
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("a selector of these tests")
}

fn words(element: &ElementRef) -> String {
    squeeze(&element.text().collect::<Vec<_>>().join(" "))
}

impl Page {
    pub fn new(status: u16, path: String, source: String) -> Self {
        Self { status, path, html: Html::parse_document(&source), source, entered: BTreeMap::new() }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn text(&self) -> String {
        let body = self.html.select(&selector("body")).next();
        body.map(|b| words(&b)).unwrap_or_else(|| squeeze(&self.source))
    }

    /// The words of every element that a selector finds.
    pub fn all(&self, css: &str) -> Vec<String> {
        self.html.select(&selector(css)).map(|e| words(&e)).collect()
    }

    /// An attribute of every element that a selector finds.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.html.select(&selector(css)).filter_map(|e| e.value().attr(name)).map(str::to_owned).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.controls().any(|c| c.value().attr("name") == Some(name))
    }

    /// The value that the page itself gives to a control.
    pub fn value(&self, name: &str) -> Option<String> {
        let control = self.controls().find(|c| c.value().attr("name") == Some(name))?;
        standing(&control).into_iter().next()
    }

    pub fn enter(&mut self, name: &str, value: &str) {
        assert!(self.has(name), "{}: the page has no control “{name}”\n{}", self.path, self.text());
        self.entered.insert(name.to_owned(), value.to_owned());
    }

    fn controls(&self) -> impl Iterator<Item = ElementRef<'_>> {
        let css = selector("input, select, textarea");
        self.html.select(&css).collect::<Vec<_>>().into_iter()
    }

    pub fn button(&self, fits: impl Fn(&str, &str, &str) -> bool) -> Option<ElementRef<'_>> {
        let css = selector("button");
        let mut buttons = self.html.select(&css);
        buttons.find(|b| {
            let attribute = |name| b.value().attr(name).unwrap_or_default();
            attribute("type") != "button" && fits(&words(b), attribute("name"), attribute("value"))
        })
    }

    /// The button that sends the form with a key, other than those that only change the form.
    pub fn command_button(&self) -> Option<ElementRef<'_>> {
        let css = selector("button");
        let key = selector("input[name=key]");
        let mut buttons = self.html.select(&css).filter(|b| b.value().attr("name") != Some("do"));
        buttons.find(|b| {
            let form = b.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form");
            form.is_some_and(|f| f.select(&key).next().is_some())
        })
    }

    pub fn may_choose(&self, name: &str, value: &str) -> bool {
        let attribute = |c: &ElementRef, a: &str| c.value().attr(a).map(str::to_owned);
        let mut radios = self.controls().filter(|c| attribute(c, "name").as_deref() == Some(name));
        radios.any(|c| attribute(&c, "value").as_deref() == Some(value) && c.value().attr("disabled").is_none())
    }

    /// The form of a button with everything that stands in it now.
    pub fn sent(&self, button: ElementRef) -> Sent {
        let form = button.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form");
        let form = form.unwrap_or_else(|| panic!("{}: the button stands in no form", self.path));
        let attribute = |name| form.value().attr(name);
        let own = button.value().attr("formaction");
        let mut sent = Sent {
            method: attribute("method").unwrap_or("get").to_ascii_lowercase(),
            action: own.or(attribute("action")).unwrap_or(&self.path).to_owned(),
            multipart: attribute("enctype") == Some("multipart/form-data"),
            fields: Vec::new(),
            files: Vec::new(),
        };
        for control in form.select(&selector("input, select, textarea")) {
            self.send(&control, &mut sent);
        }
        if let Some(name) = button.value().attr("name") {
            sent.fields.push((name.to_owned(), button.value().attr("value").unwrap_or_default().to_owned()));
        }
        sent
    }

    fn send(&self, control: &ElementRef, sent: &mut Sent) {
        let Some(name) = control.value().attr("name") else { return };
        if control.value().attr("disabled").is_some() {
            return;
        }
        let entered = self.entered.get(name);
        let kind = control.value().attr("type").unwrap_or_default();
        if kind == "file" {
            sent.files.push((name.to_owned(), entered.cloned().unwrap_or_default()));
        } else if matches!(kind, "radio" | "checkbox") {
            let value = control.value().attr("value").unwrap_or("on");
            let chosen = match entered {
                Some(text) => text.split('、').any(|t| t == value),
                None => control.value().attr("checked").is_some(),
            };
            sent.fields.extend(chosen.then(|| (name.to_owned(), value.to_owned())));
        } else if !matches!(kind, "submit" | "button" | "image") {
            let values = entered.map_or_else(|| standing(control), |text| self.allowed(control, text));
            sent.fields.extend(values.into_iter().map(|value| (name.to_owned(), value)));
        }
    }

    /// What a control may take: a choice from a list must be in the list, several are sent apart.
    fn allowed(&self, control: &ElementRef, text: &str) -> Vec<String> {
        if control.value().name() != "select" {
            return vec![text.to_owned()];
        }
        let css = selector("option");
        let options: Vec<(String, String)> = control.select(&css).map(|o| (option_value(&o), words(&o))).collect();
        let find = |wanted: &str| {
            let exact = options.iter().find(|(value, label)| value == wanted || label == wanted);
            let found = exact.or_else(|| options.iter().find(|(_, label)| label.contains(wanted)));
            let name = control.value().attr("name").unwrap_or_default();
            let labels: Vec<&str> = options.iter().map(|(_, label)| label.as_str()).collect();
            found
                .unwrap_or_else(|| panic!("{}: “{name}” does not offer “{wanted}” but {labels:?}", self.path))
                .0
                .clone()
        };
        if control.value().attr("multiple").is_some() {
            text.split('、').map(find).collect()
        } else {
            vec![find(text)]
        }
    }

    pub fn links(&self) -> Vec<String> {
        self.attributes("a[href]", "href")
    }
}

/// The values that a control has of itself: several for a list of several choices, none for an empty one.
fn standing(control: &ElementRef) -> Vec<String> {
    match control.value().name() {
        "textarea" => vec![control.text().collect::<String>().trim_start_matches('\n').to_owned()],
        "select" => {
            let css = selector("option");
            let chosen: Vec<String> = control
                .select(&css)
                .filter(|o| o.value().attr("selected").is_some())
                .map(|o| option_value(&o))
                .collect();
            let several = control.value().attr("multiple").is_some();
            let first = || control.select(&css).next().map(|o| option_value(&o)).into_iter().collect();
            if chosen.is_empty() && !several { first() } else { chosen }
        }
        _ => vec![control.value().attr("value").unwrap_or_default().to_owned()],
    }
}

fn option_value(option: &ElementRef) -> String {
    option.value().attr("value").map_or_else(|| words(option), str::to_owned)
}
