//! Service control policies from the root down.

use policy::hierarchy::{Attached, Level, decide};
use policy::{Decision, Denial, Grant, Policy, Request};

use crate::{missing, read, verdict};

fn full() -> Policy {
    read(
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
    )
}

fn level<'a>(name: &'a str, policies: &'a [Attached<'a>]) -> Level<'a> {
    Level { name, policies, complete: true }
}

fn attached<'a>(id: &'a str, policy: &'a Policy) -> Attached<'a> {
    Attached { id, policy: Some(policy) }
}

fn ask(action: &str) -> Request {
    Request::new(action).on("*").in_region("us-east-1")
}

#[test]
fn every_level_must_allow_and_the_silent_one_is_named() {
    let (full, s3) =
        (full(), read(r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#));
    let (all, some) = ([attached("p-full", &full)], [attached("p-s3", &s3)]);
    let levels = [level("root", &all), level("ou-prod", &some), level("123456789012", &all)];
    let allowed = decide(&levels, &ask("s3:ListAllMyBuckets"), false);
    let Decision::Allowed(Grant::Statements(places)) = allowed else { panic!("{allowed:?}") };
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    assert_eq!(
        places,
        [
            "statement 0 of p-full at root",
            "statement 0 of p-s3 at ou-prod",
            "statement 0 of p-full at 123456789012",
        ]
    );
    let denied = decide(&levels, &ask("ec2:DescribeInstances"), false);
    let level = Some("ou-prod".to_owned());
    assert_eq!(denied, Decision::Denied(Denial::Unallowed { level }));
}

#[test]
fn a_denial_at_any_level_wins_and_all_that_deny_are_named() {
    let full = full();
    let deny = read(
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
            {"Sid": "NoGuardDuty", "Effect": "Deny", "Action": "guardduty:*", "Resource": "*"}]}"#,
    );
    let both = [attached("p-full", &full), attached("p-deny", &deny)];
    let levels = [level("root", &both), level("ou-lab", &both)];
    let denied = decide(&levels, &ask("guardduty:ListDetectors"), false);
    let Decision::Denied(Denial::Statements(places)) = denied else { panic!("{denied:?}") };
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    assert_eq!(
        places,
        [
            "statement 1 (NoGuardDuty) of p-deny at root",
            "statement 1 (NoGuardDuty) of p-deny at ou-lab",
        ]
    );
}

#[test]
fn the_management_account_is_exempt_whatever_is_attached() {
    let levels = [level("root", &[])];
    assert_eq!(decide(&levels, &ask("a:b"), true), Decision::Allowed(Grant::Exempt));
    assert_eq!(verdict(&decide(&levels, &ask("a:b"), false)), Some(false), "nothing allows");
}

#[test]
fn a_policy_without_text_or_a_level_without_its_list_is_a_named_doubt() {
    let full = full();
    let unread = [attached("p-full", &full), Attached { id: "p-1", policy: None }];
    let doubt = decide(&[level("root", &unread)], &ask("a:b"), false);
    assert_eq!(missing(&doubt), ["the text of policy p-1 at root"]);
    let unlisted = Level { name: "ou-a", policies: &[attached("p-full", &full)], complete: false };
    let doubt = decide(&[unlisted], &ask("a:b"), false);
    assert_eq!(missing(&doubt), ["the policies that are attached to ou-a"]);
}

#[test]
fn a_doubt_does_not_hide_a_level_that_is_silent_for_certain() {
    let unread = [Attached { id: "p-1", policy: None }];
    let denied = decide(&[level("root", &unread), level("ou-a", &[])], &ask("a:b"), false);
    assert_eq!(denied, Decision::Denied(Denial::Unallowed { level: Some("ou-a".to_owned()) }));
}

#[test]
fn a_denial_that_depends_on_a_tag_names_the_key_and_the_statement() {
    let full = full();
    let tagged = read(
        r#"{"Version": "2012-10-17", "Statement": {"Sid": "Tagged", "Effect": "Deny", "Action": "ec2:*",
            "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "core"}}}}"#,
    );
    let policies = [attached("p-full", &full), attached("p-tag", &tagged)];
    let decision = decide(&[level("root", &policies)], &ask("ec2:DescribeVpcs"), false);
    insta::assert_json_snapshot!("doubt", decision);
    assert_eq!(
        verdict(&decide(&[level("root", &policies)], &ask("s3:ListBucket"), false)),
        Some(true)
    );
}
