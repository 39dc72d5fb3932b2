//! How a throttle cuts a key's rate at once and how it recovers: pure arithmetic.

use std::time::Duration;

use protocol::budget::Bucket;

/// Throttles within this time of a cut are answers to calls that were under way: they cut nothing more.
const ONE_CUT: Duration = Duration::from_secs(1);
/// The rate comes back by one step after each such time without a throttle.
const STEP_TIME: Duration = Duration::from_secs(10);
/// The step, as a share of the full budget.
const STEP: f64 = 0.1;

/// The present share of a key's budget: 1 when it was never throttled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Adaptive {
    factor: f64,
    changed: Duration,
}

impl Adaptive {
    /// The whole budget.
    pub(crate) const fn full() -> Self {
        Self { factor: 1.0, changed: Duration::ZERO }
    }

    /// The rate that is allowed at present, in calls a second.
    pub(crate) fn rate(self, budget: Bucket) -> f64 {
        (budget.per_second * self.factor).max(budget.floor())
    }

    /// After a throttle at `now`: half the rate, unless it was cut a moment ago. `None` means unchanged.
    pub(crate) fn cut(self, now: Duration) -> Option<Self> {
        let just_cut = self.factor < 1.0 && now.saturating_sub(self.changed) < ONE_CUT;
        // Below this the rate is at its floor whatever the budget.
        let factor = (self.factor / 2.0).max(0.01);
        (!just_cut).then_some(Self { factor, changed: now })
    }

    /// The share as it has recovered by `now`. `None` means unchanged.
    pub(crate) fn recover(self, now: Duration) -> Option<Self> {
        if self.factor >= 1.0 {
            return None;
        }
        let quiet = now.saturating_sub(self.changed);
        let steps = quiet.as_secs() / STEP_TIME.as_secs();
        if steps == 0 {
            return None;
        }
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let factor = (self.factor + STEP * f64::from(steps)).min(1.0);
        Some(Self { factor, changed: now })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUDGET: Bucket = Bucket { burst: 5.0, per_second: 2.5 };

    #[test]
    fn a_throttle_halves_the_rate_at_once_and_it_recovers_slowly() {
        let cut = Adaptive::full().cut(Duration::from_secs(100)).expect("a cut");
        assert!((cut.rate(BUDGET) - 1.25).abs() < 1e-9);
        assert_eq!(cut.recover(Duration::from_secs(109)), None);
        let later = cut.recover(Duration::from_secs(110)).expect("a step");
        assert!((later.rate(BUDGET) - 1.5).abs() < 1e-9);
    }

    #[test]
    fn throttles_of_calls_that_were_under_way_cut_once() {
        let cut = Adaptive::full().cut(Duration::from_secs(100)).expect("a cut");
        assert_eq!(cut.cut(Duration::from_millis(100_900)), None);
        assert!(cut.cut(Duration::from_secs(101)).is_some());
    }

    proptest! {
        #[test]
        fn the_rate_stays_between_floor_and_budget(
            events in prop::collection::vec((any::<bool>(), 0_u64..100), 0..60),
        ) {
            let (mut adaptive, mut now) = (Adaptive::full(), Duration::ZERO);
            for (throttled, wait) in events {
                now += Duration::from_secs(wait);
                let changed = if throttled { adaptive.cut(now) } else { adaptive.recover(now) };
                adaptive = changed.unwrap_or(adaptive);
                prop_assert!(adaptive.rate(BUDGET) <= BUDGET.per_second + 1e-9);
                prop_assert!(adaptive.rate(BUDGET) >= BUDGET.floor());
            }
        }
    }
}
