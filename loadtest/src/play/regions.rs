//! The lists of regions: `ec2:DescribeRegions` and `account:ListRegions`.

use catalog::entry::Wire;
use serde_json::json;

use super::credentials::Caller;
use super::reply::Reply;
use super::stage::Stage;
use crate::ask::Request;
use crate::world::Worded;

/// The regions as EC2 tells them.
pub(crate) fn describe(stage: &Stage, caller: &Caller, request: &Request, id: &str) -> Reply {
    let all = request.text("AllRegions").is_some_and(|text| text == "true");
    let mut members = String::from("<regionInfo>");
    for (name, opt_in) in stage.world.regions() {
        let open = stage.world.is_open(caller.account, name) == Some(true);
        let state = match (opt_in, open) {
            (false, _) => "opt-in-not-required",
            (true, true) => "opted-in",
            (true, false) => "not-opted-in",
        };
        if open || all {
            members.push_str(&format!(
                "<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com\
                 </regionEndpoint><optInStatus>{state}</optInStatus></item>"
            ));
        }
    }
    members.push_str("</regionInfo>");
    Reply::success(Wire::Ec2, "DescribeRegions", &members, id)
}

/// The regions as the account service tells them, of the caller's account or, for the management
/// account, of a member.
pub(crate) fn list(stage: &Stage, caller: &Caller, request: &Request, id: &str) -> Reply {
    let org = stage.world.organization();
    let manages = org.accounts.get(caller.account).is_some_and(|account| account.management);
    let account = match request.text("AccountId") {
        None => Some(caller.account),
        Some(id) if manages => org.position(&id).filter(|at| *at != caller.account),
        Some(_) => None,
    };
    let Some(account) = account else {
        let message = "You don't have permission to ask this about the account.";
        let worded = Worded::new("AccessDeniedException", message);
        return Reply::error(Wire::RestJson, "account", 403, &worded, id);
    };
    let from: usize = request.text("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let most: usize = request.text("MaxResults").and_then(|most| most.parse().ok()).unwrap_or(50);
    let regions = stage.world.regions();
    let page: Vec<_> = regions
        .iter()
        .skip(from)
        .take(most)
        .map(|(name, opt_in)| {
            let state = match (opt_in, stage.world.is_open(account, name) == Some(true)) {
                (false, _) => "ENABLED_BY_DEFAULT",
                (true, true) => "ENABLED",
                (true, false) => "DISABLED",
            };
            json!({ "RegionName": name, "RegionOptStatus": state })
        })
        .collect();
    let mut body = json!({ "Regions": page });
    if from + most < regions.len() {
        body["NextToken"] = json!((from + most).to_string());
    }
    Reply::success(Wire::RestJson, "ListRegions", &body.to_string(), id)
}
