//! What is on its way when one coordinator ends and the next one begins.

use protocol::batch::{Batch, Work};
use protocol::preflight::{Preflight, RegionList};
use protocol::result::Answer;
use protocol::scan::{Priority, ScanState};
use protocol::{Failure, FailureKind};

use crate::scene::{Scene, answers};

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
