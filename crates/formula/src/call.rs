//! Calls: parameters with their keys, and the functions of the language.

use std::ops::Range;

use crate::check::{Checker, Part, Symbol};
use crate::finding::{Finding, nearest};
use crate::number::ROUNDINGS;
use crate::plan::{Named, Node};
use crate::syntax::Operator;
use crate::syntax::{Argument, Expr, Ident, Kind};
use crate::types::Type;
use crate::unit::Unit;
use crate::value::Value;
use crate::words::{BUILTINS, Builtin};

/// The built-in name of the number that was drawn when the case was submitted, at least 0 and less than 1.
const DRAW: &str = "抽签数";

impl Checker<'_> {
    pub(crate) fn call(&mut self, name: &Ident, arguments: &[Argument], span: &Range<usize>) -> Part {
        if let Some(Symbol::Parameter(index)) = self.symbols.get(&(None, name.text.clone())).copied() {
            return self.parameter(index, arguments, span);
        }
        let Some(builtin) = Builtin::of(&name.text) else {
            let known = BUILTINS.iter().map(|row| row.2).chain(self.env.parameters.iter().map(|p| &*p.name));
            let near = nearest(&name.text, known);
            let help = near.map_or_else(|| "见公式参考页的函数表".to_owned(), |near| format!("最接近的是“{near}”"));
            return self.error("G201", &name.span, format!("没有名为“{}”的函数或参数", name.text), help);
        };
        if let Some(argument) = arguments.iter().find(|a| a.name.is_some()) {
            let help = format!("写成 {}", builtin.signature());
            return self.error("G106", &argument.value.span, format!("“{}”的参数不写名称", name.text), help);
        }
        let arguments: Vec<&Expr> = arguments.iter().map(|a| &a.value).collect();
        match (builtin, arguments.as_slice()) {
            (Builtin::Done | Builtin::Opened | Builtin::Rounds, [step]) => self.step(builtin, step),
            (Builtin::DueDay, [clock]) => self.due_day(clock),
            (Builtin::Drawn, [share]) => self.drawn(share, span),
            (Builtin::Round, [amount, rule]) => self.round(amount, rule, span),
            _ => {
                let parts: Vec<Part> = arguments.iter().map(|a| self.expr(a)).collect();
                let parts: Option<Vec<(Node, Type)>> = parts.into_iter().collect();
                let (nodes, types): (Vec<Node>, Vec<Type>) = parts?.into_iter().unzip();
                if let Some(listed) = listed(builtin, &nodes, &types) {
                    return Some(listed);
                }
                match result(builtin, &types) {
                    Some(ty) => Some((Node::Call(builtin, nodes), ty)),
                    None => {
                        let types: Vec<String> = types.iter().map(Type::to_string).collect();
                        let message = format!("“{}”不能用于（{}）", builtin.name(), types.join("，"));
                        self.error("G311", span, message, format!("写成 {}", builtin.signature()))
                    }
                }
            }
        }
    }

    fn step(&mut self, builtin: Builtin, step: &Expr) -> Part {
        let Kind::Name(name) = &step.kind else {
            return self.error(
                "G201",
                &step.span,
                "这里要一个步骤的名称".into(),
                format!("写成 {}", builtin.signature()),
            );
        };
        if !self.env.steps.contains(name) {
            let near = nearest(name, self.env.steps.iter().map(|s| &**s)).map(str::to_owned);
            let help = near.map_or_else(|| "见“## 步骤”".to_owned(), |near| format!("最接近的是“{near}”"));
            return self.error("G506", &step.span, format!("没有步骤“{name}”"), help);
        }
        let dotted = format!("{name}.{}", builtin.name()).into();
        let symbol = self.symbols.get(&(None, dotted)).copied();
        let Some(Symbol::Value(index)) = symbol else {
            return self.error("G201", &step.span, format!("步骤“{name}”没有“{}”", builtin.name()), "改用别的步骤");
        };
        self.uses.note(Symbol::Value(index));
        Some((Node::Named(Named::Value(index), step.span.clone()), self.env.values[index].ty.clone()))
    }

    fn due_day(&mut self, clock: &Expr) -> Part {
        let name = if let Kind::Name(name) = &clock.kind { name.clone() } else { "".into() };
        let dotted = format!("{name}.{}", Builtin::DueDay.name()).into();
        let Some(Symbol::Value(index)) = self.symbols.get(&(None, dotted)).copied() else {
            let help = format!("写成 {}，时限见“## 时限”", Builtin::DueDay.signature());
            return self.error("G201", &clock.span, format!("没有时限“{name}”"), help);
        };
        self.uses.note(Symbol::Value(index));
        Some((Node::Named(Named::Value(index), clock.span.clone()), Type::Date))
    }

    /// The number that was drawn for the case is less than the share.
    fn drawn(&mut self, share: &Expr, span: &Range<usize>) -> Part {
        let (node, ty) = self.expr(share)?;
        if !ty.fits(&Type::Number(Unit::NONE)) {
            return self.error("G311", &share.span, format!("抽中要一个比例，却是{ty}"), "写 30% 或参数");
        }
        let Some(Symbol::Value(index)) = self.symbols.get(&(None, DRAW.into())).copied() else {
            return self.error("G201", span, "这里不能抽签".into(), "抽中只用在步骤里");
        };
        self.uses.note(Symbol::Value(index));
        let drawn = Node::Named(Named::Value(index), span.clone());
        Some((Node::Binary(Operator::Less, Box::new(drawn), Box::new(node)), Type::Bool))
    }

    fn round(&mut self, amount: &Expr, rule: &Expr, span: &Range<usize>) -> Part {
        let (amount_node, ty) = self.expr(amount)?;
        let unit = match ty {
            Type::Number(unit) | Type::Fen(unit) if unit.is_money() => unit,
            Type::Zero => Unit::YUAN,
            other => {
                return self.error(
                    "G311",
                    &amount.span,
                    format!("只有钱能舍入成分额，这里是{other}"),
                    "写 元 或 元/月 的式子",
                );
            }
        };
        if let Some(rounded) = self.rounded(&amount_node) {
            let message = format!("“{amount}”对已舍入的“{rounded}”再次舍入");
            self.report(Finding::warning("G308", span.clone(), message, "请只在最后舍入一次"));
        }
        let word = if let Kind::Name(word) = &rule.kind { ROUNDINGS.iter().find(|r| **r == &**word) } else { None };
        let rule_node = match word {
            Some(word) => Node::Const(Value::text(word)),
            None => {
                let (node, ty) = self.expr(rule)?;
                if !ty.fits(&Type::choice(ROUNDINGS)) {
                    let help = format!("舍入规则有：{}", ROUNDINGS.join("、"));
                    return self.error("G303", &rule.span, format!("这里要舍入规则，却是{ty}"), help);
                }
                node
            }
        };
        Some((Node::Call(Builtin::Round, vec![amount_node, rule_node]), Type::Fen(unit)))
    }

    /// The name of something already rounded that is part of a product, quotient or sum with what is not.
    fn rounded(&self, node: &Node) -> Option<String> {
        match node {
            Node::Named(Named::Definition(index, _), _) => {
                let typed = self.typed[*index].as_ref()?;
                matches!(typed.ty, Some(Type::Fen(_))).then(|| self.sources[*index].name.text.to_string())
            }
            Node::Call(Builtin::Round, _) => Some("舍入(…)".into()),
            Node::Binary(_, a, b) => self.rounded(a).or_else(|| self.rounded(b)),
            Node::If(_, a, b) => self.rounded(a).or_else(|| self.rounded(b)),
            Node::Negate(a) | Node::For(_, _, a) => self.rounded(a),
            Node::Call(_, arguments) => arguments.iter().find_map(|a| self.rounded(a)),
            _ => None,
        }
    }

    fn parameter(&mut self, index: usize, arguments: &[Argument], span: &Range<usize>) -> Part {
        self.uses.note(Symbol::Parameter(index));
        let parameter = &self.env.parameters[index];
        let (mut key, mut region, mut date) = (Vec::new(), None, None);
        for argument in arguments {
            let value = &argument.value;
            match argument.name.as_ref().map(|name| &*name.text) {
                Some("地区") => region = Some(Box::new(self.typed_argument(value, &Type::Region)?)),
                Some("日期") => date = Some(Box::new(self.typed_argument(value, &Type::Date)?)),
                Some(other) => {
                    return self.error("G201", &value.span, format!("参数没有“{other}:”"), "可写 地区: 和 日期:");
                }
                None => match parameter.dimensions.get(key.len()) {
                    Some((_, ty)) => key.push(self.typed_argument(value, ty)?),
                    None => {
                        let message = format!("参数“{}”只有 {} 个维度", parameter.name, parameter.dimensions.len());
                        return self.error("G703", &value.span, message, "去掉多写的");
                    }
                },
            }
        }
        if key.len() < parameter.dimensions.len() {
            let names: Vec<&str> = parameter.dimensions.iter().map(|(name, _)| &**name).collect();
            let help = format!("应写“{}({})”", parameter.name, names.join(", "));
            return self.error("G703", span, format!("参数“{}”少了维度", parameter.name), help);
        }
        Some((Node::Named(Named::Parameter(index, key, region, date), span.clone()), parameter.ty.clone()))
    }

    /// An argument of a known type; a bare word of a choice is that word.
    fn typed_argument(&mut self, value: &Expr, wanted: &Type) -> Option<Node> {
        if let (Kind::Name(word), Type::Choice(words)) = (&value.kind, wanted)
            && words.contains(word)
        {
            return Some(Node::Const(Value::Text(word.clone())));
        }
        let (node, ty) = self.expr(value)?;
        let near = match (&ty, wanted) {
            // A wider choice may be asked for; a word without a rate is then undecidable.
            (Type::Choice(a), Type::Choice(b)) => a.iter().any(|word| b.contains(word)),
            _ => ty.fits(wanted),
        };
        if !near {
            self.error("G303", &value.span, format!("这里要{wanted}，却是{ty}"), "改成对的值");
            return None;
        }
        Some(node)
    }
}

/// `平均(1, 2)`: functions of one list take its items too.
fn listed(builtin: Builtin, nodes: &[Node], types: &[Type]) -> Part {
    let of_list = [Builtin::Sum, Builtin::Mean, Builtin::Median, Builtin::Mode, Builtin::Product, Builtin::All];
    let is_list = types.is_empty() || types.iter().any(|ty| matches!(ty, Type::List(_)));
    if is_list || !(of_list.contains(&builtin) || builtin == Builtin::Any) {
        return None;
    }
    let item = types.iter().try_fold(Type::Never, |item, ty| item.join(ty))?;
    let ty = result(builtin, &[Type::list(item)])?;
    Some((Node::Call(builtin, vec![Node::List(nodes.to_vec())]), ty))
}

/// The type of a call, or `None` if the arguments do not fit.
pub(crate) fn result(builtin: Builtin, types: &[Type]) -> Option<Type> {
    let item = |ty: &Type| if let Type::List(item) = ty { Some((**item).clone()) } else { None };
    let counted = |ty: Type| match ty {
        Type::Number(_) | Type::Zero | Type::Fen(_) | Type::Never => Some(ty),
        _ => None,
    };
    let ordered = |ty: Type| match ty {
        Type::Date | Type::Month | Type::Time | Type::Moment => Some(ty),
        other => counted(other),
    };
    let bare = Type::Number(Unit::NONE);
    let whole = |ty: &Type| {
        matches!(ty, Type::Zero) || ty.unit().is_some_and(|u| u.is_plain() || u == Unit::MONTHS || u == Unit::DAYS)
    };
    match (builtin, types) {
        (Builtin::Sum, [list]) => counted(item(list)?).map(|ty| if ty == Type::Never { Type::Zero } else { ty }),
        (Builtin::Count, [list]) => item(list).map(|_| bare),
        (Builtin::Max | Builtin::Min, [list]) => ordered(item(list)?),
        (Builtin::Max | Builtin::Min, [first, rest @ ..]) => {
            ordered(rest.iter().try_fold(first.clone(), |ty, next| ty.join(next))?)
        }
        (Builtin::Mean, [list]) => Some(Type::Number(counted(item(list)?)?.unit()?)),
        (Builtin::Abs, [ty]) => counted(ty.clone()),
        (Builtin::Floor | Builtin::Ceiling, [ty]) => Some(Type::Number(ty.unit()?)),
        (Builtin::Contains, [list, value]) => item(list)?.join(value).map(|_| Type::Bool),
        (Builtin::Distinct, [list]) => item(list).map(Type::list),
        (Builtin::Concatenate, [first, rest @ ..]) => {
            item(first)?;
            rest.iter().try_fold(first.clone(), |ty, next| item(next).and_then(|_| ty.join(next)))
        }
        (Builtin::First | Builtin::Last, [list]) => item(list),
        (Builtin::Year | Builtin::MonthNumber, [Type::Date | Type::Month | Type::Moment])
        | (Builtin::Day | Builtin::Weekday, [Type::Date | Type::Moment])
        | (Builtin::Hour | Builtin::Minute | Builtin::Second, [Type::Time | Type::Moment]) => Some(bare),
        (Builtin::Date, [a, b, c]) => [a, b, c].iter().all(|ty| whole(ty)).then_some(Type::Date),
        (Builtin::Date, [Type::Date | Type::Moment]) => Some(Type::Date),
        (Builtin::Time, [a, b, c]) => [a, b, c].iter().all(|ty| whole(ty)).then_some(Type::Time),
        (Builtin::Time, [Type::Time | Type::Moment]) => Some(Type::Time),
        (Builtin::Moment, [Type::Date | Type::Moment, Type::Time]) => Some(Type::Moment),
        (Builtin::Text, [ty]) => {
            (!matches!(ty, Type::List(_) | Type::Row(_) | Type::Record(_) | Type::Fields(_))).then_some(Type::Text)
        }
        (Builtin::Length, [ty]) => ty.is_text().then_some(bare),
        (Builtin::Known, [_]) => Some(Type::Bool),
        (Builtin::PerMonth, [Type::Number(unit)]) if *unit == Unit::YUAN.over(Unit::YEARS) => {
            Some(Type::Number(Unit::YUAN.over(Unit::MONTHS)))
        }
        (Builtin::PerYear, [Type::Number(unit) | Type::Fen(unit)]) if *unit == Unit::YUAN.over(Unit::MONTHS) => {
            Some(Type::Number(Unit::YUAN.over(Unit::YEARS)))
        }
        _ => more(builtin, types),
    }
}

/// The types of calls about numbers by their digits, lists by their places, texts and days.
fn more(builtin: Builtin, types: &[Type]) -> Option<Type> {
    let item = |ty: &Type| if let Type::List(item) = ty { Some((**item).clone()) } else { None };
    let bare = Type::Number(Unit::NONE);
    let plain = |ty: &Type| matches!(ty, Type::Zero) || ty.unit().is_some_and(Unit::is_plain);
    let whole = |ty: &Type| plain(ty) || ty.unit().is_some_and(|u| u == Unit::MONTHS || u == Unit::DAYS);
    let joined = |list: &Type, value: &Type| Some(Type::list(item(list)?.join(value)?));
    match (builtin, types) {
        (Builtin::Modulo | Builtin::Remainder, [a, b]) => a.join(b).filter(|ty| ty.unit().is_some()),
        (Builtin::Odd | Builtin::Even, [n]) => plain(n).then_some(Type::Bool),
        (
            Builtin::RoundUp | Builtin::RoundDown | Builtin::RoundHalfUp | Builtin::RoundHalfDown | Builtin::Decimal,
            [n, places],
        ) => Some(Type::Number(n.unit()?)).filter(|_| plain(places)),
        (Builtin::Floor | Builtin::Ceiling, [n, places]) => Some(Type::Number(n.unit()?)).filter(|_| plain(places)),
        (Builtin::Product, [list]) => Some(bare).filter(|_| item(list).is_some_and(|item| plain(&item))),
        (Builtin::Median, [list]) => Some(Type::Number(item(list)?.unit()?)),
        (Builtin::Mode, [list]) => Some(Type::list(Type::Number(item(list)?.unit()?))),
        (Builtin::All | Builtin::Any, [list]) => item(list)?.fits(&Type::Bool).then_some(Type::Bool),
        (Builtin::Append, [list, rest @ ..]) if !rest.is_empty() => {
            rest.iter().try_fold(list.clone(), |list, value| joined(&list, value))
        }
        (Builtin::InsertBefore | Builtin::ListReplace, [list, place, value]) if plain(place) => joined(list, value),
        (Builtin::Remove, [list, place]) if plain(place) => item(list).map(Type::list),
        (Builtin::Reverse, [list]) => item(list).map(Type::list),
        (Builtin::IndexOf, [list, value]) => item(list)?.join(value).map(|_| Type::list(bare)),
        (Builtin::Union, [first, rest @ ..]) => {
            item(first)?;
            rest.iter().try_fold(first.clone(), |ty, next| item(next).and_then(|_| ty.join(next)))
        }
        (Builtin::Flatten, [list]) => {
            let mut inner = item(list)?;
            while let Type::List(item) = inner {
                inner = *item;
            }
            Some(Type::list(inner))
        }
        (Builtin::Join, [list]) => item(&item(list)?).map(Type::list),
        (Builtin::Sublist, [list, places @ ..]) if matches!(places.len(), 1 | 2) && places.iter().all(plain) => {
            item(list).map(Type::list)
        }
        (Builtin::Range, [Type::Date, Type::Date]) => Some(Type::list(Type::Date)),
        (Builtin::Range, [low, high]) => (plain(low) && plain(high)).then(|| Type::list(bare)),
        (Builtin::Substring, [text, places @ ..]) if matches!(places.len(), 1 | 2) && places.iter().all(plain) => {
            text.is_text().then_some(Type::Text)
        }
        (Builtin::SubstringBefore | Builtin::SubstringAfter, [text, part]) => {
            (text.is_text() && part.is_text()).then_some(Type::Text)
        }
        (Builtin::UpperCase | Builtin::LowerCase, [text]) => text.is_text().then_some(Type::Text),
        (Builtin::HasText | Builtin::StartsWith | Builtin::EndsWith, [text, part]) => {
            (text.is_text() && part.is_text()).then_some(Type::Bool)
        }
        (Builtin::StringJoin, [list, rest @ ..]) if rest.len() < 2 && rest.iter().all(Type::is_text) => {
            item(list)?.is_text().then_some(Type::Text)
        }
        (Builtin::ToNumber, texts) if matches!(texts.len(), 1 | 3) => texts.iter().all(Type::is_text).then_some(bare),
        (Builtin::DayOfYear | Builtin::WeekOfYear, [Type::Date | Type::Moment]) => Some(bare),
        (Builtin::Age, [Type::Date | Type::Record(_), Type::Date]) => Some(Type::Number(Unit::AGE)),
        (Builtin::MonthsBetween, [Type::Date | Type::Moment, Type::Date | Type::Moment]) => Some(bare),
        (Builtin::NextMonth, [Type::Date | Type::Month]) | (Builtin::MonthOf, [Type::Date | Type::Month]) => {
            Some(Type::Month)
        }
        (Builtin::EndOfLastMonth, [Type::Date]) => Some(Type::Date),
        (Builtin::MonthsAfter, [Type::Moment, n]) if whole(n) => Some(Type::Moment),
        (Builtin::MonthsAfter, [Type::Date, n]) | (Builtin::WorkingDaysAfter, [Type::Date, n]) if whole(n) => {
            Some(Type::Date)
        }
        _ => None,
    }
}
