//! Ctrl-C once drains, twice stops at once; either leaves a scan that can be resumed.

use std::process::Command;
use std::time::Duration;

use loadtest::Trouble;

use crate::command::{Cloud, SERVICES, Said};

pub(crate) fn interrupt(id: u32) {
    let sent = Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

fn wait_for_calls(cloud: &Cloud, calls: u64) {
    while cloud.running().counters().calls < calls {
        std::thread::yield_now();
    }
}

#[test]
fn ctrl_c_once_drains_and_resume_ends_the_scan() {
    let cloud = Cloud::new(5, Trouble::NONE, Duration::from_millis(20));
    let running = cloud.start(&["scan", "--service", SERVICES, "--budget-share", "90", "--quiet"]);
    wait_for_calls(&cloud, 60);
    interrupt(running.id());
    let said = Said::of(running.wait_with_output().unwrap());
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("orgsweep resume"), "{}", said.err);
    let status = cloud.run(&["status", "--format", "json"]);
    assert!(status.out.contains("\"interrupted\""), "{}", status.out);
    let said = cloud.run(&["resume", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(cloud.ledger().get("not_run"), None);
}

#[test]
fn ctrl_c_twice_stops_at_once_and_resume_ends_the_scan() {
    let cloud = Cloud::new(5, Trouble::NONE, Duration::from_secs(1));
    let running = cloud.start(&["scan", "--service", SERVICES, "--budget-share", "90", "--quiet"]);
    wait_for_calls(&cloud, 10);
    let id = running.id();
    interrupt(id);
    let twice = std::thread::spawn(move || {
        // The first is noticed before the second counts: both wait for the same listener.
        for _ in 0..200 {
            if !std::path::Path::new(&format!("/proc/{id}")).exists() {
                break;
            }
            interrupt_quietly(id);
            std::thread::yield_now();
        }
    });
    let said = Said::of(running.wait_with_output().unwrap());
    twice.join().unwrap();
    assert_eq!(said.code, 4, "{}", said.err);
    let said = cloud.run(&["resume", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

fn interrupt_quietly(id: u32) {
    let sent = Command::new("kill").args(["-INT", &id.to_string()]).output();
    assert!(sent.is_ok());
}
