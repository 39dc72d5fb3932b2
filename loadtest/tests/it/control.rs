//! STS, Organizations and the lists of regions.

use catalog::Catalog;
use loadtest::{Manner, Organization, Running, Shape, World};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Ask, Client, Session};

async fn stand_in(shape: Shape) -> (Running, Client, Session) {
    let world = World::new(Organization::new(shape), Catalog::embedded().expect("a catalog"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let manner = Manner { enforce_buckets: false, ..Manner::default() };
    let running = loadtest::serve(world, listener, manner).expect("a server");
    let client = Client::new(&running);
    let session = Session::from(running.keys());
    (running, client, session)
}

async fn pages(
    client: &Client,
    session: &Session,
    operation: &str,
    body: Value,
) -> Vec<Vec<Value>> {
    let target = format!("AWSOrganizationsV20161128.{operation}");
    let mut all = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut asked = body.clone();
        if !token.is_null() {
            asked["NextToken"] = token.clone();
        }
        let answer = client.target(session, "organizations", &target, asked).await.expect("a page");
        let list = answer.as_object().expect("an object").values().find(|one| one.is_array());
        all.push(list.and_then(Value::as_array).expect("a list").clone());
        token = answer["NextToken"].clone();
        if token.is_null() {
            return all;
        }
    }
}

#[tokio::test]
async fn the_list_of_accounts_begins_with_an_empty_page() {
    let (running, client, session) = stand_in(Shape::default()).await;
    let pages = pages(&client, &session, "ListAccounts", json!({})).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [0, 20, 20]);
    assert_eq!(pages[1][0]["Id"], running.world().organization().management());
}

#[tokio::test]
async fn the_tree_leads_to_every_account_once() {
    let (running, client, session) = stand_in(Shape::default()).await;
    let roots = pages(&client, &session, "ListRoots", json!({})).await.concat();
    let mut units: Vec<String> = vec![roots[0]["Id"].as_str().expect("an id").to_owned()];
    let mut accounts = Vec::new();
    let mut at = 0;
    while let Some(unit) = units.get(at).cloned() {
        let parent = json!({ "ParentId": unit });
        let below = "ListOrganizationalUnitsForParent";
        for unit in pages(&client, &session, below, parent.clone()).await.concat() {
            units.push(unit["Id"].as_str().expect("an id").to_owned());
        }
        for account in pages(&client, &session, "ListAccountsForParent", parent).await.concat() {
            accounts.push(account["Id"].as_str().expect("an id").to_owned());
        }
        at += 1;
    }
    accounts.sort();
    let mut wanted: Vec<_> =
        running.world().organization().accounts.iter().map(|one| one.id.to_string()).collect();
    wanted.sort();
    assert_eq!(accounts, wanted);
    assert_eq!(units.len(), running.world().organization().units.len());
}

#[tokio::test]
async fn only_the_management_account_may_read_the_organization() {
    let (running, client, session) = stand_in(Shape::default()).await;
    let member = running.world().organization().accounts[1].id.to_string();
    let member = client.assume(&session, &member, &[]).await.expect("a session");
    let ask = |operation: &str| format!("AWSOrganizationsV20161128.{operation}");
    let refused = client.target(&member, "organizations", &ask("ListAccounts"), json!({})).await;
    assert_eq!(refused.expect_err("a refusal").code, "AccessDeniedException");
    let told =
        client.target(&member, "organizations", &ask("DescribeOrganization"), json!({})).await;
    let organization = told.expect("an organization");
    assert_eq!(organization["Organization"]["Id"], running.world().organization().id.as_str());
}

#[tokio::test]
async fn roles_let_in_by_their_trust_and_external_id() {
    let shape = Shape { external_id: Some("secret-1".to_owned()), ..Shape::default() };
    let (running, client, session) = stand_in(shape).await;
    let accounts = &running.world().organization().accounts;
    let code = async |account: &str, more: &[(&str, &str)]| {
        client.assume(&session, account, more).await.err().map(|refusal| refusal.code)
    };
    let external = [("ExternalId", "secret-1")];
    let denied = Some("AccessDenied".to_owned());
    assert_eq!(code(&accounts[1].id, &external).await, None);
    assert_eq!(code(&accounts[1].id, &[]).await, denied);
    assert_eq!(code(&accounts[1].id, &[("ExternalId", "wrong")]).await, denied);
    let barred = accounts.iter().find(|account| !account.enterable).expect("a barred account");
    assert_eq!(code(&barred.id, &external).await, denied);
    assert_eq!(code("000000000000", &external).await, denied);
    let member = client.assume(&session, &accounts[1].id, &external).await.expect("a session");
    let from_member = client.assume(&member, &accounts[2].id, &external).await;
    assert_eq!(from_member.expect_err("a refusal").code, "AccessDenied");
    let who = client.action(&member, "sts", "eu-west-1", &[("Action", "GetCallerIdentity")]).await;
    assert_eq!(who.expect("an identity")["Account"], &*accounts[1].id);
}

#[tokio::test]
async fn session_policies_narrow_what_a_session_may() {
    let (running, client, session) = stand_in(Shape::default()).await;
    let member = running.world().organization().accounts[1].id.to_string();
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:ListU*","Resource":"*"}]}"#;
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let more = [("Policy", deny), ("PolicyArns.member.1.arn", arn)];
    let narrowed = client.assume(&session, &member, &more).await.expect("a session");
    let ask = async |action: &str| {
        client.action(&narrowed, "iam", "us-east-1", &[("Action", action)]).await
    };
    let refusal = ask("ListUsers").await.expect_err("a refusal");
    assert!(refusal.message.contains("session policy"), "{refusal:?}");
    let roles = ask("ListRoles").await;
    assert!(!matches!(&roles, Err(refusal) if refusal.message.contains("session policy")));
}

#[tokio::test]
async fn regions_that_are_not_opted_in_refuse_credentials() {
    let (running, client, session) = stand_in(Shape::default()).await;
    let describe = [("Action", "DescribeRegions"), ("AllRegions", "true")];
    let told = client.action(&session, "ec2", "us-east-1", &describe).await.expect("regions");
    let all = told["regionInfo"]["item"].as_array().expect("a list").clone();
    let closed = all.iter().find(|region| region["optInStatus"] == "not-opted-in");
    let closed = closed.and_then(|region| region["regionName"].as_str()).expect("a closed region");
    let listed = Ask {
        method: "POST".to_owned(),
        path_and_query: "/listRegions".to_owned(),
        body: "{}".to_owned(),
        signing: "account".to_owned(),
        region: "us-east-1".to_owned(),
        ..Ask::default()
    };
    let listed = client.send(&session, &listed).await.expect("regions");
    let same = listed["Regions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|region| region["RegionName"] == closed);
    assert_eq!(same.expect("the region")["RegionOptStatus"], "DISABLED");
    let code = async |service: &str, action: &str| {
        let refused = client.action(&session, service, closed, &[("Action", action)]).await;
        refused.expect_err("a refusal").code
    };
    assert_eq!(code("ec2", "DescribeInstances").await, "AuthFailure");
    assert_eq!(code("sts", "GetCallerIdentity").await, "InvalidClientTokenId");
    drop(running);
}
