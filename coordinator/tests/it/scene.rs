//! An installation in one process: what is real is the coordinator, its store and its queue.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use coordinator::{Notice, Notifier, OneProvider, Order, Parts, Service, ServiceSettings};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use protocol::batch::{Batch, Work};
use protocol::budget::{Admission, Ask, Budget, BudgetError, Control};
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::clock::SystemClock;
use protocol::holding::{Holding, Part, TrustedService};
use protocol::inventory::{Account, AccountState, Found, Organization, Tree, Unit};
use protocol::message::{Versioned, read};
use protocol::preflight::{Preflight, RegionList};
use protocol::provider::{KnownRegion, Page, PageRequest, Place, Provider};
use protocol::queue::{Line, Message, Queue};
use protocol::registry::Registry;
use protocol::result::{Answer, ResultPage};
use protocol::scan::{Priority, ScanState, Settings};
use protocol::selection::Selection;
use protocol::store::{Row, Store};
use protocol::{
    AccountId, Cell, ConnectionId, Evidence, Failure, FailureKind, OrgId, Region, ScanId,
    ServiceId, Status, UnitId, WorkspaceId,
};
use store::{Access, SqlStore};
use tokio::sync::Semaphore;
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
        Self::of(Cloud::of(accounts)).await
    }

    /// An installation over a cloud.
    pub(crate) async fn of(cloud: Cloud) -> Self {
        let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
        let queue = Watched::new(MESSAGE_LIMIT);
        let told = Arc::new(Told::default());
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

    /// How many things the store keeps of a scan.
    pub(crate) async fn things(&self, id: &ScanId) -> usize {
        let sql = "select resource_id from resources where scan_id = $1";
        let rows: Vec<Row> =
            self.store.query(sql, id, Vec::new()).try_collect().await.expect("rows");
        rows.len()
    }

    /// Puts a message on the parked line.
    pub(crate) async fn park(&self, body: Vec<u8>) {
        let message = Message { body, group: "g".to_owned() };
        self.queue.publish(Line::Parked, vec![message]).await.expect("published");
    }

    /// Answers a batch.
    pub(crate) async fn say(&self, batch: &Batch, answers: Vec<Answer>) {
        let page = page(batch, answers);
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

/// A page of answers to a batch.
pub(crate) fn page(batch: &Batch, answers: Vec<Answer>) -> ResultPage {
    let (scan, round) = (batch.scan.clone(), batch.round);
    ResultPage { version: ResultPage::VERSION, scan, round, part: None, answers }
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
        arn: None,
        joined_at: None,
        joined_method: None,
        role: None,
        organization: None,
        management: false,
        connection: ConnectionId::new("source-0").expect("a connection"),
        tags: Vec::new(),
    }
}

/// A cloud of accounts and one region; only its discovery is asked. Without accounts, nobody is let in.
pub(crate) struct Cloud {
    pub(crate) accounts: Vec<Account>,
    /// The organization of all accounts, if there is one.
    pub(crate) organization: Option<OrgId>,
    /// The parts of it that nobody may read.
    pub(crate) denied: Vec<Part>,
    /// How many more parts of it answer; the others wait.
    pub(crate) answers: Arc<Semaphore>,
}

impl Cloud {
    /// A cloud of accounts that are in no organization.
    pub(crate) fn of(accounts: &[&str]) -> Self {
        Self {
            accounts: accounts.iter().map(|name| account(name)).collect(),
            organization: None,
            denied: Vec::new(),
            answers: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// A cloud of accounts in an organization, of which so many parts answer.
    pub(crate) fn organized(accounts: &[&str], answers: usize) -> Self {
        let mut cloud = Self::of(accounts);
        let id = OrgId::new("o-1").expect("an organization");
        for account in &mut cloud.accounts {
            account.organization = Some(id.clone());
        }
        Self { organization: Some(id), answers: Arc::new(Semaphore::new(answers)), ..cloud }
    }

    /// Waits until a part may answer; whether it is denied.
    async fn refuses(&self, part: Part) -> Option<Failure> {
        self.answers.acquire().await.expect("a gate").forget();
        let denied = Failure::new(FailureKind::Denied, "AccessDeniedException", "not for you");
        self.denied.contains(&part).then(|| denied.during("ListThings"))
    }
}

#[async_trait]
impl Provider for Cloud {
    fn discover<'a>(
        &'a self,
        _: &'a ScanId,
        _: &'a ConnectionId,
    ) -> BoxStream<'a, Result<Found, Failure>> {
        let management = self.accounts.first().map(|account| account.id.clone());
        let organization = self.organization.clone().zip(management);
        let first = organization.map_or(Found::NotInOrganization, |(id, management)| {
            Found::Organization(Organization::new(id, management))
        });
        let list = self.denied.contains(&Part::Accounts).then(|| {
            let denied = Failure::new(FailureKind::Denied, "AccessDeniedException", "not for you");
            Found::Missing(denied.during("ListAccounts"))
        });
        let accounts = self.accounts.iter().cloned().map(Found::Account);
        stream::iter([first].into_iter().chain(list).chain(accounts).map(Ok)).boxed()
    }

    async fn regions(&self, _: &ConnectionId) -> Result<Vec<KnownRegion>, Failure> {
        if self.accounts.is_empty() {
            return Err(Failure::new(FailureKind::RoleFailed, "NoWayIn", "the role is gone"));
        }
        Ok(vec![KnownRegion { region: region(), opt_in: false }])
    }

    async fn tree(&self, _: &ScanId, _: &ConnectionId, _: &OrgId) -> Result<Tree, Failure> {
        if let Some(failure) = self.refuses(Part::Tree).await {
            return Err(failure);
        }
        let id = UnitId::new("r-1").expect("a unit");
        let placements = self.accounts.iter().map(|account| (account.id.clone(), id.clone()));
        let placements = placements.collect();
        let root = Unit { id, parent: None, name: "Root".to_owned(), arn: None };
        Ok(Tree { units: vec![root], placements })
    }

    async fn holding(&self, _: &ScanId, _: &ConnectionId, _: &OrgId, part: Part) -> Holding {
        if let Some(failure) = self.refuses(part).await {
            return Holding::lacking("all of it", failure);
        }
        let tags = vec![("part".to_owned(), part.to_string())];
        let tags = self.accounts.iter().map(|account| (account.id.clone(), tags.clone()));
        match part {
            Part::Services => {
                let service = "ram.amazonaws.com".to_owned();
                let services = vec![TrustedService { service, since: None }];
                Holding { services, ..Holding::default() }
            }
            Part::Tags => Holding { tags: tags.collect(), ..Holding::default() },
            _ => Holding::default(),
        }
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
