//! Live progress.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use protocol::Clock;
use protocol::registry::Scope;
use protocol::scan::ScanState;
use protocol::store::Store;
use serde_json::Value;

use crate::client::{Answer, Ask};
use crate::server::{PATIENCE, Server};

/// The events of a stream, as they come.
struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    async fn of(server: &Server, path: &str, token: &str) -> Self {
        let response = Ask::new("GET", path).token(token).over(server.connect().await).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event: its name and data; none at the end of the stream.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let line = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
                };
                if let Some(name) = line("event: ") {
                    let data = serde_json::from_str(&line("data: ").unwrap()).unwrap();
                    return Some((name, data));
                }
                continue;
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await.unwrap()?;
            let data = frame.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
}

#[tokio::test]
async fn a_watcher_sees_where_a_scan_is_and_how_it_ends() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Running, 3).await;
    let mut events = Events::of(&server, "/api/v1/scans/latest/events", &token).await;
    let (name, first) = events.next().await.unwrap();
    assert_eq!(name, "progress");
    assert_eq!(first["scan"], scan.as_str());
    assert_eq!((&first["stage"], &first["planned"]), (&"scanning".into(), &6.into()));
    let set = |state| server.store.set_state(&scan, ScanState::ALL, state, server.clock.now());
    set(ScanState::Paused).await.unwrap();
    let (_, paused) = events.next().await.unwrap();
    assert_eq!(paused["stage"], "paused");
    set(ScanState::Cancelled).await.unwrap();
    let (name, last) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &last["state"]), ("end", &"cancelled".into()));
    assert_eq!(events.next().await, None, "the stream ends with the scan");
}

#[tokio::test]
async fn many_watchers_of_a_scan_see_the_same() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Running, 1).await;
    let path = format!("/api/v1/scans/{scan}/events");
    let mut all = Vec::new();
    for _ in 0..8 {
        let mut events = Events::of(&server, &path, &token).await;
        assert_eq!(events.next().await.unwrap().0, "progress");
        all.push(events);
    }
    server
        .store
        .set_state(&scan, ScanState::ALL, ScanState::Finished, server.clock.now())
        .await
        .unwrap();
    for mut events in all {
        assert_eq!(events.next().await.unwrap().0, "end");
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn a_scan_that_has_ended_says_so_at_once() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Finished, 1).await;
    for _ in 0..2 {
        let path = format!("/api/v1/scans/{scan}/events");
        let answer =
            Answer::of(Ask::new("GET", &path).token(&token).over(server.connect().await).await)
                .await;
        assert!(answer.body.contains("event: end"), "{answer:?}");
    }
}
