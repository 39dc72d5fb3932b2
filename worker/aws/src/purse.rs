//! What the hub spends: tokens of STS, Organizations and Account Management, waited for here.

use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use catalog::bucket::LocationBy;
use protocol::budget::{Admission, Ask, Budget, BudgetKey};
use protocol::{AccountId, Failure, FailureKind, Region};

/// The longest that one call waits for its token.
const LONGEST_WAIT: Duration = Duration::from_secs(900);

/// The shortest pause between two questions for a token.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);

/// Spends tokens for control-plane calls.
pub(crate) struct Purse {
    budget: Arc<dyn Budget>,
    share: u8,
    catalog: Catalog,
}

impl Purse {
    /// A purse that spends `share` per cent of every bucket.
    pub(crate) fn new(budget: Arc<dyn Budget>, share: u8, catalog: Catalog) -> Self {
        Self { budget, share, catalog }
    }

    /// The token of a call of `service`, whose bucket in the catalog has the same name.
    pub(crate) fn ask(
        &self,
        service: &str,
        owner: &AccountId,
        region: &str,
    ) -> Result<Ask, Failure> {
        let rule = self.catalog.bucket(service).ok_or_else(|| {
            let message = format!("the catalog's buckets.toml has no bucket {service}");
            Failure::new(FailureKind::Invalid, "NoBucket", message)
        })?;
        let location = match rule.location {
            LocationBy::Region => Region::new(region).unwrap_or_else(|_| Region::global()),
            LocationBy::Account => Region::global(),
        };
        let key = BudgetKey { owner: owner.clone(), location, class: service.to_owned() };
        Ok(Ask { key, budget: rule.bucket.share(self.share) })
    }

    /// Waits until the token is spent.
    pub(crate) async fn spend(&self, ask: &Ask) -> Result<(), Failure> {
        let waited = async {
            loop {
                let admissions =
                    self.budget.admit(std::slice::from_ref(ask)).await.map_err(|error| {
                        Failure::new(FailureKind::Unreachable, "NoBudget", error.to_string())
                    })?;
                match admissions.first() {
                    Some(Admission::Granted) => return Ok(()),
                    Some(Admission::Wait(pause)) => {
                        tokio::time::sleep((*pause).max(SHORTEST_PAUSE)).await;
                    }
                    None => {
                        let message = "the limiter gave no answer";
                        return Err(Failure::new(FailureKind::Unreachable, "NoBudget", message));
                    }
                }
            }
        };
        tokio::time::timeout(LONGEST_WAIT, waited).await.unwrap_or_else(|_| {
            let message = format!("no token of {} within {LONGEST_WAIT:?}", ask.key.class);
            Err(Failure::new(FailureKind::Throttled, "BudgetWait", message))
        })
    }

    /// Tells the fleet that a call was throttled.
    pub(crate) async fn throttled(&self, ask: &Ask) {
        if let Err(error) = self.budget.throttled(ask).await {
            tracing::warn!(%error, class = ask.key.class, "a throttle could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use protocol::budget::{BudgetError, Control};
    use tokio::time::Instant;

    use super::*;

    /// Makes everybody wait five seconds, so many times.
    struct Slow(AtomicU32);

    #[async_trait]
    impl Budget for Slow {
        async fn admit(&self, _: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
            let left =
                self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            let wait = Admission::Wait(Duration::from_secs(5));
            Ok(vec![left.map_or(Admission::Granted, |_| wait)])
        }

        async fn throttled(&self, _: &Ask) -> Result<(), BudgetError> {
            Ok(())
        }

        async fn control(&self) -> Result<Control, BudgetError> {
            Ok(Control::default())
        }

        async fn set_control(&self, _: &Control) -> Result<(), BudgetError> {
            Ok(())
        }
    }

    async fn spend(waits: u32) -> Result<Duration, Failure> {
        let catalog = Catalog::of_entries([]).expect("the tables");
        let purse = Purse::new(Arc::new(Slow(AtomicU32::new(waits))), 25, catalog);
        let owner = AccountId::new("111122223333").expect("an id");
        let ask = purse.ask("organizations", &owner, "us-east-1")?;
        assert!(ask.key.location.is_global() && ask.budget.per_second <= 1.25);
        let start = Instant::now();
        purse.spend(&ask).await.map(|()| start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_waited_for() {
        assert_eq!(spend(0).await.map(|waited| waited.as_secs()), Ok(0));
        assert_eq!(spend(3).await.map(|waited| waited.as_secs()), Ok(15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_without_end_is_named() {
        let failure = spend(u32::MAX).await.expect_err("no token");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Throttled, "BudgetWait"));
    }
}
