//! Which accounts are meant: by id, name, unit, tag, state and rank, and what is said where nothing matches.

use std::time::Duration;

use loadtest::{Account, Organization, Trouble};
use protocol::inventory::AccountState;

use crate::command::Cloud;

/// How many active accounts are chosen, and how many accounts of any state are left out.
fn planned(cloud: &Cloud, flags: &[&str]) -> (u64, u64) {
    let mut args = vec!["plan", "--budget-share", "100", "--service", "sqs", "--format", "json"];
    args.extend(flags);
    let said = cloud.run(&args);
    assert_eq!(said.code, 0, "{flags:?}: {}", said.err);
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let count = |value: &serde_json::Value| value.as_u64().unwrap();
    (count(&plan["estimate"]["accounts"]), count(&plan["accounts_left_out"]))
}

fn counted(org: &Organization, wanted: impl Fn(&Account) -> bool) -> (u64, u64) {
    let chosen = org.accounts.iter().filter(|account| wanted(account));
    let left_out = org.accounts.iter().filter(|account| !wanted(account)).count();
    let active = chosen.filter(|account| account.state == AccountState::Active).count();
    (active as u64, left_out as u64)
}

/// Whether the account is in a unit of this name, or below one.
fn is_below(org: &Organization, account: &Account, name: &str) -> bool {
    let mut at = Some(account.unit);
    while let Some(unit) = at.and_then(|at| org.units.get(at)) {
        if unit.name == name {
            return true;
        }
        at = unit.parent;
    }
    false
}

#[test]
fn accounts_are_chosen_by_id_name_unit_tag_state_and_rank() {
    let trouble = Trouble { closed_doors: true, ..Trouble::NONE };
    let cloud = Cloud::new(24, trouble, Duration::ZERO);
    let org = cloud.running().world().organization();
    let id = &*org.accounts[3].id;
    let stage = |account: &Account| account.tags.contains(&("stage".into(), "prod".into()));
    assert_eq!(planned(&cloud, &["--account", id]), counted(org, |one| &*one.id == id));
    assert_eq!(planned(&cloud, &["--exclude-account", id]), counted(org, |one| &*one.id != id));
    let names = counted(org, |one| one.name.contains("-prod-"));
    assert!(names.0 > 0 && names.1 > 0, "{names:?}");
    assert_eq!(planned(&cloud, &["--account-name", "*-PROD-*"]), names);
    let others = counted(org, |one| !one.name.contains("-prod-"));
    assert_eq!(planned(&cloud, &["--exclude-account-name", "*-prod-00??"]), others);
    let below = counted(org, |one| is_below(org, one, "Workloads"));
    assert_eq!(planned(&cloud, &["--ou", "Root/Workloads"]), below);
    let unit = org.units.iter().find(|unit| unit.name == "Workloads").unwrap();
    assert_eq!(planned(&cloud, &["--ou", &unit.id]), below);
    let apart = counted(org, |one| !is_below(org, one, "Workloads"));
    assert_eq!(planned(&cloud, &["--exclude-ou", &unit.id]), apart);
    // Tags of accounts that are not active are not read.
    let tagged = counted(org, |one| stage(one) && one.state == AccountState::Active);
    assert_eq!(planned(&cloud, &["--tag", "stage=prod"]), tagged);
    let untagged = counted(org, |one| !stage(one) || one.state != AccountState::Active);
    assert_eq!(planned(&cloud, &["--exclude-tag", "stage=prod"]), untagged);
    let active = counted(org, |one| one.state == AccountState::Active);
    assert_eq!(planned(&cloud, &["--state", "ACTIVE"]), active);
    assert_eq!(planned(&cloud, &["--exclude-state", "SUSPENDED,CLOSED"]), active);
    let members = counted(org, |one| !one.management);
    assert_eq!(planned(&cloud, &["--no-management-account"]), members);
}

#[test]
fn an_entry_that_matches_nothing_stops_plan_and_scan_and_is_named() {
    let cloud = Cloud::new(4, Trouble::NONE, Duration::ZERO);
    for (flags, part) in [
        (["--account", "999999999999"], "account 999999999999"),
        (["--exclude-account", "999999999999"], "account 999999999999"),
        (["--account-name", "nobody-*"], "account name \"nobody-*\""),
        (["--exclude-account-name", "nobody-*"], "account name \"nobody-*\""),
        (["--ou", "Root/Nowhere"], "unit \"Root/Nowhere\""),
        (["--exclude-ou", "ou-0000-00000000"], "unit \"ou-0000-00000000\""),
        (["--ou", "Root/Suspended"], "it holds no account"),
        (["--tag", "stage=nowhere"], "tag stage=nowhere"),
        (["--exclude-tag", "stage=nowhere"], "tag stage=nowhere"),
        (["--state", "PENDING_CLOSURE"], "state PENDING_CLOSURE"),
        (["--exclude-state", "ACTIVE"], "no active account is left"),
    ] {
        refused(&cloud, "plan", flags, part);
    }
    refused(&cloud, "scan", ["--account-name", "nobody-*"], "account name \"nobody-*\"");
    refused(&cloud, "scan", ["--exclude-state", "ACTIVE"], "no active account is left");
}

#[track_caller]
fn refused(cloud: &Cloud, command: &str, flags: [&str; 2], part: &str) {
    let args = [command, "--budget-share", "100", "--service", "sqs", flags[0], flags[1]];
    let said = cloud.run(&args);
    assert_eq!(said.code, 2, "{args:?}: {}", said.err);
    assert!(said.err.contains(part), "{args:?}: {}", said.err);
}

#[test]
fn a_scan_enters_only_whom_it_was_asked_to_look_at() {
    let cloud = Cloud::new(12, Trouble::NONE, Duration::ZERO);
    let org = cloud.running().world().organization();
    let args = ["scan", "--service", "sqs", "--region", "us-east-1", "--budget-share", "100"];
    let which = ["--no-management-account", "--exclude-account-name", "*-test-*"];
    let said = cloud.run(&[&args[..], &which[..]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let looked: Vec<String> = cloud.cells().into_keys().map(|(account, _, _)| account).collect();
    let wanted = org.accounts.iter().filter(|one| !one.management && !one.name.contains("-test-"));
    let mut wanted: Vec<&str> = wanted.map(|one| &*one.id).collect();
    wanted.sort_unstable();
    assert!(wanted.len() < 11, "somebody is left out: {wanted:?}");
    assert_eq!(looked, wanted);

    let said = cloud.run(&["report", "members", "--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    for account in &org.accounts {
        let mut rows = report["rows"].as_array().unwrap().iter();
        let row = rows.find(|row| row["account_id"] == *account.id).unwrap();
        let (state, why) = match account.name.contains("-test-") {
            true => ("excluded", "left out by account name \"*-test-*\"".into()),
            false if account.management => {
                ("excluded", "left out by --no-management-account".into())
            }
            false => ("connected", serde_json::Value::Null),
        };
        assert_eq!((&row["member_state"], &row["why"]), (&state.into(), &why), "{row}");
    }
}
