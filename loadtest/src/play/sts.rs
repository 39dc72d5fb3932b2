//! STS: who am I, and sessions in other accounts.

use catalog::entry::Wire;
use chrono::TimeDelta;
use protocol::inventory::AccountState;

use super::credentials::Caller;
use super::reply::Reply;
use super::session_policy::{self, SessionPolicy};
use super::stage::Stage;
use crate::ask::Request;
use crate::known::Operation;
use crate::tree::xml_text;
use crate::world::Worded;

/// How long a session lasts that does not say.
const DEFAULT_SECONDS: i64 = 3600;

pub(crate) fn answer(
    stage: &Stage,
    operation: &Operation,
    caller: &Caller,
    request: &Request,
    id: &str,
) -> Reply {
    let members = match operation.name {
        "GetCallerIdentity" => Ok(identity(caller)),
        "AssumeRole" => assume(stage, caller, request),
        _ => Err((400, Worded::new("InvalidAction", "The stand-in does not play this action."))),
    };
    match members {
        Ok(members) => Reply::success(Wire::Query, operation.name, &members, id),
        Err((status, worded)) => Reply::error(Wire::Query, "sts", status, &worded, id),
    }
}

fn identity(caller: &Caller) -> String {
    let mut arn = String::new();
    xml_text(&mut arn, &caller.arn());
    let account = &caller.account_id;
    format!("<Arn>{arn}</Arn><UserId>AROAEXAMPLE:{account}</UserId><Account>{account}</Account>")
}

fn assume(stage: &Stage, caller: &Caller, request: &Request) -> Result<String, (u16, Worded)> {
    let role = request.text("RoleArn").unwrap_or_default();
    let session = request.text("RoleSessionName").unwrap_or_default();
    let (account, name) = open_door(stage, caller, &role, request).ok_or_else(|| {
        let who = caller.arn();
        let message =
            format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}");
        (403, Worded::new("AccessDenied", message))
    })?;
    let proper = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(proper) {
        return Err(invalid("1 validation error detected: roleSessionName"));
    }
    let seconds = match request.text("DurationSeconds") {
        None => DEFAULT_SECONDS,
        Some(text) => text.parse().map_err(|_| invalid("DurationSeconds is not a number"))?,
    };
    let chained = caller.session.is_some();
    if !(900..=if chained { 3600 } else { 43_200 }).contains(&seconds) {
        return Err(invalid("The requested DurationSeconds exceeds the allowed session duration."));
    }
    let policy = session_policy::read(request).map_err(|why| (400, why))?;
    let policy = (policy != SessionPolicy::default()).then(|| stage.keep_policy(policy)).flatten();
    let lasts = stage.ways.longest_session.map_or(seconds, |longest| seconds.min(longest));
    let expires = stage.clock.now() + TimeDelta::seconds(lasts);
    let opened = stage.mint.open(&account, &name, &session, policy, expires, stage.next_nonce());
    let expiration = opened.expires.format("%Y-%m-%dT%H:%M:%SZ");
    Ok(format!(
        "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken><Expiration>{expiration}</Expiration></Credentials>\
         <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId>\
         <Arn>arn:aws:sts::{account}:assumed-role/{name}/{session}</Arn></AssumedRoleUser>",
        opened.keys.access_key_id, opened.keys.secret_access_key, opened.token
    ))
}

fn invalid(message: &str) -> (u16, Worded) {
    (400, Worded::new("ValidationError", message))
}

/// The account and the role's name, where the role lets the caller in.
fn open_door(
    stage: &Stage,
    caller: &Caller,
    role: &str,
    request: &Request,
) -> Option<(String, String)> {
    let org = stage.world.organization();
    let rest = role.strip_prefix("arn:aws:iam::")?;
    let (account_id, path) = rest.split_once(":role/")?;
    let account = org.accounts.get(org.position(account_id)?)?;
    let from_management = org.accounts.get(caller.account)?.management;
    let is_member_role = path == org.shape.member_role.trim_start_matches('/');
    let is_known = is_member_role || account.management;
    let lets_in = account.enterable && account.state == AccountState::Active && is_known;
    let external = &org.shape.external_id;
    let external_fits =
        !is_member_role || external.is_none() || request.text("ExternalId") == *external;
    let name = path.rsplit('/').next()?.to_owned();
    (from_management && lets_in && external_fits).then(|| (account_id.to_owned(), name))
}
