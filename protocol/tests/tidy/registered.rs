//! Rules about lists: what is registered is there, and what is there is registered.

use crate::tree::{ending, file, files, none};

#[test]
fn every_report_is_a_file_of_its_name() {
    let text = &file("coordinator/reports/src/lib.rs").text;
    let list =
        text.split("pub const NAMES").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(names.len() >= 10, "the reports' names could not be read: {names:?}");
    let path = |name: &str| format!("coordinator/reports/src/{}.rs", name.replace('-', "_"));
    let missing = names
        .iter()
        .map(|name| path(name))
        .filter(|path| files().iter().all(|file| file.path != *path));
    none("a report is a file of its name", &missing.collect::<Vec<_>>());
}

#[test]
fn every_query_is_read_by_something() {
    let mut broken = Vec::new();
    for query in ending(".sql").filter(|query| !query.path.starts_with("migrations/")) {
        let name = query.path.rsplit('/').next().unwrap_or_default();
        let named = format!("{name}\")");
        if !ending(".rs").any(|file| file.text.contains(&named)) {
            broken.push(query.path.clone());
        }
    }
    none("every .sql file is included by a .rs file", &broken);
}

#[test]
fn every_entry_of_the_catalog_bears_its_files_name() {
    let entries = ending(".toml").filter(|file| file.path.starts_with("protocol/catalog/aws/"));
    let mut broken = Vec::new();
    for entry in entries {
        let stem = entry.path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
        let table: toml::Table = entry.text.parse().unwrap();
        if table.get("service").and_then(toml::Value::as_str) != stem {
            broken.push(entry.path.clone());
        }
    }
    none("protocol/catalog/aws/SERVICE.toml is about SERVICE", &broken);
}

#[test]
fn every_port_has_its_conformance_suite() {
    let suites = [
        "protocol/queue/src/conformance.rs",
        "worker/budget/src/conformance.rs",
        "coordinator/store/tests/it/conformance/mod.rs",
    ];
    for suite in suites {
        assert!(file(suite).text.contains("async fn"), "{suite} tries adapters");
    }
}
