//! moto: an AWS that others wrote, with real resources in it.

use std::path::Path;
use std::process::Command;

use super::Server;
use crate::machine::Machine;

/// A moto that lets everybody in.
pub(super) const OPEN: Server =
    Server { name: "moto", variable: "ORGSWEEP_TEST_MOTO", command: script };

/// A moto that tests may tell to verify signatures and permissions.
pub(super) const GUARDED: Server =
    Server { name: "moto that checks", variable: "ORGSWEEP_TEST_MOTO_AUTH", command: script };

fn script(machine: &Machine, python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(machine.root().join("xtask").join("servers").join("run_moto.py"));
    command
}
