//! Entering accounts.

use protocol::batch::Work;
use protocol::result::Answer;
use protocol::{Failure, FailureKind};

use crate::bench::work;
use crate::cloud::{Cloud, page};

fn refusing(kinds: &[FailureKind]) -> std::sync::Arc<Cloud> {
    let cloud = Cloud::new(|_, _| page(vec![], None));
    let failures = kinds.iter().rev().map(|kind| Failure::new(*kind, kind.as_str(), ""));
    cloud.refuse_entry.lock().unwrap().extend(failures);
    cloud
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_throttled_is_tried_again() {
    let cloud = refusing(&[FailureKind::Throttled, FailureKind::Unreachable]);
    let answers = work(&cloud, Work::Preflight { attempt: 0 }).await;
    assert!(matches!(&answers[..], [Answer::Preflight { outcome: Ok(_), .. }]), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_refused_fails_the_role_and_keeps_the_code() {
    let cloud = refusing(&[FailureKind::Denied]);
    let answers = work(&cloud, Work::Preflight { attempt: 0 }).await;
    let [Answer::Preflight { outcome: Err(failure), .. }] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::RoleFailed, "denied"));
}
