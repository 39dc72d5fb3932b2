//! `kill -9` at a random moment, ten times over: what is resumed ends as if nothing had been.

use std::time::Duration;

use loadtest::Trouble;
use tokio::time::Instant;

use crate::command::{Cloud, SERVICES, Said};

const ROUNDS: u64 = 10;

const SCAN: &[&str] =
    &["scan", "--service", SERVICES, "--budget-share", "90", "--call-timeout", "2s", "--quiet"];

/// A number from the round, spread over `0..below`.
fn dice(round: u64, below: u64) -> u64 {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 33) % below
}

#[test]
fn a_scan_that_was_killed_at_any_moment_resumes_to_the_same_ledger() {
    let trouble = || Trouble { closed_doors: true, denied: 4, broken: 1, ..Trouble::NONE };
    let undisturbed = Cloud::new(6, trouble(), Duration::from_millis(2));
    let said = undisturbed.run(SCAN);
    assert!([0, 3].contains(&said.code), "{}", said.err);
    let (ledger, cells) = (undisturbed.ledger(), undisturbed.cells());
    let calls = undisturbed.running().counters().calls;
    let mut cut_short = 0;
    for round in 0..ROUNDS {
        let cloud = Cloud::new(6, trouble(), Duration::from_millis(2));
        let moment = dice(round, calls);
        let mut running = cloud.start(SCAN);
        let patience = Instant::now() + Duration::from_secs(60);
        while cloud.running().counters().calls < moment
            && running.try_wait().unwrap().is_none()
            && Instant::now() < patience
        {
            std::thread::yield_now();
        }
        running.kill().unwrap();
        let ended = running.wait().unwrap();
        if ended.code().is_none() {
            cut_short += 1;
        }
        // Killed before the scan was written down, there is nothing to resume: scan anew.
        let scans = cloud.run(&["scans", "--format", "json"]);
        let again = if scans.code == 0 && scans.out.trim() != "[]" {
            cloud.run(&["resume", "latest", "--quiet"])
        } else {
            cloud.run(SCAN)
        };
        let finished =
            |said: &Said| [0, 3].contains(&said.code) || said.err.contains("is finished");
        assert!(finished(&again), "round {round}, killed after {moment} calls: {}", again.err);
        assert_eq!(cloud.ledger(), ledger, "round {round}, killed after {moment} calls");
        assert_eq!(cloud.cells(), cells, "round {round}, killed after {moment} calls");
    }
    assert!(cut_short >= ROUNDS / 2, "only {cut_short} of {ROUNDS} were killed while they worked");
}
