//! The session policy: what a session in a member account may do at most, whatever its role may.

use super::deny::deny_in_session;
use super::document::Document;

/// The most characters that the inline document and the ARNs of a session may have together.
pub const SESSION_LIMIT: usize = 2048;

/// What is handed to `AssumeRole`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPolicy {
    /// The ARNs of the managed policies that the session is cut to.
    pub policy_arns: Vec<String>,
    /// The inline document, on one line.
    pub inline: String,
}

/// The session policy of a partition: AWS's `ReadOnlyAccess`, less the worst of the banned reads
/// (there is no room for all of them; the role's own policy denies the rest).
///
/// A partition is a word of the catalog's table, e.g. `aws-cn`.
#[must_use]
pub fn session_policy(partition: &str) -> SessionPolicy {
    SessionPolicy {
        policy_arns: vec![format!("arn:{partition}:iam::aws:policy/ReadOnlyAccess")],
        inline: Document::new(deny_in_session(partition)).compact(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_policy_fits_in_every_partition() {
        for partition in ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b"] {
            let policy = session_policy(partition);
            let size =
                policy.inline.len() + policy.policy_arns.iter().map(String::len).sum::<usize>();
            assert!(size <= SESSION_LIMIT, "{partition}: {size}");
            let own = format!("arn:{partition}:");
            assert!(policy.policy_arns.iter().all(|arn| arn.starts_with(&own)));
            assert_eq!(policy.inline.matches("arn:").count(), policy.inline.matches(&own).count());
        }
    }

    #[test]
    fn the_session_policy_is_stable() {
        insta::assert_snapshot!(session_policy("aws").inline);
    }
}
