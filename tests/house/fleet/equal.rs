//! One scan in one process and the same by a fleet: the reports are equal.

use std::time::Duration;

use loadtest::Trouble;
use protocol::scan::ScanState;
use tokio::runtime::Runtime;

use super::crew::{Crew, Urls, write_reports};
use super::masked::compare;
use super::place::Place;
use super::wait;
use crate::command::{Cloud, SERVICES};

fn trouble() -> Trouble {
    Trouble { closed_doors: true, denied: 60, broken: 4, half_denied: 4, ..Trouble::NONE }
}

/// Scans by a fleet and in one process, and compares.
fn compare_both(runtime: &Runtime, cloud: &Cloud, urls: Urls, services: &str) {
    let selected = ["scan", "--service", services, "--budget-share", "90", "--quiet"];
    let mut crew = Crew::start(runtime, cloud, urls, [1, 2]);
    let there = [&selected[..], &["--connection", "main"]].concat();
    let scan = crew.begin(&there);
    wait(runtime, "the end of the scan", || {
        crew.check();
        (crew.state(&scan)? == ScanState::Finished).then_some(())
    });
    let home = cloud.home.path();
    crew.reports(&scan, home);
    let here = [&selected[..], &["--call-timeout", "5s"]].concat();
    let said = cloud.run(&here);
    assert_eq!(said.code, 3, "some cells are made to stay unknown: {}", said.err);
    let scans: serde_json::Value =
        serde_json::from_str(&cloud.run(&["scans", "--format", "json"]).out).unwrap();
    let alone = scans[0]["scan"].as_str().unwrap();
    write_reports(alone, home, |args| cloud.run(args));
    compare("fleet | one process", &home.join(scan.id.as_str()), &home.join(alone));
    for worker in &crew.workers {
        let again = worker.said().lines().filter(|line| line.contains("redelivered")).count();
        assert_eq!(again, 0, "{} got batches twice, and nobody was killed", worker.name());
    }
    for process in crew.workers.iter_mut().chain(&mut crew.coordinators) {
        let ended = process.terminate(runtime);
        assert_eq!(ended, Some(0), "{}:\n{}", process.name(), process.told());
    }
}

#[test]
fn a_fleet_on_rabbitmq_redis_and_postgres_reports_what_one_process_does() {
    let runtime = super::runtime();
    let cloud = Cloud::new(12, trouble(), Duration::from_millis(2));
    let places = ["postgres", "redis", "rabbitmq"].map(|name| Place::of(&runtime, name, ""));
    let [store, budgets, queue] = places.each_ref().map(Place::url);
    let direct_store = places[0].direct();
    let urls = Urls { store, queue, budgets, direct_store, environment: Vec::new() };
    compare_both(&runtime, &cloud, urls, SERVICES);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test's servers are named by variables")]
fn a_fleet_on_sqs_redis_and_postgres_reports_what_one_process_does() {
    let sqs = std::env::var("ORGSWEEP_TEST_SQS")
        .expect("ORGSWEEP_TEST_SQS names no double of SQS: run `cargo xtask test`");
    let runtime = super::runtime();
    // The double of SQS is slow: few accounts. It knows no queues of theirs: the service sqs is left out.
    let cloud = Cloud::new(4, trouble(), Duration::from_millis(2));
    let places = ["postgres", "redis"].map(|name| Place::of(&runtime, name, ""));
    let [store, budgets] = places.each_ref().map(Place::url);
    let queue = format!("sqs://eu-west-1/fleet-{}?fair=false", uuid::Uuid::now_v7().simple());
    let environment = vec![("AWS_ENDPOINT_URL_SQS".to_owned(), sqs)];
    let direct_store = places[0].direct();
    let urls = Urls { store, queue, budgets, direct_store, environment };
    compare_both(&runtime, &cloud, urls, "ec2,s3,iam,guardduty,kms");
}
