//! The one HTTP client: keep-alive pools shared over all accounts, bounded bodies, named faults.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::wire::Answer;

/// The largest body that is read. AWS's pages stay below a few mebibytes.
pub(crate) const LARGEST_BODY: usize = 32 << 20;

/// Idle connections that are kept for each host: as many as calls are ever in flight, since one endpoint may stand for
/// all hosts. There are never more than were in use at one time.
const IDLE_PER_HOST: usize = 1024;

/// The most that is read of a connection at once, and the largest head of an answer: a connection keeps what it once
/// needed, and hundreds are open.
const READ_AT_ONCE: usize = 64 << 10;

/// How long an idle connection is kept; AWS closes them after a minute or so.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// A client for plain and encrypted endpoints. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Clients>);

struct Clients {
    plain: Client<HttpConnector, Full<Bytes>>,
    /// Made when it is first needed: a machine without trust roots can still talk to loopback.
    secure: OnceLock<Result<Secure, String>>,
    connect_timeout: Duration,
    reach: Reach,
}

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Wherever they are sent.
    Anywhere,
    /// To literal loopback addresses, and nowhere else.
    Loopback,
}

impl Reach {
    fn allows(self, uri: &http::Uri) -> bool {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        self == Self::Anywhere
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

type Secure = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why there was no whole answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Nobody answered within the deadline.
    #[error("no whole answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The host has no address.
    #[error("the host cannot be resolved: {0}")]
    Dns(String),
    /// Nobody listens, or the network refuses.
    #[error("no connection: {0}")]
    Connect(String),
    /// The other side's certificate, or the lack of trust roots.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The connection broke before the answer was whole.
    #[error("the connection broke: {0}")]
    Cut(String),
    /// The body is larger than so many bytes.
    #[error("the body is larger than {} KiB", .0 >> 10)]
    TooLarge(usize),
    /// The host is not on loopback, and nothing else may be reached.
    #[error("{0} is not a loopback address, and nothing else may be reached")]
    OutOfReach(String),
}

impl Transport {
    /// A client that reaches so far, and whose connects give up after `connect_timeout`.
    pub(crate) fn new(connect_timeout: Duration, reach: Reach) -> Self {
        let plain = builder().build(connector(connect_timeout));
        Self(Arc::new(Clients { plain, secure: OnceLock::new(), connect_timeout, reach }))
    }

    /// Sends a request and reads its whole answer before the deadline.
    pub(crate) async fn send(
        &self,
        request: http::Request<Full<Bytes>>,
        deadline: Duration,
    ) -> Result<Answer, Fault> {
        self.send_small(request, deadline, LARGEST_BODY).await
    }

    /// The same, for an answer of at most `largest` bytes.
    pub(crate) async fn send_small(
        &self,
        request: http::Request<Full<Bytes>>,
        deadline: Duration,
        largest: usize,
    ) -> Result<Answer, Fault> {
        tokio::time::timeout(deadline, self.exchange(request, largest))
            .await
            .unwrap_or(Err(Fault::Timeout(deadline)))
    }

    async fn exchange(
        &self,
        request: http::Request<Full<Bytes>>,
        largest: usize,
    ) -> Result<Answer, Fault> {
        if !self.0.reach.allows(request.uri()) {
            let host = request.uri().host().unwrap_or_default();
            return Err(Fault::OutOfReach(host.to_owned()));
        }
        let response = if request.uri().scheme() == Some(&http::uri::Scheme::HTTPS) {
            let client = self.0.secure().as_ref().map_err(|error| Fault::Tls(error.clone()))?;
            client.request(request).await
        } else {
            self.0.plain.request(request).await
        };
        let (parts, body) = response.map_err(|error| fault(&error))?.into_parts();
        let body = Limited::new(body, largest).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { Fault::TooLarge(largest) } else { fault(&*error) }
        })?;
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() })
    }
}

impl Clients {
    fn secure(&self) -> &Result<Secure, String> {
        self.secure.get_or_init(|| {
            let mut connector = connector(self.connect_timeout);
            connector.enforce_http(false);
            let https = HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
                .map_err(|error| format!("the machine's trust roots cannot be read: {error}"))?
                .https_only()
                .enable_http1()
                .wrap_connector(connector);
            Ok(builder().build(https))
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

fn connector(connect_timeout: Duration) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_keepalive(Some(IDLE_TIMEOUT));
    connector.set_connect_timeout(Some(connect_timeout));
    connector
}

fn builder() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http1_max_buf_size(READ_AT_ONCE)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new());
    builder
}

/// Names what went wrong from the chain of causes.
fn fault(error: &(dyn Error + 'static)) -> Fault {
    let mut text = error.to_string();
    let mut secure = false;
    let mut resolved = true;
    let mut connecting = error
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(hyper_util::client::legacy::Error::is_connect);
    let mut cause = error.source();
    while let Some(inner) = cause {
        let told = inner.to_string();
        resolved &= !told.starts_with("dns error");
        secure |= is_tls(inner);
        connecting |= told.starts_with("tcp connect error");
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = inner.source();
    }
    match (resolved, secure, connecting) {
        (false, ..) => Fault::Dns(text),
        (_, true, _) => Fault::Tls(text),
        (_, _, true) => Fault::Connect(text),
        _ => Fault::Cut(text),
    }
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fault_of(uri: &str) -> Fault {
        let transport = Transport::new(Duration::from_secs(1), Reach::Loopback);
        let request = http::Request::get(uri).body(Full::default()).expect("a request");
        transport.send(request, Duration::from_secs(5)).await.expect_err("nobody is there")
    }

    #[tokio::test]
    async fn nothing_but_loopback_is_reached_when_nothing_else_may_be() {
        for host in [
            "sts.amazonaws.com",
            "192.0.2.1",
            "localhost.example",
            "[2001:db8::1]",
            "169.254.169.254",
        ] {
            for scheme in ["http", "https"] {
                let fault = fault_of(&format!("{scheme}://{host}/")).await;
                assert!(matches!(fault, Fault::OutOfReach(_)), "{scheme}://{host}: {fault}");
            }
        }
    }

    #[tokio::test]
    async fn loopback_is_reached() {
        // Port 0 is nobody's: the connection is tried, and refused by the machine itself.
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let fault = fault_of(&format!("http://{host}/")).await;
            assert!(matches!(fault, Fault::Connect(_)), "{host}: {fault}");
        }
    }
}
