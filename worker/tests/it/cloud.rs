//! A scripted cloud, and a worker that works for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use protocol::batch::{Batch, BatchPace, Work};
use protocol::budget::{Ask, Bucket, BudgetKey};
use protocol::clock::SystemClock;
use protocol::inventory::{Found, Tree};
use protocol::message::Versioned;
use protocol::object::Object;
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::{Item, KnownRegion, Page, PageRequest, Place, Provider};
use protocol::queue::{Line, Message, Queue};
use protocol::result::{Answer, ResultPage};
use protocol::scan::Pace;
use protocol::task::Task;
use protocol::{AccountId, ConnectionId, Failure, FailureKind, OrgId, ProbeId, Region, ScanId};
use tokio_util::sync::CancellationToken;

/// What was asked: the call's index, its item's id and its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) call: usize,
    pub(crate) item: Option<String>,
    pub(crate) token: Option<String>,
}

type Script = dyn Fn(&Asked, usize) -> Result<Page, Failure> + Send + Sync;

/// A cloud that answers by a script: the question and how many came before it.
pub(crate) struct Cloud {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    entries: AtomicUsize,
    pub(crate) refuse_entry: Mutex<Vec<Failure>>,
}

impl Cloud {
    pub(crate) fn new(
        script: impl Fn(&Asked, usize) -> Result<Page, Failure> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            asked: Mutex::default(),
            entries: AtomicUsize::new(0),
            refuse_entry: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Provider for Cloud {
    fn discover<'a>(
        &'a self,
        _: &'a ScanId,
        _: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>> {
        futures_util::stream::empty().boxed()
    }

    async fn regions(&self, _: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        Ok(Vec::new())
    }

    async fn tree(&self, _: &ScanId, _: &ConnectionId, _: &OrgId) -> Result<Tree, Failure> {
        Ok(Tree::default())
    }

    async fn preflight(&self, _: &Place) -> Result<Preflight, Failure> {
        self.entries.fetch_add(1, Ordering::SeqCst);
        if let Some(failure) = self.refuse_entry.lock().unwrap().pop() {
            return Err(failure);
        }
        let regions = RegionList::Listed { open: Vec::new(), closed: Vec::new() };
        Ok(Preflight { principal: "someone".into(), regions })
    }

    fn price(&self, place: &Place, request: PageRequest<'_>) -> Result<Ask, Failure> {
        let key = BudgetKey {
            owner: place.account.clone(),
            location: place.region.clone(),
            class: request.probe.to_string(),
        };
        Ok(Ask { key, budget: Bucket { burst: 1e6, per_second: 1e6 } })
    }

    async fn page(&self, _: &Place, request: PageRequest<'_>) -> Result<Page, Failure> {
        let asked = Asked {
            call: request.call,
            item: request.item.map(|item| item.object.id.clone()),
            token: request.token.map(str::to_owned),
        };
        let before = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        (self.script)(&asked, before)
    }
}

/// A thing of the customer's own, followed by the calls with these indexes.
pub(crate) fn item(id: &str, follow: &[usize]) -> Item {
    let object = Object {
        kind: "Thing".into(),
        id: id.into(),
        parent: None,
        home: None,
        own: true,
        attributes: serde_json::Map::new(),
        documents: BTreeMap::new(),
    };
    Item { object, on: false, inputs: BTreeMap::new(), follow: follow.to_vec() }
}

pub(crate) fn page(items: Vec<Item>, next: Option<&str>) -> Result<Page, Failure> {
    Ok(Page { items, next: next.map(str::to_owned) })
}

pub(crate) fn fail(kind: FailureKind) -> Result<Page, Failure> {
    Err(Failure::new(kind, kind.as_str(), "scripted"))
}

pub(crate) fn task(probe: &str) -> Task {
    Task::new(ProbeId::new(probe).unwrap())
}

/// Sends one batch to a worker and collects its answers until the batch is settled.
pub(crate) async fn work(cloud: &Arc<Cloud>, work: Work) -> Vec<Answer> {
    work_until(cloud, work, CancellationToken::new()).await
}

/// The same, with a worker that is told to drain by `drain`.
pub(crate) async fn work_until(
    cloud: &Arc<Cloud>,
    work: Work,
    drain: CancellationToken,
) -> Vec<Answer> {
    let queue: Arc<dyn Queue> = Arc::new(queue::MemoryQueue::new());
    let catalog = Catalog::embedded().unwrap();
    let batch = Batch {
        version: Batch::VERSION,
        scan: ScanId::new("scan").unwrap(),
        round: 1,
        dispatch: 1,
        catalog: catalog.digest().clone(),
        account: AccountId::new("111122223333").unwrap(),
        connection: ConnectionId::new("source-0").unwrap(),
        region: Region::new("eu-west-1").unwrap(),
        pace: BatchPace { budget_share: 100, ..BatchPace::default() },
        trace: None,
        work,
    };
    let body = serde_json::to_vec(&batch).unwrap();
    queue.publish(Line::Tasks, vec![Message { body, group: "g".into() }]).await.unwrap();
    let parts = worker::Parts {
        queue: Arc::clone(&queue),
        budget: Arc::new(budget::MemoryBudget::new()),
        provider: Arc::clone(cloud) as _,
        catalog,
        clock: Arc::new(SystemClock),
    };
    let settings = worker::Settings::of(&Pace { budget_share: 100, ..Pace::default() });
    let running = tokio::spawn(worker::run(parts, settings, drain.clone()));
    let mut answers = Vec::new();
    loop {
        for delivery in queue.receive(Line::Results, 10).await.unwrap() {
            let page: ResultPage = serde_json::from_slice(&delivery.body).unwrap();
            answers.extend(page.answers);
            delivery.receipt.ack().await.unwrap();
        }
        if answers.iter().any(is_end) {
            break;
        }
    }
    drain.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(queue.depth(Line::Tasks).await, Ok(0), "the batch is acknowledged");
    answers
}

fn is_end(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Settled { .. } | Answer::Preflight { .. } | Answer::PreflightHeld { .. }
    )
}

/// The only cell among the answers.
pub(crate) fn only_cell(answers: &[Answer]) -> protocol::Cell {
    let cells: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            Answer::Cell(cell) => Some(cell.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(cells.len(), 1, "{answers:?}");
    cells[0].clone()
}

/// The only held task among the answers.
pub(crate) fn only_held(answers: &[Answer]) -> protocol::result::Held {
    let held: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            Answer::Held(held) => Some(held.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(held.len(), 1, "{answers:?}");
    held[0].clone()
}
