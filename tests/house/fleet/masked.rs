//! Reports without what differs from run to run: ids of scans, times, and what calls cost.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

/// Columns that tell when, by which scan, and at what cost, but not what was found.
const FLEETING: &[&str] = &[
    "scan",
    "scan_id",
    "started_at",
    "finished_at",
    "observed_at",
    "duration_ms",
    "calls",
    "calls_per_second",
    "retries",
    "throttles",
    "ms_per_call",
    "time_in_calls_ms",
    "first_seen",
    "last_seen",
    "last_preflight_at",
    "latency_ms",
    "read_at",
    "connection",
    "since_scan",
];

/// The note that names the scan before.
const BEFORE: &str = "Events are those since the scan before";

/// What stands in the place of the scan's own id.
const OWN: &str = "SCAN";

/// The reports of a scan in a folder, by name, line by line.
fn read(folder: &Path, scan: &str) -> BTreeMap<String, Vec<String>> {
    let mut reports = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // Sessions are named by their scan, and AWS names sessions in what it denies.
        let text = text.replace(scan, OWN);
        let mut report = serde_json::from_str(&text).unwrap();
        mask(&mut report);
        let text = serde_json::to_string_pretty(&report).unwrap();
        let lines = text.lines().map(str::to_owned).collect();
        reports.insert(entry.file_name().to_string_lossy().into_owned(), lines);
    }
    reports
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // The summary's rows name what they tell.
            let tells = fields.get("metric").and_then(Value::as_str);
            if tells.is_some_and(|metric| FLEETING.contains(&metric)) {
                fields.clear();
            }
            for (name, inner) in fields.iter_mut() {
                if FLEETING.contains(&name.as_str()) {
                    *inner = Value::Null;
                } else {
                    mask(inner);
                }
            }
        }
        Value::Array(rows) => {
            // Which scan stood before depends on what was done before.
            let before = |row: &Value| row.as_str().is_some_and(|note| note.starts_with(BEFORE));
            rows.retain(|row| !before(row) && !is_of_another_scan(row));
            as_one_hour(rows);
            rows.iter_mut().for_each(mask);
        }
        _ => {}
    }
}

/// Whether it is a row of the trend about a scan before; the scan's own id has been replaced.
fn is_of_another_scan(row: &Value) -> bool {
    row.get("services_in_use").is_some() && row["scan"] != OWN
}

/// Rows that count cells by the hour of their answer become one: a scan over the turn of an hour has one more of them.
fn as_one_hour(rows: &mut Vec<Value>) {
    let answered = |row: &Value| row["by"] == "hour" && row["key"] != "not run";
    let cells = rows.iter().filter(|row| answered(row)).filter_map(|row| row["cells"].as_u64());
    let (hours, cells) = cells.fold((0, 0), |(hours, sum), cells| (hours + 1, sum + cells));
    if hours > 0 {
        rows.retain(|row| !answered(row));
        rows.push(json!({ "by": "hour", "cells": cells }));
    }
}

#[test]
fn a_scan_over_the_turn_of_an_hour_counts_as_one_within_it() {
    let hour = |key: &str, cells: u64| json!({ "by": "hour", "key": key, "cells": cells });
    let account = json!({ "by": "account", "key": "111111111111", "cells": 353 });
    let mut within = vec![hour("2026-11-22T16:00Z", 353), account.clone(), hour("not run", 2)];
    let mut over = vec![hour("2026-11-22T17:00Z", 343), hour("2026-11-22T16:00Z", 10), account];
    over.push(hour("not run", 2));
    as_one_hour(&mut within);
    as_one_hour(&mut over);
    assert_eq!(within, over);
    assert_eq!(within.len(), 3);
}

/// Fails with the first lines in which the reports of two scans differ; each in a folder of its scan's name.
pub(super) fn compare(what: &str, one: &Path, other: &Path) {
    let [one, other] = [one, other].map(|folder| {
        let scan = folder.file_name().unwrap().to_string_lossy();
        read(folder, &scan)
    });
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, lines) in &one {
        let others = &other[name];
        let differ: Vec<String> = lines
            .iter()
            .zip(others)
            .enumerate()
            .filter(|(_, (line, other))| line != other)
            .take(12)
            .map(|(at, (line, other))| format!("{at}: {line} | {other}"))
            .collect();
        assert!(differ.is_empty(), "{what}: {name} differs:\n{}", differ.join("\n"));
        assert_eq!(lines.len(), others.len(), "{what}: {name} has more lines in one");
    }
}
