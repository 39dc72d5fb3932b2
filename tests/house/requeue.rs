//! Re-queue by query: just the cells that match, into the same scan.

use std::time::Duration;

use loadtest::Trouble;

use crate::command::{Cloud, SERVICES};

#[test]
fn only_the_cells_that_match_run_again() {
    let trouble = Trouble { denied: 60, broken: 20, ..Trouble::NONE };
    let cloud = Cloud::new(4, trouble, Duration::ZERO);
    let said = cloud.run(&[
        "scan",
        "--service",
        SERVICES,
        "--budget-share",
        "90",
        "--region",
        "us-east-1,eu-west-1",
        "--quiet",
    ]);
    assert_eq!(said.code, 3, "{}", said.err);
    let (ledger, cells) = (cloud.ledger(), cloud.cells());
    let denied = ledger["denied"].as_u64().unwrap();
    assert!(denied > 0, "{ledger}");
    let before = cloud.running().counters().calls;
    let said = cloud.run(&["requeue", "latest", "--status", "denied", "--quiet"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains(&format!("{denied} cells")), "{}", said.err);
    assert_eq!((cloud.ledger(), cloud.cells()), (ledger, cells));
    let calls = cloud.running().counters().calls - before;
    assert!(calls >= denied && calls < denied * 4 + 40, "{calls} calls for {denied} cells");
    let rounds = cloud.run(&["scans", "--format", "json"]);
    let rounds: serde_json::Value = serde_json::from_str(&rounds.out).unwrap();
    assert_eq!((rounds.as_array().unwrap().len(), &rounds[0]["round"]), (1, &2.into()));
}

#[test]
fn a_query_that_matches_nothing_says_so() {
    let cloud = Cloud::new(2, Trouble::NONE, Duration::ZERO);
    let said = cloud.run(&[
        "scan",
        "--service",
        "sqs",
        "--region",
        "us-east-1",
        "--budget-share",
        "90",
        "--quiet",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = cloud.run(&["requeue", "latest"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("no cell of scan"), "{}", said.err);
}
