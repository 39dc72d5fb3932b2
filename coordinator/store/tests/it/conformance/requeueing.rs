//! New rounds: the cells that match are run again, the others keep what they have.

use std::sync::Arc;

use protocol::Status;
use protocol::result::Answer;
use protocol::scan::ScanState;
use protocol::store::{CellFilter, Store};

use crate::world::*;

/// A finished scan of `a` and `b`: everything idle, but `b` was not entered and one cell was denied.
async fn finished(store: &Arc<dyn Store>) {
    plan(&**store, &["a", "b"]).await;
    let due = take(&**store, 0).await;
    enter(&**store, &due[0], 0).await;
    refuse(&**store, &due[1], "AccessDenied", 0).await;
    ingest(&**store, 1, &[Answer::Cell(cell("a", "r1", "kms", 1, Status::Denied))]).await;
    run(&**store, 1, Status::Idle).await;
    finish(&**store).await;
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 0);
}

pub(crate) async fn only_the_cells_that_match_run_again(store: Arc<dyn Store>) {
    finished(&store).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied, Status::Throttled])).await, 1);
    let scan = store.scan(&scan_id()).await.expect("a scan");
    assert_eq!((scan.round, scan.state, scan.finished_at), (2, ScanState::Running, None));
    assert_eq!(cells(&*store).await["a r1 kms"], "denied/1");
    let due = take(&*store, 1000).await;
    assert_eq!(told(&due), ["a r1 kms"]);
    ingest(&*store, 2, &answer(&due[0], 2, Status::InUse)).await;
    assert_eq!(take(&*store, 1_000_000).await, []);
    let cells = cells(&*store).await;
    assert_eq!((&*cells["a r1 kms"], &*cells["a r1 ec2"]), ("in_use/2", "idle/1"));
    ledger(&*store).await;
}

pub(crate) async fn with_no_match_nothing_changes(store: Arc<dyn Store>) {
    finished(&store).await;
    let before = store.scan(&scan_id()).await.expect("a scan");
    assert_eq!(requeue(&*store, &by_status(&[Status::Throttled])).await, 0);
    assert_eq!(requeue(&*store, &by_status(&[Status::NotOffered])).await, 0);
    assert_eq!(store.scan(&scan_id()).await.expect("a scan"), before);
    assert_eq!(take(&*store, 1_000_000).await, []);
}

pub(crate) async fn every_part_of_a_filter_narrows_it(store: Arc<dyn Store>) {
    finished(&store).await;
    organize(&*store).await;
    // A match opens a round and leaves the answers as they are, so that filters can be tried in a row.
    let every = CellFilter::default;
    let units = |unit: &str| CellFilter { units: vec![unit.to_owned()], ..CellFilter::default() };
    let codes = CellFilter { codes: vec!["AccessDenied".to_owned()], ..every() };
    let cases = [
        // What is not offered is not asked for, except where the whole account could not be entered.
        (every(), 22),
        (CellFilter { accounts: vec![account("a")], ..every() }, 10),
        (CellFilter { regions: vec![region("global"), region("r1")], ..every() }, 13),
        (CellFilter { services: vec![probe("s3").service()], ..every() }, 8),
        (codes.clone(), 13),
        (CellFilter { accounts: vec![account("a")], ..codes }, 1),
        (by_status(&[Status::RoleFailed]), 12),
        (by_status(&[Status::Idle]), 9),
        (units("Root"), 22),
        (units("Root/Pay/"), 10),
        (units("Root/Pay/Prod"), 10),
        (units("Root/Pay_ments"), 12),
        (units("ou-1"), 10),
        (units("ou-11"), 10),
        (units("r-1"), 22),
        (units("Pay"), 0),
        (units("ou-"), 0),
    ];
    for (filter, expected) in cases {
        assert_eq!(requeue(&*store, &filter).await, expected, "{filter:?}");
        if expected > 0 {
            store
                .set_state(&scan_id(), ScanState::ALL, ScanState::Cancelled, at(0))
                .await
                .expect("cancelled");
        }
    }
}

pub(crate) async fn an_account_that_was_not_entered_is_entered_again(store: Arc<dyn Store>) {
    finished(&store).await;
    let only = CellFilter {
        regions: vec![region("r1"), region("r2")],
        ..by_status(&[Status::RoleFailed])
    };
    assert_eq!(requeue(&*store, &only).await, 10);
    let due = take(&*store, 1000).await;
    assert_eq!(told(&due), ["b preflight/0"]);
    enter(&*store, &due[0], 1000).await;
    let due = take(&*store, 1000).await;
    assert_eq!(told(&due), ["b r1 ec2 kms s3 s3.policies", "b r2 ec2 kms s3 s3.policies"]);
    for due in &due {
        ingest(&*store, 2, &answer(due, 2, Status::InUse)).await;
    }
    assert_eq!(take(&*store, 1_000_000).await, []);
    let cells = cells(&*store).await;
    assert_eq!(cells["b r1 ec2"], "in_use/2");
    assert_eq!(cells["b r1 not.offered"], "not_offered/2");
    assert_eq!(cells["b global iam"], "role_failed/1");
    ledger(&*store).await;
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 0);
}

pub(crate) async fn a_role_that_fails_again_is_told_of_the_new_round_and_others_keep_their_answers(
    store: Arc<dyn Store>,
) {
    finished(&store).await;
    let kms =
        CellFilter { services: vec![probe("kms").service()], ..by_status(&[Status::RoleFailed]) };
    assert_eq!(requeue(&*store, &kms).await, 2);
    let due = take(&*store, 1000).await;
    refuse(&*store, &due[0], "StillDenied", 1000).await;
    assert_eq!(take(&*store, 1_000_000).await, []);
    let now = cells(&*store).await;
    assert_eq!((&*now["b r1 kms"], &*now["b r1 ec2"]), ("role_failed/2", "role_failed/1"));
    finish(&*store).await;

    // An account that was entered before, and is not now: only what was asked for turns unknown.
    let kms = CellFilter { services: vec![probe("kms").service()], ..CellFilter::default() };
    assert_eq!(requeue(&*store, &kms).await, 4);
    let due = take(&*store, 2000).await;
    assert_eq!(told(&due), ["b preflight/0", "a r1 kms", "a r2 kms"]);
    refuse(&*store, &due[0], "StillDenied", 2000).await;
    for due in &due[1..] {
        ingest(&*store, 3, &answer(due, 3, Status::RoleFailed)).await;
    }
    let now = cells(&*store).await;
    assert_eq!((&*now["a r1 kms"], &*now["a r1 ec2"]), ("role_failed/3", "idle/1"));
    assert_eq!((&*now["b r1 kms"], &*now["b r1 ec2"]), ("role_failed/3", "role_failed/1"));
    finish(&*store).await;

    // Cells that say that the role failed are asked for by entering the account first.
    assert_eq!(requeue(&*store, &by_status(&[Status::RoleFailed])).await, 14);
    assert_eq!(told(&take(&*store, 3000).await), ["a preflight/0", "b preflight/0"]);
    ledger(&*store).await;
}

pub(crate) async fn a_region_that_was_opened_since_is_looked_at(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    let due = take(&*store, 0).await;
    let closed = [verdict(Some("r2"), Status::RegionOff)];
    judge(&*store, &due[0], &entered(), &closed, 0).await;
    run(&*store, 1, Status::Idle).await;
    finish(&*store).await;
    for round in [2, 3] {
        assert_eq!(requeue(&*store, &by_status(&[Status::RegionOff])).await, 5);
        let due = take(&*store, 1000).await;
        assert_eq!(told(&due), ["a preflight/0"]);
        judge(&*store, &due[0], &entered(), &closed, 0).await;
        assert_eq!(take(&*store, 1_000_000).await, []);
        assert_eq!(cells(&*store).await["a r2 ec2"], format!("region_off/{round}"));
        finish(&*store).await;
    }
    assert_eq!(requeue(&*store, &by_status(&[Status::RegionOff])).await, 5);
    run(&*store, 4, Status::InUse).await;
    let cells = cells(&*store).await;
    assert_eq!((&*cells["a r2 ec2"], &*cells["a r2 not.offered"]), ("in_use/4", "not_offered/4"));
    assert_eq!(cells["a r1 ec2"], "idle/1");
    ledger(&*store).await;
}

pub(crate) async fn after_a_cancel_only_what_matches_runs(store: Arc<dyn Store>) {
    plan(&*store, &["a", "b"]).await;
    let due = take(&*store, 0).await;
    enter(&*store, &due[0], 0).await;
    let rows = take(&*store, 0).await;
    ingest(&*store, 1, &answer(&rows[0], 1, Status::Denied)).await;
    let put_off = held("a", "r1", protocol::task::Task::new(probe("kms")), 5);
    ingest(&*store, 1, &[put_off]).await;
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Cancelled, at(0))
        .await
        .expect("cancelled");

    let denied = [by_status(&[Status::Denied])];
    assert_eq!(requeue(&*store, &denied[0]).await, 2);
    run(&*store, 2, Status::Idle).await;
    let now = cells(&*store).await;
    assert_eq!(
        (&*now["a global iam"], &*now["a r1 kms"], &*now["b r1 kms"]),
        ("idle/2", "not_run/-", "not_run/-")
    );
    finish(&*store).await;

    let kms = CellFilter { services: vec![probe("kms").service()], ..by_status(&[Status::NotRun]) };
    assert_eq!(requeue(&*store, &kms).await, 4);
    run(&*store, 3, Status::Idle).await;
    let now = cells(&*store).await;
    assert_eq!(
        (&*now["a r1 kms"], &*now["b r2 kms"], &*now["b r2 ec2"]),
        ("idle/3", "idle/3", "not_run/-")
    );
    ledger(&*store).await;
}

pub(crate) async fn a_running_scan_goes_on_with_what_it_has_and_takes_more(store: Arc<dyn Store>) {
    plan(&*store, &["a"]).await;
    enter_all(&*store, 0).await;
    let rows = take(&*store, 0).await;
    ingest(&*store, 1, &answer(&rows[0], 1, Status::Denied)).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied])).await, 2);
    assert_eq!(told(&take(&*store, 1000).await), ["a global cloudfront iam"]);
    // What is out goes on; its answers are of the round that asked.
    ingest(&*store, 1, &answer(&rows[1], 1, Status::Idle)).await;
    ingest(&*store, 1, &answer(&rows[2], 1, Status::Denied)).await;
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied])).await, 6);
    store.reclaim(&scan_id(), at(1001)).await.expect("reclaimed");
    run(&*store, 3, Status::Idle).await;
    let cells = cells(&*store).await;
    assert_eq!(
        (&*cells["a global iam"], &*cells["a r1 ec2"], &*cells["a r2 ec2"]),
        ("idle/3", "idle/1", "idle/3")
    );
    assert_eq!(store.progress(&scan_id()).await.expect("progress").batches_open, 0);

    store.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(0)).await.expect("paused");
    assert_eq!(requeue(&*store, &by_status(&[Status::Idle])).await, 10);
    assert_eq!(store.scan(&scan_id()).await.expect("a scan").state, ScanState::Paused);
    ledger(&*store).await;
}

pub(crate) async fn a_requeue_that_is_cancelled_is_forgotten_by_the_next(store: Arc<dyn Store>) {
    finished(&store).await;
    assert_eq!(requeue(&*store, &CellFilter::default()).await, 22);
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Cancelled, at(0))
        .await
        .expect("cancelled");
    assert_eq!(requeue(&*store, &by_status(&[Status::Denied])).await, 1);
    assert_eq!(told(&take(&*store, 1_000_000).await), ["a r1 kms"]);
}
