//! What a fleet tells others: a webhook of the ends of scans, a collector of traces and metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use loadtest::Trouble;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use sha2::Sha256;

use super::crew::{Crew, Urls};
use super::ear::{Ear, Heard};
use super::place::Place;
use super::wait;
use crate::command::Cloud;

const SECRET: &str = "the secret that both sides know";

#[test]
fn a_fleet_tells_its_webhook_of_the_end_and_its_collector_of_every_call() {
    let runtime = super::runtime();
    let cloud = Cloud::new(2, Trouble::NONE, Duration::ZERO);
    let places = ["postgres", "redis", "rabbitmq"].map(|name| Place::of(&runtime, name, ""));
    let [store, budgets, queue] = places.each_ref().map(Place::url);
    let direct_store = places[0].direct();
    let secret = cloud.home.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let ear = Ear::new();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ear.url()),
        ("ORGSWEEP_WEBHOOK", format!("{}/hook", ear.url())),
        ("ORGSWEEP_WEBHOOK_SECRET", secret.display().to_string()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let urls = Urls { store, queue, budgets, direct_store, environment };
    let mut crew = Crew::start(&runtime, &cloud, urls, [1, 1]);
    let scan = crew.begin(&["scan", "--service", "s3,kms", "--connection", "main", "--quiet"]);
    let told = wait(&runtime, "the webhook to be told", || {
        crew.check();
        ear.heard("/hook").into_iter().next()
    });
    let notice: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!((&notice["scan"], &notice["state"]), (&scan.id.as_str().into(), &"finished".into()));
    let delivery = format!("{}/1", scan.id);
    assert_eq!(told.header("x-orgsweep-delivery"), Some(delivery.as_str()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&told.body);
    let signed: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told.header("x-orgsweep-signature"), Some(signed.as_str()));
    // What was not sent yet is sent at the end.
    for process in crew.workers.iter_mut().chain(&mut crew.coordinators) {
        assert_eq!(process.terminate(&runtime), Some(0), "{}", process.told());
    }
    let spans = spans(&ear.heard("/v1/traces"));
    let batches: Vec<&Span> = spans.iter().filter(|span| span.name == "batch").collect();
    let traces: BTreeSet<&[u8]> = batches.iter().map(|span| span.trace_id.as_slice()).collect();
    assert!(!batches.is_empty() && traces.len() == 1, "{} traces of one scan", traces.len());
    let mut named = batches.iter().flat_map(|span| &span.attributes);
    assert!(named.any(|field| field.key == "account"), "a batch names its account");
    let calls = spans.iter().filter(|span| span.name == "call");
    let calls = calls.filter(|span| traces.contains(span.trace_id.as_slice())).count();
    assert!(calls > 10, "{calls} calls in the scan's trace");
    let metrics = metrics(&ear.heard("/v1/metrics"));
    for metric in ["orgsweep.calls", "orgsweep.backlog"] {
        assert!(metrics.iter().any(|name| name.starts_with(metric)), "no {metric} in {metrics:?}");
    }
}

fn spans(heard: &[Heard]) -> Vec<Span> {
    let exports =
        heard.iter().map(|heard| ExportTraceServiceRequest::decode(heard.body.as_slice()).unwrap());
    let resources = exports.flat_map(|export| export.resource_spans);
    resources.flat_map(|of| of.scope_spans).flat_map(|scope| scope.spans).collect()
}

fn metrics(heard: &[Heard]) -> BTreeSet<String> {
    let exports = heard.iter().map(|heard| {
        let body = heard.body.as_slice();
        ExportMetricsServiceRequest::decode(body).unwrap()
    });
    let resources = exports.flat_map(|export| export.resource_metrics);
    let scopes = resources.flat_map(|of| of.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name).collect()
}
