//! Organizations: who there is and where in the tree. Every list has pages, and the list of
//! accounts begins with an empty one, as AWS's sometimes does.

use catalog::entry::Wire;
use serde_json::{Value, json};

use super::credentials::Caller;
use super::reply::Reply;
use super::stage::Stage;
use crate::ask::Request;
use crate::known::Operation;
use crate::synthetic::{Account, Organization, Unit};
use crate::world::Worded;

/// The most entries of a page.
const PAGE: usize = 20;

type Answer = Result<Value, Worded>;

pub(crate) fn answer(
    stage: &Stage,
    operation: &Operation,
    caller: &Caller,
    request: &Request,
    id: &str,
) -> Reply {
    let org = stage.world.organization();
    let manages = org.accounts.get(caller.account).is_some_and(|account| account.management);
    let answer = if manages || operation.name == "DescribeOrganization" {
        of_management(org, operation.name, request)
    } else {
        let message = "You don't have permissions to access this resource.";
        Err(Worded::new("AccessDeniedException", message))
    };
    match answer {
        Ok(body) => Reply::success(Wire::Json11, operation.name, &body.to_string(), id),
        Err(worded) => Reply::error(Wire::Json11, "organizations", 400, &worded, id),
    }
}

fn of_management(org: &Organization, operation: &str, request: &Request) -> Answer {
    match operation {
        "DescribeOrganization" => Ok(json!({ "Organization": organization(org) })),
        "DescribeAccount" => {
            let account = named_account(org, request, "AccountId")?;
            Ok(json!({ "Account": account_json(org, account) }))
        }
        "ListAccounts" => {
            let all = org.accounts.iter().map(|account| account_json(org, account)).collect();
            page("Accounts", all, request, true)
        }
        "ListRoots" => page(
            "Roots",
            org.units.first().map(|one| root(org, one)).into_iter().collect(),
            request,
            false,
        ),
        "ListOrganizationalUnitsForParent" => {
            let parent = named_unit(org, request, "ParentId")?;
            let children = org.units.iter().filter(|unit| unit.parent == Some(parent));
            page(
                "OrganizationalUnits",
                children.map(|one| unit(org, one)).collect(),
                request,
                false,
            )
        }
        "ListAccountsForParent" => {
            let parent = named_unit(org, request, "ParentId")?;
            let children = org.accounts.iter().filter(|account| account.unit == parent);
            let children = children.map(|account| account_json(org, account)).collect();
            page("Accounts", children, request, false)
        }
        "ListParents" => {
            let account = named_account(org, request, "ChildId")?;
            let parent = org.units.get(account.unit).map(|unit| {
                let kind = if unit.parent.is_none() { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
                json!({ "Id": unit.id, "Type": kind })
            });
            page("Parents", parent.into_iter().collect(), request, false)
        }
        "ListTagsForResource" => {
            let account = named_account(org, request, "ResourceId")?;
            let tags =
                account.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
            page("Tags", tags.collect(), request, false)
        }
        "ListDelegatedAdministrators" => {
            page("DelegatedAdministrators", Vec::new(), request, false)
        }
        other => Err(Worded::new(
            "UnsupportedAPIEndpointException",
            format!("The stand-in does not play {other}."),
        )),
    }
}

fn page(name: &str, all: Vec<Value>, request: &Request, empty_first: bool) -> Answer {
    let invalid = || Worded::new("InvalidInputException", "You provided an invalid token.");
    let asked = request.text("MaxResults").and_then(|text| text.parse().ok());
    let most: usize = asked.unwrap_or(PAGE).clamp(1, PAGE);
    let from = match request.text("NextToken") {
        None if empty_first => return Ok(json!({ name: [], "NextToken": "page-0" })),
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|from| from.parse::<usize>().ok())
            .filter(|from| *from <= all.len())
            .ok_or_else(invalid)?,
    };
    let next = (from + most < all.len()).then(|| format!("page-{}", from + most));
    let here: Vec<Value> = all.into_iter().skip(from).take(most).collect();
    Ok(match next {
        Some(next) => json!({ name: here, "NextToken": next }),
        None => json!({ name: here }),
    })
}

fn named_account<'o>(
    org: &'o Organization,
    request: &Request,
    parameter: &str,
) -> Result<&'o Account, Worded> {
    let named = request.text(parameter).and_then(|id| org.accounts.get(org.position(&id)?));
    named.ok_or_else(|| {
        Worded::new("AccountNotFoundException", "You specified an account that doesn't exist.")
    })
}

fn named_unit(org: &Organization, request: &Request, parameter: &str) -> Result<usize, Worded> {
    let id = request.text(parameter).unwrap_or_default();
    org.units.iter().position(|unit| unit.id == id).ok_or_else(|| {
        Worded::new("ParentNotFoundException", "You specified a parent that doesn't exist.")
    })
}

fn arn(org: &Organization, kind: &str, id: &str) -> String {
    format!("arn:aws:organizations::{}:{kind}/{}/{id}", org.management(), org.id)
}

fn organization(org: &Organization) -> Value {
    json!({
        "Id": org.id,
        "Arn": format!("arn:aws:organizations::{}:organization/{}", org.management(), org.id),
        "FeatureSet": "ALL",
        "MasterAccountArn": arn(org, "account", org.management()),
        "MasterAccountId": org.management(),
        "MasterAccountEmail": org.accounts.first().map(|account| account.email.clone()),
        "AvailablePolicyTypes": [],
    })
}

fn account_json(org: &Organization, account: &Account) -> Value {
    json!({
        "Id": &*account.id,
        "Arn": arn(org, "account", &account.id),
        "Email": account.email,
        "Name": account.name,
        "Status": account.state.as_str(),
        "State": account.state.as_str(),
        "JoinedMethod": if account.management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": account.joined_at.timestamp(),
    })
}

fn root(org: &Organization, unit: &Unit) -> Value {
    let types = [json!({ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" })];
    json!({ "Id": unit.id, "Arn": arn(org, "root", &unit.id), "Name": unit.name, "PolicyTypes": types })
}

fn unit(org: &Organization, unit: &Unit) -> Value {
    json!({ "Id": unit.id, "Arn": arn(org, "ou", &unit.id), "Name": unit.name })
}
