//! Scans as they are told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::scan::{Priority, ScanState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewScan, schema};

/// A scan in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanRow {
    /// Its id.
    #[schema(schema_with = schema::id)]
    pub scan: ScanId,
    /// Where it is in its life.
    #[schema(schema_with = schema::state)]
    pub state: ScanState,
    /// Its round, from 1; a re-queue opens the next one.
    pub round: u32,
    /// Who started it: the owner of a token, or a schedule's name.
    pub owner: String,
    /// Where it stands among those that run at the same time.
    #[schema(schema_with = schema::priority)]
    pub priority: Priority,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When its present round was closed.
    pub finished_at: Option<DateTime<Utc>>,
    /// Cells that are planned so far.
    pub planned: u64,
    /// Cells whose truth is known.
    pub known: u64,
    /// Cells whose truth is not known, those without an answer among them.
    pub unknown: u64,
    /// Cells that are in use.
    pub in_use: u64,
}

/// Scans, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scans {
    /// The scans.
    pub scans: Vec<ScanRow>,
    /// What to ask for as `before` to get the next page; none on the last.
    pub next: Option<String>,
}

/// A scan with all that is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanView {
    /// What a list tells.
    #[serde(flatten)]
    pub row: ScanRow,
    /// What it was asked to do.
    /// That of one that was begun by a command on its own machine may have longer lists.
    pub asked: NewScan,
    /// The version of orgsweep that planned it.
    pub version: String,
    /// The digest of the catalog that it was planned with.
    pub catalog: String,
    /// Whether all accounts are known and planned.
    pub discovered: bool,
    /// Accounts that are known.
    pub accounts: u64,
    /// Pre-flights that are not final.
    pub preflights_open: u64,
    /// Batches (account and region) that are not done.
    pub batches_open: u64,
    /// Pre-flights and batches that are out with workers.
    pub out: u64,
    /// Cells by status; the sum is the plan.
    pub ledger: BTreeMap<String, u64>,
    /// What discovery could not read, so that it is in no cell; the first fifty.
    pub missing: Vec<Missing>,
}

/// Something that discovery could not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Missing {
    /// What.
    pub what: String,
    /// The code of the failure.
    pub code: String,
    /// What the failure said.
    pub message: String,
}

/// What a scan is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Accounts are still being found; work on those that were found goes on beside it.
    Discovering,
    /// All accounts are known.
    Scanning,
    /// Nothing is dispatched.
    Paused,
    /// It is not worked on.
    Ended,
}

/// A moment of a scan: the data of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// The scan.
    #[schema(schema_with = schema::id)]
    pub scan: ScanId,
    /// Where it is in its life.
    #[schema(schema_with = schema::state)]
    pub state: ScanState,
    /// What it is busy with.
    pub stage: Stage,
    /// Its round.
    pub round: u32,
    /// Accounts that are known.
    pub accounts: u64,
    /// Cells that are planned so far.
    pub planned: u64,
    /// Cells that have a status.
    pub done: u64,
    /// Of these, cells whose truth is not known.
    pub unknown: u64,
    /// Pre-flights that are not final.
    pub preflights_open: u64,
    /// Batches that are not done.
    pub batches_open: u64,
    /// Pre-flights and batches that are out with workers.
    pub out: u64,
}

/// What a re-queue did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requeued {
    /// The scan.
    #[schema(schema_with = schema::id)]
    pub scan: ScanId,
    /// The round that was opened.
    pub round: u32,
    /// Cells that run again.
    pub cells: u64,
}
