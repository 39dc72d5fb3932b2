//! Which documents each role of the product has.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::control::{ENTER, MEMBER, ORGANIZATION, READ_TENANTS, UPLOAD};
use super::deny::deny_all;
use super::document::{Condition, Document, Effect, Statement};
use super::error::PolicyError;
use super::names::Names;
use super::narrow::allow_where_needed;
use super::pack::{POLICY_LIMIT, pack};
use super::trust::trust;
use crate::banned::rule;
use crate::view::ProbeView;

/// Whose documents they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The role in every member account: reads what the probes ask for.
    Member,
    /// What runs scans: enters the member accounts.
    Runner,
    /// What reads the organization, in the management account or a delegated one.
    Organization,
    /// What writes results and reads the table of tenants.
    Outputs,
}

impl Purpose {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Member, Self::Runner, Self::Organization, Self::Outputs];

    /// Its word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Runner => "runner",
            Self::Organization => "organization",
            Self::Outputs => "outputs",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Purpose {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let found = Self::ALL.iter().find(|purpose| purpose.as_str() == text);
        found.copied().ok_or_else(|| PolicyError::Purpose(text.chars().take(80).collect()))
    }
}

/// A managed policy: its name and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// A name for it, e.g. `orgsweep-member-1`.
    pub name: String,
    /// What it says.
    pub document: Document,
}

/// Everything that a role needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// Its managed policies, at most [`super::POLICIES_OF_A_ROLE`].
    pub policies: Vec<Policy>,
    /// Who may assume it; none where that is not ours to say (the runner and its outputs have
    /// the trust of the place that they run in) or no hub role was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Document>,
}

/// The documents of a role, for these probes.
///
/// # Errors
/// [`PolicyError`] when a name is not one that IAM takes, a probe calls a banned read, or the
/// actions need more policies than a role may hold.
pub fn documents(
    purpose: Purpose,
    probes: &[ProbeView<'_>],
    names: &Names,
) -> Result<Documents, PolicyError> {
    let names = names.checked()?;
    let documents = match purpose {
        Purpose::Member => {
            let mut actions = member_actions(probes)?;
            let narrow = allow_where_needed(&mut actions, &names.partition);
            let also = narrow.into_iter().chain(deny_all(&names.partition)).collect();
            pack(&actions, also, POLICY_LIMIT)?
        }
        Purpose::Organization => {
            let actions = ORGANIZATION.iter().map(|&action| action.to_owned()).collect();
            pack(&actions, Vec::new(), POLICY_LIMIT)?
        }
        Purpose::Runner => vec![Document::new(runner(names))],
        Purpose::Outputs => vec![Document::new(outputs(names))],
    };
    let trust = match purpose {
        Purpose::Member | Purpose::Organization => trust(names),
        Purpose::Runner | Purpose::Outputs => None,
    };
    let several = documents.len() > 1;
    let named = |(index, document)| {
        let number = if several { format!("-{}", index + 1) } else { String::new() };
        Policy { name: format!("orgsweep-{purpose}{number}"), document }
    };
    Ok(Documents { policies: documents.into_iter().enumerate().map(named).collect(), trust })
}

/// What the probes call and what the pre-flight calls.
fn member_actions(probes: &[ProbeView<'_>]) -> Result<BTreeSet<String>, PolicyError> {
    let mut actions: BTreeSet<String> = MEMBER.iter().map(|&action| action.to_owned()).collect();
    for view in probes {
        for action in view.probe.calls.iter().flat_map(|call| &call.iam) {
            let (service, name) = action.split_once(':').unwrap_or_default();
            if let Some(by) = rule(service, name) {
                let (probe, action) = (view.probe.id.to_string(), action.clone());
                return Err(PolicyError::Banned { probe, action, by });
            }
            actions.insert(action.clone());
        }
    }
    Ok(actions)
}

/// Entering the member role of any account (of the organization, where it is known).
fn runner(names: &Names) -> Vec<Statement> {
    let member = format!("arn:{}:iam::*:role/{}", names.partition, names.member_role);
    let roles = [member].into_iter().chain(names.organization_role.clone()).collect();
    let mut enter =
        Statement::new(Effect::Allow, vec![ENTER.to_owned()], roles).named("EnterAccounts");
    if let Some(organization) = &names.organization {
        let only = Condition::from([("aws:ResourceOrgID", organization.clone())]);
        enter.condition.insert("StringEquals", only);
    }
    let tenants = names.tenants_role.iter().map(|role| {
        let arn = format!("arn:{}:iam::*:role/{role}", names.partition);
        // Their organizations are not ours.
        Statement::new(Effect::Allow, vec![ENTER.to_owned()], vec![arn]).named("EnterTenants")
    });
    let table = names.tenants_table.is_some().then(|| read_tenants(names));
    [enter].into_iter().chain(tenants).chain(table).collect()
}

fn read_tenants(names: &Names) -> Statement {
    let table = names.tenants_table.as_deref().unwrap_or("*");
    let table = format!("arn:{}:dynamodb:*:*:table/{table}", names.partition);
    Statement::new(Effect::Allow, vec![READ_TENANTS.to_owned()], vec![table]).named("ReadTenants")
}

fn outputs(names: &Names) -> Vec<Statement> {
    let partition = &names.partition;
    let bucket = names.bucket.as_deref().unwrap_or("*").trim_end_matches('/');
    let objects = format!("arn:{partition}:s3:::{bucket}/*");
    let write = Statement::new(Effect::Allow, vec![UPLOAD.to_owned()], vec![objects]);
    vec![write.named("WriteResults"), read_tenants(names)]
}

#[cfg(test)]
mod tests {
    use protocol::ServiceId;
    use protocol::selection::Selection;

    use super::*;
    use crate::catalog::Catalog;

    const ENTRY: &str = r#"
service = "parrot"
title = "Parrot"
category = "other"
origin = "curated"
protocol = "json-1.1"
endpoint_prefix = "parrot"
target_prefix = "Parrot"
scope = "regional"

[[probe]]
id = "parrot"
judgement = "resources"
resource_type = "AWS::Parrot::Parrot"

[[probe.call]]
name = "parrots"
operation = "ListParrots"
items = "Parrots[]"
id = "Id"
iam = ["parrot:ListParrots", "secretsmanager:GetSecretValue"]
"#;

    fn select(services: &[&str], all: bool) -> (Catalog, Selection) {
        let catalog = Catalog::embedded().expect("the catalog");
        let services = services.iter().map(|name| ServiceId::new(name).expect("a name")).collect();
        (catalog, Selection { services, all_services: all, ..Selection::default() })
    }

    fn of(purpose: Purpose, services: &[&str], names: &Names) -> Documents {
        let (catalog, selection) = select(services, false);
        let probes = catalog.select(&selection).expect("probes");
        documents(purpose, &probes, names).expect("documents")
    }

    fn names() -> Names {
        Names {
            hub_role: Some("arn:aws:iam::111122223333:role/orgsweep-runner".to_owned()),
            external_id: Some("e-7f3a".to_owned()),
            organization: Some("o-a1b2c3d4e5".to_owned()),
            ..Names::new("aws", "orgsweep-member")
        }
    }

    #[test]
    fn a_member_policy_names_exactly_what_its_probes_call() {
        insta::assert_json_snapshot!(of(
            Purpose::Member,
            &["kms", "guardduty", "iam", "apigateway"],
            &names()
        ));
    }

    #[test]
    fn a_runner_enters_the_member_role_and_the_organization_role() {
        let organization_role = Some("arn:aws:iam::444455556666:role/orgsweep-organization".into());
        let names = Names { organization_role, ..names() };
        insta::assert_json_snapshot!(of(Purpose::Runner, &["kms"], &names));
    }

    #[test]
    fn a_runner_reads_the_tenants_and_enters_them_in_whatever_organization_they_are() {
        let names = Names {
            tenants_table: Some("tenants".to_owned()),
            tenants_role: Some("orgsweep-tenant".to_owned()),
            ..names()
        };
        let made = of(Purpose::Runner, &["kms"], &names);
        let statements = &made.policies[0].document.statement;
        let [_, tenants, table] = &statements[..] else { panic!("{statements:?}") };
        assert_eq!(tenants.resource, ["arn:aws:iam::*:role/orgsweep-tenant"]);
        assert!(tenants.condition.is_empty());
        assert_eq!(table.resource, ["arn:aws:dynamodb:*:*:table/tenants"]);
        assert_eq!(table.action, ["dynamodb:Scan"]);
    }

    #[test]
    fn an_organization_role_reads_accounts_tree_and_policies() {
        insta::assert_json_snapshot!(of(Purpose::Organization, &["kms"], &names()));
    }

    #[test]
    fn outputs_write_to_the_bucket_and_read_the_tenants() {
        let names = Names {
            bucket: Some("results/scans/".to_owned()),
            tenants_table: Some("tenants".to_owned()),
            ..Names::new("aws-us-gov", "orgsweep-member")
        };
        insta::assert_json_snapshot!(of(Purpose::Outputs, &["kms"], &names));
    }

    #[test]
    fn the_whole_catalog_fits_into_the_policies_of_a_role() {
        let (catalog, selection) = select(&[], true);
        let probes = catalog.select(&selection).expect("probes");
        let made = documents(Purpose::Member, &probes, &names()).expect("documents");
        assert!(made.policies.iter().all(|policy| policy.document.size() <= POLICY_LIMIT));
        let wanted = member_actions(&probes).expect("no banned action");
        let statements = made.policies.iter().flat_map(|policy| &policy.document.statement);
        let allows = statements.filter(|statement| statement.effect == Effect::Allow);
        let found: BTreeSet<String> = allows.flat_map(|allow| allow.action.clone()).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn no_arn_of_another_partition_is_in_a_document() {
        for purpose in Purpose::ALL {
            let made = of(*purpose, &["kms"], &Names::new("aws-cn", "orgsweep-member"));
            let text = serde_json::json!(made).to_string();
            assert_eq!(text.matches("arn:").count(), text.matches("arn:aws-cn:").count());
        }
    }

    #[test]
    fn a_probe_that_calls_a_banned_read_is_refused() {
        let files = [("parrot.toml".to_owned(), ENTRY.to_owned())];
        let catalog = Catalog::of_entries(files).expect("the catalog");
        let probes = catalog.select(&Selection::default()).expect("probes");
        let told = documents(Purpose::Member, &probes, &names()).expect_err("banned").to_string();
        assert_eq!(
            told,
            "the probe parrot calls secretsmanager:GetSecretValue, which is banned \
             (secretsmanager:GetSecretValue); leave it out"
        );
    }

    #[test]
    fn an_unknown_role_is_refused_with_those_that_there_are() {
        let told = "members".parse::<Purpose>().expect_err("unknown").to_string();
        assert!(told.contains("member, runner, organization or outputs"), "{told}");
    }
}
