//! What narrows every role that is assumed: reading only, and never secrets, data or code.

use catalog::banned;

use crate::sts::Narrowing;

/// The session policy of a partition: AWS's own read-only policy, minus the banned reads.
pub(crate) fn session_policy(partition: &str) -> Narrowing {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": banned::BANNED, "Resource": "*" }],
    });
    Narrowing {
        arns: vec![format!("arn:{partition}:iam::aws:policy/ReadOnlyAccess")],
        document: document.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_and_arn_share_2048_characters() {
        let policy = session_policy("aws-us-gov");
        let length = policy.document.len() + policy.arns.iter().map(String::len).sum::<usize>();
        assert!(length <= 2048, "{length}");
        assert!(policy.arns[0].starts_with("arn:aws-us-gov:"));
    }
}
