//! `check-access` and `plan`: what can be known before a scan.

use std::time::Duration;

use loadtest::Trouble;

use crate::command::Cloud;

#[test]
fn check_access_tells_who_lets_us_in_and_what_is_missing() {
    let trouble = Trouble { closed_doors: true, ..Trouble::NONE };
    let cloud = Cloud::new(12, trouble, Duration::ZERO);
    let said =
        cloud.run(&["check-access", "--budget-share", "90", "--format", "json", "--no-progress"]);
    assert_eq!(said.code, 3, "one account is closed: {}", said.err);
    let accounts: Vec<serde_json::Value> = serde_json::from_str(&said.out).unwrap();
    assert_eq!(accounts.len(), 12);
    let entered =
        |account: &&serde_json::Value| account["entered"].as_str().unwrap().starts_with("as arn:");
    let closed: Vec<_> = accounts.iter().filter(|account| account["entered"] == "no").collect();
    assert_eq!(closed.len(), 1, "{}", said.out);
    assert!(closed[0]["missing"][0].as_str().unwrap().contains("AccessDenied"));
    assert!(accounts.iter().filter(entered).count() >= 9, "{}", said.out);
    assert!(!cloud.home.path().join("orgsweep.sqlite").exists(), "nothing is written");
}

#[test]
fn a_plan_counts_the_cells_that_a_scan_then_has() {
    let cloud = Cloud::new(5, Trouble::NONE, Duration::ZERO);
    let which = ["--service", "s3,sqs,kms", "--region", "us-east-1,eu-west-1,af-south-1"];
    let said = cloud.run(&[&["plan", "--format", "json"], &which[..]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let planned = plan["estimate"]["total"]["cells"].as_u64().unwrap();
    assert_eq!(planned, 5 * (1 + 2 * 3));
    let asked = cloud.running().counters();
    assert!(asked.calls < 10, "only the organization is read: {} calls", asked.calls);
    let said = cloud.run(&[&["scan", "--quiet", "--budget-share", "90"], &which[..]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(cloud.cells().len() as u64, planned);
}
