//! What every limiter must do, as one suite that each adapter passes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::budget::{Admission, Ask, Bucket, Budget, BudgetKey};
use protocol::{AccountId, Region};
use tokio::time::Instant;

/// Runs the suite; `make` opens limiters of which nothing is spent.
///
/// # Panics
/// When the limiter does not conform; the message says in what.
pub async fn exercise<F>(make: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn Budget>>,
{
    a_key_first_seen_has_one_token(make().await).await;
    spending_never_exceeds_burst_and_rate(make().await).await;
    keys_are_apart(make().await).await;
    a_throttle_slows_the_key(make().await).await;
}

fn ask(class: &str, burst: f64, per_second: f64) -> Ask {
    let owner = AccountId::new("123456789012");
    let location = Region::new("eu-west-1");
    let (Ok(owner), Ok(location)) = (owner, location) else { panic!("fixed ids are valid") };
    let key = BudgetKey { owner, location, class: class.to_owned() };
    Ask { key, budget: Bucket { burst, per_second } }
}

async fn admit(budget: &Arc<dyn Budget>, ask: &Ask) -> Admission {
    let Ok(admissions) = budget.admit(std::slice::from_ref(ask)).await else {
        panic!("the limiter did not answer")
    };
    admissions[0]
}

/// Tokens granted to somebody who asks as often as allowed for `time`.
async fn spend(budget: &Arc<dyn Budget>, ask: &Ask, time: Duration) -> u32 {
    let end = Instant::now() + time;
    let mut granted = 0;
    while Instant::now() < end {
        match admit(budget, ask).await {
            Admission::Granted => granted += 1,
            Admission::Wait(wait) => {
                assert!(wait > Duration::ZERO, "a refusal says how long to wait");
                let pause = wait.min(end.saturating_duration_since(Instant::now()));
                tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
            }
        }
    }
    granted
}

async fn a_key_first_seen_has_one_token(budget: Arc<dyn Budget>) {
    let ask = ask("first", 50.0, 1.0);
    assert_eq!(admit(&budget, &ask).await, Admission::Granted);
    assert!(matches!(admit(&budget, &ask).await, Admission::Wait(_)), "one token, not a burst");
}

async fn spending_never_exceeds_burst_and_rate(budget: Arc<dyn Budget>) {
    let ask = ask("rate", 3.0, 10.0);
    let granted = spend(&budget, &ask, Duration::from_secs(2)).await;
    assert!(granted <= 23, "{granted} calls in two seconds at 10/s and a burst of 3");
    assert!(granted >= 15, "{granted} calls in two seconds at 10/s: the budget is not used");
}

async fn keys_are_apart(budget: Arc<dyn Budget>) {
    let asks = [ask("one", 1.0, 0.1), ask("two", 1.0, 0.1), ask("one", 1.0, 0.1)];
    let Ok(admissions) = budget.admit(&asks).await else { panic!("the limiter did not answer") };
    assert_eq!(admissions[..2], [Admission::Granted, Admission::Granted]);
    assert!(matches!(admissions[2], Admission::Wait(_)), "the same key twice in one batch");
}

async fn a_throttle_slows_the_key(budget: Arc<dyn Budget>) {
    let ask = ask("slow", 1.0, 10.0);
    assert_eq!(admit(&budget, &ask).await, Admission::Granted);
    assert_eq!(budget.throttled(&ask).await, Ok(()));
    let granted = spend(&budget, &ask, Duration::from_secs(2)).await;
    assert!((8..=11).contains(&granted), "{granted} calls in two seconds at half of 10/s");
}
