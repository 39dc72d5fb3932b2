//! What a scan read of its organizations' policies, ready to be asked about its calls.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use policy::guards::{Guarded, Guards};
use policy::organization::Organization;
use protocol::ScanId;
use protocol::holding::{Holding, Policy, PolicyType, Target};
use protocol::plan::ProbeFacts;
use protocol::store::{Row, Store};

use crate::error::ReportError;
use crate::row::Fields;

/// What was read, and what was not.
pub struct Read {
    /// The organizations with their policies, and the accounts of the scan.
    pub guards: Guards,
    /// Organizations whose policies were not all read, each with what is lacking, where somebody recorded it.
    pub lacking: BTreeMap<String, Option<String>>,
}

/// Reads what a scan has recorded so far.
///
/// # Errors
/// [`ReportError`] when the store cannot be read.
pub async fn read(
    store: &dyn Store,
    scan: &ScanId,
    probes: impl IntoIterator<Item = ProbeFacts>,
) -> Result<Read, ReportError> {
    let mut guards = Guards::of_probes(probes);
    let mut lacking = BTreeMap::new();
    let mut held = policies(store, scan).await?;
    for row in rows(store, scan, include_str!("guards/organizations.sql")).await? {
        let mut fields = Fields::of(row);
        let (id, management) = (fields.text("an organization")?, fields.text("an account")?);
        let is_whole = fields.maybe_int() == Some(1);
        if !is_whole {
            lacking.insert(id.clone(), fields.maybe_text());
        }
        let holding = held.remove(&id).unwrap_or_default();
        guards.add_organization(&id, Organization::new(&id, &management, holding, is_whole));
    }
    for row in rows(store, scan, include_str!("guards/accounts.sql")).await? {
        let mut fields = Fields::of(row);
        let (account, organization) = (fields.text("an account")?, fields.text("an organization")?);
        let (path, role) = (fields.maybe_text(), fields.maybe_text());
        let arn = fields.maybe_text();
        let partition = arn.and_then(|arn| arn.split(':').nth(1).map(str::to_owned));
        guards.add_account(&account, Guarded { organization, path, role, partition });
    }
    Ok(Read { guards, lacking })
}

async fn rows(
    store: &dyn Store,
    scan: &ScanId,
    sql: &'static str,
) -> Result<Vec<Row>, ReportError> {
    Ok(store.query(sql, scan, vec![]).try_collect().await?)
}

/// Policies and types of policies by organization, as they were read.
async fn policies(
    store: &dyn Store,
    scan: &ScanId,
) -> Result<BTreeMap<String, Holding>, ReportError> {
    let mut targets: BTreeMap<(String, String), Vec<Target>> = BTreeMap::new();
    for row in rows(store, scan, include_str!("guards/targets.sql")).await? {
        let mut fields = Fields::of(row);
        let policy = (fields.text("an organization")?, fields.text("a policy")?);
        targets.entry(policy).or_default().push(Target {
            id: fields.text("a target")?,
            kind: fields.text("a kind")?,
            name: fields.text("a name")?,
        });
    }
    let mut held: BTreeMap<String, Holding> = BTreeMap::new();
    for row in rows(store, scan, include_str!("guards/types.sql")).await? {
        let mut fields = Fields::of(row);
        let holding = held.entry(fields.text("an organization")?).or_default();
        holding.policy_types.push(PolicyType {
            root: fields.word("a root")?,
            kind: fields.text("a type")?,
            status: fields.text("a status")?,
        });
    }
    for row in rows(store, scan, include_str!("guards/policies.sql")).await? {
        let mut fields = Fields::of(row);
        let (organization, id) = (fields.text("an organization")?, fields.text("a policy")?);
        let key = (organization.clone(), id.clone());
        let attached = targets.remove(&key).unwrap_or_default();
        let (arn, kind) = (fields.maybe_text(), fields.text("a type")?);
        let (name, provided) = (fields.text("a name")?, fields.flag("a flag")?);
        let targets = fields.flag("a flag")?.then_some(attached);
        let content = fields.maybe_text();
        let policy = Policy { id, arn, kind, name, description: None, provided, content, targets };
        held.entry(organization).or_default().policies.push(policy);
    }
    Ok(held)
}
