//! What is read of organizations behind a scan: nobody waits for it, and nothing of it is lost or kept quiet.

use std::sync::Arc;

use futures_util::TryStreamExt;
use protocol::holding::Part;
use protocol::scan::{Priority, ScanState, Settings, Source};
use protocol::selection::Selection;
use protocol::store::{Store, Value};
use protocol::{ConnectionId, ScanId, WorkspaceId};

use crate::scene::{Cloud, Scene, settings, until};

const MANY: usize = 1000;
const BEHIND: [Part; 4] = [Part::Tree, Part::Policies, Part::Administrators, Part::Services];

/// How completely each part was read, in the order of the parts' names.
async fn readings(scene: &Scene, id: &ScanId) -> Vec<String> {
    let sql = "select part, connection, completeness, coalesce(failure_code, '') from readings \
        where scan_id = $1 order by part, connection";
    let rows: Vec<_> = scene.store.query(sql, id, vec![]).try_collect().await.expect("rows");
    let word = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    let told = |row: &Vec<Value>| row.iter().map(word).collect::<Vec<_>>().join(" ");
    rows.iter().map(|row| told(row).trim_end().to_owned()).collect()
}

async fn left(scene: &Scene, id: &ScanId) -> usize {
    scene.store.unread(id, &BEHIND).await.expect("parts").len()
}

#[tokio::test]
async fn a_scan_ends_while_its_organization_is_still_being_read() {
    let cloud = Cloud::organized(&["111122223333", "222233334444"], 0);
    let answers = Arc::clone(&cloud.answers);
    let scene = Scene::of(cloud).await;
    let id = scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    assert_eq!(left(&scene, &id).await, BEHIND.len());
    assert_eq!(readings(&scene, &id).await, ["accounts source-0 synced"]);
    answers.add_permits(1);
    until("the tree is read", async || left(&scene, &id).await == BEHIND.len() - 1).await;
    answers.add_permits(MANY);
    until("all is read", async || left(&scene, &id).await == 0).await;
    let expected = [
        "accounts source-0 synced",
        "delegated_administrators source-0 synced",
        "policies source-0 synced",
        "tree source-0 synced",
        "trusted_services source-0 synced",
    ];
    assert_eq!(readings(&scene, &id).await, expected);
    stop.cancel();
    serving.await.expect("an end");
}

#[tokio::test]
async fn what_one_coordinator_did_not_come_to_read_the_next_one_reads() {
    let cloud = Cloud::organized(&["111122223333"], 1);
    let answers = Arc::clone(&cloud.answers);
    let scene = Scene::of(cloud).await;
    let id = scene.scan(Priority::Normal).await;
    let (serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    until("the tree is read", async || left(&scene, &id).await == BEHIND.len() - 1).await;
    stop.cancel();
    serving.await.expect("an end");
    answers.add_permits(MANY);
    assert_eq!(left(&scene, &id).await, BEHIND.len() - 1);
    let (serving, stop) = scene.serve();
    until("the rest is read", async || left(&scene, &id).await == 0).await;
    stop.cancel();
    serving.await.expect("an end");
    assert_eq!(answers.available_permits(), MANY - (BEHIND.len() - 1), "each part once");
}

#[tokio::test]
async fn what_is_denied_of_an_organization_is_named_and_the_rest_is_kept() {
    let mut cloud = Cloud::organized(&["111122223333"], MANY);
    cloud.denied = vec![Part::Accounts, Part::Tree, Part::Policies];
    let scene = Scene::of(cloud).await;
    let asked = Settings { account_tags: true, ..settings(Priority::Normal) };
    let id = scene.scan_of(WorkspaceId::main(), asked).await;
    let (_serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    until("all is read", async || {
        scene.store.unread(&id, &[Part::Tags]).await.expect("parts").is_empty()
    })
    .await;
    let expected = [
        "account_tags source-0 synced",
        "accounts source-0 access_denied AccessDeniedException",
        "delegated_administrators source-0 synced",
        "policies source-0 access_denied AccessDeniedException",
        "tree source-0 access_denied AccessDeniedException",
        "trusted_services source-0 synced",
    ];
    assert_eq!(readings(&scene, &id).await, expected);
    let accounts = scene.store.accounts(&id).await.expect("accounts");
    assert_eq!(accounts[0].tags, [("part".to_owned(), "account_tags".to_owned())]);
    stop.cancel();
}

#[tokio::test]
async fn an_organization_that_two_connections_lead_to_is_read_once() {
    let cloud = Cloud::organized(&["111122223333"], MANY);
    let answers = Arc::clone(&cloud.answers);
    let scene = Scene::of(cloud).await;
    let named = |name: &str| Source::Connection { name: ConnectionId::new(name).expect("a name") };
    let sources = vec![named("first"), named("second")];
    let asked = Settings { sources, ..settings(Priority::Normal) };
    let id = scene.scan_of(WorkspaceId::main(), asked).await;
    let (_serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    until("all is read", async || left(&scene, &id).await == 0).await;
    let listed = &readings(&scene, &id).await[..2];
    assert_eq!(listed, ["accounts first synced", "accounts second already_synced"]);
    assert_eq!(answers.available_permits(), MANY - BEHIND.len());
    stop.cancel();
}

#[tokio::test]
async fn an_account_in_no_organization_is_told_as_such() {
    let scene = Scene::new(&["111122223333"]).await;
    let id = scene.scan(Priority::Normal).await;
    let (_serving, stop) = scene.serve();
    scene.work_until(&id, ScanState::Finished).await;
    assert_eq!(readings(&scene, &id).await, ["accounts source-0 not_in_organization"]);
    stop.cancel();
}

#[tokio::test]
async fn a_tree_that_a_filter_needs_is_read_before_anybody_is_chosen() {
    let cloud = Cloud::organized(&["111122223333"], MANY);
    let scene = Scene::of(cloud).await;
    let usual = settings(Priority::Normal);
    let units = vec!["Root".to_owned()];
    let selection = Selection { units, ..usual.selection.clone() };
    let id = scene.scan_of(WorkspaceId::main(), Settings { selection, ..usual }).await;
    let (_serving, stop) = scene.serve();
    let first = scene.next().await;
    let trees = scene.store.unread(&id, &[Part::Tree]).await.expect("parts");
    assert!(trees.is_empty(), "{trees:?}");
    scene.answer(&first).await;
    scene.work_until(&id, ScanState::Finished).await;
    stop.cancel();
}
