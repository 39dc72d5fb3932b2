//! A way to a server that can be cut, and that can be slow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A loopback port that leads to a server.
pub(super) struct Proxy {
    port: u16,
    connections: Arc<Mutex<JoinSet<()>>>,
    delay_ms: Arc<AtomicU64>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Leads to `server` (`HOST:PORT`), whether that runs or not.
    pub(super) fn to(runtime: &Runtime, server: &str) -> Self {
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let delay_ms = Arc::new(AtomicU64::new(0));
        let mut accepting = JoinSet::new();
        let (open, delay) = (Arc::clone(&connections), Arc::clone(&delay_ms));
        let server = server.to_owned();
        accepting.spawn_on(
            async move {
                loop {
                    let (inner, _) = listener.accept().await.unwrap();
                    let carried = carry(inner, server.clone(), Arc::clone(&delay));
                    open.lock().unwrap().spawn(carried);
                }
            },
            runtime.handle(),
        );
        Self { port, connections, delay_ms, _accepting: accepting }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection; new ones may be made.
    pub(super) fn cut(&self) {
        self.connections.lock().unwrap().abort_all();
    }

    /// From now on everything takes so much longer, in each direction.
    pub(super) fn slow(&self, delay: Duration) {
        self.delay_ms.store(u64::try_from(delay.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

async fn carry(inner: TcpStream, server: String, delay_ms: Arc<AtomicU64>) {
    // A server that is away closes the connection at once, as the system does.
    let Ok(outer) = TcpStream::connect(server).await else { return };
    for side in [&inner, &outer] {
        side.set_nodelay(true).ok();
    }
    let (from_inner, to_inner) = inner.into_split();
    let (from_outer, to_outer) = outer.into_split();
    tokio::select! {
        () = pump(from_inner, to_outer, &delay_ms) => {}
        () = pump(from_outer, to_inner, &delay_ms) => {}
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    delay_ms: &AtomicU64,
) {
    let mut buffer = vec![0; 1 << 16];
    // Either side's end is the end of both.
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let delay = delay_ms.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
