//! What a worker tells of itself: metrics as they are documented, spans that name what is worked on.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use protocol::FailureKind;
use protocol::batch::Work;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::bench::{Bench, batch, ends};
use crate::cloud::{Cloud, fail, item, page, task};

/// Remembers what it hears.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    /// Metrics with the label that they came with.
    metrics: BTreeSet<(String, String)>,
    /// Spans with their fields.
    spans: BTreeSet<(&'static str, String)>,
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("worker") || metadata.target() == "orgsweep::metrics"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let name = span.metadata().name();
        let mut heard = self.0.lock().unwrap();
        heard
            .spans
            .extend(fields.0.into_iter().map(|(field, value)| (name, format!("{field}={value}"))));
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        if event.metadata().target() != "orgsweep::metrics" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (metrics, labels): (Vec<_>, Vec<_>) =
            fields.0.into_iter().partition(|(name, _)| name.contains("orgsweep"));
        let labels: Vec<_> = labels.into_iter().map(|(label, _)| label).collect();
        let named = |(name, _): (String, String)| {
            (name[name.find("orgsweep").unwrap_or(0)..].to_owned(), labels.join(", "))
        };
        self.0.lock().unwrap().metrics.extend(metrics.into_iter().map(named));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The table in the documentation: metrics with their labels.
fn documented() -> BTreeSet<(String, String)> {
    let source = include_str!("../../src/metrics.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let row = |row: &str| {
        let (name, rest) = row.split_once('`').unwrap();
        let mut labels = rest.split('|').nth(1).unwrap().trim().to_owned();
        // What a label may say stands in brackets.
        while let (Some(open), Some(close)) = (labels.find(" ("), labels.find(')')) {
            labels.replace_range(open..=close, "");
        }
        (name.to_owned(), labels)
    };
    rows.map(row).collect()
}

#[tokio::test(start_paused = true)]
async fn a_worker_tells_what_its_table_of_metrics_says_and_nothing_else() {
    let listener = Listener::default();
    let listening = tracing::subscriber::set_default(listener.clone());
    let cloud = Cloud::new(|_, before| match before {
        0 => fail(FailureKind::Throttled),
        _ => page(vec![item("a", &[])], None),
    });
    let mut bench = Bench::new(&cloud);
    *bench.budgets.away.lock().unwrap() = true;
    bench.start();
    bench.send(&batch("111122223333", Work::Probes(vec![task("s3"), task("s3")]))).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    *bench.budgets.away.lock().unwrap() = false;
    bench.until(|answers| ends(answers) == 1).await;
    bench.end().await;
    drop(listening);
    let heard = listener.0.lock().unwrap();
    assert_eq!(heard.metrics, documented());
    let span = |name, field: &str| heard.spans.contains(&(name, field.to_owned()));
    assert!(span("batch", "scan=scan") && span("batch", "account=111122223333"));
    assert!(span("task", "probe=s3") && span("call", "operation=\"ListBuckets\""));
}
