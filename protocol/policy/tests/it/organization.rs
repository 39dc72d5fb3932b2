//! An organization's policies as they were read, asked about calls of our own.

use std::collections::BTreeMap;

use policy::organization::{ACCOUNT, Kind, Organization, Subject};
use policy::{Decision, Denial, Grant};
use protocol::holding::{Holding, Policy, PolicyType, Target};
use protocol::judge::Judgement;
use protocol::plan::{CallFacts, ProbeFacts};
use protocol::{Failure, FailureKind, Region};

use crate::{missing, verdict};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const OTHER: &str = "333333333333";
/// Looked at by credentials as they are.
const OWN: &str = "444444444444";
const FULL: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
/// The usual one: only some regions, but for what is global and for a role.
const REGIONS: &str = r#"{"Version": "2012-10-17", "Statement": {
    "Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"},
                  "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/*/looks"}}}}"#;
const TAGGED: &str = r#"{"Version": "2012-10-17", "Statement": {
    "Effect": "Deny", "Action": "sqs:*", "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "core"}}}}"#;

fn policy(id: &str, content: Option<&str>, targets: Option<&[&str]>) -> Policy {
    let target =
        |id: &&str| Target { id: (*id).to_owned(), kind: String::new(), name: (*id).to_owned() };
    Policy {
        id: id.to_owned(),
        arn: None,
        kind: Kind::ServiceControl.as_str().to_owned(),
        name: id.to_owned(),
        description: None,
        provided: false,
        content: content.map(str::to_owned),
        targets: targets.map(|targets| targets.iter().map(target).collect()),
    }
}

fn holding(policies: Vec<Policy>) -> Holding {
    let enabled = |kind: Kind| PolicyType {
        root: "r-1".parse().unwrap(),
        kind: kind.as_str().to_owned(),
        status: "ENABLED".to_owned(),
    };
    let everywhere = Some(&["r-1", "ou-1", MEMBER, OTHER, OWN][..]);
    let policies = [policy("p-full", Some(FULL), everywhere)].into_iter().chain(policies).collect();
    Holding { policy_types: Kind::ALL.map(enabled).into(), policies, ..Holding::default() }
}

fn organization(policies: Vec<Policy>) -> Organization {
    Organization::new("o-1", MANAGEMENT, holding(policies), true)
}

fn member(account: &'static str, role: Option<&'static str>) -> Subject<'static> {
    Subject { account, path: Some("r-1/ou-1"), role, partition: Some("aws") }
}

fn us() -> Subject<'static> {
    member(OTHER, Some("arn:aws:iam::333333333333:role/audit/looks"))
}

fn asked(organization: &mut Organization, subject: Subject<'_>, action: &str) -> Decision {
    let decision = organization.decide(Kind::ServiceControl, subject, action, Some("us-east-1"));
    Decision::clone(&decision)
}

#[test]
fn what_rests_on_the_role_is_told_for_each_account_by_itself() {
    let mut org = organization(vec![policy("p-regions", Some(REGIONS), Some(&["ou-1"]))]);
    let exempt = member(MEMBER, Some("arn:aws:iam::222222222222:role/audit/looks"));
    for _ in 0..2 {
        let Decision::Denied(Denial::Statements(places)) = asked(&mut org, us(), "sqs:ListQueues")
        else {
            panic!("the region is closed")
        };
        assert_eq!(places[0].to_string(), "statement 0 (Regions) of p-regions at ou-1");
        assert_eq!(verdict(&asked(&mut org, exempt, "sqs:ListQueues")), Some(true));
        assert_eq!(verdict(&asked(&mut org, us(), "iam:ListRoles")), Some(true));
    }
    let unknown = asked(&mut org, member(OWN, None), "sqs:ListQueues");
    assert_eq!(missing(&unknown), ["the condition key aws:PrincipalArn"]);
}

#[test]
fn the_management_account_and_service_linked_roles_are_exempt() {
    let nothing = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    let mut org = organization(vec![policy("p-none", Some(nothing), Some(&["r-1"]))]);
    let linked = "arn:aws:iam::333333333333:role/aws-service-role/config.amazonaws.com/x";
    for subject in
        [Subject { account: MANAGEMENT, path: Some("r-1"), ..us() }, member(OTHER, Some(linked))]
    {
        assert_eq!(asked(&mut org, subject, "a:b"), Decision::Allowed(Grant::Exempt));
    }
    assert_eq!(verdict(&asked(&mut org, us(), "a:b")), Some(false));
}

#[test]
fn what_was_not_read_is_never_taken_for_not_there() {
    let told = |org: &mut Organization, subject| missing(&asked(org, subject, "sqs:ListQueues"));
    let mut org = organization(vec![policy("p-1", None, Some(&["ou-1"]))]);
    assert_eq!(told(&mut org, us()), ["the text of policy p-1 at ou-1"]);
    let mut org = organization(vec![policy("p-1", Some("{}"), Some(&["ou-1"]))]);
    assert_eq!(told(&mut org, us()), ["the text of policy p-1 at ou-1"]);
    let error = org.policy("p-1").and_then(|known| known.policy.clone()).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the policy has no Statement");

    // A policy that may be attached to anything, or that nobody listed.
    let mut org = organization(vec![policy("p-1", Some(REGIONS), None)]);
    let lacks = |level| format!("the policies that are attached to {level}");
    let each: Vec<String> = [ACCOUNT, "ou-1", "r-1"].map(lacks).into();
    assert_eq!(told(&mut org, us()), each);
    let mut unlisted = holding(vec![]);
    unlisted.lack("the list", Failure::new(FailureKind::Denied, "AccessDenied", "no"));
    assert_eq!(told(&mut Organization::new("o-1", MANAGEMENT, unlisted, true), us()), each);

    let mut nothing = Organization::new("o-1", MANAGEMENT, Holding::default(), false);
    assert_eq!(told(&mut nothing, us()), [lacks("the units above the account")]);
    let mut org = organization(vec![]);
    let nowhere = Subject { path: None, ..us() };
    assert_eq!(told(&mut org, nowhere), [lacks("the units above the account")]);
}

#[test]
fn a_kind_of_policies_that_is_not_enabled_binds_nobody() {
    let nothing = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    let mut read = holding(vec![policy("p-none", Some(nothing), Some(&["r-1"]))]);
    read.policy_types.retain(|known| known.kind != Kind::ServiceControl.as_str());
    let mut org = Organization::new("o-1", MANAGEMENT, read.clone(), true);
    assert_eq!(verdict(&asked(&mut org, us(), "a:b")), Some(true));
    read.policy_types.push(PolicyType {
        root: "r-1".parse().unwrap(),
        kind: Kind::ServiceControl.as_str().to_owned(),
        status: "PENDING_DISABLE".to_owned(),
    });
    let mut org = Organization::new("o-1", MANAGEMENT, read, true);
    assert_eq!(verdict(&asked(&mut org, us(), "a:b")), None);
}

#[test]
fn resource_control_policies_deny_only_what_they_are_known_to_cover() {
    let nothing =
        r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}"#;
    let kind = Kind::ResourceControl.as_str().to_owned();
    let policies = vec![Policy { kind, ..policy("p-none", Some(nothing), Some(&["r-1"])) }];
    let mut org = organization(policies);
    let mut told = |action: &str| {
        let decision = org.decide(Kind::ResourceControl, us(), action, None);
        (verdict(&decision), missing(&decision))
    };
    assert_eq!(told("S3:ListAllMyBuckets"), (Some(false), vec![]));
    let doubt = "whether resource control policies cover ec2".to_owned();
    assert_eq!(told("ec2:DescribeInstances"), (None, vec![doubt]));
}

fn probe(calls: &[(&str, &[&str], bool)]) -> ProbeFacts {
    let call = |(operation, actions, root): &(&str, &[&str], bool)| CallFacts {
        operation: (*operation).to_owned(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        root: *root,
        follows: !*root,
    };
    ProbeFacts {
        id: "probe".parse().unwrap(),
        service: "probe".parse().unwrap(),
        title: String::new(),
        category: String::new(),
        global: false,
        judgement: Judgement::Resources,
        curated: true,
        decides: true,
        expected_millicalls: 0,
        calls: calls.iter().map(call).collect(),
        homes: BTreeMap::from([("aws".to_owned(), "us-east-1".parse().unwrap())]),
    }
}

#[test]
fn a_cell_is_predicted_only_where_every_call_of_its_own_is_denied_for_certain() {
    let mut org = organization(vec![
        policy("p-regions", Some(REGIONS), Some(&["ou-1"])),
        policy("p-tagged", Some(TAGGED), Some(&["r-1"])),
    ]);
    let (near, far) = (Region::new("eu-west-1").unwrap(), Region::new("us-east-1").unwrap());
    let lists = probe(&[("ListKeys", &["kms:ListKeys"], true), ("GetKey", &["kms:Get"], false)]);
    let prediction = org.predict(us(), &lists, &far).unwrap();
    assert_eq!((&*prediction.operation, &*prediction.action), ("ListKeys", "kms:ListKeys"));
    assert_eq!(org.predict(us(), &lists, &near), None);
    assert!(org.predict(us(), &lists, &Region::global()).is_some(), "its home is far");
    let elsewhere = Subject { partition: None, ..us() };
    assert_eq!(org.predict(elsewhere, &lists, &Region::global()), None, "nobody knows its home");
    let mixed = probe(&[("A", &["kms:ListKeys"], true), ("B", &["iam:ListRoles"], true)]);
    assert_eq!(org.predict(us(), &mixed, &far), None, "one of the calls is let through");
    let doubtful = probe(&[("ListQueues", &["sqs:ListQueues"], true)]);
    assert_eq!(org.predict(us(), &doubtful, &near), None, "it depends on a tag");
    assert!(org.predict(us(), &doubtful, &far).is_some(), "whatever the tag is");
    assert_eq!(org.predict(us(), &probe(&[]), &far), None, "nobody wrote down what it asks");
}
