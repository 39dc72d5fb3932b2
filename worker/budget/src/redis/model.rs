//! The scripts against the same rules in Rust, over random asks, throttles and jumps of the clock.
//!
//! The time is a key of the test's own: the scripts are the product's, behind a clock that reads it.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use protocol::budget::{Admission, Ask, Bucket, Budget, BudgetKey};
use protocol::{AccountId, Region};
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;

use super::RedisBudget;
use crate::adaptive::{Adaptive, LONGEST, whole};

/// The budgets of the test: a common one, one without a burst, a slow one, a very slow one.
const BUDGETS: [Bucket; 4] = [
    Bucket { burst: 5.0, per_second: 2.5 },
    Bucket { burst: 1.0, per_second: 7.0 },
    Bucket { burst: 20.0, per_second: 0.3 },
    Bucket { burst: 3.0, per_second: 0.000_1 },
];

#[derive(Debug, Clone)]
enum Event {
    Pass(Duration),
    GoBack(Duration),
    Admit(Vec<(u8, usize)>),
    Throttled(u8, usize),
}

fn event() -> impl Strategy<Value = Event> {
    let ask = || (0_u8..4, 0..BUDGETS.len());
    prop_oneof![
        4 => (0_u64..3_000_000).prop_map(|micros| Event::Pass(Duration::from_micros(micros))),
        1 => (0_u64..60).prop_map(|seconds| Event::Pass(Duration::from_secs(seconds))),
        1 => (0_u64..90_000).prop_map(|millis| Event::GoBack(Duration::from_millis(millis))),
        6 => prop::collection::vec(ask(), 1..8).prop_map(Event::Admit),
        2 => ask().prop_map(|(key, budget)| Event::Throttled(key, budget)),
    ]
}

fn ask((key, budget): (u8, usize)) -> Ask {
    let owner = AccountId::new(format!("{:012}", key / 2)).unwrap();
    let location = Region::new("eu-west-1").unwrap();
    let key = BudgetKey { owner, location, class: format!("class{key}") };
    Ask { key, budget: BUDGETS[budget] }
}

/// When a bucket is full again, and its cuts.
#[derive(Debug, Clone, Copy)]
struct State {
    full_at: f64,
    adaptive: Adaptive,
}

#[derive(Debug, Default)]
struct Model(HashMap<BudgetKey, State>);

/// The time as the scripts have it: a float that holds whole microseconds.
fn micros(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round()
}

/// The time of a token, never rounded down, and that of all.
fn periods(adaptive: Adaptive, budget: Bucket) -> (f64, f64) {
    let one = (1e6 / adaptive.rate(budget)).ceil().min(micros(LONGEST));
    (one, one * f64::from(whole(budget.burst)))
}

impl Model {
    fn admit(&mut self, ask: &Ask, now: Duration) -> Admission {
        let time = micros(now);
        let state = self.0.entry(ask.key.clone()).or_insert_with(|| {
            let (one, all) = periods(Adaptive::full(), ask.budget);
            State { full_at: time + all - one, adaptive: Adaptive::full() }
        });
        state.adaptive = state.adaptive.recover(now).unwrap_or(state.adaptive);
        let (one, all) = periods(state.adaptive, ask.budget);
        state.full_at = state.full_at.min(time + all);
        let wait = state.full_at + one - all - time;
        if wait > 0.0 {
            return Admission::Wait(Duration::from_secs_f64(wait / 1e6));
        }
        state.full_at = state.full_at.max(time) + one;
        Admission::Granted
    }

    fn throttled(&mut self, ask: &Ask, now: Duration) {
        let adaptive = self.0.get(&ask.key).map_or(Adaptive::full(), |state| state.adaptive);
        if let Some(adaptive) = adaptive.cut(now) {
            let full_at = micros(now) + periods(adaptive, ask.budget).1;
            self.0.insert(ask.key.clone(), State { full_at, adaptive });
        }
    }
}

/// A limiter of which nothing is spent, and a connection that sets its clock.
struct Timed {
    budget: RedisBudget,
    connection: MultiplexedConnection,
}

impl Timed {
    async fn open() -> Self {
        let url = std::env::var_os("ORGSWEEP_TEST_REDIS").and_then(|url| url.into_string().ok());
        let url =
            url.expect("the tests of Redis need ORGSWEEP_TEST_REDIS, which cargo xtask test sets");
        let connection = redis::Client::open(url.as_str()).unwrap();
        let connection = connection.get_multiplexed_async_connection().await.unwrap();
        let url = format!("{url}?prefix=test-{}", uuid::Uuid::now_v7());
        let prefix = url.split_once('=').unwrap().1;
        let clock = format!(
            "local function present() return tonumber(redis.call('GET', '{prefix}:now')) end"
        );
        let budget = RedisBudget::open_by(&url, Duration::from_secs(5), &clock).await.unwrap();
        Self { budget, connection }
    }

    async fn set(&mut self, now: Duration) {
        let mut set = redis::cmd("SET");
        set.arg(format!("{}:now", self.budget.prefix)).arg(micros(now));
        set.exec_async(&mut self.connection).await.unwrap();
    }

    async fn end(mut self) {
        let mut keys = redis::cmd("KEYS");
        keys.arg(format!("{}:*", self.budget.prefix));
        let keys: Vec<String> = keys.query_async(&mut self.connection).await.unwrap();
        redis::cmd("DEL").arg(keys).exec_async(&mut self.connection).await.unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn redis_decides_as_the_rules_say(events in prop::collection::vec(event(), 1..60)) {
        Runtime::new().unwrap().block_on(async {
            let (mut timed, mut model) = (Timed::open().await, Model::default());
            let mut now = Duration::from_secs(1_800_000_000);
            timed.set(now).await;
            for event in events {
                match event {
                    Event::Pass(time) => now += time,
                    Event::GoBack(time) => now -= time,
                    Event::Throttled(key, budget) => {
                        let ask = ask((key, budget));
                        timed.budget.throttled(&ask).await.unwrap();
                        model.throttled(&ask, now);
                    }
                    Event::Admit(asks) => {
                        let asks: Vec<Ask> = asks.into_iter().map(ask).collect();
                        let told = timed.budget.admit(&asks).await.unwrap();
                        let due: Vec<_> = asks.iter().map(|ask| model.admit(ask, now)).collect();
                        prop_assert_eq!(told, due);
                    }
                }
                timed.set(now).await;
            }
            timed.end().await;
            Ok(())
        })?;
    }
}

proptest! {
    #[test]
    fn in_every_window_the_rules_grant_at_most_burst_and_rate(
        budget in 0..BUDGETS.len(),
        asks in prop::collection::vec((0_u64..2_000_000, any::<bool>()), 1..300),
    ) {
        let (mut model, mut now) = (Model::default(), Duration::from_secs(1_800_000_000));
        let ask = ask((0, budget));
        let mut granted = Vec::new();
        for (wait, after_all) in asks {
            now += Duration::from_micros(if after_all { wait } else { 0 });
            if model.admit(&ask, now) == Admission::Granted {
                granted.push(micros(now));
            }
        }
        for (first, start) in granted.iter().enumerate() {
            for (calls, end) in (1_u32..).zip(&granted[first..]) {
                let most = ask.budget.burst + (end - start) / periods(Adaptive::full(), ask.budget).0;
                prop_assert!(f64::from(calls) <= most + 1e-6, "{calls} calls, {most} are allowed");
            }
        }
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_delays_no_token_longer_than_a_period() {
    let mut timed = Timed::open().await;
    let ask = ask((0, 0));
    let mut now = Duration::from_secs(1_800_000_000);
    timed.set(now).await;
    timed.budget.throttled(&ask).await.unwrap();
    now -= Duration::from_secs(3600);
    // At the floor of its rate, after the throttle, a token takes at most two seconds.
    let mut waited = Duration::ZERO;
    for _ in 0..3 {
        timed.set(now + waited).await;
        match timed.budget.admit(std::slice::from_ref(&ask)).await.unwrap()[0] {
            Admission::Granted => break,
            Admission::Wait(wait) => waited += wait,
        }
    }
    assert!(waited <= Duration::from_secs(2), "{waited:?} for a token");
    // And the cut recovers from the new time on.
    for step in 1..=10 {
        timed.set(now + waited + Duration::from_secs(11) * step).await;
        timed.budget.admit(std::slice::from_ref(&ask)).await.unwrap();
    }
    let admissions = timed.budget.admit(&vec![ask; 9]).await.unwrap();
    let Some(Admission::Wait(wait)) = admissions.last() else { panic!("no burst has no end") };
    assert_eq!(*wait, Duration::from_millis(400), "the whole rate is back");
    timed.end().await;
}
