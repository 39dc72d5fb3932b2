//! Brokers and budgets that are away for a while, and for too long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::batch::Work;
use protocol::object::Object;
use protocol::queue::Line;
use protocol::result::Answer;
use tokio::time::Instant;

use crate::bench::{Bench, batch, ends};
use crate::brittle::Brittle;
use crate::cloud::{Cloud, item, only_cell, only_held, page, task};

const ACCOUNT: &str = "111122223333";

fn one() -> Arc<Cloud> {
    Cloud::new(|_, _| page(vec![item("a", &[])], None))
}

fn sqs() -> Work {
    Work::Probes(vec![task("sqs")])
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn answers_wait_for_a_broker_that_is_away_and_nothing_more_is_taken() {
    let cloud = one();
    let queue = Arc::new(Brittle::default());
    let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
    bench.start();
    queue.away.lock().unwrap().push(Line::Results);
    bench.send(&batch(ACCOUNT, sqs())).await;
    minutes(1).await;
    for account in 0..40 {
        bench.send(&batch(&format!("{account:012}"), sqs())).await;
    }
    minutes(4).await;
    let received = queue.received.load(Ordering::SeqCst);
    assert!(received <= 1 + 16, "{received}: the first, and what it was waiting for meanwhile");
    queue.away.lock().unwrap().clear();
    bench.until(|answers| ends(answers) == 41).await;
    bench.end().await;
    assert_eq!(cloud.asked().len(), 41, "nothing was asked twice");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stays_away_ends_the_worker_with_what_to_do() {
    for line in [Line::Results, Line::Tasks] {
        let cloud = one();
        let queue = Arc::new(Brittle::default());
        let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
        bench.send(&batch(ACCOUNT, sqs())).await;
        queue.away.lock().unwrap().push(line);
        let start = Instant::now();
        bench.start();
        // What could not be answered is delivered again, and cannot be answered either.
        let error = bench.ended().await.unwrap_err();
        assert!(start.elapsed() > Duration::from_secs(590), "{line}");
        assert!(matches!(error, worker::Error::Away { minutes: 10, .. }), "{line}: {error}");
        assert!(cloud.asked().len() <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_drains_while_its_broker_is_away() {
    let cloud = one();
    let queue = Arc::new(Brittle::default());
    let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
    queue.away.lock().unwrap().push(Line::Tasks);
    bench.start();
    minutes(1).await;
    let took = bench.end().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn without_budgets_nothing_is_called_and_nothing_is_lost() {
    let cloud = one();
    let mut bench = Bench::new(&cloud);
    *bench.budgets.away.lock().unwrap() = true;
    bench.start();
    bench.send(&batch(ACCOUNT, sqs())).await;
    bench.until(|answers| ends(answers) == 1).await;
    let held = only_held(&bench.answers);
    assert_eq!((held.why, held.task.attempt), (None, 0), "waiting spends no attempt");
    assert!(cloud.asked().is_empty());

    bench.send(&batch(ACCOUNT, Work::Probes(vec![held.task]))).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    *bench.budgets.away.lock().unwrap() = false;
    bench.until(|answers| ends(answers) == 2).await;
    bench.end().await;
    assert_eq!(only_cell(&bench.answers).cost.calls, 1);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_ready_together_go_out_together() {
    let cloud = one();
    let queue = Arc::new(Brittle::default());
    let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
    for account in 0..32 {
        bench.send(&batch(&format!("{account:012}"), sqs())).await;
    }
    let sent = queue.publishes.load(Ordering::SeqCst);
    bench.start();
    bench.until(|answers| ends(answers) == 32).await;
    bench.end().await;
    let publishes = queue.publishes.load(Ordering::SeqCst) - sent;
    assert!(publishes <= 4, "{publishes}");
}

#[tokio::test(start_paused = true)]
async fn no_message_is_larger_than_the_queue_takes() {
    let cloud = Cloud::new(|_, _| {
        let thing = |id: usize| {
            let mut thing = item(&id.to_string(), &[]);
            thing.object.documents.insert("policy".into(), "x".repeat(id * 100));
            thing
        };
        page((0..100).map(thing).collect(), None)
    });
    let queue = Arc::new(Brittle::taking(4096));
    let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
    bench.start();
    bench.send(&batch(ACCOUNT, sqs())).await;
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    let things: Vec<_> = bench.answers.iter().flat_map(things).collect();
    assert_eq!((things.len(), only_cell(&bench.answers).resource_count), (100, 100));
    let cut: Vec<_> = things.iter().filter(|thing| thing.documents.is_empty()).collect();
    assert!(cut.len() > 50 && cut.iter().all(|thing| thing.attributes.contains_key("left_out")));
}

fn things(answer: &Answer) -> Vec<Object> {
    match answer {
        Answer::Objects { objects, .. } => objects.clone(),
        _ => Vec::new(),
    }
}
