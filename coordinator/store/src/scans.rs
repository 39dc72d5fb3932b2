//! Scans as records: made, read, and moved from state to state.

use chrono::{DateTime, Utc};
use protocol::plan::ProbeFacts;
use protocol::scan::{Scan, ScanState};
use protocol::store::{Row, StoreError};
use protocol::{CatalogDigest, ProbeId, ScanId, WorkspaceId};

use crate::database::{Bind, Hold, binds};
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::{Columns, count, json};

/// The columns of a scan.
macro_rules! columns {
    () => {
        "scan_id, workspace, owner, state, round, settings, catalog, version, planned, started_at, finished_at"
    };
}
pub(crate) use columns;

const INSERT: &str = concat!(
    "insert into scans (",
    columns!(),
    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (scan_id) do nothing"
);

const INSERT_PROBES: &str = "
insert into probes (
    catalog, probe, service, title, category, global, judgement, curated, decides, expected_millicalls, calls, homes)
values :rows
on conflict (catalog, probe) do update set calls = excluded.calls, homes = excluded.homes
where probes.calls = '[]'";

const READ: &str = concat!("select ", columns!(), " from scans where scan_id = $1");

const READ_LATEST: &str = concat!(
    "select ",
    columns!(),
    " from scans where workspace = $1 order by started_at desc, scan_id desc limit $2"
);

const READ_EARLIER: &str = concat!(
    "select ",
    columns!(),
    " from scans where workspace = $1 and (started_at < $2 or (started_at = $2 and scan_id < $3))
    order by started_at desc, scan_id desc limit $4"
);

const READ_STANDING: &str = "select state, round from scans where scan_id = $1";

const SET_STATE: &str = "update scans set state = $2, finished_at = $3 where scan_id = $1";

const LEFT_TO_DO: &str = "
select case
    when exists (select 1 from scans where scan_id = $1 and planned = 0) then 1
    when exists (select 1 from scan_accounts
                 where scan_id = $1 and preflight_state in ('waiting', 'out')) then 1
    when exists (select 1 from plan_rows
                 where scan_id = $1 and state in ('blocked', 'waiting', 'out')) then 1
    else 0
end";

const READ_PROBES: &str = "
select probe, service, title, category, judgement, global, curated, decides, expected_millicalls, calls, homes
from probes where catalog = $1 order by probe";

const READ_PLANNED_PROBES: &str = "
select distinct m.probe
from (select distinct probe_set from plan_rows where scan_id = $1) r
join probe_sets m on m.set_id = r.probe_set
order by m.probe";

/// Where a scan is, as the statements of a transaction need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its state.
    pub(crate) state: ScanState,
    /// Its round.
    pub(crate) round: u32,
}

impl Open<'_> {
    /// Reads where a scan is. Until the transaction ends no other writes to the scan, so that what is
    /// counted stays what is there.
    pub(crate) async fn standing(&mut self, id: &ScanId) -> Result<Standing, StoreError> {
        let sql = format!("{READ_STANDING}{}", self.store.database.hold(Hold::Alone));
        let row = self.fetch(sql, binds![id.as_str()]).await?.into_iter().next();
        let mut columns = Columns::from(row.ok_or_else(|| StoreError::NoScan(id.to_string()))?);
        Ok(Standing { state: columns.word()?, round: columns.number()? })
    }
}

impl SqlStore {
    pub(crate) async fn write_scan(
        &self,
        scan: &Scan,
        probes: &[ProbeFacts],
    ) -> Result<(), StoreError> {
        let mut rows = Rows::new(12);
        for facts in probes {
            rows.push(binds![
                scan.catalog.as_str(),
                facts.id.as_str(),
                facts.service.as_str(),
                facts.title.as_str(),
                facts.category.as_str(),
                facts.global,
                facts.judgement.as_str(),
                facts.curated,
                facts.decides,
                count(facts.expected_millicalls),
                json(&facts.calls)?,
                json(&facts.homes)?,
            ]);
        }
        let record = binds![
            scan.id.as_str(),
            scan.workspace.as_str(),
            scan.owner.as_str(),
            scan.state.as_str(),
            scan.round,
            json(&scan.settings)?,
            scan.catalog.as_str(),
            scan.version.as_str(),
            scan.planned,
            scan.started_at.timestamp_millis(),
            scan.finished_at.map(|at| at.timestamp_millis()),
        ];
        let mut open = self.begin().await?;
        open.execute(INSERT, record).await?;
        open.execute_many(INSERT_PROBES, [], rows).await?;
        open.commit().await
    }

    pub(crate) async fn read_scan(&self, id: &ScanId) -> Result<Scan, StoreError> {
        let row = self.fetch(READ, binds![id.as_str()]).await?.into_iter().next();
        scan_of(row.ok_or_else(|| StoreError::NoScan(id.to_string()))?)
    }

    pub(crate) async fn read_scans(
        &self,
        workspace: &WorkspaceId,
        most: u32,
    ) -> Result<Vec<Scan>, StoreError> {
        let rows = self.fetch(READ_LATEST, binds![workspace.as_str(), most]).await?;
        rows.into_iter().map(scan_of).collect()
    }

    pub(crate) async fn read_earlier(
        &self,
        scan: &Scan,
        most: u32,
    ) -> Result<Vec<Scan>, StoreError> {
        let started = scan.started_at.timestamp_millis();
        let binds = binds![scan.workspace.as_str(), started, scan.id.as_str(), most];
        let rows = self.fetch(READ_EARLIER, binds).await?;
        rows.into_iter().map(scan_of).collect()
    }

    pub(crate) async fn write_state(
        &self,
        id: &ScanId,
        from: &[ScanState],
        to: ScanState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = match to {
            ScanState::Running | ScanState::Paused => None,
            ScanState::Finished | ScanState::Cancelled | ScanState::Interrupted => {
                Some(now.timestamp_millis())
            }
        };
        let mut open = self.begin().await?;
        if !from.contains(&open.standing(id).await?.state) {
            return Ok(false);
        }
        open.execute(SET_STATE, binds![id.as_str(), to.as_str(), ended]).await?;
        open.commit().await?;
        Ok(true)
    }

    pub(crate) async fn write_finished(
        &self,
        id: &ScanId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut open = self.begin().await?;
        if open.standing(id).await?.state != ScanState::Running {
            return Ok(false);
        }
        let left = open.fetch(LEFT_TO_DO, binds![id.as_str()]).await?.into_iter().next();
        if left.map(|row| Columns::from(row).flag()).transpose()?.unwrap_or(true) {
            return Ok(false);
        }
        let (state, now) = (ScanState::Finished.as_str(), Some(now.timestamp_millis()));
        open.execute(SET_STATE, binds![id.as_str(), state, now]).await?;
        open.commit().await?;
        Ok(true)
    }

    pub(crate) async fn write_planned(&self, id: &ScanId) -> Result<(), StoreError> {
        let sql = "update scans set planned = 1 where scan_id = $1";
        self.change_scan(id, sql, binds![id.as_str()]).await
    }

    async fn change_scan(
        &self,
        id: &ScanId,
        sql: &'static str,
        binds: impl Into<Vec<Bind>> + Send,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        if open.execute(sql, binds).await? == 0 {
            return Err(StoreError::NoScan(id.to_string()));
        }
        open.commit().await
    }

    pub(crate) async fn read_probes(
        &self,
        catalog: &CatalogDigest,
    ) -> Result<Vec<ProbeFacts>, StoreError> {
        let rows = self.fetch(READ_PROBES, binds![catalog.as_str()]).await?;
        rows.into_iter().map(facts_of).collect()
    }

    pub(crate) async fn read_planned_probes(
        &self,
        id: &ScanId,
    ) -> Result<Vec<ProbeId>, StoreError> {
        let rows = self.fetch(READ_PLANNED_PROBES, binds![id.as_str()]).await?;
        rows.into_iter().map(|row| Columns::from(row).word()).collect()
    }
}

pub(crate) fn scan_of(row: Row) -> Result<Scan, StoreError> {
    let mut columns = Columns::from(row);
    Ok(Scan {
        id: columns.word()?,
        workspace: columns.word()?,
        owner: columns.text()?,
        state: columns.word()?,
        round: columns.number()?,
        settings: columns.json()?,
        catalog: columns.word()?,
        version: columns.text()?,
        planned: columns.flag()?,
        started_at: columns.time()?,
        finished_at: columns.maybe_time()?,
    })
}

fn facts_of(row: Row) -> Result<ProbeFacts, StoreError> {
    let mut columns = Columns::from(row);
    Ok(ProbeFacts {
        id: columns.word()?,
        service: columns.word()?,
        title: columns.text()?,
        category: columns.text()?,
        judgement: columns.word()?,
        global: columns.flag()?,
        curated: columns.flag()?,
        decides: columns.flag()?,
        expected_millicalls: columns.number()?,
        calls: columns.json()?,
        homes: columns.json()?,
    })
}
