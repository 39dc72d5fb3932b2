//! What is bounded: bodies, heads, rates, watchers, and the end.

use coordinator::http::{Limits, Rate, Settings};
use protocol::registry::Scope;
use protocol::scan::ScanState;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Answer, Ask};
use crate::server::{PATIENCE, Server, wide};

#[tokio::test]
async fn a_body_of_more_than_64_kib_is_refused() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let names = vec!["Root/Payments"; 10_000];
    let body = json!({"connections": ["main"], "selection": {"units": names}});
    server.post("/api/v1/scans", &token, &body).await.refused(413, "too_large");
}

/// The lists of a schema in the document: name, longest length, an entry.
fn lists(document: &Value, schema: &str) -> Vec<(String, usize, Value)> {
    let properties = &document["components"]["schemas"][schema]["properties"];
    let lists = properties.as_object().unwrap().iter();
    let lists = lists.filter(|(_, property)| property["type"] == "array").map(|(name, list)| {
        let most = list["maxItems"].as_u64();
        let most = most.unwrap_or_else(|| panic!("{schema}.{name} has no bound"));
        let entry = match (name.as_str(), &list["items"]["enum"]) {
            (_, Value::Array(words)) => words[0].clone(),
            ("connections", _) => json!("main"),
            ("regions" | "exclude_regions", _) => json!("eu-west-1"),
            ("services", _) => json!("s3"),
            ("exclude_services", _) => json!("sqs"),
            ("probes", _) => json!("s3.policies"),
            ("tags" | "exclude_tags", _) => json!({"key": "team", "value": "payments"}),
            _ => json!("Root-100"),
        };
        (name.clone(), usize::try_from(most).unwrap(), entry)
    });
    lists.collect()
}

#[tokio::test]
async fn lists_are_as_long_as_the_document_says_and_no_longer() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let scan = server.scan("default", ScanState::Finished, 1).await;
    let requeue = format!("/api/v1/scans/{scan}/requeue");
    let document = server.ask(Ask::new("GET", "/openapi.json")).await.is(200).json();
    for (schema, place) in [("NewScan", ""), ("Select", "selection."), ("Requeue", "")] {
        let path = if schema == "Requeue" { &requeue } else { "/api/v1/scans" };
        let body = |name: &str, list: Vec<Value>| match schema {
            "Select" => json!({"connections": ["main"], "selection": {name: list}}),
            _ => json!({name: list}),
        };
        for (name, most, entry) in lists(&document, schema) {
            let refused =
                server.post(path, &token, &body(&name, vec![entry.clone(); most + 1])).await;
            let said = refused.refused(400, "bad_field");
            assert!(said.contains(&format!("at most {most} ")), "{name}: {said}");
            assert_eq!(refused.json()["error"]["field"], format!("{place}{name}"));
            let answer = server.post(path, &token, &body(&name, vec![entry; most])).await;
            assert!([200, 201, 409].contains(&answer.status), "{name}: {answer:?}");
        }
    }
    let all = lists(&document, "Requeue").into_iter();
    let all: Map<String, Value> =
        all.map(|(name, most, entry)| (name, vec![entry; most].into())).collect();
    server.post(&requeue, &token, &all.into()).await.refused(409, "no_cells");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let ask = Ask::new("GET", "/livez").header("x-long", &"x".repeat(20_000));
    let answer = Answer::of(ask.over(server.connect().await).await).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn what_is_not_http_ends_the_connection_and_nothing_else() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"\x16\x03\x01 hello\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.unwrap().unwrap();
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 400"), "{said:?}");
    server.ask(Ask::new("GET", "/livez")).await.is(200);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let slow = Rate { per_second: 0.001, burst: 5.0 };
    let limits = Limits { token: slow, ..wide().limits };
    let server = Server::with(Settings { limits, ..Settings::default() }).await;
    let (one, other) = (server.token(Scope::Read).await, server.token(Scope::Read).await);
    for _ in 0..5 {
        server.get("/api/v1/reports", &one).await.is(200);
    }
    let refused = server.get("/api/v1/reports", &one).await;
    refused.refused(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((900..=1001).contains(&wait), "{wait}");
    server.get("/api/v1/reports", &other).await.is(200);
}

#[tokio::test]
async fn an_address_that_guesses_is_slowed_down_before_anything_is_looked_up() {
    let slow = Rate { per_second: 0.001, burst: 5.0 };
    let limits = Limits { peer: slow, ..wide().limits };
    let server = Server::with(Settings { limits, ..Settings::default() }).await;
    let guess = format!("osw_0_{}", "0".repeat(64));
    for _ in 0..5 {
        server.get("/api/v1/scans", &guess).await.refused(401, "unknown_token");
    }
    server.get("/api/v1/scans", &guess).await.refused(429, "too_many_requests");
    // Nobody keeps the health from being asked for.
    server.ask(Ask::new("GET", "/livez")).await.is(200);
    server.ask(Ask::new("GET", "/readyz")).await.is(200);
}

#[tokio::test]
async fn watchers_are_bounded_and_make_room_when_they_go() {
    let limits = Limits { streams: 1, ..wide().limits };
    let server = Server::with(Settings { limits, ..Settings::default() }).await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Running, 1).await;
    let path = format!("/api/v1/scans/{scan}/events");
    let first = Ask::new("GET", &path).token(&token).over(server.connect().await).await;
    assert_eq!(first.status(), 200);
    let refused = server.get(&path, &token).await;
    refused.refused(503, "busy");
    assert!(refused.header("retry-after").is_some());
    drop(first);
    let free = async {
        loop {
            let again = Ask::new("GET", &path).token(&token).over(server.connect().await).await;
            if again.status() == 200 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams_and_takes_no_more() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Running, 1).await;
    let path = format!("/api/v1/scans/{scan}/events");
    let stream = Ask::new("GET", &path).token(&token).over(server.connect().await).await;
    let address = server.address;
    server.end().await;
    let said = tokio::time::timeout(PATIENCE, Answer::of(stream)).await.unwrap();
    assert!(!said.body.contains("event: end"), "the scan goes on: {said:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
