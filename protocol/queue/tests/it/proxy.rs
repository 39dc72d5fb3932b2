//! A way to a server that can be cut.

use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A loopback port that leads to a server, as long as nobody cuts it.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    _accepting: JoinSet<()>,
}

#[derive(Default)]
struct State {
    connections: JoinSet<()>,
    is_closed: bool,
}

impl Proxy {
    /// Leads to `server` (`HOST:PORT`).
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let mut accepting = JoinSet::new();
        let shared = Arc::clone(&state);
        accepting.spawn(async move {
            loop {
                let (inner, _) = listener.accept().await.unwrap();
                let mut state = shared.lock().unwrap();
                if !state.is_closed {
                    state.connections.spawn(carry(inner, server.clone()));
                }
            }
        });
        Self { port, state, _accepting: accepting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection; new ones may be made.
    pub(crate) fn cut(&self) {
        self.state.lock().unwrap().connections.abort_all();
    }

    /// Cuts every connection, and each that is made until [`Self::open`].
    pub(crate) fn close(&self) {
        self.state.lock().unwrap().is_closed = true;
        self.cut();
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().is_closed = false;
    }
}

async fn carry(mut inner: TcpStream, server: String) {
    let mut outer = TcpStream::connect(server).await.unwrap();
    // It ends with an error when either side is cut off.
    drop(tokio::io::copy_bidirectional(&mut inner, &mut outer).await);
}
