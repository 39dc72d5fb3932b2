//! The end of a pre-flight: the account's rows get a verdict, or become due.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use protocol::cell::{CellKey, Cost, CountIs};
use protocol::plan::RowVerdict;
use protocol::preflight::Preflight;
use protocol::store::StoreError;
use protocol::{AccountId, Cell, Evidence, Failure, ProbeId, Region, ScanId, Status};

use crate::database::binds;
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::{Columns, failure};

const END: &str = "
update scan_accounts
set preflight_state = $4, principal = coalesce($5, principal), preflight_deaths = 0,
    preflight_failure_kind = $6, preflight_failure_code = $7, preflight_failure_message = $8,
    preflight_failure_operation = $9, preflight_failure_http_status = $10, preflight_failure_request_id = $11,
    preflight_denied_by = $12, preflight_policy_arn = $13, preflight_at = $14
where scan_id = $1 and account_id = $2 and preflight_dispatch = $3 and preflight_state = 'out'";

const READ_ROWS: &str = "
select region, probe_set, state from plan_rows
where scan_id = $1 and account_id = $2";

const READ_REQUEUED: &str = "
select q.region, q.probe
from requeued_cells q
join plan_rows r on r.scan_id = q.scan_id and r.account_id = q.account_id and r.region = q.region
where q.scan_id = $1 and q.account_id = $2 and r.state = 'blocked'";

/// A verdict is said once, and not of rows whose other cells were given up.
const SET_VERDICT: &str = "
update plan_rows
set verdict = ?, verdict_round = ?, verdict_at = ?,
    failure_kind = ?, failure_code = ?, failure_message = ?, failure_operation = ?,
    failure_http_status = ?, failure_request_id = ?, denied_by = ?, policy_arn = ?
where verdict is null and only_requeued = 0
    and (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const CLOSE_ROWS: &str = "
update plan_rows set state = 'done', alone = 0
where (scan_id, account_id, region) in (select * from (values :rows) as keys)";

const FORGET_REQUEUED: &str = "
delete from requeued_cells
where (scan_id, account_id, region, probe) in (select * from (values :rows) as keys)";

impl SqlStore {
    pub(crate) async fn close_preflight(
        &self,
        id: &ScanId,
        account: &AccountId,
        dispatch: u32,
        outcome: &Result<Preflight, Failure>,
        verdicts: &[RowVerdict],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        let round = open.standing(id).await?.round;
        let judged = Judged { id, account, round, now };
        open.end_preflight(&judged, dispatch, outcome, verdicts).await?;
        open.commit().await
    }
}

/// Whose pre-flight ended, in which round, when.
pub(crate) struct Judged<'a> {
    pub(crate) id: &'a ScanId,
    pub(crate) account: &'a AccountId,
    pub(crate) round: u32,
    pub(crate) now: DateTime<Utc>,
}

/// The verdict on a region: its own, else the account's.
fn verdict_on<'v>(region: &Region, verdicts: &'v [RowVerdict]) -> Option<&'v RowVerdict> {
    let own = verdicts.iter().find(|verdict| verdict.region.as_ref() == Some(region));
    own.or_else(|| verdicts.iter().find(|verdict| verdict.region.is_none()))
}

/// What a row's verdict rests on; the view `scan_cells` says the same.
const fn evidence_of(verdict: Status) -> Evidence {
    match verdict {
        Status::RegionOff => Evidence::RegionList,
        Status::NotRun => Evidence::Missing,
        _ => Evidence::Failure,
    }
}

impl Judged<'_> {
    /// The answer that a verdict gives to one cell.
    fn cell(&self, region: Region, probe: ProbeId, status: Status, evidence: Evidence) -> Cell {
        Cell {
            key: CellKey { account: self.account.clone(), region, probe },
            round: self.round,
            status,
            evidence,
            resource_count: 0,
            count_is: CountIs::Exact,
            sample: Vec::new(),
            failure: None,
            attempts: 0,
            cost: Cost::default(),
            observed_at: self.now,
        }
    }
}

impl Open<'_> {
    /// Ends a pre-flight that is out under this number; another one changes nothing.
    pub(crate) async fn end_preflight(
        &mut self,
        judged: &Judged<'_>,
        dispatch: u32,
        outcome: &Result<Preflight, Failure>,
        verdicts: &[RowVerdict],
    ) -> Result<(), StoreError> {
        let (state, principal, why) = match outcome {
            Ok(preflight) => ("entered", Some(preflight.principal.as_str()), None),
            Err(failure) => ("failed", None, Some(failure)),
        };
        let (id, account) = (judged.id.as_str(), judged.account.as_str());
        let mut record = Vec::from(binds![id, account, dispatch, state, principal]);
        record.extend(failure(why));
        record.extend(binds![judged.now.timestamp_millis()]);
        if self.execute(END, record).await? == 0 {
            return Ok(());
        }
        self.end_try(judged.id, judged.account, outcome, judged.now).await?;
        let rows = self.blocked_rows(judged).await?;
        self.answer_requeued(judged, &rows, verdicts).await?;
        for verdict in verdicts {
            let covered =
                rows.keys().filter(|region| verdict_on(region, verdicts) == Some(verdict));
            self.set_verdict(judged, verdict, covered).await?;
        }
        let going_on = rows
            .into_keys()
            .filter(|region| verdict_on(region, verdicts).is_none())
            .map(|region| ((judged.account.clone(), region), Some(judged.now.timestamp_millis())));
        self.set_rows(judged.id, going_on.collect::<Vec<_>>()).await
    }

    /// The regions that wait for the pre-flight, with their probe sets.
    async fn blocked_rows(
        &mut self,
        judged: &Judged<'_>,
    ) -> Result<BTreeMap<Region, String>, StoreError> {
        let rows =
            self.fetch(READ_ROWS, binds![judged.id.as_str(), judged.account.as_str()]).await?;
        let mut blocked = BTreeMap::new();
        for row in rows {
            let mut columns = Columns::from(row);
            let (region, set) = (columns.word()?, columns.text()?);
            if columns.text()? == "blocked" {
                blocked.insert(region, set);
            }
        }
        Ok(blocked)
    }

    /// Gives re-queued cells their answer of this round, where it needs no call: the row's verdict,
    /// else that of the probe set. The other cells of the row keep what they have.
    async fn answer_requeued(
        &mut self,
        judged: &Judged<'_>,
        rows: &BTreeMap<Region, String>,
        verdicts: &[RowVerdict],
    ) -> Result<(), StoreError> {
        let scan = binds![judged.id.as_str(), judged.account.as_str()];
        let mut cells = Vec::new();
        for row in self.fetch(READ_REQUEUED, scan).await? {
            let mut columns = Columns::from(row);
            let (region, probe): (Region, ProbeId) = (columns.word()?, columns.word()?);
            let Some(set) = rows.get(&region) else { continue };
            if let Some(verdict) = verdict_on(&region, verdicts) {
                let evidence = evidence_of(verdict.status);
                let cell = judged.cell(region, probe, verdict.status, evidence);
                cells.push(Cell { failure: verdict.failure.clone(), ..cell });
            } else if let Some(status) = self.members(set).await?.settled.get(&probe) {
                cells.push(judged.cell(region, probe, *status, Evidence::RegionTable));
            }
        }
        let mut keys = Rows::new(4);
        for cell in &cells {
            keys.push_cell(judged.id, &cell.key);
        }
        self.write_cells(judged.id, cells.iter().collect()).await?;
        self.execute_many(FORGET_REQUEUED, [], keys).await?;
        Ok(())
    }

    /// Sets the verdict of rows and closes them.
    async fn set_verdict(
        &mut self,
        judged: &Judged<'_>,
        verdict: &RowVerdict,
        regions: impl Iterator<Item = &Region> + Send,
    ) -> Result<(), StoreError> {
        let mut rows = Rows::new(3);
        for region in regions {
            rows.push_key(&[judged.id.as_str(), judged.account.as_str(), region.as_str()]);
        }
        let mut lead =
            Vec::from(binds![verdict.status.as_str(), judged.round, judged.now.timestamp_millis()]);
        lead.extend(failure(verdict.failure.as_ref()));
        self.execute_many(SET_VERDICT, lead, rows.again()).await?;
        self.execute_many(CLOSE_ROWS, [], rows).await?;
        Ok(())
    }
}
