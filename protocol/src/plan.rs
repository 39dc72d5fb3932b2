//! The plan as it is stored: small, since its cells are products.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::ids::{AccountId, ProbeId, Region, ServiceId};
use crate::judge::Judgement;
use crate::status::Status;

/// A probe as reports and plans see it, pinned with the scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeFacts {
    /// Its id.
    pub id: ProbeId,
    /// Its service.
    pub service: ServiceId,
    /// The service's name for people.
    pub title: String,
    /// The service's category, e.g. `security`.
    pub category: String,
    /// Whether the service is partition-global.
    pub global: bool,
    /// How its answers are read.
    pub judgement: Judgement,
    /// Whether its entry was curated by hand (`true`) or derived.
    pub curated: bool,
    /// Whether it decides about the service's enablement (kept documents do not).
    pub decides: bool,
    /// Calls that one cell is expected to cost, in thousandths.
    pub expected_millicalls: u64,
    /// Its calls, as policies see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallFacts>,
    /// Where `global` is: the region that is called, by partition.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub homes: BTreeMap<String, Region>,
}

/// A call of a probe, as policies see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFacts {
    /// The operation that it asks for, e.g. `ListBuckets`.
    pub operation: String,
    /// The actions that it needs, e.g. `s3:ListAllMyBuckets`.
    pub actions: Vec<String>,
    /// Whether it is made in any case, and not for things that another call found.
    pub root: bool,
    /// Whether it goes where each thing is, and not to the cell's region.
    pub follows: bool,
}

/// The probes of one region and what is known of each before any call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeSet {
    /// Each probe, with the status that needs no call (`not_offered`), if one does.
    pub probes: BTreeMap<ProbeId, Option<Status>>,
}

impl ProbeSet {
    /// The set's name, derived from what is in it: 32 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        for (probe, verdict) in &self.probes {
            hash.update(probe.as_str());
            hash.update(verdict.map_or(" ", Status::as_str));
            hash.update("\n");
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The cells of one account and region.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRow {
    /// The account.
    pub account: AccountId,
    /// The region, or `global`.
    pub region: Region,
    /// The id of the set of probes to run there.
    pub probe_set: String,
    /// The window of accounts that it is worked in, from 0.
    pub window: u32,
}

/// What is known of all cells of an account and region that have no answer of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowVerdict {
    /// The region; none means every region of the account.
    pub region: Option<Region>,
    /// Their status: `region_off`, `role_failed` or `not_run`.
    pub status: Status,
    /// Why.
    pub failure: Option<Failure>,
}
