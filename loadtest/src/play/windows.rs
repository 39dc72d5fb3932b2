//! The calls of one bucket over time, and the busiest window among them.

use protocol::budget::Bucket;
use serde::Serialize;

/// The calls of one bucket: how many, and when they came where times are kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BucketCalls {
    /// The class, e.g. `ec2/2016-11-15:DescribeInstances`.
    pub class: String,
    /// The account's place in the organization.
    pub account: u32,
    /// The region; none where the account has one bucket for all.
    pub region: Option<String>,
    /// The bucket as it is documented.
    pub bucket: Bucket,
    /// Calls.
    pub calls: u64,
    /// Calls that were throttled.
    pub throttled: u64,
    /// The most calls that it saw in a second.
    pub peak_per_second: u32,
    /// When they came, in milliseconds since the stand-in began, in order; empty where times are not kept.
    #[serde(skip)]
    pub at_ms: Vec<u32>,
}

impl BucketCalls {
    /// By how many calls the busiest window exceeds what a budget grants, burst + rate x T; zero or
    /// less where none does.
    #[must_use]
    pub fn excess(&self, budget: Bucket) -> f64 {
        // A window from call i to call k holds k - i + 1 calls: the excess is the greatest rise of
        // (calls so far - what the rate has granted so far), and one, less the burst.
        let mut lowest = f64::INFINITY;
        let mut rise = f64::NEG_INFINITY;
        for (before, at) in (0_u32..).zip(&self.at_ms) {
            let level = f64::from(before) - budget.per_second * f64::from(*at) / 1000.0;
            lowest = lowest.min(level);
            rise = rise.max(level - lowest + 1.0);
        }
        rise - budget.burst
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calls(at_ms: Vec<u32>) -> BucketCalls {
        let bucket = Bucket { burst: 100.0, per_second: 20.0 };
        let class = "x".to_owned();
        let (calls, throttled, peak_per_second) = (at_ms.len() as u64, 0, 0);
        BucketCalls {
            class,
            account: 0,
            region: None,
            bucket,
            calls,
            throttled,
            peak_per_second,
            at_ms,
        }
    }

    const BUDGET: Bucket = Bucket { burst: 3.0, per_second: 2.0 };

    #[test]
    fn a_burst_and_then_its_rate_is_just_what_is_granted() {
        let excess = calls(vec![5000, 5000, 5000, 5500, 6000, 6500]).excess(BUDGET);
        assert!(excess.abs() < 1e-9, "{excess}");
    }

    #[test]
    fn one_call_more_in_any_window_is_seen() {
        let excess = calls(vec![0, 5000, 5000, 5000, 5500, 5500, 90_000]).excess(BUDGET);
        assert!((excess - 1.0).abs() < 1e-9, "{excess}");
    }

    proptest! {
        #[test]
        fn it_is_the_worst_of_all_windows(mut at_ms in prop::collection::vec(0_u32..20_000, 1..40)) {
            at_ms.sort_unstable();
            let mut worst = f64::NEG_INFINITY;
            for (first, begin) in at_ms.iter().enumerate() {
                for (last, end) in at_ms.iter().enumerate().skip(first) {
                    let calls = u32::try_from(last - first + 1).expect("few calls");
                    let granted = BUDGET.burst + BUDGET.per_second * f64::from(end - begin) / 1000.0;
                    worst = worst.max(f64::from(calls) - granted);
                }
            }
            prop_assert!((calls(at_ms).excess(BUDGET) - worst).abs() < 1e-6);
        }
    }
}
