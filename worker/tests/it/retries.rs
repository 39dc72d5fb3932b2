//! What fails for a while, and what fails for good.

use std::time::Duration;

use protocol::batch::Work;
use protocol::{Failure, FailureKind, Status};
use tokio::time::Instant;

use crate::bench::work;
use crate::cloud::{Cloud, fail, item, only_cell, only_held, page, task};

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_got_over() {
    let cloud = Cloud::new(|_, before| match before {
        0 => fail(FailureKind::Transient),
        1 => fail(FailureKind::Unreachable),
        _ => page(vec![item("a", &[])], None),
    });
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((cell.status, cell.attempts), (Status::InUse, 3));
    assert_eq!((cell.cost.calls, cell.cost.retries), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_stays_is_an_error_with_its_code() {
    let cloud = Cloud::new(|_, _| fail(FailureKind::Transient));
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!(cell.status, Status::Error);
    assert_eq!(cell.failure.map(|failure| failure.code), Some("transient".to_owned()));
    assert_eq!(cell.cost.calls, 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_asked_once() {
    let cloud = Cloud::new(|_, _| fail(FailureKind::Denied));
    let cell = only_cell(&work(&cloud, Work::Probes(vec![task("sqs")])).await);
    assert_eq!((cell.status, cell.cost.calls), (Status::Denied, 1));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_stays_throttled_says_so_in_the_end() {
    let cloud = Cloud::new(|_, _| fail(FailureKind::Throttled));
    let mut next = task("sqs");
    let cell = loop {
        let answers = work(&cloud, Work::Probes(vec![next])).await;
        if answers.iter().any(|answer| matches!(answer, protocol::result::Answer::Cell(_))) {
            break only_cell(&answers);
        }
        let held = only_held(&answers);
        assert_eq!(held.task.attempt, 0, "a throttle spends no attempt");
        next = held.task;
    };
    assert_eq!(cell.status, Status::Throttled);
    assert_eq!(cell.cost.throttles, cell.cost.calls);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_task_does_not_hold_up_the_others() {
    let cloud = Cloud::new(|asked, _| {
        if asked.call == 0 && asked.token.is_none() {
            let mut failure = Failure::new(FailureKind::Throttled, "Slow", "");
            failure.retry_after_ms = Some(60_000);
            return Err(failure);
        }
        page(vec![], None)
    });
    let start = Instant::now();
    let answers = work(&cloud, Work::Probes(vec![task("ecr"), task("sqs"), task("sns")])).await;
    assert!(start.elapsed() < Duration::from_secs(1), "nobody sat the minute out");
    assert_eq!(answers.len(), 4, "three are put off, and the batch is settled");
}
