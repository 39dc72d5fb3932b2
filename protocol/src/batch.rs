//! The message to workers: tasks of one account and region.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, CatalogDigest, ConnectionId, Region, ScanId};
use crate::message::Versioned;
use crate::scan::Pace;
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
    /// How hard to work for this scan.
    #[serde(default)]
    pub pace: BatchPace,
    /// The trace that this work belongs to, as a W3C `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What to do.
    pub work: Work,
}

impl Versioned for Batch {
    const WHAT: &'static str = "batch";
    const VERSION: u16 = 1;

    fn version(&self) -> u16 {
        self.version
    }
}

/// The part of a scan's pace that its batches carry; the rest is a worker's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPace {
    /// The share of every documented bucket that may be spent, in per cent, 1 to 100.
    pub budget_share: u8,
    /// Attempts of a task before its failure is final, from 1.
    pub max_attempts: u32,
}

impl Default for BatchPace {
    fn default() -> Self {
        Self::from(&Pace::default())
    }
}

impl From<&Pace> for BatchPace {
    fn from(pace: &Pace) -> Self {
        Self { budget_share: pace.budget_share, max_attempts: pace.max_attempts }
    }
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
