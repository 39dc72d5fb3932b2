//! The budgets of one process: state a key, arithmetic by `governor`.

use std::cell::Cell;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use protocol::budget::{Admission, Ask, Bucket, Budget, BudgetError, BudgetKey, Control};
use tokio::time::Instant;

use crate::adaptive::{Adaptive, IDLE, whole};

/// Idle keys are dropped when there are more keys than this, and twice as many as were left last time.
const MANY_KEYS: usize = 20_000;

/// Budgets that live and die with their process.
#[derive(Debug)]
pub struct MemoryBudget {
    start: Instant,
    keys: Mutex<Keys>,
    control: Mutex<Control>,
}

impl MemoryBudget {
    /// Budgets of which nothing is spent.
    #[must_use]
    pub fn new() -> Self {
        let keys = Keys { states: HashMap::new(), enough: MANY_KEYS };
        Self { start: Instant::now(), keys: Mutex::new(keys), control: Mutex::default() }
    }
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Budget for MemoryBudget {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.start.elapsed();
        Ok(asks.iter().map(|ask| keys.admit(ask, now)).collect())
    }

    async fn throttled(&self, ask: &Ask) -> Result<(), BudgetError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.cut(ask, self.start.elapsed());
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

#[derive(Debug)]
struct Keys {
    states: HashMap<BudgetKey, State>,
    /// With so many keys it is time to drop the idle ones.
    enough: usize,
}

impl Keys {
    fn admit(&mut self, ask: &Ask, now: Duration) -> Admission {
        let burst = whole(ask.budget.burst);
        match self.states.get_mut(&ask.key) {
            Some(state) if !state.is_idle(now) => {
                state.adaptive = state.adaptive.recover(now).unwrap_or(state.adaptive);
                let period = state.adaptive.period(ask.budget);
                state.full_at = state.full_at.min(now + period * burst);
                state.take(period, burst, now)
            }
            Some(state) => {
                *state = State::first_seen(ask.budget, now);
                state.take(state.adaptive.period(ask.budget), burst, now)
            }
            None => {
                let mut state = State::first_seen(ask.budget, now);
                let admission = state.take(state.adaptive.period(ask.budget), burst, now);
                self.insert(&ask.key, state, now);
                admission
            }
        }
    }

    fn cut(&mut self, ask: &Ask, now: Duration) {
        let known = self.states.get_mut(&ask.key);
        let adaptive = known.as_ref().map_or(Adaptive::full(), |state| state.adaptive);
        let Some(adaptive) = adaptive.cut(now) else { return };
        let empty = adaptive.period(ask.budget) * whole(ask.budget.burst);
        let state = State { full_at: now + empty, adaptive };
        match known {
            Some(known) => *known = state,
            None => self.insert(&ask.key, state, now),
        }
    }

    fn insert(&mut self, key: &BudgetKey, state: State, now: Duration) {
        if self.states.len() >= self.enough {
            self.states.retain(|_, state| !state.is_idle(now));
            self.enough = MANY_KEYS.max(self.states.len() * 2);
        }
        self.states.insert(key.clone(), state);
    }
}

/// What is kept of a key, whatever its budget is at present.
#[derive(Debug)]
struct State {
    /// When its bucket is full again.
    full_at: Duration,
    adaptive: Adaptive,
}

impl State {
    /// A key with one token, whatever its burst.
    fn first_seen(budget: Bucket, now: Duration) -> Self {
        let adaptive = Adaptive::full();
        let missing = adaptive.period(budget) * whole(budget.burst).saturating_sub(1);
        Self { full_at: now + missing, adaptive }
    }

    fn is_idle(&self, now: Duration) -> bool {
        now.saturating_sub(self.full_at) >= IDLE
    }

    /// Takes a token, if there is one.
    fn take(&mut self, period: Duration, burst: u32, now: Duration) -> Admission {
        let quota = Quota::with_period(period)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let missing = Missing(Cell::new(self.full_at.saturating_sub(now).into()));
        let limiter = Limiter::new(quota, missing, Still);
        match limiter.check() {
            Ok(()) => {
                self.full_at = now + Duration::from(limiter.into_state_store().0.get());
                Admission::Granted
            }
            Err(refused) => Admission::Wait(refused.wait_time_from(Still.now())),
        }
    }
}

type Limiter = RateLimiter<NotKeyed, Missing, Still, NoOpMiddleware<Duration>>;

/// The time in which a bucket would be full again: the state of one decision.
#[derive(Debug)]
struct Missing(Cell<Nanos>);

impl StateStore for Missing {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (decided, missing) = decide(Some(self.0.get()))?;
        self.0.set(missing);
        Ok(decided)
    }
}

/// The clock of one decision, which stands still.
#[derive(Debug, Clone)]
struct Still;

impl Clock for Still {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::{AccountId, Region};

    use super::*;

    fn ask(class: usize) -> Ask {
        let owner = AccountId::new("123456789012").unwrap();
        let location = Region::new("eu-west-1").unwrap();
        let key = BudgetKey { owner, location, class: format!("class{class}") };
        Ask { key, budget: Bucket { burst: 5.0, per_second: 1.0 } }
    }

    #[tokio::test(start_paused = true)]
    async fn it_conforms() {
        crate::conformance::exercise(|| async {
            let budget: Arc<dyn Budget> = Arc::new(MemoryBudget::new());
            [Arc::clone(&budget), budget]
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_was_idle_begins_again_with_one_token() {
        let budget = MemoryBudget::new();
        assert_eq!(budget.admit(&[ask(0)]).await, Ok(vec![Admission::Granted]));
        tokio::time::advance(IDLE).await;
        let admissions = budget.admit(&vec![ask(0); 6]).await.unwrap();
        assert_eq!(admissions[..5], [Admission::Granted; 5], "not idle: full since five seconds");
        tokio::time::advance(IDLE + Duration::from_secs(6)).await;
        let admissions = budget.admit(&[ask(0), ask(0)]).await.unwrap();
        assert_eq!(admissions[0], Admission::Granted);
        assert_ne!(admissions[1], Admission::Granted, "idle: one token, not a burst");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_keys_are_dropped_and_others_are_kept() {
        let budget = MemoryBudget::new();
        let asks: Vec<Ask> = (0..MANY_KEYS).map(ask).collect();
        budget.admit(&asks).await.unwrap();
        tokio::time::advance(IDLE).await;
        // One that is in use, and one that makes it too many.
        budget.admit(&[ask(0), ask(0), ask(MANY_KEYS)]).await.unwrap();
        assert_eq!(budget.keys.lock().unwrap().states.len(), MANY_KEYS + 1);
        tokio::time::advance(Duration::from_secs(6)).await;
        let enough = budget.keys.lock().unwrap().enough;
        let more: Vec<Ask> = (MANY_KEYS + 1..=enough).map(ask).collect();
        budget.admit(&more).await.unwrap();
        assert_eq!(budget.keys.lock().unwrap().states.len(), more.len() + 2);
    }
}
