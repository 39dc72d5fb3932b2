//! Scans: started, listed, inspected, moved from state to state, re-queued.

use std::collections::BTreeSet;

use coordinator::http::api::{NewScan, Requeued, ScanView, Scans};
use protocol::registry::{Registry, Scope};
use protocol::scan::{Priority, ScanState, Source};
use protocol::store::Store;
use protocol::{Clock, Failure, FailureKind, WorkspaceId};
use serde_json::json;

use crate::client::Ask;
use crate::server::Server;

#[tokio::test]
async fn a_scan_that_is_started_is_there_for_the_coordinator_that_leads() {
    let server = Server::start().await;
    let token = server.token_of("other", Scope::Operate).await;
    let asked = json!({
        "connections": ["main"],
        "selection": {"regions": ["eu-west-1"], "services": ["sqs"], "tags": [{"key": "env", "value": "prod"}]},
        "pace": {"budget_share": 10},
        "resources": "sample",
        "priority": "high",
    });
    let answer = server.post("/api/v1/scans", &token, &asked).await.is(201);
    let view: ScanView = answer.read();
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/scans/{}", view.row.scan)));
    let open = server.store.open_scans().await.unwrap();
    assert_eq!(open.len(), 1);
    let scan = &open[0];
    assert_eq!((scan.id.clone(), scan.state), (view.row.scan, ScanState::Running));
    assert_eq!(scan.workspace, WorkspaceId::new("other").unwrap());
    assert_eq!(scan.owner, "other-operate");
    assert_eq!(scan.settings.priority, Priority::High);
    assert!(
        matches!(&scan.settings.sources[..], [Source::Connection { name }] if name.as_str() == "main")
    );
    assert_eq!(scan.settings.pace.budget_share, 10);
    assert_eq!(view.asked, serde_json::from_value::<NewScan>(asked).unwrap());
    assert!(!server.store.probes(&scan.catalog).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_of_scans_tell_each_once_newest_first() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let mut made = Vec::new();
    for number in 0..7 {
        made.push(server.scan("default", ScanState::Finished, number).await.to_string());
        server.scan("other", ScanState::Finished, number).await;
    }
    let mut path = "/api/v1/scans?limit=3".to_owned();
    let mut told = Vec::new();
    loop {
        let page: Scans = server.get(&path, &token).await.is(200).read();
        assert!(page.scans.len() <= 3);
        told.extend(page.scans.iter().map(|row| row.scan.to_string()));
        let Some(next) = page.next else { break };
        path = format!("/api/v1/scans?limit=3&before={next}");
    }
    made.reverse();
    assert_eq!(told, made);
}

#[tokio::test]
async fn a_scan_is_told_with_its_plan_and_what_discovery_could_not_read() {
    let server = Server::start().await;
    let token = server.token(Scope::Read).await;
    let scan = server.scan("default", ScanState::Running, 3).await;
    let why = Failure::new(FailureKind::Denied, "AccessDenied", "not authorized");
    server.store.put_missing(&scan, "the tree of o-1", &why).await.unwrap();
    for name in [scan.as_str(), "latest"] {
        let view: ScanView =
            server.get(&format!("/api/v1/scans/{name}"), &token).await.is(200).read();
        assert_eq!((view.row.planned, view.row.unknown, view.accounts), (6, 6, 3));
        assert_eq!(view.ledger.get("not_run"), Some(&6));
        assert_eq!(view.missing.len(), 1);
        assert_eq!(
            (view.missing[0].what.as_str(), view.missing[0].code.as_str()),
            ("the tree of o-1", "AccessDenied")
        );
    }
}

#[tokio::test]
async fn a_scan_moves_only_where_it_can() {
    use ScanState::{Cancelled, Finished, Interrupted, Paused, Running};
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let table = [
        ("pause", Paused, vec![Running]),
        ("continue", Running, vec![Paused, Interrupted]),
        ("cancel", Cancelled, vec![Running, Paused, Interrupted]),
    ];
    for (verb, to, may) in table {
        for from in ScanState::ALL {
            let scan = server.scan("default", *from, 1).await;
            let ask = Ask::new("POST", &format!("/api/v1/scans/{scan}/{verb}")).token(&token);
            let answer = server.ask(ask).await;
            if may.contains(from) {
                assert_eq!(answer.is(200).read::<ScanView>().row.state, to, "{verb} from {from}");
            } else {
                let said = answer.refused(409, "state");
                assert!(said.contains(from.as_str()), "{said}");
            }
            let stands = server.store.scan(&scan).await.unwrap().state;
            assert_eq!(stands, if may.contains(from) { to } else { *from });
        }
    }
    assert!(Finished != Running);
}

#[tokio::test]
async fn cells_that_match_are_queued_again_and_the_scan_runs() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let scan = server.scan("default", ScanState::Finished, 3).await;
    let path = format!("/api/v1/scans/{scan}/requeue");
    let none = json!({"statuses": ["throttled"]});
    let said = server.post(&path, &token, &none).await.refused(409, "no_cells");
    assert!(said.contains("failures"), "{said}");
    assert_eq!(server.store.scan(&scan).await.unwrap().state, ScanState::Finished);
    let some = json!({"accounts": ["100000000001"], "services": ["sqs"]});
    let done: Requeued = server.post(&path, &token, &some).await.is(200).read();
    assert_eq!((done.round, done.cells), (2, 1));
    assert_eq!(server.store.scan(&scan).await.unwrap().state, ScanState::Running);
    let every: Requeued = server.post(&path, &token, &json!({})).await.is(200).read();
    assert_eq!((every.round, every.cells), (3, 6), "no filter stands for every unknown cell");
}

#[tokio::test]
async fn what_this_installation_cannot_go_on_with_is_refused() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let scan = server.scan("default", ScanState::Interrupted, 1).await;
    let mut local = server.store.scan(&scan).await.unwrap();
    local.id = "from-a-laptop".parse().unwrap();
    local.settings.sources = vec![Source::Profile { name: "mine".to_owned() }];
    server.store.create_scan(&local, &[]).await.unwrap();
    let mut old = server.store.scan(&scan).await.unwrap();
    old.id = "of-another-catalog".parse().unwrap();
    old.catalog = "0000".parse().unwrap();
    old.version = "0.0.9".to_owned();
    server.store.create_scan(&old, &[]).await.unwrap();
    let mut lost = server.store.scan(&scan).await.unwrap();
    lost.id = "by-a-lost-connection".parse().unwrap();
    lost.settings.sources = vec![Source::Connection { name: "others".parse().unwrap() }];
    server.store.create_scan(&lost, &[]).await.unwrap();
    for (name, code, part) in [
        ("from-a-laptop", "foreign_scan", "machine"),
        ("of-another-catalog", "catalog", "0.0.9"),
        ("by-a-lost-connection", "no_connection", "no such connection"),
    ] {
        let ask = Ask::new("POST", &format!("/api/v1/scans/{name}/continue")).token(&token);
        let said = server.ask(ask).await.refused(409, code);
        assert!(said.contains(part), "{said}");
        let path = format!("/api/v1/scans/{name}/requeue");
        server.post(&path, &token, &json!({})).await.refused(409, code);
        let shown = server.get(&format!("/api/v1/scans/{name}"), &token).await.is(200);
        assert!(!shown.body.contains("mine"), "{shown:?}");
    }
}

#[tokio::test]
async fn a_workspace_has_so_many_open_scans_and_no_more() {
    let server = Server::start().await;
    let token = server.token(Scope::Operate).await;
    let mut ids = BTreeSet::new();
    let body = json!({"connections": ["main"], "selection": {"services": ["sqs"]}});
    for _ in 0..100 {
        ids.insert(server.scan("default", ScanState::Paused, 0).await);
        server.scan("other", ScanState::Paused, 0).await;
    }
    server.post("/api/v1/scans", &token, &body).await.refused(409, "too_many_scans");
    let one = ids.pop_first().unwrap();
    server
        .store
        .set_state(&one, ScanState::ALL, ScanState::Cancelled, server.clock.now())
        .await
        .unwrap();
    server.post("/api/v1/scans", &token, &body).await.is(201);
}
