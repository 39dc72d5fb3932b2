//! Reports without what differs from run to run: ids of scans, times, and what calls cost.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

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
    "latency_ms",
];

/// The reports of a scan in a folder, by name, line by line.
fn read(folder: &Path, scan: &str) -> BTreeMap<String, Vec<String>> {
    let mut reports = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // Sessions are named by their scan, and AWS names sessions in what it denies.
        let text = text.replace(scan, "SCAN");
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
        Value::Array(rows) => rows.iter_mut().for_each(mask),
        _ => {}
    }
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
