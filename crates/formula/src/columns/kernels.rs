//! The inner loops: one operation over one chunk. Each is a plain loop that the compiler turns into vectors.
//!
//! What stands at unknown places may be anything, so everything wraps and nothing can fail.

use super::almanac;
use super::graph::{Almanac, Arith, Relation, Way};

/// An operand over a chunk.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    Const(i64),
    Slice(&'a [i64]),
}

#[derive(Clone, Copy)]
pub(super) enum Smalls<'a> {
    Const(u8),
    Slice(&'a [u8]),
}

/// A loop over one output and two operands, each a slice or a constant.
#[inline(always)]
fn each<T>(out: &mut [T], a: Numbers, b: Numbers, f: impl Fn(i64, i64) -> T) {
    match (a, b) {
        (Numbers::Slice(a), Numbers::Slice(b)) => {
            for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
                *out = f(*a, *b);
            }
        }
        (Numbers::Slice(a), Numbers::Const(b)) => {
            for (out, a) in out.iter_mut().zip(a) {
                *out = f(*a, b);
            }
        }
        (Numbers::Const(a), Numbers::Slice(b)) => {
            for (out, b) in out.iter_mut().zip(b) {
                *out = f(a, *b);
            }
        }
        (Numbers::Const(a), Numbers::Const(b)) => out.iter_mut().for_each(|out| *out = f(a, b)),
    }
}

#[inline(always)]
pub(super) fn arith(out: &mut [i64], op: Arith, a: Numbers, b: Numbers) {
    match op {
        Arith::Add => each(out, a, b, i64::wrapping_add),
        Arith::Subtract => each(out, a, b, i64::wrapping_sub),
        Arith::Multiply => each(out, a, b, i64::wrapping_mul),
        Arith::Min => each(out, a, b, i64::min),
        Arith::Max => each(out, a, b, i64::max),
    }
}

/// The same where the result may not fit: those rows are named.
pub(super) fn checked(out: &mut [i64], op: Arith, a: Numbers, b: Numbers, overflow: &mut Vec<u32>) {
    let at = |operand: Numbers, i: usize| match operand {
        Numbers::Const(n) => n,
        Numbers::Slice(values) => values[i],
    };
    for (i, out) in out.iter_mut().enumerate() {
        let (a, b) = (at(a, i), at(b, i));
        let (result, over) = match op {
            Arith::Add => a.overflowing_add(b),
            Arith::Subtract => a.overflowing_sub(b),
            Arith::Multiply => a.overflowing_mul(b),
            Arith::Min => (a.min(b), false),
            Arith::Max => (a.max(b), false),
        };
        *out = result;
        if over {
            overflow.push(i as u32);
        }
    }
}

#[inline(always)]
pub(super) fn divide_one(way: Way, a: i64, by: i64) -> i64 {
    let by = if by <= 0 { 1 } else { by };
    let (quotient, rest) = (a / by, a % by);
    let away = if a < 0 { -1 } else { 1 };
    quotient
        + match way {
            Way::Down => 0,
            Way::Floor => -i64::from(rest < 0),
            Way::Ceiling => i64::from(rest > 0),
            Way::Up => away * i64::from(rest != 0),
            Way::Nearest => {
                away * i64::from(rest.unsigned_abs() >= by as u64 - rest.unsigned_abs()) * i64::from(rest != 0)
            }
        }
}

#[inline(always)]
pub(super) fn divide(out: &mut [i64], way: Way, a: Numbers, by: Numbers) {
    each(out, a, by, |a, by| divide_one(way, a, by));
}

#[inline(always)]
pub(super) fn compare(out: &mut [u8], relation: Relation, a: Numbers, b: Numbers) {
    match relation {
        Relation::Equal => each(out, a, b, |a, b| u8::from(a == b)),
        Relation::Less => each(out, a, b, |a, b| u8::from(a < b)),
        Relation::LessEqual => each(out, a, b, |a, b| u8::from(a <= b)),
    }
}

#[inline(always)]
pub(super) fn almanac(out: &mut [i64], what: Almanac, a: Numbers, b: Numbers) {
    each(out, a, b, |a, b| almanac::tell(what, a, b));
}

#[inline(always)]
pub(super) fn select(out: &mut [i64], condition: &[u8], yes: Numbers, no: Numbers) {
    match (yes, no) {
        (Numbers::Slice(yes), Numbers::Slice(no)) => {
            for ((out, c), (yes, no)) in out.iter_mut().zip(condition).zip(yes.iter().zip(no)) {
                *out = if *c != 0 { *yes } else { *no };
            }
        }
        (Numbers::Slice(yes), Numbers::Const(no)) => {
            for ((out, c), yes) in out.iter_mut().zip(condition).zip(yes) {
                *out = if *c != 0 { *yes } else { no };
            }
        }
        (Numbers::Const(yes), Numbers::Slice(no)) => {
            for ((out, c), no) in out.iter_mut().zip(condition).zip(no) {
                *out = if *c != 0 { yes } else { *no };
            }
        }
        (Numbers::Const(yes), Numbers::Const(no)) => {
            for (out, c) in out.iter_mut().zip(condition) {
                *out = if *c != 0 { yes } else { no };
            }
        }
    }
}

#[inline(always)]
pub(super) fn choose(out: &mut [u8], condition: &[u8], yes: Smalls, no: Smalls) {
    let mask = |c: u8| 0_u8.wrapping_sub(u8::from(c != 0));
    match (yes, no) {
        (Smalls::Slice(yes), Smalls::Slice(no)) => {
            for ((out, c), (yes, no)) in out.iter_mut().zip(condition).zip(yes.iter().zip(no)) {
                *out = (*yes & mask(*c)) | (*no & !mask(*c));
            }
        }
        (Smalls::Slice(yes), Smalls::Const(no)) => {
            for ((out, c), yes) in out.iter_mut().zip(condition).zip(yes) {
                *out = (*yes & mask(*c)) | (no & !mask(*c));
            }
        }
        (Smalls::Const(yes), Smalls::Slice(no)) => {
            for ((out, c), no) in out.iter_mut().zip(condition).zip(no) {
                *out = (yes & mask(*c)) | (*no & !mask(*c));
            }
        }
        (Smalls::Const(yes), Smalls::Const(no)) => {
            for (out, c) in out.iter_mut().zip(condition) {
                *out = (yes & mask(*c)) | (no & !mask(*c));
            }
        }
    }
}

#[inline(always)]
pub(super) fn pairwise(out: &mut [u8], a: &[u8], b: &[u8], f: impl Fn(u8, u8) -> u8) {
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = f(*a, *b);
    }
}

/// Whether a small value is in a set: few members are compared, many are looked up.
#[inline(always)]
pub(super) fn within(out: &mut [u8], codes: &[u8], set: [u64; 4]) {
    let has = |code: usize| set[code / 64] >> (code % 64) & 1 == 1;
    let members: Vec<u8> = (0..=255).filter(|code| has(usize::from(*code))).collect();
    let (few, negated) = match members.len() {
        0..=4 => (members, 0),
        252.. => ((0..=255).filter(|code| !has(usize::from(*code))).collect(), 1),
        _ => {
            let table: [u8; 256] = std::array::from_fn(|code| u8::from(has(code)));
            for (out, code) in out.iter_mut().zip(codes) {
                *out = table[usize::from(*code)];
            }
            return;
        }
    };
    let first = few.first().copied().unwrap_or(0);
    let at = |i: usize| few.get(i).copied().unwrap_or(first);
    let (a, b, c, d) = (at(0), at(1), at(2), at(3));
    match few.len() {
        0 => out.fill(negated),
        1 => {
            for (out, code) in out.iter_mut().zip(codes) {
                *out = u8::from(*code == a) ^ negated;
            }
        }
        2 => {
            for (out, code) in out.iter_mut().zip(codes) {
                *out = (u8::from(*code == a) | u8::from(*code == b)) ^ negated;
            }
        }
        _ => {
            for (out, code) in out.iter_mut().zip(codes) {
                let hit = u8::from(*code == a) | u8::from(*code == b) | u8::from(*code == c) | u8::from(*code == d);
                *out = hit ^ negated;
            }
        }
    }
}

#[inline(always)]
pub(super) fn table(out: &mut [i64], codes: &[u8], table: &[i64]) {
    let Ok(table) = <&[i64; 256]>::try_from(table) else { return };
    for (out, code) in out.iter_mut().zip(codes) {
        *out = table[usize::from(*code)];
    }
}

#[inline(always)]
pub(super) fn recode(out: &mut [u8], codes: &[u8], table: &[u8]) {
    let Ok(table) = <&[u8; 256]>::try_from(table) else { return };
    for (out, code) in out.iter_mut().zip(codes) {
        *out = table[usize::from(*code)];
    }
}

#[inline(always)]
pub(super) fn lookup(out: &mut [i64], numbers: &[i64], table: &[i64]) {
    for (out, n) in out.iter_mut().zip(numbers) {
        let place = (*n).clamp(0, table.len() as i64 - 1) as usize;
        *out = table[place];
    }
}

#[inline(always)]
pub(super) fn widen(out: &mut [i64], flags: &[u8]) {
    for (out, flag) in out.iter_mut().zip(flags) {
        *out = i64::from(*flag);
    }
}

#[inline(always)]
pub(super) fn load(out: &mut [i64], values: &[i32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out = i64::from(*value);
    }
}

/// Sums of the rows between two starts, as differences of running sums.
#[inline(always)]
pub(super) fn sum(out: &mut [i64], values: &[i64], starts: &[u32], running: &mut Vec<i64>) {
    running.clear();
    running.reserve(values.len() + 1);
    running.push(0);
    let mut total = 0_i64;
    running.extend(values.iter().map(|value| {
        total = total.wrapping_add(*value);
        total
    }));
    let base = starts.first().copied().unwrap_or(0);
    for (out, pair) in out.iter_mut().zip(starts.windows(2)) {
        *out = running[(pair[1] - base) as usize].wrapping_sub(running[(pair[0] - base) as usize]);
    }
}

pub(super) fn checked_sum(out: &mut [i64], values: &[i64], starts: &[u32], overflow: &mut Vec<u32>) {
    let base = starts.first().copied().unwrap_or(0);
    for (i, (out, pair)) in out.iter_mut().zip(starts.windows(2)).enumerate() {
        let rows = &values[(pair[0] - base) as usize..(pair[1] - base) as usize];
        let total: i128 = rows.iter().map(|value| i128::from(*value)).sum();
        *out = total as i64;
        if i64::try_from(total).is_err() {
            overflow.push(i as u32);
        }
    }
}

#[inline(always)]
pub(super) fn extreme(out: &mut [i64], values: &[i64], starts: &[u32], greatest: bool) {
    let base = starts.first().copied().unwrap_or(0);
    for (out, pair) in out.iter_mut().zip(starts.windows(2)) {
        let rows = &values[(pair[0] - base) as usize..(pair[1] - base) as usize];
        let best = if greatest { rows.iter().max() } else { rows.iter().min() };
        *out = best.copied().unwrap_or(0);
    }
}

/// Running counts of flags modulo 256, eight at a time: a product with ones adds up all lower bytes.
#[inline(always)]
fn running_count(flags: &[u8], running: &mut Vec<u8>) {
    running.resize(flags.len() + 1, 0);
    running[0] = 0;
    let mut total = 0_u8;
    let (out, rest) = running[1..].as_chunks_mut::<8>();
    let (whole, tail) = flags.as_chunks::<8>();
    for (out, flags) in out.iter_mut().zip(whole) {
        let sums = u64::from_le_bytes(*flags).wrapping_mul(0x0101_0101_0101_0101).to_le_bytes();
        *out = sums.map(|sum| sum.wrapping_add(total));
        total = out[7];
    }
    for (out, flag) in rest.iter_mut().zip(tail) {
        total = total.wrapping_add(*flag);
        *out = total;
    }
}

/// Counts of the rows between two starts, of which there are at most 255.
#[inline(always)]
pub(super) fn count(out: &mut [i64], flags: &[u8], starts: &[u32], running: &mut Vec<u8>) {
    running_count(flags, running);
    let base = starts.first().copied().unwrap_or(0);
    for (out, pair) in out.iter_mut().zip(starts.windows(2)) {
        let (from, to) = (running[(pair[0] - base) as usize], running[(pair[1] - base) as usize]);
        *out = i64::from(to.wrapping_sub(from));
    }
}

#[inline(always)]
pub(super) fn any(out: &mut [u8], flags: &[u8], starts: &[u32], running: &mut Vec<u8>) {
    running_count(flags, running);
    let base = starts.first().copied().unwrap_or(0);
    for (out, pair) in out.iter_mut().zip(starts.windows(2)) {
        *out = u8::from(running[(pair[1] - base) as usize] != running[(pair[0] - base) as usize]);
    }
}

/// The same for owners of many rows.
pub(super) fn count_many(flags: &[u8], starts: &[u32], mut found: impl FnMut(usize, i64)) {
    let base = starts.first().copied().unwrap_or(0);
    for (i, pair) in starts.windows(2).enumerate() {
        let rows = &flags[(pair[0] - base) as usize..(pair[1] - base) as usize];
        found(i, rows.iter().map(|flag| i64::from(*flag)).sum());
    }
}

/// Each outer row's value on its rows.
#[inline(always)]
pub(super) fn spread<T: Copy>(out: &mut [T], values: &[T], owners: &[u32]) {
    for (out, owner) in out.iter_mut().zip(owners) {
        *out = values[*owner as usize];
    }
}
