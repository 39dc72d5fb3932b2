//! `--help` is worth reading, and changes only on purpose.

use tempfile::TempDir;

use crate::command::{Said, bare};

#[test]
fn help_says_what_each_command_does() {
    let home = TempDir::new().unwrap();
    let commands: &[&[&str]] = &[
        &[],
        &["demo"],
        &["check-access"],
        &["plan"],
        &["scan"],
        &["resume"],
        &["requeue"],
        &["status"],
        &["report"],
        &["token", "create"],
        &["schedule", "add"],
        &["catalog", "iam-policy"],
    ];
    for words in commands {
        let mut args = words.to_vec();
        args.push("--help");
        let said = Said::of(bare(home.path(), &args).output().unwrap());
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        let name = format!("help_{}", words.join("_"));
        insta::assert_snapshot!(name.trim_end_matches('_'), said.out);
    }
}
