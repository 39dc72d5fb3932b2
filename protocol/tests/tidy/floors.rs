//! The floors of the house: which crate may import which, and who may use what is heavy.

use std::collections::BTreeSet;

use crate::tree::{ending, none};

/// Our packages, where each lives, and which of ours it may import.
const FLOORS: &[(&str, &str, &[&str])] = &[
    ("protocol", "protocol", &[]),
    ("catalog", "protocol/catalog", &["protocol"]),
    ("policy", "protocol/policy", &["protocol"]),
    ("queue", "protocol/queue", &["protocol"]),
    ("budget", "worker/budget", &["protocol"]),
    ("store", "coordinator/store", &["protocol"]),
    ("aws", "worker/aws", &["protocol", "catalog"]),
    ("reports", "coordinator/reports", &["protocol", "store", "policy"]),
    ("loadtest", "loadtest", &["protocol", "catalog"]),
    ("load", "loadtest/load", &["protocol", "catalog", "loadtest"]),
    ("worker", "worker", &["protocol", "catalog", "queue", "budget"]),
    ("coordinator", "coordinator", &["protocol", "catalog", "policy", "queue", "store", "reports"]),
    ("xtask", "xtask", &[]),
    (
        "orgsweep",
        "",
        &[
            "aws",
            "budget",
            "catalog",
            "coordinator",
            "loadtest",
            "protocol",
            "queue",
            "reports",
            "store",
            "worker",
        ],
    ),
];

/// Linked into nothing: it measures with whatever it needs.
const OUTSIDE: &str = "load";

/// What only some may use in the product: a beginning of a crate's name, and our packages.
const ONLY_FOR: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("aws-", &["aws", "queue"]),
    ("hyper", &["aws", "coordinator", "loadtest", "orgsweep"]),
    ("lapin", &["queue"]),
    ("neo4rs", &["orgsweep"]),
    ("redis", &["budget"]),
    ("axum", &["coordinator"]),
    ("utoipa", &["coordinator"]),
    ("rustls", &["aws", "budget", "coordinator", "loadtest", "orgsweep"]),
    ("tokio-rustls", &["coordinator", "loadtest"]),
    ("quick-xml", &["aws"]),
    ("governor", &["budget"]),
    ("backon", &["worker"]),
    ("askama", &["reports"]),
    ("plotters", &["reports"]),
    ("clap", &["orgsweep", "loadtest"]),
    ("indicatif", &["orgsweep"]),
    ("anyhow", &["orgsweep", "loadtest", "xtask"]),
];

struct Package {
    name: String,
    folder: String,
    manifest: toml::Table,
}

fn packages() -> Vec<Package> {
    let manifests = ending("Cargo.toml").map(|file| {
        let manifest: toml::Table = file.text.parse().unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        let folder = file.path.trim_end_matches("Cargo.toml").trim_end_matches('/');
        Package { name, folder: folder.to_owned(), manifest }
    });
    manifests.collect()
}

impl Package {
    fn imports(&self, table: &str) -> BTreeSet<String> {
        let table = self.manifest.get(table).and_then(toml::Value::as_table);
        table.into_iter().flat_map(|table| table.keys().cloned()).collect()
    }
}

fn is_ours(name: &str) -> bool {
    FLOORS.iter().any(|(ours, ..)| *ours == name)
}

#[test]
fn every_crate_is_on_its_floor() {
    let is_drawn = |package: &Package| {
        FLOORS.iter().any(|(name, folder, _)| *name == package.name && *folder == package.folder)
    };
    let lost = packages().into_iter().filter(|package| !is_drawn(package));
    let lost: Vec<String> =
        lost.map(|package| format!("{} in {}", package.name, package.folder)).collect();
    none("every crate is drawn, with its folder, in `FLOORS`", &lost);
}

#[test]
fn no_crate_imports_from_its_own_floor_or_above() {
    let mut broken = Vec::new();
    for package in packages() {
        let Some((_, _, may)) = FLOORS.iter().find(|(name, ..)| *name == package.name) else {
            continue;
        };
        for table in ["dependencies", "build-dependencies"] {
            let imports = package.imports(table);
            let wrong =
                imports.iter().filter(|name| is_ours(name) && !may.contains(&name.as_str()));
            broken.extend(wrong.map(|name| format!("{} imports {name}", package.name)));
        }
    }
    none("the floors are as ARCHITECTURE.md draws them", &broken);
}

#[test]
fn coordinator_and_worker_do_not_know_each_other_even_in_tests() {
    for package in packages() {
        let tests = package.imports("dev-dependencies");
        let other = match package.name.as_str() {
            "worker" => "coordinator",
            "coordinator" => "worker",
            _ => continue,
        };
        assert!(!tests.contains(other), "{} imports {other} in its tests", package.name);
    }
}

#[test]
fn heavy_crates_stay_where_they_belong() {
    let mut broken = Vec::new();
    for package in packages().into_iter().filter(|package| package.name != OUTSIDE) {
        for name in package.imports("dependencies") {
            let rule = ONLY_FOR.iter().find(|(beginning, _)| name.starts_with(beginning));
            if let Some((_, may)) = rule.filter(|(_, may)| !may.contains(&package.name.as_str())) {
                broken.push(format!("{} uses {name}, which is for {may:?}", package.name));
            }
        }
    }
    none("each heavy crate has its place", &broken);
}

#[test]
fn versions_and_lints_are_said_once() {
    let mut broken = Vec::new();
    for package in packages() {
        if package.manifest.get("lints").and_then(|lints| lints.get("workspace")).is_none() {
            broken.push(format!("{}: [lints] workspace = true is missing", package.name));
        }
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = package.manifest.get(table).and_then(toml::Value::as_table);
            for (name, entry) in entries.into_iter().flatten() {
                if entry.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                    broken.push(format!("{}: {name} has a version of its own", package.name));
                }
            }
        }
    }
    none("versions and lints stand in the workspace's Cargo.toml", &broken);
}
