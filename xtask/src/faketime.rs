//! The library that gives a process a clock of its own, with which tests let clocks jump.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::machine::Machine;

/// The variable that tells tests where it is.
pub(crate) const VARIABLE: &str = "ORGSWEEP_TEST_FAKETIME";

/// Where distributions keep it.
const PLACES: &[&str] = &["/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib"];
/// Its name, in a folder of its package's name.
const NAMES: &[&str] = &["faketime/libfaketime.so.1", "faketime/libfaketime.1.dylib"];

/// Finds the library, or installs it.
pub(crate) fn library(machine: &Machine) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        return Ok(PathBuf::from(given));
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    machine.install("libfaketime is not installed", &["faketime"])?;
    find().context("libfaketime was installed and is in none of the usual places: name it with ORGSWEEP_TEST_FAKETIME")
}

/// Debian keeps libraries in a folder for each architecture.
fn find() -> Option<PathBuf> {
    let inner = |place: &Path| {
        let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let folders = PLACES.iter().flat_map(|place| {
        let place = PathBuf::from(place);
        let below = inner(&place);
        std::iter::once(place).chain(below)
    });
    let mut files = folders.flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)));
    files.find(|file| file.is_file())
}
