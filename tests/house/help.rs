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
        &["accounts"],
        &["diff"],
        &["graph"],
        &["coordinator"],
        &["worker"],
        &["health"],
        &["migrate"],
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

#[test]
fn help_never_shows_a_password_that_is_set() {
    let home = TempDir::new().unwrap();
    let url = |scheme: &str| format!("{scheme}://somebody:hunter2@example.com/x");
    let file = format!("store = \"{}\"\nqueue = \"{0}\"\nbudgets = \"{0}\"\n", url("postgres"));
    std::fs::write(home.path().join("orgsweep.toml"), file).unwrap();
    for command in
        ["scan", "resume", "status", "report", "graph", "coordinator", "worker", "migrate"]
    {
        for help in ["-h", "--help"] {
            let said = Said::of(
                bare(home.path(), &[command, help])
                    .env("ORGSWEEP_STORE", url("postgres"))
                    .env("ORGSWEEP_QUEUE", url("amqp"))
                    .env("ORGSWEEP_BUDGETS", url("redis"))
                    .output()
                    .unwrap(),
            );
            assert_eq!(said.code, 0, "{command}: {}", said.err);
            assert!(!said.out.contains("hunter2"), "{command} {help}: {}", said.out);
        }
    }
}
