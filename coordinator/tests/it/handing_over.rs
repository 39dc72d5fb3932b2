//! What is on its way when one coordinator ends and the next one begins.

use std::collections::BTreeMap;

use protocol::batch::{Batch, Work};
use protocol::cell::CellKey;
use protocol::object::Object;
use protocol::preflight::{Preflight, RegionList};
use protocol::registry::Registry;
use protocol::result::Answer;
use protocol::scan::{Detail, Priority, ScanState, Settings};
use protocol::{Failure, FailureKind, WorkspaceId};

use crate::scene::{Scene, answers, page, settings, until};

/// So many answers wait that ingest begins before anything else does.
async fn answers_wait(scene: &Scene, batch: &Batch, answers: Vec<Answer>) {
    scene.say(batch, answers).await;
    for _ in 0..100 {
        scene.say(batch, Vec::new()).await;
    }
}

/// A scan whose only pre-flight is out, and the coordinator that sent it gone.
async fn left(scene: &Scene) -> Batch {
    scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    let batch = scene.next().await;
    assert!(matches!(batch.work, Work::Preflight { .. }));
    stop.cancel();
    serving.await.expect("an end");
    batch
}

#[tokio::test]
async fn an_account_that_was_entered_meanwhile_is_not_entered_again() {
    let scene = Scene::new(&["111122223333"]).await;
    let batch = left(&scene).await;
    answers_wait(&scene, &batch, answers(&batch)).await;
    let (_serving, stop) = scene.serve();
    let next = scene.next().await;
    assert!(matches!(next.work, Work::Probes(_)), "{next:?}");
    scene.answer(&next).await;
    scene.work_until(&batch.scan, ScanState::Finished).await;
    stop.cancel();
}

#[tokio::test]
async fn an_account_whose_regions_were_not_listed_is_judged_when_regions_are_known() {
    let scene = Scene::new(&["111122223333"]).await;
    let batch = left(&scene).await;
    let unlisted = |batch: &Batch| {
        let why = Failure::new(FailureKind::Denied, "AccessDenied", "no");
        let regions = RegionList::Unlisted(why);
        let outcome = Ok(Preflight { principal: "arn".to_owned(), regions });
        let (account, dispatch) = (batch.account.clone(), batch.dispatch);
        vec![Answer::Preflight { account, dispatch, outcome }]
    };
    answers_wait(&scene, &batch, unlisted(&batch)).await;
    let (_serving, stop) = scene.serve();
    let mut next = scene.next().await;
    if matches!(next.work, Work::Preflight { .. }) {
        assert_eq!(next.dispatch, batch.dispatch + 1, "it is entered again at once");
        scene.say(&next, unlisted(&next)).await;
        next = scene.next().await;
    }
    assert!(matches!(next.work, Work::Probes(_)), "{next:?}");
    scene.answer(&next).await;
    scene.work_until(&batch.scan, ScanState::Finished).await;
    stop.cancel();
}

#[tokio::test]
async fn what_a_scan_does_not_keep_is_dropped_whoever_takes_its_answers() {
    let scene = Scene::new(&["111122223333"]).await;
    let wanted = Settings { resources: Detail::None, ..settings(Priority::Normal) };
    let id = scene.scan_of(WorkspaceId::main(), wanted).await;
    let (serving, stop) = scene.serve();
    let entered = scene.next().await;
    scene.answer(&entered).await;
    let batch = scene.next().await;
    stop.cancel();
    serving.await.expect("an end");

    let seen: Vec<Answer> = things(&batch).into_iter().chain(answers(&batch)).collect();
    answers_wait(&scene, &batch, seen).await;
    let (_serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    assert_eq!(scene.things(&id).await, 0, "nobody worked on the scan when they came");

    scene.park(serde_json::to_vec(&page(&batch, things(&batch))).expect("a page")).await;
    scene.park(b"what comes after it".to_vec()).await;
    until("both are taken", async || !scene.store.parked(10).await.expect("parked").is_empty())
        .await;
    assert_eq!(scene.things(&id).await, 0, "they were parked");
    stop.cancel();
}

/// Things that a worker saw in the cells of a batch.
fn things(batch: &Batch) -> Vec<Answer> {
    let Work::Probes(tasks) = &batch.work else { return Vec::new() };
    let seen = tasks.iter().map(|task| Answer::Objects {
        cell: CellKey {
            account: batch.account.clone(),
            region: batch.region.clone(),
            probe: task.probe.clone(),
        },
        call: 0,
        objects: vec![thing()],
    });
    seen.collect()
}

fn thing() -> Object {
    Object {
        kind: "queue".to_owned(),
        id: "q".to_owned(),
        parent: None,
        home: None,
        own: true,
        attributes: serde_json::Map::new(),
        documents: BTreeMap::new(),
    }
}
