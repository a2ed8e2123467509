//! Surface syntax into typed form: resolves names, gives every expression its type, reports what does not fit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use base::Diagnostic;

use crate::ast::{Expr, Ident};
use crate::fault::{Code, Fault};
use crate::parse::parse_expression;
use crate::source::Environment;
use crate::table::TableLine;
use crate::typed::{Body, Node};
use crate::types::Type;
use crate::value::Missing;

/// Expressions that may be open at once while checking, through all calls of formulas, and so while evaluating.
const MAX_DEPTH: usize = 200;

/// What a global name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    Fact(usize),
    Rate(usize),
    Definition(usize),
    Function(usize),
}

/// Everything that has been read before any type is known.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    pub environment: Environment,
    pub names: HashMap<Arc<str>, Global>,
    pub definitions: Vec<Source>,
    pub functions: Vec<Function>,
}

/// A definition as read.
#[derive(Debug)]
pub(crate) struct Source {
    pub name: Ident,
    pub file: Arc<str>,
    pub basis: Option<String>,
    pub text: String,
    pub note: Option<String>,
    pub body: SourceBody,
}

#[derive(Debug)]
pub(crate) enum SourceBody {
    Formula(Expr),
    Table(TableLine),
    /// An error in it has been reported.
    Broken,
}

/// A formula with parameters. It is checked for each set of argument types with which it is called.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: Ident,
    pub file: Arc<str>,
    pub parameters: Vec<Ident>,
    /// `None` when an error in it has been reported.
    pub body: Option<Expr>,
}

/// A checked definition or expression.
#[derive(Debug)]
pub(crate) struct Checked {
    pub body: Arc<Body>,
    pub ty: Type,
    /// Facts, rates and definitions in order of first use.
    pub uses: Vec<Arc<str>>,
    /// Facts and their parts: `家庭成员`, `家庭成员.月收入`.
    pub paths: BTreeSet<Arc<str>>,
    /// How deep evaluation goes.
    height: usize,
}

/// A typed expression, and the fact (`家庭成员.类别`) that its value or items come from, if it is one unchanged.
pub(crate) struct Typed {
    pub node: Node,
    pub ty: Type,
    pub origin: Option<Arc<str>>,
}

impl Typed {
    pub fn new(node: Node, ty: Type) -> Self {
        Self { node, ty, origin: None }
    }

    /// Stands for an expression whose error has been reported; its type fits everywhere.
    pub fn broken() -> Self {
        Self::new(Node::Const(Missing::new("公式有错误").into()), Type::Any)
    }
}

/// A name inside one body.
pub(crate) enum Binding {
    Variable {
        name: Arc<str>,
        slot: usize,
        ty: Type,
        origin: Option<Arc<str>>,
    },
    /// The item of a filter, with its fields.
    Item {
        slot: usize,
        ty: Type,
        origin: Option<Arc<str>>,
        used: bool,
    },
}

/// What is in scope inside one body.
#[derive(Default)]
pub(crate) struct Frame {
    pub scope: Vec<Binding>,
    slots: usize,
    uses: Vec<Arc<str>>,
    pub paths: BTreeSet<Arc<str>>,
}

enum State {
    Waiting,
    Open,
    Done(Arc<Checked>),
}

type Instances = HashMap<usize, Vec<(Vec<Typing>, Arc<Checked>)>>;
type Typing = (Type, Option<Arc<str>>);

pub(crate) struct Checker<'a> {
    pub globals: &'a Globals,
    states: Vec<State>,
    /// Definitions in an order in which each comes after what it uses.
    pub order: Vec<usize>,
    open: Vec<usize>,
    open_functions: Vec<usize>,
    instances: Instances,
    pub frame: Frame,
    file: Arc<str>,
    depth: usize,
    /// The greatest depth since the body at hand began.
    deepest: usize,
    pub diagnostics: Vec<Diagnostic>,
    /// Functions that something calls.
    pub called: BTreeSet<usize>,
}

impl<'a> Checker<'a> {
    /// A checker of definitions of which some have been checked before.
    pub fn new(globals: &'a Globals, done: &[Arc<Checked>]) -> Self {
        let mut states: Vec<State> = done.iter().cloned().map(State::Done).collect();
        states.resize_with(globals.definitions.len(), || State::Waiting);
        Self {
            globals,
            states,
            order: Vec::new(),
            open: Vec::new(),
            open_functions: Vec::new(),
            instances: HashMap::new(),
            frame: Frame::default(),
            file: "".into(),
            depth: 0,
            deepest: 0,
            diagnostics: Vec::new(),
            called: BTreeSet::new(),
        }
    }

    /// Checks every definition, and every function that nobody calls as far as that is possible without arguments.
    pub fn check_all(&mut self) -> Vec<Arc<Checked>> {
        for index in crate::order::by_use(self.globals) {
            self.definition(index);
        }
        let called = self.called.clone();
        for index in (0..self.globals.functions.len()).filter(|index| !called.contains(index)) {
            let parameters = vec![(Type::Any, None); self.globals.functions[index].parameters.len()];
            self.instance(index, parameters);
        }
        self.called = called;
        let states = std::mem::take(&mut self.states);
        states.into_iter().map(|state| if let State::Done(checked) = state { checked } else { broken() }).collect()
    }

    /// Checks an expression that stands by itself.
    pub fn check_text(&mut self, text: &str, file: &str, offset: usize) -> Option<Arc<Checked>> {
        self.file = file.into();
        match parse_expression(text, offset) {
            Ok(expr) => Some(self.body(|checker| checker.infer(&expr))),
            Err(faults) => {
                self.diagnostics.extend(faults.into_iter().map(|fault| fault.at(&self.file)));
                None
            }
        }
    }

    /// Checks an expression that has already been read.
    pub fn check_expr(&mut self, expr: &Expr) -> Arc<Checked> {
        self.body(|checker| checker.infer(expr))
    }

    pub fn fault(&mut self, code: Code, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let diagnostic = Fault::new(code, span, message, help).at(&self.file);
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    pub fn broken(
        &mut self,
        code: Code,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Typed {
        self.fault(code, span.clone(), message, help);
        Typed::broken()
    }

    /// Checks something in a frame of its own.
    fn body(&mut self, check: impl FnOnce(&mut Self) -> Typed) -> Arc<Checked> {
        let outer = std::mem::take(&mut self.frame);
        let outer_deepest = std::mem::replace(&mut self.deepest, self.depth);
        let typed = check(self);
        let frame = std::mem::replace(&mut self.frame, outer);
        let height = self.deepest - self.depth;
        self.deepest = self.deepest.max(outer_deepest);
        let body = Arc::new(Body { node: typed.node, slots: frame.slots });
        Arc::new(Checked { body, ty: typed.ty, uses: frame.uses, paths: frame.paths, height })
    }

    /// The type of a definition, checking it first if need be.
    pub fn definition(&mut self, index: usize) -> Type {
        match &self.states[index] {
            State::Done(checked) => return checked.ty.clone(),
            State::Open => {
                self.report_cycle(index);
                return Type::Any;
            }
            State::Waiting => {}
        }
        self.states[index] = State::Open;
        self.open.push(index);
        let globals = self.globals;
        let source = &globals.definitions[index];
        let outer = std::mem::replace(&mut self.file, source.file.clone());
        let faults = self.diagnostics.len();
        let checked = match &source.body {
            SourceBody::Formula(expr) => self.check_expr(expr),
            SourceBody::Table(table) => self.body(|checker| checker.table(table, &source.name)),
            SourceBody::Broken => broken(),
        };
        let sound = self.diagnostics.len() == faults && !matches!(source.body, SourceBody::Broken);
        let open = checked.ty != Type::Any && checked.ty.is_open();
        if sound && open && !self.uses_broken(&checked) {
            let help = "在列表里写上项，或让另一支给出同类的列表";
            self.fault(Code::Untyped, source.name.span.clone(), format!("看不出“{}”的类型", source.name.text), help);
        }
        self.file = outer;
        self.open.pop();
        self.order.push(index);
        let ty = checked.ty.clone();
        self.states[index] = State::Done(checked);
        ty
    }

    /// Whether the type is open only because something that it uses has an error.
    fn uses_broken(&self, checked: &Checked) -> bool {
        checked.uses.iter().any(|name| match self.globals.names.get(name) {
            Some(Global::Definition(i)) => !matches!(&self.states[*i], State::Done(used) if !used.ty.is_open()),
            _ => false,
        })
    }

    fn report_cycle(&mut self, index: usize) {
        let start = self.open.iter().position(|&i| i == index).unwrap_or(0);
        let mut circle = self.open[start..].to_vec();
        let first = circle.iter().enumerate().min_by_key(|(_, index)| **index).map_or(0, |(at, _)| at);
        circle.rotate_left(first);
        circle.push(circle[0]);
        let names: Vec<&str> = circle.iter().map(|&i| &*self.globals.definitions[i].name.text).collect();
        let message = format!("循环引用：{}", names.join(" → "));
        let source = &self.globals.definitions[circle[0]];
        let outer = std::mem::replace(&mut self.file, source.file.clone());
        self.fault(Code::Cycle, source.name.span.clone(), message, "改写其中一个公式，使它不再用到自己");
        self.file = outer;
    }

    /// The body of a function for the given argument types.
    pub fn instance(&mut self, index: usize, arguments: Vec<Typing>) -> Option<Arc<Checked>> {
        self.called.insert(index);
        if let Some((_, checked)) =
            self.instances.get(&index).and_then(|known| known.iter().find(|(types, _)| *types == arguments))
        {
            return Some(checked.clone());
        }
        let globals = self.globals;
        let function = &globals.functions[index];
        if self.open_functions.contains(&index) {
            let message = format!("公式“{}”直接或间接地调用了自己", function.name.text);
            self.fault(
                Code::Cycle,
                function.name.span.clone(),
                message,
                "带参数的公式不能递归；逐项计算用 对 … 在 … 取 …",
            );
            return None;
        }
        self.open_functions.push(index);
        let outer = std::mem::replace(&mut self.file, function.file.clone());
        let checked = self.body(|checker| {
            for (parameter, (ty, origin)) in function.parameters.iter().zip(&arguments) {
                checker.bind(parameter, ty.clone(), origin.clone());
            }
            function.body.as_ref().map_or_else(Typed::broken, |body| checker.infer(body))
        });
        self.file = outer;
        self.open_functions.pop();
        self.instances.entry(index).or_default().push((arguments, checked.clone()));
        Some(checked)
    }

    pub fn slot(&mut self) -> usize {
        self.frame.slots += 1;
        self.frame.slots - 1
    }

    pub fn bind(&mut self, name: &Ident, ty: Type, origin: Option<Arc<str>>) -> usize {
        let slot = self.slot();
        self.frame.scope.push(Binding::Variable { name: name.text.clone(), slot, ty, origin });
        slot
    }

    pub fn record_use(&mut self, name: &Arc<str>) {
        if !self.frame.uses.contains(name) {
            self.frame.uses.push(name.clone());
        }
    }

    /// Notes that a fact, or a part of it, is read.
    pub fn record_path(&mut self, origin: &Option<Arc<str>>) {
        self.frame.paths.extend(origin.clone());
    }

    pub fn infer(&mut self, expr: &Expr) -> Typed {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let typed = if self.depth > MAX_DEPTH { self.too_deep(&expr.span) } else { self.infer_kind(expr) };
        self.depth -= 1;
        typed
    }

    fn too_deep(&mut self, span: &Range<usize>) -> Typed {
        self.broken(Code::TooDeep, span, "公式层层调用，套得太深", "减少层次，把中间结果写成有名称的公式")
    }

    /// Takes over what the body of a called function reads, as if it stood at the call.
    pub fn enter(&mut self, callee: &Checked, span: &Range<usize>) {
        callee.uses.iter().for_each(|name| self.record_use(name));
        self.frame.paths.extend(callee.paths.iter().cloned());
        self.deepest = self.deepest.max(self.depth + callee.height);
        if self.deepest > MAX_DEPTH {
            self.too_deep(span);
        }
    }
}

fn broken() -> Arc<Checked> {
    let typed = Typed::broken();
    let body = Arc::new(Body { node: typed.node, slots: 0 });
    Arc::new(Checked { body, ty: typed.ty, uses: Vec::new(), paths: BTreeSet::new(), height: 0 })
}

/// The choices of the facts, for a table's columns.
pub(crate) fn choices<'a>(globals: &'a Globals, origin: &Option<Arc<str>>) -> Option<&'a [Arc<str>]> {
    let path = origin.as_ref()?;
    globals.environment.choices.iter().find(|(name, _)| name == path).map(|(_, choices)| choices.as_slice())
}

/// Names of an environment by what they stand for.
pub(crate) fn environment_names(environment: &Environment) -> BTreeMap<Arc<str>, Global> {
    let facts = environment.facts.iter().enumerate().map(|(i, (name, _))| (name.clone(), Global::Fact(i)));
    let rates = environment.rates.iter().enumerate().map(|(i, name)| (name.clone(), Global::Rate(i)));
    facts.chain(rates).collect()
}
