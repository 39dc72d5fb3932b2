//! What is kept beside scans: accounts, shares, schedules, tokens, parked messages, health.

use protocol::registry::{Parked, Registry, Scope};
use protocol::{AccountId, Clock, WorkspaceId};
use serde_json::json;

use crate::client::Ask;
use crate::server::Server;

#[tokio::test]
async fn an_account_is_paused_and_continued() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let post = |verb: &str, account: &str| {
        server.ask(Ask::new("POST", &format!("/api/v1/accounts/{account}/{verb}")).token(&token))
    };
    for account in ["100000000002", "100000000001", "100000000003"] {
        post("pause", account).await.is(204);
        post("pause", account).await.is(204);
    }
    post("continue", "100000000003").await.is(204);
    let list = server.get("/api/v1/accounts/paused?limit=1", &token).await.is(200).json();
    assert_eq!(list, json!({"accounts": ["100000000001"], "next": "100000000001"}));
    let path = "/api/v1/accounts/paused?after=100000000001";
    let list = server.get(path, &token).await.is(200).json();
    assert_eq!(list, json!({"accounts": ["100000000002"], "next": null}));
    let stored = server.store.paused_accounts().await.unwrap();
    assert!(stored.contains(&(WorkspaceId::main(), AccountId::new("100000000001").unwrap())));
}

#[tokio::test]
async fn a_share_is_set_and_taken_back() {
    let server = Server::start().await;
    let token = server.token(Scope::Admin).await;
    let put = |class: &str, percent: u8| {
        let path = format!("/api/v1/budgets/{class}");
        server.ask(Ask::new("PUT", &path).token(&token).json(&json!({"percent": percent})))
    };
    put("*", 10).await.is(204);
    put("ec2:DescribeInstances", 5).await.is(204);
    put("ec2:DescribeInstances", 7).await.is(204);
    let list = server.get("/api/v1/budgets", &token).await.is(200).json();
    let wanted =
        json!([{"class": "*", "percent": 10}, {"class": "ec2:DescribeInstances", "percent": 7}]);
    assert_eq!(list["shares"], wanted);
    put("kms", 0).await.refused(400, "bad_field");
    put("kms", 101).await.refused(400, "bad_field");
    put("a%20b", 1).await.refused(400, "bad_field");
    let remove = || server.ask(Ask::new("DELETE", "/api/v1/budgets/*").token(&token));
    remove().await.is(204);
    remove().await.refused(404, "no_share");
    assert_eq!(server.store.shares().await.unwrap(), [("ec2:DescribeInstances".to_owned(), 7)]);
}

#[tokio::test]
async fn a_schedule_is_set_replaced_and_removed() {
    let server = Server::start().await;
    let token = server.token(Scope::Admin).await;
    let put = |name: &str, body: serde_json::Value| {
        server.ask(Ask::new("PUT", &format!("/api/v1/schedules/{name}")).token(&token).json(&body))
    };
    let scan =
        json!({"connections": ["other"], "selection": {"services": ["s3"]}, "priority": "low"});
    let made = put("nightly", json!({"cron": "0 2 * * *", "scan": scan})).await.is(200).json();
    assert!(made["next_at"].as_str().unwrap().ends_with("T02:00:00Z"), "{made}");
    assert_eq!(made["owner"], "default-admin");
    put("nightly", json!({"cron": "30 3 * * *", "scan": scan})).await.is(200);
    let list = server.get("/api/v1/schedules", &token).await.is(200).json();
    let all = list["schedules"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["cron"]), (1, &json!("30 3 * * *")));
    assert_eq!(all[0]["scan"]["selection"]["services"], json!(["s3"]));
    let said =
        put("wrong", json!({"cron": "every night", "scan": scan})).await.refused(400, "bad_field");
    assert!(said.contains("\"0 2 * * *\""), "{said}");
    put("a%2Fb", json!({"cron": "0 2 * * *", "scan": scan})).await.refused(400, "bad_field");
    put("x", json!({"cron": "0 2 * * *"})).await.refused(400, "bad_field");
    put("x", json!({"cron": "0 2 * * *", "scan": {"role_arn": "x"}}))
        .await
        .refused(400, "foreign_field");
    let remove = || server.ask(Ask::new("DELETE", "/api/v1/schedules/nightly").token(&token));
    remove().await.is(204);
    remove().await.refused(404, "no_schedule");
}

#[tokio::test]
async fn a_token_is_made_shown_once_listed_without_its_secret_and_taken_back() {
    let server = Server::start().await;
    let admin = server.token(Scope::Admin).await;
    let asked = json!({"owner": "pipeline", "scope": "operate", "expires_in_seconds": 3600});
    let made = server.post("/api/v1/tokens", &admin, &asked).await.is(201).json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    server.keep_secret(&secret);
    assert_eq!(made["token"]["owner"], "pipeline");
    server.get("/api/v1/scans", &secret).await.is(200);
    server.get("/api/v1/tokens", &secret).await.refused(403, "scope");
    let list = server.get("/api/v1/tokens", &admin).await.is(200).json();
    let tokens = list["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 2);
    assert!(tokens.iter().all(|token| token.get("digest").is_none()), "{list}");
    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    server.ask(Ask::new("DELETE", &path).token(&admin)).await.is(204);
    server.get("/api/v1/scans", &secret).await.refused(401, "revoked_token");
    server.ask(Ask::new("DELETE", &path).token(&admin)).await.refused(404, "no_token");
    let cases = [
        (json!({"owner": "", "scope": "read"}), "owner"),
        (json!({"owner": "x".repeat(129), "scope": "read"}), "owner"),
        (json!({"owner": "a\nb", "scope": "read"}), "owner"),
        (json!({"owner": "a", "scope": "root"}), "scope"),
        (json!({"owner": "a", "scope": "read", "expires_in_seconds": 1}), "expires_in_seconds"),
        (json!({"owner": "a", "scope": "read", "workspace": "other"}), "workspace"),
    ];
    for (body, field) in cases {
        let refused = server.post("/api/v1/tokens", &admin, &body).await;
        refused.refused(400, "bad_field");
        assert_eq!(refused.json()["error"]["field"], field);
    }
}

#[tokio::test]
async fn parked_messages_are_told_newest_first() {
    let server = Server::start().await;
    let token = server.token(Scope::Admin).await;
    for number in 0..3 {
        let (body, why) = (format!("{{\"version\": {number}}}"), "an unknown version".to_owned());
        server.store.park(&Parked { body, why, at: server.clock.now() }).await.unwrap();
        server.clock.pass(chrono::TimeDelta::seconds(1));
    }
    let list = server.get("/api/v1/parked?limit=2", &token).await.is(200).json();
    let bodies: Vec<_> =
        list["parked"].as_array().unwrap().iter().map(|one| one["body"].clone()).collect();
    assert_eq!(bodies, ["{\"version\": 2}", "{\"version\": 1}"]);
    server.get("/api/v1/parked?limit=0", &token).await.refused(400, "bad_field");
}

#[tokio::test]
async fn health_is_told_to_anybody_and_nothing_else_with_it() {
    let server = Server::start().await;
    let live = server.ask(Ask::new("GET", "/livez")).await.is(200).json();
    assert_eq!(live, json!({"version": env!("CARGO_PKG_VERSION")}));
    let ready = server.ask(Ask::new("GET", "/readyz")).await.is(200).json();
    assert_eq!(ready, json!({"ready": true, "missing": []}));
}

#[tokio::test]
async fn the_connections_that_a_scan_may_name_are_told() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let told = server.get("/api/v1/connections", &token).await.is(200).json();
    assert_eq!(told, json!({"connections": ["main", "other"]}));
}
