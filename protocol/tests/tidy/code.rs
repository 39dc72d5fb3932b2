//! Rules about code that no lint can hold.

use crate::tree::{File, code, ending, hits, none};

/// The only files that may ask what is banned elsewhere (the time, the environment), and why.
const MAY_ASK: &[(&str, &str)] = &[
    ("protocol/src/clock.rs", "the clock"),
    ("src/secret.rs", "a variable that a flag names"),
    ("worker/aws/src/options.rs", "AWS's own variables"),
    ("xtask/src/machine.rs", "waits for another program's lock"),
    ("xtask/src/steps.rs", "times the chores"),
];

#[test]
fn only_named_files_ask_the_machine() {
    let mut broken = Vec::new();
    for file in ending(".rs").filter(|file| MAY_ASK.iter().all(|(path, _)| *path != file.path)) {
        broken.extend(hits(&file.path, file.product(), |line| line.contains("disallowed_methods")));
    }
    none("what clippy.toml bans is asked only in the files of `MAY_ASK`", &broken);
}

#[test]
fn no_result_is_swallowed() {
    let mut broken = Vec::new();
    for file in ending(".rs") {
        broken.extend(hits(&file.path, file.numbered(), |line| has(line, &["let _ ", "= "])));
        broken.extend(dropped(file));
    }
    none("a result is handled, or logged with why it may fail", &broken);
}

/// Statements that turn an error into nothing (`….ok();`) without a comment above that says why.
fn dropped(file: &File) -> Vec<String> {
    let mut broken = Vec::new();
    let mut statement = String::new();
    let mut explained = false;
    for (number, line) in file.product() {
        if line.trim_start().starts_with("//") {
            explained = true;
            continue;
        }
        let line = code(line).trim();
        statement.push_str(line);
        if !line.ends_with([';', '{', '}']) {
            continue;
        }
        let takes = [" = ", "return ", "break "].iter().any(|taker| statement.contains(taker));
        let drops = statement.ends_with(".ok();") && !takes;
        if drops && !explained {
            broken.push(format!("{}:{number}: {line}", file.path));
        }
        statement.clear();
        // One comment may explain several in a row.
        explained &= drops;
    }
    broken
}

#[test]
fn no_lint_is_switched_off_without_being_expected() {
    let mut broken = Vec::new();
    for file in ending(".rs") {
        let attribute = |line: &str| {
            let line = line.trim_start();
            ["#", "#!"].iter().any(|mark| line.starts_with(&format!("{mark}[{}(", "allow")))
        };
        broken.extend(hits(&file.path, file.numbered(), attribute));
    }
    none("`#[expect(…, reason = …)]` stands where a lint is wrong", &broken);
}

#[test]
fn every_buffer_has_a_bound() {
    let mut broken = Vec::new();
    for file in ending(".rs") {
        let unbounded =
            |line: &str| has(line, &["unbounded", "("]) || has(line, &["unbounded_", "channel"]);
        broken.extend(hits(&file.path, file.product(), unbounded));
        let std_channel =
            |line: &str| has(line, &["mpsc::", "channel("]) && line.contains("std::sync");
        broken.extend(hits(&file.path, file.product(), std_channel));
    }
    none("every channel has a bound", &broken);
}

#[test]
fn sql_stands_in_the_store_and_in_files_of_its_own() {
    let openings = ["select ", "insert into ", "update ", "delete from ", "with "];
    let parts = [" from", " values", " set ", " where ", " as (", ", "];
    let is_sql = |line: &str| {
        let line = line.trim_start();
        // A text's first line, or the lines of a text that began above.
        let text = line.split_once('"').map_or(line, |(_, text)| text);
        openings.iter().any(|opening| text.starts_with(opening))
            && parts.iter().any(|part| text.contains(part))
    };
    let mut broken = Vec::new();
    for file in ending(".rs").filter(|file| !file.path.starts_with("coordinator/store/")) {
        broken.extend(hits(&file.path, file.product(), is_sql));
        broken.extend(hits(&file.path, file.product(), |line| has(line, &["Assert", "SqlSafe"])));
    }
    none("SQL stands in coordinator/store, or in a .sql file beside what asks", &broken);
    let made: Vec<&str> = ending(".rs")
        .filter(|file| file.product().any(|(_, line)| has(line, &["Assert", "SqlSafe("])))
        .map(|file| file.path.as_str())
        .collect();
    assert!(made.len() <= 2, "text becomes SQL in one place a database: {made:?}");
}

#[test]
fn the_words_of_the_house_do_no_io() {
    let banned = ["std::fs", "std::net", "std::env", "std::process", "std::thread", "tokio::"];
    let mut broken = Vec::new();
    for file in ending(".rs").filter(|file| file.path.starts_with("protocol/src/")) {
        broken.extend(hits(&file.path, file.product(), |line| {
            banned.iter().any(|banned| line.contains(banned))
        }));
    }
    none("protocol is pure", &broken);
}

#[test]
fn awaits_of_protocol_stand_only_in_ports() {
    let ports = ["budget", "provider", "queue", "registry", "store"]
        .map(|port| format!("protocol/src/{port}.rs"));
    let mut broken = Vec::new();
    for file in ending(".rs").filter(|file| file.path.starts_with("protocol/src/")) {
        let is_port = ports.contains(&file.path);
        broken.extend(hits(&file.path, file.product(), |line| {
            line.contains(".await") || (!is_port && line.contains("async "))
        }));
    }
    none("protocol has async only in the traits of its ports", &broken);
}

#[test]
fn what_has_one_place_stands_only_there() {
    let places: &[(&str, &[&str], &[&str])] = &[
        ("worker/src/", &[".ack("], &["consume.rs"]),
        ("worker/src/", &["ExponentialBuilder", "backon::"], &["settle.rs"]),
        // The control plane calls through the same client; data planes are called by `api` alone.
        ("worker/aws/src/", &["transport.send("], &["api.rs", "direct.rs", "sdk.rs"]),
        ("worker/aws/src/", &["transport.send_small("], &["web_identity.rs"]),
        ("worker/aws/src/", &["Hmac::"], &["signing_key.rs"]),
        ("coordinator/src/", &[".ack("], &["ingest.rs"]),
    ];
    let mut broken = Vec::new();
    for (folder, words, files) in places {
        for file in ending(".rs") {
            let Some(name) = file.path.strip_prefix(folder) else { continue };
            if !files.contains(&name) {
                let stands = |line: &str| words.iter().any(|word| line.contains(word));
                broken.extend(hits(&file.path, file.product(), stands));
            }
        }
    }
    none("what has one place stands only there", &broken);
}

/// Whether a line has a text that must not stand in this file as a whole.
fn has(line: &str, halves: &[&str]) -> bool {
    line.contains(&halves.concat())
}
