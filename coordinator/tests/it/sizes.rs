//! Messages are as large as the queue takes them, and no larger.

use protocol::batch::Work;
use protocol::judge::Tally;
use protocol::queue::Queue;
use protocol::result::{Answer, Held};
use protocol::scan::{Priority, ScanState, Settings};
use protocol::selection::Selection;
use protocol::store::Store;
use protocol::task::{Continuation, Task};
use protocol::{Clock, ServiceId, WorkspaceId};

use protocol::clock::SystemClock;

use crate::scene::{Scene, settings};

#[tokio::test]
async fn tasks_that_do_not_fit_into_one_message_go_out_with_the_next() {
    const SERVICES: [&str; 8] =
        ["sqs", "sns", "kms", "lambda", "ec2", "rds", "dynamodb", "guardduty"];
    let scene = Scene::new(&["111122223333"]).await;
    let services = SERVICES.map(|name| ServiceId::new(name).expect("a service")).to_vec();
    let usual = settings(Priority::Normal);
    let selection = Selection { services, ..usual.selection.clone() };
    let id = scene.scan_of(WorkspaceId::main(), Settings { selection, ..usual }).await;
    let (_serving, stop) = scene.serve();
    let preflight = scene.next().await;
    scene.answer(&preflight).await;
    let whole = scene.next().await;
    let Work::Probes(tasks) = &whole.work else { panic!("{whole:?}") };
    assert_eq!(tasks.len(), SERVICES.len());
    // Each is handed back in the middle of a list whose place is long: together they are too large.
    let token = "t".repeat(scene.queue.message_limit() / 3);
    for task in tasks {
        let at =
            Continuation { call: 0, token: Some(token.clone()), skip: 0, tally: Tally::default() };
        let held = Held {
            account: whole.account.clone(),
            region: whole.region.clone(),
            task: Task { continuation: Some(at), ..task.clone() },
            until: SystemClock.now(),
            why: None,
        };
        scene.say(&whole, vec![Answer::Held(held)]).await;
    }
    let (account, region) = (whole.account.clone(), whole.region.clone());
    scene.say(&whole, vec![Answer::Settled { account, region, dispatch: whole.dispatch }]).await;
    let mut sent = 0;
    while sent < SERVICES.len() {
        let part = scene.next().await;
        let Work::Probes(tasks) = &part.work else { panic!("{part:?}") };
        assert!(tasks.iter().all(|task| task.continuation.is_some()), "they go on where they were");
        sent += tasks.len();
        scene.answer(&part).await;
    }
    scene.work_until(&id, ScanState::Finished).await;
    assert_eq!(scene.store.ledger(&id).await.expect("a ledger").known(), SERVICES.len() as u64);
    stop.cancel();
}
