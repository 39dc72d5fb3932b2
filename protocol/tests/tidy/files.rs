//! Rules about files: their length, their first line, their names, and what no file may hold.

use crate::tree::{File, ending, file, files, none};

/// The most lines of a file, its tests not counted.
const LONGEST: usize = 600;

#[test]
fn a_file_is_one_idea_and_at_most_600_lines_without_its_tests() {
    let rust = ending(".rs").map(|file| (file, file.product().count()));
    let others = [".py", ".sql", ".css", ".js", ".html", ".sh"].into_iter().flat_map(ending);
    let others = others.map(|file| (file, file.text.lines().count()));
    let long = rust.chain(others).filter(|(_, lines)| *lines > LONGEST);
    let long: Vec<String> = long.map(|(file, lines)| format!("{}: {lines}", file.path)).collect();
    none("a file has at most 600 lines without its tests", &long);
}

#[test]
fn every_rust_file_says_first_what_it_is() {
    let silent = ending(".rs").filter(|file| !file.text.starts_with("//! "));
    let silent: Vec<String> = silent.map(|file| file.path.clone()).collect();
    none("a Rust file begins with a line of `//!`", &silent);
}

#[test]
fn no_file_is_named_after_nothing() {
    let empty = ["util", "utils", "helper", "helpers", "common", "misc", "manager", "stuff"];
    let stem = |path: &str| {
        path.rsplit('/').next().and_then(|name| name.split('.').next().map(str::to_owned))
    };
    let named = files().iter().filter(|file| {
        let folders = file.path.split('/').any(|folder| empty.contains(&folder));
        folders || stem(&file.path).is_some_and(|stem| empty.contains(&stem.as_str()))
    });
    let named: Vec<String> = named.map(|file| file.path.clone()).collect();
    none("a file or folder is named after what is in it", &named);
}

#[test]
fn migrations_are_named_by_time_and_words_and_come_in_order() {
    let mut broken = Vec::new();
    let mut last = String::new();
    for file in files().iter().filter(|file| file.path.starts_with("migrations/")) {
        let name = &file.path["migrations/".len()..];
        let (time, words) = name.split_once('_').unwrap_or((name, ""));
        let words = words.strip_suffix(".sql").unwrap_or("");
        let words = [".sqlite", ".postgres"]
            .iter()
            .find_map(|end| words.strip_suffix(end))
            .unwrap_or(words);
        let is_time = time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !is_time || words.is_empty() || !words.bytes().all(is_word) {
            broken.push(format!("{}: TIMESTAMP_words[.sqlite|.postgres].sql", file.path));
        }
        // The two databases' files of one migration share its name.
        let migration = format!("{time}_{words}");
        if last.split('_').next() == Some(time) && last != migration {
            broken.push(format!("{}: its time is taken by {last}", file.path));
        }
        last = migration;
    }
    assert!(!last.is_empty(), "there are no migrations");
    none("migrations are TIMESTAMP_words.sql", &broken);
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["HA", "CK"],
        ["todo", "!("],
        ["unimplemented", "!("],
    ];
    let marks = marks.map(|halves| halves.concat());
    let ends = [".rs", ".py", ".sql", ".toml", ".html", ".css", ".js", ".md", ".yml"];
    let mut broken = Vec::new();
    for file in ends.into_iter().flat_map(ending).filter(|file| !is_data(&file.path)) {
        for (number, line) in file.numbered() {
            if marks.iter().any(|mark| has_word(line, mark)) {
                broken.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none("unfinished work is an issue, not a mark in a file", &broken);
}

#[test]
fn no_file_holds_a_path_of_one_machine() {
    let places = ["work", "root", "farm"].map(|place| format!("/{place}/"));
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| !is_data(&file.path)) {
        for (number, line) in file.numbered() {
            let names_one = |place: &String| {
                line.match_indices(place.as_str()).any(|(at, _)| {
                    // `arn:aws:…:root/x` and `https://host/root/` are not paths of a machine.
                    !line[..at].ends_with(|before: char| {
                        before.is_alphanumeric() || "}._-".contains(before)
                    })
                })
            };
            if places.iter().any(names_one) {
                broken.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none("no file holds a path of one machine", &broken);
}

#[test]
fn what_the_documents_name_is_there() {
    let roots = [
        "coordinator/",
        "loadtest/",
        "migrations/",
        "protocol/",
        "src/",
        "worker/",
        "xtask/",
        ".ci/",
    ];
    let mut broken = Vec::new();
    for document in ending(".md") {
        for (number, line) in document.numbered() {
            for named in line.split('`').skip(1).step_by(2) {
                let is_path = roots.iter().any(|root| named.starts_with(root))
                    && named.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || "_-./".contains(c)
                    });
                let is_there = |file: &File| file.path.starts_with(named);
                if is_path && !files().iter().any(is_there) {
                    broken.push(format!("{}:{number}: {named}", document.path));
                }
            }
        }
    }
    none("a document names what is there", &broken);
}

#[test]
fn ci_runs_what_everybody_runs_and_nothing_else() {
    let script = &file(".ci/run").text;
    let lines = script.lines().map(str::trim);
    let lines: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let chores = ["cargo xtask check", "cargo xtask test"];
    let rim = |line: &str| line.starts_with("set ") || line.starts_with("cd ");
    let commands: Vec<&str> = lines.into_iter().filter(|line| !rim(line)).collect();
    assert_eq!(commands, chores, ".ci/run runs the two chores");
}

/// Text that others wrote or a script made.
fn is_data(path: &str) -> bool {
    path == "Cargo.lock" || path == "LICENSE" || path.ends_with(".snap") || path.contains("/data/")
}

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_letter) && !line[at + word.len()..].starts_with(is_letter)
    })
}
