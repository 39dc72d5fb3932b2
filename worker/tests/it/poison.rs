//! Tasks that hang or panic: they hold up neither their batch nor others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::batch::{Batch, BatchPace, Work};
use protocol::result::{Answer, Return};
use protocol::{FailureKind, Status};
use tokio::time::Instant;

use crate::bench::{Bench, batch, ends, returned, work};
use crate::brittle::Brittle;
use crate::cloud::{Cloud, item, only_cell, only_held, page, task};

const POISONED: &str = "111122223333";
const HEALTHY: &str = "444455556666";

fn cells(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| matches!(answer, Answer::Cell(_))).count()
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_goes_back_with_its_batch_and_stops_no_other() {
    let cloud = Cloud::new(|asked, _| {
        assert_ne!(asked.probe, "sqs", "scripted");
        page(vec![item("a", &[])], None)
    });
    let mut bench = Bench::new(&cloud);
    // One permit: a panic that kept it would stop everything.
    bench.settings.max_in_flight = 1;
    bench.start();
    bench.send(&batch(POISONED, Work::Probes(vec![task("sqs"), task("ecr")]))).await;
    bench.send(&batch(HEALTHY, Work::Probes(vec![task("sns"), task("ecr")]))).await;
    bench.until(|answers| ends(answers) == 2).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers), [(POISONED.to_owned(), Return::Redelivered)]);
    assert_eq!(cells(&bench.answers), 2, "the other account's");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_is_cut_and_its_batch_mates_are_answered() {
    let cloud = Cloud::new(|_, _| page(vec![item("a", &[])], None));
    cloud.hangs.lock().unwrap().push("sqs");
    let queue = Arc::new(Brittle::default());
    let mut bench = Bench::on(Arc::clone(&queue) as _, &cloud);
    let pace = BatchPace { max_attempts: 2, ..BatchPace::default() };
    bench.start();
    let start = Instant::now();
    let tasks = vec![task("sqs"), task("sns")];
    bench.send(&Batch { pace, ..batch(POISONED, Work::Probes(tasks)) }).await;
    bench.until(|answers| ends(answers) == 1).await;
    assert!(start.elapsed() < Duration::from_secs(240), "a batch lives less than five minutes");
    let kept = queue.extended.load(Ordering::SeqCst);
    assert!((2..=3).contains(&kept), "and is kept once a minute, not {kept} times");
    assert_eq!(only_cell(&bench.answers).status, Status::InUse);
    let held = only_held(&bench.answers);
    assert_eq!((held.task.attempt, held.why.unwrap().code.as_str()), (1, "TaskDeadline"));

    bench.answers.clear();
    bench.send(&Batch { pace, ..batch(POISONED, Work::Probes(vec![held.task])) }).await;
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    let cell = only_cell(&bench.answers);
    let failure = cell.failure.unwrap();
    assert_eq!((cell.status, failure.code.as_str()), (Status::Error, "TaskDeadline"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_gives_its_permit_back() {
    let cloud = Cloud::new(|_, _| page(vec![item("a", &[])], None));
    cloud.hangs.lock().unwrap().push("sqs");
    let mut bench = Bench::new(&cloud);
    bench.settings.max_in_flight = 1;
    bench.start();
    bench.send(&batch(POISONED, Work::Probes(vec![task("sqs")]))).await;
    bench.until(|answers| ends(answers) == 1).await;
    bench.send(&batch(HEALTHY, Work::Probes(vec![task("sns")]))).await;
    bench.until(|answers| ends(answers) == 2).await;
    bench.end().await;
    assert_eq!(cells(&bench.answers), 1);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_hangs_is_tried_again_later() {
    let cloud = Cloud::new(|_, _| page(vec![], None));
    cloud.hangs.lock().unwrap().push("preflight");
    let answers = work(&cloud, Work::Preflight { attempt: 0 }).await;
    let [Answer::PreflightHeld { attempt: 1, failure, .. }] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(failure.kind, FailureKind::Transient);
}
