//! The runner as people start it: small scenarios to their end, and what it says to nonsense.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name)
}

/// Runs `load`; orgsweep is the one that the workspace's tests build beside it.
fn load(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_load")).args(words).output().unwrap()
}

/// Runs a scenario, and answers with its report.
#[track_caller]
fn report(name: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = scenario(&format!("{name}.toml"));
    let json = folder.path().to_str().unwrap();
    let output = load(&["--json", json, file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    let text = std::fs::read_to_string(folder.path().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The scenario was worth running: everything that it is about did happen.
#[track_caller]
fn is_about_something(report: &Value) {
    let count = |place: &str| report.pointer(place).and_then(Value::as_u64).unwrap();
    assert!(count("/cells/written") > 150 && count("/cells/things") > 500, "{report:#}");
    assert!(count("/throttled") > 0 && count("/faults") > 0, "{report:#}");
    assert!(report["share"]["deepest_percent"].as_f64().unwrap() > 25.0, "{report:#}");
    assert_eq!(report["cells"]["missed"], 0, "{report:#}");
}

#[test]
fn no_cell_is_lost_or_twice_and_no_budget_is_exceeded_in_one_process() {
    is_about_something(&report("small"));
}

#[cfg(feature = "fleet")]
#[test]
fn no_cell_is_lost_or_twice_and_no_budget_is_exceeded_in_a_fleet() {
    let report = report("small-fleet");
    is_about_something(&report);
    let processes = report["processes"].as_array().unwrap().iter().map(|one| &one["name"]);
    let wanted = ["client", "coordinator", "worker 1", "worker 2", "stand-in"];
    assert!(processes.eq(wanted), "{report:#}");
}

#[test]
fn nonsense_is_answered_with_one_clear_sentence() {
    let small = scenario("small.toml");
    let small = small.to_str().unwrap();
    for (words, told) in [
        (&["--fast", small][..], "there is no option --fast"),
        (&["--json"], "--json of what?"),
        (&["--json", "reports"], "which scenario?"),
        (&["nowhere.toml"], "nowhere.toml"),
        (&["--orgsweep", "nowhere", small], "cargo build --release --features fleet"),
    ] {
        let output = load(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(told), "{words:?}: {said}");
    }
}
