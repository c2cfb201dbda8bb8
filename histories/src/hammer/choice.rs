//! What is chosen follows from a seed.

use std::time::Duration;

use hallpass::SecureRandom;
use hallpass_testkit::SeededRandom;

/// Makes the choices of one client.
#[derive(Debug)]
pub(crate) struct Dice(SeededRandom);

impl Dice {
    /// Each client of each process makes choices of its own.
    pub(crate) fn new(seed: u64, process: u32, client: u32) -> Self {
        let own = u64::from(process) << 32 | u64::from(client);
        let mixed =
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ own.wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self(SeededRandom::new(mixed))
    }

    /// Returns a number below `bound`, or 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        let Self(random) = self;
        let _never_fails = random.fill(&mut bytes);
        u64::from_le_bytes(bytes).checked_rem(bound).unwrap_or(0)
    }

    pub(crate) fn per_mille(&self, chance: u64) -> bool {
        self.below(1000) < chance
    }

    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(most))
    }

    pub(crate) fn pick<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        items.get(usize::try_from(self.below(count)).ok()?)
    }

    /// Picks by weight.
    pub(crate) fn weighed<T: Copy>(&self, items: &[(u64, T)]) -> Option<T> {
        let total = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.below(total);
        for (weight, item) in items {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return Some(*item),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let choices = |seed, client| {
            let dice = Dice::new(seed, 1, client);
            [(); 8].map(|()| dice.below(1000))
        };
        assert_eq!(choices(7, 2), choices(7, 2));
        assert_ne!(choices(7, 2), choices(8, 2));
        assert_ne!(choices(7, 2), choices(7, 3));
    }

    #[test]
    fn weights_decide_how_often_something_is_picked() {
        let dice = Dice::new(1, 0, 0);
        let picked =
            (0..1000).filter_map(|_turn| dice.weighed(&[(1, "rare"), (9, "often"), (0, "never")]));
        let often = picked.inspect(|name| assert_ne!(*name, "never"));
        let often = often.filter(|name| *name == "often").count();
        assert!((850..950).contains(&often), "{often}");
    }
}
