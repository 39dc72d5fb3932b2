//! ARNs: six fields between colons, of any partition, compared as they are written.

use crate::glob::{Glob, push_text, takes, takes_all};
use crate::truth::Truth;

/// The fields of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

/// Takes an ARN apart; nothing when it is none.
pub(crate) fn parse(text: &str) -> Option<Arn<'_>> {
    let mut fields = text.splitn(6, ':');
    let mut next = || fields.next();
    let ("arn", partition, service, _, account, resource) =
        (next()?, next()?, next()?, next()?, next()?, next()?)
    else {
        return None;
    };
    Some(Arn { partition, service, account, resource })
}

/// The account that an ARN names.
pub(crate) fn account(text: &str) -> Option<&str> {
    parse(text).map(|arn| arn.account).filter(|account| is_account(account))
}

/// Whether it is an account's id: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a `Resource` pattern takes a resource.
///
/// AWS says that a wildcard stays within its field unless it ends it. So: no when not even a
/// wildcard that crosses colons would match, yes when the fields match one by one or the pattern
/// ends early in a `*`, and cannot tell between the two.
pub(crate) fn resource_matches(pattern: &[Glob], resource: &str) -> Truth {
    if !takes(pattern, resource) {
        return Truth::No;
    }
    let early = || split(pattern).len() < 6 && pattern.last() == Some(&Glob::Many);
    if takes_all(pattern) || parse(resource).is_none() || by_field(pattern, resource) || early() {
        return Truth::Yes;
    }
    Truth::unclear("a wildcard of Resource would have to cross a colon")
}

/// Whether an `ArnEquals` or `ArnLike` pattern takes an ARN, field by field.
pub(crate) fn arn_matches(pattern: &[Glob], arn: &str) -> Truth {
    if !takes(pattern, arn) {
        return Truth::No;
    }
    if parse(arn).is_none() {
        return Truth::unclear("an ARN operator on a key that holds no ARN");
    }
    if split(pattern).len() < 6 {
        return Truth::unclear("an ARN operator with a pattern of fewer than six fields");
    }
    by_field(pattern, arn).into()
}

fn by_field(pattern: &[Glob], arn: &str) -> bool {
    let patterns = split(pattern);
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    patterns.len() == fields.len()
        && patterns.iter().zip(fields).all(|(pattern, field)| takes(pattern, field))
}

/// The pattern's fields: cut at its first five colons.
fn split(pattern: &[Glob]) -> Vec<Vec<Glob>> {
    let mut fields = vec![Vec::new()];
    for glob in pattern {
        let Glob::Text(text) = glob else {
            if let Some(field) = fields.last_mut() {
                field.push(glob.clone());
            }
            continue;
        };
        let left = 6_usize.saturating_sub(fields.len());
        for (index, part) in text.splitn(left + 1, ':').enumerate() {
            if index > 0 {
                fields.push(Vec::new());
            }
            if let Some(field) = fields.last_mut() {
                push_text(field, part);
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::compile;

    #[test]
    fn an_arn_of_any_partition_has_its_account() {
        for arn in [
            "arn:aws:iam::123456789012:role/a",
            "arn:aws-cn:iam::123456789012:root",
            "arn:aws-us-gov:sts::123456789012:assumed-role/a/b",
        ] {
            assert_eq!(account(arn), Some("123456789012"), "{arn}");
        }
        assert_eq!(account("arn:aws:s3:::bucket"), None);
        assert_eq!(account("123456789012"), None);
    }

    #[test]
    fn resources_match_by_field_and_a_closing_star_goes_on() {
        let truth = |pattern: &str, arn: &str| resource_matches(&compile(pattern), arn);
        let instance = "arn:aws:ec2:eu-west-1:123456789012:instance/i-1";
        assert_eq!(truth("*", instance), Truth::Yes);
        assert_eq!(truth("*", "*"), Truth::Yes);
        assert_eq!(truth("arn:aws:ec2:*", instance), Truth::Yes);
        assert_eq!(truth("arn:*:ec2:*:*:instance/*", instance), Truth::Yes);
        assert_eq!(truth("arn:aws:ec2:eu-*-1:123456789012:*/i-?", instance), Truth::Yes);
        assert_eq!(truth("arn:aws-cn:ec2:*:*:instance/*", instance), Truth::No);
        assert_eq!(truth("arn:aws:ec2:*:*:instance/*", "*"), Truth::No);
        assert_eq!(truth("arn:aws:EC2:*", instance), Truth::No);
        assert!(matches!(truth("arn:aws:e*012:instance/i-1", instance), Truth::Open(_)));
        let group = "arn:aws:logs:eu-west-1:123456789012:log-group:a:log-stream:b";
        assert_eq!(truth("arn:aws:logs:*:*:log-group:*:log-stream:*", group), Truth::Yes);
    }

    #[test]
    fn arn_operators_keep_wildcards_within_their_field() {
        let truth = |pattern: &str| {
            arn_matches(&compile(pattern), "arn:aws:iam::123456789012:role/team/admin")
        };
        assert_eq!(truth("arn:aws:iam::*:role/*/admin"), Truth::Yes);
        assert_eq!(truth("arn:*:*:*:*:*"), Truth::Yes);
        assert_eq!(truth("arn:aws:iam::123456789012:role/Team/admin"), Truth::No);
        assert_eq!(truth("arn:aws:iam::1*:admin:x"), Truth::No);
        assert!(matches!(truth("arn:aws:*"), Truth::Open(_)));
    }
}
