//! Members and organizations have a state as of each scan, by the last try to enter them in any scan of the workspace.

use std::sync::Arc;

use protocol::inventory::{AccountState, Organization};
use protocol::plan::PlanRow;
use protocol::registry::Registry;
use protocol::scan::{Scan, ScanState};
use protocol::store::Store;
use protocol::{ScanId, WorkspaceId};
use reports::Format;
use serde_json::Value;
use store::Access;

use crate::later::{self, JOINED, day_after, next_day};
use crate::seed::{
    self, LOCKED, MANAGEMENT, PAYMENTS, SUSPENDED, account, at, created, id, options, scan_id, set,
};

const OTHER: &str = "666666666666";

/// Three scans of three days, and one that goes on: it leaves an account out, asks for two, and sees another.
async fn all() -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    seed::fill(&*store).await;
    later::fill(&*store).await;
    later::fill_broken(&*store).await;
    let scan = Scan { id: going_on(), started_at: at(3 * 86_400), ..created() };
    store.create_scan(&scan, &seed::probes()).await.expect("a scan");
    let organization = Organization::new(id("o-example"), id(MANAGEMENT));
    store.put_organization(&scan.id, &organization).await.expect("an organization");
    let known = [
        account(MANAGEMENT, "management", AccountState::Active),
        account(PAYMENTS, "=payments", AccountState::Active),
        account(JOINED, "fresh", AccountState::Active),
        account(OTHER, "nobody's", AccountState::Active),
    ];
    let probes = set(&[("ec2", None)]);
    let row = |account: &str| PlanRow {
        account: id(account),
        region: id("eu-west-1"),
        probe_set: probes.id(),
        window: 0,
    };
    let rows = [row(MANAGEMENT), row(JOINED)];
    store.put_accounts(&scan.id, &known, &[probes], &rows).await.expect("a plan");
    let left_out = [(id(PAYMENTS), "account name \"=pay*\"".to_owned())];
    store.put_exclusions(&scan.id, &left_out).await.expect("who is left out");
    store
}

fn going_on() -> ScanId {
    id("20261125T100000-0badc0de")
}

async fn told(store: &dyn Store, scan: &ScanId) -> Value {
    let mut out = Vec::new();
    reports::write(store, scan, "members", Format::Json, &options(), &mut out)
        .await
        .expect("a report");
    serde_json::from_slice(&out).expect("json")
}

fn member<'r>(report: &'r Value, account: &str) -> &'r Value {
    let mut rows = report["rows"].as_array().expect("rows").iter();
    rows.find(|row| row["account_id"] == account).expect("a member")
}

fn states(report: &Value, accounts: &[&str]) -> Vec<String> {
    let state =
        |account: &&str| member(report, account)["member_state"].as_str().map(str::to_owned);
    accounts.iter().filter_map(state).collect()
}

#[tokio::test]
async fn who_lets_us_in_who_does_not_and_why_and_when() {
    let report = told(&*all().await, &scan_id()).await;
    let found = states(&report, &[MANAGEMENT, PAYMENTS, LOCKED, SUSPENDED]);
    assert_eq!(found, ["connected", "connected", "error", "discovered"]);
    let locked = member(&report, LOCKED);
    assert_eq!(locked["why"], "AccessDenied: not authorized to assume");
    assert_eq!(locked["last_preflight_at"], "2026-11-22T10:00:02.000Z");
    assert_eq!(locked["ou_path"], "Root/Payments");
    assert_eq!(locked["ou_id_path"], "r-1/ou-pay");
    assert_eq!(member(&report, SUSPENDED)["why"], "it is not active");
    let organization = &report["organizations"][0];
    assert_eq!(organization["connection_state"], "partial");
    assert_eq!((&organization["members"], &organization["error"]), (&4.into(), &1.into()));
}

#[tokio::test]
async fn the_last_try_of_an_earlier_scan_stands_until_the_next_one() {
    let store = all().await;
    let report = told(&*store, &day_after()).await;
    assert_eq!(states(&report, &[MANAGEMENT]), ["connected"]);
    assert_eq!(member(&report, MANAGEMENT)["last_preflight_scan"], next_day().as_str());
    let before = told(&*store, &next_day()).await;
    assert_eq!(states(&before, &[LOCKED, JOINED]), ["error", "connected"]);
    assert_eq!(member(&before, LOCKED)["last_preflight_scan"], scan_id().as_str());
}

#[tokio::test]
async fn a_scan_that_goes_on_connects_whom_it_asks_for_and_nobody_else() {
    let report = told(&*all().await, &going_on()).await;
    let found = states(&report, &[MANAGEMENT, JOINED, PAYMENTS, OTHER]);
    assert_eq!(found, ["connecting", "connecting", "excluded", "discovered"]);
    assert_eq!(member(&report, PAYMENTS)["why"], "left out by account name \"=pay*\"");
    assert_eq!(member(&report, OTHER)["why"], "nobody has asked for it");
    assert_eq!(report["organizations"][0]["connection_state"], "connecting");
}

#[tokio::test]
async fn what_another_workspace_entered_is_not_told() {
    let store = all().await;
    let scan = Scan {
        id: id("20261126T100000-0bad0bad"),
        workspace: WorkspaceId::new("other").expect("a workspace"),
        started_at: at(4 * 86_400),
        ..created()
    };
    store.create_scan(&scan, &seed::probes()).await.expect("a scan");
    let known = [account(MANAGEMENT, "management", AccountState::Active)];
    store.put_accounts(&scan.id, &known, &[], &[]).await.expect("accounts");
    let end = at(4 * 86_400 + 1);
    store.set_state(&scan.id, ScanState::ALL, ScanState::Finished, end).await.expect("an end");
    let report = told(&*store, &scan.id).await;
    assert_eq!(states(&report, &[MANAGEMENT]), ["discovered"]);
    assert_eq!(member(&report, MANAGEMENT)["last_preflight_at"], Value::Null);
}

#[tokio::test]
async fn the_last_try_outlives_the_scan_that_made_it() {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    seed::fill(&*store).await;
    later::fill(&*store).await;
    later::fill_broken(&*store).await;
    let before = told(&*store, &day_after()).await;
    let removed = store.prune(at(86_400 + 91), 10).await.expect("a sweep");
    assert_eq!(removed, [scan_id(), next_day()]);
    let after = told(&*store, &day_after()).await;
    assert_eq!(after["rows"], before["rows"]);
    assert_eq!(member(&after, MANAGEMENT)["last_preflight_scan"], next_day().as_str());
}
