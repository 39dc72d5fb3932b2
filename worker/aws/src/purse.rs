//! What the hub spends: tokens of STS, Organizations and Account Management, waited for here.
//!
//! A token is spent by a call that has its permit, and a permit is given back while its call waits: only calls that are
//! under way have one. Nobody waits here for long; who still needs the token puts its work off, or asks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use catalog::Catalog;
use catalog::bucket::LocationBy;
use protocol::budget::{Admission, Ask, Budget, BudgetKey};
use protocol::{AccountId, Failure, FailureKind, Region};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The longest that one call waits for its token; entering an account takes four of them at most.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The shortest pause between two questions for a token; each further one is twice as long. Many who wait for the same
/// bucket are all told of its next token, and would ask for it together, again and again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);

/// The pause that is not doubled any more.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pause before budgets that are away are asked again.
const AWAY: Duration = Duration::from_secs(1);

/// Spends tokens for control-plane calls.
pub(crate) struct Purse {
    budget: Arc<dyn Budget>,
    share: u8,
    catalog: Catalog,
    /// How many pauses there were: each is a little longer or shorter than the one before.
    pauses: AtomicU32,
}

impl Purse {
    /// A purse that spends `share` per cent of every bucket.
    pub(crate) fn new(budget: Arc<dyn Budget>, share: u8, catalog: Catalog) -> Self {
        Self { budget, share, catalog, pauses: AtomicU32::new(0) }
    }

    /// The token of a call of `service`, whose bucket in the catalog has the same name.
    pub(crate) fn ask(
        &self,
        service: &str,
        owner: &AccountId,
        region: &str,
    ) -> Result<Ask, Failure> {
        self.ask_of(service, service, owner, region)
    }

    /// The token of a call that spends from `bucket` of the catalog, in an api class of its own.
    pub(crate) fn ask_of(
        &self,
        bucket: &str,
        class: &str,
        owner: &AccountId,
        region: &str,
    ) -> Result<Ask, Failure> {
        let rule = self.catalog.bucket(bucket).ok_or_else(|| {
            let message = format!("the catalog's buckets.toml has no bucket {bucket}");
            Failure::new(FailureKind::Invalid, "NoBucket", message)
        })?;
        let location = match rule.location {
            LocationBy::Region => Region::new(region).unwrap_or_else(|_| Region::global()),
            LocationBy::Account => Region::global(),
        };
        let key = BudgetKey { owner: owner.clone(), location, class: class.to_owned() };
        Ok(Ask { key, budget: rule.bucket.share(self.share) })
    }

    /// Takes one of the permits `calls` and spends the token; the permit is to be held as long as the call lasts.
    ///
    /// # Errors
    /// [`Failure::turn`] when the token is not there for a while, or the budgets are away.
    pub(crate) async fn spend<'a>(
        &self,
        ask: &Ask,
        calls: &'a Semaphore,
    ) -> Result<Option<SemaphorePermit<'a>>, Failure> {
        let start = Instant::now();
        let mut shortest = SHORTEST_PAUSE;
        loop {
            // Permits are never closed.
            let permit = calls.acquire().await.ok();
            let pause = match self.budget.admit(std::slice::from_ref(ask)).await.as_deref() {
                Ok([Admission::Granted, ..]) => return Ok(permit),
                Ok([Admission::Wait(pause), ..]) => (*pause).max(self.spread(shortest)),
                // No budget, no call.
                Ok([]) | Err(_) => AWAY,
            };
            drop(permit);
            shortest = LONGEST_PAUSE.min(shortest * 2);
            if start.elapsed() + pause > LONGEST_WAIT {
                return Err(Failure::turn(&ask.key.class, pause));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Half as long to half as long again, so that those who began to wait together do not ask together.
    fn spread(&self, pause: Duration) -> Duration {
        // Multiples of the golden ratio lie evenly between 0 and 1.
        let number = self.pauses.fetch_add(1, Ordering::Relaxed);
        pause.mul_f64(0.5 + (f64::from(number) * 0.618_033_988_749_895).fract())
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
    use std::sync::Mutex;

    use async_trait::async_trait;
    use protocol::budget::{BudgetError, Control};
    use tokio::time::Instant;

    use super::*;

    /// A bucket of ten tokens a second, that counts how often it is asked.
    struct Crowded(Mutex<Instant>, AtomicU32);

    #[async_trait]
    impl Budget for Crowded {
        async fn admit(&self, _: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            let mut next = self.0.lock().expect("a lock");
            let now = Instant::now();
            if *next > now {
                return Ok(vec![Admission::Wait(*next - now)]);
            }
            *next = now + Duration::from_millis(100);
            Ok(vec![Admission::Granted])
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

    #[tokio::test(start_paused = true)]
    async fn many_who_wait_do_not_all_ask_for_every_token() {
        let budget = Arc::new(Crowded(Mutex::new(Instant::now()), AtomicU32::new(0)));
        let catalog = Catalog::of_entries([]).expect("the tables");
        let purse = Purse::new(Arc::clone(&budget) as _, 25, catalog);
        let owner = AccountId::new("111122223333").expect("an id");
        let ask = purse.ask("account", &owner, "us-east-1").expect("an ask");
        let calls = Semaphore::new(32);
        let all = (0..100).map(|_| async { purse.spend(&ask, &calls).await.map(drop) });
        let spent = futures_util::future::join_all(all).await;
        let spent = spent.iter().filter(|spent| spent.is_ok()).count();
        assert!(spent > 90, "{spent} got a token, of a hundred and two hundred tokens");
        let asked = budget.1.load(Ordering::SeqCst);
        assert!(asked < 3000, "{asked} questions");
    }

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

    async fn spend(waits: u32, calls: &Semaphore) -> Result<Duration, Failure> {
        let catalog = Catalog::of_entries([]).expect("the tables");
        let purse = Purse::new(Arc::new(Slow(AtomicU32::new(waits))), 25, catalog);
        let owner = AccountId::new("111122223333").expect("an id");
        let ask = purse.ask("organizations", &owner, "us-east-1")?;
        assert!(ask.key.location.is_global() && ask.budget.per_second <= 1.25);
        let start = Instant::now();
        purse.spend(&ask, calls).await.map(|permit| {
            assert!(permit.is_some() && calls.available_permits() == 0);
            start.elapsed()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_waited_for() {
        let calls = Semaphore::new(1);
        assert_eq!(spend(0, &calls).await.map(|waited| waited.as_secs()), Ok(0));
        assert_eq!(spend(3, &calls).await.map(|waited| waited.as_secs()), Ok(15));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_token_holds_no_permit() {
        let calls = Semaphore::new(1);
        let (slow, quick) = tokio::join!(spend(3, &calls), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            spend(0, &calls).await
        });
        assert_eq!(quick.map(|waited| waited.as_secs()), Ok(0));
        assert_eq!(slow.map(|waited| waited.as_secs()), Ok(15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_is_told_and_when_to_come_again() {
        let calls = Semaphore::new(1);
        let start = Instant::now();
        let failure = spend(u32::MAX, &calls).await.expect_err("no token");
        assert!(start.elapsed() <= LONGEST_WAIT);
        assert!(failure.waits_its_turn(), "{failure}");
        assert_eq!(failure.retry_after_ms, Some(5000));
        assert_eq!(calls.available_permits(), 1);
    }
}
