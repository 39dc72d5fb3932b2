//! `cargo xtask test`: everything that runs, with what it needs.

use std::process::Command;

use anyhow::Result;

use crate::machine::{Machine, answers};
use crate::steps::{Steps, run, run_tests, say};
use crate::{deploy, faketime, generated, python, servers};

/// Tests build everything; `cargo xtask check` also builds what is built by default.
pub(crate) const FEATURES: &str = "--features=fleet";

/// Runs every test, or those that `arguments` of the test runner choose.
pub(crate) fn run_all(machine: &Machine, private: bool, arguments: &[&str]) -> Result<()> {
    let runner = Runner::of(machine);
    let mut steps = Steps::begin();
    let python = steps.need("Python tools", || python::environment(machine))?;
    let graph = steps.need("a graph database", || python::graph_environment(machine))?;
    let servers = steps.need("servers", || servers::start(machine, &python, private))?;
    let clock = steps.need("a clock that jumps", || faketime::library(machine))?;
    steps.need("build", || run(runner.command(machine, arguments).arg("--no-run")))?;
    steps.judge("tests", || {
        let mut command = runner.command(machine, arguments);
        let command = servers.tell(&mut command).env(faketime::VARIABLE, &clock);
        let command = command.env(python::GRAPH_VARIABLE, &graph);
        run_tests(command.env(python::VARIABLE, &python))
    });
    if arguments.is_empty() {
        steps.judge("examples in the documentation", || {
            run_tests(machine.cargo().args(["test", "--locked", "--workspace", FEATURES, "--doc"]))
        });
        steps.judge("generated files", || generated::check(machine, &python));
        steps.judge("policies in deploy/", || deploy::check_policies(machine, &python));
    }
    steps.end()
}

/// What runs the tests.
#[derive(Clone, Copy)]
enum Runner {
    Nextest,
    Cargo,
}

impl Runner {
    /// nextest where it is installed: a process a test, and a bound on its time.
    fn of(machine: &Machine) -> Self {
        let cargo = machine.cargo();
        if answers(&cargo.get_program().to_string_lossy(), &["nextest", "--version"]) {
            return Self::Nextest;
        }
        say(
            "cargo-nextest is not installed: `cargo test` runs the tests, without a bound on their time",
        );
        Self::Cargo
    }

    fn command(self, machine: &Machine, arguments: &[&str]) -> Command {
        let mut command = machine.cargo();
        match self {
            Self::Nextest => command.args(["nextest", "run"]),
            Self::Cargo => command.args(["test", "--no-fail-fast"]),
        };
        command.args(["--locked", "--workspace", FEATURES]).args(arguments);
        // Examples in the documentation have their own step.
        if matches!(self, Self::Cargo) && arguments.is_empty() {
            command.args(["--lib", "--bins", "--tests"]);
        }
        command
    }
}
