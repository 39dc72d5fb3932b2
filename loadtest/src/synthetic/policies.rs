//! The policies of the organization, who administers services for it, and which services it trusts.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::tree::ALLOWED_WHERE_REGIONS_ARE_DENIED;
use super::{Account, Shape, Unit};
use crate::dice::Dice;

/// A type of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// What principals of accounts may do.
    ServiceControl,
    /// What may be done to resources of accounts.
    ResourceControl,
}

/// What a policy is attached to, by its place in the organization's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// The root or a unit.
    Unit(usize),
    /// An account.
    Account(usize),
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id, `p-…`.
    pub id: String,
    /// Its type.
    pub kind: PolicyKind,
    /// Its name.
    pub name: &'static str,
    /// Whether AWS made it.
    pub aws_managed: bool,
    /// Its document.
    pub content: String,
    /// What it is attached to.
    pub targets: Vec<Attached>,
}

/// An account that administers services for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The place of the account.
    pub account: usize,
    /// The principals of the services.
    pub services: &'static [&'static str],
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Services that the organization trusts: more than a page of them.
pub const TRUSTED: &[&str] = &[
    "access-analyzer.amazonaws.com",
    "account.amazonaws.com",
    "aws-artifact-account-sync.amazonaws.com",
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "compute-optimizer.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config.amazonaws.com",
    "cost-optimization-hub.bcm.amazonaws.com",
    "detective.amazonaws.com",
    "fms.amazonaws.com",
    "guardduty.amazonaws.com",
    "health.amazonaws.com",
    "inspector2.amazonaws.com",
    "ipam.amazonaws.com",
    "license-manager.amazonaws.com",
    "macie.amazonaws.com",
    "member.org.stacksets.cloudformation.amazonaws.com",
    "ram.amazonaws.com",
    "reachabilityanalyzer.networkinsights.amazonaws.com",
    "securityhub.amazonaws.com",
    "servicecatalog.amazonaws.com",
    "servicequotas.amazonaws.com",
    "ssm.amazonaws.com",
    "sso.amazonaws.com",
    "tagpolicies.tag.amazonaws.com",
];

/// Who administers what: services by the unit of the account.
const ADMINISTERED: &[(&str, &[&str])] = &[
    (
        "Security",
        &[
            "access-analyzer.amazonaws.com",
            "guardduty.amazonaws.com",
            "inspector2.amazonaws.com",
            "macie.amazonaws.com",
            "securityhub.amazonaws.com",
        ],
    ),
    ("Network", &["ipam.amazonaws.com", "ram.amazonaws.com"]),
];

impl PolicyKind {
    /// Its word in AWS's answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// The id of the policy that denies regions.
pub(super) fn denies_regions(dice: Dice) -> String {
    format!("p-{:08x}", dice.and("scp").bits() >> 32)
}

/// Makes the policies of an organization.
pub(super) fn make(shape: &Shape, id: &str, units: &[Unit], accounts: &[Account]) -> Vec<Policy> {
    use PolicyKind::{ResourceControl, ServiceControl};
    let dice = Dice::of(shape.seed);
    let named = |name: &str| units.iter().position(|unit| unit.name == name).map(Attached::Unit);
    let everything = || {
        let all_units = (0..units.len()).map(Attached::Unit);
        all_units.chain((0..accounts.len()).map(Attached::Account)).collect::<Vec<_>>()
    };
    let root = || vec![Attached::Unit(0)];
    let above = |unit: &Unit| unit.parent.and_then(|parent| units.get(parent));
    let topmost = |unit: &Unit| {
        unit.denies_regions && above(unit).is_none_or(|parent| !parent.denies_regions)
    };
    let closed = (0..units.len()).filter(|at| shape.trouble.closed_doors && topmost(&units[*at]));
    let own = |part: &str| format!("p-{:08x}", dice.and("policy").and(part).bits() >> 32);
    let provided = |id: &str, kind, name, content| Policy {
        id: id.to_owned(),
        kind,
        name,
        aws_managed: true,
        content,
        targets: everything(),
    };
    let made = |id, kind, name, statement: Value, targets| Policy {
        id,
        kind,
        name,
        aws_managed: false,
        content: document(&statement),
        targets,
    };
    let leave = json!({
        "Sid": "StayHere", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*",
    });
    let regions = json!({
        "Sid": "OnlyTheseRegions", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:RequestedRegion": ALLOWED_WHERE_REGIONS_ARE_DENIED } },
    });
    let watched = json!({
        "Sid": "KeepWatching", "Effect": "Deny", "Resource": "*",
        "Action": ["guardduty:DeleteDetector", "config:StopConfigurationRecorder", "cloudtrail:StopLogging"],
    });
    let quarantine = json!({ "Sid": "Nothing", "Effect": "Deny", "Action": "*", "Resource": "*" });
    let no_root = json!({
        "Sid": "NoRoot", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "StringLike": { "aws:PrincipalArn": "arn:aws:iam::*:root" } },
    });
    let ours = json!({
        "Sid": "OnlyOurs", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": {
            "StringNotEqualsIfExists": { "aws:PrincipalOrgID": id },
            "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
        },
    });
    let encrypted = json!({
        "Sid": "OnlyEncrypted", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": { "BoolIfExists": { "aws:SecureTransport": "false" } },
    });
    let first = accounts.get(1).map(|_| Attached::Account(1)).into_iter().collect();
    let in_unit = |name| named(name).into_iter().collect();
    vec![
        provided("p-FullAWSAccess", ServiceControl, "FullAWSAccess", full(false)),
        made(own("leave"), ServiceControl, "stay-in-the-organization", leave, root()),
        made(
            denies_regions(dice),
            ServiceControl,
            "only-some-regions",
            regions,
            closed.map(Attached::Unit).collect(),
        ),
        made(own("watched"), ServiceControl, "keep-watching", watched, in_unit("Infrastructure")),
        made(own("quarantine"), ServiceControl, "quarantine", quarantine, in_unit("Suspended")),
        made(own("no root"), ServiceControl, "no-root-user", no_root, first),
        provided("p-RCPFullAWSAccess", ResourceControl, "RCPFullAWSAccess", full(true)),
        made(own("ours"), ResourceControl, "only-our-organization", ours, root()),
        made(own("encrypted"), ResourceControl, "only-encrypted", encrypted, in_unit("Payments")),
    ]
}

/// Makes those who administer services: an account of the right unit, where there is one.
pub(super) fn administrators(units: &[Unit], accounts: &[Account]) -> Vec<Administrator> {
    let administrator = |(unit, services): &(&str, &'static [&'static str])| {
        let unit = units.iter().position(|there| there.name == *unit)?;
        let is_there = |account: &Account| account.unit == unit && account.enterable;
        let account = accounts.iter().position(is_there)?;
        let since = accounts.get(account)?.joined_at + TimeDelta::days(30);
        Some(Administrator { account, services, since })
    };
    ADMINISTERED.iter().filter_map(administrator).collect()
}

fn full(with_principal: bool) -> String {
    let statement = match with_principal {
        true => json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }),
        false => json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
    };
    document(&statement)
}

fn document(statement: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Organization;
    use super::*;

    #[test]
    fn the_policy_that_a_denial_names_is_attached_above_the_account_and_denies_its_regions() {
        let org = Organization::new(Shape::default());
        let id = denies_regions(org.dice());
        let policy = org.policies.iter().find(|policy| policy.id == id).expect("the policy");
        assert!(policy.content.contains("aws:RequestedRegion"));
        let above = |mut at: usize| {
            let mut all = vec![at];
            while let Some(parent) = org.units[at].parent {
                all.push(parent);
                at = parent;
            }
            all
        };
        let mut denied = 0;
        for (at, account) in org.accounts.iter().enumerate().skip(1) {
            let units = above(account.unit);
            let attached =
                |target: &Attached| matches!(target, Attached::Unit(at) if units.contains(at));
            let arn = org.denied_region(at, "ap-south-1");
            assert_eq!(arn.is_some(), policy.targets.iter().any(attached), "{}", account.name);
            assert!(arn.is_none_or(|arn| arn.ends_with(&id)));
            denied += u32::from(policy.targets.iter().any(attached));
            for region in ALLOWED_WHERE_REGIONS_ARE_DENIED {
                assert!(policy.content.contains(region));
                assert_eq!(org.denied_region(at, region), None);
            }
        }
        assert!(denied > 0);
    }

    #[test]
    fn every_policy_has_an_id_of_its_own_and_full_access_is_everywhere() {
        let org = Organization::new(Shape { accounts: 60, ..Shape::default() });
        let ids: std::collections::BTreeSet<&str> =
            org.policies.iter().map(|policy| policy.id.as_str()).collect();
        assert_eq!(ids.len(), org.policies.len());
        for policy in org.policies.iter().filter(|policy| policy.aws_managed) {
            assert_eq!(policy.targets.len(), org.units.len() + org.accounts.len());
        }
        assert!(!org.administrators.is_empty());
    }
}
