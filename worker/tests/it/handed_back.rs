//! What is not worked on: messages that cannot be read, batches that came before, are of another
//! catalog, or belong to what is stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::batch::{Batch, BatchPace, Work};
use protocol::budget::{Budget, Control, Paused};
use protocol::message::Versioned;
use protocol::queue::Line;
use protocol::result::{Answer, Return};
use protocol::scan::ScanState;
use protocol::{AccountId, CatalogDigest, ScanId};

use crate::bench::{Bench, batch, ends, returned};
use crate::cloud::{Cloud, item, only_held, page, task};

const ACCOUNT: &str = "111122223333";

fn empty() -> std::sync::Arc<Cloud> {
    Cloud::new(|_, _| page(vec![], None))
}

fn sqs() -> Work {
    Work::Probes(vec![task("sqs")])
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_parked_as_it_came() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    let mut newer = batch(ACCOUNT, sqs());
    newer.version = Batch::VERSION + 1;
    let newer = serde_json::to_vec(&newer).unwrap();
    let broken = b"no batch at all".to_vec();
    bench.send_bytes(newer.clone()).await;
    bench.send_bytes(broken.clone()).await;
    bench.start();
    let mut parked = Vec::new();
    for _ in 0..2 {
        let delivery = bench.receive(Line::Parked).await;
        delivery.receipt.ack().await.unwrap();
        parked.push(delivery.body);
    }
    bench.end().await;
    parked.sort_by_key(Vec::len);
    assert_eq!(parked, [broken, newer]);
    assert_eq!(bench.queue.depth(Line::Tasks).await, Ok(0), "they are acknowledged");
    assert!(cloud.asked().is_empty() && bench.answers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_another_catalog_is_handed_back() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    let catalog = CatalogDigest::new("yesterday's").unwrap();
    bench.send(&Batch { catalog, ..batch(ACCOUNT, sqs()) }).await;
    bench.start();
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers), [(ACCOUNT.to_owned(), Return::Catalog)]);
    assert!(cloud.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_redelivered_batch_is_not_worked_on() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    bench.send(&batch(ACCOUNT, sqs())).await;
    // Another worker takes it, and ends without an answer.
    drop(bench.receive(Line::Tasks).await);
    bench.start();
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers), [(ACCOUNT.to_owned(), Return::Redelivered)]);
    assert!(cloud.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_preflight_is_handed_back_without_a_region() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    bench.send(&batch(ACCOUNT, Work::Preflight { attempt: 0 })).await;
    drop(bench.receive(Line::Tasks).await);
    bench.start();
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert!(matches!(&bench.answers[..], [Answer::Returned { region: None, .. }]));
}

fn stopping(scans: &[&str], accounts: &[&str]) -> Control {
    let scan = |id: &&str| (ScanId::new(id).unwrap(), ScanState::Paused);
    Control {
        version: Control::VERSION,
        scans: scans.iter().map(scan).collect(),
        paused: vec![Paused {
            scans: [ScanId::new("scan").unwrap()].into(),
            accounts: accounts.iter().map(|id| AccountId::new(id).unwrap()).collect(),
        }],
        shares: BTreeMap::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_that_is_stopped_hands_back_at_the_next_page_and_goes_on_when_it_may() {
    let cloud = Cloud::new(|_, before| page(vec![item(&before.to_string(), &[])], Some("more")));
    *cloud.call_time.lock().unwrap() = Duration::from_millis(500);
    let mut bench = Bench::new(&cloud);
    bench.start();
    bench.send(&batch(ACCOUNT, sqs())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.budgets.set_control(&stopping(&["scan"], &[])).await.unwrap();
    bench.until(|answers| ends(answers) == 1).await;
    let held = only_held(&bench.answers);
    let pages = held.task.continuation.unwrap().tally.own;
    assert!(held.why.is_none() && (2..12).contains(&pages), "{pages} pages in five seconds");

    let another = Batch { scan: ScanId::new("another").unwrap(), ..batch("444455556666", sqs()) };
    bench.send(&another).await;
    bench.send(&batch(ACCOUNT, Work::Probes(held_again(&bench.answers)))).await;
    bench.until(|answers| ends(answers) == 3).await;
    assert_eq!(returned(&bench.answers), [(ACCOUNT.to_owned(), Return::Stopped)]);

    bench.budgets.set_control(&Control::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    bench.send(&batch(ACCOUNT, Work::Probes(held_again(&bench.answers)))).await;
    bench.until(|answers| ends(answers) == 4).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers).len(), 1, "what was stopped is worked on again");
}

/// The first task that was handed back.
fn held_again(answers: &[Answer]) -> Vec<protocol::task::Task> {
    let held = answers.iter().find_map(|answer| match answer {
        Answer::Held(held) => Some(held.task.clone()),
        _ => None,
    });
    held.into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_stopped_does_not_stop_another() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    bench.budgets.set_control(&stopping(&[], &[ACCOUNT])).await.unwrap();
    bench.send(&batch(ACCOUNT, sqs())).await;
    bench.send(&batch("444455556666", sqs())).await;
    bench.start();
    bench.until(|answers| ends(answers) == 2).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers), [(ACCOUNT.to_owned(), Return::Stopped)]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_budgets_are_away_obeys_the_last_record() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    bench.budgets.set_control(&stopping(&["scan"], &[])).await.unwrap();
    bench.start();
    tokio::time::sleep(Duration::from_secs(5)).await;
    *bench.budgets.away.lock().unwrap() = true;
    tokio::time::sleep(Duration::from_secs(600)).await;
    bench.send(&batch(ACCOUNT, sqs())).await;
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert_eq!(returned(&bench.answers), [(ACCOUNT.to_owned(), Return::Stopped)]);
}

#[tokio::test(start_paused = true)]
async fn a_share_comes_from_the_batch_unless_the_control_record_names_the_class() {
    let cloud = empty();
    let mut bench = Bench::new(&cloud);
    let shares = BTreeMap::from([("sns".to_owned(), 10)]);
    let control = Control { shares, ..stopping(&[], &[]) };
    bench.budgets.set_control(&control).await.unwrap();
    let pace = BatchPace { budget_share: 50, ..BatchPace::default() };
    let work = Work::Probes(vec![task("sns"), task("sqs")]);
    bench.send(&Batch { pace, ..batch(ACCOUNT, work) }).await;
    bench.start();
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    let asked = bench.budgets.asked.lock().unwrap();
    let share = |class: &str| {
        let ask = asked.iter().find(|ask| ask.key.class == class).unwrap();
        ask.budget.per_second / 1e4
    };
    assert_eq!((share("sns"), share("sqs")), (10.0, 50.0));
}

#[tokio::test(start_paused = true)]
async fn how_often_a_task_is_tried_comes_from_its_batch() {
    let cloud = Cloud::new(|_, _| crate::cloud::fail(protocol::FailureKind::Transient));
    let mut bench = Bench::new(&cloud);
    let pace = BatchPace { max_attempts: 2, ..BatchPace::default() };
    bench.send(&Batch { pace, ..batch(ACCOUNT, sqs()) }).await;
    bench.start();
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    assert_eq!(cloud.asked().len(), 2);
}
