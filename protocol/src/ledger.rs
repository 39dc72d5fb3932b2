//! The count of cells by status; its sum equals the plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::status::Status;

/// The count of a scan's cells by status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Cells by status; a status that is absent has none.
    pub cells: BTreeMap<Status, u64>,
}

impl Ledger {
    /// All cells: the plan.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.cells.values().sum()
    }

    /// Cells of one status.
    #[must_use]
    pub fn count(&self, status: Status) -> u64 {
        self.cells.get(&status).copied().unwrap_or(0)
    }

    /// Cells whose truth is known.
    #[must_use]
    pub fn known(&self) -> u64 {
        self.sum(Status::is_known)
    }

    /// Cells whose truth is not known.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.planned() - self.known()
    }

    /// Enablement: in use, of those that count in the rate; none where nothing counts.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn enablement_rate(&self) -> Option<f64> {
        let all = self.sum(Status::counts_in_rate);
        (all > 0).then(|| self.count(Status::InUse) as f64 / all as f64)
    }

    /// The share of cells that are unknown, 0 to 1; 0 for an empty plan.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn unknown_share(&self) -> f64 {
        match self.planned() {
            0 => 0.0,
            planned => self.unknown() as f64 / planned as f64,
        }
    }

    fn sum(&self, wanted: impl Fn(Status) -> bool) -> u64 {
        self.cells.iter().filter(|(status, _)| wanted(**status)).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn known_and_unknown_sum_to_the_plan(
            cells in prop::collection::btree_map(prop::sample::select(Status::ALL), 0_u64..1_000_000, 0..13),
        ) {
            let ledger = Ledger { cells };
            prop_assert_eq!(ledger.known() + ledger.unknown(), ledger.planned());
            prop_assert!((0.0..=1.0).contains(&ledger.unknown_share()));
            if let Some(rate) = ledger.enablement_rate() {
                prop_assert!((0.0..=1.0).contains(&rate));
            }
        }
    }
}
