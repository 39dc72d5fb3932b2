//! Stopping: what is under way is finished or handed back at a page's border.

use protocol::batch::Work;
use tokio_util::sync::CancellationToken;

use crate::cloud::{Cloud, item, only_held, page, task, work_until};

#[tokio::test(start_paused = true)]
async fn draining_hands_back_at_the_next_page() {
    let drain = CancellationToken::new();
    let trigger = drain.clone();
    let cloud = Cloud::new(move |_, before| {
        if before == 2 {
            trigger.cancel();
        }
        page(vec![item(&before.to_string(), &[])], Some("more"))
    });
    let answers = work_until(&cloud, Work::Probes(vec![task("sqs")]), drain).await;
    let held = only_held(&answers);
    let continuation = held.task.continuation.unwrap();
    assert_eq!((continuation.tally.own, continuation.token.as_deref()), (3, Some("more")));
}
