//! Blocks into a program, and a program over inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Date, Decimal, Diagnostic, Location};

use crate::ast::{Ident, Line};
use crate::check::{Checked, Checker, Function, Global, Globals, Source, SourceBody, environment_names};
use crate::evaluate::{Data, Memory, conform, evaluate};
use crate::explain::{Explanation, explain};
use crate::fault::{Code, Fault};
use crate::lines::parse_lines;
use crate::source::{Block, BlockSource, Environment, TableSource};
use crate::table;
use crate::token::is_name;
use crate::typed::Body;
use crate::types::Type;
use crate::value::{Missing, Value};

/// Compiled formulas: every name resolved, every type known, in an order in which each can be evaluated. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub globals: Globals,
    pub checked: Vec<Arc<Checked>>,
    pub definitions: Vec<Definition>,
    /// Definitions by number, each after those that it uses.
    order: Vec<usize>,
    paths: BTreeSet<Arc<str>>,
    uses: BTreeSet<Arc<str>>,
}

/// A named formula or decision table.
#[derive(Clone, Debug)]
pub struct Definition {
    pub name: Arc<str>,
    pub ty: Type,
    /// The legal reference of the block in which it stands.
    pub basis: Option<String>,
    /// The right side as written; for a table its policy and headings.
    pub text: String,
    /// The place of the name.
    pub location: Location,
    /// The facts, rates, definitions and formulas with parameters that the right side uses, in order of first use.
    /// What a called formula uses counts as used at the call.
    pub uses: Vec<Arc<str>>,
    /// The comment behind the formula.
    pub note: Option<String>,
}

/// Compiles all blocks together; the order of definitions does not matter. Errors of all blocks are returned, by file and place.
pub fn compile(blocks: &[Block], environment: &Environment) -> Result<Program, Vec<Diagnostic>> {
    let mut reader = Reader {
        globals: Globals {
            names: environment_names(environment).into_iter().collect(),
            environment: environment.clone(),
            ..Globals::default()
        },
        diagnostics: Vec::new(),
    };
    for block in blocks {
        reader.block(block);
    }
    let Reader { globals, mut diagnostics } = reader;
    let mut checker = Checker::new(&globals, &[]);
    let checked = checker.check_all();
    diagnostics.append(&mut checker.diagnostics);
    let order = std::mem::take(&mut checker.order);
    if !diagnostics.is_empty() {
        let file = |d: &Diagnostic| blocks.iter().position(|block| block.file == d.location.file);
        diagnostics.sort_by_key(|d| (file(d), d.location.span.start, d.code));
        return Err(diagnostics);
    }
    let definitions = globals.definitions.iter().zip(&checked).map(|(source, checked)| Definition {
        name: source.name.text.clone(),
        ty: checked.ty.clone(),
        basis: source.basis.clone(),
        text: source.text.clone(),
        location: Location::new(source.file.clone(), source.name.span.clone()),
        uses: checked.uses.clone(),
        note: source.note.clone(),
    });
    let definitions = definitions.collect();
    let paths = checked.iter().flat_map(|checked| checked.paths.iter().cloned()).collect();
    let uses = checked.iter().flat_map(|checked| checked.uses.iter().cloned()).collect();
    Ok(Program { inner: Arc::new(Inner { globals, checked, definitions, order, paths, uses }) })
}

/// Collects definitions from blocks.
struct Reader {
    globals: Globals,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn block(&mut self, block: &Block) {
        match &block.source {
            BlockSource::Formula => {
                let (lines, faults) = parse_lines(&block.text, block.offset);
                self.report(faults, block);
                for line in lines {
                    self.line(line, block);
                }
            }
            BlockSource::Table(source) => self.table(source, block),
        }
    }

    fn report(&mut self, faults: Vec<Fault>, block: &Block) {
        self.diagnostics.extend(faults.into_iter().map(|fault| fault.at(&block.file)));
    }

    fn line(&mut self, line: Line, block: &Block) {
        let file = block.file.clone();
        let span = line.body_span.start - block.offset..line.body_span.end - block.offset;
        let text = block.text.get(span).unwrap_or_default().trim().to_string();
        if let Some(parameters) = line.parameters {
            let global = Global::Function(self.globals.functions.len());
            if self.name(&line.name, global, block) {
                self.globals.functions.push(Function { name: line.name, file, parameters, body: line.body });
            }
            return;
        }
        let body = line.body.map_or(SourceBody::Broken, SourceBody::Formula);
        self.define(Source { name: line.name, file, basis: block.basis.clone(), text, note: line.note, body }, block);
    }

    fn table(&mut self, source: &TableSource, block: &Block) {
        let at = block.offset + block.text.find(&source.name).unwrap_or(0);
        let name = Ident { text: source.name.as_str().into(), span: at..at + source.name.len() };
        if !is_name(&source.name) {
            let message = format!("判定表的名称“{}”不能用作名称", source.name);
            let help = "名称由汉字、字母、数字和下划线组成，不以数字开头，不是保留字";
            self.report(vec![*Fault::new(Code::ReservedName, name.span.clone(), message, help)], block);
        }
        let (text, body) = match table::read(source, at) {
            Ok(line) => (line.summary(), SourceBody::Table(line)),
            Err(faults) => {
                self.report(faults, block);
                (String::new(), SourceBody::Broken)
            }
        };
        let basis = block.basis.clone();
        self.define(Source { name, file: block.file.clone(), basis, text, note: None, body }, block);
    }

    fn define(&mut self, source: Source, block: &Block) {
        let global = Global::Definition(self.globals.definitions.len());
        if self.name(&source.name, global, block) {
            self.globals.definitions.push(source);
        }
    }

    /// Gives a name its meaning unless it has one.
    fn name(&mut self, name: &Ident, global: Global, block: &Block) -> bool {
        let what = match self.globals.names.get(&name.text) {
            None => {
                self.globals.names.insert(name.text.clone(), global);
                return true;
            }
            Some(Global::Fact(_)) => "表单上的项目",
            Some(Global::Rate(_)) => "一个参数",
            Some(Global::Definition(_) | Global::Function(_)) => "另一个公式",
        };
        let message = format!("“{}”已经是{what}的名称", name.text);
        self.report(vec![*Fault::new(Code::Duplicate, name.span.clone(), message, "换一个名称")], block);
        false
    }
}

impl Program {
    /// In source order.
    pub fn definitions(&self) -> &[Definition] {
        &self.inner.definitions
    }

    /// The formulas with parameters: name and place.
    pub fn functions(&self) -> impl Iterator<Item = (&str, Location)> {
        let location = |function: &Function| Location::new(function.file.clone(), function.name.span.clone());
        self.inner.globals.functions.iter().map(move |function| (&*function.name.text, location(function)))
    }

    /// The type of a definition, fact or rate.
    pub fn type_of(&self, name: &str) -> Option<&Type> {
        match self.inner.globals.names.get(name)? {
            Global::Fact(i) => Some(&self.inner.globals.environment.facts[*i].1),
            Global::Rate(_) => Some(&Type::Number),
            Global::Definition(i) => Some(&self.inner.definitions[*i].ty),
            Global::Function(_) => None,
        }
    }

    /// Whether some definition uses the fact; a column of a roster is named `家庭成员.月收入`.
    pub fn uses_fact(&self, path: &str) -> bool {
        self.inner.paths.contains(path)
    }

    pub fn uses_rate(&self, name: &str) -> bool {
        self.inner.uses.contains(name)
    }

    /// Whether some definition uses the definition or calls the formula with parameters.
    pub fn uses_definition(&self, name: &str) -> bool {
        self.inner.uses.contains(name)
    }

    /// Evaluates every definition once, in dependency order. Never panics; what cannot be computed is `Missing` with its reason.
    pub fn evaluate(&self, inputs: &Inputs) -> Evaluation {
        let environment = &self.inner.globals.environment;
        let fact = |(name, ty): &(Arc<str>, Type)| match inputs.facts.get(name) {
            Some(value) => conform(value, ty, name),
            None => Missing::fact(name).into(),
        };
        let facts: Vec<Value> = environment.facts.iter().map(fact).collect();
        let rates: Vec<Result<RateUse, Missing>> =
            environment.rates.iter().map(|name| inputs.rates.rate(name)).collect();
        let rate_values: Vec<Value> = rates.iter().map(rate_value).collect();
        let mut memory = Memory::for_rates(rates.len());
        let mut values = vec![Value::Bool(false); self.inner.checked.len()];
        for &index in &self.inner.order {
            let data = Data { facts: &facts, rates: &rate_values, definitions: &values };
            values[index] = evaluate(&self.inner.checked[index].body, data, &mut memory);
        }
        let used = memory.rates_read.iter().zip(&rates).zip(&environment.rates);
        let used =
            used.filter_map(|((read, rate), name)| Some((name.clone(), rate.as_ref().ok().filter(|_| *read)?.clone())));
        let rates_used = used.collect();
        Evaluation { program: self.clone(), facts, rates, rate_values, values, rates_used }
    }

    /// Compiles a Boolean expression that stands elsewhere in a guide, e.g. in the 条件 column of a step.
    pub fn check_condition(&self, text: &str, file: &str, offset: usize) -> Result<Condition, Vec<Diagnostic>> {
        let expression = self.check_expression(text, file, offset)?;
        if *expression.ty() == Type::Bool {
            return Ok(Condition { expression });
        }
        let message = format!("条件“{}”的结果是{}", text.trim(), expression.ty());
        let help = "写成比较，例如 评议方式 = \"逢办必评\"，或写一个“是否”类型的名称";
        let fault = Fault::new(Code::NotACondition, offset..offset + text.len(), message, help);
        Err(vec![fault.at(&file.into())])
    }

    /// Compiles an expression that stands elsewhere in a guide.
    pub fn check_expression(&self, text: &str, file: &str, offset: usize) -> Result<Expression, Vec<Diagnostic>> {
        let mut checker = Checker::new(&self.inner.globals, &self.inner.checked);
        let checked = checker.check_text(text, file, offset);
        if checked.as_ref().is_some_and(|checked| checked.ty.is_open()) && checker.diagnostics.is_empty() {
            let help = "空列表要和有项的列表一起用";
            checker.fault(Code::Untyped, offset..offset + text.len(), "看不出这个式子的类型", help);
        }
        if let Some(checked) = checked
            && checker.diagnostics.is_empty()
        {
            return Ok(Expression { text: text.trim().into(), checked });
        }
        Err(checker.diagnostics)
    }
}

fn rate_value(rate: &Result<RateUse, Missing>) -> Value {
    match rate {
        Ok(rate) => Value::Number(rate.value),
        Err(missing) => missing.clone().into(),
    }
}

/// A Boolean expression compiled against a program.
#[derive(Clone, Debug)]
pub struct Condition {
    expression: Expression,
}

impl Condition {
    pub fn text(&self) -> &str {
        self.expression.text()
    }

    /// The facts, rates, definitions and formulas with parameters that it uses, in order of first use.
    pub fn uses(&self) -> &[Arc<str>] {
        self.expression.uses()
    }

    /// The facts that it reads, columns of rosters as `家庭成员.月收入`.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.expression.paths()
    }
}

/// An expression compiled against a program.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Arc<str>,
    checked: Arc<Checked>,
}

impl Expression {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn ty(&self) -> &Type {
        &self.checked.ty
    }

    pub fn uses(&self) -> &[Arc<str>] {
        &self.checked.uses
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.checked.paths.iter().map(|path| &**path)
    }
}

/// What a program is evaluated over. A fact that is absent from `facts` is missing.
pub struct Inputs<'a> {
    pub facts: &'a BTreeMap<Arc<str>, Value>,
    pub rates: &'a dyn Rates,
}

/// Where rates come from: a table by region and date, possibly with an overlay.
pub trait Rates {
    /// The rate in force, or the reason why there is none.
    fn rate(&self, name: &str) -> Result<RateUse, Missing>;
}

/// A rate with what a reader needs to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateUse {
    pub value: Decimal,
    pub unit: String,
    /// The first day on which the value holds.
    pub from: Date,
    /// Document and number that set it.
    pub reference: String,
    /// Whether the value is an example that no document confirms.
    pub example: bool,
}

/// The values of all definitions over one set of inputs.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub(crate) program: Program,
    pub(crate) facts: Vec<Value>,
    pub(crate) rates: Vec<Result<RateUse, Missing>>,
    rate_values: Vec<Value>,
    pub(crate) values: Vec<Value>,
    rates_used: Vec<(Arc<str>, RateUse)>,
}

impl Evaluation {
    /// The value of a definition, fact or rate.
    pub fn value(&self, name: &str) -> Option<&Value> {
        match self.program.inner.globals.names.get(name)? {
            Global::Fact(i) => self.facts.get(*i),
            Global::Rate(i) => self.rate_values.get(*i),
            Global::Definition(i) => self.values.get(*i),
            Global::Function(_) => None,
        }
    }

    /// Definitions with their values, in source order.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.program.inner.definitions.iter().map(|definition| &*definition.name).zip(&self.values)
    }

    /// The rates that the definitions read, with their dates and references.
    pub fn rates_used(&self) -> &[(Arc<str>, RateUse)] {
        &self.rates_used
    }

    /// True, false or missing. The condition must come from the same program.
    pub fn condition(&self, condition: &Condition) -> Value {
        self.expression(&condition.expression)
    }

    /// The value of an expression of the same program.
    pub fn expression(&self, expression: &Expression) -> Value {
        self.run(&expression.checked.body)
    }

    pub(crate) fn run(&self, body: &Body) -> Value {
        evaluate(body, self.data(), &mut Memory::default())
    }

    pub(crate) fn data(&self) -> Data<'_> {
        Data { facts: &self.facts, rates: &self.rate_values, definitions: &self.values }
    }

    /// How the value of a definition, fact or rate came about; nothing for an unknown name.
    pub fn explain(&self, name: &str) -> Option<Explanation> {
        explain(self, name)
    }
}
