//! Syntax into typed plans: resolves every name, infers every type and unit, reports what does not fit.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use crate::call::result;
use crate::environment::Environment;
use crate::finding::{Finding, nearest};
use crate::kinds::{self, is_a};
use crate::number::Rational;
use crate::plan::{Named, Node, TablePlan};
use crate::program::Uses;
use crate::syntax::{Each, Expr, Ident, Kind, Operator};
use crate::table::Table;
use crate::types::Type;
use crate::unit::Unit;
use crate::value::Value;

/// A definition as it was read.
#[derive(Debug)]
pub(crate) struct Source {
    pub name: Ident,
    pub row_of: Option<usize>,
    pub file: Arc<str>,
    pub basis: Arc<str>,
    pub body: SourceBody,
}

#[derive(Debug)]
pub(crate) enum SourceBody {
    Formula(Expr),
    /// A column of a decision table.
    Output(usize, usize),
    /// Its error has been reported.
    Broken,
}

/// What a name stands for, by the list whose rows have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Symbol {
    Value(usize),
    List(usize),
    Column(usize, usize),
    Definition(usize),
    Parameter(usize),
}

pub(crate) type Symbols = HashMap<(Option<usize>, Arc<str>), Symbol>;

/// A typed definition. Without a type, its error has been reported.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub ty: Option<Type>,
    pub body: Body,
    pub uses: Uses,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Formula { node: Node, slots: usize },
    Output(usize, usize),
    Broken,
}

/// A typed table: its plan, the types of its outputs, what it reads.
pub(crate) type TypedTable = (TablePlan, Vec<Option<Type>>, Uses);

/// Fields of a record with those of records in it, so that no walk over its type takes long.
const MOST_FIELDS: usize = 1_000;

enum Frame {
    /// The columns of a list's row are names.
    Row(usize, usize),
    Variable(Arc<str>, Type, usize),
    /// What a filter looks at: `项`, FEEL's `item`.
    Item(Type, usize),
}

/// A typed part, or `None` where an error has been reported.
pub(crate) type Part = Option<(Node, Type)>;

pub(crate) struct Checker<'a> {
    pub env: &'a Environment,
    pub sources: &'a [Source],
    pub tables: &'a [Table],
    pub symbols: &'a Symbols,
    /// Shared: an expression that stands elsewhere is checked against all that have been.
    pub typed: Vec<Option<Arc<Typed>>>,
    pub plans: Vec<Option<TypedTable>>,
    busy: Vec<usize>,
    pub findings: Vec<(Arc<str>, Finding)>,
    pub file: Arc<str>,
    frames: Vec<Frame>,
    pub slots: usize,
    pub uses: Uses,
    /// Whether 今日 and 此刻 may be used.
    pub live: bool,
}

impl<'a> Checker<'a> {
    pub fn new(env: &'a Environment, sources: &'a [Source], tables: &'a [Table], symbols: &'a Symbols) -> Self {
        Self {
            env,
            sources,
            tables,
            symbols,
            typed: vec![None; sources.len()],
            plans: vec![None; tables.len()],
            busy: Vec::new(),
            findings: Vec::new(),
            file: "".into(),
            frames: Vec::new(),
            slots: 0,
            uses: Uses::default(),
            live: false,
        }
    }

    pub fn report(&mut self, finding: Finding) {
        self.findings.push((self.file.clone(), finding));
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: String,
        help: impl Into<String>,
    ) -> Part {
        self.report(Finding::error(code, span.clone(), message, help));
        None
    }

    /// Types a definition, and those that it uses before it.
    pub fn definition(&mut self, index: usize) -> Option<Type> {
        if let Some(typed) = &self.typed[index] {
            return typed.ty.clone();
        }
        if let Some(start) = self.busy.iter().position(|i| *i == index) {
            let mut names: Vec<&str> = self.busy[start..].iter().map(|i| &*self.sources[*i].name.text).collect();
            names.push(&self.sources[index].name.text);
            let message = format!("循环定义：{}", names.join(" → "));
            let source = &self.sources[index];
            let finding = Finding::error("G207", source.name.span.clone(), message, "改写其中一个，使它不再用到自己");
            self.findings.push((source.file.clone(), finding));
            return None;
        }
        self.busy.push(index);
        let source = &self.sources[index];
        let typed = match &source.body {
            SourceBody::Broken => Typed { ty: None, body: Body::Broken, uses: Uses::default() },
            SourceBody::Formula(expr) => self.aside(&source.file, source.row_of, |checker| {
                let part = checker.expr(expr);
                let uses = std::mem::take(&mut checker.uses);
                match part {
                    Some((node, ty)) => {
                        let ty = if ty == Type::Zero { Type::Number(Unit::NONE) } else { ty };
                        Typed { ty: Some(ty), body: Body::Formula { node, slots: checker.slots }, uses }
                    }
                    None => Typed { ty: None, body: Body::Broken, uses },
                }
            }),
            SourceBody::Output(table, output) => {
                self.table(*table, &source.file, source.row_of);
                let plan = self.plans[*table].as_ref();
                let ty = plan.and_then(|(_, types, _)| types.get(*output).cloned().flatten());
                let uses = plan.map(|(_, _, uses)| uses.clone()).unwrap_or_default();
                Typed { ty, body: Body::Output(*table, *output), uses }
            }
        };
        self.busy.pop();
        let ty = typed.ty.clone();
        self.typed[index] = Some(Arc::new(typed));
        ty
    }

    fn table(&mut self, index: usize, file: &Arc<str>, row_of: Option<usize>) {
        if self.plans[index].is_none() {
            let table = &self.tables[index];
            let plan = self.aside(file, row_of, |checker| table.check(checker));
            self.plans[index] = Some(plan);
        }
    }

    /// Does something with scope, slots and uses of its own.
    pub fn aside<T>(&mut self, file: &Arc<str>, row_of: Option<usize>, act: impl FnOnce(&mut Self) -> T) -> T {
        let file = std::mem::replace(&mut self.file, file.clone());
        let frames = std::mem::take(&mut self.frames);
        let slots = std::mem::replace(&mut self.slots, 0);
        let uses = std::mem::take(&mut self.uses);
        if let Some(list) = row_of {
            self.push_row(list);
        }
        let result = act(self);
        (self.file, self.frames, self.slots, self.uses) = (file, frames, slots, uses);
        result
    }

    fn push_row(&mut self, list: usize) -> usize {
        self.slots += 1;
        self.frames.push(Frame::Row(list, self.slots - 1));
        self.slots - 1
    }

    pub fn expr(&mut self, expr: &Expr) -> Part {
        let span = &expr.span;
        let constant = |value: Value, ty: Type| Some((Node::Const(value), ty));
        match &expr.kind {
            Kind::Number(n, None) if *n == Rational::from(0) => constant(Value::Number(*n), Type::Zero),
            Kind::Number(n, unit) => {
                let unit = unit.and_then(Unit::parse).unwrap_or(Unit::NONE);
                constant(Value::Number(*n), Type::Number(unit))
            }
            Kind::Text(text) => constant(Value::Text(text.clone()), Type::choice([text.clone()])),
            Kind::Date(date) => constant(Value::Date(*date), Type::Date),
            Kind::Month(month) => constant(Value::Month(*month), Type::Month),
            Kind::Time(time) => constant(Value::Time(*time), Type::Time),
            Kind::Moment(at) => constant(Value::Moment(*at), Type::Moment),
            Kind::Bool(b) => constant(Value::Bool(*b), Type::Bool),
            Kind::Null => constant(Value::Null, Type::Null),
            Kind::Name(name) => self.name(name, span),
            Kind::This => self.this(span),
            Kind::If(condition, yes, no) => {
                let condition_node = self.bool(condition);
                let (yes_part, no_part) = (self.expr(yes), self.expr(no));
                let (condition_node, (yes_node, a), (no_node, b)) = (condition_node?, yes_part?, no_part?);
                let Some(ty) = a.join(&b) else {
                    let message = format!("“则”后面是{a}，“否则”后面是{b}");
                    return self.error("G311", span, message, "两边写成同一类型、同一单位");
                };
                Some((Node::If(Box::new(condition_node), Box::new(yes_node), Box::new(no_node)), ty))
            }
            Kind::Each(each, name, list, body) => self.each(*each, name, list, body),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, span),
            Kind::In(value, tests) => {
                let (node, ty) = self.expr(value)?;
                let tests = self.tests(tests, &ty)?;
                Some((Node::In(Box::new(node), tests), Type::Bool))
            }
            Kind::IsA(inner, wanted) => {
                let (node, ty) = self.expr(inner)?;
                // The type is known here; only whether there is a value is not.
                if !is_a(&ty, wanted) {
                    return constant(Value::Bool(false), Type::Bool);
                }
                let (value, null) = (Box::new(node), Box::new(Node::Const(Value::Null)));
                Some((Node::Binary(Operator::NotEqual, value, null), Type::Bool))
            }
            Kind::Negate(inner) => {
                let (node, ty) = self.expr(inner)?;
                if ty.unit().is_none() {
                    return self.error("G311", span, format!("{ty}没有负数"), "负号只用于数");
                }
                Some((Node::Negate(Box::new(node)), ty))
            }
            Kind::Not(inner) => Some((Node::Not(Box::new(self.bool(inner)?)), Type::Bool)),
            Kind::Path(inner, name) => self.path(inner, name, span),
            Kind::Filter(list, inside) => self.filter(list, inside),
            Kind::Call(name, arguments) => self.call(name, arguments, span),
            Kind::List(items) => self.list(items),
            Kind::Record(fields) => self.record(fields, span),
        }
    }

    fn list(&mut self, items: &[Expr]) -> Part {
        let parts: Vec<Part> = items.iter().map(|item| self.expr(item)).collect();
        let mut ty = Type::Never;
        let mut nodes = Vec::new();
        for (part, item) in parts.into_iter().zip(items) {
            let (node, item_ty) = part?;
            let Some(joined) = ty.join(&item_ty) else {
                let message = format!("一列里既有{ty}又有{item_ty}");
                return self.error("G311", &item.span, message, "一列只能有同一类型、同一单位的项");
            };
            ty = joined;
            nodes.push(node);
        }
        Some((Node::List(nodes), Type::list(ty)))
    }

    fn record(&mut self, fields: &[(Ident, Expr)], span: &Range<usize>) -> Part {
        let parts: Vec<Part> = fields.iter().map(|(_, value)| self.expr(value)).collect();
        let (mut nodes, mut types) = (Vec::new(), BTreeMap::new());
        for (part, (name, _)) in parts.into_iter().zip(fields) {
            let (node, ty) = part?;
            nodes.push((name.text.clone(), node));
            types.insert(name.text.clone(), ty);
        }
        let ty = Type::Fields(Arc::new(types));
        if ty.fields() > MOST_FIELDS {
            let message = format!("记录里一共有 {} 项以上", MOST_FIELDS);
            return self.error("G106", span, message, "拆成几条小一些的记录");
        }
        Some((Node::Record(nodes), ty))
    }

    /// A part that must be 是 or 否.
    pub fn bool(&mut self, expr: &Expr) -> Option<Node> {
        let (node, ty) = self.expr(expr)?;
        if ty != Type::Bool {
            self.error("G311", &expr.span, format!("这里要一个条件，却是{ty}"), "写成比较，或用“是否”类型的名称");
            return None;
        }
        Some(node)
    }

    fn this(&mut self, span: &Range<usize>) -> Part {
        let rows: Vec<(usize, usize)> = self.frames.iter().filter_map(Frame::row).collect();
        match rows.as_slice() {
            [.., (list, slot), _] => Some((Node::Slot(*slot), Type::Row(*list))),
            _ => self.error("G201", span, "这里没有“本行”".into(), "“本行”只在按行的公式里筛选时用"),
        }
    }

    /// Resolves a bare name: variables, then columns of the rows at hand, then names of the whole guide.
    fn name(&mut self, name: &Arc<str>, span: &Range<usize>) -> Part {
        for i in (0..self.frames.len()).rev() {
            match &self.frames[i] {
                Frame::Variable(variable, ty, slot) if variable == name => {
                    return Some((Node::Slot(*slot), ty.clone()));
                }
                Frame::Item(ty, slot) if matches!(&**name, "项" | "item") => {
                    return Some((Node::Slot(*slot), ty.clone()));
                }
                // The fields of a record are names, as columns of a row are.
                Frame::Item(Type::Fields(fields), slot) if fields.contains_key(name) => {
                    let ty = fields[name].clone();
                    return Some((Node::Field(Box::new(Node::Slot(*slot)), name.clone()), ty));
                }
                Frame::Variable(..) | Frame::Item(..) => {}
                Frame::Row(list, slot) => {
                    let (mut list, mut row) = (*list, Node::Slot(*slot));
                    loop {
                        if let Some(part) = self.member(list, name, row.clone(), span) {
                            return part;
                        }
                        let Some(parent) = self.env.lists[list].parent else { break };
                        (list, row) = (parent, Node::Parent(Box::new(row)));
                    }
                }
            }
        }
        match self.symbols.get(&(None, name.clone())).copied() {
            Some(symbol) => self.symbol(symbol, None, span),
            None => self.unknown_name(name, span),
        }
    }

    fn unknown_name(&mut self, name: &str, span: &Range<usize>) -> Part {
        let keyword = ["对每个", "任一", "全部", "若", "非", "且", "或"].into_iter().find(|k| name.starts_with(k));
        if let Some(keyword) = keyword.filter(|k| name.len() > k.len()) {
            let message = format!("“{name}”是一个名称，没有定义");
            let help = format!("若是条件，请写“{keyword} {}”（关键词前后空格）", &name[keyword.len()..]);
            return self.error("G203", span, message, help);
        }
        let mut known: Vec<Arc<str>> =
            self.symbols.keys().filter(|(list, _)| list.is_none()).map(|(_, name)| name.clone()).collect();
        for (list, _) in self.frames.iter().filter_map(Frame::row) {
            known.extend(self.columns(list));
        }
        let near = nearest(name, known.iter().map(|n| &**n));
        let help = near.map_or_else(|| "先定义它，或改名".to_owned(), |near| format!("最接近的是“{near}”"));
        self.error("G201", span, format!("没有名为“{name}”的项目、公式、参数、台账或步骤"), help)
    }

    /// What a symbol yields; `row` is the row that has it.
    fn symbol(&mut self, symbol: Symbol, row: Option<Node>, span: &Range<usize>) -> Part {
        self.uses.note(symbol);
        let named = |named: Named| Node::Named(named, span.clone());
        match symbol {
            Symbol::Value(index) => {
                let value = &self.env.values[index];
                if value.live && !self.live {
                    return self.error("G309", span, format!("计算中不能用“{}”", value.name), "请用“计算日”");
                }
                Some((named(Named::Value(index)), value.ty.clone()))
            }
            Symbol::List(index) => Some((named(Named::Rows(index, row.map(Box::new))), Type::list(Type::Row(index)))),
            Symbol::Column(list, column) => {
                let ty = self.env.lists[list].columns[column].ty.clone();
                Some((named(Named::Column(list, column, Box::new(row?))), ty))
            }
            Symbol::Definition(index) => {
                let ty = self.definition(index)?;
                Some((named(Named::Definition(index, row.map(Box::new))), ty))
            }
            Symbol::Parameter(index) => {
                let parameter = &self.env.parameters[index];
                if !parameter.dimensions.is_empty() {
                    let names: Vec<&str> = parameter.dimensions.iter().map(|(name, _)| &**name).collect();
                    let message = format!("参数“{}”少了维度", parameter.name);
                    return self.error(
                        "G703",
                        span,
                        message,
                        format!("应写“{}({})”", parameter.name, names.join(", ")),
                    );
                }
                Some((named(Named::Parameter(index, Vec::new(), None, None)), parameter.ty.clone()))
            }
        }
    }

    /// A column, a row formula or a nested list of a list, or a column of its register's row.
    /// The outer `None` means that there is no such thing.
    fn member(&mut self, list: usize, name: &Arc<str>, row: Node, span: &Range<usize>) -> Option<Part> {
        if let Some(symbol) = self.symbols.get(&(Some(list), name.clone())).copied() {
            return Some(self.symbol(symbol, Some(row), span));
        }
        let register = self.env.lists[list].register?;
        let (_, ty) = self.env.registers[register].columns.iter().find(|(column, _)| column == name)?.clone();
        let own = self.env.registers[register].name.clone();
        let (record, _) = self.member(list, &own, row, span)??;
        Some(Some((Node::Field(Box::new(record), name.clone()), ty)))
    }

    fn path(&mut self, inner: &Expr, name: &Ident, span: &Range<usize>) -> Part {
        if let Kind::Name(first) = &inner.kind {
            let dotted: Arc<str> = format!("{first}.{}", name.text).into();
            if let Some(symbol) = self.symbols.get(&(None, dotted)).copied() {
                return self.symbol(symbol, None, span);
            }
        }
        let (node, ty) = self.expr(inner)?;
        match ty {
            Type::Row(list) => match self.member(list, &name.text, node, span) {
                Some(part) => part,
                None => self.no_column(&self.env.list_path(list), self.columns(list), name),
            },
            Type::Record(_) | Type::Fields(_) => self.field(&ty, node, name),
            Type::List(item) => match *item {
                Type::Fields(_) => {
                    self.slots += 1;
                    let slot = self.slots - 1;
                    let (body, ty) = self.field(&item, Node::Slot(slot), name)?;
                    Some((Node::For(Box::new(node), slot, Box::new(body)), Type::list(ty)))
                }
                Type::Row(list) => {
                    self.slots += 1;
                    let slot = self.slots - 1;
                    let Some(part) = self.member(list, &name.text, Node::Slot(slot), span) else {
                        return self.no_column(&self.env.list_path(list), self.columns(list), name);
                    };
                    let (body, ty) = part?;
                    if matches!(ty, Type::List(_)) {
                        let path = self.env.list_path(list);
                        let message = format!("“{path}.{}”跨了两层列表", name.text);
                        let help = format!("请先写“{path}.… = 合计({}.…)”，再用“{path}.…”", name.text);
                        return self.error("G305", span, message, help);
                    }
                    Some((Node::For(Box::new(node), slot, Box::new(body)), Type::list(ty)))
                }
                other => self.error("G311", span, format!("一列{other}没有“{}”", name.text), "只有名单和台账有列"),
            },
            other => match self.part(&other, node, &name.text) {
                Some(part) => Some(part),
                None => {
                    let help = "只有名单、台账的行和步骤有列；日期有 年、月、日、星期，时间有 时、分、秒";
                    self.error("G311", span, format!("{other}没有“{}”", name.text), help)
                }
            },
        }
    }

    /// A column of a row of a register, or a field of a record.
    fn field(&mut self, of: &Type, node: Node, name: &Ident) -> Part {
        let (of, columns): (Arc<str>, Vec<(Arc<str>, Type)>) = match of {
            Type::Record(register) => {
                let register = &self.env.registers[*register];
                (register.name.clone(), register.columns.clone())
            }
            Type::Fields(fields) => {
                ("记录".into(), fields.iter().map(|(name, ty)| (name.clone(), ty.clone())).collect())
            }
            _ => return None,
        };
        match columns.iter().find(|(column, _)| *column == name.text) {
            Some((column, ty)) => Some((Node::Field(Box::new(node), column.clone()), ty.clone())),
            None => self.no_column(&of, columns.into_iter().map(|(column, _)| column).collect(), name),
        }
    }

    /// `日期.年`, `时段.余时`.
    fn part(&self, ty: &Type, node: Node, name: &str) -> Part {
        if let Type::Number(unit) = ty {
            return kinds::length(node, *unit, name).map(|node| (node, Type::Number(Unit::NONE)));
        }
        let builtin = kinds::part(name)?;
        Some((Node::Call(builtin, vec![node]), result(builtin, std::slice::from_ref(ty))?))
    }

    fn columns(&self, list: usize) -> Vec<Arc<str>> {
        let own = self.symbols.keys().filter(|(of, _)| *of == Some(list)).map(|(_, name)| name.clone());
        let register = self.env.lists[list].register.map(|r| &self.env.registers[r].columns);
        own.chain(register.into_iter().flatten().map(|(name, _)| name.clone())).collect()
    }

    fn no_column(&mut self, of: &str, mut known: Vec<Arc<str>>, name: &Ident) -> Part {
        known.sort();
        let near = nearest(&name.text, known.iter().map(|n| &**n));
        let help = near.map_or_else(|| format!("“{of}”有：{}", known.join("、")), |near| format!("最接近的是“{near}”"));
        self.error("G201", &name.span, format!("“{of}”没有列“{}”", name.text), help)
    }

    fn filter(&mut self, list: &Expr, inside: &Expr) -> Part {
        let (node, ty) = self.expr(list)?;
        let Type::List(item) = ty else {
            return self.error("G311", &list.span, format!("只能筛选一列，这里是{ty}"), "方括号前写名单或一列");
        };
        self.slots += 1;
        let slot = self.slots - 1;
        let row = if let Type::Row(list) = &*item { Some(*list) } else { None };
        self.frames.push(match row {
            Some(list) => Frame::Row(list, slot),
            None => Frame::Item((*item).clone(), slot),
        });
        let part = self.expr(inside);
        self.frames.pop();
        let (inside_node, inside_ty) = part?;
        match inside_ty {
            Type::Bool => Some((Node::Filter(Box::new(node), slot, Box::new(inside_node)), Type::List(item))),
            Type::Number(_) | Type::Zero => Some((Node::Index(Box::new(node), Box::new(inside_node)), *item)),
            other => self.error("G311", &inside.span, format!("方括号里是{other}"), "写条件来筛选，或写第几项"),
        }
    }

    fn each(&mut self, each: Each, name: &Ident, list: &Expr, body: &Expr) -> Part {
        let (list_node, ty) = self.expr(list)?;
        let Type::List(item) = ty else {
            return self.error("G311", &list.span, format!("“在”后面要一列，这里是{ty}"), "写名单或一列");
        };
        self.slots += 1;
        let slot = self.slots - 1;
        self.frames.push(Frame::Variable(name.text.clone(), *item, slot));
        let part = match each {
            Each::For => self.expr(body),
            Each::Some | Each::Every => self.bool(body).map(|node| (node, Type::Bool)),
        };
        self.frames.pop();
        let (body_node, body_ty) = part?;
        let (list, body) = (Box::new(list_node), Box::new(body_node));
        Some(match each {
            Each::For => (Node::For(list, slot, body), Type::list(body_ty)),
            Each::Some => (Node::Quantified(false, list, slot, body), Type::Bool),
            Each::Every => (Node::Quantified(true, list, slot, body), Type::Bool),
        })
    }
}

impl Frame {
    fn row(&self) -> Option<(usize, usize)> {
        if let Self::Row(list, slot) = self { Some((*list, *slot)) } else { None }
    }
}
