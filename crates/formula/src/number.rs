//! Exact numbers: rationals over checked 128-bit integers, so that `1000 / 3 * 3` is 1000.

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Signed, Zero};

/// A number of a formula. Never rounded; an operation whose result does not fit is refused.
pub type Rational = Ratio<i128>;

/// The ways to round an amount of 元 to whole 分, in the order of the closed choice 舍入规则 (SA-05).
pub const ROUNDINGS: [&str; 10] = [
    "四舍五入到分",
    "四舍五入到角",
    "四舍五入到元",
    "进到分",
    "进到角",
    "进到元",
    "进到十元",
    "舍到分",
    "舍到角",
    "舍到元",
];

/// The four operations, each `None` when the result does not fit or the divisor is zero.
pub(crate) fn add(a: Rational, b: Rational) -> Option<Rational> {
    a.checked_add(&b)
}

pub(crate) fn subtract(a: Rational, b: Rational) -> Option<Rational> {
    a.checked_sub(&b)
}

pub(crate) fn multiply(a: Rational, b: Rational) -> Option<Rational> {
    a.checked_mul(&b)
}

pub(crate) fn divide(a: Rational, b: Rational) -> Option<Rational> {
    if b.is_zero() { None } else { a.checked_div(&b) }
}

/// A whole power by repeated squaring; `None` also for a fraction as exponent and for zero to a negative power.
pub(crate) fn power(base: Rational, exponent: Rational) -> Option<Rational> {
    if !exponent.is_integer() || (base.is_zero() && exponent.is_negative()) {
        return None;
    }
    let mut left = u32::try_from(exponent.numer().unsigned_abs()).ok()?;
    let (mut result, mut square) = (Rational::from(1), base);
    while left > 0 {
        if left % 2 == 1 {
            result = multiply(result, square)?;
        }
        left /= 2;
        if left > 0 {
            square = multiply(square, square)?;
        }
    }
    if exponent.is_negative() { divide(Rational::from(1), result) } else { Some(result) }
}

/// Rounds an amount of 元 to whole 分 by one of `ROUNDINGS`; `None` when it does not fit or the rule is unknown.
/// Halves go away from zero; 进 goes up and 舍 goes down in amount, so that a debt rounds like a grant.
pub fn round_to_fen(yuan: Rational, rule: &str) -> Option<i64> {
    let (way, unit) = rule.split_once('到')?;
    let fen_per_unit: i128 = match unit {
        "分" => 1,
        "角" => 10,
        "元" => 100,
        "十元" => 1000,
        _ => return None,
    };
    let units = multiply(yuan.abs(), Rational::new(100, fen_per_unit))?;
    let (whole, rest) = (units.trunc().to_integer(), units.fract());
    let up = match way {
        "四舍五入" => rest >= Rational::new(1, 2),
        "进" => !rest.is_zero(),
        "舍" => false,
        _ => return None,
    };
    let fen = whole.checked_add(i128::from(up))?.checked_mul(fen_per_unit)?;
    i64::try_from(if yuan.is_negative() { -fen } else { fen }).ok()
}

/// Reads plain digits with an optional point: `12`, `0.5`. `None` when it does not fit.
pub fn parse_decimal(text: &str) -> Option<Rational> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || (digits.contains('.') && fraction.is_empty()) {
        return None;
    }
    let numerator: i128 = format!("{whole}{fraction}").parse().ok()?;
    let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(Rational::new(sign * numerator, denominator))
}

/// The exact decimal form, if there is one with at most twelve places.
pub fn exact_decimal(number: Rational) -> Option<String> {
    let (mut below, mut twos, mut fives) = (*number.denom(), 0_u32, 0_u32);
    while below % 2 == 0 {
        (below, twos) = (below / 2, twos + 1);
    }
    while below % 5 == 0 {
        (below, fives) = (below / 5, fives + 1);
    }
    let places = twos.max(fives);
    if below != 1 || places > 12 {
        return None;
    }
    let scaled = number.numer().checked_mul(&(10_i128.pow(places) / number.denom()))?;
    Some(decimal(scaled, places as usize))
}

/// The number as people read it: exact where a decimal can say it, otherwise `约 358.3333`.
pub fn shown(number: Rational) -> String {
    if let Some(exact) = exact_decimal(number) {
        return exact;
    }
    match multiply(number, Rational::from(10_000)) {
        Some(scaled) => format!("约 {}", decimal(scaled.round().to_integer(), 4)),
        None => number.to_string(),
    }
}

/// An amount of 元: two decimals where that is exact, more where they are needed, `约` where no decimal is exact.
pub fn shown_yuan(number: Rational) -> String {
    let fen = if 100 % number.denom() == 0 { number.numer().checked_mul(&(100 / number.denom())) } else { None };
    fen.map_or_else(|| shown(number), |fen| decimal(fen, 2))
}

fn decimal(scaled: i128, places: usize) -> String {
    let digits = scaled.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len().max(places + 1) + 2);
    if scaled < 0 {
        text.push('-');
    }
    let zeros = (places + 1).saturating_sub(digits.len());
    text.extend(std::iter::repeat_n('0', zeros));
    text.push_str(&digits);
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Rational {
        parse_decimal(text).unwrap()
    }

    #[test]
    fn rounds_by_the_named_rule() {
        let cases = [
            ("1.005", "四舍五入到分", 101),
            ("-1.005", "四舍五入到分", -101),
            ("1.0049", "四舍五入到分", 100),
            ("1.001", "进到分", 101),
            ("11", "进到十元", 2000),
            ("1.99", "舍到角", 190),
            ("1.50", "四舍五入到元", 200),
        ];
        for (yuan, rule, fen) in cases {
            assert_eq!(round_to_fen(n(yuan), rule), Some(fen), "{yuan} {rule}");
        }
        assert_eq!(round_to_fen(n("1"), "随便到分"), None);
        assert!(ROUNDINGS.iter().all(|rule| round_to_fen(n("1"), rule).is_some()));
    }

    #[test]
    fn thirds_come_back_whole() {
        let third = divide(n("1000"), n("3")).unwrap();
        assert_eq!(multiply(third, n("3")), Some(n("1000")));
        assert_eq!(shown(third), "约 333.3333");
        assert_eq!((shown(n("1234.50")), shown_yuan(n("1075"))), ("1234.5".into(), "1075.00".into()));
        assert_eq!(shown_yuan(n("0.125")), "0.125");
    }

    #[test]
    fn powers_and_what_does_not_fit() {
        assert_eq!(power(n("2"), n("-2")), Some(Rational::new(1, 4)));
        assert_eq!(power(n("0"), n("-1")), None);
        assert_eq!(power(n("10"), n("50")), None);
        assert_eq!(divide(n("1"), n("0")), None);
        assert_eq!(multiply(Rational::from(i128::MAX), n("2")), None);
    }
}
