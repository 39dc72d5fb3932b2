//! The stand-in as a server on loopback: sockets, timers and spoilt replies around [`crate::play`].

mod body;
mod connection;
mod recorder;
mod secure;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming as Streamed;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::Clock;
use protocol::clock::SystemClock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use body::Body;
use connection::{Cutter, Wire};
use recorder::Recorder;
pub use recorder::{Recorded, Recording};
pub use secure::Tls;

use crate::latency::Latency;
use crate::play::{Break, BucketCalls, Counters, Incoming, Keys, Reply, Stage, Ways};
use crate::world::World;

/// How the stand-in behaves, whatever its world is like.
#[derive(Clone)]
pub struct Manner {
    /// How long answers take.
    pub latency: Latency,
    /// Whether token buckets are enforced, at the full documented rate.
    pub enforce_buckets: bool,
    /// Whether signatures are verified.
    pub verify_signatures: bool,
    /// Sessions last no longer than this many seconds, whatever is asked for.
    pub longest_session: Option<i64>,
    /// Whether the time of every call is kept, four bytes a call.
    pub keep_times: bool,
    /// The share of every bucket, in per cent, whose use is counted.
    pub share: Option<u8>,
    /// Whether things say all that AWS says of them, not only what the catalog reads.
    pub full_bodies: bool,
    /// Which requests are kept, to be sent again.
    pub record: Option<Recording>,
    /// The certificate to show; without one nothing is encrypted.
    pub tls: Option<Tls>,
    /// How long a call hangs that hangs.
    pub hang: Duration,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            latency: Latency::None,
            enforce_buckets: true,
            verify_signatures: false,
            longest_session: None,
            keep_times: false,
            share: None,
            full_bodies: false,
            record: None,
            tls: None,
            hang: Duration::from_secs(30),
            clock: Arc::new(SystemClock),
        }
    }
}

/// A stand-in that runs; it stops when this is dropped.
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

struct Shared {
    stage: Stage,
    recorder: Recorder,
    manner: Manner,
    tls: Option<TlsAcceptor>,
    asked: AtomicU64,
    stop: CancellationToken,
}

/// The most connections at once.
const CONNECTIONS: usize = 65_536;
/// The largest body of a request.
const LARGEST_BODY: usize = 1 << 20;

/// Begins to play a world on a listener.
///
/// # Errors
/// The error of the listener, where it has no address, and of a certificate that is none.
pub fn serve(world: World, listener: TcpListener, manner: Manner) -> std::io::Result<Running> {
    let address = listener.local_addr()?;
    let ways = Ways {
        enforce_buckets: manner.enforce_buckets,
        verify_signatures: manner.verify_signatures,
        longest_session: manner.longest_session,
        keep_times: manner.keep_times,
        share: manner.share,
        full_bodies: manner.full_bodies,
    };
    let stage = Stage::new(world, manner.clock.clone(), ways);
    let stop = CancellationToken::new();
    let recorder = Recorder::new(manner.record);
    let tls = manner.tls.as_ref().map(Tls::acceptor).transpose()?;
    let shared = Arc::new(Shared {
        stage,
        recorder,
        manner,
        tls,
        asked: AtomicU64::new(0),
        stop: stop.clone(),
    });
    let tasks = TaskTracker::new();
    tasks.spawn(accept(listener, shared.clone(), tasks.clone()));
    tasks.close();
    let guard = stop.clone().drop_guard();
    Ok(Running { address, shared, tasks, stop, _stop_on_drop: guard })
}

impl Running {
    /// The address to send everything to, e.g. `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The keys of the management account.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.shared.stage.keys()
    }

    /// What was asked so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.stage.counters()
    }

    /// The calls of each bucket, and when they came if the manner keeps times.
    #[must_use]
    pub fn calls(&self) -> Vec<BucketCalls> {
        self.shared.stage.calls()
    }

    /// The requests that were kept, if the manner keeps some.
    #[must_use]
    pub fn recorded(&self) -> Vec<Recorded> {
        self.shared.recorder.kept()
    }

    /// The world that is played.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.shared.stage.world
    }

    /// The version of botocore whose models requests are checked against.
    #[must_use]
    pub fn botocore(&self) -> &'static str {
        self.shared.stage.botocore()
    }

    /// Stops, and waits until every connection is closed.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let shared = shared.clone();
                tasks.spawn(async move {
                    converse(stream, shared).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, mostly: others must be closed first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Serves one connection until either side closes it.
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays with its delay");
    }
    let cutter = Cutter::default();
    let wire = Wire::new(stream, cutter.clone());
    let Some(tls) = shared.tls.clone() else { return talk(wire, cutter, shared).await };
    let encrypted = tokio::select! {
        encrypted = tls.accept(wire) => encrypted,
        () = shared.stop.cancelled() => return,
    };
    match encrypted {
        Ok(wire) => talk(wire, cutter, shared).await,
        Err(error) => tracing::debug!(%error, "a connection was not encrypted"),
    }
}

async fn talk(
    wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    cutter: Cutter,
    shared: Arc<Shared>,
) {
    let stop = shared.stop.clone();
    let service = service_fn(move |request| {
        let (shared, cutter) = (shared.clone(), cutter.clone());
        async move { respond(&shared, &cutter, request).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(wire), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            // Calls that hang are not waited for.
            connection.as_mut().graceful_shutdown();
            let grace = Duration::from_millis(200);
            tokio::time::timeout(grace, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Why a connection is cut without a reply.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("the stand-in cuts this connection on purpose")]
    OnPurpose,
}

async fn respond(
    shared: &Shared,
    cutter: &Cutter,
    request: Request<Streamed>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if let Some(page) = path.strip_prefix("/_stand-in/") {
        return Ok(own_page(shared, page));
    }
    let guard = shared.stage.limits.enter();
    let nth = shared.asked.fetch_add(1, Ordering::Relaxed);
    let incoming = Incoming {
        path: path.to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        body: read_body(body).await?,
        method: head.method,
        headers: head.headers,
    };
    shared.recorder.see(&incoming, shared.stage.mint);
    let reply = shared.stage.play(&incoming);
    let latency = shared.manner.latency.of(nth);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let spoilt = reply.broken;
    if spoilt == Some(Break::Hang) {
        tokio::time::sleep(shared.manner.hang).await;
    }
    drop(guard);
    match spoilt {
        Some(Break::Reset | Break::Hang) => {
            cutter.cut();
            Err(Cut::OnPurpose)
        }
        spoilt => Ok(response(reply, spoilt == Some(Break::Truncated))),
    }
}

async fn read_body(mut body: Streamed) -> Result<Bytes, Cut> {
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Cut::OnPurpose)?;
        if let Some(data) = frame.data_ref() {
            if all.len() + data.len() > LARGEST_BODY {
                return Err(Cut::OnPurpose);
            }
            all.extend_from_slice(data);
        }
    }
    Ok(all.freeze())
}

fn response(reply: Reply, truncated: bool) -> Response<Body> {
    let mut builder =
        Response::builder().status(reply.status).header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    let body = if truncated { Body::cut(reply.body) } else { Body::whole(reply.body) };
    builder.body(body).unwrap_or_else(|_| {
        let mut broken = Response::new(Body::whole(Bytes::new()));
        *broken.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

/// The stand-in's own pages: counters, buckets, and the truth about every curated cell.
fn own_page(shared: &Shared, page: &str) -> Response<Body> {
    let stage = &shared.stage;
    let told = match page {
        "counters" => serde_json::to_string_pretty(&stage.counters()).map_err(|e| e.to_string()),
        "buckets" => lines(stage.calls().iter()),
        "truth" => truth_lines(&stage.world, false),
        "truth-of-all" => truth_lines(&stage.world, true),
        _ => Err(format!("there is no page {page}")),
    };
    let (status, text) = match told {
        Ok(text) => (200, text),
        Err(why) => (404, why),
    };
    response(Reply::new(status, "application/json", text), false)
}

/// The truth, one cell a line.
///
/// # Errors
/// The catalog's sentence, where it cannot be selected from.
pub fn truth_lines(world: &World, all_services: bool) -> Result<String, String> {
    let selection = protocol::selection::Selection {
        all_services,
        ..protocol::selection::Selection::default()
    };
    let probes = world.catalog().select(&selection).map_err(|error| error.to_string())?;
    lines(world.truth(&probes))
}

/// A JSON a line.
fn lines(all: impl Iterator<Item = impl serde::Serialize>) -> Result<String, String> {
    let mut lines = String::new();
    for one in all {
        lines.push_str(&serde_json::to_string(&one).map_err(|error| error.to_string())?);
        lines.push('\n');
    }
    Ok(lines)
}
