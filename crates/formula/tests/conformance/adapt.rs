//! DMN models as programs: names with spaces get one word, multi-word functions are lexed whole, structures become names
//! with a dot, and tables of several outputs several formulas.

use std::collections::BTreeMap;

use base::Diagnostic;
use formula::{
    Block, Cell, Content, Environment, Facts, ListName, POLICIES, Program, TableText, Type, Unit, Value, ValueName,
    compile, parse_decimal,
};

use crate::calls::Functions;
use crate::dmn::{Case, Decision, Given, Item, Logic, Model, Table};
use crate::names::{Names, duration};

/// A model ready to be asked.
pub struct Adapted {
    program: Program,
    pub diagnostics: Vec<Diagnostic>,
    names: Names,
    /// Parts of decisions that are contexts or tables of several outputs, by decision.
    parts: BTreeMap<String, Vec<(String, String)>>,
    /// What a decision is made of, for naming what is outside the profile.
    pub sources: BTreeMap<String, String>,
    /// The types that decisions declare.
    declared: BTreeMap<String, String>,
    /// The components of those that are structures.
    components: BTreeMap<String, Vec<String>>,
    env: Environment,
}

fn plain(ty: &str) -> Option<Type> {
    if let Some(item) = ty.strip_prefix("list ") {
        return plain(item).map(Type::list);
    }
    match ty.rsplit(':').next().unwrap_or(ty) {
        "number" => Some(Type::Number(Unit::NONE)),
        "string" => Some(Type::Text),
        "boolean" => Some(Type::Bool),
        "date" => Some(Type::Date),
        "time" => Some(Type::Time),
        "dateTime" | "date and time" => Some(Type::Moment),
        "dayTimeDuration" | "days and time duration" => Some(Type::Number(Unit::DAYS)),
        "yearMonthDuration" | "years and months duration" => Some(Type::Number(Unit::MONTHS)),
        _ => None,
    }
}

/// The words that `"a", "b"` lists.
fn words(values: &str) -> Vec<&str> {
    let texts: Vec<&str> = values.split(',').map(str::trim).collect();
    let quoted: Option<Vec<&str>> =
        texts.iter().map(|text| text.strip_prefix('"').and_then(|text| text.strip_suffix('"'))).collect();
    quoted.unwrap_or_default()
}

impl Adapted {
    pub fn new(model: &Model, cases: &[Case]) -> Self {
        let mut names = Names::default();
        let all = model.inputs.iter().map(|input| &*input.name).chain(model.decisions.iter().map(|d| &*d.name));
        all.chain(model.functions.iter().map(|function| &*function.name)).for_each(|name| names.add(name));
        for item in model.items.values() {
            components(item, &mut names);
        }
        for decision in &model.decisions {
            entries(&decision.logic, &mut names);
            if let Logic::Context(inside) = &decision.logic {
                let own = names.word(&decision.name);
                for (name, _) in inside {
                    let word = format!("{own}__{}", names.word(name));
                    names.put(&format!("{}.{name}", decision.name), word);
                }
            }
        }
        for (name, item) in &model.items {
            let kind = kind_of(item, model, &names);
            names.kinds.insert(name.clone(), kind);
        }
        let mut env = Environment::default();
        for input in &model.inputs {
            let ty = match &*input.ty {
                "" | "Any" => guessed(&input.name, cases),
                ty => ty.to_owned(),
            };
            let item = model.items.get(&ty).cloned().unwrap_or(Item { base: ty, ..Item::default() });
            let allowed = asked_values(model, &input.name);
            declare(&mut env, &names, &names.word(&input.name), &item, model, &allowed);
        }
        let mut blocks = Vec::new();
        let mut parts = BTreeMap::new();
        let mut sources = BTreeMap::new();
        let functions = Functions::of(model);
        for decision in &model.decisions {
            let inlined = Decision { logic: inlined(&functions, &decision.logic), ..decision.clone() };
            let own = written(&names, &inlined, &mut blocks);
            parts.insert(decision.name.clone(), own);
            sources.insert(decision.name.clone(), source(&decision.logic));
        }
        let (program, mut diagnostics) = compile(&blocks, env.clone());
        // FEEL lets a table say nothing of a case, or the same of it twice; what a guide is told of that is no error here.
        diagnostics.retain(|diagnostic| !["G401", "G402", "G403"].contains(&diagnostic.code));
        let declared = model.decisions.iter().map(|decision| (decision.name.clone(), base_of(&decision.ty, model)));
        let declared = declared.collect();
        let parts_of = |decision: &Decision| {
            let item = model.items.get(&decision.ty).filter(|item| !item.is_collection)?;
            let words = item.components.iter().map(|(name, _)| names.word(name)).collect();
            Some((decision.name.clone(), words))
        };
        let components = model.decisions.iter().filter_map(parts_of).collect();
        Self { program, diagnostics, names, parts, sources, declared, components, env }
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The formulas that make up a decision, each with the component that it is; one without name is all of it.
    pub fn parts(&self, decision: &str) -> &[(String, String)] {
        self.parts.get(decision).map_or(&[], |parts| parts)
    }

    /// Whether everything that a decision is made of was understood: otherwise why not.
    pub fn trouble(&self, decision: &str) -> Option<String> {
        let file = self.names.word(decision);
        if let Some(found) = self.diagnostics.iter().find(|diagnostic| *diagnostic.location.file == *file) {
            return Some(found.message.clone());
        }
        let parts = self.parts(decision);
        if parts.is_empty() {
            return Some(self.sources.get(decision).cloned().unwrap_or_else(|| "没有这个决定".into()));
        }
        let types = || parts.iter().map(|(_, formula)| self.program.find(formula).and_then(|found| found.ty.cloned()));
        if types().any(|ty| ty.is_none()) {
            return Some("用到的决定不在范围内".into());
        }
        let known = |unit: Unit| unit.is_plain() || unit == Unit::DAYS || unit == Unit::MONTHS;
        if types().flatten().any(|ty| matches!(ty, Type::Number(unit) if !known(unit))) {
            return Some("时段不能相乘，也不能作除数".into());
        }
        let components = self.components.get(decision).map_or(&[][..], |words| words);
        let has = |ty: &Type| match ty {
            Type::Fields(fields) => components.iter().all(|word| fields.contains_key(&**word)),
            _ => true,
        };
        if parts.iter().all(|(name, _)| name.is_empty()) && !types().flatten().all(|ty| has(&ty)) {
            return Some("强制转换".into());
        }
        let declared = self.declared.get(decision).and_then(|ty| plain(ty));
        let fits = |ty: Type| {
            let months = |declared: &Type| *declared == Type::Number(Unit::MONTHS) && ty == Type::Number(Unit::NONE);
            declared.as_ref().is_none_or(|declared| ty.fits(declared) || ty == Type::Null || months(declared))
        };
        if parts.len() == 1 && !types().flatten().all(fits) { Some("强制转换".into()) } else { None }
    }

    /// What a case gives; what does not fit its type is left out.
    pub fn facts(&self, case: &Case) -> Facts {
        let mut facts = Facts::default();
        for (name, value) in &case.inputs {
            self.set(&mut facts, &self.names.word(name), value);
        }
        facts
    }

    fn set(&self, facts: &mut Facts, name: &str, given: &Given) {
        if let Some(list) = self.env.lists.iter().find(|list| *list.name == *name) {
            let Given::List(rows) = given else { return };
            let row = |given: &Given| {
                let mut row = Facts::default();
                if let Given::Record(components) = given {
                    for (column, value) in components {
                        let column = self.names.word(column);
                        let known = list.columns.iter().find(|known| *known.name == *column);
                        let value = known.and_then(|known| value_of(value, &known.ty));
                        value.into_iter().for_each(|value| row.set(&*column, value));
                    }
                }
                row
            };
            facts.lists.insert(name.into(), rows.iter().map(row).collect());
            return;
        }
        if let Given::Record(components) = given {
            for (component, value) in components {
                self.set(facts, &format!("{name}.{}", self.names.word(component)), value);
            }
            return;
        }
        let known = self.env.values.iter().find(|value| *value.name == *name);
        if let Some(value) = known.and_then(|known| value_of(given, &known.ty)) {
            facts.set(name, value);
        }
    }
}

fn value_of(given: &Given, ty: &Type) -> Option<Value> {
    match (given, ty) {
        (Given::Plain(_, text), Type::Number(unit)) if *unit == Unit::DAYS || *unit == Unit::MONTHS => {
            duration(text).map(|(number, _)| Value::Number(number))
        }
        (Given::Plain(_, text), Type::Time) => text.trim().parse().ok().map(Value::Time),
        (Given::Plain(_, text), Type::Moment) => text.trim().parse().ok().map(Value::Moment),
        (Given::Plain(_, text), Type::Number(_)) => Some(Value::Number(decimal(text)?)),
        (Given::Plain(_, text), Type::Bool) => Some(Value::Bool(text.trim() == "true")),
        (Given::Plain(_, text), Type::Date) => text.trim().parse().ok().map(Value::Date),
        (Given::Plain(_, text), Type::Text | Type::Choice(_)) => Some(Value::text(text)),
        (Given::List(items), Type::List(item)) => {
            let items: Option<Vec<Value>> = items.iter().map(|given| value_of(given, item)).collect();
            Some(Value::List(items?.into()))
        }
        _ => None,
    }
}

/// A decimal with sign and exponent.
pub fn decimal(text: &str) -> Option<formula::Rational> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim_start_matches('+')),
    };
    let (digits, power) = digits.split_once(['e', 'E']).map_or((digits, "0"), |(digits, power)| (digits, power));
    let power: i32 = power.parse().ok()?;
    let digits = if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
    let number = parse_decimal(digits.trim_end_matches('.'))?;
    let ten = formula::Rational::from(10_i128.checked_pow(power.unsigned_abs())?);
    let number = if power < 0 { number / ten } else { number * ten };
    Some(number * formula::Rational::from(sign))
}

/// What a declared type comes down to; a collection is said so.
pub fn base_of(ty: &str, model: &Model) -> String {
    match model.items.get(ty) {
        Some(item) if item.components.is_empty() && !item.is_collection => base_of(&item.base, model),
        Some(item) if item.components.is_empty() => format!("list {}", base_of(&item.base, model)),
        Some(_) => String::new(),
        None => ty.to_owned(),
    }
}

/// The word of the profile for a type that a model names.
fn kind_of(item: &Item, model: &Model, names: &Names) -> String {
    let fields = || {
        let field = |(name, item): &(String, Item)| format!("{}: {}", names.word(name), kind_of(item, model, names));
        item.components.iter().map(field).collect::<Vec<_>>().join(", ")
    };
    let base = match model.items.get(&item.base) {
        Some(item) => kind_of(item, model, names),
        None if !item.components.is_empty() => format!("context<{}>", fields()),
        None => item.base.replace(' ', "_"),
    };
    if item.is_collection { format!("list<{base}>") } else { base }
}

fn components(item: &Item, names: &mut Names) {
    for (name, inner) in &item.components {
        names.add(name);
        components(inner, names);
    }
}

fn entries(logic: &Logic, names: &mut Names) {
    match logic {
        Logic::Context(inside) => inside.iter().for_each(|(name, logic)| {
            names.add(name);
            entries(logic, names);
        }),
        Logic::Each(_, name, parts) => {
            names.add(name);
            parts.iter().for_each(|logic| entries(logic, names));
        }
        _ => {}
    }
}

/// Of which type the cases give an input that declares none.
fn guessed(name: &str, cases: &[Case]) -> String {
    let given = cases.iter().flat_map(|case| &case.inputs).filter(|(known, _)| known == name);
    let mut kind = given.filter_map(|(_, given)| if let Given::Plain(kind, _) = given { Some(&**kind) } else { None });
    match kind.next_back() {
        Some("decimal" | "double" | "integer") => "number".into(),
        Some(kind) => kind.into(),
        None => String::new(),
    }
}

/// The values that tables allow of an input.
fn asked_values(model: &Model, name: &str) -> Vec<String> {
    let tables = model.decisions.iter().filter_map(|decision| match &decision.logic {
        Logic::Table(table) => Some(table),
        _ => None,
    });
    let asked = tables.flat_map(|table| &table.inputs).filter(|(input, _)| input == name);
    asked.flat_map(|(_, values)| words(values)).map(str::to_owned).collect()
}

fn declare(env: &mut Environment, names: &Names, name: &str, item: &Item, model: &Model, allowed: &[String]) {
    let (mut item, mut values) = (item.clone(), words(&item.values).into_iter().map(str::to_owned).collect::<Vec<_>>());
    let mut is_collection = item.is_collection;
    while let Some(base) = model.items.get(&item.base) {
        item = base.clone();
        is_collection |= item.is_collection;
        values.extend(words(&item.values).into_iter().map(str::to_owned));
    }
    values.extend(allowed.iter().cloned());
    if !item.components.is_empty() && is_collection {
        let column = |(column, inner): &(String, Item)| Some(ValueName::new(names.word(column), plain(&inner.base)?));
        let columns = item.components.iter().filter_map(column).collect();
        env.lists.push(ListName { name: name.into(), parent: None, columns, register: None });
        return;
    }
    for (component, inner) in &item.components {
        declare(env, names, &format!("{name}.{}", names.word(component)), inner, model, &[]);
    }
    let ty = match plain(&item.base) {
        Some(Type::Text) if !values.is_empty() => Type::choice(values.iter().map(String::as_str)),
        Some(ty) => ty,
        None => return,
    };
    env.values.push(ValueName::new(name, if is_collection { Type::list(ty) } else { ty }));
}

/// Logic with calls of the model's functions written out.
fn inlined(functions: &Functions, logic: &Logic) -> Logic {
    let each = |logic: &Logic| inlined(functions, logic);
    match logic {
        Logic::Text(text) => Logic::Text(functions.inline(text, 5)),
        Logic::Context(entries) => {
            Logic::Context(entries.iter().map(|(name, logic)| (name.clone(), each(logic))).collect())
        }
        Logic::List(items) => Logic::List(items.iter().map(each).collect()),
        Logic::If(parts) => Logic::If(Box::new([each(&parts[0]), each(&parts[1]), each(&parts[2])])),
        Logic::Filter(parts) => Logic::Filter(Box::new([each(&parts[0]), each(&parts[1])])),
        Logic::Each(word, name, parts) => Logic::Each(word, name.clone(), Box::new([each(&parts[0]), each(&parts[1])])),
        other => other.clone(),
    }
}

/// What a decision says, for telling which construct it has that the profile has not.
fn source(logic: &Logic) -> String {
    match logic {
        Logic::Text(text) => text.clone(),
        Logic::Table(table) => {
            table.rules.iter().flat_map(|(a, b)| a.iter().chain(b)).cloned().collect::<Vec<_>>().join(" ")
        }
        Logic::Context(entries) => entries.iter().map(|(_, logic)| source(logic)).collect::<Vec<_>>().join(" "),
        Logic::List(items) => items.iter().map(source).collect::<Vec<_>>().join(" "),
        Logic::If(parts) => parts.iter().map(source).collect::<Vec<_>>().join(" "),
        Logic::Filter(parts) | Logic::Each(_, _, parts) => parts.iter().map(source).collect::<Vec<_>>().join(" "),
        Logic::Other(name) => name.clone(),
    }
}

/// Writes a decision as formulas and gives its parts.
fn written(names: &Names, decision: &Decision, blocks: &mut Vec<Block>) -> Vec<(String, String)> {
    let own = names.word(&decision.name);
    let add = |blocks: &mut Vec<Block>, content| {
        blocks.push(Block { file: own.as_str().into(), basis: "".into(), content });
    };
    match &decision.logic {
        Logic::Table(table) => {
            let outputs: Vec<(String, String)> = match &table.outputs[..] {
                [_] => vec![(String::new(), own.clone())],
                outputs => outputs
                    .iter()
                    .enumerate()
                    .map(|(place, (name, _))| (name.clone(), format!("{own}__{place}")))
                    .collect(),
            };
            add(blocks, Content::Table(table_text(names, table, &outputs)));
            outputs
        }
        Logic::Context(entries) => {
            // Entries are formulas of their own, and each sees those before it.
            let (outer, mut names, mut parts) = (names, names.clone(), Vec::new());
            for (name, logic) in entries {
                let Some(text) = expression(&names, logic) else { return Vec::new() };
                if name.is_empty() {
                    add(blocks, Content::Formulas(format!("{own} = {text}"), 0));
                    return vec![(String::new(), own)];
                }
                let word = format!("{own}__{}", names.word(name));
                add(blocks, Content::Formulas(format!("{word} = {text}"), 0));
                names.put(name, word.clone());
                parts.push((name.clone(), word));
            }
            // All of it is a record for whoever names the decision.
            let field = |(name, word): &(String, String)| format!("{}: {word}", outer.word(name));
            let fields: Vec<String> = parts.iter().map(field).collect();
            let block = |content| Block { file: format!("{own}__").into(), basis: "".into(), content };
            blocks.push(block(Content::Formulas(format!("{own} = {{{}}}", fields.join(", ")), 0)));
            parts
        }
        logic => {
            let Some(text) = expression(names, logic) else { return Vec::new() };
            add(blocks, Content::Formulas(format!("{own} = {text}"), 0));
            vec![(String::new(), own)]
        }
    }
}

/// A boxed expression as one line.
fn expression(names: &Names, logic: &Logic) -> Option<String> {
    Some(match logic {
        Logic::Text(text) if text.is_empty() => return None,
        Logic::Text(text) => names.adapt(text),
        Logic::List(items) => {
            format!("[{}]", items.iter().map(|item| expression(names, item)).collect::<Option<Vec<_>>>()?.join(", "))
        }
        Logic::If(parts) => {
            let [condition, yes, no] = &**parts;
            let (condition, yes, no) = (expression(names, condition)?, expression(names, yes)?, expression(names, no)?);
            format!("if {condition} then {yes} else {no}")
        }
        Logic::Filter(parts) => {
            let [list, test] = &**parts;
            format!("({})[{}]", expression(names, list)?, expression(names, test)?)
        }
        Logic::Each(word, variable, parts) => {
            let [list, rest] = &**parts;
            let (list, rest) = (expression(names, list)?, expression(names, rest)?);
            let then = if *word == "for" { "return" } else { "satisfies" };
            format!("{word} {} in ({list}) {then} {rest}", names.word(variable))
        }
        _ => return None,
    })
}

fn table_text(names: &Names, table: &Table, outputs: &[(String, String)]) -> TableText {
    let cell = |text: String| Cell { text, span: 0..0 };
    let policy =
        POLICIES.iter().find(|(_, _, letter, _)| *letter == table.policy).map_or("唯一", |(_, word, ..)| word);
    let mut header = vec![cell(policy.to_owned())];
    header.extend(table.inputs.iter().map(|(input, _)| cell(names.adapt(input))));
    let is_ranked = ["P", "O"].contains(&&*table.policy);
    for ((_, formula), (_, values)) in outputs.iter().zip(&table.outputs) {
        let order =
            if is_ranked && !values.is_empty() { format!("({})", words(values).join("、")) } else { String::new() };
        header.push(cell(format!("→ {formula}{order}")));
    }
    let row = |(place, (tests, values)): (usize, &(Vec<String>, Vec<String>))| {
        let mut row = vec![cell(format!("{}", place + 1))];
        row.extend(tests.iter().map(|test| cell(listed(&names.adapt(test)))));
        row.extend(values.iter().map(|value| cell(names.adapt(value))));
        row
    };
    TableText { header, rows: table.rules.iter().enumerate().map(row).collect() }
}

/// Commas between tests as a cell writes them.
fn listed(tests: &str) -> String {
    let (mut out, mut depth, mut quoted) = (String::new(), 0_i32, false);
    for c in tests.chars() {
        quoted ^= c == '"';
        depth += i32::from("([{".contains(c)) - i32::from(")]}".contains(c));
        out.push(if c == ',' && depth == 0 && !quoted { '、' } else { c });
    }
    if out.is_empty() { "-".into() } else { out }
}
