//! The store: the truth about scans. The port.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;

use crate::failure::Failure;
use crate::holding::{Holding, Part, Reading};
use crate::ids::{
    AccountId, CatalogDigest, ConnectionId, OrgId, ProbeId, Region, ScanId, ServiceId, WorkspaceId,
};
use crate::inventory::{Account, Organization, Tree};
use crate::ledger::Ledger;
use crate::plan::{PlanRow, ProbeFacts, ProbeSet, RowVerdict};
use crate::result::Page;
use crate::scan::{Scan, ScanState};
use crate::status::Status;
use crate::task::Task;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such scan.
    #[error("there is no scan {0}; `orgsweep scans` lists those that there are")]
    NoScan(String),
    /// Another process runs scans on this store.
    #[error(
        "another orgsweep works on {0}; wait for it, or give this one a store of its own with --store"
    )]
    Busy(String),
    /// The store was written by a newer orgsweep.
    #[error("{0} was written by a newer orgsweep; use that version, or another --store")]
    Newer(String),
    /// The store cannot be opened or read.
    #[error("the store {place} cannot be used: {why}")]
    Unusable {
        /// Which store.
        place: String,
        /// What the database said.
        why: String,
    },
    /// Another coordinator leads now: this one may write nothing more.
    #[error("another coordinator has taken over; this one writes nothing more")]
    Deposed,
    /// A statement failed.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Work that is due: an account to enter, or tasks of one account and region.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// The account.
    pub account: AccountId,
    /// How to enter it.
    pub connection: ConnectionId,
    /// The number of this dispatch of the account (pre-flight) or of (account, region).
    pub dispatch: u32,
    /// What is due.
    pub work: DueWork,
}

/// What is due.
#[derive(Debug, Clone, PartialEq)]
pub enum DueWork {
    /// The account's pre-flight, tried so often before.
    Preflight {
        /// Attempts before this one.
        attempt: u32,
    },
    /// Tasks in a region.
    Probes {
        /// The region, or `global`.
        region: Region,
        /// The tasks, at least one.
        tasks: Vec<Task>,
    },
}

/// What an ingest did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Cells that became final.
    pub cells: u64,
    /// Of these, cells whose truth is not known.
    pub unknown: u64,
    /// Answers that were known before, or came for an earlier round or dispatch.
    pub stale: u64,
    /// Calls that the cells cost.
    pub calls: u64,
    /// Calls among them that were throttled.
    pub throttles: u64,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Accounts that are known.
    pub accounts: u64,
    /// Pre-flights that are not final.
    pub preflights_open: u64,
    /// Batches (account and region) that are not done, those out with workers among them.
    pub batches_open: u64,
    /// Dispatches that are out with workers: pre-flights and batches.
    pub out: u64,
    /// When the next waiting work is due, if anything waits; milliseconds since 1970.
    pub next_due_ms: Option<i64>,
}

/// Which cells to run again; empty lists match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellFilter {
    /// Their statuses.
    pub statuses: Vec<Status>,
    /// Their accounts.
    pub accounts: Vec<AccountId>,
    /// Units that their accounts are in or below: ids, or paths of names.
    pub units: Vec<String>,
    /// Their regions.
    pub regions: Vec<Region>,
    /// Their services.
    pub services: Vec<ServiceId>,
    /// The codes of their failures.
    pub codes: Vec<String>,
}

/// A value of a report query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number; counts, milliseconds, flags (0 and 1).
    Int(i64),
    /// Text.
    Text(String),
}

/// A row of a report query, in the order of its columns.
pub type Row = Vec<Value>;

/// The port. Adapters: SQLite, Postgres.
///
/// Every method that writes is one transaction and may be repeated: answers that came before,
/// or belong to an earlier round or dispatch, change nothing.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes a new scan, with the facts of the probes that it may run.
    async fn create_scan(&self, scan: &Scan, probes: &[ProbeFacts]) -> Result<(), StoreError>;

    /// Reads a scan.
    async fn scan(&self, id: &ScanId) -> Result<Scan, StoreError>;

    /// Reads the latest scans of a workspace, newest first.
    async fn scans(&self, workspace: &WorkspaceId, most: u32) -> Result<Vec<Scan>, StoreError>;

    /// Reads the scans of a scan's workspace that started before it, newest first.
    async fn earlier_scans(&self, scan: &Scan, most: u32) -> Result<Vec<Scan>, StoreError>;

    /// Changes the state of a scan that stands in one of `from`; one in which it ends sets its end.
    /// Answers whether it stood there: somebody else may have moved it on.
    async fn set_state(
        &self,
        id: &ScanId,
        from: &[ScanState],
        to: ScanState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Finishes a running scan that is planned and of which nothing is left to do; answers whether
    /// it was so: a re-queue may have come between.
    async fn finish(&self, id: &ScanId, now: DateTime<Utc>) -> Result<bool, StoreError>;

    /// The probes that a scan was created with, by the scan's catalog.
    async fn probes(&self, catalog: &CatalogDigest) -> Result<Vec<ProbeFacts>, StoreError>;

    /// Records an organization.
    async fn put_organization(&self, id: &ScanId, org: &Organization) -> Result<(), StoreError>;

    /// Records accounts with their plan; accounts and rows that are there stay as they are.
    /// An account without a plan row (suspended, not selected) is only recorded.
    async fn put_accounts(
        &self,
        id: &ScanId,
        accounts: &[Account],
        sets: &[ProbeSet],
        rows: &[PlanRow],
    ) -> Result<(), StoreError>;

    /// Records which accounts, of those recorded, the scan's selection leaves out, and by which rule each.
    async fn put_exclusions(
        &self,
        id: &ScanId,
        excluded: &[(AccountId, String)],
    ) -> Result<(), StoreError>;

    /// Records an organization's tree.
    async fn put_tree(&self, id: &ScanId, org: &OrgId, tree: &Tree) -> Result<(), StoreError>;

    /// Records that a part of an organization was read, with what was read; what was recorded before stays, where it is
    /// not said anew.
    async fn put_reading(
        &self,
        id: &ScanId,
        reading: &Reading,
        holding: &Holding,
    ) -> Result<(), StoreError>;

    /// Those of `parts` that nobody is recorded to have read, of each organization, with the connection that leads furthest
    /// into it; in the order of the organizations' ids, then in that of `parts`.
    async fn unread(
        &self,
        id: &ScanId,
        parts: &[Part],
    ) -> Result<Vec<(OrgId, ConnectionId, Part)>, StoreError>;

    /// Records something that discovery could not read, so that reports can say so.
    async fn put_missing(&self, id: &ScanId, what: &str, why: &Failure) -> Result<(), StoreError>;

    /// Says that all accounts are known and planned.
    async fn set_planned(&self, id: &ScanId) -> Result<(), StoreError>;

    /// Accounts recorded so far, in the order of their ids.
    async fn accounts(&self, id: &ScanId) -> Result<Vec<Account>, StoreError>;

    /// Takes due work and marks it as out: pre-flights first, then batches by window, region, account.
    async fn take_due(
        &self,
        id: &ScanId,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Due>, StoreError>;

    /// Hands back work that was out when a runner died: dispatches before `before` become due again.
    /// Returns how many.
    async fn reclaim(&self, id: &ScanId, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Ends a pre-flight: sets verdicts for whole rows, and makes the others due.
    async fn end_preflight(
        &self,
        id: &ScanId,
        account: &AccountId,
        dispatch: u32,
        outcome: &Result<crate::preflight::Preflight, Failure>,
        verdicts: &[RowVerdict],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// Writes what pages of a round answer; pre-flights that ended are not among it. Pages of one stint count in
    /// their order, each once: what came before its turn is kept until then, but for things, which are
    /// written at once.
    async fn ingest(
        &self,
        id: &ScanId,
        round: u32,
        pages: &[Page<'_>],
        now: DateTime<Utc>,
    ) -> Result<Ingested, StoreError>;

    /// How far a scan is.
    async fn progress(&self, id: &ScanId) -> Result<Progress, StoreError>;

    /// The count of cells by status; the sum is the plan.
    async fn ledger(&self, id: &ScanId) -> Result<Ledger, StoreError>;

    /// Opens the next round with the cells that match; returns how many there are. With none,
    /// nothing changes.
    async fn requeue(
        &self,
        id: &ScanId,
        filter: &CellFilter,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError>;

    /// The ids of the probes that any plan row of a scan names.
    async fn planned_probes(&self, id: &ScanId) -> Result<Vec<ProbeId>, StoreError>;

    /// Runs a report's query with the scan's id as `$1` and `binds` as `$2`…; streams its rows.
    fn query<'a>(
        &'a self,
        sql: &'static str,
        id: &'a ScanId,
        binds: Vec<Value>,
    ) -> BoxStream<'a, Result<Row, StoreError>>;
}
