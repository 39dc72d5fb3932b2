//! Rules about tests: they all run, and they wait for signals, not for seconds.

use std::collections::BTreeMap;

use crate::tree::{File, ending, hits, none};

#[test]
fn no_test_is_switched_off() {
    let mark = ["#[", "ignore"].concat();
    let mut broken = Vec::new();
    for file in ending(".rs") {
        broken.extend(hits(&file.path, file.numbered(), |line| line.contains(&mark)));
    }
    none("every test runs", &broken);
}

#[test]
fn no_test_sleeps_on_a_real_clock() {
    let blocks = ["thread::", "sleep("].concat();
    let sleeps = ["time::", "sleep("].concat();
    let mut broken = Vec::new();
    // A fake's pause is paused time when every test of its binary runs on it.
    let mut binaries: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in ending(".rs") {
        broken.extend(hits(&file.path, file.tests(), |line| line.contains(&blocks)));
        binaries.entry(binary(&file.path)).or_default().push(file);
    }
    for files in binaries.values() {
        let real =
            |line: &str| line.contains("#[tokio::test") && !line.contains("start_paused = true");
        if files.iter().flat_map(|file| file.tests()).any(|(_, line)| real(line)) {
            for file in files {
                broken.extend(hits(&file.path, file.tests(), |line| line.contains(&sleeps)));
            }
        }
    }
    none("a test waits for a signal, or on a paused clock", &broken);
}

/// What is linked into one test: a file of the product for itself, a folder of `tests/` whole.
fn binary(path: &str) -> &str {
    let folder = path.find("/tests/").map(|at| at + "/tests/".len());
    let Some(at) = folder.or_else(|| path.starts_with("tests/").then_some("tests/".len())) else {
        return path;
    };
    path[at..].find('/').map_or(path, |end| &path[..at + end])
}
