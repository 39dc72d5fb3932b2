//! A scan says what is there, cell by cell.

use std::time::Duration;

use loadtest::Trouble;

use crate::command::Cloud;

/// Every cell of the core catalog in every account and region, against the world's own truth.
#[test]
fn every_cell_of_a_scan_is_the_truth() {
    let cloud = Cloud::new(8, Trouble::default(), Duration::ZERO);
    let said =
        cloud.run(&["scan", "--budget-share", "90", "--call-timeout", "2s", "--no-progress"]);
    assert_eq!(said.code, 3, "some cells are made to stay unknown: {}", said.err);
    let cells = cloud.cells();
    let world = cloud.running().world();
    let mut wrong = Vec::new();
    let mut compared = 0;
    let truths = loadtest::truth_lines(world, false).unwrap();
    for truth in truths.lines() {
        let truth: serde_json::Value = serde_json::from_str(truth).unwrap();
        let text = |key: &str| truth[key].as_str().unwrap().to_owned();
        let key = (text("account"), text("region"), text("probe"));
        let Some((status, count)) = cells.get(&key) else { continue };
        compared += 1;
        let right = text("status");
        let counted = truth["own"].as_u64().unwrap();
        if *status != right || (right == "in_use" && *count != counted) {
            wrong.push(format!("{key:?}: {status} {count}, in truth {right} {counted}"));
        }
    }
    assert_eq!(compared, cells.len(), "every planned cell has a truth");
    assert!(compared > 10_000, "{compared}");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}
