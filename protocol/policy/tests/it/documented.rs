//! Known answers: what AWS's documentation says about policies like these.

use policy::{Caller, Decision, Denial, Request};

use crate::{is_unallowed, missing, read, verdict};

const ROLE: &str = "arn:aws:iam::123456789012:role/orgsweep/reader";

fn denies(statement: &str, request: &Request) -> Option<bool> {
    let allow = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{allow}, {statement}]}}"#);
    verdict(&read(&text).decide(request)).map(|allowed| !allowed)
}

/// Whether a condition holds for a request.
fn holds(condition: &str, request: &Request) -> Option<bool> {
    denies(
        &format!(
            r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#
        ),
        request,
    )
}

fn ask(action: &str) -> Request {
    Request::new(action).on("*").by_role(ROLE)
}

/// Deny outside of two regions, but for global services and one role.
const REGIONS: &str = r#"{
    "Sid": "OutsideOfEurope", "Effect": "Deny",
    "NotAction": ["iam:*", "organizations:*", "route53:*", "support:*", "sts:*"],
    "Resource": "*",
    "Condition": {
        "StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]},
        "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/breakglass"]}
    }}"#;

#[test]
fn a_region_denial_denies_elsewhere_but_not_global_services() {
    assert_eq!(denies(REGIONS, &ask("ec2:DescribeInstances").in_region("us-east-1")), Some(true));
    assert_eq!(denies(REGIONS, &ask("ec2:DescribeInstances").in_region("eu-west-1")), Some(false));
    assert_eq!(denies(REGIONS, &ask("iam:ListRoles").in_region("us-east-1")), Some(false));
    assert_eq!(denies(REGIONS, &ask("IAM:listroles").in_region("us-east-1")), Some(false));
    let exempt = Request::new("ec2:RunInstances").in_region("us-east-1");
    let exempt = exempt.by_role("arn:aws:iam::210987654321:role/breakglass");
    assert_eq!(denies(REGIONS, &exempt), Some(false));
    assert_eq!(denies(REGIONS, &ask("ec2:DescribeInstances")), None);
}

#[test]
fn a_definite_denial_names_its_statement() {
    let policy = read(&format!(r#"{{"Statement": {REGIONS}}}"#));
    let decision = policy.decide(&ask("ec2:DescribeInstances").in_region("us-east-1"));
    let Decision::Denied(Denial::Statements(places)) = decision else { panic!("{decision:?}") };
    assert_eq!(places[0].to_string(), "statement 0 (OutsideOfEurope)");
}

#[test]
fn leaving_the_organization_is_denied_and_nothing_else() {
    let leave =
        r#"{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}"#;
    assert_eq!(denies(leave, &ask("organizations:LeaveOrganization")), Some(true));
    assert_eq!(denies(leave, &ask("organizations:DescribeOrganization")), Some(false));
}

#[test]
fn an_allow_list_allows_only_what_it_lists() {
    let list = read(
        r#"{"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": ["s3:*", "kms:List*"], "Resource": "*"}}"#,
    );
    assert_eq!(verdict(&list.decide(&ask("s3:ListAllMyBuckets"))), Some(true));
    assert_eq!(verdict(&list.decide(&ask("kms:ListKeys"))), Some(true));
    assert!(is_unallowed(&list.decide(&ask("ec2:DescribeInstances"))));
    assert!(is_unallowed(&list.decide(&ask("kms:Encrypt"))));
}

#[test]
fn not_action_with_allow_allows_all_the_rest() {
    let rest = read(r#"{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}"#);
    assert_eq!(verdict(&rest.decide(&ask("s3:GetObject"))), Some(true));
    assert!(is_unallowed(&rest.decide(&ask("iam:CreateUser"))));
}

#[test]
fn a_key_that_is_not_there_fails_what_is_positive_and_holds_what_is_negated() {
    let request = ask("s3:GetObject").without("aws:SourceVpce");
    assert_eq!(holds(r#"{"StringEquals": {"aws:SourceVpce": "a"}}"#, &request), Some(false));
    assert_eq!(holds(r#"{"StringNotEquals": {"aws:SourceVpce": "a"}}"#, &request), Some(true));
    assert_eq!(holds(r#"{"StringEqualsIfExists": {"aws:SourceVpce": "a"}}"#, &request), Some(true));
    assert_eq!(holds(r#"{"BoolIfExists": {"aws:SourceVpce": "true"}}"#, &request), Some(true));
    assert_eq!(holds(r#"{"NumericLessThan": {"aws:SourceVpce": "1"}}"#, &request), Some(false));
}

#[test]
fn if_exists_compares_a_key_that_is_there() {
    let request = ask("ec2:RunInstances").with("ec2:InstanceType", ["t3.micro"]);
    let like = |value| format!(r#"{{"StringLikeIfExists": {{"ec2:InstanceType": ["{value}"]}}}}"#);
    assert_eq!(holds(&like("t3.*"), &request), Some(true));
    assert_eq!(holds(&like("m5.*"), &request), Some(false));
    assert_eq!(holds(&like("t3.*"), &ask("ec2:RunInstances")), None);
}

#[test]
fn for_all_values_is_true_of_nothing_and_for_any_value_is_not() {
    let tags = |form: &str| format!(r#"{{"{form}:StringEquals": {{"aws:TagKeys": ["a", "b"]}}}}"#);
    let (all, any) = (tags("ForAllValues"), tags("ForAnyValue"));
    let with = |keys: &[&str]| ask("ec2:CreateTags").with("aws:TagKeys", keys.iter().copied());
    for (keys, expected_all, expected_any) in [
        (&[][..], true, false),
        (&["a"][..], true, true),
        (&["a", "b"][..], true, true),
        (&["a", "c"][..], false, true),
        (&["A"][..], false, false),
    ] {
        assert_eq!(holds(&all, &with(keys)), Some(expected_all), "{keys:?}");
        assert_eq!(holds(&any, &with(keys)), Some(expected_any), "{keys:?}");
    }
    let absent = with(&[]);
    let negated = r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}"#;
    assert_eq!(holds(negated, &absent), Some(false));
    assert_eq!(holds(negated, &with(&["a", "c"])), Some(true));
    assert_eq!(
        holds(r#"{"ForAllValues:StringNotLike": {"aws:TagKeys": "a*"}}"#, &absent),
        Some(true)
    );
    let contested = r#"{"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}"#;
    assert_eq!(holds(contested, &absent), None);
}

#[test]
fn null_asks_whether_the_key_is_there() {
    let null = |value: &str| format!(r#"{{"Null": {{"aws:TokenIssueTime": {value}}}}}"#);
    let (with, without) = (
        ask("a:b").with("aws:TokenIssueTime", ["2026-01-01T00:00:00Z"]),
        ask("a:b").without("aws:TokenIssueTime"),
    );
    for (value, request, expected) in [
        ("\"true\"", &without, true),
        ("true", &with, false),
        ("\"false\"", &with, true),
        ("false", &without, false),
    ] {
        assert_eq!(holds(&null(value), request), Some(expected), "{value}");
    }
    assert_eq!(holds(&null("true"), &ask("a:b")), None);
}

#[test]
fn several_keys_and_operators_must_all_hold_and_one_of_several_values() {
    let both = r#"{
        "StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"], "aws:PrincipalType": "AssumedRole"},
        "Bool": {"aws:MultiFactorAuthPresent": "false"}}"#;
    let request =
        ask("a:b").in_region("eu-central-1").with("aws:MultiFactorAuthPresent", ["false"]);
    assert_eq!(holds(both, &request), Some(true));
    assert_eq!(holds(both, &request.clone().in_region("us-east-1")), Some(false));
    let without_mfa = ask("a:b").in_region("eu-central-1");
    assert_eq!(holds(both, &without_mfa), None);
    assert_eq!(holds(both, &without_mfa.in_region("us-east-1")), Some(false), "one no is enough");
}

#[test]
fn each_operator_compares_in_its_own_way() {
    let request =
        ask("a:b").with("x:y", ["AbC"]).with("x:n", ["10"]).with("x:d", ["2026-05-01T12:00:00Z"]);
    let request =
        request.with("x:ip", ["203.0.113.9"]).with("x:b", ["True"]).with("x:bin", ["QmluYXJ5"]);
    let request = request.with("x:arn", ["arn:aws-cn:sns:cn-north-1:123456789012:topic"]);
    for (operator, key, value, expected) in [
        ("StringEquals", "x:y", "AbC", true),
        ("StringEquals", "X:Y", "AbC", true),
        ("StringEquals", "x:y", "abc", false),
        ("StringEquals", "x:y", "A*", false),
        ("StringEqualsIgnoreCase", "x:y", "aBc", true),
        ("StringNotEqualsIgnoreCase", "x:y", "aBc", false),
        ("StringLike", "x:y", "A?C", true),
        ("StringLike", "x:y", "a*", false),
        ("StringNotLike", "x:y", "a*", true),
        ("NumericEquals", "x:n", "10.0", true),
        ("NumericNotEquals", "x:n", "10", false),
        ("NumericLessThan", "x:n", "9.9", false),
        ("NumericLessThanEquals", "x:n", "10", true),
        ("NumericGreaterThan", "x:n", "-10", true),
        ("NumericGreaterThanEquals", "x:n", "11", false),
        ("DateEquals", "x:d", "2026-05-01T14:00:00+02:00", true),
        ("DateNotEquals", "x:d", "2026-05-01T12:00:00Z", false),
        ("DateLessThan", "x:d", "2026-05-01T12:00:01Z", true),
        ("DateGreaterThan", "x:d", "2026-05-01T12:00:01Z", false),
        ("DateGreaterThanEquals", "x:d", "1777636800", true),
        ("Bool", "x:b", "true", true),
        ("BinaryEquals", "x:bin", "QmluYXJ5", true),
        ("IpAddress", "x:ip", "203.0.113.0/24", true),
        ("NotIpAddress", "x:ip", "203.0.113.0/24", false),
        ("NotIpAddress", "x:ip", "10.0.0.0/8", true),
        ("ArnEquals", "x:arn", "arn:aws-cn:sns:*:123456789012:*", true),
        ("ArnLike", "x:arn", "arn:aws:sns:*:*:*", false),
        ("ArnNotLike", "x:arn", "arn:*:sns:*:*:topic", false),
        ("ArnNotEquals", "x:arn", "arn:aws-cn:sns:*:*:Topic", true),
    ] {
        let condition = format!(r#"{{"{operator}": {{"{key}": "{value}"}}}}"#);
        assert_eq!(holds(&condition, &request), Some(expected), "{condition}");
    }
}

#[test]
fn what_does_not_read_as_its_kind_is_not_guessed_at() {
    let request = ask("a:b").with("x:y", ["ten"]).with("x:many", ["1", "2"]).with("x:empty", [""]);
    for condition in [
        r#"{"NumericEquals": {"x:y": "10"}}"#,
        r#"{"DateLessThan": {"x:y": "2026-01-01"}}"#,
        r#"{"Bool": {"x:y": "true"}}"#,
        r#"{"NotIpAddress": {"x:y": "10.0.0.0/8"}}"#,
        r#"{"ArnLike": {"x:y": "*"}}"#,
        r#"{"StringEquals": {"x:many": "1"}}"#,
        r#"{"StringEquals": {"x:y": []}}"#,
        r#"{"ForAllValues:StringEquals": {"x:empty": "a"}}"#,
        r#"{"StringNotEquals": {"x:y": "${x:many}"}}"#,
    ] {
        assert_eq!(holds(condition, &request), None, "{condition}");
    }
}

#[test]
fn resources_match_with_stars_anywhere_and_by_case() {
    let deny = |resource: &str| {
        format!(r#"{{"Effect": "Deny", "Action": "s3:*", "Resource": {resource}}}"#)
    };
    let object = Request::new("s3:GetObject").on("arn:aws:s3:::logs-2026/eu/app/1.gz");
    assert_eq!(denies(&deny(r#""arn:aws:s3:::logs-*/*/app/*.gz""#), &object), Some(true));
    assert_eq!(
        denies(&deny(r#"["arn:aws:s3:::a", "arn:*:s3:::*2026/eu/???/*"]"#), &object),
        Some(true)
    );
    assert_eq!(denies(&deny(r#""arn:aws:s3:::Logs-*""#), &object), Some(false));
    assert_eq!(denies(&deny(r#""arn:aws-us-gov:s3:::logs-*""#), &object), Some(false));
    let somewhere = Request::new("s3:GetObject");
    assert_eq!(denies(&deny(r#""arn:aws:s3:::logs-*""#), &somewhere), None);
    assert_eq!(denies(&deny(r#""*""#), &somewhere), Some(true));
    let but = r#"{"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::logs-*"}"#;
    assert_eq!(denies(but, &object), Some(false));
    assert_eq!(denies(but, &object.clone().on("arn:aws:s3:::other")), Some(true));
    assert_eq!(denies(but, &somewhere), None);
}

#[test]
fn variables_stand_for_what_the_request_holds() {
    let home = r#"{"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::home/${aws:username}/*"}"#;
    let mine =
        Request::new("s3:GetObject").on("arn:aws:s3:::home/ann/a").with("aws:username", ["ann"]);
    assert_eq!(denies(home, &mine), Some(false));
    assert_eq!(denies(home, &mine.clone().with("aws:username", ["bob"])), Some(true));
    assert_eq!(denies(home, &mine.clone().without("aws:username")), None);
    let same = r#"{"StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}"#;
    let request = ask("s3:GetObject").from_organization("o-1", "o-1/r-1/");
    assert_eq!(
        holds(same, &request.clone().to_organization("123456789012", "o-1", "o-1/r-1/")),
        Some(false)
    );
    assert_eq!(
        holds(same, &request.clone().to_organization("210987654321", "o-2", "o-2/r-1/")),
        Some(true)
    );
    assert_eq!(holds(same, &request), None);
    let fallback = r#"{"StringEquals": {"x:y": "${aws:PrincipalTag/team, 'all'}"}}"#;
    let request = ask("a:b").with("x:y", ["all"]).without("aws:PrincipalTag/Team");
    assert_eq!(holds(fallback, &request), Some(true));
}

#[test]
fn organization_paths_need_a_set_operator() {
    let under = |form: &str| {
        format!(r#"{{"{form}StringLike": {{"aws:PrincipalOrgPaths": "o-1/r-1/ou-1-a/*"}}}}"#)
    };
    let request = ask("a:b").from_organization("o-1", "o-1/r-1/ou-1-a/ou-1-b/");
    assert_eq!(holds(&under("ForAnyValue:"), &request), Some(true));
    let elsewhere = ask("a:b").from_organization("o-1", "o-1/r-1/ou-1-c/");
    assert_eq!(holds(&under("ForAnyValue:"), &elsewhere), Some(false));
}

#[test]
fn a_perimeter_on_resources_lets_its_own_and_services_through() {
    let perimeter = read(
        r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            {"Sid": "Ours", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
             "Condition": {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1", "aws:PrincipalAccount": ["210987654321"]},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]}"#,
    );
    let ours = ask("s3:ListBucket").directly().from_organization("o-1", "o-1/r-1/");
    assert_eq!(verdict(&perimeter.decide(&ours)), Some(true));
    let theirs = ask("s3:ListBucket").directly().from_organization("o-2", "o-2/r-1/");
    assert_eq!(verdict(&perimeter.decide(&theirs)), Some(false));
    let service = Request::new("s3:PutObject")
        .by(Caller::Service("cloudtrail.amazonaws.com".to_owned()))
        .with("aws:PrincipalIsAWSService", ["true"]);
    assert_eq!(verdict(&perimeter.decide(&service)), Some(true));
    let stranger = perimeter.decide(&ask("s3:ListBucket").directly());
    assert_eq!(missing(&stranger), ["the condition key aws:PrincipalOrgID"]);
}
