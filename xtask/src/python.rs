//! The Python that tests and scripts use: a virtual environment under `target/`, versions pinned.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine::{Machine, answers};
use crate::steps::{run_quietly, say};

/// The variable that tells tests where Python with boto3 and moto is; a test that needs a server
/// of its own starts it by a script of `servers/`.
pub(crate) const VARIABLE: &str = "ORGSWEEP_TEST_PYTHON";

/// Makes the environment if it is not there as `requirements.txt` says; returns its interpreter.
pub(crate) fn environment(machine: &Machine) -> Result<PathBuf> {
    let wanted = machine.root().join("xtask").join("requirements.txt");
    let wanted_text = fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    let folder = machine.scratch().join("python");
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
