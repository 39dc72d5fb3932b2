//! The registry, answered: each method leads to the file that holds its statements.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use protocol::registry::{Backlog, Parked, Registry, Schedule, Token};
use protocol::scan::Scan;
use protocol::store::StoreError;
use protocol::{AccountId, ScanId, ScheduleId, TokenId, WorkspaceId};

use crate::port::SqlStore;

#[async_trait]
impl Registry for SqlStore {
    async fn lead(
        &self,
        holder: &str,
        now: Instant,
        lasts: Duration,
    ) -> Result<Option<u64>, StoreError> {
        self.take_lead(holder, now, lasts).await
    }

    async fn resign(&self, holder: &str) -> Result<(), StoreError> {
        self.give_lead_up(holder).await
    }

    async fn open_scans(&self) -> Result<Vec<Scan>, StoreError> {
        self.read_open_scans().await
    }

    async fn finished_since(
        &self,
        since: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<Scan>, StoreError> {
        self.read_finished_since(since, most).await
    }

    async fn untold(&self, most: u32) -> Result<Vec<Scan>, StoreError> {
        self.read_untold(most).await
    }

    async fn set_told(&self, id: &ScanId, round: u32) -> Result<(), StoreError> {
        self.write_told(id, round).await
    }

    async fn pause_account(
        &self,
        workspace: &WorkspaceId,
        account: &AccountId,
        paused: bool,
    ) -> Result<(), StoreError> {
        self.write_pause(workspace, account, paused).await
    }

    async fn paused_accounts(&self) -> Result<Vec<(WorkspaceId, AccountId)>, StoreError> {
        self.read_pauses().await
    }

    async fn set_share(&self, class: &str, percent: Option<u8>) -> Result<(), StoreError> {
        self.write_share(class, percent).await
    }

    async fn shares(&self) -> Result<Vec<(String, u8)>, StoreError> {
        self.read_shares().await
    }

    async fn put_token(&self, token: &Token) -> Result<(), StoreError> {
        self.write_token(token).await
    }

    async fn token(&self, digest: &str) -> Result<Option<Token>, StoreError> {
        self.read_token(digest).await
    }

    async fn tokens(&self, workspace: &WorkspaceId) -> Result<Vec<Token>, StoreError> {
        self.read_tokens(workspace).await
    }

    async fn revoke_token(
        &self,
        workspace: &WorkspaceId,
        id: &TokenId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end_token(workspace, id, now).await
    }

    async fn prune_tokens(&self, before: DateTime<Utc>, most: u32) -> Result<u64, StoreError> {
        self.remove_ended_tokens(before, most).await
    }

    async fn put_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        self.write_schedule(schedule).await
    }

    async fn schedules(&self, workspace: &WorkspaceId) -> Result<Vec<Schedule>, StoreError> {
        self.read_schedules(workspace).await
    }

    async fn remove_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &ScheduleId,
    ) -> Result<bool, StoreError> {
        self.delete_schedule(workspace, id).await
    }

    async fn due_schedules(&self, now: DateTime<Utc>) -> Result<Vec<Schedule>, StoreError> {
        self.read_due_schedules(now).await
    }

    async fn move_schedule(
        &self,
        schedule: &Schedule,
        next: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.advance_schedule(schedule, next).await
    }

    async fn park(&self, parked: &Parked) -> Result<(), StoreError> {
        self.write_parked(parked).await
    }

    async fn parked(&self, most: u32) -> Result<Vec<Parked>, StoreError> {
        self.read_parked(most).await
    }

    async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        self.read_backlog(now).await
    }

    async fn prune(&self, before: DateTime<Utc>, most: u32) -> Result<Vec<ScanId>, StoreError> {
        self.remove_ended(before, most).await
    }
}
