//! What an installation keeps beside its scans: who leads, who may ask, what recurs, what was parked. A part of the
//! store's port.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::ids::{AccountId, ScanId, ScheduleId, TokenId, WorkspaceId};
use crate::scan::{Scan, Settings};
use crate::status::words;
use crate::store::StoreError;

words! {
    /// What a token may do; each holds those before it.
    Scope, "scope" {
        /// See scans and reports.
        Read = "read",
        /// Start, pause, cancel and re-queue scans.
        Operate = "operate",
        /// Make tokens and schedules, change budgets.
        Admin = "admin",
    }
}

/// An access token as it is stored: its secret only as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public name.
    pub id: TokenId,
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub owner: String,
    /// The most that it may do.
    pub scope: Scope,
    /// The SHA-256 of the secret, in hexadecimal.
    pub digest: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A recurring scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, unique in the workspace.
    pub id: ScheduleId,
    /// The workspace that it belongs to.
    pub workspace: WorkspaceId,
    /// When it starts a scan: a cron expression of five fields, in UTC.
    pub cron: String,
    /// What its scans are asked to do.
    pub settings: Settings,
    /// Who made it.
    pub owner: String,
    /// When it is due next.
    pub next_at: DateTime<Utc>,
}

/// A message that nobody could work on, kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The bytes; what is not UTF-8 is replaced.
    pub body: String,
    /// Why it was parked.
    pub why: String,
    /// When it was parked.
    pub at: DateTime<Utc>,
}

/// Work that could go out now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Pre-flights and batches that are due, of scans and accounts that are not paused.
    pub ready: u64,
    /// Since when the oldest of them is due.
    pub oldest: Option<DateTime<Utc>>,
    /// Pre-flights and batches that are out with workers.
    pub out: u64,
}

/// The port. Every store implements it.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// Takes or renews the lead of the installation for `holder`; answers the fencing number of the lead, or none
    /// while somebody else holds it: whoever has not renewed it for `lasts`, as far as this handle has looked, holds
    /// it no more. From then on every write of this store carries the number, and is refused as
    /// [`StoreError::Deposed`] once another holder has a higher one. `now` is of a clock that never jumps.
    async fn lead(
        &self,
        holder: &str,
        now: Instant,
        lasts: Duration,
    ) -> Result<Option<u64>, StoreError>;

    /// Gives the lead up, so that another may take it at once.
    async fn resign(&self, holder: &str) -> Result<(), StoreError>;

    /// Scans of all workspaces that are running or paused, oldest first.
    async fn open_scans(&self) -> Result<Vec<Scan>, StoreError>;

    /// Scans of all workspaces that were finished since `since`, newest first.
    async fn finished_since(
        &self,
        since: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Scan>, StoreError>;

    /// Scans that ended and whose end was not told, oldest first.
    async fn untold(&self, most: u32) -> Result<Vec<Scan>, StoreError>;

    /// Says that the end of a scan's round was told, or that telling it was given up.
    async fn set_told(&self, id: &ScanId, round: u32) -> Result<(), StoreError>;

    /// Pauses an account of a workspace, or lets it go on.
    async fn pause_account(
        &self,
        workspace: &WorkspaceId,
        account: &AccountId,
        paused: bool,
    ) -> Result<(), StoreError>;

    /// Accounts that are paused.
    async fn paused_accounts(&self) -> Result<Vec<(WorkspaceId, AccountId)>, StoreError>;

    /// Sets the share of an api class's buckets (`*`: of all) for everybody, in per cent; none takes it back.
    async fn set_share(&self, class: &str, percent: Option<u8>) -> Result<(), StoreError>;

    /// The shares that were set, by api class.
    async fn shares(&self) -> Result<Vec<(String, u8)>, StoreError>;

    /// Writes a new token.
    async fn put_token(&self, token: &Token) -> Result<(), StoreError>;

    /// The token with this digest, whatever its state.
    async fn token(&self, digest: &str) -> Result<Option<Token>, StoreError>;

    /// All tokens of a workspace, oldest first.
    async fn tokens(&self, workspace: &WorkspaceId) -> Result<Vec<Token>, StoreError>;

    /// Takes a token back; says whether there was one that was good.
    async fn revoke_token(
        &self,
        workspace: &WorkspaceId,
        id: &TokenId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Removes tokens that expired or were taken back before `before`, `most` at a time; answers how many.
    async fn prune_tokens(&self, before: DateTime<Utc>, most: u32) -> Result<u64, StoreError>;

    /// Writes a schedule; one of the same name is replaced.
    async fn put_schedule(&self, schedule: &Schedule) -> Result<(), StoreError>;

    /// The schedules of a workspace, by name.
    async fn schedules(&self, workspace: &WorkspaceId) -> Result<Vec<Schedule>, StoreError>;

    /// Removes a schedule; says whether there was one.
    async fn remove_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &ScheduleId,
    ) -> Result<bool, StoreError>;

    /// Schedules of all workspaces that are due.
    async fn due_schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>, StoreError>;

    /// Moves a schedule on from `schedule.next_at` to `next`; says whether it stood there, so that it starts one scan.
    async fn move_schedule(
        &self,
        schedule: &Schedule,
        next: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Keeps a message that nobody could work on.
    async fn park(&self, parked: &Parked) -> Result<(), StoreError>;

    /// The latest parked messages, newest first.
    async fn parked(&self, most: u32) -> Result<Vec<Parked>, StoreError>;

    /// Counts the work of all scans that could go out now.
    async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError>;

    /// Removes scans that ended before `before` with all that hangs from them, `most` at a time; answers which.
    async fn prune(&self, before: DateTime<Utc>, most: u32) -> Result<Vec<ScanId>, StoreError>;
}
