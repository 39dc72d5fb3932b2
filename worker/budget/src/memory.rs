//! The budgets of one process: a `governor` limiter a key.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use protocol::budget::{Admission, Ask, Bucket, Budget, BudgetError, BudgetKey, Control};
use tokio::time::Instant;

use crate::adaptive::Adaptive;

/// With more keys than this, those that nobody asked for in [`IDLE`] are dropped.
const MANY_KEYS: usize = 20_000;
/// After this time unused a key is as good as new: it begins again with one token.
const IDLE: Duration = Duration::from_secs(120);

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// The clock of the runtime, which tests can pause.
#[derive(Debug, Clone)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Budgets that live and die with their process.
#[derive(Debug)]
pub struct MemoryBudget {
    clock: TokioClock,
    keys: Mutex<HashMap<BudgetKey, Entry>>,
    control: Mutex<Control>,
}

#[derive(Debug)]
struct Entry {
    limiter: Limiter,
    budget: Bucket,
    adaptive: Adaptive,
    used: Duration,
}

impl MemoryBudget {
    /// Budgets of which nothing is spent.
    #[must_use]
    pub fn new() -> Self {
        Self {
            clock: TokioClock { start: Instant::now() },
            keys: Mutex::default(),
            control: Mutex::default(),
        }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<BudgetKey, Entry>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit_one(&self, keys: &mut HashMap<BudgetKey, Entry>, ask: &Ask) -> Admission {
        let now = self.clock.now();
        if keys.len() > MANY_KEYS && !keys.contains_key(&ask.key) {
            keys.retain(|_, entry| now.saturating_sub(entry.used) < IDLE);
        }
        let entry = keys
            .entry(ask.key.clone())
            .or_insert_with(|| Entry::new(ask.budget, Adaptive::full(), 1, &self.clock));
        entry.used = now;
        let adaptive = entry.adaptive.recover(now).unwrap_or(entry.adaptive);
        if adaptive != entry.adaptive || ask.budget != entry.budget {
            *entry = Entry::new(ask.budget, adaptive, 0, &self.clock);
        }
        match entry.limiter.check() {
            Ok(()) => Admission::Granted,
            Err(refused) => Admission::Wait(refused.wait_time_from(now)),
        }
    }
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry {
    /// A key that holds `tokens` (0 or 1) at first, whatever its burst.
    fn new(budget: Bucket, adaptive: Adaptive, tokens: u32, clock: &TokioClock) -> Self {
        let burst = whole(budget.burst);
        let period = Duration::from_secs_f64(1.0 / adaptive.rate(budget).max(0.001));
        let quota = Quota::with_period(period)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        if let Some(spent) = NonZeroU32::new(burst.get() - tokens.min(burst.get())) {
            // A fresh limiter is full, so that this cannot be refused.
            let taken = limiter.check_n(spent);
            debug_assert!(matches!(taken, Ok(Ok(()))), "a fresh limiter holds its burst");
        }
        Self { limiter, budget, adaptive, used: clock.now() }
    }
}

/// The burst as whole tokens, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u32 first"
)]
fn whole(burst: f64) -> NonZeroU32 {
    NonZeroU32::new(burst.clamp(1.0, 1e9) as u32).unwrap_or(NonZeroU32::MIN)
}

#[async_trait]
impl Budget for MemoryBudget {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        let mut keys = self.keys();
        Ok(asks.iter().map(|ask| self.admit_one(&mut keys, ask)).collect())
    }

    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError> {
        let mut keys = self.keys();
        let now = self.clock.now();
        let adaptive = keys.get(&ask.key).map_or(Adaptive::full(), |entry| entry.adaptive);
        if let Some(cut) = adaptive.cut(now) {
            keys.insert(ask.key.clone(), Entry::new(ask.budget, cut, 0, &self.clock));
        }
        Ok(())
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        Ok(self.control.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn set_control(&self, control: &Control) -> Result<(), BudgetError> {
        control.clone_into(&mut self.control.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_conforms() {
        crate::conformance::exercise(|| async { Arc::new(MemoryBudget::new()) as Arc<dyn Budget> })
            .await;
    }
}
