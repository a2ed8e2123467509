//! Calls: functions of the model are written out, and arguments that are named put in their places.

use std::collections::BTreeMap;

use crate::adapt::base_of;
use crate::dmn::{Decision, Logic, Model};
use crate::names::{Names, closing, in_name, rewritten};

/// Names of arguments of FEEL's functions in their order, where they are called by name.
const ARGUMENTS: [(&str, &[&str]); 27] = [
    ("number", &["from", "grouping separator", "decimal separator"]),
    ("week of year", &["date"]),
    ("years and months duration", &["from", "to"]),
    ("date", &["from"]),
    ("date and time", &["from"]),
    ("date and time", &["date", "time"]),
    ("time", &["from"]),
    ("time", &["hour", "minute", "second"]),
    ("duration", &["from"]),
    ("abs", &["n"]),
    ("string length", &["string"]),
    ("lower case", &["string"]),
    ("upper case", &["string"]),
    ("even", &["number"]),
    ("any", &["list"]),
    ("all", &["list"]),
    ("mode", &["list"]),
    ("product", &["list"]),
    ("substring before", &["string", "match"]),
    ("substring after", &["string", "match"]),
    ("contains", &["string", "match"]),
    ("modulo", &["dividend", "divisor"]),
    ("decimal", &["n", "scale"]),
    ("round up", &["n", "scale"]),
    ("round half up", &["n", "scale"]),
    ("list replace", &["list", "position", "newItem"]),
    ("date", &["year", "month", "day"]),
];

/// The functions of a model: the body stands in the place of a call.
#[derive(Clone, Default)]
pub struct Functions(BTreeMap<String, Function>);

#[derive(Clone)]
struct Function {
    /// Names and types.
    parameters: Vec<(String, String)>,
    body: String,
    ty: String,
}

impl Functions {
    pub fn of(model: &Model) -> Self {
        let literal = |function: &Decision| match &function.logic {
            Logic::Text(text) => {
                let typed = function.parameters.iter().map(|(name, ty)| {
                    let is_record = model.items.get(ty).is_some_and(|item| !item.components.is_empty());
                    (name.clone(), if is_record { "context".into() } else { base_of(ty, model) })
                });
                let (parameters, body, ty) = (typed.collect(), text.clone(), base_of(&function.ty, model));
                Some((function.name.clone(), Function { parameters, body, ty }))
            }
            _ => None,
        };
        Self(model.functions.iter().filter_map(literal).collect())
    }

    /// An expression with calls of the model's functions written out, and arguments in their places.
    pub fn inline(&self, text: &str, depth: usize) -> String {
        rewritten(text, |before, rest| if in_name(before) { None } else { self.call(rest, depth) })
    }

    fn call(&self, text: &str, depth: usize) -> Option<(String, usize)> {
        let built_in = ARGUMENTS.iter().map(|(name, _)| *name);
        let names = self.0.keys().map(String::as_str).chain(built_in);
        let name = names
            .filter(|name| text.strip_prefix(*name).is_some_and(|rest| rest.trim_start().starts_with('(')))
            .max_by_key(|name| name.len())?;
        let open = name.len() + text[name.len()..].find('(')?;
        let (arguments, end) = arguments(text, open)?;
        let arguments: Vec<String> = arguments.iter().map(|text| self.inline(text, depth)).collect();
        if let Some(Function { parameters, body, ty }) = self.0.get(name) {
            if depth == 0 || parameters.len() != arguments.len() {
                return None;
            }
            let mut body = format!("({body})");
            for ((parameter, ty), argument) in parameters.iter().zip(&arguments) {
                if !is_given(argument, ty) {
                    return Some(("强制转换".into(), end));
                }
                body = with(&body, parameter, &format!("({argument})"));
            }
            if !is_given(body.trim_start_matches('('), ty) {
                return Some(("强制转换".into(), end));
            }
            return Some((self.inline(&body, depth - 1), end));
        }
        let labelled: Option<Vec<(&str, &str)>> = arguments.iter().map(|text| label(text)).collect();
        let labelled = labelled.filter(|labelled| !labelled.is_empty())?;
        let fits =
            |order: &[&str]| labelled.iter().all(|(label, _)| order.contains(label)) && order.len() == labelled.len();
        let (_, order) = ARGUMENTS.iter().find(|(known, order)| *known == name && fits(order))?;
        let of = |wanted: &&str| labelled.iter().find(|(label, _)| label == wanted).map(|(_, value)| *value);
        let ordered: Vec<&str> = order.iter().map(of).collect::<Option<_>>()?;
        if ordered.len() != labelled.len() {
            return None;
        }
        Some((format!("{name}({})", ordered.join(", ")), end))
    }
}

/// Whether a literal is of the type that a parameter declares; what is no literal is left to the checker.
fn is_given(argument: &str, ty: &str) -> bool {
    let is_list = ty.starts_with("list ");
    match (argument.chars().next(), ty) {
        (_, "" | "Any") => true,
        (Some('['), _) => is_list,
        // Whether a record has what its type declares is not looked into.
        (Some('{'), _) => false,
        (Some('"'), _) => ty == "string",
        (Some('0'..='9'), _) => ty == "number",
        _ => true,
    }
}

/// `name: value` of a call.
fn label(text: &str) -> Option<(&str, &str)> {
    let (label, value) = text.split_once(':')?;
    let label = label.trim();
    let is_label = !label.is_empty() && label.chars().all(|c| in_name(c) || c == ' ');
    is_label.then_some((label, value.trim()))
}

/// The arguments of a call whose bracket opens at a place, and where it ends.
fn arguments(text: &str, open: usize) -> Option<(Vec<String>, usize)> {
    let (mut found, mut depth, mut start, mut at) = (Vec::new(), 0, open + 1, open);
    while let Some(c) = text.get(at..)?.chars().next() {
        match c {
            '"' => {
                at += closing(&text[at..]);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 1 => {
                let last = text[start..at].trim();
                if !last.is_empty() {
                    found.push(last.to_owned());
                }
                return Some((found, at + c.len_utf8()));
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 => {
                found.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// A text with a name written in another way, outside strings.
fn with(text: &str, name: &str, written: &str) -> String {
    let names = Names { words: vec![(name.to_owned(), written.to_owned())], ..Names::default() };
    names.replaced(text)
}
