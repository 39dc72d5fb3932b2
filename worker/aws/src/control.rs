//! Calls to STS and Organizations through the typed SDK: one budget, one clock, one table of errors.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use protocol::budget::Ask;
use protocol::{Failure, FailureKind, ScanId};
use tokio::sync::Semaphore;

use crate::classify::{self, Context, Mending};
use crate::connection::Origin;
use crate::profiles::chain;
use crate::purse::Purse;
use crate::sdk::{SdkHttp, UserAgent};
use crate::skew::SkewedClock;
use crate::transport::{Fault, Transport};
use crate::wire::{Answer, error};

/// What all control-plane calls share.
pub(crate) struct Control {
    /// The SDK's HTTP client.
    pub http: SdkHttp,
    /// The same, for calls without an SDK.
    pub transport: Transport,
    /// The clock that requests are signed by.
    pub clock: SkewedClock,
    /// What the hub may spend.
    pub purse: Arc<Purse>,
    /// Permits for calls in flight.
    pub calls: Semaphore,
    /// The deadline of one call.
    pub deadline: Duration,
}

/// Who calls, from where.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// What the connection starts from.
    pub origin: &'a Origin,
    /// By whom.
    pub credentials: &'a Credentials,
    /// The region that is called.
    pub region: &'a str,
    /// The scan, to be named.
    pub scan: Option<&'a ScanId>,
}

/// The name that requests go by.
pub(crate) fn user_agent(scan: Option<&ScanId>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    scan.map_or_else(
        || format!("orgsweep/{version}"),
        |scan| format!("orgsweep/{version} scan/{}", token(scan.as_str())),
    )
}

/// A scan's id without what a header or a session name may not hold.
pub(crate) fn token(scan: &str) -> Cow<'_, str> {
    let may = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if scan.chars().all(may) { scan.into() } else { scan.chars().filter(|c| may(*c)).collect() }
}

macro_rules! configured {
    ($builder:expr, $control:expr, $caller:expr, $service:literal) => {{
        let Caller { origin, credentials, region, scan } = $caller;
        let variant = origin.endpoints.variant();
        let mut builder = $builder
            .behavior_version_latest()
            .region(aws_types::region::Region::new(region.to_owned()))
            .credentials_provider(credentials.clone())
            .http_client($control.http.clone())
            .time_source($control.clock.clone())
            .interceptor(UserAgent(user_agent(scan)))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout($control.deadline).build());
        match origin.endpoints.configured($service) {
            Some(url) => builder = builder.endpoint_url(url),
            None => builder = builder.use_fips(variant.fips).use_dual_stack(variant.dual_stack),
        }
        builder.build()
    }};
}

impl Control {
    /// A client of STS.
    pub(crate) fn sts(&self, caller: Caller<'_>) -> aws_sdk_sts::Client {
        let builder = aws_sdk_sts::config::Builder::new();
        aws_sdk_sts::Client::from_conf(configured!(builder, self, caller, "sts"))
    }

    /// A client of Organizations.
    pub(crate) fn organizations(&self, caller: Caller<'_>) -> aws_sdk_organizations::Client {
        let builder = aws_sdk_organizations::config::Builder::new();
        aws_sdk_organizations::Client::from_conf(configured!(
            builder,
            self,
            caller,
            "organizations"
        ))
    }

    /// Spends a token, makes a call, and reads its failure by the one table; once more after the
    /// clock was corrected.
    pub(crate) async fn call<T, E, F>(
        &self,
        ask: Option<&Ask>,
        operation: &str,
        call: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut corrected = false;
        loop {
            let _in_flight = match ask {
                Some(ask) => {
                    let spent = self.purse.spend(ask, &self.calls).await;
                    spent.map_err(|failure| failure.during(operation))?
                }
                None => None,
            };
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !corrected && self.corrects_clock(&error) {
                corrected = true;
                continue;
            }
            let failure = failure(&error).during(operation);
            if let (FailureKind::Throttled, Some(ask)) = (failure.kind, ask) {
                self.purse.throttled(ask).await;
            }
            return Err(failure);
        }
    }

    fn corrects_clock<E>(&self, error: &SdkError<E, HttpResponse>) -> bool {
        let Some(refusal) = error.raw_response().map(|raw| error::read(&answer(raw))) else {
            return false;
        };
        let skewed = classify::mending(&refusal) == Some(Mending::CorrectClock);
        skewed && self.clock.correct(refusal.date.as_deref())
    }
}

/// What an SDK's error says.
fn failure<E: std::error::Error + Send + Sync + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> Failure {
    match error {
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => match error.raw_response() {
            Some(raw) if !raw.status().is_success() => {
                classify::refusal(&error::read(&answer(raw)), Context::default())
            }
            _ => Failure::new(FailureKind::Transient, "UnreadableBody", chain(error)),
        },
        SdkError::TimeoutError(_) => {
            Failure::new(FailureKind::Unreachable, "Timeout", "no whole answer within the deadline")
        }
        SdkError::DispatchFailure(dispatch) => {
            let fault = dispatch
                .as_connector_error()
                .and_then(std::error::Error::source)
                .and_then(|cause| cause.downcast_ref::<Fault>());
            fault.map_or_else(
                || Failure::new(FailureKind::Unreachable, "ConnectFailed", chain(error)),
                classify::fault,
            )
        }
        _ => Failure::new(FailureKind::Other, "NotSent", chain(error)),
    }
}

/// The SDK's raw answer as ours.
fn answer(raw: &HttpResponse) -> Answer {
    let headers = raw.headers().iter().filter_map(|(name, value)| {
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, http::HeaderValue::from_str(value).ok()?))
    });
    Answer {
        status: http::StatusCode::from_u16(raw.status().as_u16()).unwrap_or_default(),
        headers: headers.collect(),
        body: raw.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default(),
    }
}
