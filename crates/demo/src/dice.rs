//! Chance that is the same on every machine: a seeded generator that is passed down.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// The only source of chance of the demo county.
#[derive(Clone)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// A generator of its own for one purpose, so that a change in one part of the county does not move all others.
    /// The generator sets the lowest bit of its state, so the seed stands above it.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let spread = u128::from(purpose).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut dice = Self(Pcg64Mcg::new((u128::from(seed) << 1) ^ spread));
        dice.0.next_u64();
        dice
    }

    /// A whole number from 0 up to and excluding `n`; 0 for `n` = 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let wide = u128::from(self.0.next_u64()) * u128::from(n);
        (wide >> 64) as u32
    }

    /// A whole number within both bounds.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the items; there must be at least one.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// One of the items, each as often as its weight says; there must be at least one weight above 0.
    pub fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let mut mark = self.below(items.iter().map(|(_, weight)| weight).sum());
        for (item, weight) in items {
            if mark < *weight {
                return *item;
            }
            mark -= weight;
        }
        items[0].0
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_falls_the_same() {
        let roll = |seed, purpose| {
            let mut dice = Dice::new(seed, purpose);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(roll(7, 1), roll(7, 1));
        assert_ne!(roll(7, 1), roll(7, 2));
        assert_ne!(roll(7, 1), roll(8, 1));
        let mut dice = Dice::new(1, 1);
        assert!((0..100).all(|_| (3..=5).contains(&dice.between(3, 5))));
        assert!((0..100).all(|_| dice.weighted(&[("a", 0), ("b", 3)]) == "b"));
    }
}
