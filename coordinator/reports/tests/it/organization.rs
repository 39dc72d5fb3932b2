//! The organization as a tree: what is rolled up, what stands behind an account, and how large a page may become.

use std::sync::Arc;

use protocol::ScanId;
use protocol::inventory::{AccountState, Organization, Tree, Unit};
use protocol::store::Store;
use reports::Format;
use serde_json::Value;
use store::Access;

use crate::seed::{self, HOSTILE, LOCKED, MANAGEMENT, PAYMENTS, SUSPENDED, id, options, scan_id};

async fn rendered(store: &dyn Store, scan: &ScanId, format: Format) -> String {
    let mut out = Vec::new();
    reports::write(store, scan, "organization", format, &options(), &mut out)
        .await
        .expect("a report");
    String::from_utf8(out).expect("text")
}

async fn told() -> Value {
    let text = rendered(&*seed::store().await, &scan_id(), Format::Json).await;
    serde_json::from_str(&text).expect("json")
}

#[tokio::test]
async fn a_unit_counts_its_accounts_and_all_below() {
    let report = told().await;
    let rows = report["rows"].as_array().expect("rows");
    let count = |at: usize, name: &str| rows[at][name].as_u64().expect("a count");
    let paths: Vec<_> = rows.iter().filter_map(|row| row["ou_path"].as_str()).collect();
    assert_eq!(paths, ["Root", "Root/Payments", "Root/Payments/Prod"]);
    assert_eq!([0, 1, 2].map(|at| count(at, "accounts")), [4, 2, 1]);
    assert_eq!([0, 1, 2].map(|at| count(at, "accounts_directly")), [2, 1, 1]);
    let accounts = report["accounts"].as_array().expect("accounts");
    for name in ["cells", "unknown"] {
        let sum: u64 = accounts.iter().map(|row| row[name].as_u64().expect("a count")).sum();
        assert_eq!(count(0, name), sum, "{name}");
    }
}

#[tokio::test]
async fn an_account_tells_what_it_uses_where_and_why_the_rest_is_unknown() {
    let report = told().await;
    let accounts = report["accounts"].as_array().expect("accounts");
    let of = |id: &str| accounts.iter().find(|row| row["account_id"] == id).expect("an account");
    let used = of(MANAGEMENT)["in_use"].to_string();
    assert_eq!(used, r#"["ec2 (us-east-1)","guardduty (eu-west-1)","s3 (global)"]"#);
    let why = of(PAYMENTS)["unknown_because"].to_string();
    assert!(why.contains("1 denied UnauthorizedOperation by scp: ec2 in eu-west-1"), "{why}");
    assert!(why.contains("1 throttled ThrottlingException: guardduty in eu-west-1"), "{why}");
    let why = of(LOCKED)["unknown_because"].to_string();
    assert!(why.contains("role_failed AccessDenied: appfabric ec2 guardduty"), "{why}");
    let suspended = of(SUSPENDED);
    assert_eq!((&suspended["cells"], &suspended["scanned"]), (&0.into(), &false.into()));
}

#[tokio::test]
async fn the_page_opens_without_a_script_and_shows_hostile_names_as_text() {
    let page = rendered(&*seed::store().await, &scan_id(), Format::Html).await;
    assert!(!page.contains("<script"), "no script is needed");
    assert!(!page.contains(HOSTILE));
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
    assert_eq!(page.matches("<li").count(), page.matches("</li>").count());
    // Three units and three accounts that have cells open; who was not scanned is a line.
    assert_eq!(page.matches("<details").count(), 6);
    assert!(page.contains("<em>SUSPENDED</em>"));
    assert!(page.contains("<b>guardduty</b> eu-west-1"));
}

/// A store with a scan of so many accounts in so many units, three levels of them, and no cells.
async fn large(units: usize, accounts: usize) -> Arc<dyn Store> {
    let store = store::connect("sqlite::memory:", Access::Run).await.expect("a store");
    store.create_scan(&seed::created(), &seed::probes()).await.expect("a scan");
    let scan = scan_id();
    let organization = Organization::new(id("o-example"), id(MANAGEMENT));
    store.put_organization(&scan, &organization).await.expect("an organization");
    let unit = |at: usize| Unit {
        id: id(&if at == 0 { "r-1".to_owned() } else { format!("ou-{at}") }),
        parent: (at > 0).then(|| match at / 40 {
            0 => id("r-1"),
            parent => id(&format!("ou-{parent}")),
        }),
        name: format!("unit {at}"),
        arn: None,
    };
    let number = |at: usize| format!("{:012}", 100_000_000_000 + at);
    let all: Vec<_> = (0..accounts)
        .map(|at| seed::account(&number(at), &format!("account {at}"), AccountState::Active))
        .collect();
    for some in all.chunks(1000) {
        store.put_accounts(&scan, some, &[], &[]).await.expect("accounts");
    }
    let place = |at: usize| (id(&number(at)), unit(at % units).id);
    let tree = Tree {
        units: (0..units).map(unit).collect(),
        placements: (0..accounts).map(place).collect(),
    };
    store.put_tree(&scan, &id("o-example"), &tree).await.expect("a tree");
    store
}

#[tokio::test]
async fn two_thousand_units_and_five_thousand_accounts_fit_on_a_page() {
    let store = large(2000, 5000).await;
    let page = rendered(&*store, &scan_id(), Format::Html).await;
    let units = page.matches("<li class=\"unit\">").count();
    assert_eq!((units, page.matches("<li>").count()), (2000, 5000));
    assert!(page.len() < 4 << 20, "{} bytes", page.len());
    let report: Value =
        serde_json::from_str(&rendered(&*store, &scan_id(), Format::Json).await).expect("json");
    let rows = report["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), &rows[0]["accounts"]), (2000, &5000.into()));
    let direct: u64 = rows.iter().filter_map(|row| row["accounts_directly"].as_u64()).sum();
    assert_eq!(direct, 5000);
}

#[tokio::test]
async fn accounts_that_the_page_has_no_room_for_are_counted_and_said() {
    let page = rendered(&*large(3, 20_002).await, &scan_id(), Format::Html).await;
    assert_eq!(page.matches("<li>").count(), 20_000);
    assert!(page.contains("and 2 accounts more"), "in the unit");
    assert!(page.contains("2 accounts have no line of their own"), "above the tree");
    assert!(page.contains("unit 0: 20,002 accounts"));
}
