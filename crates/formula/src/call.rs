//! Types of calls: the language's functions and formulas with parameters.

use std::ops::Range;

use crate::ast::{Expr, ExprKind, Ident};
use crate::check::{Checker, Global, Typed};
use crate::fault::{Code, nearest};
use crate::infer::item_type;
use crate::typed::Node;
use crate::types::Type;
use crate::value::Value;
use crate::words::{Builtin, FUNCTIONS};

impl Checker<'_> {
    pub fn call(&mut self, name: &Ident, arguments: &[Expr], span: &Range<usize>) -> Typed {
        if let Some(builtin) = Builtin::of(&name.text) {
            return self.builtin(builtin, arguments, span);
        }
        match self.globals.names.get(&name.text) {
            Some(Global::Function(index)) => self.user_call(*index, name, arguments, span),
            Some(_) => {
                let message = format!("“{}”不是函数，不能带参数", name.text);
                self.broken(Code::UnknownFunction, &name.span, message, "去掉括号；两个量之间要有运算符")
            }
            None => {
                let builtins = FUNCTIONS.iter().flat_map(|row| row.chinese.iter().copied());
                let own = self.globals.functions.iter().map(|function| &*function.name.text);
                let near = nearest(&name.text, builtins.chain(own));
                let help = near.unwrap_or("docs/reference/formula.md 里列出的函数").to_string();
                let message = format!("没有名为“{}”的函数", name.text);
                self.broken(Code::UnknownFunction, &name.span, message, help)
            }
        }
    }

    fn user_call(&mut self, index: usize, name: &Ident, arguments: &[Expr], span: &Range<usize>) -> Typed {
        let parameters = &self.globals.functions[index].parameters;
        if parameters.len() != arguments.len() {
            let names: Vec<&str> = parameters.iter().map(|parameter| &*parameter.text).collect();
            let message = format!("“{}”要 {} 个参数，写了 {} 个", name.text, parameters.len(), arguments.len());
            let help = format!("{}({})", name.text, names.join(", "));
            return self.broken(Code::ArgumentCount, span, message, help);
        }
        let typed: Vec<Typed> = arguments.iter().map(|argument| self.infer(argument)).collect();
        let types = typed.iter().map(|argument| (argument.ty.clone(), argument.origin.clone())).collect();
        let nodes = typed.into_iter().map(|argument| argument.node).collect();
        let Some(callee) = self.instance(index, types) else { return Typed::broken() };
        self.record_use(&name.text);
        self.enter(&callee, span);
        Typed::new(Node::Call(callee.body.clone(), nodes), callee.ty.clone())
    }

    fn builtin(&mut self, builtin: Builtin, arguments: &[Expr], span: &Range<usize>) -> Typed {
        let (least, most) = arity(builtin);
        if arguments.len() < least || arguments.len() > most {
            let message = format!("“{}”的参数个数不对，写了 {} 个", builtin.name(), arguments.len());
            return self.broken(Code::ArgumentCount, span, message, builtin.row().signature);
        }
        use Builtin::*;
        let (nodes, ty) = match builtin {
            Sum | Mean => self.aggregate(builtin, arguments),
            Min | Max => self.aggregate(builtin, arguments),
            Count => (vec![self.expect_list(&arguments[0]).node], Type::Number),
            ListContains => return self.list_contains(arguments),
            Concatenate | Distinct => return self.joined_lists(builtin, arguments),
            Append => return self.append(arguments),
            Flatten => {
                let list = self.expect_list(&arguments[0]);
                (vec![list.node], Type::list(innermost(&list.ty)))
            }
            Sort => {
                let list = self.expect_list(&arguments[0]);
                let item = item_type(&list.ty);
                if !matches!(item, Type::Number | Type::Date | Type::Text | Type::Any) {
                    let message = format!("不能给{}排序", list.ty);
                    return self.broken(Code::WrongType, &arguments[0].span, message, "数、日期或文字的列表");
                }
                (vec![list.node], list.ty)
            }
            RoundHalfUp | RoundUp | RoundDown | Floor | Ceiling | Abs | Modulo => {
                (self.all(arguments, &Type::Number), Type::Number)
            }
            StringLength => (self.all(arguments, &Type::Text), Type::Number),
            Contains | StartsWith | EndsWith => (self.all(arguments, &Type::Text), Type::Bool),
            StringJoin => {
                let mut nodes = vec![self.expect(&arguments[0], &Type::list(Type::Text))];
                nodes.extend(self.all(&arguments[1..], &Type::Text));
                (nodes, Type::Text)
            }
            String | Shown => return self.string(builtin, arguments),
            IsMissing => (vec![self.infer(&arguments[0]).node], Type::Bool),
            Not => (self.all(arguments, &Type::Bool), Type::Bool),
            FirstKnown => return self.first_known(arguments),
            Date => return self.date(arguments),
            Year | Month | Day => (self.all(arguments, &Type::Date), Type::Number),
            AddMonths | AddDays => {
                let date = self.expect(&arguments[0], &Type::Date);
                (vec![date, self.expect(&arguments[1], &Type::Number)], Type::Date)
            }
            MonthsBetween | DaysBetween | Age => (self.all(arguments, &Type::Date), Type::Number),
            MonthStart | MonthEnd => (self.all(arguments, &Type::Date), Type::Date),
            BirthDate => (self.all(arguments, &Type::Text), Type::Date),
            Sex => (self.all(arguments, &Type::Text), Type::Text),
        };
        Typed::new(Node::Builtin(builtin, nodes), ty)
    }

    fn all(&mut self, arguments: &[Expr], ty: &Type) -> Vec<Node> {
        arguments.iter().map(|argument| self.expect(argument, ty)).collect()
    }

    /// A function over one list or over its arguments; the arguments become a list.
    fn aggregate(&mut self, builtin: Builtin, arguments: &[Expr]) -> (Vec<Node>, Type) {
        let numbers_only = matches!(builtin, Builtin::Sum | Builtin::Mean);
        let mut ty = if numbers_only { Type::Number } else { Type::Any };
        let mut nodes = Vec::new();
        for argument in arguments {
            let typed = self.infer(argument);
            let item = match &typed.ty {
                Type::List(item) if arguments.len() == 1 => (**item).clone(),
                other => other.clone(),
            };
            let fits = matches!(item, Type::Number | Type::Any) || (item == Type::Date && !numbers_only);
            match ty.join(&item) {
                Some(joined) if fits => ty = joined,
                _ => {
                    let message = format!("“{}”不能用于{}", builtin.name(), typed.ty);
                    self.fault(Code::WrongType, argument.span.clone(), message, builtin.row().signature);
                    return (Vec::new(), Type::Any);
                }
            }
            if arguments.len() == 1 && matches!(typed.ty, Type::List(_) | Type::Any) {
                return (vec![typed.node], ty);
            }
            nodes.push(typed.node);
        }
        (vec![Node::List(nodes)], ty)
    }

    fn list_contains(&mut self, arguments: &[Expr]) -> Typed {
        let list = self.expect_list(&arguments[0]);
        let item = self.expect(&arguments[1], &item_type(&list.ty));
        self.check_choice(&list.origin, &arguments[1]);
        Typed::new(Node::Builtin(Builtin::ListContains, vec![list.node, item]), Type::Bool)
    }

    /// Lists of one type into one list.
    fn joined_lists(&mut self, builtin: Builtin, arguments: &[Expr]) -> Typed {
        let mut ty = Type::list(Type::Any);
        let mut nodes = Vec::new();
        for argument in arguments {
            let list = self.expect_list(argument);
            let Some(joined) = ty.join(&list.ty) else { return self.unlike(&ty, &list.ty, argument) };
            ty = joined;
            nodes.push(list.node);
        }
        Typed::new(Node::Builtin(builtin, nodes), ty)
    }

    fn append(&mut self, arguments: &[Expr]) -> Typed {
        let list = self.expect_list(&arguments[0]);
        let mut item = item_type(&list.ty);
        let mut nodes = vec![list.node];
        for argument in &arguments[1..] {
            let typed = self.infer(argument);
            let Some(joined) = item.join(&typed.ty) else { return self.unlike(&item, &typed.ty, argument) };
            item = joined;
            nodes.push(typed.node);
        }
        Typed::new(Node::Builtin(Builtin::Append, nodes), Type::list(item))
    }

    fn first_known(&mut self, arguments: &[Expr]) -> Typed {
        let mut ty = Type::Any;
        let mut nodes = Vec::new();
        for argument in arguments {
            let typed = self.infer(argument);
            let Some(joined) = ty.join(&typed.ty) else { return self.unlike(&ty, &typed.ty, argument) };
            ty = joined;
            nodes.push(typed.node);
        }
        Typed::new(Node::Builtin(Builtin::FirstKnown, nodes), ty)
    }

    fn unlike(&mut self, before: &Type, found: &Type, argument: &Expr) -> Typed {
        let message = format!("前面的是{before}，这里是{found}");
        self.broken(Code::DifferentTypes, &argument.span, message, "各个参数的类型要相同")
    }

    /// A value as text; `显示` also takes a list of plain values.
    fn string(&mut self, builtin: Builtin, arguments: &[Expr]) -> Typed {
        let typed = self.infer(&arguments[0]);
        let item = if builtin == Builtin::Shown { item_of(&typed.ty) } else { &typed.ty };
        if matches!(item, Type::List(_) | Type::Record(_)) {
            let message = format!("不能把{}写成文字", typed.ty);
            return self.broken(Code::WrongType, &arguments[0].span, message, "列表先取出文字再用 连接(列表, \"、\")");
        }
        Typed::new(Node::Builtin(builtin, vec![typed.node]), Type::Text)
    }

    /// `日期("2026-07-01")` is a constant; a text that is computed is read when it is known.
    fn date(&mut self, arguments: &[Expr]) -> Typed {
        let [text] = arguments else {
            if arguments.len() == 2 {
                let span = arguments[0].span.start..arguments[1].span.end;
                let message = "“日期”要一段文字，或者年、月、日三个数";
                return self.broken(Code::ArgumentCount, &span, message, Builtin::Date.row().signature);
            }
            return Typed::new(Node::Builtin(Builtin::Date, self.all(arguments, &Type::Number)), Type::Date);
        };
        if let ExprKind::Text(written) = &text.kind {
            return match written.parse::<base::Date>() {
                Ok(date) if written.len() == "2026-07-01".len() => {
                    Typed::new(Node::Const(Value::Date(date)), Type::Date)
                }
                _ => {
                    let message = format!("“{written}”不是日期");
                    self.broken(Code::BadDate, &text.span, message, "写成 \"2026-07-01\" 这样的年-月-日，且确有这一天")
                }
            };
        }
        Typed::new(Node::Builtin(Builtin::Date, vec![self.expect(text, &Type::Text)]), Type::Date)
    }
}

/// The least and the greatest number of arguments.
fn arity(builtin: Builtin) -> (usize, usize) {
    use Builtin::*;
    match builtin {
        Sum | Min | Max | Mean | Concatenate | FirstKnown => (1, usize::MAX),
        Append => (2, usize::MAX),
        Floor | Ceiling | StringJoin => (1, 2),
        Date => (1, 3),
        ListContains | RoundHalfUp | RoundUp | RoundDown | Modulo | Contains | StartsWith | EndsWith | AddMonths
        | AddDays | MonthsBetween | DaysBetween | Age => (2, 2),
        Count | Distinct | Flatten | Sort | Abs | StringLength | String | Shown | Not | IsMissing | Year | Month
        | Day | MonthStart | MonthEnd | BirthDate | Sex => (1, 1),
    }
}

fn item_of(ty: &Type) -> &Type {
    if let Type::List(item) = ty { item } else { ty }
}

/// The type of the items when all inner brackets are gone.
fn innermost(ty: &Type) -> Type {
    match ty {
        Type::List(item) => innermost(item),
        other => other.clone(),
    }
}
