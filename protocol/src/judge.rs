//! From what the calls of a probe answered to the status of its cell.

use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Cost, CountIs};
use crate::failure::{Failure, FailureKind};
use crate::object::Object;
use crate::status::{Evidence, Status, words};

words! {
    /// How a probe's answers are read.
    Judgement, "judgement" {
        /// Own resources mean in use, none mean idle.
        Resources = "resources",
        /// A switch that is on means in use, otherwise off.
        Switch = "switch",
        /// Whose the things are is not judged (derived entries).
        Listed = "listed",
    }
}

/// What the calls of one task have answered so far; travels with a continuation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// What it has cost so far, over all attempts.
    pub cost: Cost,
    /// Pages of the call that is being read.
    pub pages: u32,
    /// Things for which `for_each` calls were made.
    #[serde(default)]
    pub details: u64,
    /// Own things that were counted.
    pub own: u64,
    /// Ids of own things, at most [`Cell::SAMPLE_LIMIT`].
    pub sample: Vec<String>,
    /// Whether a switch was seen to be on.
    pub on: bool,
    /// Calls that were answered, error codes that are answers among them.
    pub answered: u64,
    /// Calls that failed for good.
    pub failed: u64,
    /// The answer that said off, not offered or region off, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<Failure>,
    /// The worst of the failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Failure>,
    /// Whether a list was cut (page cap, item cap); the failure says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capped: Option<Failure>,
}

impl Tally {
    /// Counts an object of a call that counts.
    pub fn see(&mut self, object: &Object) {
        if !object.own {
            return;
        }
        self.own += 1;
        if self.sample.len() < Cell::SAMPLE_LIMIT {
            self.sample.push(object.id.clone());
        }
    }

    /// Records a failure that ended a call for good.
    pub fn fail(&mut self, failure: Failure) {
        match failure.kind {
            FailureKind::Absent => self.answered += 1,
            FailureKind::Off | FailureKind::NotOffered | FailureKind::RegionOff => {
                self.answered += 1;
                self.negative.get_or_insert(failure);
            }
            _ => {
                self.failed += 1;
                let worse = self.worst.as_ref().is_none_or(|worst| rank(&failure) < rank(worst));
                if worse {
                    self.worst = Some(failure);
                }
            }
        }
    }
}

/// Denied before throttled before unreachable before anything else.
fn rank(failure: &Failure) -> u8 {
    match failure.status() {
        Status::Denied => 0,
        Status::RoleFailed => 1,
        Status::Throttled => 2,
        Status::Unreachable => 3,
        _ => 4,
    }
}

/// The verdict on a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What became of the cell.
    pub status: Status,
    /// What that rests on.
    pub evidence: Evidence,
    /// Whether the count is the whole truth.
    pub count_is: CountIs,
    /// The failure to show beside it.
    pub failure: Option<Failure>,
}

/// Reads a finished tally: proof of use first, then anything unknown, then idle or off.
#[must_use]
pub fn judge(tally: &Tally, judgement: Judgement) -> Verdict {
    let whole = tally.worst.is_none() && tally.capped.is_none();
    let count_is = if whole { CountIs::Exact } else { CountIs::AtLeast };
    let proven = match judgement {
        Judgement::Resources => (tally.own > 0).then_some((Status::InUse, Evidence::Resources)),
        Judgement::Switch => tally.on.then_some((Status::InUse, Evidence::Switch)),
        Judgement::Listed => (tally.own > 0).then_some((Status::Listed, Evidence::Resources)),
    };
    let beside = || tally.worst.clone().or_else(|| tally.capped.clone());
    if let Some((status, evidence)) = proven {
        return Verdict { status, evidence, count_is, failure: beside() };
    }
    if let Some(worst) = &tally.worst {
        let status = if tally.answered > 0 { Status::Partial } else { worst.status() };
        let failure = Some(worst.clone());
        return Verdict { status, evidence: Evidence::Failure, count_is, failure };
    }
    if let Some(capped) = &tally.capped {
        let failure = Some(capped.clone());
        return Verdict { status: Status::Partial, evidence: Evidence::Failure, count_is, failure };
    }
    if let Some(negative) = &tally.negative {
        let failure = Some(negative.clone());
        return Verdict { status: negative.status(), evidence: Evidence::Code, count_is, failure };
    }
    let (status, evidence) = match judgement {
        Judgement::Switch => (Status::Off, Evidence::Switch),
        Judgement::Resources | Judgement::Listed => (Status::Idle, Evidence::Empty),
    };
    Verdict { status, evidence, count_is, failure: None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, kind.as_str(), "")
    }

    fn tally_of(own: u64, on: bool, answered: u64, kinds: &[FailureKind]) -> Tally {
        let mut tally = Tally { own, on, answered, ..Tally::default() };
        for kind in kinds {
            tally.fail(failure(*kind));
        }
        tally
    }

    #[test]
    fn proof_of_use_beats_a_denied_call() {
        let verdict = judge(&tally_of(3, false, 1, &[FailureKind::Denied]), Judgement::Resources);
        assert_eq!(verdict.status, Status::InUse);
        assert_eq!(verdict.count_is, CountIs::AtLeast);
        assert!(verdict.failure.is_some());
    }

    #[test]
    fn denied_is_never_off() {
        let verdict = judge(&tally_of(0, false, 0, &[FailureKind::Denied]), Judgement::Switch);
        assert_eq!(verdict.status, Status::Denied);
    }

    #[test]
    fn answers_that_prove_nothing_beside_a_failure_are_partial() {
        let verdict =
            judge(&tally_of(0, false, 1, &[FailureKind::Transient]), Judgement::Resources);
        assert_eq!(verdict.status, Status::Partial);
    }

    #[test]
    fn a_switch_without_an_on_is_off_and_a_list_without_items_is_idle() {
        assert_eq!(judge(&tally_of(0, false, 1, &[]), Judgement::Switch).status, Status::Off);
        assert_eq!(judge(&tally_of(0, false, 1, &[]), Judgement::Resources).status, Status::Idle);
        assert_eq!(judge(&tally_of(2, false, 1, &[]), Judgement::Listed).status, Status::Listed);
    }

    proptest! {
        #[test]
        fn a_failure_without_proof_is_never_known(
            kinds in prop::collection::vec(prop::sample::select(FailureKind::ALL), 1..5),
            answered in 0_u64..3,
            judgement in prop::sample::select(Judgement::ALL),
        ) {
            let tally = tally_of(0, false, answered, &kinds);
            let verdict = judge(&tally, judgement);
            prop_assert_eq!(verdict.status.is_known(), tally.worst.is_none());
        }
    }
}
