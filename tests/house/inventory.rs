//! The inventory of the stand-in's organization: what its seed says, and what a denial names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use loadtest::{Organization, Shape, Trouble};
use serde_json::Value;

use crate::command::{Cloud, Said};
use crate::stopped::interrupt;

const ACCOUNTS: u32 = 25;

fn trouble() -> Trouble {
    Trouble { closed_doors: true, ..Trouble::NONE }
}

/// The organization that the stand-in plays.
fn played() -> Organization {
    Organization::new(Shape { accounts: ACCOUNTS, seed: 7, trouble: trouble(), ..Shape::default() })
}

fn rows(report: &Value, table: &str) -> Vec<BTreeMap<String, Value>> {
    serde_json::from_value(report[table].clone()).unwrap()
}

fn inventory(cloud: &Cloud) -> Value {
    let said = cloud.run(&["report", "inventory", "--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn an_organization_is_whole_when_the_command_has_ended() {
    let (cloud, org) = (Cloud::new(ACCOUNTS, trouble(), Duration::ZERO), played());
    let scan = ["scan", "--service", "sqs", "--region", "ap-south-1", "--budget-share", "100"];
    let said = cloud.run(&[&scan[..], &["--account-tags"]].concat());
    assert_eq!(said.code, 3, "regions are denied: {}", said.err);
    assert!(said.err.contains("reading the organization"), "{}", said.err);
    let report = inventory(&cloud);
    for row in rows(&report, "completeness") {
        assert_eq!(row["completeness"], "synced", "{row:?}");
    }
    let accounts = rows(&report, "rows");
    assert_eq!(accounts.len(), org.accounts.len());
    for account in &org.accounts {
        let row = accounts.iter().find(|row| row["account_id"] == *account.id).unwrap();
        let tags: BTreeMap<String, String> = serde_json::from_value(row["tags"].clone()).unwrap();
        assert_eq!(tags, account.tags.iter().cloned().collect(), "{row:?}");
        assert_eq!(row["account_state"], account.state.as_str());
    }
    assert_eq!(rows(&report, "units").len(), org.units.len());
    let attached: usize = org.policies.iter().map(|policy| policy.targets.len()).sum();
    assert_eq!(rows(&report, "attachments").len(), attached);
    let contents = |policy: &loadtest::synthetic::Policy| {
        (policy.id.clone(), serde_json::from_str::<Value>(&policy.content).unwrap().to_string())
    };
    let wanted: BTreeSet<_> = org.policies.iter().map(contents).collect();
    let seen = rows(&report, "policies");
    let seen = seen
        .iter()
        .map(|row| (row["policy_id"].as_str().unwrap().to_owned(), row["content"].to_string()));
    assert_eq!(seen.collect::<BTreeSet<_>>(), wanted);
    assert_eq!(rows(&report, "trusted_services").len(), loadtest::synthetic::TRUSTED.len());
    let services: usize = org.administrators.iter().map(|one| one.services.len()).sum();
    assert_eq!(rows(&report, "delegated_administrators").len(), services);
    a_denial_names_a_policy_above_the_account(&cloud, &report);
}

/// Of denials that name a policy, each names one that is known, and attached to a unit above the account.
fn a_denial_names_a_policy_above_the_account(cloud: &Cloud, report: &Value) {
    let said = cloud.run(&["report", "cells", "--format", "jsonl"]);
    let cells = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let denied: Vec<Value> = cells.filter(|cell| cell["denied_by"] == "scp").collect();
    assert!(!denied.is_empty(), "{}", said.out);
    let (policies, attachments) = (rows(report, "policies"), rows(report, "attachments"));
    for cell in denied.iter().filter(|cell| !cell["policy_arn"].is_null()) {
        let policy = policies.iter().find(|row| row["arn"] == cell["policy_arn"]).unwrap();
        let path = cell["ou_path"].as_str().unwrap();
        let above = attachments.iter().any(|row| {
            let unit = row["ou_path"].as_str().unwrap();
            row["policy_id"] == policy["policy_id"] && path.starts_with(unit)
        });
        assert!(above, "{cell}");
    }
}

#[test]
fn a_delegated_administrator_reads_the_organization_and_another_member_is_denied() {
    let (cloud, org) = (Cloud::new(ACCOUNTS, trouble(), Duration::ZERO), played());
    let administrators: Vec<usize> = org.administrators.iter().map(|one| one.account).collect();
    let scan = |account: &str| {
        let role = format!("arn:aws:iam::{account}:role/orgsweep-member");
        let args = [
            "scan",
            "--quiet",
            "--service",
            "sqs",
            "--region",
            "us-east-1",
            "--budget-share",
            "100",
        ];
        cloud.run(&[&args[..], &["--org-role", &role]].concat());
        inventory(&cloud)
    };
    let by_administrator = scan(&org.accounts[administrators[0]].id);
    for row in rows(&by_administrator, "completeness") {
        assert_eq!(row["completeness"], "synced", "{row:?}");
    }
    let other = (1..org.accounts.len())
        .find(|at| org.accounts[*at].enterable && !administrators.contains(at))
        .unwrap();
    let by_member = scan(&org.accounts[other].id);
    let parts = rows(&by_member, "completeness");
    let denied: Vec<&Value> = parts
        .iter()
        .filter(|row| row["completeness"] == "access_denied")
        .map(|row| &row["part"])
        .collect();
    assert!(denied.contains(&&Value::from("accounts")), "{parts:?}");
    assert!(parts.iter().all(|row| row["completeness"] != "synced"), "{parts:?}");
    assert!(rows(&by_member, "events").iter().all(|row| row["event"] != "left"), "{by_member}");
}

#[test]
fn what_a_stop_cuts_short_of_the_organization_a_resume_reads() {
    let cloud = Cloud::new(ACCOUNTS, Trouble::NONE, Duration::ZERO);
    let scan = ["scan", "--service", "sqs", "--region", "us-east-1", "--budget-share", "90"];
    let running = cloud.start(&[&scan[..], &["--account-tags", "--quiet"]].concat());
    let state = || {
        let said = cloud.run(&["status", "--format", "json"]);
        serde_json::from_str::<Value>(&said.out).map(|status| status["state"].clone())
    };
    while state().ok() != Some(Value::from("finished")) {
        std::thread::yield_now();
    }
    interrupt(running.id());
    let said = Said::of(running.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "every cell is known: {}", said.err);
    assert!(said.err.contains("go on with `orgsweep resume"), "{}", said.err);
    let unread = |report: &Value| {
        rows(report, "completeness").iter().filter(|row| row["completeness"] != "synced").count()
    };
    assert!(unread(&inventory(&cloud)) > 0);
    let said = cloud.run(&["resume", "--quiet"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(unread(&inventory(&cloud)), 0);
    let said = cloud.run(&["resume", "--quiet"]);
    assert_eq!(said.code, 2, "nothing is left: {}", said.err);
}
