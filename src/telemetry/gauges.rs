//! Gauges that count only while somebody tells them again: what a coordinator knows while it leads.
//!
//! Other gauges keep their last value for as long as the process lives. A coordinator that was deposed, or cannot
//! reach its store, would go on telling a backlog that is long gone, and the fleet would be scaled by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How long a value counts: it is told every ten seconds.
const FRESH: Duration = Duration::from_secs(30);

/// The layer that hears such gauges, and has them told when the meter asks.
pub(super) struct Gauges {
    meter: Meter,
    known: Mutex<BTreeSet<&'static str>>,
    told: Arc<Told>,
}

/// What was told last.
#[derive(Default)]
struct Told(Mutex<Values>);

/// Values by gauge and labels, and when they were told.
type Values = BTreeMap<(&'static str, Labels), (f64, Instant)>;
type Labels = BTreeMap<&'static str, String>;

impl Gauges {
    /// A layer whose gauges the meter has.
    pub(super) fn new(meter: Meter) -> Self {
        Self { meter, known: Mutex::default(), told: Arc::default() }
    }

    /// Has the meter ask for a gauge from now on.
    fn know(&self, name: &'static str) {
        // Not held while the meter is told: it asks for values with a lock of its own.
        if !self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
            return;
        }
        let told = Arc::clone(&self.told);
        let gauge = self.meter.f64_observable_gauge(name).with_callback(move |asking| {
            for (labels, value) in told.fresh(name) {
                let labels: Vec<KeyValue> =
                    labels.into_iter().map(|(label, text)| KeyValue::new(label, text)).collect();
                asking.observe(value, &labels);
            }
        });
        // The meter keeps it.
        gauge.build();
    }
}

impl<S: Subscriber> Layer<S> for Gauges {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        for (name, value) in heard.values {
            self.told.tell(name, heard.labels.clone(), value);
            self.know(name);
        }
    }
}

impl Told {
    fn all(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, name: &'static str, labels: Labels, value: f64) {
        self.all().insert((name, labels), (value, Instant::now()));
    }

    fn fresh(&self, name: &'static str) -> Vec<(Labels, f64)> {
        let mut all = self.all();
        all.retain(|_, (_, at)| at.elapsed() < FRESH);
        let of_it = all.iter().filter(|((gauge, _), _)| *gauge == name);
        of_it.map(|((_, labels), (value, _))| (labels.clone(), *value)).collect()
    }
}

/// The fields of an event.
#[derive(Default)]
struct Heard {
    values: Vec<(&'static str, f64)>,
    labels: Labels,
}

impl Visit for Heard {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if let Some(name) = field.name().strip_prefix("gauge.") {
            self.values.push((name, value));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float in the end")]
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_f64(field, value as f64);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.labels.insert(field.name(), value.to_owned());
    }

    /// Nothing is measured in other types.
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_value_that_is_not_told_again_is_forgotten() {
        let gauges = Gauges::new(SdkMeterProvider::default().meter("test"));
        let told = Arc::clone(&gauges.told);
        let subscriber = tracing_subscriber::registry().with(gauges);
        let _heard = tracing::subscriber::set_default(subscriber);
        let ready = || told.fresh("backlog.ready");
        let depth = || told.fresh("queue.depth");

        tracing::info!(gauge.backlog.ready = 7_u64);
        tracing::info!(gauge.queue.depth = 3_u64, line = "tasks");
        tracing::info!(gauge.queue.depth = 4_u64, line = "results");
        assert_eq!(ready(), [(Labels::new(), 7.0)]);
        assert_eq!(depth().iter().map(|(_, value)| *value).collect::<Vec<_>>(), [4.0, 3.0]);

        tokio::time::advance(FRESH / 2).await;
        tracing::info!(gauge.queue.depth = 5_u64, line = "tasks");
        assert_eq!(ready().len(), 1);
        tokio::time::advance(FRESH / 2).await;
        assert_eq!(ready(), []);
        assert_eq!(depth(), [(Labels::from([("line", "tasks".to_owned())]), 5.0)]);
    }
}
