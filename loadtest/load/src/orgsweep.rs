//! The command under test: in a folder of its own, led to the stand-in and to its parts.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::cloud::Door;
use crate::process::{Process, output};
use crate::room::Urls;
use crate::scenario::Scenario;

/// The most bytes of what a process said that an error repeats.
const SAID: usize = 2000;

/// The command, and where it works.
pub(crate) struct Orgsweep {
    program: PathBuf,
    home: PathBuf,
    door: Door,
    urls: Urls,
}

impl Orgsweep {
    pub(crate) const fn new(program: PathBuf, home: PathBuf, door: Door, urls: Urls) -> Self {
        Self { program, home, door, urls }
    }

    /// Its folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The command with these words, and nothing of this machine's environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .env_clear()
            .current_dir(&self.home)
            .env("HOME", &self.home)
            .env("ORGSWEEP_STORE", &self.urls.store);
        self.door.tell(&mut command);
        if let (Some(queue), Some(budgets)) = (&self.urls.queue, &self.urls.budgets) {
            command.env("ORGSWEEP_QUEUE", queue).env("ORGSWEEP_BUDGETS", budgets);
        }
        command
    }

    /// Starts it as a process; what it says goes into a file.
    pub(crate) fn start(&self, name: &str, command: &mut Command) -> anyhow::Result<Process> {
        let said = File::create(self.log(name))?;
        let command = command.stdin(std::process::Stdio::null());
        Process::start(name, command.stdout(said.try_clone()?).stderr(said))
    }

    /// The file with what a process says.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.home.join(format!("{name}.log"))
    }

    /// The end of what a process said.
    pub(crate) fn said(&self, name: &str) -> String {
        let said = std::fs::read_to_string(self.log(name)).unwrap_or_default();
        let from = said.floor_char_boundary(said.len().saturating_sub(SAID));
        said.get(from..).unwrap_or_default().trim().to_owned()
    }

    /// Runs it to its end, and answers with what it printed and how long it took.
    pub(crate) async fn output(&self, words: &[&str]) -> anyhow::Result<(String, Duration)> {
        output(&mut self.command(words)).await
    }

    /// How far the scan is; none before it is written down.
    pub(crate) async fn status(&self) -> Option<Value> {
        let mut command = self.command(&["status", "--format", "json"]);
        let output = command.kill_on_drop(true).output().await.ok()?;
        // It ends with 3 where a scan that is over has unknown cells.
        serde_json::from_slice(&output.stdout).ok()
    }
}

/// The words of a scan, but for where it gets in.
pub(crate) fn scan_words(scenario: &Scenario) -> Vec<String> {
    let scan = &scenario.scan;
    let mut words: Vec<String> = ["scan", "--no-progress", "--format", "json"]
        .map(str::to_owned)
        .into_iter()
        .chain(["--max-in-flight".to_owned(), scan.max_in_flight.to_string()])
        .chain(["--budget-share".to_owned(), scan.budget_share.to_string()])
        .chain(["--call-timeout".to_owned(), scan.call_timeout.clone()])
        .collect();
    for (flag, names) in [("--service", &scan.services), ("--region", &scan.regions)] {
        if !names.is_empty() {
            words.extend([flag.to_owned(), names.join(",")]);
        }
    }
    words
}

/// Finds the program that is measured: the one that was named, else the one beside this program.
///
/// # Errors
/// Where there is none, with the line that builds it.
pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let beside =
        || -> anyhow::Result<PathBuf> { Ok(std::env::current_exe()?.with_file_name("orgsweep")) };
    let path = named.map_or_else(beside, |path| Ok(path.to_owned()))?;
    if !path.is_file() {
        bail!(
            "{} is not there: `cargo build --release --features fleet` makes it, and `cargo xtask load` does so by itself",
            path.display()
        );
    }
    std::path::absolute(&path).with_context(|| path.display().to_string())
}
