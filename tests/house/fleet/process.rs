//! One service of the fleet: a process that ends with its test, and what it wrote.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::runtime::Runtime;

use super::wait;

/// A service that runs.
pub(super) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a service; what it says is added to a file of its name.
    pub(super) fn start(name: &str, folder: &Path, mut command: Command) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Self { name: name.to_owned(), child: command.spawn().unwrap(), log }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Ends it at once, as a machine that loses its power does.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, e.g. `-TERM`.
    pub(super) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Asks it to end, and waits for that; how it ended.
    pub(super) fn terminate(&mut self, runtime: &Runtime) -> Option<i32> {
        self.signal("-TERM");
        wait(runtime, "the end of a service", || self.child.try_wait().unwrap()).code()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Fails if it has ended by itself.
    pub(super) fn check(&mut self) {
        if let Some(ended) = self.child.try_wait().unwrap() {
            panic!("{} ended by itself ({ended}):\n{}", self.name, self.told());
        }
    }

    /// All that it said.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of what it said.
    pub(super) fn told(&self) -> String {
        let all = self.said();
        let lines: Vec<&str> = all.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&format!("--- {} said:\n{}", self.name, self.told()));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::print_stderr, reason = "a test that fails shows what its processes said")]
fn tell(sentence: &str) {
    eprintln!("{sentence}");
}
