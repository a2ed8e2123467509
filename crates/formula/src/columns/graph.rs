//! Operations over columns as a graph without repetitions, each with the range of what it yields.
//!
//! Numbers are integers of 64 bits. An operation is plain where the ranges prove that its result fits, else checked:
//! cases in which it does not fit are left to the reference evaluator.

use std::collections::HashMap;
use std::sync::Arc;

/// The rows on which something stands: those of a list, or the cases.
pub(super) type Level = Option<usize>;

pub(super) type Id = usize;

/// An operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Arg {
    Const(i64),
    Node(Id),
}

pub(super) const NO: Arg = Arg::Const(0);
pub(super) const YES: Arg = Arg::Const(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Arith {
    Add,
    Subtract,
    Multiply,
    Min,
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Equal,
    Less,
    LessEqual,
}

/// Which whole number stands for a quotient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// Halves away from zero.
    Nearest,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    Floor,
    Ceiling,
}

/// What the calendar says of dates (`yyyymmdd`), months (since the year 0) and days (since 1970-01-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Almanac {
    /// Full years from the first date to the second; negative where it is earlier.
    Years,
    DayNumber,
    DateOfDay,
    Year,
    MonthNumber,
    Day,
    MonthOf,
    LastDayOf,
    FullMonths,
}

/// Small values, one byte each: 是 and 否, known or not, places in a list of words. All else is a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Op {
    /// A column of the population; small or a number as its data are.
    Column(Arc<str>),
    /// Whether a column's value is known: small.
    Known(Arc<str>),
    /// Whether a list is known, on the rows that own it: small.
    RowsKnown(usize),

    Arith(Arith, Arg, Arg),
    Checked(Arith, Arg, Arg),
    Divide(Way, Arg, Arg),
    Select(Id, Arg, Arg),
    /// By a small value.
    Table(Id, Arc<[i64]>),
    /// By a number, which is at most the length.
    Lookup(Id, Arc<[i64]>),
    Widen(Id),
    Almanac(Almanac, Arg, Arg),
    Sum(Id),
    CheckedSum(Id),
    Least(Id),
    Most(Id),
    /// How many are 是.
    Count(Id),

    Compare(Relation, Arg, Arg),
    /// Whether a small value is one of a set.
    Within(Id, [u64; 4]),
    Same(Id, Id),
    And(Id, Id),
    Or(Id, Id),
    Not(Id),
    Choose(Id, Arg, Arg),
    Recode(Id, Arc<[u8]>),
    /// Whether one is 是.
    Any(Id),

    /// The outer row's value on each of its rows; small or a number as it is.
    Spread(Id),
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub op: Op,
    pub level: Level,
    pub small: bool,
    /// The least and the greatest number that it can yield where it is known.
    pub range: (i64, i64),
}

/// A construct that columns do not do, in words for whoever asks why something is slow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unfit(pub String);

pub(super) type Fit<T> = Result<T, Unfit>;

pub(super) fn unfit<T>(what: impl Into<String>) -> Fit<T> {
    Err(Unfit(what.into()))
}

#[derive(Debug)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    known: HashMap<(Op, Level), Id>,
    /// For each list the list that encloses it.
    pub parents: Vec<Level>,
    /// For each list the most rows that one owner has.
    pub longest: Vec<usize>,
}

impl Graph {
    pub fn new(parents: Vec<Level>, longest: Vec<usize>) -> Self {
        Self { nodes: Vec::new(), known: HashMap::new(), parents, longest }
    }

    pub fn node(&mut self, op: Op, level: Level, small: bool, range: (i64, i64)) -> Arg {
        let next = self.nodes.len();
        let id = *self.known.entry((op.clone(), level)).or_insert(next);
        if id == next {
            self.nodes.push(Node { op, level, small, range });
        }
        Arg::Node(id)
    }

    pub fn range(&self, arg: Arg) -> (i64, i64) {
        match arg {
            Arg::Const(n) => (n, n),
            Arg::Node(id) => self.nodes[id].range,
        }
    }

    pub fn level(&self, arg: Arg) -> Level {
        match arg {
            Arg::Const(_) => None,
            Arg::Node(id) => self.nodes[id].level,
        }
    }

    fn is_within(&self, inner: Level, outer: Level) -> bool {
        let mut at = inner;
        loop {
            match at {
                _ if at == outer => return true,
                None => return false,
                Some(list) => at = self.parents[list],
            }
        }
    }

    /// The rows on which values of both kinds of rows have a meaning.
    pub fn deeper(&self, a: Level, b: Level) -> Fit<Level> {
        if self.is_within(a, b) {
            Ok(a)
        } else if self.is_within(b, a) {
            Ok(b)
        } else {
            unfit("一个名单的行对照另一个名单的行")
        }
    }

    /// The same value on the rows of a level that lies within its own.
    pub fn lift(&mut self, arg: Arg, level: Level) -> Arg {
        let Arg::Node(id) = arg else { return arg };
        if self.nodes[id].level == level {
            return arg;
        }
        let Some(list) = level else { return arg };
        let outer = self.lift(arg, self.parents[list]);
        let Arg::Node(id) = outer else { return outer };
        let (small, range) = (self.nodes[id].small, self.nodes[id].range);
        self.node(Op::Spread(id), level, small, range)
    }

    fn together(&mut self, args: &[Arg]) -> Fit<(Vec<Arg>, Level)> {
        let mut level = None;
        for arg in args {
            level = self.deeper(level, self.level(*arg))?;
        }
        Ok((args.iter().map(|arg| self.lift(*arg, level)).collect(), level))
    }

    /// A number as a node, where an operation needs one.
    fn id(arg: Arg) -> Option<Id> {
        if let Arg::Node(id) = arg { Some(id) } else { None }
    }

    pub fn arith(&mut self, op: Arith, a: Arg, b: Arg) -> Fit<Arg> {
        let (args, level) = self.together(&[a, b])?;
        let (a, b) = (args[0], args[1]);
        let ((al, ah), (bl, bh)) = (self.range(a), self.range(b));
        let wide = |x: i64, y: i64| match op {
            Arith::Add => i128::from(x) + i128::from(y),
            Arith::Subtract => i128::from(x) - i128::from(y),
            Arith::Multiply => i128::from(x) * i128::from(y),
            Arith::Min => i128::from(x.min(y)),
            Arith::Max => i128::from(x.max(y)),
        };
        let corners = [wide(al, bl), wide(al, bh), wide(ah, bl), wide(ah, bh)];
        let (low, high) = (corners.iter().min().copied().unwrap_or(0), corners.iter().max().copied().unwrap_or(0));
        let fits = i64::try_from(low).ok().zip(i64::try_from(high).ok());
        match (op, a, b) {
            (_, Arg::Const(_), Arg::Const(_)) => {
                return fits.map(|(n, _)| Arg::Const(n)).map_or_else(|| unfit("太大的数"), Ok);
            }
            (Arith::Add, x, Arg::Const(0)) | (Arith::Add, Arg::Const(0), x) | (Arith::Subtract, x, Arg::Const(0)) => {
                return Ok(x);
            }
            (Arith::Multiply, x, Arg::Const(1)) | (Arith::Multiply, Arg::Const(1), x) => return Ok(x),
            (Arith::Multiply, _, Arg::Const(0)) | (Arith::Multiply, Arg::Const(0), _) => return Ok(NO),
            (Arith::Min | Arith::Max, x, y) if x == y => return Ok(x),
            (Arith::Max, x, _) if al >= bh => return Ok(x),
            (Arith::Max, _, y) if bl >= ah => return Ok(y),
            (Arith::Min, x, _) if ah <= bl => return Ok(x),
            (Arith::Min, _, y) if bh <= al => return Ok(y),
            _ => {}
        }
        // The constant stands second where the order does not matter.
        let swap = op != Arith::Subtract && matches!(a, Arg::Const(_));
        let (a, b) = if swap { (b, a) } else { (a, b) };
        Ok(match fits {
            Some(range) => self.node(Op::Arith(op, a, b), level, false, range),
            None => {
                let clamp = |n: i128| i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX });
                self.node(Op::Checked(op, a, b), level, false, (clamp(low), clamp(high)))
            }
        })
    }

    pub fn times(&mut self, a: Arg, by: i64) -> Fit<Arg> {
        self.arith(Arith::Multiply, a, Arg::Const(by))
    }

    /// A whole quotient; the divisor is positive where the result is used.
    pub fn divide(&mut self, way: Way, a: Arg, by: Arg) -> Fit<Arg> {
        if by == YES {
            return Ok(a);
        }
        let (args, level) = self.together(&[a, by])?;
        let (a, by) = (args[0], args[1]);
        if let (Arg::Const(a), Arg::Const(by)) = (a, by) {
            return Ok(Arg::Const(super::kernels::divide_one(way, a, by)));
        }
        let ((low, high), (least, _)) = (self.range(a), self.range(by));
        let bound = |n: i64| super::kernels::divide_one(way, n, least.max(1));
        let range = (bound(low).min(bound(0)), bound(high).max(bound(0)));
        Ok(self.node(Op::Divide(way, a, by), level, false, range))
    }

    pub fn select(&mut self, condition: Arg, yes: Arg, no: Arg, small: bool) -> Fit<Arg> {
        match condition {
            Arg::Const(0) => return Ok(no),
            Arg::Const(_) => return Ok(yes),
            Arg::Node(_) if yes == no => return Ok(yes),
            Arg::Node(_) => {}
        }
        let (args, level) = self.together(&[condition, yes, no])?;
        let Some(condition) = Self::id(args[0]) else { return unfit("条件") };
        let ((a, b), (c, d)) = (self.range(yes), self.range(no));
        let range = (a.min(c), b.max(d));
        Ok(match (small, yes, no) {
            (true, Arg::Const(1), Arg::Const(0)) => args[0],
            (true, Arg::Const(0), Arg::Const(1)) => self.not(args[0]),
            (true, ..) => self.node(Op::Choose(condition, args[1], args[2]), level, true, range),
            (false, Arg::Const(1), Arg::Const(0)) => self.node(Op::Widen(condition), level, false, range),
            (false, ..) => self.node(Op::Select(condition, args[1], args[2]), level, false, range),
        })
    }

    pub fn compare(&mut self, relation: Relation, a: Arg, b: Arg) -> Fit<Arg> {
        let (args, level) = self.together(&[a, b])?;
        let ((al, ah), (bl, bh)) = (self.range(a), self.range(b));
        let told = match relation {
            Relation::Equal if a == b || (al == ah && bl == bh && al == bl) => Some(true),
            Relation::Equal if ah < bl || bh < al => Some(false),
            Relation::Less if ah < bl => Some(true),
            Relation::Less if al >= bh => Some(false),
            Relation::LessEqual if ah <= bl => Some(true),
            Relation::LessEqual if al > bh => Some(false),
            _ => None,
        };
        Ok(match told {
            Some(told) => Arg::Const(i64::from(told)),
            None => self.node(Op::Compare(relation, args[0], args[1]), level, true, (0, 1)),
        })
    }

    pub fn within(&mut self, code: Arg, set: [u64; 4]) -> Arg {
        let id = match code {
            Arg::Const(code) => return Arg::Const((set[code as usize / 64 % 4] >> (code % 64) & 1) as i64),
            Arg::Node(id) => id,
        };
        if set == [0; 4] {
            return NO;
        }
        self.node(Op::Within(id, set), self.nodes[id].level, true, (0, 1))
    }

    pub fn same(&mut self, a: Arg, b: Arg) -> Fit<Arg> {
        match (a, b) {
            (Arg::Const(code), other) | (other, Arg::Const(code)) => {
                let mut set = [0; 4];
                set[code as usize / 64 % 4] = 1 << (code % 64);
                Ok(self.within(other, set))
            }
            (Arg::Node(_), Arg::Node(_)) => {
                let (args, level) = self.together(&[a, b])?;
                let (Some(a), Some(b)) = (Self::id(args[0]), Self::id(args[1])) else { return unfit("比较") };
                Ok(if a == b { YES } else { self.node(Op::Same(a.min(b), a.max(b)), level, true, (0, 1)) })
            }
        }
    }

    pub fn not(&mut self, a: Arg) -> Arg {
        let Arg::Node(id) = a else { return if a == NO { YES } else { NO } };
        match self.nodes[id].op.clone() {
            Op::Not(inner) => Arg::Node(inner),
            Op::Within(code, set) => self.within(Arg::Node(code), set.map(|bits| !bits)),
            _ => self.node(Op::Not(id), self.nodes[id].level, true, (0, 1)),
        }
    }

    pub fn and(&mut self, a: Arg, b: Arg) -> Fit<Arg> {
        self.junction(a, b, false)
    }

    pub fn or(&mut self, a: Arg, b: Arg) -> Fit<Arg> {
        self.junction(a, b, true)
    }

    /// 且 is settled by 0, 或 by 1.
    fn junction(&mut self, a: Arg, b: Arg, settles: bool) -> Fit<Arg> {
        let settled = Arg::Const(i64::from(settles));
        match (a, b) {
            (Arg::Const(_), other) | (other, Arg::Const(_)) => {
                let constant = if a == other { b } else { a };
                return Ok(if constant == settled { settled } else { other });
            }
            _ if a == b => return Ok(a),
            _ => {}
        }
        let (args, level) = self.together(&[a, b])?;
        let (Some(a), Some(b)) = (Self::id(args[0]), Self::id(args[1])) else { return unfit("条件") };
        if let (Op::Within(code, x), Op::Within(other, y)) = (&self.nodes[a].op, &self.nodes[b].op)
            && code == other
        {
            let mut set = [0; 4];
            for (bits, (x, y)) in set.iter_mut().zip(x.iter().zip(y)) {
                *bits = if settles { x | y } else { x & y };
            }
            return Ok(self.within(Arg::Node(*code), set));
        }
        let (a, b) = (a.min(b), a.max(b));
        let op = if settles { Op::Or(a, b) } else { Op::And(a, b) };
        Ok(self.node(op, level, true, (0, 1)))
    }

    /// Another word list for a small value.
    pub fn recode(&mut self, code: Arg, table: &[u8]) -> Arg {
        let at = |code: i64| table.get(code as usize).copied().unwrap_or(0);
        match code {
            Arg::Const(code) => Arg::Const(i64::from(at(code))),
            Arg::Node(_) if table.iter().enumerate().all(|(i, code)| i == usize::from(*code)) => code,
            Arg::Node(id) => {
                let all: Arc<[u8]> = (0..256).map(at).collect();
                self.node(Op::Recode(id, all), self.nodes[id].level, true, (0, 255))
            }
        }
    }

    /// The number that a small value stands for.
    pub fn table(&mut self, code: Arg, table: &[i64]) -> Arg {
        let at = |code: usize| table.get(code).copied().unwrap_or(0);
        let (low, high) = (table.iter().min().copied().unwrap_or(0), table.iter().max().copied().unwrap_or(0));
        match code {
            _ if low == high => Arg::Const(low),
            Arg::Const(code) => Arg::Const(at(code as usize)),
            Arg::Node(id) => {
                let all: Arc<[i64]> = (0..256).map(at).collect();
                self.node(Op::Table(id, all), self.nodes[id].level, false, (low.min(0), high.max(0)))
            }
        }
    }

    pub fn lookup(&mut self, number: Arg, table: Arc<[i64]>) -> Arg {
        let (low, high) = (table.iter().min().copied().unwrap_or(0), table.iter().max().copied().unwrap_or(0));
        match number {
            Arg::Const(n) => Arg::Const(usize::try_from(n).ok().and_then(|n| table.get(n)).copied().unwrap_or(0)),
            Arg::Node(id) => self.node(Op::Lookup(id, table), self.nodes[id].level, false, (low, high)),
        }
    }

    pub fn almanac(&mut self, what: Almanac, a: Arg, b: Arg) -> Fit<Arg> {
        let (args, level) = self.together(&[a, b])?;
        if let (Arg::Const(a), Arg::Const(b)) = (a, b) {
            return Ok(Arg::Const(super::almanac::tell(what, a, b)));
        }
        let ((al, ah), (bl, bh)) = (self.range(a), self.range(b));
        let range = match what {
            Almanac::Years => ((bl - ah).div_euclid(10_000), (bh - al).div_euclid(10_000)),
            Almanac::DayNumber => (-800_000, 3_000_000),
            Almanac::DateOfDay | Almanac::LastDayOf => (0, 99_991_231),
            Almanac::Year => (0, 9999),
            Almanac::MonthNumber => (1, 12),
            Almanac::Day => (1, 31),
            Almanac::MonthOf => (0, 120_000),
            Almanac::FullMonths => (-120_000, 120_000),
        };
        Ok(self.node(Op::Almanac(what, args[0], args[1]), level, false, range))
    }

    /// Sums over the rows of each owner.
    pub fn sum(&mut self, arg: Arg, list: usize) -> Fit<Arg> {
        let lifted = self.lift(arg, Some(list));
        let longest = self.longest[list] as i128;
        let Some(id) = Self::id(lifted) else {
            let ones = self.ones(list);
            let count = self.node(Op::Count(ones), self.parents[list], false, (0, longest as i64));
            return self.arith(Arith::Multiply, count, arg);
        };
        let (low, high) = self.range(lifted);
        let wide = |n: i64| i64::try_from(i128::from(n) * longest).ok();
        let level = self.parents[list];
        Ok(match (wide(low.min(0)), wide(high.max(0))) {
            (Some(low), Some(high)) => match self.nodes[id].op {
                Op::Widen(flag) => self.node(Op::Count(flag), level, false, (0, longest as i64)),
                _ => self.node(Op::Sum(id), level, false, (low, high)),
            },
            _ => self.node(Op::CheckedSum(id), level, false, (i64::MIN, i64::MAX)),
        })
    }

    /// A small value that is 是 on every row of a list.
    fn ones(&mut self, list: usize) -> Id {
        let arg = self.node(Op::Column("".into()), Some(list), true, (1, 1));
        Self::id(arg).unwrap_or(0)
    }

    pub fn count(&mut self, flag: Arg, list: usize) -> Arg {
        let id = match self.lift(flag, Some(list)) {
            Arg::Const(0) => return NO,
            Arg::Const(_) => self.ones(list),
            Arg::Node(id) => id,
        };
        self.node(Op::Count(id), self.parents[list], false, (0, self.longest[list] as i64))
    }

    pub fn any(&mut self, flag: Arg, list: usize) -> Arg {
        let id = match self.lift(flag, Some(list)) {
            Arg::Const(0) => return NO,
            Arg::Const(_) => self.ones(list),
            Arg::Node(id) => id,
        };
        self.node(Op::Any(id), self.parents[list], true, (0, 1))
    }

    /// The least or the greatest of the rows that count; means nothing where there is none.
    pub fn extreme(&mut self, arg: Arg, counts: Arg, list: usize, greatest: bool) -> Fit<Arg> {
        let worst = if greatest { i64::MIN } else { i64::MAX };
        let range = self.range(arg);
        let lifted = self.lift(arg, Some(list));
        let (counts, lifted) = (self.lift(counts, Some(list)), lifted);
        let masked = self.select(counts, lifted, Arg::Const(worst), false)?;
        let Some(id) = Self::id(masked) else { return Ok(masked) };
        let op = if greatest { Op::Most(id) } else { Op::Least(id) };
        Ok(self.node(op, self.parents[list], false, range))
    }
}
