//! Who there is, and the plan: organizations, accounts, units, plan rows.

use std::collections::{BTreeMap, HashMap};

use protocol::inventory::{Account, Organization, Tree, Unit};
use protocol::plan::{PlanRow, ProbeSet};
use protocol::store::{Row, StoreError};
use protocol::{Failure, OrgId, ScanId, Status, UnitId};

use crate::database::binds;
use crate::many::Rows;
use crate::port::{Open, SqlStore};
use crate::record::{Columns, failure, json};

const INSERT_ORGANIZATION: &str = "
insert into organizations (
    scan_id, organization_id, management_account, arn, feature_set, management_arn, management_email)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (scan_id, organization_id) do update set
    management_account = excluded.management_account, arn = excluded.arn, feature_set = excluded.feature_set,
    management_arn = excluded.management_arn, management_email = excluded.management_email";

/// What an organization says of an account takes the place of what a connection of its own knew.
const INSERT_ACCOUNTS: &str = "
insert into scan_accounts (
    scan_id, account_id, name, email, state, joined_at, organization_id, management, connection, tags,
    planned, win, preflight_state, preflight_dispatch, preflight_attempt, preflight_due_at, arn, joined_method,
    role_arn)
values :rows
on conflict (scan_id, account_id) do update set
    name = case when excluded.name = excluded.account_id then scan_accounts.name else excluded.name end,
    email = excluded.email, state = excluded.state, joined_at = excluded.joined_at,
    organization_id = excluded.organization_id, management = excluded.management, arn = excluded.arn,
    joined_method = excluded.joined_method
where scan_accounts.organization_id is null and excluded.organization_id is not null";

const INSERT_SETS: &str = "
insert into probe_sets (set_id, probe, verdict)
values :rows
on conflict (set_id, probe) do nothing";

const INSERT_ROWS: &str = "
insert into plan_rows (
    scan_id, account_id, region, probe_set, win, lane, state, dispatch, due_at, answered, only_requeued)
values :rows
on conflict (scan_id, account_id, region) do nothing
returning account_id, win";

/// Accounts with new rows get a pre-flight, unless they wait for one.
const PLAN_ACCOUNTS: &str = "
with fresh (scan_id, account_id, win) as (values :rows)
update scan_accounts
set planned = 1,
    win = case when planned = 1 and scan_accounts.win < cast(fresh.win as bigint)
               then scan_accounts.win else cast(fresh.win as bigint) end,
    preflight_attempt = 0,
    preflight_state = case when preflight_state = 'out' then 'out' else 'waiting' end
from fresh
where scan_accounts.scan_id = fresh.scan_id and scan_accounts.account_id = fresh.account_id";

const PLACE_ACCOUNTS: &str = "
update scan_accounts
set unit_id = p.unit_id, unit_path = u.path, unit_id_path = u.id_path
from placements p
join units u on u.scan_id = p.scan_id and u.unit_id = p.unit_id
where p.scan_id = scan_accounts.scan_id and p.account_id = scan_accounts.account_id
    and scan_accounts.scan_id = $1 and (scan_accounts.unit_id is null or $2 = 1)";

const INSERT_UNITS: &str = "
insert into units (scan_id, unit_id, organization_id, parent, name, path, id_path, arn)
values :rows
on conflict (scan_id, unit_id) do update set
    parent = excluded.parent, name = excluded.name, path = excluded.path, id_path = excluded.id_path,
    arn = excluded.arn";

const INSERT_PLACEMENTS: &str = "
insert into placements (scan_id, account_id, unit_id)
values :rows
on conflict (scan_id, account_id) do update set unit_id = excluded.unit_id";

const INSERT_MISSING: &str = "
insert into missing (
    scan_id, what, reason, failure_kind, failure_code, failure_message, failure_operation,
    failure_http_status, failure_request_id, denied_by, policy_arn)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (scan_id, what, reason) do update set failure_message = excluded.failure_message";

const READ_ACCOUNTS: &str = "
select account_id, name, email, state, joined_at, organization_id, management, connection, tags, arn, joined_method,
    role_arn
from scan_accounts where scan_id = $1 order by account_id";

impl SqlStore {
    pub(crate) async fn write_organization(
        &self,
        id: &ScanId,
        org: &Organization,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        open.standing(id).await?;
        let record = binds![
            id.as_str(),
            org.id.as_str(),
            org.management_account.as_str(),
            org.arn.as_deref(),
            org.feature_set.as_deref(),
            org.management_arn.as_deref(),
            org.management_email.as_deref(),
        ];
        open.execute(INSERT_ORGANIZATION, record).await?;
        open.commit().await
    }

    pub(crate) async fn write_accounts(
        &self,
        id: &ScanId,
        accounts: &[Account],
        sets: &[ProbeSet],
        rows: &[PlanRow],
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.execute_many(INSERT_ACCOUNTS, [], account_rows(id, accounts)?).await?;
        open.list_members(id, accounts).await?;
        open.execute_many(INSERT_SETS, [], set_rows(sets)).await?;
        let written = open.fetch_many(INSERT_ROWS, [], plan_rows(id, rows)).await?;
        open.execute_many(PLAN_ACCOUNTS, [], windows(id, written)?).await?;
        open.place_accounts(id, false).await?;
        open.commit().await
    }

    pub(crate) async fn write_tree(
        &self,
        id: &ScanId,
        org: &OrgId,
        tree: &Tree,
    ) -> Result<(), StoreError> {
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.execute_many(INSERT_UNITS, [], unit_rows(id, org, &tree.units)).await?;
        let mut placements = Rows::new(3);
        let placed: HashMap<_, _> =
            tree.placements.iter().map(|(account, unit)| (account, unit)).collect();
        for (account, unit) in placed {
            placements.push_key(&[id.as_str(), account.as_str(), unit.as_str()]);
        }
        open.execute_many(INSERT_PLACEMENTS, [], placements).await?;
        open.place_accounts(id, true).await?;
        open.commit().await
    }

    pub(crate) async fn write_missing(
        &self,
        id: &ScanId,
        what: &str,
        why: &Failure,
    ) -> Result<(), StoreError> {
        let reason = format!("{} {}", why.operation.as_deref().unwrap_or_default(), why.code);
        let mut record = Vec::from(binds![id.as_str(), what, reason]);
        record.extend(failure(Some(why)));
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.execute(INSERT_MISSING, record).await?;
        open.commit().await
    }

    pub(crate) async fn read_accounts(&self, id: &ScanId) -> Result<Vec<Account>, StoreError> {
        let rows = self.fetch(READ_ACCOUNTS, binds![id.as_str()]).await?;
        rows.into_iter().map(account_of).collect()
    }
}

impl Open<'_> {
    /// Writes units beside accounts that have none, or beside all; accounts and tree come in any order.
    async fn place_accounts(&mut self, id: &ScanId, all: bool) -> Result<(), StoreError> {
        self.execute(PLACE_ACCOUNTS, binds![id.as_str(), all]).await?;
        Ok(())
    }
}

fn account_rows(id: &ScanId, accounts: &[Account]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new(19);
    for account in accounts {
        rows.push(binds![
            id.as_str(),
            account.id.as_str(),
            account.name.as_str(),
            account.email.as_deref(),
            account.state.as_str(),
            account.joined_at.map(|at| at.timestamp_millis()),
            account.organization.as_ref().map(OrgId::as_str),
            account.management,
            account.connection.as_str(),
            json(&account.tags)?,
            false,
            0_i64,
            "none",
            0_i64,
            0_i64,
            0_i64,
            account.arn.as_deref(),
            account.joined_method.as_deref(),
            account.role.as_deref(),
        ]);
    }
    Ok(rows)
}

fn account_of(row: Row) -> Result<Account, StoreError> {
    let mut columns = Columns::from(row);
    Ok(Account {
        id: columns.word()?,
        name: columns.text()?,
        email: columns.maybe_text()?,
        state: columns.word()?,
        joined_at: columns.maybe_time()?,
        organization: columns.maybe_word()?,
        management: columns.flag()?,
        connection: columns.word()?,
        tags: columns.json()?,
        arn: columns.maybe_text()?,
        joined_method: columns.maybe_text()?,
        role: columns.maybe_text()?,
    })
}

fn set_rows(sets: &[ProbeSet]) -> Rows {
    let mut rows = Rows::new(3);
    for set in sets {
        let id = set.id();
        for (probe, verdict) in &set.probes {
            rows.push(binds![id.as_str(), probe.as_str(), verdict.map(Status::as_str)]);
        }
    }
    rows
}

fn plan_rows(id: &ScanId, plan: &[PlanRow]) -> Rows {
    let mut rows = Rows::new(11);
    for row in plan {
        let lane = if row.region.is_global() { "" } else { row.region.as_str() };
        rows.push(binds![
            id.as_str(),
            row.account.as_str(),
            row.region.as_str(),
            row.probe_set.as_str(),
            row.window,
            lane,
            "blocked",
            0_i64,
            0_i64,
            0_i64,
            false,
        ]);
    }
    rows
}

/// The first window of each account among rows of accounts and windows.
fn windows(id: &ScanId, written: Vec<Row>) -> Result<Rows, StoreError> {
    let mut first: BTreeMap<String, i64> = BTreeMap::new();
    for row in written {
        let mut columns = Columns::from(row);
        let (account, window) = (columns.text()?, columns.int()?);
        let kept = first.entry(account).or_insert(window);
        *kept = window.min(*kept);
    }
    let mut rows = Rows::new(3);
    for (account, window) in first {
        rows.push(binds![id.as_str(), account, window]);
    }
    Ok(rows)
}

/// Units with their paths; a unit whose parent is not among them starts a path.
fn unit_rows(id: &ScanId, org: &OrgId, units: &[Unit]) -> Rows {
    let mut paths: HashMap<&UnitId, (String, String)> = HashMap::new();
    let mut rows = Rows::new(8);
    for unit in units {
        let above = unit.parent.as_ref().and_then(|parent| paths.get(parent));
        let (path, id_path) = match above {
            Some((path, id_path)) => {
                (format!("{path}/{}", unit.name), format!("{id_path}/{}", unit.id))
            }
            None => (unit.name.clone(), unit.id.to_string()),
        };
        rows.push(binds![
            id.as_str(),
            unit.id.as_str(),
            org.as_str(),
            unit.parent.as_ref().map(UnitId::as_str),
            unit.name.as_str(),
            path.as_str(),
            id_path.as_str(),
            unit.arn.as_deref(),
        ]);
        paths.insert(&unit.id, (path, id_path));
    }
    rows
}
