//! The message to workers: tasks of one account and region.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CatalogDigest, ConnectionId, Region, ScanId};
use crate::task::Task;

/// Work for one account and region: one credential, one set of hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The version of this message's format.
    pub version: u16,
    /// The scan.
    pub scan: ScanId,
    /// Its round, from 1.
    pub round: u32,
    /// The number of this dispatch of (account, region), so that a late answer is recognised.
    pub dispatch: u32,
    /// The catalog that the scan was planned with.
    pub catalog: CatalogDigest,
    /// The account to enter.
    pub account: AccountId,
    /// How to enter it; never a credential, role ARN or endpoint.
    pub connection: ConnectionId,
    /// The region to work in, or `global`.
    pub region: Region,
    /// What to do.
    pub work: Work,
}

impl Batch {
    /// The version that this build writes and reads.
    pub const VERSION: u16 = 1;
}

/// What a batch asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Enter the account, verify its id, list its regions.
    Preflight {
        /// How often it has failed and been tried again, from 0.
        attempt: u32,
    },
    /// Run probes.
    Probes(Vec<Task>),
}
