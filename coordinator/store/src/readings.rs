//! What was read of an organization, part by part: policies with what they are attached to, administrators, services.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use protocol::holding::{
    Administrator, Completeness, Holding, Part, Policy, Reading, TrustedService,
};
use protocol::store::StoreError;
use protocol::{AccountId, ConnectionId, OrgId, ScanId};

use crate::database::{Bind, binds};
use crate::many::Rows;
use crate::objects::digest_of;
use crate::port::{Open, SqlStore};
use crate::record::{Columns, failure, json};

const INSERT_READING: &str = "
insert into readings (
    scan_id, organization_id, part, connection, completeness, lacks, read_at, failure_kind, failure_code,
    failure_message, failure_operation, failure_http_status, failure_request_id, denied_by, policy_arn)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (scan_id, organization_id, part, connection) do update set
    completeness = excluded.completeness, lacks = excluded.lacks, read_at = excluded.read_at,
    failure_kind = excluded.failure_kind, failure_code = excluded.failure_code,
    failure_message = excluded.failure_message, failure_operation = excluded.failure_operation,
    failure_http_status = excluded.failure_http_status, failure_request_id = excluded.failure_request_id,
    denied_by = excluded.denied_by, policy_arn = excluded.policy_arn";

const INSERT_TYPES: &str = "
insert into policy_types (scan_id, organization_id, root_id, kind, status)
values :rows
on conflict (scan_id, organization_id, root_id, kind) do update set status = excluded.status";

const INSERT_POLICIES: &str = "
insert into policies (
    scan_id, organization_id, policy_id, arn, kind, name, description, provided, digest, targets_known)
values :rows
on conflict (scan_id, organization_id, policy_id) do update set
    arn = excluded.arn, kind = excluded.kind, name = excluded.name, description = excluded.description,
    provided = excluded.provided, digest = excluded.digest, targets_known = excluded.targets_known";

const INSERT_TARGETS: &str = "
insert into policy_targets (scan_id, organization_id, policy_id, target_id, kind, name)
values :rows
on conflict (scan_id, organization_id, policy_id, target_id) do update set
    kind = excluded.kind, name = excluded.name";

const INSERT_ADMINISTRATORS: &str = "
insert into delegated_administrators (scan_id, organization_id, account_id, service, since_at)
values :rows
on conflict (scan_id, organization_id, account_id, service) do update set since_at = excluded.since_at";

const INSERT_SERVICES: &str = "
insert into trusted_services (scan_id, organization_id, service, since_at)
values :rows
on conflict (scan_id, organization_id, service) do update set since_at = excluded.since_at";

const SET_TAGS: &str = "
with fresh (scan_id, account_id, tags) as (values :rows)
update scan_accounts
set tags = fresh.tags
from fresh
where scan_accounts.scan_id = fresh.scan_id and scan_accounts.account_id = fresh.account_id";

/// Organizations, each with the connections that lead to it: a list of accounts that is whole tells of one that leads
/// further than another's.
const READ_WAYS: &str = "
select o.organization_id, r.connection, r.part, r.completeness
from organizations o
join readings r on r.scan_id = o.scan_id and r.organization_id = o.organization_id
where o.scan_id = $1
union all
select o.organization_id, min(a.connection), null, null
from organizations o
join scan_accounts a on a.scan_id = o.scan_id and a.organization_id = o.organization_id
where o.scan_id = $1
group by o.organization_id
order by 1, 2";

/// The ways into an organization, and what was read of it.
#[derive(Default)]
struct Known {
    whole: Option<ConnectionId>,
    any: Option<ConnectionId>,
    read: BTreeSet<Part>,
}

impl SqlStore {
    pub(crate) async fn write_reading(
        &self,
        id: &ScanId,
        reading: &Reading,
        holding: &Holding,
    ) -> Result<(), StoreError> {
        let organization = reading.organization.as_ref().map_or("", OrgId::as_str);
        let mut record = Vec::from(binds![
            id.as_str(),
            organization,
            reading.part.as_str(),
            reading.connection.as_str(),
            reading.completeness.as_str(),
            holding.lacks(),
            reading.at.timestamp_millis(),
        ]);
        record.extend(failure(holding.missing.first().map(|lack| &lack.why)));
        let of = Of { scan: id.as_str(), organization };
        let mut open = self.begin().await?;
        open.standing(id).await?;
        open.write_policies(of, holding).await?;
        open.execute_many(INSERT_ADMINISTRATORS, [], of.administrators(holding)).await?;
        open.execute_many(INSERT_SERVICES, [], of.services(holding)).await?;
        open.execute_many(SET_TAGS, [], of.tags(&holding.tags)?).await?;
        open.execute(INSERT_READING, record).await?;
        open.commit().await
    }

    pub(crate) async fn read_unread(
        &self,
        id: &ScanId,
        parts: &[Part],
    ) -> Result<Vec<(OrgId, ConnectionId, Part)>, StoreError> {
        let mut all: BTreeMap<OrgId, Known> = BTreeMap::new();
        for row in self.fetch(READ_WAYS, binds![id.as_str()]).await? {
            let mut columns = Columns::from(row);
            let known = all.entry(columns.word()?).or_default();
            let connection: ConnectionId = columns.word()?;
            let (part, how) = (columns.maybe_word()?, columns.maybe_word()?);
            if (part, how) == (Some(Part::Accounts), Some(Completeness::Synced)) {
                known.whole.get_or_insert_with(|| connection.clone());
            }
            known.any.get_or_insert(connection);
            known.read.extend(part);
        }
        let mut unread = Vec::new();
        for (organization, known) in all {
            let Some(connection) = known.whole.or(known.any) else { continue };
            let left = parts.iter().filter(|part| !known.read.contains(part));
            unread.extend(left.map(|part| (organization.clone(), connection.clone(), *part)));
        }
        Ok(unread)
    }
}

impl Open<'_> {
    async fn write_policies(&mut self, of: Of<'_>, holding: &Holding) -> Result<(), StoreError> {
        // One that is told twice is written once.
        let policies: BTreeMap<&str, &Policy> =
            holding.policies.iter().map(|policy| (policy.id.as_str(), policy)).collect();
        let contents = policies.values().filter_map(|policy| policy.content.as_deref());
        let documents = contents.map(|content| (digest_of(content), content)).collect();
        self.write_documents(documents).await?;
        self.execute_many(INSERT_TYPES, [], of.types(holding)).await?;
        self.execute_many(INSERT_POLICIES, [], of.policies(&policies)).await?;
        self.execute_many(INSERT_TARGETS, [], of.targets(&policies)).await?;
        Ok(())
    }
}

/// Whose the rows are.
#[derive(Clone, Copy)]
struct Of<'a> {
    scan: &'a str,
    organization: &'a str,
}

impl Of<'_> {
    fn row<const N: usize>(self, rest: [Bind; N]) -> impl Iterator<Item = Bind> {
        binds![self.scan, self.organization].into_iter().chain(rest)
    }

    fn types(self, holding: &Holding) -> Rows {
        let types: BTreeMap<_, _> = holding
            .policy_types
            .iter()
            .map(|known| ((known.root.as_str(), known.kind.as_str()), known.status.as_str()))
            .collect();
        let mut rows = Rows::new(5);
        for ((root, kind), status) in types {
            rows.push(self.row(binds![root, kind, status]));
        }
        rows
    }

    fn policies(self, policies: &BTreeMap<&str, &Policy>) -> Rows {
        let mut rows = Rows::new(10);
        for policy in policies.values() {
            rows.push(self.row(binds![
                policy.id.as_str(),
                policy.arn.as_deref(),
                policy.kind.as_str(),
                policy.name.as_str(),
                policy.description.as_deref(),
                policy.provided,
                policy.content.as_deref().map(digest_of),
                policy.targets.is_some(),
            ]));
        }
        rows
    }

    fn targets(self, policies: &BTreeMap<&str, &Policy>) -> Rows {
        let mut rows = Rows::new(6);
        for policy in policies.values() {
            let targets = policy.targets.iter().flatten();
            let once: BTreeMap<&str, _> =
                targets.map(|target| (target.id.as_str(), target)).collect();
            for target in once.into_values() {
                let (target_kind, name) = (target.kind.as_str(), target.name.as_str());
                let place = binds![policy.id.as_str(), target.id.as_str(), target_kind, name];
                rows.push(self.row(place));
            }
        }
        rows
    }

    fn administrators(self, holding: &Holding) -> Rows {
        let mut once: BTreeMap<(&AccountId, &str), Option<DateTime<Utc>>> = BTreeMap::new();
        for Administrator { account, services } in &holding.administrators {
            match services {
                Some(services) => once.extend(
                    services.iter().map(|known| ((account, known.service.as_str()), known.since)),
                ),
                None => {
                    once.insert((account, ""), None);
                }
            }
        }
        let mut rows = Rows::new(5);
        for ((account, service), since) in once {
            rows.push(self.row(binds![account.as_str(), service, millis(since)]));
        }
        rows
    }

    fn services(self, holding: &Holding) -> Rows {
        let name = |known: &TrustedService| (known.service.clone(), known.since);
        let once: BTreeMap<String, _> = holding.services.iter().map(name).collect();
        let mut rows = Rows::new(4);
        for (service, since) in once {
            rows.push(self.row(binds![service, millis(since)]));
        }
        rows
    }

    fn tags(self, tags: &[(AccountId, Vec<(String, String)>)]) -> Result<Rows, StoreError> {
        let once: BTreeMap<&AccountId, _> = tags.iter().map(|(id, tags)| (id, tags)).collect();
        let mut rows = Rows::new(3);
        for (account, tags) in once {
            rows.push(binds![self.scan, account.as_str(), json(tags)?]);
        }
        Ok(rows)
    }
}

fn millis(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}
