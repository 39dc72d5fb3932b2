//! The service: one coordinator leads, and works on every scan that is open; the others stand by.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::budget::Budget;
use protocol::registry::Registry;
use protocol::scan::{Priority, Scan, ScanState};
use protocol::store::StoreError;
use protocol::{FailureKind, ScanId};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::active::{Active, Look};
use crate::behind::Behind;
use crate::board::Board;
use crate::chores::{self, Notifier};
use crate::fair::{room, shares};
use crate::{End, Error, Parts, Snapshot, ingest, metrics};

/// The longest wait before the store is looked at again.
const LOOK: Duration = Duration::from_millis(500);
/// The shortest time between two looks, however often something changes.
const BREATH: Duration = Duration::from_millis(50);
/// How long the store is waited for while nobody can lead.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a lead lasts that is not renewed.
pub(crate) const LEAD: Duration = Duration::from_secs(15);

/// What a service is made of.
#[derive(Clone)]
pub struct Service {
    /// What every coordinator is made of.
    pub parts: Parts,
    /// The same store, as what it keeps beside scans.
    pub registry: Arc<dyn Registry>,
    /// The budgets, through which workers are told what to leave.
    pub budget: Arc<dyn Budget>,
    /// Who is told of the ends of scans, if anybody.
    pub notifier: Option<Arc<dyn Notifier>>,
}

/// How a service works.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Who this coordinator is: different from every other of the installation.
    pub holder: String,
    /// Batches that may be out at once, of all scans of normal priority together.
    pub ahead: usize,
    /// A dispatch that is not answered for this long is lost and becomes due again.
    pub lost_after: Duration,
    /// Scans that ended longer ago are removed; none keeps them for ever. Tokens that ended are removed
    /// after the same time, but not before a month has passed.
    pub retention: Option<Duration>,
}

/// Serves until `stop` is cancelled: waits for the lead, then works until it is lost.
///
/// # Errors
/// [`Error`] when the store or the queue fails for longer than they are waited for.
pub async fn serve(
    service: &Service,
    settings: &ServiceSettings,
    stop: &CancellationToken,
) -> Result<(), Error> {
    metrics::leads(false);
    let mut asked = Instant::now();
    while !stop.is_cancelled() {
        let leads = match take_lead(service, settings).await {
            Ok(leads) => {
                asked = Instant::now();
                leads
            }
            Err(error @ Error::Store(StoreError::Failed(_))) if asked.elapsed() < PATIENCE => {
                tracing::warn!(%error, "the lead cannot be asked for; trying again");
                false
            }
            Err(error) => return Err(error),
        };
        if leads {
            tracing::info!(holder = settings.holder, "this coordinator leads");
            metrics::leads(true);
            let led = lead(service, settings, stop).await;
            metrics::leads(false);
            match led {
                Err(Error::Store(StoreError::Deposed)) => {
                    tracing::warn!(holder = settings.holder, "another coordinator leads now");
                }
                led => {
                    // Where it fails, the lead ends by itself.
                    if let Err(error) = service.registry.resign(&settings.holder).await {
                        tracing::warn!(%error, "the lead could not be given up");
                    }
                    led?;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LEAD / 5) => {}
        }
    }
    Ok(())
}

async fn take_lead(service: &Service, settings: &ServiceSettings) -> Result<bool, Error> {
    let now = Instant::now().into_std();
    let fence = service.registry.lead(&settings.holder, now, LEAD).await?;
    Ok(fence.is_some())
}

/// Leads until `stop`, or until the lead is lost.
async fn lead(
    service: &Service,
    settings: &ServiceSettings,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let over = stop.child_token();
    let board = Arc::new(Board::default());
    let mut tasks: JoinSet<Result<(), Error>> = JoinSet::new();
    let (own, token) = (service.clone(), over.clone());
    let renewing = settings.clone();
    tasks.spawn(async move { renew(&own, &renewing, &token).await });
    let (own, token, shown) = (service.clone(), over.clone(), Arc::clone(&board));
    tasks.spawn(async move { ingest::run(&own.parts, &shown, &token).await });
    let (own, token, wanted) = (service.clone(), over.clone(), settings.clone());
    tasks.spawn(async move {
        let ended = work(&own, &wanted, &board, &token).await;
        token.cancel();
        ended
    });
    chores::spawn(&mut tasks, service, settings, &over);
    let mut first: Result<(), Error> = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.unwrap_or_else(|error| Err(Error::Panicked(error.to_string())));
        if ended.is_err() {
            over.cancel();
        }
        first = first.and(ended);
    }
    first
}

/// Keeps the lead.
async fn renew(
    service: &Service,
    settings: &ServiceSettings,
    over: &CancellationToken,
) -> Result<(), Error> {
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = over.cancelled() => return Ok(()),
            () = tokio::time::sleep(LEAD / 5) => {}
        }
        match take_lead(service, settings).await {
            Ok(true) => renewed = Instant::now(),
            Ok(false) => {
                metrics::leads(false);
                return Err(StoreError::Deposed.into());
            }
            // Nobody else can take the lead from a store that nobody reaches; writes are fenced anyway.
            Err(error) if renewed.elapsed() < LEAD * 4 => {
                tracing::warn!(%error, "the lead cannot be renewed; trying again");
            }
            Err(error) => return Err(error),
        }
    }
}

/// The scans that are worked on.
#[derive(Default)]
struct Scans {
    open: BTreeMap<ScanId, Active>,
    behind: Behind,
}

/// Works on all scans that are open.
async fn work(
    service: &Service,
    settings: &ServiceSettings,
    board: &Board,
    over: &CancellationToken,
) -> Result<(), Error> {
    let mut scans = Scans::default();
    if let Err(error) = scans.behind.take_up(&service.parts, &*service.registry).await {
        tracing::warn!(%error, "what was being read of organizations is not taken up");
    }
    let changed = Arc::new(Notify::new());
    let ended = loop {
        if over.is_cancelled() {
            break Ok(());
        }
        match step(service, settings, board, &changed, &mut scans).await {
            Ok(()) => {}
            Err(Error::Store(StoreError::Failed(error))) => {
                tracing::warn!(%error, "the store cannot be read; trying again");
                tokio::time::sleep(LOOK).await;
            }
            Err(error) => break Err(error),
        }
        tokio::time::sleep(BREATH).await;
        tokio::select! {
            () = over.cancelled() => {}
            () = changed.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    };
    for (id, active) in scans.open {
        board.remove(&id);
        active.end().await;
    }
    scans.behind.end().await;
    ended
}

/// Looks at all open scans once: begins those that are new, leaves those that ended, sends what is due.
async fn step(
    service: &Service,
    settings: &ServiceSettings,
    board: &Board,
    changed: &Arc<Notify>,
    scans: &mut Scans,
) -> Result<(), Error> {
    let parts = &service.parts;
    scans.behind.tend(parts).await;
    let open = service.registry.open_scans().await?;
    metrics::scans(&open);
    let gone: Vec<ScanId> =
        scans.open.keys().filter(|id| !open.iter().any(|scan| scan.id == **id)).cloned().collect();
    for id in gone {
        leave(&id, board, &mut scans.open).await;
    }
    let mut ready: Vec<Scan> = Vec::new();
    for scan in open {
        if !scans.open.contains_key(&scan.id) {
            scans.behind.leave(&scan.id).await;
            begin(parts, &scan, board, changed, &mut scans.open).await?;
        }
        let Some(active) = scans.open.get_mut(&scan.id) else { continue };
        match active.look(parts, &scan).await {
            Ok(Look::Work) => ready.push(scan),
            Ok(Look::Rest | Look::Over(_)) => {}
            Err(Error::Store(error)) => {
                // Its discovery ended in the middle: it begins again where the store stands.
                leave(&scan.id, board, &mut scans.open).await;
                return Err(error.into());
            }
            Err(error) => {
                give_up(parts, &scan, &error).await?;
                leave(&scan.id, board, &mut scans.open).await;
            }
        }
    }
    let now = parts.clock.now();
    send(parts, settings, &ready, &scans.open).await?;
    for scan in &ready {
        let Some(active) = scans.open.get_mut(&scan.id) else { continue };
        if active.is_done(parts, &scan.id).await? && parts.store.finish(&scan.id, now).await? {
            tracing::info!(scan = %scan.id, round = scan.round, end = ?End::Finished, "a scan ended");
            board.remove(&scan.id);
            let reading = scans.open.remove(&scan.id).and_then(Active::into_reading);
            if let Some(reading) = reading {
                scans.behind.keep(scan.clone(), reading).await;
            }
        } else {
            active.reclaim(parts, &scan.id, now, settings.lost_after).await?;
        }
    }
    Ok(())
}

async fn begin(
    parts: &Parts,
    scan: &Scan,
    board: &Board,
    changed: &Arc<Notify>,
    scans: &mut BTreeMap<ScanId, Active>,
) -> Result<(), Error> {
    let (watch, _) = watch::channel(Snapshot::default());
    match Active::begin(parts, scan, watch, Arc::clone(changed)).await {
        Ok(active) => {
            tracing::info!(scan = %scan.id, round = scan.round, owner = scan.owner, "a scan begins");
            board.put(scan.id.clone(), Arc::clone(&active.shared));
            scans.insert(scan.id.clone(), active);
            Ok(())
        }
        Err(Error::Store(error)) => Err(error.into()),
        Err(error) => give_up(parts, scan, &error).await,
    }
}

async fn leave(id: &ScanId, board: &Board, scans: &mut BTreeMap<ScanId, Active>) {
    board.remove(id);
    if let Some(active) = scans.remove(id) {
        active.end().await;
    }
}

/// A scan that cannot go on is interrupted, and says why; the others go on.
async fn give_up(parts: &Parts, scan: &Scan, error: &Error) -> Result<(), Error> {
    tracing::error!(scan = %scan.id, %error, "a scan cannot go on");
    let failure = match error {
        Error::Discover(failure) => failure.clone(),
        other => protocol::Failure::new(FailureKind::Other, "CannotGoOn", other.to_string()),
    };
    parts.store.put_missing(&scan.id, "scan", &failure).await?;
    let (open, now) = ([ScanState::Running, ScanState::Paused], parts.clock.now());
    if !parts.store.set_state(&scan.id, &open, ScanState::Interrupted, now).await? {
        tracing::info!(scan = %scan.id, "it has ended meanwhile");
    }
    Ok(())
}

/// Sends what is due: higher priorities first, scans of one priority alike.
async fn send(
    parts: &Parts,
    settings: &ServiceSettings,
    ready: &[Scan],
    scans: &BTreeMap<ScanId, Active>,
) -> Result<(), Error> {
    let now = parts.clock.now();
    for priority in Priority::ALL.iter().rev() {
        let mut class: Vec<&Scan> =
            ready.iter().filter(|scan| scan.settings.priority == *priority).collect();
        // Whoever has nothing more to send leaves its share to the others.
        while !class.is_empty() {
            let out = |scan: &Scan| {
                scans
                    .get(&scan.id)
                    .map_or(0, |active| usize::try_from(active.shared.out()).unwrap_or(usize::MAX))
            };
            let all: usize = ready.iter().map(out).sum();
            let limit = room(*priority, settings.ahead);
            let free = limit.saturating_sub(all);
            // Reading a few at a time would read the store for every batch that comes back.
            if free == 0 || (all > 0 && free < limit / 8) {
                break;
            }
            let outs: Vec<usize> = class.iter().map(|scan| out(scan)).collect();
            let mut more = Vec::new();
            for (scan, most) in class.iter().zip(shares(free, &outs)) {
                let Some(active) = scans.get(&scan.id) else { continue };
                if most == 0 {
                    continue;
                }
                if active.send(parts, scan, most, now).await? == most {
                    more.push(*scan);
                }
            }
            class = more;
        }
    }
    Ok(())
}
