//! The one place that decides what a failure means for its task: again, later, or final.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use protocol::{Failure, FailureKind};

/// How often a failing task is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts before a failure is final, from 1.
    pub max_attempts: u32,
}

impl Policy {
    /// How often a task may be put off by throttles: they spend no attempt, but not for ever.
    #[must_use]
    pub fn max_throttled(self) -> u32 {
        self.max_attempts.saturating_mul(4)
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after the wait; one attempt is spent.
    Retry(Duration),
    /// Try again after the wait; no attempt is spent.
    Snooze(Duration),
    /// Nothing failed, its turn has not come: ask again after the wait.
    Wait(Duration),
    /// The failure is the answer.
    Final,
}

/// No wait is longer than this, whatever the other side asks for.
const LONGEST: Duration = Duration::from_secs(300);

/// Decides about a failure of a task that failed `attempt` times and was throttled `throttled`
/// times before. `dice`, 0 to 1, spreads the waits of many tasks.
#[must_use]
pub fn decide(
    failure: &Failure,
    attempt: u32,
    throttled: u32,
    policy: Policy,
    dice: f64,
) -> Decision {
    match failure.kind {
        FailureKind::Throttled if failure.waits_its_turn() => Decision::Wait(turn(failure, dice)),
        FailureKind::Throttled if throttled + 1 < policy.max_throttled() => {
            Decision::Snooze(wait(failure, throttled, dice))
        }
        FailureKind::Unreachable | FailureKind::Transient if attempt + 1 < policy.max_attempts => {
            Decision::Retry(wait(failure, attempt, dice))
        }
        _ => Decision::Final,
    }
}

/// What the other side asks for, or twice as long as the last time; then up to half as much again.
fn wait(failure: &Failure, before: u32, dice: f64) -> Duration {
    let asked = failure.retry_after_ms.map_or(Duration::ZERO, Duration::from_millis);
    let base = ladder(before).max(asked).min(LONGEST);
    base.mul_f64(1.0 + dice.clamp(0.0, 1.0) / 2.0)
}

/// Until its turn may have come; then up to half as much again.
fn turn(failure: &Failure, dice: f64) -> Duration {
    const LEAST: Duration = Duration::from_millis(100);
    let asked = failure.retry_after_ms.map_or(LEAST, Duration::from_millis);
    asked.clamp(LEAST, LONGEST).mul_f64(1.0 + dice.clamp(0.0, 1.0) / 2.0)
}

/// Half a second, then doubling, to a minute at most.
fn ladder(before: u32) -> Duration {
    const TOP: Duration = Duration::from_secs(60);
    let rungs = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(TOP)
        .without_max_times()
        .build();
    rungs.into_iter().nth(before.min(16) as usize).unwrap_or(TOP)
}

/// A number from 0 to 1 that is the same for the same task and attempt.
#[must_use]
pub(crate) fn dice(parts: &[&str], attempt: u32) -> f64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    // FNV-1a, 64 bits: spreads ids, and needs no state.
    let hash = bytes.chain(attempt.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    #[expect(clippy::cast_precision_loss, reason = "53 bits of it are enough")]
    let part = (hash >> 11) as f64 / (1_u64 << 53) as f64;
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy { max_attempts: 4 };

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "X", "")
    }

    #[test]
    fn a_throttled_task_spends_no_attempt() {
        let decision = decide(&failure(FailureKind::Throttled), 3, 0, POLICY, 0.0);
        assert_eq!(decision, Decision::Snooze(Duration::from_millis(500)));
    }

    #[test]
    fn a_throttle_is_not_put_off_for_ever() {
        let decision = decide(&failure(FailureKind::Throttled), 0, 15, POLICY, 0.0);
        assert_eq!(decision, Decision::Final);
    }

    #[test]
    fn what_waits_its_turn_spends_nothing_however_often() {
        let turn = Failure::turn("sts", Duration::from_secs(7));
        assert_eq!(decide(&turn, 99, 99, POLICY, 0.0), Decision::Wait(Duration::from_secs(7)));
        let soon = Failure::turn("sts", Duration::ZERO);
        assert!(
            matches!(decide(&soon, 0, 0, POLICY, 0.0), Decision::Wait(wait) if !wait.is_zero())
        );
    }

    #[test]
    fn an_answer_and_a_refusal_are_final_at_once() {
        for kind in [FailureKind::Denied, FailureKind::Off, FailureKind::Invalid] {
            assert_eq!(decide(&failure(kind), 0, 0, POLICY, 0.5), Decision::Final, "{kind}");
        }
    }

    #[test]
    fn the_last_attempt_is_final() {
        let kind = FailureKind::Unreachable;
        assert!(matches!(decide(&failure(kind), 2, 0, POLICY, 0.0), Decision::Retry(_)));
        assert_eq!(decide(&failure(kind), 3, 0, POLICY, 0.0), Decision::Final);
    }

    #[test]
    fn what_the_other_side_asks_for_is_kept_within_bounds() {
        let mut slow = failure(FailureKind::Throttled);
        slow.retry_after_ms = Some(20_000);
        assert_eq!(decide(&slow, 0, 0, POLICY, 0.0), Decision::Snooze(Duration::from_secs(20)));
        slow.retry_after_ms = Some(u64::MAX);
        assert_eq!(decide(&slow, 0, 0, POLICY, 0.0), Decision::Snooze(LONGEST));
    }

    proptest! {
        #[test]
        fn every_task_ends(kinds in prop::collection::vec(prop::sample::select(FailureKind::ALL.to_vec()), 64)) {
            let (mut attempt, mut throttled, mut ended) = (0, 0, false);
            for kind in kinds {
                match decide(&failure(kind), attempt, throttled, POLICY, 1.0) {
                    Decision::Retry(wait) => { attempt += 1; prop_assert!(wait <= LONGEST * 2); }
                    Decision::Snooze(wait) => { throttled += 1; prop_assert!(wait <= LONGEST * 2); }
                    Decision::Final => { ended = true; break; }
                    Decision::Wait(_) => prop_assert!(false, "nothing waits its turn"),
                }
            }
            prop_assert!(ended);
        }

        #[test]
        fn dice_stay_between_zero_and_one(text in ".*", attempt: u32) {
            prop_assert!((0.0..1.0).contains(&dice(&[&text], attempt)));
        }
    }
}
