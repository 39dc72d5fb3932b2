//! What the inventory tells of accounts since the scan before, and of what could not be read.

use std::sync::Arc;

use protocol::ScanId;
use protocol::store::Store;
use reports::Format;
use serde_json::Value;
use store::Access;

use crate::later::{self, day_after, next_day};
use crate::seed::{self, options, scan_id};

async fn all() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    seed::fill(&*store).await;
    later::fill(&*store).await;
    later::fill_broken(&*store).await;
    store
}

async fn told(store: &dyn Store, scan: &ScanId) -> Value {
    let mut out = Vec::new();
    reports::write(store, scan, "inventory", Format::Json, &options(), &mut out)
        .await
        .expect("a report");
    serde_json::from_slice(&out).expect("json")
}

/// What happened to accounts, as account and event.
fn events(report: &Value, table: &str) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let rows = report[table].as_array().expect("rows").iter();
    rows.map(|row| (text(row, "account_id"), text(row, "event"))).collect()
}

#[tokio::test]
async fn events_are_those_of_a_comparison_with_the_scan_before() {
    let store = all().await;
    assert_eq!(events(&told(&*store, &scan_id()).await, "events"), [], "there is none before");
    let inventory = told(&*store, &next_day()).await;
    let mut out = Vec::new();
    let scans = (&scan_id(), &next_day());
    let of = reports::diff::Of::Accounts;
    reports::diff::write(&*store, scans, of, Format::Json, &options(), &mut out)
        .await
        .expect("a comparison");
    let compared: Value = serde_json::from_slice(&out).expect("json");
    let happened = events(&inventory, "events");
    assert_eq!(happened, events(&compared, "rows"));
    for event in ["joined", "left", "moved", "renamed", "suspended"] {
        assert!(happened.iter().any(|(_, word)| word == event), "{event}: {happened:?}");
    }
    assert_eq!(inventory["events"][0]["since_scan"], scan_id().as_str());
}

#[tokio::test]
async fn nobody_has_left_where_the_list_of_accounts_is_not_whole() {
    let store = all().await;
    let happened = events(&told(&*store, &day_after()).await, "events");
    assert!(!happened.is_empty());
    assert!(happened.iter().all(|(_, event)| event == "not_seen"), "{happened:?}");
}

#[tokio::test]
async fn what_nobody_read_and_what_was_denied_are_told() {
    let store = all().await;
    let report = told(&*store, &scan_id()).await;
    let rows = report["completeness"].as_array().expect("rows");
    let of = |part: &str| rows.iter().find(|row| row["part"] == part).expect("a part");
    assert_eq!(of("accounts")["completeness"], "synced");
    assert_eq!(of("policies")["completeness"], "incomplete");
    assert_eq!(of("policies")["missing"], "contents of SERVICE_CONTROL_POLICY policies");
    assert_eq!(of("policies")["failure_code"], "AccessDeniedException");
    assert_eq!(of("trusted_services")["completeness"], "incomplete");
    assert_eq!(rows.len(), 5, "tags are not asked for: {rows:?}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("Not everything of the organization could be read"), "{notes}");
    let unknown = &report["policies"][1];
    assert_eq!((&unknown["attached_to"], &unknown["content"]), (&Value::Null, &Value::Null));
}
