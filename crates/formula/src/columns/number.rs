//! Exact numbers over columns: an integer over a constant scale and, after a division by a column, over that column.

use num_integer::{gcd, lcm};

use super::graph::{Arg, Arith, Fit, Graph, NO, Relation, Way, YES, unfit};
use crate::number::Rational;

/// `arg / (scale × below)`; the scale is positive, and `below` is positive wherever the number is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub arg: Arg,
    pub scale: i64,
    pub below: Arg,
}

/// Quotients by a column up to this are brought to one denominator by a table, as sums need.
const MOST_BELOW: i64 = 24;

impl Number {
    pub fn whole(arg: Arg) -> Self {
        Self { arg, scale: 1, below: YES }
    }

    pub fn constant(number: Rational) -> Fit<Self> {
        match (i64::try_from(*number.numer()), i64::try_from(*number.denom())) {
            (Ok(numerator), Ok(scale)) => Ok(Self { arg: Arg::Const(numerator), scale, below: YES }),
            _ => unfit("太大的数"),
        }
    }

    /// The constant that it is.
    pub fn told(self) -> Option<Rational> {
        match (self.arg, self.below) {
            (Arg::Const(n), Arg::Const(1)) => Some(Rational::new(n.into(), self.scale.into())),
            _ => None,
        }
    }
}

fn fitting(n: i128) -> Fit<i64> {
    i64::try_from(n).map_or_else(|_| unfit("太小的份"), Ok)
}

impl Graph {
    /// Both over one denominator.
    fn align(&mut self, a: Number, b: Number) -> Fit<(Number, Number)> {
        let scale = fitting(lcm(i128::from(a.scale), i128::from(b.scale)))?;
        let (mut left, mut right) = (self.times(a.arg, scale / a.scale)?, self.times(b.arg, scale / b.scale)?);
        let mut below = a.below;
        if a.below != b.below {
            left = self.arith(Arith::Multiply, left, b.below)?;
            right = self.arith(Arith::Multiply, right, a.below)?;
            below = self.arith(Arith::Multiply, a.below, b.below)?;
        }
        Ok((Number { arg: left, scale, below }, Number { arg: right, scale, below }))
    }

    /// Sum, difference, and the smaller or greater.
    pub fn combine(&mut self, op: Arith, a: Number, b: Number) -> Fit<Number> {
        let (a, b) = self.align(a, b)?;
        Ok(Number { arg: self.arith(op, a.arg, b.arg)?, ..a })
    }

    pub fn product(&mut self, a: Number, b: Number) -> Fit<Number> {
        // A constant sheds what the other's scale has in common with it.
        let shed = |constant: Arg, scale: i64| match constant {
            Arg::Const(n) if n != 0 => gcd(n, scale),
            _ => 1,
        };
        let (x, y) = (shed(a.arg, b.scale), shed(b.arg, a.scale));
        let part = |arg: Arg, by: i64| if let Arg::Const(n) = arg { Arg::Const(n / by) } else { arg };
        let scale = fitting(i128::from(a.scale / y) * i128::from(b.scale / x))?;
        let arg = self.arith(Arith::Multiply, part(a.arg, x), part(b.arg, y))?;
        Ok(Number { arg, scale, below: self.arith(Arith::Multiply, a.below, b.below)? })
    }

    /// The quotient, and where it has one: whether the divisor is not zero.
    pub fn quotient(&mut self, a: Number, b: Number) -> Fit<(Number, Arg)> {
        let zero = self.compare(Relation::Equal, b.arg, Arg::Const(0))?;
        let sound = self.not(zero);
        if sound == Arg::Const(0) {
            return Ok((a, sound));
        }
        let negative = self.compare(Relation::Less, b.arg, Arg::Const(0))?;
        let turned = self.arith(Arith::Subtract, Arg::Const(0), a.arg)?;
        let above = self.select(negative, turned, a.arg, false)?;
        let turned = self.arith(Arith::Subtract, Arg::Const(0), b.arg)?;
        let below = self.select(negative, turned, b.arg, false)?;
        let above = self.arith(Arith::Multiply, above, b.below)?;
        let common = gcd(a.scale, b.scale);
        let above = self.times(above, b.scale / common)?;
        let scale = a.scale / common;
        let number = match below {
            Arg::Const(n) => {
                let scale = fitting(i128::from(scale) * i128::from(n))?;
                Number { arg: above, scale, below: a.below }
            }
            Arg::Node(_) => Number { arg: above, scale, below: self.arith(Arith::Multiply, a.below, below)? },
        };
        Ok((self.shortened(number), sound))
    }

    /// A constant in lowest terms.
    fn shortened(&self, number: Number) -> Number {
        match number.told() {
            Some(told) => Number::constant(told).unwrap_or(number),
            None => number,
        }
    }

    pub fn relate(&mut self, relation: Relation, a: Number, b: Number) -> Fit<Arg> {
        let scale = fitting(lcm(i128::from(a.scale), i128::from(b.scale)))?;
        // Against a constant the constant is scaled, not the column.
        for (column, constant, first) in [(a, b, true), (b, a, false)] {
            let (Arg::Node(_), YES, Some(n)) = (column.arg, column.below, constant.told()) else { continue };
            let (above, step) = (n.numer() * (i128::from(scale) / n.denom()), i128::from(scale / column.scale));
            let exact = above.rem_euclid(step) == 0;
            if relation == Relation::Equal && !exact {
                return Ok(NO);
            }
            // Whole numbers below 2.5 are those below 3, and those from 2.5 on are those from 3 on.
            let up = !exact && matches!((relation, first), (Relation::Less, true) | (Relation::LessEqual, false));
            let bound = above.div_euclid(step) + i128::from(up);
            return match i64::try_from(bound) {
                Ok(bound) if first => self.compare(relation, column.arg, Arg::Const(bound)),
                Ok(bound) => self.compare(relation, Arg::Const(bound), column.arg),
                Err(_) if relation != Relation::Equal && (bound > 0) == first => Ok(YES),
                Err(_) => Ok(NO),
            };
        }
        let (a, b) = self.align(a, b)?;
        self.compare(relation, a.arg, b.arg)
    }

    pub fn choice(&mut self, condition: Arg, yes: Number, no: Number) -> Fit<Number> {
        let scale = fitting(lcm(i128::from(yes.scale), i128::from(no.scale)))?;
        let (a, b) = (self.times(yes.arg, scale / yes.scale)?, self.times(no.arg, scale / no.scale)?);
        let arg = self.select(condition, a, b, false)?;
        Ok(Number { arg, scale, below: self.select(condition, yes.below, no.below, false)? })
    }

    /// The same number without a column below: by a table of the divisor's values.
    pub fn plain(&mut self, number: Number) -> Fit<Number> {
        let (least, most) = self.range(number.below);
        if number.below == YES {
            return Ok(number);
        }
        if least < 0 || most > MOST_BELOW {
            return unfit("除以一列再相加");
        }
        let all = (1..=most.max(1)).fold(1_i64, lcm);
        let table = (0..=most).map(|n| if n == 0 { 0 } else { all / n }).collect();
        let by = self.lookup(number.below, table);
        let scale = fitting(i128::from(number.scale) * i128::from(all))?;
        Ok(Number { arg: self.arith(Arith::Multiply, number.arg, by)?, scale, below: YES })
    }

    /// A whole number of parts of which `parts` make one.
    pub fn whole(&mut self, way: Way, number: Number, parts: Rational) -> Fit<Arg> {
        let (above, below) = (i128::from(number.scale) * parts.denom(), *parts.numer());
        let common = gcd(above, below);
        let arg = self.times(number.arg, fitting(below / common)?)?;
        let by = self.times(number.below, fitting(above / common)?)?;
        self.divide(way, arg, by)
    }
}
