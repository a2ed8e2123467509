//! Money: whole fen (分) in ledgers, decimals of yuan (元) in formulas and on pages.

use rust_decimal::{Decimal, RoundingStrategy};

/// Why an amount cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("资金来源的比例全为零或没有填写；请至少填写一个大于零的比例")]
    NoWeight,
    #[error("资金来源的比例不能是负数；请改正比例")]
    Negative,
    #[error("金额或比例过大，无法精确计算；请核对数字")]
    TooLarge,
}

/// Splits an amount of fen by weights, so that the parts sum to it exactly (largest remainder).
/// The fen left over go to the largest remainders; among equal ones the earlier part comes first.
/// A negative amount (money taken back) is split like the positive one. Weights need not sum to 1 or 100.
pub fn split_by_weights(amount_fen: i64, weights: &[Decimal]) -> Result<Vec<i64>, SplitError> {
    let weights = whole_weights(weights)?;
    let total = weights.iter().try_fold(0_i128, |sum, w| sum.checked_add(*w)).ok_or(SplitError::TooLarge)?;
    if total == 0 {
        return Err(SplitError::NoWeight);
    }
    let amount = i128::from(amount_fen.unsigned_abs());
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let share = amount.checked_mul(weight).ok_or(SplitError::TooLarge)?;
        parts.push(share / total);
        remainders.push(share % total);
    }
    let left = amount - parts.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The sort is stable: equal remainders keep the order of the weights.
    order.sort_by_key(|&i| std::cmp::Reverse(remainders[i]));
    // Fewer fen are left than there are parts.
    for &i in order.iter().take(left as usize) {
        parts[i] += 1;
    }
    let sign = i128::from(amount_fen.signum());
    parts.into_iter().map(|part| i64::try_from(part * sign).map_err(|_| SplitError::TooLarge)).collect()
}

/// The weights over their common power of ten, as integers.
fn whole_weights(weights: &[Decimal]) -> Result<Vec<i128>, SplitError> {
    let weights: Vec<Decimal> = weights.iter().map(Decimal::normalize).collect();
    let scale = weights.iter().map(Decimal::scale).max().unwrap_or(0);
    let whole = |weight: &Decimal| {
        if weight.is_sign_negative() && !weight.is_zero() {
            return Err(SplitError::Negative);
        }
        let factor = 10_i128.checked_pow(scale - weight.scale()).ok_or(SplitError::TooLarge)?;
        weight.mantissa().checked_mul(factor).ok_or(SplitError::TooLarge)
    };
    weights.iter().map(whole).collect()
}

/// Yuan with two decimals and thousands separators, `1,234.50`; a third decimal is rounded half away from zero.
pub fn yuan(amount: Decimal) -> String {
    let rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{:.2}", rounded.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut shown = String::with_capacity(text.len() + whole.len() / 3 + 1);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        shown.push('-');
    }
    for (i, digit) in whole.char_indices() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown.push('.');
    shown.push_str(cents);
    shown
}

pub fn fen_to_yuan(fen: i64) -> Decimal {
    Decimal::new(fen, 2)
}

/// Exact: `None` when the amount has a fraction of a fen or does not fit. Round by the rule of the service first.
pub fn yuan_to_fen(amount: Decimal) -> Option<i64> {
    let fen = amount.checked_mul(Decimal::ONE_HUNDRED)?.normalize();
    if fen.scale() > 0 {
        return None;
    }
    fen.mantissa().try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn split(amount: i64, weights: &[&str]) -> Result<Vec<i64>, SplitError> {
        split_by_weights(amount, &weights.iter().map(|w| decimal(w)).collect::<Vec<_>>())
    }

    #[test]
    fn splits_by_largest_remainder() {
        assert_eq!(split(461_776, &["70", "15", "15"]), Ok(vec![323_243, 69_267, 69_266]));
        assert_eq!(split(461_776, &["0.70", "0.15", "0.150"]), Ok(vec![323_243, 69_267, 69_266]));
        assert_eq!(split(100, &["1", "1", "1"]), Ok(vec![34, 33, 33]));
        assert_eq!(split(-100, &["1", "1", "1"]), Ok(vec![-34, -33, -33]));
        assert_eq!(split(100, &["0", "5"]), Ok(vec![0, 100]));
        assert_eq!(split(0, &["1", "2"]), Ok(vec![0, 0]));
        assert_eq!(split(i64::MIN, &["1"]), Ok(vec![i64::MIN]));
    }

    #[test]
    fn refuses_weights_without_meaning() {
        assert_eq!(split(100, &[]), Err(SplitError::NoWeight));
        assert_eq!(split(100, &["0", "0"]), Err(SplitError::NoWeight));
        assert_eq!(split(100, &["2", "-1"]), Err(SplitError::Negative));
        assert_eq!(split(i64::MAX, &["79228162514264337593543950335", "1"]), Err(SplitError::TooLarge));
    }

    #[test]
    fn shows_yuan() {
        let shown = ["0", "1234.5", "-1234567.895", "999.994", "0.005", "-0.001", "1000", "100000.00"]
            .map(|t| yuan(decimal(t)));
        assert_eq!(shown, ["0.00", "1,234.50", "-1,234,567.90", "999.99", "0.01", "0.00", "1,000.00", "100,000.00"]);
    }

    #[test]
    fn converts_exactly() {
        assert_eq!(yuan_to_fen(decimal("12.340")), Some(1234));
        assert_eq!(yuan_to_fen(decimal("0")), Some(0));
        assert_eq!(yuan_to_fen(decimal("300")), Some(30_000));
        assert_eq!(yuan_to_fen(decimal("-0.01")), Some(-1));
        assert_eq!(yuan_to_fen(decimal("0.001")), None);
        assert_eq!(yuan_to_fen(Decimal::MAX), None);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_amount(amount in any::<i64>(), weights in prop::collection::vec((0..1000i64, 0..4u32), 1..8)) {
            let weights: Vec<Decimal> = weights.into_iter().map(|(mantissa, scale)| Decimal::new(mantissa, scale)).collect();
            prop_assume!(weights.iter().any(|w| !w.is_zero()));
            let parts = split_by_weights(amount, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|p| i128::from(*p)).sum::<i128>(), i128::from(amount));
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*part == 0 || (*part < 0) == (amount < 0));
                prop_assert!(!weight.is_zero() || *part == 0);
            }
        }

        #[test]
        fn fen_survive_the_way_through_yuan(fen in any::<i64>()) {
            prop_assert_eq!(yuan_to_fen(fen_to_yuan(fen)), Some(fen));
        }
    }
}
