//! Members: every account that was ever listed, what leaves it out, and the last try to enter it.

use chrono::{DateTime, Utc};
use protocol::inventory::Account;
use protocol::preflight::Preflight;
use protocol::store::StoreError;
use protocol::{AccountId, Failure, ScanId};

use crate::database::binds;
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::failure;

/// A scan that began before the one that listed a member last changes nothing.
const LIST: &str = "
insert into members (workspace, account_id, organization_id, name, listed_scan, listed_at)
select s.workspace, a.account_id, a.organization_id, a.name, a.scan_id, s.started_at
from scan_accounts a
join scans s on s.scan_id = a.scan_id
where (a.scan_id, a.account_id) in (select * from (values :rows) as keys)
on conflict (workspace, account_id) do update set
    organization_id = excluded.organization_id, name = excluded.name,
    listed_scan = excluded.listed_scan, listed_at = excluded.listed_at,
    excluded_by = case when members.listed_scan = excluded.listed_scan then members.excluded_by end
where members.listed_at <= excluded.listed_at";

const EXCLUDE_ACCOUNTS: &str = "
with told (scan_id, account_id, excluded_by) as (values :rows)
update scan_accounts set excluded_by = told.excluded_by
from told
where scan_accounts.scan_id = told.scan_id and scan_accounts.account_id = told.account_id";

const EXCLUDE_MEMBERS: &str = "
with told (scan_id, account_id, excluded_by) as (values :rows)
update members set excluded_by = told.excluded_by
from told
join scans s on s.scan_id = told.scan_id
where members.workspace = s.workspace and members.account_id = told.account_id
    and members.listed_scan = told.scan_id";

const END: &str = "
update members
set preflight_scan = $1, preflight_at = $3, principal = $4,
    failure_kind = $5, failure_code = $6, failure_message = $7, failure_operation = $8,
    failure_http_status = $9, failure_request_id = $10, denied_by = $11, policy_arn = $12
where account_id = $2 and workspace = (select workspace from scans where scan_id = $1)";

impl SqlStore {
    pub(crate) async fn write_exclusions(
        &self,
        id: &ScanId,
        excluded: &[(AccountId, String)],
    ) -> Result<(), StoreError> {
        let mut rows = Rows::new(3);
        for (account, rule) in excluded {
            rows.push_key(&[id.as_str(), account.as_str(), rule]);
        }
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.execute_many(EXCLUDE_ACCOUNTS, [], rows.again()).await?;
        open.execute_many(EXCLUDE_MEMBERS, [], rows).await?;
        open.commit().await
    }
}

impl Open<'_> {
    /// Lists accounts of the scan among the members.
    pub(crate) async fn list_members(
        &mut self,
        id: &ScanId,
        accounts: &[Account],
    ) -> Result<(), StoreError> {
        let mut rows = Rows::new(2);
        for account in accounts {
            rows.push_key(&[id.as_str(), account.id.as_str()]);
        }
        self.execute_many(LIST, [], rows).await?;
        Ok(())
    }

    /// Notes how the last try to enter a member ended.
    pub(crate) async fn end_try(
        &mut self,
        id: &ScanId,
        account: &AccountId,
        outcome: &Result<Preflight, Failure>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let principal = outcome.as_ref().ok().map(|preflight| preflight.principal.as_str());
        let mut record =
            Vec::from(binds![id.as_str(), account.as_str(), now.timestamp_millis(), principal]);
        record.extend(failure(outcome.as_ref().err()));
        self.execute(END, record).await?;
        Ok(())
    }
}
