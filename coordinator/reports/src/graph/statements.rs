//! The statements, whose texts never change: indexes, nodes, relationships, what is foreign, and what is to be removed.
//!
//! Each merges by id and can be run again; what a row does not know stays as it was in the graph. What is removed is
//! removed by its owner: of an organization only what hangs on that organization.

use super::nodes::{Edge, Organization, edges};
use super::{BATCH, Graph, Row, Statement, Value};

/// What is looked for by its value.
const INDEXES: [&str; 13] = [
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganization) ON (n.id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganization) ON (n.lastupdated)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationRoot) ON (n.id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationRoot) ON (n.org_id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationRoot) ON (n.lastupdated)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationalUnit) ON (n.id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationalUnit) ON (n.org_id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSOrganizationalUnit) ON (n.lastupdated)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSAccount) ON (n.id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSAccount) ON (n.org_id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSAccount) ON (n.lastupdated)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSRootPrincipal) ON (n.id)",
    "CREATE INDEX IF NOT EXISTS FOR (n:AWSRootPrincipal) ON (n.lastupdated)",
];

const ORGANIZATIONS: &str = "\
UNWIND $rows AS row
MERGE (n:AWSOrganization {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n:Tenant,
    n.arn = coalesce(row.arn, n.arn),
    n.feature_set = coalesce(row.feature_set, n.feature_set),
    n.management_account_arn = coalesce(row.management_account_arn, n.management_account_arn),
    n.management_account_id = row.management_account_id,
    n.management_account_email = coalesce(row.management_account_email, n.management_account_email),
    n.lastupdated = $update_tag";

const ROOTS: &str = "\
UNWIND $rows AS row
MERGE (n:AWSOrganizationRoot {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n.root_id = row.root_id,
    n.arn = coalesce(row.arn, n.arn),
    n.name = row.name,
    n.org_id = row.org_id,
    n.lastupdated = $update_tag";

const UNITS: &str = "\
UNWIND $rows AS row
MERGE (n:AWSOrganizationalUnit {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n.ou_id = row.ou_id,
    n.arn = coalesce(row.arn, n.arn),
    n.name = row.name,
    n.org_id = row.org_id,
    n.root_id = row.root_id,
    n.parent_root_id = row.parent_root_id,
    n.parent_ou_id = row.parent_ou_id,
    n.lastupdated = $update_tag";

/// Accounts that an organization lists: its name for them counts.
const MEMBERS: &str = "\
UNWIND $rows AS row
MERGE (n:AWSAccount {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n:Tenant,
    n.name = coalesce(row.name, n.name),
    n.arn = coalesce(row.arn, n.arn),
    n.email = coalesce(row.email, n.email),
    n.state = row.state,
    n.status = row.status,
    n.joined_method = coalesce(row.joined_method, n.joined_method),
    n.joined_timestamp = coalesce(datetime(row.joined_timestamp), n.joined_timestamp),
    n.org_id = row.org_id,
    n.lastupdated = $update_tag";

/// Accounts that only a connection of their own leads to: a name that an organization gave stays.
const ALONE: &str = "\
UNWIND $rows AS row
MERGE (n:AWSAccount {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n:Tenant,
    n.name = CASE WHEN n.org_id IS NULL THEN coalesce(row.name, n.name) ELSE coalesce(n.name, row.name) END,
    n.lastupdated = $update_tag";

const PRINCIPALS: &str = "\
UNWIND $rows AS row
MERGE (n:AWSRootPrincipal {id: row.id})
ON CREATE SET n.firstseen = timestamp()
SET n:AWSPrincipal,
    n.arn = row.id,
    n.lastupdated = $update_tag";

const IN_SCOPE: &str = "\
UNWIND $rows AS row
MATCH (n:AWSAccount {id: row.id})
SET n.inscope = true,
    n.foreign = null,
    n.profile_name = coalesce(row.profile_name, n.profile_name)";

/// Whom nobody ever got into is foreign.
const FOREIGN: &str = "\
UNWIND $rows AS row
MATCH (n:AWSAccount {id: row.id})
WHERE n.inscope IS NULL
SET n.foreign = true";

const STALE_UNITS: &str = "\
UNWIND $rows AS row
MATCH (:AWSOrganization {id: row.org_id})-[:RESOURCE]->(:AWSOrganizationRoot)-[:RESOURCE]->(n:AWSOrganizationalUnit)
WHERE n.lastupdated <> $update_tag
WITH DISTINCT n
DETACH DELETE n";

const STALE_ROOTS: &str = "\
UNWIND $rows AS row
MATCH (:AWSOrganization {id: row.org_id})-[:RESOURCE]->(n:AWSOrganizationRoot)
WHERE n.lastupdated <> $update_tag
WITH DISTINCT n
DETACH DELETE n";

const STALE_BESIDE_UNITS: &str = "\
UNWIND $rows AS row
MATCH (:AWSOrganizationalUnit {org_id: row.org_id})-[r:RESOURCE|PARENT]-()
WHERE r.lastupdated <> $update_tag
WITH DISTINCT r
DELETE r";

const STALE_BESIDE_ROOTS: &str = "\
UNWIND $rows AS row
MATCH (:AWSOrganizationRoot {org_id: row.org_id})-[r:RESOURCE|PARENT]-()
WHERE r.lastupdated <> $update_tag
WITH DISTINCT r
DELETE r";

/// Accounts that left keep their node, and what else hangs on it.
const LEFT: &str = "\
UNWIND $rows AS row
MATCH (n:AWSAccount {org_id: row.org_id})
WHERE NOT n.id IN row.account_ids
SET n.arn = null,
    n.email = null,
    n.state = null,
    n.status = null,
    n.joined_method = null,
    n.joined_timestamp = null,
    n.org_id = null";

/// A relationship of one type, from nodes of one label to nodes of another.
macro_rules! merge {
    ($from:literal, $kind:literal, $to:literal) => {
        concat!(
            "UNWIND $rows AS row\nMATCH (a:",
            $from,
            " {id: row.from})\nMATCH (b:",
            $to,
            " {id: row.to})\nMERGE (a)-[r:",
            $kind,
            "]->(b)\nON CREATE SET r.firstseen = timestamp()\nSET r.lastupdated = $update_tag"
        )
    };
}

impl Edge {
    /// Its type.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::RootOrganization
            | Self::UnitRoot
            | Self::ChildUnit
            | Self::AccountRoot
            | Self::AccountUnit => "PARENT",
            _ => "RESOURCE",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::OrganizationRoot => "organizations to roots",
            Self::RootOrganization => "roots to organizations",
            Self::RootUnit => "roots to units",
            Self::UnitRoot => "units to roots",
            Self::UnitChild => "units to units below",
            Self::ChildUnit => "units to units above",
            Self::RootAccount => "roots to accounts",
            Self::AccountRoot => "accounts to roots",
            Self::UnitAccount => "units to accounts",
            Self::AccountUnit => "accounts to units",
            Self::AccountPrincipal => "accounts to root users",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::OrganizationRoot => merge!("AWSOrganization", "RESOURCE", "AWSOrganizationRoot"),
            Self::RootOrganization => merge!("AWSOrganizationRoot", "PARENT", "AWSOrganization"),
            Self::RootUnit => merge!("AWSOrganizationRoot", "RESOURCE", "AWSOrganizationalUnit"),
            Self::UnitRoot => merge!("AWSOrganizationalUnit", "PARENT", "AWSOrganizationRoot"),
            Self::UnitChild => merge!("AWSOrganizationalUnit", "RESOURCE", "AWSOrganizationalUnit"),
            Self::ChildUnit => merge!("AWSOrganizationalUnit", "PARENT", "AWSOrganizationalUnit"),
            Self::RootAccount => merge!("AWSOrganizationRoot", "RESOURCE", "AWSAccount"),
            Self::AccountRoot => merge!("AWSAccount", "PARENT", "AWSOrganizationRoot"),
            Self::UnitAccount => merge!("AWSOrganizationalUnit", "RESOURCE", "AWSAccount"),
            Self::AccountUnit => merge!("AWSAccount", "PARENT", "AWSOrganizationalUnit"),
            Self::AccountPrincipal => merge!("AWSAccount", "RESOURCE", "AWSRootPrincipal"),
        }
    }
}

/// All statements of a graph, in the order in which they are run.
pub(super) fn of(graph: &Graph) -> Vec<Statement> {
    let update_tag = graph.update_tag;
    let index = |text| Statement { about: "indexes", text, rows: Vec::new(), update_tag };
    let mut all: Vec<Statement> = INDEXES.into_iter().map(index).collect();
    let mut add = |about, text, rows: Vec<Row>| {
        let batches = rows.chunks(BATCH);
        all.extend(batches.map(|rows| {
            let rows = rows.to_vec();
            Statement { about, text, rows, update_tag }
        }));
    };
    let rows = graph.organizations.iter().map(Organization::row);
    add("organizations", ORGANIZATIONS, rows.collect());
    add("roots", ROOTS, graph.roots.iter().map(|root| root.row()).collect());
    add("units", UNITS, graph.units.iter().map(|unit| unit.row()).collect());
    let (members, alone): (Vec<_>, Vec<_>) =
        graph.accounts.iter().partition(|account| account.organization.is_some());
    add("accounts", MEMBERS, members.iter().map(|account| account.member()).collect());
    add("accounts of no known organization", ALONE, alone.iter().map(|one| one.alone()).collect());
    let principals = graph.accounts.iter().filter_map(|account| account.principal.as_deref());
    add("root users", PRINCIPALS, principals.map(by_id).collect());
    for (edge, pairs) in edges(graph) {
        let row = |(from, to): (&str, &str)| vec![("from", from.into()), ("to", to.into())];
        add(edge.about(), edge.text(), pairs.into_iter().map(row).collect());
    }
    let (inside, outside): (Vec<_>, Vec<_>) =
        graph.accounts.iter().partition(|account| account.in_scope);
    add("accounts in scope", IN_SCOPE, inside.iter().map(|account| account.scope()).collect());
    let outside = outside.iter().map(|account| by_id(&account.id));
    add("accounts out of scope", FOREIGN, outside.collect());
    let whole: Vec<&Organization> = graph.organizations.iter().filter(|of| of.whole).collect();
    for (about, text) in [
        ("units that are no more", STALE_UNITS),
        ("roots that are no more", STALE_ROOTS),
        ("places that are no more, beside units", STALE_BESIDE_UNITS),
        ("places that are no more, beside roots", STALE_BESIDE_ROOTS),
    ] {
        let row = |of: &&Organization| vec![("org_id", of.id.as_str().into())];
        add(about, text, whole.iter().map(row).collect());
    }
    add("accounts that left", LEFT, whole.iter().map(|of| remaining(graph, of)).collect());
    all
}

fn by_id(id: &(impl AsRef<str> + ?Sized)) -> Row {
    vec![("id", id.as_ref().into())]
}

/// An organization with all accounts that it has.
fn remaining(graph: &Graph, of: &Organization) -> Row {
    let members = graph.accounts.iter();
    let members = members.filter(|account| account.organization.as_ref() == Some(&of.id));
    let ids = members.map(|account| account.id.clone()).collect();
    vec![("org_id", of.id.as_str().into()), ("account_ids", Value::Texts(ids))]
}
