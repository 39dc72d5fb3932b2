//! A private server: a script that prints a URL and lives as long as its standard input.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::script;
use crate::machine::Machine;
use crate::steps::say;

/// How long a server may take until it says where it listens.
const START: Duration = Duration::from_secs(120);
/// How often several are looked at, whether they live.
const LOOK: Duration = Duration::from_secs(1);

/// A server that we have started; it ends when this is dropped, or when we end.
pub(super) struct Private {
    name: &'static str,
    url: String,
    log: PathBuf,
    child: Child,
    lines: Receiver<String>,
}

impl Private {
    /// Starts a server and waits until it answers.
    pub(super) fn start(
        machine: &Machine,
        python: &Path,
        name: &'static str,
        file: &str,
    ) -> Result<Self> {
        let log = machine.scratch().join(file).with_extension("log");
        let told = File::create(&log).with_context(|| log.display().to_string())?;
        let mut command = script(machine, python, file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(told);
        let mut child = command.spawn().with_context(|| format!("{name} could not be started"))?;
        let output = child.stdout.take().context("its output is not to be had")?;
        let (sender, lines) = sync_channel(1);
        std::thread::spawn(move || {
            // Ends with the server, or when nobody listens any more.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut one = Self { name, url: String::new(), log, child, lines };
        one.url = one.lines.recv_timeout(START).map_err(|_| one.failure())?;
        Ok(one)
    }

    /// Where it listens, with what it asks for.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The file with what it says.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    fn failure(&self) -> anyhow::Error {
        let told = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = told.trim_end().lines().last().unwrap_or("it said nothing").to_owned();
        anyhow!("{} does not run: {last} (log: {})", self.name, self.log.display())
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // The pipe's end is the sign; a server may take a moment to remove its data.
        drop(self.child.stdin.take());
        if let Err(error) = self.child.wait() {
            say(&format!("{} (process {}): {error}", self.name, self.child.id()));
        }
    }
}

/// Waits until one of the servers ends, which none should.
pub(super) fn wait_for_an_end(servers: &[Private]) -> Result<()> {
    loop {
        for server in servers {
            match server.lines.recv_timeout(LOOK) {
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => bail!(server.failure()),
                // A server that goes on talking is alive.
                Ok(_) | Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
