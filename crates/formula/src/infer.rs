//! Types of expressions, kind by kind.

use std::ops::Range;
use std::sync::Arc;

use crate::ast::{Comparison, Domain, Expr, ExprKind, Ident, Iteration, Operator, Quantifier, Test};
use crate::check::{Binding, Checker, Global, Typed, choices};
use crate::fault::{Code, nearest};
use crate::typed::{Arithmetic, DomainNode, IterationNode, Node, TestNode};
use crate::types::{RecordType, Type};
use crate::value::Value;

/// Parts that a record type may have, records inside it included.
const MAX_PARTS: usize = 2000;

impl Checker<'_> {
    pub fn infer_kind(&mut self, expr: &Expr) -> Typed {
        match &expr.kind {
            ExprKind::Number(n) => Typed::new(Node::Const(Value::Number(*n)), Type::Number),
            ExprKind::Text(t) => Typed::new(Node::Const(Value::Text(t.clone())), Type::Text),
            ExprKind::Bool(b) => Typed::new(Node::Const(Value::Bool(*b)), Type::Bool),
            ExprKind::Item => self.item(&expr.span),
            ExprKind::Name(name) => self.name(name, &expr.span),
            ExprKind::Negate(inner) => {
                let inner = self.expect(inner, &Type::Number);
                Typed::new(Node::Negate(Box::new(inner)), Type::Number)
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Between(value, low, high) => {
                let value = self.ordered(value);
                let low = self.compared(&value, Comparison::GreaterEqual, low).node;
                let high = self.compared(&value, Comparison::LessEqual, high).node;
                Typed::new(Node::Between(Box::new(value.node), Box::new(low), Box::new(high)), Type::Bool)
            }
            ExprKind::In(value, tests) => {
                let value = self.infer(value);
                let tests = tests.iter().map(|test| self.test(&value, test)).collect();
                Typed::new(Node::In(Box::new(value.node), tests), Type::Bool)
            }
            ExprKind::If(condition, yes, no) => {
                let condition = self.expect(condition, &Type::Bool);
                let (yes, no_typed) = (self.infer(yes), self.infer(no));
                let Some(ty) = yes.ty.join(&no_typed.ty) else {
                    let message = format!("“则”后面是{}，“否则”后面是{}", yes.ty, no_typed.ty);
                    return self.broken(Code::DifferentTypes, &no.span, message, "两支的类型要相同");
                };
                Typed::new(Node::If(Box::new(condition), Box::new(yes.node), Box::new(no_typed.node)), ty)
            }
            ExprKind::For(iterations, body) => {
                let outer = self.frame.scope.len();
                let iterations = self.iterations(iterations);
                let body = self.infer(body);
                self.frame.scope.truncate(outer);
                Typed::new(Node::For(iterations, Box::new(body.node)), Type::list(body.ty))
            }
            ExprKind::Quantified(quantifier, iterations, condition) => {
                let outer = self.frame.scope.len();
                let iterations = self.iterations(iterations);
                let condition = Box::new(self.expect(condition, &Type::Bool));
                self.frame.scope.truncate(outer);
                let every = *quantifier == Quantifier::Every;
                Typed::new(Node::Quantified { every, iterations, condition }, Type::Bool)
            }
            ExprKind::Filter(list, condition) => self.filter(list, condition),
            ExprKind::Path(base, field) => self.path(base, field),
            ExprKind::List(items) => self.list(items),
            ExprKind::Record(fields) => self.record(fields, &expr.span),
            ExprKind::Call(name, arguments) => self.call(name, arguments, &expr.span),
        }
    }

    /// Infers an expression that must have the type.
    pub fn expect(&mut self, expr: &Expr, ty: &Type) -> Node {
        let typed = self.infer(expr);
        if typed.ty.join(ty).is_none() {
            let message = format!("此处应当是{ty}，却是{}", typed.ty);
            return self.broken(Code::WrongType, &expr.span, message, advice(&typed.ty, ty)).node;
        }
        typed.node
    }

    fn item(&mut self, span: &Range<usize>) -> Typed {
        for binding in self.frame.scope.iter_mut().rev() {
            if let Binding::Item { slot, ty, origin, used } = binding {
                *used = true;
                return Typed { node: Node::Local(*slot), ty: ty.clone(), origin: origin.clone() };
            }
        }
        self.broken(Code::UnknownName, span, "“本项”只能写在筛选条件里", "写成 列表[本项 > 0]")
    }

    fn name(&mut self, name: &Arc<str>, span: &Range<usize>) -> Typed {
        for binding in self.frame.scope.iter_mut().rev() {
            match binding {
                Binding::Variable { name: bound, slot, ty, origin } if bound == name => {
                    return Typed { node: Node::Local(*slot), ty: ty.clone(), origin: origin.clone() };
                }
                Binding::Item { slot, ty: Type::Record(record), origin, used } => {
                    if let Some((field, ty)) = record.field(name) {
                        *used = true;
                        let (slot, ty, origin) = (*slot, ty.clone(), extended(origin, name));
                        self.record_path(&origin);
                        return Typed { node: Node::Field(Box::new(Node::Local(slot)), field), ty, origin };
                    }
                }
                _ => {}
            }
        }
        match self.globals.names.get(name) {
            Some(Global::Fact(i)) => {
                self.record_use(name);
                self.frame.paths.insert(name.clone());
                let ty = self.globals.environment.facts[*i].1.clone();
                Typed { node: Node::Fact(*i), ty, origin: Some(name.clone()) }
            }
            Some(Global::Rate(i)) => {
                self.record_use(name);
                Typed::new(Node::Rate(*i), Type::Number)
            }
            Some(Global::Definition(i)) => {
                self.record_use(name);
                Typed::new(Node::Definition(*i), self.definition(*i))
            }
            Some(Global::Function(_)) => {
                let message = format!("“{name}”是带参数的公式");
                self.broken(Code::UnknownName, span, message, format!("写上参数：{name}(…)"))
            }
            None => self.unknown_name(name, span),
        }
    }

    fn unknown_name(&mut self, name: &str, span: &Range<usize>) -> Typed {
        let uncertain = |binding: &Binding| matches!(binding, Binding::Item { ty: Type::Any, .. });
        if self.frame.scope.iter().any(uncertain) {
            return Typed::broken();
        }
        let mut known: Vec<&str> = self.globals.names.keys().map(|known| &**known).collect();
        for binding in &self.frame.scope {
            match binding {
                Binding::Variable { name, .. } => known.push(name),
                Binding::Item { ty: Type::Record(record), .. } => known.extend(record.fields.iter().map(|(n, _)| &**n)),
                Binding::Item { .. } => {}
            }
        }
        known.sort_unstable();
        let help = match nearest(name, known.into_iter()) {
            Some(near) => near.to_string(),
            None => "申请表或步骤表单的项目、rates.md 的参数、另一个公式，或引擎给出的名称".to_string(),
        };
        self.broken(Code::UnknownName, span, format!("没有名为“{name}”的项目、参数或公式"), help)
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Typed {
        let arithmetic = match operator {
            Operator::Or | Operator::And => {
                let left = Box::new(self.expect(left, &Type::Bool));
                let right = Box::new(self.expect(right, &Type::Bool));
                let node = if operator == Operator::Or { Node::Or(left, right) } else { Node::And(left, right) };
                return Typed::new(node, Type::Bool);
            }
            Operator::Compare(comparison) => {
                let typed = if comparison.is_equality() { self.infer(left) } else { self.ordered(left) };
                let right = self.compared(&typed, comparison, right);
                if comparison.is_equality() {
                    self.check_choice(&right.origin, left);
                }
                let node = Node::Compare(comparison, Box::new(typed.node), Box::new(right.node));
                return Typed::new(node, Type::Bool);
            }
            Operator::Add => Arithmetic::Add,
            Operator::Subtract => Arithmetic::Subtract,
            Operator::Multiply => Arithmetic::Multiply,
            Operator::Divide => Arithmetic::Divide,
            Operator::Power => Arithmetic::Power,
        };
        let left = Box::new(self.expect(left, &Type::Number));
        let right = Box::new(self.expect(right, &Type::Number));
        Typed::new(Node::Arithmetic(arithmetic, left, right), Type::Number)
    }

    /// Infers a value that stands in an order: a number or a date.
    fn ordered(&mut self, expr: &Expr) -> Typed {
        let typed = self.infer(expr);
        if matches!(typed.ty, Type::Number | Type::Date | Type::Any) {
            return typed;
        }
        let message = format!("只有数和日期能比大小，这里是{}", typed.ty);
        self.broken(Code::WrongType, &expr.span, message, "文字和是否只能用 = 和 != 比较")
    }

    /// Infers the right side of a comparison.
    fn compared(&mut self, left: &Typed, comparison: Comparison, right: &Expr) -> Typed {
        let any = comparison.is_equality() || left.ty == Type::Any;
        let typed = if any { self.infer(right) } else { self.ordered(right) };
        if left.ty.join(&typed.ty).is_none() {
            let message = format!("不能比较{}和{}", left.ty, typed.ty);
            return self.broken(Code::DifferentTypes, &right.span, message, advice(&typed.ty, &left.ty));
        }
        if comparison.is_equality() {
            self.check_choice(&left.origin, right);
        }
        typed
    }

    /// Reports a text that the form does not offer for the fact.
    pub fn check_choice(&mut self, origin: &Option<Arc<str>>, expr: &Expr) {
        let (Some(path), Some(choices)) = (origin, choices(self.globals, origin)) else { return };
        match &expr.kind {
            ExprKind::Text(text) if !choices.contains(text) => {
                let near = nearest(text, choices.iter().map(|choice| &**choice));
                let help = near.map_or_else(|| format!("可选：{}", choices.join("、")), |near| format!("\"{near}\""));
                self.fault(Code::NotAChoice, expr.span.clone(), format!("“{path}”没有“{text}”这个选项"), help);
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.check_choice(origin, item)),
            _ => {}
        }
    }

    /// Checks a unary test against a value.
    pub fn test(&mut self, value: &Typed, test: &Test) -> TestNode {
        match test {
            Test::Any => TestNode::Any,
            Test::Equal(expr) => self.equality_test(value, expr),
            Test::Compare(comparison, expr) => {
                if !comparison.is_equality() && !matches!(value.ty, Type::Number | Type::Date | Type::Any) {
                    let message = format!("只有数和日期能比大小，这里是{}", value.ty);
                    self.fault(Code::WrongType, expr.span.clone(), message, "文字和是否直接写出要等于的值");
                }
                TestNode::Compare(*comparison, self.compared(value, *comparison, expr).node)
            }
            Test::Interval { low, low_closed, high, high_closed } => {
                let low = self.compared(value, Comparison::GreaterEqual, low).node;
                let high = self.compared(value, Comparison::LessEqual, high).node;
                TestNode::Interval { low, low_closed: *low_closed, high, high_closed: *high_closed }
            }
            Test::Not(tests) => TestNode::Not(tests.iter().map(|test| self.test(value, test)).collect()),
        }
    }

    fn equality_test(&mut self, value: &Typed, expr: &Expr) -> TestNode {
        let typed = self.infer(expr);
        if value.ty.join(&typed.ty).is_some() {
            self.check_choice(&value.origin, expr);
            return TestNode::Equal(typed.node);
        }
        if Type::list(value.ty.clone()).join(&typed.ty).is_some() {
            self.check_choice(&value.origin, expr);
            return TestNode::Member(typed.node);
        }
        let message = format!("不能比较{}和{}", value.ty, typed.ty);
        self.fault(Code::DifferentTypes, expr.span.clone(), message, advice(&typed.ty, &value.ty));
        TestNode::Any
    }

    fn iterations(&mut self, iterations: &[Iteration]) -> Vec<IterationNode> {
        let mut nodes = Vec::new();
        for Iteration { name, domain } in iterations {
            let (domain, ty, origin) = match domain {
                Domain::Range(low, high) => {
                    let low = self.expect(low, &Type::Number);
                    (DomainNode::Range(low, self.expect(high, &Type::Number)), Type::Number, None)
                }
                Domain::List(list) => {
                    let typed = self.expect_list(list);
                    let item = item_type(&typed.ty);
                    (DomainNode::List(typed.node), item, typed.origin)
                }
            };
            let slot = self.bind(name, ty, origin);
            nodes.push(IterationNode { slot, domain });
        }
        nodes
    }

    pub fn expect_list(&mut self, expr: &Expr) -> Typed {
        let typed = self.infer(expr);
        if matches!(typed.ty, Type::List(_) | Type::Any) {
            return typed;
        }
        let message = format!("此处应当是列表，却是{}", typed.ty);
        self.broken(Code::WrongType, &expr.span, message, "写名册、多选项目，或 [甲, 乙]")
    }

    fn filter(&mut self, list: &Expr, condition: &Expr) -> Typed {
        let list = self.expect_list(list);
        let item = item_type(&list.ty);
        let outer = self.frame.scope.len();
        let slot = self.slot();
        let origin = list.origin;
        self.frame.scope.push(Binding::Item { slot, ty: item.clone(), origin: origin.clone(), used: false });
        let inner = self.infer(condition);
        let used = matches!(self.frame.scope.get(outer), Some(Binding::Item { used: true, .. }));
        self.frame.scope.truncate(outer);
        if inner.ty == Type::Number && used {
            let message = "序号里用到了列表自己的项目";
            return self.broken(
                Code::WrongType,
                &condition.span,
                message,
                "筛选写成条件，例如 列表[金额 > 0]；序号写数",
            );
        }
        if inner.ty == Type::Number {
            let node = Node::Index(Box::new(list.node), Box::new(inner.node));
            return Typed { node, ty: item, origin };
        }
        if inner.ty.join(&Type::Bool).is_none() {
            let message = format!("方括号里应当是条件或序号，却是{}", inner.ty);
            return self.broken(Code::WrongType, &condition.span, message, "写成 列表[条件] 或 列表[1]");
        }
        let node = Node::Filter { list: Box::new(list.node), slot, condition: Box::new(inner.node) };
        Typed { node, ty: list.ty, origin }
    }

    fn path(&mut self, base: &Expr, field: &Ident) -> Typed {
        let base = self.infer(base);
        let origin = extended(&base.origin, &field.text);
        let (record, is_list) = match &base.ty {
            Type::Any => return Typed::broken(),
            Type::Record(record) => (record.clone(), false),
            Type::List(item) => match &**item {
                Type::Record(record) => (record.clone(), true),
                Type::Any => return Typed::broken(),
                _ => return self.no_fields(&base.ty, field),
            },
            _ => return self.no_fields(&base.ty, field),
        };
        let Some((position, ty)) = record.field(&field.text) else {
            let near = nearest(&field.text, record.fields.iter().map(|(name, _)| &**name));
            let all = || record.fields.iter().map(|(n, _)| &**n).collect::<Vec<_>>().join("、");
            let help = near.map_or_else(|| format!("可用的项目：{}", all()), str::to_string);
            let message = format!("这里没有“{}”这一项", field.text);
            return self.broken(Code::UnknownField, &field.span, message, help);
        };
        self.record_path(&origin);
        let inner = Box::new(base.node);
        if is_list {
            Typed { node: Node::Project(inner, position), ty: Type::list(ty.clone()), origin }
        } else {
            Typed { node: Node::Field(inner, position), ty: ty.clone(), origin }
        }
    }

    fn no_fields(&mut self, ty: &Type, field: &Ident) -> Typed {
        let message = format!("{ty}没有项目，不能写“.{}”", field.text);
        self.broken(Code::WrongType, &field.span, message, "只有记录和记录的列表能用“.”取项目")
    }

    fn list(&mut self, items: &[Expr]) -> Typed {
        let mut ty = Type::Any;
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let typed = self.infer(item);
            let Some(joined) = ty.join(&typed.ty) else {
                let message = format!("列表里前面的项是{ty}，这一项是{}", typed.ty);
                return self.broken(Code::DifferentTypes, &item.span, message, "一个列表里各项的类型要相同");
            };
            ty = joined;
            nodes.push(typed.node);
        }
        Typed::new(Node::List(nodes), Type::list(ty))
    }

    fn record(&mut self, fields: &[(Ident, Expr)], span: &Range<usize>) -> Typed {
        let mut types = Vec::with_capacity(fields.len());
        let mut nodes = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let typed = self.infer(value);
            types.push((name.text.clone(), typed.ty));
            nodes.push(typed.node);
        }
        let names: Arc<[Arc<str>]> = fields.iter().map(|(name, _)| name.text.clone()).collect();
        let ty = Type::Record(Arc::new(RecordType { fields: types }));
        if ty.size() > MAX_PARTS {
            return self.broken(Code::TooDeep, span, "记录的项目太多", "只放入用得到的项目");
        }
        Typed::new(Node::Record(names, nodes), ty)
    }
}

pub(crate) fn item_type(list: &Type) -> Type {
    if let Type::List(item) = list { (**item).clone() } else { Type::Any }
}

fn extended(origin: &Option<Arc<str>>, field: &str) -> Option<Arc<str>> {
    origin.as_ref().map(|origin| format!("{origin}.{field}").into())
}

/// What to write when a value of one type stands where another is needed.
fn advice(found: &Type, needed: &Type) -> String {
    match (found, needed) {
        (Type::Text, Type::Number) => "去掉引号写数；连接文字用 连接([甲, 乙])".to_string(),
        (Type::Number, Type::Text) => "文字要加引号；把数写成文字用 文字(甲)".to_string(),
        (Type::Text, Type::Date) => "日期写 日期(\"2026-07-01\")".to_string(),
        (Type::Date, Type::Number) => {
            "两个日期的差用 相差天数(起, 止) 或 相差月数(起, 止)，加减用 加日、加月".to_string()
        }
        (Type::List(_), Type::Number) => "列表先用 合计、计、最大 等化成一个数，或用 列表[1] 取一项".to_string(),
        (Type::List(_), Type::Text) => "多选用 含有(列表, \"选项\")".to_string(),
        (Type::List(_), _) => "用 列表[1] 取一项，或用 任一 … 满足 …".to_string(),
        (Type::Text, Type::Bool) => "写成比较，例如 甲 = \"是\"；“是否”的值写 真、假".to_string(),
        (_, Type::Bool) => "写成比较，例如 甲 > 0".to_string(),
        _ => format!("换成{needed}"),
    }
}
