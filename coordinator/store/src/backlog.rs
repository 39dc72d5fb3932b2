//! Work that could go out now, over all scans.

use chrono::{DateTime, Utc};
use protocol::registry::Backlog;
use protocol::store::StoreError;

use crate::database::binds;
use crate::port::SqlStore;
use crate::record::Columns;

const OPEN: &str = "
select scan_id, workspace, case when state = 'running' then 1 else 0 end
from scans where state in ('running', 'paused')";

/// One scan at a time, so that its rows are found by index.
const READY: &str = "
select count(*), min(due_at) from (
    select a.preflight_due_at as due_at
    from scan_accounts a
    where a.scan_id = $1 and a.preflight_state = 'waiting' and a.preflight_due_at <= $2
        and not exists (select 1 from paused_accounts p
                        where p.workspace = $3 and p.account_id = a.account_id)
    union all
    select r.due_at
    from plan_rows r
    where r.scan_id = $1 and r.state = 'waiting' and r.due_at <= $2
        and not exists (select 1 from paused_accounts p
                        where p.workspace = $3 and p.account_id = r.account_id)
) ready";

const OUT: &str = "
select (select count(*) from scan_accounts where scan_id = $1 and preflight_state = 'out')
    + (select count(*) from plan_rows where scan_id = $1 and state = 'out')";

impl SqlStore {
    pub(crate) async fn read_backlog(&self, now: DateTime<Utc>) -> Result<Backlog, StoreError> {
        let now = now.timestamp_millis();
        let mut backlog = Backlog::default();
        for row in self.fetch(OPEN, []).await? {
            let mut columns = Columns::from(row);
            let (scan, workspace) = (columns.text()?, columns.text()?);
            let running = columns.flag()?;
            for row in self.fetch(OUT, binds![scan.as_str()]).await? {
                backlog.out += Columns::from(row).number::<u64>()?;
            }
            if !running {
                continue;
            }
            for row in self.fetch(READY, binds![scan, now, workspace]).await? {
                let mut columns = Columns::from(row);
                backlog.ready += columns.number::<u64>()?;
                backlog.oldest =
                    [backlog.oldest, columns.maybe_time()?].into_iter().flatten().min();
            }
        }
        Ok(backlog)
    }
}
