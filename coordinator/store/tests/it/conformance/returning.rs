//! Dispatches that come back without having been worked on.

use std::sync::Arc;

use protocol::Status;
use protocol::plan::{PlanRow, ProbeSet};
use protocol::result::{Answer, Page, Return};
use protocol::store::{Due, Store};
use protocol::task::Task;

use crate::world::*;

async fn entered_plan(store: &dyn Store) {
    plan(store, &["a"]).await;
    enter_all(store, 0).await;
}

/// Gives work back; returns how much of it was not out.
async fn give_back(store: &dyn Store, due: &Due, why: Return, now: i64) -> u64 {
    let answers = [returned(due, why)];
    store.ingest(&scan_id(), 1, &[Page::from(&answers[..])], at(now)).await.expect("ingested").stale
}

/// Takes the one dispatch of `global` that is due.
async fn take_global(store: &dyn Store, now: i64) -> Vec<Due> {
    let due = take(store, now).await;
    due.into_iter().filter(|due| region_of(due).is_global()).collect()
}

pub(crate) async fn what_comes_back_is_due_again_when_its_reason_says(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    for (why, wait) in [(Return::Stopped, 0), (Return::Catalog, 30_000)] {
        let due = take(&*store, 100).await;
        assert_eq!(told(&due), ["a preflight/0"]);
        assert_eq!(give_back(&*store, &due[0], why, 100).await, 0);
        assert_eq!(take(&*store, 99 + wait).await, []);
        enter(&*store, &due[0], 100).await;
        let progress = store.progress(&scan_id()).await.expect("progress");
        assert_eq!((progress.preflights_open, progress.out), (1, 0), "a late answer is none");
        let next = Some(at(100 + wait).timestamp_millis());
        assert_eq!(progress.next_due_ms, next);
    }
    let due = take(&*store, 30_100).await;
    assert_eq!(due[0].dispatch, 3);
    enter(&*store, &due[0], 0).await;
    for (why, wait) in [(Return::Stopped, 0), (Return::Catalog, 30_000)] {
        let due = take(&*store, 100).await;
        assert_eq!(store.progress(&scan_id()).await.expect("progress").out, 3);
        for due in &due {
            assert_eq!(give_back(&*store, due, why, 100).await, 0);
        }
        assert_eq!(store.progress(&scan_id()).await.expect("progress").out, 0);
        assert_eq!(take(&*store, 99 + wait).await, []);
        let again = take(&*store, 100 + wait).await;
        assert_eq!(told(&again), told(&due));
        assert_eq!(again[0].dispatch, due[0].dispatch + 1);
        for due in &again {
            give_back(&*store, due, Return::Stopped, 0).await;
        }
    }
}

pub(crate) async fn a_return_that_comes_late_or_twice_changes_nothing(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let first = take(&*store, 0).await;
    assert_eq!(give_back(&*store, &first[0], Return::Redelivered, 0).await, 0);
    assert_eq!(give_back(&*store, &first[0], Return::Redelivered, 0).await, 1);
    let second = take(&*store, 0).await;
    assert_eq!(give_back(&*store, &first[0], Return::Redelivered, 0).await, 1);
    assert_eq!(take(&*store, 0).await, []);
    enter(&*store, &second[0], 0).await;
    assert_eq!(give_back(&*store, &second[0], Return::Redelivered, 0).await, 1);

    let rows = take(&*store, 0).await;
    ingest(&*store, 1, &answer(&rows[0], 1, Status::Idle)).await;
    assert_eq!(give_back(&*store, &rows[0], Return::Redelivered, 0).await, 1);
    let both = [returned(&rows[1], Return::Redelivered), settled(&rows[1])];
    let answers = [&answer(&rows[1], 1, Status::Idle)[..], &both].concat();
    assert_eq!(ingest(&*store, 1, &answers).await.stale, 2, "what was answered is not lost");
    let nowhere = Due { account: account("x"), ..rows[2].clone() };
    assert_eq!(give_back(&*store, &nowhere, Return::Stopped, 0).await, 1);
    assert_eq!(take(&*store, 1_000_000).await, []);
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 1);
}

pub(crate) async fn a_batch_that_was_lost_goes_out_one_by_one(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    let due = take(&*store, 0).await;
    assert_eq!(told(&due[1..2]), ["a r1 ec2 kms s3 s3.policies"]);
    ingest(&*store, 1, &answer(&due[1], 1, Status::Idle)[..1]).await;
    assert_eq!(give_back(&*store, &due[1], Return::Redelivered, 0).await, 0);
    for left in ["kms", "s3", "s3.policies"] {
        let due = take(&*store, 100).await;
        assert_eq!(told(&due), [format!("a r1 {left}")]);
        assert_eq!(tasks_of(&due[0])[0].deaths, 0);
        // Settled at 100: the others do not wait for stragglers.
        ingest(&*store, 1, &answer(&due[0], 1, Status::Idle)).await;
    }
    assert_eq!(take(&*store, 1_000_000).await, []);
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 2);

    // The next round finds the row as any other.
    ingest(&*store, 1, &answer(&due[0], 1, Status::Idle)).await;
    ingest(&*store, 1, &answer(&due[2], 1, Status::Idle)).await;
    finish(&*store).await;
    requeue(&*store, &by_status(&[Status::Idle])).await;
    assert_eq!(told(&take(&*store, 1000).await[1..2]), ["a r1 ec2 kms s3 s3.policies"]);
}

pub(crate) async fn a_task_that_ends_its_workers_ends_as_an_error_and_the_others_go_on(
    store: Arc<dyn Store>,
) {
    entered_plan(&*store).await;
    let due = take(&*store, 0).await;
    assert_eq!(told(&due[..1]), ["a global cloudfront iam"]);
    assert_eq!(give_back(&*store, &due[0], Return::Redelivered, 0).await, 0);
    let mut deaths = 0;
    for round in 0..10 {
        let due = take_global(&*store, 1000 * round).await;
        let Some(due) = due.first() else { break };
        let task = &tasks_of(due)[0];
        if task.probe == probe("cloudfront") {
            assert_eq!(task.deaths, deaths);
            give_back(&*store, due, Return::Redelivered, 1000 * round).await;
            deaths += 1;
            let cells = cells(&*store).await;
            let ended = deaths == Task::MAX_DEATHS;
            assert_eq!(cells["a global cloudfront"] == "error/1", ended, "{deaths} deaths");
        } else {
            ingest(&*store, 1, &answer(due, 1, Status::Idle)).await;
        }
    }
    assert_eq!(deaths, Task::MAX_DEATHS);
    assert_eq!(cells(&*store).await["a global iam"], "idle/1");
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 2);
    let sql = "select failure_code, failure_message, attempts from scan_cells
        where scan_id = $1 and probe = 'cloudfront'";
    let told = format!("{:?}", ask(&*store, sql, vec![]).await);
    let history = "a worker that had this alone ended without an answer, 3 of 3 times: 1970-";
    assert!(told.contains("Poison") && told.contains(history), "{told}");
    assert_eq!(told.matches("1970-01-01T").count(), 3, "{told}");
    assert_eq!(ledger(&*store).await[&Status::Error], 1);

    // Asked for again, it has all its chances again.
    finish(&*store).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Error])).await, 1);
    let due = take(&*store, 1_000_000).await;
    assert_eq!(tasks_of(&due[0]), [Task::new(probe("cloudfront"))]);
}

pub(crate) async fn a_death_keeps_what_the_task_had(store: Arc<dyn Store>) {
    entered_plan(&*store).await;
    let due = take(&*store, 0).await;
    let found = Answer::Cell(cell("a", "global", "iam", 1, Status::Idle));
    let task = Task { attempt: 2, throttled: 1, ..Task::new(probe("cloudfront")) };
    ingest(&*store, 1, &[found, held("a", "global", task.clone(), 50), settled(&due[0])]).await;
    // A row with one task left was out with it alone, without having been lost before.
    let due = take_global(&*store, 50).await;
    give_back(&*store, &due[0], Return::Redelivered, 60).await;
    assert_eq!(take_global(&*store, 59).await, []);
    let due = take_global(&*store, 60).await;
    assert_eq!(tasks_of(&due[0]), [Task { deaths: 1, ..task.clone() }]);
    give_back(&*store, &due[0], Return::Stopped, 60).await;
    let due = take_global(&*store, 60).await;
    assert_eq!(tasks_of(&due[0]), [Task { deaths: 1, ..task }]);
    // Its answer was written down before its end was told.
    ingest(&*store, 1, &answer(&due[0], 1, Status::InUse)[..1]).await;
    give_back(&*store, &due[0], Return::Redelivered, 70).await;
    assert_eq!(take_global(&*store, 1_000_000).await, []);
    assert_eq!(cells(&*store).await["a global cloudfront"], "in_use/1");
}

pub(crate) async fn a_preflight_that_ends_its_workers_ends_as_failed(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    for death in 1..=Task::MAX_DEATHS {
        let due = take(&*store, 100).await;
        assert_eq!(told(&due), ["a preflight/0"]);
        assert_eq!(give_back(&*store, &due[0], Return::Redelivered, 100).await, 0);
        let ended = cells(&*store).await["a r1 ec2"] == "role_failed/1";
        assert_eq!(ended, death == Task::MAX_DEATHS);
    }
    assert_eq!(take(&*store, 1_000_000).await, []);
    let progress = store.progress(&scan_id()).await.expect("progress");
    assert_eq!((progress.preflights_open, progress.batches_open, progress.out), (0, 0, 0));
    let sql = "select distinct failure_kind, failure_code, failure_message from scan_cells where scan_id = $1";
    let told_why = format!("{:?}", ask(&*store, sql, vec![]).await);
    assert!(told_why.contains("role_failed") && told_why.contains("Poison"), "{told_why}");
    assert_eq!(told_why.matches("1970-01-01T").count(), 3, "{told_why}");
    assert_eq!(ledger(&*store).await[&Status::RoleFailed], CELLS);

    finish(&*store).await;
    requeue(&*store, &by_status(&[Status::RoleFailed])).await;
    let due = take(&*store, 1000).await;
    give_back(&*store, &due[0], Return::Redelivered, 1000).await;
    assert_eq!(told(&take(&*store, 1000).await), ["a preflight/0"], "its deaths were forgotten");
}

pub(crate) async fn a_row_of_one_task_is_lost_alone(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let set = ProbeSet { probes: [(probe("iam"), None)].into_iter().collect() };
    let row =
        PlanRow { account: account("b"), region: region("global"), probe_set: set.id(), window: 0 };
    let known = [known_account("b")];
    store.put_accounts(&scan_id(), &known, &[set], &[row]).await.expect("an account");
    enter_all(&*store, 0).await;
    let due = take_global(&*store, 0).await;
    for due in &due {
        assert_eq!(give_back(&*store, due, Return::Redelivered, 5).await, 0);
    }
    let due = take_global(&*store, 5).await;
    let deaths: Vec<u32> = due.iter().map(|due| tasks_of(due)[0].deaths).collect();
    assert_eq!(
        (told(&due), deaths),
        (vec!["a global cloudfront".to_owned(), "b global iam".to_owned()], vec![0, 1])
    );
}
