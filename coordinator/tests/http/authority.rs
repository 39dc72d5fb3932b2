//! Who may do what: every route that the document names, with every kind of token.

use chrono::TimeDelta;
use protocol::registry::Scope;
use protocol::scan::ScanState;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::server::Server;

/// A route of the document, and the scope that it says it needs.
struct Route {
    method: String,
    path: String,
    scope: Option<Scope>,
    has_body: bool,
}

async fn routes(server: &Server) -> Vec<Route> {
    let document = server.ask(Ask::new("GET", "/openapi.json")).await.is(200).json();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let bearer = |way: &Value| way["bearer"][0].as_str().map(|word| word.parse().unwrap());
            let scope = operation["security"].as_array().unwrap().iter().find_map(bearer);
            let has_body = operation.get("requestBody").is_some();
            routes.push(Route { method: method.clone(), path: path.clone(), scope, has_body });
        }
    }
    assert!(routes.len() > 25, "the document names the routes");
    routes
}

impl Route {
    /// A request to it: about a scan of the workspace, and nothing else that there is.
    fn ask(&self, scan: &str) -> Ask {
        let path = self.path.replace("{scan}", scan).replace("{name}", "summary");
        let path = path.replace("{account}", "123456789012").replace("{class}", "kms");
        let ask = Ask::new(&self.method, &path.replace("{token}", "nobody"));
        if self.has_body { ask.json(&json!({"never": 1})) } else { ask }
    }

    fn about(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[tokio::test]
async fn nothing_is_open_but_what_is_meant_to_be() {
    let server = Server::start().await;
    let open: Vec<String> = routes(&server)
        .await
        .into_iter()
        .filter(|route| route.scope.is_none())
        .map(|route| route.about())
        .collect();
    assert_eq!(open, ["get /livez", "get /readyz", "post /session"]);
}

#[tokio::test]
async fn without_a_good_token_every_route_is_closed_and_says_why() {
    let server = Server::start().await;
    let scan = server.scan("default", ScanState::Finished, 1).await;
    let revoked = server.token(Scope::Admin).await;
    server.revoke(&revoked).await;
    let expired = server.token(Scope::Admin).await;
    server.clock.pass(TimeDelta::seconds(3600));
    let good = server.token(Scope::Admin).await;
    // The name of a good token, the secret of none.
    let guessed = format!("{}_{}", good.rsplit_once('_').unwrap().0, "0".repeat(64));
    // The secret of a good token under another name.
    let renamed = format!("osw_0000000000000000_{}", good.rsplit_once('_').unwrap().1);
    for route in routes(&server).await.iter().filter(|route| route.scope.is_some()) {
        let ask = || route.ask(scan.as_str());
        let none = server.ask(ask()).await;
        assert!(none.refused(401, "no_token").contains("Bearer"), "{}", route.about());
        assert!(none.header("www-authenticate").unwrap().starts_with("Bearer"));
        for (token, code) in [
            (&expired, "expired_token"),
            (&revoked, "revoked_token"),
            (&guessed, "unknown_token"),
            (&renamed, "unknown_token"),
            (&"osw_x_y".to_owned(), "unknown_token"),
            (&String::new(), "no_token"),
        ] {
            server.ask(ask().token(token)).await.refused(401, code);
        }
        for wrong in [format!("Basic {good}"), good.clone(), "Bearer".to_owned()] {
            server.ask(ask().header("authorization", &wrong)).await.refused(401, "no_token");
        }
        server.ask(ask().token(&good).token(&good)).await.refused(401, "no_token");
    }
}

#[tokio::test]
async fn every_route_takes_the_scope_that_it_names_and_those_above_it() {
    let server = Server::start().await;
    let scan = server.scan("default", ScanState::Finished, 1).await;
    for route in routes(&server).await {
        let Some(needed) = route.scope else { continue };
        for scope in Scope::ALL {
            let token = server.token(*scope).await;
            let answer = server.ask(route.ask(scan.as_str()).token(&token)).await;
            if *scope < needed {
                let sentence = answer.refused(403, "scope");
                assert!(sentence.contains(needed.as_str()), "{}: {sentence}", route.about());
            } else {
                assert!(![401, 403].contains(&answer.status), "{}: {answer:?}", route.about());
                assert_ne!(answer.status, 500, "{}", route.about());
            }
        }
    }
}

#[tokio::test]
async fn a_scan_of_another_workspace_is_not_there() {
    let server = Server::start().await;
    let scan = server.scan("default", ScanState::Running, 1).await;
    let stranger = server.token_of("other", Scope::Admin).await;
    let mut asked = 0;
    for route in routes(&server).await.iter().filter(|route| route.path.contains("{scan}")) {
        let mut ask = route.ask(scan.as_str()).token(&stranger);
        if route.has_body {
            ask.body = b"{}".to_vec();
        }
        let sentence = server.ask(ask).await.refused(404, "no_scan");
        assert_eq!(sentence, format!("there is no scan {scan} in workspace other"));
        asked += 1;
    }
    assert!(asked >= 7, "{asked} routes name a scan");
    let list = server.get("/api/v1/scans", &stranger).await.is(200).json();
    assert_eq!(list["scans"], json!([]));
    server.get("/api/v1/scans/latest", &stranger).await.refused(404, "no_scan");
    let before = format!("/api/v1/scans?before={scan}");
    server.get(&before, &stranger).await.refused(404, "no_scan");
}

#[tokio::test]
async fn what_concerns_every_workspace_is_for_the_installations_own() {
    let server = Server::start().await;
    let stranger = server.token_of("other", Scope::Admin).await;
    for (method, path) in [("GET", "/api/v1/budgets"), ("GET", "/api/v1/parked")] {
        let answer = server.ask(Ask::new(method, path).token(&stranger)).await;
        assert!(answer.refused(403, "workspace").contains("default"));
    }
    let put = Ask::new("PUT", "/api/v1/budgets/kms").token(&stranger).json(&json!({"percent": 1}));
    server.ask(put).await.refused(403, "workspace");
    let remove = Ask::new("DELETE", "/api/v1/budgets/kms").token(&stranger);
    server.ask(remove).await.refused(403, "workspace");
}

#[tokio::test]
async fn a_workspace_sees_only_its_own() {
    let server = Server::start().await;
    let (here, there) =
        (server.token(Scope::Admin).await, server.token_of("other", Scope::Admin).await);
    let cron = json!({"cron": "0 2 * * *", "scan": {"connections": ["main"]}});
    let put = Ask::new("PUT", "/api/v1/schedules/nightly").token(&here).json(&cron);
    server.ask(put).await.is(200);
    let pause = Ask::new("POST", "/api/v1/accounts/123456789012/pause").token(&here);
    server.ask(pause).await.is(204);
    let got = server.get("/api/v1/schedules", &there).await.is(200).json();
    assert_eq!(got["schedules"], json!([]));
    let got = server.get("/api/v1/accounts/paused", &there).await.is(200).json();
    assert_eq!(got["accounts"], json!([]));
    let tokens = server.get("/api/v1/tokens", &there).await.is(200).json();
    let tokens = tokens["tokens"].as_array().unwrap().clone();
    assert!(tokens.iter().all(|token| token["workspace"] == "other"), "{tokens:?}");
    let remove = Ask::new("DELETE", "/api/v1/schedules/nightly").token(&there);
    server.ask(remove).await.refused(404, "no_schedule");
    let id = here.split('_').nth(1).unwrap();
    let revoke = Ask::new("DELETE", &format!("/api/v1/tokens/{id}")).token(&there);
    server.ask(revoke).await.refused(404, "no_token");
    server.get("/api/v1/scans", &here).await.is(200);
}

#[tokio::test]
async fn a_connection_of_others_reads_like_one_that_is_not_there() {
    let server = Server::start().await;
    let there = server.token_of("other", Scope::Admin).await;
    let nobodys = server.token_of("empty", Scope::Admin).await;
    let list = server.get("/api/v1/connections", &there).await.is(200).json();
    assert_eq!(list, json!({"connections": ["main"]}));
    let list = server.get("/api/v1/connections", &nobodys).await.is(200).json();
    assert_eq!(list, json!({"connections": []}));
    for token in [&there, &nobodys] {
        // `other` is there for the workspace `default`; `nowhere` is not there at all.
        let mut said = Vec::new();
        for name in ["other", "nowhere"] {
            let scan = json!({"connections": [name]});
            let start = server.post("/api/v1/scans", token, &scan).await;
            let cron = json!({"cron": "0 2 * * *", "scan": scan});
            let put = Ask::new("PUT", "/api/v1/schedules/nightly").token(token).json(&cron);
            let put = server.ask(put).await;
            for answer in [start, put] {
                said.push((
                    name,
                    answer.refused(400, "bad_field").replace(&format!("{name:?}"), "it"),
                ));
            }
        }
        assert_eq!((&said[0].1, &said[1].1), (&said[2].1, &said[3].1));
    }
    server.post("/api/v1/scans", &nobodys, &json!({})).await.refused(400, "bad_field");
    // The only one that a workspace has need not be named.
    server.post("/api/v1/scans", &there, &json!({})).await.is(201);
}
