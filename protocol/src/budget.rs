//! Budgets: the share of a provider's token buckets that the whole fleet may spend. The port.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Region, ScanId};
use crate::scan::ScanState;

/// Which bucket: whose, where, of which api class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BudgetKey {
    /// The account whose bucket it is (the member's; for STS and Organizations the hub's).
    pub owner: AccountId,
    /// The region of the bucket, or `global`.
    pub location: Region,
    /// The api class, e.g. `ec2:DescribeInstances` or `kms`.
    pub class: String,
}

/// A token bucket as its provider documents it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Tokens that a full bucket holds.
    pub burst: f64,
    /// Tokens that come back a second.
    pub per_second: f64,
}

impl Bucket {
    /// The share of the bucket that may be spent: burst at least one token, the rate never rounded up.
    #[must_use]
    pub fn share(self, percent: u8) -> Self {
        let share = f64::from(percent.clamp(1, 100)) / 100.0;
        Self { burst: (self.burst * share).floor().max(1.0), per_second: self.per_second * share }
    }

    /// The rate that throttling never pushes the budget below: half a call a second or a quarter
    /// of the budget, whichever is lower.
    #[must_use]
    pub fn floor(self) -> f64 {
        (self.per_second / 4.0).min(0.5)
    }
}

/// A request for one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// From which bucket.
    pub key: BudgetKey,
    /// The budget: the share of the documented bucket that may be spent.
    pub budget: Bucket,
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The token is spent: call now.
    Granted,
    /// Nothing is spent: ask again after this wait.
    Wait(Duration),
}

/// What workers must know beyond their batches: a small record that the coordinator writes and that every worker
/// reads at least every five seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The version of this record's format.
    pub version: u16,
    /// Scans that are not to be worked on: paused, cancelled or interrupted.
    #[serde(default)]
    pub scans: BTreeMap<ScanId, ScanState>,
    /// Accounts that the scans of a workspace leave alone, workspace by workspace.
    #[serde(default)]
    pub paused: Vec<Paused>,
    /// Shares in place of the scans' own, in per cent, by api class; `*` stands for every class.
    #[serde(default)]
    pub shares: BTreeMap<String, u8>,
}

/// Accounts that scans leave alone; others may look at them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The scans.
    pub scans: BTreeSet<ScanId>,
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
}

impl Control {
    /// The version that this build writes.
    pub const VERSION: u16 = 1;

    /// Whether work of a scan in an account is to stop.
    #[must_use]
    pub fn stops(&self, scan: &ScanId, account: &AccountId) -> bool {
        let left =
            |paused: &Paused| paused.scans.contains(scan) && paused.accounts.contains(account);
        self.scans.contains_key(scan) || self.paused.iter().any(left)
    }

    /// The share of a bucket that may be spent, where it is not the scan's own `share`.
    #[must_use]
    pub fn share(&self, class: &str, share: u8) -> u8 {
        let named = self.shares.get(class).or_else(|| self.shares.get("*"));
        named.copied().unwrap_or(share)
    }
}

/// The limiter could not be asked; no call may be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the budgets cannot be read: {0}")]
pub struct BudgetError(pub String);

/// The port: who may call now. Adapters: memory, Redis.
#[async_trait]
pub trait Budget: Send + Sync + 'static {
    /// Asks for one token for each of `asks`, answered in their order.
    ///
    /// A key first seen starts with one token, not with a full burst.
    ///
    /// # Errors
    /// [`BudgetError`] when the limiter cannot be reached: nothing was spent.
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError>;

    /// Tells that a call was throttled: the key's rate is cut by half at once for everybody,
    /// empties, and recovers slowly.
    ///
    /// # Errors
    /// [`BudgetError`] when the limiter cannot be reached.
    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError>;

    /// Reads the control record; an empty one where none was written.
    ///
    /// # Errors
    /// [`BudgetError`] when the limiter cannot be reached, or holds a record that is none.
    async fn control(&self) -> Result<Control, BudgetError>;

    /// Writes the control record in place of the one that is there.
    ///
    /// # Errors
    /// [`BudgetError`] when the limiter cannot be reached.
    async fn set_control(&self, control: &Control) -> Result<(), BudgetError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_share_never_exceeds_the_bucket(
            burst in 1.0_f64..1000.0, per_second in 0.01_f64..1000.0, percent in 1_u8..=100,
        ) {
            let share = Bucket { burst, per_second }.share(percent);
            prop_assert!(share.per_second <= per_second * f64::from(percent) / 100.0 + 1e-9);
            prop_assert!(share.burst >= 1.0 && share.burst <= burst.max(1.0));
            prop_assert!(share.floor() <= share.per_second);
        }
    }
}
