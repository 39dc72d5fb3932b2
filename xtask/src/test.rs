//! `cargo xtask test`: everything that runs, with what it needs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine::{Machine, answers};
use crate::servers::Running;
use crate::steps::{Steps, run, run_tests, say};
use crate::{generated, python, servers};

/// The variable that tells tests where Python with boto3 and moto is.
const PYTHON: &str = "ORGSWEEP_TEST_PYTHON";

/// Runs every test, or those whose names contain `filter`.
pub(crate) fn run_all(machine: &Machine, filter: Option<&str>) -> Result<()> {
    let scratch = machine.scratch();
    std::fs::create_dir_all(&scratch).with_context(|| scratch.display().to_string())?;
    let runner = Runner::of(machine);
    let mut steps = Steps::begin();
    let python = steps.need("Python tools", || python::environment(machine))?;
    steps.need("build", || run(runner.command(machine).arg("--no-run")))?;
    let servers = steps.need("servers", || servers::start(machine, &python))?;
    steps.judge("tests", || {
        let mut command = runner.command(machine);
        command.args(filter);
        run_tests(with_servers(&mut command, &servers, &python))
    });
    drop(servers);
    if filter.is_none() {
        steps.judge("examples in the documentation", || {
            run_tests(machine.cargo().args(["test", "--locked", "--workspace", "--doc"]))
        });
        steps.judge("generated files", || generated::check(machine, &python));
    }
    steps.end()
}

fn with_servers<'c>(
    command: &'c mut Command,
    servers: &[Running],
    python: &Path,
) -> &'c mut Command {
    command.env(PYTHON, python);
    command.envs(servers.iter().map(|server| (server.variable, &server.address)))
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

    fn command(self, machine: &Machine) -> Command {
        let mut command = machine.cargo();
        match self {
            Self::Nextest => command.args(["nextest", "run", "--locked", "--workspace"]),
            Self::Cargo => command.args([
                "test",
                "--locked",
                "--workspace",
                "--no-fail-fast",
                "--lib",
                "--bins",
                "--tests",
            ]),
        };
        command
    }
}
