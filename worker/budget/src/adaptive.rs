//! How a throttle cuts a key's rate at once and how it recovers: pure arithmetic.

use std::time::Duration;

use protocol::budget::Bucket;

/// Throttles within this time of a cut are answers to calls that were under way: they cut nothing more.
pub(crate) const ONE_CUT: Duration = Duration::from_secs(1);
/// The rate comes back by one step after each such time without a throttle.
pub(crate) const STEP_TIME: Duration = Duration::from_secs(10);
/// The step, as a share of the full budget.
pub(crate) const STEP: f64 = 0.1;
/// No cut goes below this share: there the rate is at its floor whatever the budget.
pub(crate) const LEAST: f64 = 0.01;
/// A rate below one call in this time counts as one call in this time, so that every wait ends.
pub(crate) const LONGEST: Duration = Duration::from_secs(1000);
/// After this time with a full bucket a key is as good as new: it begins again with one token.
pub(crate) const IDLE: Duration = Duration::from_secs(120);
/// A larger burst counts as this one.
const MOST: u32 = 1_000_000;

// A key that is forgotten has recovered from its cuts.
const _: () = assert!(IDLE.as_secs() >= 11 * STEP_TIME.as_secs() && STEP >= 0.1);

/// The present share of a key's budget: 1 when it was never throttled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Adaptive {
    pub(crate) factor: f64,
    pub(crate) changed: Duration,
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

    /// The time in which one token comes back, at most [`LONGEST`].
    pub(crate) fn period(self, budget: Bucket) -> Duration {
        let rate = self.rate(budget);
        if rate * LONGEST.as_secs_f64() > 1.0 {
            Duration::from_secs_f64(1.0 / rate)
        } else {
            LONGEST
        }
    }

    /// After a throttle at `now`: half the rate, unless it was cut a moment ago. `None` means unchanged.
    pub(crate) fn cut(self, now: Duration) -> Option<Self> {
        // A cut in the future was made before the clock went back.
        let since = now.checked_sub(self.changed);
        let just_cut = self.factor < 1.0 && since.is_some_and(|since| since < ONE_CUT);
        let factor = (self.factor / 2.0).max(LEAST);
        (!just_cut).then_some(Self { factor, changed: now })
    }

    /// The share as it has recovered by `now`. `None` means unchanged.
    pub(crate) fn recover(self, now: Duration) -> Option<Self> {
        if self.factor >= 1.0 {
            return None;
        }
        let Some(quiet) = now.checked_sub(self.changed) else {
            // The clock went back: the quiet time begins now, and not when it has caught up.
            return Some(Self { changed: now, ..self });
        };
        let steps = quiet.as_secs() / STEP_TIME.as_secs();
        if steps == 0 {
            return None;
        }
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let factor = (self.factor + STEP * f64::from(steps)).min(1.0);
        Some(Self { factor, changed: now })
    }
}

/// The burst as whole tokens, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u32 first"
)]
pub(crate) fn whole(burst: f64) -> u32 {
    (burst.clamp(1.0, f64::from(MOST)) as u32).max(1)
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

    #[test]
    fn after_the_clock_went_back_a_throttle_cuts_and_the_rate_recovers() {
        let cut = Adaptive::full().cut(Duration::from_secs(5000)).expect("a cut");
        assert!(cut.cut(Duration::from_secs(100)).is_some());
        let quiet = cut.recover(Duration::from_secs(100)).expect("a new beginning");
        assert!((quiet.factor - cut.factor).abs() < 1e-9);
        assert!(quiet.recover(Duration::from_secs(110)).is_some());
    }

    #[test]
    fn a_budget_of_nothing_has_a_period_too() {
        for per_second in [0.0, -1.0, 1e-9] {
            assert_eq!(Adaptive::full().period(Bucket { burst: 1.0, per_second }), LONGEST);
        }
        assert_eq!(whole(f64::NAN), 1);
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
