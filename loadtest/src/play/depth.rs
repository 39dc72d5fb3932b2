//! How deep calls go into a share of a bucket: how much it would have had to hold for them.

use protocol::budget::Bucket;
use serde::{Deserialize, Serialize};

/// How late a call may come, in seconds: its token is spent where it is sent, and a busy machine
/// keeps it for a while.
const LATE: f64 = 2.0;

/// The calls of one bucket beside what its share grants.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Depth {
    lowest: f64,
    deepest: f64,
}

/// How the share of all buckets was used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShareUse {
    /// The share, in per cent.
    pub percent: u8,
    /// The most that was drawn from any share, in per cent of what it holds.
    pub deepest_percent: f64,
    /// The class of the bucket that this was.
    pub deepest: String,
    /// Buckets from which more was drawn than the share grants, even if calls came two seconds late.
    pub exceeded: u64,
}

impl Depth {
    /// Takes in a call that came `seconds` after the beginning, and after `before` others.
    pub(crate) fn see(&mut self, before: u64, seconds: f64, share: Bucket) {
        // The calls of a window less what the rate granted in it is a rise of this line, and one.
        let line = before as f64 - share.per_second * seconds;
        self.lowest = if before == 0 { line } else { self.lowest.min(line) };
        self.deepest = self.deepest.max(line - self.lowest + 1.0);
    }
}

impl ShareUse {
    pub(crate) fn of(percent: u8) -> Self {
        Self { percent, ..Self::default() }
    }

    /// Takes in what was drawn from one bucket.
    pub(crate) fn see(&mut self, depth: Depth, bucket: Bucket, class: impl FnOnce() -> String) {
        let share = bucket.share(self.percent);
        let percent = 100.0 * depth.deepest / share.burst;
        if percent > self.deepest_percent {
            self.deepest_percent = percent;
            self.deepest = class();
        }
        let late = (share.per_second * LATE).max(1.0);
        self.exceeded += u64::from(depth.deepest > share.burst + late + 1e-6);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::play::BucketCalls;

    const BUCKET: Bucket = Bucket { burst: 12.0, per_second: 8.0 };

    fn depth(at_ms: &[u32]) -> Depth {
        let mut depth = Depth::default();
        for (before, at) in (0..).zip(at_ms) {
            depth.see(before, f64::from(*at) / 1000.0, BUCKET.share(25));
        }
        depth
    }

    fn used(at_ms: &[u32]) -> ShareUse {
        let mut used = ShareUse::of(25);
        used.see(depth(at_ms), BUCKET, || "kms".to_owned());
        used
    }

    #[test]
    fn a_burst_and_then_its_rate_is_all_of_a_share() {
        let used = used(&[5000, 5000, 5000, 5500, 6000, 6500]);
        assert!((used.deepest_percent - 100.0).abs() < 1e-6, "{used:?}");
        assert_eq!((used.deepest.as_str(), used.exceeded), ("kms", 0));
    }

    #[test]
    fn calls_that_come_late_are_not_held_against_it_and_more_is() {
        let at_once = |calls| used(&vec![7000; calls]).exceeded;
        assert_eq!((at_once(7), at_once(8)), (0, 1), "3, and 2 a second for two seconds");
    }

    proptest! {
        #[test]
        fn it_is_the_worst_of_all_windows(mut at_ms in prop::collection::vec(0_u32..20_000, 1..40)) {
            at_ms.sort_unstable();
            let share = BUCKET.share(25);
            let worst = BucketCalls {
                class: String::new(),
                account: 0,
                region: None,
                bucket: BUCKET,
                calls: at_ms.len() as u64,
                throttled: 0,
                peak_per_second: 0,
                at_ms: at_ms.clone(),
            };
            let wanted = worst.excess(share) + share.burst;
            prop_assert!((depth(&at_ms).deepest - wanted).abs() < 1e-6);
        }
    }
}
