//! The link to a coordinator: its address, the token, and what is said over it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use coordinator::http::api::Refusal;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::address;
use crate::args::ServerArg;
use crate::config;
use crate::stop::{Exit, Stop};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take to begin; reports and re-queues go over all cells first.
const BEGIN: Duration = Duration::from_secs(620);
/// The largest answer that is read whole, in bytes.
const LARGEST: usize = 16 << 20;
/// How often a request is sent again that was one too many.
const AGAIN: u32 = 5;
/// The longest wait before it is.
const WAIT: u64 = 60;

/// The link to a coordinator.
pub(crate) struct Link {
    base: String,
    token: HeaderValue,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.base)
    }
}

/// Why there was no answer, or none that is wanted.
#[derive(Debug)]
pub(super) enum Fault {
    /// The coordinator cannot be reached; it may be back in a moment.
    Away(String),
    /// The coordinator refuses.
    Refused(StatusCode, String),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Away(sentence) => Self::failed(sentence),
            Fault::Refused(status, sentence) if status.is_client_error() && status != 429 => {
                Self { exit: Exit::Usage, message: sentence }
            }
            Fault::Refused(_, sentence) => Self::failed(sentence),
        }
    }
}

impl Link {
    /// The link to the coordinator that is named, with the token of the file or of the environment.
    pub(crate) fn open(server: &ServerArg) -> Result<Self, Stop> {
        let Some(url) = &server.server else {
            return Err(Stop::usage("name the coordinator with --server URL"));
        };
        let base = address::read(url).map_err(Stop::usage)?;
        let token = token(server)?;
        let mut token = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Stop::usage("the token is none: a token is osw_, an id, and a secret"))?;
        token.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let provider = rustls::crypto::ring::default_provider();
        let builder = HttpsConnectorBuilder::new();
        // On loopback no trust roots are needed, and a machine may have none.
        let builder = if base.starts_with("http:") {
            let config = rustls::ClientConfig::builder_with_provider(provider.into())
                .with_safe_default_protocol_versions()
                .map_err(Stop::failed)?
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder.with_tls_config(config)
        } else {
            builder.with_provider_and_native_roots(provider).map_err(|error| {
                Stop::failed(format!("the machine's trust roots cannot be read: {error}"))
            })?
        };
        let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { base, token, client })
    }

    /// The address, for sentences.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Reads what is at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Stop> {
        self.whole(self.send(Method::GET, path, None).await?).await
    }

    /// Posts a body, and reads the answer.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Stop> {
        let body = serde_json::to_vec(body).map_err(Stop::failed)?;
        self.whole(self.send(Method::POST, path, Some(body)).await?).await
    }

    /// Posts nothing to a path, and reads the answer.
    pub(crate) async fn tell<T: DeserializeOwned>(&self, path: &str) -> Result<T, Stop> {
        self.whole(self.send(Method::POST, path, None).await?).await
    }

    /// Puts a body to a path, and reads the answer.
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Stop> {
        let body = serde_json::to_vec(body).map_err(Stop::failed)?;
        self.whole(self.send(Method::PUT, path, Some(body)).await?).await
    }

    /// Removes what is at a path.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Stop> {
        self.send(Method::DELETE, path, None).await?;
        Ok(())
    }

    /// Asks for what is read as it comes.
    pub(super) async fn stream(&self, path: &str) -> Result<Incoming, Fault> {
        Ok(self.send(Method::GET, path, None).await?.into_body())
    }

    /// Sends a request until it is not one too many.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response<Incoming>, Fault> {
        let mut left = AGAIN;
        loop {
            let response = self.once(&method, path, body.clone()).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let wait = response.headers().get(header::RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok()).unwrap_or(1_u64);
            if status == StatusCode::TOO_MANY_REQUESTS && left > 0 && wait <= WAIT {
                left -= 1;
                tokio::time::sleep(Duration::from_secs(wait)).await;
                continue;
            }
            let bytes = Limited::new(response.into_body(), LARGEST).collect().await;
            let refusal = bytes
                .ok()
                .and_then(|body| serde_json::from_slice::<Refusal>(&body.to_bytes()).ok());
            let sentence = refusal.map_or_else(
                || format!("{} answered {status}, and not as a coordinator does", self.base),
                |refusal| refusal.error.message,
            );
            return Err(Fault::Refused(status, sentence));
        }
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response<Incoming>, Fault> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, self.token.clone())
            .header(header::USER_AGENT, concat!("orgsweep/", env!("CARGO_PKG_VERSION")));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|error| self.away(&error))?;
        match timeout(BEGIN, self.client.request(request)).await {
            Ok(answered) => answered.map_err(|error| self.away(&error)),
            Err(_) => Err(Fault::Away(format!("{} did not answer in time", self.base))),
        }
    }

    async fn whole<T: DeserializeOwned>(&self, response: Response<Incoming>) -> Result<T, Stop> {
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| {
            Stop::failed(format!("the answer of {} could not be read: {error}", self.base))
        })?;
        let bytes = body.to_bytes();
        // What answers nothing is read as nothing.
        let bytes = if bytes.is_empty() { Bytes::from_static(b"null") } else { bytes };
        serde_json::from_slice(&bytes).map_err(|error| {
            Stop::failed(format!(
                "{} answers what this orgsweep ({}) does not understand: {error}; use its version",
                self.base,
                env!("CARGO_PKG_VERSION")
            ))
        })
    }

    fn away(&self, error: &dyn Error) -> Fault {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let told = inner.to_string();
            if !text.contains(&told) {
                text = format!("{text}: {told}");
            }
            cause = inner.source();
        }
        Fault::Away(format!("{} cannot be reached: {text}", self.base))
    }
}

fn token(server: &ServerArg) -> Result<String, Stop> {
    if let Some(path) = &server.token_file {
        return Ok(config::read(path)?.trim().to_owned());
    }
    let token =
        std::env::var_os("ORGSWEEP_TOKEN").map(|token| token.to_string_lossy().trim().to_owned());
    token.filter(|token| !token.is_empty()).ok_or_else(|| {
        Stop::usage("--server needs a token: put it into ORGSWEEP_TOKEN, or name its file with --token-file; `orgsweep token create` makes one")
    })
}
