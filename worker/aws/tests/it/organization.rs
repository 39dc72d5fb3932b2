//! Discovery and the tree.

use futures_util::StreamExt;
use protocol::inventory::{AccountState, Found};
use protocol::provider::Provider;
use protocol::scan::{Settings, Source};
use protocol::selection::Selection;
use protocol::{Failure, FailureKind, OrgId};

use crate::house::{HUB, MEMBER, aws, connection, hub_identity, scan, small_catalog};
use crate::server::{Reply, Seen, Server};

pub(crate) fn operation(seen: &Seen) -> &str {
    seen.header("x-amz-target").rsplit('.').next().unwrap_or_default()
}

fn described() -> Reply {
    Reply::json(&format!(
        r#"{{"Organization":{{"Id":"o-1","Arn":"arn:o-1","FeatureSet":"ALL","MasterAccountId":"{HUB}","MasterAccountEmail":"hub@example.com"}}}}"#
    ))
}

fn account(id: &str, name: &str, more: &str) -> String {
    format!(r#"{{"Id":"{id}","Name":"{name}","Email":"{name}@example.com"{more}}}"#)
}

/// Two pages with an empty one between them.
fn accounts(seen: &Seen) -> Reply {
    let page =
        |accounts: &str, next: &str| Reply::json(&format!(r#"{{"Accounts":[{accounts}]{next}}}"#));
    let first = account(
        HUB,
        "hub",
        r#","State":"ACTIVE","Status":"ACTIVE","Arn":"arn:hub","JoinedMethod":"INVITED","JoinedTimestamp":1.7e9"#,
    );
    let last = account(MEMBER, "old", r#","State":"CLOSED","Status":"SUSPENDED""#);
    if seen.body.contains("\"t2\"") {
        page(&last, "")
    } else if seen.body.contains("\"t1\"") {
        page("", r#","NextToken":"t2""#)
    } else {
        page(&first, r#","NextToken":"t1""#)
    }
}

async fn discover(server: &Server, settings: &Settings) -> Vec<Result<Found, Failure>> {
    let provider = aws(&server.endpoint, settings, small_catalog(""));
    provider.discover(&scan(), &connection()).collect().await
}

fn patience(attempts: u32) -> Settings {
    let mut settings = Settings::default();
    settings.pace.max_attempts = attempts;
    settings
}

#[tokio::test]
async fn an_organization_is_found_page_by_page() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        _ => accounts(seen),
    })
    .await;
    let found = discover(&server, &Settings::default()).await;
    assert_eq!(found.len(), 3);
    let Ok(Found::Organization(organization)) = &found[0] else { panic!("{found:?}") };
    assert_eq!(organization.management_account.as_str(), HUB);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!(
        (text(&organization.arn), text(&organization.feature_set)),
        ("arn:o-1".into(), "ALL".into())
    );
    assert_eq!(organization.management_email.as_deref(), Some("hub@example.com"));
    let Ok(Found::Account(hub)) = &found[1] else { panic!("{found:?}") };
    assert_eq!((hub.name.as_str(), hub.management), ("hub", true));
    assert_eq!(
        (hub.arn.as_deref(), hub.joined_method.as_deref()),
        (Some("arn:hub"), Some("INVITED"))
    );
    assert_eq!(hub.joined_at.map(|at| at.timestamp()), Some(1_700_000_000));
    let Ok(Found::Account(member)) = &found[2] else { panic!("{found:?}") };
    assert_eq!((member.state, member.management), (AccountState::Closed, false));
    assert_eq!(member.organization, OrgId::new("o-1").ok());
}

#[tokio::test]
async fn credentials_in_no_organization_lead_to_their_own_account() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        _ => Reply::error(400, "AWSOrganizationsNotInUseException", "no organization"),
    })
    .await;
    let found = discover(&server, &Settings::default()).await;
    let [Ok(Found::NotInOrganization), Ok(Found::Account(own))] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((own.id.as_str(), own.name.as_str(), own.organization.is_none()), (HUB, HUB, true));
}

#[tokio::test]
async fn a_member_that_may_not_list_is_told_what_to_do() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        _ => Reply::error(400, "AccessDeniedException", "You don't have permissions"),
    })
    .await;
    let found = discover(&server, &Settings::default()).await;
    let [Ok(Found::Organization(_)), Ok(Found::Missing(missing)), Ok(Found::Account(own))] =
        &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((missing.kind, own.id.as_str()), (FailureKind::Denied, HUB));
    assert!(missing.message.contains("--org-role"), "{missing}");
    assert_eq!(own.organization, OrgId::new("o-1").ok());
}

#[tokio::test]
async fn an_empty_list_is_not_believed() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        _ => Reply::json(r#"{"Accounts":[]}"#),
    })
    .await;
    let found = discover(&server, &Settings::default()).await;
    let [Ok(Found::Organization(_)), Ok(Found::Missing(missing)), Ok(Found::Account(_))] =
        &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!(missing.code, "NoAccounts");
}

#[tokio::test]
async fn what_was_found_before_a_failure_stays() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        _ if seen.body.contains("\"t1\"") => Reply::error(400, "InvalidInputException", "token"),
        _ => accounts(seen),
    })
    .await;
    let found = discover(&server, &patience(2)).await;
    assert_eq!(found.len(), 3);
    assert!(found[1].is_ok());
    let failure = found[2].as_ref().expect_err("a failure");
    assert_eq!(failure.operation.as_deref(), Some("ListAccounts"));
}

#[tokio::test]
async fn a_throttled_page_is_asked_for_again() {
    let mut throttled = false;
    let server = Server::start(move |seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        _ if seen.body.contains("\"t1\"") && !throttled => {
            throttled = true;
            Reply::error(400, "TooManyRequestsException", "slow down")
        }
        _ => accounts(seen),
    })
    .await;
    let found = discover(&server, &patience(2)).await;
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn a_named_source_leads_to_its_own_account_under_its_name() {
    let server = Server::start(|_| hub_identity()).await;
    let source = Source::Profile { name: "prod".to_owned() };
    let settings = Settings { sources: vec![source], ..Settings::default() };
    let found = discover(&server, &settings).await;
    let [Ok(Found::Account(own))] = &found[..] else { panic!("{found:?}") };
    assert_eq!((own.id.as_str(), own.name.as_str()), (HUB, "prod"));
}

#[tokio::test]
async fn tags_are_read_only_when_a_filter_needs_them() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        "ListTagsForResource" => Reply::json(r#"{"Tags":[{"Key":"env","Value":"prod"}]}"#),
        _ => accounts(seen),
    })
    .await;
    discover(&server, &Settings::default()).await;
    assert!(!server.seen().iter().any(|seen| operation(seen) == "ListTagsForResource"));
    let tags = vec![("env".to_owned(), "prod".to_owned())];
    let selection = Selection { tags: tags.clone(), ..Selection::default() };
    let found = discover(&server, &Settings { selection, ..Settings::default() }).await;
    let Ok(Found::Account(hub)) = &found[1] else { panic!("{found:?}") };
    assert_eq!(hub.tags, tags);
    let asked = server.seen().iter().filter(|s| operation(s) == "ListTagsForResource").count();
    assert_eq!(asked, 1, "a closed account's tags are of no use");
}

#[tokio::test]
async fn where_a_filter_needs_tags_and_they_are_denied_nobody_is_chosen_by_guess() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        "DescribeOrganization" => described(),
        "ListTagsForResource" => Reply::error(400, "AccessDeniedException", "no"),
        _ => accounts(seen),
    })
    .await;
    let exclude_tags = vec![("env".to_owned(), "prod".to_owned())];
    let selection = Selection { exclude_tags, ..Selection::default() };
    let found = discover(&server, &Settings { selection, ..Settings::default() }).await;
    let [Ok(Found::Organization(_)), Err(failure)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(failure.operation.as_deref(), Some("ListTagsForResource"));
    assert!(failure.message.contains("--org-role"), "{failure}");
}

/// Root, two units, one below; the accounts with or without their paths.
fn tree(seen: &Seen, paths: bool) -> Reply {
    let path = |unit: &str| match paths {
        true => format!(r#","Paths":["o-1/r-1/{unit}/x"]"#),
        false => String::new(),
    };
    let units = |units: &str| Reply::json(&format!(r#"{{"OrganizationalUnits":[{units}]}}"#));
    let accounts = |accounts: &str| Reply::json(&format!(r#"{{"Accounts":[{accounts}]}}"#));
    let in_unit = |unit: &str| seen.body.contains(&format!("\"{unit}\""));
    match operation(seen) {
        "" => hub_identity(),
        "ListRoots" => Reply::json(r#"{"Roots":[{"Id":"r-1","Name":"Root"}]}"#),
        "ListOrganizationalUnitsForParent" if in_unit("r-1") => {
            units(r#"{"Id":"ou-1-a","Name":"Prod"},{"Id":"ou-1-b","Name":"Test"}"#)
        }
        "ListOrganizationalUnitsForParent" if in_unit("ou-1-a") => {
            units(r#"{"Id":"ou-1-c","Name":"Web"}"#)
        }
        "ListOrganizationalUnitsForParent" => units(""),
        "ListAccounts" => {
            let hub = account(HUB, "hub", r#","Paths":["o-1/r-1/x"]"#);
            let hub = if paths { hub } else { account(HUB, "hub", "") };
            accounts(&format!("{hub},{}", account(MEMBER, "web", &path("ou-1-a/ou-1-c"))))
        }
        "ListAccountsForParent" if in_unit("r-1") => accounts(&account(HUB, "hub", "")),
        "ListAccountsForParent" if in_unit("ou-1-c") => accounts(&account(MEMBER, "web", "")),
        _ => accounts(""),
    }
}

#[tokio::test]
async fn the_tree_is_the_same_by_paths_and_by_asking_every_unit() {
    let mut trees = Vec::new();
    for paths in [true, false] {
        let server = Server::start(move |seen| tree(seen, paths)).await;
        let provider = aws(&server.endpoint, &Settings::default(), small_catalog(""));
        let organization = OrgId::new("o-1").expect("an id");
        let tree = provider.tree(&scan(), &connection(), &organization).await.expect("a tree");
        let asked = server.seen().iter().any(|seen| operation(seen) == "ListAccountsForParent");
        assert_eq!(asked, !paths);
        trees.push(tree);
    }
    assert_eq!(trees[0], trees[1]);
    let units: Vec<&str> = trees[0].units.iter().map(|unit| unit.id.as_str()).collect();
    assert_eq!(units, ["r-1", "ou-1-a", "ou-1-b", "ou-1-c"]);
    assert_eq!(trees[0].placements.len(), 2);
}

#[tokio::test]
async fn the_list_of_accounts_tells_how_many_units_are_above_them_where_it_has_paths() {
    for (paths, wanted) in [(true, Some(3)), (false, None)] {
        let server = Server::start(move |seen| match operation(seen) {
            "DescribeOrganization" => described(),
            _ => tree(seen, paths),
        })
        .await;
        let found = discover(&server, &Settings::default()).await;
        let units = found.iter().find_map(|found| match found {
            Ok(Found::Units { units, .. }) => Some(*units),
            _ => None,
        });
        assert_eq!(units, wanted);
    }
}
