//! What a failure means and what to do about it: one rule for every cause there is.

use protocol::{DeniedBy, Evidence, FailureKind, Status};

/// Why cells are unknown, as far as it decides what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    pub(crate) status: Status,
    pub(crate) kind: Option<FailureKind>,
    pub(crate) code: Option<String>,
    pub(crate) denied_by: Option<DeniedBy>,
    pub(crate) policy_arn: Option<String>,
    pub(crate) evidence: Evidence,
}

/// Says what to do about a cause, in a sentence or two.
pub(crate) fn advise(cause: &Cause) -> &'static str {
    match cause.status {
        Status::RoleFailed => role(cause),
        Status::NotRun => not_run(cause),
        _ => match cause.kind {
            Some(FailureKind::Denied) => denied(cause),
            Some(FailureKind::Throttled) => {
                "The account's own workload uses the API too. Run these cells again at a quieter hour, or with a \
                 smaller --budget-share."
            }
            Some(FailureKind::Unreachable) => unreachable(cause),
            Some(FailureKind::RoleFailed) => role(cause),
            kind => other(kind, cause),
        },
    }
}

fn denied(cause: &Cause) -> &'static str {
    match cause.denied_by {
        Some(DeniedBy::Scp) => {
            "A service control policy denies the call: `orgsweep report denials` tells which, and where it is attached. If it closes the region or service on purpose, leave that out \
             with --exclude-region or --exclude-service; else except the scanning role in the policy's condition."
        }
        Some(DeniedBy::Rcp) => {
            "A resource control policy denies the call: `orgsweep report denials` tells which. Except the scanning role in the policy's condition \
             (aws:PrincipalArn)."
        }
        Some(DeniedBy::Boundary) => {
            "The role's permissions boundary does not allow the call. Widen the boundary by the actions that \
             `orgsweep catalog iam-policy --for member` prints, or remove it from the role."
        }
        Some(DeniedBy::Session) => {
            "The session policy denies the call: it allows what AWS's ReadOnlyAccess allows, minus reads of secrets \
             and data. Nothing is to be done in the account; please report the service."
        }
        Some(DeniedBy::Resource) => {
            "The resource's own policy denies the role. Allow the role to read there, or accept that this one thing \
             stays unknown."
        }
        Some(DeniedBy::Identity) => {
            "The role lacks the action. Attach the policy that `orgsweep catalog iam-policy --for member` prints."
        }
        Some(DeniedBy::Unstated) | None => {
            "The answer does not say which policy denied: `orgsweep report denials` tells whether one of the \
             organization does. Else `orgsweep check-access` tells what is missing; most often it \
             is the policy that `orgsweep catalog iam-policy --for member` prints."
        }
    }
}

fn role(cause: &Cause) -> &'static str {
    match cause.kind {
        Some(FailureKind::Denied | FailureKind::RoleFailed) => {
            "The role could not be assumed: it is not there, its trust policy does not name us, or its external id \
             differs. Deploy the trust policy that `orgsweep catalog iam-policy --for member` prints, then \
             `orgsweep check-access`."
        }
        Some(FailureKind::Throttled) => "STS asked us to slow down. Run these accounts again.",
        Some(FailureKind::Unreachable) => {
            "STS could not be reached from here. Check proxy, DNS and the hub region, then run these accounts again."
        }
        Some(FailureKind::Expired) => {
            "The credentials that enter the account have expired. Sign in again, then run these accounts again."
        }
        _ => {
            "The account could not be entered. `orgsweep check-access` says why; mend it, then run these accounts again."
        }
    }
}

fn not_run(cause: &Cause) -> &'static str {
    if cause.evidence == Evidence::Predicted {
        return "A policy is predicted to deny it, so nothing was called. Run it again by name to try it all the same.";
    }
    match cause.kind {
        Some(_) => {
            "The account's regions could not be listed, so regions that need an opt-in were not tried. Allow \
             account:ListRegions or ec2:DescribeRegions, then run these cells again."
        }
        None => {
            "The scan was stopped before these cells. `orgsweep resume` goes on where it stopped."
        }
    }
}

fn unreachable(cause: &Cause) -> &'static str {
    if cause.code.as_deref().is_some_and(|code| code.to_ascii_lowercase().contains("timeout")) {
        return "Nobody answered in time. Run these cells again, with a longer --call-timeout if it stays so.";
    }
    "The endpoint could not be reached: DNS, proxy, firewall, VPC endpoint policy, or a region that is closed to this \
     network. Run these cells again from where it can be reached."
}

fn other(kind: Option<FailureKind>, cause: &Cause) -> &'static str {
    match (kind, cause.code.as_deref()) {
        (_, Some("FirstIsEnough")) => {
            "Nothing is wrong: the first page proves what was asked, and those after it were not read."
        }
        (_, Some("PageCap" | "ItemCap")) => {
            "The list is longer than the cap, and what was read proves nothing. Narrow the scan to these services and \
             report the account's size, so that the cap can be raised."
        }
        (Some(FailureKind::Invalid), _) => {
            "The request was wrong: the catalog is at fault, not the account. Please report the service and the code."
        }
        (Some(FailureKind::Expired), _) => {
            "The credentials expired and could not be renewed. Sign in again, then run these cells again."
        }
        (Some(FailureKind::Transient), _) => {
            "The service broke or its answer was cut. Run these cells again; it passes most of the time."
        }
        _ => {
            "The service answered with a code of its own: read the message, then run these cells again."
        }
    }
}

/// The command that runs just these cells again.
pub(crate) fn rerun(scan: &str, cause: &Cause) -> String {
    if cause.status == Status::NotRun && cause.kind.is_none() {
        return format!("orgsweep resume {scan}");
    }
    let mut command = format!("orgsweep requeue {scan} --status {}", cause.status);
    // A code comes from outside: only a plain one may stand in a line that people paste.
    if let Some(code) = cause.code.as_deref().filter(|code| is_plain(code)) {
        command.push_str(" --code ");
        command.push_str(code);
    }
    command
}

/// Whether a shell reads the text as the text itself.
pub(crate) fn is_plain(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(status: Status, kind: Option<FailureKind>, code: &str) -> Cause {
        Cause {
            status,
            kind,
            code: Some(code.to_owned()),
            denied_by: None,
            policy_arn: None,
            evidence: Evidence::Failure,
        }
    }

    #[test]
    fn every_cause_gets_a_sentence() {
        let kinds = FailureKind::ALL.iter().copied().map(Some).chain([None]);
        for kind in kinds {
            for status in Status::ALL.iter().filter(|status| !status.is_known()) {
                let mut cause = cause(*status, kind, "X");
                for denier in DeniedBy::ALL.iter().copied().map(Some).chain([None]) {
                    cause.denied_by = denier;
                    assert!(advise(&cause).ends_with('.'), "{cause:?}");
                }
            }
        }
    }

    #[test]
    fn a_hostile_code_never_stands_in_a_command() {
        let cause = cause(Status::Denied, Some(FailureKind::Denied), "X; rm -rf /");
        assert_eq!(rerun("s-1", &cause), "orgsweep requeue s-1 --status denied");
    }

    #[test]
    fn cells_that_were_never_reached_are_resumed_not_requeued() {
        let mut cause = cause(Status::NotRun, None, "");
        cause.code = None;
        assert_eq!(rerun("s-1", &cause), "orgsweep resume s-1");
    }
}
