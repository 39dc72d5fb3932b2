//! What Organizations answers of policies, delegated administrators and trusted services.

use serde_json::{Value, json};

use super::organizations::{Answer, arn, named_account, page};
use crate::ask::Request;
use crate::synthetic::{Administrator, Attached, Organization, Policy, PolicyKind, TRUSTED};
use crate::world::Worded;

/// The answer to an operation of these; none for another.
pub(super) fn answer(org: &Organization, operation: &str, request: &Request) -> Option<Answer> {
    Some(match operation {
        "ListPolicies" => {
            let kind = request.text("Filter").unwrap_or_default();
            let all = org.policies.iter().filter(|policy| policy.kind.as_str() == kind);
            page("Policies", all.collect(), |policy| summary(org, policy), request, true)
        }
        "DescribePolicy" => named_policy(org, request).map(|policy| {
            let summary = summary(org, policy);
            json!({ "Policy": { "PolicySummary": summary, "Content": policy.content } })
        }),
        "ListTargetsForPolicy" => named_policy(org, request).and_then(|policy| {
            let targets = policy.targets.clone();
            page("Targets", targets, |target| attached(org, target).into(), request, false)
        }),
        "ListPoliciesForTarget" => {
            let kind = request.text("Filter").unwrap_or_default();
            let target = request.text("TargetId").unwrap_or_default();
            let is_on = |policy: &&Policy| {
                let mut targets = policy.targets.iter().filter_map(|one| attached(org, *one));
                policy.kind.as_str() == kind && targets.any(|one| one["TargetId"] == *target)
            };
            let all = org.policies.iter().filter(is_on);
            page("Policies", all.collect(), |policy| summary(org, policy), request, false)
        }
        "ListDelegatedAdministrators" => {
            let asked = request.text("ServicePrincipal");
            let administers =
                |services: &[&str]| asked.as_ref().is_none_or(|name| services.contains(&&**name));
            let all = org.administrators.iter().filter(|one| administers(one.services));
            let show = |one: &Administrator| {
                let account = org.accounts.get(one.account)?;
                Some(json!({
                    "Id": &*account.id,
                    "Arn": arn(org, "account", &account.id),
                    "Email": account.email,
                    "Name": account.name,
                    "Status": account.state.as_str(),
                    "State": account.state.as_str(),
                    "JoinedMethod": "CREATED",
                    "JoinedTimestamp": account.joined_at.timestamp(),
                    "DelegationEnabledDate": one.since.timestamp(),
                }))
            };
            page("DelegatedAdministrators", all.collect(), |one| show(one).into(), request, false)
        }
        "ListDelegatedServicesForAccount" => named_account(org, request, "AccountId")
            .and_then(|account| {
                let place = org.position(&account.id);
                let one = org.administrators.iter().find(|one| Some(one.account) == place);
                one.ok_or_else(|| {
                    let message = "The account is not a delegated administrator.";
                    Worded::new("AccountNotRegisteredException", message)
                })
            })
            .and_then(|one| {
                let since = one.since.timestamp();
                let show = |name: &&str| {
                    json!({ "ServicePrincipal": name, "DelegationEnabledDate": since })
                };
                page("DelegatedServices", one.services.iter().collect(), show, request, false)
            }),
        "ListAWSServiceAccessForOrganization" => {
            let since = org.accounts.first().map_or(0, |account| account.joined_at.timestamp());
            let show = |name: &&str| json!({ "ServicePrincipal": name, "DateEnabled": since });
            page("EnabledServicePrincipals", TRUSTED.iter().collect(), show, request, false)
        }
        _ => return None,
    })
}

/// The types of policies that the root has enabled.
pub(super) fn types() -> Value {
    let kinds = [PolicyKind::ServiceControl, PolicyKind::ResourceControl];
    json!(kinds.map(|kind| json!({ "Type": kind.as_str(), "Status": "ENABLED" })))
}

fn named_policy<'o>(org: &'o Organization, request: &Request) -> Result<&'o Policy, Worded> {
    let id = request.text("PolicyId").unwrap_or_default();
    org.policies.iter().find(|policy| policy.id == id).ok_or_else(|| {
        Worded::new("PolicyNotFoundException", "You specified a policy that doesn't exist.")
    })
}

fn summary(org: &Organization, policy: &Policy) -> Value {
    json!({
        "Id": policy.id,
        "Arn": org.policy_arn(policy),
        "Name": policy.name,
        "Description": "",
        "Type": policy.kind.as_str(),
        "AwsManaged": policy.aws_managed,
    })
}

fn attached(org: &Organization, target: Attached) -> Option<Value> {
    Some(match target {
        Attached::Unit(at) => {
            let unit = org.units.get(at)?;
            let (kind, word) = match unit.parent {
                None => ("root", "ROOT"),
                Some(_) => ("ou", "ORGANIZATIONAL_UNIT"),
            };
            json!({ "TargetId": unit.id, "Arn": arn(org, kind, &unit.id), "Name": unit.name, "Type": word })
        }
        Attached::Account(at) => {
            let account = org.accounts.get(at)?;
            let arn = arn(org, "account", &account.id);
            json!({ "TargetId": &*account.id, "Arn": arn, "Name": account.name, "Type": "ACCOUNT" })
        }
    })
}
