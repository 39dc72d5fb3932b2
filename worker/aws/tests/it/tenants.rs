//! A table of tenants: read whole, each tenant for itself, each with an outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::{Configured, NamedConnection, Options, StaticKeys};
use futures_util::StreamExt;
use protocol::clock::SystemClock;
use protocol::inventory::Found;
use protocol::provider::{PageRequest, Place, Provider};
use protocol::scan::{Access, Settings, Source};
use protocol::tenants::Tenants;
use protocol::{Clock, ConnectionId, Failure, ProbeId, Region};

use crate::access::{body, is, sts};
use crate::house::{Generous, HUB, aws, connection, place, scan, small_catalog};
use crate::organization::operation;
use crate::server::{Reply, Seen, Server};

/// The management account of `o-blue`, with a member.
const BLUE: &str = "111111111111";
const BLUE_MEMBER: &str = "111111111119";
/// The management account of `o-green`.
const GREEN: &str = "222222222222";
/// In no organization.
const ALONE: &str = "333333333333";
/// Whose role cannot be assumed.
const SHUT: &str = "444444444444";
/// A member of an organization whose management account is no tenant.
const STRAY: &str = "555555555555";

fn item(id: &str) -> String {
    format!(r#"{{"tenant_id":{{"S":"{id}"}},"word":{{"S":"sesame-{id}"}}}}"#)
}

fn page(items: &[String], looked_at: usize, next: &str) -> Reply {
    let items = items.join(",");
    Reply::json(&format!(r#"{{"Items":[{items}],"ScannedCount":{looked_at}{next}}}"#))
}

/// A table of three pages, the second without an item that passes.
fn table(seen: &Seen) -> Reply {
    let next = |key: &str| format!(r#","LastEvaluatedKey":{{"k":{{"S":"{key}"}}}}"#);
    let all = [BLUE, BLUE_MEMBER, SHUT, ALONE];
    match seen.body.as_str() {
        body if body.contains(r#"{"S":"second"}"#) => {
            let last = [item(GREEN), item(STRAY), item(BLUE), r#"{"x":{"S":"y"}}"#.to_owned()];
            page(&last, 9, "")
        }
        body if body.contains(r#"{"S":"first"}"#) => page(&[], 200, &next("second")),
        _ => page(&all.map(item), 200, &next("first")),
    }
}

/// Who calls: the account that the key tells.
fn caller(seen: &Seen) -> String {
    let key = seen.header("authorization").split("ASIA").nth(1);
    key.map_or_else(|| HUB.to_owned(), |rest| rest[..12].to_owned())
}

fn organization(seen: &Seen) -> Reply {
    let (id, manager) = match caller(seen).as_str() {
        BLUE | BLUE_MEMBER => ("o-blue", BLUE),
        GREEN => ("o-green", GREEN),
        STRAY => ("o-red", "666666666666"),
        _ => return Reply::error(400, "AWSOrganizationsNotInUseException", "none"),
    };
    Reply::json(&format!(r#"{{"Organization":{{"Id":"{id}","MasterAccountId":"{manager}"}}}}"#))
}

fn members(seen: &Seen) -> Reply {
    let one = |id: &str| format!(r#"{{"Id":"{id}","Name":"n{id}","State":"ACTIVE"}}"#);
    let list = match caller(seen).as_str() {
        BLUE => [one(BLUE), one(BLUE_MEMBER)].join(","),
        other => one(other),
    };
    Reply::json(&format!(r#"{{"Accounts":[{list}]}}"#))
}

/// A cloud of several organizations.
fn cloud(seen: &Seen) -> Reply {
    match operation(seen) {
        "Scan" => table(seen),
        "DescribeOrganization" => organization(seen),
        "ListAccounts" => members(seen),
        "" if is(seen, "AssumeRole") && body(seen).contains(SHUT) => {
            Reply::xml_error(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
        }
        "" => sts(seen).expect("STS"),
        _ => Reply::json("{}"),
    }
}

fn tenants() -> Tenants {
    Tenants {
        table: "tenants".to_owned(),
        region: Region::new("eu-west-1").ok(),
        ..Tenants::default()
    }
}

fn settings(tenants: Tenants) -> Settings {
    let mut settings = Settings { sources: vec![Source::Tenants(tenants)], ..Settings::default() };
    settings.pace.max_attempts = 1;
    settings
}

async fn discover(server: &Server, settings: &Settings) -> Vec<Result<Found, Failure>> {
    let provider = aws(&server.endpoint, settings, small_catalog(""));
    provider.discover(&scan(), &connection()).collect().await
}

/// Accounts by their connection, and the code of what went astray.
fn outcomes(found: Vec<Result<Found, Failure>>) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut accounts, mut astray) = (Vec::new(), BTreeMap::new());
    for found in found {
        match found.expect("one tenant's failure is never another's") {
            Found::Account(account) => {
                accounts.push(format!("{} by {}", account.id, account.connection));
            }
            Found::Astray { connection, failure } => {
                astray.insert(
                    connection.to_string(),
                    format!("{}: {}", failure.code, failure.message),
                );
            }
            Found::Tenant { connection, organization } => {
                let led = connection.tenant().map(|(_, account)| account);
                assert_eq!(led, Some(organization.management_account));
            }
            other => panic!("{other:?}"),
        }
    }
    accounts.sort();
    (accounts, astray)
}

#[tokio::test]
async fn every_tenant_of_every_page_ends_with_an_outcome() {
    let server = Server::start(cloud).await;
    let (accounts, astray) = outcomes(discover(&server, &settings(tenants())).await);
    let by = |account: &str, tenant: &str| format!("{account} by source-0/{tenant}");
    assert_eq!(accounts, [by(BLUE, BLUE), by(BLUE_MEMBER, BLUE), by(GREEN, GREEN)]);
    insta::assert_snapshot!(
        astray.iter().map(|(what, why)| format!("{what}: {why}\n")).collect::<String>(),
        @r#"
    source-0/111111111119: AlreadyCovered: skipped: tenant 111111111119 is not the management account of o-blue (that is 111111111111), which another tenant leads to
    source-0/333333333333: AWSOrganizationsNotInUseException: skipped: tenant 333333333333 is in no organization, so it manages none
    source-0/444444444444: AccessDenied: tenant 444444444444: arn:aws:iam::123456789012:user/ana cannot become arn:aws:iam::444444444444:role/orgsweep-tenant: not authorized to perform: sts:AssumeRole
    source-0/555555555555: NotManagementAccount: skipped: tenant 555555555555 is not the management account of o-red (that is 666666666666), to which no tenant of the table leads
    source-0/item 8: UnusableItem: item 8 of those in "tenants" that pass the filter is no tenant: it has no attribute tenant_id
    "#
    );
    let seen = server.seen();
    let scans: Vec<&Seen> = seen.iter().filter(|seen| operation(seen) == "Scan").collect();
    assert_eq!(scans.len(), 3, "all pages, also those after an empty one");
    assert!(
        scans.iter().all(|scan| scan.scope() == ("dynamodb".to_owned(), "eu-west-1".to_owned()))
    );
    assert!(scans.iter().all(|scan| scan.header("content-type") == "application/x-amz-json-1.0"));
    assert!(scans.iter().all(|scan| scan.header("authorization").contains("AKIDHUB")));
    let listed = seen.iter().filter(|seen| operation(seen) == "ListAccounts").count();
    assert_eq!(listed, 2, "who is skipped is not listed");
}

#[tokio::test]
async fn a_tenants_role_may_enter_members_and_is_narrowed_in_its_own_account() {
    let server = Server::start(cloud).await;
    let mut settings = settings(tenants());
    settings.access.external_id = Some("x-1".to_owned());
    let provider = aws(&server.endpoint, &settings, small_catalog(""));
    let at = |account: &str| Place {
        connection: ConnectionId::new(format!("source-0/{BLUE}")).expect("an id"),
        ..place(account, "eu-west-1")
    };
    let probe = ProbeId::new("x").expect("an id");
    let request = PageRequest { probe: &probe, call: 0, item: None, token: None };
    provider.page(&at(BLUE_MEMBER), request).await.expect("a page");
    provider.page(&at(BLUE), request).await.expect("a page");
    let seen = server.seen();
    let entries: Vec<&Seen> = seen.iter().filter(|seen| is(seen, "AssumeRole")).collect();
    let [hub, member, own] = entries[..] else { panic!("{} entries", entries.len()) };
    let tenant_role = format!("RoleArn=arn:aws:iam::{BLUE}:role/orgsweep-tenant");
    assert!(body(hub).contains(&tenant_role) && !body(hub).contains("Policy"));
    assert!(body(hub).contains("ExternalId=x-1"));
    let member_role = format!("RoleArn=arn:aws:iam::{BLUE_MEMBER}:role/orgsweep-member");
    assert!(body(member).contains(&member_role) && body(member).contains("ReadOnlyAccess"));
    assert!(member.header("authorization").contains(&format!("ASIA{BLUE}")));
    assert!(body(own).contains(&tenant_role) && body(own).contains("ReadOnlyAccess"));
    assert!(!seen.iter().any(|seen| operation(seen) == "Scan"), "the role follows from its name");
}

#[tokio::test]
async fn a_worker_that_did_not_discover_learns_external_ids_from_the_table() {
    let tenants = Tenants { external_id_attribute: Some("word".to_owned()), ..tenants() };
    let server = Server::start(cloud).await;
    let options = Options {
        endpoint_url: Some(server.endpoint.clone()),
        credentials: Some(StaticKeys {
            access_key_id: "AKIDHUB".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..Options::default()
    };
    let named = NamedConnection {
        name: ConnectionId::new("all").expect("a name"),
        source: Source::Tenants(tenants),
        access: Access::default(),
    };
    let connected = || {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let budget: Arc<dyn protocol::budget::Budget> = Arc::new(Generous::default());
        let (named, catalog) = ([named.clone()], small_catalog(""));
        Configured::connect(&named, &Settings::default(), &options, &catalog, &budget, &clock)
            .expect("a provider")
    };
    let found = connected().discover(&scan(), &named.name).collect().await;
    let (accounts, astray) = outcomes(found);
    assert_eq!(accounts.first(), Some(&format!("{BLUE} by all/{BLUE}")));
    assert!(astray.contains_key(&format!("all/{SHUT}")), "{astray:?}");

    let worker = connected();
    let at = |account: &str, tenant: &str| Place {
        connection: ConnectionId::new(format!("all/{tenant}")).expect("an id"),
        ..place(account, "eu-west-1")
    };
    worker.enter(&at(BLUE_MEMBER, BLUE)).await.expect("an entry");
    worker.enter(&at(GREEN, GREEN)).await.expect("an entry");
    let seen = server.seen();
    let word = format!("ExternalId=sesame-{BLUE}");
    let entries = seen.iter().filter(|seen| is(seen, "AssumeRole"));
    assert_eq!(entries.filter(|seen| body(seen).contains(&word)).count(), 2, "one in each process");
    let scans = seen.iter().filter(|seen| operation(seen) == "Scan").count();
    assert_eq!(scans, 6, "each process reads the table once");
    let gone = worker.enter(&at(BLUE, "999999999999")).await.expect_err("no tenant");
    assert_eq!(gone.code, "NoTenant");
}

#[tokio::test]
async fn a_table_that_leads_nowhere_is_one_clear_error() {
    let told = async |reply: Reply| {
        let server = Server::start(move |seen| match operation(seen) {
            "Scan" => reply.clone(),
            _ => cloud(seen),
        })
        .await;
        let found = discover(&server, &settings(tenants())).await;
        let [Err(failure)] = &found[..] else { panic!("{found:?}") };
        format!("{failure}\n")
    };
    let resource = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException";
    insta::assert_snapshot!(
        [
            told(Reply::error(400, resource, "Requested resource not found")).await,
            told(Reply::error(400, "AccessDeniedException", "no dynamodb:Scan")).await,
            told(page(&[], 0, "")).await,
            told(page(&[], 57, "")).await,
            told(Reply::json(r#"{"Things":[]}"#)).await,
        ]
        .concat(),
        @r#"
    Scan: ResourceNotFoundException (other): the table of tenants "tenants" in eu-west-1 of account 123456789012 does not exist: check --tenants-table and --tenants-region
    Scan: AccessDeniedException (denied): the table of tenants "tenants" in eu-west-1 of account 123456789012 cannot be read: no dynamodb:Scan
    Scan: EmptyTable (other): the table of tenants "tenants" in eu-west-1 is empty
    Scan: NoTenants (other): the table of tenants "tenants" in eu-west-1 has 57 items, but none passes the filter (cloud_service_provider = "AWS", tenant_status = "Active", tenant_type = "Cloud Usage"): set --tenants-filter to what its items say
    Scan: UnreadableBody (transient): the table of tenants "tenants" in eu-west-1 was answered for without a list of items
    "#
    );
}

#[tokio::test]
async fn credentials_that_expired_while_the_table_is_read_are_renewed_once() {
    let mut refused = false;
    let server = Server::start(move |seen| match operation(seen) {
        "Scan" if !std::mem::replace(&mut refused, true) => {
            Reply::error(400, "ExpiredTokenException", "expired")
        }
        _ => cloud(seen),
    })
    .await;
    let (accounts, _) = outcomes(discover(&server, &settings(tenants())).await);
    assert_eq!(accounts.len(), 3);
}
