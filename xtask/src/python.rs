//! The Pythons that tests, scripts and linters use: virtual environments under `target/`, versions pinned.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine::{Machine, answers};
use crate::steps::{run_quietly, say};

/// The variable that tells tests where Python with boto3 and moto is; a test that needs a server
/// of its own starts it by a script of `servers/`.
pub(crate) const VARIABLE: &str = "ORGSWEEP_TEST_PYTHON";

/// What tests and the scripts that make data need; returns the interpreter.
pub(crate) fn environment(machine: &Machine) -> Result<PathBuf> {
    make(machine, "python", "requirements.txt")
}

/// What the judgement of `deploy/` needs: programs that pin what the tests use in other versions; returns the interpreter, beside
/// which they are.
pub(crate) fn deploy_environment(machine: &Machine) -> Result<PathBuf> {
    make(machine, "python-deploy", "requirements-deploy.txt")
}

/// The variable that tells tests where Python with a graph database is.
pub(crate) const GRAPH_VARIABLE: &str = "ORGSWEEP_TEST_GRAPH_PYTHON";

/// What the tests of the account graph write into and ask: large, and only theirs; returns the interpreter.
pub(crate) fn graph_environment(machine: &Machine) -> Result<PathBuf> {
    make(machine, "python-graph", "requirements-graph.txt")
}

/// Makes an environment if it is not there as its requirements say.
fn make(machine: &Machine, folder: &str, requirements: &str) -> Result<PathBuf> {
    let wanted = machine.root().join("xtask").join(requirements);
    let wanted_text = fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    let folder = machine.scratch().join(folder);
    let python = folder.join("bin").join("python3");
    let made_from = folder.join("made-from.txt");
    let is_whole = fs::read_to_string(&made_from).is_ok_and(|text| text == wanted_text);
    if is_whole && answers(&python.to_string_lossy(), &["--version"]) {
        say("    it is there");
        return Ok(python);
    }
    if !answers("python3", &["-c", "import ensurepip, tomllib, venv"]) {
        machine.install(
            "python3, 3.11 or newer, with its venv module is missing",
            &["python3", "python3-venv"],
        )?;
    }
    run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    run_quietly(Command::new(&python).args(pip).arg("--requirement").arg(&wanted))?;
    // Written last: an environment that was cut short is made anew.
    fs::write(&made_from, wanted_text).with_context(|| made_from.display().to_string())?;
    Ok(python)
}
