//! Who we are and who we become: `GetCallerIdentity`, `AssumeRole` and `AssumeRoleWithWebIdentity`, regional.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_sts::types::{AssumedRoleUser, Credentials as Given, PolicyDescriptorType};
use catalog::policy::SessionPolicy;
use protocol::budget::Ask;
use protocol::{AccountId, Failure, FailureKind, ScanId};

use crate::arn::owner;
use crate::control::{Caller, Control, token};
use crate::web_identity::Token;

const ASSUME: &str = "AssumeRole";
const ASSUME_BY_TOKEN: &str = "AssumeRoleWithWebIdentity";

/// The longest name of a session that STS takes.
const LONGEST_NAME: usize = 64;

/// What `AssumeRole` refuses longer sessions to: chained roles get an hour, some roles less.
const SHORTER_SESSIONS: [i32; 2] = [3600, 900];

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The principal's ARN.
    pub arn: String,
    /// Its account.
    pub account: AccountId,
    /// Its partition.
    pub partition: String,
}

/// A role to assume.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// Its ARN.
    pub arn: String,
    /// The external id that its trust asks for.
    pub external_id: Option<String>,
    /// How long the session should last, in seconds.
    pub seconds: u32,
    /// What narrows the session.
    pub narrowing: Option<SessionPolicy>,
}

impl Control {
    /// Asks AWS who the caller is.
    pub(crate) async fn who_am_i(
        &self,
        caller: Caller<'_>,
        ask: Option<&Ask>,
    ) -> Result<Principal, Failure> {
        let client = self.sts(caller);
        let call = || client.get_caller_identity().send();
        let answer = self.call(ask, "GetCallerIdentity", call).await?;
        let arn = answer.arn.unwrap_or_default();
        whose(&arn).ok_or_else(|| unreadable("GetCallerIdentity", &arn))
    }

    /// Assumes a role, by a token where there is one and else by the caller's credentials; answers the role's
    /// credentials with whose they are.
    pub(crate) async fn assume(
        &self,
        caller: Caller<'_>,
        ask: &Ask,
        role: &Role,
        token: Option<&Token>,
    ) -> Result<(Credentials, Principal), Failure> {
        let client = self.sts(caller);
        let mut narrowing = role.narrowing.clone();
        let mut seconds = i32::try_from(role.seconds).unwrap_or(i32::MAX);
        loop {
            let (policy, policy_arns) = narrow(narrowing.as_ref());
            let by_credentials = || {
                let request = client.assume_role().role_arn(&role.arn);
                let request = request.role_session_name(session_name(caller.scan));
                let request = request.set_external_id(role.external_id.clone());
                let request = request.set_policy(policy.clone());
                request.set_policy_arns(policy_arns.clone()).duration_seconds(seconds).send()
            };
            let answer = match token {
                None => {
                    let answer = self.call(Some(ask), ASSUME, by_credentials).await;
                    answer.and_then(|answer| entered(answer.assumed_role_user, answer.credentials))
                }
                Some(token) => {
                    let by_token = || {
                        let request = client.assume_role_with_web_identity().role_arn(&role.arn);
                        let request = request.role_session_name(session_name(caller.scan));
                        let request = request.web_identity_token(token.text());
                        let request = request.set_policy(policy.clone());
                        request
                            .set_policy_arns(policy_arns.clone())
                            .duration_seconds(seconds)
                            .send()
                    };
                    let answer = self.call(Some(ask), ASSUME_BY_TOKEN, by_token).await;
                    answer.and_then(|answer| entered(answer.assumed_role_user, answer.credentials))
                }
            };
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match (&mut narrowing, shorter(seconds, &failure)) {
                (_, Some(less)) => seconds = less,
                (Some(SessionPolicy { inline, .. }), None)
                    if failure.code == "PackedPolicyTooLarge" && !inline.is_empty() =>
                {
                    tracing::warn!(
                        role = role.arn,
                        "the session policy is too large beside the role's tags: only its managed part is sent"
                    );
                    inline.clear();
                }
                _ => return Err(failure),
            }
        }
    }
}

/// The next shorter session, where the length is what was refused.
fn shorter(seconds: i32, failure: &Failure) -> Option<i32> {
    let refused = failure.code == "ValidationError" && failure.message.contains("DurationSeconds");
    SHORTER_SESSIONS.into_iter().find(|&less| refused && less < seconds)
}

/// The narrowing as the two parameters that STS takes.
fn narrow(
    narrowing: Option<&SessionPolicy>,
) -> (Option<String>, Option<Vec<PolicyDescriptorType>>) {
    let Some(SessionPolicy { policy_arns, inline }) = narrowing else { return (None, None) };
    let described = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
    let arns = policy_arns.iter().map(described).collect();
    ((!inline.is_empty()).then(|| inline.clone()), Some(arns))
}

fn entered(
    user: Option<AssumedRoleUser>,
    given: Option<Given>,
) -> Result<(Credentials, Principal), Failure> {
    let arn = user.map(|user| user.arn).unwrap_or_default();
    let (Some(given), Some(caller)) = (given, whose(&arn)) else {
        return Err(unreadable(ASSUME, &arn));
    };
    let seconds = u64::try_from(given.expiration.secs()).unwrap_or_default();
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        "AssumeRole",
    );
    Ok((credentials, caller))
}

fn whose(arn: &str) -> Option<Principal> {
    let (partition, account) = owner(arn)?;
    Some(Principal { arn: arn.to_owned(), account, partition: partition.to_owned() })
}

fn unreadable(operation: &str, arn: &str) -> Failure {
    let message = format!("the answer names {arn:?} as the principal");
    Failure::new(FailureKind::Transient, "UnreadableBody", message).during(operation)
}

/// `orgsweep-<scan>`, as much of it as STS takes.
fn session_name(scan: Option<&ScanId>) -> String {
    let mut name = scan
        .map_or_else(|| "orgsweep".to_owned(), |scan| format!("orgsweep-{}", token(scan.as_str())));
    name.truncate(LONGEST_NAME);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_after_its_scan() {
        let scan = ScanId::new("20261122T031700-0badcafe").expect("an id");
        assert_eq!(session_name(Some(&scan)), "orgsweep-20261122T031700-0badcafe");
        let odd = ScanId::new("ä b".repeat(40)).expect("an id");
        assert_eq!(session_name(Some(&odd)).len(), 9 + 40);
        assert!(session_name(ScanId::new("x".repeat(200)).ok().as_ref()).len() <= LONGEST_NAME);
    }

    #[test]
    fn only_a_refused_length_makes_a_session_shorter() {
        let refused =
            |message: &str| Failure::new(FailureKind::Invalid, "ValidationError", message);
        let length = refused("The requested DurationSeconds exceeds the MaxSessionDuration");
        assert_eq!(shorter(7200, &length), Some(3600));
        assert_eq!(shorter(3600, &length), Some(900));
        assert_eq!(shorter(900, &length), None);
        assert_eq!(shorter(7200, &refused("externalId")), None);
    }
}
