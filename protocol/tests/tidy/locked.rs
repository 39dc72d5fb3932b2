//! Rules about what others wrote: their licences, where they come from, and one TLS stack.
//!
//! This is the part of `cargo deny` that needs no tool and no network: it reads Cargo.lock and
//! what `cargo metadata` says of every crate in it, for every platform.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::tree::{none, root};

/// Licences that go with Apache-2.0.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that would be a second TLS or crypto stack beside rustls and ring.
const BANNED: &[&str] = &[
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "boring",
    "native-tls",
    "openssl",
    "openssl-sys",
];

/// Crates of which two versions would mean two stacks.
const SINGLE: &[&str] = &[
    "hyper",
    "hyper-rustls",
    "http",
    "ring",
    "rustls",
    "rustls-webpki",
    "serde",
    "sqlx-core",
    "tokio",
];

/// Crates of which two versions are there, and whom that waits for.
const TWICE: &[(&str, &str)] = &[
    ("base64", "sqlx; hyper-util has gone ahead, for the proxies of aws-smithy-http-client"),
    ("block-buffer", "digest 0.10: sqlx and the AWS SDK"),
    ("cpufeatures", "digest 0.10: sqlx and the AWS SDK"),
    ("crypto-common", "digest 0.10: sqlx and the AWS SDK"),
    ("digest", "digest 0.10: sqlx and the AWS SDK"),
    ("getrandom", "ring"),
    ("hashbrown", "moka and sqlx"),
    ("itertools", "criterion and prost"),
    ("r-efi", "getrandom 0.3: opentelemetry_sdk"),
    ("rand", "opentelemetry_sdk"),
    ("rand_core", "opentelemetry_sdk"),
    ("sha1", "digest 0.10: sqlx and the AWS SDK"),
    ("sha2", "digest 0.10: sqlx and the AWS SDK"),
    ("syn", "macros on syn 2"),
    ("windows-sys", "only on Windows"),
];

fn packages() -> &'static [Value] {
    static PACKAGES: OnceLock<Vec<Value>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["metadata", "--format-version", "1", "--locked"]).current_dir(root());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        packages.iter().filter(|package| !package["source"].is_null()).cloned().collect()
    })
}

fn text<'p>(package: &'p Value, key: &str) -> &'p str {
    package[key].as_str().unwrap_or_default()
}

#[test]
fn every_licence_goes_with_ours() {
    let mut broken = Vec::new();
    for package in packages() {
        let licence = text(package, "license");
        if !allows(licence) {
            broken.push(format!(
                "{} {}: {licence:?}",
                text(package, "name"),
                text(package, "version")
            ));
        }
    }
    none("every licence goes with Apache-2.0", &broken);
}

/// Whether an SPDX expression leaves a choice of allowed licences: any of `OR`, all of `AND`.
fn allows(expression: &str) -> bool {
    // Before SPDX, crates wrote `MIT/Apache-2.0` and meant a choice.
    let expression = expression.replace('/', " OR ");
    let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    match (expression.find('('), expression.rfind(')')) {
        (Some(open), Some(close)) if open < close => {
            let inner = if allows(&expression[open + 1..close]) { "MIT" } else { "refused" };
            allows(&format!("{}{inner}{}", &expression[..open], &expression[close + 1..]))
        }
        _ => expression
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(|one| LICENCES.contains(&one.trim()))),
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    assert!(allows("MIT OR GPL-3.0-only") && allows("Unlicense/MIT"));
    assert!(allows("(MIT OR GPL-3.0-only) AND Unicode-3.0"));
    assert!(!allows("MIT AND GPL-3.0-only") && !allows("") && !allows("(GPL-3.0-only) AND MIT"));
    assert!(!allows("Apache-2.0 WITH Some-exception"));
}

#[test]
fn everything_comes_from_the_one_registry() {
    let ours = "registry+https://github.com/rust-lang/crates.io-index";
    let foreign = packages().iter().filter(|package| text(package, "source") != ours);
    let foreign =
        foreign.map(|package| format!("{}: {}", text(package, "name"), text(package, "source")));
    none("every crate comes from crates.io", &foreign.collect::<Vec<_>>());
}

#[test]
fn there_is_one_tls_stack_and_it_is_rustls_on_ring() {
    let versions = versions();
    let banned =
        BANNED.iter().filter(|name| versions.contains_key(**name)).map(|name| (*name).to_owned());
    none("no second TLS stack", &banned.collect::<Vec<_>>());
    let double = SINGLE.iter().filter(|name| versions.get(**name).is_some_and(|all| all.len() > 1));
    none(
        "one version of what makes a stack",
        &double.map(|name| (*name).to_owned()).collect::<Vec<_>>(),
    );
    assert!(versions.contains_key("rustls") && versions.contains_key("ring"));
}

#[test]
fn a_crate_is_there_twice_only_with_a_reason() {
    let twice: BTreeSet<&str> =
        versions().into_iter().filter(|(_, all)| all.len() > 1).map(|(name, _)| name).collect();
    let known: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "left: the crates in two versions; right: those with a reason");
}

fn versions() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages() {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    versions
}
