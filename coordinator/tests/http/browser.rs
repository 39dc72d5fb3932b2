//! Browsers: sessions, what forged requests get, names and origins.

use chrono::TimeDelta;
use protocol::registry::Scope;
use serde_json::json;

use crate::client::Ask;
use crate::server::Server;

/// A session: its cookie, and what it must bring to change something.
async fn sign_in(server: &Server, token: &str) -> (String, String) {
    let ask = Ask::new("POST", "/session").json(&json!({"token": token}));
    // The one answer that may hold the session's secret.
    let answer = server.ask(ask).await.is(200);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    server.keep_secret(pair.split('=').nth(1).unwrap());
    (pair, answer.json()["csrf"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_session_reads_by_its_cookie_and_changes_things_only_with_its_csrf_token() {
    let server = Server::start().await;
    let token = server.token(Scope::Admin).await;
    let (cookie, csrf) = sign_in(&server, &token).await;
    let (_, other_csrf) = sign_in(&server, &token).await;
    let ask = |method: &str, path: &str| Ask::new(method, path).header("cookie", &cookie);
    server.ask(ask("GET", "/api/v1/scans")).await.is(200);
    let who = server.ask(ask("GET", "/session")).await.is(200).json();
    assert_eq!(who["owner"], "default-admin");
    assert_eq!(who["csrf"], csrf.as_str());
    let pause = || ask("POST", "/api/v1/accounts/123456789012/pause");
    server.ask(pause()).await.refused(403, "csrf");
    server.ask(pause().header("x-csrf-token", "")).await.refused(403, "csrf");
    server.ask(pause().header("x-csrf-token", &other_csrf)).await.refused(403, "csrf");
    server.ask(pause().header("x-csrf-token", &csrf)).await.is(204);
    server.ask(ask("DELETE", "/session")).await.refused(403, "csrf");
    let out = server.ask(ask("DELETE", "/session").header("x-csrf-token", &csrf)).await.is(204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    server.ask(ask("GET", "/session")).await.refused(401, "session");
}

#[tokio::test]
async fn a_session_ends_by_itself_and_with_its_token() {
    let server = Server::start().await;
    let lasting = server.token(Scope::Read).await;
    let (cookie, _) = sign_in(&server, &lasting).await;
    let ask = || Ask::new("GET", "/session").header("cookie", &cookie);
    server.ask(ask()).await.is(200);
    let admin = server.token(Scope::Admin).await;
    let id = lasting.split('_').nth(1).unwrap();
    server.ask(Ask::new("DELETE", &format!("/api/v1/tokens/{id}")).token(&admin)).await.is(204);
    server.ask(ask()).await.refused(401, "session");
    // A token of an hour opens a session of an hour.
    let (cookie, _) = sign_in(&server, &server.token(Scope::Read).await).await;
    server.clock.pass(TimeDelta::seconds(3599));
    server.ask(Ask::new("GET", "/session").header("cookie", &cookie)).await.is(200);
    server.clock.pass(TimeDelta::seconds(1));
    server.ask(Ask::new("GET", "/session").header("cookie", &cookie)).await.refused(401, "session");
}

#[tokio::test]
async fn only_a_good_token_opens_a_session_and_a_session_is_no_token() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let (cookie, _) = sign_in(&server, &token).await;
    let secret = cookie.split('=').nth(1).unwrap();
    server.get("/api/v1/scans", secret).await.refused(401, "unknown_token");
    let as_cookie = Ask::new("GET", "/session").header("cookie", &format!("orgsweep={token}"));
    server.ask(as_cookie).await.refused(401, "session");
    let open = |token: &str| Ask::new("POST", "/session").json(&json!({"token": token}));
    server.ask(open(secret)).await.refused(401, "unknown_token");
    server.ask(open("")).await.refused(401, "unknown_token");
    // Sent in the wrong place, a secret is not sent back.
    let mut bare = Ask::new("POST", "/session").json(&json!(token));
    let said = server.ask(bare.clone()).await.refused(400, "bad_field");
    assert!(said.contains("osw_…"), "{said}");
    bare.body = format!("{{\"{token}\": 1}}").into_bytes();
    server.ask(bare).await.refused(400, "bad_field");
    server.get(&format!("/api/v1/scans/{token}"), &token).await.refused(404, "no_scan");
    server.get(&format!("/{token}"), &token).await.refused(404, "no_route");
    server.get(&format!("/api/v1/scans?limit={token}"), &token).await.refused(400, "bad_parameter");
    // Sessions are not told among tokens.
    let admin = server.token(Scope::Admin).await;
    let tokens = server.get("/api/v1/tokens", &admin).await.is(200).json();
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), 2, "{tokens}");
    server.ask(Ask::new("DELETE", "/session").token(&token)).await.refused(409, "no_session");
}

#[tokio::test]
async fn a_foreign_name_or_page_gets_nothing_on_loopback_either() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let ask = || Ask::new("GET", "/api/v1/scans").token(&token);
    server.ask(ask().instead("host", "evil.example")).await.refused(421, "wrong_host");
    let page = Ask::new("GET", "/docs").instead("host", "evil.example");
    server.ask(page).await.refused(421, "wrong_host");
    let session = Ask::new("POST", "/session").json(&json!({"token": token}));
    let session = session.header("origin", "http://evil.example");
    server.ask(session).await.refused(403, "foreign_origin");
    let port = server.address.port();
    let own = ask().instead("host", &format!("localhost:{port}"));
    server.ask(own.header("origin", &format!("http://localhost:{port}"))).await.is(200);
    // Who looks after the process knows no name.
    server.ask(Ask::new("GET", "/livez").instead("host", "10.0.0.7")).await.is(200);
    server.ask(Ask::new("GET", "/readyz").instead("host", "10.0.0.7")).await.is(200);
}

#[tokio::test]
async fn browsers_are_told_to_be_careful_with_every_answer() {
    let server = Server::start().await;
    for path in ["/docs", "/livez", "/api/v1/scans", "/nowhere"] {
        let answer = server.ask(Ask::new("GET", path)).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn a_token_keeps_only_so_many_sessions_open() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let (first, _) = sign_in(&server, &token).await;
    server.clock.pass(TimeDelta::seconds(1));
    let mut last = first.clone();
    for _ in 0..20 {
        last = sign_in(&server, &token).await.0;
    }
    let ask = |cookie: &str| Ask::new("GET", "/session").header("cookie", cookie);
    server.ask(ask(&first)).await.refused(401, "session");
    server.ask(ask(&last)).await.is(200);
}
