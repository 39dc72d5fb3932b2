//! `cargo xtask check`: what can be judged without running the product.

use std::process::Command;

use anyhow::Result;

use crate::counts::Counts;
use crate::deploy;
use crate::machine::Machine;
use crate::steps::{Steps, run, run_tests};
use crate::test::FEATURES;

/// Runs every judgement, so that one look shows all that is wrong.
pub(crate) fn run_all(machine: &Machine) -> Result<()> {
    let mut steps = Steps::begin();
    let nothing_counted = |()| Counts::default();
    steps.judge("formatting", || {
        run(machine.cargo().args(["fmt", "--all", "--check"])).map(nothing_counted)
    });
    steps.judge("lints", || run(&mut clippy(machine, &[FEATURES])).map(nothing_counted));
    steps.judge("lints of the default build", || {
        run(&mut clippy(machine, &[])).map(nothing_counted)
    });
    steps.judge("documentation", || {
        let doc = ["doc", "--locked", "--workspace", FEATURES, "--no-deps", "--keep-going"];
        run(machine.cargo().args(doc).env("RUSTDOCFLAGS", "-D warnings")).map(nothing_counted)
    });
    // With all packages chosen, dependencies are built as `cargo xtask test` builds them.
    steps.judge("house rules", || {
        let tidy = ["test", "--locked", "--workspace", FEATURES, "--test", "tidy"];
        run_tests(machine.cargo().args(tidy))
    });
    steps.judge("deploy/", || deploy::judge(machine));
    steps.end()
}

/// Runs only the judgement of what is in `deploy/`.
pub(crate) fn run_deploy(machine: &Machine) -> Result<()> {
    let mut steps = Steps::begin();
    steps.judge("deploy/", || deploy::judge(machine));
    steps.end()
}

fn clippy(machine: &Machine, features: &[&str]) -> Command {
    let mut command = machine.cargo();
    command.args(["clippy", "--locked", "--workspace", "--all-targets", "--keep-going"]);
    command.args(features).args(["--", "-D", "warnings"]);
    command
}
