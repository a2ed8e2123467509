//! What a what-if can change: the rates and formulas behind what is paid by month, as they stand.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Date, RegionCode};
use formula::{RateRequest, Rates, Type};
use guide::Guide;
use guide::model::Parameter;

use crate::Bureau;
use crate::what_if::{body, path};

/// A rate that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// `最小面积(沙土)`.
    pub name: String,
    /// As it holds now, as people read it.
    pub value: String,
    /// What it is measured in; empty where it is no number.
    pub unit: String,
    /// Its words, where it is one of a closed list.
    pub words: Vec<String>,
    pub from: Date,
    pub document: String,
}

/// The levers of a service; those that several services read stand in one of their own, without a service.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub title: String,
    pub rates: Vec<Lever>,
    /// Formulas by name with their text; a decision table has none.
    pub formulas: Vec<(String, String)>,
    /// Names by whose values households can be told apart.
    pub groups: Vec<String>,
}

/// How a new value of a rate is put in force.
#[derive(Clone, Debug)]
pub struct Adjusting {
    pub guide: Arc<Guide>,
    pub start: String,
    /// What its first form can take over, by 标识 of the fields.
    pub typed: Vec<(String, String)>,
}

impl Bureau {
    /// By which start a rate that is written `最小面积(沙土)` gets a new value, with what is known of it: the dimensions
    /// by the fields of their names, the whole by `rate`, the value by `value` and `text`.
    pub fn adjusting(&self, rate: &str, value: &str) -> Option<Adjusting> {
        let (name, key) = rate.split_once('(').unwrap_or((rate, ""));
        let parameter = self
            .library
            .all_parameters()
            .find(|parameter| *parameter.name == *name && parameter.adjusted_by.is_some())?;
        let (service, start) = parameter.adjusted_by.clone()?;
        let guide = self.library.guides.iter().find(|guide| *guide.key == *service)?.clone();
        let mut typed = vec![("rate", rate), ("value", value), ("text", value)];
        for ((dimension, _), word) in parameter.dimensions.iter().zip(key.trim_end_matches(')').split('、')) {
            let field = guide.fields.iter().find(|field| field.name == *dimension);
            typed.extend(field.map(|field| (&*field.key, word)));
        }
        let asked = |key: &str| guide.fields.iter().any(|field| *field.key == *key);
        let typed = typed.into_iter().filter(|(key, _)| asked(key));
        let typed = typed.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Some(Adjusting { guide, start, typed })
    }

    /// The boards of all services that pay by month, for a region on a day; what several services share comes first.
    pub fn levers(&self, region: RegionCode, on: Date) -> Vec<Board> {
        let (mut shared, mut boards) = (BTreeSet::new(), Vec::new());
        for guide in &self.library.guides {
            let amounts: BTreeSet<&str> = guide.tried().flat_map(|e| &e.components).map(|c| &*c.amount).collect();
            let amounts: Vec<_> = amounts.into_iter().filter_map(|amount| guide.program.find(amount)).collect();
            if amounts.is_empty() {
                continue;
            }
            let (mut own, mut formulas) = (BTreeSet::new(), BTreeSet::new());
            for amount in amounts {
                let uses = guide.program.all_uses(amount.uses);
                let names = &guide.program.environment().parameters;
                for name in uses.parameters.iter().map(|index| &names[*index].name) {
                    let is_shared = self.library.parameters.iter().any(|parameter| parameter.name == *name);
                    if is_shared {
                        shared.insert(name.clone())
                    } else {
                        own.insert(name.clone())
                    };
                }
                formulas.extend(uses.definitions.iter().copied().chain([amount.index]));
            }
            let own = guide.parameters.iter().filter(|parameter| own.contains(&parameter.name));
            boards.push(Board {
                title: guide.title.clone(),
                rates: own.flat_map(|parameter| self.rates_of(parameter, region, on)).collect(),
                formulas: formulas.into_iter().filter_map(|index| self.formula(guide, index)).collect(),
                groups: groups(guide),
            });
        }
        let shared = self.library.parameters.iter().filter(|parameter| shared.contains(&parameter.name));
        let rates = shared.flat_map(|parameter| self.rates_of(parameter, region, on)).collect();
        boards.insert(0, Board { title: "几项服务共用".into(), rates, ..Board::default() });
        boards
    }

    /// A parameter with each of its keys that has a value.
    fn rates_of(&self, parameter: &Parameter, region: RegionCode, on: Date) -> Vec<Lever> {
        let mut keys: Vec<Vec<String>> = vec![Vec::new()];
        for (_, ty) in &parameter.dimensions {
            let words: Vec<String> = match ty {
                Type::Choice(words) => words.iter().map(ToString::to_string).collect(),
                Type::Bool => vec!["是".into(), "否".into()],
                _ => return Vec::new(),
            };
            let longer = |key: &Vec<String>| {
                let key = key.clone();
                words.iter().map(move |word| [&key[..], std::slice::from_ref(word)].concat()).collect::<Vec<_>>()
            };
            keys = keys.iter().flat_map(longer).collect();
        }
        let lever = |key: Vec<String>| {
            let name = named(&parameter.name, &key);
            let rate =
                self.rates.rate(&RateRequest { parameter: &parameter.name, key: &key, region, date: on }).ok()?;
            let unit = match &parameter.ty {
                Type::Number(unit) | Type::Fen(unit) if *unit != formula::Unit::NONE => unit.to_string(),
                _ => String::new(),
            };
            let words = match &parameter.ty {
                Type::Choice(words) => words.iter().map(ToString::to_string).collect(),
                Type::Bool => vec!["是".into(), "否".into()],
                _ => Vec::new(),
            };
            let value = rate.value.show(&parameter.ty);
            Some(Lever { name, value, unit, words, from: rate.from, document: rate.document })
        };
        keys.into_iter().filter_map(lever).collect()
    }

    fn formula(&self, guide: &Guide, index: usize) -> Option<(String, String)> {
        let definition = guide.program.at(index);
        let text = body(self.files.get(definition.file)?, definition.span.start)?;
        let text = text.trim_start().trim_start_matches('=').trim();
        Some((path(guide, index), text.to_owned()))
    }
}

/// A parameter with its key, as it is written.
pub(crate) fn named(parameter: &str, key: &[String]) -> String {
    if key.is_empty() { parameter.to_owned() } else { format!("{parameter}({})", key.join("、")) }
}

/// Values and formulas of a whole case that have few values.
fn groups(guide: &Guide) -> Vec<String> {
    let few = |ty: &Type| matches!(ty, Type::Choice(_) | Type::Bool | Type::Region);
    let fields = guide.fields.iter().map(|field| &field.name);
    let env = guide.program.environment();
    let values = fields.filter(|name| env.values.iter().any(|value| value.name == **name && few(&value.ty)));
    let formulas = guide.program.definitions().filter(|d| d.row_of.is_none() && d.ty.is_some_and(few));
    let mut names: Vec<String> = values.map(ToString::to_string).collect();
    names.extend(formulas.map(|definition| definition.name.to_owned()));
    let declared: BTreeSet<&str> = guide.yardsticks.iter().flat_map(|own| &own.groups).map(|name| &**name).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| !declared.contains(&**name) && seen.insert(name.clone()));
    names
}
