//! Who we are and who we become: `GetCallerIdentity` and `AssumeRole`, regional.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sdk_sts::types::PolicyDescriptorType;
use catalog::policy::SessionPolicy;
use protocol::budget::Ask;
use protocol::{AccountId, Failure, FailureKind, ScanId};

use crate::arn::owner;
use crate::control::{Caller, Control, token};

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

    /// Assumes a role, and answers its credentials with whose they are.
    pub(crate) async fn assume(
        &self,
        caller: Caller<'_>,
        ask: &Ask,
        role: &Role,
    ) -> Result<(Credentials, Principal), Failure> {
        let client = self.sts(caller);
        let mut narrowing = role.narrowing.clone();
        let mut seconds = i32::try_from(role.seconds).unwrap_or(i32::MAX);
        loop {
            let call = || {
                let request = client
                    .assume_role()
                    .role_arn(&role.arn)
                    .role_session_name(session_name(caller.scan))
                    .set_external_id(role.external_id.clone())
                    .duration_seconds(seconds);
                let Some(SessionPolicy { policy_arns, inline }) = &narrowing else {
                    return request.send();
                };
                let described = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
                request
                    .set_policy((!inline.is_empty()).then(|| inline.clone()))
                    .set_policy_arns(Some(policy_arns.iter().map(described).collect()))
                    .send()
            };
            let failure = match self.call(Some(ask), "AssumeRole", call).await {
                Ok(answer) => return entered(answer),
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

fn entered(
    answer: aws_sdk_sts::operation::assume_role::AssumeRoleOutput,
) -> Result<(Credentials, Principal), Failure> {
    let arn = answer.assumed_role_user.map(|user| user.arn).unwrap_or_default();
    let (Some(given), Some(caller)) = (answer.credentials, whose(&arn)) else {
        return Err(unreadable("AssumeRole", &arn));
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
