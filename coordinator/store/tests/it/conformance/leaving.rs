//! Scans over their whole life: open, told of, paused in part, removed.

use std::sync::Arc;

use protocol::holding::Part;
use protocol::object::Object;
use protocol::registry::Registry;
use protocol::result::Answer;
use protocol::scan::{Scan, ScanState};
use protocol::store::{Store, StoreError, Value};
use protocol::{ScanId, Status, WorkspaceId};
use store::SqlStore;

use crate::world::*;

fn named(name: &str, started: i64) -> Scan {
    let id = ScanId::new(name).expect("a scan");
    Scan { id, started_at: at(started), ..scan() }
}

fn names(scans: Vec<Scan>) -> Vec<String> {
    scans.into_iter().map(|scan| scan.id.to_string()).collect()
}

pub(crate) async fn scans_are_open_until_they_end_and_their_end_is_told_once(store: Arc<SqlStore>) {
    let theirs = WorkspaceId::new("theirs").expect("a workspace");
    let all =
        [named("late", 9), Scan { workspace: theirs, ..named("early", 1) }, named("middle", 5)];
    for scan in &all {
        store.create_scan(scan, &[]).await.expect("a scan");
    }
    let state = async |name: &str, state, now| {
        store.set_state(&named(name, 0).id, ScanState::ALL, state, at(now)).await.expect("a state");
    };
    let open = async || names(store.open_scans().await.expect("read"));
    let untold = async || names(store.untold(10).await.expect("read"));
    state("middle", ScanState::Paused, 10).await;
    assert_eq!(open().await, ["early", "middle", "late"]);
    assert_eq!(untold().await, [""; 0]);
    state("late", ScanState::Cancelled, 20).await;
    state("early", ScanState::Finished, 30).await;
    state("middle", ScanState::Interrupted, 40).await;
    assert_eq!(open().await, [""; 0]);
    assert_eq!(untold().await, ["late", "early"]);
    assert_eq!(names(store.untold(1).await.expect("read")), ["late"]);
    for _ in 0..2 {
        store.set_told(&all[0].id, 1).await.expect("told");
    }
    assert_eq!(untold().await, ["early"]);
    store.set_told(&all[1].id, 2).await.expect("no such round");
    assert_eq!(untold().await, ["early"]);
    let nobody = store.set_told(&named("nobody", 0).id, 1).await;
    assert!(matches!(nobody, Err(StoreError::NoScan(_))));
}

pub(crate) async fn scans_that_were_finished_lately_are_found_newest_first(store: Arc<SqlStore>) {
    for (name, state, ended) in [
        ("first", ScanState::Finished, 10),
        ("second", ScanState::Finished, 20),
        ("third", ScanState::Finished, 30),
        ("cancelled", ScanState::Cancelled, 40),
    ] {
        let scan = named(name, 0);
        store.create_scan(&scan, &[]).await.expect("a scan");
        store.set_state(&scan.id, ScanState::ALL, state, at(ended)).await.expect("a state");
    }
    let since =
        async |since, most| names(store.finished_since(at(since), most).await.expect("read"));
    assert_eq!(since(20, 10).await, ["third", "second"]);
    assert_eq!(since(0, 1).await, ["third"]);
}

pub(crate) async fn the_end_of_every_round_is_told(store: Arc<SqlStore>) {
    plan(&*store, &["a"]).await;
    run(&*store, 1, Status::Denied).await;
    finish(&*store).await;
    store.set_told(&scan_id(), 1).await.expect("told");
    assert_eq!(names(store.untold(10).await.expect("read")), [""; 0]);
    requeue(&*store, &by_status(&[Status::Denied])).await;
    assert_eq!(names(store.untold(10).await.expect("read")), [""; 0]);
    finish(&*store).await;
    assert_eq!(names(store.untold(10).await.expect("read")), ["scan"]);
    store.set_told(&scan_id(), 1).await.expect("told late");
    assert_eq!(names(store.untold(10).await.expect("read")), ["scan"]);
    store.set_told(&scan_id(), 2).await.expect("told");
    assert_eq!(names(store.untold(10).await.expect("read")), [""; 0]);
}

pub(crate) async fn nothing_of_a_paused_account_is_given_out(store: Arc<SqlStore>) {
    plan(&*store, &["a", "b"]).await;
    let ours = WorkspaceId::main();
    let theirs = WorkspaceId::new("theirs").expect("a workspace");
    let pause = async |workspace: &WorkspaceId, who: &str, paused| {
        store.pause_account(workspace, &account(who), paused).await.expect("paused");
    };
    for _ in 0..2 {
        pause(&ours, "a", true).await;
    }
    pause(&theirs, "b", true).await;
    let paused = store.paused_accounts().await.expect("read");
    assert_eq!(paused, [(ours.clone(), account("a")), (theirs, account("b"))]);
    let due = take(&*store, 0).await;
    assert_eq!(told(&due), ["b preflight/0"]);
    pause(&ours, "a", false).await;
    enter(&*store, &take(&*store, 0).await[0], 0).await;
    pause(&ours, "a", true).await;
    assert_eq!(take(&*store, 0).await, []);
    enter(&*store, &due[0], 0).await;
    let rows = take(&*store, 0).await;
    assert_eq!(rows.iter().map(|due| due.account.as_str()).collect::<Vec<_>>(), ["b"; 3]);
    pause(&ours, "a", false).await;
    assert_eq!(take(&*store, 0).await.len(), 3);
}

pub(crate) async fn the_backlog_counts_what_could_go_out(store: Arc<SqlStore>) {
    let backlog = async |now| {
        let backlog = store.backlog(at(now)).await.expect("counted");
        (backlog.ready, backlog.oldest, backlog.out)
    };
    assert_eq!(backlog(0).await, (0, None, 0));
    plan(&*store, &["a", "b", "c"]).await;
    let never = Some(chrono::DateTime::UNIX_EPOCH);
    assert_eq!(backlog(0).await, (3, never, 0));
    store.pause_account(&WorkspaceId::main(), &account("c"), true).await.expect("paused");
    assert_eq!(backlog(0).await, (2, never, 0));
    let due = take(&*store, 7).await;
    assert_eq!(backlog(7).await, (0, None, 2));
    enter(&*store, &due[0], 8).await;
    assert_eq!(backlog(7).await, (0, None, 1), "what is due later does not count");
    assert_eq!(backlog(9).await, (3, Some(at(8)), 1));
    store.pause_account(&WorkspaceId::main(), &account("a"), true).await.expect("paused");
    assert_eq!(backlog(9).await, (0, None, 1));
    store.pause_account(&WorkspaceId::main(), &account("a"), false).await.expect("goes on");
    store.set_state(&scan_id(), ScanState::ALL, ScanState::Paused, at(9)).await.expect("paused");
    assert_eq!(backlog(9).await, (0, None, 1));
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Cancelled, at(9))
        .await
        .expect("cancelled");
    assert_eq!(backlog(9).await, (0, None, 0));
}

/// Tables whose rows belong to a scan.
const OF_A_SCAN: [&str; 20] = [
    "select count(*) from scans where scan_id = $1",
    "select count(*) from organizations where scan_id = $1",
    "select count(*) from units where scan_id = $1",
    "select count(*) from placements where scan_id = $1",
    "select count(*) from missing where scan_id = $1",
    "select count(*) from scan_accounts where scan_id = $1",
    "select count(*) from plan_rows where scan_id = $1",
    "select count(*) from held_tasks where scan_id = $1",
    "select count(*) from requeued_cells where scan_id = $1",
    "select count(*) from answer_counts where scan_id = $1",
    "select count(*) from resources where scan_id = $1",
    "select count(*) from resource_documents where scan_id = $1",
    "select count(*) from stints where scan_id = $1",
    "select count(*) from early_pages where scan_id = $1",
    "select count(*) from readings where scan_id = $1",
    "select count(*) from policy_types where scan_id = $1",
    "select count(*) from policies where scan_id = $1",
    "select count(*) from policy_targets where scan_id = $1",
    "select count(*) from delegated_administrators where scan_id = $1",
    "select count(*) from trusted_services where scan_id = $1",
];

async fn count(store: &SqlStore, sql: &'static str) -> i64 {
    match &ask(store, sql, vec![]).await[0][0] {
        Value::Int(count) => *count,
        other => panic!("{other:?}"),
    }
}

/// Fills every table that belongs to a scan.
async fn lived(store: &SqlStore, document: &str) {
    let many: Vec<String> = (0..30).map(|number| format!("a{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    plan(store, &many).await;
    organize(store).await;
    store.put_reading(&scan_id(), &reading(Part::Policies), &holding()).await.expect("a reading");
    run(store, 1, Status::Denied).await;
    store
        .put_missing(&scan_id(), "tree", &failure(protocol::FailureKind::Denied, "No"))
        .await
        .expect("missing");
    let thing = Object {
        kind: "thing".to_owned(),
        id: "one".to_owned(),
        parent: None,
        home: None,
        own: true,
        attributes: Default::default(),
        documents: [("policy".to_owned(), document.to_owned())].into_iter().collect(),
    };
    let key = cell("a00", "r1", "ec2", 1, Status::Idle).key;
    ingest(store, 1, &[Answer::Objects { cell: key, call: 0, objects: vec![thing] }]).await;
    ingest_pages(store, 1, &[&stint(1, &[&[], &[]])[1]]).await;
    finish(store).await;
    requeue(store, &by_status(&[Status::Denied])).await;
    ingest(store, 2, &[held("a01", "r1", protocol::task::Task::new(probe("kms")), 5)]).await;
}

pub(crate) async fn a_scan_that_ended_long_ago_is_removed_with_all_that_is_its_own(
    store: Arc<SqlStore>,
) {
    lived(&store, "only here").await;
    for sql in OF_A_SCAN {
        assert!(count(&store, sql).await > 0, "{sql}");
    }
    let other = named("other", 5);
    store.create_scan(&other, &[]).await.expect("a scan");
    let prune = async |before: i64, most| {
        names(
            store
                .prune(at(before), most)
                .await
                .expect("pruned")
                .into_iter()
                .map(|id| named(id.as_str(), 0))
                .collect(),
        )
    };
    assert_eq!(prune(1_000_000, 10).await, [""; 0], "what runs stays");
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Cancelled, at(700))
        .await
        .expect("cancelled");
    store
        .set_state(&other.id, ScanState::ALL, ScanState::Finished, at(800))
        .await
        .expect("finished");
    assert_eq!(prune(700, 10).await, [""; 0]);
    assert_eq!(prune(1000, 1).await, ["scan"], "the oldest first");
    for sql in OF_A_SCAN {
        assert_eq!(count(&store, sql).await, 0, "{sql}");
    }
    assert_eq!(count(&store, "select count(*) from cells where scan_id = $1").await, 0);
    assert_eq!(count(&store, "select count(*) from documents where $1 <> ''").await, 0);
    let late = store.ingest(&scan_id(), 2, &[], at(1000)).await;
    assert!(matches!(late, Err(StoreError::NoScan(_))));
    store.scan(&other.id).await.expect("the other is there");
    assert_eq!(prune(1000, 10).await, ["other"]);
    assert_eq!(prune(1000, 10).await, [""; 0]);
}
