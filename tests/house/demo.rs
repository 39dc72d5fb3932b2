//! The demo needs nothing and reaches nothing.

use tempfile::TempDir;

use crate::command::{Said, bare};

/// Whatever AWS settings and proxies there are, the demo calls its own stand-in. That nothing else
/// can be reached is held where requests are sent (`aws::transport`).
#[test]
fn the_demo_ignores_aws_settings_and_proxies_and_writes_its_report() {
    let home = TempDir::new().unwrap();
    // Nothing answers at these addresses: were one of them asked, cells would be unreachable.
    let nowhere = "http://127.0.0.1:9";
    let output = bare(home.path(), &["demo", "--accounts", "6", "--out", "out", "--no-progress"])
        .env("AWS_ENDPOINT_URL", nowhere)
        .env("AWS_ENDPOINT_URL_STS", nowhere)
        .env("AWS_PROFILE", "nobody")
        .env("AWS_ACCESS_KEY_ID", "AKIAWRONG")
        .env("AWS_SECRET_ACCESS_KEY", "wrong")
        .env("AWS_REGION", "cn-north-1")
        .env("HTTP_PROXY", nowhere)
        .env("HTTPS_PROXY", nowhere)
        .env("ALL_PROXY", nowhere)
        .output()
        .unwrap();
    let said = Said::of(output);
    assert_eq!(said.code, 3, "the demo has cells that stay unknown: {}", said.err);
    let page = home.path().join("out/latest/enablement.html");
    assert!(std::fs::read_to_string(page).unwrap().contains("<html"));
    assert!(said.out.contains("enablement.html"), "{}", said.out);
    let cells = bare(
        home.path(),
        &["report", "cells", "--store", "sqlite:out/demo.sqlite", "--format", "jsonl"],
    );
    let cells = Said::of({ cells }.output().unwrap());
    for trace in ["\"unreachable\"", "OutOfReach"] {
        assert!(!cells.out.contains(trace), "something was asked elsewhere: {trace}");
    }
}
