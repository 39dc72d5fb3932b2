//! The bare loop: recorded requests, signed, sent over connections that are kept alive; answers are
//! read and dropped. Nobody who asks the same can take much less.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::Context;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use loadtest::Recorded;
use protocol::Clock;
use protocol::clock::SystemClock;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Done;
use super::sessions::{endpoint, read, wait_for_the_end, wait_for_the_start};

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What all loops share.
struct Shared {
    http: Http,
    endpoint: String,
    host: String,
    requests: Vec<(Recorded, Credentials)>,
    next: AtomicUsize,
    failed: AtomicU64,
}

/// Sends the requests of a file once each, so many at once.
///
/// # Errors
/// Where they cannot be read or made; what is answered badly is counted.
pub async fn replay(file: &Path, in_flight: usize) -> anyhow::Result<()> {
    let endpoint = endpoint()?;
    let host = endpoint.split_once("://").context("the stand-in's endpoint is a URL")?.1.to_owned();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_max_idle_per_host(in_flight);
    let shared = Arc::new(Shared {
        http: builder.build(connector),
        endpoint,
        host,
        requests: read(file)?.into_iter().map(with_credentials).collect(),
        next: AtomicUsize::new(0),
        failed: AtomicU64::new(0),
    });
    wait_for_the_start()?;
    let began = Instant::now();
    let mut loops = JoinSet::new();
    for _ in 0..in_flight {
        let shared = Arc::clone(&shared);
        loops.spawn(async move { shared.work().await });
    }
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    wait_for_the_end(&Done {
        calls: shared.requests.len() as u64,
        failed: shared.failed.load(Ordering::Relaxed),
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn with_credentials(one: Recorded) -> (Recorded, Credentials) {
    let (id, secret) = (one.access_key_id.clone(), one.secret_access_key.clone());
    let credentials = Credentials::new(id, secret, one.token.clone(), None, "recorded");
    (one, credentials)
}

impl Shared {
    async fn work(&self) -> anyhow::Result<()> {
        while let Some((one, credentials)) =
            self.requests.get(self.next.fetch_add(1, Ordering::Relaxed))
        {
            let request = self.signed(one, credentials)?;
            let well = match self.http.request(request).await {
                Ok(answer) => {
                    let well = !answer.status().is_server_error();
                    well & answer.into_body().collect().await.is_ok()
                }
                Err(_) => false,
            };
            self.failed.fetch_add(u64::from(!well), Ordering::Relaxed);
        }
        Ok(())
    }

    fn signed(
        &self,
        one: &Recorded,
        credentials: &Credentials,
    ) -> anyhow::Result<http::Request<Full<Bytes>>> {
        let uri = format!("{}{}", self.endpoint, one.target);
        let identity = credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&one.region)
            .name(&one.signing)
            .time(SystemClock.now().into())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let named = one.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = named.clone().chain([("host", self.host.as_str())]);
        let body = SignableBody::Bytes(one.body.as_bytes());
        let signable = SignableRequest::new(&one.method, &uri, headers, body)?;
        let instructions = sign(signable, &params)?.into_parts().0;
        let mut request = http::Request::builder().method(one.method.as_str()).uri(&uri);
        for (name, value) in named {
            request = request.header(name, value);
        }
        let mut request = request.body(Full::new(Bytes::from(one.body.clone())))?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
