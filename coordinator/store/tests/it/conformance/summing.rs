//! The ledger, whatever happens: its sum is the plan, and it equals the view.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use protocol::Status;
use protocol::result::{Answer, Return};
use protocol::scan::ScanState;
use protocol::store::{DueWork, Store};

use crate::world::*;

/// Something that happens to a scan.
#[derive(Debug, Clone)]
enum Event {
    /// What is due is taken, and a part of it is answered.
    Work { most: u32, answered: usize, status: Status, settle: bool },
    /// Everything that is due is answered.
    WorkAll { status: Status },
    /// Pre-flights end with a verdict on a region, or on all.
    Refuse { region: Option<&'static str>, status: Status },
    /// Some answer comes from somewhere.
    Stray { who: usize, place: usize, name: usize, round: u32, status: Status },
    /// What is due is taken and comes back.
    Return { most: u32, why: Return },
    /// A runner dies.
    Reclaim,
    /// The scan is closed.
    Close { state: ScanState },
    /// Cells are run again.
    Requeue { status: Option<Status>, service: Option<usize> },
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(Status::ALL)
}

fn event() -> impl Strategy<Value = Event> {
    let verdicts = vec![Status::RegionOff, Status::RoleFailed, Status::NotRun];
    let closed = vec![ScanState::Finished, ScanState::Cancelled, ScanState::Interrupted];
    prop_oneof![
        4 => (1_u32..4, 0_usize..5, status(), any::<bool>())
            .prop_map(|(most, answered, status, settle)| Event::Work { most, answered, status, settle }),
        2 => status().prop_map(|status| Event::WorkAll { status }),
        2 => (prop::sample::select(vec![None, Some("r1"), Some("r2")]), prop::sample::select(verdicts))
            .prop_map(|(region, status)| Event::Refuse { region, status }),
        2 => (0_usize..3, 0_usize..4, 0_usize..7, 1_u32..4, status())
            .prop_map(|(who, place, name, round, status)| Event::Stray { who, place, name, round, status }),
        3 => (1_u32..4, prop::sample::select(Return::ALL)).prop_map(|(most, why)| Event::Return { most, why }),
        1 => Just(Event::Reclaim),
        1 => prop::sample::select(closed).prop_map(|state| Event::Close { state }),
        2 => (prop::option::of(status()), prop::option::of(0_usize..7))
            .prop_map(|(status, service)| Event::Requeue { status, service }),
    ]
}

fn name_of(number: usize) -> &'static str {
    [&REGIONAL[..], &GLOBAL[..], &["not.offered"]].concat()[number]
}

async fn happen(store: &dyn Store, event: &Event, now: i64) {
    let round = store.scan(&scan_id()).await.expect("a scan").round;
    match event {
        Event::Work { most, answered, status, settle } => {
            for due in store.take_due(&scan_id(), at(now), *most).await.expect("due") {
                if matches!(due.work, DueWork::Preflight { .. }) {
                    enter(store, &due, now).await;
                    continue;
                }
                let mut answers = answer(&due, round, *status);
                let end = answers.pop();
                answers.truncate(*answered);
                answers.extend(end.filter(|_| *settle));
                ingest(store, round, &answers).await;
            }
        }
        Event::WorkAll { status } => {
            for due in take(store, now).await {
                match due.work {
                    DueWork::Preflight { .. } => enter(store, &due, now).await,
                    DueWork::Probes { .. } => {
                        ingest(store, round, &answer(&due, round, *status)).await;
                    }
                }
            }
        }
        Event::Refuse { region: place, status } => {
            let all = store.take_due(&scan_id(), at(now), 1).await.expect("due");
            for due in all.iter().filter(|due| matches!(due.work, DueWork::Preflight { .. })) {
                judge(store, due, &entered(), &[verdict(*place, *status)], now).await;
            }
        }
        Event::Stray { who, place, name, round, status } => {
            let who = ["a", "b", "x"][*who];
            let place = ["global", "r1", "r2", "r3"][*place];
            let found = cell(who, place, name_of(*name), *round, *status);
            ingest(store, *round, &[Answer::Cell(found)]).await;
        }
        Event::Return { most, why } => {
            for due in store.take_due(&scan_id(), at(now), *most).await.expect("due") {
                ingest(store, round, &[returned(&due, *why)]).await;
            }
        }
        Event::Reclaim => {
            store.reclaim(&scan_id(), at(now)).await.expect("reclaimed");
        }
        Event::Close { state } => {
            store.set_state(&scan_id(), ScanState::ALL, *state, at(now)).await.expect("closed");
        }
        Event::Requeue { status, service } => {
            let mut filter = by_status(&[]);
            filter.statuses.extend(*status);
            filter.services.extend(service.map(|number| probe(name_of(number)).service()));
            store.requeue(&scan_id(), &filter, at(now)).await.expect("re-queued");
        }
    }
}

/// Plays random lives of scans, one after the other under the same id's plan, in one store.
pub(crate) async fn the_ledger_sums_to_the_plan_and_equals_the_view(store: Arc<dyn Store>) {
    let mut runner = TestRunner::deterministic();
    let lives = prop::collection::vec(event(), 160);
    let life = lives.new_tree(&mut runner).expect("a life").current();
    plan(&*store, &["a", "b"]).await;
    for (number, event) in life.iter().enumerate() {
        happen(&*store, event, 20_000 * i64::try_from(number).expect("small")).await;
        let sum: u64 = ledger(&*store).await.values().sum();
        assert_eq!(sum, 2 * CELLS, "after {event:?}");
    }
    // Whatever happened, a scan that is worked on comes to its end.
    store.requeue(&scan_id(), &by_status(&[]), at(900_000)).await.expect("re-queued");
    store
        .set_state(&scan_id(), ScanState::ALL, ScanState::Running, at(900_000))
        .await
        .expect("running");
    store.reclaim(&scan_id(), at(100_000_000)).await.expect("reclaimed");
    let round = store.scan(&scan_id()).await.expect("a scan").round;
    for _ in 0..20 {
        happen(&*store, &Event::WorkAll { status: Status::Idle }, 100_000_000).await;
    }
    let end = store.progress(&scan_id()).await.expect("progress");
    assert_eq!((end.preflights_open, end.batches_open), (0, 0), "in round {round}");
    let ledger = ledger(&*store).await;
    assert_eq!(ledger.values().sum::<u64>(), 2 * CELLS);
    assert_eq!(ledger[&Status::Idle], 20, "{ledger:?}");
}
