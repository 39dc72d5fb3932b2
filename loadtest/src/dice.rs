//! Dice that always fall the same way: a chain of parts gives a number, with no state anywhere.

/// A point in a chain of parts. Copy it, add parts, roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn of(seed: u64) -> Self {
        Self(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// The dice for a part that is named by a text.
    pub(crate) fn and(self, part: &str) -> Self {
        self.nth(number_of(part))
    }

    /// The dice for a part that is named by a number.
    pub(crate) const fn nth(self, part: u64) -> Self {
        Self(mix(self.0.rotate_left(23) ^ mix(part.wrapping_add(0x632b_e59b_d9b4_e019))))
    }

    /// All bits.
    pub(crate) const fn bits(self) -> u64 {
        mix(self.0)
    }

    /// A number from 0 to below `end`; 0 where `end` is 0.
    pub(crate) const fn below(self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.bits() % end }
    }

    /// A number from `first` to `last`, both included.
    pub(crate) const fn between(self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// True in so many of a thousand cases.
    pub(crate) const fn per_mille(self, share: u32) -> bool {
        self.below(1000) < share as u64
    }

    /// One of several.
    pub(crate) fn pick<T>(self, from: &[T]) -> Option<&T> {
        usize::try_from(self.below(from.len() as u64)).ok().and_then(|at| from.get(at))
    }
}

/// The number that stands for a text (FNV-1a); worth keeping for texts that are used often.
pub(crate) const fn number_of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The finaliser of splitmix64.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_always_give_the_same_roll_and_other_parts_another() {
        let roll = |seed, part| Dice::of(seed).and(part).nth(3).bits();
        assert_eq!(roll(1, "a"), roll(1, "a"));
        assert_ne!(roll(1, "a"), roll(2, "a"));
        assert_ne!(roll(1, "a"), roll(1, "b"));
    }

    #[test]
    fn a_share_is_met() {
        let hits = (0..10_000).filter(|n| Dice::of(7).nth(*n).per_mille(120)).count();
        assert!((1050..1350).contains(&hits), "{hits}");
    }
}
