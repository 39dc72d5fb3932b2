//! Organizations: who there is and where in the tree. Every list has pages, and the lists of
//! accounts and of policies begin with an empty one, as AWS's sometimes do.

use catalog::entry::Wire;
use serde_json::{Value, json};

use super::credentials::Caller;
use super::policies;
use super::reply::Reply;
use super::stage::Stage;
use crate::ask::Request;
use crate::known::Operation;
use crate::synthetic::{Account, Organization, Unit};
use crate::world::Worded;

/// The most entries of a page.
const PAGE: usize = 20;

pub(super) type Answer = Result<Value, Worded>;

pub(crate) fn answer(
    stage: &Stage,
    operation: &Operation,
    caller: &Caller,
    request: &Request,
    id: &str,
) -> Reply {
    let org = stage.world.organization();
    let manages = org.accounts.get(caller.account).is_some_and(|account| account.management);
    // Who administers some service may read everything.
    let manages = manages || org.administrators.iter().any(|one| one.account == caller.account);
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
            let all = org.accounts.iter().collect();
            page("Accounts", all, |account| account_json(org, account), request, true)
        }
        "ListRoots" => page(
            "Roots",
            org.units.first().into_iter().collect(),
            |one| root(org, one),
            request,
            false,
        ),
        "ListOrganizationalUnitsForParent" => {
            let parent = named_unit(org, request, "ParentId")?;
            let children = org.units.iter().filter(|unit| unit.parent == Some(parent));
            page("OrganizationalUnits", children.collect(), |one| unit(org, one), request, false)
        }
        "ListAccountsForParent" => {
            let parent = named_unit(org, request, "ParentId")?;
            let children = org.accounts.iter().filter(|account| account.unit == parent);
            let show = |account| account_json(org, account);
            page("Accounts", children.collect(), show, request, false)
        }
        "ListParents" => {
            let account = named_account(org, request, "ChildId")?;
            let show = |unit: &Unit| {
                let kind = if unit.parent.is_none() { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
                json!({ "Id": unit.id, "Type": kind })
            };
            let parent = org.units.get(account.unit).into_iter().collect();
            page("Parents", parent, show, request, false)
        }
        "ListTagsForResource" => {
            let account = named_account(org, request, "ResourceId")?;
            let show = |(key, value): &(String, String)| json!({ "Key": key, "Value": value });
            page("Tags", account.tags.iter().collect(), show, request, false)
        }
        other => policies::answer(org, other, request).unwrap_or_else(|| {
            let message = format!("The stand-in does not play {other}.");
            Err(Worded::new("UnsupportedAPIEndpointException", message))
        }),
    }
}

/// One page of a list, whose entries are shown each by itself.
pub(super) fn page<T>(
    name: &str,
    all: Vec<T>,
    show: impl Fn(T) -> Value,
    request: &Request,
    empty_first: bool,
) -> Answer {
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
    let here: Vec<Value> = all.into_iter().skip(from).take(most).map(show).collect();
    Ok(match next {
        Some(next) => json!({ name: here, "NextToken": next }),
        None => json!({ name: here }),
    })
}

pub(super) fn named_account<'o>(
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

pub(super) fn arn(org: &Organization, kind: &str, id: &str) -> String {
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
        "AvailablePolicyTypes": policies::types(),
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
        "Paths": [format!("{}/{}/", org.unit_path(account.unit), account.id)],
        "JoinedMethod": if account.management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": account.joined_at.timestamp(),
    })
}

fn root(org: &Organization, unit: &Unit) -> Value {
    let arn = arn(org, "root", &unit.id);
    json!({ "Id": unit.id, "Arn": arn, "Name": unit.name, "PolicyTypes": policies::types() })
}

fn unit(org: &Organization, unit: &Unit) -> Value {
    json!({ "Id": unit.id, "Arn": arn(org, "ou", &unit.id), "Name": unit.name })
}
