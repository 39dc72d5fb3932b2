//! What is in `deploy/`, judged without an account, an engine or a network: by programs that others wrote, by our own
//! rules over them, and by what the catalog says now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::machine::Machine;
use crate::python;
use crate::steps::{run, run_quietly, say};
use crate::test::FEATURES;

/// The folders of CloudFormation templates.
const TEMPLATES: [&str; 3] = ["deploy/ecs", "deploy/management-account", "deploy/member-role"];
/// What `docker-compose.yml` asks for from `.env`; none of it is a secret here.
const COMPOSE_VARIABLES: [&str; 4] =
    ["GRAFANA_PASSWORD", "POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "REDIS_PASSWORD"];
/// The script that writes what the catalog says into `deploy/`.
const POLICIES: &str = "deploy/scripts/policies.py";

/// Runs every judgement; counts programs.
pub(crate) fn judge(machine: &Machine) -> Result<Counts> {
    let python = python::deploy_environment(machine)?;
    let templates = templates(machine.root())?;
    let in_root = |program: &str| {
        let mut command = Command::new(python.with_file_name(program));
        command.current_dir(machine.root());
        command
    };
    let compose = |profiles: &[&str]| {
        let mut command = in_root("docker-compose");
        command.envs(COMPOSE_VARIABLES.map(|name| (name, "none")));
        command.args(["--env-file", "/dev/null"]);
        command.args(profiles.iter().flat_map(|profile| ["--profile", profile]));
        command.args(["config", "--quiet"]);
        command
    };
    let mut cfn_lint = in_root("cfn-lint");
    cfn_lint.args(["--non-zero-exit-code", "informational", "--"]).args(templates);
    let mut checkov = in_root("checkov");
    checkov.args(["--quiet", "--compact", "--skip-download", "--directory", "deploy"]);
    checkov.args(["--framework", "cloudformation", "terraform", "dockerfile"]);
    let mut hadolint = in_root("hadolint");
    hadolint.arg("deploy/Dockerfile");
    let mut compose_lint = in_root("compose-lint");
    compose_lint.args(["check", "--quiet", "--no-env", "--skip-suppressed", "--strict-config"]);
    compose_lint.args(["--fail-on", "low", "--config", "deploy/compose/compose-lint.yaml"]);
    compose_lint.arg("docker-compose.yml");
    let mut yamllint = in_root("yamllint");
    yamllint.args(["--strict", "--config-file", "deploy/yamllint.yaml"]);
    yamllint.args(["deploy", "docker-compose.yml"]);
    let mut shellcheck = in_root("shellcheck");
    shellcheck.arg("deploy/compose/setup.sh");
    let mut rules = in_root("python3");
    rules.args([
        "-B",
        "-m",
        "unittest",
        "discover",
        "--quiet",
        "--start-directory",
        "deploy/tests",
    ]);

    let mut counts = Counts::default();
    let (plain, all) = (compose(&[]), compose(&["rehearsal", "observe"]));
    let commands =
        [cfn_lint, checkov, hadolint, plain, all, compose_lint, yamllint, shellcheck, rules];
    for mut command in commands {
        match run_quietly(&mut command) {
            Ok(()) => counts.passed += 1,
            Err(error) => {
                say(&format!("{error:#}"));
                counts.failed += 1;
            }
        }
    }
    Ok(counts)
}

/// Compares the policies in `deploy/` with what the command that was built makes of its catalog.
pub(crate) fn check_policies(machine: &Machine, python: &Path) -> Result<Counts> {
    let mut command = policies(machine, python);
    command.arg("--check");
    run_quietly(&mut command).map(|()| Counts { passed: 1, ..Counts::default() })
}

/// `cargo xtask deploy`: writes the policies as the catalog makes them.
pub(crate) fn write(machine: &Machine) -> Result<()> {
    let python = python::environment(machine)?;
    // With all packages chosen, dependencies are built as `cargo xtask test` builds them.
    let build = ["build", "--locked", "--workspace", FEATURES, "--bin", "orgsweep"];
    run(machine.cargo().args(build))?;
    run(&mut policies(machine, &python))
}

fn policies(machine: &Machine, python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg("-B").arg(machine.root().join(POLICIES));
    command.arg(machine.root().join("target/debug/orgsweep"));
    command
}

/// The CloudFormation templates, by their path from `root`.
fn templates(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in TEMPLATES {
        for entry in fs::read_dir(root.join(folder)).context(folder)? {
            let name = PathBuf::from(entry?.file_name());
            if name.extension().is_some_and(|ending| ending == "yaml") {
                found.push(Path::new(folder).join(name));
            }
        }
    }
    if found.is_empty() {
        bail!("there are no templates in {TEMPLATES:?}");
    }
    found.sort();
    Ok(found)
}
