//! Waiting to get in: for the hub's tokens, without keeping anybody from a call.

use std::time::Duration;

use protocol::Failure;
use protocol::batch::Work;
use protocol::result::Answer;
use tokio::time::Instant;

use crate::bench::{Bench, batch, ends, work};
use crate::cloud::{Cloud, item, only_cell, only_held, page, task};

const WAITING: &str = "111122223333";
const ENTERED: &str = "444455556666";
const LONG: Duration = Duration::from_secs(30);

/// A worker of one permit, whose first batch waits to get in; how long a task elsewhere took.
async fn beside(waiting: Work, cloud: &std::sync::Arc<Cloud>) -> Duration {
    let mut bench = Bench::new(cloud);
    bench.settings.max_in_flight = 1;
    bench.start();
    let start = Instant::now();
    bench.send(&batch(WAITING, waiting)).await;
    bench.send(&batch(ENTERED, Work::Probes(vec![task("sns")]))).await;
    bench.until(|answers| ends(answers) == 1).await;
    let took = start.elapsed();
    assert_eq!(only_cell(&bench.answers).key.account.as_str(), ENTERED);
    bench.end().await;
    took
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_to_get_in_holds_no_permit() {
    let cloud = Cloud::new(|_, _| page(vec![item("a", &[])], None));
    cloud.slow_to_enter.lock().unwrap().push((WAITING, LONG));
    let took = beside(Work::Probes(vec![task("sqs"), task("ecr")]), &cloud).await;
    assert!(took < LONG, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_preflight_that_waits_to_get_in_holds_no_permit() {
    let cloud = Cloud::new(|_, _| page(vec![item("a", &[])], None));
    cloud.hangs.lock().unwrap().push("preflight");
    let took = beside(Work::Preflight { attempt: 0 }, &cloud).await;
    assert!(took < LONG, "{took:?}");
}

fn whose_turn_comes_in(times: usize, wait: Duration) -> std::sync::Arc<Cloud> {
    let cloud = Cloud::new(|_, _| page(vec![item("a", &[])], None));
    cloud.refuse_entry.lock().unwrap().extend(vec![Failure::turn("sts", wait); times]);
    cloud
}

#[tokio::test(start_paused = true)]
async fn who_waits_long_to_get_in_is_put_off_and_spends_no_attempt() {
    let cloud = whose_turn_comes_in(1, LONG);
    let held = only_held(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((held.task.attempt, held.task.throttled, held.why), (0, 0, None));
    assert_eq!(cloud.asked(), [], "nothing was called");

    let cloud = whose_turn_comes_in(1, LONG);
    let answers = work(&cloud, Work::Preflight { attempt: 2 }).await;
    let [Answer::PreflightHeld { attempt: 2, failure, .. }] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(failure.waits_its_turn());
}

#[tokio::test(start_paused = true)]
async fn who_waits_shortly_to_get_in_goes_on_however_often() {
    let cloud = whose_turn_comes_in(20, Duration::from_secs(1));
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((cell.attempts, cell.cost.calls, cell.failure), (1, 1, None));

    let cloud = whose_turn_comes_in(20, Duration::from_secs(1));
    let answers = work(&cloud, Work::Preflight { attempt: 0 }).await;
    assert!(matches!(&answers[..], [Answer::Preflight { outcome: Ok(_), .. }]), "{answers:?}");
}
