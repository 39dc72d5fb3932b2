//! What an organization holds beside its accounts and units, and what is said where that cannot be read.

use protocol::holding::{Completeness, Holding, Part};
use protocol::provider::Provider;
use protocol::scan::Settings;
use protocol::{FailureKind, OrgId};

use crate::house::{HUB, MEMBER, aws, connection, hub_identity, scan, small_catalog};
use crate::server::{Reply, Seen, Server};

fn operation(seen: &Seen) -> &str {
    seen.header("x-amz-target").rsplit('.').next().unwrap_or_default()
}

async fn read(server: &Server, part: Part) -> Holding {
    let mut settings = Settings::default();
    settings.pace.max_attempts = 1;
    let provider = aws(&server.endpoint, &settings, small_catalog(""));
    let organization = OrgId::new("o-1").expect("an id");
    provider.holding(&scan(), &connection(), &organization, part).await
}

fn denied() -> Reply {
    Reply::error(400, "AccessDeniedException", "You don't have permissions")
}

/// Two types enabled; two SCPs on two pages with an empty one between them, and one RCP.
fn policies(seen: &Seen) -> Reply {
    let asks = |text: &str| seen.body.contains(&format!("\"{text}\""));
    let summary = |id: &str, kind: &str| {
        format!(
            r#"{{"Id":"{id}","Arn":"arn:{id}","Name":"the {id}","Description":"","Type":"{kind}","AwsManaged":{}}}"#,
            id.contains("Full")
        )
    };
    match operation(seen) {
        "" => hub_identity(),
        "ListRoots" => Reply::json(
            r#"{"Roots":[{"Id":"r-1","PolicyTypes":[{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"},
            {"Type":"RESOURCE_CONTROL_POLICY","Status":"PENDING_DISABLE"}]}]}"#,
        ),
        "ListPolicies" if asks("RESOURCE_CONTROL_POLICY") => {
            let policy = summary("p-rcp", "RESOURCE_CONTROL_POLICY");
            Reply::json(&format!(r#"{{"Policies":[{policy}]}}"#))
        }
        "ListPolicies" if asks("t2") => {
            let policy = summary("p-two", "SERVICE_CONTROL_POLICY");
            Reply::json(&format!(r#"{{"Policies":[{policy}]}}"#))
        }
        "ListPolicies" if asks("t1") => Reply::json(r#"{"Policies":[],"NextToken":"t2"}"#),
        "ListPolicies" => {
            let policy = summary("p-FullAWSAccess", "SERVICE_CONTROL_POLICY");
            Reply::json(&format!(r#"{{"Policies":[{policy}],"NextToken":"t1"}}"#))
        }
        "DescribePolicy" if asks("p-two") => Reply::json(
            r#"{"Policy":{"PolicySummary":{"Id":"p-two"},"Content":"{\"Statement\":[\"two\"]}"}}"#,
        ),
        "DescribePolicy" => Reply::json(r#"{"Policy":{"Content":"{}"}}"#),
        "ListTargetsForPolicy" if asks("next") => Reply::json(
            r#"{"Targets":[{"TargetId":"210987654321","Name":"web","Type":"ACCOUNT"}]}"#,
        ),
        "ListTargetsForPolicy" if asks("p-two") => Reply::json(
            r#"{"Targets":[{"TargetId":"r-1","Name":"Root","Type":"ROOT"}],"NextToken":"next"}"#,
        ),
        "ListTargetsForPolicy" => Reply::json(r#"{"Targets":[]}"#),
        other => panic!("{other} is not asked"),
    }
}

#[tokio::test]
async fn policies_of_every_enabled_type_are_read_with_documents_and_targets() {
    let server = Server::start(policies).await;
    let read = read(&server, Part::Policies).await;
    assert_eq!((read.completeness(), &read.missing), (Completeness::Synced, &Vec::new()));
    let types: Vec<_> =
        read.policy_types.iter().map(|t| (t.root.as_str(), &*t.kind, &*t.status)).collect();
    let expected = [
        ("r-1", "SERVICE_CONTROL_POLICY", "ENABLED"),
        ("r-1", "RESOURCE_CONTROL_POLICY", "PENDING_DISABLE"),
    ];
    assert_eq!(types, expected);
    let names: Vec<_> = read.policies.iter().map(|p| (&*p.id, &*p.kind, p.provided)).collect();
    let expected = [
        ("p-rcp", "RESOURCE_CONTROL_POLICY", false),
        ("p-FullAWSAccess", "SERVICE_CONTROL_POLICY", true),
        ("p-two", "SERVICE_CONTROL_POLICY", false),
    ];
    assert_eq!(names, expected);
    let two = &read.policies[2];
    assert_eq!(two.content.as_deref(), Some(r#"{"Statement":["two"]}"#));
    assert_eq!(
        (two.arn.as_deref(), &*two.name, &two.description),
        (Some("arn:p-two"), "the p-two", &None)
    );
    let targets = two.targets.as_ref().expect("targets");
    let targets: Vec<_> = targets.iter().map(|t| (&*t.id, &*t.kind, &*t.name)).collect();
    assert_eq!(targets, [("r-1", "ROOT", "Root"), (MEMBER, "ACCOUNT", "web")]);
    assert_eq!(
        read.policies[1].targets,
        Some(Vec::new()),
        "attached to nothing, and that is known"
    );
}

#[tokio::test]
async fn policies_that_are_denied_in_part_are_named_and_the_rest_is_kept() {
    let server = Server::start(|seen| match operation(seen) {
        "DescribePolicy" => denied(),
        "ListTargetsForPolicy" if seen.body.contains("p-rcp") => {
            Reply::error(400, "ServiceException", "broken")
        }
        _ => policies(seen),
    })
    .await;
    let read = read(&server, Part::Policies).await;
    assert_eq!(read.completeness(), Completeness::Incomplete);
    assert_eq!(read.policies.len(), 3);
    assert!(read.policies.iter().all(|policy| policy.content.is_none()));
    let known = |policy: &protocol::holding::Policy| policy.targets.is_some();
    assert_eq!(read.policies.iter().map(known).collect::<Vec<_>>(), [false, true, true]);
    let whats: Vec<&str> = read.missing.iter().map(|lack| lack.what.as_str()).collect();
    let expected = [
        "contents of RESOURCE_CONTROL_POLICY policies",
        "targets of RESOURCE_CONTROL_POLICY policies: p-rcp",
        "contents of SERVICE_CONTROL_POLICY policies",
    ];
    assert_eq!(whats, expected);
    assert_eq!(read.missing[0].why.kind, FailureKind::Denied);
    let asked = server.seen().iter().filter(|seen| operation(seen) == "DescribePolicy").count();
    assert_eq!(asked, 2, "once for each type: what is denied is not asked for again and again");
}

#[tokio::test]
async fn a_member_account_is_denied_every_part() {
    let server = Server::start(|seen| match operation(seen) {
        "" => hub_identity(),
        _ => denied(),
    })
    .await;
    for part in [Part::Policies, Part::Administrators, Part::Services, Part::Tags] {
        let read = read(&server, part).await;
        assert_eq!(read.completeness(), Completeness::Denied, "{part}");
        let why = &read.missing[0].why;
        assert!(why.operation.is_some() && read.lacks().is_some(), "{part}: {why}");
    }
}

#[tokio::test]
async fn delegated_administrators_and_trusted_services_are_read_page_by_page() {
    let server = Server::start(|seen| {
        let second = seen.body.contains("\"t1\"");
        match operation(seen) {
            "" => hub_identity(),
            "ListDelegatedAdministrators" if second => {
                Reply::json(&format!(r#"{{"DelegatedAdministrators":[{{"Id":"{MEMBER}"}}]}}"#))
            }
            "ListDelegatedAdministrators" => Reply::json(&format!(
                r#"{{"DelegatedAdministrators":[{{"Id":"{HUB}"}}],"NextToken":"t1"}}"#
            )),
            "ListDelegatedServicesForAccount" if seen.body.contains(HUB) => denied(),
            "ListDelegatedServicesForAccount" if second => Reply::json(
                r#"{"DelegatedServices":[{"ServicePrincipal":"config.amazonaws.com"}]}"#,
            ),
            "ListDelegatedServicesForAccount" => Reply::json(
                r#"{"DelegatedServices":[{"ServicePrincipal":"guardduty.amazonaws.com",
                "DelegationEnabledDate":1.7e9}],"NextToken":"t1"}"#,
            ),
            _ if second => Reply::json(
                r#"{"EnabledServicePrincipals":[{"ServicePrincipal":"ram.amazonaws.com"}]}"#,
            ),
            _ => Reply::json(
                r#"{"EnabledServicePrincipals":[{"ServicePrincipal":"sso.amazonaws.com","DateEnabled":1.7e9}],
                "NextToken":"t1"}"#,
            ),
        }
    })
    .await;
    let told = read(&server, Part::Administrators).await;
    assert_eq!(told.completeness(), Completeness::Incomplete);
    assert_eq!(told.lacks(), Some(format!("services of {HUB}")));
    let [hub, member] = &told.administrators[..] else { panic!("{told:?}") };
    assert_eq!((hub.account.as_str(), &hub.services), (HUB, &None));
    let services = member.services.as_ref().expect("services");
    let names: Vec<_> = services.iter().map(|s| (&*s.service, s.since.is_some())).collect();
    assert_eq!(names, [("guardduty.amazonaws.com", true), ("config.amazonaws.com", false)]);

    let told = read(&server, Part::Services).await;
    assert_eq!(told.completeness(), Completeness::Synced);
    let names: Vec<_> = told.services.iter().map(|s| &*s.service).collect();
    assert_eq!(names, ["sso.amazonaws.com", "ram.amazonaws.com"]);
}

#[tokio::test]
async fn tags_of_all_accounts_are_read_but_for_those_that_are_closed() {
    let account =
        |id: &str, state: &str| format!(r#"{{"Id":"{id}","Name":"x","State":"{state}"}}"#);
    let server = Server::start(move |seen| match operation(seen) {
        "" => hub_identity(),
        "ListAccounts" => Reply::json(&format!(
            r#"{{"Accounts":[{},{},{}]}}"#,
            account(HUB, "ACTIVE"),
            account(MEMBER, "SUSPENDED"),
            account("333344445555", "CLOSED")
        )),
        _ if seen.body.contains(MEMBER) => denied(),
        _ if seen.body.contains("\"t1\"") => {
            Reply::json(r#"{"Tags":[{"Key":"owner","Value":"me"}]}"#)
        }
        _ => Reply::json(r#"{"Tags":[{"Key":"env","Value":"prod"}],"NextToken":"t1"}"#),
    })
    .await;
    let read = read(&server, Part::Tags).await;
    assert_eq!(read.lacks(), Some(format!("tags of {MEMBER}")));
    let [(hub, tags)] = &read.tags[..] else { panic!("{read:?}") };
    assert_eq!((hub.as_str(), tags.len()), (HUB, 2));
}
