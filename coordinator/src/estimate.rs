//! What a scan would cost, before anything is called. Pure.

use std::collections::BTreeMap;

use catalog::{Catalog, ProbeView};
use protocol::plan::ProbeSet;
use protocol::scan::Pace;
use protocol::{ProbeId, Region, ServiceId};
use serde::Serialize;

use crate::enumerate::Enumeration;

/// The latency of a call that is assumed, in seconds: AWS's lists answer in 50 to 150 ms.
pub(crate) const LATENCY: f64 = 0.1;
/// Calls that get into an account and list its regions.
const ENTRY_CALLS: f64 = 3.0;

/// Cells and calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Line {
    /// Cells that are planned.
    pub cells: u64,
    /// Calls that they are expected to cost.
    pub calls: f64,
}

/// What a scan would do and how long it would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Accounts that would be entered.
    pub accounts: u64,
    /// Everything together.
    pub total: Line,
    /// By service.
    pub services: BTreeMap<ServiceId, Line>,
    /// By region.
    pub regions: BTreeMap<Region, Line>,
    /// The time that it takes, in seconds, at the configured budgets.
    pub seconds: f64,
    /// What bounds the time.
    pub bound: String,
}

impl Estimate {
    /// Waits for the lists of accounts too, of which `organization` tells: no account is looked at before it is found.
    #[must_use]
    pub fn after(mut self, organization: &[Enumeration]) -> Self {
        let found: f64 =
            organization.iter().filter(|part| !part.behind).map(|part| part.seconds).sum();
        if found > self.seconds {
            self.seconds = found;
            self.bound =
                "the list of accounts, of which Organizations tells 20 in a call".to_owned();
        }
        self
    }
}

/// Estimates the scan of so many accounts, each with these sets of probes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn estimate(
    catalog: &Catalog,
    accounts: u64,
    sets: &BTreeMap<Region, ProbeSet>,
    pace: &Pace,
) -> Estimate {
    let mut services: BTreeMap<ServiceId, Line> = BTreeMap::new();
    let mut regions: BTreeMap<Region, Line> = BTreeMap::new();
    let mut buckets: BTreeMap<(Region, String), (f64, f64)> = BTreeMap::new();
    let mut total = Line { cells: 0, calls: ENTRY_CALLS * accounts as f64 };
    for (region, set) in sets {
        for (probe, verdict) in &set.probes {
            let Some(view) = catalog.probe(probe) else { continue };
            let calls = if verdict.is_none() { expected(view) } else { 0.0 };
            let line = Line { cells: accounts, calls: calls * accounts as f64 };
            add(&mut total, line);
            add(services.entry(probe.service()).or_default(), line);
            add(regions.entry(region.clone()).or_default(), line);
            if verdict.is_none() {
                spend(catalog, view, probe, region, pace, &mut buckets);
            }
        }
    }
    let flight = total.calls * LATENCY / f64::from(pace.max_in_flight.max(1));
    let slowest = buckets
        .iter()
        .map(|((region, class), (calls, rate))| ((calls - 1.0).max(0.0) / rate, region, class))
        .max_by(|left, right| left.0.total_cmp(&right.0));
    let (seconds, bound) = match slowest {
        Some((seconds, region, class)) if seconds > flight => {
            (seconds, format!("the budget of {class} in {region}, in each account"))
        }
        _ => (flight, format!("{} calls in flight", pace.max_in_flight)),
    };
    Estimate { accounts, total, services, regions, seconds, bound }
}

fn expected(view: ProbeView<'_>) -> f64 {
    view.probe.calls.iter().map(|call| call.expect).sum()
}

fn add(to: &mut Line, line: Line) {
    to.cells += line.cells;
    to.calls += line.calls;
}

/// Adds the calls of a probe to the buckets of one account.
fn spend(
    catalog: &Catalog,
    view: ProbeView<'_>,
    probe: &ProbeId,
    region: &Region,
    pace: &Pace,
    buckets: &mut BTreeMap<(Region, String), (f64, f64)>,
) {
    for call in &view.probe.calls {
        let Some(rule) = catalog.bucket(&call.bucket) else { continue };
        let class = match rule.key {
            catalog::bucket::KeyBy::Operation => format!("{}:{}", probe.service(), call.operation),
            catalog::bucket::KeyBy::Service => view.entry.endpoint_prefix.clone(),
        };
        let rate = rule.bucket.share(pace.budget_share).per_second;
        let bucket = buckets.entry((region.clone(), class)).or_insert((0.0, rate));
        bucket.0 += call.expect;
    }
}

#[cfg(test)]
mod tests {
    use protocol::Status;

    use super::*;

    fn sets(probes: &[(&str, Option<Status>)]) -> BTreeMap<Region, ProbeSet> {
        let probes = probes
            .iter()
            .map(|(probe, verdict)| (ProbeId::new(probe).unwrap(), *verdict))
            .collect();
        BTreeMap::from([(Region::new("eu-west-1").unwrap(), ProbeSet { probes })])
    }

    #[test]
    fn cells_that_need_no_call_cost_none() {
        let catalog = Catalog::embedded().unwrap();
        let pace = Pace::default();
        let called = estimate(&catalog, 10, &sets(&[("ec2", None)]), &pace);
        let skipped = estimate(&catalog, 10, &sets(&[("ec2", Some(Status::NotOffered))]), &pace);
        assert_eq!((called.total.cells, skipped.total.cells), (10, 10));
        let probe = catalog.probe(&ProbeId::new("ec2").unwrap()).unwrap();
        let expected = 10.0 * expected(probe);
        assert!(expected > 0.0);
        assert!((called.total.calls - skipped.total.calls - expected).abs() < 1e-9);
    }

    #[test]
    fn many_calls_of_one_bucket_bound_the_time() {
        let catalog = Catalog::embedded().unwrap();
        // IAM's lists share one bucket, of which a hundredth is little.
        let pace = Pace { budget_share: 1, ..Pace::default() };
        let found = estimate(&catalog, 1, &sets(&[("iam", None)]), &pace);
        assert!(found.bound.contains("iam"), "{}", found.bound);
        assert!(found.seconds > 0.5, "{}", found.seconds);
    }
}
