//! Getting in: roles, session policies, pre-flight, what a refusal becomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws::{Aws, Options};
use chrono::TimeDelta;
use percent_encoding::percent_decode_str;
use protocol::clock::SystemClock;
use protocol::preflight::RegionList;
use protocol::provider::{PageRequest, Provider};
use protocol::scan::{Access, Settings, Source};
use protocol::{Clock, FailureKind, ProbeId, Region};

use crate::house::{
    Generous, HUB, MEMBER, aws, aws_with, caller_identity, hub_identity, list_in, place,
    small_catalog,
};
use crate::server::{Reply, Seen, Server};

pub(crate) fn body(seen: &Seen) -> String {
    percent_decode_str(&seen.body.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(crate) fn is(seen: &Seen, operation: &str) -> bool {
    seen.body.contains(&format!("Action={operation}&"))
}

/// `AssumeRole`'s answer: the access key tells who was assumed.
pub(crate) fn assumed(account: &str, role: &str) -> Reply {
    let expires = SystemClock.now() + TimeDelta::hours(1);
    let expires = expires.format("%Y-%m-%dT%H:%M:%SZ");
    Reply::xml(format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><AssumedRoleId>R:s</AssumedRoleId>\
         <Arn>arn:aws:sts::{account}:assumed-role/{role}/s</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{expires}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    ))
}

/// STS of an organization: whoever holds `ASIA<account>` is in that account.
pub(crate) fn sts(seen: &Seen) -> Option<Reply> {
    if is(seen, "GetCallerIdentity") {
        let assumed = seen.header("authorization").split("ASIA").nth(1);
        let account = assumed.map(|rest| rest[..12].to_owned());
        return Some(account.map_or_else(hub_identity, |account| {
            caller_identity(&account, &format!("arn:aws:sts::{account}:assumed-role/r/s"))
        }));
    }
    let text = body(seen);
    let arn = text.split("RoleArn=").nth(1)?.split('&').next()?;
    let account = arn.split(':').nth(4)?;
    Some(assumed(account, "orgsweep-member"))
}

fn regions() -> Reply {
    let item = |name: &str, state: &str| {
        format!("<item><regionName>{name}</regionName><optInStatus>{state}</optInStatus></item>")
    };
    let items = item("us-east-1", "opt-in-not-required") + &item("me-south-1", "not-opted-in");
    Reply::xml(format!("<R><regionInfo>{items}</regionInfo></R>"))
}

fn role_settings() -> Settings {
    let access = Access { external_id: Some("x-1".to_owned()), ..Access::default() };
    Settings { access, ..Settings::default() }
}

#[tokio::test]
async fn a_member_is_entered_once_by_its_role_with_a_narrow_session() {
    let server = Server::start(|seen| sts(seen).unwrap_or_else(|| Reply::json("{}"))).await;
    let provider = Arc::new(aws(&server.endpoint, &role_settings(), small_catalog("")));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let provider = provider.clone();
        calls.spawn(async move { list_in(&provider, MEMBER).await });
    }
    assert!(calls.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    let seen = server.seen();
    let entries: Vec<&Seen> = seen.iter().filter(|seen| is(seen, "AssumeRole")).collect();
    assert_eq!(entries.len(), 1);
    let asked = body(entries[0]);
    for part in [
        "RoleArn=arn:aws:iam::210987654321:role/orgsweep-member&",
        "RoleSessionName=orgsweep-20261122T031700-0badcafe&",
        "ExternalId=x-1",
        "DurationSeconds=3600",
        "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess",
        "\"Deny\"",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    let user = seen.iter().find(|seen| seen.scope().0 == "x").expect("a call");
    assert!(user.header("authorization").contains("ASIA210987654321"));
    assert!(user.header("x-amz-security-token") == "t");
}

#[tokio::test]
async fn the_hubs_own_account_is_entered_without_a_role() {
    let server = Server::start(|seen| sts(seen).unwrap_or_else(|| Reply::json("{}"))).await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    assert_eq!(list_in(&provider, HUB).await, Ok(vec![]));
    assert!(!server.seen().iter().any(|seen| is(seen, "AssumeRole")));
}

#[tokio::test]
async fn a_chain_goes_over_the_first_role() {
    let via = format!("arn:aws:iam::{HUB}:role/first");
    let mut settings = role_settings();
    settings.access.via_role = Some(via.clone());
    let server = Server::start(|seen| sts(seen).unwrap_or_else(|| Reply::json("{}"))).await;
    let provider = aws(&server.endpoint, &settings, small_catalog(""));
    assert_eq!(list_in(&provider, MEMBER).await, Ok(vec![]));
    let seen = server.seen();
    let entries: Vec<&Seen> = seen.iter().filter(|seen| is(seen, "AssumeRole")).collect();
    assert!(body(entries[0]).contains(&via) && !body(entries[0]).contains("Policy"));
    assert!(entries[1].header("authorization").contains(&format!("ASIA{HUB}")));
}

#[tokio::test]
async fn a_shorter_session_is_taken_where_a_role_allows_no_longer() {
    let server = Server::start(|seen| {
        if is(seen, "AssumeRole") && !seen.body.contains("DurationSeconds=900") {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Reply::xml_error(400, "ValidationError", message);
        }
        sts(seen).unwrap_or_else(|| Reply::json("{}"))
    })
    .await;
    let mut settings = role_settings();
    settings.access.session_seconds = 7200;
    let provider = aws(&server.endpoint, &settings, small_catalog(""));
    assert_eq!(list_in(&provider, MEMBER).await, Ok(vec![]));
    assert_eq!(server.seen().iter().filter(|seen| is(seen, "AssumeRole")).count(), 3);
}

#[tokio::test]
async fn a_policy_that_is_too_large_keeps_its_managed_part() {
    let server = Server::start(|seen| {
        if is(seen, "AssumeRole") && body(seen).contains("&Policy=") {
            return Reply::xml_error(400, "PackedPolicyTooLarge", "108 per cent");
        }
        sts(seen).unwrap_or_else(|| Reply::json("{}"))
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    assert_eq!(list_in(&provider, MEMBER).await, Ok(vec![]));
    let seen = server.seen();
    let last = seen.iter().rfind(|seen| is(seen, "AssumeRole")).expect("an entry");
    assert!(body(last).contains("ReadOnlyAccess"));
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_fails_with_the_code_of_aws() {
    let server = Server::start(|seen| match is(seen, "AssumeRole") {
        true => Reply::xml_error(403, "AccessDenied", "not authorized to perform: sts:AssumeRole"),
        false => hub_identity(),
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    let failure = provider.preflight(&place(MEMBER, "global")).await.expect_err("a failure");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::RoleFailed, "AccessDenied"));
    assert!(failure.message.contains("role/orgsweep-member"), "{failure}");
    assert_eq!(list_in(&provider, MEMBER).await.expect_err("a failure").kind, failure.kind);
}

#[tokio::test]
async fn a_throttled_entry_stays_throttled_and_is_told_to_the_fleet() {
    let server = Server::start(|seen| match is(seen, "AssumeRole") {
        true => Reply::xml_error(400, "Throttling", "Rate exceeded"),
        false => hub_identity(),
    })
    .await;
    let budget = Arc::new(Generous::default());
    let provider = aws_with(&server.endpoint, &role_settings(), small_catalog(""), budget.clone());
    let failure = provider.preflight(&place(MEMBER, "global")).await.expect_err("a failure");
    assert_eq!(failure.kind, FailureKind::Throttled);
    let throttled = budget.throttled.lock().expect("no panic").clone();
    assert_eq!(throttled.len(), 1);
    assert_eq!(throttled[0].key.class, "sts");
    assert_eq!(throttled[0].key.owner.as_str(), HUB, "the hub's bucket is spent");
    assert!(throttled[0].budget.per_second <= 150.0, "a quarter of 600");
}

#[tokio::test]
async fn a_preflight_tells_who_looks_and_which_regions_are_open() {
    let server =
        Server::start(|seen| if seen.is_sts() { sts(seen).expect("STS") } else { regions() }).await;
    // The second has probes with the names of those that are read here.
    for catalog in [small_catalog(""), catalog::Catalog::embedded().expect("the catalog")] {
        let provider = aws(&server.endpoint, &role_settings(), catalog);
        let preflight = provider.preflight(&place(MEMBER, "global")).await.expect("an entry");
        assert_eq!(preflight.principal, format!("arn:aws:sts::{MEMBER}:assumed-role/r/s"));
        let region = |name: &str| Region::new(name).expect("a region");
        let (open, closed) = (vec![region("us-east-1")], vec![region("me-south-1")]);
        assert_eq!(preflight.regions, RegionList::Listed { open, closed });
    }
}

#[tokio::test]
async fn the_wrong_account_is_never_scanned() {
    let server = Server::start(|seen| match is(seen, "AssumeRole") {
        true => assumed("999999999999", "other"),
        false => sts(seen).expect("STS"),
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    let failure = provider.preflight(&place(MEMBER, "global")).await.expect_err("a failure");
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::RoleFailed, "WrongAccount"));
    assert!(failure.message.contains("999999999999"));
}

#[tokio::test]
async fn regions_come_from_the_hub_where_the_account_may_not_list_them() {
    let listed = r#"{"Regions":[{"RegionName":"us-east-1","RegionOptStatus":"ENABLED_BY_DEFAULT"},
                     {"RegionName":"af-south-1","RegionOptStatus":"DISABLED"}]}"#;
    let server = Server::start(move |seen| match seen.scope().0.as_str() {
        "sts" => sts(seen).expect("STS"),
        "ec2" => Reply::xml_error(403, "UnauthorizedOperation", "no"),
        _ => Reply::json(listed),
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    let preflight = provider.preflight(&place(MEMBER, "global")).await.expect("an entry");
    let RegionList::Listed { open, closed } = preflight.regions else { panic!("not listed") };
    assert_eq!((open.len(), closed[0].as_str()), (1, "af-south-1"));
    let seen = server.seen();
    let by_hub = seen.iter().find(|seen| seen.uri == "/listRegions").expect("a call");
    assert!(by_hub.header("authorization").contains("AKIDHUB"), "the hub asks");
    assert!(by_hub.body.contains(MEMBER), "for the member");
}

#[tokio::test]
async fn regions_that_nobody_may_list_are_unlisted() {
    let server = Server::start(|seen| match seen.scope().0.as_str() {
        "sts" => sts(seen).expect("STS"),
        "ec2" => Reply::xml_error(403, "UnauthorizedOperation", "no"),
        _ => Reply::error(403, "AccessDeniedException", "neither"),
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    let preflight = provider.preflight(&place(MEMBER, "global")).await.expect("an entry");
    let RegionList::Unlisted(failure) = preflight.regions else { panic!("listed") };
    assert_eq!(failure.code, "UnauthorizedOperation");
}

#[tokio::test]
async fn regions_that_cannot_be_listed_just_now_are_asked_for_again_later() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let server = Server::start(move |seen| match seen.scope().0.as_str() {
        "sts" => sts(seen).expect("STS"),
        _ if counted.fetch_add(1, Ordering::SeqCst) < 2 => Reply::error(503, "Unavailable", "x"),
        _ => regions(),
    })
    .await;
    let provider = aws(&server.endpoint, &role_settings(), small_catalog(""));
    let failure = provider.preflight(&place(MEMBER, "global")).await.expect_err("a failure");
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(provider.preflight(&place(MEMBER, "global")).await.is_ok());
}

#[tokio::test]
async fn the_price_of_a_call_is_its_documented_bucket_in_the_member() {
    let catalog = catalog::Catalog::embedded().expect("the catalog");
    let provider = aws("http://127.0.0.1:1", &Settings::default(), catalog);
    let price = |probe: &str, region: &str| {
        let probe = ProbeId::new(probe).expect("an id");
        let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
        let ask = provider.price(&place(MEMBER, region), request).expect("a price");
        assert_eq!(ask.key.owner.as_str(), MEMBER);
        (ask.key.class, ask.key.location.to_string(), ask.budget.per_second)
    };
    let expect = |class: &str, place: &str, rate| (class.to_owned(), place.to_owned(), rate);
    assert_eq!(price("ec2", "eu-west-1"), expect("ec2:DescribeInstances", "eu-west-1", 20.0));
    assert_eq!(price("iam", "global"), expect("iam", "global", 15.0));
    assert_eq!(price("kms", "eu-west-1"), expect("kms", "eu-west-1", 10.0));
}

#[tokio::test]
async fn the_regions_of_a_connection_are_its_partitions() {
    let arn = format!("arn:aws-us-gov:iam::{HUB}:user/ana");
    let server = Server::start(move |_| caller_identity(HUB, &arn)).await;
    let provider = aws(&server.endpoint, &Settings::default(), small_catalog(""));
    let regions = provider.regions(&crate::house::connection()).await.expect("regions");
    let names: Vec<&str> = regions.iter().map(|known| known.region.as_str()).collect();
    assert_eq!(names, ["us-gov-east-1", "us-gov-west-1"]);
}

#[test]
fn settings_that_could_never_work_are_refused_in_a_sentence() {
    let told = |settings: &Settings, options: Options| -> String {
        let (budget, clock) = (Arc::new(Generous::default()), Arc::new(SystemClock));
        let connected = Aws::connect(settings, options, small_catalog(""), budget, clock);
        connected.map(|_| ()).expect_err("refused").to_string()
    };
    let with = |access: Access| Settings { access, ..Settings::default() };
    let from = |source: Source| Settings { sources: vec![source], ..Settings::default() };
    let keys = Source::Keys {
        access_key_id_env: "ORGSWEEP_TEST_NOT_SET".to_owned(),
        secret_access_key_env: "ORGSWEEP_TEST_NOT_SET".to_owned(),
        session_token_env: None,
        name: None,
    };
    let role = Source::Role {
        arn: "arn:aws:iam::1:role/x".to_owned(),
        external_id: None,
        profile: None,
        name: None,
    };
    let plain = Options::default;
    insta::assert_snapshot!(
        [
            told(&with(Access { member_role: String::new(), ..Access::default() }), plain()),
            told(&with(Access { org_role: Some("me".to_owned()), ..Access::default() }), plain()),
            told(&with(Access { session_seconds: 60, ..Access::default() }), plain()),
            told(&Settings::default(), Options { region: Some("moon".to_owned()), ..plain() }),
            told(&Settings::default(), Options { endpoint_url: Some("x".to_owned()), ..plain() }),
            told(&from(keys), plain()),
            told(&from(role), plain()),
        ]
        .join("\n"),
        @r#"
    "" is not the name of a role: at most 512 letters, digits and /+=,.@_-
    "me" is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/orgsweep
    a session of 60 seconds is not possible: 900 to 43200 are
    there is no region "moon"
    "x" is not an endpoint: one looks like http://127.0.0.1:5000
    the environment variable ORGSWEEP_TEST_NOT_SET is not set, but a source takes its keys from it
    "arn:aws:iam::1:role/x" is not the ARN of a role: one looks like arn:aws:iam::123456789012:role/orgsweep
    "#
    );
}
