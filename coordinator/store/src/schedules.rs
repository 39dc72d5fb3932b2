//! Recurring scans: each due time starts one.

use chrono::{DateTime, Utc};
use protocol::registry::Schedule;
use protocol::store::{Row, StoreError};
use protocol::{ScheduleId, WorkspaceId};

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::{Columns, json};

const WRITE: &str = "
insert into schedules (workspace, schedule_id, cron, settings, owner, next_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (workspace, schedule_id) do update set
    cron = excluded.cron, settings = excluded.settings, owner = excluded.owner, next_at = excluded.next_at";

const READ: &str = "
select workspace, schedule_id, cron, settings, owner, next_at
from schedules where workspace = $1 order by schedule_id";

const READ_DUE: &str = "
select workspace, schedule_id, cron, settings, owner, next_at
from schedules where next_at <= $1 order by next_at, workspace, schedule_id";

const REMOVE: &str = "delete from schedules where workspace = $1 and schedule_id = $2";

const MOVE: &str = "
update schedules set next_at = $4 where workspace = $1 and schedule_id = $2 and next_at = $3";

impl SqlStore {
    pub(crate) async fn write_schedule(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let record = binds![
            schedule.workspace.as_str(),
            schedule.id.as_str(),
            schedule.cron.as_str(),
            json(&schedule.settings)?,
            schedule.owner.as_str(),
            schedule.next_at.timestamp_millis(),
        ];
        let mut open = self.begin().await?;
        open.execute(WRITE, record).await?;
        open.commit().await
    }

    pub(crate) async fn read_schedules(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<Schedule>, StoreError> {
        let rows = self.fetch(READ, binds![workspace.as_str()]).await?;
        rows.into_iter().map(schedule_of).collect()
    }

    pub(crate) async fn read_due_schedules(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<Schedule>, StoreError> {
        let rows = self.fetch(READ_DUE, binds![now.timestamp_millis()]).await?;
        rows.into_iter().map(schedule_of).collect()
    }

    pub(crate) async fn delete_schedule(
        &self,
        workspace: &WorkspaceId,
        id: &ScheduleId,
    ) -> Result<bool, StoreError> {
        let mut open = self.begin().await?;
        let removed = open.execute(REMOVE, binds![workspace.as_str(), id.as_str()]).await? > 0;
        open.commit().await?;
        Ok(removed)
    }

    pub(crate) async fn advance_schedule(
        &self,
        schedule: &Schedule,
        next: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut open = self.begin().await?;
        let stood = binds![
            schedule.workspace.as_str(),
            schedule.id.as_str(),
            schedule.next_at.timestamp_millis(),
            next.timestamp_millis(),
        ];
        let moved = open.execute(MOVE, stood).await? > 0;
        open.commit().await?;
        Ok(moved)
    }
}

fn schedule_of(row: Row) -> Result<Schedule, StoreError> {
    let mut columns = Columns::from(row);
    Ok(Schedule {
        workspace: columns.word()?,
        id: columns.word()?,
        cron: columns.text()?,
        settings: columns.json()?,
        owner: columns.text()?,
        next_at: columns.time()?,
    })
}
