//! A scripted cloud, and what is found among a worker's answers about it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use protocol::budget::{Ask, Bucket, BudgetKey};
use protocol::holding::{Holding, Part};
use protocol::inventory::{Found, Tree};
use protocol::object::Object;
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::{Item, KnownRegion, Page, PageRequest, Place, Provider};
use protocol::result::Answer;
use protocol::task::Task;
use protocol::{ConnectionId, Failure, FailureKind, OrgId, ProbeId, ScanId};

/// What was asked: the probe, the call's index, its item's id and its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) probe: String,
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
    /// Accounts whose entry takes so long before a call.
    pub(crate) slow_to_enter: Mutex<Vec<(&'static str, Duration)>>,
    /// How long a call takes.
    pub(crate) call_time: Mutex<Duration>,
    /// Probes whose calls never end; `preflight` stands for entering.
    pub(crate) hangs: Mutex<Vec<&'static str>>,
}

impl Cloud {
    async fn hang(&self, what: &str) {
        if self.hangs.lock().unwrap().contains(&what) {
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn new(
        script: impl Fn(&Asked, usize) -> Result<Page, Failure> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            asked: Mutex::default(),
            entries: AtomicUsize::new(0),
            refuse_entry: Mutex::default(),
            slow_to_enter: Mutex::default(),
            call_time: Mutex::new(Duration::from_millis(50)),
            hangs: Mutex::default(),
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

    async fn holding(&self, _: &ScanId, _: &ConnectionId, _: &OrgId, _: Part) -> Holding {
        unreachable!("a worker reads no organization")
    }

    async fn preflight(&self, _: &Place) -> Result<Preflight, Failure> {
        self.entries.fetch_add(1, Ordering::SeqCst);
        self.hang("preflight").await;
        if let Some(failure) = self.refuse_entry.lock().unwrap().pop() {
            return Err(failure);
        }
        let regions = RegionList::Listed { open: Vec::new(), closed: Vec::new() };
        Ok(Preflight { principal: "someone".into(), regions })
    }

    async fn enter(&self, place: &Place) -> Result<(), Failure> {
        let slow = self.slow_to_enter.lock().unwrap().clone();
        for (_, time) in slow.iter().filter(|(account, _)| *account == place.account.as_str()) {
            tokio::time::sleep(*time).await;
        }
        self.refuse_entry.lock().unwrap().pop().map_or(Ok(()), Err)
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
            probe: request.probe.to_string(),
            call: request.call,
            item: request.item.map(|item| item.object.id.clone()),
            token: request.token.map(str::to_owned),
        };
        let before = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        let time = *self.call_time.lock().unwrap();
        tokio::time::sleep(time).await;
        self.hang(&asked.probe).await;
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
