//! Operators, unary tests, decision tables and the other functions over columns.

use super::compile::{Compiled, Compiler, Form, Scalar};
use super::graph::{Almanac, Arg, Arith, Fit, NO, Relation, Way, YES, unfit};
use super::number::Number;
use super::population::{month_at, unpacked};
use crate::eval::Assessment;
use crate::number::{ROUNDINGS, Rational};
use crate::plan::{Node, TablePlan, TableRow, TestNode};
use crate::syntax::Operator;
use crate::value::{Facts, Value};
use crate::words::{Builtin, Policy};

/// Day numbers of the first and the last day of the calendar.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

impl Compiler<'_> {
    pub fn binary(&mut self, operator: Operator, a: &Scalar, b: &Scalar) -> Fit<Scalar> {
        if operator.is_comparison() {
            let (arg, known) = self.compare(operator, a, b)?;
            return Ok(Scalar::flag(arg, known));
        }
        let known = self.graph.and(a.known, b.known)?;
        if known == NO {
            return Ok(Scalar::nothing());
        }
        let (form, known) = match (operator, &a.form, &b.form) {
            (Operator::Subtract, Form::Date(a), Form::Date(b)) => {
                let a = self.graph.almanac(Almanac::DayNumber, *a, NO)?;
                let b = self.graph.almanac(Almanac::DayNumber, *b, NO)?;
                (Form::Number(Number::whole(self.graph.arith(Arith::Subtract, a, b)?)), known)
            }
            (Operator::Add | Operator::Subtract, Form::Date(date), Form::Number(number)) => {
                if (number.scale, number.below) != (1, YES) {
                    return unfit("日期加减不是整数的日");
                }
                let op = if operator == Operator::Add { Arith::Add } else { Arith::Subtract };
                let day = self.graph.almanac(Almanac::DayNumber, *date, NO)?;
                let day = self.graph.arith(op, day, number.arg)?;
                let (low, high) = self.graph.range(day);
                if low < FIRST_DAY || high > LAST_DAY {
                    return unfit("日期加减得太远");
                }
                (Form::Date(self.graph.almanac(Almanac::DateOfDay, day, NO)?), known)
            }
            (Operator::Divide, Form::Number(a), Form::Number(b)) => {
                let (number, sound) = self.graph.quotient(*a, *b)?;
                (Form::Number(number), self.graph.and(known, sound)?)
            }
            (Operator::Power, Form::Number(a), Form::Number(b)) => return self.power(*a, *b, known),
            (_, Form::Number(a), Form::Number(b)) => {
                let number = match operator {
                    Operator::Add => self.graph.combine(Arith::Add, *a, *b)?,
                    Operator::Subtract => self.graph.combine(Arith::Subtract, *a, *b)?,
                    _ => self.graph.product(*a, *b)?,
                };
                (Form::Number(number), known)
            }
            _ => return unfit("运算"),
        };
        Ok(if known == NO { Scalar::nothing() } else { Scalar { form, known } })
    }

    fn power(&mut self, base: Number, exponent: Number, known: Arg) -> Fit<Scalar> {
        let Some(told) = exponent.told() else { return unfit("按列的乘方") };
        if !told.is_integer() {
            return Ok(Scalar::nothing());
        }
        let Ok(times @ -16..=16) = i32::try_from(*told.numer()) else { return unfit("太高的乘方") };
        let one = Number::constant(Rational::from(1))?;
        let mut power = one;
        for _ in 0..times.abs() {
            power = self.graph.product(power, base)?;
        }
        let (form, known) = if times < 0 {
            let (number, sound) = self.graph.quotient(one, power)?;
            (Form::Number(number), self.graph.and(known, sound)?)
        } else {
            (Form::Number(power), known)
        };
        Ok(if known == NO { Scalar::nothing() } else { Scalar { form, known } })
    }

    fn compare(&mut self, operator: Operator, a: &Scalar, b: &Scalar) -> Fit<(Arg, Arg)> {
        if matches!(operator, Operator::Equal | Operator::NotEqual) {
            let (equal, known) = self.equal(a, b)?;
            return Ok((if operator == Operator::Equal { equal } else { self.graph.not(equal) }, known));
        }
        let known = self.graph.and(a.known, b.known)?;
        let (relation, a, b) = match operator {
            Operator::Less => (Relation::Less, a, b),
            Operator::LessEqual => (Relation::LessEqual, a, b),
            Operator::Greater => (Relation::Less, b, a),
            _ => (Relation::LessEqual, b, a),
        };
        let told = match (&a.form, &b.form) {
            _ if known == NO => NO,
            (Form::Number(a), Form::Number(b)) => self.graph.relate(relation, *a, *b)?,
            (Form::Date(a), Form::Date(b)) | (Form::Month(a), Form::Month(b)) => {
                self.graph.compare(relation, *a, *b)?
            }
            _ => return unfit("比较"),
        };
        Ok((told, known))
    }

    /// Whether one of the tests holds, in three values.
    pub fn any_test(&mut self, value: &Scalar, tests: &[TestNode]) -> Fit<(Arg, Arg)> {
        let mut all = (NO, YES);
        for test in tests {
            let one = self.test(value, test)?;
            all = self.junction(true, all, one)?;
        }
        Ok(all)
    }

    fn test(&mut self, value: &Scalar, test: &TestNode) -> Fit<(Arg, Arg)> {
        if let TestNode::Unknown = test {
            return Ok((self.graph.not(value.known), YES));
        }
        if let TestNode::Any = test {
            return Ok((YES, YES));
        }
        if value.known == NO {
            return Ok((NO, NO));
        }
        match test {
            TestNode::Any | TestNode::Unknown => Ok((YES, YES)),
            TestNode::Equal(node) => self.holds(Operator::Equal, value, node),
            TestNode::Compare(operator, node) => self.holds(*operator, value, node),
            TestNode::Interval { low, low_closed, high, high_closed } => {
                let low =
                    self.holds(if *low_closed { Operator::GreaterEqual } else { Operator::Greater }, value, low)?;
                let high = self.holds(if *high_closed { Operator::LessEqual } else { Operator::Less }, value, high)?;
                self.junction(false, low, high)
            }
            TestNode::Member(node) => {
                let list = self.node(node)?;
                self.contains(list, value)
            }
            TestNode::Not(tests) => {
                let (arg, known) = self.any_test(value, tests)?;
                // Inside 非(…) the value is known.
                Ok((self.graph.not(arg), self.graph.and(known, value.known)?))
            }
        }
    }

    fn holds(&mut self, operator: Operator, value: &Scalar, node: &Node) -> Fit<(Arg, Arg)> {
        let bound = self.scalar(node)?;
        self.compare(operator, value, &bound)
    }

    /// An output of a decision table.
    pub fn table(&mut self, plan: &TablePlan, output: usize) -> Fit<Compiled> {
        let inputs: Vec<Scalar> = plan.inputs.iter().map(|input| self.scalar(input)).collect::<Fit<_>>()?;
        let mut matches = Vec::new();
        for row in &plan.rows {
            matches.push(self.row_matches(&inputs, row)?);
        }
        match plan.policy {
            Policy::Unique | Policy::First => {
                let mut value = Scalar::nothing();
                for (row, (arg, known)) in plan.rows.iter().zip(matches).rev() {
                    let Some(node) = row.outputs.get(output) else { return Ok(Compiled::nothing()) };
                    let sure = self.graph.and(arg, known)?;
                    if sure == NO && (known == YES || plan.policy == Policy::Unique) {
                        continue;
                    }
                    let own = self.scalar(node)?;
                    // Under 首条 an unknown row lets nothing behind it decide.
                    let condition = if plan.policy == Policy::First { (arg, known) } else { (sure, YES) };
                    value = self.choice(&Scalar::flag(condition.0, condition.1), &own, &value)?;
                }
                Ok(Compiled::Scalar(value))
            }
            Policy::Sum | Policy::Count => {
                let (mut total, mut all) = (Number::whole(NO), YES);
                for (row, (arg, known)) in plan.rows.iter().zip(matches) {
                    all = self.graph.and(all, known)?;
                    let one = match (plan.policy, row.outputs.get(output)) {
                        (Policy::Count, _) => Scalar::sure(Form::Number(Number::whole(YES))),
                        (_, Some(node)) => self.scalar(node)?,
                        (_, None) => Scalar::nothing(),
                    };
                    let not = self.graph.not(arg);
                    let fine = self.graph.or(not, one.known)?;
                    all = self.graph.and(all, fine)?;
                    if let Form::Number(number) = one.form {
                        let counted = self.graph.choice(arg, number, Number::whole(NO))?;
                        total = self.graph.combine(Arith::Add, total, counted)?;
                    }
                }
                Ok(Compiled::number(total, all))
            }
            _ => unfit("这种决策表"),
        }
    }

    fn row_matches(&mut self, inputs: &[Scalar], row: &TableRow) -> Fit<(Arg, Arg)> {
        let mut all = (YES, YES);
        for (tests, input) in row.tests.iter().zip(inputs) {
            if tests.iter().any(|test| matches!(test, TestNode::Any)) {
                continue;
            }
            let one = self.any_test(input, tests)?;
            all = self.junction(false, all, one)?;
        }
        Ok(all)
    }

    pub fn call(&mut self, builtin: Builtin, arguments: &[Node]) -> Fit<Compiled> {
        match (builtin, arguments) {
            (Builtin::Known, [value]) => {
                let known = match self.node(value)? {
                    Compiled::Scalar(scalar) => scalar.known,
                    Compiled::Rows(chosen) => chosen.known,
                    _ => return unfit("已知(一列)"),
                };
                return Ok(Compiled::flag(known, YES));
            }
            (Builtin::Count, [list]) => {
                // A count needs the list, not what each row yields.
                let counted = if let Node::For(rows, ..) = list { self.node(rows)? } else { self.node(list)? };
                return self.of_list(builtin, counted);
            }
            (Builtin::Age, [born, on]) => return self.age(born, on),
            (Builtin::Contains, [list, value]) => {
                let (list, value) = (self.node(list)?, self.scalar(value)?);
                let (arg, known) = self.contains(list, &value)?;
                return Ok(Compiled::flag(arg, known));
            }
            (Builtin::Concatenate, lists) => {
                let mut all = Vec::new();
                for list in lists {
                    let Compiled::Items(items) = self.node(list)? else { return unfit("合并名单") };
                    all.extend(items);
                }
                return Ok(Compiled::Items(all));
            }
            _ => {}
        }
        let mut compiled = arguments.iter().map(|node| self.node(node)).collect::<Fit<Vec<_>>>()?;
        if let [Compiled::Items(_) | Compiled::Each(..) | Compiled::Rows(_)] = compiled.as_slice() {
            return match compiled.pop() {
                Some(list) => self.of_list(builtin, list),
                None => unfit(builtin.name()),
            };
        }
        let mut scalars = Vec::new();
        for compiled in compiled {
            let Compiled::Scalar(scalar) = compiled else { return unfit(builtin.name()) };
            scalars.push(scalar);
        }
        if let Some(told) = self.constant_call(builtin, &scalars) {
            return told;
        }
        if let Builtin::Max | Builtin::Min = builtin {
            return self.extreme_of(builtin == Builtin::Max, &scalars);
        }
        self.of_scalars(builtin, &scalars)
    }

    fn age(&mut self, born: &Node, on: &Node) -> Fit<Compiled> {
        let on = self.scalar(on)?;
        let born = match self.node(born)? {
            Compiled::Scalar(Scalar { form: Form::Date(arg), known }) => Scalar { form: Form::Date(arg), known },
            _ => match self.node(&Node::Field(Box::new(born.clone()), "出生日期".into()))? {
                Compiled::Scalar(scalar) => scalar,
                _ => return unfit("年龄"),
            },
        };
        let known = self.graph.and(born.known, on.known)?;
        let (Form::Date(born), Form::Date(on)) = (born.form, on.form) else {
            return if known == NO { Ok(Compiled::nothing()) } else { unfit("年龄") };
        };
        let years = self.graph.almanac(Almanac::Years, born, on)?;
        let negative = self.graph.compare(Relation::Less, years, NO)?;
        let sound = self.graph.not(negative);
        let known = self.graph.and(known, sound)?;
        Ok(Compiled::number(Number::whole(years), known))
    }

    /// A function of constants, by the reference evaluator.
    fn constant_call(&mut self, builtin: Builtin, scalars: &[Scalar]) -> Option<Fit<Compiled>> {
        let values: Vec<Value> = scalars.iter().map(told).collect::<Option<_>>()?;
        let node = Node::Call(builtin, values.into_iter().map(Node::Const).collect());
        let facts = Facts::default();
        let assessment = Assessment::new(self.program, &facts, self.rates, self.calendar);
        Some(match assessment.run(&node, 1, None, &mut None) {
            Ok(value) => super::compile::constant(&value).map(Compiled::Scalar),
            Err(_) => Ok(Compiled::nothing()),
        })
    }

    fn of_scalars(&mut self, builtin: Builtin, scalars: &[Scalar]) -> Fit<Compiled> {
        let mut known = YES;
        for scalar in scalars {
            known = self.graph.and(known, scalar.known)?;
        }
        if known == NO {
            return Ok(Compiled::nothing());
        }
        let forms: Vec<&Form> = scalars.iter().map(|scalar| &scalar.form).collect();
        let whole = |arg: Arg| Form::Number(Number::whole(arg));
        let graph = &mut self.graph;
        let form = match (builtin, forms.as_slice()) {
            (Builtin::Abs, [Form::Number(number)]) => {
                let turned = graph.combine(Arith::Subtract, Number::whole(NO), *number)?;
                Form::Number(graph.combine(Arith::Max, *number, turned)?)
            }
            (Builtin::Floor, [Form::Number(number)]) => whole(graph.whole(Way::Floor, *number, Rational::from(1))?),
            (Builtin::Ceiling, [Form::Number(number)]) => {
                whole(graph.whole(Way::Ceiling, *number, Rational::from(1))?)
            }
            (Builtin::PerMonth, [Form::Number(number)]) => {
                Form::Number(graph.product(*number, Number::constant(Rational::new(1, 12))?)?)
            }
            (Builtin::PerYear, [Form::Number(number)]) => {
                Form::Number(graph.product(*number, Number::constant(Rational::from(12))?)?)
            }
            (Builtin::Round, [Form::Number(number), Form::Word(code, words)]) => {
                // A rule for each region: each is computed, and the row's own is taken.
                let mut rounded = self.round(*number, &words.value(0).to_string())?;
                for (place, rule) in words.words.iter().enumerate().skip(1) {
                    let own = self.graph.same(*code, Arg::Const(place as i64))?;
                    let by_rule = self.round(*number, rule)?;
                    rounded = self.graph.choice(own, by_rule, rounded)?;
                }
                Form::Number(rounded)
            }
            (Builtin::Year, [Form::Date(date)]) => whole(graph.almanac(Almanac::Year, *date, NO)?),
            (Builtin::MonthNumber, [Form::Date(date)]) => whole(graph.almanac(Almanac::MonthNumber, *date, NO)?),
            (Builtin::Day, [Form::Date(date)]) => whole(graph.almanac(Almanac::Day, *date, NO)?),
            (Builtin::MonthsBetween, [Form::Date(from), Form::Date(to)]) => {
                whole(graph.almanac(Almanac::FullMonths, *from, *to)?)
            }
            (Builtin::MonthOf, [Form::Date(date)]) => Form::Month(graph.almanac(Almanac::MonthOf, *date, NO)?),
            (Builtin::MonthOf, [Form::Month(month)]) => Form::Month(*month),
            (Builtin::NextMonth, [Form::Date(_) | Form::Month(_)]) => {
                let month = match forms[0] {
                    Form::Month(month) => *month,
                    Form::Date(date) => graph.almanac(Almanac::MonthOf, *date, NO)?,
                    _ => return unfit("次月"),
                };
                let next = graph.arith(Arith::Add, month, Arg::Const(1))?;
                Form::Month(graph.arith(Arith::Min, next, Arg::Const(super::almanac::LAST_MONTH))?)
            }
            (Builtin::EndOfLastMonth, [Form::Date(date)]) => {
                let month = graph.almanac(Almanac::MonthOf, *date, NO)?;
                let last = graph.arith(Arith::Subtract, month, Arg::Const(1))?;
                Form::Date(graph.almanac(Almanac::LastDayOf, last, NO)?)
            }
            _ => return unfit(builtin.name()),
        };
        Ok(Compiled::Scalar(Scalar { form, known }))
    }

    /// Whole 分 by a rule of `ROUNDINGS`.
    fn round(&mut self, number: Number, rule: &str) -> Fit<Number> {
        let known = ROUNDINGS.iter().find(|known| **known == rule);
        let Some((way, unit)) = known.and_then(|rule| rule.split_once('到')) else { return unfit("舍入规则") };
        let fen = match unit {
            "分" => 1,
            "角" => 10,
            "元" => 100,
            _ => 1000,
        };
        let way = match way {
            "四舍五入" => Way::Nearest,
            "进" => Way::Up,
            _ => Way::Down,
        };
        let units = self.graph.whole(way, number, Rational::new(100, fen))?;
        Ok(Number { arg: self.graph.times(units, fen as i64)?, scale: 100, below: YES })
    }
}

/// The value of a constant.
pub(super) fn told(scalar: &Scalar) -> Option<Value> {
    if scalar.known != YES {
        return None;
    }
    Some(match &scalar.form {
        Form::Number(number) => Value::Number(number.told()?),
        Form::Bool(Arg::Const(flag)) => Value::Bool(*flag != 0),
        Form::Word(Arg::Const(code), words) => words.value(*code as u8),
        Form::Date(Arg::Const(date)) => Value::Date(unpacked(*date)?),
        Form::Month(Arg::Const(month)) => Value::Month(month_at(*month)?),
        _ => return None,
    })
}
