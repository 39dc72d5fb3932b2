//! Files that scripts make are what the scripts make: they are made again, in a copy, and compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::counts::Counts;
use crate::machine::Machine;
use crate::steps::{run_quietly, say};

/// The scripts, in the order in which one reads what another wrote.
///
/// `iam_actions.py` is not among them: it reads a package that is not Python's.
const SCRIPTS: &[&str] = &[
    "protocol/catalog/scripts/derive.py",
    "protocol/catalog/scripts/partitions.py",
    "protocol/catalog/scripts/fixtures.py",
    "loadtest/scripts/known_operations.py",
    "loadtest/scripts/bodies.py",
    "worker/aws/scripts/service_ids.py",
];

/// The folders that these scripts read and write.
const FOLDERS: &[&str] = &[
    "protocol/catalog/aws",
    "protocol/catalog/data",
    "protocol/catalog/scripts",
    "loadtest/data",
    "loadtest/scripts",
    "worker/aws/data",
    "worker/aws/scripts",
];

/// The table that says of itself when it was made, and the line that does.
const DATED: (&str, &str) = ("protocol/catalog/data/partitions.toml", "made_on = ");

/// Makes everything again and compares; counts scripts.
pub(crate) fn check(machine: &Machine, python: &Path) -> Result<Counts> {
    let copy = machine.scratch().join("generated");
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| copy.display().to_string())?;
    }
    for folder in FOLDERS {
        for (path, bytes) in files(machine.root(), folder)? {
            let to = copy.join(&path);
            fs::create_dir_all(to.parent().unwrap_or(&copy))?;
            fs::write(&to, bytes).with_context(|| to.display().to_string())?;
        }
    }
    let mut counts = Counts::default();
    for script in SCRIPTS {
        let mut command = Command::new(python);
        command.arg(copy.join(script)).env("PYTHONDONTWRITEBYTECODE", "1");
        if script.ends_with("partitions.py") {
            command.args(["--date", &date(machine.root())?]);
        }
        run_quietly(&mut command)?;
        counts.passed += 1;
    }
    for folder in FOLDERS {
        let (ours, made) = (files(machine.root(), folder)?, files(&copy, folder)?);
        let names = ours.keys().chain(made.keys().filter(|name| !ours.contains_key(*name)));
        for name in names.filter(|name| ours.get(*name) != made.get(*name)) {
            say(&format!("{} is not what its script makes: run the script", name.display()));
            counts.failed += 1;
        }
    }
    Ok(counts)
}

fn date(root: &Path) -> Result<String> {
    let (file, key) = DATED;
    let text = fs::read_to_string(root.join(file)).context(file)?;
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    Ok(value.with_context(|| format!("{file} has no {key:?}"))?.trim_matches('"').to_owned())
}

/// The files below a folder, by their path from `root`; what Python leaves behind is not among them.
fn files(root: &Path, folder: &str) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("__pycache__") {
                    open.push(path);
                }
            } else if let Ok(name) = path.strip_prefix(root) {
                found.insert(name.to_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}
