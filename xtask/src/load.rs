//! `cargo xtask load`: load scenarios on release builds, with the servers of a fleet.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::machine::Machine;
use crate::steps::{Steps, run};
use crate::{python, servers};

/// The scenarios that are run where none is named.
const TABLE: &[&str] = &[
    "1000-references",
    "1000-tls",
    "1000-throttled",
    "1000-faulty",
    "fat",
    "1000-fleet-1",
    "1000-fleet-2",
    "1000-fleet-4",
    "5000",
    "5000-fleet-2",
];

/// Builds what is measured, and runs these scenarios; without any those of the table.
pub(crate) fn run_all(machine: &Machine, private: bool, arguments: &[&str]) -> Result<()> {
    let named = if arguments.is_empty() { TABLE } else { arguments };
    let scenarios = named.iter().map(|name| file(machine, name)).collect::<Result<Vec<_>>>()?;
    let mut steps = Steps::begin();
    let python = steps.need("Python tools", || python::environment(machine))?;
    let servers = steps.need("servers", || servers::start(machine, &python, private))?;
    steps.need("build", || {
        let words = ["build", "--release", "--locked", "-p", "orgsweep", "-p", "load"];
        run(machine.cargo().args(words).args(["--features", "orgsweep/fleet,load/fleet"]))
    })?;
    steps.need("scenarios", || {
        let mut command = machine.release("load");
        command.arg("--json").arg(machine.scratch().join("load")).args(&scenarios);
        run(servers.tell(&mut command).env(python::VARIABLE, &python))
    })?;
    steps.end()
}

/// The file of a scenario, by its name.
fn file(machine: &Machine, name: &str) -> Result<PathBuf> {
    let folder = machine.root().join("loadtest").join("scenarios");
    let file = folder.join(name).with_extension("toml");
    if file.is_file() {
        return Ok(file);
    }
    let names = std::fs::read_dir(folder)?
        .filter_map(|file| Some(file.ok()?.path().file_stem()?.to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    bail!("there is no scenario {name}: there are {}", names.join(", "))
}
