//! Stopping: what is under way is finished or handed back at a page's border, what is not begun
//! is handed back whole.

use std::time::Duration;

use protocol::batch::Work;
use protocol::queue::Line;
use protocol::result::{Answer, Return};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, batch, ends, returned, work_until};
use crate::cloud::{Cloud, item, only_held, page, task};

#[tokio::test(start_paused = true)]
async fn draining_hands_back_at_the_next_page() {
    let drain = CancellationToken::new();
    let trigger = drain.clone();
    let cloud = Cloud::new(move |_, before| {
        if before == 2 {
            trigger.cancel();
        }
        page(vec![item(&before.to_string(), &[])], Some("more"))
    });
    let answers = work_until(&cloud, Work::Probes(vec![task("sqs")]), drain).await;
    let held = only_held(&answers);
    let continuation = held.task.continuation.unwrap();
    assert_eq!((continuation.tally.own, continuation.token.as_deref()), (3, Some("more")));
}

#[tokio::test(start_paused = true)]
async fn draining_hands_back_between_two_things_of_a_page() {
    let drain = CancellationToken::new();
    let trigger = drain.clone();
    let cloud = Cloud::new(move |asked, before| {
        if before == 2 {
            trigger.cancel();
        }
        match asked.call {
            0 => page((0..9).map(|id| item(&id.to_string(), &[1])).collect(), None),
            _ => page(vec![item(asked.item.as_deref().unwrap(), &[])], None),
        }
    });
    let answers = work_until(&cloud, Work::Probes(vec![task("kms")]), drain).await;
    let continuation = only_held(&answers).task.continuation.unwrap();
    assert_eq!((continuation.skip, continuation.tally.own), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn draining_hands_back_batches_that_are_not_begun() {
    let cloud = Cloud::new(|_, before| page(vec![item(&before.to_string(), &[])], Some("more")));
    let mut bench = Bench::new(&cloud);
    bench.settings.max_in_flight = 1;
    for account in 0..40 {
        let work = Work::Probes(vec![task("sqs"), task("sns"), task("ecr"), task("kms")]);
        bench.send(&batch(&format!("{account:012}"), work)).await;
    }
    bench.start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let took = bench.end().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    let whole = returned(&bench.answers);
    assert!(whole.iter().all(|(_, why)| *why == Return::Stopped));
    assert_eq!((ends(&bench.answers), whole.len()), (40, 39));
    let held = bench.answers.iter().filter(|answer| matches!(answer, Answer::Held(_))).count();
    assert_eq!(held, 4, "the tasks of the batch that was begun");
    assert_eq!(bench.queue.depth(Line::Tasks).await, Ok(0), "all are acknowledged");
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_takes_too_long_leaves_the_rest_to_be_delivered_again() {
    let cloud = Cloud::new(|_, _| page(vec![], None));
    cloud.hangs.lock().unwrap().push("sqs");
    let mut bench = Bench::new(&cloud);
    bench.send(&batch("111122223333", Work::Probes(vec![task("sqs")]))).await;
    bench.start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let took = bench.end().await;
    assert!(took < Duration::from_secs(90), "{took:?}");
    assert_eq!(bench.answers, []);
    let again = bench.receive(Line::Tasks).await;
    assert!(again.redelivered);
}
