//! Lists over columns: filters, quantifiers, what each row yields, and what becomes of all rows together.

use super::compile::{Chosen, Compiled, Compiler, Form, Scalar};
use super::graph::{Arg, Arith, Fit, NO, Relation, YES, unfit};
use super::number::Number;
use crate::plan::Node;
use crate::words::Builtin;

impl Compiler<'_> {
    /// The body on a row, with the variable bound to what stands there.
    /// What columns cannot do in it leaves the cases that have such rows to the reference.
    fn inside(&mut self, chosen: &Chosen, slot: usize, item: Scalar, body: &Node) -> Scalar {
        self.bind(slot, item);
        match self.scalar(body) {
            Ok(scalar) => scalar,
            Err(reason) => {
                self.leave(Some(chosen.list), &reason);
                Scalar::nothing()
            }
        }
    }

    fn bind(&mut self, slot: usize, item: Scalar) {
        while self.slots.len() <= slot {
            self.slots.push(Scalar::nothing());
        }
        self.slots[slot] = item;
    }

    fn item(chosen: &Chosen) -> Scalar {
        Scalar::sure(Form::Row(Some(chosen.list)))
    }

    pub fn each(&mut self, list: &Node, slot: usize, body: &Node) -> Fit<Compiled> {
        Ok(match self.node(list)? {
            Compiled::Rows(chosen) => {
                let value = self.inside(&chosen, slot, Self::item(&chosen), body);
                Compiled::Each(chosen, Box::new(value))
            }
            Compiled::Each(chosen, item) => {
                let value = self.inside(&chosen, slot, *item, body);
                Compiled::Each(chosen, Box::new(value))
            }
            Compiled::Items(items) => {
                let mut values = Vec::new();
                for item in items {
                    self.bind(slot, item);
                    values.push(self.scalar(body)?);
                }
                Compiled::Items(values)
            }
            Compiled::Scalar(Scalar { form: Form::Nothing, .. }) => Compiled::nothing(),
            Compiled::Scalar(_) => return unfit("一列"),
        })
    }

    pub fn filter(&mut self, list: &Node, slot: usize, condition: &Node) -> Fit<Compiled> {
        let chosen = match self.node(list)? {
            Compiled::Rows(chosen) => chosen,
            Compiled::Scalar(Scalar { form: Form::Nothing, .. }) => return Ok(Compiled::nothing()),
            _ => return unfit("筛选"),
        };
        let (arg, known) = match self.inside(&chosen, slot, Self::item(&chosen), condition) {
            Scalar { form: Form::Bool(arg), known } => (arg, known),
            _ => (NO, NO),
        };
        let counts = self.graph.and(chosen.counts, arg)?;
        let known = self.all_known(&chosen, known)?;
        Ok(Compiled::Rows(Chosen { list: chosen.list, counts, known }))
    }

    /// Whether the rows and a value on each that counts are known.
    fn all_known(&mut self, chosen: &Chosen, known: Arg) -> Fit<Arg> {
        let unknown = self.graph.not(known);
        let unknown = self.graph.and(chosen.counts, unknown)?;
        let some = self.graph.any(unknown, chosen.list);
        let none = self.graph.not(some);
        self.graph.and(chosen.known, none)
    }

    pub fn quantified(&mut self, every: bool, list: &Node, slot: usize, body: &Node) -> Fit<Compiled> {
        let (chosen, value) = match self.node(list)? {
            Compiled::Rows(chosen) => {
                let value = self.inside(&chosen, slot, Self::item(&chosen), body);
                (chosen, value)
            }
            Compiled::Each(chosen, item) => {
                // Every item is computed before the first is tried.
                let known = self.all_known(&chosen, item.known)?;
                let value = self.inside(&chosen, slot, *item, body);
                (Chosen { known, ..chosen }, value)
            }
            Compiled::Items(items) => {
                let mut all = (Arg::Const(i64::from(every)), YES);
                let mut ready = YES;
                for item in items {
                    ready = self.graph.and(ready, item.known)?;
                    self.bind(slot, item);
                    let next = self.truth(body)?;
                    all = self.junction(!every, all, next)?;
                }
                let known = self.graph.and(ready, all.1)?;
                return Ok(Compiled::flag(all.0, known));
            }
            Compiled::Scalar(Scalar { form: Form::Nothing, .. }) => return Ok(Compiled::nothing()),
            Compiled::Scalar(_) => return unfit("一列"),
        };
        let (arg, known) = match value {
            Scalar { form: Form::Bool(arg), known } => (arg, known),
            _ => (NO, NO),
        };
        let graph = &mut self.graph;
        let decisive = if every { graph.not(arg) } else { arg };
        let decisive = graph.and(decisive, known)?;
        let decisive = graph.and(chosen.counts, decisive)?;
        let decided = graph.any(decisive, chosen.list);
        let unknown = graph.not(known);
        let unknown = graph.and(chosen.counts, unknown)?;
        let open = graph.any(unknown, chosen.list);
        let closed = graph.not(open);
        let settled = graph.or(decided, closed)?;
        let known = graph.and(chosen.known, settled)?;
        let value = if every { graph.not(decided) } else { decided };
        Ok(Compiled::flag(value, known))
    }

    pub fn index(&mut self, list: &Node, index: &Node) -> Fit<Compiled> {
        let (Compiled::Items(items), Scalar { form: Form::Number(number), known: YES }) =
            (self.node(list)?, self.scalar(index)?)
        else {
            return unfit("取第几项");
        };
        let Some(told) = number.told() else { return unfit("取第几项") };
        let length = items.len() as i128;
        let place = if *told.numer() < 0 { told.numer() + length } else { told.numer() - 1 };
        let found = if told.is_integer() { usize::try_from(place).ok().and_then(|p| items.get(p)) } else { None };
        self.taken(&items, found.cloned())
    }

    /// An item of a list of values, which is computed as a whole.
    fn taken(&mut self, items: &[Scalar], found: Option<Scalar>) -> Fit<Compiled> {
        let Some(found) = found else { return Ok(Compiled::nothing()) };
        let mut known = found.known;
        for item in items {
            known = self.graph.and(known, item.known)?;
        }
        Ok(Compiled::Scalar(if known == NO { Scalar::nothing() } else { Scalar { known, ..found } }))
    }

    /// A function of one list.
    pub fn of_list(&mut self, builtin: Builtin, list: Compiled) -> Fit<Compiled> {
        match (builtin, list) {
            (_, Compiled::Scalar(Scalar { form: Form::Nothing, .. })) => Ok(Compiled::nothing()),
            (Builtin::Count, Compiled::Items(items)) => {
                let mut known = YES;
                for item in &items {
                    known = self.graph.and(known, item.known)?;
                }
                Ok(Compiled::number(Number::whole(Arg::Const(items.len() as i64)), known))
            }
            (Builtin::Count, Compiled::Rows(chosen)) => {
                let count = self.graph.count(chosen.counts, chosen.list);
                Ok(Compiled::number(Number::whole(count), chosen.known))
            }
            (Builtin::Count, Compiled::Each(chosen, value)) => {
                let known = self.all_known(&chosen, value.known)?;
                let count = self.graph.count(chosen.counts, chosen.list);
                Ok(Compiled::number(Number::whole(count), known))
            }
            (Builtin::First, Compiled::Items(items)) => self.taken(&items, items.first().cloned()),
            (Builtin::Last, Compiled::Items(items)) => self.taken(&items, items.last().cloned()),
            (Builtin::Sum | Builtin::Mean, Compiled::Items(items)) => {
                let (mut total, mut known) = (Number::whole(Arg::Const(0)), YES);
                for item in &items {
                    known = self.graph.and(known, item.known)?;
                    let Form::Number(number) = item.form else { return Ok(Compiled::nothing()) };
                    total = self.graph.combine(Arith::Add, total, number)?;
                }
                self.shared(builtin, total, Arg::Const(items.len() as i64), known)
            }
            (Builtin::Sum | Builtin::Mean, Compiled::Each(chosen, value)) => {
                let known = self.all_known(&chosen, value.known)?;
                let number = match value.form {
                    Form::Number(number) => self.graph.plain(number)?,
                    _ => Number::whole(Arg::Const(0)),
                };
                let counted = self.graph.select(chosen.counts, number.arg, Arg::Const(0), false)?;
                let total = Number { arg: self.graph.sum(counted, chosen.list)?, ..number };
                let count = self.graph.count(chosen.counts, chosen.list);
                self.shared(builtin, total, count, known)
            }
            (Builtin::Max | Builtin::Min, Compiled::Items(items)) => self.extreme_of(builtin == Builtin::Max, &items),
            (Builtin::Max | Builtin::Min, Compiled::Each(chosen, value)) => {
                let known = self.all_known(&chosen, value.known)?;
                let some = self.graph.any(chosen.counts, chosen.list);
                let known = self.graph.and(known, some)?;
                if known == NO {
                    return Ok(Compiled::nothing());
                }
                let greatest = builtin == Builtin::Max;
                let mut best = |arg: Arg| self.graph.extreme(arg, chosen.counts, chosen.list, greatest);
                let form = match value.form {
                    Form::Number(number) => {
                        let number = self.graph.plain(number)?;
                        Form::Number(Number {
                            arg: self.graph.extreme(number.arg, chosen.counts, chosen.list, greatest)?,
                            ..number
                        })
                    }
                    Form::Date(arg) => Form::Date(best(arg)?),
                    Form::Month(arg) => Form::Month(best(arg)?),
                    _ => return unfit("最大最小"),
                };
                Ok(Compiled::Scalar(Scalar { form, known }))
            }
            _ => unfit(builtin.name()),
        }
    }

    /// The sum, or the sum shared out.
    fn shared(&mut self, builtin: Builtin, total: Number, count: Arg, known: Arg) -> Fit<Compiled> {
        if builtin == Builtin::Sum {
            return Ok(Compiled::number(total, known));
        }
        let (mean, sound) = self.graph.quotient(total, Number::whole(count))?;
        let known = self.graph.and(known, sound)?;
        Ok(Compiled::number(mean, known))
    }

    pub fn extreme_of(&mut self, greatest: bool, items: &[Scalar]) -> Fit<Compiled> {
        let Some((first, rest)) = items.split_first() else { return Ok(Compiled::nothing()) };
        let mut best = first.clone();
        for item in rest {
            let known = self.graph.and(best.known, item.known)?;
            let op = if greatest { Arith::Max } else { Arith::Min };
            let form = match (&best.form, &item.form) {
                _ if known == NO => Form::Nothing,
                (Form::Number(a), Form::Number(b)) => {
                    if a.below == b.below {
                        Form::Number(self.graph.combine(op, *a, *b)?)
                    } else {
                        let less = self.graph.relate(Relation::Less, *a, *b)?;
                        let (yes, no) = if greatest { (*b, *a) } else { (*a, *b) };
                        Form::Number(self.graph.choice(less, yes, no)?)
                    }
                }
                (Form::Date(a), Form::Date(b)) => Form::Date(self.graph.arith(op, *a, *b)?),
                (Form::Month(a), Form::Month(b)) => Form::Month(self.graph.arith(op, *a, *b)?),
                _ => return unfit("最大最小"),
            };
            best = Scalar { form, known };
        }
        Ok(Compiled::Scalar(best))
    }

    /// Whether a value is in a list.
    pub fn contains(&mut self, list: Compiled, value: &Scalar) -> Fit<(Arg, Arg)> {
        match list {
            Compiled::Items(items) => {
                let (mut found, mut known) = (NO, value.known);
                for item in &items {
                    let (equal, both) = self.equal(item, value)?;
                    known = self.graph.and(known, both)?;
                    found = self.graph.or(found, equal)?;
                }
                Ok((found, known))
            }
            Compiled::Each(chosen, item) => {
                let all = self.all_known(&chosen, item.known)?;
                let known = self.graph.and(all, value.known)?;
                if known == NO || matches!(item.form, Form::Nothing) {
                    return Ok((NO, known));
                }
                let (equal, _) = self.equal(&item, value)?;
                let equal = self.graph.and(chosen.counts, equal)?;
                Ok((self.graph.any(equal, chosen.list), known))
            }
            Compiled::Scalar(Scalar { form: Form::Nothing, .. }) => Ok((NO, NO)),
            _ => unfit("包含"),
        }
    }
}
