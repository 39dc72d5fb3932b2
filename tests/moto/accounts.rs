//! Accounts of an organization that others play: tags in every spelling, regions by the tagging API, files in a bucket.

use serde_json::Value;

use crate::server::{ACCOUNT, Keys, Moto};
use crate::sweep::{Said, Sweep, text};

const PATIENCE: [&str; 8] = [
    "accounts",
    "--quiet",
    "--budget-share",
    "100",
    "--max-in-flight",
    "16",
    "--call-timeout",
    "120s",
];

fn list(sweep: &Sweep, args: &[&str]) -> Said {
    sweep.run(&[&PATIENCE, args].concat())
}

fn rows(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn accounts_are_listed_and_written_as_other_programs_know_them() {
    let moto = Moto::start();
    let told = moto.seed("accounts.py", &[]);
    let sweep = Sweep::of(&moto);
    every_account_past_one_page(&sweep, &told);
    the_tagging_api_tells_regions(&sweep, &told);
    files_come_into_a_bucket(&moto, &sweep, &told);
    a_bucket_that_refuses_leaves_the_local_copy(&moto, &sweep, &told);
}

fn every_account_past_one_page(sweep: &Sweep, told: &Value) {
    let said = list(sweep, &["--layout", "metadata", "--format", "jsonl"]);
    assert_eq!(said.code, 0, "{said:?}");
    let rows = rows(&said);
    let made = told["accounts"].as_array().unwrap();
    assert_eq!(rows.len(), made.len() + 1);
    assert_eq!(rows[0]["Account_Id"], ACCOUNT, "the management account comes first");
    for (number, id) in made.iter().enumerate() {
        let row = rows.iter().find(|row| row["Account_Id"] == *id).unwrap();
        assert_eq!(row["Account_Name"], format!("account-{number:02}"));
        assert_eq!(row["Environment"], format!("stage, {number}"), "{row}");
        assert_eq!(row["Aide_ID"], format!("=app {number}"), "{row}");
        assert_eq!(
            (&row["Org_ID"], &row["Tenant_ID"], &row["Billing_Account_State"]),
            (&told["organization"], &ACCOUNT.into(), &"ACTIVE".into())
        );
    }
    let csv = sweep.run(&["accounts", "--scan", "latest", "--format", "csv"]);
    assert!(csv.out.contains("\"stage, 3\",'=app 3\n"), "{csv:?}");
}

fn the_tagging_api_tells_regions(sweep: &Sweep, told: &Value) {
    let account = |at: usize| told["accounts"][at].as_str().unwrap();
    let three = [account(0), account(1), account(2)].join(",");
    let args = ["--regions-from", "tagging", "--account", &three, "--format", "jsonl"];
    let said = list(sweep, &[&args[..], &["--layout", "metadata-regions"]].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let rows = rows(&said);
    let of = |at: usize| {
        let row = rows.iter().find(|row| row["Account_Id"] == account(at)).unwrap();
        (text(row, "Region_Group"), text(row, "Regions"))
    };
    let pair = |group: &str, regions: &str| (group.to_owned(), regions.to_owned());
    assert_eq!(of(0), pair("US", "us-east-1, us-west-2"));
    assert_eq!(of(1), pair("multi", "eu-west-1, sa-east-1"));
    assert_eq!(of(2), pair("", ""), "nothing there has a tag");
    assert!(said.err.contains("Only a resource that has a tag"), "{}", said.err);
}

fn files_come_into_a_bucket(moto: &Moto, sweep: &Sweep, told: &Value) {
    let organization = text(told, "organization");
    let of = ["accounts", "--scan", "latest", "--regions-from", "none"];
    let first = ["--upload", "s3://reports", "--upload-sse", "AES256", "--out", "copies"];
    let said = sweep.run(&[&of[..], &first].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let (copy, object) = said.out.trim().split_once('\n').unwrap();
    let key = object.strip_prefix("s3://reports/").unwrap();
    assert!(key.starts_with(&format!("aws-{ACCOUNT}-account-metadata-report-20")), "{key}");
    let copy = std::fs::read_to_string(sweep.home().join(copy)).unwrap();
    let second = [
        "--upload",
        "s3://reports/a b/",
        "--upload-key",
        "organization",
        "--upload-sse",
        "aws:kms",
        "--upload-kms-key",
        "arn:aws:kms:us-east-1:123456789012:key/k-1",
    ];
    let said = sweep.run(&[&of[..], &second].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let objects = moto.seed("objects.py", &[]);
    assert_eq!(objects.as_object().unwrap().len(), 2, "{objects}");
    let plain = &objects[key];
    assert_eq!((&plain["text"], &plain["encryption"]), (&copy.as_str().into(), &"AES256".into()));
    assert_eq!(plain["type"], "text/csv; charset=utf-8");
    let named = &objects[format!("a b/{organization}_aws_master_tc.csv")];
    assert_eq!((&named["text"], &named["encryption"]), (&copy.as_str().into(), &"aws:kms".into()));
    assert_eq!(named["key"], "arn:aws:kms:us-east-1:123456789012:key/k-1");
}

fn a_bucket_that_refuses_leaves_the_local_copy(moto: &Moto, sweep: &Sweep, told: &Value) {
    let of =
        ["accounts", "--scan", "latest", "--regions-from", "none", "--upload-key", "organization"];
    let absent = sweep.run(&[&of[..], &["--upload", "s3://nowhere", "--out", "kept"]].concat());
    assert_eq!(absent.code, 1, "{absent:?}");
    assert!(
        absent.err.contains("NoSuchBucket") && absent.err.contains("the local copy is kept/"),
        "{absent:?}"
    );
    moto.guard();
    let (id, secret) = (text(&told["clerk"], "id"), text(&told["clerk"], "secret"));
    let mut clerk = Sweep::with(moto, Keys { id: &id, secret: &secret });
    let store = sweep.home().join("orgsweep.sqlite");
    clerk.set("ORGSWEEP_STORE", &format!("sqlite:{}", store.display()));
    let refused = clerk.run(&[&of[..], &["--upload", "s3://reports", "--out", "kept"]].concat());
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("AccessDenied"), "{refused:?}");
    let kept = refused.out.trim();
    assert!(refused.err.contains(&format!("the local copy is {kept}")), "{refused:?}");
    let lines = std::fs::read_to_string(clerk.home().join(kept)).unwrap().lines().count();
    assert!(lines > 1, "{lines}");
}
