//! What every limiter must do, as one suite that each adapter passes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::budget::{Admission, Ask, Bucket, Budget, BudgetKey, Control, Paused};
use protocol::scan::ScanState;
use protocol::{AccountId, Region, ScanId};
use tokio::time::{Instant, sleep};

/// Two handles on one limiter, as two workers hold them.
pub type Handles = [Arc<dyn Budget>; 2];

/// Runs the suite; `make` opens limiters of which nothing is spent. It takes ten seconds of the runtime's clock.
///
/// # Panics
/// When the limiter does not conform; the message says in what.
pub async fn exercise<F>(make: impl Fn() -> F)
where
    F: Future<Output = Handles>,
{
    tokio::join!(
        async { a_key_first_seen_has_one_token(make().await).await },
        async { spending_never_exceeds_burst_and_rate(make().await).await },
        async { askers_at_once_never_exceed_burst_and_rate(make().await).await },
        async { keys_are_apart(make().await).await },
        async { owners_are_apart(make().await).await },
        async { a_throttle_slows_the_key_for_everybody(make().await).await },
        async { a_throttled_key_recovers_step_by_step(make().await).await },
        async { a_changed_budget_holds_at_once(make().await).await },
        async { shares_of_one_bucket_never_exceed_the_larger(make().await).await },
        async { the_control_record_is_read_as_written(make().await).await },
    );
}

fn ask_of(owner: &str, class: &str, burst: f64, per_second: f64) -> Ask {
    let owner = AccountId::new(owner);
    let location = Region::new("eu-west-1");
    let (Ok(owner), Ok(location)) = (owner, location) else { panic!("fixed ids are valid") };
    let key = BudgetKey { owner, location, class: class.to_owned() };
    Ask { key, budget: Bucket { burst, per_second } }
}

fn ask(class: &str, burst: f64, per_second: f64) -> Ask {
    ask_of("123456789012", class, burst, per_second)
}

async fn admit(budget: &Arc<dyn Budget>, ask: &Ask) -> Admission {
    admit_all(budget, std::slice::from_ref(ask)).await[0]
}

async fn admit_all(budget: &Arc<dyn Budget>, asks: &[Ask]) -> Vec<Admission> {
    let admissions = match budget.admit(asks).await {
        Ok(admissions) => admissions,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(admissions.len(), asks.len(), "each ask is answered");
    admissions
}

/// The wait after a token, of a key with a burst of one that has a token now.
async fn period(budget: &Arc<dyn Budget>, ask: &Ask) -> f64 {
    // Asks of one batch are decided at one moment, however long it takes to hand them over.
    match admit_all(budget, &[ask.clone(), ask.clone()]).await[..] {
        [Admission::Granted, Admission::Wait(wait)] => wait.as_secs_f64(),
        ref admissions => panic!("{admissions:?}, where one token should be there"),
    }
}

fn near(wait: f64, seconds: f64) -> bool {
    (wait - seconds).abs() < 0.001
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
                sleep(pause.max(Duration::from_millis(1))).await;
            }
        }
    }
    granted
}

async fn a_key_first_seen_has_one_token([budget, _]: Handles) {
    let ask = ask("first", 50.0, 1.0);
    assert_eq!(admit(&budget, &ask).await, Admission::Granted);
    assert!(matches!(admit(&budget, &ask).await, Admission::Wait(_)), "one token, not a burst");
}

async fn spending_never_exceeds_burst_and_rate([budget, _]: Handles) {
    let ask = ask("rate", 3.0, 10.0);
    let granted = spend(&budget, &ask, Duration::from_secs(2)).await;
    assert!(granted <= 23, "{granted} calls in two seconds at 10/s and a burst of 3");
    assert!(granted >= 10, "{granted} calls in two seconds at 10/s: the budget is not used");
}

async fn askers_at_once_never_exceed_burst_and_rate([one, other]: Handles) {
    let ask = ask("together", 5.0, 20.0);
    let (start, time) = (Instant::now(), Duration::from_secs(2));
    let (a, b, c, d) = tokio::join!(
        spend(&one, &ask, time),
        spend(&one, &ask, time),
        spend(&other, &ask, time),
        spend(&other, &ask, time),
    );
    let (granted, most) = (a + b + c + d, 5.0 + 20.0 * start.elapsed().as_secs_f64());
    assert!(f64::from(granted) <= most, "{granted} calls of four askers, {most} are allowed");
    assert!(granted >= 20, "{granted} calls in two seconds at 20/s: the budget is not used");
}

async fn keys_are_apart([budget, _]: Handles) {
    let asks = [ask("one", 1.0, 0.1), ask("two", 1.0, 0.1), ask("one", 1.0, 0.1)];
    let admissions = admit_all(&budget, &asks).await;
    assert_eq!(admissions[..2], [Admission::Granted, Admission::Granted]);
    assert!(matches!(admissions[2], Admission::Wait(_)), "the same key twice in one batch");
    assert!(admit_all(&budget, &[]).await.is_empty());
}

async fn owners_are_apart([budget, other]: Handles) {
    let owners = ["111111111111", "222222222222", "111111111111", "333333333333", "222222222222"];
    let asks = owners.map(|owner| ask_of(owner, "shared", 1.0, 0.1));
    let granted = admit_all(&budget, &asks).await;
    let granted: Vec<bool> = granted.iter().map(|one| *one == Admission::Granted).collect();
    assert_eq!(granted, [true, true, false, true, false], "answers are in the order of the asks");
    let again = admit_all(&other, &asks).await;
    assert!(again.iter().all(|one| *one != Admission::Granted), "one handle spends what all have");
}

async fn a_throttle_slows_the_key_for_everybody([teller, budget]: Handles) {
    let ask = ask("slow", 1.0, 10.0);
    assert_eq!(admit(&budget, &ask).await, Admission::Granted);
    assert_eq!(teller.throttled(&ask).await, Ok(()));
    let granted = spend(&budget, &ask, Duration::from_secs(2)).await;
    // On a busy machine some are asked for late.
    assert!((5..=12).contains(&granted), "{granted} calls in two seconds at half of 10/s");
}

async fn a_throttled_key_recovers_step_by_step([budget, _]: Handles) {
    let ask = ask("back", 1.0, 1.0);
    assert_eq!(budget.throttled(&ask).await, Ok(()));
    let cut = Instant::now();
    assert!(matches!(admit(&budget, &ask).await, Admission::Wait(_)), "a throttle empties");
    sleep(Duration::from_millis(2_050)).await;
    let wait = period(&budget, &ask).await;
    assert!(near(wait, 2.0), "{wait} s for a token at half of 1/s");
    tokio::time::sleep_until(cut + Duration::from_millis(10_050)).await;
    let wait = period(&budget, &ask).await;
    assert!(near(wait, 1.0 / 0.6), "{wait} s for a token at six tenths of 1/s");
}

async fn a_changed_budget_holds_at_once([one, other]: Handles) {
    let share = |share: u8| {
        let mut ask = ask("changed", 8.0, 2.0);
        ask.budget = ask.budget.share(share);
        ask
    };
    let asks = [share(100), share(100), share(25), share(50), share(100)];
    let admissions = admit_all(&one, &asks).await;
    let waits: Vec<f64> = admissions
        .iter()
        .map(|admission| match admission {
            Admission::Granted => 0.0,
            Admission::Wait(wait) => wait.as_secs_f64(),
        })
        .collect();
    let due = [0.0, 0.5, 2.0, 1.0, 0.5];
    let all_near = waits.iter().zip(due).all(|(wait, due)| near(*wait, due));
    assert!(all_near, "{waits:?} for a token of all, all, a quarter, half, and all of 2/s");
    // A full bucket, whose budget goes to and fro: eight tokens, and two seconds' more.
    sleep(Duration::from_secs(5)).await;
    let mut granted = 0;
    for shares in [[100, 50], [25, 100], [10, 100]] {
        let asks: Vec<Ask> = shares.repeat(20).into_iter().map(share).collect();
        for budget in [&one, &other] {
            let admissions = admit_all(budget, &asks).await;
            granted += admissions.iter().filter(|one| **one == Admission::Granted).count();
        }
    }
    assert!(granted <= 12, "{granted} calls of a burst of 8");
}

async fn shares_of_one_bucket_never_exceed_the_larger([one, other]: Handles) {
    let (small, large) = (ask("turns", 1.0, 5.0), ask("turns", 4.0, 20.0));
    let (start, time) = (Instant::now(), Duration::from_secs(2));
    let (small, large) = tokio::join!(spend(&one, &small, time), spend(&other, &large, time));
    let most = 4.0 + 20.0 * start.elapsed().as_secs_f64();
    assert!(f64::from(small + large) <= most, "{small} and {large} calls, {most} are allowed");
    assert!(large >= 15, "{large} calls in two seconds at 20/s: askers keep each other away");
}

async fn the_control_record_is_read_as_written([writer, reader]: Handles) {
    assert_eq!(reader.control().await, Ok(Control::default()), "nothing was written yet");
    let (Ok(scan), Ok(account)) = (ScanId::new("scan-1"), AccountId::new("123456789012")) else {
        panic!("fixed ids are valid")
    };
    let control = Control {
        version: Control::VERSION,
        scans: [(scan.clone(), ScanState::Paused)].into(),
        paused: vec![Paused { scans: [scan].into(), accounts: [account].into() }],
        shares: [("ec2".to_owned(), 10), ("*".to_owned(), 25)].into(),
    };
    assert_eq!(writer.set_control(&control).await, Ok(()));
    assert_eq!(reader.control().await, Ok(control));
    let next = Control { version: Control::VERSION, ..Control::default() };
    assert_eq!(writer.set_control(&next).await, Ok(()));
    assert_eq!(reader.control().await, Ok(next), "a record takes the place of the one before");
}
