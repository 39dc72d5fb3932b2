//! A new round: the cells that match are run again, the others keep what they have.
//!
//! While a scan is running, paused or interrupted, what it still has to do stays to be done, and
//! the new round adds to it. After it was finished or cancelled, only the cells that match run.

use chrono::{DateTime, Utc};
use protocol::ScanId;
use protocol::scan::ScanState;
use protocol::store::{CellFilter, StoreError};

use crate::database::{Bind, binds};
use crate::port::{Open, SqlStore};

const GIVE_UP_ROWS: &str = "
update plan_rows set state = 'done', only_requeued = 1, alone = 0
where scan_id = $1 and (state <> 'done' or only_requeued = 0)";

const GIVE_UP_PREFLIGHTS: &str = "
update scan_accounts set preflight_state = 'none'
where scan_id = $1 and preflight_state in ('waiting', 'out')";

const FORGET_HELD: &str = "delete from held_tasks where scan_id = $1";

const FORGET_REQUEUED: &str = "delete from requeued_cells where scan_id = $1";

/// What the catalog's table of regions says does not change with another try.
const MATCH: &str = "
insert into requeued_cells (scan_id, account_id, region, probe, round)
select v.scan_id, v.account_id, v.region, v.probe, cast($2 as bigint)
from scan_cells v
where v.scan_id = $1 and v.evidence <> 'region_table'";

const MATCH_END: &str = "
on conflict (scan_id, account_id, region, probe) do update set round = excluded.round";

const RESTART_HELD: &str = "
delete from held_tasks
where scan_id = $1
    and exists (select 1 from requeued_cells q
                where q.scan_id = held_tasks.scan_id and q.account_id = held_tasks.account_id
                    and q.region = held_tasks.region and q.probe = held_tasks.probe and q.round = $2)";

/// An account is entered again where it was not, or where a cell rests on what entering it told.
const ENTER_AGAIN: &str = "
update scan_accounts
set preflight_state = 'waiting', preflight_attempt = 0, preflight_deaths = 0, preflight_due_at = $3
where scan_id = $1 and preflight_state not in ('waiting', 'out')
    and exists (select 1
                from requeued_cells q
                join plan_rows r
                    on r.scan_id = q.scan_id and r.account_id = q.account_id and r.region = q.region
                left join cells c
                    on c.scan_id = q.scan_id and c.account_id = q.account_id and c.region = q.region
                        and c.probe = q.probe
                where q.scan_id = scan_accounts.scan_id and q.account_id = scan_accounts.account_id
                    and q.round = $2
                    and (scan_accounts.preflight_state <> 'entered'
                        or (c.probe is null and r.verdict is not null)
                        or c.status in ('region_off', 'role_failed', 'not_run')))";

const REOPEN_ROWS: &str = "
update plan_rows
set due_at = $3,
    state = case when exists (select 1 from scan_accounts a
                              where a.scan_id = plan_rows.scan_id and a.account_id = plan_rows.account_id
                                  and a.preflight_state = 'entered')
                 then 'waiting' else 'blocked' end
where scan_id = $1 and state in ('done', 'waiting')
    and exists (select 1 from requeued_cells q
                where q.scan_id = plan_rows.scan_id and q.account_id = plan_rows.account_id
                    and q.region = plan_rows.region and q.round = $2)";

const OPEN_ROUND: &str = "
update scans set round = $2, state = $3, finished_at = null where scan_id = $1";

impl SqlStore {
    pub(crate) async fn open_round(
        &self,
        id: &ScanId,
        filter: &CellFilter,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut open = self.begin().await?;
        let standing = open.standing(id).await?;
        if let Some(sql) = self.database.over_whole_scans() {
            open.execute(sql, []).await?;
        }
        if matches!(standing.state, ScanState::Finished | ScanState::Cancelled) {
            open.give_up_rest(id).await?;
        }
        let round = standing.round.saturating_add(1);
        let mut binds = Vec::from(binds![id.as_str(), round]);
        let sql = format!("{MATCH}{}{MATCH_END}", conditions(filter, &mut binds));
        let matched = open.execute(sql, binds).await?;
        if matched == 0 {
            return Ok(0);
        }
        let (scan, now) = (id.as_str(), now.timestamp_millis());
        open.execute(RESTART_HELD, binds![scan, round]).await?;
        open.execute(ENTER_AGAIN, binds![scan, round, now]).await?;
        open.execute(REOPEN_ROWS, binds![scan, round, now]).await?;
        let state = match standing.state {
            ScanState::Paused => ScanState::Paused,
            _ => ScanState::Running,
        };
        open.execute(OPEN_ROUND, binds![scan, round, state.as_str()]).await?;
        open.commit().await?;
        Ok(matched)
    }
}

impl Open<'_> {
    /// Gives up what a closed scan has left undone.
    async fn give_up_rest(&mut self, id: &ScanId) -> Result<(), StoreError> {
        for sql in [GIVE_UP_ROWS, GIVE_UP_PREFLIGHTS, FORGET_HELD, FORGET_REQUEUED] {
            self.execute(sql, binds![id.as_str()]).await?;
        }
        Ok(())
    }
}

/// The filter as conditions on `scan_cells v`; its values are bound after those that are there.
fn conditions(filter: &CellFilter, binds: &mut Vec<Bind>) -> String {
    let mut text = String::new();
    let mut mark = |value: &str| {
        binds.push(Bind::from(value));
        format!("${}", binds.len())
    };
    let mut any = |column: &str, values: Vec<&str>| {
        let marks: Vec<String> = values.into_iter().map(&mut mark).collect();
        if !marks.is_empty() {
            text.push_str(&format!("\n    and {column} in ({})", marks.join(", ")));
        }
    };
    any("v.status", filter.statuses.iter().map(|status| status.as_str()).collect());
    any("v.account_id", filter.accounts.iter().map(|account| account.as_str()).collect());
    any("v.region", filter.regions.iter().map(|region| region.as_str()).collect());
    any("v.service", filter.services.iter().map(|service| service.as_str()).collect());
    any("v.failure_code", filter.codes.iter().map(String::as_str).collect());
    let units: Vec<String> =
        filter.units.iter().map(|unit| in_unit(&mark(unit.trim_end_matches('/')))).collect();
    if !units.is_empty() {
        text.push_str(&format!(
            "\n    and v.account_id in (select a.account_id from scan_accounts a \
            where a.scan_id = $1 and ({}))",
            units.join(" or ")
        ));
    }
    text
}

/// Whether account `a` is in or below the unit that the mark names, by id or by path of names.
fn in_unit(mark: &str) -> String {
    format!(
        "a.unit_path = {mark} \
        or substr(a.unit_path, 1, length({mark}) + 1) = {mark} || '/' \
        or replace('/' || a.unit_id_path || '/', '/' || {mark} || '/', '') <> '/' || a.unit_id_path || '/'"
    )
}
