//! What the machine has, and what may be installed on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::steps::{run_quietly, say};

/// How long another installation may hold the package manager's lock.
const LOCK_TRIES: u32 = 60;
/// The pause between two looks at that lock.
const LOCK_PAUSE: Duration = Duration::from_secs(5);

/// The machine that the chore runs on.
pub(crate) struct Machine {
    root: PathBuf,
    ci: bool,
    may_install: bool,
}

impl Machine {
    /// Looks at the machine; `install` is the permission of the person who runs the chore.
    pub(crate) fn new(install: bool) -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().unwrap_or(manifest).to_owned();
        let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        let thrown_away = ci || is_container();
        Self { root, ci, may_install: install || (thrown_away && is_root()) }
    }

    /// The project's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for what chores make; git ignores it.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.root.join("target").join("xtask")
    }

    /// Cargo, in the project's folder.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        if self.ci {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// A program of the workspace, as it was built for release.
    pub(crate) fn release(&self, name: &str) -> Command {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = self.root.join(target.unwrap_or_else(|| "target".into()));
        let mut command = Command::new(target.join("release").join(name));
        command.current_dir(&self.root);
        command
    }

    /// Makes sure that packages of the distribution are there, or says how to get them.
    pub(crate) fn install(&self, why: &str, packages: &[&str]) -> Result<()> {
        let packages = packages.join(" ");
        let sudo = if is_root() { "" } else { "sudo " };
        let line = format!("{sudo}apt-get install -y --no-install-recommends {packages}");
        if !self.may_install || !answers("apt-get", &["--version"]) {
            bail!("{why}; run `{line}` (or the like), or `cargo xtask test --install`");
        }
        say(&format!("    {why}: installing {packages}"));
        apt(&format!("{sudo}apt-get update"))?;
        apt(&line)
    }
}

/// Runs apt-get; waits while somebody else holds its lock.
fn apt(line: &str) -> Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (program, arguments) = words.split_first().context("an empty line")?;
    for _ in 0..LOCK_TRIES {
        let mut command = Command::new(program);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        let Err(error) = run_quietly(&mut command) else { return Ok(()) };
        let said = error.to_string();
        if !said.contains("Could not get lock") && !said.contains("Unable to lock") {
            return Err(error);
        }
        pause();
    }
    bail!("`{line}`: another installation holds the lock; try again when it is done")
}

#[expect(clippy::disallowed_methods, reason = "another program's lock gives no signal")]
fn pause() {
    std::thread::sleep(LOCK_PAUSE);
}

/// Whether a command can be started and ends well; says nothing.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn is_container() -> bool {
    std::env::var_os("container").is_some()
        || ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists())
}
