//! Budgets: the share of a provider's token buckets that the whole fleet may spend. The port.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Region};

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
