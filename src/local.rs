//! One process: coordinator and worker side by side on the parts that three URLs choose.

use std::io::IsTerminal;
use std::sync::Arc;

use aws::{Aws, Options};
use budget::connect as connect_budgets;
use catalog::Catalog;
use coordinator::{End, OneProvider, Order, Phase, Snapshot};
use protocol::clock::SystemClock;
use protocol::queue::{Line, Queue};
use protocol::scan::{Scan, ScanState, Settings};
use protocol::store::Store;
use protocol::{Clock, ScanId, WorkspaceId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::args::{PartsArgs, Show};
use crate::progress;
use crate::spawned::spawned;
use crate::stop::{Exit, Stop};

/// Batches that are out beyond the calls in flight, so that workers never wait for the store.
const AHEAD: usize = 256;

/// What a scan in this process runs on.
pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) store_url: String,
    pub(crate) catalog: Catalog,
    pub(crate) options: Options,
    pub(crate) queue_url: String,
    pub(crate) budgets_url: String,
    pub(crate) show: Show,
}

impl House {
    /// The house that the flags ask for; the store is opened to run scans.
    pub(crate) async fn open(parts: &PartsArgs, show: Show) -> Result<Self, Stop> {
        let store = store::connect(&parts.store.store, store::Access::Run).await?;
        let catalog = Catalog::embedded().map_err(Stop::failed)?;
        Ok(Self {
            store,
            store_url: parts.store.store.clone(),
            catalog,
            options: Options::from_env(),
            queue_url: parts.queue.clone(),
            budgets_url: parts.budgets.clone(),
            show,
        })
    }

    /// Enters the cloud with the settings of a scan.
    pub(crate) async fn provider(&self, settings: &Settings) -> Result<Aws, Stop> {
        let budgets = connect_budgets(&self.budgets_url).await.map_err(Stop::usage)?;
        connect(settings, self.options.clone(), self.catalog.clone(), budgets)
    }

    /// Writes a new scan down.
    pub(crate) async fn create(&self, settings: Settings) -> Result<ScanId, Stop> {
        let order = Order {
            workspace: WorkspaceId::main(),
            owner: String::new(),
            state: ScanState::Interrupted,
        };
        let store = &*self.store;
        Ok(coordinator::create(store, &self.catalog, &SystemClock, settings, order).await?)
    }

    /// Reads what is left to be read of a scan's organizations, or until Ctrl-C.
    pub(crate) async fn read_rest(&self, scan: &Scan) -> Result<(), Stop> {
        let budget = connect_budgets(&self.budgets_url).await.map_err(Stop::usage)?;
        let queue = queue::connect(&self.queue_url).await.map_err(Stop::usage)?;
        let (options, catalog) = (self.options.clone(), self.catalog.clone());
        let provider = Arc::new(connect(&scan.settings, options, catalog, budget)?);
        let parts = coordinator::Parts {
            store: Arc::clone(&self.store),
            queue,
            providers: Arc::new(OneProvider(provider)),
            catalog: self.catalog.clone(),
            clock: Arc::new(SystemClock),
        };
        let stop = CancellationToken::new();
        let signals = tokio::spawn(listen(stop.clone(), scan.id.clone()));
        let read = coordinator::read_rest(&parts, scan, &stop).await;
        signals.abort();
        Ok(read?)
    }

    /// Runs a scan to its end, or until Ctrl-C: once drains, twice stops at once. Either leaves a
    /// scan that can be resumed.
    pub(crate) async fn run(&self, id: &ScanId) -> Result<End, Stop> {
        let scan = self.store.scan(id).await?;
        let budget = connect_budgets(&self.budgets_url).await.map_err(Stop::usage)?;
        let queue = queue::connect(&self.queue_url).await.map_err(Stop::usage)?;
        let options = self.options.clone();
        let aws = connect(&scan.settings, options, self.catalog.clone(), Arc::clone(&budget));
        let provider = Arc::new(aws?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let stop = CancellationToken::new();
        let signals = tokio::spawn(listen(stop.clone(), id.clone()));
        let (watch, seen) = watch::channel(Snapshot::default());
        let showing =
            tokio::spawn(progress::show(seen, self.show, std::io::stderr().is_terminal()));

        let drain = CancellationToken::new();
        let draining = tokio::spawn(drain_after(watch.subscribe(), drain.clone()));
        let workers = worker::Parts {
            queue: Arc::clone(&queue),
            budget,
            provider: Arc::clone(&provider) as _,
            catalog: self.catalog.clone(),
            clock: Arc::clone(&clock),
            pulse: worker::Pulse::default(),
        };
        let calls = usize::try_from(scan.settings.pace.max_in_flight).unwrap_or(usize::MAX);
        let settings = worker::Settings::new(calls);
        let ahead = settings.max_in_flight / 2 + AHEAD;
        let working =
            spawned(work(workers, settings, Arc::clone(&queue), drain.clone(), stop.clone()));
        let parts = coordinator::Parts {
            store: Arc::clone(&self.store),
            queue,
            providers: Arc::new(OneProvider(provider)),
            catalog: self.catalog.clone(),
            clock,
        };
        let settings = coordinator::Settings {
            ahead,
            lost_after: std::time::Duration::from_secs(900),
            queue_is_new: self.queue_url.starts_with("memory:"),
        };
        let id = id.clone();
        let coordinating = spawned(async move {
            let end = coordinator::run(&parts, settings, &id, &stop, watch).await;
            drain.cancel();
            end
        });
        let (end, worked) = tokio::join!(coordinating, working);
        signals.abort();
        draining.abort();
        showing.await.map_err(Stop::failed)?;
        worked.map_err(Stop::failed)?;
        Ok(end?)
    }
}

fn connect(
    settings: &Settings,
    options: Options,
    catalog: Catalog,
    budget: Arc<dyn protocol::budget::Budget>,
) -> Result<Aws, Stop> {
    let clock = Arc::new(SystemClock);
    Aws::connect(settings, options, catalog, budget, clock).map_err(Stop::usage)
}

/// Works until `drain`; then ends the results line, after which no answer comes.
async fn work(
    parts: worker::Parts,
    settings: worker::Settings,
    queue: Arc<dyn Queue>,
    drain: CancellationToken,
    stop: CancellationToken,
) -> Result<(), worker::Error> {
    let ended = worker::run(parts, settings, drain).await;
    if ended.is_err() {
        stop.cancel();
    }
    queue.close(Line::Results).await;
    ended
}

/// Drains the worker once nothing more is dispatched: the queue is one for both here, and a worker that drains
/// closes it.
async fn drain_after(mut seen: watch::Receiver<Snapshot>, drain: CancellationToken) {
    if seen.wait_for(|snapshot| snapshot.phase == Phase::Draining).await.is_ok() {
        drain.cancel();
    }
}

async fn listen(stop: CancellationToken, id: ScanId) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    say("stopping: what is under way is finished or handed back; Ctrl-C again stops at once");
    stop.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        say(&format!("stopped; go on with `orgsweep resume {id}`"));
        std::process::exit(Exit::Interrupted as i32);
    }
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
pub(crate) fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}
