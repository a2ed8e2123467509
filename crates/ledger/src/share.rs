//! A total in parts that add up to it exactly.

/// Shares `total` among `weights` by the largest remainder: every part is rounded down, and what is left goes, one by
/// one, to the parts that lost most; of equal ones, to the first.
///
/// A negative total is shared like the positive one. Where all weights are zero nothing can be shared, and the answer is `None`.
pub fn share(total: i64, weights: &[u64]) -> Option<Vec<i64>> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return None;
    }
    let amount = u128::from(total.unsigned_abs());
    // Below 2^64 times 2^64, so neither overflows.
    let exact = weights.iter().map(|weight| amount * u128::from(*weight));
    let (mut parts, lost): (Vec<u128>, Vec<u128>) = exact.map(|exact| (exact / sum, exact % sum)).unzip();
    let mut left = amount - parts.iter().sum::<u128>();
    let mut by_loss: Vec<usize> = (0..weights.len()).collect();
    by_loss.sort_by_key(|place| std::cmp::Reverse(lost[*place]));
    for place in by_loss {
        if left == 0 {
            break;
        }
        parts[place] += 1;
        left -= 1;
    }
    let sign = total.signum();
    parts.into_iter().map(|part| i64::try_from(part).ok().map(|part| part * sign)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_fen_goes_to_whoever_lost_most() {
        assert_eq!(share(372_091, &[1, 1, 1]), Some(vec![124_031, 124_030, 124_030]));
        assert_eq!(share(63_531, &[50, 50]), Some(vec![31_766, 31_765]));
        assert_eq!(share(-3, &[1, 1]), Some(vec![-2, -1]));
        assert_eq!(share(5, &[0, 7]), Some(vec![0, 5]));
        assert_eq!((share(5, &[]), share(5, &[0, 0])), (None, None));
        assert_eq!(share(i64::MAX, &[u64::MAX, 1]).unwrap().iter().sum::<i64>(), i64::MAX);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_a_whole_fen_off(total in any::<i64>(), weights in prop::collection::vec(any::<u32>(), 1..8)) {
            prop_assume!(total != i64::MIN);
            let weights: Vec<u64> = weights.into_iter().map(u64::from).collect();
            let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            match share(total, &weights) {
                None => prop_assert_eq!(sum, 0),
                Some(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
                    for (part, weight) in parts.iter().zip(&weights) {
                        let off = i128::from(*part) * sum - i128::from(total) * i128::from(*weight);
                        prop_assert!(off.abs() < sum, "{part} of {total} for {weight} of {sum}");
                    }
                }
            }
        }
    }
}
