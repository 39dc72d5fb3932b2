//! What the service does with scans, schedules, pauses and what was parked.

use std::time::Duration;

use protocol::batch::Work;
use protocol::clock::{Clock, SystemClock};
use protocol::queue::{Line, Message, Queue};
use protocol::registry::{Registry, Schedule};
use protocol::scan::{Priority, ScanState};
use protocol::store::Store;
use protocol::{AccountId, ScheduleId, WorkspaceId};

use crate::scene::{Scene, settings, until};

#[tokio::test]
async fn scans_that_are_written_down_are_run_to_their_end_and_told_once() {
    let scene = Scene::new(&["111122223333", "222233334444"]).await;
    let first = scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    scene.work_until(&first, ScanState::Finished).await;
    let second = scene.scan(Priority::Normal).await;
    scene.work_until(&second, ScanState::Finished).await;
    for id in [&first, &second] {
        let ledger = scene.store.ledger(id).await.expect("a ledger");
        assert_eq!((ledger.planned(), ledger.known()), (2, 2));
    }
    let notices = || scene.told.notices.lock().expect("a lock").clone();
    until("both ends are told", async || notices().len() >= 2).await;
    stop.cancel();
    serving.await.expect("an end");
    let told = notices();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].scan.as_str(), told[0].planned, told[0].unknown), (first.as_str(), 2, 0));
}

#[tokio::test]
async fn no_receive_of_answers_is_given_up_while_there_may_be_more() {
    let scene = Scene::new(&["111122223333", "222233334444", "333344445555"]).await;
    let id = scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    assert_eq!(scene.queue.given_up(), 0, "each would count as a delivery of what it brings");
    stop.cancel();
    serving.await.expect("an end");
    assert_eq!(scene.queue.given_up(), 1);
}

#[tokio::test]
async fn a_coordinator_stops_though_answers_keep_coming() {
    let scene = Scene::new(&["111122223333"]).await;
    scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    let batch = scene.next().await;
    scene.queue.flood(&batch);
    scene.answer(&batch).await;
    let next = scene.next().await;
    assert!(matches!(next.work, Work::Probes(_)), "answers are written down: {next:?}");
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(20), serving).await;
    ended.expect("it stops").expect("an end");
}

#[tokio::test]
async fn what_somebody_waits_for_goes_out_before_what_can_wait() {
    let scene = Scene::new(&["111122223333"]).await;
    let nightly = scene.scan(Priority::Low).await;
    let urgent = scene.scan(Priority::High).await;
    let (_serving, stop) = scene.serve();
    let mut first = Vec::new();
    for _ in 0..2 {
        let batch = scene.next().await;
        assert!(matches!(batch.work, Work::Preflight { .. }));
        first.push(batch);
    }
    // Both are entered; from here on only the order of priorities decides.
    for batch in &first {
        scene.answer(batch).await;
    }
    until("both are due or out", async || {
        let open = async |id| scene.store.progress(id).await.expect("progress").preflights_open;
        open(&nightly).await + open(&urgent).await == 0
    })
    .await;
    scene.work_until(&urgent, ScanState::Finished).await;
    scene.work_until(&nightly, ScanState::Finished).await;
    stop.cancel();
}

#[tokio::test]
async fn a_paused_account_waits_and_workers_are_told_to_leave_it() {
    let scene = Scene::new(&["111122223333", "222233334444"]).await;
    let paused = AccountId::new("222233334444").expect("an account");
    let workspace = WorkspaceId::main();
    scene.store.pause_account(&workspace, &paused, true).await.expect("paused");
    let id = scene.scan(Priority::Normal).await;
    let (_serving, stop) = scene.serve();
    until("workers are told", async || {
        scene.told.control.lock().expect("a lock").stops(&id, &paused)
    })
    .await;
    // The other account is entered, and looked at.
    for _ in 0..2 {
        let batch = scene.next().await;
        assert_ne!(batch.account, paused);
        scene.answer(&batch).await;
    }
    let more = tokio::time::timeout(Duration::from_secs(2), scene.next()).await;
    assert!(more.is_err(), "nothing of a paused account goes out");
    assert_eq!(scene.state(&id).await, ScanState::Running);
    scene.store.pause_account(&workspace, &paused, false).await.expect("goes on");
    scene.work_until(&id, ScanState::Finished).await;
    stop.cancel();
}

#[tokio::test]
async fn who_pauses_an_account_pauses_it_for_nobody_else() {
    let scene = Scene::new(&["111122223333"]).await;
    let account = AccountId::new("111122223333").expect("an account");
    let theirs = WorkspaceId::new("theirs").expect("a workspace");
    scene.store.pause_account(&WorkspaceId::main(), &account, true).await.expect("paused");
    let ours = scene.scan(Priority::Normal).await;
    let other = scene.scan_of(theirs, settings(Priority::Normal)).await;
    let (_serving, stop) = scene.serve();
    let stops = |id| scene.told.control.lock().expect("a lock").stops(id, &account);
    until("workers are told", async || stops(&ours)).await;
    assert!(!stops(&other));
    scene.work_until(&other, ScanState::Finished).await;
    assert_eq!(scene.state(&ours).await, ScanState::Running);
    stop.cancel();
}

#[tokio::test]
async fn a_cancelled_scan_is_left_and_workers_are_told() {
    let scene = Scene::new(&["111122223333"]).await;
    let id = scene.scan(Priority::Normal).await;
    let (_serving, stop) = scene.serve();
    let batch = scene.next().await;
    scene
        .store
        .set_state(&id, ScanState::ALL, ScanState::Cancelled, SystemClock.now())
        .await
        .expect("cancelled");
    until("workers are told", async || {
        scene.told.control.lock().expect("a lock").stops(&id, &batch.account)
    })
    .await;
    scene.answer(&batch).await;
    let more = tokio::time::timeout(Duration::from_secs(2), scene.next()).await;
    assert!(more.is_err(), "nothing of a cancelled scan goes out");
    stop.cancel();
}

#[tokio::test]
async fn a_schedule_that_is_due_starts_one_scan() {
    let scene = Scene::new(&["111122223333"]).await;
    let now = SystemClock.now();
    let schedule = Schedule {
        id: ScheduleId::new("nightly").expect("a name"),
        workspace: WorkspaceId::main(),
        cron: "0 2 1 1 *".to_owned(),
        settings: settings(Priority::Low),
        owner: "somebody".to_owned(),
        next_at: now - Duration::from_secs(3600),
    };
    scene.store.put_schedule(&schedule).await.expect("a schedule");
    let due = async || scene.store.due_schedules(now).await.expect("schedules").len();
    let (_serving, stop) = scene.serve();
    let scans = async || scene.store.scans(&WorkspaceId::main(), 10).await.expect("scans");
    until("a scan was started", async || !scans().await.is_empty()).await;
    let started = scans().await.remove(0);
    assert_eq!(started.owner, "schedule nightly");
    // Due again, while the first one runs.
    scene.store.put_schedule(&schedule).await.expect("a schedule");
    until("it is looked at", async || due().await == 0).await;
    assert_eq!(scans().await.len(), 1, "the last one has not ended");
    scene.work_until(&started.id, ScanState::Finished).await;
    assert_eq!(scans().await.len(), 1);
    let moved = scene.store.schedules(&WorkspaceId::main()).await.expect("schedules").remove(0);
    assert!(moved.next_at > now, "it is due next at {}", moved.next_at);
    stop.cancel();
}

#[tokio::test]
async fn what_nobody_can_read_is_kept_and_a_parked_batch_goes_out_again() {
    let scene = Scene::new(&["111122223333"]).await;
    let id = scene.scan(Priority::Normal).await;
    let (_serving, stop) = scene.serve();
    let first = scene.next().await;
    scene.park(br#"{"version":99,"news":true}"#.to_vec()).await;
    scene.park(serde_json::to_vec(&first).expect("a batch")).await;
    let again = scene.next().await;
    assert_eq!((again.account, again.dispatch), (first.account, first.dispatch + 1));
    until("the other one is kept", async || {
        !scene.store.parked(10).await.expect("parked").is_empty()
    })
    .await;
    let kept = scene.store.parked(10).await.expect("parked").remove(0);
    assert!(kept.body.contains("news") && kept.why.contains("version 99"), "{kept:?}");
    assert_eq!(scene.state(&id).await, ScanState::Running);
    stop.cancel();
}

#[tokio::test]
async fn a_results_message_that_nobody_can_read_is_parked_not_dropped() {
    let scene = Scene::new(&["111122223333"]).await;
    let (_serving, stop) = scene.serve();
    let message = Message { body: b"no page".to_vec(), group: "g".to_owned() };
    scene.queue.publish(Line::Results, vec![message]).await.expect("published");
    until("it is kept", async || !scene.store.parked(10).await.expect("parked").is_empty()).await;
    stop.cancel();
}

#[tokio::test]
async fn a_scan_whose_accounts_cannot_be_found_is_interrupted_and_says_why() {
    let scene = Scene::new(&[]).await;
    let id = scene.scan(Priority::Normal).await;
    let (_serving, stop) = scene.serve();
    until("it is given up", async || scene.state(&id).await == ScanState::Interrupted).await;
    stop.cancel();
}
