//! How long an answer takes.

use std::time::Duration;

use crate::dice::Dice;

/// How long answers take.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Latency {
    /// No longer than it takes to make them.
    #[default]
    None,
    /// Always as long.
    Fixed(Duration),
    /// Log-normal, by its median and its 99th percentile.
    LogNormal {
        /// Half of the answers take no longer.
        p50: Duration,
        /// 99 of a hundred answers take no longer.
        p99: Duration,
    },
}

/// The 99th percentile of the normal distribution.
const Z99: f64 = 2.326_347_874;
/// An answer that would take longer takes this long.
const LONGEST: Duration = Duration::from_secs(60);

impl Latency {
    /// The latency of the `nth` answer.
    pub(crate) fn of(self, nth: u64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Fixed(fixed) => fixed,
            Self::LogNormal { p50, p99 } => {
                let (p50, p99) = (p50.as_secs_f64().max(1e-6), p99.as_secs_f64());
                let sigma = (p99 / p50).max(1.0).ln() / Z99;
                let seconds = p50 * (sigma * normal(nth)).exp();
                Duration::try_from_secs_f64(seconds).map_or(LONGEST, |one| one.min(LONGEST))
            }
        }
    }
}

/// A normally distributed number, by Box and Muller.
fn normal(nth: u64) -> f64 {
    let dice = Dice::of(nth).and("latency");
    let unit = |dice: Dice| (dice.below(1 << 52) as f64 + 1.0) / (1_u64 << 52) as f64;
    let radius = (-2.0 * unit(dice.nth(1)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(dice.nth(2))).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_normal_latency_has_its_percentiles() {
        let (p50, p99) = (Duration::from_millis(60), Duration::from_millis(400));
        let latency = Latency::LogNormal { p50, p99 };
        let mut all: Vec<_> = (0..20_000).map(|nth| latency.of(nth)).collect();
        all.sort();
        let near = |at: usize, wanted: Duration| {
            let ratio = all[at].as_secs_f64() / wanted.as_secs_f64();
            assert!((0.9..1.1).contains(&ratio), "{:?} for {wanted:?}", all[at]);
        };
        near(10_000, p50);
        near(19_800, p99);
    }
}
