//! What the checker's files count, over all accounts.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Status;
use serde_json::{Map, Value, json};

use super::row::CheckRow;
use crate::render::json::rounded;
use crate::rollup::{Counts, Group};

/// Counts of a part: a service, a region, an account, or all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) counts: Counts,
    pub(crate) errors: u64,
}

impl Part {
    /// Service instances.
    pub(crate) fn instances(&self) -> u64 {
        self.counts.cells()
    }

    /// Service instances that are in use.
    pub(crate) fn enabled(&self) -> u64 {
        self.counts.of(Status::InUse)
    }

    /// The enablement rate in per cent; null where nothing is judged.
    pub(crate) fn rate(&self) -> Value {
        self.counts.rate().map_or(Value::Null, |rate| json!(rounded(rate * 100.0, 100.0)))
    }

    /// The share of unknown instances in per cent.
    pub(crate) fn unknown_share(&self) -> f64 {
        rounded(self.counts.unknown_share().unwrap_or(0.0) * 100.0, 100.0)
    }

    /// The part as the files summarize it.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "total_services": self.instances(),
            "enabled_services": self.enabled(),
            "unknown_services": self.counts.unknown(),
            "total_resources": self.counts.resources(),
            "enablement_rate": self.rate(),
            "unknown_share": self.unknown_share(),
        })
    }
}

/// All counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) all: Part,
    pub(crate) services: BTreeMap<String, Part>,
    pub(crate) regions: BTreeMap<String, Part>,
    pub(crate) accounts: BTreeMap<String, Part>,
    /// Failed functions by category, by hour, by category and function.
    pub(crate) categories: BTreeMap<&'static str, u64>,
    pub(crate) hours: BTreeMap<String, u64>,
    pub(crate) functions: BTreeMap<(&'static str, String), Function>,
    pub(crate) global_services: BTreeSet<String>,
    pub(crate) regional_services: BTreeSet<String>,
    pub(crate) enabled_services: BTreeSet<String>,
    pub(crate) checked: u64,
    pub(crate) failed: u64,
    pub(crate) calls: u64,
}

/// A function that failed: how often, where, and what it said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Function {
    pub(crate) count: u64,
    pub(crate) regions: BTreeSet<String>,
    pub(crate) sample: String,
}

impl Totals {
    /// Counts a row.
    pub(crate) fn add(&mut self, row: &CheckRow, curated: bool) {
        let floors = u64::from(row.count_is == "at_least");
        let group =
            Group { status: row.status, curated, cells: 1, resources: row.resource_count, floors };
        let errors = row.errors.len() as u64;
        let parts = [
            &mut self.all,
            self.services.entry(row.service.clone()).or_default(),
            self.regions.entry(row.region.clone()).or_default(),
            self.accounts.entry(row.account_id.clone()).or_default(),
        ];
        for part in parts {
            part.counts.add(group);
            part.errors += errors;
        }
        for error in &row.errors {
            *self.categories.entry(error.error_type).or_default() += 1;
            let hour = error.timestamp.as_deref().and_then(|at| at.get(..13)).unwrap_or("not run");
            *self.hours.entry(hour.to_owned()).or_default() += 1;
            let name = format!("{}.{}", error.service, error.function);
            let function = self.functions.entry((error.error_type, name)).or_default();
            function.count += 1;
            function.regions.insert(error.region.clone());
            if function.sample.is_empty() {
                function.sample.clone_from(&error.error_message);
            }
        }
        let scope = match row.scope {
            "global" => &mut self.global_services,
            _ => &mut self.regional_services,
        };
        scope.insert(row.service.clone());
        if row.enabled == Some(true) {
            self.enabled_services.insert(row.service.clone());
        }
        self.checked += row.functions_checked as u64;
        self.failed += row.functions_failed as u64;
        self.calls += row.calls;
    }

    /// Functions that were answered, in per cent.
    pub(crate) fn success_rate(&self) -> f64 {
        let share = crate::rollup::share(self.checked - self.failed, self.checked);
        rounded(share.unwrap_or(1.0) * 100.0, 100.0)
    }

    /// The analysis of errors that several files hold.
    pub(crate) fn error_analysis(&self) -> Value {
        json!({
            "total_errors": self.failed,
            "error_categories": self.categories,
            "errors_by_service": errors(&self.services),
            "errors_by_account": errors(&self.accounts),
            "errors_by_region": errors(&self.regions),
            "errors_by_hour": self.hours,
        })
    }
}

/// Errors of each part that has any.
pub(crate) fn errors(parts: &BTreeMap<String, Part>) -> Map<String, Value> {
    let some = parts.iter().filter(|(_, part)| part.errors > 0);
    some.map(|(name, part)| (name.clone(), json!(part.errors))).collect()
}

/// The summaries of parts.
pub(crate) fn summaries(parts: &BTreeMap<String, Part>) -> Map<String, Value> {
    parts.iter().map(|(name, part)| (name.clone(), part.summary())).collect()
}
