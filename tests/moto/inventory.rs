//! The inventory of an organization that others play: every page, every unit, every policy; and what happens to accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::server::{ACCOUNT, Moto};
use crate::sweep::{Sweep, text};

/// A scan that asks nearly nothing of the accounts themselves.
const SCAN: [&str; 5] = ["--service", "sqs", "--region", "us-west-2", "--account-tags"];

fn inventory(sweep: &Sweep) -> Value {
    let said = sweep.run(&["report", "inventory", "--format", "json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    report[table].as_array().unwrap()
}

#[test]
fn an_organization_is_kept_with_all_that_it_holds() {
    let moto = Moto::start();
    let told = moto.seed("inventory.py", &[]);
    let sweep = Sweep::of(&moto);
    sweep.scan(&SCAN);
    let report = inventory(&sweep);

    let organization = &rows(&report, "organization")[0];
    assert_eq!(organization["organization_id"], told["organization"]["id"]);
    assert_eq!(organization["arn"], told["organization"]["arn"]);
    assert_eq!(organization["management_account"], ACCOUNT);

    let place = |row: &Value| (text(row, "ou_path"), text(row, "unit_id"));
    let units: BTreeMap<String, String> = rows(&report, "units").iter().map(place).collect();
    let made = told["units"].as_object().unwrap().iter();
    let made: BTreeMap<String, String> =
        made.map(|(path, id)| (path.clone(), id.as_str().unwrap().to_owned())).collect();
    assert_eq!(units, made);

    accounts_are_whole(&report, &told);
    policies_are_whole(&report, &told);

    let administrators = rows(&report, "delegated_administrators").iter();
    let seen: Vec<_> =
        administrators.map(|row| (text(row, "account_name"), text(row, "service"))).collect();
    let last = |service: &str| ("last".to_owned(), format!("{service}.amazonaws.com"));
    assert_eq!(seen, [last("guardduty"), last("ssm")]);
    let services: Vec<String> =
        rows(&report, "trusted_services").iter().map(|row| text(row, "service")).collect();
    assert_eq!(services, ["guardduty.amazonaws.com", "ram.amazonaws.com"]);
    for row in rows(&report, "completeness") {
        assert_eq!(row["completeness"], "synced", "{row}");
    }
    assert_eq!(rows(&report, "completeness").len(), 6);
}

/// moto enforces no such policy: what it has attached is only asked.
#[test]
fn attached_policies_predict_what_they_will_deny() {
    let moto = Moto::start();
    let told = moto.seed("inventory.py", &[]);
    let plan = ["plan", "--predict-denials", "--service", "sqs,sns", "--format", "json"];
    let regions = ["--region", "us-west-2,eu-west-1"];
    let said = Sweep::of(&moto).run(&[&plan[..], &regions[..]].concat());
    assert_eq!(said.code, 0, "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["not_read"], serde_json::json!([]));
    let [denial] = &rows(&report, "predicted_denials")[..] else { panic!("{report}") };
    assert_eq!((&denial["policy"], &denial["statement"]), (&"no-queues".into(), &"#1".into()));
    assert_eq!(denial["attached_to"], "Root/unit-00");
    assert_eq!((&denial["accounts"], &denial["cells"]), (&1.into(), &1.into()), "the account low");
    assert_eq!(denial["regions"], serde_json::json!(["us-west-2"]));
    assert!(told["policies"][denial["policy_id"].as_str().unwrap()].is_object());
}

fn accounts_are_whole(report: &Value, told: &Value) {
    for (name, made) in told["accounts"].as_object().unwrap() {
        let row = rows(report, "rows").iter().find(|row| row["account_id"] == made["id"]).unwrap();
        assert_eq!(
            (&row["account_name"], &row["ou_path"]),
            (&Value::from(name.as_str()), &made["path"])
        );
        assert_eq!(row["email"], format!("{name}@example.com"));
        assert_eq!(row["tags"]["team"], *name);
        assert_eq!(
            (&row["account_state"], &row["joined_method"]),
            (&"ACTIVE".into(), &"CREATED".into())
        );
        assert!(text(row, "arn").ends_with(&text(made, "id")) && row["joined_at"].is_string());
    }
}

fn policies_are_whole(report: &Value, told: &Value) {
    let made = told["policies"].as_object().unwrap();
    let mut targets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(report, "attachments") {
        targets.entry(text(row, "policy_id")).or_default().insert(text(row, "target_id"));
    }
    let own = rows(report, "policies").iter().filter(|row| row["aws_managed"] == false);
    let mut seen = 0;
    for row in own {
        let id = text(row, "policy_id");
        let Some(policy) = made.get(&id) else { panic!("{row} was not made") };
        assert_eq!((&row["type"], &row["name"]), (&policy["kind"], &policy["name"]));
        let content: Value = serde_json::from_str(policy["content"].as_str().unwrap()).unwrap();
        assert_eq!(row["content"], content);
        let wanted: BTreeSet<String> = policy["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(targets.remove(&id).unwrap_or_default(), wanted, "{row}");
        assert_eq!(row["attached_to"], wanted.len());
        seen += 1;
    }
    assert_eq!(seen, made.len());
}

#[test]
fn a_member_account_is_told_that_it_is_denied_and_loses_nobody() {
    let seeded = crate::organization::Seeded::new();
    let sweep = Sweep::of(&seeded.moto);
    sweep.scan(&SCAN);
    assert!(inventory(&sweep)["events"].as_array().unwrap().is_empty(), "there was no scan before");
    // moto answers a member's question for accounts with an empty list, as if nobody else were there.
    let mut clerk = seeded.clerk();
    let store = sweep.home().join("orgsweep.sqlite");
    clerk.set("ORGSWEEP_STORE", &format!("sqlite:{}", store.display()));
    clerk.scan(&SCAN[..4]);
    let report = inventory(&clerk);
    let accounts = rows(&report, "completeness").iter().find(|row| row["part"] == "accounts");
    assert_eq!(accounts.unwrap()["completeness"], "access_denied", "{report}");
    let events = rows(&report, "events");
    assert!(
        !events.is_empty() && events.iter().all(|row| row["event"] == "not_seen"),
        "{events:?}"
    );
}
