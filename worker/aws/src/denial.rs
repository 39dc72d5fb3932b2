//! Who denied: what the message of a denial says about the policy behind it.
//!
//! `... with an explicit deny in a service control policy: arn:aws:organizations::...` or
//! `... because no identity-based policy allows the s3:ListBucket action`.

use protocol::DeniedBy;

/// Kinds of policies as messages name them. `session policy` comes before the others because an
/// AWS message names only one.
const PHRASES: &[(&str, DeniedBy)] = &[
    ("service control policy", DeniedBy::Scp),
    ("resource control policy", DeniedBy::Rcp),
    ("permissions boundary", DeniedBy::Boundary),
    ("session policy", DeniedBy::Session),
    ("identity-based policy", DeniedBy::Identity),
    ("resource-based policy", DeniedBy::Resource),
    ("vpc endpoint policy", DeniedBy::Resource),
];

/// What comes before the kind of policy.
const OPENINGS: &[&str] = &["explicit deny in a ", "explicit deny in an ", "because no "];

/// What a denial says about its policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The kind of policy.
    pub by: DeniedBy,
    /// The policy's ARN, where the message names it.
    pub policy_arn: Option<String>,
}

/// Reads the message of a denial.
pub(crate) fn read(message: &str) -> Denial {
    let lower = message.to_ascii_lowercase();
    let found = OPENINGS.iter().find_map(|opening| {
        let at = lower.find(opening)? + opening.len();
        let kind = PHRASES.iter().find(|(phrase, _)| lower[at..].starts_with(phrase))?;
        Some((kind.1, &message[at..]))
    });
    match found {
        Some((by, rest)) => Denial { by, policy_arn: policy_arn(rest) },
        None => Denial { by: DeniedBy::Unstated, policy_arn: None },
    }
}

/// The first ARN of a policy in a text.
fn policy_arn(text: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | ')' | '(' | ']');
    text.split(ends)
        .filter_map(|word| word.find("arn:").map(|at| word[at..].trim_end_matches(['.', ':'])))
        .find(|arn| arn.split(':').nth(5).is_some_and(|rest| rest.starts_with("policy/")))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_phrase_names_its_denier() {
        for (told, by) in [
            ("with an explicit deny in a service control policy", DeniedBy::Scp),
            ("because no service control policy allows the ec2:X action", DeniedBy::Scp),
            ("with an explicit deny in a resource control policy", DeniedBy::Rcp),
            ("with an explicit deny in a permissions boundary", DeniedBy::Boundary),
            ("because no permissions boundary allows the x action", DeniedBy::Boundary),
            ("with an explicit deny in a session policy", DeniedBy::Session),
            ("because no session policy allows", DeniedBy::Session),
            ("with an explicit deny in an identity-based policy", DeniedBy::Identity),
            ("because no identity-based policy allows", DeniedBy::Identity),
            ("with an explicit deny in a resource-based policy", DeniedBy::Resource),
            ("Access Denied", DeniedBy::Unstated),
            ("a session policy is mentioned", DeniedBy::Unstated),
        ] {
            let message = format!("User: arn:aws:sts::1:assumed-role/x/y is not authorized {told}");
            assert_eq!(read(&message), Denial { by, policy_arn: None }, "{told}");
        }
    }

    #[test]
    fn the_arn_of_the_policy_is_kept() {
        let arn = "arn:aws:organizations::111122223333:policy/o-a1/service_control_policy/p-b2";
        for after in [format!(": {arn}"), format!(" ({arn})."), format!(": {arn}. Encoded: x")] {
            let message =
                format!("not authorized with an explicit deny in a service control policy{after}");
            assert_eq!(read(&message).policy_arn.as_deref(), Some(arn), "{after}");
        }
        let user = "with an explicit deny in a session policy on arn:aws:iam::1:user/policy";
        assert_eq!(read(user).policy_arn, None);
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(
            before in "\\PC{0,40}", opening in prop::sample::select(OPENINGS), after in "\\PC{0,60}",
        ) {
            let denial = read(&format!("{before}{opening}{after}"));
            prop_assert!(denial.policy_arn.is_none_or(|arn| arn.starts_with("arn:")));
        }
    }
}
