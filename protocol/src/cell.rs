//! One (account, region, probe) of a scan, and what became of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::ids::{AccountId, ProbeId, Region};
use crate::status::{Evidence, Status, words};

/// Which cell of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellKey {
    /// The account looked at.
    pub account: AccountId,
    /// The region looked at, or `global`.
    pub region: Region,
    /// The probe that looked.
    pub probe: ProbeId,
}

words! {
    /// Whether a count is the whole truth.
    CountIs, "count kind" {
        /// Everything was listed.
        Exact = "exact",
        /// The list was capped or cut: there may be more.
        AtLeast = "at_least",
    }
}

/// The final answer about a cell in one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Flat")]
pub struct Cell {
    /// Which cell.
    #[serde(flatten)]
    pub key: CellKey,
    /// The round of the scan that answered, from 1.
    pub round: u32,
    /// What became of it.
    pub status: Status,
    /// What the status rests on.
    pub evidence: Evidence,
    /// How many things of the customer's own were listed.
    pub resource_count: u64,
    /// Whether that count is exact.
    pub count_is: CountIs,
    /// Ids of own things, at most [`Cell::SAMPLE_LIMIT`].
    pub sample: Vec<String>,
    /// The worst failure that was met, where one was; present too beside a known status
    /// (`off` by an error code, `in_use` though one of several calls was denied).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// One, and one more for each call that had to be repeated.
    pub attempts: u32,
    /// What it cost.
    #[serde(flatten)]
    pub cost: Cost,
    /// When the answer was complete.
    pub observed_at: DateTime<Utc>,
}

impl Cell {
    /// The most ids that a cell carries; all of them are in the store's resources.
    pub const SAMPLE_LIMIT: usize = 20;
}

/// A cell as it is read: members that are flattened would be buffered, each as a text of its own.
#[derive(Deserialize)]
struct Flat {
    account: AccountId,
    region: Region,
    probe: ProbeId,
    round: u32,
    status: Status,
    evidence: Evidence,
    resource_count: u64,
    count_is: CountIs,
    sample: Vec<String>,
    #[serde(default)]
    failure: Option<Failure>,
    attempts: u32,
    calls: u64,
    retries: u64,
    throttles: u64,
    duration_ms: u64,
    observed_at: DateTime<Utc>,
}

impl From<Flat> for Cell {
    fn from(flat: Flat) -> Self {
        let Flat { account, region, probe, calls, retries, throttles, duration_ms, .. } = flat;
        Self {
            key: CellKey { account, region, probe },
            round: flat.round,
            status: flat.status,
            evidence: flat.evidence,
            resource_count: flat.resource_count,
            count_is: flat.count_is,
            sample: flat.sample,
            failure: flat.failure,
            attempts: flat.attempts,
            cost: Cost { calls, retries, throttles, duration_ms },
            observed_at: flat.observed_at,
        }
    }
}

/// What an answer cost, in calls and time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Calls that were sent.
    pub calls: u64,
    /// Calls that repeated an earlier one that failed.
    pub retries: u64,
    /// Calls that were answered with a throttle.
    pub throttles: u64,
    /// Time spent in calls, in milliseconds.
    pub duration_ms: u64,
}

impl Cost {
    /// Adds another cost to this one.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.retries += other.retries;
        self.throttles += other.throttles;
        self.duration_ms += other.duration_ms;
    }
}
