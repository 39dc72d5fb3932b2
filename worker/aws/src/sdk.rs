//! The typed SDK's side of our HTTP client, clock and name: SDK clients share all three.

use std::fmt;
use std::time::Duration;

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http_body_util::Full;

use crate::skew::SkewedClock;
use crate::transport::{Fault, LARGEST_BODY, Transport};

/// Our transport as the SDK's HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct SdkHttp {
    transport: Transport,
    deadline: Duration,
}

impl SdkHttp {
    /// The SDK's HTTP client over `transport`.
    pub(crate) fn new(transport: Transport, deadline: Duration) -> Self {
        Self { transport, deadline }
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { transport, deadline } = self.clone();
        HttpConnectorFuture::new(async move { exchange(&transport, deadline, request).await })
    }
}

async fn exchange(
    transport: &Transport,
    deadline: Duration,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = match body.bytes() {
        Some(bytes) => Bytes::copy_from_slice(bytes),
        None => return Err(ConnectorError::user("the body is a stream".into())),
    };
    debug_assert!(body.len() <= LARGEST_BODY, "control calls are small");
    let answer = transport
        .send(http::Request::from_parts(parts, Full::new(body)), deadline)
        .await
        .map_err(connector_error)?;
    let mut response = http::Response::new(SdkBody::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

fn connector_error(fault: Fault) -> ConnectorError {
    match fault {
        Fault::Timeout(_) => ConnectorError::timeout(fault.into()),
        Fault::TooLarge(_) | Fault::OutOfReach(_) => ConnectorError::other(fault.into(), None),
        Fault::Dns(_) | Fault::Connect(_) | Fault::Tls(_) | Fault::Cut(_) => {
            ConnectorError::io(fault.into())
        }
    }
}

impl TimeSource for SkewedClock {
    fn now(&self) -> std::time::SystemTime {
        self.now().into()
    }
}

/// Names us and the scan in every request of an SDK client.
pub(crate) struct UserAgent(pub(crate) String);

impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[dyn_dispatch_hint]
impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "UserAgent"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().try_insert("user-agent", self.0.clone())?;
        Ok(())
    }
}
