//! `coordinator`: the scans of a fleet, and the interface over HTTP.

use std::sync::Arc;

use aws::{Configured, NamedConnection, Options};
use catalog::Catalog;
use coordinator::{Notifier, Providers, Service, ServiceSettings, http};
use protocol::budget::Budget;
use protocol::clock::SystemClock;
use protocol::provider::Provider;
use protocol::registry::Registry;
use protocol::scan::{Scan, Source};
use protocol::store::Store;
use protocol::{Clock, Failure, FailureKind};
use reports::Redaction;
use store::Access;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::{Coordinator, Interface};
use crate::connections_file::{Owned, connections};
use crate::health;
use crate::redaction;
use crate::signals::stop_on_signal;
use crate::stop::{Exit, Stop};
use crate::webhook::Webhook;

/// Serves until it is told to stop; says meanwhile that it lives, which is that it answers.
pub(crate) async fn coordinator(args: Coordinator) -> Result<Exit, Stop> {
    let listener = health::listen(args.shared.health).await?;
    tokio::select! {
        ended = serve(args) => ended,
        never = health::answer(listener, || true) => match never {},
    }
}

/// Serves until it is told to stop.
async fn serve(args: Coordinator) -> Result<Exit, Stop> {
    let options = Options::from_env();
    let connections = connections(&args.shared.connections)?;
    let catalog = Catalog::embedded().map_err(Stop::failed)?;
    let leading = store::connect(&args.store.store, Access::Run).await?;
    let serving = store::connect(&args.store.store, Access::Control).await?;
    let queue = queue::connect(&args.shared.queue).await.map_err(Stop::usage)?;
    let budget = budget::connect(&args.shared.budgets).await.map_err(Stop::usage)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let names =
        connections.iter().map(|owned| (owned.connection.name.clone(), owned.workspaces.clone()));
    let names = names.collect();
    let providers = Fleet {
        connections,
        options,
        catalog: catalog.clone(),
        budget: Arc::clone(&budget),
        clock: Arc::clone(&clock),
    };
    let secret = args.webhook_secret.as_deref();
    let webhook =
        args.webhook.as_deref().map(|address| Webhook::new(address, secret)).transpose()?;
    let redaction = args.redact_key.as_deref().map(redaction::read).transpose()?;
    let service = Service {
        parts: coordinator::Parts {
            store: Arc::clone(&leading) as Arc<dyn Store>,
            queue,
            providers: Arc::new(providers),
            catalog: catalog.clone(),
            clock: Arc::clone(&clock),
        },
        registry: leading as Arc<dyn Registry>,
        budget: Arc::clone(&budget),
        notifier: webhook.map(|webhook| Arc::new(webhook) as Arc<dyn Notifier>),
    };
    let parts = http::Parts {
        store: Arc::clone(&serving) as Arc<dyn Store>,
        registry: serving as Arc<dyn Registry>,
        catalog,
        connections: names,
        clock,
        budget: Some(budget),
    };
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let settings = settings(&args);
    let leading = async {
        let served = coordinator::serve(&service, &settings, &stop).await;
        stop.cancel();
        served.map_err(Stop::from)
    };
    let answering = async {
        let served = answer(&args.interface, redaction, parts, stop.clone()).await;
        stop.cancel();
        served
    };
    let (led, answered) = tokio::join!(leading, answering);
    led.and(answered).map(|()| Exit::Known)
}

fn settings(args: &Coordinator) -> ServiceSettings {
    ServiceSettings {
        holder: format!("{}", uuid::Uuid::now_v7()),
        ahead: usize::try_from(args.ahead).unwrap_or(usize::MAX),
        lost_after: args.lost_after,
        retention: args.retention,
    }
}

/// Answers over HTTP until `stop`.
async fn answer(
    interface: &Interface,
    redaction: Option<Redaction>,
    parts: http::Parts,
    stop: CancellationToken,
) -> Result<(), Stop> {
    let tls = match (&interface.tls_cert, &interface.tls_key) {
        (Some(cert), Some(key)) => Some(http::Tls { cert: cert.clone(), key: key.clone() }),
        _ => None,
    };
    let listener = TcpListener::bind(interface.listen).await.map_err(|error| {
        Stop::usage(format!("--listen: {} cannot be listened on: {error}", interface.listen))
    })?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    if let Ok(address) = listener.local_addr() {
        say(&format!("listening on {scheme}://{address}"));
    }
    let settings = http::Settings {
        names: interface.host.clone(),
        tls,
        behind_proxy: interface.behind_proxy,
        redaction,
        limits: http::Limits::default(),
    };
    http::serve(listener, parts, settings, stop).await.map_err(Stop::usage)
}

#[expect(clippy::print_stderr, reason = "this is the command's voice")]
fn say(sentence: &str) {
    eprintln!("orgsweep: {sentence}");
}

/// AWS as each scan's named connections reach it.
struct Fleet {
    connections: Vec<Owned>,
    options: Options,
    catalog: Catalog,
    budget: Arc<dyn Budget>,
    clock: Arc<dyn Clock>,
}

impl Providers for Fleet {
    fn of(&self, scan: &Scan) -> Result<Arc<dyn Provider>, Failure> {
        let local = |source: &&Source| !matches!(source, Source::Connection { .. });
        if scan.settings.sources.is_empty() || scan.settings.sources.iter().any(|s| local(&s)) {
            let message = "the scan starts from credentials of the machine that it was started on; resume it there, or \
                           start one from a connection that the coordinator's settings name";
            return Err(Failure::new(FailureKind::RoleFailed, "LocalSource", message));
        }
        // What its workspace does not own is not there for it.
        let own =
            self.connections.iter().filter(|owned| owned.workspaces.contains(&scan.workspace));
        let own: Vec<NamedConnection> = own.map(|owned| owned.connection.clone()).collect();
        let connected = Configured::connect(
            &own,
            &scan.settings,
            &self.options,
            &self.catalog,
            &self.budget,
            &self.clock,
        );
        let wrong = |error| Failure::new(FailureKind::RoleFailed, "Connection", format!("{error}"));
        Ok(Arc::new(connected.map_err(wrong)?))
    }
}
