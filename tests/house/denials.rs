//! Denials of the stand-in's organization: explained by its policies, predicted by them, and spared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use loadtest::{Organization, Shape, Trouble};
use protocol::inventory::AccountState;
use serde_json::Value;

use crate::command::Cloud;

const ACCOUNTS: u32 = 25;
/// Regions of which all but one are closed to some units, and services of which AWS names the policy of some.
const WHAT: [&str; 6] = [
    "--service",
    "sqs,sns,kms,lambda,iam",
    "--region",
    "ap-northeast-1,ap-south-1,ap-southeast-1,eu-west-1,sa-east-1",
    "--budget-share",
    "100",
];

fn trouble() -> Trouble {
    Trouble { closed_doors: true, ..Trouble::NONE }
}

/// The organization that the stand-in plays.
fn played() -> Organization {
    Organization::new(Shape { accounts: ACCOUNTS, seed: 7, trouble: trouble(), ..Shape::default() })
}

/// The accounts that can be entered, as a list for the command line.
fn open_accounts() -> String {
    let accounts = played().accounts;
    let open = accounts.iter().filter(|one| one.enterable && one.state == AccountState::Active);
    open.map(|one| &*one.id).collect::<Vec<_>>().join(",")
}

fn json(cloud: &Cloud, args: &[&str]) -> Value {
    let said = cloud.run(args);
    assert!(said.code == 0 || said.code == 3, "{}", said.err);
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r [Value] {
    report[table].as_array().unwrap()
}

fn sum(rows: &[Value], column: &str) -> u64 {
    rows.iter().map(|row| row[column].as_u64().unwrap_or_default()).sum()
}

/// The cells of the latest scan: their places and statuses.
fn cells(cloud: &Cloud) -> BTreeMap<(String, String, String), Value> {
    let said = cloud.run(&["report", "cells", "--format", "jsonl"]);
    let cell = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        ((text("account_id"), text("region"), text("probe")), row)
    };
    said.out.lines().map(cell).collect()
}

#[test]
fn what_is_predicted_is_what_is_denied_and_the_report_names_the_policy() {
    let (cloud, accounts) = (Cloud::new(ACCOUNTS, trouble(), Duration::ZERO), open_accounts());
    let which = [&WHAT[..], &["--account", &accounts]].concat();
    let plan =
        json(&cloud, &[&["plan", "--predict-denials", "--format", "json"], &which[..]].concat());
    assert_eq!(plan["not_read"], serde_json::json!([]));
    let predicted = rows(&plan, "predicted_denials");
    let [regions] = predicted else { panic!("one statement denies: {predicted:?}") };
    assert_eq!(regions["policy"], "only-some-regions");
    assert_eq!(regions["statement"], "OnlyTheseRegions");
    let closed = ["ap-northeast-1", "ap-south-1", "ap-southeast-1", "sa-east-1"];
    assert_eq!(regions["regions"], serde_json::json!(closed));

    let said = cloud.run(&[&["scan", "--quiet"], &which[..]].concat());
    assert_eq!(said.code, 3, "{}", said.err);
    let cells = cells(&cloud);
    let denied: Vec<&Value> = cells.values().filter(|cell| cell["status"] == "denied").collect();
    assert!(!denied.is_empty());
    assert_eq!(regions["cells"], denied.len());
    let who: BTreeSet<_> = denied.iter().map(|cell| cell["account_id"].as_str()).collect();
    assert_eq!(regions["accounts"], who.len());

    let report = json(&cloud, &["report", "denials", "--format", "json"]);
    let explained = rows(&report, "rows");
    for row in explained {
        assert_eq!(row["policy"], "only-some-regions", "{row}");
        assert_eq!(row["attached_to"], regions["attached_to"]);
        assert_eq!(row["statement"], "OnlyTheseRegions");
        assert_eq!(row["why"], Value::Null);
    }
    let named = denied.iter().filter(|cell| !cell["policy_arn"].is_null()).count();
    assert!(named > 0 && named < denied.len(), "AWS names the policy of some: {named}");
    assert_eq!(sum(explained, "cells_by_arn"), named as u64);
    assert_eq!(sum(explained, "cells_evaluated"), (denied.len() - named) as u64);
    assert_eq!(rows(&report, "unread"), [] as [Value; 0]);
}

#[test]
fn what_is_spared_is_never_called_and_never_said_to_be_denied() {
    let (cloud, accounts) = (Cloud::new(ACCOUNTS, trouble(), Duration::ZERO), open_accounts());
    let which = [&WHAT[..], &["--account", &accounts]].concat();
    let plan =
        json(&cloud, &[&["plan", "--predict-denials", "--format", "json"], &which[..]].concat());
    let predicted = sum(rows(&plan, "predicted_denials"), "cells");
    let scan = ["scan", "--quiet", "--skip-predicted-denials"];
    let said = cloud.run(&[&scan[..], &which[..]].concat());
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(!said.err.contains("was wrong"), "{}", said.err);
    let cells = cells(&cloud);
    let of = |status: &str| {
        cells.values().filter(|cell| cell["status"] == status).cloned().collect::<Vec<Value>>()
    };
    let (spared, denied) = (of("not_run"), of("denied"));
    assert_eq!(spared.len() + denied.len(), usize::try_from(predicted).unwrap());
    assert!(spared.len() > denied.len(), "a sample is called: {} of {predicted}", denied.len());
    for cell in &spared {
        assert_eq!((&cell["evidence"], &cell["calls"]), (&"predicted".into(), &0.into()), "{cell}");
        assert_eq!(cell["failure_code"], "PredictedDenied");
        let message = cell["failure_message"].as_str().unwrap();
        assert!(message.contains("only-some-regions"), "{message}");
    }
    // Each service was tried.
    let tried: BTreeSet<_> = denied.iter().map(|cell| cell["service"].as_str()).collect();
    assert_eq!(tried.len(), 4, "all but the global one: {tried:?}");
    let (calls, org) = (cloud.running().calls(), played());
    let to_spared = |cell: &Value| {
        calls.iter().any(|bucket| {
            let account = &org.accounts[bucket.account as usize];
            cell["account_id"] == *account.id
                && bucket.region.as_ref().is_some_and(|region| cell["region"] == *region)
                && bucket.class.starts_with(cell["service"].as_str().unwrap())
        })
    };
    let called: Vec<&Value> = spared.iter().filter(|cell| to_spared(cell)).collect();
    assert!(called.is_empty(), "{called:?}");

    let report = json(&cloud, &["report", "denials", "--format", "json"]);
    let [prediction] = rows(&report, "predictions") else { panic!("{report}") };
    assert_eq!(prediction["prediction"], "right");
    assert_eq!(prediction["not_called"], spared.len());
    assert_eq!(prediction["called_and_denied"], denied.len());

    // Asked for by name they are called after all.
    let again =
        ["requeue", "latest", "--quiet", "--status", "not_run", "--code", "PredictedDenied"];
    let said = cloud.run(&again);
    assert_eq!(said.code, 3, "{}", said.err);
    let cells = self::cells(&cloud);
    let denied = cells.values().filter(|cell| cell["status"] == "denied").count();
    assert_eq!(denied, usize::try_from(predicted).unwrap());
}
