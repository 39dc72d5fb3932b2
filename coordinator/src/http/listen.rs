//! Connections: taken, bounded, encrypted, ended in peace.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The most connections at once.
const CONNECTIONS: usize = 1024;
/// How long the beginning of a connection may take to be encrypted.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the head of a request may take to come, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// The most bytes of a head.
const LARGEST_HEAD: usize = 16 << 10;
/// How long what is under way may take to end once the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to wait where no connection can be taken (no more files can be opened).
const PAUSE: Duration = Duration::from_millis(100);

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Takes connections until `stop`; then lets what is under way end, or cuts it.
pub(super) async fn run(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let take = async || {
        let permit = Arc::clone(&permits).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer.ip(), permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    loop {
        let (stream, peer, permit) = tokio::select! {
            taken = take() => taken,
            () = stop.cancelled() => break,
        };
        let (router, tls, stop, cut) = (router.clone(), tls.clone(), stop.clone(), cut.clone());
        connections.spawn(async move {
            tokio::select! {
                () = begin(stream, peer, router, tls, stop) => {}
                () = cut.cancelled() => {}
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections are cut");
        cut.cancel();
        connections.wait().await;
    }
}

async fn begin(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small answers of a connection may be late");
    }
    let Some(tls) = tls else { return serve(stream, peer, router, stop).await };
    match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, peer, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection was not encrypted"),
        Err(_) => tracing::debug!(%peer, "a connection was not encrypted in time"),
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    router: Router,
    stop: CancellationToken,
) {
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        inner.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}
