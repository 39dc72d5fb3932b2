//! The interface of an installation over HTTP: scans, reports, schedules, tokens, live progress.
//!
//! It works through the store alone, so that any coordinator can serve it, whether it leads or not: a scan is started by
//! writing it down as running, and the coordinator that leads finds it there.

pub mod api;
pub mod token;

mod accounts;
mod app;
mod budgets;
mod caller;
mod connections;
mod diff;
mod docs;
mod door;
mod events;
mod health;
mod input;
mod limit;
mod listen;
mod lists;
mod live;
mod order;
mod parked;
mod problem;
mod report;
mod routes;
mod scans;
mod schedules;
mod session;
mod tls;
mod tokens;
mod view;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use catalog::Catalog;
use protocol::Clock;
use protocol::budget::Budget;
use protocol::registry::Registry;
use protocol::store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use connections::Connections;
pub use limit::Rate;

use app::App;
use door::Door;

/// What the interface is made of.
#[derive(Clone)]
pub struct Parts {
    /// The truth. Not the store through which this coordinator leads: that one refuses every write once another leads.
    pub store: Arc<dyn Store>,
    /// Tokens, schedules, shares, paused accounts; of the same installation.
    pub registry: Arc<dyn Registry>,
    /// What scans ask.
    pub catalog: Catalog,
    /// The connections that the server's settings name; a request may name those of its workspace and nothing else.
    pub connections: Connections,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The budgets, so that `/readyz` can say when they are away.
    pub budget: Option<Arc<dyn Budget>>,
}

/// How the interface is reached.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The host names by which it is called, without ports. A listener on loopback is called `localhost`, `127.0.0.1`
    /// and `[::1]` too; beyond loopback at least one name is needed.
    pub names: Vec<String>,
    /// Its certificate, where it speaks TLS itself.
    pub tls: Option<Tls>,
    /// Whether a proxy stands before it, speaks TLS, and sets `X-Forwarded-Proto`, `-Host` and `-For`.
    pub behind_proxy: bool,
    /// The secret that pseudonyms are made with; without one, nobody can ask for redacted reports.
    pub redaction: Option<reports::Redaction>,
    /// How much may be asked.
    pub limits: Limits,
}

/// How much may be asked at once, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Requests of one address (of IPv6: one network), whoever asks from there.
    pub peer: Rate,
    /// Requests with one token.
    pub token: Rate,
    /// Watchers of scans at once.
    pub streams: usize,
    /// Reports that are written at once.
    pub reports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            peer: Rate { per_second: 50.0, burst: 200.0 },
            token: Rate { per_second: 20.0, burst: 100.0 },
            streams: 200,
            reports: 4,
        }
    }
}

/// Where the certificate is, in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The file of the certificate and those that vouch for it.
    pub cert: PathBuf,
    /// The file of its private key.
    pub key: PathBuf,
}

/// Why the interface cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is reached from other machines, and nothing would encrypt what is said.
    #[error(
        "{0} is reached from other machines: give --tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS, or listen on 127.0.0.1"
    )]
    Plain(SocketAddr),
    /// Both the server and a proxy would encrypt.
    #[error(
        "--tls-cert and --behind-proxy exclude each other: leave the one out that does not speak TLS to the caller"
    )]
    TlsTwice,
    /// The address is reached from other machines, and no name is known by which it is called.
    #[error("{0} is reached from other machines: say with --host by which names it is called")]
    NoName(SocketAddr),
    /// A host name is none.
    #[error(
        "{0:?} is not a host name: write it without scheme and port, e.g. orgsweep.example.com"
    )]
    Name(String),
    /// The certificate or its key cannot be used.
    #[error("{} cannot be used: {why}; it must be in PEM, and the key the certificate's own", .path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The listener has no address.
    #[error("nobody can be listened to: {0}")]
    Listener(#[from] std::io::Error),
}

/// Serves the interface until `stop`; then lets what is under way end, for ten seconds at most.
///
/// # Errors
/// [`ServeError`], before anything is served: what is wrong with the settings, and how to mend it.
pub async fn serve(
    listener: TcpListener,
    parts: Parts,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let door = Door::new(&settings, listener.local_addr()?)?;
    let tls = settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let app = App::new(parts, settings.redaction, door, settings.limits, stop.clone());
    let (router, _) = routes::router(&Arc::new(app));
    listen::run(listener, router, tls, stop).await;
    Ok(())
}
