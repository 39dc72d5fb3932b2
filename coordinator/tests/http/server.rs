//! A server on a free port of loopback, over a store in memory, with tokens of every kind.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalog::Catalog;
use chrono::{DateTime, TimeDelta, Utc};
use coordinator::http::token::{Order, issue};
use coordinator::http::{Limits, Parts, Rate, Settings, serve};
use protocol::inventory::{Account, AccountState};
use protocol::plan::{PlanRow, ProbeSet};
use protocol::registry::{Registry, Scope};
use protocol::scan::{Scan, ScanState, Source};
use protocol::store::Store;
use protocol::{AccountId, Clock, ConnectionId, ProbeId, Region, ScanId, WorkspaceId};
use sha2::{Digest, Sha256};
use store::{Access, SqlStore};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, Ask};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct Hand(Mutex<DateTime<Utc>>);

impl Hand {
    pub(crate) fn pass(&self, time: TimeDelta) {
        let mut now = self.0.lock().unwrap();
        *now += time;
    }
}

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// The server under test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<Hand>,
    pub(crate) stop: CancellationToken,
    serving: JoinHandle<()>,
    /// What no answer may hold: secrets and their digests.
    secrets: Mutex<Vec<String>>,
}

/// Limits that no test meets by accident.
pub(crate) fn wide() -> Settings {
    let rate = Rate { per_second: 1e6, burst: 1e6 };
    let limits = Limits { peer: rate, token: rate, streams: 16, reports: 16 };
    Settings { limits, ..Settings::default() }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(wide()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let store = store::connect("sqlite::memory:", Access::Run).await.unwrap();
        let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        let catalog = Catalog::embedded().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let owners = [("main", vec!["default", "other"]), ("other", vec!["default"])];
        let owned = |(name, workspaces): (&str, Vec<&str>)| {
            let workspaces = workspaces.into_iter().map(|name| WorkspaceId::new(name).unwrap());
            (ConnectionId::new(name).unwrap(), workspaces.collect())
        };
        let parts = Parts {
            store: Arc::clone(&store) as _,
            registry: Arc::clone(&store) as _,
            catalog: catalog.clone(),
            connections: owners.into_iter().map(owned).collect(),
            clock: Arc::clone(&clock) as _,
            budget: None,
        };
        let serving = serve(listener, parts, settings, stop.clone());
        let serving = tokio::spawn(async move { serving.await.unwrap() });
        let secrets = Mutex::default();
        Self { address, store, catalog, clock, stop, serving, secrets }
    }

    /// Stops it, and waits for its end.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap();
    }

    /// A token of a workspace that is good for an hour.
    pub(crate) async fn token_of(&self, workspace: &str, scope: Scope) -> String {
        let order = Order {
            workspace: WorkspaceId::new(workspace).unwrap(),
            owner: format!("{workspace}-{scope}"),
            scope,
            seconds: Some(3600),
        };
        let (_, secret) = issue(&*self.store, order, self.clock.now()).await.unwrap();
        self.keep_secret(secret.reveal());
        secret.reveal().to_owned()
    }

    /// A token of the workspace `default`.
    pub(crate) async fn token(&self, scope: Scope) -> String {
        self.token_of("default", scope).await
    }

    /// From now on no answer may hold this secret, nor its digest.
    pub(crate) fn keep_secret(&self, secret: &str) {
        let digest: String =
            Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect();
        // The last part alone is the secret: the rest is its name.
        let random = secret.rsplit('_').next().unwrap().to_owned();
        self.secrets.lock().unwrap().extend([random, digest]);
    }

    /// Takes the token back.
    pub(crate) async fn revoke(&self, token: &str) {
        let id = token.split('_').nth(1).unwrap().parse().unwrap();
        let workspace = WorkspaceId::main();
        assert!(self.store.revoke_token(&workspace, &id, self.clock.now()).await.unwrap());
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks, and looks that no secret is in the answer.
    #[track_caller]
    pub(crate) fn ask(&self, ask: Ask) -> impl Future<Output = Answer> {
        let caller = std::panic::Location::caller();
        async move {
            let asked = format!("{ask:?}");
            let answering = async { Answer::of(ask.over(self.connect().await).await).await };
            let answer = tokio::time::timeout(PATIENCE, answering).await;
            let answer = answer.unwrap_or_else(|_| panic!("{caller}: no answer to {asked}"));
            let whole = format!("{answer:?}");
            for secret in self.secrets.lock().unwrap().iter() {
                assert!(!whole.contains(secret), "{caller}: a secret is in the answer to {asked}");
            }
            answer
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str, token: &str) -> impl Future<Output = Answer> {
        self.ask(Ask::new("GET", path).token(token))
    }

    #[track_caller]
    pub(crate) fn post(
        &self,
        path: &str,
        token: &str,
        body: &serde_json::Value,
    ) -> impl Future<Output = Answer> {
        self.ask(Ask::new("POST", path).token(token).json(body))
    }

    /// Writes a scan down with so many accounts of two cells each, in a workspace.
    pub(crate) async fn scan(&self, workspace: &str, state: ScanState, accounts: u32) -> ScanId {
        let now = self.clock.now();
        self.clock.pass(TimeDelta::seconds(1));
        let scan = Scan {
            id: ScanId::generate(now, accounts),
            workspace: WorkspaceId::new(workspace).unwrap(),
            owner: "somebody".to_owned(),
            state,
            round: 1,
            settings: protocol::scan::Settings {
                sources: vec![Source::Connection { name: ConnectionId::new("main").unwrap() }],
                ..protocol::scan::Settings::default()
            },
            catalog: self.catalog.digest().clone(),
            version: "0.1.0".to_owned(),
            planned: false,
            started_at: now,
            finished_at: (state == ScanState::Finished).then_some(now),
        };
        let probes = ["sqs", "sns"].map(|name| ProbeId::new(name).unwrap());
        let views = probes.iter().map(|id| self.catalog.probe(id).unwrap().facts(&self.catalog));
        let facts: Vec<_> = views.collect();
        self.store.create_scan(&scan, &facts).await.unwrap();
        let set = ProbeSet { probes: probes.into_iter().map(|id| (id, None)).collect() };
        let id = |number: u32| {
            AccountId::new(format!("{:012}", 100_000_000_000_u64 + u64::from(number))).unwrap()
        };
        let account = |number: u32| Account {
            id: id(number),
            name: format!("account {number}"),
            email: None,
            state: AccountState::Active,
            arn: None,
            joined_at: None,
            joined_method: None,
            role: None,
            organization: None,
            management: false,
            connection: ConnectionId::new("main").unwrap(),
            tags: Vec::new(),
        };
        let row = |number: u32| PlanRow {
            account: id(number),
            region: Region::new("eu-west-1").unwrap(),
            probe_set: set.id(),
            window: 0,
        };
        let all: Vec<Account> = (0..accounts).map(account).collect();
        let rows: Vec<PlanRow> = (0..accounts).map(row).collect();
        self.store.put_accounts(&scan.id, &all, std::slice::from_ref(&set), &rows).await.unwrap();
        self.store.set_planned(&scan.id).await.unwrap();
        scan.id
    }
}
