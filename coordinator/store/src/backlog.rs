//! Work that could go out now, over all scans.

use chrono::{DateTime, Utc};
use protocol::registry::Backlog;
use protocol::store::StoreError;

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

const READY: &str = "
select count(*), min(due_at) from (
    select a.preflight_due_at as due_at
    from scans s
    join scan_accounts a on a.scan_id = s.scan_id
    where s.state = 'running' and a.preflight_state = 'waiting' and a.preflight_due_at <= $1
        and not exists (select 1 from paused_accounts p
                        where p.workspace = s.workspace and p.account_id = a.account_id)
    union all
    select r.due_at
    from scans s
    join plan_rows r on r.scan_id = s.scan_id
    where s.state = 'running' and r.state = 'waiting' and r.due_at <= $1
        and not exists (select 1 from paused_accounts p
                        where p.workspace = s.workspace and p.account_id = r.account_id)
) ready";

const OUT: &str = "
select
    (select count(*) from scans s join scan_accounts a on a.scan_id = s.scan_id
        where s.state in ('running', 'paused') and a.preflight_state = 'out')
    + (select count(*) from scans s join plan_rows r on r.scan_id = s.scan_id
        where s.state in ('running', 'paused') and r.state = 'out')";

impl SqlStore {
    pub(crate) async fn read_backlog(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        let mut backlog = Backlog::default();
        for row in self.fetch(READY, binds![now.timestamp_millis()]).await? {
            let mut columns = Columns::from(row);
            (backlog.ready, backlog.oldest) = (columns.number()?, columns.maybe_time()?);
        }
        for row in self.fetch(OUT, []).await? {
            backlog.out = Columns::from(row).number()?;
        }
        Ok(backlog)
    }
}
