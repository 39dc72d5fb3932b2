//! Traces and metrics to a collector, by OTLP over plain HTTP: a collector stands beside the service.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::{Level, Subscriber};
use tracing_opentelemetry::{MetricsLayer, OpenTelemetryLayer};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter};

use super::gauges::Gauges;
use super::{LEAD, METRICS};
use crate::stop::Stop;

/// How long the collector may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long the end of the process may wait for the collector.
const FLUSH: Duration = Duration::from_secs(5);

/// What is sent, until it ends.
pub(super) struct Sent {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Sent {
    /// Sends what was not sent; what the collector does not take in time is lost.
    pub(super) fn end(self) {
        let ends =
            [self.traces.shutdown_with_timeout(FLUSH), self.metrics.shutdown_with_timeout(FLUSH)];
        for error in ends.into_iter().filter_map(Result::err) {
            tracing::warn!(%error, "the last traces or metrics could not be sent");
        }
    }
}

/// The layer that sends to `collector`, e.g. `http://127.0.0.1:4318`.
pub(super) fn layer<S>(collector: &str) -> Result<(impl Layer<S> + use<S>, Sent), Stop>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if !collector.starts_with("http://") {
        return Err(Stop::usage(
            "--otlp: the collector's address begins with http://; where it is elsewhere, let one beside the service pass it on",
        ));
    }
    let wrong = |error: opentelemetry_otlp::ExporterBuildError| {
        Stop::usage(format!("--otlp: {collector:?} cannot be used: {error}"))
    };
    let base = collector.trim_end_matches('/');
    let client = Inside {
        runtime: Handle::current(),
        client: HyperClient::with_default_connector(DEADLINE, None),
    };
    let spans = SpanExporter::builder()
        .with_http()
        .with_http_client(client.clone())
        .with_endpoint(format!("{base}/v1/traces"))
        .build()
        .map_err(wrong)?;
    let measurements = MetricExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(format!("{base}/v1/metrics"))
        .build()
        .map_err(wrong)?;
    // Each process tells of itself: what two of them tell is added up or set side by side, never mixed.
    let instance = KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string());
    let resource =
        Resource::builder().with_service_name("orgsweep").with_attribute(instance).build();
    let traces = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(spans)
        .build();
    let metrics = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_periodic_exporter(measurements)
        .build();
    // Spans of our own crates; what carries them would trace itself.
    let ours = Targets::new().with_default(LevelFilter::OFF).with_targets(
        ["worker", "coordinator", "aws"].map(|crate_name| (crate_name, Level::DEBUG)),
    );
    let traced = OpenTelemetryLayer::new(traces.tracer("orgsweep")).with_filter(ours);
    let is_metric = filter::filter_fn(|metadata| metadata.target() == METRICS);
    let measured = MetricsLayer::new(metrics.clone()).with_filter(is_metric);
    let is_of_the_lead = filter::filter_fn(|metadata| metadata.target() == LEAD);
    let led = Gauges::new(metrics.meter("orgsweep")).with_filter(is_of_the_lead);
    Ok((traced.and_then(measured).and_then(led), Sent { traces, metrics }))
}

/// A client that works inside the runtime, whichever thread asks: the exporters have threads of their own.
#[derive(Debug, Clone)]
struct Inside {
    runtime: Handle,
    client: HyperClient,
}

#[async_trait]
impl HttpClient for Inside {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
