//! `cargo xtask check`: what can be judged without running the product.

use anyhow::Result;

use crate::counts::Counts;
use crate::machine::Machine;
use crate::steps::{Steps, run, run_tests};

/// Runs every judgement, so that one look shows all that is wrong.
pub(crate) fn run_all(machine: &Machine) -> Result<()> {
    let mut steps = Steps::begin();
    let nothing_counted = |()| Counts::default();
    steps.judge("formatting", || {
        run(machine.cargo().args(["fmt", "--all", "--check"])).map(nothing_counted)
    });
    steps.judge("lints", || {
        let clippy = [
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--",
            "-D",
            "warnings",
        ];
        run(machine.cargo().args(clippy)).map(nothing_counted)
    });
    steps.judge("documentation", || {
        let doc = ["doc", "--locked", "--workspace", "--no-deps", "--keep-going"];
        run(machine.cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings")).map(nothing_counted)
    });
    // With all packages chosen, dependencies are built as `cargo xtask test` builds them.
    steps.judge("house rules", || {
        run_tests(machine.cargo().args(["test", "--locked", "--workspace", "--test", "tidy"]))
    });
    steps.end()
}
