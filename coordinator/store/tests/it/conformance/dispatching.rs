//! Work as it is given out, put off, handed back.

use std::sync::Arc;

use protocol::judge::Tally;
use protocol::result::Answer;
use protocol::scan::ScanState;
use protocol::store::{DueWork, Store};
use protocol::task::{Continuation, Task};
use protocol::{FailureKind, Status};

use crate::world::*;

pub(crate) async fn preflights_come_first_then_global_then_region_by_region(store: Arc<dyn Store>) {
    plan(&*store, &["a", "b"]).await;
    let sets = [regional_set(), global_set()];
    let (known, rows) = ([known_account("0")], rows_of("0", 1));
    store.put_accounts(&scan_id(), &known, &sets, &rows).await.expect("a second window");
    let due = take(&*store, 0).await;
    assert_eq!(told(&due), ["a preflight/0", "b preflight/0", "0 preflight/0"]);
    for due in &due {
        assert_eq!((due.dispatch, due.connection.as_str()), (1, "source-0"));
        enter(&*store, due, 0).await;
    }
    let first = store.take_due(&scan_id(), at(0), 3).await.expect("due");
    let regional = "ec2 kms s3 s3.policies";
    let expected = ["a global cloudfront iam", "b global cloudfront iam"].map(str::to_owned);
    assert_eq!(told(&first[..2]), expected);
    assert_eq!(told(&first[2..]), [format!("a r1 {regional}")]);
    let rest = ["b r1", "a r2", "b r2"].map(|place| format!("{place} {regional}"));
    let last = [
        "0 global cloudfront iam".to_owned(),
        format!("0 r1 {regional}"),
        format!("0 r2 {regional}"),
    ];
    assert_eq!(told(&take(&*store, 0).await), [&rest[..], &last[..]].concat());
}

pub(crate) async fn work_that_is_out_is_not_given_out_again_until_it_is_reclaimed(
    store: Arc<dyn Store>,
) {
    plan(&*store, &["a"]).await;
    let first = take(&*store, 10).await;
    assert_eq!((first.len(), take(&*store, 20).await.len()), (1, 0));
    assert_eq!(store.reclaim(&scan_id(), at(10)).await.expect("reclaimed"), 0);
    assert_eq!(store.reclaim(&scan_id(), at(11)).await.expect("reclaimed"), 1);
    let again = take(&*store, 20).await;
    assert_eq!(again[0].dispatch, 2);
    enter(&*store, &again[0], 20).await;

    let rows = take(&*store, 30).await;
    assert_eq!((rows.len(), take(&*store, 40).await.len()), (3, 0));
    ingest(&*store, 1, &answer(&rows[0], 1, Status::Idle)).await;
    let half = &answer(&rows[1], 1, Status::Idle)[..2];
    ingest(&*store, 1, half).await;
    assert_eq!(store.reclaim(&scan_id(), at(31)).await.expect("reclaimed"), 2);
    let left = ["a r1 s3 s3.policies", "a r2 ec2 kms s3 s3.policies"];
    assert_eq!(told(&take(&*store, 40).await), left);
}

pub(crate) async fn nothing_is_given_out_unless_the_scan_is_running(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    for state in [ScanState::Paused, ScanState::Cancelled, ScanState::Interrupted] {
        store.set_state(&scan_id(), ScanState::ALL, state, at(0)).await.expect("a state");
        assert_eq!(take(&*store, 0).await, []);
    }
    store.set_state(&scan_id(), ScanState::ALL, ScanState::Running, at(0)).await.expect("a state");
    assert_eq!(take(&*store, 0).await.len(), 1);
}

pub(crate) async fn a_preflight_that_is_put_off_comes_back_when_it_is_due(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let due = take(&*store, 0).await;
    let put_off = |dispatch| Answer::PreflightHeld {
        account: account("a"),
        dispatch,
        attempt: 1,
        until: at(50),
        failure: failure(FailureKind::Throttled, "Throttling"),
    };
    assert_eq!(ingest(&*store, 1, &[put_off(7)]).await.stale, 1);
    assert_eq!(ingest(&*store, 1, &[put_off(due[0].dispatch)]).await.stale, 0);
    let progress = store.progress(&scan_id()).await.expect("progress");
    assert_eq!(progress.next_due_ms, Some(at(50).timestamp_millis()));
    assert_eq!(take(&*store, 49).await, []);
    assert_eq!(told(&take(&*store, 50).await), ["a preflight/1"]);
}

pub(crate) async fn the_answer_to_an_earlier_dispatch_of_a_preflight_is_ignored(
    store: Arc<dyn Store>,
) {
    plan(&*store, &["a"]).await;
    let first = take(&*store, 0).await;
    store.reclaim(&scan_id(), at(1)).await.expect("reclaimed");
    let second = take(&*store, 1).await;
    refuse(&*store, &first[0], "Late", 2).await;
    assert_eq!(ledger(&*store).await.get(&Status::RoleFailed), None);
    enter(&*store, &second[0], 3).await;
    enter(&*store, &second[0], 4).await;
    assert_eq!(take(&*store, 5).await.len(), 3);
    refuse(&*store, &second[0], "Twice", 6).await;
    assert_eq!(ledger(&*store).await.get(&Status::RoleFailed), None);
}

pub(crate) async fn a_task_that_is_put_off_comes_back_when_it_is_due(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    enter_all(&*store, 0).await;
    let due = take(&*store, 0).await;
    let continuation = Continuation {
        call: 1,
        token: Some("page 2".to_owned()),
        skip: 3,
        tally: Tally::default(),
    };
    let task = Task {
        probe: probe("iam"),
        attempt: 2,
        throttled: 3,
        deaths: 0,
        continuation: Some(continuation),
    };
    let found = Answer::Cell(cell("a", "global", "cloudfront", 1, Status::Idle));
    let answers = [found, held("a", "global", task.clone(), 70), settled(&due[0])];
    let done = ingest(&*store, 1, &answers).await;
    assert_eq!((done.stale, take(&*store, 69).await.len()), (0, 0));
    let again = take(&*store, 70).await;
    assert_eq!((tasks_of(&again[0]), again[0].dispatch), (vec![task.clone()], 2));

    let end = Answer::Cell(cell("a", "global", "iam", 1, Status::InUse));
    ingest(&*store, 1, &[end, settled(&again[0])]).await;
    assert_eq!(take(&*store, 1_000_000).await, []);
    let late = ingest(&*store, 1, &[held("a", "global", task, 80)]).await;
    assert_eq!((late.stale, take(&*store, 1_000_000).await.len()), (1, 0));
}

pub(crate) async fn an_answer_that_was_lost_is_asked_for_again(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    enter_all(&*store, 0).await;
    let due = take(&*store, 0).await;
    let mut answers = answer(&due[1], 1, Status::Idle);
    answers.remove(1);
    ingest(&*store, 1, &answers).await;
    assert_eq!(take(&*store, 101).await, []);
    assert_eq!(told(&take(&*store, 1_000_000).await), ["a r1 kms"]);
}

pub(crate) async fn the_end_of_an_earlier_dispatch_is_ignored(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    enter_all(&*store, 0).await;
    let first = take(&*store, 10).await;
    store.reclaim(&scan_id(), at(11)).await.expect("reclaimed");
    let second = take(&*store, 12).await;
    let late = ingest(&*store, 1, &answer(&first[0], 1, Status::Idle)).await;
    assert_eq!((late.cells, late.stale), (2, 1));
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 3);
    let present = ingest(&*store, 1, &answer(&second[0], 1, Status::Idle)).await;
    assert_eq!((present.cells, present.stale), (0, 2));
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 2);
}

pub(crate) async fn rows_with_a_verdict_are_not_given_out(store: Arc<dyn Store>) {
    plan(&*store, &["a", "b"]).await;
    let due = take(&*store, 0).await;
    let closed = [verdict(Some("r2"), Status::RegionOff)];
    judge(&*store, &due[0], &entered(), &closed, 0).await;
    refuse(&*store, &due[1], "AccessDenied", 0).await;
    let rows = take(&*store, 0).await;
    assert_eq!(told(&rows), ["a global cloudfront iam", "a r1 ec2 kms s3 s3.policies"]);
    assert!(rows.iter().all(|due| matches!(due.work, DueWork::Probes { .. })));
    let cells = cells(&*store).await;
    assert_eq!(cells["a r2 not.offered"], "region_off/1");
    assert_eq!(cells["b global iam"], "role_failed/1");
    let ledger = ledger(&*store).await;
    assert_eq!(ledger[&Status::RegionOff], 5);
    assert_eq!(ledger[&Status::RoleFailed], CELLS);
    let sql = "select distinct evidence, failure_code, failure_operation from scan_cells where scan_id = $1 and account_id = 'b'";
    assert_eq!(ask(&*store, sql, vec![]).await.len(), 1);
}
