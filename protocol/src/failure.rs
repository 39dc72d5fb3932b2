//! A failure as data: what happened, what the other side said, and who denied.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::status::{Status, words};

words! {
    /// What kind of failure it is; the kind alone decides whether it is tried again.
    FailureKind, "failure kind" {
        /// Access was denied.
        Denied = "denied",
        /// The other side asked us to slow down.
        Throttled = "throttled",
        /// DNS, connect, TLS or time-out: nobody answered.
        Unreachable = "unreachable",
        /// The other side broke, or its answer was cut or unreadable.
        Transient = "transient",
        /// The credentials have expired and a renewed set was refused too.
        Expired = "expired",
        /// The service is not enabled or not subscribed: an answer, not a fault.
        Off = "off",
        /// The thing asked for does not exist: an answer, not a fault.
        Absent = "absent",
        /// The service does not exist there.
        NotOffered = "not_offered",
        /// The region is not opted in for the account.
        RegionOff = "region_off",
        /// The account could not be entered.
        RoleFailed = "role_failed",
        /// The request was wrong: the catalog is at fault.
        Invalid = "invalid",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// The kind of policy that denied.
    DeniedBy, "denier" {
        /// A service control policy.
        Scp = "scp",
        /// A resource control policy.
        Rcp = "rcp",
        /// A permissions boundary.
        Boundary = "boundary",
        /// A session policy.
        Session = "session",
        /// An identity-based policy, or the lack of one.
        Identity = "identity",
        /// A resource-based policy.
        Resource = "resource",
        /// The answer does not say.
        Unstated = "unstated",
    }
}

/// Why a call, a task or an entry into an account did not give an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure; decides retry and status.
    pub kind: FailureKind,
    /// The other side's code, or our own word where it gave none (`Timeout`, `PageCap`).
    pub code: String,
    /// The other side's message, at most [`Failure::MESSAGE_LIMIT`] bytes, never a secret.
    pub message: String,
    /// The operation that failed, e.g. `ListDetectors`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The other side's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the other side asks us to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Who denied, where [`Self::kind`] is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<DeniedBy>,
    /// The ARN of the denying policy, where the answer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_arn: Option<String>,
}

impl Failure {
    /// The longest message that is kept, in bytes.
    pub const MESSAGE_LIMIT: usize = 1024;

    /// The code of a call that was not made because a policy is predicted to deny it.
    pub const PREDICTED: &str = "PredictedDenied";

    const BUDGET_WAIT: &str = "BudgetWait";

    /// A failure with its kind, code and message; the rest is unset.
    #[must_use]
    pub fn new(kind: FailureKind, code: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: cut(message.as_ref(), Self::MESSAGE_LIMIT).to_owned(),
            operation: None,
            http_status: None,
            request_id: None,
            retry_after_ms: None,
            denied_by: None,
            policy_arn: None,
        }
    }

    /// A call that was not made: its token is not there for another `wait`. Nothing failed, and nothing is spent.
    #[must_use]
    pub fn turn(class: &str, wait: std::time::Duration) -> Self {
        let message = format!("the budget of {class} has no token yet");
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let failure = Self::new(FailureKind::Throttled, Self::BUDGET_WAIT, message);
        Self { retry_after_ms: Some(wait), ..failure }
    }

    /// Whether it is one of [`Self::turn`].
    #[must_use]
    pub fn waits_its_turn(&self) -> bool {
        self.kind == FailureKind::Throttled && self.code == Self::BUDGET_WAIT
    }

    /// The same failure, with the operation that met it.
    #[must_use]
    pub fn during(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// The status of a cell about which only this failure is known.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.kind {
            FailureKind::Denied => Status::Denied,
            FailureKind::Throttled => Status::Throttled,
            FailureKind::Unreachable => Status::Unreachable,
            FailureKind::Off | FailureKind::Absent => Status::Off,
            FailureKind::NotOffered => Status::NotOffered,
            FailureKind::RegionOff => Status::RegionOff,
            FailureKind::RoleFailed => Status::RoleFailed,
            FailureKind::Transient
            | FailureKind::Expired
            | FailureKind::Invalid
            | FailureKind::Other => Status::Error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{} ({}): {}", self.code, self.kind, self.message)
    }
}

impl std::error::Error for Failure {}

/// The text, cut to at most `limit` bytes at a character's border.
#[must_use]
pub fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let failure = Failure::new(FailureKind::Other, "X", "é".repeat(Failure::MESSAGE_LIMIT));
        assert_eq!(failure.message.len(), Failure::MESSAGE_LIMIT);
    }

    #[test]
    fn an_answer_is_known_and_a_fault_is_not() {
        let known = |kind| Failure::new(kind, "", "").status().is_known();
        assert!(known(FailureKind::Off) && known(FailureKind::NotOffered));
        assert!(!known(FailureKind::Denied) && !known(FailureKind::Transient));
    }
}
