//! Accounts, listed: now and of a scan, in the columns that other programs know, with marks where something is not known.

use std::collections::BTreeMap;
use std::time::Duration;

use loadtest::{Organization, Shape, Trouble};
use serde_json::Value;

use crate::command::{Cloud, Said};

const ACCOUNTS: u32 = 25;
const NOW: &[&str] = &["accounts", "--quiet", "--budget-share", "100"];
const HEADER: &str = "Account_Id,Account_Name,Org_ID,Tenant_Name,CSP,Billing_Account_State,Region_Group,Tenant_ID,Environment,Aide_ID";

/// The organization that the stand-in plays.
fn played(trouble: Trouble) -> Organization {
    Organization::new(Shape { accounts: ACCOUNTS, seed: 7, trouble, ..Shape::default() })
}

fn lines(said: &Said) -> Vec<BTreeMap<String, Value>> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn refused(said: &Said, parts: &[&str]) {
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.out.is_empty(), "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    }
}

#[test]
fn an_organization_is_listed_now_without_entering_anybody() {
    let (cloud, org) = (Cloud::new(ACCOUNTS, Trouble::NONE, Duration::ZERO), played(Trouble::NONE));
    let file =
        "[account_tags]\nenvironment = [\"environment\", \"STAGE\"]\napplication = [\"owner\"]\n";
    std::fs::write(cloud.home.path().join("orgsweep.toml"), file).unwrap();
    let said = cloud.run(&[NOW, &["--layout", "metadata", "--format", "jsonl"]].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let rows = lines(&said);
    assert_eq!(rows.len(), org.accounts.len());
    let management = &org.accounts[0].id;
    assert_eq!(rows[0]["Account_Id"], **management, "the management account comes first");
    for account in &org.accounts {
        let row = rows.iter().find(|row| row["Account_Id"] == *account.id).unwrap();
        let tag = |key: &str| account.tags.iter().find(|(known, _)| known == key).unwrap();
        assert_eq!(row["Account_Name"], account.name);
        assert_eq!(row["Billing_Account_State"], account.state.as_str());
        assert_eq!(row["Environment"], tag("stage").1, "{row:?}");
        assert_eq!(row["Aide_ID"], tag("owner").1);
        assert_eq!(
            (&row["Tenant_Name"], &row["Tenant_ID"]),
            (&row["Tenant_ID"], &Value::from(&**management))
        );
        assert_eq!((&row["CSP"], &row["Region_Group"]), (&"AWS".into(), &"#not_asked".into()));
    }
    assert_eq!(cloud.ledger()["planned"].as_u64().unwrap_or_default(), 0, "{}", cloud.ledger());
    let csv = cloud.run(&["accounts", "--scan", "latest", "--format", "csv"]);
    assert_eq!(csv.out.lines().next(), Some(HEADER), "{csv:?}");
    assert_eq!((csv.code, csv.out.lines().count()), (0, org.accounts.len() + 1), "{}", csv.err);
    assert!(csv.err.contains("#not_asked"), "{}", csv.err);
    a_selection_names_what_is_not_there(&cloud, &org);
    a_chosen_few(&cloud, &org);
}

fn a_selection_names_what_is_not_there(cloud: &Cloud, org: &Organization) {
    let of = ["accounts", "--scan", "latest"];
    let listed = |said: &Said| said.out.lines().count();
    for (flag, wrong, told) in [
        ("--tag", "owner=nobody", "tag owner=nobody"),
        ("--ou", "Root/Nowhere", "unit \"Root/Nowhere\""),
        ("--account", "999999999999", "account 999999999999"),
    ] {
        refused(&cloud.run(&[&of[..], &[flag, wrong]].concat()), &[told]);
    }
    let unit = &org.units[org.accounts[1].unit];
    let unit = cloud.run(&[&of[..], &["--ou", &unit.id, "--format", "jsonl"]].concat());
    assert!(listed(&unit) > 0 && listed(&unit) < org.accounts.len(), "{unit:?}");
    // What was read before stays, and a scan that names what is not there is told of.
    refused(
        &cloud.run(&[NOW, &["--ou", "Root/Nowhere"]].concat()),
        &["unit \"Root/Nowhere\"", "scan "],
    );
    let scans = cloud.run(&["scans", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&scans.out).unwrap().as_array().unwrap().len(), 2);
}

fn a_chosen_few(cloud: &Cloud, org: &Organization) {
    let owner = &org.accounts[1].tags[0].1;
    let tag = format!("owner={owner}");
    let columns =
        ["--columns", "tag:stage,Account_ID,management", "--format", "jsonl", "--tag", &tag];
    let said = cloud.run(&[NOW, &columns].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let rows = lines(&said);
    let wanted = org.accounts.iter().filter(|account| account.tags[0].1 == *owner).count();
    assert_eq!(rows.len(), wanted);
    assert!(said.out.starts_with("{\"tag:stage\":"), "{}", said.out);
}

#[test]
fn regions_of_a_scan_are_marked_where_they_are_not_known() {
    let trouble = || Trouble { closed_doors: true, ..Trouble::NONE };
    let (cloud, org) = (Cloud::new(ACCOUNTS, trouble(), Duration::ZERO), played(trouble()));
    let file = "[region_groups]\nEAST = [\"us-east-1\"]\n";
    std::fs::write(cloud.home.path().join("orgsweep.toml"), file).unwrap();
    let scan = ["scan", "--quiet", "--service", "sqs,ec2", "--region", "us-east-1,eu-west-1"];
    let said = cloud.run(&[&scan[..], &["--budget-share", "100"]].concat());
    assert_eq!(said.code, 3, "some cannot be entered: {}", said.err);
    let of = ["accounts", "--scan", "latest", "--layout", "metadata-id"];
    let said = cloud.run(&[&of[..], &["--format", "csv", "--out", "listed.csv"]].concat());
    assert_eq!(said.code, 3, "{said:?}");
    let listed = std::fs::read_to_string(cloud.home.path().join("listed.csv")).unwrap();
    let notes = std::fs::read_to_string(cloud.home.path().join("listed.notes.csv")).unwrap();
    assert!(listed.starts_with("Account_ID,") && listed.contains("#unknown"), "{listed}");
    assert!(
        notes.contains("role_failed") && notes.starts_with("account_id,column,kind,reason"),
        "{notes}"
    );
    assert!(said.err.contains("tags were not asked for: scan with --account-tags"), "{}", said.err);
    assert!(said.err.contains("The scan did not look at all regions"), "{}", said.err);
    let barred = org
        .accounts
        .iter()
        .find(|account| account.state.as_str() == "ACTIVE" && !account.enterable);
    let barred = &barred.unwrap().id;
    let row = listed.lines().find(|line| line.starts_with(&**barred)).unwrap();
    assert!(row.contains("#unknown,#unknown,"), "{row}");
    let of = ["accounts", "--scan", "latest", "--regions-from", "tagging"];
    refused(&cloud.run(&of), &["no cells of tagging", "--probes tagging"]);
    the_tagging_api_is_asked_in_every_account_that_can_be_entered(&cloud, barred);
}

fn the_tagging_api_is_asked_in_every_account_that_can_be_entered(cloud: &Cloud, barred: &str) {
    let columns = ["--columns", "account_id,account_state,regions", "--format", "jsonl"];
    let said = cloud.run(&[NOW, &["--regions-from", "tagging"], &columns].concat());
    assert_eq!(said.code, 3, "some cannot be entered: {said:?}");
    let told: BTreeMap<String, Value> = lines(&said)
        .into_iter()
        .map(|row| (row["account_id"].as_str().unwrap().to_owned(), row["regions"].clone()))
        .collect();
    assert_eq!(told[barred], "#unknown");
    assert!(told.values().any(Value::is_array), "the others go on: {told:?}");
    assert!(said.err.contains("role_failed"), "{}", said.err);
    let cells = cloud.cells();
    assert!(cells.keys().all(|(_, _, probe)| probe == "tagging"), "nothing else is asked");
}

#[test]
fn files_for_each_organization_are_named_as_other_programs_know_them() {
    let (cloud, org) = (Cloud::new(3, Trouble::NONE, Duration::ZERO), played(Trouble::NONE));
    let files = ["--upload-key", "organization", "--out", "files"];
    let said = cloud.run(&[NOW, &files].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let name = format!("files/{}_aws_management_tc.csv", org.id);
    assert_eq!(said.out, format!("{name}\n"), "{said:?}");
    let first = std::fs::read_to_string(cloud.home.path().join(&name)).unwrap();
    assert_eq!((first.lines().next(), first.lines().count()), (Some(HEADER), 4));
    let of = ["accounts", "--scan", "latest", "--upload-key", "metadata-report", "--out", "files"];
    let said = cloud.run(&of);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("-account-metadata-report-") && said.out.ends_with("Z.csv\n"),
        "{said:?}"
    );
    let second = std::fs::read_to_string(cloud.home.path().join(said.out.trim())).unwrap();
    assert_eq!(second, first);
}

#[test]
fn what_cannot_be_listed_so_is_said_in_a_sentence() {
    let cloud = Cloud::new(1, Trouble::NONE, Duration::ZERO);
    let say = |args: &[&str]| cloud.run(&[&["accounts"][..], args].concat());
    refused(&say(&["--columns", "Acount_Id"]), &["Acount_Id", "Account_Id"]);
    refused(&say(&["--layout", "metadat"]), &["metadat", "metadata"]);
    refused(&say(&["--regions-from", "cells"]), &["--scan", "--regions-from tagging"]);
    refused(&say(&["--region-group", "us-east-1"]), &["GROUP=REGION"]);
    refused(&say(&["--tag-spelling", "team=x"]), &["no tag means", "environment"]);
    refused(&say(&["--scan", "latest", "--profile", "x"]), &["--profile", "--scan"]);
    refused(&say(&["--upload", "reports"]), &["s3://BUCKET"]);
    refused(&say(&["--upload-key", "organization"]), &["--out DIR"]);
    refused(&say(&["--upload", "s3://reports", "--format", "json"]), &["--format csv"]);
    let key = ["--upload", "s3://reports", "--upload-sse", "AES256", "--upload-kms-key", "x"];
    refused(&say(&key), &["--upload-sse aws:kms"]);
    let config =
        |text: &str| std::fs::write(cloud.home.path().join("orgsweep.toml"), text).unwrap();
    config("quiet = true\nregion_groups = \"US\"\n");
    refused(&say(&[]), &["orgsweep.toml:2", "region_groups", "section"]);
    config("[account_tags]\nteam = [\"x\"]\n");
    refused(&say(&[]), &["no tag means \"team\""]);
}
