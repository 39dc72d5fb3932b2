//! An installation in one process: what is real is the coordinator, its store and its queue.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use coordinator::{Notice, Notifier, OneProvider, Order, Parts, Service, ServiceSettings};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use protocol::batch::{Batch, Work};
use protocol::budget::{Admission, Ask, Budget, BudgetError, Control};
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::clock::SystemClock;
use protocol::inventory::{Account, AccountState, Found, Tree};
use protocol::message::{Versioned, read};
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::{KnownRegion, Page, PageRequest, Place, Provider};
use protocol::queue::{Line, Message, Queue};
use protocol::registry::Registry;
use protocol::result::{Answer, ResultPage};
use protocol::scan::{Priority, ScanState, Settings};
use protocol::selection::Selection;
use protocol::store::Store;
use protocol::{
    AccountId, Cell, ConnectionId, Evidence, Failure, FailureKind, OrgId, Region, ScanId,
    ServiceId, Status, WorkspaceId,
};
use store::{Access, SqlStore};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::watched::Watched;

/// How long the tests wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest message of the queue, in bytes: small, so that much goes out in pieces.
const MESSAGE_LIMIT: usize = 8 << 10;

/// An installation.
pub(crate) struct Scene {
    pub(crate) store: Arc<SqlStore>,
    pub(crate) queue: Arc<Watched>,
    pub(crate) told: Arc<Told>,
    service: Service,
}

/// What the service is told and tells.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) control: Mutex<Control>,
    pub(crate) notices: Mutex<Vec<Notice>>,
}

impl Scene {
    pub(crate) async fn new(accounts: &[&str]) -> Self {
        let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
        let queue = Watched::new(MESSAGE_LIMIT);
        let told = Arc::new(Told::default());
        let cloud = Cloud { accounts: accounts.iter().map(|name| account(name)).collect() };
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            queue: Arc::clone(&queue) as Arc<dyn Queue>,
            providers: Arc::new(OneProvider(Arc::new(cloud))),
            catalog: Catalog::embedded().expect("a catalog"),
            clock: Arc::new(SystemClock),
        };
        let service = Service {
            parts,
            registry: Arc::clone(&store) as Arc<dyn Registry>,
            budget: Arc::clone(&told) as Arc<dyn Budget>,
            notifier: Some(Arc::clone(&told) as Arc<dyn Notifier>),
        };
        Self { store, queue, told, service }
    }

    /// Starts the service; cancelling the token ends it.
    pub(crate) fn serve(&self) -> (JoinHandle<()>, CancellationToken) {
        let stop = CancellationToken::new();
        let (service, token) = (self.service.clone(), stop.clone());
        let settings = ServiceSettings {
            holder: "one".to_owned(),
            ahead: 64,
            lost_after: Duration::from_secs(900),
            retention: None,
        };
        let serving = tokio::spawn(async move {
            coordinator::serve(&service, &settings, &token)
                .await
                .expect("a service that ends well");
        });
        (serving, stop)
    }

    /// Writes a scan of one service in one region down, as running.
    pub(crate) async fn scan(&self, priority: Priority) -> ScanId {
        self.scan_of(WorkspaceId::main(), settings(priority)).await
    }

    /// Writes a scan of a workspace down, as running.
    pub(crate) async fn scan_of(&self, workspace: WorkspaceId, settings: Settings) -> ScanId {
        let order = Order { workspace, owner: "somebody".to_owned(), state: ScanState::Running };
        let parts = &self.service.parts;
        coordinator::create(&*parts.store, &parts.catalog, &*parts.clock, settings, order)
            .await
            .expect("a scan")
    }

    pub(crate) async fn state(&self, id: &ScanId) -> ScanState {
        self.store.scan(id).await.expect("a scan").state
    }

    /// Takes the next batch, and does not acknowledge it before it is worked on.
    pub(crate) async fn next(&self) -> Batch {
        let taken = tokio::time::timeout(PATIENCE, self.queue.receive(Line::Tasks, 1)).await;
        let delivery = taken.expect("a batch in time").expect("a batch").pop().expect("a batch");
        let batch = read(&delivery.body).expect("a batch");
        delivery.receipt.ack().await.expect("acknowledged");
        batch
    }

    /// Answers a batch as a worker does that finds nothing.
    pub(crate) async fn answer(&self, batch: &Batch) {
        self.say(batch, answers(batch)).await;
    }

    /// Answers a batch.
    pub(crate) async fn say(&self, batch: &Batch, answers: Vec<Answer>) {
        let page = ResultPage {
            version: ResultPage::VERSION,
            scan: batch.scan.clone(),
            round: batch.round,
            part: None,
            answers,
        };
        let body = serde_json::to_vec(&page).expect("a page");
        let message = Message { body, group: batch.account.to_string() };
        self.queue.publish(Line::Results, vec![message]).await.expect("published");
    }

    /// Works batches off until a scan is in `state`.
    pub(crate) async fn work_until(&self, id: &ScanId, state: ScanState) {
        let end = Instant::now() + PATIENCE;
        while self.state(id).await != state {
            assert!(Instant::now() < end, "the scan did not become {state}");
            let soon = Duration::from_millis(200);
            if let Ok(batch) = tokio::time::timeout(soon, self.next()).await {
                self.answer(&batch).await;
            }
        }
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "never so: {what}");
        tokio::task::yield_now().await;
    }
}

pub(crate) fn settings(priority: Priority) -> Settings {
    let selection = Selection {
        services: vec![ServiceId::new("sqs").expect("a service")],
        exclude_regions: vec![Region::global()],
        ..Selection::default()
    };
    Settings { selection, priority, ..Settings::default() }
}

/// What a worker answers that finds nothing.
pub(crate) fn answers(batch: &Batch) -> Vec<Answer> {
    let (account, dispatch) = (batch.account.clone(), batch.dispatch);
    match &batch.work {
        Work::Preflight { .. } => {
            let regions = RegionList::Listed { open: vec![region()], closed: Vec::new() };
            let outcome = Ok(Preflight { principal: "arn".to_owned(), regions });
            vec![Answer::Preflight { account, dispatch, outcome }]
        }
        Work::Probes(tasks) => {
            let cells = tasks.iter().map(|task| {
                let key = CellKey {
                    account: account.clone(),
                    region: batch.region.clone(),
                    probe: task.probe.clone(),
                };
                Answer::Cell(idle(key, batch.round))
            });
            let region = batch.region.clone();
            cells.chain([Answer::Settled { account: account.clone(), region, dispatch }]).collect()
        }
    }
}

fn idle(key: CellKey, round: u32) -> Cell {
    Cell {
        key,
        round,
        status: Status::Idle,
        evidence: Evidence::Empty,
        resource_count: 0,
        count_is: CountIs::Exact,
        sample: Vec::new(),
        failure: None,
        attempts: 1,
        cost: Cost::default(),
        observed_at: protocol::Clock::now(&SystemClock),
    }
}

pub(crate) fn region() -> Region {
    Region::new("eu-west-1").expect("a region")
}

fn account(id: &str) -> Account {
    Account {
        id: AccountId::new(id).expect("an account"),
        name: id.to_owned(),
        email: None,
        state: AccountState::Active,
        joined_at: None,
        organization: None,
        management: false,
        connection: ConnectionId::new("source-0").expect("a connection"),
        tags: Vec::new(),
    }
}

/// A cloud of accounts and one region; only its discovery is asked. Without accounts, nobody is let in.
struct Cloud {
    accounts: Vec<Account>,
}

#[async_trait]
impl Provider for Cloud {
    fn discover<'a>(
        &'a self,
        _: &'a ScanId,
        _: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>> {
        stream::iter(self.accounts.iter().cloned().map(|account| Ok(Found::Account(account))))
            .boxed()
    }

    async fn regions(&self, _: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        if self.accounts.is_empty() {
            return Err(Failure::new(FailureKind::RoleFailed, "NoWayIn", "the role is gone"));
        }
        Ok(vec![KnownRegion { region: region(), opt_in: false }])
    }

    async fn tree(&self, _: &ScanId, _: &ConnectionId, _: &OrgId) -> Result<Tree, Failure> {
        Ok(Tree::default())
    }

    async fn preflight(&self, _: &Place) -> Result<Preflight, Failure> {
        unreachable!("a coordinator enters no account")
    }

    async fn enter(&self, _: &Place) -> Result<(), Failure> {
        unreachable!("a coordinator enters no account")
    }

    fn price(&self, _: &Place, _: PageRequest<'_>) -> Result<Ask, Failure> {
        unreachable!("a coordinator makes no call")
    }

    async fn page(&self, _: &Place, _: PageRequest<'_>) -> Result<Page, Failure> {
        unreachable!("a coordinator makes no call")
    }
}

#[async_trait]
impl Budget for Told {
    async fn admit(&self, asks: &[Ask]) -> Result<Vec<Admission>, BudgetError> {
        Ok(asks.iter().map(|_| Admission::Granted).collect())
    }

    async fn throttled(&self, _: &Ask) -> Result<(), BudgetError> {
        Ok(())
    }

    async fn control(&self) -> Result<Control, BudgetError> {
        Ok(self.control.lock().expect("a lock").clone())
    }

    async fn set_control(&self, control: &Control) -> Result<(), BudgetError> {
        control.clone_into(&mut self.control.lock().expect("a lock"));
        Ok(())
    }
}

#[async_trait]
impl Notifier for Told {
    async fn tell(&self, notice: &Notice) -> Result<(), String> {
        self.notices.lock().expect("a lock").push(notice.clone());
        Ok(())
    }
}
