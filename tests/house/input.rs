//! Bad input gets one clear sentence that says what, where and how to mend it.

use std::path::Path;
use std::time::Duration;

use loadtest::Trouble;
use tempfile::TempDir;

use crate::command::{Cloud, Said, bare};

fn say(home: &Path, args: &[&str]) -> Said {
    Said::of(
        bare(home, args)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_REGION", "us-east-1")
            .output()
            .unwrap(),
    )
}

#[track_caller]
fn refused(said: &Said, parts: &[&str]) {
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.out.is_empty(), "{said:?}");
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in {}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn unknown_names_get_the_nearest_right_one() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    refused(&say(home, &["scan", "--service", "guarduty"]), &["guarduty", "guardduty"]);
    refused(&say(home, &["scan", "--region", "eu-wst-1"]), &["eu-wst-1", "eu-west-1"]);
    refused(&say(home, &["report", "enablment"]), &["enablment", "enablement"]);
    refused(&say(home, &["scan", "--probes", "s3.polices"]), &["s3.polices", "s3.policies"]);
    refused(&say(home, &["report", "cells", "--format", "cvs"]), &["cvs", "csv"]);
    std::fs::create_dir(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), "[profile sandbox]\nregion = eu-west-1\n").unwrap();
    refused(&say(home, &["scan", "--profile", "sandbx"]), &["sandbx", "sandbox"]);
}

#[test]
fn malformed_ids_and_arns_say_what_is_right() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    refused(&say(home, &["scan", "--account", "12345"]), &["--account", "12345"]);
    refused(&say(home, &["scan", "--role-arn", "arn:aws:iam::1:role/x"]), &["--role-arn"]);
    refused(&say(home, &["scan", "--via-role", "role/x"]), &["--via-role"]);
    refused(&say(home, &["scan", "--tag", "env"]), &["--tag", "KEY=VALUE"]);
    refused(&say(home, &["scan", "--budget-share", "0"]), &["--budget-share"]);
    refused(&say(home, &["scan", "--call-timeout", "10"]), &["--call-timeout", "10s"]);
}

#[test]
fn a_broken_settings_file_is_named_with_line_and_key() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let config = |text: &str| std::fs::write(home.join("orgsweep.toml"), text).unwrap();
    config("max-in-flight = 10\nbudget-shar = 25\n");
    refused(&say(home, &["scans"]), &["orgsweep.toml:2", "budget-shar", "budget-share"]);
    config("max-in-flight = 10\nrole = [\n");
    refused(&say(home, &["scans"]), &["orgsweep.toml:"]);
    config("budget-share = 900\n");
    refused(&say(home, &["plan"]), &["900"]);
    refused(&say(home, &["scans", "--config", "nowhere.toml"]), &["nowhere.toml"]);
}

#[test]
fn a_broken_accounts_file_is_named_with_its_line() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    std::fs::write(home.join("a.toml"), "[[account]]\nprofil = \"x\"\n").unwrap();
    refused(&say(home, &["scan", "--accounts-file", "a.toml"]), &["a.toml:2", "profil"]);
}

#[test]
fn a_store_that_is_none_is_left_alone() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    refused(&say(home, &["scans"]), &["orgsweep.sqlite"]);
    std::fs::write(
        home.join("text.sqlite"),
        "this is no database, and is long enough to be read as one",
    )
    .unwrap();
    refused(&say(home, &["scans", "--store", "sqlite:text.sqlite"]), &["text.sqlite"]);
    let kept = std::fs::read_to_string(home.join("text.sqlite")).unwrap();
    assert!(kept.starts_with("this is no database"));
    refused(&say(home, &["scans", "--store", "mongodb:x"]), &["mongodb"]);
}

#[test]
fn no_credentials_at_all_is_said_in_a_sentence() {
    let home = TempDir::new().unwrap();
    let said = Said::of(bare(home.path(), &["scan", "--quiet"]).output().unwrap());
    refused(&said, &["credentials"]);
}

#[test]
fn an_output_folder_that_cannot_be_written_is_found_out_before_any_work() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    std::fs::write(home.join("file"), "").unwrap();
    refused(&say(home, &["scan", "--out", "file/reports"]), &["--out", "file/reports"]);
    assert!(!home.join("orgsweep.sqlite").exists(), "nothing is half-written");
}

#[test]
fn a_second_runner_on_a_store_is_refused() {
    let cloud = Cloud::new(3, Trouble::NONE, Duration::from_millis(300));
    let mut first = cloud.start(&[
        "scan",
        "--service",
        "sqs",
        "--region",
        "us-east-1",
        "--budget-share",
        "90",
        "--quiet",
    ]);
    while cloud.running().counters().calls == 0 {
        std::thread::yield_now();
    }
    let second = cloud.run(&["scan", "--service", "sqs", "--quiet"]);
    refused(&second, &["another orgsweep", "--store"]);
    assert!(first.wait().unwrap().success());
}

#[test]
fn an_account_that_is_not_there_is_named() {
    let cloud = Cloud::new(3, Trouble::NONE, Duration::ZERO);
    let said = cloud.run(&["scan", "--account", "999999999999", "--quiet"]);
    refused(&said, &["999999999999"]);
}
